"""Python, packages, programs, compiled code, and the clock."""

from __future__ import annotations

import datetime as dt
import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ddg_pipeline.doctor.finding import Finding, hint, ok, problem
from ddg_pipeline.orchestration.project import Project

_DISTRIBUTION = "ddg-pipeline"
_COMPILED = re.compile(r"^\s*from numba import", re.MULTILINE)
_SKEW = dt.timedelta(minutes=5)


def python() -> Iterator[Finding]:
    """Compare Python's version with those that are supported."""
    wanted = str(metadata(_DISTRIBUTION)["Requires-Python"])
    here = platform.python_version()
    if here in SpecifierSet(wanted):
        yield ok("Python", f"{here}, supported: {wanted}")
    else:
        yield problem("Python", f"{here}, supported: {wanted}", "make an environment with a Python of these")


def packages() -> Iterator[Finding]:
    """Compare the installed packages with the ranges that this package was made for."""
    wrong = 0
    wanted = [Requirement(text) for text in requires(_DISTRIBUTION) or []]
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    for one in needed:
        try:
            here = version(one.name)
        except PackageNotFoundError:
            wrong += 1
            yield problem(f"package {one.name}", "not installed", f"pip install '{one}'")
            continue
        if not one.specifier.contains(here, prereleases=True):
            wrong += 1
            yield problem(f"package {one.name}", f"{here}, outside of {one.specifier}", f"pip install '{one}'")
    if not wrong:
        adapter = f"dbt-core {version('dbt-core')} with dbt-duckdb {version('dbt-duckdb')}"
        yield ok("packages", f"all {len(needed)} in their ranges; dagster {version('dagster')}, {adapter}")


def compiled_code() -> Iterator[Finding]:
    """Say whether the search for moves and the attack are compiled already."""
    package = Path(__file__).parents[1]
    kept = [*package.rglob("*.nbi")]
    if not kept:
        yield hint("compiled code", "not there yet: the first run compiles it", "python -m ddg_pipeline.warm_up")
        return
    sources = [path for path in package.rglob("*.py") if _COMPILED.search(path.read_text(encoding="utf-8"))]
    if max(path.stat().st_mtime for path in sources) > max(path.stat().st_mtime for path in kept):
        yield hint("compiled code", "older than its source", "python -m ddg_pipeline.warm_up")
    else:
        yield ok("compiled code", "there")


def programs(project: Project) -> Iterator[Finding]:
    """Look for the programs that the project asks for."""
    from ddg_pipeline.orchestration.dbt_models import dbt_executable

    dbt = dbt_executable()
    if dbt.is_absolute() or shutil.which(str(dbt)):
        yield ok("dbt", str(dbt))
    else:
        yield problem("dbt", "no such program beside this Python", "install dbt-core into the same environment")
    if project.signing is not None or project.review.signing is not None:
        keygen = shutil.which("ssh-keygen")
        if keygen:
            yield ok("ssh-keygen", keygen)
        else:
            yield problem("ssh-keygen", "not found, and ddg.yaml asks for signatures", "install OpenSSH's client")


def clock(project: Project) -> Iterator[Finding]:
    """Compare the clock with what was released before: certificates' moments only grow."""
    now = dt.datetime.now(dt.UTC)
    ahead = [
        path
        for path in project.public.rglob("certificate.json")
        if dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC) > now + _SKEW
    ]
    built = dt.datetime.fromtimestamp(Path(__file__).stat().st_mtime, dt.UTC)
    if ahead or now + dt.timedelta(days=1) < built:
        found = f"{now:%Y-%m-%d %H:%M} UTC, before {'a certificate' if ahead else 'this program'} was written"
        yield problem("clock", found, "set the clock")
    else:
        yield ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")
