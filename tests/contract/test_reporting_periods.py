"""Reporting periods: how they are written, when they are over, and what a contract by periods may say."""

from __future__ import annotations

import datetime as dt

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.contract.reporting_periods import ReportingPeriods, of_period, series_of
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.publishing.names import package_names

CONTRACT = """
release: cases
title: Cases by county and month
dimensions:
  county: {variable: residence_geography, total: State, population: {Alpine: 1200, Colusa: 21900}}
  month: {variable: time, period: month, additive: false}
measures: {cases: {kind: count}}
suppression: {show_reason: false}
reporting_periods: {dimension: month, every: month, start: 2024-01-01}
"""
MONTHS = {"dimension": "month", "every": "month", "start": "2024-01-01"}


def contract(**changed):
    return parse_contract(yaml.safe_load(CONTRACT) | changed, "a.yml")


def periods(every, start, labels=None):
    return ReportingPeriods(dimension="time", every=every, start=start, labels=labels)


class TestPeriods:
    @pytest.mark.parametrize(
        ("every", "start", "labels", "written"),
        [
            ("day", "2023-12-31", None, ["2023-12-31", "2024-01-01", "2024-01-02"]),
            ("week", "2024-12-23", None, ["2024-W52", "2025-W01", "2025-W02"]),
            ("month", "2023-12-01", None, ["2023-12", "2024-01", "2024-02"]),
            ("month", "2023-12-01", "%B %Y", ["December 2023", "January 2024", "February 2024"]),
            ("quarter", "2023-10-01", None, ["2023-Q4", "2024-Q1", "2024-Q2"]),
            ("half-year", "2023-07-01", None, ["2023-H2", "2024-H1", "2024-H2"]),
            ("year", "2023-01-01", None, ["2023", "2024", "2025"]),
            ("year", "2023-07-01", "%Y, 100%%", ["2023, 100%", "2024, 100%", "2025, 100%"]),
        ],
    )  # fmt: skip
    def test_follow_each_other_and_are_written_as_the_table_does(self, every, start, labels, written):
        ended = periods(every, start, labels).ended(dt.date(2026, 7, 1))
        assert list(ended)[:3] == written

    @given(
        st.sampled_from(["day", "week", "month", "quarter", "half-year", "year"]),
        st.dates(dt.date(2020, 2, 1), dt.date(2030, 1, 1)),
    )
    def test_are_over_on_the_day_after_their_last(self, every, today):
        starts = {"week": dt.date(2020, 1, 6)}
        asked = periods(every, starts.get(every, dt.date(2020, 1, 1)))
        ended = asked.ended(today)
        for first in ended.values():
            assert asked.after(first) <= today
        following = asked.after(list(ended.values())[-1]) if ended else asked.start
        assert asked.after(following) > today
        assert len(set(ended)) == len(ended.values())

    @pytest.mark.parametrize(
        ("every", "start", "labels", "told"),
        [
            ("month", "2024-01-02", None, "the first day of a month"),
            ("week", "2024-01-02", None, "Mondays"),
            ("quarter", "2024-02-01", None, "does not begin in this month"),
            ("month", "2024-01-01", "%Y", "would both be written '2024'"),
            ("year", "9999-01-01", None, "before the year 2200"),
        ],
    )
    def test_that_cannot_be_are_refused(self, every, start, labels, told):
        with pytest.raises(ValueError, match=told):
            periods(every, start, labels)

    def test_begin_when_cron_says_so(self):
        assert periods("quarter", "2024-01-01").cron == "0 0 1 1,4,7,10 *"
        assert periods("year", "2023-07-01").cron == "0 0 1 7 *"
        assert periods("week", "2024-12-23").cron == "0 0 * * 1"


class TestAContractByPeriods:
    def test_is_for_each_period_a_contract_of_its_own(self):
        one = of_period(contract(), "2024-02")
        assert (one.release, one.series, one.full_title) == (
            "cases_2024_02", "cases", "Cases by county and month, 2024-02",
        )  # fmt: skip
        names = package_names(one)
        assert (names.dataset, names.resource, names.csv) == ("cases", "cases-2024-02", "cases-2024-02.csv")
        assert series_of(one) == contract()
        assert series_of(contract()) == contract()

    def test_keeps_its_links_within_its_period(self):
        one = of_period(contract(links=["deaths"]), "2024-02")
        other = of_period(contract(release="deaths", links=["cases"]), "2024-02")
        assert one.links == [other.release] == ["deaths_2024_02"]
        assert other.links == [one.release] == ["cases_2024_02"]
        assert series_of(one) == contract(links=["deaths"])

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"reporting_periods": {**MONTHS, "dimension": "year"}}, "is not a dimension"),
            ({"reporting_periods": {**MONTHS, "dimension": "county"}}, "no `time` variable"),
            ({"suppression": {}}, "suppression.show_reason.*say true or false"),
            ({"suppression": {"show_reason": True, "keep": [{"month": ["2024-01"]}]}}, "keep.*masked by itself"),
            ({"already_public": [{"table": "old"}]}, "ddg ledger import"),
            ({"release": "a" * 41}, "40 characters at most"),
            ({"reporting_period": {"of": "x", "label": "y"}}, "write `reporting_periods`"),
            (
                {"dimensions": {
                    "county": {"variable": "residence_geography"},
                    "month": {"variable": "time", "period": "month", "total": "Year"},
                }},
                "total or groups over periods",
            ),
        ],
    )  # fmt: skip
    def test_says_nothing_about_several_periods(self, changed, told):
        with pytest.raises(InputErrors, match=told):
            contract(**changed)
