"""Which coarser forms of a table its declared hierarchies and the scoring tables offer, one column at a time."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from ddg_pipeline.assessment.age_bands import AgeBand, parse_age_band
from ddg_pipeline.assessment.characteristics import Characteristic
from ddg_pipeline.assessment.coarser_scores import (
    CoarserScores,
    DeclarePeriod,
    Join,
    LeaveOut,
    LongerPeriod,
    Step,
    age_label,
    period_word,
)
from ddg_pipeline.assessment.periods import months_of
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.rulebook import Band, BandTable, Rulebook

Kind = Literal["hierarchy", "join", "longer_period", "leave_out", "declare"]
Needs = Literal["table", "records", "declaration"]
_LISTED = 3
_YEAR = 12
_THINGS = {
    Variable.RESIDENCE_GEOGRAPHY: "areas",
    Variable.SERVICE_GEOGRAPHY: "areas",
    Variable.INSURANCE_COVERAGE: "plans",
    Variable.MEANS_TESTED_PROGRAM: "programs",
    Variable.EXPECTED_PAYER: "payers",
}
_CALENDAR_PERIOD = re.compile(r"(?P<year>\d{4})(?:[\s-]*(?P<mark>[QH])?(?P<part>\d{1,2}))?")


@dataclasses.dataclass(frozen=True)
class Offer:
    """One thing that could be done to one column.

    Attributes:
        kind: ``hierarchy``: a declared level; ``join``: categories put together; ``longer_period``; ``leave_out``;
            ``declare``: something declared that the contract leaves open.
        column: The column; of a scope, its key.
        variable: What the column says about people.
        words: What to do, in a few words that can follow "You could".
        step: The same for the program.
        needs: ``table`` where the rows at hand are enough; ``records`` where it has to be counted anew;
            ``declaration`` where only the contract changes.
        categories: How many categories are left.
    """

    kind: Kind
    column: str
    variable: Variable
    words: str
    step: Step
    needs: Needs
    categories: int


def offers_for(bound: BoundTable, scores: CoarserScores, rulebook: Rulebook) -> Iterator[Offer]:
    """Give what could be done to each column, and to the period of the whole table."""
    for name, axis in bound.axes.items():
        one = scores.variable(name)
        joinable = len(axis.leaves) > 1 and set(one.labels) <= set(axis.leaves)
        needs: Needs = "table" if scores.adds_up(name) else "records"
        if joinable:
            yield from _levels(bound, axis, one, needs)
            yield from _joins(axis, one, rulebook, needs)
        if one.variable is Variable.TIME:
            yield from _longer(one, name, rulebook)
        if len(bound.axes) > 1 and len(axis.leaves) > 1:
            yield _leave_out(bound, axis, one, needs)
    for one in scores.scope:
        if one.variable is Variable.TIME and one.period is not None:
            yield from _longer(one, one.key, rulebook)
    if not any(one.variable is Variable.TIME and one.of_everyone for one in scores.everything):
        score = rulebook.scoring.time.band(_YEAR).score
        words = f"declare under scope what period the table covers: if that is one whole year, time adds {score}"
        yield Offer("declare", "scope", Variable.TIME, words, DeclarePeriod(period_word(_YEAR)), "declaration", 1)


def band_table(one: Characteristic, rulebook: Rulebook) -> BandTable | None:
    """Find the table of sizes that a variable is scored by; None where it is scored otherwise."""
    if one.variable is Variable.OTHER and not one.sizes:
        return None
    return rulebook.scoring.size_table(one.variable)


def _levels(bound: BoundTable, axis: Axis, one: Characteristic, needs: Needs) -> Iterator[Offer]:
    """Give the levels of the declared hierarchies, the finer ones first."""
    seen = {frozenset(frozenset([leaf]) for leaf in axis.leaves)}
    declared = bound.contract.dimensions[axis.name].hierarchy
    for hierarchy, reference in zip(axis.hierarchies, declared, strict=True):
        chains = {leaf: [up for up in hierarchy.ancestors(leaf) if up != axis.total] for leaf in axis.leaves}
        for height in range(1, max(map(len, chains.values()), default=0) + 1):
            members: dict[str, list[str]] = {}
            for leaf, chain in chains.items():
                members.setdefault(chain[min(height, len(chain)) - 1] if chain else leaf, []).append(leaf)
            partition = frozenset(frozenset(parts) for parts in members.values())
            if len(members) < 2 or partition in seen:
                continue
            seen.add(partition)
            level = reference.parent if reference.parent and height == 1 else f"{len(members)} groups"
            listed = "" if reference.parent and height == 1 else f" ({_some(list(members))})"
            joined = {label: tuple(parts) for label, parts in members.items()}
            period = _period_of_level(one, joined)
            yield Offer(
                "hierarchy",
                axis.name,
                one.variable,
                f"publish {axis.name} by {level}{listed}",
                Join(axis.name, joined, period),
                needs,
                len(members),
            )


def _period_of_level(one: Characteristic, members: Mapping[str, tuple[str, ...]]) -> str | None:
    """Say what the shortest broader period covers, by how many periods it consists of."""
    if one.variable is not Variable.TIME or one.period is None:
        return None
    known = [[part for part in parts if part in one.labels] for parts in members.values()]
    months = min((len(parts) for parts in known if parts), default=1) * months_of(one.period)
    return period_word(months) if months else one.period


def _joins(axis: Axis, one: Characteristic, rulebook: Rulebook, needs: Needs) -> Iterator[Offer]:
    """Give the ways of putting categories together that the variable's scoring table asks for."""
    if rulebook.scoring.category_table(one.variable) is not None:
        return
    if one.variable is Variable.AGE:
        found = _age_joins(axis, one, rulebook)
    elif one.variable is Variable.TIME:
        found = _period_joins(axis, one, rulebook)
    elif one.variable is Variable.OTHER and not one.sizes:
        found = _group_joins(one, rulebook)
    else:
        found = _size_joins(axis, one, rulebook)
    stay = {leaf: (leaf,) for leaf in axis.leaves if leaf not in one.labels}
    for words, members, period in found:
        if len(members) > 1 and _labels_are_free(members, axis):
            kind: Kind = "longer_period" if period else "join"
            step = Join(axis.name, members | stay, period)
            yield Offer(kind, axis.name, one.variable, words, step, needs, len(members))


_Found = Iterator[tuple[str, dict[str, tuple[str, ...]], str | None]]


def _age_joins(axis: Axis, one: Characteristic, rulebook: Rulebook) -> _Found:
    table = rulebook.scoring.age
    read = [(band, label) for label in one.labels if (band := parse_age_band(label)) is not None]
    read.sort(key=lambda pair: (pair[0].first, pair[0].after is None, pair[0].after or 0))
    if not read or any(low.after != high.first for (low, _), (high, _) in pairwise(read)):
        return
    widths = [band.years(table.open_band_ends_at) for band, _ in read]
    for line in _lower_lines(table, table.band(min(widths)).score):
        groups = _wide_enough(read, line.lower, table.open_band_ends_at)
        members: dict[str, tuple[str, ...]] = {}
        for group in groups:
            label = group[0][1] if len(group) == 1 else _joined_band(group)
            if label is None:
                break
            members[label] = tuple(part for _, part in group)
        else:
            joined = [f"{label} from {_and(parts)}" for label, parts in members.items() if len(parts) > 1]
            example = f", for example {_some(joined, 2)}" if joined else ""
            yield f"join bands of {axis.name} so that the narrowest is {line.lower} years wide{example}", members, None


def _wide_enough(
    read: Sequence[tuple[AgeBand, str]], width: int, open_band_ends_at: int
) -> list[list[tuple[AgeBand, str]]]:
    """Join neighbours, from the youngest on, until each group is as wide; what is left joins the last group."""
    groups: list[list[tuple[AgeBand, str]]] = []
    group: list[tuple[AgeBand, str]] = []
    for pair in read:
        group.append(pair)
        if AgeBand(group[0][0].first, pair[0].after).years(open_band_ends_at) >= width:
            groups.append(group)
            group = []
    if group and groups:
        groups[-1] += group
    return groups


def _joined_band(group: Sequence[tuple[AgeBand, str]]) -> str | None:
    year = parse_age_band("0")
    assert year is not None  # noqa: S101 - "0" is an age
    assert year.after is not None  # noqa: S101 - and a closed one
    first, after = group[0][0].first, group[-1][0].after
    if first % year.after or (after is not None and after % year.after):
        return None
    return age_label(first // year.after, None if after is None else after // year.after)


def _period_joins(axis: Axis, one: Characteristic, rulebook: Rulebook) -> _Found:
    months = months_of(one.period) if one.period else 0
    ordered = _in_order(one.labels, months)
    if ordered is None:
        return
    table = rulebook.scoring.time
    for line in _lower_lines(table, table.band(months).score):
        each = -(-line.lower // months)
        number = len(ordered) // each
        if number < 2:
            continue
        first = len(ordered) - each * (number - 1)  # the oldest period takes what does not divide evenly
        starts = [0, *range(first, len(ordered), each)]
        chunks = [ordered[start:stop] for start, stop in pairwise([*starts, len(ordered)])]
        members = {f"{chunk[0]} to {chunk[-1]}": tuple(chunk) for chunk in chunks}
        period = period_word(each * months)
        yield f"publish {_together(each, one.period)} of {axis.name} together", members, period


def _in_order(labels: Sequence[str], months: int) -> list[str] | None:
    """Sort calendar periods; None where they cannot be read as such, or leave one out."""
    first: dict[str, int] = {}
    for label in labels:
        match = _CALENDAR_PERIOD.fullmatch(label.strip())
        if match is None or not months:
            return None
        part = int(match["part"] or 1) - 1
        first[label] = int(match["year"]) * _YEAR + part * (months if match["mark"] else 1)
    ordered = sorted(labels, key=lambda label: first[label])
    return ordered if all(first[after] - first[before] == months for before, after in pairwise(ordered)) else None


def _together(number: int, period: str | None) -> str:
    """Say how many periods: ``2 years``, ``3 quarters``, ``2 periods``."""
    units = {"year": "years", "quarter": "quarters", "month": "months", "half-year": "half-years"}
    return f"{number} {units.get(period or '', 'periods')}"


def _longer(one: Characteristic, column: str, rulebook: Rulebook) -> Iterator[Offer]:
    """Give longer periods than the table's own can be joined to."""
    table = rulebook.scoring.time
    months = months_of(one.period) if one.period else 0
    periods = len(one.labels) if one.crossed else 1
    readable = one.crossed and _in_order(one.labels, months) is not None
    for line in _lower_lines(table, table.band(months).score):
        if readable and months * periods >= line.lower:
            continue  # the periods at hand are enough
        what = f" of {column}" if one.crossed else ""
        further = ", with the records of further periods" if months * periods < line.lower else ", counted anew"
        words = f"publish {_span(line.lower)}{what} together{further}"
        step = LongerPeriod(one.key, period_word(line.lower))
        yield Offer("longer_period", column, Variable.TIME, words, step, "records", periods)


def _leave_out(bound: BoundTable, axis: Axis, one: Characteristic, needs: Needs) -> Offer:
    carried = axis.total is not None and axis.total in axis.labels and bound.contract.survey is None
    words = f"leave {axis.name} out"
    if one.variable is Variable.TIME:
        words = f"publish all {_together(len(one.labels), one.period)} together, without {axis.name}"
    return Offer("leave_out", axis.name, one.variable, words, LeaveOut(axis.name), "table" if carried else needs, 1)


def _span(months: int) -> str:
    word = period_word(months)
    return word if word[0].isdigit() else f"a whole {word}"


def _group_joins(one: Characteristic, rulebook: Rulebook) -> _Found:
    table = rulebook.scoring.other
    groups = one.groups or len(one.labels)
    absent = groups - len(one.labels)  # declared groups of which the table shows nothing
    for line in _lower_lines(table, table.band(groups).score):
        left = (line.upper or 0) - absent
        if not 2 <= left < len(one.labels):
            continue
        kept, rest = one.labels[: left - 1], one.labels[left - 1 :]
        members = {label: (label,) for label in kept} | {_and_others(rest): tuple(rest)}
        yield f"put groups of {one.name} together until {line.upper} or fewer are left", members, None


def _size_joins(axis: Axis, one: Characteristic, rulebook: Rulebook) -> _Found:
    table = band_table(one, rulebook)
    sizes = one.sizes or {}
    if table is None or not sizes or set(sizes) != set(one.labels) or axis.declared.address is not None:
        return
    for line in _lower_lines(table, table.band(min(sizes.values())).score):
        members = _large_enough(sizes, line.lower)
        least = f"the smallest has at least {line.lower:,} {people(one.variable)}"
        yield f"put {_THINGS.get(one.variable, 'groups')} of {axis.name} together so that {least}", members, None


def people(variable: Variable) -> str:
    """Say what the size of a category counts."""
    return "members" if variable is Variable.INSURANCE_COVERAGE else "people"


def _large_enough(sizes: Mapping[str, int], least: int) -> dict[str, tuple[str, ...]]:
    """Put the smaller categories together until each group is large enough; what is left joins the smallest group."""
    groups = [[label] for label, size in sizes.items() if size >= least]
    group: list[str] = []
    for label in sorted((label for label in sizes if sizes[label] < least), key=lambda label: -sizes[label]):
        group.append(label)
        if sum(sizes[part] for part in group) >= least:
            groups.append(group)
            group = []
    if group and groups:
        min(groups, key=lambda parts: sum(sizes[part] for part in parts)).extend(group)
    return {_and_others(parts): tuple(parts) for parts in groups}


def _lower_lines(table: BandTable, score: int) -> list[Band]:
    """Give the lines of a scoring table that score less, from little to much."""
    return sorted((band for band in table.bands if band.score < score), key=lambda band: -band.score)


def _labels_are_free(members: Mapping[str, tuple[str, ...]], axis: Axis) -> bool:
    taken = set(axis.labels) | set(axis.groups)
    return all(label not in taken or label in parts for label, parts in members.items())


def _and_others(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{labels[0]} and {len(labels) - 1} more"


def _some(labels: Sequence[str], shown: int = _LISTED) -> str:
    return ", ".join(labels[:shown]) + (", …" if len(labels) > shown else "")


def _and(labels: Sequence[str]) -> str:
    return f"{', '.join(labels[:-1])} and {labels[-1]}" if len(labels) > 1 else labels[0]
