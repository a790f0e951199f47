"""Steps 1 to 3 of the guideline, in its own order, and what follows for steps 4 to 6 (§4, Figure 5)."""

from __future__ import annotations

from ddg_pipeline.assessment.condition import count_cells
from ddg_pipeline.assessment.derived import derived_counts
from ddg_pipeline.assessment.figures import contradictory_figures
from ddg_pipeline.assessment.general_notes import general_notes, undeclared_county
from ddg_pipeline.assessment.high_risk import (
    FoundInLabels,
    as_told_of_people,
    check_high_risk,
    find_high_risk,
    measures_told_of_people,
    services_told_of_people,
    with_findings,
)
from ddg_pipeline.assessment.identifiers import refuse_direct_identifiers
from ddg_pipeline.assessment.reliability import survey_reliability
from ddg_pipeline.assessment.result import Assessment, Edition, Note
from ddg_pipeline.assessment.safe_harbor import safe_harbor_finding
from ddg_pipeline.assessment.scoring import score_tables
from ddg_pipeline.assessment.steps import Findings, steps_of
from ddg_pipeline.contract import BoundTable, ReleaseContract
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import Rulebook


def assess(bound: BoundTable, rulebook: Rulebook) -> Assessment:
    """Judge the true aggregate by steps 1 to 3.

    Args:
        bound: The table with its contract; true counts, nothing suppressed.
        rulebook: The edition to judge by.

    Returns:
        The assessment; it holds no figure of a measure.

    Raises:
        InputErrors: The contract lacks what a score needs, or contradicts the table; all of it together.
        RefusedError: The table carries direct identifiers.
    """
    found = find_high_risk(bound, rulebook)
    told = services_told_of_people(bound, found)
    measures = measures_told_of_people(bound.contract, rulebook)
    contract = as_told_of_people(bound.contract, told, measures)
    _checked(bound, contract, rulebook, found)
    refuse_direct_identifiers(bound.frame, contract, rulebook)
    notes: list[Note] = []
    errors = contradictory_figures(bound)
    derived = derived_counts(bound)
    try:
        tables, high_risk_by_detail = score_tables(bound, rulebook, notes, derived)
    except InputErrors as wrong:
        errors += wrong.errors
    if errors:
        raise InputErrors(errors)
    findings = Findings(
        contract=contract,
        rulebook=rulebook,
        counts=count_cells(bound, rulebook, derived),
        tables=tables,
        high_risk=tuple(dict.fromkeys([*contract.high_risk, *sorted(high_risk_by_detail), *found.places])),
        reliability=survey_reliability(bound, rulebook),
    )
    notes += general_notes(bound, rulebook, findings, found, [*told, *measures], derived)
    steps = with_findings(steps_of(findings), found, contract)
    return Assessment(
        release=contract.release,
        rulebook=rulebook.name,
        edition=Edition.of(rulebook),
        cut_off=rulebook.cut_off,
        steps=steps,
        tables=tables,
        counts=findings.counts,
        decision="mask" if findings.mask else "release",
        forced_by=findings.forced_by,
        notes=tuple(dict.fromkeys(notes)),
        safe_harbor=safe_harbor_finding(bound, rulebook),
        reliability=findings.reliability,
    )


def _checked(bound: BoundTable, contract: ReleaseContract, rulebook: Rulebook, found: FoundInLabels) -> None:
    """Refuse a contract that is wrong about high-risk populations, or that leaves out a place it speaks of."""
    errors = [*check_high_risk(contract, found, rulebook, bound.place), *undeclared_county(contract, bound.place)]
    if errors:
        raise InputErrors(errors)
