"""California's population by county, sex, age and race/ethnicity (2020 Census, aggregate figures)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

SEXES = ("Female", "Male")
AGE_GROUP_WIDTH = 5

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Population:
    """People by county, sex, five-year age group and race/ethnicity.

    Attributes:
        county_fips: Three-digit codes, as text, in the order of every array's first axis.
        counties: The counties' names, without the word "County".
        races: Names of race/ethnicity groups, in the order of ``by_race``'s second axis.
        by_sex_and_age: People, shape (counties, 2 sexes, age groups); sexes in the order of ``SEXES``, age groups of
            ``AGE_GROUP_WIDTH`` years from 0, the last one open.
        by_race: People, shape (counties, races).
    """

    county_fips: tuple[str, ...]
    counties: tuple[str, ...]
    races: tuple[str, ...]
    by_sex_and_age: Integers
    by_race: Integers

    @property
    def by_county(self) -> Integers:
        """People in each county."""
        return np.asarray(self.by_race.sum(axis=1))

    def draw_races(self, rng: np.random.Generator, county: Integers) -> Integers:
        """Draw a race/ethnicity for each person, by the shares of the person's county.

        Args:
            rng: Where chance comes from.
            county: One county index a person.

        Returns:
            One index into ``races`` a person.
        """
        cumulative = np.cumsum(self.by_race / self.by_race.sum(axis=1, keepdims=True), axis=1)
        # "side right": a group nobody in the county belongs to is never drawn
        drawn: Integers = (rng.random(len(county))[:, np.newaxis] >= cumulative[county]).sum(axis=1)
        return np.asarray(np.minimum(drawn, len(self.races) - 1))

    def draw_ages(self, rng: np.random.Generator, age_group: Integers) -> Integers:
        """Draw an age in whole years for each person, within the person's five-year group."""
        open_group = self.by_sex_and_age.shape[2] - 1
        within = rng.integers(0, AGE_GROUP_WIDTH, len(age_group))
        beyond = np.minimum(rng.geometric(0.2, len(age_group)) - 1, 2 * AGE_GROUP_WIDTH)
        return np.asarray(age_group * AGE_GROUP_WIDTH + np.where(age_group == open_group, beyond, within))


@cache
def california() -> Population:
    """Read the figures that the package carries."""
    by_age = _read("population_by_county_sex_age.csv")
    by_race = _read("population_by_county_race_ethnicity.csv")
    races = tuple(name for name in by_race[0] if name not in ("county_fips", "county"))
    age_groups = [name for name in by_age[0] if name not in ("county_fips", "county", "sex")]
    people = {(row["county_fips"], row["sex"]): [int(row[group]) for group in age_groups] for row in by_age}
    fips = tuple(row["county_fips"] for row in by_race)
    return Population(
        county_fips=fips,
        counties=tuple(row["county"] for row in by_race),
        races=races,
        by_sex_and_age=np.array([[people[county, sex] for sex in SEXES] for county in fips]),
        by_race=np.array([[int(row[race]) for race in races] for row in by_race]),
    )


def _read(name: str) -> list[dict[str, str]]:
    text = files("ddg_pipeline.example").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
