"""``ddg advise``: alternatives to a table given as a file, and one of them written as files to go on with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import yaml

from ddg_pipeline.advice import alternative_tables, raw_contract
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.output_files import check_targets, write_together
from ddg_pipeline.rulebook import Rulebook

if TYPE_CHECKING:
    import pandas as pd

_OWNER_ONLY = 0o600  # the tables hold true counts


class _Plain(yaml.SafeDumper):
    """Writes everything out: a contract may hold no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def write_alternative(
    tables: Sequence[BoundTable],
    number: int,
    directory: Path,
    *,
    keep: Sequence[Path] = (),
    rulebook: Rulebook | None = None,
) -> tuple[str, list[tuple[Path, Path]], list[Path]]:
    """Write one alternative: a contract and a table for each release, and the reference tables they name.

    Args:
        tables: The table, and behind it those it is linked to.
        number: The alternative's number.
        directory: Where the files go; readable for their owner only, because the counts in them are the true ones.
        keep: The files that the tables came from; they are never written over.
        rulebook: The rulebook that the contracts name; by default it is looked for among those that are shipped.

    Returns:
        What the alternative changes; contract and table of each release; and all files written.

    Raises:
        InputErrors: There is no such alternative, or the directory cannot be written.
    """
    candidate, built = alternative_tables(tables, number, rulebook)
    contents: dict[str, bytes] = {}
    pairs: list[tuple[Path, Path]] = []
    for table in built.tables:
        raw, references = _beside(raw_contract(table.contract), table.references)
        release = table.contract.release
        names = f"{release}.yaml", f"{release}.csv"
        contents[names[0]] = _yaml(raw)
        contents[names[1]] = _csv(table.frame)
        contents |= {name: _csv(frame) for name, frame in references.items()}
        pairs.append((directory / names[0], directory / names[1]))
    check_targets([directory / name for name in contents], keep)
    return candidate.words, pairs, write_together(directory, contents, _OWNER_ONLY)


def _beside(raw: dict[str, Any], references: Mapping[str, pd.DataFrame]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let a contract name its reference tables as CSV files beside it, wherever they were before."""
    files: dict[str, pd.DataFrame] = {}
    names: dict[str, str] = {}
    for name, frame in references.items():
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", PurePath(name).stem) or "reference"
        while f"{plain}.csv" in files:
            plain += "_"
        names[name], files[f"{plain}.csv"] = plain, frame
    return _renamed(raw, names), files


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        is_reference = "table" in value and ("key" in value or "child" in value)
        return {
            key: names[inner] if is_reference and key == "table" else _renamed(inner, names)
            for key, inner in value.items()
        }
    return [_renamed(inner, names) for inner in value] if isinstance(value, list) else value


def _yaml(raw: Mapping[str, Any]) -> bytes:
    text = yaml.dump(dict(raw), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    return text.encode()


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode()
