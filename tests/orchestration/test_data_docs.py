"""Data Docs of a gate run, and what else the gate keeps to itself or compares with."""

from __future__ import annotations

import json
import shutil
import stat

import dagster as dg
import pytest

from ddg_pipeline.quality import read_certificate
from ddg_pipeline.quality.hashing import sha256_of_file

PAIR = ("by_sex/release", "by_age/release")


class TestDataDocs:
    def test_of_every_release_are_written_for_their_owner_alone(self, small):
        for release in ("by_sex", "by_age", "statewide"):
            path = small.project.data_docs(release)
            assert "The gate let it through." in path.read_text(encoding="utf-8")
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert path.is_relative_to(small.project.restricted)

    def test_of_a_shut_gate_say_where_and_the_check_says_where_they_are(self, small):
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        events = small.materialize(*PAIR)
        assert not events.success
        metadata = events.checks("by_sex")["great_expectations"].metadata
        page = small.project.data_docs("by_sex")
        assert metadata["data_docs"] == dg.MetadataValue.path(str(page))
        text = page.read_text(encoding="utf-8")
        assert "The gate is shut." in text
        assert "county=Alpha, sex=F" in text
        # linked releases pass together or not at all
        assert "The gate is shut." in small.project.data_docs("by_age").read_text(encoding="utf-8")

    def test_stand_in_no_package(self, small):
        assert not list(small.project.public.rglob("*data_docs*"))
        assert not list(small.project.portal.rglob("*data_docs*"))


class TestTheReleaseBefore:
    def test_is_named_by_its_hash_in_the_certificate(self, small):
        before = small.released("statewide")
        assert read_certificate(before).gate.parameters["previous"] == "none"
        assert small.materialize("statewide/release").success
        certificate = read_certificate(small.released("statewide"))
        assert certificate.gate.parameters["previous"] == sha256_of_file(before / certificate.gate.file)

    @pytest.mark.thorough
    def test_is_not_one_that_somebody_changed(self, small):
        before = small.released("statewide")
        csv = before / read_certificate(before).gate.file
        csv.chmod(0o644)
        csv.write_text("sex,cases\n", encoding="utf-8")
        assert "nobody can tell what readers know" in small.materialize("statewide/release").failures
        shutil.rmtree(small.project.public / "ledger" / "statewide")  # as if it had never been published
        assert small.materialize("statewide/release").success
        assert read_certificate(small.released("statewide")).gate.parameters["previous"] == "none"


class TestExpectationsByHand:
    @pytest.fixture
    def suite_file(self, small):
        return small.project.expectations / "statewide.json"

    def add(self, file, **entry):
        suite = json.loads(file.read_text(encoding="utf-8"))
        suite["expectations"].insert(1, entry | {"meta": {"origin": "hand"}})
        file.write_text(json.dumps(suite), encoding="utf-8")

    @pytest.mark.thorough
    def test_survive_and_are_judged(self, small, suite_file, ddg):
        kind = "expect_column_values_to_be_in_set"
        self.add(suite_file, type=kind, kwargs={"column": "sex", "value_set": ["F", "M"]})
        assert ddg("suites", "statewide", "--quiet").code == 0
        *_, last = json.loads(suite_file.read_text(encoding="utf-8"))["expectations"]
        assert (last["type"], last["meta"]) == (kind, {"origin": "hand"})
        assert small.materialize("statewide/release").success
        small.edit(suite_file, '"M"', '"Q"')
        events = small.materialize("statewide/release")
        assert events.failed_checks("statewide") == {"great_expectations"}

    @pytest.mark.thorough
    def test_that_cannot_stay_are_an_error_and_the_file_is_left_alone(self, suite_file, ddg):
        self.add(suite_file, type="expect_nothing_at_all", kwargs={})
        text = suite_file.read_text(encoding="utf-8")
        answer = ddg("suites", "statewide", "--quiet")
        assert answer.code == 2
        assert "expect_nothing_at_all" in answer.err
        assert suite_file.read_text(encoding="utf-8") == text
