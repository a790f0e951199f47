"""Says which rows of a source are bad."""

from __future__ import annotations

from collections.abc import Sequence

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.warehouse._reading.reader import PlannedColumn, Reader, listed

_NAMED_ROWS = 5


def bad_rows(reader: Reader, findings: Sequence[tuple[int, str, str]], plan: Sequence[PlannedColumn]) -> InputErrors:
    """The error for values that cannot be stored.

    Args:
        reader: The source.
        findings: Row (from 0), column, and what kind of value was found there; never the value itself.
        plan: The columns that were to be loaded.

    Returns:
        One error a column and kind, which names the first few rows.
    """
    declared = {planned.name: planned.column for planned in plan}
    rows: dict[tuple[str, str], list[int]] = {}
    for row, name, found in findings:
        rows.setdefault((name, found), []).append(row)
    errors = []
    for (name, what), at in rows.items():
        column = declared[name]
        called = f" ({column.source_name!r} in the source)" if column.source_name else ""
        named = listed([*reader.where(at[:_NAMED_ROWS]), *[""] * (len(at) > _NAMED_ROWS)], _NAMED_ROWS)
        form = f" written as {column.format}" if column.format else ""
        expected = f"declared is {column.type}{form}: correct it at the source, or the declaration"
        errors.append(InputError(reader.place, f"{named}: column {name}{called}", what, expected))
    return InputErrors(errors)
