"""What shells complete: the names of a project's releases, without loading anything that takes time.

They are read from the reviewed suites, one file a release, and from the dbt manifest where one is there: neither
Dagster nor dbt has to be asked. A shell that completes gets no error: where nothing can be read, nothing is offered.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

_PROJECT_FILE, _PROJECT_VARIABLE = "ddg.yaml", "DDG_PROJECT"


def release_names(context: click.Context, incomplete: str) -> list[str]:
    """Offer the releases of the project that the command line, the environment or the directory names.

    Args:
        context: What has been typed so far.
        incomplete: The beginning of the name.
    """
    given = context.params.get("project")
    root = Path(given or os.environ.get(_PROJECT_VARIABLE, "."))
    already = context.params.get("release") or ()
    names = sorted({*_of_suites(root), *_of_manifest(root)})
    return [name for name in names if name.startswith(incomplete) and name not in already]


def _of_suites(root: Path) -> Iterator[str]:
    directory = _place(root, "expectations")
    if directory is not None and directory.is_dir():
        yield from (path.stem for path in directory.glob("*.json"))


def _of_manifest(root: Path) -> Iterator[str]:
    directory = _place(root, "restricted")
    try:
        if directory is not None:
            manifest = json.loads((directory / "dbt" / "target" / "manifest.json").read_bytes())
            nodes: Any = manifest["nodes"].values()
            declared = [node["config"]["meta"]["ddg"]["release"] for node in nodes if _is_release(node)]
            yield from (name for name in declared if isinstance(name, str))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return  # not parsed yet, or half written


def _is_release(node: Any) -> bool:
    return "release" in ((node.get("config") or {}).get("meta") or {}).get("ddg", {})


def _place(root: Path, key: str) -> Path | None:
    import yaml

    try:
        settings = yaml.safe_load((root / _PROJECT_FILE).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    found = settings.get(key) if isinstance(settings, dict) else None
    return root / os.path.expandvars(found) if isinstance(found, str) else None
