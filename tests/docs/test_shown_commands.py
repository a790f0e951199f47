"""The runner of the documentation's commands finds what is wrong with a page."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sybil", reason="the group `docs` is not installed")

from shown_commands import CommandParser, commands, differences, set_up, tear_down
from sybil import Document
from sybil.example import SybilFailure
from sybil.parsers.markdown import SkipParser

DOCS = Path(__file__).parents[2] / "docs"


def run(text):
    """Run a page."""
    document = Document(text, "page.md")
    for parser in (SkipParser(), CommandParser()):
        for region in parser(document):
            document.add(region)
    namespace = document.namespace
    set_up(namespace)
    try:
        for example in document.examples():
            example.evaluate()
    finally:
        tear_down(namespace)


class TestAPage:
    def test_holds_if_its_commands_do_what_it_shows(self):
        run("```console\n$ echo one\none\n$ for a in x y; do\n>   echo $a\n> done\nx\ny\n```\n")

    def test_fails_if_they_print_something_else(self):
        with pytest.raises(SybilFailure, match="shown, but not printed there:\ntwo"):
            run("```console\n$ echo one\ntwo\n```\n")

    def test_fails_if_they_print_it_in_another_order(self):
        with pytest.raises(SybilFailure, match="one"):
            run("```console\n$ printf 'one\\ntwo\\n'\ntwo\none\n```\n")

    @pytest.mark.parametrize("language", ["console", "sh"])
    def test_fails_if_a_command_fails(self, language):
        with pytest.raises(SybilFailure, match="ended with 1, not with 0"):
            run(f"```{language}\n{'$ ' if language == 'console' else ''}false\n```\n")

    def test_fails_if_a_command_that_is_to_fail_does_not(self):
        with pytest.raises(SybilFailure, match="ended with 0, not with 3"):
            run("<!-- exit: 3 -->\n\n```console\n$ true\n```\n")

    def test_fails_if_a_command_within_a_script_fails(self):
        with pytest.raises(SybilFailure):
            run("```sh\nfalse\ntrue\n```\n")

    def test_keeps_its_directory_and_its_files(self):
        run("<!-- file: a/b.txt -->\n\n```text\nhere\n```\n\n```sh\ncd a\n```\n\n```console\n$ cat b.txt\nhere\n```\n")

    def test_has_the_repository_s_files_where_it_asks_for_them(self):
        run("<!-- copy: docs/examples/county_regions.csv as r.csv -->\n\n```sh\ntest -f r.csv\n```\n")

    def test_has_nothing_of_another_page(self):
        run("```sh\ntouch left\n```\n")
        run("```sh\ntest ! -e left\n```\n")

    def test_has_ddg_on_its_path(self):
        run("```console\n$ ddg version\n0…\n```\n")


class TestLines:
    @pytest.mark.parametrize("shown", [("a b",), ("a",), ("…",), ("a b c…",), ("… c",), ("…", "c d")])
    def test_that_fit(self, shown):
        assert differences(shown, "a  b c\nc d\n") == []

    @pytest.mark.parametrize("shown", [("b",), ("c d", "a"), ("… x",), ("a b d…",)])
    def test_that_do_not(self, shown):
        assert differences(shown, "a  b c\nc d\n") != []

    def test_a_block_of_commands_begins_with_one(self):
        with pytest.raises(ValueError, match="begins with"):
            commands("console", "ddg run\n")


def test_no_page_hides_a_command_where_it_is_not_run():
    """Commands stand in blocks of console and sh; nothing else begins like one."""
    found = []
    for path in DOCS.rglob("*.md"):
        language = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("```"):
                language = line.strip("` ") if language is None else None
            elif language not in ("console", "sh") and line.startswith(("    ddg ", "$ ", "    $ ")):
                found.append((path.name, line))
    assert found == []
