"""What an analyst sees beside each asset: enough to judge it by, and no small count."""

from __future__ import annotations

import json

import dagster as dg
import pytest


def names_and_types(metadata):
    schema = metadata["dagster/column_schema"].schema
    return {column.name: column.type for column in schema.columns}


class TestASource:
    def test_shows_its_columns_as_declared_and_its_rows(self, small):
        metadata = small.latest("source/cases")
        assert names_and_types(metadata) == {
            "reporter": "text", "patient": "text", "record": "integer", "weight": "number", "county": "text",
            "sex": "text", "age_group": "text", "cases": "integer", "charges": "decimal(12,2)",
        }  # fmt: skip
        assert metadata["rows"].value == 24
        assert len(metadata["sha256"].value) == 64

    def test_a_number_of_rows_that_is_small_is_not_told(self):
        from ddg_pipeline.orchestration.metadata import row_count

        assert {row_count(rows).value for rows in range(1, 11)} == {"1 to 10"}
        assert (row_count(0).value, row_count(11).value) == (0, 11)


class TestAMaskedRelease:
    @pytest.fixture
    def metadata(self, small):
        return small.latest("by_sex/masked")

    def test_shows_the_score_and_its_parts(self, metadata):
        assert metadata["decision"].value == "mask"
        assert metadata["score"].value == 16
        lines = metadata["score_terms"].value.splitlines()[2:]
        assert sum(int(line.split("|")[1]) for line in lines) == 16
        assert "residence geography" in metadata["score_terms"].value
        assert "DDG 2.0 §16.2" in metadata["score_terms"].value

    def test_shows_the_six_steps(self, metadata):
        assert len(metadata["steps"].value.splitlines()) == 2 + 6

    def test_shows_how_much_is_hidden(self, metadata):
        assert metadata["cells"].value == 21
        assert metadata["small_cells"].value == 2
        assert metadata["complementary_cells"].value == 4
        assert metadata["share_of_cells_suppressed_percent"].value == 29
        assert metadata["reasons_shown"].value is True
        assert "| cases | 21 | 1 | 2 | 4 |" in metadata["suppression"].value

    def test_tables_are_markdown(self, metadata):
        for name in ("score_terms", "steps", "suppression", "for_review"):
            assert isinstance(metadata[name], dg.MarkdownMetadataValue)
            header, line, *rows = metadata[name].value.splitlines()
            assert all(row.count("|") == header.count("|") == line.count("|") for row in rows)


class TestARelease:
    @pytest.fixture
    def metadata(self, small):
        return small.latest("by_sex/release")

    def test_shows_where_it_is_and_what_is_in_it(self, small, metadata):
        assert metadata["path"].value == str(small.released("by_sex"))
        assert metadata["dagster/row_count"].value == 21
        assert list(names_and_types(metadata)) == [
            "county", "sex", "cases", "cases_annotation_code", "cases_annotation_description",
            "charges", "charges_annotation_code", "charges_annotation_description",
        ]  # fmt: skip
        for path in small.released("by_sex").iterdir():
            assert path.name == "certificate.json" or f"| {path.name} | " in metadata["files"].value

    def test_shows_what_portals_still_want_to_know(self, metadata):
        missing = metadata["portal_metadata_missing"].value
        assert set(missing) == {"calhhs", "data_ca_gov", "dcat_us_1_1"}
        assert {"department", "contact_email"} <= set(missing["dcat_us_1_1"])

    def test_shows_the_audit_s_result(self, metadata):
        assert metadata["audit"].value.startswith("Safe: ")
        assert metadata["level"].value == "ddg"
        assert metadata["decision"].value == "mask"
        assert metadata["score"].value == 16

    def test_its_checks_show_every_expectation(self, small):
        key = dg.AssetCheckKey(dg.AssetKey(["by_sex", "release"]), "great_expectations")
        with dg.DagsterInstance.get() as instance:
            record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
        evaluation = record.event.dagster_event.event_specific_data
        assert evaluation.passed
        listed = json.loads((small.project.expectations / "by_sex.json").read_text())["expectations"]
        told = "\n".join(str(value.value) for value in evaluation.metadata.values())
        assert f"{len(listed)} expectations hold for 21 rows" in told
        assert all(expectation["type"] in told for expectation in listed)


class TestAPublication:
    def test_shows_where_readers_find_it(self, small):
        metadata = small.latest("by_sex/publication")
        assert metadata["path"].value == str(small.published("by_sex"))
        assert "certificate_sha256" in metadata
        assert metadata["replaced"].value


class TestAReleaseThatMayGoOut:
    def test_says_so(self, small):
        masked, release = small.latest("statewide/masked"), small.latest("statewide/release")
        assert (masked["decision"].value, masked["score"].value) == ("release", -1)
        assert masked["complementary_cells"].value == 0
        assert release["audit"].value == "released as it is"
        assert release["level"].value == "none"
