"""Everything a reader of whole percentages can think of, by going through all tables; nothing of the product is used.

The reader knows every total, which categories are shown as small, whether such a one is a small count, how percentages
are rounded, and the percentages of the margin, carried or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import product

from hypothesis import strategies as st

Whole = tuple[int, ...]  # the counts of the categories of one whole


def shown(count: int, total: int, below: int = 1) -> str:
    if count == 0:
        return "0"
    if count * 100 < below * total:
        return f"<{below}"
    return str((Decimal(count) * 100 / Decimal(total)).quantize(Decimal(1), ROUND_HALF_EVEN))


def _seen(whole: Whole, upper: int | None) -> tuple[tuple[str, bool], ...]:
    """What is shown of a whole, and whether each category under one percent is a small count."""
    total = sum(whole)
    texts = [shown(count, total) for count in whole]
    return tuple(
        (text, upper is not None and text.startswith("<") and count <= upper)
        for text, count in zip(texts, whole, strict=True)
    )


def _alike(whole: Whole, upper: int) -> list[Whole]:
    """All wholes of the same total that look the same."""
    total, wanted = sum(whole), _seen(whole, upper)
    ranges = [[n for n in range(total + 1) if shown(n, total) == text] for text, _ in wanted[:-1]]
    found = []
    for counts in product(*ranges):
        last = total - sum(counts)
        if last >= 0 and _seen((*counts, last), upper) == wanted:
            found.append((*counts, last))
    return found


def possible_values(wholes: Sequence[Whole], upper: int, margin: str = "none") -> Iterator[tuple[int, int, set[int]]]:
    """Say of each small count what it can be.

    Args:
        wholes: The true counts.
        upper: The largest small count.
        margin: ``none``: the wholes have nothing to do with each other; ``carried``: their sum is published in the same
            form; ``implied``: it is known in that form, but not whether its categories are small.

    Yields:
        Position of the whole (one past the last: the margin), of the category, and its possible values up to ``upper``.
    """
    alike = [_alike(whole, upper) for whole in wholes]
    total = tuple(map(sum, zip(*wholes, strict=True)))
    told = upper if margin == "carried" else None
    every = [*wholes, *([total] if margin == "carried" else [])]
    if margin == "none":
        tables: Iterator[tuple[Whole, ...]] = (
            tuple(one if number == changed else other for number, other in enumerate(wholes))
            for changed, others in enumerate(alike)
            for one in others
        )
    else:
        sums = ((*table, tuple(map(sum, zip(*table, strict=True)))) for table in product(*alike))
        tables = (table for table in sums if _seen(table[-1], told) == _seen(total, told))
    found: dict[tuple[int, int], set[int]] = {
        (number, category): set()
        for number, whole in enumerate(every)
        for category, count in enumerate(whole)
        if 1 <= count <= upper
    }
    for table in tables:
        for (number, category), values in found.items():
            if table[number][category] <= upper:
                values.add(table[number][category])
    for (number, category), values in found.items():
        yield number, category, values - {0}


@st.composite
def wholes_at_the_edge(draw: st.DrawFn) -> list[Whole]:
    """Two or three wholes, small enough for `possible_values`, many of them at the edge of what they are rounded to."""
    wholes = []
    for _ in range(draw(st.integers(2, 3))):
        total, small = draw(st.integers(310, 700)), draw(st.integers(0, 5))
        edge = (
            total * draw(st.sampled_from([1, 2, 30, 49, 50, 97])) // 100 + total * draw(st.sampled_from([-1, 1])) // 200
        )
        anywhere = st.integers(8, total - small - 8)
        one = draw(
            anywhere
            | st.integers(edge - 1, edge + 2).map(lambda count, most=total - small: max(8, min(count, most - 8)))
        )
        wholes.append((one, total - one - small, small))
    return wholes
