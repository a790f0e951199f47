"""Find the files that a newer version wants otherwise, and say what would change in each."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.format_version import CONTRACT_FORMAT, RULEBOOK_FORMAT, without_format
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.strict_yaml import load_yaml
from ddg_pipeline.suggesting.writing import replace
from ddg_pipeline.upgrading.meta_place import declared, move_into_config
from ddg_pipeline.yaml_writing import editor

_YAML = (".yml", ".yaml")


@dataclass(frozen=True)
class Upgrade:
    """What becomes of one file.

    Attributes:
        path: The file.
        before: Its text.
        after: Its text in the present format; the same where nothing has to change.
    """

    path: Path
    before: str
    after: str

    @property
    def changes(self) -> bool:
        """Whether the file has to be written anew."""
        return self.before != self.after

    @property
    def diff(self) -> str:
        """The lines that change, as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), str(self.path), str(self.path)
        )
        return "".join(lines)


def upgrades_of(project: Project | None, files: Sequence[Path] = ()) -> list[Upgrade]:
    """Read every contract and rulebook, and make what it would be in the present format.

    Args:
        project: The project; None for the files alone.
        files: Contracts and rulebooks outside of a project.

    Raises:
        InputErrors: Files that cannot be read, or are of a newer format; all of them together.
    """
    found, errors = [], []
    for path in [*files, *(_of_project(project) if project is not None else ())]:
        try:
            found.append(_upgrade(path))
        except InputErrors as error:
            errors += error.errors
        except InputError as error:
            errors.append(error)
    if errors:
        raise InputErrors(errors)
    return found


def write_upgrades(upgrades: Sequence[Upgrade]) -> list[Path]:
    """Write the files that change, each whole or not at all.

    Raises:
        InputError: A file has changed since it was read, or cannot be written.
    """
    written = []
    for one in upgrades:
        if one.changes:
            if _read(one.path) != one.before:
                raise InputError(str(one.path), "file", "a change since it was read", "run this again")
            replace(one.path, one.after)
            written.append(one.path)
    return written


def _of_project(project: Project) -> Iterator[Path]:
    for path in sorted(project.dbt_project.rglob("*")):
        inside = path.relative_to(project.dbt_project).parts
        if path.suffix in _YAML and path.is_file() and not {"target", "dbt_packages"} & set(inside):
            yield path
    if project.rulebooks.is_dir():
        yield from sorted(path for path in project.rulebooks.iterdir() if path.suffix in _YAML)


def _upgrade(path: Path) -> Upgrade:
    before = _read(path)
    if "ddg" not in before and "extends" not in before and "format" not in before:
        return Upgrade(path, before, before)  # dbt's own
    document = load_yaml(before, str(path))
    if isinstance(document, dict):
        _check_formats(document, path)
    if not isinstance(document, dict) or "models" not in document:
        return Upgrade(path, before, before)
    edited = editor().load(before)
    if not move_into_config(edited, str(path)):
        return Upgrade(path, before, before)
    out = io.StringIO()
    editor().dump(edited, out)
    after = out.getvalue()
    if declared(load_yaml(after, str(path))) != declared(document):  # what is written has to mean the same
        raise InputError(
            str(path), "file", "YAML that cannot be rewritten safely", "move `meta` under `config` by hand"
        )
    return Upgrade(path, before, after)


def _check_formats(document: dict[Any, Any], path: Path) -> None:
    if "models" in document:
        for (model, column), value in declared(document).items():
            if not column and isinstance(value, dict):
                without_format(value, f"{path}: model {model}: meta.ddg", CONTRACT_FORMAT)
    elif "release" in document:
        without_format(document, str(path), CONTRACT_FORMAT)
    elif "extends" in document or "publication_score" in document:
        without_format(document, str(path), RULEBOOK_FORMAT)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        found = error.strerror or "not readable"
        raise InputError(str(path), "file", found, "a file that can be read") from None
    except UnicodeDecodeError:
        raise InputError(str(path), "file", "bytes that are not UTF-8", "save it as UTF-8") from None
