"""Reported cases of vaccine-preventable diseases: already aggregated, one row for each disease, county and year."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ddg_pipeline.example.population import Population

YEARS = tuple(range(2020, 2025))
STATE = "California"

# Cases a year per 100,000 people, and how much years and counties differ (the shape of a gamma distribution of mean 1:
# small where outbreaks rule).
_DISEASES = {
    "Diphtheria": (0.003, 6.0),
    "Hepatitis A": (0.7, 2.0),
    "Hepatitis B, Acute": (0.3, 6.0),
    "Hepatitis C, Acute": (0.25, 4.0),
    "Invasive Meningococcal Disease": (0.2, 8.0),
    "Measles": (0.08, 0.3),
    "Mumps": (0.25, 0.6),
    "Pertussis": (5.0, 1.5),
    "Tetanus": (0.012, 8.0),
    "Varicella Hospitalizations": (0.12, 8.0),
}
_STATEWIDE_ONLY = {"Haemophilus influenzae (invasive), all serotypes": 0.3, "Hepatitis B, Perinatal": 0.006}


def disease_cases(rng: np.random.Generator, population: Population) -> pa.Table:
    """Generate case counts in the layout in which the state publishes such tables.

    Args:
        rng: Where chance comes from.
        population: The counties.

    Returns:
        Disease, County, Year, Count: one row for each county, and one called `California` that holds their sum. A few
        diseases are reported for the state alone, as in the published table.
    """
    people = population.by_county
    rows: list[tuple[str, str, int, int]] = []
    for disease, (rate, evenness) in _DISEASES.items():
        by_year = rng.gamma(evenness, 1 / evenness, len(YEARS))
        by_county = rng.gamma(evenness, 1 / evenness, (len(people), len(YEARS)))
        cases = rng.poisson(people[:, np.newaxis] * rate / 100_000 * by_year * by_county)
        for county, counts in zip(population.counties, cases, strict=True):
            rows += [(disease, county, year, int(count)) for year, count in zip(YEARS, counts, strict=True)]
        rows += [(disease, STATE, year, int(count)) for year, count in zip(YEARS, cases.sum(axis=0), strict=True)]
    for disease, rate in _STATEWIDE_ONLY.items():
        statewide = rng.poisson(people.sum() * rate / 100_000, len(YEARS))
        rows += [(disease, STATE, year, int(count)) for year, count in zip(YEARS, statewide, strict=True)]
    rows.sort()
    columns = zip(*rows, strict=True)
    return pa.table(dict(zip(("Disease", "County", "Year", "Count"), map(list, columns), strict=True)))
