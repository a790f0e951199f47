"""Step 1: which labels of a column identify a person, whatever the column is called (§3 Figure 1).

Every different label is looked at once, with the patterns of the rulebook. What is found is told by row and by its
redacted form: a label may be somebody's secret.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ddg_pipeline.assessment.age_bands import AgeBand, parse_age_band
from ddg_pipeline.contract import Variable
from ddg_pipeline.contract.columns import label as as_label
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.direct_identifiers import DirectIdentifier, Pattern
from ddg_pipeline.rulebook.labels import normalised
from ddg_pipeline.rulebook.model import AgeTable

# Unicode's category Pd, and what looks like a dash without being one: soft hyphen, hyphen bullet, minus
_DASHES = re.compile(
    "[\u058a\u05be\u1400\u1806\u2010-\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d"
    "\U00010d6e\U00010ead\u00ad\u2043\u2212]"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_SHOWN = 24  # characters of a redacted label
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)

Check = Callable[[re.Match[str], Rulebook], bool]


@dataclass(frozen=True)
class ColumnLabels:
    """The different labels of one column.

    Attributes:
        name: The column.
        variable: What the contract says of it; None where it is no dimension.
        texts: The labels, each once, brought to one spelling of dashes, spaces and digits.
        rows: The row in which each stands first, counted from 1.
        numbers: Whether the column is a statistic, of which only few patterns make sense.
    """

    name: str
    variable: Variable | None
    texts: Sequence[str]
    rows: Sequence[int]
    numbers: bool = False

    @cached_property
    def worded(self) -> Sequence[int]:
        """The positions of labels that are not all digits."""
        return [position for position, text in enumerate(self.texts) if not text.isdigit()]


@dataclass(frozen=True)
class Likeness:
    """That labels of a column look like an identifier.

    Attributes:
        pattern: What they look like.
        labels: How many different labels do.
        first: The position of the first of them among the column's labels.
    """

    pattern: Pattern
    labels: int
    first: int


def labels_of(
    column: pd.Series[Any], variable: Variable | None, without: frozenset[str], numbers: bool = False
) -> ColumnLabels:
    """Collect the different labels of a column, blanks left out.

    Args:
        column: The column, of any type.
        variable: What the contract says of it.
        without: Labels that describe nobody, in lower case.
        numbers: Whether it is a statistic.
    """
    kept = ~column.duplicated().to_numpy()
    texts, rows = [], []
    for row, value in zip(kept.nonzero()[0].tolist(), column[kept].tolist(), strict=True):
        text = as_label(value)
        if text is not None and text.casefold() not in without and (spelled := one_spelling(text)):
            texts.append(spelled)
            rows.append(row + 1)
    return ColumnLabels(str(column.name), variable, texts, rows, numbers)


def one_spelling(text: str) -> str:
    """Make dashes hyphens, spaces single and plain, full-width characters plain; leave out what nobody sees."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(_INVISIBLE.sub("", _DASHES.sub("-", unicodedata.normalize("NFKC", text))).split())


def words_in(column: str) -> str:
    """Bring a column's name to lower-case words with single spaces: ``AgeAtDeath`` to ``age at death``."""
    return normalised(_CAMEL.sub(" ", column))


def tells_high_ages(band: AgeBand, table: AgeTable) -> bool:
    """Say whether an age band tells ages apart that only an open band may hold (§3 Figure 1).

    A closed band does that reaches above the highest single age, unless it ends so late that it is as good as open.

    Args:
        band: The band.
        table: The rulebook's table of ages.
    """
    if band.after is None:
        return False
    last_day, day_after = AgeBand(band.after - 1, band.after), AgeBand(band.after, band.after + 1)
    as_good_as_open = day_after.lies_above(table.open_band_ends_at)
    return band.lies_above(table.highest_single_age) or (
        last_day.lies_above(table.highest_single_age) and not as_good_as_open
    )


def redacted(text: str) -> str:
    """Show the form of a label and nothing of what it says: ``Xxxxx, ###-##-####``."""
    shown = text[:_SHOWN]
    form = "".join("#" if c.isdigit() else c if not c.isalpha() else "X" if c.isupper() else "x" for c in shown)
    return form + ("…" if len(text) > _SHOWN else "")


def likeness(
    column: ColumnLabels, identifier: DirectIdentifier, rulebook: Rulebook, record_level: bool
) -> Likeness | None:
    """Find the pattern of an identifier that most labels of a column look like; None where none fits enough of them.

    Args:
        column: The column's labels.
        identifier: What to look for.
        rulebook: The edition, for limits that patterns refer to.
        record_level: Whether a row of the table is a person.
    """
    found = [
        Likeness(pattern, len(hits), hits[0])
        for pattern in _applicable(identifier, column, record_level)
        if (hits := _hits(pattern, identifier, column, rulebook))
    ]
    return max(found, key=lambda one: one.labels, default=None)


def _applicable(identifier: DirectIdentifier, column: ColumnLabels, record_level: bool) -> Iterator[Pattern]:
    if column.variable is not None and column.variable in identifier.not_of:
        return
    name = f" {words_in(column.name)} "
    for pattern in identifier.patterns:
        if (
            (record_level or not pattern.record_level)
            and (pattern.statistics or not column.numbers)
            and (not pattern.only_of or column.variable in pattern.only_of)
            and column.variable not in pattern.not_of
            and (not pattern.named or any(f" {normalised(word)} " in name for word in pattern.named))
            and not any(
                normalised(word) in written for word in pattern.not_named for written in (name, name.replace(" ", ""))
            )
        ):
            yield pattern


def _hits(pattern: Pattern, identifier: DirectIdentifier, column: ColumnLabels, rulebook: Rulebook) -> list[int]:
    """Give the positions of the labels that look like it; none where they are too few."""
    texts = column.texts
    positions = range(len(texts)) if pattern.whole else column.worded
    first_match = pattern.compiled.fullmatch if pattern.whole else pattern.compiled.search
    least = max(pattern.least_labels, pattern.least_share * len(texts))
    hits = []
    for tried, position in enumerate(positions):
        text = texts[position]
        if (
            first_match(text)
            and _fits(pattern, identifier, text, rulebook)
            and not (identifier.harmless and identifier.harmless.search(text))
        ):
            hits.append(position)
        elif len(hits) + len(positions) - tried - 1 < least:
            return []  # too few are left: long lists of categories are seldom read to their end
    return hits if len(hits) >= least else []


def _fits(pattern: Pattern, identifier: DirectIdentifier, text: str, rulebook: Rulebook) -> bool:
    """Say whether any match in a label passes all that the pattern asks for besides the expression."""
    if len(text.split()) < pattern.least_words:
        return False
    matches = [pattern.compiled.fullmatch(text)] if pattern.whole else list(pattern.compiled.finditer(text))
    return any(
        all(low <= float(match[group]) <= high for group, (low, high) in pattern.between.items())
        and all(match[group].casefold() in identifier.listed[name] for group, name in pattern.one_of.items())
        and (pattern.check is None or _CHECKS[pattern.check](match, rulebook))
        for match in matches
        if match is not None
    )


def _calendar_date(match: re.Match[str], _: Rulebook) -> bool:
    groups = match.groupdict()
    year = int(groups["y"]) + (2000 if len(groups["y"]) == 2 else 0)
    if name := groups.get("mon"):
        orders = [(_MONTHS.index(name[:3].casefold()) + 1, int(groups["d"]))]
    else:
        orders = [(int(groups["m"]), int(groups["d"])), (int(groups["d"]), int(groups["m"]))]
    return any(_is_date(year, month, day) for month, day in orders)


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _high_age(match: re.Match[str], rulebook: Rulebook) -> bool:
    band = parse_age_band(match["age"])
    return band is not None and tells_high_ages(band, rulebook.scoring.age)


def _ip_address(match: re.Match[str], _: Rulebook) -> bool:
    try:
        ipaddress.ip_address(match["ip"])
    except ValueError:
        return False
    return True


def _luhn(match: re.Match[str], _: Rulebook) -> bool:
    digits = [int(character) for character in match["number"] if character.isdigit()]
    return sum(sum(divmod(2 * d, 10)) if place % 2 else d for place, d in enumerate(reversed(digits))) % 10 == 0


def _vin(match: re.Match[str], _: Rulebook) -> bool:
    vin = match["vin"]
    total = sum(int(_VIN_VALUES.get(c, c)) * weight for c, weight in zip(vin, _VIN_WEIGHTS, strict=True))
    return vin[8] == "0123456789X"[total % 11]


_CHECKS: dict[str, Check] = {
    "calendar_date": _calendar_date,
    "high_age": _high_age,
    "ip_address": _ip_address,
    "luhn": _luhn,
    "vin": _vin,
}
