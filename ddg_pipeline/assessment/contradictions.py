"""Declarations that the table itself, or common knowledge about California, shows to be wrong."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ddg_pipeline.assessment.age_bands import AgeBand, parse_age_band
from ddg_pipeline.assessment.inference import GEOGRAPHY, PROGRAMS, known_size
from ddg_pipeline.assessment.other_variables import other_that_is_known
from ddg_pipeline.assessment.periods import months_of, period_of
from ddg_pipeline.assessment.recognised import SAY_NOTHING, fits, recognised_variables
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.assessment.spans import overlapping, spans_of
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.columns import quoted, some
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.populations import (
    KnownSize,
    area,
    county,
    in_the_state,
    larger_than_the_state,
    program,
    too_large,
    too_small,
)
from ddg_pipeline.populations import state as the_state
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.labels import normalised

_LISTED = 3
_SIZE_KEYS = ("population", "members", "enrollment")
_ALIKE = (
    frozenset({Variable.RACE, Variable.RACE_ETHNICITY, Variable.ETHNICITY, Variable.LANGUAGE}),
    frozenset({Variable.SEX, Variable.GENDER_IDENTITY, Variable.INTERSEX}),
    frozenset(GEOGRAPHY),
)
"""Variables that share labels: "Spanish" may be spoken, or be where someone's family is from."""

_SENTINEL = re.compile(r"0+|7+|8+|9+")
"""Codes such as 99 that stand for "all" or "not known", and for no age or year."""

_STYLED = frozenset({"FULLWIDTH", "MATHEMATICAL"})
_LOOK_LIKE_LATIN = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}) | _STYLED
_HIDDEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


def contradictions(bound: BoundTable, rulebook: Rulebook, notes: list[Note]) -> list[InputError]:
    """Find what a contract declares against the labels of its table or against known populations.

    Args:
        bound: The table with its contract.
        rulebook: The edition, which knows the labels of each variable.
        notes: Takes sizes that are doubtful and no contradiction.

    Returns:
        Every contradiction, in the order of the contract; none where all is well.
    """
    found: list[InputError] = []
    for name in bound.contract.dimensions:
        found += _of_another_variable(bound, name, rulebook)
        found += other_that_is_known(bound, name, rulebook)
        found += _margins_that_are_categories(bound, name, rulebook)
        found += _parents_that_hold_no_children(bound, name, rulebook)
        found += _overlapping(bound, name, rulebook)
        found += _programs_as_insurance(bound, name, rulebook)
        found += _look_alikes(bound, name)
        found += _sizes_of_dimension(bound, name, rulebook, notes)
        found += _state_among_counties(bound, name)
        notes += _implied_by_nothing(bound, name)
    found += _codes_against_names(bound)
    for position, scope in enumerate(bound.contract.scope):
        key = f"scope[{position}]"
        if scope.label is not None:
            found += _labels_of_another(scope.variable, [scope.label], key, bound.place, rulebook)
        for size_key in _SIZE_KEYS:
            size = getattr(scope, size_key)
            if size is not None:
                sizes = {scope.label or key: size}
                found += _against_known(scope.variable, sizes, f"{key}.{size_key}", key, bound.place, rulebook, notes)
    return found


# Labels of another variable.


def _of_another_variable(bound: BoundTable, name: str, rulebook: Rulebook) -> list[InputError]:
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    labels = [label for label in axis.leaves if label not in declared.unknown and label not in rulebook.unknown_labels]
    return _labels_of_another(declared.variable, labels, f"dimensions.{name}", bound.place, rulebook)


def _labels_of_another(
    variable: Variable, labels: Iterable[str], key: str, place: str, rulebook: Rulebook
) -> list[InputError]:
    """Say so where labels belong to another variable, every one of them, and none to the declared one."""
    telling = [label for label in labels if normalised(label) not in SAY_NOTHING]
    if not telling or variable is Variable.OTHER or any(fits(variable, label, key, rulebook) for label in telling):
        return []
    for other in recognised_variables(rulebook):
        if other is variable or any({variable, other} <= alike for alike in _ALIKE):
            continue
        if variable in GEOGRAPHY and all(label.strip().isdigit() for label in telling):  # codes of areas
            continue
        if variable in PROGRAMS and other in GEOGRAPHY:  # plans are often called after their county
            continue
        if all(fits(other, label, key, rulebook) for label in telling):
            found = f"{variable.value}, but {quoted(telling, _LISTED)} read like {other.value}"
            return [InputError(place, f"{key}.variable", found, f"{other.value}, or the labels of a {variable.value}")]
    return []


def _look_alikes(bound: BoundTable, name: str) -> Iterator[InputError]:
    """A label with a letter of another script, or a character nobody sees, is read as a category of its own."""
    odd = [label for label in bound.axes[name].labels if _misleads(label)]
    if odd:
        found = f"{some(map(ascii, odd), _LISTED)}, with characters that cannot be seen or letters of several scripts"
        yield InputError(bound.place, f"dimensions.{name}", found, "labels in the letters of one script")


def _misleads(label: str) -> bool:
    if label.isascii():
        return False
    # Greek small letters stand in names of substances: only the capitals look like Latin ones.
    scripts = {
        script
        for letter in label
        if letter.isalnum()
        and (script := unicodedata.name(letter, "").split(" ")[0]) in _LOOK_LIKE_LATIN
        and not (script == "GREEK" and letter.islower())
    }
    return len(scripts) > 1 or not scripts.isdisjoint(_STYLED) or ("LATIN" in scripts and not _HIDDEN.isdisjoint(label))


# Totals, labels for "not known" and broader groups that are categories themselves.


def _margins_that_are_categories(bound: BoundTable, name: str, rulebook: Rulebook) -> Iterator[InputError]:
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    leaves = [label for label in axis.leaves if label not in declared.unknown]
    if axis.total is not None and _is_no_total(declared.variable, axis.total, leaves, name, rulebook):
        found = f"{axis.total!r}, which is a category of {declared.variable.value} beside {quoted(leaves, _LISTED)}"
        yield InputError(bound.place, f"dimensions.{name}.total", found, "the label that holds all the others")
    known = [label for label in declared.unknown if _is_category(declared.variable, label, name, rulebook)]
    if known:
        found = f"{quoted(known, _LISTED)}, which {declared.variable.value} knows as a category"
        yield InputError(bound.place, f"dimensions.{name}.unknown", found, "labels that mean 'not known'")


def _is_no_total(variable: Variable, total: str, leaves: Sequence[str], column: str, rulebook: Rulebook) -> bool:
    if _SENTINEL.fullmatch(total.strip()):
        return False
    match variable:
        case Variable.RESIDENCE_GEOGRAPHY | Variable.SERVICE_GEOGRAPHY:
            # A county is a fair total of its cities, but not of other counties.
            return county(total, column) is not None and any(county(label, column) is not None for label in leaves)
        case Variable.AGE:
            return any(_outside(label, total, rulebook) for label in leaves)
        case Variable.TIME:
            whole, parts = period_of([total]), period_of(leaves)
            return whole is not None and parts is not None and _longest(whole.readings) <= months_of(parts.word)
        case _:
            return False


def _longest(words: Iterable[str]) -> int:
    return max(months_of(word) for word in words)


def _is_category(variable: Variable, label: str, column: str, rulebook: Rulebook) -> bool:
    if normalised(label) in SAY_NOTHING or label in rulebook.unknown_labels or _SENTINEL.fullmatch(label.strip()):
        return False
    match variable:
        case Variable.RESIDENCE_GEOGRAPHY | Variable.SERVICE_GEOGRAPHY:
            return county(label, column) is not None
        case Variable.AGE | Variable.TIME:
            return fits(variable, label, column, rulebook)
        case _:
            table = rulebook.scoring.category_table(variable)
            return table is not None and table.level(label) is not None


def _parents_that_hold_no_children(bound: BoundTable, name: str, rulebook: Rulebook) -> Iterator[InputError]:
    declared = bound.contract.dimensions[name]
    pairs = dict.fromkeys(pair for each in bound.axes[name].hierarchies for pair in each.parent_of.items())
    if declared.variable is Variable.AGE:
        wrong = [(child, parent) for child, parent in pairs if _outside(child, parent, rulebook)]
    elif declared.variable in GEOGRAPHY:
        wrong = [pair for pair in pairs if all(county(label, name) is not None for label in pair)]
    else:
        return
    if wrong:
        found = some((f"{child!r} under {parent!r}" for child, parent in wrong), _LISTED)
        yield InputError(
            bound.place, f"dimensions.{name}.hierarchy", found, "broader groups that hold those under them"
        )


def _overlapping(bound: BoundTable, name: str, rulebook: Rulebook) -> Iterator[InputError]:
    """Categories that are said to add up may not hold the same people twice."""
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    if not axis.additive:
        return
    labels = [label for label in axis.leaves if label not in declared.unknown and label not in rulebook.unknown_labels]
    pairs = [
        f"{one!r} and {other!r}" for one, other in overlapping(spans_of(declared.variable, labels, declared.period))
    ]
    if pairs:
        found = f"{some(pairs, _LISTED)}, which overlap, in a column whose categories add up"
        expected = (
            "categories that do not overlap; a broader one belongs under `hierarchy` or `total`, and where the table "
            "must show overlapping ones, `additive: false`"
        )
        yield InputError(bound.place, f"dimensions.{name}", found, expected)


def _outside(part: str, whole: str, rulebook: Rulebook) -> bool:
    """Say whether an age band, read from its label, lies partly outside another one."""
    inner, outer = parse_age_band(part), parse_age_band(whole)
    if inner is None or outer is None:
        return False
    return inner.first < outer.first or _end(inner, rulebook) > _end(outer, rulebook)


def _end(band: AgeBand, rulebook: Rulebook) -> float:
    """The first day above a band; a band up to the age where open ones end is as good as open."""
    last = parse_age_band(str(rulebook.scoring.age.open_band_ends_at))
    if band.after is None or (last is not None and last.after is not None and band.after >= last.after):
        return float("inf")
    return band.after


def _programs_as_insurance(bound: BoundTable, name: str, rulebook: Rulebook) -> Iterator[InputError]:
    """A public program that is no insurance has its own table, by which it may score higher."""
    declared = bound.contract.dimensions[name]
    if declared.variable is not Variable.INSURANCE_COVERAGE:
        return
    as_program, as_plan = rulebook.scoring.means_tested_program, rulebook.scoring.insurance_coverage
    if as_program is None or as_plan is None:
        return
    wrong = [
        label
        for label in bound.axes[name].leaves
        if program(declared.variable, label) is None
        and (known := program(Variable.MEANS_TESTED_PROGRAM, label)) is not None
        and as_program.band(known.people).score > as_plan.band(known.people).score
    ]
    if wrong:
        found = f"{declared.variable.value}, but {quoted(wrong, _LISTED)} read like means_tested_program"
        expected = "means_tested_program (or expected_payer), with `enrollment` in place of `members`"
        yield InputError(bound.place, f"dimensions.{name}.variable", found, expected)


# Sizes.


def _sizes_of_dimension(bound: BoundTable, name: str, rulebook: Rulebook, notes: list[Note]) -> Iterator[InputError]:
    declared = bound.contract.dimensions[name]
    for size_key in _SIZE_KEYS:
        size = getattr(declared, size_key)
        if size is None:
            continue
        try:
            sizes = bound.sizes(name, size_key) or {}
        except InputErrors:
            continue  # a size that is missing is reported where it is needed
        field = f"dimensions.{name}.{size_key}"
        # A column of the table may hold the people of each row, who are fewer than those of the whole area.
        by_row = isinstance(size, str)
        yield from _against_known(
            declared.variable, sizes, field, name, bound.place, rulebook, notes, may_be_less=by_row
        )
        if isinstance(size, int):
            yield from _more_than_the_state(bound, name, size, field)
        elif not by_row:
            yield from _part_larger_than_whole(bound, name, sizes, field)


def _more_than_the_state(bound: BoundTable, name: str, size: int, field: str) -> Iterator[InputError]:
    """One number stands for each area, and areas that do not overlap cannot have more people than the state."""
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    areas = [label for label in axis.leaves if label not in declared.unknown]
    if declared.variable not in GEOGRAPHY or not axis.additive or len(areas) < 2 or not all(map(in_the_state, areas)):
        return
    if not larger_than_the_state(size) and larger_than_the_state(size * len(areas)):
        found = f"{size:,} for each of {len(areas)} areas, but the whole state has {the_state().size}"
        yield InputError(bound.place, field, found, "how many people the smallest area has, or each of them")


def _against_known(
    variable: Variable,
    sizes: Mapping[str, int],
    field: str,
    column: str,
    place: str,
    rulebook: Rulebook,
    notes: list[Note],
    *,
    may_be_less: bool = False,
) -> list[InputError]:
    """Compare declared sizes with known ones.

    Of an area everyone counts the same people. Who is in a group, or enrolled, is a matter of definition: there a
    larger figure is for an expert to confirm, and a smaller one is the safe one.
    """
    wrong: list[str] = []
    doubtful: list[str] = []
    beyond: list[str] = []
    closer: list[str] = []
    for label, size in sizes.items():
        known = known_size(variable, label, column, rulebook)
        if known is None and larger_than_the_state(size) and in_the_state(label):
            beyond.append(f"{size:,} for {label!r}")
        elif known is not None and _contradicts(size, known, may_be_less=may_be_less or variable not in GEOGRAPHY):
            found = f"{size:,} for {label!r}, which has {known} ({known.source.title})"
            (wrong if variable in GEOGRAPHY else doubtful).append(found)
        elif known is not None and _scores_lower(variable, label, size, known, rulebook):
            closer.append(f"{size:,} for {label!r}, which has {known} ({known.source.title})")
    if doubtful:
        notes.append(Note(field, f"Declared is {some(doubtful, _LISTED)}; an expert has to confirm the definition."))
    if closer:
        why = "the known size scores higher, so an expert has to confirm the larger one"
        notes.append(Note(field, f"Declared is {some(closer, _LISTED)}; {why}."))
    errors = []
    if wrong:
        expected = "the figure of that category, of any recent year; leave it out to use the known one"
        errors.append(InputError(place, field, some(wrong, _LISTED), expected))
    if beyond:
        found = f"{some(beyond, _LISTED)}, but the whole state has {the_state().size}"
        errors.append(InputError(place, field, found, "a number of people in California"))
    return errors


def _scores_lower(variable: Variable, label: str, size: int, known: KnownSize, rulebook: Rulebook) -> bool:
    scoring = rulebook.scoring
    categories = scoring.category_table(variable)
    table = scoring.size_table(variable) if categories is None else scoring.general
    if table is None or known.at_most is None or size <= known.at_most:
        return False
    if categories is not None and categories.level(label) is not None:
        return False  # it is scored by its name
    return table.band(known.people).score > table.band(size).score


def _contradicts(size: int, known: KnownSize, *, may_be_less: bool) -> bool:
    return too_large(size, known) or (not may_be_less and too_small(size, known))


def _part_larger_than_whole(bound: BoundTable, name: str, sizes: Mapping[str, int], field: str) -> Iterator[InputError]:
    axis = bound.axes[name]
    pairs = [(part, whole) for each in axis.hierarchies for part in sizes for whole in each.ancestors(part)]
    if axis.total is not None:
        pairs += [(part, axis.total) for part in sizes if part != axis.total]
    found = [
        f"{sizes[part]:,} for {part!r}, a part of {whole!r} with {sizes[whole]:,}"
        for part, whole in dict.fromkeys(pairs)
        if whole in sizes and sizes[part] > sizes[whole]
    ]
    if found:
        yield InputError(bound.place, field, some(found, _LISTED), "a part that is no larger than its whole")


def _implied_by_nothing(bound: BoundTable, name: str) -> Iterator[Note]:
    """A category may be missing from one of a series of releases; it may also be misspelt."""
    axis = bound.axes[name]
    for number, one in enumerate(bound.contract.dimensions[name].implies):
        absent = [label for label in one.categories if label not in axis.labels and label not in axis.groups]
        if absent:
            shown = quoted(absent, _LISTED)
            text = f"{one.label} is implied by {shown}, which the table does not have: check the spelling."
            yield Note(f"dimensions.{name}.implies[{number}].categories", text)


# Areas.


def _state_among_counties(bound: BoundTable, name: str) -> Iterator[InputError]:
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    if declared.variable not in GEOGRAPHY:
        return
    states = [label for label in axis.leaves if (found := area(label, name)) is not None and found.fips is None]
    if states and any(county(label, name) is not None for label in axis.leaves):
        beside = f"{quoted(states, _LISTED)} beside counties of California, declared as one of them"
        yield InputError(bound.place, f"dimensions.{name}.total", beside, f"total: {states[0]}")


def _codes_against_names(bound: BoundTable) -> Iterator[InputError]:
    """Compare a column of county codes with a column of county names."""
    places = [name for name, declared in bound.contract.dimensions.items() if declared.variable in GEOGRAPHY]
    for first, second in itertools.combinations(places, 2):
        coded = [_in_digits(bound.axes[name].leaves) for name in (first, second)]
        if coded[0] == coded[1]:
            continue
        codes, names = (first, second) if coded[0] else (second, first)
        rows = bound.frame[[codes, names]].drop_duplicates()
        differ = [
            f"{code!r}, which is {by_code.name}, beside {label!r}"
            for code, label in rows.itertuples(index=False, name=None)
            if (by_code := county(code, codes)) and (by_name := county(label, names)) and by_code.fips != by_name.fips
        ]
        if differ:
            yield InputError(bound.place, codes, some(differ, _LISTED), f"the code of the county that {names} names")


def _in_digits(labels: Sequence[str]) -> bool:
    return any(label.strip().isdigit() for label in labels)
