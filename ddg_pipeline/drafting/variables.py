"""Which variable of the guideline a column of labels is, by its labels and by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.assessment.codes import is_zip_code, reads_like_codes
from ddg_pipeline.assessment.identifier_content import words_in
from ddg_pipeline.assessment.periods import period_of
from ddg_pipeline.assessment.recognised import SAY_NOTHING, fits
from ddg_pipeline.contract import Variable
from ddg_pipeline.drafting.result import Remark, ask, reason
from ddg_pipeline.drafting.words import AGES, PLACE, TIME, has
from ddg_pipeline.populations import area
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.labels import normalised

_MOST = 0.8  # of the labels that say something: one odd label in five is one to ask about
_NAMES: tuple[tuple[Variable, frozenset[str]], ...] = (
    (Variable.SEXUAL_ORIENTATION, frozenset({"orientation"})),
    (Variable.GENDER_IDENTITY, frozenset({"gender", "transgender"})),
    (Variable.SEX, frozenset({"sex"})),
    (Variable.RACE_ETHNICITY, frozenset({"race"})),
    (Variable.ETHNICITY, frozenset({"ethnicity", "hispanic"})),
    (Variable.LANGUAGE, frozenset({"language"})),
    (Variable.IMMIGRATION_STATUS, frozenset({"immigration", "citizenship"})),
    (Variable.VETERAN_STATUS, frozenset({"veteran"})),
    (Variable.EDUCATION, frozenset({"education"})),
    (Variable.EXPECTED_PAYER, frozenset({"payer", "payor"})),
    (Variable.INSURANCE_COVERAGE, frozenset({"insurance", "coverage", "plan"})),
)


def variable_of(name: str, labels: Sequence[str], rulebook: Rulebook) -> tuple[Variable, list[Remark]]:
    """Say what a column of labels tells about people.

    Args:
        name: The column.
        labels: Its categories, without totals and labels for "not known".
        rulebook: The edition, whose tables know the spellings of groups.

    Returns:
        The variable, and why. Where name and labels speak of nothing that is known it is `other`, with a question.
    """
    words = words_in(name).split()
    telling = [label for label in labels if normalised(label) not in SAY_NOTHING]
    time, age, place = has(words, TIME), has(words, AGES), has(words, PLACE)
    if telling and _share(telling, lambda label: area(label, name) is not None) >= _MOST and not (time or age):
        return _a_place(name, telling, words)
    if age or (not (time or place) and _are_bands(telling)):
        return Variable.AGE, _read_as(telling, lambda label: parse_age_band(label) is not None, "age bands", age)
    if time or (not place and period_of(telling) is not None and len(telling) > 1):
        return Variable.TIME, [reason("its labels are periods") if period_of(telling) else reason("by its name")]
    if place:
        return _a_place(name, telling, words)
    return _a_group(name, telling, words, rulebook)


def _a_place(name: str, labels: Sequence[str], words: Sequence[str]) -> tuple[Variable, list[Remark]]:
    unknown = [label for label in labels if area(label, name) is None]
    remarks = [reason("its labels are counties of California") if not unknown else reason("a place, by its name")]
    if any(is_zip_code(label) for label in labels):
        remarks.append(ask("ZIP codes score by the people who live in each: give `population` for every one of them."))
    elif unknown:
        remarks.append(
            ask(
                "how many people live in each place? Only California's counties and the state are known. Until "
                "`population` says so, the table cannot be scored, and is refused. A place that is the sum of others "
                "belongs under `hierarchy`."
            )
        )
    if not has(words, frozenset({"residence", "resident", "residential", "home"})):
        remarks.append(
            ask(
                "is it where the people live? It is taken to be, because that scores higher. Where it is where they "
                "were served, or died, write `service_geography`."
            )
        )
    return Variable.RESIDENCE_GEOGRAPHY, remarks


def _a_group(
    name: str, labels: Sequence[str], words: Sequence[str], rulebook: Rulebook
) -> tuple[Variable, list[Remark]]:
    named = next((variable for variable, among in _NAMES if has(words, among)), None)
    if named is Variable.RACE_ETHNICITY and not has(words, frozenset({"ethnicity", "hispanic"})):
        named = _race_or_both(labels, name, rulebook)
    by_labels = [
        table.variables[0]
        for table in rulebook.scoring.categories.values()
        if labels and all(fits(table.variables[0], label, name, rulebook) for label in labels)
    ]
    if named is not None:
        odd = [label for label in labels if not fits(named, label, name, rulebook)]
        remarks = [reason("by its name" + ("" if odd else " and its labels"))]
        if odd:
            remarks.append(
                ask(
                    f"some of its labels are none that the guideline lists for {named.value}: they score as more "
                    "detail, or need `population`. Correct the spelling, or say how many people statewide each has."
                )
            )
        return named, remarks
    if by_labels:
        return by_labels[0], [reason(f"its labels are those of {by_labels[0].value}")]
    remarks = [reason("nothing that the guideline has a table for: it scores by its number of groups")]
    if reads_like_codes(labels):
        remarks.append(
            ask(
                "its labels read like codes of diagnoses or procedures: do some of them mean a population at high risk "
                "(`high_risk`)?"
            )
        )
    else:
        remarks.append(
            ask("does it tell something about people that the guideline has a table for, such as a program?")
        )
    return Variable.OTHER, remarks


def _race_or_both(labels: Sequence[str], name: str, rulebook: Rulebook) -> Variable:
    """A column called race tells ethnicity too where one of its labels does, which scores higher."""
    both = any(fits(Variable.ETHNICITY, label, name, rulebook) for label in labels)
    return Variable.RACE_ETHNICITY if both else Variable.RACE


def _are_bands(labels: Sequence[str]) -> bool:
    """Say whether labels are age bands by themselves; bare numbers may be anything."""
    spelled = [label for label in labels if not label.replace(".", "").isdigit()]
    return len(spelled) > 1 and _share(spelled, lambda label: parse_age_band(label) is not None) >= _MOST


def _read_as(labels: Sequence[str], known: Callable[[str], bool], what: str, by_name: bool) -> list[Remark]:
    odd = [label for label in labels if not known(label)]
    remarks = [reason("by its name" if by_name and odd else f"its labels are {what}")]
    if odd:
        remarks.append(
            ask(
                f"some of its labels cannot be read as {what}: spell them like 0-17, 65+ or <1; the table is refused "
                "until they can."
            )
        )
    return remarks


def _share(labels: Sequence[str], known: Callable[[str], bool]) -> float:
    return sum(1 for label in labels if known(label)) / len(labels) if labels else 0.0
