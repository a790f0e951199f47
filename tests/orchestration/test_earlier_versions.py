"""A second version of a release, after a correction: masked, judged and published beside the first."""

from __future__ import annotations

import json
import shutil

import pytest

PAIR = ("by_age", "by_sex")
STEPS = {
    "masked": ["source/cases", "staging/stg_cases", "aggregates/by_age", "aggregates/by_sex",
               "by_age/masked", "by_sex/masked"],
    "release": ["by_age/release", "by_sex/release"],
    "publication": ["by_age/publication", "by_sex/publication"],
}  # fmt: skip


@pytest.fixture
def corrected(small):
    """A case of which nobody knew: where there was a zero, there are six now."""
    small.edit(small.root / "cases.csv", "Gamma,F,0-39,0,0.00", "Gamma,F,0-39,6,600.00")
    return small


def run(small, *steps):
    return small.materialize(*(asset for step in steps for asset in STEPS[step]))


def shown(small, release="by_sex"):
    (table,) = [path for path in small.released(release).glob("*.csv") if path.name != "data-dictionary.csv"]
    return {(row["county"], row["sex"]): row["cases"] for row in small.rows(table)}


class TestACorrection:
    def test_is_published_without_telling_what_was_corrected(self, corrected):
        small = corrected
        assert shown(small)["Gamma", "F"] == "0"
        assert shown(small)["Gamma", "All"] == shown(small)["Gamma", "M"] == "68"
        assert run(small, "masked", "release", "publication").success
        now = shown(small)
        assert now["Gamma", "F"] == ""
        assert now["Gamma", "M"] == "68"  # everybody has read it: to hide it would help nobody
        assert now["Gamma", "All"] == ""
        versions = small.project.ledger.versions("by_sex")
        assert [version.version for version in versions] == [1, 2]
        report = json.loads((small.released("by_sex") / "report.json").read_text())
        assert report["already_public"] == [versions[0].certificate]

    def test_masked_as_if_nothing_were_public_does_not_pass_the_gate(self, corrected):
        small = corrected
        ledger = small.project.public / "ledger"
        ledger.rename(ledger.with_name("put away"))
        assert run(small, "masked").success
        shutil.rmtree(ledger, ignore_errors=True)
        ledger.with_name("put away").rename(ledger)
        before = small.public_bytes()
        events = run(small, "release")
        assert not events.success
        assert "attack_audit" in events.failed_checks("by_sex")
        assert small.public_bytes() == before

    @pytest.mark.thorough
    def test_that_passed_before_another_version_was_public_is_not_published(self, corrected):
        small = corrected
        ledger = small.project.public / "ledger"
        ledger.rename(ledger.with_name("put away"))
        assert run(small, "masked", "release").success
        shutil.rmtree(ledger, ignore_errors=True)
        ledger.with_name("put away").rename(ledger)
        events = small.materialize(*STEPS["publication"])
        assert not events.success
        assert "another version became public since" in events.failures


class TestWhatReadersKnow:
    def test_is_noted_before_the_portal_has_it(self, small, monkeypatch):
        def fails(*_given):
            raise OSError("the portal is gone")

        shutil.rmtree(small.project.public / "ledger")
        monkeypatch.setattr("ddg_pipeline.publishing.publish_together", fails)
        assert not small.materialize("statewide/publication").success
        (version,) = small.project.ledger.versions("statewide")
        assert [event.what for event in version.events] == ["publishing"]

    def test_that_cannot_be_read_stops_masking(self, small):
        (small.project.public / "ledger" / "by_sex" / "1.json").write_text("{}")
        events = small.materialize("by_age/masked", "by_sex/masked")
        assert not events.success
        assert "it says what readers know" in events.failures

    def test_of_a_version_that_is_gone_stops_masking(self, small):
        shutil.rmtree(small.released("statewide"))
        events = small.materialize("statewide/masked")
        assert not events.success

    @pytest.mark.thorough
    def test_is_gone_by_the_published_table_where_what_it_was_is_lost(self, corrected):
        small = corrected
        shutil.rmtree(small.project.restricted / "versions")
        assert run(small, "masked", "release", "publication").success
        assert shown(small)["Gamma", "All"] == ""

    def test_is_kept_closed_to_others(self, small):
        for path in (small.project.restricted / "versions").rglob("*"):
            assert path.stat().st_mode & 0o077 == 0


class TestARetraction:
    def test_takes_it_from_the_portal_and_keeps_it_away(self, small, ddg):
        assert ddg("retract", "statewide", "--reason", "wrong year").code == 0
        assert not list(small.project.portal.glob("cases-by-sex/statewide"))
        assert not list(small.project.portal.rglob("statewide.csv"))
        events = small.materialize("statewide/publication")
        assert not events.success
        assert "withdrawn on" in events.failures
        assert "wrong year" in events.failures
        assert "withdrawn" in ddg("ledger", "show", "statewide").out

    def test_can_be_lifted(self, small, ddg):
        assert ddg("retract", "statewide", "--reason", "wrong year").code == 0
        assert ddg("retract", "statewide", "--reason", "again").code == 0
        assert ddg("retract", "statewide", "--lift").code == 0
        assert ddg("retract", "statewide", "--lift").code == 1
        events = small.materialize("statewide/publication")
        assert "does not come back" in events.failures
        assert small.materialize("statewide/masked", "statewide/release", "statewide/publication").success
        assert small.published("statewide").is_dir()

    def test_asks_for_a_reason_and_a_release_that_there_is(self, small, ddg):
        assert ddg("retract", "statewide").code == 2
        answer = ddg("retract", "statewise", "--reason", "x")
        assert answer.code == 2
        assert "one of by_age, by_sex, statewide" in answer.err


class TestAnImportedTable:
    def write(self, small, text):
        path = small.root / "earlier.csv"
        path.write_text(text, encoding="utf-8")
        return path

    def test_is_known_from_then_on(self, small, ddg):
        path = self.write(small, "county,sex,cases\nBeta,M,7\n")
        answer = ddg("ledger", "import", "by_sex", str(path), "--published", "2019-04-01", "--where", "report of 2019")
        assert answer.code == 0, answer.err
        assert "report of 2019" in ddg("ledger", "show").out
        events = small.materialize("by_age/masked", "by_sex/masked")
        assert not events.success
        assert "small counts are public already" in events.failures
        assert ddg("ledger", "accept", "by_sex", "imported-1", "--note", "the director, 2 May").code == 0
        # then the other rules hold: here that of a linked row with too little left to hide
        assert "small counts are public already" not in small.materialize("by_age/masked", "by_sex/masked").failures

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("county,sex,race,cases\nAlpha,F,All,7\n", "race, which the contract does not have"),
            ("county,sex\nAlpha,F\n", "no count of this release"),
            ("county,sex,cases\nAlpha,F,few\n", "cases"),
            ("county,sex,cases\nAlpha,F,17\nAlpha,F,18\n", "the same categories twice"),
        ],
    )
    def test_that_does_not_fit_is_refused(self, small, ddg, text, says):
        answer = ddg("ledger", "import", "by_sex", str(self.write(small, text)), "--published", "2019-04-01")
        assert answer.code == 2
        assert says in answer.err
        assert not (small.project.public / "ledger" / "by_sex" / "imported-1.csv").exists()

    def test_may_have_a_column_more(self, small, ddg):
        path = self.write(small, "county,sex,race,cases\nAlpha,M,All,29\nAlpha,M,Other,12\n")
        given = ("ledger", "import", "by_sex", str(path), "--published", "2019-04-01")
        assert ddg(*given, "--at", "race=All").code == 0
