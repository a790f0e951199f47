"""What the gate's checks tell in Dagster besides their result: what broke at a glance, figures over time, what to do.

Rules, coordinates and numbers of cells; never a figure of a measure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from ddg_pipeline.orchestration.metadata import markdown_table

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.steps import Checked

_LISTED = 5  # at a glance; the whole list stands beside it

WHAT_TO_DO = {
    "same_as_aggregate": "Materialize masked again; find out who changes files in the restricted directory.",
    "suite_matches_contract": "Run ddg suites, read the difference, commit it, and run again.",
    "great_expectations": (
        "A new label: correct the code list or the data. A limit of the contract: find out why so much is suppressed "
        "or has changed, then set the limit. Anything else is a fault of the pipeline: report it."
    ),
    "protection_proof": "Materialize masked again. If it is still not proved, do not publish, and report it.",
    "attack_audit": "Do not publish; report it with the contract. If it was undecided, run it on a quieter machine.",
}
"""What people can do about a check that failed; docs/explanation/gate.md says more."""


def check_page(checked: Checked, check: str) -> dict[str, dg.MetadataValue]:
    """Tell more of one check of the gate.

    Args:
        checked: What the gate found.
        check: The check's name.
    """
    more: dict[str, dg.MetadataValue] = {}
    if check == "great_expectations" and checked.gate is not None:
        broken = [one for one in checked.gate.results if not one.success]
        more["expectations_broken"] = dg.MetadataValue.int(len(broken))
        if broken:
            rows = [[one.type, one.subject, _few([*one.coordinates] or [one.error or ""])] for one in broken[:_LISTED]]
            more["broken"] = markdown_table(["expectation", "column", "where"], rows)
    if check == "attack_audit" and checked.audit is not None:
        audit = checked.audit.redacted()
        more["hidden_cells"] = dg.MetadataValue.int(audit.hidden)
        more["cells_attacked"] = dg.MetadataValue.int(audit.examined)
        more["findings"] = dg.MetadataValue.int(len(audit.findings))
        more["undecided"] = dg.MetadataValue.int(len(audit.undecided))
        if audit.findings:
            kinds: dict[str, list[str]] = {}
            for finding in audit.findings:
                kinds.setdefault(finding.kind.value, []).append(str(finding.cell))
            rows = [[kind, str(len(cells)), _few(cells)] for kind, cells in kinds.items()]
            more["found"] = markdown_table(["what", "times", "where"], rows)
    if not checked.checks[check]:
        more["what_to_do"] = dg.MetadataValue.text(WHAT_TO_DO[check])  # Markdown is a click away here
    return more


def _few(places: list[str]) -> str:
    rest = len(places) - 2
    return "; ".join(places[:2]) + (f"; and {rest} more" if rest > 0 else "")
