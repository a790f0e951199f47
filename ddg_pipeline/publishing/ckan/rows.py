"""The rows of the datastore: read back exactly, compared with the file, and changed where they differ.

A row is known by its key, the categories. A figure is compared as a number (1.0 is 1), a category as text (001 is not
1), and an empty cell is null.

Rows that changed are updated, new ones appended, and those that are gone deleted, in this order. Each of the three is
one transaction of the portal, if it fits into one request. So a reader meets whole rows only, each of them of the
version before or of the new one. `datastore_upsert` would do the first two at once, but leaves the old figures of a row
in the portal's full-text index, where they could still be searched for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.publishing.ckan.client import InvalidError, PortalClient
from ddg_pipeline.publishing.ckan.layout import Layout
from ddg_pipeline.quality.csv_text import read_csv_file

Row = tuple[str, ...]
_Thing = TypeVar("_Thing")


@dataclass(frozen=True)
class PortalTable:
    """What the datastore holds.

    Attributes:
        columns: Its fields as the portal describes them, without its own ``_id``.
        rows: Each row by its key, figures in their shortest form; empty if the columns are not the wanted ones.
        ids: The portal's own number of each row.
        repeated: How many rows have a key that another row has too.
    """

    columns: tuple[Mapping[str, Any], ...]
    rows: Mapping[Row, Row]
    ids: Mapping[Row, int]
    repeated: int

    def differences(self, wanted: Mapping[Row, Row]) -> RowDifferences:
        """Find out how the rows differ from the wanted ones."""
        types = [str(column["type"]) for column in self.columns]
        return RowDifferences(
            missing=[row for key, row in wanted.items() if key not in self.rows],
            other=[row for key, row in wanted.items() if self.rows.get(key, None) not in (None, _shortest(row, types))],
            more=[key for key in self.rows if key not in wanted],
        )

    def has_columns_of(self, layout: Layout) -> bool:
        """Whether names, order and types of the columns are the wanted ones."""
        return [(one["id"], one["type"]) for one in self.columns] == list(layout.types.items())


@dataclass(frozen=True)
class RowDifferences:
    """How the datastore differs from a file.

    Attributes:
        missing: Rows of the file that it does not have.
        other: Rows of the file of which it has other figures.
        more: Keys of rows that the file does not have.
    """

    missing: Sequence[Row]
    other: Sequence[Row]
    more: Sequence[Row]

    def __bool__(self) -> bool:
        return bool(self.missing or self.other or self.more)


@dataclass(frozen=True)
class RowChanges:
    """How many rows of the datastore a publication changed; all of them are public.

    Attributes:
        appended: New rows.
        updated: Rows that have other figures now.
        deleted: Rows that are gone.
    """

    appended: int = 0
    updated: int = 0
    deleted: int = 0

    def __bool__(self) -> bool:
        return bool(self.appended or self.updated or self.deleted)


def wanted_rows(layout: Layout) -> dict[Row, Row]:
    """Read the rows that the datastore should hold from the certified file, with the digits that stand there, by key.

    Raises:
        RefusedError: Two rows have the same key.
    """
    _, frame = read_csv_file(layout.directory / layout.csv.name)
    cells = frame.astype(object).where(frame.notna(), "")
    rows: dict[Row, Row] = {}
    places = _key_places(layout)
    for row in cells.itertuples(index=False, name=None):
        rows[tuple(row[place] for place in places)] = row
    if len(rows) != len(frame):
        raise RefusedError(f"{layout.release}: {layout.csv.name}: two rows of the same {', '.join(layout.key)}")
    return rows


def read_table(client: PortalClient, resource_id: str, layout: Layout) -> PortalTable | None:
    """Read the datastore of a resource; None where there is none, or none to be seen.

    Numbers are read as the portal's CSV, with the digits that the database has; its JSON would go through floating
    point.
    """
    size = client.portal.rows_per_call
    asked = {"resource_id": resource_id, "limit": 0, "include_total": False}
    found = client.find("datastore_search", **asked)
    if found is None:
        return None
    columns = tuple(field for field in found["fields"] if field["id"] != "_id")
    table = PortalTable(columns, {}, {}, 0)
    if not table.has_columns_of(layout):
        return table
    names = list(layout.types)
    rows: dict[Row, Row] = {}
    ids: dict[Row, int] = {}
    repeated, places = 0, _key_places(layout)
    while True:
        page = client.find(
            "datastore_search",
            **(asked | {"limit": size, "offset": len(ids) + repeated}),
            fields=["_id", *names],
            sort="_id",
            records_format="csv",
        )
        if page is None:
            raise RefusedError(f"{layout.release}: the datastore was removed while it was read; run it again")
        texts = list(csv.reader(io.StringIO(page["records"], newline="")))
        for number, *cells in texts:
            row = _shortest(cells, layout.types.values())
            key = tuple(row[place] for place in places)
            repeated += key in ids
            rows[key], ids[key] = row, int(number)
        if not texts or len(texts) < int(page["limit"]):  # the portal may allow fewer rows than were asked for
            break
    return PortalTable(columns, rows, ids, repeated)


def create_table(client: PortalClient, resource_id: str, layout: Layout) -> None:
    """Make the datastore of a resource, without rows; or bring the data dictionary of one that is there up to date."""
    client.call(
        "datastore_create",
        resource_id=resource_id,
        fields=[dict(column) for column in layout.columns],
        primary_key=list(layout.key),
        force=True,  # a resource with an uploaded file is otherwise read-only
    )


def change_rows(client: PortalClient, resource_id: str, table: PortalTable, wanted: Mapping[Row, Row]) -> RowChanges:
    """Make the datastore hold the wanted rows, and no others.

    Args:
        client: The portal.
        resource_id: The resource.
        table: What its datastore holds now; the columns are the wanted ones.
        wanted: What it should hold.
    """
    names = [str(column["id"]) for column in table.columns]
    found = table.differences(wanted)
    for part in _parts(found.other, client.portal.rows_per_call):
        _send(client, resource_id, "update", names, part)
    for part in _parts(found.missing, client.portal.rows_per_call):
        _insert(client, resource_id, names, part)
    for keys in _parts(found.more, client.portal.rows_per_call):
        numbers = [table.ids[key] for key in keys]
        client.call("datastore_delete", resource_id=resource_id, filters={"_id": numbers}, force=True)
    return RowChanges(len(found.missing), len(found.other), len(found.more))


def _insert(client: PortalClient, resource_id: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Append rows; where the answer to it got lost, they are there already, and that is found out."""
    try:
        _send(client, resource_id, "insert", names, rows)
    except InvalidError as error:
        # the key is unique: the rows of a part are there all, or none
        if not error.fields & {"constraints", "records"}:
            raise
        _send(client, resource_id, "update", names, rows)


def _send(client: PortalClient, resource_id: str, method: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    # numbers as text: the database reads them exactly
    records = [{name: cell or None for name, cell in zip(names, row, strict=True)} for row in rows]
    client.call("datastore_upsert", resource_id=resource_id, method=method, records=records, force=True)


def _shortest(cells: Iterable[str], types: Iterable[str]) -> Row:
    return tuple(_number(cell) if kind == "numeric" else cell for cell, kind in zip(cells, types, strict=True))


def _number(text: str) -> str:
    """Write equal numbers the same way; what is none stays as it is, and equals none."""
    if not text:
        return ""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    return "0" if not number else f"{number.normalize():f}"


def _key_places(layout: Layout) -> list[int]:
    return [list(layout.types).index(name) for name in layout.key]


def _parts(things: Sequence[_Thing], size: int) -> Iterator[Sequence[_Thing]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]
