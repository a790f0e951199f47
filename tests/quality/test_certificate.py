"""Certificates: given only for what passed, true only for exactly these bytes."""

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest
from ssh_keys import allowed, make_key

import ddg_pipeline
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.quality import (
    Signing,
    issue_certificate,
    key_to_sign_with,
    read_certificate,
    validate,
    verify_certificate,
)
from ddg_pipeline.quality.code_files import code_sha256
from ddg_pipeline.quality.hashing import sha256_of, sha256_of_file

NOON = dt.datetime(2021, 11, 2, 12, tzinfo=dt.timezone(dt.timedelta(hours=-8)))
CHECKS = {"great_expectations": True, "attack_audit": True}
AUDIT = {"safe": True, "level": "full", "summary": "Safe."}


def names(directory):
    return {path.name for path in directory.iterdir()}


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

    def test_names_the_checks_and_the_code_that_made_them(self, issue):
        certificate = issue()
        assert certificate.checks == tuple(CHECKS)
        assert (certificate.code_version, certificate.code_sha256) == (ddg_pipeline.__version__, code_sha256())

    def test_leaves_no_earlier_certificate_where_it_refuses(self, issue, passed):
        issue()
        with pytest.raises(RefusedError):
            issue(checks={})
        assert not (passed[0] / "certificate.json").exists()

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
            ({"checks": {}}, "not every check passed: there was none"),
            ({"checks": CHECKS | {"attack_audit": False}}, "not every check passed: attack_audit"),
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


class TestSigning:
    @pytest.fixture
    def keys(self, tmp_path):
        directory = tmp_path / "keys"
        directory.mkdir()
        for name, passphrase in {"ours": "", "theirs": "", "locked": "secret"}.items():
            make_key(directory / name, passphrase)
        return directory

    @pytest.fixture
    def passed(self, staged, table, suite, parameters, tmp_path):
        path = staged(table)
        package = tmp_path / "package"
        package.mkdir()
        path = path.rename(package / path.name)
        return package, validate(path, suite, parameters)

    def test_puts_the_signature_beside_the_certificate(self, issue, passed, keys):
        signing = Signing("ddg.yaml", keys / "ours")
        certificate = issue(signing=signing)
        assert names(passed[0]) == {"visits.csv", "certificate.json", "certificate.json.sig"}
        assert certificate.signing_key == key_to_sign_with(signing)
        assert set(certificate.files) == {"visits.csv"}
        assert verify_certificate(passed[0], signing=signing) == certificate

    def test_no_longer_leaves_no_earlier_signature(self, issue, passed, keys):
        issue(signing=Signing("ddg.yaml", keys / "ours"))
        assert issue().signing_key is None
        assert names(passed[0]) == {"visits.csv", "certificate.json"}

    def test_that_fails_writes_nothing(self, issue, passed, keys):
        issue()
        with pytest.raises(InputError, match=r"signing\.key.*passphrase"):
            issue(signing=Signing("ddg.yaml", keys / "locked"))
        assert names(passed[0]) == {"visits.csv"}

    def test_that_nobody_would_believe_writes_nothing(self, issue, passed, keys, tmp_path):
        signers = allowed(tmp_path / "signers", ("releases@dept.example", keys / "theirs"))
        with pytest.raises(RefusedError, match="visits: no certificate: the signature would not be believed"):
            issue(signing=Signing("ddg.yaml", keys / "ours", signers))
        assert names(passed[0]) == {"visits.csv"}

    def test_with_no_room_on_the_disk_leaves_neither_file(self, issue, passed, keys, monkeypatch):
        write = Path.write_bytes

        def full(path, data):
            if path.name == "certificate.json":
                raise OSError(28, "No space left on device")
            return write(path, data)

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(InputError, match="No space left"):
            issue(signing=Signing("ddg.yaml", keys / "ours"))
        assert names(passed[0]) == {"visits.csv"}


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
