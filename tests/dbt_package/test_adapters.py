"""The macros and generic tests give the same on every database: the values that the integration project expects."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

ADAPTERS = [
    "on_duckdb",
    pytest.param("on_postgres", marks=pytest.mark.slow),
    pytest.param("on_spark", marks=pytest.mark.thorough),
]
MUST_FAIL = {
    "finds_repeated_rows",
    "finds_other_sums",
    "finds_wrong_margins",
    "finds_wrong_codes",
    "finds_small_and_missing",
    "finds_lost_records",
}


@pytest.fixture(scope="module", params=ADAPTERS)
def built(request):
    return request.getfixturevalue(request.param)


class TestOnEachDatabase:
    def test_everything_comes_out_as_expected_and_every_planted_error_is_found(self, built):
        assert built.tagged("must_fail") == MUST_FAIL
        wrong = {name for name, result in built.results.items() if result["status"] not in ("success", "pass")}
        assert wrong == MUST_FAIL, built.output
        assert {built.results[name]["status"] for name in MUST_FAIL} == {"fail"}, built.output

    def test_a_failing_test_tells_no_number_of_rows(self, built):
        assert {built.results[name]["failures"] for name in MUST_FAIL} == {1}
        assert built.output.count("Got 1 result,") == len(MUST_FAIL)

    def test_rates_are_rounded_half_away_from_zero_and_nobody_is_divided_by(self, built):
        rows = built.rows("select n, d, per_100000, per_1000, per_person from {schema}.rates")
        assert len(rows) == 501 * 15
        for n, d, *found in rows:
            for rate, (per, decimals) in zip(found, [(100000, 1), (1000, 2), (1, 0)], strict=True):
                assert rate == expected_rate(n, d, per, decimals), (n, d, per)

    def test_margins_are_the_same_rows_and_figures_everywhere(self, built, on_duckdb):
        query = "select year, town, sex, n, dollars from {schema}.margins"
        found = built.rows(query)
        assert sorted(found) == sorted(on_duckdb.rows(query))
        assert len(found) == len(set(found)) == 2 * 3 * (6 + 4 + 2 + 1)

    def test_records_are_counted_by_the_reason_why_they_were_rejected(self, built):
        rows = built.rows("select rejection_reason, records from {schema}.rejections")
        assert dict(rows) == {"in no county": 4, "an example": 10}


def expected_rate(n: int | None, d: int | None, per: int, decimals: int) -> Decimal | None:
    if n is None or d is None or d <= 0:
        return None
    scaled = Fraction(n * per * 10**decimals, d)
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)  # no rate is negative
    return Decimal(whole).scaleb(-decimals).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
