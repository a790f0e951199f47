"""Emergency department visits: one row a visit, several visits a person."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ddg_pipeline.example.population import Days, Floats, Integers, Population

FIRST_DAY = np.datetime64("2022-01-01")
LAST_DAY = np.datetime64("2024-12-31")

# Relative use of emergency departments by five-year age group: high for infants, young adults and the old.
_USE_BY_AGE = np.array([1.5, 0.9, 0.8, 1.0, 1.2, 1.2, 1.1, 1.0, 1.0, 0.95, 0.95, 0.95, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0])
_USE_BY_SEX = np.array([1.08, 1.0])
_ONLY_ONE_VISIT = 0.62  # the chance that a visit is a person's last: visits a person are geometric

_DIAGNOSIS_GROUPS = np.array(
    [
        "Injury",
        "Respiratory",
        "Digestive",
        "Circulatory",
        "Mental and behavioral",
        "Musculoskeletal",
        "Infection",
        "Other",
    ]
)
_DIAGNOSES_OF_CHILDREN = np.array([0.27, 0.25, 0.10, 0.01, 0.04, 0.03, 0.14, 0.16])
_DIAGNOSES_OF_ADULTS = np.array([0.20, 0.09, 0.13, 0.10, 0.08, 0.10, 0.06, 0.24])
_DIAGNOSES_OF_THE_OLD = np.array([0.17, 0.11, 0.11, 0.22, 0.03, 0.08, 0.07, 0.21])
_ADULT, _OLD = 18, 65  # years
_MEDIAN_CHARGE = np.array([2600, 2200, 3900, 6100, 3100, 2100, 2500, 2300])  # US dollars

# What is wrong with a few records, as in any real extract; staging counts every one of them.
_PEOPLE_FROM_ELSEWHERE = 0.003
_PEOPLE_WITHOUT_COUNTY = 0.001
_VISITS_WITHOUT_AGE = 0.0005
_VISITS_MISDATED = 0.0002
_VISITS_SENT_TWICE = 0.0005
_ELSEWHERE = "999"


def ed_visits(rng: np.random.Generator, population: Population, rows: int) -> pa.Table:
    """Generate emergency department visits of three calendar years.

    Every person has one county, sex, race/ethnicity and date of birth, and one or more visits.

    Args:
        rng: Where chance comes from.
        population: Whom the visitors are drawn from.
        rows: How many rows, records sent twice included.

    Returns:
        ``rows`` rows: visit_id, person_id, visit_date, county_fips (three digits, `999` outside California, or null),
        age (at the visit, or null), sex (`F` or `M`), race_ethnicity, diagnosis_group, charges (US dollars).
    """
    copies = round(rows * _VISITS_SENT_TWICE)
    person = _visitors(rng, rows - copies)
    people = int(person.max()) + 1
    county, sex, birth, race = _people(rng, population, people)
    visit_day = _visit_days(rng, birth[person])
    age = _full_years(birth[person], visit_day)
    diagnosis = _diagnoses(rng, age)
    cents = np.round(_MEDIAN_CHARGE[diagnosis] * rng.lognormal(0.0, 0.7, len(person)) * 100).astype(np.int64)

    fips = np.array(population.county_fips, dtype=object)[county]
    fate = rng.random(people)
    fips[fate < _PEOPLE_FROM_ELSEWHERE] = _ELSEWHERE
    fips[(fate >= _PEOPLE_FROM_ELSEWHERE) & (fate < _PEOPLE_FROM_ELSEWHERE + _PEOPLE_WITHOUT_COUNTY)] = None
    misdated = rng.random(len(person)) < _VISITS_MISDATED
    ageless = rng.random(len(person)) < _VISITS_WITHOUT_AGE

    order = np.lexsort((person, visit_day))
    order = np.concatenate([order, np.sort(rng.choice(order, copies, replace=False))])
    visit_id = np.empty(len(person), dtype=object)
    visit_id[order[: len(person)]] = [f"V{number:07d}" for number in range(1, len(person) + 1)]
    person_id = np.array([f"P{number:07d}" for number in rng.permutation(people) + 1], dtype=object)
    century = np.timedelta64(36525, "D")
    written_day = np.where(misdated, visit_day - century, visit_day)
    return pa.table(
        {
            "visit_id": pa.array(visit_id[order], pa.string()),
            "person_id": pa.array(person_id[person[order]], pa.string()),
            "visit_date": pa.array(written_day[order], pa.date32()),
            "county_fips": pa.array(fips[person[order]], pa.string()),
            "age": pa.array(age[order].astype(np.int32), mask=ageless[order]),
            "sex": pa.array(np.array(["F", "M"], dtype=object)[sex[person[order]]], pa.string()),
            "race_ethnicity": pa.array(np.array(population.races, dtype=object)[race[person[order]]], pa.string()),
            "diagnosis_group": pa.array(_DIAGNOSIS_GROUPS.astype(object)[diagnosis[order]], pa.string()),
            "charges": _dollars(cents[order]),
        }
    )


def _visitors(rng: np.random.Generator, visits: int) -> Integers:
    """Give each visit its person: people are numbered from 0, and visits of one person stand together."""
    each = rng.geometric(_ONLY_ONE_VISIT, visits)
    return np.repeat(np.arange(visits), each)[:visits]


def _people(rng: np.random.Generator, population: Population, people: int) -> tuple[Integers, Integers, Days, Integers]:
    use_by_county: Floats = rng.gamma(60.0, 1 / 60.0, len(population.counties))
    weights = population.by_sex_and_age * _USE_BY_AGE * _USE_BY_SEX[:, np.newaxis]
    weights = weights * use_by_county[:, np.newaxis, np.newaxis]
    drawn = rng.choice(weights.size, people, p=weights.ravel() / weights.sum())
    county, sex, age_group = np.unravel_index(drawn, weights.shape)
    age = population.draw_ages(rng, age_group)
    middle = FIRST_DAY + (LAST_DAY - FIRST_DAY) // 2
    days = np.round(age * 365.2425).astype(np.int64) + rng.integers(0, 365, people)
    return county, sex, middle - days.astype("timedelta64[D]"), population.draw_races(rng, county)


def _visit_days(rng: np.random.Generator, birth: Days) -> Days:
    earliest = np.maximum(birth, FIRST_DAY)
    span = (LAST_DAY - earliest).astype(np.int64) + 1
    return np.asarray(earliest + np.floor(rng.random(len(birth)) * span).astype("timedelta64[D]"))


def _full_years(birth: Days, day: Days) -> Integers:
    birth_month, month = birth.astype("datetime64[M]"), day.astype("datetime64[M]")
    months = (month - birth_month).astype(np.int64)
    birthday_to_come = (day - month).astype(np.int64) < (birth - birth_month).astype(np.int64)
    return np.asarray((months - birthday_to_come) // 12)


def _diagnoses(rng: np.random.Generator, age: Integers) -> Integers:
    shares = np.array([_DIAGNOSES_OF_CHILDREN, _DIAGNOSES_OF_ADULTS, _DIAGNOSES_OF_THE_OLD])
    stage = (age >= _ADULT).astype(np.int64) + (age >= _OLD)
    drawn = (rng.random(len(age))[:, np.newaxis] >= np.cumsum(shares, axis=1)[stage]).sum(axis=1)
    return np.asarray(np.minimum(drawn, len(_DIAGNOSIS_GROUPS) - 1))


def _dollars(cents: Integers) -> pa.Array:
    """Make decimals of whole cents without a detour through floats: 128 bits, the lower half first."""
    halves = np.stack([cents, np.where(cents < 0, -1, 0)], axis=1).astype("<i8")
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(halves.tobytes())])
