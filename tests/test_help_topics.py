"""Which page explains an error: every target is there, every part of the program that raises errors has one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ddg_pipeline import help_topics
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.help_pages import FOLDERS, Page, pages, readable_topic
from ddg_pipeline.help_topics import CONTRACT, MODULES, SETTINGS, Keys, topic_of, topics_of
from ddg_pipeline.orchestration.project import load_project

ROOT = Path(__file__).parents[1]
OURS = {"InputError", "InputErrors", "RefusedError"}
# read or pass on for whoever calls them, which then says what it is about
HELPERS = {"contract_places", "command_line_errors", "strict_yaml", "errors", "help_pages", "help_topics"}


def named():
    for target in MODULES.values():
        if isinstance(target, Keys):
            yield target.page
            yield from target.keys.values()
        else:
            yield target


def raising():
    """The modules in which an error of ours is made."""
    for path in sorted((ROOT / "ddg_pipeline").rglob("*.py")):
        calls = (
            node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        )
        if any(isinstance(call, ast.Name) and call.id in OURS for call in calls):
            name = ".".join(path.relative_to(ROOT / "ddg_pipeline").with_suffix("").parts)
            if name not in HELPERS:
                yield name.removesuffix(".__init__")


class TestTheTable:
    @pytest.mark.parametrize("topic", sorted(set(named())))
    def test_names_pages_and_headings_that_are_there(self, topic):
        assert readable_topic(topic).startswith("#")

    @pytest.mark.parametrize("module", sorted(raising()))
    def test_has_a_page_for_every_module_that_raises(self, module):
        assert help_topics._explained(module) is not None

    @pytest.mark.parametrize("module", sorted(MODULES))
    def test_names_modules_that_are_there(self, module):
        path = ROOT / "ddg_pipeline" / module.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file()

    def test_names_keys_that_are_there(self):
        from ddg_pipeline.contract.model import ReleaseContract
        from ddg_pipeline.orchestration.project import _Settings

        assert {key.split(".")[0] for key in CONTRACT} <= ReleaseContract.model_fields.keys()
        assert SETTINGS.keys() <= _Settings.model_fields.keys()

    def test_the_command_line_has_a_heading_for_every_command_in_it(self):
        assert readable_topic("cli#ddg-run").startswith("## `ddg run`")


class TestAnError:
    def test_of_a_setting_leads_to_the_page_of_the_setting(self, tmp_path):
        text = (ROOT / "ddg.yaml").read_text(encoding="utf-8")
        (tmp_path / "ddg.yaml").write_text(f"{text}\nckan: {{url: no}}\nstore_wait: soon\n", encoding="utf-8")
        with pytest.raises(InputErrors) as caught:
            load_project(tmp_path)
        assert {"portal", "security#one-run-at-a-time"} == set(topics_of(caught.value))
        assert len(topics_of(caught.value)) < len(caught.value.errors)

    def test_of_several_names_the_page_of_each(self, tmp_path):
        text = (ROOT / "ddg.yaml").read_text(encoding="utf-8")
        (tmp_path / "ddg.yaml").write_text(f"{text}\nckan: {{url: no}}\nstore_wait: soon\n", encoding="utf-8")
        with pytest.raises(InputErrors) as caught:
            load_project(tmp_path)
        waits = next(one for one in caught.value.errors if one.field == "store_wait")
        assert topic_of(waits, caught.value) == "security#one-run-at-a-time"

    def test_that_was_raised_anew_on_its_way_leads_to_where_it_began(self):
        from ddg_pipeline.rulebook import load_rulebook

        def anew():
            try:
                load_rulebook("nobody's")
            except InputErrors as error:
                raise InputErrors(list(error.errors)) from None

        with pytest.raises(InputErrors) as caught:
            anew()
        assert topics_of(caught.value) == ["rulebook#errors"]

    def test_that_nobody_here_raised_leads_nowhere(self):
        assert topics_of(RefusedError("no")) == []
        assert topics_of(ValueError("no")) == []
        error = InputError("a", "b", "c", "d")
        assert topic_of(error, error) is None


class TestPages:
    def test_have_names_of_their_own(self):
        names = [page.name for page in pages()]
        assert len(names) > 25
        assert sorted(set(names)) == sorted(names)

    def test_are_found_in_every_folder(self):
        assert {page.folder for page in pages()} == set(FOLDERS)

    def test_give_a_part_with_what_is_below_it(self):
        page = Page(
            "x", "how-to", "# A\n\n## B `c`\n\none\n\n### D\n\ntwo\n\n```sh\n## no heading\n```\n\n## B `c`\n\nthree\n"
        )
        assert page.readable("b-c").rstrip().endswith("```")
        assert "two" in page.readable("b-c")
        assert page.readable("b-c-1") == "## B `c`\n\nthree\n"

    def test_leave_out_what_only_the_site_reads(self):
        page = Page("x", "how-to", "# A\n\n<!-- exit: 1 -->\n\n```{toctree}\na\n```\n\ntext\n")
        assert page.readable() == "# A\n\ntext\n"

    @pytest.mark.parametrize(("topic", "meant"), [("contrct", "'contract'"), ("contract#identites", "'identities'")])
    def test_that_are_not_there_are_told_with_what_is_meant(self, topic, meant):
        with pytest.raises(InputErrors, match=re.escape(f"did you mean {meant}?")):
            readable_topic(topic)


def test_every_page_that_code_and_settings_name_is_there():
    files = [*(ROOT / "ddg_pipeline").rglob("*.py"), *(ROOT / "ddg_pipeline").rglob("*.yaml"), ROOT / "ddg.yaml"]
    found = [
        (path.name, name)
        for path in files
        for name in re.findall(r"\bdocs/[\w/.-]+?\.md\b", path.read_text(encoding="utf-8"))
    ]
    assert len(found) > 20
    assert [one for one in found if not (ROOT / one[1]).is_file()] == []
