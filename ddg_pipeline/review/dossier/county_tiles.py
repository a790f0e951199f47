"""California as a map of tiles, one a county, each about where its county lies.

A map of areas would show San Bernardino and hide San Francisco; here every county can be read and has its share written
on it. The positions are our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ddg_pipeline.contract.dimension import Dimension
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.populations import county
from ddg_pipeline.review.dossier.model import CountyTile, Hidden

_ROWS: Final = (  # from north to south; `-` is a place without a county
    "Del Norte, Siskiyou, Modoc",
    "Humboldt, Trinity, Shasta, Lassen",
    "Mendocino, Glenn, Tehama, Plumas",
    "Lake, Colusa, Butte, Yuba, Sierra",
    "Sonoma, Napa, Sutter, Placer, Nevada",
    "Marin, Solano, Yolo, Sacramento, El Dorado, Alpine",
    "San Francisco, Contra Costa, San Joaquin, Amador, Calaveras, Tuolumne, Mono",
    "San Mateo, Alameda, Stanislaus, Merced, Mariposa, Madera, Inyo",
    "Santa Cruz, Santa Clara, San Benito, Fresno, Kings, Tulare",
    "-, -, Monterey, San Luis Obispo, Kern",
    "-, -, -, Santa Barbara, Ventura, Los Angeles, San Bernardino",
    "-, -, -, -, -, Orange, Riverside",
    "-, -, -, -, -, -, San Diego, Imperial",
)
POSITIONS: Final = {
    name: (column, row)
    for row, names in enumerate(_ROWS)
    for column, name in enumerate(names.split(", "))
    if name != "-"
}
SHADES: Final = ("nothing", "up to 25 %", "over 25 to 50 %", "over 50 to 75 %", "over 75 %")
_STEP = 100 / (len(SHADES) - 1)
_LEAST_COUNTIES = 2
_LEAST_SHARE = 0.5  # of the categories: a table of cities has some that are called like a county


def county_tiles(name: str, dimension: Dimension, categories: Sequence[Hidden]) -> tuple[CountyTile, ...]:
    """Lay out the map of a dimension.

    Args:
        name: The column.
        dimension: What the contract says about it.
        categories: What is hidden of each category.

    Returns:
        All counties, from north to south; empty where the categories are not mostly California's counties.
    """
    if dimension.variable not in (Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY):
        return ()
    found = [(area.name, one) for one in categories if (area := county(one.label, name)) is not None]
    by_name = dict(found)
    parts = [one for one in categories if not one.is_total]
    if len(by_name) < _LEAST_COUNTIES or len(by_name) < len(found) or len(found) < _LEAST_SHARE * len(parts):
        return ()
    return tuple(_tile(county_name, by_name.get(county_name)) for county_name in POSITIONS)


def _tile(name: str, hidden: Hidden | None) -> CountyTile:
    column, row = POSITIONS[name]
    return CountyTile(name, column, row, hidden, None if hidden is None else _shade(hidden))


def _shade(hidden: Hidden) -> int:
    if not hidden.hidden:
        return 0
    return next(shade for shade in range(1, len(SHADES)) if hidden.percent <= shade * _STEP)
