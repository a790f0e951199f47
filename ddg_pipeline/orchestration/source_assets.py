"""Source tables as assets: what ``sources.yaml`` declares, loaded into the restricted store."""

import dagster as dg

from ddg_pipeline.orchestration.failures import attempt, exclusive_step
from ddg_pipeline.orchestration.metadata import column_schema, rows_metadata
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.pools import DUCKDB_POOL
from ddg_pipeline.warehouse.sources import Source


def source_assets(plan: DdgPlan) -> list[dg.AssetsDefinition]:
    """Make one asset for each declared source; its key is ``source/<name>``, unless the translator has another."""
    return [_source_asset(plan, source) for source in plan.sources.values()]


def _source_asset(plan: DdgPlan, source: Source) -> dg.AssetsDefinition:
    project = plan.project

    @dg.multi_asset(
        name=plan.name("op", f"source__{source.name}"), specs=[plan.source_specs[source.name]], pool=DUCKDB_POOL
    )
    def load(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from ddg_pipeline.warehouse.loading import load_source

        with exclusive_step(project, context.log.info):
            report = attempt(load_source, source, project.restricted_store)
        context.log.info("loaded %s", source.name)
        metadata: dict[str, dg.MetadataValue] = {
            "dagster/column_schema": column_schema(source, report.columns),
            **rows_metadata(report.rows),
            "seconds": dg.MetadataValue.float(round(report.seconds, 2)),
        }
        if report.sha256:
            metadata["sha256"] = dg.MetadataValue.text(report.sha256)
        return dg.MaterializeResult(metadata=metadata)

    return load
