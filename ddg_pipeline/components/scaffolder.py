"""What ``dg scaffold defs ddg_pipeline.DdgReleases NAME`` writes: a component, and a small project that works.

The project stands beside the Python package and not in it, so that nothing restricted ends up in a wheel:

    src/<package>/defs/NAME/defs.yaml   the component: how it looks in Dagster
    NAME/ddg.yaml                       the project: what is loaded, kept and published
    NAME/sources.yaml, data/, dbt/      a made-up source, and a dbt project with one release
    NAME/expectations/                  its suite, reviewed by you
"""

import os
import shutil
from pathlib import Path
from typing import Any

import click
import dagster as dg
import yaml
from dagster.components.component_scaffolding import scaffold_component
from pydantic import BaseModel, ConfigDict, Field

from ddg_pipeline.errors import InputError
from ddg_pipeline.orchestration.project import PROJECT_FILE
from ddg_pipeline.strict_yaml import load_yaml

_STARTER = Path(__file__).parent / "starter"
_PACKAGE_FILES = ("__pycache__", "*.py")

_PROJECT = """\
# Where this project keeps what the pipeline reads and writes. Paths are relative to this file. Dagster reads it, by the
# component, and so does the command line: `ddg run`, `ddg status` and the others.
component: {component}
{sources}
# what aggregates it, with the release contracts in `meta.ddg`
dbt_project: {dbt_project}
expectations: expectations            # the reviewed suites, one a release
restricted: var/restricted            # source tables, aggregates and staged releases; readable by the owner only
public: var/public                    # certified releases, and nothing else
portal: var/portal                    # the local portal folder
dagster_home: var/dagster             # Dagster's instance for `ddg run`, unless DAGSTER_HOME names another

{review}
"""

_LOADED = "sources: sources.yaml                 # what is loaded"
_ELSEWHERE = (
    "# no `sources`: dbt builds in another database, and nothing is loaded before it runs (`ddg help elsewhere`)"
)

_NOBODY = """\
# Who has to approve a release before it is published. Nobody, because these figures are made up. Leave the key out for
# real ones: then five roles have to.
review: {roles: []}"""

_FIVE_ROLES = """\
# Five roles have to approve a release before it is published; `review` names others."""

_SOURCES = """\
# What is loaded before dbt runs, into the schema `source` of the restricted store. Paths are relative to this file.
sources: {}
#  cases:
#    kind: csv                        # or parquet, excel, sql
#    path: data/cases.csv
#    columns: {county: text, sex: text, cases: integer}
"""

_IGNORE = """\
# everything a run makes, restricted tables among it
var/
{dbt}target/
{dbt}logs/
{dbt}.user.yml
"""

_PYTHON = """\
import dagster as dg

from ddg_pipeline import DdgReleases


@dg.component_instance
def load(context: dg.ComponentLoadContext) -> DdgReleases:
    return DdgReleases(project=str({project}), name_prefix={name!r})
"""


class DdgReleasesParams(BaseModel):
    """What `dg scaffold` may be told."""

    model_config = ConfigDict(extra="forbid")

    project_path: str | None = Field(
        default=None, description="A directory with a ddg.yaml that is there already; nothing else is written then."
    )
    dbt_project: str | None = Field(
        default=None, description="A dbt project that is there already, instead of the small one."
    )


class DdgReleasesScaffolder(dg.Scaffolder[DdgReleasesParams]):
    """Writes a component and the small project that it shows."""

    @classmethod
    def get_scaffold_params(cls) -> type[DdgReleasesParams]:
        """Say which parameters there are."""
        return DdgReleasesParams

    def scaffold(self, request: dg.ScaffoldRequest[DdgReleasesParams]) -> None:
        """Write everything, or nothing.

        Raises:
            click.ClickException: Something is there already, or what was named is not there.
        """
        root = (request.project_root or Path.cwd()).resolve()
        name = (request.target_path.parent if request.append else request.target_path).name
        try:
            project = _existing(request.params) if request.params.project_path else root / name
            if not request.params.project_path:
                _write_project(project, request)
        except InputError as error:
            if request.target_path.is_dir() and not any(request.target_path.iterdir()):
                request.target_path.rmdir()  # dg made it just now
            raise click.ClickException(str(error)) from None
        _write_component(request, root, project, name)
        click.echo(_what_now(project, root, request))


def _existing(params: DdgReleasesParams) -> Path:
    project = Path(params.project_path or "").resolve()
    if not (project / PROJECT_FILE).is_file():
        expected = f"a directory with a {PROJECT_FILE}, or nothing: then one is written"
        raise InputError("dg scaffold", "--project-path", str(project), expected)
    return project


def _write_project(project: Path, request: dg.ScaffoldRequest[DdgReleasesParams]) -> None:
    if project.exists() and (not project.is_dir() or any(project.iterdir())):
        expected = f"another name, or --project-path if there is a {PROJECT_FILE} in it"
        raise InputError("dg scaffold", "name", f"{project}, which is there already", expected)
    given = request.params.dbt_project
    if given is not None and not (Path(given) / "dbt_project.yml").is_file():
        raise InputError("dg scaffold", "--dbt-project", str(Path(given).resolve()), "a directory with dbt_project.yml")
    project.mkdir(parents=True, exist_ok=True)
    component = request.target_path.parent if request.append else request.target_path
    place = os.path.relpath(component, project)
    values = {"component": place, "sources": _LOADED, "dbt_project": "dbt", "review": _NOBODY}
    if given is None:
        shutil.copytree(_STARTER, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_PACKAGE_FILES))
    else:
        values |= {"dbt_project": os.path.relpath(Path(given).resolve(), project), "review": _FIVE_ROLES}
        if _builds_elsewhere(Path(given)):
            values["sources"] = _ELSEWHERE
        else:
            (project / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
        (project / "expectations").mkdir()
    (project / PROJECT_FILE).write_text(_PROJECT.format(**values), encoding="utf-8")
    (project / ".gitignore").write_text(_IGNORE.format(dbt="dbt/"), encoding="utf-8")


def _builds_elsewhere(dbt_project: Path) -> bool:
    """Say whether the target of a dbt project is another database than DuckDB, as far as its own profile tells."""
    profiles = dbt_project / "profiles.yml"
    if not profiles.is_file():
        return False
    settings, known = (
        load_yaml(path.read_text(encoding="utf-8"), str(path), may_hold_secrets=True)
        for path in (dbt_project / "dbt_project.yml", profiles)
    )
    try:
        profile = known[settings["profile"]]
        kind = profile["outputs"][profile.get("target", "default")]["type"]
    except (KeyError, TypeError, AttributeError):
        return False  # dbt itself says what is wrong with it
    return str(kind) != "duckdb"


def _write_component(request: dg.ScaffoldRequest[DdgReleasesParams], root: Path, project: Path, name: str) -> None:
    inside = os.path.relpath(project, root)
    if request.scaffold_format == "python":
        place = f'context.project_root / "{inside}"'
        text = _PYTHON.format(project=place, name=name)
        (request.target_path / "component.py").write_text(text, encoding="utf-8")
        return
    attributes: dict[str, Any] = {"project": f"{{{{ context.project_root }}}}/{inside}", "name_prefix": name}
    scaffold_component(request, attributes)


def _what_now(project: Path, root: Path, request: dg.ScaffoldRequest[DdgReleasesParams]) -> str:
    place = os.path.relpath(project, root)
    if request.params.project_path is not None:
        component = os.path.relpath(request.target_path, project)
        known = yaml.safe_load((project / PROJECT_FILE).read_text(encoding="utf-8"))
        named = known.get("component") if isinstance(known, dict) else None
        if named is not None:
            return f"The component shows {place}; `ddg run` names assets as the component in {named} does, as before."
        return (
            f"The component shows {place}. Write `component: {component}` into its {PROJECT_FILE}, so that the "
            "command line names assets as Dagster does."
        )
    if request.params.dbt_project is not None and not (project / "sources.yaml").is_file():
        return (
            f"Wrote {place}. dbt builds in another database, so nothing is loaded here (`ddg help elsewhere`). Now: "
            f"put `meta.ddg` on a model, and `ddg suites --project {place}` for the suite to review."
        )
    if request.params.dbt_project is not None:
        return (
            f"Wrote {place}. Now: name in {place}/sources.yaml what is loaded, give the dbt profile an output for the "
            "restricted store (docs/how-to/dagster-project.md), put `meta.ddg` on a model, and "
            f"`ddg suites --project {place}` for the suite to review."
        )
    return f"Wrote {place}, a small project with one release of made-up figures. `dg check defs`, then `dg dev`."
