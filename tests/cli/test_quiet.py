"""``--quiet``: every command takes it, and prints where results are, what is wrong, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import click
import pytest
import typer

from ddg_pipeline import cli
from ddg_pipeline.command_line import quiet_everywhere
from ddg_pipeline.orchestration.running import Outcome, RunResult


def commands(command: click.Command, name: str):
    if isinstance(command, click.Group):
        for below, one in command.commands.items():
            yield from commands(one, f"{name} {below}")
    else:
        yield name, command


ALL = dict(commands(quiet_everywhere(typer.main.get_command(cli.app)), "ddg"))


class TestEveryCommand:
    @pytest.mark.parametrize("name", ALL)
    def test_takes_it_once(self, name):
        options = [option for parameter in ALL[name].params for option in parameter.opts]
        assert options.count("--quiet") == options.count("-q") == 1

    def test_that_had_none_prints_its_result(self, ddg):
        assert ddg("version", "-q").out == ddg("version").out


class TestMask:
    def test_prints_the_files_alone(self, ddg, example, tmp_path):
        answer = ddg("mask", *example, "-o", tmp_path / "out", "-q")
        assert answer.code == 0
        assert sorted(answer.out.split()) == sorted(str(path) for path in (tmp_path / "out").iterdir())


class TestRun:
    def test_prints_where_releases_are_and_what_is_wrong_apart(self, capsys, tmp_path):
        from ddg_pipeline.console import print_run_quietly

        done = Outcome("done", tmp_path, "mask", 14, 59, 23, 0, ())
        waits = Outcome("waits", None, "mask", 14, 59, 23, 0, (), ("data_steward",))
        read = replace(waits, release="read", dossier=tmp_path / "dossier.html")
        print_run_quietly(RunResult(False, "id", (done, waits, read), ("step x failed",), bad_input=False))
        streams = capsys.readouterr()
        assert streams.out == f"{tmp_path}\n"
        assert streams.err.splitlines() == [
            "not released: step x failed", "not published yet: waits waits for: data_steward",
            f"not published yet: read waits for: data_steward; its reviewers read: {tmp_path / 'dossier.html'}",
        ]  # fmt: skip


class TestColours:
    def test_are_none_where_nobody_looks_or_nobody_wants_them(self, ddg, example, monkeypatch):
        assert "\x1b" not in ddg("assess", *example).out
        monkeypatch.setenv("NO_COLOR", "1")
        from ddg_pipeline.console_layout import console

        assert console().no_color
