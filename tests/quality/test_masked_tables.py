"""What masking writes passes the gate, and one shown small count in it does not."""

import itertools
import random

import pandas as pd
import pytest

from ddg_pipeline.contract import bind, contract_from_yaml
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import mask
from ddg_pipeline.preparation import prepare
from ddg_pipeline.quality import build_suite, csv_bytes, margin_exceptions, row_parameters, validate

CONTRACT = """
release: visits
title: Visits
dimensions:
  place: {{variable: other, groups: 4, total: All, hierarchy: {{tree: {{North: [p, q], South: [r, s]}}}}}}
  kind: {{variable: other, groups: 3, total: All}}
  year: {{variable: time, period: year, additive: false}}
measures:
  cases: {{kind: count}}
  visits: {{kind: count, unit: events, individuals: cases}}
  rate: {{kind: rate, numerator: cases, decimals: 1, per: 100}}
  paid: {{kind: amount, individuals: cases, decimals: 2}}
limits: {{suppressed_cells: any, suppressed_people: any}}
{suppression}
"""
PLACES = {**{leaf: [leaf] for leaf in "pqrs"}, "North": "pq", "South": "rs", "All": "pqrs"}
KINDS = {**{leaf: [leaf] for leaf in "uvx"}, "All": "uvx"}


def random_table(chance):
    rows = []
    for year in ("2020", "2021"):
        cells = {}
        for leaf in itertools.product("pqrs", "uvx"):
            cases = chance.choice([0, 0, chance.randint(1, 10), chance.randint(11, 80), chance.randint(11, 80)])
            cells[leaf] = (cases, cases * chance.randint(1, 3), round(cases * chance.random() * 10, 2))
        for (place, places), (kind, kinds) in itertools.product(PLACES.items(), KINDS.items()):
            cases, visits, paid = (
                sum(part) for part in zip(*(cells[p, k] for p in places for k in kinds), strict=True)
            )
            rate = "" if cases == 0 else f"{cases / 7:.1f}"
            rows.append((place, kind, year, cases, visits, rate, f"{paid:.2f}"))
    return pd.DataFrame(rows, columns=["place", "kind", "year", "cases", "visits", "rate", "paid"])


@pytest.mark.parametrize("seed", range(4))
def test_a_masked_table_passes_and_any_small_count_shown_in_it_fails(seed, rulebook, tmp_path):
    chance = random.Random(seed)
    reasons = chance.choice(["", "suppression: {show_reason: true}", "suppression: {show_reason: false}"])
    contract = contract_from_yaml(CONTRACT.format(suppression=reasons), "visits.yaml")
    table = random_table(chance)
    if seed % 2:  # a state total above the sum of its parts, as real tables have it
        table.loc[(table["place"] == "All") & (table["kind"] == "All"), ["cases", "visits"]] += 20
    if seed % 3 == 0:
        table = table[table["cases"] > 0]
    bound = bind(contract, table)
    try:
        (masked,) = mask([bound], rulebook)
    except RefusedError:
        pytest.skip("this table cannot be protected, so there is nothing to judge")
    exceptions = margin_exceptions(contract, bound.frame)
    assert bool(exceptions) == bool(seed % 2)
    suite = build_suite(
        contract,
        rulebook,
        columns=list(masked.frame.columns),
        masked=True,
        reasons_shown=masked.reasons_shown,
        tolerated_margins=exceptions,
    )
    path = tmp_path / "visits.csv"
    path.write_bytes(csv_bytes(masked.frame, "visits"))
    parameters = row_parameters(contract, bound.frame)
    result = validate(path, suite, parameters)
    assert result.passed, result.describe()
    small = bound.frame["cases"].between(1, 10).to_numpy().nonzero()[0]
    assert len(small)
    row = chance.choice(list(small))
    masked.frame.loc[row, "cases"] = str(bound.frame["cases"].iloc[row])
    path.write_bytes(csv_bytes(masked.frame, "visits"))
    assert not validate(path, suite, parameters).passed


SURVEY = """
release: smokers
title: Adults who smoke
high_risk: [homelessness]
dimensions:
  group: {variable: other, groups: 4, total: All}
measures:
  asked: {kind: count}
  smokers: {kind: count}
  percent: {kind: percent, numerator: smokers, denominator: asked, decimals: 1}
survey:
  limits: brfss
  estimates:
    percent: {denominator_cases: asked, numerator_cases: smokers}
"""


def test_an_estimate_marked_as_unstable_passes_and_a_count_so_marked_does_not(rulebook, tmp_path):
    contract = contract_from_yaml(SURVEY, "smokers.yaml")
    rows = [("P", 200, 90, 45.0), ("Q", 40, 19, 47.5), ("R", 90, 8, 8.9), ("S", 120, 11, 9.2), ("All", 450, 128, 28.4)]
    table = bind(contract, pd.DataFrame(rows, columns=["group", "asked", "smokers", "percent"]))
    (prepared,) = prepare([table], rulebook)
    frame = prepared.masked.frame
    assert frame.loc[1, ["percent", "percent_annotation_code"]].tolist() == ["47.5", rulebook.annotations.unstable.code]
    suite = build_suite(contract, rulebook, columns=list(frame.columns), masked=True)
    path, parameters = tmp_path / "smokers.csv", row_parameters(contract, table.frame)
    path.write_bytes(csv_bytes(frame, "smokers"))
    assert validate(path, suite, parameters).passed
    frame.loc[1, ["asked_annotation_code", "asked_annotation_description"]] = ["4", "Statistically unstable"]
    path.write_bytes(csv_bytes(frame, "smokers"))
    assert not validate(path, suite, parameters).passed
