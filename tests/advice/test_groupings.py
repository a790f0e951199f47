"""Which coarser categories are offered: levels of hierarchies, age bands people use, longer periods."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from ddg_pipeline.advice.age_bands import merged_bands, whole_range
from ddg_pipeline.advice.changes import NotPossibleError
from ddg_pipeline.advice.coarsening import coarsen
from ddg_pipeline.advice.hierarchy_levels import levels_of
from ddg_pipeline.advice.periods import joined_periods, parse_span, period_of
from ddg_pipeline.assessment import assess
from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.contract import Dimension, bind
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.contract.hierarchy import hierarchy_from_tree
from ddg_pipeline.contract.parse import parse_contract


def axis(name, labels, *trees, **declared):
    hierarchies = [hierarchy_from_tree(tree, "t", name) for tree in trees]
    given = declared | ({"hierarchy": [{"tree": tree} for tree in trees]} if trees else {})
    return Axis(name, Dimension.model_validate(given), tuple(labels), tuple(hierarchies))


def ages(labels, rulebook, unknown=()):
    found = list(merged_bands(axis("age", labels, variable="age"), set(unknown), rulebook))
    return [tuple(merge.members) for merge in found]


def periods(labels, period="year"):
    found = joined_periods(axis("year", labels, variable="time", period=period))
    return {merge.period: list(merge.members) for merge in found}


class TestLevelsOfAHierarchy:
    def test_every_level_but_the_total(self):
        tree = {"State": {"North": {"N1": ["a", "b"], "N2": ["c"]}, "South": {"S1": ["d"], "S2": ["e", "f"]}}}
        found = [merge.members for merge in levels_of(axis("area", "abcdef", tree, variable="other"))]
        assert found == [
            {"N1": ("a", "b"), "N2": ("c",), "S1": ("d",), "S2": ("e", "f")},
            {"North": ("a", "b", "c"), "South": ("d", "e", "f")},
        ]

    def test_each_of_several_hierarchies(self):
        one, other = {"x": ["a", "b"], "y": ["c", "d"]}, {"odd": ["a", "c"], "even": ["b", "d"]}
        found = [set(merge.members) for merge in levels_of(axis("area", "abcd", one, other, variable="other"))]
        assert found == [{"x", "y"}, {"odd", "even"}]

    def test_one_hierarchy_on_top_of_another(self):
        one, above = {"x": ["a"], "y": ["b"], "z": ["c"]}, {"xy": ["x", "y"], "rest": ["z"]}
        found = [set(merge.members) for merge in levels_of(axis("area", "abc", one, above, variable="other"))]
        assert {"xy", "rest"} in found

    def test_a_category_without_a_group_stays(self):
        tree = {"North": ["a", "b"]}
        (found,) = levels_of(axis("area", ["a", "b", "Unknown"], tree, variable="other", unknown=["Unknown"]))
        assert found.members == {"North": ("a", "b"), "Unknown": ("Unknown",)}


class TestAgeBands:
    FIVE_YEARS = (*(f"{first}-{first + 4}" for first in range(0, 85, 5)), "85+")

    def test_people_s_usual_bands_where_they_fit(self, rulebook):
        found = ages(self.FIVE_YEARS, rulebook)
        assert ("0-4", "5-14", "15-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75-84", "85+") in found
        assert ("0-19", "20-39", "40-59", "60-79", "80+") in found
        assert ("0-64", "65+") in found

    def test_not_those_that_cut_a_band(self, rulebook):
        assert not any("0-17" in bands for bands in ages(self.FIVE_YEARS, rulebook))

    def test_neighbours_in_pairs(self, rulebook):
        assert ("0-17", "18-44", "45+") in ages(("0-4", "5-17", "18-29", "30-44", "45-64", "65+"), rulebook)

    def test_as_wide_as_each_line_of_the_scoring_table_asks(self, rulebook):
        table = rulebook.scoring.age
        found = ages(self.FIVE_YEARS, rulebook)
        for line in table.bands[1:]:
            widths = [[parse_age_band(label).years(table.open_band_ends_at) for label in bands] for bands in found]
            assert any(min(width) >= line.lower for width in widths), line.category

    @pytest.mark.parametrize(
        "labels",
        [
            FIVE_YEARS,
            ("<1", "1-4", "5-17", "18-64", "65+"),
            ("0-17 years", "18-34 years", "35-64 years", "65 years and over"),
            ("Age <1", "Age 1-4", "Age 5-17", "Age 18+"),
            ("18 to 24", "25 to 44", "45 to 64", "65 or older"),
            ("0-4", "5-17", "18-64"),
        ],
    )
    def test_what_is_offered_covers_the_same_ages_without_gap(self, labels, rulebook):
        def ends(bands):
            read = sorted((parse_age_band(label) for label in bands), key=lambda band: band.first)
            assert all(one.after == other.first for one, other in pairwise(read))
            return read[0].first, read[-1].after

        assert ages(labels, rulebook)
        for bands in ages(labels, rulebook):
            assert ends(bands) == ends(labels), bands

    def test_labels_are_spelled_as_the_others(self, rulebook):
        found = ages(("18 to 24", "25 to 44", "45 to 64", "65 to 99"), rulebook)
        assert ("18 to 44", "45 to 99") in found

    def test_not_known_stays_by_itself(self, rulebook):
        found = ages(("0-17", "18-64", "65+", "Unknown"), rulebook, unknown=["Unknown"])
        assert found
        assert all("Unknown" in bands for bands in found)

    @pytest.mark.parametrize("labels", [("0-17", "20-64", "65+"), ("0-17", "0-4", "18+"), ("young", "old")])
    def test_gaps_overlaps_and_words_are_left_alone(self, labels, rulebook):
        with pytest.raises(NotPossibleError):
            ages(labels, rulebook)

    def test_the_range_of_part_of_the_people(self):
        assert whole_range(axis("age", ["0-4", "5-17"], variable="age"), ()) == "0-17"
        assert whole_range(axis("age", ["0-17", "18+"], variable="age"), ()) is None


class TestPeriods:
    def test_years_joined_so_that_none_is_shorter(self):
        found = periods([str(year) for year in range(2001, 2023)])
        assert found["5 years"] == ["2001 to 2006", "2007 to 2012", "2013 to 2017", "2018 to 2022"]
        assert found["2 years"] == [f"{year} to {year + 1}" for year in range(2001, 2023, 2)]

    @pytest.mark.parametrize(("years", "words"), [(8, ["2 years", "4 years"]), (10, ["2 years", "3 years", "5 years"])])
    def test_are_called_by_the_shortest_of_them(self, years, words):
        labels = [str(2001 + number) for number in range(years)]
        found = list(joined_periods(axis("year", labels, variable="time", period="year")))
        assert [merge.words for merge in found] == [f"year by {period}" for period in words]
        assert [merge.period for merge in found] == words

    def test_order_in_the_table_does_not_matter(self):
        assert periods(["2021", "2020", "2023", "2022"]) == {"2 years": ["2020 to 2021", "2022 to 2023"]}

    def test_quarters_into_halves_and_years(self):
        labels = [f"{year}-Q{quarter}" for year in (2022, 2023) for quarter in (1, 2, 3, 4)]
        found = periods(labels, "quarter")
        assert found["half-year"] == ["2022-H1", "2022-H2", "2023-H1", "2023-H2"]
        assert found["year"] == ["2022", "2023"]

    def test_units_that_would_not_be_whole_are_not_offered(self):
        labels = ["2022-Q3", "2022-Q4", "2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4"]
        found = [merge.words for merge in joined_periods(axis("t", labels, variable="time", period="quarter"))]
        assert found == ["t by half-year"]  # of 2022 there is half a year, and the label would say a year

    def test_of_a_season_of_months_it_is_said_why(self):
        months = [f"2025-{month:02}" for month in range(5, 11)]
        with pytest.raises(NotPossibleError, match="by quarter, 2025-Q2 and 2025-Q4 would not be whole"):
            list(joined_periods(axis("t", months, variable="time")))

    def test_what_is_offered_reads_as_the_assessment_reads_it(self, rulebook):
        months = [f"2025-{month:02}" for month in range(4, 13)]
        raw = {"release": "r", "title": "R", "dimensions": {"month": {"variable": "time", "period": "month"}},
               "measures": {"visits": {"kind": "count"}}}  # fmt: skip
        table = bind(parse_contract(raw, "r"), pd.DataFrame({"month": months, "visits": range(100, 109)}))
        merges = list(joined_periods(table.axes["month"]))
        assert [merge.words for merge in merges] == ["month by quarter"]
        for merge in merges:
            coarser = coarsen(table, merge, rulebook).bound
            assert coarser.contract.dimensions["month"].period == merge.period
            assess(coarser, rulebook)

    @pytest.mark.parametrize(
        ("labels", "period"),
        [(["2020", "2022"], "year"), (["2020", "later"], "year"), (["2020", "2021"], "3 years"), (["FY", "2"], "year")],
    )
    def test_gaps_and_other_labels_are_left_alone(self, labels, period):
        with pytest.raises(NotPossibleError):
            periods(labels, period)

    @pytest.mark.parametrize(
        ("label", "first", "months"),
        [
            ("2024", 2024 * 12, 12),
            ("CY 2024", 2024 * 12, 12),
            ("2024-Q2", 2024 * 12 + 3, 3),
            ("Q4 2024", 2024 * 12 + 9, 3),
            ("2024 H2", 2024 * 12 + 6, 6),
            ("2024-03", 2024 * 12 + 2, 1),
            ("May 2024", 2024 * 12 + 4, 1),
        ],
    )
    def test_reading_them(self, label, first, months):
        span = parse_span(label)
        assert (span.first, span.months) == (first, months)

    @pytest.mark.parametrize("label", ["2024-H3", "2024-13", "Maybe 20244", "All years", "2024-Q5"])
    def test_what_is_no_period(self, label):
        assert parse_span(label) is None

    def test_never_longer_than_it_is(self):
        assert [period_of(months) for months in (1, 4, 11, 12, 23, 24, 61)] == [
            "month", "quarter", "half-year", "year", "year", "2 years", "5 years",
        ]  # fmt: skip
        assert period_of(0) is None
