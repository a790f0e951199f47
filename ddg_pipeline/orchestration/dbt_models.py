"""The dbt project as assets, and the release contracts written in it."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from packaging.version import Version

from ddg_pipeline.contract.manifest import DbtRelease, contracts_from_manifest
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.dbt_messages import MESSAGES, kept_messages
from ddg_pipeline.orchestration.dbt_package import link_package, package_files
from ddg_pipeline.orchestration.elsewhere import check_secrets
from ddg_pipeline.orchestration.failures import attempt, exclusive_step
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.source_assets import DUCKDB_POOL
from ddg_pipeline.orchestration.store_work import parsing, remove_plain_files
from ddg_pipeline.orchestration.unfinished import begin, releases_in_run

if TYPE_CHECKING:
    import pandas as pd

_FINGERPRINT = "manifest.sha256"
_PLUGIN = "ddg_pipeline.orchestration.dbt_plugin"
_DUCKDB = re.compile(r"""^\s*type:\s*["']?duckdb\b""", re.MULTILINE)
_QUIETLY = ("--no-use-colors", "--log-level-file", "none")  # its log files quote values, and are not encrypted
_PARSED = {".sql", ".yml", ".yaml", ".csv", ".md"}


def ensure_manifest(project: Project) -> Path:
    """Parse the dbt project unless the manifest is of these very files.

    Returns:
        The manifest's path.

    Raises:
        InputErrors: dbt cannot parse the project; its own message is passed on.
    """
    _check_profile(project)
    check_secrets(project)
    if _is_current(project):
        return project.manifest
    project.prepare_environment()
    with parsing(project):
        if not _is_current(project):  # another process may have parsed it meanwhile
            link_package(project.dbt_project)
            _parse(project)
    return project.manifest


def _is_current(project: Project) -> bool:
    kept = project.dbt_target / _FINGERPRINT
    if not project.manifest.is_file() or not kept.is_file():
        return False
    return kept.read_text(encoding="ascii") == _fingerprint(project)


def _parse(project: Project) -> None:
    fingerprint = _fingerprint(project)
    directory = str(project.dbt_project)
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", *_QUIETLY, "parse", "--project-dir", directory]
    command += ["--profiles-dir", directory, "--target-path", str(project.dbt_target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        expected = "a dbt project that `dbt parse` accepts:\n" + "\n".join(lines[-20:])
        raise InputErrors([InputError(directory, "dbt project", "an error", expected)])
    (project.dbt_target / _FINGERPRINT).write_text(fingerprint, encoding="ascii")


def _check_profile(project: Project) -> None:
    """Say it here if dbt's profile does not know of the key; dbt would only say that it cannot open the file.

    Raises:
        InputErrors: There is a key, and the plugin that uses it is not in ``profiles.yml``.
    """
    profiles = project.dbt_project / "profiles.yml"
    if project.encryption is None or not profiles.is_file():
        return
    text = profiles.read_text(encoding="utf-8")
    if _DUCKDB.search(text) and _PLUGIN not in text:  # another database has a key of its own, or none
        found = "no plugin that opens an encrypted store"
        expected = (
            'write `path: ":memory:"`, `database: restricted`, '
            "`attach: [{path: \"{{ env_var('DDG_RESTRICTED_DB') }}\", alias: restricted}]` and "
            f"`plugins: [{{module: {_PLUGIN}}}]`"
        )
        raise InputErrors([InputError(str(profiles), "outputs", found, expected)])


def _fingerprint(project: Project) -> str:
    """Hash every file that dbt parses, and where the restricted store is, which the manifest repeats."""
    digest = hashlib.sha256(str(project.restricted_store.path).encode())
    for path in sorted(project.dbt_project.rglob("*")):
        if path.suffix in _PARSED and path.is_file():
            digest.update(f"{path.relative_to(project.dbt_project)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for path in package_files():
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest that dbt wrote."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def releases_of(manifest: Mapping[str, Any]) -> list[DbtRelease]:
    """Read the contracts, and check that every reference table they name is in the project.

    Raises:
        InputErrors: A contract is wrong, or names a table that dbt does not know.
    """
    releases = contracts_from_manifest(manifest)
    relations = relations_of(manifest)
    errors = [
        InputError(
            f"{release.path}: model {release.model}: meta.ddg",
            "table",
            repr(name),
            f"one of the dbt models and seeds {', '.join(sorted(relations))}",
        )
        for release in releases
        for name in release.contract.reference_tables
        if name not in relations
    ]
    if errors:
        raise InputErrors(errors)
    return releases


def relations_of(manifest: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Give schema and name in the warehouse of every model and seed, by its dbt name."""
    return {
        node["name"]: (node["schema"], node.get("alias") or node["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


def asset_key_of(manifest: Mapping[str, Any], name: str) -> dg.AssetKey:
    """Give the asset of a model or seed, by its dbt name."""
    from dagster_dbt import DagsterDbtTranslator

    node = next(n for n in manifest["nodes"].values() if n["name"] == name and n["resource_type"] in ("model", "seed"))
    return DagsterDbtTranslator().get_asset_key(node)


def read_relation(project: Project, relation: tuple[str, str]) -> "pd.DataFrame":
    """Read a model or seed from the restricted store."""
    return project.restricted_store.read_table(*relation)


def dbt_models(project: Project, manifest: Mapping[str, Any]) -> tuple[dg.AssetsDefinition, Any]:
    """Make the assets of every model, seed and test of the dbt project.

    Returns:
        The assets, and the dbt command line as a resource.
    """
    from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

    class Translator(DagsterDbtTranslator):
        """Groups are the folders of the dbt project; everything dbt builds is restricted."""

        def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
            folders = dbt_resource_props["fqn"][1:-1]
            return folders[0] if folders else f"{dbt_resource_props['resource_type']}s"

        def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
            return {**super().get_tags(dbt_resource_props), "ddg/store": "restricted"}

        def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
            return str(dbt_resource_props.get("description", ""))

    class Dbt(DbtCliResource):
        """The dbt beside this Python, without what takes seconds and is not needed."""

        @cached_property
        def _cli_version(self) -> Version:
            """Known without starting dbt."""
            return Version(version("dbt-core")) if _dbt_executable().is_absolute() else super()._cli_version

        def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002
            """None: nobody asks for row counts and columns, and a Ctrl-C while it is made would be lost."""
            return None

    dbt_project = DbtProject(
        project_dir=project.dbt_project, profiles_dir=project.dbt_project, target_path=project.dbt_target
    )

    @dbt_assets(
        manifest=manifest, project=dbt_project, dagster_dbt_translator=Translator(), name="dbt", pool=DUCKDB_POOL
    )
    def models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        project.prepare_environment()
        with exclusive_step(project, context.log.info):
            attempt(begin, project, releases_in_run(context, manifest))
            attempt(_check_store, project)
            target = project.dbt_runs / context.run.run_id
            target.mkdir(parents=True, exist_ok=True)
            with kept_messages(project, target):
                invocation = dbt.cli([*_QUIETLY, "build"], context=context, target_path=target, raise_on_error=False)
                yield from invocation.stream()
                successful = invocation.is_successful()
            if not successful:
                description = _what_failed(project, target)
                if project.encryption is not None:
                    remove_plain_files(target)
                raise dg.Failure(description=description, allow_retries=False)
            shutil.rmtree(target)

    return models, Dbt(
        project_dir=str(project.dbt_project),
        profiles_dir=str(project.dbt_project),
        dbt_executable=str(_dbt_executable()),
    )


def _check_store(project: Project) -> None:
    """Open the store once before dbt does: a wrong key, or somebody else's connection, is said in our words.

    Raises:
        DdgError: It cannot be opened.
    """
    with project.restricted_store.connect():
        pass


def _what_failed(project: Project, target: Path) -> str:
    """Name the models and tests that failed, and say where dbt's own words are; they may quote values."""
    where = f"what dbt says about it is in {target / MESSAGES}"
    if project.encryption is not None:
        where += ", sealed; `ddg store show` prints it"
    try:
        results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        return f"dbt could not run the project; {where}"
    broken = [result["unique_id"] for result in results if result["status"] in ("error", "fail", "runtime error")]
    return f"dbt: {len(broken)} of {len(results)} models and tests failed: {', '.join(broken)}; {where}"


def _dbt_executable() -> Path:
    """Find the dbt that is installed beside this Python, whatever PATH says."""
    beside = Path(sys.executable).with_name("dbt")
    return beside if beside.is_file() else Path("dbt")
