"""Where a contract's rulebook is found: a shipped name, a path, or a name in the directory of rulebooks."""

from importlib import resources

import pytest

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import load_rulebook
from ddg_pipeline.rulebook_files import RulebookFiles, rulebook_of_files

OVERLAY = """\
name: {name}
title: Ours
extends: {extends}
overrides:
  thresholds.denominator: {{value: {value}, source: Policy 7 (2024), reason: so}}
"""


def write(path, extends="calhhs-ddg-2.0", name=None, value=50_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OVERLAY.format(name=name or path.stem, extends=extends, value=value), encoding="utf-8")
    return path


def contract(rulebook, release="one"):
    whole = {"release": release, "title": "t", "rulebook": rulebook, "dimensions": {"year": {"variable": "time"}},
             "measures": {"cases": {"kind": "count"}}}  # fmt: skip
    return parse_contract(whole, "c.yaml")


@pytest.fixture
def source(tmp_path):
    return RulebookFiles.beside(tmp_path / "contract.yaml")


class TestFinding:
    def test_a_shipped_name(self, source):
        assert load_rulebook("calhhs-ddg-1.0", source) is load_rulebook("calhhs-ddg-1.0")

    def test_a_name_in_the_directory_of_rulebooks(self, tmp_path, source):
        write(tmp_path / "rulebooks" / "ours.yaml")
        assert load_rulebook("ours", source).thresholds.denominator == 50_000

    @pytest.mark.parametrize("path", ["ours.yaml", "deeper/ours.yaml", "rulebooks/ours.yaml", "../ours.yaml"])
    def test_a_path_from_the_contract(self, tmp_path, path):
        here = tmp_path / "here"
        here.mkdir()
        write(here / path)
        assert load_rulebook(path, RulebookFiles.beside(here / "c.yaml")).thresholds.denominator == 50_000

    def test_an_absolute_path(self, tmp_path, source):
        assert load_rulebook(str(write(tmp_path / "x" / "ours.yaml")), source).name == "ours"

    def test_what_a_file_extends_is_beside_it_or_has_a_name(self, tmp_path, source):
        write(tmp_path / "rulebooks" / "ours.yaml", value=30_000)
        write(tmp_path / "deep" / "unit.yaml", extends="../rulebooks/ours.yaml")
        write(tmp_path / "deep" / "team.yaml", extends="ours")
        assert [one.by for one in load_rulebook("deep/unit.yaml", source).overrides] == ["ours", "unit"]
        assert [one.by for one in load_rulebook("deep/team.yaml", source).overrides] == ["ours", "team"]

    def test_a_changed_file_is_read_anew(self, tmp_path, source):
        file = write(tmp_path / "ours.yaml")
        before = load_rulebook("ours.yaml", source)
        write(file, value=60_000)
        assert load_rulebook("ours.yaml", source).thresholds.denominator == 60_000
        assert before.thresholds.denominator == 50_000


class TestErrors:
    def test_an_unknown_name_lists_shipped_ones_and_one_s_own(self, tmp_path, source):
        write(tmp_path / "rulebooks" / "ours.yaml")
        with pytest.raises(InputErrors, match=r"^one: rulebook: found 'theirs'; one of .*calhhs-ddg-2\.0.*, ours$"):
            load_rulebook("theirs", source, "one")

    def test_a_missing_file(self, source, tmp_path):
        with pytest.raises(InputErrors, match=r"found 'ours\.yaml'; a file at .*ours\.yaml \(No such file"):
            load_rulebook("ours.yaml", source)

    def test_a_directory_and_bytes_that_are_no_text(self, tmp_path, source):
        (tmp_path / "dir.yaml").mkdir()
        (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
        with pytest.raises(InputErrors, match="Is a directory"):
            load_rulebook("dir.yaml", source)
        with pytest.raises(InputErrors, match="not UTF-8"):
            load_rulebook("bytes.yaml", source)

    def test_a_name_that_leads_out_of_the_directory(self, tmp_path, source):
        write(tmp_path / "ours.yaml")
        with pytest.raises(InputErrors, match="one of"):
            load_rulebook("../ours", source)

    def test_a_file_may_not_stand_in_for_a_shipped_rulebook(self, tmp_path, source):
        write(tmp_path / "rulebooks" / "nchs.yaml", name="other")
        with pytest.raises(InputErrors, match="which is shipped, and is a file in"):
            load_rulebook("nchs", source)
        write(tmp_path / "mine.yaml", name="calhhs-ddg-2.0")
        with pytest.raises(InputErrors, match=r"mine\.yaml, line 1: name: .*that of a shipped rulebook"):
            load_rulebook("mine.yaml", source)

    def test_files_that_extend_each_other(self, tmp_path, source):
        write(tmp_path / "a.yaml", extends="b.yaml")
        write(tmp_path / "b.yaml", extends="x/../a.yaml")
        (tmp_path / "x").mkdir()
        with pytest.raises(InputErrors, match=r"a\.yaml extends .*b\.yaml extends .*a\.yaml"):
            load_rulebook("a.yaml", source)

    def test_errors_name_the_file_and_the_line(self, tmp_path, source):
        write(tmp_path / "ours.yaml", value="many")
        with pytest.raises(InputErrors, match=r"ours\.yaml, line 5: thresholds\.denominator: found 'many'"):
            load_rulebook("ours.yaml", source)


class TestGroups:
    def test_the_same_rulebook_by_different_paths(self, tmp_path):
        write(tmp_path / "rulebooks" / "ours.yaml")
        (tmp_path / "deep").mkdir()
        found = rulebook_of_files(
            [
                (tmp_path / "one.yaml", contract("ours")),
                (tmp_path / "deep" / "two.yaml", contract("../rulebooks/ours.yaml", "two")),
            ]
        )
        assert found.name == "ours"

    def test_rulebooks_that_differ(self, tmp_path):
        write(tmp_path / "ours.yaml")
        pairs = [(tmp_path / "one.yaml", contract("ours.yaml")), (tmp_path / "two.yaml", contract("nchs", "two"))]
        with pytest.raises(
            InputErrors, match=r"found ours\.yaml, nchs; the same rulebook for releases that are linked"
        ):
            rulebook_of_files(pairs)


class TestACopy:
    """A changed copy of an edition that still calls itself that edition would hide what it says otherwise."""

    @pytest.fixture
    def copied(self, tmp_path):
        text = (resources.files("ddg_pipeline.rulebook") / "calhhs-ddg-2.0.yaml").read_text(encoding="utf-8")
        path = tmp_path / "rulebooks" / "ours.yaml"
        path.parent.mkdir()

        def write(*changes):
            changed = text.replace("name: calhhs-ddg-2.0", "name: ours", 1)
            for old, new in changes:
                assert old in changed
                changed = changed.replace(old, new, 1)
            path.write_text(changed, encoding="utf-8")

        return write

    def test_may_not_pass_for_the_edition(self, copied, source):
        copied(("cut_off: 12", "cut_off: 30"))
        with pytest.raises(InputErrors) as refused:
            load_rulebook("ours", source)
        assert {error.field for error in refused.value.errors} == {"title", "section"}
        assert "extends: calhhs-ddg-2.0" in str(refused.value)

    def test_stands_for_itself_under_a_title_and_source_of_its_own(self, copied, source):
        title = "title: CalHHS Data De-Identification Guidelines, Edition 2.0"
        copied(("cut_off: 12", "cut_off: 30"), (title, "title: Ours"), ('section: "DDG 2.0"', 'section: "Policy 7"'))
        assert load_rulebook("ours", source).cite("§4.2") == "Policy 7 §4.2"
