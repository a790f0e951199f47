"""Steps 1 to 3 of the guideline, in its own order, and what follows for steps 4 to 6 (§4, Figure 5)."""

from __future__ import annotations

from typing import Literal

from ddg_pipeline.assessment.condition import count_cells
from ddg_pipeline.assessment.identifiers import PERSONAL_VARIABLES, refuse_direct_identifiers
from ddg_pipeline.assessment.result import Assessment, Counts, Note, Score, Step
from ddg_pipeline.assessment.safe_harbor import safe_harbor_finding
from ddg_pipeline.assessment.scoring import score_tables
from ddg_pipeline.contract import BoundTable, ReleaseContract, Variable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import Rulebook

_Result = Literal["yes", "no", "mask", "skipped", "pending"]


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
    refuse_direct_identifiers(contract, rulebook)
    notes: list[Note] = []
    tables, high_risk_by_detail = score_tables(bound, rulebook, notes)
    counts = count_cells(bound, rulebook)
    notes += _general_notes(contract, counts, tables)
    high_risk = tuple(dict.fromkeys([*contract.high_risk, *sorted(high_risk_by_detail)]))
    forced_by = high_risk if contract.personal_characteristics and counts.small_cells else ()
    steps = _steps(contract, rulebook, counts, tables, high_risk, forced_by)
    return Assessment(
        release=contract.release,
        rulebook=rulebook.name,
        cut_off=rulebook.cut_off,
        steps=steps,
        tables=tables,
        counts=counts,
        decision="mask" if steps[3].result == "mask" else "release",
        forced_by=forced_by,
        notes=tuple(dict.fromkeys(notes)),
        safe_harbor=safe_harbor_finding(bound, rulebook),
    )


def _check_high_risk(contract: ReleaseContract, rulebook: Rulebook, place: str) -> None:
    errors = [
        InputError(place, "high_risk", repr(name), f"one of {', '.join(rulebook.high_risk)}")
        for name in contract.high_risk
        if name not in rulebook.high_risk
    ]
    if contract.high_risk and not contract.personal_characteristics:
        errors.append(
            InputError(
                place,
                "personal_characteristics",
                f"false beside high_risk: {', '.join(contract.high_risk)}",
                "true: a high-risk population is a personal characteristic",
            )
        )
    if errors:
        raise InputErrors(errors)


def _general_notes(contract: ReleaseContract, counts: Counts, tables: tuple[Score, ...]) -> list[Note]:
    notes = []
    variables = {
        *(dimension.variable for dimension in contract.dimensions.values()),
        *(scope.variable for scope in contract.scope),
    }
    if Variable.TIME not in variables:
        notes.append(
            Note("dimensions", "No time is declared, so none is scored; declare the period, if only under `scope`.")
        )
    if counts.denominators != "known":
        notes.append(
            Note(
                "measures",
                "The population behind each cell is not declared, so small denominators cannot be ruled out.",
            )
        )
    if counts.zero_cells == counts.cells:
        notes.append(Note("measures", "All cells are zero, so events take the highest score."))
    personal = [name for name, dimension in contract.dimensions.items() if dimension.variable in PERSONAL_VARIABLES]
    if personal and not contract.personal_characteristics:
        notes.append(
            Note(
                "personal_characteristics",
                f"The contract declares {', '.join(personal)} as expressly public; an expert has to confirm it.",
            )
        )
    if len(tables) > 1:
        notes.append(
            Note(
                "dimensions",
                f"The file holds {len(tables)} tables side by side, each scored by itself; the riskiest decides.",
            )
        )
    return notes


def _steps(
    contract: ReleaseContract,
    rulebook: Rulebook,
    counts: Counts,
    tables: tuple[Score, ...],
    high_risk: tuple[str, ...],
    forced_by: tuple[str, ...],
) -> tuple[Step, ...]:
    personal = contract.personal_characteristics
    small = counts.small_cells > 0 or counts.small_denominators > 0 or counts.denominators != "known"
    total = max(score.total for score in tables)
    risky = total > rulebook.cut_off
    mask = personal and ((small and risky) or bool(forced_by))
    results: list[tuple[_Result, str]] = [
        ("yes" if personal else "no", _step_1(contract, high_risk)),
        _step_2(rulebook, counts, small) if personal else ("skipped", "Not needed: step 1 is answered no."),
        _step_3(rulebook, total, risky, personal and small),
        ("mask", _step_4(rulebook, risky and small, forced_by))
        if mask
        else ("skipped", "Nothing is suppressed; the table may go on as it is."),
        ("pending", "The expert determination and the legal review are still to be made.")
        if personal
        else ("skipped", "Not needed: step 1 is answered no."),
        ("pending", "The department's approvals are still to be given."),
    ]
    return tuple(
        Step(box.step, box.name, box.question, result, summary, rulebook.cite(box.section))
        for box, (result, summary) in zip(rulebook.procedure, results, strict=True)
    )


def _step_1(contract: ReleaseContract, high_risk: tuple[str, ...]) -> str:
    if not contract.personal_characteristics:
        return "The contract declares that everything in the table is expressly public."
    names = [name for name, dimension in contract.dimensions.items() if dimension.variable in PERSONAL_VARIABLES]
    summary = f"The table shows personal characteristics{': ' + ', '.join(names) if names else ''}."
    if high_risk:
        summary += f" It shows a high-risk population: {', '.join(high_risk)}."
    return f"{summary} No column carries a direct identifier by its name."


def _step_2(rulebook: Rulebook, counts: Counts, small: bool) -> tuple[_Result, str]:
    numerator, denominator = rulebook.thresholds.numerator, rulebook.thresholds.denominator
    summary = (
        f"{counts.small_cells:,} of {counts.cells:,} cells are derived from {numerator.lower} to {numerator.upper} "
        f"individuals, {counts.zero_cells:,} from none. "
    )
    match counts.denominators:
        case "unknown":
            summary += "No denominator is declared, so small ones cannot be ruled out."
        case "bounded":
            summary += (
                f"{counts.small_denominators:,} cells surely have a denominator of {denominator:,} or fewer; further "
                "ones cannot be ruled out, because the population of crossed categories is not declared."
            )
        case "known":
            summary += f"{counts.small_denominators:,} cells have a denominator of {denominator:,} or fewer."
    return ("yes" if small else "no"), summary


def _step_3(rulebook: Rulebook, total: int, risky: bool, needed: bool) -> tuple[_Result, str]:
    compared = f"{'over' if risky else 'not over'} {rulebook.cut_off}"
    if not needed:
        return "skipped", f"Not needed: no step before asks for it. The publication score is {total}, {compared}."
    return ("yes" if risky else "no"), f"The publication score is {total}, {compared}."


def _step_4(rulebook: Rulebook, by_score: bool, forced_by: tuple[str, ...]) -> str:
    numerator = rulebook.thresholds.numerator
    reasons = []
    if by_score:
        reasons.append(f"the publication score is over {rulebook.cut_off}")
    if forced_by:
        sections = ", ".join(dict.fromkeys(rulebook.cite(rulebook.high_risk[name].section) for name in forced_by))
        reasons.append(f"the table shows a high-risk population ({', '.join(forced_by)}; {sections})")
    return (
        f"Counts from {numerator.lower} to {numerator.upper} are suppressed, with whatever they could be calculated "
        f"from, because {' and '.join(reasons)}."
    )
