"""Releases by reporting period: the period's part of an aggregate is a release of its own, with the same contract.

`cases` by months is released as `cases_2024_01`, `cases_2024_02` and so on: each is staged, judged, approved,
published, noted in the ledger and withdrawn by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ddg_pipeline.contract.columns import label
from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.reporting_periods import of_period, series_of
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.orchestration.project import Project

if TYPE_CHECKING:
    import pandas as pd

UNPUBLISHED = "unpublished"
TIME_ZONE = "America/Los_Angeles"  # of schedules, and of the midnight at which a period ends


def today() -> dt.date:
    """The day in California."""
    return dt.datetime.now(ZoneInfo(TIME_ZONE)).date()


def by_periods(group: Sequence[DbtRelease]) -> bool:
    """Say whether a group of linked releases is released period by period; all of it is, or nothing."""
    return group[0].contract.reporting_periods is not None


def group_of_period(group: Sequence[DbtRelease], period: str) -> list[DbtRelease]:
    """Give the releases of one period of a group.

    Raises:
        InputErrors: There is no such period, or it has not ended.
    """
    for release in group:
        check_period(release.contract, period)
    return _of_period(group, period)


def _of_period(group: Sequence[DbtRelease], period: str) -> list[DbtRelease]:
    """Give the releases of a period that is known to be over: to list all periods for each one would be too much."""
    return [replace(release, contract=of_period(release.contract, period)) for release in group]


def check_period(contract: ReleaseContract, period: str) -> None:
    """Make sure that a period is one of a contract's, and over.

    Raises:
        InputErrors: It is not.
    """
    periods = contract.reporting_periods
    if periods is None:
        found = f"{period!r}, and {contract.release} is one table without periods"
        raise InputErrors([InputError(contract.release, "period", found, "leave it out")])
    ended = periods.ended(today())
    if period not in ended:
        labels = list(ended)
        known = (
            f"a period that is over, {labels[0]} to {labels[-1]}"
            if labels
            else f"nothing yet: the first begins {periods.start}"
        )
        raise InputErrors([InputError(contract.release, "period", repr(period), known)])


def part_of_period(table: pd.DataFrame, contract: ReleaseContract, place: str) -> pd.DataFrame:
    """Take the rows of a contract's period from an aggregate; all of them where it has none.

    Raises:
        InputErrors: The aggregate has no such column, or nothing of this period.
    """
    period, periods = contract.reporting_period, contract.reporting_periods
    if period is None or periods is None:
        return table
    if periods.dimension not in table.columns:
        found = f"no column {periods.dimension}"
        raise InputErrors([InputError(place, "columns", found, f"one of {', '.join(map(str, table.columns))}")])
    rows = table[table[periods.dimension].astype("object").map(label) == period.label]
    if rows.empty:
        found = f"no row with {periods.dimension}={period.label}"
        expected = "rows of that period, written as `reporting_periods.labels` says; or do not release it yet"
        raise InputErrors([InputError(place, "rows", found, expected)])
    return rows.reset_index(drop=True)


def staged_groups(project: Project, group: Sequence[DbtRelease]) -> Sequence[Sequence[DbtRelease]]:
    """Give a group as it is, or, where it is released by periods, each of them that is staged, the last one first.

    Raises:
        RefusedError: It is released by periods, and none of them is staged.
    """
    periods = group[0].contract.reporting_periods
    if periods is None:
        return [group]
    every = (_of_period(group, period) for period in reversed(periods.ended(today())))
    found = [one for one in every if all(project.staged(part.contract.release).is_dir() for part in one)]
    if found:
        return found
    names = ", ".join(one.contract.release for one in group)
    raise RefusedError(f"{names}: no period is staged; {made_by(group[0].contract.release, 'masked')}")


def known_contracts(project: Project, contracts: Sequence[ReleaseContract]) -> dict[str, ReleaseContract]:
    """Give contracts by release, those of reporting periods for each period of which anything is there.

    Args:
        project: The project.
        contracts: The contracts that people wrote.
    """
    store, ledger = project.public_store, project.ledger
    there = {*store.releases(), *ledger.releases()}
    found = {}
    for contract in contracts:
        for one in every_period(contract):
            if one.reporting_period is None or one.release in there:
                found[one.release] = one
    return found


def known_groups(project: Project, group: Sequence[ReleaseContract]) -> Iterator[list[ReleaseContract]]:
    """Give a group of linked contracts once for each period of which anything is there; without periods, as it is."""
    periods = group[0].reporting_periods
    if periods is None:
        yield list(group)
        return
    known = known_contracts(project, group)
    for period in periods.ended(today()):
        found = [of_period(contract, period) for contract in group]
        if any(one.release in known for one in found):
            yield found


def every_period(contract: ReleaseContract) -> Iterator[ReleaseContract]:
    """Give the contracts of all periods that have ended; of a contract without periods, itself."""
    if contract.reporting_periods is None:
        yield contract
        return
    for period in contract.reporting_periods.ended(today()):
        yield of_period(contract, period)


def another_period_is_masked(project: Project, contracts: Sequence[ReleaseContract]) -> bool:
    """Say whether any other period of the same releases is masked, by what is released, or by their reviewed suites.

    Raises:
        InputError: A certificate cannot be read.
    """
    from ddg_pipeline.quality import read_certificate

    if contracts[0].reporting_period is None:
        return False
    if any(_asks_for_masking(project.suite_file(contract)) for contract in contracts):
        return True
    own = {contract.release for contract in contracts}
    others = known_contracts(project, [series_of(contract) for contract in contracts]).keys() - own
    others |= {contract.series for contract in contracts}
    current = [version for name in sorted(others) if (version := project.public_store.current(name)) is not None]
    return any(read_certificate(version).decision == "mask" for version in current)


def _asks_for_masking(suite: Path) -> bool:
    from ddg_pipeline.quality import read_suite

    try:
        return read_suite(suite)["meta"].get("masked") is True
    except (InputError, InputErrors):
        return False  # nobody has reviewed what all periods are like; the gate says what is wrong with the file


def contract_named(project: Project, contracts: Sequence[ReleaseContract], release: str, place: str) -> ReleaseContract:
    """Find the contract of a release by its name; that of a period has the period in its name.

    Raises:
        InputErrors: There is none.
    """
    for contract in contracts:
        if release == contract.release and contract.reporting_periods is not None:
            known = [name for name, one in known_contracts(project, [contract]).items()]
            listed = f", such as {known[-1]}" if known else ""
            found = f"{release}, which is released by periods"
            raise InputErrors([InputError(place, "release", found, f"name the release of one period{listed}")])
        if release == contract.release:
            return contract
        if release.startswith(f"{contract.release}_"):
            for one in every_period(contract):
                if one.release == release:
                    return one
    known = list(known_contracts(project, contracts))
    raise InputErrors([InputError(place, "release", release, f"one of {', '.join(known)}")])


def series_and_period(contracts: Sequence[ReleaseContract], release: str) -> tuple[str, str | None]:
    """Say which contract a release is of, and which period; a name that is no period's is given back as it is."""
    named = {contract.release for contract in contracts}
    for contract in contracts:
        if release not in named and is_period_of(release, contract):
            for one in every_period(contract):
                if one.release == release and one.reporting_period is not None:
                    return contract.release, one.reporting_period.label
    return release, None


def linked_with(contracts: Sequence[ReleaseContract], contract: ReleaseContract) -> list[str]:
    """Name the releases that are linked with one, directly or through others; those of a period with its period's."""
    links = {one.release: one.links for one in contracts}
    found, todo = set(), [contract.series]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += links.get(name, [])
    suffix = contract.release.removeprefix(contract.series)
    return sorted(f"{name}{suffix}" for name in found - {contract.series})


def is_period_of(release: str, contract: ReleaseContract) -> bool:
    """Say whether a release is a period of a contract that people wrote, by its name."""
    return contract.reporting_periods is not None and release.startswith(f"{contract.release}_")


@dataclass(frozen=True)
class DuePeriod:
    """A period that has to be released.

    Attributes:
        period: Its label.
        why: ``new``: it is not released yet; ``changed``: its figures are others now; ``void``: its certificate does
            not hold any more, because contract, rulebook or suite changed, or readers know more; ``unpublished``: it
            passed the gate and is approved.
    """

    period: str
    why: str


def due_periods(project: Project, group: Sequence[DbtRelease], tables: Sequence[pd.DataFrame]) -> list[DuePeriod]:
    """Compare the aggregates of a group with what was released of it, period by period, the oldest first.

    A period is looked at once it is over, and the aggregates have rows of it. What is withdrawn, or waits for
    approvals, is left alone.

    Args:
        project: The project.
        group: Releases by periods that are linked.
        tables: Their aggregates as they are now, in the same order. Restricted.
    """
    found = []
    for period in periods_in(group, tables):
        why = _why_due(project, _of_period(group, period), tables)
        if why is not None:
            found.append(DuePeriod(period, why))
    return found


def periods_in(group: Sequence[DbtRelease], tables: Sequence[pd.DataFrame]) -> list[str]:
    """Give the periods that are over and of which every aggregate of a group has rows, the oldest first."""
    periods = group[0].contract.reporting_periods
    if periods is None:
        return []
    columns = [table[periods.dimension] for table in tables]  # linked releases have the same
    there = set.intersection(*(set(column.dropna().astype("object").map(label)) for column in columns))
    return [period for period in periods.ended(today()) if period in there]


def _why_due(project: Project, group: Sequence[DbtRelease], tables: Sequence[pd.DataFrame]) -> str | None:
    from ddg_pipeline.orchestration.kept_versions import original_of
    from ddg_pipeline.orchestration.publication import certified
    from ddg_pipeline.orchestration.review import reviews_of

    contracts = [release.contract for release in group]
    if any(project.ledger.retraction(contract.release) is not None for contract in contracts):
        return None
    versions = [one for contract in contracts if (one := project.public_store.current(contract.release)) is not None]
    if len(versions) < len(contracts):
        return "new"
    for contract, version, table in zip(contracts, versions, tables, strict=True):
        kept = original_of(project, contract.release, int(version.name))
        if kept is None or not _same(kept, part_of_period(table, contract, contract.release), contract):
            return "changed"
    try:
        packages = certified(project, contracts)
    except (RefusedError, InputErrors, InputError):
        return "void"
    noted = [project.ledger.versions(package.contract.release) for package in packages]
    public = [
        any(one.version == int(package.directory.name) and one.is_public for one in entries)
        for package, entries in zip(packages, noted, strict=True)
    ]
    return None if all(public) or not all(one.complete for one in reviews_of(project, packages)) else UNPUBLISHED


def _same(one: pd.DataFrame, other: pd.DataFrame, contract: ReleaseContract) -> bool:
    """Compare two tables as text, whatever the order of their rows."""
    if sorted(map(str, one.columns)) != sorted(map(str, other.columns)) or len(one) != len(other):
        return False
    columns, order = list(one.columns), list(contract.dimensions)
    texts = [frame[columns].astype("object").map(label).sort_values(order, ignore_index=True) for frame in (one, other)]
    return texts[0].equals(texts[1])
