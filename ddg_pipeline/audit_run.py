"""``ddg audit``: the attack on published tables given as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.audit import AuditReport, AuditRules, PublishedTable, audit
from ddg_pipeline.contract.bind import axes_of
from ddg_pipeline.contract.variables import OTHER_WORDS
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.linked_cells import refuse_unrecognised
from ddg_pipeline.rulebook_files import rulebook_of_files
from ddg_pipeline.table_files import read_contracts, read_references, read_table, references_of
from ddg_pipeline.validation_messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.rulebook import Rulebook


def audit_files(
    pairs: Sequence[tuple[Path, Path]],
    references: Mapping[str, Path],
    *,
    level: str | None = None,
    threshold: int | None = None,
    known: Path | None = None,
    blanks_are_small: bool = False,
    time_limit: float = 600.0,
    progress: Callable[[str, int, int], None] | None = None,
) -> AuditReport:
    """Attack one published table, or several drawn from the same records.

    Args:
        pairs: Contract and published table of each; the first one's level and rulebook hold for all.
        references: Where reference tables are, by name.
        level: ``exact``, ``ddg`` or ``full``; by default the contract's.
        threshold: The largest count that the publisher hides; by default the rulebook's.
        known: A table of figures that are known from elsewhere, for the first published table.
        blanks_are_small: Whether an empty cell without a code is a small count for certain.
        time_limit: Seconds.
        progress: Called with the stage, what is done and what there is to do.

    Raises:
        InputErrors: A file cannot be read or does not fit its contract.
    """
    contracts = read_contracts([contract for contract, _ in pairs], references)
    frames = [
        read_table(path, [*contract.dimensions, *contract.published_measures])
        for (_, path), contract in zip(pairs, contracts, strict=True)
    ]
    return audit_frames(
        [path for path, _ in pairs],
        contracts,
        frames,
        references,
        level=level,
        threshold=threshold,
        known=known,
        blanks_are_small=blanks_are_small,
        time_limit=time_limit,
        progress=progress,
    )


def audit_frames(
    paths: Sequence[Path],
    contracts: Sequence[ReleaseContract],
    frames: Sequence[pd.DataFrame],
    references: Mapping[str, Path],
    *,
    level: str | None = None,
    threshold: int | None = None,
    known: Path | None = None,
    blanks_are_small: bool = False,
    time_limit: float = 600.0,
    progress: Callable[[str, int, int], None] | None = None,
) -> AuditReport:
    """Attack published tables that have been read already.

    Args:
        paths: The file of each contract; reference tables are looked for beside it.
        contracts: The contracts.
        frames: The published tables, in the same order.
        references: Where reference tables are, by name.
        level: This and what follows as in `audit_files`.
        threshold: See there.
        known: See there.
        blanks_are_small: See there.
        time_limit: See there.
        progress: See there.

    Raises:
        InputErrors: A table does not fit its contract, a reference table is missing, or nobody can tell which cells of
            linked tables are the same.
    """
    missing = sorted({link for one in contracts for link in one.links} - {one.release for one in contracts})
    rulebook = rulebook_of_files([(paths[0], contracts[0])])
    levels = rulebook.masking.levels
    chosen: Any = level or contracts[0].suppression.level
    if chosen not in levels:
        expected = f"{did_you_mean(chosen, list(levels), OTHER_WORDS)}one of {', '.join(levels)}"
        raise InputErrors([InputError("command line", "--level", repr(chosen), expected)])
    tables: list[PublishedTable] = []
    rules: dict[str, AuditRules] = {}
    for contract_path, contract, frame in zip(paths, contracts, frames, strict=True):
        own = AuditRules.from_rulebook(rulebook, chosen, show_reason=_reasons_told(contract, frame, rulebook))
        rules[contract.release] = own if threshold is None else replace(own, upper=threshold)
        tables.append(
            PublishedTable(
                contract,
                frame,
                read_references(contract, contract_path, references_of(contract, references)),
                known=read_table(known, contract.dimensions) if known is not None and not tables else None,
                unexplained="small" if blanks_are_small else "any",
            )
        )
    _refuse_unlinked(tables)
    report = audit(tables, rules, time_limit=time_limit, progress=progress)
    if missing:
        note = f"not audited together with the linked {', '.join(missing)}: give them by --link and --link-table"
        report = replace(report, notes=(*report.notes, note))
    return replace(report, notes=(*report.notes, *_totals_that_are_no_sums(contracts)))


def _totals_that_are_no_sums(contracts: Sequence[ReleaseContract]) -> list[str]:
    """Say what is known of such totals and was not used: only whoever has the hidden counts can tell if it holds."""
    return [
        f"{contract.release}: that a total over {name} is at least the largest of its categories and at most their sum "
        "was not used (`additive: false`)"
        for contract in contracts
        for name, dimension in contract.dimensions.items()
        if not dimension.additive and dimension.total is not None
    ]


def _refuse_unlinked(tables: Sequence[PublishedTable]) -> None:
    if len(tables) > 1:
        axes = [axes_of(table.contract, table.frame, table.references, table.place) for table in tables]
        refuse_unrecognised([table.place for table in tables], axes, [table.contract.counts for table in tables])


def _reasons_told(contract: ReleaseContract, frame: pd.DataFrame, rulebook: Rulebook) -> bool:
    """Whether the codes tell small cells from complementary ones.

    Where the contract leaves it open, the table says it: the words beside a code that stands for both reasons differ
    from those of a small cell. A table without words is read as if it told, which is what an attacker hopes for.
    """
    if contract.suppression.show_reason is not None:
        return contract.suppression.show_reason
    names = [contract.suppression.annotations.description.format(measure=measure) for measure in contract.measures]
    return not any((frame[name] == rulebook.annotations.hidden.description).any() for name in names if name in frame)
