"""The order of the tests, and who runs them: folders of long ones first, so that no worker is left with them at last.

Tests of orchestration share a project that is run once for each worker that has any of them: they go to one worker. Of
all others those of one file do, for their fixtures.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_LONG = ("orchestration", "road", "dbt_project", "docs", "masking", "attacker")
_TOGETHER = ("orchestration",)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of long tests first; within a folder the order stays."""
    items.sort(key=lambda item: _LONG.index(folder) if (folder := _folder(item.path)) in _LONG else len(_LONG))
    for item in items:
        folder = _folder(item.path)
        item.add_marker(pytest.mark.xdist_group(folder if folder in _TOGETHER else str(item.path)))


def _folder(path: Path) -> str:
    inside = path.relative_to(Path(__file__).parent).parts
    return inside[0]
