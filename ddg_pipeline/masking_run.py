"""``ddg mask``: tables given as files, masked, attacked and written, or not written at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract import BoundTable
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.output_files import check_targets, write_together
from ddg_pipeline.preparation import (
    Prepared,
    attack,
    hides_cells,
    prepare,
    rulebook_of,
    strongest_level,
    verify_protection,
)

if TYPE_CHECKING:
    import pandas as pd

    from ddg_pipeline.audit import AuditReport
    from ddg_pipeline.masking import Progress
    from ddg_pipeline.rulebook import Rulebook

REPORT_NAME = "report.json"
PROOF_NAME = "proof.parquet"


def mask_files(
    tables: Sequence[BoundTable],
    directory: Path,
    progress: Progress | None = None,
    *,
    rulebook: Rulebook | None = None,
    keep: Sequence[Path] = (),
) -> tuple[dict[str, Any], list[Path]]:
    """Mask a group of tables, attack the very bytes, check the proof by them, and write them with report and proof.

    The report tells small cells from complementary ones, and the proof narrows them down together with the table: both
    are for those only who may see the counts, and nobody but the owner may read the files.

    Args:
        tables: The bound tables of one group of links.
        directory: Where ``<release>.csv``, ``report.json`` and one ``proof.parquet`` go; made where missing.
        progress: Called with the stage, what is done and what there is to do.
        rulebook: The rulebook; by default the shipped one that the contracts name.
        keep: The files that the tables came from; they are never written over.

    Returns:
        The report, and the files written. Nothing is written unless everything passed.

    Raises:
        InputErrors: A table is wrong, or the directory cannot be written.
        RefusedError: The tables cannot be protected, the attacker found something, or the proof does not hold.
    """
    from ddg_pipeline.masking import proof_bytes
    from ddg_pipeline.quality import csv_bytes, read_csv_text

    names = [f"{table.contract.release}.csv" for table in tables]
    check_targets([directory / name for name in (*names, REPORT_NAME, PROOF_NAME)], keep)
    rulebook = rulebook or rulebook_of(tables)
    prepared = prepare(tables, rulebook, progress)
    contents: dict[str, bytes] = {}
    frames: list[pd.DataFrame] = []
    for name, one in zip(names, prepared, strict=True):
        contents[name] = csv_bytes(one.masked.frame, one.bound.contract.release)
        frames.append(read_csv_text(contents[name], name))
    if hides_cells(tables):
        contents[PROOF_NAME] = proof_bytes(prepared[0].protections)
    found: AuditReport | None = None
    is_masked = any(one.masked.masked for one in prepared)
    proof = contents.get(PROOF_NAME) if is_masked else None
    if is_masked:
        shown = all(one.masked.reasons_shown for one in prepared)
        found = attack(tables, frames, rulebook, shown, progress, proof).redacted()
        if not found.safe:
            from ddg_pipeline.audit import audit_markdown

            raise RefusedError(
                f"the masked table does not withstand the audit, so it was not written\n{audit_markdown(found)}"
            )
    verification = verify_protection(tables, frames, rulebook, proof, progress)
    if verification is not None and not verification.proved:
        faults = "\n".join(f"- {fault}" for fault in verification.faults)
        raise RefusedError(f"the protection of the masked table is not proved, so it was not written\n{faults}")
    report = _report(names, prepared, found, strongest_level(tables, rulebook), rulebook)
    contents[REPORT_NAME] = (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode()
    return report, write_together(directory, contents, restricted=(REPORT_NAME, PROOF_NAME))


def _report(
    names: Sequence[str], prepared: Sequence[Prepared], found: AuditReport | None, level: str, rulebook: Rulebook
) -> dict[str, Any]:
    """Say what was done; a count of cells may be told, a count of people may not."""
    from ddg_pipeline.publishing import ColumnWriter

    def small_cell_rule(one: Prepared) -> str:
        masked, shown = one.masked.masked, one.masked.reasons_shown
        return ColumnWriter(one.bound.contract, rulebook, masked=masked, reasons_shown=shown).small_cell_rule()

    releases = [
        {
            **one.assessment.to_json_dict(),
            "masked": one.masked.masked,
            "reasons_shown": one.masked.reasons_shown,
            "level": level if one.masked.masked else None,
            "suppression": {name: asdict(counts) for name, counts in one.masked.counts.items()},
            "small_cell_rule": small_cell_rule(one),
            "file": name,
        }
        for name, one in zip(names, prepared, strict=True)
    ]
    audited = None if found is None else found.to_json_dict()
    first = releases[0]
    return {**first, "audit": audited, "linked": releases[1:]}
