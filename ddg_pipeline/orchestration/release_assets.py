"""What becomes of an aggregate with a release contract: masked, released and published, each an asset.

    <release>/masked       assessed, masked and staged in the restricted store
    <release>/release      judged byte for byte by the gate; in the public store only if it passed
    <release>/publication  in the portal folder, and on the portals; takes only certified bytes

Linked releases are masked together, so they share each step: all of a group pass and are published, or none. An old
version of one beside a new one of the other could tell what neither tells alone.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from ddg_pipeline.compiling import told_of_compiling
from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.orchestration import publication, release_pages, steps
from ddg_pipeline.orchestration.check_pages import check_page
from ddg_pipeline.orchestration.data_docs import write_data_docs
from ddg_pipeline.orchestration.dbt_models import relations_of
from ddg_pipeline.orchestration.dossiers import dossiers_of_group
from ddg_pipeline.orchestration.elsewhere import adapter_of, fetch_group
from ddg_pipeline.orchestration.failures import attempt, exclusive_step
from ddg_pipeline.orchestration.metadata import (
    audit_metadata,
    gate_metadata,
    masked_metadata,
    proof_metadata,
    publication_metadata,
    release_metadata,
)
from ddg_pipeline.orchestration.partitions import group_in_run
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.pools import DUCKDB_POOL
from ddg_pipeline.orchestration.portal_notes import portal_notes
from ddg_pipeline.orchestration.retention import clean_after_release
from ddg_pipeline.orchestration.review import reviews_of
from ddg_pipeline.orchestration.review_definitions import approval_check_specs, approval_checks
from ddg_pipeline.orchestration.tags import materialization_tags
from ddg_pipeline.orchestration.unfinished import begin, finish, releases_in_run
from ddg_pipeline.orchestration.ways_out import HELP, told_of_shut_gate

CHECKS = {
    "same_as_aggregate": "Every shown figure is the aggregate's.",
    "suite_matches_contract": "The reviewed suite in `expectations/` is the one that contract and rulebook ask for.",
    "great_expectations": "Every expectation of the suite was evaluated on the bytes that ship, and holds.",
    "protection_proof": "Arithmetic alone shows every small count to be hidden and as protected as the level asks for.",
    "attack_audit": "No reader of this and of linked tables can narrow a small count further than the level allows.",
}


def release_assets(plan: DdgPlan) -> list[dg.AssetsDefinition]:
    """Make the assets of every group of linked releases."""
    return [*masking_assets(plan), *gate_assets(plan), *publication_assets(plan)]


def masking_assets(plan: DdgPlan) -> list[dg.AssetsDefinition]:
    """Make what assesses, masks and stages each group of linked releases."""
    return [_masked(plan, group) for group in plan.groups]


def gate_assets(plan: DdgPlan) -> list[dg.AssetsDefinition]:
    """Make what judges the staged bytes of each group, and certifies those that pass."""
    return [_gate(plan, group) for group in plan.groups]


def publication_assets(plan: DdgPlan) -> list[dg.AssetsDefinition]:
    """Make what publishes the certified bytes of each group, once everybody who has to has approved them."""
    return [_publication(plan, group) for group in plan.groups]


def _name(group: Sequence[DbtRelease]) -> str:
    return "__".join(release.contract.release for release in group)


def _masked(plan: DdgPlan, group: Sequence[DbtRelease]) -> dg.AssetsDefinition:
    project = plan.project
    specs = [plan.masked_specs[release.contract.release] for release in group]

    # no pool: masking takes long and touches no store, so that Dagster may mask several groups at once
    @dg.multi_asset(name=plan.name("op", f"mask_{_name(group)}"), specs=specs, partitions_def=specs[0].partitions_def)
    def mask(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        now = attempt(group_in_run, group, context)
        with exclusive_step(project, context.log.info):
            attempt(begin, project, [release.contract.release for release in now])
            fetched = attempt(fetch_group, project, plan.manifest, now)
            if fetched:
                context.log.info("fetched from %s: %s", adapter_of(plan.manifest), ", ".join(fetched))
            tables = attempt(steps.read_group, project, now, relations_of(plan.manifest))
            versions = attempt(steps.known_versions, project, tables)
        with told_of_compiling(context.log.info):
            prepared = attempt(steps.mask, project, tables, versions, _progress(context))
        with exclusive_step(project, context.log.info):
            staged = attempt(steps.stage, project, prepared)
            rulebook = attempt(steps.rulebook_of_group, project, tables)
        for release, one in zip(group, staged, strict=True):
            approval_required = bool(project.review.roles_of(one.contract.review.roles))
            metadata = masked_metadata(one, rulebook, approval_required=approval_required)
            aggregate = plan.dbt_key(release.model)
            page = attempt(release_pages.masked_page, context.instance, one, rulebook, aggregate)
            metadata = release_pages.first(page, metadata)
            yield dg.MaterializeResult(
                asset_key=plan.masked_key(one.contract.series),
                metadata=metadata,
                tags=materialization_tags(one.contract, "restricted", metadata),
            )

    return mask


def _gate(plan: DdgPlan, group: Sequence[DbtRelease]) -> dg.AssetsDefinition:
    project = plan.project
    written = [release.contract.release for release in group]
    specs = [plan.release_specs[name] for name in written]
    checks = [
        dg.AssetCheckSpec(name=check, asset=plan.release_key(name), blocking=True, description=text)
        for name in written
        for check, text in CHECKS.items()
    ]

    @dg.multi_asset(
        name=plan.name("op", f"gate_{_name(group)}"),
        specs=specs,
        check_specs=checks,
        pool=DUCKDB_POOL,
        partitions_def=specs[0].partitions_def,
    )
    def gate(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        with exclusive_step(project, context.log.info):
            yield from judge(context)

    def judge(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        # validate first, and raise before anything is written or recorded: a check after the fact would be too late
        attempt(steps.check_signing, project)
        now = attempt(group_in_run, group, context)
        names = [release.contract.release for release in now]
        attempt(begin, project, names)
        tables = attempt(steps.read_group, project, now, relations_of(plan.manifest))
        started = time.perf_counter()
        with told_of_compiling(context.log.info):
            checked = attempt(steps.check, project, tables, _progress(context))
        seconds = time.perf_counter() - started
        blocked = [one.staged.contract.release for one in checked if not one.passed]
        pages: dict[str, str] = {}
        for one in checked:
            others = [name for name in blocked if name != one.staged.contract.release]
            data_docs = attempt(write_data_docs, project, one, CHECKS, others)
            pages[one.staged.contract.release] = str(data_docs)
            yield from _check_results(plan, one, data_docs)
        if blocked:
            told = told_of_shut_gate(checked, pages)
            raise dg.Failure(description=told, metadata={"help": HELP}, allow_retries=False)
        certificates = attempt(steps.certify, project, tables, checked)
        places = attempt(steps.hand_over, project, checked, certificates)
        attempt(finish, project, names)
        dossiers = dossiers_of_group(project, checked)
        for one, certificate, place in zip(checked, certificates, places, strict=True):
            release = one.staged.contract.release
            metadata = release_metadata(one, certificate, place) | dossiers.metadata(release)
            metadata |= attempt(portal_notes, project, one.staged.contract, one.rulebook, place)
            series = one.staged.contract.series
            masked = plan.masked_key(series)
            page = attempt(release_pages.release_page, context.instance, one, place, masked, seconds)
            metadata = release_pages.first(page, metadata)
            yield dg.MaterializeResult(
                asset_key=plan.release_key(series),
                metadata=metadata,
                tags=materialization_tags(one.staged.contract, "public", metadata),
            )
        dossiers.raise_if_any_failed()

    return gate


def _check_results(plan: DdgPlan, checked: steps.Checked, data_docs: Path) -> Iterator[dg.AssetCheckResult]:
    key = plan.release_key(checked.staged.contract.series)
    found: dict[str, dict[str, dg.MetadataValue]] = {
        "same_as_aggregate": {"where": dg.MetadataValue.json(list(checked.differences))},
        "suite_matches_contract": {"problems": dg.MetadataValue.json(list(checked.suite_problems))},
        "great_expectations": {**gate_metadata(checked), "data_docs": dg.MetadataValue.path(str(data_docs))},
        "protection_proof": proof_metadata(checked),
        "attack_audit": audit_metadata(checked),
    }
    for name, success in checked.checks.items():
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=name,
            passed=success,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata=check_page(checked, name) | found[name],
        )


def _publication(plan: DdgPlan, group: Sequence[DbtRelease]) -> dg.AssetsDefinition:
    project, manifest = plan.project, plan.manifest
    names = [release.contract.release for release in group]
    specs = [plan.publication_specs[name] for name in names]
    checks = approval_check_specs(plan, names)

    @dg.multi_asset(
        name=plan.name("op", f"publish_{_name(group)}"),
        specs=specs,
        check_specs=checks,
        partitions_def=specs[0].partitions_def,
    )
    def publish(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        now = [release.contract for release in attempt(group_in_run, group, context)]
        series = {contract.release: contract.series for contract in now}
        reviews = attempt(reviews_of, project, attempt(publication.certified, project, now))
        yield from approval_checks(plan, reviews, series)
        # all of a group or none; and approvals are looked at again, at the moment of publication
        by_name = {contract.release: contract for contract in now}
        for receipt in attempt(publication.publish, project, now) if all(one.complete for one in reviews) else ():
            contract, metadata = by_name[receipt.release], publication_metadata(receipt)
            released = plan.release_key(contract.series)
            page = attempt(release_pages.publication_page, context.instance, receipt, contract, released)
            yield dg.MaterializeResult(
                asset_key=plan.publication_key(contract.series), metadata=release_pages.first(page, metadata)
            )
        with exclusive_step(project, context.log.info):
            removed = attempt(clean_after_release, project, manifest, releases_in_run(context, plan))
        if removed:
            context.log.info("removed from the restricted store, by its retention: %s", ", ".join(removed))

    return publish


def _progress(context: dg.AssetExecutionContext) -> Any:
    """Log each stage of long work once, when it begins."""
    seen: set[str] = set()

    def report(stage: str, _done: int, of: int) -> None:
        if stage not in seen:
            seen.add(stage)
            context.log.info("%s: %s to do", stage, of)

    return report
