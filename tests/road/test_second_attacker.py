"""A second attacker, who shares no code with the package, reads the published files and finds nothing.

He has his own reading of contract and CSV, and tries whole numbers (`tests/attacker/brute_force.py`).
"""

from __future__ import annotations

import pandas as pd
import pytest

SMALL = {"lower": 1, "upper": 10}
NEED = 3  # possible values of every small count, at level `ddg`
EXACTLY = 25  # how many cells of each connected part he decides exactly; the others by random solutions

EXAMPLE = {
    "disease_cases": ["disease_cases_by_county"],
    "ed_visits": ["ed_visits_by_county_age_sex", "ed_visits_by_county_race"],  # linked: read together
    "overdose_deaths": ["overdose_deaths_by_county_quarter"],
}
REAL = {"cdph": ["cdph_vpd_cases_by_county"], "connecticut": ["ct_deaths_by_county_year_sex"]}


def as_published(attacker, road, names, change=lambda frame, _contract: frame):
    given = []
    for name in names:
        contract = road.contract(name)
        frame = pd.read_csv(road.csv(name), dtype="str", keep_default_na=False)
        frame = change(frame, contract)
        plain = contract.model_dump(mode="json", exclude_none=True)
        given.append(attacker.Release(plain, frame, road.references(name)))
    return given


def without_complementary(road, name):
    """Give the table as someone publishes it who hides small counts and nothing else."""
    before = road.aggregate(name)

    def change(frame, contract):
        for number, row in frame.iterrows():
            figures = before[tuple(row[dimension] for dimension in contract.dimensions)]
            for measure in contract.measures:
                if (
                    row[f"{measure}_annotation_code"] in ("1", "2")
                    and figures[contract.governor(measure)] > SMALL["upper"]
                ):
                    frame.loc[number, measure] = str(figures[measure])
                    frame.loc[number, f"{measure}_annotation_code"] = ""
        return frame

    return change


@pytest.mark.xdist_group("example_road")
class TestTheWorkedExample:
    @pytest.mark.parametrize("group", EXAMPLE)
    def test_he_finds_nothing(self, example, second_attacker, group):
        releases = as_published(second_attacker, example, EXAMPLE[group])
        assert second_attacker.attack(releases, **SMALL, need=NEED, most=EXACTLY) == []

    def test_these_are_all_masked_releases(self, example):
        masked = [one["release"] for one in example.answer["outcomes"] if one["decision"] == "mask"]
        assert sorted(masked) == sorted(name for group in EXAMPLE.values() for name in group)

    @pytest.mark.parametrize("group", ["disease_cases", "overdose_deaths"])
    def test_he_would_find_much_if_only_small_counts_were_hidden(self, example, second_attacker, group):
        (name,) = EXAMPLE[group]
        careless = as_published(second_attacker, example, [name], without_complementary(example, name))
        leaks = second_attacker.attack(careless, **SMALL, need=NEED, most=EXACTLY)
        assert len(leaks) > 10
        before, contract = example.aggregate(name), example.contract(name)
        for leak in leaks:
            coordinate = dict(leak.coordinate)
            figures = before[tuple(coordinate[dimension] for dimension in contract.dimensions)]
            assert figures[leak.measure] in leak.values, "what he finds is true"


@pytest.mark.xdist_group("real_road")
class TestRealTables:
    @pytest.mark.parametrize("group", REAL)
    def test_he_finds_nothing(self, real, second_attacker, group):
        releases = as_published(second_attacker, real, REAL[group])
        assert second_attacker.attack(releases, **SMALL, need=NEED, most=EXACTLY) == []
