"""Steps 1 to 3 of the guideline, in its own order, and what follows for steps 4 to 6 (§4, Figure 5)."""

from __future__ import annotations

from ddg_pipeline.assessment.condition import count_cells
from ddg_pipeline.assessment.general_notes import general_notes
from ddg_pipeline.assessment.identifiers import refuse_direct_identifiers
from ddg_pipeline.assessment.personal_characteristics import tells_about_people
from ddg_pipeline.assessment.reliability import survey_reliability
from ddg_pipeline.assessment.result import Assessment, Edition, Note
from ddg_pipeline.assessment.safe_harbor import safe_harbor_finding
from ddg_pipeline.assessment.scoring import score_tables
from ddg_pipeline.assessment.steps import Findings, steps_of
from ddg_pipeline.contract import BoundTable, ReleaseContract
from ddg_pipeline.errors import InputError, InputErrors
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
    contract = bound.contract
    _check_high_risk(contract, rulebook, bound.place)
    refuse_direct_identifiers(bound.frame, contract, rulebook)
    notes: list[Note] = []
    tables, high_risk_by_detail = score_tables(bound, rulebook, notes)
    findings = Findings(
        contract=contract,
        rulebook=rulebook,
        counts=count_cells(bound, rulebook),
        tables=tables,
        high_risk=tuple(dict.fromkeys([*contract.high_risk, *sorted(high_risk_by_detail)])),
        reliability=survey_reliability(bound, rulebook),
    )
    notes += general_notes(bound, rulebook, findings)
    steps = steps_of(findings)
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


def _check_high_risk(contract: ReleaseContract, rulebook: Rulebook, place: str) -> None:
    errors = [
        InputError(place, "high_risk", repr(name), f"one of {', '.join(rulebook.high_risk)}")
        for name in contract.high_risk
        if name not in rulebook.high_risk
    ]
    if contract.high_risk and not tells_about_people(contract):
        field = "subject" if contract.subject != "people" else "personal_characteristics"
        found = contract.subject if contract.subject != "people" else "false"
        expected = "people" if contract.subject != "people" else "true"
        errors.append(
            InputError(
                place,
                field,
                f"{found} beside high_risk: {', '.join(contract.high_risk)}",
                f"{expected}: a high-risk population is a personal characteristic",
            )
        )
    if errors:
        raise InputErrors(errors)
