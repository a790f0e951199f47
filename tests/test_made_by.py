"""Messages name the command that makes what is missing, and the step, whatever a project calls its assets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ddg_pipeline.made_by import made_by

PACKAGE = Path(__file__).parents[1] / "ddg_pipeline"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (("masked",), "`ddg run cases` masks it; in Dagster its step `masked`"),
        (("masked", "release"), "`ddg run cases` makes a new version; in Dagster its steps `masked` and `release`"),
        (("publication",), "`ddg publish cases` publishes it; in Dagster its step `publication`"),
    ],
)
def test_command_and_step_are_named(steps, told):
    assert made_by("cases", *steps) == told


def test_no_message_names_an_asset_key():
    key = re.compile(r"aterialize [^\"]*\}?/(masked|release|publication)\b")
    files = list(PACKAGE.rglob("*.py"))
    assert [path.name for path in files if key.search(path.read_text(encoding="utf-8"))] == []
