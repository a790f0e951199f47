"""Figures that contradict what they are declared as."""

import pytest

from ddg_pipeline.errors import InputErrors

COUNT = {"kind": "count"}
AREA = {"variable": "residence_geography"}
YEAR = [{"variable": "time", "period": "year"}]
ROWS = [("Fresno", 100, 1_000), ("Kern", 51, 700), ("Alpine", 20, 30), ("Kings", 77, 2_000)]


@pytest.fixture
def judged(assessed):
    """Assess counts of cases and tests with one statistic, a function of both."""

    def make(statistic, kind="percent", **declared):
        measure = {"kind": kind, "numerator": "cases", "denominator": "tests", "decimals": 2} | declared
        rows = [(area, cases, tests, statistic(cases, tests)) for area, cases, tests in ROWS]
        measures = {"cases": COUNT, "tests": COUNT, "it": measure}
        return assessed({"county": (AREA, [])}, rows=rows, measures=measures, scope=YEAR)

    return make


class TestStatisticsOfSomethingElse:
    def test_what_is_declared_is_no_error(self, judged):
        assert not [note for note in judged(lambda a, b: round(a / b * 100, 2)).notes if note.field == "measures.it"]

    @pytest.mark.parametrize(
        ("statistic", "words", "mend"),
        [
            (lambda a, b: round(a / b, 4), "cases over tests per 1,", "kind: rate and per: 1"),
            (lambda a, b: round(b / a * 100, 2), "tests over cases per 100", "numerator: tests and denominator: cases"),
            (
                lambda a, _: round(a / 248 * 100, 2),
                "the share of cases in their total over county",
                "leave `denominator`",
            ),
        ],
    )
    def test_a_percentage_is_an_error_that_says_what_it_is(self, judged, statistic, words, mend):
        with pytest.raises(InputErrors, match=r"measures\.it") as caught:
            judged(statistic, decimals=4 if "per 1," in words else 2)
        message = str(caught.value)
        assert words in message
        assert mend in message
        assert "county=Fresno" in message

    def test_a_rate_per_another_number(self, judged):
        with pytest.raises(InputErrors, match=r"cases over tests per 1,000, and not .* per 100.* per: 1000"):
            judged(lambda a, b: round(a / b * 1_000, 2), kind="rate", per=100)

    def test_a_mean_upside_down(self, judged):
        with pytest.raises(InputErrors, match="numerator: tests and denominator: cases"):
            judged(lambda a, b: round(b / a, 2), kind="mean")

    def test_of_another_column(self, assessed):
        rows = [(area, cases, tests, tests * 2 + cases, round(cases / tests * 100, 1)) for area, cases, tests in ROWS]
        measures = {"cases": COUNT, "tests": COUNT, "people": COUNT}
        measures["it"] = {"kind": "percent", "numerator": "cases", "denominator": "people", "decimals": 1}
        with pytest.raises(InputErrors, match="denominator: tests"):
            assessed({"county": (AREA, [])}, rows=rows, measures=measures, scope=YEAR)

    def test_the_errors_tell_no_figure(self, judged):
        with pytest.raises(InputErrors) as caught:
            judged(lambda a, b: round(b / a * 100, 2))
        assert not any(
            str(figure) in str(caught.value) for row in ROWS for figure in row[1:] if figure not in (100, 1_000)
        )

    def test_adjusted_rates_which_nothing_explains_are_noted(self, judged):
        found = judged(lambda a, b: round(a / b * 117.3 + a % 7, 2))
        assert [note.field for note in found.notes if "is not cases over tests" in note.text] == ["measures.it"]

    def test_a_single_odd_row_is_noted(self, judged):
        found = judged(lambda a, b: 99.0 if a == 20 else round(a / b * 100, 2))
        (note,) = [note for note in found.notes if note.field == "measures.it"]
        assert "in 1 of 4 rows, first at county=Alpine" in note.text


class TestCountsInDisguise:
    def test_an_amount_that_is_a_count(self, assessed):
        rows = [(area, cases, cases) for area, cases, _ in ROWS]
        measures = {"cases": COUNT, "paid": {"kind": "amount", "individuals": "cases"}}
        with pytest.raises(InputErrors, match=r"measures\.paid\.kind: found amount, but its figures equal cases"):
            assessed({"county": (AREA, [])}, rows=rows, measures=measures, scope=YEAR)

    def test_another_amount_is_none(self, assessed):
        rows = [(area, cases, cases + (area == "Kern")) for area, cases, _ in ROWS]
        measures = {"cases": COUNT, "paid": {"kind": "amount", "individuals": "cases"}}
        assert assessed({"county": (AREA, [])}, rows=rows, measures=measures, scope=YEAR)


class TestSumsThatNoIdentityDeclares:
    SUMS = [(area, a, b, a + b) for area, a, b in ROWS]  # noqa: RUF012
    MEASURES = {"insured": COUNT, "uninsured": COUNT, "people": COUNT}  # noqa: RUF012

    def test_are_an_error_that_writes_it(self, assessed):
        with pytest.raises(InputErrors, match=r"the identity 'insured . uninsured = people'"):
            assessed({"county": (AREA, [])}, rows=self.SUMS, measures=self.MEASURES, scope=YEAR)

    def test_are_none_where_it_is_declared_in_whatever_form(self, assessed):
        for identity in ("insured + uninsured = people", "people - insured = uninsured"):
            assert assessed(
                {"county": (AREA, [])}, rows=self.SUMS, measures=self.MEASURES, scope=YEAR, identities=[identity]
            )

    def test_of_all_others(self, assessed):
        rows = [(area, a, b, a * 3, a + b + a * 3) for area, a, b in ROWS]
        measures = {"low": COUNT, "middle": COUNT, "high": COUNT, "whole": COUNT}
        with pytest.raises(InputErrors, match=r"low . middle . high = whole"):
            assessed({"county": (AREA, [])}, rows=rows, measures=measures, scope=YEAR)

    def test_cases_and_deaths_are_none(self, assessed):
        assert assessed({"county": (AREA, [])}, rows=ROWS, measures={"cases": COUNT, "deaths": COUNT}, scope=YEAR)
