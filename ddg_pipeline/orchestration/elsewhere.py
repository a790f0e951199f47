"""Aggregates that dbt builds in a database of its own: they are fetched from there, and nothing else is.

Where dbt's target is not DuckDB, records never come to this machine. Before a group of linked releases is masked, its
aggregates, and of its reference tables the columns that contracts name, cross into the restricted store; from there on
everything is as ever. What crosses is told in ``docs/how-to/elsewhere.md``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.contract.sizes import TableReference
from ddg_pipeline.errors import DdgError, InputError, InputErrors, RefusedError
from ddg_pipeline.orchestration.elsewhere_reader import BAD_INPUT, REFUSED, Request, Wanted
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.spark_session import session_environment

if TYPE_CHECKING:
    import pyarrow as pa

    from ddg_pipeline.warehouse.sources import Source

HERE: Final = "duckdb"
_SECRET: Final = re.compile(r"pass(word|phrase)?$|^pass|secret|token|^private_key$", re.IGNORECASE)
_FROM_ENVIRONMENT: Final = re.compile(r"\{\{.*\benv_var\b.*\}\}", re.DOTALL)


class FetchError(DdgError):
    """What was fetched could not be read; the message holds no word of the database's."""


def adapter_of(manifest: Mapping[str, Any]) -> str:
    """The adapter of the database that dbt builds in, as ``postgres``."""
    return str(manifest["metadata"].get("adapter_type") or HERE)


def built_elsewhere(manifest: Mapping[str, Any]) -> bool:
    """Whether dbt builds in a database other than the restricted store."""
    return adapter_of(manifest) != HERE


def check_sources(project: Project, manifest: Mapping[str, Any]) -> None:
    """Make sure that nothing is loaded into a store from which dbt does not read.

    Raises:
        InputErrors: dbt builds elsewhere, and there is a ``sources.yaml``.
    """
    if built_elsewhere(manifest) and project.sources.is_file():
        found = f"tables to load into the restricted store, while dbt builds in {adapter_of(manifest)}"
        expected = "remove the file: the tables are where dbt reads them; or let dbt build in the restricted store"
        raise InputErrors([InputError(str(project.sources), "sources", found, expected)])


def declared_sources(project: Project, manifest: Mapping[str, Any]) -> dict[str, Source]:
    """Read what is loaded into the restricted store; nothing where dbt builds in another database.

    Raises:
        InputErrors: There is a ``sources.yaml`` and must be none, or the other way round; or what it declares is wrong.
        InputError: It cannot be read.
    """
    from ddg_pipeline.warehouse.sources import read_sources

    check_sources(project, manifest)
    if built_elsewhere(manifest):
        return {}
    if not project.sources.is_file():
        expected = (
            "write it (docs/reference/sources.md), or name it under `sources` in ddg.yaml; only where dbt builds in "
            "another database is nothing loaded (docs/how-to/elsewhere.md)"
        )
        raise InputErrors([InputError(str(project.sources), "sources", "no such file", expected)])
    return read_sources(project.sources)


def check_secrets(project: Project) -> None:
    """Make sure that no password stands in ``profiles.yml``.

    Raises:
        InputErrors: One does; or the file is not YAML.
    """
    from ddg_pipeline.strict_yaml import load_yaml

    file = project.dbt_project / "profiles.yml"
    if not file.is_file():
        return
    given = load_yaml(file.read_text(encoding="utf-8"), str(file), may_hold_secrets=True)
    errors = [
        InputError(str(file), where, "the secret itself", "write \"{{ env_var('DBT_ENV_SECRET_…') }}\", and set that")
        for where in _secrets(given, "")
    ]
    if errors:
        raise InputErrors(errors)


def _secrets(given: Any, where: str) -> list[str]:
    if isinstance(given, list):
        return [found for one in given for found in _secrets(one, where)]
    if not isinstance(given, dict):
        return []
    found = []
    for key, value in given.items():
        place = f"{where}.{key}".lstrip(".")
        if isinstance(value, dict | list):
            found += _secrets(value, place)
        elif value is not None and _SECRET.search(str(key)) and not _FROM_ENVIRONMENT.search(str(value)):
            found.append(place)
    return found


def fetch_group(project: Project, manifest: Mapping[str, Any], group: Sequence[DbtRelease]) -> list[str]:
    """Bring the aggregates of a group, and what its contracts look up, into the restricted store: all, or nothing.

    The store must be one's own, see :func:`~ddg_pipeline.orchestration.store_work.exclusive`. Where dbt builds in the
    store itself there is nothing to fetch.

    Returns:
        The names of the dbt models and seeds that were fetched.

    Raises:
        InputErrors: A relation is not there, or does not fit its contract; the database cannot be reached.
        RefusedError: A relation is no aggregate, or carries direct identifiers.
        FetchError: The process that reads them failed.
    """
    from ddg_pipeline.warehouse.arrivals import replace_tables

    if not built_elsewhere(manifest):
        return []
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")}
    wanted = _wanted(group, nodes)
    with project.dbt_environment(session_environment(project, manifest)):  # the reader loads the dbt project, too
        tables = _fetch(Request(str(project.dbt_project), tuple(wanted.values())))
    fetched = {name: _typed(table, group) for name, table in zip(wanted, tables, strict=True)}
    _refuse_identifiers(project, group, fetched)
    replace_tables(
        project.restricted_store,
        {(nodes[name]["schema"], nodes[name].get("alias") or name): table for name, table in fetched.items()},
    )
    return list(wanted)


def _wanted(group: Sequence[DbtRelease], nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, Wanted]:
    """What is read of which model or seed: every column of an aggregate, of a reference table those that are named."""
    wanted = {
        release.model: Wanted(
            release.model,
            str(nodes[release.model]["relation_name"]),
            tuple(release.contract.columns),
            tuple(release.contract.dimensions),
        )
        for release in group
    }
    for name in dict.fromkeys(name for release in group for name in release.contract.reference_tables):
        if name in wanted:
            continue  # a release that another one looks up, whole
        public = [one for release in group for one in release.contract.already_public if one.table == name]
        looked_up = dict.fromkeys(column for release in group for column in _looked_up(release.contract, name))
        columns = dict.fromkeys(looked_up)
        if public:  # its columns are called as the release's; a dimension may be missing
            columns |= dict.fromkeys(column for release in group for column in release.contract.columns)
            columns |= dict.fromkeys(column for one in public for column in one.at)
        relation = str(nodes[name]["relation_name"])
        wanted[name] = Wanted(name, relation, tuple(columns), None, optional=bool(public))
    return wanted


def _looked_up(contract: ReleaseContract, table: str) -> list[str]:
    """The columns of a reference table that sizes and hierarchies of a contract name."""
    columns: list[str] = []
    sizes: list[Any] = [measure.population for measure in contract.measures.values()]
    for dimension in contract.dimensions.values():
        sizes += [dimension.population, dimension.members, dimension.enrollment]
        for hierarchy in dimension.hierarchy:
            if hierarchy.table == table:
                columns += [name for name in (hierarchy.child, hierarchy.parent) if name is not None]
    for size in sizes:
        if isinstance(size, TableReference) and size.table == table:
            columns += [size.key] if isinstance(size.key, str) else list(size.key)
            columns.append(size.value)
    return columns


def _fetch(request: Request) -> list[pa.Table]:
    import pyarrow as pa

    command = [sys.executable, "-m", "ddg_pipeline.orchestration.elsewhere_reader"]
    done = subprocess.run(command, input=request.to_json().encode(), capture_output=True, check=False)  # noqa: S603
    if done.returncode == 0:
        source = pa.BufferReader(done.stdout)
        tables = []
        for _ in request.relations:
            with pa.ipc.open_stream(source) as stream:
                tables.append(stream.read_all())
        return tables
    try:
        told = json.loads(done.stdout)
    except ValueError:
        told = {}
    if done.returncode == BAD_INPUT and "errors" in told:
        raise InputErrors([InputError(*error) for error in told["errors"]])
    if done.returncode == REFUSED and "refused" in told:
        raise RefusedError(str(told["refused"]))
    why = told.get("internal", f"exit code {done.returncode}")
    raise FetchError(f"the aggregates could not be read where dbt built them ({why}); `dbt debug` tries the connection")


def _typed(table: pa.Table, group: Sequence[DbtRelease]) -> pa.Table:
    """Give a column without any value the type that the contract says, as the database would have."""
    import pyarrow as pa

    figures = {name for one in group for name in (*one.contract.measures, *one.contract.population_columns)}
    fields = [
        pa.field(field.name, pa.int64() if field.name in figures else pa.string())
        if pa.types.is_null(field.type)
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _refuse_identifiers(project: Project, group: Sequence[DbtRelease], fetched: Mapping[str, pa.Table]) -> None:
    """Keep what identifies people out of the store, too: it would be refused there at the next step."""
    from ddg_pipeline.assessment import refuse_direct_identifiers
    from ddg_pipeline.rulebook import load_rulebook

    names = ", ".join(release.contract.release for release in group)
    for release in group:
        rulebook = load_rulebook(release.contract.rulebook, project.rulebook_source, names)
        refuse_direct_identifiers(fetched[release.model].to_pandas(), release.contract, rulebook)
