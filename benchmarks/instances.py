"""Frequency tables drawn at random, from any seed, with the shapes and sizes that health departments publish.

Counts are negative binomial: Poisson, with a gamma factor of mean 1 for each cell. Flat tables have log-normal effects
of every category; the tables of California have its counties' sizes (Census 2020), its regions, five-year ages and
eight races in rough proportion. Small means 1 to 10; zeros are real.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.axes import Axis, Integers, with_all_margins

DEFAULT_SEED = 20251101
SMALL = (1, 10)
_DISPERSION = 2.0

# Census 2020: residents of California's 58 counties, alphabetical
_COUNTY_PEOPLE = (
    1671329, 1204, 40474, 211632, 46221, 21839, 1165927, 27743, 191185, 1008654, 28917, 136463, 179702, 18039, 909235,
    152486, 64386, 30573, 10014009, 156255, 262321, 17131, 91601, 281202, 8700, 13195, 439035, 138019, 102241, 3186989,
    404739, 19790, 2418185, 1585055, 64209, 2181654, 3298634, 873965, 779233, 282424, 764442, 448229, 1936259, 270861,
    182155, 3236, 44076, 453491, 488863, 552878, 99633, 65829, 16112, 473117, 55620, 843843, 216403, 81575,
)  # fmt: skip
_COUNTY_REGION = (
    5, 6, 1, 1, 2, 1, 5, 0, 2, 3, 1, 1, 8, 3, 3, 3, 0, 0, 7, 3, 5, 3, 0, 3, 1, 3, 4, 5, 1, 8, 2, 1, 8, 2, 4, 8, 8, 5, 3,
    4, 5, 4, 5, 4, 1, 1, 1, 5, 5, 3, 1, 1, 0, 3, 3, 4, 2, 2,
)  # fmt: skip
_AGE_SHARE = (5.6, 6.1, 6.6, 6.5, 6.7, 7.5, 7.7, 7.2, 6.8, 6.3, 6.4, 6.2, 5.9, 5.3, 4.5, 3.2, 2.1, 1.9)
_AGE_GROUP = (0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3)
_RACE_SHARE = (39.4, 34.7, 15.1, 5.4, 3.6, 0.9, 0.5, 0.4)

Draw = Callable[[np.random.Generator], tuple[tuple[Axis, ...], Integers]]


@dataclass(frozen=True, eq=False)
class Instance:
    """A table to be masked.

    Attributes:
        name: What it is called.
        seed: From what it was drawn.
        axes: Its dimensions.
        inner: The counts of the finest cells, one axis a dimension.
    """

    name: str
    seed: int
    axes: tuple[Axis, ...]
    inner: Integers

    @cached_property
    def cells(self) -> Integers:
        """All counts, margins included; one axis a dimension, nodes in the order of `Axis.nodes`."""
        return with_all_margins(self.axes, self.inner)

    @cached_property
    def small(self) -> NDArray[np.bool_]:
        """Which of `cells` must be hidden."""
        return (self.cells >= SMALL[0]) & (self.cells <= SMALL[1])

    def summary(self) -> dict[str, int]:
        """Count the cells."""
        return {
            "dimensions": len(self.axes),
            "cells": int(self.cells.size),
            "small": int(self.small.sum()),
            "zeros": int((self.cells == 0).sum()),
            "inner_cells": int(self.inner.size),
            "people": int(self.inner.sum()),
            "counts": int(self.cells.sum()),
        }


def make(name: str, seed: int = DEFAULT_SEED) -> Instance:
    """Draw an instance; the same name and seed give the same table everywhere."""
    if name not in INSTANCES:
        raise ValueError(f"instance {name!r}: choose from {', '.join(INSTANCES)}")
    axes, inner = INSTANCES[name](np.random.default_rng([seed, zlib.crc32(name.encode())]))
    return Instance(name, seed, axes, inner.astype(np.int64))


def _counts(rng: np.random.Generator, expected: NDArray[np.float64], mean: float) -> Integers:
    expected = expected * (mean / expected.mean())
    expected *= rng.gamma(_DISPERSION, 1 / _DISPERSION, expected.shape)
    return rng.poisson(expected)


def _outer(effects: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Multiply effects, the first dimension first."""
    product = np.ones(())
    for effect in effects:
        product = product[..., None] * effect
    return product


def flat(*shape: int, mean: float = 200.0, spread: float = 1.0) -> Draw:
    """Dimensions without groups; ``spread`` is the standard deviation of the logarithm of each category's effect."""

    def draw(rng: np.random.Generator) -> tuple[tuple[Axis, ...], Integers]:
        effects = [np.exp(rng.normal(0, spread, size)) for size in shape]
        expected = _outer([effect / effect.mean() for effect in effects])
        axes = tuple(
            Axis(f"d{number}", tuple(f"{chr(96 + number)}{leaf:04d}" for leaf in range(size)))
            for number, size in enumerate(shape, 1)
        )
        return axes, _counts(rng, expected, mean)

    return draw


def _counties() -> Axis:
    return Axis(
        "county",
        tuple(f"C{number:02d}" for number in range(1, len(_COUNTY_PEOPLE) + 1)),
        "region",
        tuple(f"R{number}" for number in range(1, max(_COUNTY_REGION) + 2)),
        _COUNTY_REGION,
    )


def _ages() -> Axis:
    ages = tuple(f"A{5 * number:02d}" for number in range(len(_AGE_SHARE)))
    return Axis("age", ages, "age_group", tuple(f"G{number}" for number in range(1, max(_AGE_GROUP) + 2)), _AGE_GROUP)


def _more(age: bool, race: bool, sex: bool) -> tuple[list[Axis], list[NDArray[np.float64]]]:
    axes: list[Axis] = []
    effects = []
    if age:
        axes.append(_ages())
        effects.append(np.array(_AGE_SHARE))
    if race:
        axes.append(Axis("race", tuple(f"E{number}" for number in range(1, len(_RACE_SHARE) + 1))))
        effects.append(np.array(_RACE_SHARE))
    if sex:
        axes.append(Axis("sex", ("F", "M")))
        effects.append(np.ones(2))
    return axes, effects


def california(people: float, *, age: bool = True, race: bool = True, sex: bool = True) -> Draw:
    """58 counties in nine regions, with some of: 18 ages in four groups, eight races, two sexes."""

    def draw(rng: np.random.Generator) -> tuple[tuple[Axis, ...], Integers]:
        axes, effects = _more(age, race, sex)
        expected = _outer([np.array(_COUNTY_PEOPLE, dtype=float), *effects])
        return (_counties(), *axes), _counts(rng, expected, people / expected.size)

    return draw


def zip_codes(zips: int, mean: float, *, counties: int = 58, race: bool = True) -> Draw:
    """ZIP codes in counties (by their people, one each at least) by ages in groups, sexes and perhaps races."""

    def draw(rng: np.random.Generator) -> tuple[tuple[Axis, ...], Integers]:
        people = np.array(_COUNTY_PEOPLE, dtype=float)[:counties]
        county = rng.choice(counties, zips, p=people / people.sum())
        county[:counties] = np.arange(counties)
        county.sort()
        size = np.exp(rng.normal(0, 0.8, zips))
        axes, effects = _more(age=True, race=race, sex=True)
        codes = Axis(
            "zip",
            tuple(f"Z{number:05d}" for number in range(zips)),
            "county",
            tuple(f"C{number:02d}" for number in range(1, counties + 1)),
            tuple(county.tolist()),
        )
        return (codes, *axes), _counts(rng, _outer([size, *effects]), mean)

    return draw


def _growth(cells: int) -> Draw:
    """ZIP by age, race and sex, with about so many cells, margins included, and the same mean count at every size."""
    slices = 23 * 9 * 3  # cells of each ZIP code, county and of the total
    counties = max(2, min(58, cells // slices // 8))
    return zip_codes(round(cells / slices) - counties - 1, mean=4.0, counties=counties)


GROWTH = {"10k": 10_000, "42k": 42_228, "100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}

INSTANCES: dict[str, Draw] = {
    **{f"t2_{size}": flat(size, size, mean=20) for size in (10, 20, 50, 100, 200, 400, 800)},
    "t3_10x8x5": flat(10, 8, 5, mean=20),
    "t3_20x10x8": flat(20, 10, 8, mean=20),
    "t3_50x20x10": flat(50, 20, 10, mean=20),
    **{f"t3_{size}x50x10": flat(size, 50, 10, mean=20) for size in (100, 200, 500, 1000, 2000)},
    **{f"s2_{size}": flat(size, size) for size in (10, 20, 50, 100, 200)},
    "s3_10x8x5": flat(10, 8, 5),
    "s3_20x10x8": flat(20, 10, 8),
    "s3_50x20x10": flat(50, 20, 10),
    "s3_100x50x10": flat(100, 50, 10),
    "s3_500x50x10": flat(500, 50, 10),
    # small enough for an optimum at our own levels
    "e2_8x6": flat(8, 6, mean=60),
    "e2_12x10": flat(12, 10, mean=60),
    "e3_5x4x3": flat(5, 4, 3, mean=60),
    "e4_3x3x3x2": flat(3, 3, 3, 2, mean=60),
    "ca_age": california(60_000, race=False, sex=False),
    "ca_age_sex": california(60_000, race=False),
    "ca_race_sex": california(60_000, age=False),
    "ca_age_race": california(60_000, sex=False),
    "ca_full": california(60_000),
    "ca_full_dense": california(600_000),
    "zip1700": zip_codes(1700, mean=600_000 / (1700 * 18 * 2), race=False),
    **{f"growth_{name}": _growth(cells) for name, cells in GROWTH.items()},
}
