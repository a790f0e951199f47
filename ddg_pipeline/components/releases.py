"""`DdgReleases`: a project of releases as a part of anyone's Dagster project."""

import inspect
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args
from zoneinfo import ZoneInfo

import dagster as dg
from dagster.components.utils.translation import TranslationFn, TranslationFnResolver
from pydantic import ConfigDict, Field

from ddg_pipeline.components.scaffolder import DdgReleasesScaffolder
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.plan import default_dbt_translator
from ddg_pipeline.orchestration.project import PROJECT_FILE, Project, load_project
from ddg_pipeline.orchestration.settings_in_dagster import Elsewhere, Status
from ddg_pipeline.orchestration.translation import DdgAsset, DdgTranslator, DefinitionKind
from ddg_pipeline.orchestration.translator_of_project import ShowsProject

if TYPE_CHECKING:
    from dagster_dbt import DagsterDbtTranslator

_PLACE = "ddg_pipeline.DdgReleases"


def _directory(context: dg.ResolutionContext, text: str) -> str:
    return str(context.resolve_source_relative_path(context.resolve_value(text, as_type=str)))


def _translator(context: dg.ResolutionContext, given: Any) -> Any:
    value = context.resolve_value(given)
    return _load_translator(value) if isinstance(value, str) else value


def _one_of(field: str, words: Any, description: str, example: str) -> dg.Resolver:
    """Resolve a word of a few; Dagster itself would take any, and say of a wrong one neither file nor field."""
    known = get_args(words)

    def resolve(context: dg.ResolutionContext, given: Any) -> Any:
        value = context.resolve_value(given)
        if field == "elsewhere" and isinstance(value, str):
            value = [value]
        wrong = [word for word in (value if isinstance(value, list) else [value]) if word not in known]
        if wrong:
            found, expected = ", ".join(map(repr, wrong)), f"one of {', '.join(known)}"
            raise InputErrors([InputError(_file(context), f"attributes.{field}", found, expected)])
        return value

    examples: list[Any] = [[example]] if field == "elsewhere" else [example]
    kind = list[words] if field == "elsewhere" else words
    return dg.Resolver(resolve, model_field_type=kind, description=description, examples=examples)


def _file(context: dg.ResolutionContext) -> str:
    tree = context.source_position_tree
    return _PLACE if tree is None else tree.position.filename  # Dagster shows the line itself


def _template_variables(asset: DdgAsset) -> Mapping[str, Any]:
    return {
        "step": asset.step,
        "name": asset.name,
        "release": asset.release,
        "contract": asset.contract,
        "source": asset.source,
        "node": asset.node,
    }


def _described(resolver: dg.Resolver, description: str, example: Any) -> dg.Resolver:
    """Describe a translation, whose resolver takes no description of its own."""
    resolver.description = description
    resolver.examples = [example]
    return resolver


@dg.scaffold_with(DdgReleasesScaffolder)
class DdgReleases(ShowsProject, dg.Component, dg.Resolvable, dg.Model):
    """Releases tables to an open data portal under the CalHHS Data De-Identification Guidelines.

    Every dbt model with ``meta.ddg`` gets its assets: ``masked`` (assessed, masked, staged), ``release`` (judged byte
    for byte by the gate, certified) and ``publication`` (on the portal, once everybody has approved it), with their
    checks, jobs, schedules by the cadence of its contract, and sensors. The tables of ``sources.yaml`` and the dbt
    project become assets too. What is loaded, kept and published stands in ``ddg.yaml``, which the ``ddg`` command line
    reads as well; the attributes here say how it looks in Dagster.

    .. code-block:: yaml

        type: ddg_pipeline.DdgReleases
        attributes:
          project: "{{ context.project_root }}/my_releases"
          name_prefix: my_releases
          translation:
            owners: ["team:epidemiology"]
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    project: Annotated[
        str,
        dg.Resolver(
            _directory,
            model_field_type=str,
            description="The directory of `ddg.yaml`, absolute or from the folder of this file.",
            examples=["{{ context.project_root }}/my_releases", "../../../../my_releases"],
        ),
    ]
    releases: Annotated[
        list[str],
        dg.Resolver.default(
            description="Which releases; all of them by default. Releases that are linked to one of them come along, "
            "because they are masked and judged together.",
            examples=[["cases_by_county", "deaths_by_month"]],
        ),
    ] = Field(default_factory=list)
    elsewhere: Annotated[
        list[Elsewhere],
        _one_of(
            "elsewhere",
            Elsewhere,
            "What another part of this code location makes, so that this one does not: `dbt`, where you "
            "have a DbtProjectComponent or `@dbt_assets` for the same dbt project; `sources`, where something else "
            "loads the tables of `sources.yaml`.",
            "dbt",
        ),
    ] = Field(default_factory=list)
    key_prefix: Annotated[
        list[str] | str,
        dg.Resolver.default(
            description="Stands before every asset key. Two projects in one code location need different ones.",
            examples=["health", ["health", "open_data"]],
        ),
    ] = Field(default_factory=list)
    name_prefix: Annotated[
        str | None,
        dg.Resolver.default(
            description="Stands before the names of jobs, schedules, sensors and ops; by default made of `key_prefix`.",
            examples=["my_releases"],
        ),
    ] = None
    translator: Annotated[
        DdgTranslator | type[DdgTranslator] | None,
        dg.Resolver(
            _translator,
            model_field_type=str,
            description="A class of yours that extends ddg_pipeline.dagster.DdgTranslator, as `module.Class`. It is "
            "made with `key_prefix` and `name_prefix`.",
            examples=["my_project.translators.OurTranslator"],
        ),
    ] = None
    translation: Annotated[
        TranslationFn[DdgAsset] | None,
        _described(
            TranslationFnResolver(template_vars_for_translation_fn=_template_variables),
            "What assets should have otherwise. Templates know `step` (source, dbt, masked, release or publication), "
            "`name`, `release` (the release's name, or none), `contract`, `source`, `node` and `spec`.",
            {"owners": ["team:epidemiology"], "group_name": "{{ release or step }}"},
        ),
    ] = None
    dbt_translation: Annotated[
        TranslationFn[Mapping[str, Any]] | None,
        _described(
            TranslationFnResolver(template_vars_for_translation_fn=lambda node: {"node": node}),
            "Where dbt's assets are made `elsewhere`: the `translation` of your DbtProjectComponent, so that their "
            "keys are known here.",
            {"key_prefix": "warehouse"},
        ),
    ] = None
    time_zone: Annotated[
        str,
        dg.Resolver.default(description="Of the schedules.", examples=["America/Los_Angeles", "UTC"]),
    ] = "America/Los_Angeles"
    schedules: Annotated[
        Status,
        _one_of(
            "schedules",
            Status,
            "`stopped` until someone turns them on, `running` from the start, or `none`. There is one for "
            "each cadence that contracts name.",
            "running",
        ),
    ] = "stopped"
    sensors: Annotated[
        Status,
        _one_of(
            "sensors",
            Status,
            "`stopped` until someone turns them on, `running` from the start, or `none`: new source data, "
            "releases that everybody has approved, and whether the portal still shows what was published.",
            "none",
        ),
    ] = "stopped"

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """Say what it is, for Dagster's docs."""
        return dg.ComponentTypeSpec(tags=["dbt", "open-data", "de-identification"])

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002 - it says where, not what
        """Build the assets, checks, jobs, schedules and sensors of the project.

        The executor is left to the code location.

        Raises:
            InputErrors: An attribute, ``ddg.yaml``, ``sources.yaml``, the dbt project or a contract is wrong.
        """
        from ddg_pipeline.orchestration.building import build_definitions

        self._check()
        return build_definitions(
            self._project,
            translator=self.translator_of_assets,
            releases=self.releases,
            elsewhere=self.elsewhere,
            dbt_translator=self.translator_of_dbt,
            time_zone=self.time_zone,
            schedules=self.schedules,
            sensors=self.sensors,
            executor=None,
        )

    def get_asset_spec(self, asset: DdgAsset) -> dg.AssetSpec:
        """Say what an asset is called and has; override it in a component of your own.

        By default what ``translator`` says, changed by ``translation``.
        """
        spec = self._base_translator.get_asset_spec(asset)
        return spec if self.translation is None else self.translation(spec, asset)

    @property
    def project_directory(self) -> Path:
        """The directory of ``ddg.yaml``."""
        return Path(self.project)

    @property
    def translator_of_assets(self) -> DdgTranslator:
        """What names the assets."""
        return _ByComponent(self, self._base_translator)

    @property
    def _project(self) -> Project:
        file = self.project_directory / PROJECT_FILE
        if not file.is_file():
            expected = f"the directory of a {PROJECT_FILE}; `dg scaffold defs {_PLACE} NAME` writes one"
            raise InputErrors([InputError(_PLACE, "attributes.project", str(self.project_directory), expected)])
        return load_project(self.project_directory)

    @cached_property
    def _base_translator(self) -> DdgTranslator:
        given = self.translator
        if isinstance(given, DdgTranslator):
            if self.key_prefix or self.name_prefix is not None:
                expected = "give them to your translator, or its class here"
                raise InputErrors([InputError(_PLACE, "attributes.key_prefix", "beside a made translator", expected)])
            return given
        prefix: Sequence[str] = [self.key_prefix] if isinstance(self.key_prefix, str) else self.key_prefix
        return (given or DdgTranslator)(key_prefix=prefix, name_prefix=self.name_prefix)

    @property
    def translator_of_dbt(self) -> "DagsterDbtTranslator | None":
        """What names dbt's assets where they are made elsewhere."""
        if "dbt" not in self.elsewhere:
            return None
        if self.dbt_translation is None:
            return default_dbt_translator()
        translation: TranslationFn[Mapping[str, Any]] = self.dbt_translation
        from dagster_dbt import DagsterDbtTranslator

        class TheirTranslator(DagsterDbtTranslator):
            """Gives dbt's nodes the keys that the component elsewhere gives them."""

            def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
                base = super().get_asset_spec(manifest, unique_id, project)
                return translation(base, self.get_resource_props(manifest, unique_id))

        return TheirTranslator()

    def _check(self) -> None:
        """Check what no type says.

        Raises:
            InputErrors: Something is wrong.
        """
        problems = []
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, LookupError):
            expected = "a time zone such as America/Los_Angeles"
            problems.append(InputError(_PLACE, "attributes.time_zone", repr(self.time_zone), expected))
        if self.dbt_translation is not None and "dbt" not in self.elsewhere:
            expected = "`elsewhere: [dbt]` beside it, or `translation`, which is for dbt's assets too"
            problems.append(
                InputError(_PLACE, "attributes.dbt_translation", "dbt's assets are made by this component", expected)
            )
        if self.name_prefix and not self.name_prefix.replace("_", "a").isalnum():
            problems.append(
                InputError(_PLACE, "attributes.name_prefix", repr(self.name_prefix), "letters, digits and underscores")
            )
        if problems:
            raise InputErrors(problems)


class _ByComponent(DdgTranslator):
    """Asks the component, whose `get_asset_spec` people override."""

    def __init__(self, component: DdgReleases, base: DdgTranslator) -> None:
        super().__init__(key_prefix=base.key_prefix, name_prefix=base.name_prefix)
        self._component, self._base = component, base

    @property
    def place(self) -> str:
        return f"{_PLACE}: translation"

    def get_asset_spec(self, asset: DdgAsset) -> dg.AssetSpec:
        return self._component.get_asset_spec(asset)

    def get_definition_name(self, kind: DefinitionKind, name: str) -> str:
        return self._base.get_definition_name(kind, name)


def _load_translator(text: str) -> type[DdgTranslator]:
    from importlib import import_module

    module, _, name = text.rpartition(".")
    found: Any = None
    problem = f"{text!r}, which is no class"
    try:
        found = getattr(import_module(module), name, None) if module else None
    except ImportError as error:
        problem = f"{text!r}, which cannot be imported ({type(error).__name__})"
    if not (inspect.isclass(found) and issubclass(found, DdgTranslator)):
        expected = "a class that extends ddg_pipeline.dagster.DdgTranslator, as in my_project.translators.OurTranslator"
        raise InputErrors([InputError(_PLACE, "attributes.translator", problem, expected)])
    return found
