"""Words by which columns and labels say what they are. They decide what a draft proposes, and never what is masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

GAPS = frozenset({"", "na", "n/a", "null", "none", "nan", "."})
"""Cells that hold nothing."""

MARKS = frozenset({"*", "**", "-", "--", "s", "x", "d", "(d)", "(s)", "suppressed", "masked", "n.a."})
"""Cells in which something else stands than a number, mostly because the number is hidden."""

PEOPLE = frozenset({
    "case", "cases", "death", "deaths", "decedents", "people", "persons", "patients", "individuals", "users", "births",
    "infections", "clients", "beneficiaries", "participants", "children", "adults", "residents", "men", "women",
    "males", "females", "students", "workers", "inmates", "recipients", "count", "counts", "numerator", "n",
})  # fmt: skip
"""Words of a column that counts people, mostly."""

EVENTS = frozenset({
    "visit", "visits", "encounters", "claims", "discharges", "admissions", "events", "tests", "doses", "services",
    "stays", "prescriptions", "procedures", "calls", "trips", "hospitalizations", "hospitalisations",
    "records", "reports", "treatments", "screenings", "vaccinations", "incidents",
})  # fmt: skip
"""Words of a column that counts what may happen to one person several times."""

POPULATIONS = frozenset({
    "population", "populations", "pop", "denominator", "denom", "eligible", "eligibles", "enrollment", "enrolled",
    "census",
})  # fmt: skip
RATES = frozenset({"rate", "rates", "incidence", "prevalence", "per"})
PERCENTS = frozenset({"percent", "percentage", "pct", "proportion", "share", "perc"})
AMOUNTS = frozenset({
    "amount", "amounts", "paid", "payment", "payments", "cost", "costs", "charge", "charges", "dollars", "spending",
    "expenditure", "expenditures", "revenue",
})  # fmt: skip
MEANS = frozenset({"mean", "average", "avg", "median"})
BESIDE = frozenset(
    {"annotation", "annotations", "footnote", "footnotes", "note", "notes", "comment", "comments", "flag"}
)
"""Words of a column that says something about another one."""

TIME = frozenset({"year", "years", "yr", "quarter", "month", "week", "period", "fy", "cy", "date", "season", "decade"})
PLACE = frozenset({
    "county", "counties", "zip", "zipcode", "city", "cities", "town", "state", "region", "regions", "tract", "district",
    "area", "jurisdiction", "place", "location", "geography", "community", "neighborhood", "fips", "geoid", "zcta",
})  # fmt: skip
AGES = frozenset({"age", "ages", "aged", "agegroup", "ageband", "agecat"})
CODES = frozenset({"code", "codes", "id", "ids", "fips", "geoid", "key", "icd", "zip", "zipcode", "zcta", "tract"})
"""Words of a column whose numbers are names of something."""

_PLACE_CODE = re.compile(r"(zip|zipcode|zcta|postal|postcode|fips|geoid|tract)\d*")

SERIAL = frozenset({"id", "ids", "number", "num", "no", "key", "identifier", "record", "row", "index"})
"""Words of a column that numbers what its rows are about."""

NUMBERS = frozenset({
    "id", "ids", "no", "nr", "num", "number", "identifier", "key", "uuid", "guid", "mrn", "accession", "barcode",
})  # fmt: skip
_NUMBERED = frozenset({
    "account", "accession", "case", "chart", "claim", "client", "encounter", "event", "incident", "investigation",
    "isolate", "lab", "member", "order", "patient", "person", "record", "report", "sample", "specimen", "subject",
    "visit",
})  # fmt: skip


def names_a_number(words: Sequence[str]) -> bool:
    """Say whether a column's name ends as that of a number does, of a record or a person: ``report_no``, ``caseid``.

    Args:
        words: The words of its name, in lower case.
    """
    last = words[-1] if words else ""
    joined = (last.removesuffix(end) for end in NUMBERS if last.endswith(end))
    return last in NUMBERS or any(word in _NUMBERED for word in joined)


def names_a_code_of_places(words: Iterable[str]) -> bool:
    """Say whether a column holds codes of places, such as ``zip5`` or ``county_fips``: digits, but no numbers.

    Args:
        words: The words of its name, in lower case.
    """
    return any(_PLACE_CODE.fullmatch(word) for word in words)


_TOTALS = frozenset({
    "total", "totals", "grand total", "all", "overall", "everyone", "both", "both sexes", "all sexes", "statewide",
    "state total", "state", "california", "united states", "us", "any",
})  # fmt: skip
_NO_TOTALS = frozenset({"all other", "all others", "all other races", "total other"})


def reads_like_a_total(normalised_label: str) -> bool:
    """Say whether a label, in lower-case words, may stand for everything: ``all ages``, ``total``, ``both sexes``."""
    if normalised_label in _NO_TOTALS or normalised_label.startswith(("all other", "total other")):
        return False
    return normalised_label in _TOTALS or normalised_label.startswith(("all ", "total ", "any "))


def has(words: Iterable[str], among: frozenset[str]) -> bool:
    """Say whether a name has one of some words."""
    return any(word in among for word in words)
