"""Where the keys of a contract stand: errors about them name the contract's file and line, not the table's file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.strict_yaml import load_yaml_with_lines

_KEYS = frozenset(ReleaseContract.model_fields)
_FIRST = re.compile(r"[^.\[ ]+")
_ENDS = (".", "[", " ", ":", ",")


@contextmanager
def errors_name_contracts(pairs: Sequence[tuple[Path, Path]]) -> Iterator[None]:
    """Let errors that are raised within name the contract where they are about one of its keys.

    What is computed from a table with its contract calls both by the table's name. A field such as
    ``dimensions.county.population`` is a key of the contract; one such as ``county`` is a column.

    Args:
        pairs: Contract and table of each release.
    """
    try:
        yield
    except InputErrors as error:
        raise InputErrors([_placed(one, pairs) for one in error.errors]) from None
    except InputError as error:
        raise _placed(error, pairs) from None


def _placed(error: InputError, pairs: Sequence[tuple[Path, Path]]) -> InputError:
    contract = next((path for path, table in pairs if error.place in (str(path), str(table))), None)
    first = _FIRST.match(error.field)
    if contract is None or first is None or first[0] not in _KEYS:
        return error
    line = _line(contract, error.field)
    if error.place != str(contract) and line is None and first[0] == error.field:
        return error  # a column that is called as a key which the contract does not have
    place = str(contract) if line is None else f"{contract}, line {line}"
    return InputError(place, error.field, error.found, error.expected)


def _line(contract: Path, field: str) -> int | None:
    """Find the line of a key, or of the closest one above it that is there."""
    try:
        _, lines = load_yaml_with_lines(contract.read_text(encoding="utf-8-sig"), str(contract))
    except (OSError, UnicodeDecodeError, InputErrors):
        return None
    found = {_written(path): line for path, line in lines.items() if path}
    above = [name for name in found if field == name or (field.startswith(name) and field[len(name)] in _ENDS)]
    return found[max(above, key=len)] if above else None


def _written(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
