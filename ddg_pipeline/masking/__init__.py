"""Step 4 of the guideline: primary and complementary suppression with a proof for every small cell (DDG 2.0 §4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.complementary import Progress, Protection, Unprotected, protect
from ddg_pipeline.masking.percentages import check_whole_percentages, percentage_frame, whole_percentages
from ddg_pipeline.masking.proof_file import proof_bytes
from ddg_pipeline.masking.public import known_already, lost_cells
from ddg_pipeline.masking.refusal import refusal
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import System, build_systems
from ddg_pipeline.masking.table import CellCounts, MaskedTable, Unstable, masked, unmasked
from ddg_pipeline.masking.unseen import SeenThrough, seen_through
from ddg_pipeline.rulebook import Rulebook

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CellCounts",
    "MaskedTable",
    "MaskingRules",
    "Progress",
    "Protection",
    "SeenThrough",
    "Unstable",
    "check_whole_percentages",
    "known_already",
    "lost_cells",
    "mask",
    "mask_and_prove",
    "mismatches",
    "proof_bytes",
    "protect_tables",
    "seen_through",
    "unmasked",
    "unsuppressed",
]

_LEVELS = ("exact", "ddg", "full")  # from weak to strong
_SECONDS = 60  # what `method: optimal` may take where the contract names no limit


def mask(tables: Sequence[BoundTable], rulebook: Rulebook, progress: Progress | None = None) -> list[MaskedTable]:
    """Mask one table, or several that share records, together: what is hidden in one is hidden in all.

    A table whose contract asks for whole percentages stands alone, and no cell of it is hidden (§4.4.4).

    Args:
        tables: The bound tables of one group of links.
        rulebook: The edition that governs all of them.
        progress: Called with a stage's name, the steps done and the steps in all.

    Returns:
        The tables as they may be published, in the order given.

    Raises:
        InputErrors: A table contradicts itself or a linked one.
        RefusedError: Some small cell cannot be protected; the message says why and what to loosen.
    """
    return mask_and_prove(tables, rulebook, progress)[0]


def mask_and_prove(
    tables: Sequence[BoundTable],
    rulebook: Rulebook,
    progress: Progress | None = None,
    unstable: Sequence[Unstable] = (),
) -> tuple[list[MaskedTable], list[Protection]]:
    """Mask as `mask` does, and give the patterns with their proofs as well; none where no cell can be hidden.

    Args:
        tables: As in `mask`.
        rulebook: As in `mask`.
        progress: As in `mask`.
        unstable: For each table, which estimates of a survey are marked as statistically unstable (§5.2): a flag a row,
            by measure. Left out: none.
    """
    in_percent = [table for table in tables if table.contract.suppression.form == "whole_percentages"]
    if in_percent:
        _check_alone(tables, in_percent)
        return [whole_percentages(table, rulebook) for table in in_percent], []
    protections = protect_tables(tables, rulebook, progress)
    marks = unstable or [{}] * len(tables)
    results = [
        masked(table, number, protections, rulebook, marked)
        for number, (table, marked) in enumerate(zip(tables, marks, strict=True))
    ]
    return results, protections


def protect_tables(
    tables: Sequence[BoundTable], rulebook: Rulebook, progress: Progress | None = None
) -> list[Protection]:
    """Choose what to hide in a group of tables; see `mask`."""
    level = max((table.contract.suppression.level for table in tables), key=_LEVELS.index)
    wishes = {table.contract.suppression.show_reason for table in tables} - {None}
    if len(wishes) > 1:
        raise InputErrors(
            [
                InputError(
                    ", ".join(table.contract.release for table in tables),
                    "suppression.show_reason",
                    "true in one and false in another",
                    "linked releases share cells, so give all of them the same value",
                )
            ]
        )
    systems = build_systems(tables, MaskingRules.of(rulebook, level, True))
    tries = [bool(wish) for wish in wishes] or [True, False]
    failed: tuple[System, MaskingRules, Unprotected] | None = None
    for show_reason in tries:
        rules = MaskingRules.of(rulebook, level, show_reason)
        found: list[Protection] = []
        for system in systems:
            result = protect(system, rules, progress, hasty=show_reason != tries[-1])
            if isinstance(result, Unprotected):
                failed = system, rules, result
                break
            found.append(result)
        else:
            return [_optimal(one, tables, progress) for one in found]
    assert failed is not None  # noqa: S101 - every try that does not return has failed
    raise refusal(failed[0], failed[1], level, failed[2])


def _optimal(protection: Protection, tables: Sequence[BoundTable], progress: Progress | None) -> Protection:
    """Let the exact solver make a pattern cheaper where a contract of the group asks for that."""
    asking = [table.contract.suppression for table in tables if table.contract.suppression.method == "optimal"]
    if not asking:
        return protection
    from ddg_pipeline.masking.optimal import optimal

    seconds = max(wish.time_limit or _SECONDS for wish in asking)
    system, rules = protection.system, protection.rules
    best = optimal(system, rules, time_limit=seconds, start=protection.status, progress=progress)
    if best.status is None or best.proof is None:
        return protection  # out of time before a first pattern; the one there is holds
    return Protection(system, rules, best.status, best.proof)


def _check_alone(tables: Sequence[BoundTable], in_percent: Sequence[BoundTable]) -> None:
    """Refuse links: of a table of percentages the counts may appear nowhere else (§4.4.4)."""
    if len(tables) > 1:
        releases = ", ".join(table.contract.release for table in tables)
        found = f"{in_percent[0].contract.release}, whose counts may appear nowhere else (§4.4.4), linked with others"
        raise InputErrors([InputError(releases, "links", found, "no links, or `suppression.form: cells`")])


def unsuppressed(table: BoundTable, rulebook: Rulebook) -> pd.DataFrame:
    """Write a table in the form that its contract asks for, with everything in it: what a published figure must be."""
    if table.contract.suppression.form == "whole_percentages":
        return percentage_frame(table, rulebook)
    return unmasked(table, rulebook).frame


def mismatches(tables: Sequence[BoundTable]) -> list[str]:
    """Name the margins that exceed the sum of their parts, by coordinate; a reader is assumed to know by how much."""
    return [text for system in build_systems(tables) for text in system.mismatches]
