"""The assessment report of a release: for people as one self-contained HTML page, for machines as JSON.

It is published beside the table, so it holds nothing that the table does not show: no figure of the restricted store,
and of the assessment only what a reader may know (`public_assessment`).
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.publishing.columns import ColumnWriter
from ddg_pipeline.publishing.facts import ReleaseFacts, public_cells
from ddg_pipeline.publishing.names import package_names
from ddg_pipeline.publishing.page_filters import FILTERS
from ddg_pipeline.publishing.public_assessment import public_assessment
from ddg_pipeline.quality.percentages import FORM

if TYPE_CHECKING:
    from jinja2 import Template

    from ddg_pipeline.rulebook import Rulebook

_TEMPLATE = "report.html.j2"


def report_json(contract: ReleaseContract, rulebook: Rulebook, facts: ReleaseFacts) -> dict[str, Any]:
    """Give the report as plain data.

    Returns:
        ``release``, ``title``, ``rulebook`` with its overrides, ``decision``; ``score``, ``steps``, ``counts``,
        ``notes`` and ``safe_harbor`` as far as they may be published; ``masking`` by measure, ``audit`` and ``gate``.

    Raises:
        InputError: The assessment lacks a part.
    """
    assessment = public_assessment(facts, rulebook, contract.release)
    writer = ColumnWriter(contract, rulebook, masked=facts.masked, reasons_shown=facts.reasons_shown)
    return {
        "release": contract.release,
        "title": contract.full_title,
        **({"series": contract.series} if contract.reporting_period is not None else {}),
        "description": contract.description,
        "file": package_names(contract).csv,
        "rulebook": {
            "name": rulebook.name,
            "title": rulebook.title,
            "approved": assessment.approved,
            "extends": assessment.extends,
            "overrides": [asdict(override) for override in assessment.overrides],
        },
        "decision": assessment.decision,
        "forced_by": list(assessment.forced_by),
        "form": contract.suppression.form,
        "score": {
            "total": assessment.total,
            "at_most": assessment.at_most,
            "cut_off": rulebook.cut_off,
            "verdict": assessment.verdict,
            "dimensions": list(assessment.dimensions),
            "tables": assessment.tables,
            "terms": [asdict(term) for term in assessment.terms],
        },
        "steps": [asdict(step) for step in assessment.steps],
        "counts": [asdict(counts) for counts in assessment.counts],
        "notes": [asdict(note) for note in assessment.notes],
        "safe_harbor": assessment.safe_harbor,
        "small_cell_rule": writer.small_cell_rule(),
        "masking": {
            name: asdict(public_cells(contract, counts, facts.reasons_shown)) for name, counts in facts.masking.items()
        },
        "reasons_shown": facts.reasons_shown,
        "already_public": list(facts.public),
        "audit": {
            "safe": facts.audit["safe"],
            "level": facts.audit["level"],
            "guarantee": _guarantee(contract, facts, rulebook),
            "summary": facts.audit["summary"],
            "notes": list(facts.audit.get("notes", [])),
        },
        "gate": {
            "passed": facts.gate.passed,
            "rows": facts.gate.rows,
            "sha256": facts.gate.sha256,
            "expectations": [
                {"type": one.type, "subject": one.subject, "description": one.description, "success": one.success}
                for one in facts.gate.results
            ],
        },
    }


def report_html(contract: ReleaseContract, rulebook: Rulebook, facts: ReleaseFacts) -> str:
    """Give the report as one HTML page that asks for nothing from outside.

    Raises:
        InputError: The assessment lacks a part.
    """
    report = report_json(contract, rulebook, facts)
    subjects: dict[str, list[str]] = {}
    for one in report["gate"]["expectations"]:
        subjects.setdefault(one["description"] or one["type"], []).append(one["subject"])
    return _template().render(report=report, checks={rule: sorted(filter(None, of)) for rule, of in subjects.items()})


def _guarantee(contract: ReleaseContract, facts: ReleaseFacts, rulebook: Rulebook) -> str:
    """Say what a reader cannot find out."""
    if not facts.masked:
        return "Nothing is hidden, so there is nothing to find out."
    if contract.suppression.form == FORM:
        knows = "every percentage, how it is rounded, and every total"
    else:
        knows = "every published figure, the rules of suppression and the meaning of the codes"
    levels = {str(name): level for name, level in rulebook.masking.levels.items()}
    level, numerator = levels[facts.audit["level"]], rulebook.thresholds.numerator
    return (
        f"For a reader who knows {knows}, every hidden count from {numerator.lower} to {numerator.upper} still has at "
        f"least {level.possible_values} possible values."
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ddg_pipeline.publishing"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment.get_template(_TEMPLATE)
