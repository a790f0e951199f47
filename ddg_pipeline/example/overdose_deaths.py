"""Drug overdose deaths: one row a death."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ddg_pipeline.example.population import SEXES, Population

FIRST_DAY = np.datetime64("2022-01-01")
LAST_DAY = np.datetime64("2024-12-31")

_DEATHS_PER_100_000 = 27.0  # a year, statewide
_EVENNESS = 6.0  # of the counties' rates: the shape of a gamma distribution of mean 1
_RISK_BY_AGE = np.array([0.02, 0.0, 0.02, 0.3, 0.8, 1.2, 1.5, 1.6, 1.6, 1.5, 1.5, 1.5, 1.3, 0.9, 0.4, 0.2, 0.1, 0.1])
_RISK_BY_SEX = np.array([0.55, 1.45])
_STATE_GEOID = "06"
_ELSEWHERE = "32003"  # a county of another state
_FROM_ELSEWHERE, _WITHOUT_COUNTY, _WITHOUT_SEX, _SENT_TWICE = 0.012, 0.004, 0.002, 0.001


def overdose_deaths(rng: np.random.Generator, population: Population) -> pa.Table:
    """Generate the death records of three calendar years.

    Args:
        rng: Where chance comes from.
        population: Whom the dead are drawn from.

    Returns:
        record_id, date_of_death, age, sex (null where not reported), race_ethnicity, county_geoid (five digits, state
        and county of residence; null where unknown). A few records stand there twice.
    """
    days = int((LAST_DAY - FIRST_DAY).astype(np.int64)) + 1
    risk = population.by_sex_and_age * _RISK_BY_AGE * _RISK_BY_SEX[:, np.newaxis]
    risk = risk * rng.gamma(_EVENNESS, 1 / _EVENNESS, len(population.counties))[:, np.newaxis, np.newaxis]
    expected = population.by_county.sum() * _DEATHS_PER_100_000 / 100_000 * days / 365.2425
    deaths = rng.poisson(expected * risk / risk.sum())
    county, sex, age_group = (np.repeat(index.ravel(), deaths.ravel()) for index in np.indices(deaths.shape))
    total = len(county)
    age = population.draw_ages(rng, age_group)
    race = population.draw_races(rng, county)
    day = FIRST_DAY + rng.integers(0, days, total).astype("timedelta64[D]")

    geoid = np.array([_STATE_GEOID + fips for fips in population.county_fips], dtype=object)[county]
    fate = rng.random(total)
    geoid[fate < _FROM_ELSEWHERE] = _ELSEWHERE
    geoid[(fate >= _FROM_ELSEWHERE) & (fate < _FROM_ELSEWHERE + _WITHOUT_COUNTY)] = None
    sexless = rng.random(total) < _WITHOUT_SEX

    order = np.lexsort((rng.random(total), day))
    record_id = np.empty(total, dtype=object)
    record_id[order] = [f"D{number:06d}" for number in range(1, total + 1)]
    copies = rng.choice(order, round(total * _SENT_TWICE), replace=False)
    order = np.concatenate([order, np.sort(copies)])
    return pa.table(
        {
            "record_id": pa.array(record_id[order], pa.string()),
            "date_of_death": pa.array(day[order], pa.date32()),
            "age": pa.array(age[order].astype(np.int32)),
            "sex": pa.array(np.array(SEXES, dtype=object)[sex[order]], pa.string(), mask=sexless[order]),
            "race_ethnicity": pa.array(np.array(population.races, dtype=object)[race[order]], pa.string()),
            "county_geoid": pa.array(geoid[order], pa.string()),
        }
    )
