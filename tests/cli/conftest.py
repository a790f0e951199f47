"""The command line as a person meets it: arguments in, an exit code and two streams out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ddg_pipeline import cli

SAFE, UNSAFE, BAD_INPUT = 0, 1, 2

CONTRACT = """\
release: cases_by_county_sex
title: Cases by county and sex
scope:
  - {variable: time, period: year}
dimensions:
  county:
    variable: residence_geography
    population: {Alpha: 1200, Beta: 3100, Gamma: 42000, Delta: 91000, Epsilon: 250000, Zeta: 810000}
    total: State
  sex: {variable: sex, total: All}
measures:
  cases: {kind: count}
"""

TABLE = """\
county,sex,cases
Alpha,F,4
Alpha,M,5
Alpha,All,9
Beta,F,7
Beta,M,16
Beta,All,23
Gamma,F,0
Gamma,M,63
Gamma,All,63
Delta,F,61
Delta,M,55
Delta,All,116
Epsilon,F,92
Epsilon,M,101
Epsilon,All,193
Zeta,F,310
Zeta,M,299
Zeta,All,609
State,F,474
State,M,539
State,All,1013
"""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def ddg(monkeypatch, capfd):
    """Run ``ddg`` with arguments, in this process: as the installed command does, down to the exit code."""

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["ddg", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        streams = capfd.readouterr()
        assert "Traceback" not in streams.err
        return Answer(code, streams.out, streams.err)

    return run


@pytest.fixture
def files(tmp_path):
    """Write files into a temporary directory and give their paths, in order."""

    def write(**contents: str | bytes) -> list[Path]:
        paths = []
        for name, content in contents.items():
            path = tmp_path / name.replace("__", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            paths.append(path)
        return paths if len(paths) > 1 else paths[0]

    return write


@pytest.fixture
def example(files) -> tuple[Path, Path]:
    """A contract and a table that has to be masked."""
    contract, table = files(contract__yaml=CONTRACT, table__csv=TABLE)
    return contract, table


@pytest.fixture
def text():
    """The contract and the table of `example`, as text to be changed."""
    return CONTRACT, TABLE


@pytest.fixture(scope="session")
def text_of_contract() -> str:
    """The contract of `example`."""
    return CONTRACT
