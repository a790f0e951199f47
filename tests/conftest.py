"""The order of the tests: folders of few but long ones first, so that no worker is left with them at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

_LONG = ("road", "orchestration", "dbt_project", "docs", "masking", "attacker")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of long tests first; within a folder the order stays."""
    items.sort(key=lambda item: _LONG.index(folder) if (folder := _folder(item.path)) in _LONG else len(_LONG))


def _folder(path: Path) -> str:
    inside = path.relative_to(Path(__file__).parent).parts
    return inside[0]
