"""The dbt package that comes with this one: macros and generic tests, for any dbt project.

A project names it in its ``packages.yml``, and dbt finds it where ``dbt deps`` would have put it:

.. code-block:: yaml

    packages:
      - local: "{{ env_var('DDG_DBT_PACKAGE') }}"
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.strict_yaml import load_yaml

PACKAGE: Final = Path(__file__).parents[1] / "dbt_package"
PACKAGE_NAME: Final = "ddg"
PACKAGE_VARIABLE: Final = "DDG_DBT_PACKAGE"  # what a project's packages.yml reads the package's directory from

_NAMED_BY = ("packages.yml", "dependencies.yml")
_INSTALLED_IN = "dbt_packages"
_FROM_ENVIRONMENT = re.compile(rf"\{{\{{\s*env_var\(\s*['\"]{PACKAGE_VARIABLE}['\"]")


def package_files() -> list[Path]:
    """Every file of the package, sorted."""
    return sorted(path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix in {".sql", ".yml"})


def link_package(dbt_project: Path) -> None:
    """Put the package where dbt looks for it, if the project asks for it: what ``dbt deps`` does, and nothing else.

    A directory that is there already, because somebody copied the package or could not link it, stays. Whatever else
    ``packages.yml`` names is left to ``dbt deps``: nothing is fetched here.

    Raises:
        InputErrors: ``packages.yml`` cannot be read, or nothing can be written beside it.
    """
    if not _asks_for_package(dbt_project):
        return
    place = dbt_project / _INSTALLED_IN / PACKAGE_NAME
    if place.is_symlink() and place.resolve() == PACKAGE.resolve():
        return
    if place.exists() and not place.is_symlink():
        return
    try:
        place.parent.mkdir(exist_ok=True)
        # another process may do the same at this moment: a link is put in place in one step
        with tempfile.TemporaryDirectory(dir=dbt_project, prefix=".dbt_packages-") as scratch:
            link = Path(scratch) / PACKAGE_NAME
            link.symlink_to(PACKAGE, target_is_directory=True)
            link.replace(place)
    except OSError as error:
        found = error.strerror or "not writable"
        expected = f"a directory that can be written, for a link to {PACKAGE}; or run `dbt deps` yourself"
        raise InputErrors([InputError(str(place), "dbt package", found, expected)]) from None


def copy_package(directory: Path) -> Path:
    """Copy the package into a directory that is not there yet, for a project that dbt runs without this one installed.

    Returns:
        The directory.

    Raises:
        InputError: It is there already, or cannot be written.
    """
    if directory.exists():
        raise InputError(str(directory), "directory", "something that is there already", "a directory that is not")
    try:
        shutil.copytree(PACKAGE, directory, ignore=shutil.ignore_patterns("__pycache__"))
    except OSError as error:
        found = error.strerror or "not writable"
        raise InputError(str(directory), "directory", found, "a directory that can be written") from None
    return directory


def _asks_for_package(dbt_project: Path) -> bool:
    return any(_is_package(entry, dbt_project) for file in _NAMED_BY for entry in _local_packages(dbt_project / file))


def _local_packages(file: Path) -> list[str]:
    if not file.is_file():
        return []
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputErrors([InputError(str(file), "file", "not readable", "a YAML file in UTF-8")]) from None
    given: Any = load_yaml(text, str(file), may_hold_secrets=True)  # addresses of private packages may
    packages = given.get("packages") if isinstance(given, dict) else None
    entries = packages if isinstance(packages, list) else []
    return [str(entry["local"]) for entry in entries if isinstance(entry, dict) and "local" in entry]


def _is_package(local: str, dbt_project: Path) -> bool:
    if _FROM_ENVIRONMENT.search(local):
        named = os.environ.get(PACKAGE_VARIABLE)
        return named is None or Path(named).resolve() == PACKAGE.resolve()
    return (dbt_project / local).resolve() == PACKAGE.resolve()
