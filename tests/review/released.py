"""Small releases for the tests of this room: assessed, masked, gated and certified by the package itself."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ddg_pipeline.contract import ReleaseContract, bind, contract_from_yaml
from ddg_pipeline.preparation import prepare
from ddg_pipeline.publishing import ReleaseFacts, package_names, write_documents, write_release_csv
from ddg_pipeline.quality import (
    build_suite,
    issue_certificate,
    margin_exceptions,
    published_columns,
    row_parameters,
    validate,
)
from ddg_pipeline.review.dossier import Dossier, dossier_of
from ddg_pipeline.rulebook import Rulebook, load_rulebook

ISSUED_AT = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)

CASES = """\
release: cases_by_county_sex
title: Cases by county and sex
description: Reported cases, by county of residence and sex.
scope:
  - {variable: time, period: year}
dimensions:
  county: {variable: residence_geography, population: population, total: California}
  sex: {variable: sex, total: All}
measures:
  cases: {kind: count, population: population}
  cases_per_100000: {kind: rate, numerator: cases, denominator: population, per: 100000, decimals: 1}
limits: {suppressed_cells: any, suppressed_people: any, total_change: any, row_change: any, vanished_categories: any}
publication: {dataset: cases, resource: cases-by-county-and-sex, cadence: yearly}
"""
COUNTS = {
    "Alpine": (4, 5), "Colusa": (7, 16), "Glenn": (0, 63), "Butte": (61, 55), "Fresno": (92, 101),
    "Alameda": (310, 299),
}  # fmt: skip
POPULATION = {
    "Alpine": 1204, "Colusa": 21839, "Glenn": 28917, "Butte": 211632, "Fresno": 1008654, "Alameda": 1682353,
}  # fmt: skip

STATEWIDE = """\
release: statewide
title: Cases by sex
scope:
  - {variable: residence_geography, population: 39538223}
  - {variable: time, period: year}
dimensions:
  sex: {variable: sex}
measures:
  cases: {kind: count}
publication: {dataset: cases-by-sex}
"""
STATEWIDE_TABLE = "sex,cases\nF,7421\nM,8\n"

PERCENTAGES = """\
release: people_by_sex
title: People by sex
scope:
  - {variable: residence_geography, population: 39538223}
  - {variable: time, period: year}
dimensions:
  sex: {variable: intersex}
measures:
  people: {kind: count, description: People treated}
suppression: {form: whole_percentages, percentages: {of: sex}, level: full}
"""
PERCENTAGES_TABLE = "sex,people\nMale,54521\nFemale,53977\nIntersex,8\n"


def cases_table(**changed: tuple[int, int]) -> str:
    """Write the table of cases, with other counts of women and men for some counties; None leaves a county out."""
    counts = {name: pair for name, pair in (COUNTS | changed).items() if pair is not None}
    lines = ["county,sex,population,cases,cases_per_100000"]
    people = [*((name, POPULATION.get(name, 50000), *pair) for name, pair in counts.items())]
    total = tuple(sum(pair[sex] for pair in counts.values()) for sex in (0, 1))
    people.append(("California", sum(one[1] for one in people), *total))
    for name, population, women, men in people:
        for sex, cases in (("F", women), ("M", men), ("All", women + men)):
            lines.append(f"{name},{sex},{population},{cases},{100000 * cases / population:.1f}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Released:
    """A certified package, with what it was certified under."""

    package: Path
    contract: ReleaseContract
    rulebook: Rulebook

    def dossier(self, previous: Released | None = None, **facts: Any) -> Dossier:
        return dossier_of(
            self.package,
            previous=None if previous is None else previous.package,
            contract=self.contract,
            rulebook=self.rulebook,
            **facts,
        )

    @property
    def rows(self) -> list[dict[str, str]]:
        frame = pd.read_csv(self.package / package_names(self.contract).csv, dtype="str", keep_default_na=False)
        return frame.to_dict("records")


def release(directory: Path, contract_text: str, table: str, issued_at: dt.datetime = ISSUED_AT) -> Released:
    """Make a release, all the way to its certificate."""
    contract = contract_from_yaml(contract_text, "contract.yaml")
    rulebook = load_rulebook(contract.rulebook)
    bound = bind(contract, pd.read_csv(io.StringIO(table), dtype="str"))
    (prepared,) = prepare([bound], rulebook)
    masked = prepared.masked
    path = write_release_csv(directory, contract, masked.frame)
    suite = build_suite(
        contract,
        rulebook,
        columns=published_columns(contract, [str(column) for column in bound.original.columns]),
        masked=masked.masked,
        reasons_shown=masked.reasons_shown,
        references=bound.references,
        tolerated_margins=margin_exceptions(contract, bound.frame, bound.references),
    )
    gate = validate(path, suite, row_parameters(contract, bound.frame), rulebook=rulebook)
    assert gate.passed, gate.describe()
    level = contract.suppression.level if masked.masked else "none"
    audit = {"safe": True, "level": level, "summary": "Safe: every hidden cell keeps enough values (§4.4.1)."}
    facts = ReleaseFacts(prepared.assessment.to_json_dict(), masked.counts, masked.reasons_shown, audit, gate)
    write_documents(directory, contract, rulebook, facts)
    issue_certificate(
        directory,
        contract=contract,
        rulebook=rulebook,
        suite=suite,
        csv_name=path.name,
        gate=gate,
        audit=audit,
        decision=facts.decision,
        checks={"great_expectations": True, "attack_audit": True},
        issued_at=issued_at,
    )
    return Released(directory, contract, rulebook)
