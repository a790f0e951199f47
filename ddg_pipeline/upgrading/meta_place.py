"""Contracts under ``meta`` of a dbt model or column go under its ``config.meta``, where dbt wants them since 1.10."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddg_pipeline.errors import InputError

Declared = dict[tuple[str, str], Any]
"""What is declared by model and column, the column empty for the model itself."""


def move_into_config(document: Any, place: str) -> bool:
    """Move every ``meta.ddg`` into ``config``, in place.

    Args:
        document: A file of dbt properties, read so that its comments are kept.
        place: What errors call it.

    Returns:
        Whether there was one to move.

    Raises:
        InputError: A model or column has one in both places.
    """
    moved = False
    for (model, column), node in _nodes(document):
        meta = node.get("meta")
        if not isinstance(meta, dict) or "ddg" not in meta:
            continue
        config = node.get("config")
        target = (config if isinstance(config, dict) else {}).get("meta")
        if isinstance(target, dict) and "ddg" in target:
            where = f"model {model}" + (f", column {column}" if column else "")
            raise InputError(place, where, "`ddg` under both `meta` and `config.meta`", "keep the one under `config`")
        if not isinstance(config, dict):
            position = list(node).index("meta")
            config = type(node)()
            node.insert(position, "config", config)
        if not isinstance(config.get("meta"), dict):
            config["meta"] = type(node)()
        config["meta"]["ddg"] = meta.pop("ddg")
        if not meta:
            del node["meta"]
        moved = True
    return moved


def declared(document: Any) -> Declared:
    """Collect what a file of dbt properties declares for us, wherever it stands."""
    found: Declared = {}
    for key, node in _nodes(document):
        for holder in (node.get("config"), node):
            meta = holder.get("meta") if isinstance(holder, dict) else None
            if isinstance(meta, dict) and "ddg" in meta:
                found[key] = meta["ddg"]
    return found


def _nodes(document: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    models = document.get("models") if isinstance(document, dict) else None
    for model in models if isinstance(models, list) else ():
        if not isinstance(model, dict):
            continue
        name = str(model.get("name"))
        yield (name, ""), model
        columns = model.get("columns")
        for column in columns if isinstance(columns, list) else ():
            if isinstance(column, dict):
                yield (name, str(column.get("name"))), column
