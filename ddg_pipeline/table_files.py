"""Tables and contracts as files, for the command line: a contract beside its table and reference tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.assessment import refuse_direct_identifiers
from ddg_pipeline.contract import BoundTable, ReleaseContract, bind, contract_from_yaml
from ddg_pipeline.contract_places import errors_name_contracts
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook_files import rulebook_of_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

_SUFFIXES = (".csv", ".parquet")
_SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods")
_OTHER_SEPARATORS = ";\t|"


def read_contract(path: Path) -> ReleaseContract:
    """Read a stand-alone contract.

    Raises:
        InputErrors: The file cannot be read, or the contract is wrong.
    """
    with errors_name_contracts([(path, path)]):
        return contract_from_yaml(_read_text(path), str(path))


def read_table(path: Path, columns: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table as it is: a CSV file as text cells, so that ``001`` stays ``001``; a Parquet file with its types.

    Args:
        path: The file.
        columns: What the columns should be called. A CSV file that has none of them is refused here, because its first
            line may be the first row of a restricted table, which later errors would quote as names.

    Raises:
        InputErrors: The file cannot be read, or is of another kind. No cell is quoted.
    """
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        hint = "; save the sheet as CSV (UTF-8)" if suffix in _SPREADSHEETS else ""
        raise _unreadable(path, f"the ending {path.suffix!r}", f"a table as {' or '.join(_SUFFIXES)}{hint}")
    if not path.is_file():
        raise _unreadable(path, "a directory" if path.is_dir() else "no such file", "check the path")
    try:
        return _read_parquet(path) if suffix == ".parquet" else _read_csv(path, list(columns))
    except OSError as error:
        raise _unreadable(path, "nothing that can be read", f"check the file ({error.strerror})") from None


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, ValueError) as error:  # its message can quote what it read
        raise _unreadable(path, f"no Parquet file ({type(error).__name__})", "have it written again") from None
    compound = [
        InputError(
            str(path), f"column {column.name}", f"cells of type {_kind(column.type)}", "text or numbers in every cell"
        )
        for column in table.schema
        if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
    ]
    if compound:
        raise InputErrors(compound)
    # an index that pandas wrote is a column like any other; whole numbers with gaps stay whole
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    return frame


def _kind(column: pa.DataType) -> str:
    """Name a compound type; what stands inside it may be named by data."""
    return str(column).partition("<")[0]


def _read_csv(path: Path, columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(path, "bytes that are not UTF-8", "save it as UTF-8") from None
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error:
        raise _unreadable(path, "no CSV", "commas between cells, and quotes around cells that hold commas") from None
    if not lines:
        raise _unreadable(path, "an empty file", "a first line that names the columns, and rows")
    header, rows = lines[0], lines[1:]
    if len(header) == 1 and any(mark in header[0] for mark in _OTHER_SEPARATORS):
        raise _unreadable(path, "one column", "commas between cells, not semicolons, tabs or bars")
    if not header or not all(name.strip() for name in header):
        expected = "a name for every column there; take out of the file what stands above the names, such as a title"
        raise _unreadable(path, "a first line that does not name every column", expected)
    if columns and not {_plain(name) for name in header} & {_plain(name) for name in columns}:
        expected = f"the columns' names in the first line: {', '.join(columns)}"
        raise InputErrors([InputError(str(path), "columns", "none of the declared ones", expected)])
    ragged = next((number for number, row in enumerate(rows, start=1) if len(row) != len(header)), None)
    if ragged is not None:
        found = f"{len(rows[ragged - 1])} cells"
        expected = f"{len(header)} cells, as many as the first line has names"
        raise InputErrors([InputError(str(path), f"row {ragged}", found, expected)])
    return pd.DataFrame(rows, columns=header, dtype="str")


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def bind_files(contract_path: Path, table_path: Path, references: Mapping[str, Path] | None = None) -> BoundTable:
    """Read a contract, its table and the reference tables it names, and bind them.

    Links are not followed: assessing a table needs no other.

    Args:
        contract_path: The contract.
        table_path: The table.
        references: Where reference tables are, by name; others are looked for beside the contract, as
            ``<name>``, ``<name>.csv`` or ``<name>.parquet``.

    Raises:
        InputErrors: Something cannot be read, or does not fit.
        RefusedError: The table carries direct identifiers, or records.
    """
    contract = read_contract(contract_path)
    found = read_references(contract, contract_path, references)
    return _bind(contract, contract_path, table_path, found)


def _bind(
    contract: ReleaseContract, contract_path: Path, table_path: Path, references: Mapping[str, pd.DataFrame]
) -> BoundTable:
    table = read_table(table_path, contract.columns)
    # first of all: what binding says of a row that does not fit names its categories, and one may be a person's number
    refuse_direct_identifiers(table, contract, rulebook_of_files([(contract_path, contract)]))
    return bind(contract, table, references, str(table_path))


def bind_group(pairs: Sequence[tuple[Path, Path]], references: Mapping[str, Path] | None = None) -> list[BoundTable]:
    """Bind a table and the tables it is linked to.

    Args:
        pairs: Contract and table of each.
        references: Where reference tables are, by name; each is used where a contract names it.

    Raises:
        InputErrors: Something cannot be read, does not fit, or a linked table is missing.
        RefusedError: A table carries direct identifiers, or records.
    """
    contracts = read_contracts([path for path, _ in pairs], references)
    present = {contract.release for contract in contracts}
    missing = sorted({link for contract in contracts for link in contract.links} - present)
    if missing:
        expected = "give each linked release by --link and --link-table: linked tables are masked together"
        raise InputErrors([InputError(str(pairs[0][0]), "links", f"no table of {', '.join(missing)}", expected)])
    bound = []
    for (contract_path, table_path), contract in zip(pairs, contracts, strict=True):
        tables = read_references(contract, contract_path, references_of(contract, references))
        bound.append(_bind(contract, contract_path, table_path, tables))
    return bound


def read_contracts(paths: Sequence[Path], references: Mapping[str, Path] | None = None) -> list[ReleaseContract]:
    """Read the contracts of one group of linked releases.

    Args:
        paths: Their files.
        references: Where reference tables are, by name.

    Raises:
        InputErrors: A contract is wrong, two are of the same release, or none names one of the references.
    """
    contracts = [read_contract(path) for path in paths]
    errors = []
    seen: dict[str, Path] = {}
    for path, contract in zip(paths, contracts, strict=True):
        if contract.release in seen:
            found = f"{contract.release!r}, as in {seen[contract.release]}"
            errors.append(InputError(str(path), "release", found, "give each release once"))
        seen[contract.release] = path
    named = {name for contract in contracts for name in contract.reference_tables}
    unused = sorted(set(references or {}) - named)
    if unused:
        expected = f"the contracts name {', '.join(sorted(named)) or 'none'}"
        errors.append(InputError("command line", "--reference", ", ".join(unused), expected))
    if errors:
        raise InputErrors(errors)
    return contracts


def references_of(contract: ReleaseContract, references: Mapping[str, Path] | None) -> dict[str, Path]:
    """Pick the given reference tables that one contract names."""
    return {name: path for name, path in (references or {}).items() if name in contract.reference_tables}


def read_references(
    contract: ReleaseContract, contract_path: Path, references: Mapping[str, Path] | None = None
) -> dict[str, pd.DataFrame]:
    """Read the reference tables that a contract names; see `bind_files`."""
    given = dict(references or {})
    unused = sorted(given.keys() - set(contract.reference_tables))
    if unused:
        named = ", ".join(contract.reference_tables) or "none"
        raise InputErrors(
            [InputError(str(contract_path), "reference tables", ", ".join(unused), f"the contract names {named}")]
        )
    tables: dict[str, pd.DataFrame] = {}
    for name in contract.reference_tables:
        beside = [contract_path.parent / f"{name}{suffix}" for suffix in ("", *_SUFFIXES)]
        path = given.get(name) or next((path for path in beside if path.is_file()), None)
        if path is None:
            expected = f"put {beside[1].name} beside the contract, or give --reference {name}=FILE"
            raise InputErrors([InputError(str(contract_path), f"reference table {name}", "nothing", expected)])
        tables[name] = read_table(path)
    return tables


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(path, "bytes that are not UTF-8", "save it as UTF-8") from None
    except OSError as error:
        raise _unreadable(path, "nothing that can be read", f"check the path ({error.strerror})") from None


def _unreadable(path: Path, found: str, expected: str) -> InputErrors:
    return InputErrors([InputError(str(path), "file", found, expected)])
