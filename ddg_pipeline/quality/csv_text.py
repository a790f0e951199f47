r"""The one CSV dialect that is published, read and written as text: what is on disk is what is judged.

UTF-8 without a byte order mark, a header, ``\n`` at the end of every line, quotes only where RFC 4180 needs them. A
suppressed value is an empty cell, a true zero is ``0``. Nothing is converted: County_FIPS ``001`` stays ``001``.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import pandas as pd

from ddg_pipeline.errors import InputError


def csv_bytes(frame: pd.DataFrame, place: str) -> bytes:
    """Write a table whose cells are the final text.

    Args:
        frame: Text cells; a missing cell is written as an empty one.
        place: What errors call the table.

    Raises:
        InputError: A cell is no text, or holds a control character such as a line break, which programs that read CSV
            take differently.
    """
    columns = [str(column) for column in frame.columns]
    if len(set(columns)) != len(columns) or not columns:
        raise InputError(place, "columns", "none, or the same name twice", "give every column its own name")
    cells = {name: _text_cells(frame.iloc[:, position], place, name) for position, name in enumerate(columns)}
    for name in columns:
        _refuse_control_characters([name], place, "columns")
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(cells[name] for name in columns), strict=True))
    return buffer.getvalue().encode("utf-8")


def read_csv_text(data: bytes, place: str) -> pd.DataFrame:
    """Read published bytes back, every cell as the text that stands there; empty cells become missing.

    Raises:
        InputError: The bytes are no CSV in exactly the published dialect. No cell is quoted in the message.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(place, f"byte {error.start}", "no UTF-8", "write the file as UTF-8") from None
    if text.startswith("\ufeff"):
        raise InputError(place, "byte 0", "a byte order mark", "write the file without one")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise InputError(place, "the whole", f"no CSV ({error})", "RFC 4180 quoting") from None
    if not rows or not rows[0] or not all(rows[0]):
        raise InputError(place, "line 1", "no header", "a name for every column")
    header, width = rows[0], len(rows[0])
    ragged = [number for number, row in enumerate(rows[1:], start=1) if len(row) != width]
    if ragged:
        raise InputError(
            place, f"row {ragged[0]}", f"{len(rows[ragged[0]])} cells", f"{width} cells, as many as the header names"
        )
    if len(set(header)) != width:
        raise InputError(place, "line 1", "the same column name twice", "give every column its own name")
    columns = list(zip(*rows[1:], strict=True)) if len(rows) > 1 else [()] * width
    named = zip(header, columns, strict=True)
    frame = pd.DataFrame({name: pd.Series(list(cells), dtype="str") for name, cells in named})
    frame = frame.mask(frame == "")
    # reading is only safe where there is one way to read: the bytes must be the ones we would have written
    if csv_bytes(frame, place) != data:
        raise InputError(
            place, "the whole", "another dialect of CSV", "\\n as the end of every line, quotes only where needed"
        )
    return frame


def read_csv_file(path: Path) -> tuple[bytes, pd.DataFrame]:
    """Read a file once and give both its bytes and its table, so that what is hashed is what is judged.

    Raises:
        InputError: There is no such file, or it is not in the published dialect.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(path.name, "the file", error.strerror or "unreadable", "a readable CSV file") from None
    return data, read_csv_text(data, path.name)


def _text_cells(column: pd.Series[str], place: str, name: str) -> list[str]:
    missing = column.isna()
    cells = ["" if empty else cell for cell, empty in zip(column.tolist(), missing.tolist(), strict=True)]
    if not all(isinstance(cell, str) for cell in cells):
        raise InputError(place, name, "cells that are no text", "the final text of every cell, or nothing")
    _refuse_control_characters(cells, place, name)
    return cells


def _refuse_control_characters(cells: list[str], place: str, field: str) -> None:
    for cell in dict.fromkeys(cells):
        if not cell.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in cell):
            raise InputError(
                place, field, "a control character, such as a line break", "text on one line, without such characters"
            )
