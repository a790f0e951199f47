"""Every line of every scoring table, typed from the text of the guideline (§4.3.1, §16.2), both editions.

Nothing here comes from the rulebooks of the package: this is what they are checked against. A band holds its first and
its last whole number, both included; ``None`` is an open end.
"""

from __future__ import annotations

from dataclasses import dataclass

EDITIONS = ("2.0", "1.0")
RULEBOOKS = {"2.0": "calhhs-ddg-2.0", "1.0": "calhhs-ddg-1.0"}

CUT_OFF = 12  # 12 or less: may be released unmasked
SMALL_NUMERATORS = range(1, 11)  # fewer than 11 individuals, and 0 is not small
SMALL_DENOMINATOR = 20_000  # this many people or fewer
OPEN_AGE_BAND_ENDS_AT = 99
PROGRAM_INTERACTS_UP_TO = 10_000_000


@dataclass(frozen=True)
class Band:
    first: int
    last: int | None
    score: int

    def __contains__(self, number: int) -> bool:
        return self.first <= number and (self.last is None or number <= self.last)


EVENTS = (Band(1, 10, 7), Band(11, 99, 5), Band(100, 999, 3), Band(1_000, None, 2))

AGE_2_0 = (Band(1, 2, 7), Band(3, 5, 5), Band(6, 10, 3), Band(11, 29, 2), Band(30, None, 1))
AGE_1_0 = (Band(1, 2, 7), Band(3, 5, 5), Band(6, 10, 3), Band(11, None, 2))

GENERAL = (
    Band(0, 20_000, 7),
    Band(20_001, 100_000, 5),
    Band(100_001, 300_000, 3),
    Band(300_001, 4_000_000, 2),
    Band(4_000_001, None, 1),
)

INSURANCE = (
    Band(0, 20_000, 5),
    Band(20_001, 50_000, 4),
    Band(50_001, 100_000, 3),
    Band(100_001, 250_000, 1),
    Band(250_001, 560_000, 0),
    Band(560_001, 1_000_000, -1),
    Band(1_000_001, 2_000_000, -3),
    Band(2_000_001, None, -5),
)

PROGRAM = (
    Band(0, 20_000, 7),
    Band(20_001, 100_000, 5),
    Band(100_001, 300_000, 3),
    Band(300_001, 4_000_000, 2),
    Band(4_000_001, 10_000_000, 1),
    Band(10_000_001, None, 0),
)

RESIDENCE_2_0 = (
    Band(0, 4_000, 7),
    Band(4_001, 20_000, 5),
    Band(20_001, 50_000, 4),
    Band(50_001, 100_000, 3),
    Band(100_001, 250_000, 1),
    Band(250_001, 560_000, 0),
    Band(560_001, 1_000_000, -1),
    Band(1_000_001, 2_000_000, -3),
    Band(2_000_001, None, -5),
)
RESIDENCE_1_0 = (
    Band(0, 20_000, 5),
    Band(20_001, 50_000, 4),
    Band(50_001, 100_000, 3),
    Band(100_001, 250_000, 1),
    Band(250_001, 560_000, 0),
    Band(560_001, 1_000_000, -1),
    Band(1_000_001, 2_000_000, -3),
    Band(2_000_001, None, -5),
)

SERVICE = (
    Band(0, 20_000, 1),
    Band(20_001, 250_000, 0),
    Band(250_001, 560_000, -1),
    Band(560_001, 1_000_000, -3),
    Band(1_000_001, 2_000_000, -4),
    Band(2_000_001, None, -5),
)

TIME_YEARS = (Band(1, 1, 0), Band(2, 4, -3), Band(5, None, -5))
TIME_WITHIN_A_YEAR = {"half-year": 3, "quarter": 4, "month": 5, "week": 5, "day": 5}

OTHER = (Band(1, 4, 3), Band(5, 9, 5), Band(10, None, 7))

ONLY_POPULATION = (Band(0, 2, 0), Band(3, 4, -3), Band(5, None, -5))
FURTHER_2_0 = (Band(1, 1, 1), Band(2, 2, 2), Band(3, None, 4))
FURTHER_1_0 = (Band(1, 1, 1), Band(2, 2, 2), Band(3, None, 3))

# Street address and ZIP; hospitals are excepted from the last two. Edition 1.0 knows no rural or frontier address.
ADDRESS_2_0 = {"street": 3, "rural": 5, "frontier": 7, "hospital": 3}
ADDRESS_1_0 = {"street": 3, "rural": 3, "frontier": 3, "hospital": 3}


@dataclass(frozen=True)
class BandTable:
    """A table that a number falls into; ``contract`` says how a contract declares the number."""

    name: str
    bands: tuple[Band, ...]
    variables: tuple[str, ...] = ()
    key: str = ""

    def score(self, number: int) -> int:
        (band,) = [band for band in self.bands if number in band]
        return band.score

    @property
    def edges(self) -> list[int]:
        """Both edges of every band, and the numbers just beside them that the table has a line for."""
        near = {
            number + step
            for band in self.bands
            for number in (band.first, band.last)
            if number is not None
            for step in (-1, 0, 1)
        }
        return sorted(number for number in near if any(number in band for band in self.bands))


_GENERAL_VARIABLES = ("veteran_status", "education", "race", "race_ethnicity", "ethnicity", "other")

# What a contract declares by a number of people, with the key it declares it under.
BY_PEOPLE = {
    "2.0": (
        BandTable("residence", RESIDENCE_2_0, ("residence_geography",), "population"),
        BandTable("service", SERVICE, ("service_geography",), "population"),
        BandTable("insurance", INSURANCE, ("insurance_coverage",), "members"),
        BandTable("program", PROGRAM, ("means_tested_program", "expected_payer"), "enrollment"),
        BandTable("general", GENERAL, _GENERAL_VARIABLES, "population"),
    ),
    "1.0": (
        BandTable("residence", RESIDENCE_1_0, ("residence_geography",), "population"),
        BandTable("service", SERVICE, ("service_geography",), "population"),
    ),
}
RESIDENCE = {edition: BY_PEOPLE[edition][0] for edition in EDITIONS}
SERVICE_AREA = {edition: BY_PEOPLE[edition][1] for edition in EDITIONS}
PLAN = BY_PEOPLE["2.0"][2]
MEANS_TESTED = BY_PEOPLE["2.0"][3]
GENERAL_TABLE = BY_PEOPLE["2.0"][4]

EVENTS_TABLE = BandTable("events", EVENTS)
AGE = {"2.0": BandTable("age", AGE_2_0), "1.0": BandTable("age", AGE_1_0)}
YEARS = BandTable("years", TIME_YEARS)
GROUPS = BandTable("groups", OTHER)
ONLY = BandTable("only population", ONLY_POPULATION)
FURTHER = {"2.0": BandTable("further", FURTHER_2_0), "1.0": BandTable("further", FURTHER_1_0)}
ADDRESS = {"2.0": ADDRESS_2_0, "1.0": ADDRESS_1_0}

_THREE_RACES = ("White", "Asian", "Black")
_OMB = ("AIAN", "NHPI", "Mixed")

# Variables scored by the sets their labels belong to: variable, labels, score. Detailed groups are in DETAILED.
LABELS: dict[str, tuple[tuple[str, tuple[str, ...], int], ...]] = {
    "2.0": (
        ("sex", ("Male", "Female"), 1),
        ("sexual_orientation", ("Straight", "Gay or Lesbian", "Bisexual", "Asexual"), 2),
        ("gender_identity", ("Man", "Woman", "Transgender or Non-Binary"), 3),
        ("gender_identity", ("Man", "Woman", "Transgender", "Non-Binary"), 5),
        ("gender_identity", ("Man", "Woman", "Transgender man", "Transgender woman", "Non-Binary"), 5),
        ("intersex", ("Yes", "No"), 2),
        ("intersex", ("Male", "Female", "Intersex"), 2),
        ("race", (*_THREE_RACES, "Hispanic", "MENA"), 2),
        ("race", (*_THREE_RACES, "Hispanic", "MENA", *_OMB), 3),
        *(("race", (*_THREE_RACES, group), 3) for group in _OMB),
        ("race_ethnicity", (*_THREE_RACES, "Hispanic", "MENA"), 2),
        ("race_ethnicity", (*_THREE_RACES, "Hispanic", "MENA", *_OMB), 3),
        *(("race_ethnicity", (*_THREE_RACES, "Hispanic", group), 3) for group in _OMB),
        ("ethnicity", ("Hispanic", "Not Hispanic"), 1),
        ("language", ("English", "Spanish", "Other"), 1),
        ("immigration_status", ("Citizen", "Foreign born"), 1),
        ("immigration_status", ("Citizen", "Naturalized", "Noncitizen"), 1),
    ),
    "1.0": (
        ("sex", ("Male", "Female"), 1),
        ("race", _THREE_RACES, 2),
        ("race", (*_THREE_RACES, *_OMB), 3),
        *(("race", (*_THREE_RACES, group), 3) for group in _OMB),
        ("race", (*_THREE_RACES, "Hmong"), 4),
        ("race_ethnicity", (*_THREE_RACES, "Hispanic"), 2),
        ("race_ethnicity", (*_THREE_RACES, "Hispanic", *_OMB), 3),
        *(("race_ethnicity", (*_THREE_RACES, "Hispanic", group), 3) for group in _OMB),
        ("race_ethnicity", (*_THREE_RACES, "Hispanic", "Hmong"), 4),
        ("ethnicity", ("Hispanic", "Not Hispanic"), 2),
        ("ethnicity", ("Mexican", "Salvadoran", "Not Hispanic"), 4),
        ("language", ("English", "Spanish", "Other"), 2),
        ("language", ("English", "Spanish", "Hmong", "Other"), 4),
    ),
}

# Edition 1.0 has no table for these; they are "other variables" there, by their number of groups.
WITHOUT_TABLE = {
    "2.0": (),
    "1.0": (
        "sexual_orientation",
        "gender_identity",
        "intersex",
        "immigration_status",
        "insurance_coverage",
        "means_tested_program",
        "expected_payer",
    ),
}
