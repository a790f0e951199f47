"""`limits` of a contract: defaults, limits of one measure or dimension, and what lifts them."""

import pytest

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.errors import InputErrors

CONTRACT = """
release: visits
title: Visits
dimensions:
  county: {{variable: residence_geography, total: California}}
  year: {{variable: time, period: year}}
measures:
  cases: {{kind: count}}
  rate: {{kind: rate, numerator: cases, per: 1000}}
{limits}
"""


def contract(limits=""):
    return contract_from_yaml(CONTRACT.format(limits=f"limits: {limits}" if limits else ""), "visits.yaml")


def test_what_a_contract_leaves_out_has_a_default():
    limits = contract().limits
    assert limits.of_measure("cases", "suppressed_cells") == 75
    assert limits.of_measure("cases", "suppressed_people") == 50
    assert limits.of_measure("cases", "total_change") == 50
    assert limits.rows == 25
    assert limits.of_dimension("county", "new_categories", periods=False) == 10
    assert limits.of_dimension("county", "vanished_categories", periods=False) == 0


def test_new_periods_are_expected_and_vanished_ones_are_not():
    limits = contract("{new_categories: 1}").limits
    assert limits.of_dimension("year", "new_categories", periods=True) is None
    assert limits.of_dimension("year", "vanished_categories", periods=True) == 0


def test_a_dimension_or_measure_may_have_its_own():
    limits = contract(
        "{suppressed_cells: 40, new_categories: 5, measures: {rate: {suppressed_cells: 60}},"
        " dimensions: {year: {new_categories: 1, vanished_categories: any}}}"
    ).limits
    assert limits.of_measure("cases", "suppressed_cells") == 40
    assert limits.of_measure("rate", "suppressed_cells") == 60
    assert limits.of_dimension("county", "new_categories", periods=False) == 5
    assert limits.of_dimension("year", "new_categories", periods=True) == 1
    assert limits.of_dimension("year", "vanished_categories", periods=True) is None


def test_any_lifts_a_limit():
    limits = contract("{row_change: any, total_change: any, measures: {cases: {total_change: 5}}}").limits
    assert limits.rows is None
    assert limits.of_measure("rate", "total_change") is None
    assert limits.of_measure("cases", "total_change") == 5


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ("{suppressed_cells: 101}", "limits.suppressed_cells: found 101; write a whole number from 0 to 100 or any"),
        ("{row_change: -1}", "limits.row_change: found -1; write a whole number, 0 or more or any"),
        ("{row_change: true}", "limits.row_change"),
        ("{total_change: some}", "limits.total_change: found 'some'"),
        ("{rows: 5}", "limits.rows: found an unknown key"),
        ("{measures: {deaths: {total_change: 5}}}", "deaths"),
        ("{dimensions: {sex: {new_categories: 5}}}", "sex"),
        ("{measures: {rate: {suppressed_people: 5}}}", "does not count people"),
    ],
)
def test_what_is_wrong_is_named(limits, message):
    with pytest.raises(InputErrors) as refused:
        contract(limits)
    assert message in str(refused.value)
