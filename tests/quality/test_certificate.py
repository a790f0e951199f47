"""Certificates: given only for what passed, true only for exactly these bytes."""

import dataclasses
import datetime as dt
import json

import pytest

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.quality import issue_certificate, read_certificate, validate, verify_certificate
from ddg_pipeline.quality.hashing import sha256_of, sha256_of_file

NOON = dt.datetime(2021, 11, 2, 12, tzinfo=dt.timezone(dt.timedelta(hours=-8)))
CHECKS = {"great_expectations": True, "attack_audit": True}
AUDIT = {"safe": True, "level": "full", "summary": "Safe."}


@pytest.fixture
def passed(staged, table, suite, parameters):
    path = staged(table)
    (path.parent / "report.json").write_text("{}")
    return path.parent, validate(path, suite, parameters)


@pytest.fixture
def issue(passed, contract, rulebook, suite):
    directory, gate = passed

    def issue(**changes):
        arguments = {
            "contract": contract,
            "rulebook": rulebook,
            "suite": suite,
            "csv_name": "visits.csv",
            "gate": gate,
            "audit": AUDIT,
            "decision": "mask",
            "checks": CHECKS,
            "issued_at": NOON,
        }
        return issue_certificate(directory, **(arguments | changes))

    return issue


class TestIssuing:
    def test_binds_every_file_and_what_it_was_judged_by(self, issue, passed, contract, rulebook, suite):
        directory, gate = passed
        certificate = issue()
        assert certificate.files == {name: sha256_of_file(directory / name) for name in ("report.json", "visits.csv")}
        assert certificate.contract == sha256_of(contract)
        assert certificate.rulebook == sha256_of(rulebook)
        assert certificate.gate.suite == sha256_of(suite)
        assert certificate.gate.expectations == gate.listed
        assert certificate.level == "full"
        assert certificate == read_certificate(directory) == verify_certificate(directory, contract, rulebook, suite)

    def test_writes_the_time_in_utc(self, issue, passed):
        issue()
        assert json.loads((passed[0] / "certificate.json").read_text())["issued_at"] == "2021-11-02T20:00:00Z"

    def test_gives_the_same_bytes_for_the_same_time(self, issue, passed):
        issue()
        first = (passed[0] / "certificate.json").read_bytes()
        issue()
        assert (passed[0] / "certificate.json").read_bytes() == first

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"audit": {**AUDIT, "safe": False}}, "the audit did not find it safe"),
            ({"audit": {}}, "the audit did not find it safe"),
            ({"decision": "release"}, "decision"),
            ({"csv_name": "report.json"}, "not the bytes"),
        ],
    )
    def test_refuses_what_did_not_pass(self, issue, passed, changes, message):
        with pytest.raises(RefusedError, match=message):
            issue(**changes)
        assert not (passed[0] / "certificate.json").exists()

    def test_refuses_a_failed_gate(self, issue, passed):
        with pytest.raises(RefusedError, match="do not hold"):
            issue(gate=dataclasses.replace(passed[1], passed=False))

    def test_refuses_bytes_that_changed_after_the_gate(self, issue, passed):
        with (passed[0] / "visits.csv").open("a") as file:
            file.write("\n")
        with pytest.raises(RefusedError, match=r"visits\.csv"):
            issue()

    def test_refuses_another_suite_than_the_gate_used(self, issue, suite):
        with pytest.raises(RefusedError, match="another suite"):
            issue(suite=suite | {"expectations": suite["expectations"][:-1]})


class TestVerifying:
    def test_names_the_file_that_differs(self, issue, passed):
        issue()
        (passed[0] / "report.json").write_text("{ }")
        with pytest.raises(RefusedError, match=r"report\.json: changed"):
            verify_certificate(passed[0])

    def test_needs_no_more_than_the_package(self, issue, passed):
        issue()
        assert verify_certificate(passed[0]).release == "visits"

    def test_another_threshold_makes_it_void(self, issue, passed, rulebook):
        issue()
        numerator = rulebook.thresholds.numerator.model_copy(update={"upper": 5})
        thresholds = rulebook.thresholds.model_copy(update={"numerator": numerator})
        with pytest.raises(RefusedError, match="rulebook"):
            verify_certificate(passed[0], rulebook=rulebook.model_copy(update={"thresholds": thresholds}))

    def test_the_order_of_keys_makes_no_difference(self, contract):
        turned = dict(reversed(contract.model_dump(mode="json").items()))
        assert sha256_of(turned) == sha256_of(contract)
