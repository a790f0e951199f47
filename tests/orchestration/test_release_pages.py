"""What the pages of a release tell an analyst: rules, charts, shares, tags; public figures only."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import dagster as dg
import pytest

from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.tags import release_tags
from ddg_pipeline.warehouse.public import PublicStore


def tags_of(release):
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(release.split("/")))
    return {name: value for name, value in event.asset_materialization.tags.items() if name.startswith("ddg/")}


class TestTheMaskedTable:
    def test_says_by_which_rules(self, small):
        rules = small.latest("by_sex/masked")["rules"].value
        assert "Counts from 1 to 10 are small" in rules
        assert "over 12 asks for masking" in rules
        assert "Level `ddg`: " in rules

    def test_draws_what_the_score_is_made_of(self, small):
        chart = small.latest("by_sex/masked")["score_chart"].value
        assert chart.startswith("![Score 16; masked over 12. ")
        assert "residence geography +" in chart
        assert len(chart) < 1000

    def test_its_columns_are_described(self, small):
        columns = {one.name: one for one in small.latest("by_sex/masked")["dagster/column_schema"].schema.columns}
        assert all(one.description for one in columns.values())
        assert columns["cases"].type == "numeric"


class TestTheRelease:
    @pytest.fixture
    def metadata(self, small):
        return small.latest("by_sex/release")

    def test_tells_the_share_suppressed_of_the_published_rows(self, small, metadata):
        rows = small.rows(next(path for path in small.published("by_sex").glob("cases-*.csv")))
        hidden = [row for row in rows if row["cases_annotation_code"] in ("1", "2")]
        assert metadata["rows_with_a_suppressed_figure"].value == len(hidden) == 6
        share = metadata["share_of_rows_suppressed_percent"]
        assert isinstance(share, dg.FloatMetadataValue), "Dagster plots it over time"
        assert share.value == pytest.approx(100 * len(hidden) / len(rows), abs=0.05)

    def test_tells_it_by_category(self, small, metadata):
        text = metadata["suppressed_by_category"].value
        assert "#### county" in text
        assert "#### sex" in text
        assert "| Zeta | 67 % |" in text
        assert "| State | 0 % |" in text

    def test_what_is_released_as_it_is_has_no_chart_of_it(self, small):
        metadata = small.latest("statewide/release")
        assert metadata["share_of_rows_suppressed_percent"].value == 0
        assert "most_suppressed" not in metadata


class TestTags:
    def test_of_a_materialization_are_of_that_one(self, small):
        expected = {"ddg/level": "ddg", "ddg/rulebook": "calhhs-ddg-2.0", "ddg/decision": "mask", "ddg/score": "16"}
        assert tags_of("by_sex/masked") == expected | {"ddg/store": "restricted"}
        assert tags_of("by_sex/release") == expected | {"ddg/store": "public"}
        assert tags_of("statewide/release")["ddg/decision"] == "release"

    def test_the_catalogue_finds_what_was_masked_in_a_month(self, small):
        graph = build_definitions(small.project).resolve_asset_graph()
        month = graph.get(dg.AssetKey(["by_sex", "release"])).tags["ddg/released"]

        def found(selection):
            return {key.to_user_string() for key in dg.AssetSelection.from_string(selection).resolve(graph)}

        assert found(f'tag:"ddg/masked-in-{month}"') == {"by_sex/release", "by_age/release"}
        assert found('tag:"ddg/decision"="release"') == {
            "statewide/masked", "statewide/release", "statewide/publication",
        }  # fmt: skip
        assert found('tag:"ddg/score"="16" and key:"*/publication"') == {"by_sex/publication", "by_age/publication"}

    def test_what_was_never_released_has_none(self, small):
        assert release_tags(small.project.public_store, "never", months=True) == {}

    def test_a_version_that_cannot_be_read_is_tagged_so_and_the_project_still_loads(self, small):
        (small.released("by_sex") / "report.json").write_text("{")
        graph = build_definitions(small.project).resolve_asset_graph()
        assert graph.get(dg.AssetKey(["by_sex", "release"])).tags["ddg/decision"] == "unreadable"

    def test_every_month_of_the_last_year_is_found_and_none_before(self, tmp_path, monkeypatch):
        months = [(2024, 1), (2025, 2), (2025, 12), (2026, 1)]
        versions = tmp_path / "releases" / "series" / "versions"
        for number in range(1, 5):
            (versions / str(number)).mkdir(parents=True)
            (versions / str(number) / "report.json").write_text('{"decision": "mask", "score": {"at_most": 16}}')
        (versions.parent / "current").symlink_to("versions/4")
        monkeypatch.setattr(
            "ddg_pipeline.quality.certificate_form.read_certificate",
            lambda version: SimpleNamespace(issued_at=dt.date(*months[int(version.name) - 1], 15)),
        )
        found = release_tags(PublicStore(tmp_path), "series", months=True)
        assert {tag for tag in found if tag.startswith("ddg/masked-in-")} == {
            "ddg/masked-in-2025-02", "ddg/masked-in-2025-12", "ddg/masked-in-2026-01",
        }  # fmt: skip
        assert found["ddg/released"] == "2026-01"


class TestAFailedCheck:
    def test_says_what_broke_where_and_what_to_do(self, small):
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        checks = small.materialize("by_sex/release", "by_age/release").checks("by_sex")
        told = checks["great_expectations"].metadata
        assert told["expectations_broken"].value >= 1
        assert "| expect_counts_to_exclude_small_numbers | cases | county=Alpha, sex=F |" in told["broken"].value
        assert "`ddg run by_sex` masks it" in told["what_to_do"].value
        assert told["help"].value == "ddg help gate#when-it-is-shut"
        attack = checks["attack_audit"].metadata
        assert attack["findings"].value >= 1
        assert "by_sex: cases at county=Alpha, sex=F" in attack["found"].value
        assert checks["suite_matches_contract"].passed
        assert "what_to_do" not in checks["suite_matches_contract"].metadata
