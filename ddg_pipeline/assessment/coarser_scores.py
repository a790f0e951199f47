"""What a table would score if something in it were coarser, without making that table.

The variables are scored by the same functions as those of a real table, and its counts are added up for the events
term. Every score found here is a promise: the table, made so, scores that or less.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.assessment.characteristics import SIZE_KEY, Characteristic, characteristics
from ddg_pipeline.assessment.derived import SmallestDerived, derived_counts, smallest_derived
from ddg_pipeline.assessment.periods import months_of
from ddg_pipeline.assessment.result import Score
from ddg_pipeline.assessment.scoring import score_characteristics
from ddg_pipeline.assessment.subtables import SubTable, subtables_of
from ddg_pipeline.contract import BoundTable, Dimension, Variable
from ddg_pipeline.rulebook import Rulebook

if TYPE_CHECKING:
    import pandas as pd

_YEAR = 12
_SHORTER_PERIODS = ((_YEAR, "year"), (6, "half-year"), (3, "quarter"), (1, "month"))


@dataclasses.dataclass(frozen=True)
class Join:
    """Categories of one column joined into broader ones.

    Attributes:
        column: The column.
        members: Each broader category with what it consists of. Together they hold every category of the table that
            stands for itself, once; one that stays is its own only member.
        period: What one category covers then, of a `time` variable.
    """

    column: str
    members: Mapping[str, tuple[str, ...]] = dataclasses.field(hash=False)
    period: str | None = None


@dataclasses.dataclass(frozen=True)
class LeaveOut:
    """One column added up and left out."""

    column: str


@dataclasses.dataclass(frozen=True)
class LongerPeriod:
    """A longer period than the table's own rows can be joined to: it needs the records of further periods.

    Attributes:
        key: The contract's key of the time variable: ``dimensions.year`` or ``scope[0]``.
        period: What one period covers then.
    """

    key: str
    period: str


@dataclasses.dataclass(frozen=True)
class DeclarePeriod:
    """The period of the whole table declared, where nothing says what it covers."""

    period: str


Step = Join | LeaveOut | LongerPeriod | DeclarePeriod


class NotPossibleError(Exception):
    """A step that this table does not allow."""


def period_word(months: int) -> str:
    """Write months as a contract's ``period``: the longest that is not longer.

    Raises:
        NotPossibleError: It is less than a month.
    """
    if months >= 2 * _YEAR:
        return f"{months // _YEAR} years"
    for length, word in _SHORTER_PERIODS:
        if length <= months:
            return word
    raise NotPossibleError("less than a month")


@dataclasses.dataclass(frozen=True)
class _Column:
    """What one column says about people, where it is broken down and where it stands at its total."""

    crossed: tuple[Characteristic, ...]
    at_total: tuple[Characteristic, ...]
    declared: Dimension

    @property
    def own(self) -> Characteristic:
        """The variable that the column shows; the others are implied."""
        return self.crossed[0]


@dataclasses.dataclass(frozen=True)
class _State:
    """A table that is only thought of: its variables, and its counts by coordinate."""

    columns: Mapping[str, _Column]
    scope: tuple[Characteristic, ...]
    totals: Mapping[str, str | None]
    tables: tuple[tuple[str, ...], ...]
    frame: pd.DataFrame | None
    cells_known: bool = True


class CoarserScores:
    """Scores a table and coarser forms of it."""

    def __init__(self, bound: BoundTable, rulebook: Rulebook) -> None:
        self._bound, self._rulebook = bound, rulebook
        self._counts = bound.contract.counts
        self._derived = smallest_derived(derived_counts(bound))
        names = tuple(bound.axes)
        crossed = list(characteristics(bound, SubTable(names, None), rulebook, errors=[]))
        at_total = list(characteristics(bound, SubTable((), None), rulebook, errors=[]))
        totals = {name: axis.total for name, axis in bound.axes.items()}
        frame = bound.frame[[*names, *self._counts]]
        self._as_it_is = _State(
            columns={
                name: _Column(_of_column(crossed, name), _of_column(at_total, name), bound.contract.dimensions[name])
                for name in names
            },
            scope=tuple(one for one in crossed if one.origin == "scope"),
            totals=totals,
            tables=tuple(table.dimensions for table in subtables_of(frame, totals, self._counts)),
            frame=frame,
        )

    @property
    def scope(self) -> tuple[Characteristic, ...]:
        """What holds for every row."""
        return self._as_it_is.scope

    @property
    def everything(self) -> tuple[Characteristic, ...]:
        """Everything that the table says about people."""
        shown = (one for column in self._as_it_is.columns.values() for one in column.crossed)
        return (*shown, *self.scope)

    def variable(self, column: str) -> Characteristic:
        """Give what a column shows where it is broken down."""
        return self._as_it_is.columns[column].own

    def adds_up(self, column: str) -> bool:
        """Say whether figures of several categories of a column may be added up."""
        return self._bound.axes[column].additive and self._bound.contract.survey is None

    def scores(self, steps: Sequence[Step] = ()) -> tuple[Score, ...]:
        """Score the table after some steps.

        Raises:
            NotPossibleError: The table does not allow one of them.
            InputErrors: What decides a score then is not known.
            RefusedError: The coarser categories identify people.
        """
        state = self._after(steps, self._as_it_is)
        if state.frame is None or not state.cells_known:
            least = self._rulebook.thresholds.numerator.lower
            found = [SubTable(dimensions, least) for dimensions in state.tables]
        else:
            found = subtables_of(state.frame, state.totals, self._counts, self._derived_after(steps))
        return tuple(self._score(state, table) for table in found)

    def _derived_after(self, steps: Sequence[Step]) -> list[SmallestDerived]:
        """Give what still follows by subtraction: as it is now, where categories are joined, for it never gets less."""
        gone = {step.column for step in steps if isinstance(step, LeaveOut)}
        return [
            dataclasses.replace(one, dimensions=one.dimensions - gone) for one in self._derived if not one.beyond & gone
        ]

    def smallest_after(self, step: Step) -> tuple[str, int] | None:
        """Give the smallest category of a column after its categories are joined, with its size where one is known."""
        if not isinstance(step, Join):
            return None
        return self._after([step], dataclasses.replace(self._as_it_is, frame=None)).columns[step.column].own.smallest

    def at_least(self, steps: Sequence[Step]) -> int:
        """Give a score that the table cannot fall below after some steps, however large its cells become."""
        state = self._after(steps, dataclasses.replace(self._as_it_is, frame=None))
        bands = [self._rulebook.scoring.events.bands, self._rulebook.scoring.interactions.only_population.bands]
        endless = max(band.lower for one in bands for band in one)
        return max(self._score(state, SubTable(dimensions, endless)).total for dimensions in state.tables)

    def _score(self, state: _State, table: SubTable) -> Score:
        present: list[Characteristic] = []
        declared: dict[str, Dimension | None] = {}
        for name, column in state.columns.items():
            shown = column.crossed if name in table.dimensions else column.at_total
            present += shown
            declared |= {one.key: column.declared for one in shown if one.origin != "implied"}
        present += state.scope
        return score_characteristics(present, table, self._rulebook, [], declared)

    def _after(self, steps: Sequence[Step], state: _State) -> _State:
        times = {name for name, column in state.columns.items() if column.own.variable is Variable.TIME}
        if any(isinstance(step, Join | LeaveOut) and step.column in times for step in steps):
            state = self._in_the_worst_period(state)
        for step in steps:
            match step:
                case Join():
                    state = self._joined(state, step)
                case LeaveOut():
                    state = self._left_out(state, step)
                case LongerPeriod():
                    state = _over_longer_periods(state, step)
                case DeclarePeriod():
                    state = dataclasses.replace(state, scope=(*state.scope, _declared_period(state, step, self._bound)))
        return state

    def _joined(self, state: _State, step: Join) -> _State:
        name, column = step.column, state.columns[step.column]
        known = set(column.own.labels)
        members = {label: parts for label, parts in step.members.items() if known & set(parts)}
        one = dataclasses.replace(
            column.own,
            labels=tuple(members),
            sizes=self._joined_sizes(column.own, members),
            period=step.period if step.period is not None else column.own.period,
            groups=_fewer(column.own.groups, len(self._bound.axes[name].leaves) - len(step.members)),
        )
        declared = column.declared
        if isinstance(declared.address, dict):
            declared = declared.model_copy(
                update={"address": {key: kind for key, kind in declared.address.items() if key in members} or None}
            )
        elif declared.address is not None and set(members) - known:
            declared = declared.model_copy(
                update={"address": dict.fromkeys(known & set(members), declared.address) or None}
            )
        at_total = tuple(
            dataclasses.replace(other, period=one.period) if other.variable is Variable.TIME else other
            for other in column.at_total
        )
        columns = {**state.columns, name: _Column((one, *column.crossed[1:]), at_total, declared)}
        into = {part: label for label, parts in step.members.items() for part in parts}
        frame = None if state.frame is None else self._added_up(state, name, into, set(step.members))
        return dataclasses.replace(state, columns=columns, frame=frame)

    def _joined_sizes(self, one: Characteristic, members: Mapping[str, tuple[str, ...]]) -> dict[str, int] | None:
        """Give the size of each broader category: its own where it has one, else the sum of its members'."""
        if not one.sizes:
            return None
        size = getattr(self._bound.contract.dimensions[one.name], SIZE_KEY.get(one.variable, "population"))
        if isinstance(size, str):
            return self._joined_column(one.name, size, members)
        own = self._bound.sizes(one.name, SIZE_KEY.get(one.variable, "population")) if size is not None else None
        own = {**one.sizes, **(own or {})}
        found: dict[str, int] = {}
        for label, parts in members.items():
            known = [one.sizes[part] for part in parts if part in one.sizes]
            if label in own:
                found[label] = own[label]
            elif known:
                found[label] = min(known) if isinstance(size, int) else sum(known)
        return found

    def _joined_column(self, name: str, size: str, members: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
        """Add up a column of populations where everything else is the same; the largest sum is a category's size."""
        frame, others = self._bound.frame, [other for other in self._bound.axes if other != name]
        into = {part: label for label, parts in members.items() for part in parts}
        rows = frame[frame[name].isin(list(into))]
        rows = rows.assign(**{name: rows[name].map(into)})
        sums = self._largest(rows.groupby([*others, name], sort=False)[size].sum(), name)
        carried = frame[frame[name].isin([label for label in members if label not in into])]
        published = self._largest(carried.set_index([*others, name])[size], name)
        return {label: min(sums[label], published.get(label, sums[label])) for label in members}

    def _largest(self, people: pd.Series[Any], name: str) -> dict[str, int]:
        """Give the largest population of each category; of several periods that are joined, in the worst of them."""
        times = [one for one, axis in self._bound.axes.items() if axis.declared.variable is Variable.TIME]
        levels = [name, *(time for time in times if time != name)]
        return {str(key): int(value) for key, value in people.groupby(level=levels).max().groupby(name).min().items()}

    def _in_the_worst_period(self, state: _State) -> _State:
        """Take populations that change over time from the period in which they are lowest, where periods are joined."""
        columns = {}
        for name, column in state.columns.items():
            size = getattr(column.declared, SIZE_KEY.get(column.own.variable, "population"))
            if isinstance(size, str) and column.own.sizes:
                others = [other for other in self._bound.axes if other != name]
                lowest = self._largest(self._bound.frame.set_index([*others, name])[size], name)
                column = dataclasses.replace(  # noqa: PLW2901 - the same column
                    column,
                    crossed=tuple(_sized(one, lowest) for one in column.crossed),
                    at_total=tuple(_sized(one, lowest) for one in column.at_total),
                )
            columns[name] = column
        return dataclasses.replace(state, columns=columns)

    def _left_out(self, state: _State, step: LeaveOut) -> _State:
        name, column = step.column, state.columns[step.column]
        tables = _maximal([tuple(one for one in table if one != name) for table in state.tables])
        if len(state.columns) == 1:
            raise NotPossibleError("the only column")
        number = len(state.scope)
        remains = [
            dataclasses.replace(one, key=f"scope[{number + position}]", name=f"scope[{number + position}]")
            for position, one in enumerate(self._remaining(column, name))
        ]
        into = dict.fromkeys(self._bound.axes[name].leaves, "")
        frame = None if state.frame is None else self._added_up(state, name, into, {""}, drop=True)
        return dataclasses.replace(
            state,
            columns={other: one for other, one in state.columns.items() if other != name},
            scope=(*state.scope, *remains),
            totals={other: total for other, total in state.totals.items() if other != name},
            tables=tables,
            frame=frame,
        )

    def _remaining(self, column: _Column, name: str) -> list[Characteristic]:
        """List what a column still says about everyone once it is left out."""
        found = [one for one in (_in_scope(one) for one in column.at_total if one.origin == "implied") if one]
        own, at_total = column.own, next((one for one in column.at_total if one.origin == "total"), None)
        if own.variable is Variable.AGE:
            band = whole_range(own.labels)
            if band is not None:
                found.append(dataclasses.replace(own, labels=(band,), sizes=None, origin="scope"))
        elif own.variable is Variable.TIME and own.period is not None:
            months = months_of(own.period)
            if self._bound.axes[name].additive or months <= _YEAR:  # else they may overlap: 2021-2023, 2022-2024
                months *= len(own.labels)
            period = period_word(months) if months else own.period
            found.append(dataclasses.replace(own, labels=(), period=period, origin="scope"))
        elif at_total is not None:
            variable = Variable.RESIDENCE_GEOGRAPHY if column.declared.residents_only else own.variable
            everyone = self._everyone(own, at_total, name)
            labels = () if everyone is not None else at_total.labels
            sizes = at_total.sizes if everyone is None else {name: everyone}
            found.append(dataclasses.replace(at_total, variable=variable, labels=labels, sizes=sizes, origin="scope"))
        return found

    def _everyone(self, own: Characteristic, at_total: Characteristic, name: str) -> int | None:
        """Say how many people all categories are together; never more than there are."""
        declared, total = self._bound.contract.dimensions[name], self._bound.axes[name].total
        size_key = SIZE_KEY.get(own.variable, "population")
        size = getattr(declared, size_key)
        if size is not None and total is not None and not isinstance(size, str):
            published = (self._bound.sizes(name, size_key) or {}).get(total)
            if published is not None:
                return published
        if own.sizes:
            known = list(own.sizes.values())
            if isinstance(size, int):
                return min(known)
            return sum(known) if self._bound.axes[name].additive else max(known)
        return at_total.smallest[1] if at_total.smallest else None

    def _added_up(
        self, state: _State, name: str, into: Mapping[str, str], broader: set[str], *, drop: bool = False
    ) -> pd.DataFrame:
        """Join rows of one column; a row that stands for a broader category already is compared with the sum."""
        import pandas as pd

        assert state.frame is not None  # noqa: S101 - asked for by the callers
        frame, total = state.frame, state.totals[name]
        others = [other for other in state.columns if other != name]
        stays = (broader | ({total} if total is not None else set())) - (set() if drop else set(into))
        parts = frame[frame[name].isin(list(into))]
        parts = parts.assign(**{name: parts[name].map(into)})
        by_key = parts.groupby([*others, name], sort=False)[self._counts]
        added = (by_key.sum() if self.adds_up(name) else by_key.max()).reset_index()
        rows = pd.concat([frame[frame[name].isin(list(stays))], added], ignore_index=True)
        keys = others if drop else [*others, name]
        # a total beside the sum of its parts is the same cell; where they differ, the smaller one is safe
        return rows.groupby(keys, sort=False)[self._counts].min().reset_index()


def whole_range(labels: Sequence[str]) -> str | None:
    """Write the one age band that some bands together make; None where that is everyone.

    Raises:
        NotPossibleError: They leave a gap, overlap, or begin or end within a year.
    """
    bands = [band for band in map(parse_age_band, labels) if band is not None]
    bands.sort(key=lambda band: (band.first, band.after is None, band.after or 0))
    year = _days_of_a_year()
    if not bands or any(low.after != high.first for low, high in itertools.pairwise(bands)):
        raise NotPossibleError("age bands that do not follow each other")
    first, after = bands[0].first, bands[-1].after
    if first == 0 and after is None:
        return None
    if first % year or (after is not None and after % year):
        raise NotPossibleError("age bands that begin or end within a year")
    return age_label(first // year, None if after is None else after // year)


def age_label(first: int, after: int | None) -> str:
    """Write an age band of whole years; ``after`` is the first age above it, None for an open band."""
    if after is None:
        return f"{first}+"
    return str(first) if after == first + 1 else f"{first}-{after - 1}"


def _days_of_a_year() -> int:
    band = parse_age_band("0")
    assert band is not None  # noqa: S101 - "0" is an age
    assert band.after is not None  # noqa: S101 - and a closed one
    return band.after


def _of_column(found: Sequence[Characteristic], name: str) -> tuple[Characteristic, ...]:
    """Give what one column says, its own variable first."""
    return tuple(one for one in found if one.name == name and one.origin != "scope")


def _sized(one: Characteristic, lowest: Mapping[str, int]) -> Characteristic:
    """Give a variable no larger sizes than its categories have in the worst period."""
    if not one.sizes or one.origin == "implied":
        return one
    known = {label: min(size, lowest[label]) for label, size in one.sizes.items() if label in lowest}
    least = min(known.values(), default=min(lowest.values(), default=0))
    return dataclasses.replace(
        one, sizes={label: known.get(label, min(size, least)) for label, size in one.sizes.items()}
    )


def _in_scope(one: Characteristic) -> Characteristic:
    return dataclasses.replace(one, origin="scope")


def _fewer(groups: int | None, by: int) -> int | None:
    return None if groups is None else groups - by


def _maximal(tables: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Leave out tables that are margins of others."""
    found = list(dict.fromkeys(tables))
    return tuple(one for one in found if not any(set(one) < set(other) for other in found))


def _declared_period(state: _State, step: DeclarePeriod, bound: BoundTable) -> Characteristic:
    name = f"scope[{len(state.scope)}]"
    return Characteristic(Variable.TIME, name, name, "scope", (), None, step.period, None, bound.place)


def _over_longer_periods(state: _State, step: LongerPeriod) -> _State:
    """Count over longer periods: what the cells are then, nobody knows yet."""

    def longer(one: Characteristic) -> Characteristic:
        return dataclasses.replace(one, period=step.period) if one.key == step.key else one

    columns: dict[str, Any] = {
        name: dataclasses.replace(
            column, crossed=tuple(map(longer, column.crossed)), at_total=tuple(map(longer, column.at_total))
        )
        for name, column in state.columns.items()
    }
    return dataclasses.replace(state, columns=columns, scope=tuple(map(longer, state.scope)), cells_known=False)
