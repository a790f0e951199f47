"""Write a draft: as a new file, or into a dbt project's properties with everything that stands there kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ddg_pipeline.drafting import Draft
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.strict_yaml import load_yaml
from ddg_pipeline.suggesting.rendering import model_of, render_contract, render_model
from ddg_pipeline.yaml_writing import editor, written


def write_contract(path: Path, draft: Draft, origin: str) -> None:
    """Write a draft as a contract of its own, into a new file.

    Raises:
        InputError: The file is there, or cannot be written.
    """
    write_new(path, render_contract(draft, origin))


def write_model(path: Path, draft: Draft, origin: str, model: str) -> None:
    """Write a draft onto a dbt model: into a file of properties, which may be there with other models, or this one.

    Args:
        path: The YAML file.
        draft: The draft.
        origin: Where the table came from.
        model: The model.

    Raises:
        InputError: The model has a contract already, or the file cannot be written.
        InputErrors: The file is no such YAML.
    """
    if not path.exists():
        write_new(path, render_model(draft, origin, model))
        return
    text = _read(path)
    load_yaml(text, str(path))  # strictly: no aliases, no repeated keys
    document = editor().load(text)
    if document is None:
        document = {}
    if not isinstance(document, dict) or not isinstance(document.setdefault("models", []), list):
        raise InputError(str(path), "models", "no list of models", "a file of dbt properties")
    drafted = model_of(draft, model)
    there = next((one for one in document["models"] if isinstance(one, dict) and one.get("name") == model), None)
    if there is None:
        document["models"].append(drafted)
    else:
        _merge(there, drafted, str(path), model)
    replace(path, written(document))


def write_new(path: Path, text: str) -> None:
    """Write a file that must not be there yet.

    Raises:
        InputError: It is, or it cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise InputError(str(path), "--write", "a file that is there", "another name: nothing is written over")
    replace(path, text)


def replace(path: Path, text: str) -> None:
    """Write a file whole or not at all; its rights stay.

    Raises:
        InputError: It cannot be written.
    """
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        descriptor, staged = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(staged).chmod(mode)
            Path(staged).replace(path.resolve())
        finally:
            Path(staged).unlink(missing_ok=True)
    except OSError as error:
        found = error.strerror or "not writable"
        raise InputError(str(path), "file", found, "a place that can be written, with room left") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputErrors([InputError(str(path), "file", "nothing that can be read as UTF-8", "check it")]) from None


def _merge(there: Any, drafted: Any, place: str, model: str) -> None:
    """Put a drafted contract onto a model that is declared already; what stands there stays."""
    meta = _below(_below(there, "config", place, model), "meta", place, model)
    if "ddg" in meta or "ddg" in (there.get("meta") or {}):
        expected = "`ddg contract suggest` without --write, and what of it you want"
        raise InputError(place, f"model {model}: meta.ddg", "a contract that is there", expected)
    meta["ddg"] = drafted["config"]["meta"]["ddg"]
    columns = there.setdefault("columns", [])
    by_name = {column.get("name"): column for column in columns if isinstance(column, Mapping)}
    for column in drafted["columns"]:
        if column["name"] not in by_name:
            columns.append(column)
        elif "config" in column:
            where = f"{model}.{column['name']}"
            target = _below(_below(by_name[column["name"]], "config", place, where), "meta", place, where)
            if "ddg" in target:
                raise InputError(place, f"column {where}: meta.ddg", "a declaration that is there", "take it out first")
            target["ddg"] = column["config"]["meta"]["ddg"]


def _below(mapping: Any, key: str, place: str, where: str) -> Any:
    found = mapping.setdefault(key, {})
    if not isinstance(found, dict):
        raise InputError(place, f"{where}: {key}", "no mapping", "keys with values, or nothing")
    return found
