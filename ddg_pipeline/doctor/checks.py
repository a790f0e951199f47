"""All checks, in the order in which one depends on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ddg_pipeline.doctor.finding import Finding, hint, problem
from ddg_pipeline.doctor.installation import clock, compiled_code, packages, programs, python
from ddg_pipeline.doctor.places import disk_space, environment, modes, repository
from ddg_pipeline.doctor.portal import portal
from ddg_pipeline.doctor.project_parts import dagster_home, encryption, signing, sources
from ddg_pipeline.doctor.releases import releases
from ddg_pipeline.errors import DdgError, InputError, InputErrors, where_raised
from ddg_pipeline.orchestration.project import PROJECT_FILE, load_project

_OF_THE_INSTALLATION = (python, packages, compiled_code)
_OF_A_PROJECT = (
    programs, environment, encryption, signing, modes, repository, disk_space, clock, dagster_home, sources, releases,
)  # fmt: skip


def examine(directory: Path | None, *, with_portal: bool = False) -> Iterator[Finding]:
    """Check the installation, and the project if there is one.

    Args:
        directory: The project's directory; by default as everywhere.
        with_portal: Whether to ask the CKAN portal, too.
    """
    for check in _OF_THE_INSTALLATION:
        yield from _kept(check.__name__, check)
    try:
        project = load_project(directory)
    except (InputError, InputErrors) as error:
        if directory is None and not Path(PROJECT_FILE).exists():
            yield hint("project", f"no {PROJECT_FILE} here", "nothing, or run this in a project; `ddg init` makes one")
        else:
            yield from told("project", error)
        return
    project.prepare_environment()
    for one in _OF_A_PROJECT:
        yield from _kept(one.__name__, lambda one=one: one(project))  # type: ignore[misc]
    if with_portal:
        yield from _kept("portal", lambda: portal(project))


def told(check: str, error: DdgError) -> Iterator[Finding]:
    """Give our own errors as findings."""
    errors: Sequence[DdgError] = [error]
    if isinstance(error, InputErrors):
        errors = error.errors
    for one in errors:
        if isinstance(one, InputError):
            yield problem(check, f"{one.place}: {one.field}: found {one.found}", one.expected)
        else:
            yield problem(check, str(one), "do what it says")


def _kept(name: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Run a check; what keeps it from ending is a finding, too."""
    spoken = name.replace("_", " ")
    try:
        yield from check()
    except DdgError as error:
        yield from told(spoken, error)
    except Exception as error:  # noqa: BLE001 - its message may quote what is restricted
        what = f"could not be checked ({type(error).__name__} at {where_raised(error)})"
        yield problem(spoken, what, "mend what keeps it from being checked, or report it")
