"""The project's places: who may enter them, whether they can be committed, room, and variables of the environment."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ddg_pipeline.doctor.finding import Finding, hint, ok, problem
from ddg_pipeline.orchestration.project import PROJECT_FILE, Project
from ddg_pipeline.strict_yaml import load_yaml

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OTHERS, _WRITTEN_BY_OTHERS = 0o077, 0o022
_ROOM = 1 << 30  # bytes that a run should find
_TIMES = 4  # sources, aggregates, what is staged, and what is written anew, of the size of the sources
_GIT_SECONDS = 20


def environment(project: Project) -> Iterator[Finding]:
    """Look whether every variable is set that ddg.yaml and sources.yaml name; their values are not looked at."""
    names: list[str] = []
    files = [project.root / PROJECT_FILE, project.sources]
    for file in [path for path in files if path.is_file()]:  # whether there have to be sources is another check's
        document = load_yaml(file.read_text(encoding="utf-8-sig"), str(file), may_hold_secrets=True)
        names += [name for text in _texts(document) for name in _VARIABLE.findall(text)]
    missing = [name for name in dict.fromkeys(names) if not os.environ.get(name)]
    for name in missing:
        yield problem("environment", f"{name} is not set", f"set {name}, as ddg.yaml or sources.yaml asks for it")
    if not missing:
        yield ok("environment", f"set: {', '.join(dict.fromkeys(names)) or 'none is asked for'}")


def modes(project: Project) -> Iterator[Finding]:
    """Look who else may enter the restricted store, and who may change what releases rest on."""
    store = project.restricted_store.path
    for path, wanted in ((project.restricted, "700"), (store, "600")):
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _OTHERS or path.stat().st_uid != os.getuid():
            yield problem("restricted store", f"{path} has mode {mode:o}", f"chmod {wanted} '{path}', as its owner")
        else:
            yield ok("restricted store", f"{path} has mode {mode:o}")
    if not project.restricted.exists():
        yield hint("restricted store", "not there yet", "ddg run makes it")
    for path in (project.root / PROJECT_FILE, project.expectations, project.dbt_project, project.public):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & _WRITTEN_BY_OTHERS:
            yield problem("rights", f"others may change {path}", f"chmod go-w '{path}'")


def repository(project: Project) -> Iterator[Finding]:
    """Look whether what is restricted could be committed."""
    git = shutil.which("git")
    if git is None:
        yield hint("git", "not found", "install it, to keep contracts and suites under review")
        return
    inside = _git(git, project.root, "rev-parse", "--is-inside-work-tree")
    if inside.returncode:
        yield hint("git", "the project is in no repository", "git init, to keep contracts and suites under review")
        return
    top = Path(_git(git, project.root, "rev-parse", "--show-toplevel").stdout.strip())
    open_places = [
        place
        for place in (project.restricted, project.dagster_home)
        if place.is_relative_to(top) and _git(git, project.root, "check-ignore", "-q", str(place)).returncode
    ]
    for place in open_places:
        yield problem(
            "git", f"{place} could be committed", f"write /{place.relative_to(top)}/ into {top / '.gitignore'}"
        )
    if not open_places:
        yield ok("git", "the restricted store cannot be committed")


def disk_space(project: Project) -> Iterator[Finding]:
    """Compare the free room with what sources and store take."""
    from ddg_pipeline.warehouse.sources import SqlTable, read_sources

    size = 0
    for source in read_sources(project.sources).values() if project.sources.is_file() else ():
        if not isinstance(source.table, SqlTable) and not _VARIABLE.search(source.table.path):
            path = source.declared_in.parent / source.table.path
            size += path.stat().st_size if path.is_file() else 0
    wanted = max(_ROOM, _TIMES * size)
    for place in dict.fromkeys(_existing(path) for path in (project.restricted, project.public, project.portal)):
        free = shutil.disk_usage(place).free
        said = f"{free >> 20:,} MiB free at {place}"
        if free < wanted:
            yield problem("disk space", said, f"make room: a run may need {wanted >> 20:,} MiB")
        else:
            yield ok("disk space", said)


def _existing(path: Path) -> Path:
    return path if path.is_dir() else _existing(path.parent)


def _git(git: str, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [git, "-C", str(directory), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_GIT_SECONDS)  # noqa: S603


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)
