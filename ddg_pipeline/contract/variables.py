"""The kinds of variable that a contract can declare."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Variable(StrEnum):
    """The kinds of variable that the Publication Scoring Criteria know (DDG 2.0 §4.3.1)."""

    TIME = "time"
    RESIDENCE_GEOGRAPHY = "residence_geography"
    SERVICE_GEOGRAPHY = "service_geography"
    AGE = "age"
    SEX = "sex"
    SEXUAL_ORIENTATION = "sexual_orientation"
    GENDER_IDENTITY = "gender_identity"
    INTERSEX = "intersex"
    RACE = "race"
    RACE_ETHNICITY = "race_ethnicity"
    ETHNICITY = "ethnicity"
    LANGUAGE = "language"
    IMMIGRATION_STATUS = "immigration_status"
    VETERAN_STATUS = "veteran_status"
    EDUCATION = "education"
    INSURANCE_COVERAGE = "insurance_coverage"
    EXPECTED_PAYER = "expected_payer"
    MEANS_TESTED_PROGRAM = "means_tested_program"
    OTHER = "other"


OTHER_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "gender": ("gender_identity", "sex"),
    "male_female": ("sex",),
    "zip": ("residence_geography", "service_geography"),
    "zip_code": ("residence_geography", "service_geography"),
    "zipcode": ("residence_geography", "service_geography"),
    "fips": ("residence_geography", "service_geography"),
    "census_tract": ("residence_geography", "service_geography"),
    "state": ("residence_geography", "service_geography"),
    "residence": ("residence_geography",),
    "county": ("residence_geography", "service_geography"),
    "city": ("residence_geography", "service_geography"),
    "region": ("residence_geography", "service_geography"),
    "place": ("residence_geography", "service_geography"),
    "geography": ("residence_geography", "service_geography"),
    "facility": ("service_geography",),
    "provider": ("service_geography",),
    "hospital": ("service_geography",),
    "date": ("time",),
    "day": ("time",),
    "week": ("time",),
    "quarter": ("time",),
    "year": ("time", "year"),
    "annual": ("yearly", "year"),
    "annually": ("yearly", "year"),
    "yearly": ("year",),
    "month": ("time", "month"),
    "monthly": ("month",),
    "quarterly": ("quarter",),
    "period": ("time",),
    "age_group": ("age",),
    "birth_date": ("age",),
    "hispanic": ("ethnicity", "race_ethnicity"),
    "insurance": ("insurance_coverage", "expected_payer"),
    "payer": ("expected_payer", "insurance_coverage"),
    "medi_cal": ("means_tested_program", "insurance_coverage"),
    "calfresh": ("means_tested_program",),
    "citizenship": ("immigration_status",),
    "veteran": ("veteran_status",),
    "disease": ("other",),
    "diagnosis": ("other",),
    "category": ("other",),
    "outcome": ("other",),
    "cause": ("other",),
    "status": ("other",),
    "number": ("count",),
    "cases": ("count",),
    "sum": ("count", "amount"),
    "total": ("count", "amount"),
    "percentage": ("percent",),
    "share": ("percent",),
    "proportion": ("percent",),
    "ratio": ("rate", "percent"),
    "average": ("mean",),
    "median": ("mean",),
    "cost": ("amount",),
    "dollars": ("amount",),
    "people": ("individuals", "people", "count"),
    "persons": ("individuals", "people", "count"),
    "patients": ("individuals", "people", "count"),
    "individuals": ("count",),
    "visits": ("events",),
    "encounters": ("events",),
    "strict": ("full",),
    "strongest": ("full",),
    "default": ("ddg",),
}
"""What people write for a word of the contract, with the words they may mean, the likelier first; spelled in small
letters with underscores. It only says what to write: nothing is read so."""

_EVENTS: Final = (
    "write `kind: count` with `unit: events`, and `individuals`: the measure that counts the people behind them"
)
_DENOMINATOR: Final = (
    "leave the measure out, and write the column's name as `population` of the count that it belongs to"
)

OTHER_WAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": dict.fromkeys(("event", "events", "visits", "encounters", "discharges", "admissions", "claims"), _EVENTS)
    | dict.fromkeys(("population", "denominator"), _DENOMINATOR)
}
"""What people write under a key for what takes more than another word, with what to write; spelled as above."""
