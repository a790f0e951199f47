"""What becomes of an aggregate with a release contract: masked, released and published, each an asset.

    <release>/masked       assessed, masked and staged in the restricted store
    <release>/release      judged byte for byte by the gate; in the public store only if it passed
    <release>/publication  in the portal folder, and on the portals; takes only certified bytes

Linked releases are masked together, so they share each step: all of a group pass and are published, or none. An old
version of one beside a new one of the other could tell what neither tells alone.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.orchestration import publication, release_pages, steps
from ddg_pipeline.orchestration.check_pages import check_page
from ddg_pipeline.orchestration.data_docs import write_data_docs
from ddg_pipeline.orchestration.dbt_models import asset_key_of, relations_of
from ddg_pipeline.orchestration.dossiers import dossiers_of_group
from ddg_pipeline.orchestration.failures import attempt, exclusive_step
from ddg_pipeline.orchestration.freshness import freshness
from ddg_pipeline.orchestration.metadata import (
    audit_metadata,
    gate_metadata,
    masked_metadata,
    proof_metadata,
    publication_metadata,
    release_metadata,
)
from ddg_pipeline.orchestration.portal_notes import portal_notes
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.retention import clean_after_release
from ddg_pipeline.orchestration.review import reviews_of
from ddg_pipeline.orchestration.review_definitions import approval_check_specs, approval_checks
from ddg_pipeline.orchestration.source_assets import DUCKDB_POOL
from ddg_pipeline.orchestration.tags import contract_tags, materialization_tags, release_tags
from ddg_pipeline.orchestration.unfinished import begin, finish, releases_in_run

CHECKS = {
    "same_as_aggregate": "Every shown figure is the aggregate's.",
    "suite_matches_contract": "The reviewed suite in `expectations/` is the one that contract and rulebook ask for.",
    "great_expectations": "Every expectation of the suite was evaluated on the bytes that ship, and holds.",
    "protection_proof": "Arithmetic alone shows every small count to be hidden and as protected as the level asks for.",
    "attack_audit": "No reader of this and of linked tables can narrow a small count further than the level allows.",
}


def masked_key(release: str) -> dg.AssetKey:
    """The asset of a masked, staged release."""
    return dg.AssetKey([release, "masked"])


def release_key(release: str) -> dg.AssetKey:
    """The asset of a release that passed the gate."""
    return dg.AssetKey([release, "release"])


def publication_key(release: str) -> dg.AssetKey:
    """The asset of a published release."""
    return dg.AssetKey([release, "publication"])


def release_assets(
    project: Project, manifest: Mapping[str, Any], groups: Sequence[Sequence[DbtRelease]]
) -> list[dg.AssetsDefinition]:
    """Make the assets of every group of linked releases."""
    assets: list[dg.AssetsDefinition] = []
    for group in groups:
        assets.append(_masked(project, manifest, group))
        assets.append(_gate(project, manifest, group))
        assets.append(_publication(project, manifest, group))
    return assets


def _name(group: Sequence[DbtRelease]) -> str:
    return "__".join(release.contract.release for release in group)


def _tags(project: Project, release: DbtRelease, store: str, *, months: bool = False) -> dict[str, str]:
    found = release_tags(project.public_store, release.contract.release, months=months)
    return contract_tags(release.contract, store) | found


def _masked(project: Project, manifest: Mapping[str, Any], group: Sequence[DbtRelease]) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            masked_key(release.contract.release),
            deps=[
                asset_key_of(manifest, name)
                for linked in group
                for name in dict.fromkeys([linked.model, *linked.contract.reference_tables])
            ],
            group_name=release.contract.release,
            kinds={"ddg", "csv"},
            description=release_pages.description(release.contract, "assessed, masked and staged."),
            tags=_tags(project, release, "restricted"),
        )
        for release in group
    ]

    @dg.multi_asset(name=f"mask_{_name(group)}", specs=specs, pool=DUCKDB_POOL)
    def mask(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with exclusive_step(project, context.log.info):
            attempt(begin, project, [release.contract.release for release in group])
            tables = attempt(steps.read_group, project, group, relations_of(manifest))
            staged = attempt(steps.stage, project, tables, _progress(context))
            rulebook = attempt(steps.rulebook_of_group, project, tables)
        for release, one in zip(group, staged, strict=True):
            metadata = masked_metadata(one, rulebook)
            aggregate = asset_key_of(manifest, release.model)
            page = attempt(release_pages.masked_page, context.instance, one, rulebook, aggregate)
            metadata = release_pages.first(page, metadata)
            yield dg.MaterializeResult(
                asset_key=masked_key(one.contract.release),
                metadata=metadata,
                tags=materialization_tags(one.contract, "restricted", metadata),
            )

    return mask


def _gate(project: Project, manifest: Mapping[str, Any], group: Sequence[DbtRelease]) -> dg.AssetsDefinition:
    names = [release.contract.release for release in group]
    specs = [
        dg.AssetSpec(
            release_key(release.contract.release),
            deps=[masked_key(name) for name in names],
            group_name=release.contract.release,
            kinds={"ddg", "greatexpectations", "csv"},
            description=release_pages.description(release.contract, "the bytes that passed the gate, certified."),
            tags=_tags(project, release, "public", months=True),
        )
        for release in group
    ]
    checks = [
        dg.AssetCheckSpec(name=check, asset=release_key(name), blocking=True, description=text)
        for name in names
        for check, text in CHECKS.items()
    ]

    @dg.multi_asset(name=f"gate_{_name(group)}", specs=specs, check_specs=checks, pool=DUCKDB_POOL)
    def gate(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        with exclusive_step(project, context.log.info):
            yield from judge(context)

    def judge(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        # validate first, and raise before anything is written or recorded: a check after the fact would be too late
        attempt(steps.check_signing, project)
        attempt(begin, project, names)
        tables = attempt(steps.read_group, project, group, relations_of(manifest))
        started = time.perf_counter()
        checked = attempt(steps.check, project, tables, _progress(context))
        seconds = time.perf_counter() - started
        blocked = [one.staged.contract.release for one in checked if not one.passed]
        for one in checked:
            others = [name for name in blocked if name != one.staged.contract.release]
            yield from _check_results(one, attempt(write_data_docs, project, one, CHECKS, others))
        if blocked:
            raise dg.Failure(
                description=f"{', '.join(blocked)} did not pass the gate: nothing of {', '.join(names)} was released, "
                "and what was released before is unchanged. The checks say what is wrong and where.",
                allow_retries=False,
            )
        certificates = attempt(steps.certify, project, tables, checked)
        places = attempt(steps.hand_over, project, checked, certificates)
        attempt(finish, project, names)
        dossiers = dossiers_of_group(project, checked)
        for one, certificate, place in zip(checked, certificates, places, strict=True):
            release = one.staged.contract.release
            metadata = release_metadata(one, certificate, place) | dossiers.metadata(release)
            metadata |= attempt(portal_notes, project, one.staged.contract, one.rulebook, place)
            page = attempt(release_pages.release_page, context.instance, one, place, masked_key(release), seconds)
            metadata = release_pages.first(page, metadata)
            yield dg.MaterializeResult(
                asset_key=release_key(release),
                metadata=metadata,
                tags=materialization_tags(one.staged.contract, "public", metadata),
            )
        dossiers.raise_if_any_failed()

    return gate


def _check_results(checked: steps.Checked, data_docs: Path) -> Iterator[dg.AssetCheckResult]:
    key = release_key(checked.staged.contract.release)
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


def _publication(project: Project, manifest: Mapping[str, Any], group: Sequence[DbtRelease]) -> dg.AssetsDefinition:
    contracts = [release.contract for release in group]
    specs = [
        dg.AssetSpec(
            publication_key(release.contract.release),
            deps=[release_key(contract.release) for contract in contracts],
            group_name=release.contract.release,
            kinds={"ddg", "csv"},
            description=release_pages.description(release.contract, "in the portal folder, and on other portals."),
            tags=_tags(project, release, "public"),
            freshness_policy=freshness(release.contract),
            skippable=True,  # a release that waits for approvals is not published, and no step fails
        )
        for release in group
    ]

    checks = approval_check_specs([contract.release for contract in contracts])

    @dg.multi_asset(name=f"publish_{_name(group)}", specs=specs, check_specs=checks)
    def publish(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        reviews = attempt(reviews_of, project, attempt(publication.certified, project, contracts))
        yield from approval_checks(reviews)
        # all of a group or none; and approvals are looked at again, at the moment of publication
        for receipt in attempt(publication.publish, project, contracts) if all(one.complete for one in reviews) else ():
            metadata = publication_metadata(receipt)
            contract = next(one for one in contracts if one.release == receipt.release)
            page = attempt(
                release_pages.publication_page, context.instance, receipt, contract, release_key(receipt.release)
            )
            yield dg.MaterializeResult(
                asset_key=publication_key(receipt.release), metadata=release_pages.first(page, metadata)
            )
        with exclusive_step(project, context.log.info):
            removed = attempt(clean_after_release, project, manifest, releases_in_run(context, manifest))
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
