"""Declarations that the table itself, or common knowledge about California, shows to be wrong."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.assessment.inference import GEOGRAPHY, PROGRAMS, known_size
from ddg_pipeline.assessment.periods import unreadable
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.populations import KnownSize, area, county, in_the_state, larger_than_the_state, too_large, too_small
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

_SAY_NOTHING = frozenset({"yes", "no", "y", "n", "true", "false", "0", "1", "other", "others", "all other", "mixed"})


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
    telling = [label for label in labels if normalised(label) not in _SAY_NOTHING]
    if not telling or variable is Variable.OTHER or any(_fits(variable, label, key, rulebook) for label in telling):
        return []
    for other in _recognised(rulebook):
        if other is variable or any({variable, other} <= alike for alike in _ALIKE):
            continue
        if variable in PROGRAMS and other in GEOGRAPHY:  # plans are often called after their county
            continue
        if all(_fits(other, label, key, rulebook) for label in telling):
            found = f"{variable.value}, but {_some(map(repr, telling))} read like {other.value}"
            return [InputError(place, f"{key}.variable", found, f"{other.value}, or the labels of a {variable.value}")]
    return []


def _recognised(rulebook: Rulebook) -> Iterator[Variable]:
    for table in rulebook.scoring.categories.values():
        yield table.variables[0]
    yield from (Variable.AGE, Variable.TIME, Variable.RESIDENCE_GEOGRAPHY)


def _fits(variable: Variable, label: str, column: str, rulebook: Rulebook) -> bool:
    """Say whether a label is one of a variable's own; a bare number is nobody's but an age's and a year's."""
    match variable:
        case Variable.AGE:
            return parse_age_band(label) is not None
        case Variable.TIME:
            return not unreadable([label])
        case Variable.RESIDENCE_GEOGRAPHY | Variable.SERVICE_GEOGRAPHY:
            return area(label, column) is not None
        case _:
            table = rulebook.scoring.category_table(variable)
            level = table.level(label) if table is not None else None
            return level is not None or known_size(variable, label, column, rulebook) is not None


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
        if not by_row and not isinstance(size, int):
            yield from _part_larger_than_whole(bound, name, sizes, field)


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
    for label, size in sizes.items():
        known = known_size(variable, label, column, rulebook)
        if known is None and larger_than_the_state(size) and in_the_state(label):
            beyond.append(f"{size:,} for {label!r}")
        elif known is not None and _contradicts(size, known, may_be_less=may_be_less or variable not in GEOGRAPHY):
            found = f"{size:,} for {label!r}, which has {known} ({known.source.title})"
            (wrong if variable in GEOGRAPHY else doubtful).append(found)
    if doubtful:
        notes.append(Note(field, f"Declared is {_some(doubtful)}; an expert has to confirm the definition."))
    errors = []
    if wrong:
        expected = "the figure of that category, of any recent year; leave it out to use the known one"
        errors.append(InputError(place, field, _some(wrong), expected))
    if beyond:
        found = f"{_some(beyond)}, but the whole state has {the_state().size}"
        errors.append(InputError(place, field, found, "a number of people in California"))
    return errors


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
        yield InputError(bound.place, field, _some(found), "a part that is no larger than its whole")


def _implied_by_nothing(bound: BoundTable, name: str) -> Iterator[Note]:
    """A category may be missing from one of a series of releases; it may also be misspelt."""
    axis = bound.axes[name]
    for number, one in enumerate(bound.contract.dimensions[name].implies):
        absent = [label for label in one.categories if label not in axis.labels and label not in axis.groups]
        if absent:
            shown = _some(map(repr, absent))
            text = f"{one.label} is implied by {shown}, which the table does not have: check the spelling."
            yield Note(f"dimensions.{name}.implies[{number}].categories", text)


# Areas.


def _state_among_counties(bound: BoundTable, name: str) -> Iterator[InputError]:
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    if declared.variable not in GEOGRAPHY:
        return
    states = [label for label in axis.leaves if (found := area(label, name)) is not None and found.fips is None]
    if states and any(county(label, name) is not None for label in axis.leaves):
        beside = f"{_some(map(repr, states))} beside counties of California, declared as one of them"
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
            yield InputError(bound.place, codes, _some(differ), f"the code of the county that {names} names")


def _in_digits(labels: Sequence[str]) -> bool:
    return any(label.strip().isdigit() for label in labels)


def _some(items: Iterable[str]) -> str:
    listed = list(items)
    shown = ", ".join(listed[:_LISTED])
    return shown if len(listed) <= _LISTED else f"{shown} and {len(listed) - _LISTED} more"
