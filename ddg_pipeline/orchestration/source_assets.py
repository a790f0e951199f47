"""Source tables as assets: what ``sources.yaml`` declares, loaded into the restricted store."""

import dagster as dg

from ddg_pipeline.orchestration.failures import attempt, exclusive_step
from ddg_pipeline.orchestration.metadata import column_schema, rows_metadata
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA
from ddg_pipeline.warehouse.sources import Source, read_sources

DUCKDB_POOL = "duckdb"  # one writer at a time, in this run and in every other


def source_assets(project: Project) -> list[dg.AssetsDefinition]:
    """Make one asset for each declared source; its key is ``source/<name>``, as dbt knows it.

    Raises:
        InputErrors: ``sources.yaml`` is wrong.
    """
    return [_source_asset(project, source) for source in read_sources(project.sources).values()]


def _source_asset(project: Project, source: Source) -> dg.AssetsDefinition:
    @dg.asset(
        key=[SOURCE_SCHEMA, source.name],
        group_name="sources",
        kinds={"duckdb", source.table.kind},
        description=source.table.description,
        tags={"ddg/store": "restricted"},
        pool=DUCKDB_POOL,
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
