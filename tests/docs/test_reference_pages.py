"""The generated pages say what the code says, and every option is on them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from ddg_pipeline.cli import app

DOCS = Path(__file__).parents[2] / "docs"
SCRIPTS = ("generate_reference.py", "generated_files.py", "schema_tables.py")


def run(script):
    return subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)


def commands(command, name=""):
    if hasattr(command, "commands"):
        for part, one in command.commands.items():
            yield from commands(one, f"{name} {part}".strip())
    else:
        yield name, command


def test_are_current():
    done = run(DOCS / "generate_reference.py")
    assert done.returncode == 0, done.stderr


def test_are_noticed_when_they_are_not(tmp_path):
    for name in SCRIPTS:
        shutil.copy(DOCS / name, tmp_path)
    shutil.copytree(DOCS / "reference", tmp_path / "reference")
    page = tmp_path / "reference" / "settings.md"
    page.write_text(page.read_text(encoding="utf-8").replace("`store_wait`", "`wait`"), encoding="utf-8")
    done = run(tmp_path / "generate_reference.py")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["docs/reference/settings.md is not current: run `make docs-reference`"]


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_line_has_every_option(name):
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    section = re.search(rf"(?ms)^#+ `ddg {name}`$(.*?)(?=^#+ `ddg |^<!-- generated: end)", text)[1]
    written = [option for one in COMMANDS[name].params for option in one.opts if option.startswith("--")]
    assert [option for option in written if option != "--help" and f"`{option}`" not in section] == []
