"""What every command prints for people fits the width there is, in one style."""

from __future__ import annotations

import re

import pytest

WIDTHS = (60, 80, 120)
HIDDEN = "county,sex,cases\nAlpha,F,*\nAlpha,All,9\nBeta,F,7\nBeta,All,23\nState,F,30\nState,All,32\n"


@pytest.fixture(params=WIDTHS)
def width(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


@pytest.fixture
def printed(ddg, example, files, tmp_path, monkeypatch):
    """Run a command and give what it printed."""
    monkeypatch.chdir(tmp_path)
    published = files(published__csv=HIDDEN)
    contract, table = (path.relative_to(tmp_path) for path in example)
    arguments = {
        "mask": ("mask", contract, table, "-o", "out"),
        "audit": ("audit", contract, published.relative_to(tmp_path)),
        "advise": ("advise", contract, table, "--time-limit", 5, "--most", 3),
        "assess": ("assess", contract, table, "--explain"),
        "list": ("rulebook", "list"),
        "show": ("rulebook", "show", "washington-doh"),
        "diff": ("rulebook", "show", "washington-doh", "--diff", "calhhs-ddg-2.0"),
    }

    def run(name):
        return ddg(*arguments[name]).out

    return run


COMMANDS = pytest.mark.parametrize("name", ["mask", "audit", "advise", "assess", "list", "show", "diff"])


@COMMANDS
class TestTables:
    def test_no_line_is_longer_than_the_width(self, printed, width, name):
        out = printed(name)
        assert out
        assert max(map(len, out.splitlines())) <= width

    def test_no_line_ends_in_blanks_and_nothing_is_left_of_the_layout(self, printed, width, name):
        out = printed(name)
        assert not any(line != line.rstrip() for line in out.splitlines())
        assert not re.search(r"[\x1b\x1f\ue000]", out)

    def test_a_line_stands_under_the_head_and_none_around(self, printed, width, name):
        out = printed(name)
        assert re.search(r"(?m)^\u2500+$", out)
        assert not re.search(r"[\u2502\u2503\u250f\u2514]", out)


class TestAudit:
    def test_the_first_line_says_it_in_words(self, printed, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")
        first = printed("audit").splitlines()[0]
        assert first.startswith("Not safe: 2 small counts are shown; ")
        assert not re.search(r"\b1 [a-z]+s\b|\b[2-9] (row|cell|count|total)\b", first)


class TestHelp:
    def test_every_command_is_explained_in_one_line_of_80(self, ddg, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        commands = ddg("--help").out.split("Commands:")[1]
        assert "..." not in commands

    def test_one_suggestion_for_a_word_that_is_misspelled(self, ddg):
        assert ddg("asses").err.casefold().count("did you mean") == 1
