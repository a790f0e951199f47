"""Adjacent age bands merged in ways that people are used to, or that the scoring table asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ddg_pipeline.advice.changes import Merge, NotPossibleError
from ddg_pipeline.assessment.age_bands import AgeBand, parse_age_band
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.rulebook import Rulebook

# Where bands usually begin, in years: ten-year bands of vital statistics, then from finer to broader.
_USUAL = (
    (1, 5, 15, 25, 35, 45, 55, 65, 75, 85),
    (5, 15, 25, 35, 45, 55, 65, 75, 85),
    (10, 20, 30, 40, 50, 60, 70, 80),
    (20, 40, 60, 80),
    (5, 18, 65),
    (15, 45, 65),
    (18, 35, 50, 65),
    (18, 45, 65),
    (18, 65),
    (21, 65),
    (18,),
    (65,),
)
_JOINED = (2, 3, 4)  # how many neighbours are joined, from the youngest on
_CLOSED = re.compile(r"(?P<before>\D*)\d{1,3}(?P<between>\D+)\d{1,3}(?P<after>\D*)")
_YEAR_WORDS = re.compile(r"[\s-]*(?:years?(?: of age| old)?|yrs?|yo|y)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class _Bands:
    """Age bands that touch each other without gap or overlap, the youngest first.

    Attributes:
        labels: As the table spells them.
        starts: The first year of each; None where a band begins inside a year.
        end: The first year above the last band; None where it is open.
    """

    labels: tuple[str, ...]
    starts: tuple[int | None, ...]
    end: int | None

    def after(self, position: int) -> int | None:
        """The first year above a band."""
        return self.starts[position + 1] if position + 1 < len(self.starts) else self.end


def merged_bands(axis: Axis, unknown: Collection[str], rulebook: Rulebook) -> Iterator[Merge]:
    """Give the coarser age groupings that the bands in the table can be joined to.

    Args:
        axis: The age dimension.
        unknown: Labels for "not known"; they stay as they are.
        rulebook: Its scoring table says from which width on a band scores less.

    Raises:
        NotPossibleError: The bands have gaps, overlap, or cannot be read.
    """
    bands = _read(axis, unknown)
    stay = [label for label in axis.leaves if label in unknown]
    seen: set[tuple[int, ...]] = {tuple(range(len(bands.labels)))}
    for first_of_group in _cuts(bands, rulebook):
        if len(first_of_group) > 1 and first_of_group not in seen:
            seen.add(first_of_group)
            groups = _groups(bands, first_of_group)
            if groups is not None:
                words = f"{axis.name} in {_shown(list(groups))}"
                yield Merge(axis.name, groups | {label: (label,) for label in stay}, words=words)


def whole_range(axis: Axis, unknown: Collection[str]) -> str | None:
    """Write the one band that all bands together make; None where it is everyone, or cannot be written."""
    try:
        bands = _read(axis, unknown)
    except NotPossibleError:
        return None
    if bands.starts[0] == 0 and bands.end is None:
        return None
    groups = _groups(bands, (0,))
    return None if groups is None else next(iter(groups))


def _read(axis: Axis, unknown: Collection[str]) -> _Bands:
    read: list[tuple[AgeBand, str]] = []
    for label in axis.leaves:
        band = parse_age_band(label)
        if band is not None:
            read.append((band, label))
        elif label not in unknown:
            raise NotPossibleError(f"{axis.name}: {label!r} is no age band, so that no bands are merged")
    read.sort(key=lambda pair: (pair[0].first, pair[0].after is None, pair[0].after or 0))
    if not read:
        raise NotPossibleError(f"{axis.name}: no age bands")
    for (low, one), (high, other) in pairwise(read):
        if low.after != high.first:
            raise NotPossibleError(f"{axis.name}: {one!r} and {other!r} leave a gap or overlap: no bands are merged")
    last = read[-1][0].after
    return _Bands(
        tuple(label for _, label in read),
        tuple(_years(band.first) for band, _ in read),
        None if last is None else _years(last),
    )


def _years(day: int) -> int | None:
    """Turn days since birth into years; None inside a year."""
    one_year = parse_age_band("1")
    assert one_year is not None  # noqa: S101 - "1" is an age
    years, rest = divmod(day, one_year.first)
    return None if rest else years


def _cuts(bands: _Bands, rulebook: Rulebook) -> Iterator[tuple[int, ...]]:
    """Give groupings as the positions of the bands that begin a group, the finer ones of each kind first."""
    count = len(bands.labels)
    for joined in _JOINED:
        yield tuple(range(0, count - joined + 1, joined)) or (0,)
    position = {start: number for number, start in enumerate(bands.starts) if start is not None}
    first = bands.starts[0]
    for usual in _USUAL:
        inside = [year for year in usual if first is None or year > first]
        if all(year in position for year in inside):
            yield (0, *(position[year] for year in inside))
    table = rulebook.scoring.age
    for band in table.bands[1:]:
        yield _at_least_as_wide(bands, band.lower, table.open_band_ends_at + 1)


def _at_least_as_wide(bands: _Bands, width: int, open_end: int) -> tuple[int, ...]:
    """Join neighbours, from the youngest on, until each group is as wide; what is left joins the last group."""
    found = [0]
    end = open_end if bands.end is None else bands.end
    for position, start in enumerate(bands.starts):
        begun = bands.starts[found[-1]]
        if start is not None and begun is not None and start - begun >= width and end - start >= width:
            found.append(position)
    return tuple(found)


def _groups(bands: _Bands, first_of_group: Sequence[int]) -> dict[str, tuple[str, ...]] | None:
    """Write the groups' labels in the style of the bands; None where a group does not consist of whole years."""
    groups: dict[str, tuple[str, ...]] = {}
    for number, begin in enumerate(first_of_group):
        stop = first_of_group[number + 1] if number + 1 < len(first_of_group) else len(bands.labels)
        members = bands.labels[begin:stop]
        if len(members) == 1:
            groups[members[0]] = members
            continue
        start, after = bands.starts[begin], bands.after(stop - 1)
        is_open = stop == len(bands.labels) and bands.end is None
        if start is None or (after is None and not is_open):
            return None
        groups[_label(bands, start, after)] = members
    return groups


def _label(bands: _Bands, start: int, after: int | None) -> str:
    before, between, behind = _style(bands)
    return f"{before}{start}+{behind}" if after is None else f"{before}{start}{between}{after - 1}{behind}"


def _style(bands: _Bands) -> tuple[str, str, str]:
    """Find how most closed bands are spelled: what stands before, between and behind the two ages."""
    found = [(match["before"], match["between"], match["after"]) for label in bands.labels if (match := _closed(label))]
    plain = ("", "-", "")
    style = max(found, key=found.count, default=plain)
    closed, opened = f"{style[0]}0{style[1]}1{style[2]}", f"{style[0]}1+{style[2]}"
    return style if parse_age_band(closed) and parse_age_band(opened) else plain


def _closed(label: str) -> re.Match[str] | None:
    """Take a label apart if it names two ages in years."""
    match = _CLOSED.fullmatch(label)
    return match if match and _YEAR_WORDS.fullmatch(match["after"]) else None


def _shown(labels: list[str]) -> str:
    few = 5
    return ", ".join(labels) if len(labels) <= few else f"{len(labels)} bands ({labels[0]}, {labels[1]}, …)"
