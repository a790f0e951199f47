"""Which combinations of changes are tried, in which order, and the tables they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

from ddg_pipeline.advice.changes import Change, Drop, Merge
from ddg_pipeline.advice.coarsening import coarsen
from ddg_pipeline.advice.contracts import raw_contract
from ddg_pipeline.advice.options import Options
from ddg_pipeline.advice.splits import Split, part_contracts, split_words, splits_of
from ddg_pipeline.contract import BoundTable, bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class Candidate:
    """One alternative to try.

    Attributes:
        number: What the user calls it: its place in the order of trying, which the table and the contract decide.
        changes: What is done, at most one change a dimension.
        split: Into which tables it is split then; None where it stays one.
        percentages: The dimension published as whole percentages instead of counts; None where counts stay.
        dimensions: All dimensions of the table.
    """

    number: int
    changes: tuple[Change, ...] = ()
    split: Split | None = None
    percentages: str | None = None
    dimensions: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What people read."""
        parts = [change.words for change in self.changes]
        if self.split is not None:
            spread = {name for part in self.split for name in part}
            parts.append(split_words(self.split, [name for name in self.dimensions if name not in spread]))
        if self.percentages is not None:
            parts.append(f"whole percentages of {self.percentages}, no counts")
        return "; ".join(parts) or "as it is"


@dataclass(frozen=True)
class Built:
    """The tables of one alternative.

    Attributes:
        tables: One, or several linked ones. Restricted.
        left_out: Measures that they cannot have, each with the reason.
    """

    tables: tuple[BoundTable, ...]
    left_out: dict[str, str]


def candidates(options: Options) -> Iterator[Candidate]:
    """Give everything there is to try: few changes before many, so that what comes last is missed least."""
    yield Candidate(0)
    for number, way in enumerate(_ways(options), 1):
        yield Candidate(number, *way, tuple(options.changes))


def _ways(options: Options) -> Iterator[tuple[tuple[Change, ...], Split | None, str | None]]:
    splits = list(splits_of(options.splittable))
    for count in range(1, len(options.changes) + 1):
        for changes in _choices(options, count):
            yield changes, None, None
        for changes in _choices(options, count - 1):
            if not any(isinstance(change, Drop) for change in changes):
                yield from ((changes, split, None) for split in splits)
            yield from ((changes, None, of) for of in options.percentages if _has_form(options, of, changes))


def _choices(options: Options, count: int) -> Iterator[tuple[Change, ...]]:
    """Give every choice of one change for each of so many dimensions; one dimension is always left."""
    for names in combinations(options.changes, count):
        for changes in product(*(options.changes[name] for name in names)):
            if sum(isinstance(change, Drop) for change in changes) < len(options.changes):
                yield changes


def _has_form(options: Options, of: str, changes: tuple[Change, ...]) -> bool:
    """Say whether a dimension has as many categories after some changes as whole percentages need (§4.4.4)."""
    change = next((change for change in changes if change.dimension == of), None)
    if isinstance(change, Drop):
        return False
    return options.percentages[of] == (options.categories[of] if change is None else len(change.members))


class Builder:
    """Builds the tables of candidates; each single change is applied to the whole table only once."""

    def __init__(self, bound: BoundTable, rulebook: Rulebook) -> None:
        self._bound, self._rulebook = bound, rulebook
        self._once: dict[int, Built] = {}
        self._parts: dict[tuple[str, ...], Built] = {}  # of the splits of the table last split
        self._parts_of: tuple[Change, ...] = ()

    def build(self, candidate: Candidate) -> Built:
        """Make the tables of a candidate.

        Raises:
            NotPossibleError: The table does not allow one of the changes.
            InputErrors: A coarser table contradicts its contract.
        """
        built = Built((self._bound,), {})
        # the change that shrinks the table most comes first, because the others then have less to do
        for change in sorted(candidate.changes, key=self._share_kept):
            built = self._single(change) if built.tables[0] is self._bound else self._apply(built, change)
        if candidate.changes:
            built = Built((_retitled(built.tables[0], candidate),), built.left_out)
        if candidate.percentages is not None:
            return _in_percent(built, candidate.percentages)
        return built if candidate.split is None else self._split(built, candidate.split, candidate.changes)

    def _share_kept(self, change: Change) -> float:
        kept = len(change.members) if isinstance(change, Merge) else 1
        return kept / len(self._bound.axes[change.dimension].leaves)

    def _single(self, change: Change) -> Built:
        key = id(change)
        if key not in self._once:
            self._once[key] = self._apply(Built((self._bound,), {}), change)
        return self._once[key]

    def _apply(self, built: Built, change: Change) -> Built:
        coarser = coarsen(built.tables[0], change, self._rulebook)
        return Built((coarser.bound,), built.left_out | dict(coarser.left_out))

    def _split(self, built: Built, split: Split, changes: tuple[Change, ...]) -> Built:
        whole = built.tables[0]
        if changes != self._parts_of:
            self._parts_of, self._parts = changes, {}
        spread = {name for part in split for name in part}
        everywhere = [name for name in whole.axes if name not in spread]
        found = []
        for part in split:
            names = tuple(name for name in whole.axes if name in (*everywhere, *part))
            if names not in self._parts:
                one = Built((whole,), {})
                for name in whole.axes:
                    if name not in names:
                        one = self._apply(one, Drop(name))
                self._parts[names] = one
            found.append(self._parts[names])
        tables = [one.tables[0] for one in found]
        raws = part_contracts(raw_contract(whole.contract), [table.contract for table in tables])
        left_out = dict(built.left_out)
        for one in found:
            left_out |= one.left_out
        return Built(tuple(_renamed(table, raw) for table, raw in zip(tables, raws, strict=True)), left_out)


def _retitled(table: BoundTable, candidate: Candidate) -> BoundTable:
    """Give a changed table a title that says what was changed."""
    words = "; ".join(change.words for change in candidate.changes)
    raw = raw_contract(table.contract) | {"title": f"{table.contract.title} ({words})"}
    return replace(table, contract=parse_contract(raw, table.place))


def _renamed(table: BoundTable, raw: dict[str, Any]) -> BoundTable:
    """Give a table another name, title and links; what its rows are checked against stays."""
    return replace(table, contract=parse_contract(raw, raw["release"]), place=raw["release"])


def _in_percent(built: Built, of: str) -> Built:
    """Ask for whole percentages of a dimension (§4.4.4); whatever else is made of the counts is left out."""
    table = built.tables[0]
    count = table.contract.counts[0]
    raw = raw_contract(table.contract)
    gone = {name: "the counts behind percentages may appear nowhere else" for name in raw["measures"] if name != count}
    raw["measures"] = {count: raw["measures"][count]}
    raw["dimensions"][of].pop("hierarchy", None)
    suppression = raw.setdefault("suppression", {})
    for key in ("prefer", "show_reason"):
        suppression.pop(key, None)
    suppression |= {"form": "whole_percentages", "percentages": {"of": of}}
    contract = parse_contract(raw, table.place)
    rows = table.frame[table.frame[of].isin([*table.axes[of].leaves, table.axes[of].total])]
    frame = rows[[column for column in rows.columns if column in contract.columns]]
    return Built((bind(contract, frame, table.references, table.place),), built.left_out | gone)
