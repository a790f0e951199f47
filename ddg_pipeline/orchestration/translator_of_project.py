"""The translator of the Dagster component that shows a project, so that the command line names assets as it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.errors import DdgError, InputError, InputErrors, where_raised
from ddg_pipeline.orchestration.project import PROJECT_FILE, Project
from ddg_pipeline.orchestration.translation import DdgTranslator

if TYPE_CHECKING:
    from dagster.components import Component
    from dagster_dbt import DagsterDbtTranslator


class ShowsProject(ABC):
    """A component that shows a project in Dagster."""

    @property
    @abstractmethod
    def project_directory(self) -> Path:
        """The directory of the project's ``ddg.yaml``."""

    @property
    @abstractmethod
    def translator_of_assets(self) -> DdgTranslator:
        """What names its assets."""

    @property
    @abstractmethod
    def translator_of_dbt(self) -> DagsterDbtTranslator | None:
        """What names dbt's assets, where these are made elsewhere; None where they are the component's."""


@dataclass(frozen=True)
class Translators:
    """What names a project's assets.

    Attributes:
        assets: All but dbt's, where something else names these.
        dbt: What names dbt's, where these are made elsewhere in Dagster.
    """

    assets: DdgTranslator
    dbt: DagsterDbtTranslator | None = None


def translators_of(project: Project) -> Translators:
    """Load the component that ``component`` in ``ddg.yaml`` names, and give its translators.

    Other components of the Dagster project around it are read, and not built.

    Returns:
        The translators; those that are there by default where the project names no component.

    Raises:
        InputErrors: There is no Dagster project around the component, it cannot be loaded, or shows another project.
    """
    if project.component is None:
        return Translators(DdgTranslator())
    component = _load(project, project.component)
    if not isinstance(component, ShowsProject):
        raise _wrong(project, f"a {type(component).__name__}", "a component of type ddg_pipeline.DdgReleases")
    if component.project_directory.resolve() != project.root:
        found = f"{project.component}, which shows {component.project_directory}"
        raise _wrong(project, found, f"the component whose `project` is {project.root}")
    return Translators(component.translator_of_assets, component.translator_of_dbt)


def _load(project: Project, place: Path) -> Component:
    from dagster.components.core.component_tree import ComponentTree
    from dagster_shared.utils.config import discover_config_file

    if discover_config_file(place) is None:
        expected = "a folder inside of a Dagster project, whose pyproject.toml has [tool.dg], or that has a dg.toml"
        raise _wrong(project, str(place), expected)
    try:
        return ComponentTree.for_project(place).load_component(place)
    except DdgError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the modules around it raise when they are imported
        found = f"{place}, which cannot be loaded ({type(error).__name__} at {where_raised(error)})"
    raise _wrong(project, found, "a component that `dg check defs` accepts; it says what is wrong")


def _wrong(project: Project, found: str, expected: str) -> InputErrors:
    return InputErrors([InputError(str(project.root / PROJECT_FILE), "component", found, expected)])
