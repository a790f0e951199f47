"""What the gate's checks tell in Dagster besides their result: what broke at a glance, figures over time, what to do.

Rules, coordinates and numbers of cells; never a figure of a measure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from ddg_pipeline.orchestration.metadata import markdown_table
from ddg_pipeline.orchestration.ways_out import HELP, ways_out

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.steps import Checked

_LISTED = 5  # at a glance; the whole list stands beside it


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
        more["what_to_do"] = dg.MetadataValue.text(ways_out(checked)[check])  # Markdown is a click away here
        more["help"] = dg.MetadataValue.text(HELP)
    return more


def _few(places: list[str]) -> str:
    rest = len(places) - 2
    return "; ".join(places[:2]) + (f"; and {rest} more" if rest > 0 else "")
