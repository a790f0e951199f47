"""The kinds of variable that a contract can declare."""

from __future__ import annotations

from enum import StrEnum


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
