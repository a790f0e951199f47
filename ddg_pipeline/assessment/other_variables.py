"""Variables declared as `other` that are none: their labels are ages, ZIP codes, counties or groups of people.

An `other` variable scores by its number of groups, which would be too low for a ZIP code or a single year of age.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from ddg_pipeline.assessment.codes import is_zip_code
from ddg_pipeline.assessment.inference import GEOGRAPHY
from ddg_pipeline.assessment.recognised import SAY_NOTHING, fits, recognised_variables
from ddg_pipeline.assessment.spans import spans_of
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.columns import quoted
from ddg_pipeline.errors import InputError
from ddg_pipeline.populations import county
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.labels import normalised

_LISTED = 3
_AT_LEAST_TELLING = 2  # one label alone may be called like a county or a group by chance
_AGE_IN_NAME = frozenset({"age", "ages", "aged", "agegroup", "ageband", "agegrp", "agecat"})
_AGE_IN_LABEL = re.compile(
    r"(?i)\b(?:age[ds]?|years?|yrs?|months?|mos?|weeks?|wks?|days?|old|adults?|child(?:ren)?|infants?)\b"
)
_LASTS = frozenset({
    "stay", "los", "duration", "length", "wait", "waiting", "since", "time", "interval", "days", "weeks", "months",
    "years", "tenure", "survival", "follow", "followup", "turnaround", "delay", "gestation", "gestational", "pregnancy",
    "enrolled", "dose", "doses", "supply", "lag",
})  # fmt: skip
"""Words of a column that holds how long something lasts, and no ages."""

_NO_AGES = frozenset({
    "score", "scores", "index", "bmi", "percent", "percentage", "pct", "rate", "income", "fpl", "poverty", "size",
    "beds", "count", "number", "visits", "employees", "weight", "height", "distance", "miles", "temperature", "grade",
    "level", "iq", "aqi", "ratio", "share",
})  # fmt: skip
"""Words of a column that holds numbers of something else."""

_CUTS_OF_AGES, _OLD = ("18+", "65+"), "50+"
_NAMED_SO = frozenset({"sex", "gender", "race", "ethnicity", "county", "fips"})
_ZIP_IN_NAME = frozenset({"zip", "zips", "zip3", "zip5", "zipcode", "zipcodes", "zcta", "zcta5", "postal", "postcode"})
_ZIP_OR_PART = re.compile(r"\d{3}(?:xx|\*\*|\d{2}(?:-?\d{4})?)?", re.IGNORECASE)
_CODES = frozenset({
    "code", "codes", "cpt", "hcpcs", "procedure", "procedures", "proc", "drg", "icd", "service", "services",
    "diagnosis", "dx", "px", "naics", "soc", "fips", "geoid",
})  # fmt: skip
"""Words of a column that holds codes of something else than ZIP areas, of as many digits."""


def other_that_is_known(bound: BoundTable, name: str, rulebook: Rulebook) -> Iterator[InputError]:
    """Say so where the labels of an `other` variable, every one of them, are ages, counties or groups of people."""
    declared = bound.contract.dimensions[name]
    if declared.variable is not Variable.OTHER or declared.population is not None:
        return
    telling = [
        label
        for label in bound.axes[name].leaves
        if label not in declared.unknown
        and label not in rulebook.unknown_labels
        and normalised(label) not in SAY_NOTHING
    ]
    words = _words(name)
    if len(telling) < _AT_LEAST_TELLING:
        return
    if _are_zip_codes(words, telling) and not any(one.variable in GEOGRAPHY for one in declared.implies):
        found = f"other, but {quoted(telling, _LISTED)} read like ZIP codes"
        expected = "residence_geography or service_geography; if they are codes of anything else, say so in its name"
        yield InputError(bound.place, f"dimensions.{name}.variable", found, expected)
        return
    # Bare numbers and single letters may be grades, stages or codes of anything, unless the column says what they are.
    if any(len(label.strip()) < 2 for label in telling) and words.isdisjoint(_NAMED_SO):
        return
    for other in recognised_variables(rulebook):
        if other is Variable.TIME or any(one.variable is other for one in declared.implies):
            continue
        if other is Variable.AGE and not _tells_ages(name, telling):
            continue
        if other in GEOGRAPHY:
            belong = all(county(label, name) is not None for label in telling)
        else:
            belong = all(fits(other, label, name, rulebook) for label in telling)
        if belong:
            found = f"other, but {quoted(telling, _LISTED)} read like {other.value}"
            expected = f"{other.value}, or how many people statewide each category has, under `population`"
            yield InputError(bound.place, f"dimensions.{name}.variable", found, expected)
            return


def _tells_ages(name: str, labels: Iterable[str]) -> bool:
    words = _words(name)
    if words & _AGE_IN_NAME:
        return True
    if words & _LASTS:
        return False
    return any(_AGE_IN_LABEL.search(label) for label in labels) or (not words & _NO_AGES and _cut_like_ages(labels))


def _cut_like_ages(labels: Iterable[str]) -> bool:
    """Say whether bands without a unit are cut as only ages are: without gaps, at 18 or 65, the oldest open."""
    spans = sorted(spans_of(Variable.AGE, labels).values(), key=lambda span: span.first)
    if len(spans) < _AT_LEAST_TELLING or not all(one.after == other.first for one, other in itertools.pairwise(spans)):
        return False
    cuts = {one.after for one in spans[:-1]}
    telling = {span.first for label in _CUTS_OF_AGES for span in spans_of(Variable.AGE, [label]).values()}
    oldest = spans_of(Variable.AGE, [_OLD])[_OLD]
    return spans[-1].after == oldest.after and spans[-1].first >= oldest.first and not cuts.isdisjoint(telling)


def _are_zip_codes(words: set[str], labels: Sequence[str]) -> bool:
    if words & _ZIP_IN_NAME:
        return all(_ZIP_OR_PART.fullmatch(label.strip()) for label in labels)
    return words.isdisjoint(_CODES) and all(is_zip_code(label) for label in labels)


def _words(name: str) -> set[str]:
    return set(normalised(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).split())
