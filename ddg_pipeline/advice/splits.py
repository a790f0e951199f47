"""One many-way table as several smaller ones side by side (DDG 2.0 §4.4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from ddg_pipeline.contract import ReleaseContract

Split = tuple[tuple[str, ...], ...]
"""The dimensions of each table."""

_ALL_COVERS_UP_TO = 3  # dimensions; with more, only the regular ways to split
_LONGEST_NAME = 63


def splits_of(dimensions: Sequence[str]) -> Iterator[Split]:
    """Give ways to spread dimensions over several tables, none of which holds all and none of which is part of another.

    Up to three dimensions: all ways. More: all tables of one, two, … dimensions; one dimension crossed with each of
    the others; one dimension by itself beside all others.
    """
    seen: set[frozenset[tuple[str, ...]]] = set()
    ways = _all_covers(dimensions) if len(dimensions) <= _ALL_COVERS_UP_TO else _regular(dimensions)
    for split in ways:
        if frozenset(split) not in seen and len(split) > 1:
            seen.add(frozenset(split))
            yield split


def _regular(dimensions: Sequence[str]) -> Iterator[Split]:
    for size in range(len(dimensions) - 1, 0, -1):
        yield tuple(combinations(dimensions, size))
    for centre in dimensions:
        others = [name for name in dimensions if name != centre]
        yield tuple(tuple(name for name in dimensions if name in (centre, other)) for other in others)
        yield (tuple(others), (centre,))


def _all_covers(dimensions: Sequence[str]) -> Iterator[Split]:
    subsets = [subset for size in range(len(dimensions) - 1, 0, -1) for subset in combinations(dimensions, size)]
    for count in range(len(subsets), 1, -1):
        for split in combinations(subsets, count):
            nested = any(set(one) < set(other) for one in split for other in split)
            if not nested and set().union(*split) == set(dimensions):
                yield split


def split_words(split: Split, everywhere: Sequence[str]) -> str:
    """Say it for people: ``2 tables: county x sex | age, each by year``.

    Args:
        split: The dimensions that are spread over the tables.
        everywhere: The dimensions that stand in every table.
    """
    each = f", each by {' and '.join(everywhere)}" if everywhere else ""
    return f"{len(split)} tables: {' | '.join(' x '.join(part) for part in split)}{each}"


def part_contracts(raw: dict[str, Any], contracts: Sequence[ReleaseContract]) -> list[dict[str, Any]]:
    """Name the parts of a split, and link each to all others, because they are drawn from the same records.

    Args:
        raw: The contract of the table that is split; it gives the names.
        contracts: The contract of each part.

    Returns:
        The parts' contracts as mappings.
    """
    names = [_name(raw["release"], contract, number) for number, contract in enumerate(contracts, 1)]
    found = []
    for name, contract in zip(names, contracts, strict=True):
        one = contract.model_dump(mode="json", exclude_defaults=True)
        one |= {"release": name, "links": [*(other for other in names if other != name), *raw.get("links", [])]}
        one["title"] = f"{raw['title']}: by {', '.join(contract.dimensions)}"
        one.get("publication", {}).pop("resource", None)
        found.append(one)
    return found


def _name(release: str, contract: ReleaseContract, number: int) -> str:
    columns = "_".join(re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_") for name in contract.dimensions)
    name = f"{release}_by_{columns}"
    short = f"_{number}"
    return name if len(name) <= _LONGEST_NAME else release[: _LONGEST_NAME - len(short)] + short
