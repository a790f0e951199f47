"""Draft the measures: which columns count people, and what the others are made of."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.drafting.facts import ColumnFacts
from ddg_pipeline.drafting.result import ColumnDraft, Remark, ask, reason
from ddg_pipeline.drafting.words import AMOUNTS, EVENTS, MEANS, PEOPLE, PERCENTS, POPULATIONS, RATES, has

_PERS = (1, 100, 1_000, 10_000, 100_000, 1_000_000)
_IN_IDENTITIES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COUNTS_IN_IDENTITIES = 8  # of more, identities are not looked for: there are too many to try
_TERMS = 3
WHICH_POPULATION = ask(
    "which population do its people come from? Until `population` says so, the table is assessed as if one were small."
)
_PEOPLE_UNKNOWN = (
    "nobody can tell which count of people stands behind it, so it is left out. With it the contract needs "
    "`individuals` (of amounts, means and events) or `numerator` (of rates and percentages)."
)


def draft_measures(columns: Sequence[ColumnFacts], people: Sequence[str], small: int) -> list[ColumnDraft]:
    """Draft every column of figures.

    Args:
        columns: The columns of figures.
        people: Columns that somebody says count people, whatever they are called.
        small: The largest small count. A column of populations is published as it is, so that one with small figures is
            taken for a count.
    """
    kinds = {column.name: _kind(column, people, small) for column in columns}
    counts = [column for column in columns if kinds[column.name] == "count"]
    populations = [column for column in columns if kinds[column.name] == "population"]
    if not counts and len(populations) == 1:
        # the only figures there are: people in groups, so that small groups are small counts
        kinds[populations[0].name] = "population as count"
        populations = []
    counts += [column for column in columns if kinds[column.name] == "population as count"]
    drafts = []
    for column in columns:
        match kinds[column.name]:
            case "count" | "population as count":
                drafts.append(_count(column, populations, people, kinds[column.name] != "count"))
            case "population":
                why = [reason("people that a count comes from, by its name; it is published as it is")]
                sure = ask(
                    "is it public, and of everybody who lives there or belongs there? If not, declare it as a count."
                )
                drafts.append(ColumnDraft(column.name, "population", {}, (*why, sure, *_writing(column))))
            case "events":
                drafts.append(_events(column, counts))
            case "amount" | "mean" as kind:
                drafts.append(_of_people(column, kind, counts))
            case "rate" | "percent" as kind:
                drafts.append(_statistic(column, kind, counts, populations))
            case _:
                text = (
                    "nobody can tell what it counts, so it is left out. If it counts people, name it by --people; if "
                    "it classifies rows, declare it as a dimension."
                )
                drafts.append(ColumnDraft(column.name, "left out", {}, (ask(text),)))
    return drafts


def identities_of(columns: Mapping[str, ColumnFacts], counts: Sequence[str]) -> list[str]:
    """Find the relations that hold between counts in every row: readers calculate with them.

    Args:
        columns: Facts by column.
        counts: The counts, in order.
    """
    named = [name for name in counts if _IN_IDENTITIES.fullmatch(name)]
    if not 3 <= len(named) <= _COUNTS_IN_IDENTITIES:
        return []
    values = {name: columns[name].numbers for name in named}
    frame = pd.DataFrame({name: one for name, one in values.items() if one is not None}).dropna()
    distinct = frame.loc[:, (frame != 0).any()]
    if len(frame) < 2 * len(named) or len(distinct.columns) < 3:
        return []
    found: list[str] = []
    for whole, terms in _sums(list(distinct.columns)):
        signs_tried = itertools.product((1, -1), repeat=len(terms) - 1)
        for signs in signs_tried:
            total = distinct[terms[0]] + sum(sign * distinct[name] for sign, name in zip(signs, terms[1:], strict=True))
            if bool((total == distinct[whole]).all()):
                right = "".join(
                    f" {'+' if sign > 0 else '-'} {name}" for sign, name in zip(signs, terms[1:], strict=True)
                )
                text = f"{terms[0]}{right} = {whole}"
                if _new(text, found, len(distinct.columns)):
                    found.append(text)
    return found


def _sums(names: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for size in range(2, _TERMS + 2):
        for whole in names:
            others = [name for name in names if name != whole]
            yield from ((whole, terms) for terms in itertools.combinations(others, size))


def _new(text: str, found: Sequence[str], counts: int) -> bool:
    """Say whether a relation follows from none that were found before."""
    rows = [_coefficients(one) for one in (*found, text)]
    names = sorted({name for row in rows for name in row})
    matrix = np.array([[row.get(name, 0) for name in names] for row in rows], dtype=float)
    return len(rows) < counts and int(np.linalg.matrix_rank(matrix)) == len(rows)


def _coefficients(text: str) -> dict[str, int]:
    from ddg_pipeline.contract.measure import Identity

    return dict(Identity.parse(text).terms)


def _kind(column: ColumnFacts, people: Sequence[str], small: int) -> str:
    words = column.words
    if column.name in people:
        return "count"
    if "%" in column.name or column.percent_sign or has(words, PERCENTS):
        return "percent"
    if has(words, MEANS):
        return "mean"
    if has(words, RATES):
        return "rate"
    if has(words, AMOUNTS):
        return "amount"
    if has(words, POPULATIONS):
        return _population_or_count(column, small)
    if not column.whole:
        return "unknown"
    if has(words, EVENTS):
        return "events"
    return "count" if has(words, PEOPLE) else "unknown"


def _population_or_count(column: ColumnFacts, small: int) -> str:
    if not column.whole or column.numbers is None:
        return "unknown"
    return "population" if bool((column.numbers.dropna() > small).all()) else "population as count"


def _writing(column: ColumnFacts) -> Iterator[Remark]:
    if column.formatted:
        yield ask("its numbers are written with commas or signs, which is refused: write plain numbers in the model.")
    if column.marked:
        yield ask(
            "some cells hold a mark in place of a number, as in a table that was masked already. Masking needs the "
            "true figures: start from the table before anything was hidden."
        )


def _count(
    column: ColumnFacts, populations: Sequence[ColumnFacts], people: Sequence[str], as_population: bool
) -> ColumnDraft:
    declared: dict[str, Any] = {"kind": "count"}
    remarks: list[Remark] = []
    if as_population:
        remarks.append(
            ask(
                "it looks like a population. If it is one, and public already, name it under `population` of a count "
                "and not here; a table of nothing else needs no masking (`personal_characteristics: false`). It is "
                "taken for a count of people, so that small figures in it are hidden."
            )
        )
    else:
        remarks.append(
            reason("it was said to count people" if column.name in people else "it counts people, by its name")
        )
    if len(populations) == 1:
        declared["population"] = populations[0].name
        remarks.append(ask(f"is {populations[0].name} the population that its people come from?"))
    elif populations:
        names = ", ".join(one.name for one in populations)
        remarks.append(ask(f"which of {names} is the population that its people come from? Until `population` says so, "
                           "the table is assessed as if one were small."))  # fmt: skip
    else:
        remarks.append(WHICH_POPULATION)
    if column.has_gaps:
        remarks.append(
            ask("some rows hold no figure: those are published as not available. Are they zeros, or hidden ones?")
        )
    return ColumnDraft(column.name, "measure", declared, (*remarks, *_writing(column)))


def _events(column: ColumnFacts, counts: Sequence[ColumnFacts]) -> ColumnDraft:
    why = reason("it counts what can happen to one person several times, by its name")
    if len(counts) == 1:
        declared = {"kind": "count", "unit": "events", "individuals": counts[0].name}
        sure = ask(f"does {counts[0].name} count the people behind it? It decides whether a figure is small.")
        return ColumnDraft(column.name, "measure", declared, (why, sure, *_writing(column)))
    text = _PEOPLE_UNKNOWN if counts else (
        "no column counts the people behind it, who decide whether a figure is small (§4.2): add one to the table. If "
        "it counts each person once, name it by --people. It is left out."
    )  # fmt: skip
    return ColumnDraft(column.name, "left out", {}, (why, ask(text)))


def _of_people(column: ColumnFacts, kind: str, counts: Sequence[ColumnFacts]) -> ColumnDraft:
    why = reason(f"{'an amount' if kind == 'amount' else 'a mean'}, by its name")
    if len(counts) != 1:
        return ColumnDraft(column.name, "left out", {}, (why, ask(_PEOPLE_UNKNOWN)))
    declared: dict[str, Any] = {"kind": kind, "individuals": counts[0].name}
    if column.decimals and column.decimals <= 12:
        declared["decimals"] = column.decimals
    sure = ask(f"does {counts[0].name} count the people behind it?")
    return ColumnDraft(column.name, "measure", declared, (why, sure, *_writing(column)))


def _statistic(
    column: ColumnFacts, kind: str, counts: Sequence[ColumnFacts], populations: Sequence[ColumnFacts]
) -> ColumnDraft:
    why = reason(f"a {kind}, by its name")
    for above in counts:
        for below in [*populations, *counts]:
            per = None if below is above else _per(column, above, below)
            if per is not None and (kind == "rate" or per in (1, 100)):
                declared: dict[str, Any] = {"kind": kind, "numerator": above.name, "denominator": below.name}
                if kind == "rate":
                    declared["per"] = per
                if column.decimals <= 12:
                    declared["decimals"] = column.decimals
                made = reason(f"it is {above.name} over {below.name}, in every row")
                return ColumnDraft(column.name, "measure", declared, (why, made, *_writing(column)))
    return ColumnDraft(column.name, "left out", {}, (why, ask(_PEOPLE_UNKNOWN)))


def _per(column: ColumnFacts, above: ColumnFacts, below: ColumnFacts) -> int | None:
    """Find what a statistic is per, if it is the quotient of two columns in every row, as far as its decimals tell."""
    if column.numbers is None or above.numbers is None or below.numbers is None:
        return None
    rows = pd.concat([column.numbers, above.numbers, below.numbers], axis=1, keys=["value", "above", "below"]).dropna()
    rows = rows[rows["below"] > 0]
    if len(rows) < 3 or not bool((rows["above"] > 0).any()):
        return None
    quotient, within = rows["above"] / rows["below"], 0.5 * 10.0**-column.decimals * (1 + 1e-6) + 1e-9
    return next((per for per in _PERS if bool(((quotient * per - rows["value"]).abs() <= within).all())), None)
