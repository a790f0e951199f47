"""What a published rate, percentage or mean says about the counts behind it.

A figure published as ``s`` with ``d`` decimals stands for a number from ``s - 10**-d / 2`` to ``s + 10**-d / 2``. So
``low * denominator <= per * numerator <= high * denominator``, whichever of the two is hidden.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from ddg_pipeline.audit.lattice import label_of
from ddg_pipeline.audit.published import ReadTable
from ddg_pipeline.contract import Measure
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.contract.sizes import TableReference

_LARGEST_FACTOR = 10**11
_PERCENT = 100

Interval = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Ratio:
    """How a statistic is computed.

    Attributes:
        name: The statistic.
        numerator: The measure above the line.
        denominator: The measure below the line, or None where it is ``sizes``.
        sizes: Per row, the public number below the line, or None where it is not known.
        per: The multiplier.
        decimals: To how many decimals it is known.
    """

    name: str
    numerator: str
    denominator: str | None
    sizes: tuple[int | None, ...] | None
    per: int
    decimals: int

    def interval(self, shown: Decimal) -> Interval:
        """Give what the unrounded figure can be."""
        half = Fraction(1, 2 * 10**self.decimals)
        return max(Fraction(shown) - half, Fraction(0)), Fraction(shown) + half


def read_ratios(table: ReadTable) -> list[Ratio]:
    """List the statistics whose formula the contract gives in full."""
    found = []
    for name, measure in table.contract.measures.items():
        if measure.kind not in (MeasureKind.RATE, MeasureKind.PERCENT, MeasureKind.MEAN) or measure.numerator is None:
            continue
        below = measure.denominator or (measure.individuals if measure.kind is MeasureKind.MEAN else None)
        is_measure = below in table.contract.measures
        sizes = None if is_measure else _sizes(table, measure, below)
        if not is_measure and sizes is None:
            continue
        per = measure.per or (_PERCENT if measure.kind is MeasureKind.PERCENT else 1)
        decimals = max(measure.decimals or 0, table.columns[name].decimals)
        found.append(Ratio(name, measure.numerator, below if is_measure else None, sizes, per, decimals))
    return found


def _sizes(table: ReadTable, measure: Measure, below: str | None) -> tuple[int | None, ...] | None:
    frame = table.published.frame
    size: Any = below or measure.population
    if size is None and measure.numerator is not None:
        size = table.contract.measures[measure.numerator].population
    if isinstance(size, int):
        return (size,) * len(frame)
    if isinstance(size, str):
        return tuple(_whole(value) for value in frame[size]) if size in frame.columns else None
    if isinstance(size, TableReference):
        return _looked_up(table, size)
    return _by_label(table, size) if size else None


def _looked_up(table: ReadTable, size: TableReference) -> tuple[int | None, ...] | None:
    reference, frame = table.published.references.get(size.table), table.published.frame
    keys = [size.key] if isinstance(size.key, str) else list(size.key)
    if reference is None or any(key not in frame.columns or key not in reference.columns for key in keys):
        return None
    found = dict(zip(_labels(reference, keys), (_whole(value) for value in reference[size.value]), strict=True))
    return tuple(found.get(labels) for labels in _labels(frame, keys))


def _labels(frame: pd.DataFrame, keys: list[str]) -> list[tuple[str | None, ...]]:
    return list(zip(*([label_of(value) for value in frame[key].astype("object")] for key in keys), strict=True))


def _by_label(table: ReadTable, sizes: Mapping[str, int]) -> tuple[int | None, ...] | None:
    """Sizes by category, without saying of which dimension: the one whose labels know most of them."""
    frame = table.published.frame
    columns = {name: [row[0] for row in _labels(frame, [name])] for name in table.contract.dimensions}
    best = max(columns, key=lambda name: len(set(columns[name]) & set(sizes)))
    return tuple(sizes.get(label or "") for label in columns[best]) if set(columns[best]) & set(sizes) else None


def _whole(value: Any) -> int | None:
    number = pd.to_numeric(str(value).replace(",", ""), errors="coerce")
    return int(number) if number == number and float(number).is_integer() else None


def numerator_range(ratio: Ratio, shown: Decimal, denominator: Interval) -> tuple[int, int]:
    """Give the whole numerators that a shown statistic leaves, from a known denominator."""
    low, high = ratio.interval(shown)
    return math.ceil(low * denominator[0] / ratio.per), math.floor(high * denominator[1] / ratio.per)


def denominator_range(ratio: Ratio, shown: Decimal, numerator: Interval) -> tuple[int, int | None]:
    """Give the whole denominators that a shown statistic leaves, from a known numerator; None for no upper bound."""
    low, high = ratio.interval(shown)
    return math.ceil(ratio.per * numerator[0] / high), (math.floor(ratio.per * numerator[1] / low) if low else None)


def factors(ratio: Ratio, shown: Decimal) -> tuple[tuple[int, int], tuple[int, int]]:
    """Give whole factors ``(a, b)`` of ``a * numerator - b * denominator``: at least 0, then at most 0.

    Where the factors would be too large to compute with safely, the interval is widened a little.
    """
    low, high = ratio.interval(shown)
    scale = 10**ratio.decimals * 2
    while max(scale * ratio.per, math.ceil(high * scale)) > _LARGEST_FACTOR and scale > 1:
        scale = max(scale // 10, 1)
    return (scale * ratio.per, math.floor(low * scale)), (scale * ratio.per, math.ceil(high * scale))
