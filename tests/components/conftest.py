"""A Dagster project with the small project in it, parsed once; tests write the component's attributes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import DefsFolderSandbox, create_defs_folder_sandbox

from ddg_pipeline.orchestration.project import Project, load_project

SMALL_PROJECT = Path(__file__).parents[1] / "orchestration" / "small_project"
VARIABLES = (
    "DAGSTER_HOME", "DDG_PROJECT", "DDG_RESTRICTED_DB", "DBT_LOG_PATH", "DBT_INDIRECT_SELECTION",
    "DDG_RESTRICTED_KEY_FROM", "DDG_RESTRICTED_CRYPTO",
)  # fmt: skip


@dataclass(frozen=True)
class Location:
    """A code location; every component in it shows the small project, unless it says otherwise."""

    sandbox: DefsFolderSandbox
    root: Path

    @property
    def project(self) -> Project:
        return load_project(self.root)

    def write(self, name: str, **attributes: Any) -> Path:
        folder = self.sandbox.defs_folder_path / name
        folder.mkdir()
        content = {"type": "ddg_pipeline.DdgReleases", "attributes": {"project": str(self.root), **attributes}}
        (folder / "defs.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return folder

    @contextmanager
    def component(self, **attributes: Any) -> Iterator[tuple[Any, dg.Definitions]]:
        with self.sandbox.load_component_and_build_defs(self.write("releases", **attributes)) as found:
            yield found

    def refusal(self, **attributes: Any) -> str:
        """Give all that Dagster says of attributes that are refused; its own errors stand around ours."""
        with pytest.raises(Exception, match="") as caught:  # noqa: PT011 - Dagster's, around any of ours
            self.definitions(**attributes)
        said, error = [], caught.value
        while error is not None:
            said.append(f"{type(error).__name__}: {error}")
            error = error.__cause__
        return "\n".join(said)

    def definitions(self, **attributes: Any) -> dg.Definitions:
        with self.component(**attributes) as (_, found):
            return found


@pytest.fixture(scope="session")
def _location() -> Iterator[Location]:
    with create_defs_folder_sandbox() as sandbox:
        root = sandbox.project_root / "small"
        shutil.copytree(SMALL_PROJECT, root)
        yield Location(sandbox, root)


@pytest.fixture
def location(_location: Location, monkeypatch: pytest.MonkeyPatch) -> Iterator[Location]:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # so that it is put back, whatever a test sets
        monkeypatch.delenv(name)
    yield _location
    for folder in _location.sandbox.defs_folder_path.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)


@pytest.fixture
def module(location: Location) -> Iterator[Callable[[str], str]]:
    """Write a module of the Dagster project, and give its name."""
    package = location.sandbox.project_root / "src" / location.sandbox.project_name
    file = package / "translators.py"

    def write(text: str) -> str:
        file.write_text(text, encoding="utf-8")
        return f"{location.sandbox.project_name}.translators"

    yield write
    file.unlink(missing_ok=True)
