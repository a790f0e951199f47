"""Every published column leads back to a column of a source, for Dagster and in words."""

from __future__ import annotations

import dagster as dg
import pytest

from ddg_pipeline.orchestration.column_lineage import masked_lineage, origins_of
from ddg_pipeline.orchestration.dbt_models import read_manifest
from ddg_pipeline.orchestration.model_columns import ModelColumns

EXPECTED = {
    "county": "county", "sex": "sex", "cases": "cases", "cases_annotation_code": "cases",
    "cases_annotation_description": "cases", "charges": "charges", "charges_annotation_code": "cases",
    "charges_annotation_description": "cases",
}  # fmt: skip


def lineage(metadata):
    return metadata["dagster/column_lineage"].column_lineage.deps_by_column


def followed(small, asset, column):
    """Go back by what Dagster was told, and nothing else."""
    found = lineage(small.latest(asset)).get(column) if "source/" not in asset else None
    if found is None:
        return {(asset, column)}
    return {end for one in found for end in followed(small, one.asset_key.to_user_string(), one.column_name)}


class TestAPublication:
    def test_every_column_leads_to_its_source_column(self, small):
        columns = lineage(small.latest("by_sex/publication"))
        assert {column: followed(small, "by_sex/publication", column) for column in columns} == {
            column: {("source/cases", source)} for column, source in EXPECTED.items()
        }

    def test_it_is_told_in_words_because_the_open_source_page_does_not_show_it(self, small):
        text = small.latest("by_sex/publication")["columns_come_from"].value
        assert "| `charges` | [source/cases](/assets/source/cases): `charges` |" in text
        assert "by_sex/release ← by_sex/masked ← aggregates/by_sex ← staging/stg_cases" in text

    def test_and_in_each_column_s_description(self, small):
        columns = {one.name: one for one in small.latest("by_sex/release")["dagster/column_schema"].schema.columns}
        assert columns["cases"].description.endswith("Comes from source/cases: `cases`.")
        assert "a true zero is 0" in columns["cases"].description


class TestAModel:
    def test_its_columns_have_types_and_origins(self, small):
        metadata = small.latest("aggregates/by_sex")
        columns = {one.name: one.type for one in metadata["dagster/column_schema"].schema.columns}
        assert columns == {"county": "text", "sex": "text", "cases": "bigint", "charges": "decimal(18, 2)"}
        assert [one.column_name for one in lineage(metadata)["charges"]] == ["charges"]

    def test_one_that_cannot_be_followed_says_so(self, small, tmp_path):
        manifest = read_manifest(small.project.manifest)
        columns = ModelColumns(manifest, tmp_path, {}, lambda unique_id: dg.AssetKey(unique_id.split(".")))
        (metadata,) = columns.metadata("model.small.by_sex").items()
        assert metadata[0] == "columns_come_from"
        assert metadata[1].value == "not known: this model's SQL could not be followed (dbt left no compiled SQL of it)"


class TestWhereNothingIsKnown:
    def test_the_way_ends_there(self):
        with dg.DagsterInstance.ephemeral() as instance:
            deps = {"a": [dg.TableColumnDep("somewhere", "b")], "c": []}
            found = origins_of(instance, deps)
        assert str(found["a"]) == "Comes from somewhere: `b`."
        assert str(found["c"]) == "Written in the SQL itself."

    @pytest.mark.parametrize(("name", "of"), [("cases_percent", "cases"), ("sex", "sex")])
    def test_percentages_come_from_the_counts_they_stand_for(self, name, of):
        from ddg_pipeline.contract.parse import parse_contract

        raw = {
            "release": "shares", "title": "Shares",
            "scope": [{"variable": "time", "period": "year"},
                      {"variable": "residence_geography", "population": 39538223}],
            "dimensions": {"sex": {"variable": "sex"}},
            "measures": {"cases": {"kind": "count"}},
            "suppression": {"form": "whole_percentages", "percentages": {"of": "sex"}},
        }  # fmt: skip
        found = masked_lineage(parse_contract(raw, "shares"), dg.AssetKey("shares"), ["sex", "cases_percent"])
        assert [one.column_name for one in found[name]] == [of]
