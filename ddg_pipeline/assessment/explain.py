"""What would bring a table's publication score to the cut-off, in plain words.

Only changes are named that the scoring tables or the declared hierarchies support, and what is promised of each holds:
the table, changed so, scores the given score or less (`coarser_scores`). Nothing is changed here; `ddg advise` makes
coarser tables and compares what has to be hidden in each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from ddg_pipeline.assessment.coarser_changes import Kind, Needs, Offer, band_table, offers_for, people
from ddg_pipeline.assessment.coarser_scores import CoarserScores, Join, NotPossibleError, Step
from ddg_pipeline.assessment.result import Assessment, Score, Term
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.bands import Band
from ddg_pipeline.rulebook.model import FixedScore

_MOST_TRIED = 300
_MOST_SHOWN = 5


@dataclass(frozen=True)
class TermChange:
    """What a change does to one term of the score.

    Attributes:
        variable: What is scored.
        column: The column, or the entry of ``scope``; None for events and interactions.
        before: Its score now; None where there is no such term.
        after: Its score then; None where the term is gone.
    """

    variable: str
    column: str | None
    before: int | None
    after: int | None

    def to_json_dict(self) -> dict[str, Any]:
        """Give the change as plain values."""
        return {"variable": self.variable, "column": self.column, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Change:
    """One change of one column, with what it promises.

    Attributes:
        kind: ``hierarchy``: a declared level; ``join``: categories put together; ``longer_period``; ``leave_out``;
            ``declare``: something declared that the contract leaves open.
        column: The column, or the entry of ``scope``.
        words: What to do.
        then: What the riskiest category is after it.
        needs: ``table`` where the rows at hand are enough; ``records`` where it has to be counted anew;
            ``declaration`` where only the contract changes.
        members: Of a column whose categories are joined, each broader category with what it consists of.
        score: The score of the table after it, or less.
        saves: How many points that is less than now.
        terms: The terms that it changes.
        reaches: Whether the cut-off is reached.
    """

    kind: Kind
    column: str
    words: str
    then: str
    needs: Needs
    members: dict[str, tuple[str, ...]] | None
    score: int
    saves: int
    terms: tuple[TermChange, ...]
    reaches: bool

    def to_json_dict(self) -> dict[str, Any]:
        """Give the change as plain values."""
        members = None if self.members is None else {label: list(parts) for label, parts in self.members.items()}
        return {
            "kind": self.kind,
            "column": self.column,
            "words": self.words,
            "then": self.then,
            "needs": self.needs,
            "members": members,
            "score": self.score,
            "saves": self.saves,
            "terms": [term.to_json_dict() for term in self.terms],
            "reaches": self.reaches,
        }


@dataclass(frozen=True)
class Combination:
    """Several changes together, none of which can be left out.

    Attributes:
        changes: The changes.
        score: The score of the table after all of them, or less.
    """

    changes: tuple[Change, ...]
    score: int

    def to_json_dict(self) -> dict[str, Any]:
        """Give the combination as plain values."""
        return {"score": self.score, "changes": [change.to_json_dict() for change in self.changes]}


@dataclass(frozen=True)
class CoarserLine:
    """A line of a scoring table that scores less than the one that holds now."""

    category: str
    score: int

    def to_json_dict(self) -> dict[str, Any]:
        """Give the line as plain values."""
        return {"category": self.category, "score": self.score}


@dataclass(frozen=True)
class TermRoom:
    """One term of the score with what its scoring table has that scores less.

    Attributes:
        term: The term.
        coarser: The lines that score less, from little to much.
    """

    term: Term
    coarser: tuple[CoarserLine, ...]

    def to_json_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {**self.term.to_json_dict(), "coarser": [line.to_json_dict() for line in self.coarser]}


@dataclass(frozen=True)
class Explanation:
    """What would bring the score to the cut-off.

    Attributes:
        release: The release.
        score: The publication score now.
        cut_off: The highest score that may be released unmasked.
        masked_whatever: Why the table is masked whatever the score; empty where the score decides.
        terms: Every term of the riskiest table, with what would score less.
        changes: Every single change that lowers the score; of each column the mildest first.
        combinations: The smallest combinations of changes that reach the cut-off, of which none does by itself; those
            that keep most detail first.
        lowest: The lowest score that was found for any of these changes or combinations.
        complete: Whether all combinations were looked at.
        conclusion: All of this in a few sentences.
    """

    release: str
    score: int
    cut_off: int
    masked_whatever: tuple[str, ...]
    terms: tuple[TermRoom, ...]
    changes: tuple[Change, ...]
    combinations: tuple[Combination, ...]
    lowest: int
    complete: bool
    conclusion: str

    @property
    def too_much(self) -> int:
        """How many points have to go; 0 or less where none have."""
        return self.score - self.cut_off

    def to_json_dict(self) -> dict[str, Any]:
        """Give the explanation as plain values, ready for JSON."""
        return {
            "score": self.score,
            "cut_off": self.cut_off,
            "too_much": max(0, self.too_much),
            "masked_whatever": list(self.masked_whatever),
            "terms": [term.to_json_dict() for term in self.terms],
            "changes": [change.to_json_dict() for change in self.changes],
            "combinations": [one.to_json_dict() for one in self.combinations],
            "lowest": self.lowest,
            "complete": self.complete,
            "conclusion": self.conclusion,
        }


def explain(bound: BoundTable, assessment: Assessment, rulebook: Rulebook) -> Explanation:
    """Say what would bring the publication score of a table to the cut-off.

    Args:
        bound: The table with its contract.
        assessment: What `assess` found of it by the same rulebook.
        rulebook: The edition.

    Returns:
        The explanation. Its terms and changes tell within which line of the scoring table the smallest count is, as
        the assessment does: it is for the people who may see the table.
    """
    finder = _Finder(bound, assessment, rulebook)
    cut_off = assessment.cut_off
    changes = finder.changes()
    combined: list[Combination] = []
    complete = True
    if assessment.score.total > cut_off:
        combined, complete = finder.combinations([pair for pair in changes if not pair[1].reaches])
    reached = [change.score for _, change in changes] + [one.score for one in combined] + finder.seen
    found = Explanation(
        release=assessment.release,
        score=assessment.score.total,
        cut_off=cut_off,
        masked_whatever=tuple(_masked_whatever(bound, assessment, rulebook)),
        terms=tuple(_room(term, finder.scores, rulebook) for term in assessment.score.terms),
        changes=tuple(change for _, change in changes),
        combinations=tuple(combined),
        lowest=min([assessment.score.total, *reached]),
        complete=complete,
        conclusion="",
    )
    return _concluded(found, assessment, rulebook, bool(bound.contract.links))


class _Finder:
    """Tries changes on one table.

    Attributes:
        scores: Scores coarser forms of it.
        seen: Every score that a combination was found to have.
    """

    def __init__(self, bound: BoundTable, assessment: Assessment, rulebook: Rulebook) -> None:
        self.scores = CoarserScores(bound, rulebook)
        self.seen: list[int] = []
        self._bound, self._assessment, self._rulebook = bound, assessment, rulebook

    def changes(self) -> list[tuple[Offer, Change]]:
        """List the single changes that lower the score; of one column those that score alike stand for each other."""
        found: list[tuple[Offer, Change]] = []
        best: dict[tuple[str, int], int] = {}
        for offer in offers_for(self._bound, self.scores, self._rulebook):
            scored = self._try([offer.step])
            if scored is None:
                continue
            change = self._change(offer, scored)
            if change.saves <= 0:
                continue
            known = best.get((change.column, change.score))
            if known is None:
                best[(change.column, change.score)] = len(found)
                found.append((offer, change))
            elif _better(offer, found[known][0]):
                found[known] = (offer, change)
        order = {column: number for number, column in enumerate(dict.fromkeys(change.column for _, change in found))}
        return sorted(found, key=lambda pair: (order[pair[1].column], -pair[1].score))

    def combinations(self, changes: Sequence[tuple[Offer, Change]]) -> tuple[list[Combination], bool]:
        """Find the smallest combinations that reach the cut-off: the fewest changes, and none stronger than needed."""
        by_column: dict[str, list[tuple[Offer, Change]]] = {}
        for offer, change in changes:
            by_column.setdefault(change.column, []).append((offer, change))
        cut_off, tried = self._assessment.cut_off, 0
        for count in range(2, len(by_column) + 1):
            found: list[tuple[Combination, dict[str, int]]] = []
            for columns in combinations(by_column, count):
                for ranks in product(*(range(len(by_column[column])) for column in columns)):
                    chosen = dict(zip(columns, ranks, strict=True))
                    if any(_stronger(chosen, milder) for _, milder in found):
                        continue
                    pairs = [by_column[column][rank] for column, rank in chosen.items()]
                    steps = [offer.step for offer, _ in pairs]
                    if not self._can_reach(steps, cut_off):
                        continue
                    if tried == _MOST_TRIED:
                        return _shown(found), False
                    tried += 1
                    scored = self._try(steps)
                    if scored is None:
                        continue
                    self.seen.append(scored.total)
                    if scored.total <= cut_off:
                        found.append((Combination(tuple(change for _, change in pairs), scored.total), chosen))
            if found:
                return _shown(found), True
        return [], True

    def _can_reach(self, steps: Sequence[Step], cut_off: int) -> bool:
        try:
            return self.scores.at_least(steps) <= cut_off
        except (NotPossibleError, InputErrors, RefusedError):
            return False

    def _try(self, steps: Sequence[Step]) -> Score | None:
        """Score the table after some steps; None where it cannot be done."""
        try:
            return max(self.scores.scores(steps), key=lambda score: score.total)
        except (NotPossibleError, InputErrors, RefusedError):
            return None

    def _change(self, offer: Offer, scored: Score) -> Change:
        before = self._assessment.score
        return Change(
            kind=offer.kind,
            column=offer.column,
            words=offer.words,
            then=self._then(offer, before, scored),
            needs=offer.needs,
            members=dict(offer.step.members) if isinstance(offer.step, Join) else None,
            score=scored.total,
            saves=before.total - scored.total,
            terms=tuple(_differences(before, scored)),
            reaches=scored.total <= self._assessment.cut_off,
        )

    def _then(self, offer: Offer, before: Score, scored: Score) -> str:
        """Say what the riskiest category of the column is then, and the smallest cell where its line changes."""
        parts = []
        term = next((term for term in scored.terms if term.dimension == offer.column), None)
        smallest = self.scores.smallest_after(offer.step)
        if term is not None and offer.kind in ("hierarchy", "join"):
            if smallest is not None and smallest[0] == term.found:
                parts.append(f"the smallest, {smallest[0]}, has {smallest[1]:,} {people(offer.variable)}")
            else:
                parts.append(
                    f"the riskiest is then {term.found} ({term.category})"
                    if term.found
                    else f"it is then {term.category}"
                )
        events = {one.variable: one.category for one in (*before.terms, *scored.terms) if one.variable == "events"}
        if events["events"] != next(one.category for one in before.terms if one.variable == "events"):
            parts.append(f"at worst the smallest cell is then {events['events']}")
        if offer.needs == "records" and offer.kind != "longer_period":
            parts.append("it has to be counted anew, because its figures do not add up")
        return "; ".join(parts)


def _better(offer: Offer, other: Offer) -> bool:
    """Of two changes of one column that score alike, prefer the declared level, then the one that keeps more."""
    order = {"declare": 0, "hierarchy": 0, "longer_period": 1, "join": 1, "leave_out": 2}
    return (order[offer.kind], -offer.categories) < (order[other.kind], -other.categories)


def _stronger(chosen: dict[str, int], milder: dict[str, int]) -> bool:
    return chosen.keys() == milder.keys() and all(chosen[column] >= rank for column, rank in milder.items())


def _shown(found: Sequence[tuple[Combination, dict[str, int]]]) -> list[Combination]:
    """Leave out what is stronger than another, and put those first that keep most: few columns left out."""
    minimal = [
        one for one, chosen in found if not any(other is not chosen and _stronger(chosen, other) for _, other in found)
    ]
    return sorted(minimal, key=_detail_lost)[:_MOST_SHOWN]


def _detail_lost(one: Combination) -> tuple[int, int, int]:
    return (
        sum(change.kind == "leave_out" for change in one.changes),
        sum(change.needs == "records" for change in one.changes),
        -one.score,
    )


def _differences(before: Score, after: Score) -> Iterator[TermChange]:
    """Pair the terms of two scores, by variable and column, and what is left by variable; give those that differ."""
    was, then = list(before.terms), list(after.terms)
    pairs: list[tuple[Term | None, Term | None]] = []
    for same in (lambda old, new: (old.variable, old.dimension) == (new.variable, new.dimension), _same_variable):
        for old in list(was):
            new = next((term for term in then if same(old, term)), None)
            if new is not None:
                pairs.append((old, new))
                was.remove(old)
                then.remove(new)
    pairs += [(old, None) for old in was] + [(None, new) for new in then]
    for old_term, new_term in pairs:
        one = old_term or new_term
        assert one is not None  # noqa: S101 - every pair has one
        scores = (old_term.score if old_term else None, new_term.score if new_term else None)
        if scores[0] != scores[1]:
            yield TermChange(one.variable, one.dimension, *scores)


def _same_variable(old: Term, new: Term) -> bool:
    return old.variable == new.variable


def _room(term: Term, scores: CoarserScores, rulebook: Rulebook) -> TermRoom:
    """List what the scoring table of a term has that scores less."""
    lines = sorted(
        (line for line in _lines(term, scores, rulebook) if line.score < term.score), key=lambda one: -one.score
    )
    return TermRoom(term, tuple(dict.fromkeys(CoarserLine(line.category, line.score) for line in lines)))


def _lines(term: Term, scores: CoarserScores, rulebook: Rulebook) -> Sequence[Band | FixedScore]:
    scoring = rulebook.scoring
    if term.variable == "events":
        return scoring.events.bands
    if term.variable == "interactions":
        if term.found:
            return scoring.interactions.further_variables.bands
        return [
            FixedScore(category=f"smallest cell of {band.lower} or more", score=band.score)
            for band in scoring.interactions.only_population.bands
        ]
    variable = Variable(term.variable)
    categories = scoring.category_table(variable)
    if categories is not None:
        return categories.levels
    if variable is Variable.TIME:
        return scoring.time.bands
    if variable is Variable.AGE:
        return scoring.age.bands
    one = next((one for one in scores.scope if one.name == term.dimension), None)
    if one is None and term.dimension is not None:
        one = scores.variable(term.dimension)
    table = None if one is None or one.variable is not variable else band_table(one, rulebook)
    return (table or scoring.other).bands


def _masked_whatever(bound: BoundTable, assessment: Assessment, rulebook: Rulebook) -> Iterator[str]:
    """Say why the table is masked whatever its score."""
    declared = set(bound.contract.high_risk)
    for name in assessment.forced_by:
        entry = rulebook.high_risk.get(name)
        section = f" ({rulebook.cite(entry.section)})" if entry is not None else ""
        why = "as the contract declares" if name in declared else "as its categories say"
        yield f"The table shows a high-risk population{section}, {name.replace('_', ' ')}, {why}."
    if rulebook.masking.applies == "always":
        yield f"{rulebook.title} suppresses small counts in every table ({rulebook.cite(rulebook.masking.section)})."
    if bound.contract.survey is not None and not rulebook.surveys.scored_as_population:
        section = rulebook.cite(rulebook.surveys.section)
        yield f"{rulebook.title} does not score survey samples ({section})."


def _concluded(found: Explanation, assessment: Assessment, rulebook: Rulebook, linked: bool) -> Explanation:
    from dataclasses import replace

    sentences = list(_conclusion(found, assessment, rulebook))
    if linked and found.too_much > 0:
        sentences.append("Linked releases are masked together: all of them have to reach it.")
    return replace(found, conclusion=" ".join(sentences))


def _conclusion(found: Explanation, assessment: Assessment, rulebook: Rulebook) -> Iterator[str]:
    numerator = rulebook.thresholds.numerator
    small = f"counts from {numerator.lower} to {numerator.upper}"
    if found.masked_whatever and assessment.decision == "mask":
        yield f"The table is masked whatever its score: {small} stay suppressed even if it falls to {found.cut_off}."
    elif assessment.decision == "release":
        yield _why_nothing(assessment)
        return
    if found.too_much <= 0:
        yield f"The score is {found.score}, not over {found.cut_off}: nothing has to change for it."
        return
    yield f"The score is {found.score}; to reach {found.cut_off}, {_points(found.too_much)} to go."
    enough = [change for change in found.changes if change.reaches]
    if enough:
        yield (
            f"{_one_or(len(enough))} is enough by itself."
            if len(enough) == 1
            else (f"Each of {len(enough)} single changes is enough by itself.")
        )
    elif found.combinations:
        number = len(found.combinations[0].changes)
        yield f"No single change is enough; {number} together are."
    elif not found.changes:
        yield "No change that the scoring tables or the declared hierarchies offer lowers it."
    else:
        yield f"No change or combination of changes is sure to reach it; the lowest score found is {found.lowest}."
    if not found.complete:
        yield "There are more combinations than were looked at."
    if not enough and not found.combinations:
        yield from _what_is_left(found)


def _what_is_left(found: Explanation) -> Iterator[str]:
    events = next((room for room in found.terms if room.term.variable == "events"), None)
    if events is not None and events.coarser:
        yield (
            f"What is left is mostly the smallest cell: events add {events.term.score} as long as it is "
            f"{events.term.category}. Mask the table, or publish something else of it."
        )


def _why_nothing(assessment: Assessment) -> str:
    score, cut_off = assessment.score.total, assessment.cut_off
    answers = {step.step: step.result for step in assessment.steps}
    if answers.get(1) == "no":
        return "Nothing has to change: by its contract the table tells nothing that is not expressly public."
    if answers.get(2) == "no":
        return "Nothing has to change: no cell and no denominator is small, so the score is not needed."
    spare = cut_off - score
    room = "it has no point to spare" if not spare else f"it has {spare} point{'s' * (spare > 1)} to spare"
    return f"Nothing has to change: the score is {score}, and {room} below {cut_off}."


def _points(number: int) -> str:
    return "1 point has" if number == 1 else f"{number} points have"


def _one_or(number: int) -> str:
    return "One change" if number == 1 else f"{number} changes"
