"""``ddg audit``: the attack on published tables given as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.audit import AuditReport, AuditRules, PublishedTable, audit
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import load_rulebook
from ddg_pipeline.table_files import read_contract, read_references, read_table

if TYPE_CHECKING:
    from collections.abc import Callable


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
    contracts = [read_contract(contract) for contract, _ in pairs]
    missing = sorted({link for one in contracts for link in one.links} - {one.release for one in contracts})
    rulebook = load_rulebook(contracts[0].rulebook)
    levels = rulebook.masking.levels
    chosen: Any = level or contracts[0].suppression.level
    if chosen not in levels:
        raise InputErrors([InputError("command line", "--level", repr(chosen), f"one of {', '.join(levels)}")])
    rules = AuditRules.from_rulebook(rulebook, chosen, show_reason=contracts[0].suppression.show_reason is not False)
    if threshold is not None:
        rules = replace(rules, upper=threshold)
    tables = []
    for position, ((contract_path, path), contract) in enumerate(zip(pairs, contracts, strict=True)):
        named = {name: file for name, file in references.items() if name in contract.reference_tables}
        tables.append(
            PublishedTable(
                contract,
                read_table(path),
                read_references(contract, contract_path, named),
                known=read_table(known) if known is not None and position == 0 else None,
                unexplained="small" if blanks_are_small else "any",
            )
        )
    report = audit(tables, rules, time_limit=time_limit, progress=progress)
    if missing:
        note = f"not audited together with the linked {', '.join(missing)}: give them by --link and --link-table"
        report = replace(report, notes=(*report.notes, note))
    return report
