"""The order of the tests, and who runs them: folders of long ones first, so that no worker is left with them at last.

Tests of orchestration share a project that is run once for each worker that has any of them: they go to one worker. So
do those of publishing to CKAN, which share one. Of all others those of one file do, for their fixtures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

_LONG = ("orchestration", "road", "dbt_project", "docs", "masking", "attacker")
_TOGETHER = ("tests/orchestration/", "tests/publishing/test_ckan")

# how long an example takes depends on what else the machine does
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

pytest_plugins = ["ckan_portal.fixtures", "postgres_server", "spark_session"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of long tests first; within a folder the order stays. Mark what needs a real CKAN."""
    for item in items:
        if "ckan_server" in getattr(item, "fixturenames", ()):
            item.add_marker("ckan")
    items.sort(key=lambda item: _LONG.index(folder) if (folder := _folder(item.path)) in _LONG else len(_LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tell pytest-xdist what goes to one worker."""
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):  # type: ignore[misc] # it has no types
        def _split_scope(self, nodeid: str) -> str:
            together = next((prefix for prefix in _TOGETHER if nodeid.startswith(prefix)), None)
            return together or str(super()._split_scope(nodeid))

    return Together(config, log) if config.getvalue("dist") == "loadfile" else None


def _folder(path: Path) -> str:
    tests = Path(__file__).parent
    if not path.is_relative_to(tests):
        return ""  # a page of the documentation, whose commands are run
    inside = path.relative_to(tests).parts
    return inside[0]
