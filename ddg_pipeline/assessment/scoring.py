"""Step 3: the publication score of a table (§4.3.1, §16.2, Appendix I)."""

from __future__ import annotations

from ddg_pipeline.assessment.characteristics import Characteristic, characteristics
from ddg_pipeline.assessment.interactions import interaction_term
from ddg_pipeline.assessment.result import Note, Score, Term
from ddg_pipeline.assessment.subtables import SubTable, subtables
from ddg_pipeline.assessment.variables import high_risk_detail, score_variable
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import Rulebook

_Scored = tuple[Characteristic, Term]
_GEOGRAPHY = (Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY)


def score_tables(bound: BoundTable, rulebook: Rulebook, notes: list[Note]) -> tuple[tuple[Score, ...], frozenset[str]]:
    """Score every table that the rows hold.

    Args:
        bound: The table.
        rulebook: The edition.
        notes: Takes what the expert review has to look at.

    Returns:
        The scores, and the high-risk populations that the detail of a variable makes of the table.

    Raises:
        InputErrors: What decides a score is not declared, or contradicts the table; all of it together.
        RefusedError: The categories of a variable identify people.
    """
    high_risk: set[str] = set()
    scores = []
    for table in subtables(bound):
        scores.append(_score(bound, table, rulebook, notes, high_risk))
    return tuple(scores), frozenset(high_risk)


def _score(bound: BoundTable, table: SubTable, rulebook: Rulebook, notes: list[Note], high_risk: set[str]) -> Score:
    errors: list[InputError] = []
    scored: list[_Scored] = []
    present = _characteristics(bound, table, rulebook, errors)
    for one in present:
        try:
            scored.append((one, score_variable(one, rulebook, notes)))
        except InputErrors as found:
            errors += found.errors
        detail = high_risk_detail(one, rulebook)
        if detail is not None:
            high_risk.add(detail)
    if errors:
        raise InputErrors(errors)
    terms = [_events(table, rulebook), *_added(scored, notes), interaction_term(present, table, rulebook)]
    return Score(table.dimensions, tuple(terms))


def _characteristics(
    bound: BoundTable, table: SubTable, rulebook: Rulebook, errors: list[InputError]
) -> list[Characteristic]:
    found = characteristics(bound, table, rulebook)
    try:
        return list(found)
    except InputErrors as problems:
        errors += problems.errors
        return []


def _events(table: SubTable, rulebook: Rulebook) -> Term:
    """Score the smallest cell above zero; where all are zero, as high as the table goes, for nothing shows better."""
    events = rulebook.scoring.events
    band = events.highest if table.smallest_cell is None else events.band(table.smallest_cell)
    return Term("events", band.category, band.score, rulebook.cite(events.section))


def _added(scored: list[_Scored], notes: list[Note]) -> list[Term]:
    """Choose the terms that add up, in the order of the contract."""
    left_out = _lower_readings([pair for pair in scored if pair[0].variable is Variable.TIME], notes)
    places = [pair for pair in scored if pair[0].variable in _GEOGRAPHY]
    plans = [pair for pair in scored if pair[0].variable is Variable.INSURANCE_COVERAGE]
    for alike in (places, plans):
        left_out += _lower_readings(alike, notes)
    left_out += _place_or_plan(
        [pair for pair in places if pair not in left_out], [pair for pair in plans if pair not in left_out], notes
    )
    return [term for one, term in scored if (one, term) not in left_out]


def _lower_readings(alike: list[_Scored], notes: list[Note]) -> list[_Scored]:
    """Of several periods, areas or plans, one that lowers the score is left out: the higher score holds."""
    if not alike:
        return []
    highest = max(alike, key=lambda pair: pair[1].score)
    out = [pair for pair in alike if pair is not highest and pair[1].score < 0]
    notes += [
        Note(one.key, f"{one.name} would lower the score beside {highest[0].name}: the higher score holds.")
        for one, _ in out
    ]
    return out


def _place_or_plan(places: list[_Scored], plans: list[_Scored], notes: list[Note]) -> list[_Scored]:
    """Leave out plan or geography where a table has both (Appendix I).

    The plan is scored where it has fewer members than the area has people, else the geography; but the higher score
    holds where the two tables disagree, so that a further breakdown never makes a table look safer.
    """
    if not places or not plans:
        return []
    members = min(one.smallest[1] for one, _ in plans if one.smallest)
    people = min(one.smallest[1] for one, _ in places if one.smallest)
    kept, out = (plans, places) if members < people else (places, plans)
    if _sum(out) > _sum(kept):
        kept, out = out, kept
    names = ", ".join(one.name for one, _ in kept)
    notes += [
        Note(one.key, f"{one.name} adds no score beside {names} (Appendix I); both together hold fewer people still.")
        for one, _ in out
    ]
    return out


def _sum(scored: list[_Scored]) -> int:
    return sum(term.score for _, term in scored)
