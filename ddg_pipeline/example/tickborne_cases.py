"""Tick-borne disease: the line list that a small program keeps in a workbook, one row a report."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ddg_pipeline.example.population import SEXES, Population

FIRST_DAY = np.datetime64("2022-01-01")
LAST_DAY = np.datetime64("2024-12-31")

_REPORTS_A_YEAR = 190
_RISK_BY_AGE = np.array([0.3, 0.9, 0.8, 0.6, 0.8, 1.0, 1.1, 1.1, 1.1, 1.1, 1.2, 1.3, 1.4, 1.3, 1.2, 0.9, 0.6, 0.4])
_RISK_BY_SEX = np.array([0.85, 1.15])
_DISEASES = (
    ("Lyme disease", 0.82),
    ("Spotted fever rickettsiosis", 0.08),
    ("Anaplasmosis", 0.06),
    ("Babesiosis", 0.04),
)
_STATUSES = (("Confirmed", 0.62), ("Probable", 0.18), ("Suspect", 0.20))


def tickborne_cases(rng: np.random.Generator, population: Population) -> pa.Table:
    """Generate the reports of three calendar years.

    Args:
        rng: Where chance comes from.
        population: Whom the cases are drawn from.

    Returns:
        case_id, disease, status (`Confirmed`, `Probable` or `Suspect`), onset_date, age, sex.
    """
    days = int((LAST_DAY - FIRST_DAY).astype(np.int64)) + 1
    total = int(rng.poisson(_REPORTS_A_YEAR * days / 365.2425))
    risk = population.by_sex_and_age.sum(axis=0) * _RISK_BY_AGE * _RISK_BY_SEX[:, np.newaxis]
    sex, age_group = np.unravel_index(rng.choice(risk.size, total, p=risk.ravel() / risk.sum()), risk.shape)
    day = np.sort(FIRST_DAY + rng.integers(0, days, total).astype("timedelta64[D]"))
    return pa.table(
        {
            "case_id": pa.array([f"T{number:04d}" for number in range(1, total + 1)]),
            "disease": pa.array(_draw(rng, _DISEASES, total)),
            "status": pa.array(_draw(rng, _STATUSES, total)),
            "onset_date": pa.array(day, pa.date32()),
            "age": pa.array(population.draw_ages(rng, age_group).astype(np.int32)),
            "sex": pa.array([SEXES[index] for index in sex]),
        }
    )


def _draw(rng: np.random.Generator, shares: tuple[tuple[str, float], ...], size: int) -> list[str]:
    drawn = rng.choice(len(shares), size, p=[share for _, share in shares])
    return [shares[index][0] for index in drawn]
