"""Columns of dbt's models and seeds, and what they are made of, for Dagster: from compiled SQL and declarations."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from ddg_pipeline.orchestration.column_lineage import COLUMN_LINEAGE, COLUMN_SCHEMA, where_from
from ddg_pipeline.orchestration.sql_columns import (
    ROWS,
    Origin,
    SqlQuery,
    TableName,
    UnreadableSqlError,
    read_query,
    table_name,
)
from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA

if TYPE_CHECKING:
    from ddg_pipeline.warehouse.sources import Source

_TABLES = ("model", "seed", "snapshot")
_SQL_TYPES = {"integer": "bigint", "number": "double", "text": "varchar"}  # what sources.yaml calls them otherwise


class ModelColumns:
    """Follows columns through one run of dbt. A model is read after what it selects from, as dbt builds them.

    Args:
        manifest: dbt's manifest.
        target: Where this run of dbt leaves the SQL it compiles.
        sources: What is declared of the source tables, by name.
        key_of: The asset of a node of the manifest, by its ``unique_id``.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        target: Path,
        sources: Mapping[str, Source],
        key_of: Callable[[str], dg.AssetKey],
    ) -> None:
        self._nodes: dict[str, Mapping[str, Any]] = {**manifest["sources"], **manifest["nodes"]}
        self._dialect = str(manifest["metadata"]["adapter_type"])
        self._target, self._sources, self._key_of = target, sources, key_of
        self._known: dict[str, Mapping[str, str]] = {}
        self._by_name: dict[TableName, str] = {
            table_name(node["relation_name"], self._dialect): unique_id
            for unique_id, node in self._nodes.items()
            if node.get("relation_name") and node["resource_type"] in (*_TABLES, "source")
        }

    def metadata(self, unique_id: str) -> dict[str, dg.MetadataValue]:
        """Describe the columns of a node that dbt has just built: what they hold and where they come from.

        A model that cannot be followed says so; nothing else depends on it.
        """
        node = self._nodes[unique_id]
        if node["resource_type"] not in _TABLES:
            return {}
        if node["resource_type"] == "seed":
            return {COLUMN_SCHEMA: self._schema(node, self._columns(unique_id))}
        try:
            query = self._query(node)
        except UnreadableSqlError as error:
            self._known[unique_id] = self._documented(node)
            text = f"not known: this model's SQL could not be followed ({error})"
            return {"columns_come_from": dg.MetadataValue.text(text)}
        columns = {column.name: column.type for column in query.columns}
        self._known[unique_id] = columns
        deps = {column.name: self._deps(column.origins) for column in query.columns}
        return {
            COLUMN_SCHEMA: self._schema(node, columns),
            COLUMN_LINEAGE: dg.MetadataValue.column_lineage(
                dg.TableColumnLineage({**deps, ROWS: self._deps(query.rows)})
            ),
            "columns_come_from": where_from(deps),
        }

    def _query(self, node: Mapping[str, Any]) -> SqlQuery:
        compiled = self._target / "compiled" / node["package_name"] / node["original_file_path"]
        if not compiled.is_file():
            raise UnreadableSqlError("dbt left no compiled SQL of it")
        parents = [self._nodes[one] for one in node["depends_on"]["nodes"] if one in self._nodes]
        tables = {
            table_name(parent["relation_name"], self._dialect): self._columns(parent["unique_id"])
            for parent in parents
            if parent.get("relation_name")
        }
        return read_query(compiled.read_text(encoding="utf-8"), self._dialect, tables)

    def _columns(self, unique_id: str) -> Mapping[str, str]:
        """Give the columns of a table with their types: as declared, or as this run found them."""
        if unique_id not in self._known:
            node = self._nodes[unique_id]
            source = self._sources.get(node["name"]) if node.get("source_name") == SOURCE_SCHEMA else None
            if source is not None:
                self._known[unique_id] = {
                    name: _SQL_TYPES.get(str(one.type), str(one.type)) for name, one in source.table.columns.items()
                }
            elif node["resource_type"] == "seed":
                self._known[unique_id] = self._header(node)
            else:  # built by an earlier run, if it is a model; or not loaded by us
                self._known[unique_id] = self._documented(node)
        return self._known[unique_id]

    def _header(self, node: Mapping[str, Any]) -> Mapping[str, str]:
        types: Mapping[str, str] = node["config"].get("column_types") or {}
        file = Path(node["root_path"]) / node["original_file_path"]
        with file.open(encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines, delimiter=node["config"].get("delimiter") or ","), [])
        return {name: types.get(name, "") for name in header}

    def _documented(self, node: Mapping[str, Any]) -> Mapping[str, str]:
        return {name: column.get("data_type") or "" for name, column in node["columns"].items()}

    def _schema(self, node: Mapping[str, Any], columns: Mapping[str, str]) -> dg.TableSchemaMetadataValue:
        documented = {name.lower(): column for name, column in node["columns"].items()}
        found = []
        for name, kind in columns.items():
            text = documented.get(name.lower(), {})
            found.append(
                dg.TableColumn(name, text.get("data_type") or kind or "unknown", text.get("description") or None)
            )
        return dg.MetadataValue.table_schema(dg.TableSchema(found))

    def _deps(self, origins: frozenset[Origin]) -> list[dg.TableColumnDep]:
        found = set()
        for table, column in origins:
            unique_id = self._by_name.get(table)
            if unique_id is not None:
                names = {name.lower(): name for name in self._columns(unique_id)}
                found.add((self._key_of(unique_id), names.get(column, column)))
        return [dg.TableColumnDep(asset_key=key, column_name=column) for key, column in sorted(found)]


def with_columns(event: Any, columns: ModelColumns) -> Any:
    """Add what is known of a model's columns to the event in which dbt tells that it was built."""
    told = getattr(event, "metadata", {}).get("unique_id")
    if told is None or not isinstance(event, dg.Output | dg.AssetMaterialization):
        return event  # a test, or anything else
    return event.with_metadata({**event.metadata, **columns.metadata(str(told.value))})
