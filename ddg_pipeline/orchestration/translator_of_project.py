"""The translator of the Dagster component that shows a project, so that the command line names assets as it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.errors import DdgError, InputError, InputErrors, where_raised
from ddg_pipeline.orchestration.project import PROJECT_FILE, Project

if TYPE_CHECKING:
    from dagster.components import Component

    from ddg_pipeline.orchestration.translation import DdgTranslator


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


def translator_of(project: Project) -> DdgTranslator | None:
    """Load the component that ``component`` in ``ddg.yaml`` names, and give its translator.

    Of the Dagster project around it only this one component is loaded.

    Returns:
        The translator; None where the project names no component.

    Raises:
        InputErrors: There is no Dagster project around the component, it cannot be loaded, or shows another project.
    """
    if project.component is None:
        return None
    component = _load(project, project.component)
    if not isinstance(component, ShowsProject):
        raise _wrong(project, f"a {type(component).__name__}", "a component of type ddg_pipeline.DdgReleases")
    if component.project_directory.resolve() != project.root:
        found = f"{project.component}, which shows {component.project_directory}"
        raise _wrong(project, found, f"the component whose `project` is {project.root}")
    return component.translator_of_assets


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
