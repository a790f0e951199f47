"""The macros, compiled by dbt once and run on DuckDB with many inputs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

_EXPRESSIONS = {
    "age_default": "{{ ddg.age_group('age') }}",
    "age_bounds": "{{ ddg.age_group('age', [5, 6, 20]) }}",
    "age_labels": "{{ ddg.age_group('age', ['0-17', '18-64', '65+']) }}",
    "age_group_labels": "{{ ddg.age_group_labels([0, 1, 65]) | join('|') }}",
    "fips": "{{ ddg.county_fips('code') }}",
    "fips_ct": "{{ ddg.county_fips('code', state='09') }}",
    "rate": "{{ ddg.safe_rate('n', 'd', per=1000, decimals=2) }}",
    "number": "{{ ddg.whole_number('text') }}",
    "date": "{{ ddg.month_day_year('text') }}",
    "quarter": "{{ ddg.quarter_label('day') }}",
    "years": "{{ ddg.reporting_years() }}",
    "margins": """{{ ddg.with_margins('cells', fixed=['year'], sums={'n': 'bigint', 'dollars': 'decimal(18, 2)'},
        dimensions=[{'column': 'town', 'groups': ['county', 'region'], 'total': "the Dean's state"},
                    {'column': 'sex', 'total': 'All'}, {'column': 'age'}]) }}""",
}
_END = "-- end of expression"


@pytest.fixture(scope="module")
def sql(example) -> dict[str, str]:
    done = example.dbt("--quiet", "compile", "--output", "json", "--inline", _END.join(_EXPRESSIONS.values()))
    assert done.returncode == 0, done.stdout
    compiled = json.loads(done.stdout)["compiled"].split(_END)
    return dict(zip(_EXPRESSIONS, compiled, strict=True))


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def value(duck: duckdb.DuckDBPyConnection, expression: str, **columns: str) -> object:
    row = ", ".join(f"{literal} as {name}" for name, literal in columns.items())
    return duck.sql(f"select {expression} from (select {row})").fetchall()[0][0]


class TestAgeGroup:
    @pytest.mark.parametrize(
        ("name", "groups"),
        [
            (
                "age_default",
                {"0-17": (0, 17), "18-34": (18, 34), "35-49": (35, 49), "50-64": (50, 64), "65+": (65, 999)},
            ),
            ("age_bounds", {"5": (5, 5), "6-19": (6, 19), "20+": (20, 999)}),
            ("age_labels", {"0-17": (0, 17), "18-64": (18, 64), "65+": (65, 999)}),
        ],
    )
    def test_every_age_gets_its_label(self, sql, duck, name, groups):
        for age in range(-2, 121):
            expected = next((label for label, (low, high) in groups.items() if low <= age <= high), None)
            assert value(duck, sql[name], age=str(age)) == expected, age

    def test_a_missing_age_has_no_group(self, sql, duck):
        assert value(duck, sql["age_default"], age="cast(null as integer)") is None

    def test_the_labels_can_be_listed(self, sql):
        assert sql["age_group_labels"].strip() == "0|1-64|65+"

    @pytest.mark.parametrize(
        "groups",
        [
            "['0-17', '19+']",
            pytest.param("[18, 0]", marks=pytest.mark.thorough),
            pytest.param("['young', 18]", marks=pytest.mark.thorough),
        ],
    )
    def test_groups_that_leave_a_gap_are_refused(self, example, groups):
        done = example.dbt("compile", "--inline", f"{{{{ ddg.age_group('age', {groups}) }}}}")
        assert done.returncode != 0
        assert "write for example" in done.stdout


class TestCountyFips:
    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("'001'", "001"), ("'1'", "001"), ("' 37 '", "037"), ("37", "037"), ("'06037'", "037"), ("6037", None),
            ("'32003'", None), ("'0601'", None), ("'abc'", None), ("''", None), ("' '", None),
            ("cast(null as varchar)", None), ("'-01'", None), ("'06o37'", None),
        ],
    )  # fmt: skip
    def test_three_digits_or_nothing(self, sql, duck, code, expected):
        assert value(duck, sql["fips"], code=code) == expected

    def test_the_state_can_be_another(self, sql, duck):
        assert value(duck, sql["fips_ct"], code="'09013'") == "013"


class TestSafeRate:
    @pytest.mark.parametrize(
        ("n", "d", "expected"),
        [("1", "3", "333.33"), ("0", "7", "0.00"), ("2", "0", None), ("2", "null", None), ("null", "5", None)],
    )
    def test_rounds_and_never_divides_by_nobody(self, sql, duck, n, d, expected):
        rate = value(duck, sql["rate"], n=f"cast({n} as bigint)", d=f"cast({d} as bigint)")
        assert (None if rate is None else str(rate)) == expected

    def test_large_numbers_do_not_overflow(self, sql, duck):
        n = "cast(9000000000000000 as bigint)"
        assert value(duck, sql["rate"], n=n, d=n) == 1000


class TestTextToTypes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("'37'", 37),
            ("' 8 '", 8),
            ("'37.5'", None),
            ("'-3'", None),
            ("''", None),
            ("'12345678901'", None),
            ("null", None),
        ],
    )
    def test_whole_numbers(self, sql, duck, text, expected):
        assert value(duck, sql["number"], text=f"cast({text} as varchar)") == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("'5/29/2012'", "2012-05-29"),
            ("'12/01/2020'", "2020-12-01"),
            ("'29/5/2012'", "None"),
            ("'soon'", "None"),
            ("null", "None"),
        ],
    )
    def test_dates_with_the_month_first(self, sql, duck, text, expected):
        assert str(value(duck, sql["date"], text=f"cast({text} as varchar)")) == expected

    @pytest.mark.parametrize(
        ("day", "expected"), [("2024-01-01", "2024-Q1"), ("2024-06-30", "2024-Q2"), ("2023-12-31", "2023-Q4")]
    )
    def test_quarters(self, sql, duck, day, expected):
        assert value(duck, sql["quarter"], day=f"date '{day}'") == expected

    def test_reporting_years(self, sql, duck):
        assert duck.sql(sql["years"]).fetchall() == [(2022,), (2023,), (2024,)]


# Towns in counties in regions; Nowhere belongs to no county, and Lone County to no region.
_TOWNS = {
    "Aton": ("Alder", "North"), "Bton": ("Alder", "North"), "Cton": ("Birch", "North"), "Dton": ("Cedar", "South"),
    "Eton": ("Lone", None), "Nowhere": (None, None),
}  # fmt: skip
_CELLS = list(itertools.product([2020, 2021], _TOWNS, ["F", "M"], ["young", "old"]))


class TestMargins:
    @settings(max_examples=25, deadline=None)
    @given(counts=st.lists(st.integers(0, 2**40), min_size=len(_CELLS), max_size=len(_CELLS)))
    def test_every_coordinate_is_the_sum_of_its_cells(self, sql, duck, counts):
        cells = pd.DataFrame(
            [
                (year, town, *_TOWNS[town], sex, age, n, n / 4)
                for (year, town, sex, age), n in zip(_CELLS, counts, strict=True)
            ],
            columns=["year", "town", "county", "region", "sex", "age", "n", "dollars"],
        )
        duck.register("given_cells", cells)
        duck.execute("create or replace temp table cells as select * replace (cast(n as bigint) as n) from given_cells")
        result = duck.sql(sql["margins"])
        rows = result.fetchall()
        types = dict(zip(result.columns, map(str, result.types), strict=True))
        assert (types["n"], types["dollars"]) == ("BIGINT", "DECIMAL(18,2)")
        found = {row[:4]: row[4] for row in rows}
        assert len(found) == len(rows), "a coordinate stands there twice"

        towns = {town: {town} for town in _TOWNS} | {"the Dean's state": set(_TOWNS)}
        for town, above in _TOWNS.items():
            for group in filter(None, above):
                towns.setdefault(group, set()).add(town)
        sexes = {"F": {"F"}, "M": {"M"}, "All": {"F", "M"}}
        expected = {
            (year, place, sex, age): sum(
                n for (y, t, s, a), n in zip(_CELLS, counts, strict=True)
                if y == year and a == age and t in towns[place] and s in sexes[sex]
            )
            for year in (2020, 2021) for place in towns for sex in sexes for age in ("young", "old")
        }  # fmt: skip
        assert found == expected
