"""The one place that touches pyarrow, which has no type hints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse._shield import Shield


def text_batch(names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> Any:
    """An Arrow table of text columns, all of the same length."""
    import pyarrow as pa

    return pa.table([pa.array(column, pa.string()) for column in columns], names=list(names))


def parquet_column_names(path: Path) -> list[str]:
    """The names in a Parquet file as they stand there, repeated ones too.

    Raises:
        InputError: Not a Parquet file.
    """
    import pyarrow.parquet as pq

    def unreadable(_: Exception) -> InputError:
        return InputError(str(path), "file", "something that is not a readable Parquet file", "have it written again")

    with Shield(unreadable, Exception):
        return list(pq.read_schema(path).names)
