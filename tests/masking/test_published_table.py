"""What a masked table looks like: the portal's form, and every statistic that goes with its count."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.masking import mask, mask_and_prove, unmasked

from .build import bound, dimension, hidden, line

MEASURES = {
    "patients": {"kind": "count", "population": "people"},
    "visits": {"kind": "count", "unit": "events", "individuals": "patients"},
    "rate": {"kind": "rate", "numerator": "visits", "denominator": "people", "per": 1000, "decimals": 1},
    "paid": {"kind": "amount", "individuals": "patients"},
    "paid_per_visit": {"kind": "mean", "individuals": "patients", "numerator": "paid", "denominator": "visits"},
}
COLUMNS = ["county", "people", "patients", "visits", "rate", "paid", "paid_per_visit"]
ROWS = [
    dict(zip(COLUMNS, row, strict=True))
    for row in [
        ("Alpine", 1200, 4, 6, 5.0, 61.5, 10.25),
        ("Butte", 2000, 0, 0, 0.0, 0.0, None),
        ("Colusa", 21000, 40, 70, 3.33, 700.0, 10),
        ("Kern", 9000, 300, 420, 46.66, 4200.0, 10),
        ("Marin", 9000, 310, 430, 47.78, 4300.0, 10),
    ]
]
FIGURES = COLUMNS[2:]


@pytest.fixture
def published(rulebook):
    [table] = mask([bound(ROWS, {"county": dimension()}, MEASURES)], rulebook)
    return table


def row(table, county):
    frame = table.frame
    return frame[frame["county"] == county].iloc[0]


class TestColumns:
    def test_are_the_tables_own_with_two_annotations_beside_each_measure(self, published):
        expected = ["county", "people"]
        for measure in FIGURES:
            expected += [measure, f"{measure}_annotation_code", f"{measure}_annotation_description"]
        assert list(published.frame.columns) == expected

    def test_may_have_other_names(self, rulebook):
        names = {"code": "note_{measure}", "description": "why_{measure}"}
        [table] = mask([line([4, 50, 60], suppression={"annotations": names})], rulebook)
        assert list(table.frame.columns) == ["a", "n", "note_n", "why_n"]

    def test_hold_text_alone(self, published):
        assert all(isinstance(value, str) for value in published.frame.to_numpy().ravel())

    def test_keep_the_order_of_rows(self, published):
        assert published.frame["county"].tolist() == [one["county"] for one in ROWS]


class TestAHiddenRow:
    def test_shows_none_of_the_figures_tied_to_its_count(self, published):
        assert row(published, "Alpine")[FIGURES].tolist() == [""] * 5

    def test_says_why_beside_each_of_them(self, published, rulebook):
        small = rulebook.annotations.small
        for measure in FIGURES:
            assert row(published, "Alpine")[f"{measure}_annotation_code"] == small.code
            assert row(published, "Alpine")[f"{measure}_annotation_description"] == small.description

    def test_keeps_the_public_population(self, published):
        assert row(published, "Alpine")["people"] == "1200"

    def test_is_never_the_only_one(self, published):
        assert len(hidden(published, "patients")) == 2
        for measure in ("visits", "rate", "paid"):
            assert hidden(published, measure) == hidden(published, "patients")


class TestAShownRow:
    def test_writes_a_real_zero(self, published):
        assert row(published, "Butte")[["patients", "visits", "rate", "paid"]].tolist() == ["0", "0", "0.0", "0"]

    def test_says_where_there_is_no_figure(self, published, rulebook):
        assert row(published, "Butte")["paid_per_visit"] == ""
        assert row(published, "Butte")["paid_per_visit_annotation_code"] == rulebook.annotations.not_available.code

    def test_has_empty_annotations_otherwise(self, published):
        shown = next(county for county in ("Kern", "Marin") if county not in hidden(published, "patients"))
        assert {row(published, shown)[f"{measure}_annotation_code"] for measure in FIGURES} == {""}


class TestFigures:
    @pytest.mark.parametrize(
        ("value", "decimals", "text"),
        [
            (2.0, None, "2"),
            (2.5, None, "2.5"),
            (np.float32(2.5), None, "2.5"),
            (7, None, "7"),
            ("3.14159", None, "3.14159"),
            (3.14159, 2, "3.14"),
            ("3.14159", 2, "3.14"),
            ("3", 2, "3.00"),
            (" 5.5 ", None, "5.5"),
            (Decimal("1.25"), None, "1.25"),
            (Decimal("1.255"), 2, "1.26"),
            (1234567.0, 0, "1234567"),
            (None, 2, ""),
            ("", 2, ""),
            (float("nan"), None, ""),
            (np.float32("nan"), 1, ""),
            (pd.NA, None, ""),
        ],
    )
    def test_are_written_plainly_and_as_exactly_as_the_contract_says(self, rulebook, value, decimals, text):
        measures = {"n": {"kind": "count"}, "rate": {"kind": "rate", "numerator": "n", "decimals": decimals}}
        raw = {"release": "r", "title": "t", "dimensions": {"a": dimension()}, "measures": measures}
        frame = pd.DataFrame({"a": ["x"], "n": [20], "rate": pd.Series([value], dtype="object")})
        table = unmasked(bind(parse_contract(raw, "r"), frame), rulebook)
        assert table.frame["rate"].tolist() == [text]


class TestStatisticsOfTwoCounts:
    def test_go_with_either(self, rulebook):
        measures = {
            "cases": {"kind": "count"},
            "tests": {"kind": "count"},
            "positive": {"kind": "percent", "numerator": "cases", "denominator": "tests"},
        }
        counts = {"Alpine": (0, 5), "Butte": (40, 400), "Colusa": (6, 90), "Kern": (50, 500), "Marin": (70, 600)}
        rows = [{"county": a, "cases": cases, "tests": tests, "positive": "10"} for a, (cases, tests) in counts.items()]
        [table] = mask([bound(rows, {"county": dimension()}, measures)], rulebook)
        assert set(hidden(table, "positive")) == {*hidden(table, "cases"), *hidden(table, "tests")}
        assert row(table, "Alpine")["positive_annotation_code"] == rulebook.annotations.small.code


class TestReasons:
    def test_have_one_code_where_they_are_not_told(self, rulebook):
        [table] = mask([line([4, 50, 60], suppression={"show_reason": False})], rulebook)
        assert not table.reasons_shown
        gone = table.frame[table.frame["n"] == ""]
        assert set(gone["n_annotation_code"]) == {rulebook.annotations.hidden.code}
        assert set(gone["n_annotation_description"]) == {rulebook.annotations.hidden.description}


class TestPreference:
    def test_hides_the_least_interesting_category_first(self, rulebook):
        rows = [{"race": race, "n": n} for race, n in (("A", 4), ("B", 12), ("C", 13), ("Other", 500))]
        [plain] = mask([bound(rows, {"race": dimension()})], rulebook)
        assert hidden(plain) == ["A", "B"]
        [preferred] = mask([bound(rows, {"race": dimension()}, suppression={"prefer": {"race": ["Other"]}})], rulebook)
        assert hidden(preferred) == ["A", "Other"]

    def test_includes_what_is_not_known(self, rulebook):
        rows = [{"race": race, "n": n} for race, n in (("A", 4), ("B", 12), ("Unknown", 500))]
        [table] = mask([bound(rows, {"race": dimension(unknown=["Unknown", "Refused"])})], rulebook)
        assert hidden(table) == ["A", "Unknown"]


class TestCounts:
    def test_are_of_cells_not_of_people(self, published):
        counts = published.counts["patients"]
        assert (counts.cells, counts.zeros, counts.small, counts.complementary) == (5, 1, 1, 1)
        assert counts.share_of_cells_suppressed == 40

    def test_are_given_for_each_count_of_individuals(self, published):
        assert set(published.counts) == {"patients"}

    def test_share_counts_no_margin_twice(self, rulebook):
        [table] = mask([line([4, 50, 60, 86], total=200)], rulebook)
        assert hidden(table) == ["A1", "A2"]
        assert table.counts["n"].share_of_counts_suppressed == 27


class TestAnUnmaskedTable:
    def test_has_the_same_form_and_hides_nothing(self, rulebook):
        table = unmasked(bound(ROWS, {"county": dimension()}, MEASURES), rulebook)
        assert not table.masked
        assert hidden(table, "patients") == []
        assert table.counts["patients"].small == 0
        assert list(table.frame.columns)[:5] == [
            "county", "people", "patients", "patients_annotation_code", "patients_annotation_description",
        ]  # fmt: skip
        assert table.margins.empty


OF_A_SURVEY = {
    "asked": {"kind": "count"},
    "smokers": {"kind": "count"},
    "percent": {"kind": "mean", "individuals": "asked", "decimals": 0},
}


class TestAnUnstableEstimate:
    """An estimate of a survey that its sample does not bear: shown, with a code that says so (§5.2)."""

    def table(self, first=(200, 50, 25)):
        rows = [("A", *first), ("B", 40, 20, 50), ("C", 90, 4, 4), ("D", 80, 12, 15)]
        cases = {"denominator_cases": "asked", "numerator_cases": "smokers"}
        return bound(
            [dict(zip(("county", "asked", "smokers", "percent"), one, strict=True)) for one in rows],
            {"county": dimension()},
            OF_A_SURVEY,
            survey={"limits": "brfss", "estimates": {"percent": cases}},
        )

    def codes(self, published):
        return dict(zip(published.frame["county"], published.frame["percent_annotation_code"], strict=True))

    def test_has_a_code_of_its_own_beside_the_figure(self, rulebook):
        marks = {"percent": np.array([False, True, False, False])}
        published = unmasked(self.table(), rulebook, marks)
        assert self.codes(published) == {"A": "", "B": "4", "C": "", "D": ""}
        assert row(published, "B")["percent"] == "50"
        assert row(published, "B")["percent_annotation_description"] == rulebook.annotations.unstable.description
        assert row(published, "B")["asked_annotation_code"] == ""

    def test_that_is_hidden_keeps_the_code_that_says_why(self, rulebook):
        marks = {"percent": np.ones(4, dtype=bool)}
        [published], _ = mask_and_prove([self.table(first=(9, 3, 33))], rulebook, unstable=[marks])
        assert row(published, "A")["percent"] == ""
        assert row(published, "A")["percent_annotation_code"] == rulebook.annotations.small.code
        for _, one in published.frame.iterrows():
            assert (one["percent_annotation_code"] == "4") == (one["percent"] != "")

    def test_is_marked_wherever_the_sample_cases_are_hidden_so_that_the_mark_tells_nothing_of_them(self, rulebook):
        for marks in ([False] * 4, [False, False, True, False]):
            [published], _ = mask_and_prove([self.table()], rulebook, unstable=[{"percent": np.array(marks)}])
            gone = set(hidden(published, "smokers"))
            assert {"C"} < gone
            # the percentage belongs to those who were asked, of whom nobody is hidden
            assert hidden(published, "percent") == []
            assert {county for county, code in self.codes(published).items() if code == "4"} == gone
