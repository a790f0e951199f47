"""Which assets are made of a project, under which names: worked out once, and asked by all that speaks of assets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph

from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, releases_of
from ddg_pipeline.orchestration.dbt_translation import translated_dbt
from ddg_pipeline.orchestration.default_specs import (
    masked_default,
    publication_default,
    release_default,
    source_default,
)
from ddg_pipeline.orchestration.elsewhere import declared_sources
from ddg_pipeline.orchestration.partitions import partitions_of
from ddg_pipeline.orchestration.periods import by_periods
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.settings_in_dagster import Elsewhere
from ddg_pipeline.orchestration.translation import DdgAsset, DdgTranslator, DefinitionKind
from ddg_pipeline.release_groups import linked_groups
from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA
from ddg_pipeline.warehouse.sources import Source

if TYPE_CHECKING:
    from dagster_dbt import DagsterDbtTranslator

ReleaseStep = Literal["masked", "release", "publication"]


@dataclass(frozen=True)
class DdgPlan:
    """The assets of a project, and what they are called; made by :func:`plan_project`.

    Attributes:
        project: The project.
        manifest: The manifest of its dbt project.
        groups: The releases, those that are linked together.
        translator: What gives the names.
        dbt: dagster-dbt's translator: ours, or that of the ``@dbt_assets`` elsewhere.
        elsewhere: What something else in the code location makes.
        sources: The declared sources by name.
        source_specs: The asset of each, by the source's name.
        dbt_specs: The asset of each model, seed and snapshot, by dbt's unique id.
        masked_specs: The first step of each release, by the release's name.
        release_specs: The second.
        publication_specs: The third.
    """

    project: Project
    manifest: Mapping[str, Any] = field(repr=False)
    groups: Sequence[Sequence[DbtRelease]]
    translator: DdgTranslator
    dbt: DagsterDbtTranslator
    elsewhere: frozenset[str]
    sources: Mapping[str, Source]
    source_specs: Mapping[str, dg.AssetSpec]
    dbt_specs: Mapping[str, dg.AssetSpec] = field(repr=False)
    masked_specs: Mapping[str, dg.AssetSpec]
    release_specs: Mapping[str, dg.AssetSpec]
    publication_specs: Mapping[str, dg.AssetSpec]

    @property
    def releases(self) -> list[str]:
        """The names of all releases."""
        return list(self.masked_specs)

    def source_key(self, name: str) -> dg.AssetKey:
        """The asset of a declared source."""
        return self.source_specs[name].key

    def masked_key(self, release: str) -> dg.AssetKey:
        """The asset of a masked, staged release."""
        return self.masked_specs[release].key

    def release_key(self, release: str) -> dg.AssetKey:
        """The asset of a release that passed the gate."""
        return self.release_specs[release].key

    def publication_key(self, release: str) -> dg.AssetKey:
        """The asset of a published release."""
        return self.publication_specs[release].key

    def step_key(self, step: ReleaseStep, release: str) -> dg.AssetKey:
        """The asset of a step of a release."""
        specs = {"masked": self.masked_specs, "release": self.release_specs, "publication": self.publication_specs}
        return specs[step][release].key

    def dbt_key(self, name: str) -> dg.AssetKey:
        """The asset of a dbt model or seed, by its dbt name."""
        return self.dbt_specs[_unique_id(self.manifest, name)].key

    def key_of_node(self, unique_id: str) -> dg.AssetKey:
        """The asset of a node of dbt's manifest, a source's too, by dbt's unique id."""
        return self.dbt.get_asset_spec(self.manifest, unique_id, None).key

    def last_keys(self, group: Sequence[DbtRelease]) -> list[dg.AssetKey]:
        """What a run without a period makes of a group: its publications, or the aggregates of its periods."""
        names = [release.contract.release for release in group]
        if not by_periods(group):
            return [self.publication_key(name) for name in names]
        return sorted({key for name in names for key in self.graph.get(self.masked_key(name)).parent_keys})

    def chain_keys(self, group: Sequence[DbtRelease]) -> list[dg.AssetKey]:
        """The three steps of each release of a group."""
        names = [release.contract.release for release in group]
        steps: tuple[ReleaseStep, ...] = ("masked", "release", "publication")
        return [self.step_key(step, name) for name in names for step in steps]

    def name(self, kind: DefinitionKind, name: str) -> str:
        """The name of a job, schedule, sensor or op."""
        return self.translator.get_definition_name(kind, name)

    @property
    def own_keys(self) -> set[dg.AssetKey]:
        """The assets that are made here, and not elsewhere."""
        own = [self.masked_specs, self.release_specs, self.publication_specs]
        if "sources" not in self.elsewhere:
            own.append(self.source_specs)
        if "dbt" not in self.elsewhere:
            own.append(self.dbt_specs)
        return {spec.key for specs in own for spec in specs.values()}

    @cached_property
    def graph(self) -> BaseAssetGraph[Any]:
        """What is made of what, from sources to publications, whoever makes it."""
        return dg.Definitions(assets=list(self.specs())).resolve_asset_graph()

    def specs(self) -> Iterable[dg.AssetSpec]:
        """Every asset of the project, whoever makes it."""
        for specs in (
            self.source_specs,
            self.dbt_specs,
            self.masked_specs,
            self.release_specs,
            self.publication_specs,
        ):
            yield from specs.values()


def plan_project(
    project: Project,
    *,
    translator: DdgTranslator | None = None,
    releases: Collection[str] = (),
    elsewhere: Collection[Elsewhere] = (),
    dbt_translator: DagsterDbtTranslator | None = None,
) -> DdgPlan:
    """Work out the assets of a project.

    Args:
        project: The project.
        translator: Names them; a :class:`DdgTranslator` as it is by default.
        releases: Names of releases; none means all. Linked ones come along, because they are masked together.
        elsewhere: What something else in the code location makes: ``dbt`` where you have ``@dbt_assets`` of your own,
            ``sources`` where something else loads the tables of ``sources.yaml``.
        dbt_translator: Names dbt's nodes and the sources they are made of, instead of ``translator``: that of your
            ``@dbt_assets``, if they have other keys than dagster-dbt gives.

    Raises:
        InputErrors: ``sources.yaml``, the dbt project or a contract is wrong, there is no such release, or the
            translator gives one key to two assets.
    """
    translator = DdgTranslator() if translator is None else translator
    manifest = read_manifest(ensure_manifest(project))
    groups = _chosen(project, linked_groups(releases_of(manifest)), releases)
    # where dbt builds in another database, the source tables are where it reads them
    sources = declared_sources(project, manifest)
    problems: list[InputError] = []
    source_specs = {name: _translated(translator, source_default(source), problems) for name, source in sources.items()}
    if dbt_translator is not None or "dbt" in elsewhere:
        dbt = dbt_translator if dbt_translator is not None else default_dbt_translator()
        source_specs = _as_dbt_has_them(dbt, manifest, source_specs)
    else:
        dbt = translated_dbt(manifest, translator, {name: spec.key for name, spec in source_specs.items()})
    dbt_specs = {unique_id: dbt.get_asset_spec(manifest, unique_id, None) for unique_id in _asset_ids(manifest)}
    every = [release for group in groups for release in group]
    masked, released, published = (
        {one.contract.release: _translated(translator, default(project, one), problems) for one in every}
        for default in (masked_default, release_default, publication_default)
    )
    problems += [problem for one in every for problem in _not_stored(one, manifest, dbt_specs)]
    if "dbt" not in elsewhere:  # theirs may have partitions, if what releases are made of is whole
        problems += _partitioned(translator, dbt_specs.values())
    if problems:
        raise InputErrors(problems)
    for group in groups:
        names = [one.contract.release for one in group]
        made_of = [dbt_specs[_unique_id(manifest, name)].key for one in group for name in _tables(one)]
        for name in names:
            masked[name] = _with_deps(masked[name], made_of)
        for name in names:
            released[name] = _with_deps(released[name], [masked[one].key for one in names])
        for name in names:
            # a release that waits for approvals is not published, and no step fails
            published[name] = _with_deps(published[name], [released[one].key for one in names]).replace_attributes(
                skippable=True
            )
    for release in every:
        partitions, name = partitions_of(release.contract), release.contract.release
        if partitions is not None:
            for specs in (masked, released, published):
                specs[name] = specs[name].replace_attributes(partitions_def=partitions)
    plan = DdgPlan(
        project=project,
        manifest=manifest,
        groups=groups,
        translator=translator,
        dbt=dbt,
        elsewhere=frozenset(elsewhere),
        sources=sources,
        source_specs=source_specs,
        dbt_specs=dbt_specs,
        masked_specs=masked,
        release_specs=released,
        publication_specs=published,
    )
    _check_keys(plan)
    return plan


def _chosen(
    project: Project, groups: Sequence[Sequence[DbtRelease]], releases: Collection[str]
) -> list[Sequence[DbtRelease]]:
    known = [release.contract.release for group in groups for release in group]
    unknown = [name for name in releases if name not in known]
    if unknown:
        expected = f"one of {', '.join(known)}" if known else "a dbt model with `meta.ddg`; there is none"
        raise InputErrors([InputError(str(project.root), "release", ", ".join(unknown), expected)])
    if not releases:
        return list(groups)
    return [group for group in groups if {one.contract.release for one in group} & set(releases)]


def _translated(translator: DdgTranslator, asset: DdgAsset, problems: list[InputError]) -> dg.AssetSpec:
    spec = translator.get_asset_spec(asset)
    problems += _partitioned(translator, [spec])
    return spec


def _partitioned(translator: DdgTranslator, specs: Iterable[dg.AssetSpec]) -> list[InputError]:
    """Refuse partitions of the user's own: each of them would mask, judge and publish the whole table again."""
    expected = "leave them out; `reporting_periods` in the contract makes partitions (docs/how-to/periods.md)"
    return [
        InputError(translator.place, f"partitions_def of {spec.key.to_user_string()}", "partitions", expected)
        for spec in specs
        if spec.partitions_def is not None
    ]


def _tables(release: DbtRelease) -> list[str]:
    return list(dict.fromkeys([release.model, *release.contract.reference_tables]))


def _not_stored(
    release: DbtRelease, manifest: Mapping[str, Any], dbt_specs: Mapping[str, dg.AssetSpec]
) -> list[InputError]:
    """Refuse what dbt keeps nowhere: an ephemeral model can be neither masked nor read."""
    return [
        InputError(
            release.place,
            "materialized",
            f"ephemeral, of {name}",
            "`table` or `view`: what a release is made of has to be in the restricted store",
        )
        for name in _tables(release)
        if _unique_id(manifest, name) not in dbt_specs
    ]


def _with_deps(spec: dg.AssetSpec, keys: Iterable[dg.AssetKey]) -> dg.AssetSpec:
    ours = list(dict.fromkeys(keys))
    return spec.replace_attributes(deps=[*ours, *(dep for dep in spec.deps if dep.asset_key not in ours)])


def default_dbt_translator() -> DagsterDbtTranslator:
    """What names dbt's nodes if nobody says otherwise."""
    from dagster_dbt import DagsterDbtTranslator

    return DagsterDbtTranslator()


def _as_dbt_has_them(
    dbt: DagsterDbtTranslator, manifest: Mapping[str, Any], specs: Mapping[str, dg.AssetSpec]
) -> dict[str, dg.AssetSpec]:
    """Give sources the keys by which the dbt assets elsewhere depend on them."""
    known = {
        node["name"]: dbt.get_asset_spec(manifest, unique_id, None).key
        for unique_id, node in manifest.get("sources", {}).items()
        if node["source_name"] == SOURCE_SCHEMA
    }
    return {name: spec.replace_attributes(key=known.get(name, spec.key)) for name, spec in specs.items()}


def _asset_ids(manifest: Mapping[str, Any]) -> list[str]:
    """Dbt's ids of all that becomes an asset, as dagster-dbt chooses it."""
    from dagster_dbt.asset_utils import is_non_asset_node
    from dagster_dbt.utils import ASSET_RESOURCE_TYPES

    return [
        unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ASSET_RESOURCE_TYPES and not is_non_asset_node(node)
    ]


def _unique_id(manifest: Mapping[str, Any], name: str) -> str:
    named = (one for one, node in manifest["nodes"].items() if node["name"] == name)
    return str(next(one for one in named if manifest["nodes"][one]["resource_type"] in ("model", "seed")))


def _check_keys(plan: DdgPlan) -> None:
    """Refuse a translator that gives one key to two assets: Dagster would only say that a key is there twice."""
    seen: dict[dg.AssetKey, int] = {}
    for spec in plan.specs():
        seen[spec.key] = seen.get(spec.key, 0) + 1
    errors = [
        InputError(
            plan.translator.place,
            "asset key",
            f"{key.to_user_string()}, for {count} assets",
            "a key of its own for each source, dbt model and step of a release, as in `key_prefix` or "
            "`{{ release }}/{{ step }}`",
        )
        for key, count in seen.items()
        if count > 1
    ]
    if errors:
        raise InputErrors(errors)
