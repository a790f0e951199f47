"""Tables and contracts as files, for the command line: a contract beside its table and reference tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.contract import BoundTable, ReleaseContract, bind, contract_from_yaml
from ddg_pipeline.errors import InputError, InputErrors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_SUFFIXES = (".csv", ".parquet")


def read_contract(path: Path) -> ReleaseContract:
    """Read a stand-alone contract.

    Raises:
        InputErrors: The file cannot be read, or the contract is wrong.
    """
    return contract_from_yaml(_read_text(path), str(path))


def read_table(path: Path) -> pd.DataFrame:
    """Read a table as it is: a CSV file as text cells, so that ``001`` stays ``001``; a Parquet file with its types.

    Raises:
        InputErrors: The file cannot be read, or is of another kind.
    """
    import pandas as pd

    if path.suffix.lower() not in _SUFFIXES:
        raise _unreadable(path, f"the ending {path.suffix!r}", f"a table as {' or '.join(_SUFFIXES)}")
    if not path.is_file():
        raise _unreadable(path, "no such file", "check the path")
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except UnicodeDecodeError:
        raise _unreadable(path, "bytes that are not UTF-8", "save it as UTF-8") from None
    except (ValueError, OSError) as error:
        # the parsers' messages can quote cells: say what kind of error it was, no more
        what = "rows of different lengths or no rows" if path.suffix.lower() == ".csv" else type(error).__name__
        raise _unreadable(path, what, "a table with a header row and as many cells in every row") from None


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
    """
    contract = read_contract(contract_path)
    found = read_references(contract, contract_path, references)
    return bind(contract, read_table(table_path), found, str(table_path))


def bind_group(pairs: Sequence[tuple[Path, Path]], references: Mapping[str, Path] | None = None) -> list[BoundTable]:
    """Bind a table and the tables it is linked to.

    Args:
        pairs: Contract and table of each.
        references: Where reference tables are, by name; each is used where a contract names it.

    Raises:
        InputErrors: Something cannot be read, does not fit, or a linked table is missing.
    """
    given = dict(references or {})
    contracts = [read_contract(path) for path, _ in pairs]
    named = {name for contract in contracts for name in contract.reference_tables}
    unused = sorted(given.keys() - named)
    if unused:
        expected = f"the contracts name {', '.join(sorted(named)) or 'none'}"
        raise InputErrors([InputError("command line", "--reference", ", ".join(unused), expected)])
    present = {contract.release for contract in contracts}
    missing = sorted({link for contract in contracts for link in contract.links} - present)
    if missing:
        expected = "give each linked release by --link and --link-table: linked tables are masked together"
        raise InputErrors([InputError(str(pairs[0][0]), "links", f"no table of {', '.join(missing)}", expected)])
    bound = []
    for (contract_path, table_path), contract in zip(pairs, contracts, strict=True):
        own = {name: path for name, path in given.items() if name in contract.reference_tables}
        tables = read_references(contract, contract_path, own)
        bound.append(bind(contract, read_table(table_path), tables, str(table_path)))
    return bound


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
