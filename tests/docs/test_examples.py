"""The examples in docs/how-to/examples.md: every command, as written, prints what is shown."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ddg_pipeline.contract import contract_from_yaml

pytestmark = pytest.mark.documentation
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
PAGE = (ROOT / "docs" / "how-to" / "examples.md").read_text(encoding="utf-8")
CONTRACTS = sorted(EXAMPLES.glob("*.yaml"))


def commands():
    """Each command of the page with the lines shown below it."""
    for block in re.findall(r"(?s)```console\n(.*?)```", PAGE):
        for part in block.split("$ ddg ")[1:]:
            command, _, shown = part.partition("\n")
            yield pytest.param(command.split(), [line for line in shown.splitlines() if line != "…"], id=command)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A directory with the examples where a clone has them."""
    directory = tmp_path_factory.mktemp("clone")
    shutil.copytree(EXAMPLES, directory / "docs" / "examples")
    return directory


@pytest.mark.parametrize(("command", "shown"), list(commands()))
def test_a_command_prints_what_is_shown(command, shown, clone):
    program = [sys.executable, "-c", "from ddg_pipeline.cli import main; main()"]
    wide = os.environ | {"COLUMNS": "120"}
    done = subprocess.run([*program, *command], cwd=clone, env=wide, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    printed = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert [line for line in shown if not any(one.startswith(" ".join(line.split())) for one in printed)] == []


def test_the_page_names_every_example():
    assert [path.name for path in CONTRACTS if f"(../examples/{path.name})" not in PAGE] == []


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
class TestContracts:
    def test_is_called_as_its_release(self, path):
        assert contract_from_yaml(path.read_text(encoding="utf-8"), str(path)).release == path.stem

    def test_has_a_table_beside_it(self, path):
        assert path.with_suffix(".csv").is_file()
