"""Step 3: the publication score of a table (§4.3.1, §16.2, Appendix I)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ddg_pipeline.assessment.characteristics import Characteristic, characteristics
from ddg_pipeline.assessment.derived import DerivedCounts, derived_counts, smallest_derived
from ddg_pipeline.assessment.interactions import interaction_term
from ddg_pipeline.assessment.result import Note, Score, Term
from ddg_pipeline.assessment.subtables import SubTable, subtables
from ddg_pipeline.assessment.variables import high_risk_detail, score_variable
from ddg_pipeline.contract import BoundTable, Dimension, Variable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import Rulebook

_Scored = tuple[Characteristic, Term]
_GEOGRAPHY = (Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY)
_SEVERAL = (*_GEOGRAPHY, Variable.INSURANCE_COVERAGE, Variable.MEANS_TESTED_PROGRAM, Variable.EXPECTED_PAYER)
"""Variables of which a table may tell several about the same people: two programs, a region and a county."""


def score_tables(
    bound: BoundTable, rulebook: Rulebook, notes: list[Note], derived: Sequence[DerivedCounts] | None = None
) -> tuple[tuple[Score, ...], frozenset[str]]:
    """Score every table that the rows hold.

    Args:
        bound: The table.
        rulebook: The edition.
        notes: Takes what the expert review has to look at.
        derived: What follows from the rows by subtraction; left out, it is calculated.

    Returns:
        The scores, and the high-risk populations that the detail of a variable makes of the table.

    Raises:
        InputErrors: What decides a score is not declared, or contradicts the table; all of it together.
        RefusedError: The categories of a variable identify people.
    """
    high_risk: set[str] = set()
    scores = []
    for table in subtables(bound, smallest_derived(derived_counts(bound) if derived is None else derived)):
        scores.append(_score(bound, table, rulebook, notes, high_risk))
    return tuple(scores), frozenset(high_risk)


def _score(bound: BoundTable, table: SubTable, rulebook: Rulebook, notes: list[Note], high_risk: set[str]) -> Score:
    errors: list[InputError] = []
    present = list(characteristics(bound, table, rulebook, notes, errors))
    for one in present:
        detail = high_risk_detail(one, rulebook)
        if detail is not None:
            high_risk.add(detail)
    try:
        declared = {one.key: _declared(bound, one) for one in present}
        score = score_characteristics(present, table, rulebook, notes, declared)
    except InputErrors as found:
        errors += found.errors
    if errors:
        raise InputErrors(list(dict.fromkeys(errors)))
    return score


def score_characteristics(
    present: Sequence[Characteristic],
    table: SubTable,
    rulebook: Rulebook,
    notes: list[Note],
    declared: Mapping[str, Dimension | None],
) -> Score:
    """Score one table by what it says about people, whether it exists or is only thought of.

    Args:
        present: Its variables, in the order of the contract.
        table: Its dimensions and its smallest cell.
        rulebook: The edition.
        notes: Takes what the expert review has to look at.
        declared: By the key of a variable, the dimension that shows it; None for a scope and for what is implied.

    Raises:
        InputErrors: What decides a score is not declared, or contradicts the table; all of it together.
        RefusedError: The categories of a variable identify people.
    """
    errors: list[InputError] = []
    scored: list[_Scored] = []
    for one in present:
        try:
            scored.append((one, score_variable(one, rulebook, notes, declared.get(one.key))))
        except InputErrors as found:
            errors += found.errors
    if errors:
        raise InputErrors(errors)
    scored = _one_of_each(_without_what_lowers_for_some(scored), notes)
    kept = [one for one, _ in scored]
    terms = [_events(table, rulebook), *_added(scored, rulebook, notes)]
    if not any(one.variable is Variable.TIME for one in kept):
        terms.append(_undeclared_time(rulebook))
    return Score(table.dimensions, (*terms, interaction_term(kept, table, rulebook)))


def _declared(bound: BoundTable, one: Characteristic) -> Dimension | None:
    return bound.contract.dimensions[one.name] if one.origin in ("crossed", "total") else None


def _without_what_lowers_for_some(scored: list[_Scored]) -> list[_Scored]:
    """Leave out what only some categories of a column imply, where it would make the others look safer.

    Of the others nobody said what period, place or plan they are of.
    """
    kept = []
    for one, term in scored:
        alike = _GEOGRAPHY if one.variable in _GEOGRAPHY else (one.variable,)
        of_all = any(other.of_everyone and other.variable in alike for other, _ in scored)
        lowers = one.variable is Variable.TIME or term.score < 0
        if one.of_everyone or of_all or not lowers:
            kept.append((one, term))
    return kept


def _one_of_each(scored: list[_Scored], notes: list[Note]) -> list[_Scored]:
    """Join what is told twice: a characteristic that a column shows, and the scope or another column tells as well.

    It is one variable and scores as its riskiest category. Columns that are crossed with each other, and `other`
    variables, which may all be different ones, stay apart.
    """
    kept: list[_Scored] = []
    for variable in dict.fromkeys(one.variable for one, _ in scored):
        same = [pair for pair in scored if pair[0].variable is variable]
        told = [pair for pair in same if pair[0].origin in ("scope", "implied")]
        if variable is Variable.OTHER or variable in _SEVERAL or len(same) == 1 or not told:
            kept += same
            continue
        shown = [pair for pair in same if pair not in told]
        riskiest = max(told, key=lambda pair: pair[1].score)
        if not shown:
            kept.append(riskiest)
        else:
            most = max(shown, key=lambda pair: pair[1].score)
            kept += [
                (one, riskiest[1]) if (one, term) == most and riskiest[1].score > term.score else (one, term)
                for one, term in shown
            ]
        notes += [
            Note(one.key, f"{one.name} and {', '.join(_others(same, one))} tell the same variable: it is scored once.")
            for one, _ in told[:1]
        ]
    order = {one.key: position for position, (one, _) in enumerate(scored)}
    return sorted(kept, key=lambda pair: order[pair[0].key])


def _others(same: list[_Scored], one: Characteristic) -> list[str]:
    return list(dict.fromkeys(other.name for other, _ in same if other.key != one.key)) or [one.name]


def _undeclared_time(rulebook: Rulebook) -> Term:
    """Score a table that does not say what period it covers as the finest one: nothing shows that it is longer."""
    time = rulebook.scoring.time
    category = f"no period declared, so scored as {time.highest.category}"
    return Term(Variable.TIME.value, category, time.highest.score, rulebook.cite(time.section))


def _events(table: SubTable, rulebook: Rulebook) -> Term:
    """Score the smallest cell above zero; where all are zero, as high as the table goes, for nothing shows better."""
    events = rulebook.scoring.events
    band = events.highest if table.smallest_cell is None else events.band(table.smallest_cell)
    return Term("events", band.category, band.score, rulebook.cite(events.section))


def _added(scored: list[_Scored], rulebook: Rulebook, notes: list[Note]) -> list[Term]:
    """Choose the terms that add up, in the order of the contract."""
    left_out = _lower_readings([pair for pair in scored if pair[0].variable is Variable.TIME], notes)
    places = [pair for pair in scored if pair[0].variable in _GEOGRAPHY]
    by_members = rulebook.scoring.insurance_coverage is not None
    plans = [pair for pair in scored if by_members and pair[0].variable is Variable.INSURANCE_COVERAGE]
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
    members = min((one.smallest[1] for one, _ in plans if one.smallest), default=0)
    people = min((one.smallest[1] for one, _ in places if one.smallest), default=0)  # of addresses alone
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
