"""A sheet of a workbook, before anybody has declared it as a source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse._reading.excel_file import ExcelReader
from ddg_pipeline.warehouse._reading.reader import SourceFile
from ddg_pipeline.warehouse.column_types import ColumnType
from ddg_pipeline.warehouse.sources import Column, ExcelTable

if TYPE_CHECKING:
    import pandas as pd


def read_sheet(path: Path, sheet: str | None = None) -> pd.DataFrame:
    """Read a sheet whose first row names the columns.

    Args:
        path: The workbook.
        sheet: The sheet; may be left out where there is only one.

    Returns:
        The rows; cells as the workbook has them, empty ones None.

    Raises:
        InputError: There is no such file or sheet, it cannot be read, or two columns have one name. No cell is quoted.
    """
    import pandas as pd

    any_column = {"any": Column(type=ColumnType.parse("text"))}
    declared = ExcelTable(kind="excel", path=str(path), sheet=sheet, columns=any_column)
    file = SourceFile(path, "TABLE")
    with _opened(file, declared) as reader:
        names = [column.name for column in reader.found]
        if len(set(names)) < len(names):
            raise InputError(reader.place, "columns", "two of one name", "a name of its own for every column")
        rows = [[None if cell == "" else cell for cell in row] for row in reader.cells()]
        file.check_unchanged()
    return pd.DataFrame(rows, columns=names, dtype="object")


def _opened(file: SourceFile, declared: ExcelTable) -> ExcelReader:
    """Open a workbook; errors about its sheet name the option that says which."""
    try:
        return ExcelReader(file, declared, "TABLE")
    except InputError as error:
        if error.field != "TABLE.sheet":
            raise
        raise InputError(error.place, "--sheet", error.found, error.expected) from None
