"""Running the last asset alone: it publishes certified bytes, or nothing."""

from __future__ import annotations

import json
import shutil
import time

import dagster as dg
import pytest

PAIR = ("by_age/publication", "by_sex/publication")  # linked releases are published together or not at all


@pytest.fixture
def refused(small):
    """Materialize a publication alone, and expect that what is public stays."""

    def run(release, *says):
        before = {key: value for key, value in small.public_bytes().items() if key.startswith("portal/")}
        assets = PAIR if f"{release}/publication" in PAIR else [f"{release}/publication"]
        events = small.materialize(*assets)
        assert not events.success
        assert events.materialized == []
        after = {key: value for key, value in small.public_bytes().items() if key.startswith("portal/")}
        assert after == before
        for text in says:
            assert text in events.failures, events.failures

    return run


class TestACertifiedRelease:
    def test_is_published_again_without_harm(self, small):
        before = small.published("by_sex")
        bytes_before = {path.name: path.read_bytes() for path in before.iterdir()}
        events = small.materialize(*PAIR)
        assert events.success
        assert {path.name: path.read_bytes() for path in small.published("by_sex").iterdir()} == bytes_before

    def test_is_published_where_nothing_was(self, small):
        shutil.rmtree(small.project.portal)
        assert small.materialize("statewide/publication").success
        assert small.published("statewide").is_dir()


class TestTamperedBytes:
    def test_a_changed_table_is_refused(self, small, refused):
        small.edit(small.released("statewide") / "statewide.csv", "57068", "57069")
        refused("statewide", "statewide.csv: changed since it passed the gate")

    def test_a_changed_report_is_refused(self, small, refused):
        small.edit(small.released("statewide") / "report.html", "</html>", "<!-- --></html>")
        refused("statewide", "report.html: changed")

    def test_an_added_file_is_refused(self, small, refused):
        (small.released("statewide") / "more.csv").write_text("sex,cases\nF,7\n")
        refused("statewide", "more.csv: not certified")

    def test_a_missing_file_is_refused(self, small, refused):
        (small.released("statewide") / "datapackage.json").unlink()
        refused("statewide", "datapackage.json: missing")

    def test_a_link_to_somewhere_else_is_refused(self, small, refused):
        table = small.released("statewide") / "statewide.csv"
        content = table.read_bytes()
        table.unlink()
        elsewhere = small.root / "elsewhere.csv"
        elsewhere.write_bytes(content)
        table.symlink_to(elsewhere)
        refused("statewide", "not a regular file")
        elsewhere.unlink()


class TestTheCertificate:
    def test_without_one_nothing_is_published(self, small, refused):
        (small.released("statewide") / "certificate.json").unlink()
        refused("statewide", "the gate has not passed this package")

    def test_one_of_another_release_is_refused(self, small, refused):
        shutil.copyfile(small.released("by_sex") / "certificate.json", small.released("statewide") / "certificate.json")
        refused("statewide", "the certificate is void")

    @pytest.mark.parametrize("key", ["decision", "files", "gate"])
    def test_one_that_lacks_a_part_is_refused(self, small, refused, key):
        path = small.released("statewide") / "certificate.json"
        certificate = json.loads(path.read_text())
        del certificate[key]
        path.write_text(json.dumps(certificate))
        refused("statewide", "not a certificate", key)

    def test_one_whose_gate_did_not_pass_is_refused(self, small, refused):
        path = small.released("statewide") / "certificate.json"
        certificate = json.loads(path.read_text())
        certificate["gate"]["passed"] = False
        path.write_text(json.dumps(certificate))
        refused("statewide", "not a certificate")


class TestWhatTheCertificateIsBoundTo:
    def test_a_changed_contract_voids_it(self, small, refused):
        models = small.project.dbt_project / "models" / "aggregates" / "releases.yml"
        small.edit(models, "title: Cases by sex", "title: All cases by sex")
        refused("statewide", "contract: not the one that was certified")

    def test_a_changed_suite_voids_it(self, small, refused):
        path = small.project.expectations / "statewide.json"
        suite = json.loads(path.read_text())
        suite["expectations"].pop()
        path.write_text(json.dumps(suite))
        refused("statewide", "suite")

    def test_a_missing_suite_voids_it(self, small, refused):
        (small.project.expectations / "statewide.json").unlink()
        refused("statewide", "statewide.json")


class TestNothingReleased:
    def test_it_says_which_asset_to_make_first(self, small, refused):
        shutil.rmtree(small.project.public)
        refused(
            "statewide",
            "nothing has passed the gate; `ddg run statewide` makes a new version; in Dagster",
        )

    def test_a_store_that_leads_nowhere_is_refused(self, small, refused):
        shutil.rmtree(small.released("statewide"))
        refused("statewide")


class TestLinkedReleases:
    """An old version of one beside a new one of the other could tell what neither tells alone."""

    def test_neither_is_published_where_one_is_void(self, small, refused):
        small.edit(small.released("by_sex") / small.staged("by_sex").name, "Delta,F,84,", "Delta,F,85,")
        refused("by_sex", "by_sex: the certificate is void")

    @pytest.mark.thorough
    def test_versions_that_did_not_pass_together_are_refused(self, small, refused):
        old = small.released("by_age")
        kept = old.with_name("kept")
        shutil.copytree(old, kept)
        time.sleep(1.1)  # a certificate is dated to the second
        assert small.materialize("by_age/release", "by_sex/release").success
        new = small.released("by_age")
        shutil.rmtree(new)
        kept.rename(new)
        refused("by_sex", "by_age, by_sex: linked, but not released together", "`ddg run by_age` makes a new version")

    def test_they_cannot_be_published_one_by_one(self, small):
        with pytest.raises(dg.DagsterInvalidSubsetError):
            small.materialize("by_sex/publication")
