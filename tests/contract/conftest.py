import copy

import pandas as pd
import pytest

CONTRACT = {
    "release": "visits_by_county",
    "title": "Visits by county",
    "dimensions": {
        "county": {
            "variable": "residence_geography",
            "population": {"table": "county_population", "key": "county", "value": "population"},
            "hierarchy": {"tree": {"North": ["Alpine", "Butte"], "South": ["Kern"]}},
            "total": "California",
        },
        "year": {"variable": "time", "period": "year", "additive": False},
    },
    "measures": {
        "patients": {"kind": "count"},
        "visits": {"kind": "count", "unit": "events", "individuals": "patients"},
        "rate": {"kind": "rate", "numerator": "visits", "denominator": "population", "per": 1000, "decimals": 1},
    },
}

TABLE = pd.DataFrame(
    {
        "county": ["Alpine", "Butte", "Kern", "California"],
        "year": ["2023"] * 4,
        "population": [1204, 211632, 909235, 1122071],
        "patients": [4, 120, 300, 424],
        "visits": [6, 150, 420, 576],
        "rate": ["5.0", "0.7", "0.5", "0.5"],
    }
)

REFERENCES = {
    "county_population": pd.DataFrame(
        {"county": ["Alpine", "Butte", "Kern"], "population": [1204, 211632, 909235]},
    )
}


@pytest.fixture
def raw():
    """A contract as plain mappings, to be spoilt by a test."""
    return copy.deepcopy(CONTRACT)


@pytest.fixture
def table():
    return TABLE.copy()


@pytest.fixture
def references():
    return {name: frame.copy() for name, frame in REFERENCES.items()}
