"""One release of each kind, made once."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest
from review.released import (
    CASES,
    ISSUED_AT,
    PERCENTAGES,
    PERCENTAGES_TABLE,
    STATEWIDE,
    STATEWIDE_TABLE,
    Released,
    cases_table,
    release,
)

KINDS = ("masked", "unexplained", "unmasked", "percentages", "hostile", "overlay")
UNEXPLAINED = CASES.replace("limits:", "high_risk: [homelessness]\nsuppression: {show_reason: false}\nlimits:")
HOSTILE = """</title><script>alert("1")</script> & 'two' {{ 7 * 7 }}"""


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Make a release once for all tests: of a contract and a table, by its name."""
    found = {}

    def make(name, contract, table, issued_at=ISSUED_AT):
        if name not in found:
            found[name] = release(tmp_path_factory.mktemp("released") / name, contract, table, issued_at)
        return found[name]

    return make


@pytest.fixture(scope="session")
def masked(made):
    """Small counts hidden, and the codes say why."""
    contract = CASES.replace("limits:", "suppression: {show_reason: true}\nlimits:")
    return made("masked", contract, cases_table())


@pytest.fixture(scope="session")
def unexplained(made):
    """One code for both reasons, and people at high risk."""
    return made("unexplained", UNEXPLAINED, cases_table())


@pytest.fixture(scope="session")
def unmasked(made):
    return made("unmasked", STATEWIDE, STATEWIDE_TABLE)


@pytest.fixture(scope="session")
def percentages(made):
    return made("percentages", PERCENTAGES, PERCENTAGES_TABLE)


@pytest.fixture(scope="session")
def overlay(made):
    """Judged by a department's own rulebook, which says some things otherwise."""
    return made("overlay", CASES.replace("title:", "rulebook: washington-doh\ntitle:", 1), cases_table())


@pytest.fixture(scope="session")
def hostile(made):
    """Title, description and labels that would be markup if anyone let them."""
    title = HOSTILE.replace("'", "''")
    contract = CASES.replace("title: Cases by county and sex", f"title: '{title}'")
    contract = contract.replace("description: Reported", f"description: '{title} Reported").replace(
        "sex.\n", "sex.'\n", 1
    )
    table = cases_table(**{"<b>Glenn</b> & Co": (0, 63), "Glenn": None})
    return made("hostile", contract, table)


@pytest.fixture(scope="session")
def next_year(made):
    """The version after `masked`: Glenn is gone, Napa is new, Alpine has more, Butte's figures are revised."""
    contract = CASES.replace("limits:", "suppression: {show_reason: true}\nlimits:")
    table = cases_table(Glenn=None, Napa=(33, 44), Alpine=(40, 50), Butte=(62, 55))
    return made("next year", contract, table, ISSUED_AT + dt.timedelta(days=365))


@pytest.fixture
def copy(tmp_path):
    """Copy a release, so that a test may damage it."""

    def make(one):
        return Released(shutil.copytree(one.package, tmp_path / "copy"), one.contract, one.rulebook)

    return make
