"""``ddg verify DIR``: a released package, anywhere, with nothing else at hand."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ssh_keys import allowed, make_key

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.quality import GateResult, Signing, check_package, issue_certificate
from ddg_pipeline.quality.hashing import sha256_of, sha256_of_bytes
from ddg_pipeline.rulebook import load_rulebook

ISSUED_AT = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)
SUITE = {
    "name": "cases_by_county_sex",
    "meta": {"key": ["county", "sex"], "masked": True, "types": {"county": "text", "sex": "text", "cases": "numeric"}},
    "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "county"}}],
}
CHECKS = {"great_expectations": True, "attack_audit": True}
WHO = "releases@dept.example"
FILES = {
    "cases-by-county-sex.csv": b"county,sex,cases\nAlpha,F,\nBeta,M,16\n",
    "data-dictionary.csv": b"column,type\ncounty,text\n",
    "report.json": b"{}\n",
}


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    make_key(directory / "ours")
    make_key(directory / "theirs")
    return directory


@pytest.fixture(scope="session")
def make_package(text_of_contract):
    """Write a package and certify it, as the gate does after its checks."""

    def make(directory, signing=None, issued_at=ISSUED_AT):
        directory.mkdir()
        for name, data in FILES.items():
            (directory / name).write_bytes(data)
        name = next(iter(FILES))
        gate = GateResult(True, (), 1, 2, sha256_of_bytes(FILES[name]), sha256_of(SUITE), {"rows": 2})
        contract = contract_from_yaml(text_of_contract, "contract.yaml")
        issue_certificate(
            directory,
            contract=contract,
            rulebook=load_rulebook(contract.rulebook),
            suite=SUITE,
            csv_name=name,
            gate=gate,
            audit={"safe": True, "level": "ddg"},
            decision="mask",
            checks=CHECKS,
            signing=signing,
            issued_at=issued_at,
        )
        return directory

    return make


@pytest.fixture
def package(make_package, tmp_path):
    return make_package(tmp_path / "package")


@pytest.fixture
def signed(make_package, tmp_path, keys):
    return make_package(tmp_path / "signed", Signing("ddg.yaml", keys / "ours"))


@pytest.fixture
def signers(keys, tmp_path):
    def write(who=WHO, of="ours"):
        return allowed(tmp_path / "allowed_signers", (who, keys / of))

    return write


class TestAPackage:
    def test_holds_by_itself(self, ddg, package):
        answer = ddg("verify", package)
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith("valid: these are the files that were certified, and no others")
        for told in [*FILES, "2021-11-02 12:00:00 UTC", "ddg_pipeline 0.1.0, the same files as here", *CHECKS,
                     "cases_by_county_sex: masked, level ddg", "the certificate is not signed"]:  # fmt: skip
            assert told in answer.out

    def test_holds_wherever_it_is_copied_and_whatever_link_leads_there(self, ddg, package, tmp_path, monkeypatch):
        moved = shutil.move(package, tmp_path / "elsewhere")
        (tmp_path / "current").symlink_to(moved)
        monkeypatch.chdir(moved)
        assert ddg("verify", ".").code == 0
        assert ddg("verify", tmp_path / "current").code == 0

    def test_holds_for_machines(self, ddg, package):
        answer = ddg("verify", package, "--json")
        assert answer.code == 0
        assert answer.json["holds"] is True
        assert answer.json["problems"] == []
        assert answer.json["certificate"] == json.loads((package / "certificate.json").read_bytes())
        assert answer.json["certificate"]["files"] == {name: sha256_of_bytes(data) for name, data in FILES.items()}
        assert answer.json["certificate_sha256"] == sha256_of_bytes((package / "certificate.json").read_bytes())
        assert answer.json["compared"] == {"contract": None, "rulebook": None, "suite": None}
        assert answer.json["code_is_the_same_as_here"] is True
        assert answer.json["signature"] is None

    def test_of_other_code_says_so(self, ddg, package, monkeypatch):
        monkeypatch.setattr("ddg_pipeline.verify_package_run.code_sha256", lambda: "0" * 64)
        assert "other files than here" in ddg("verify", package).out

    def test_shows_everything_that_is_wrong_at_once(self, ddg, package):
        (package / "report.json").write_bytes(b"{ }\n")
        (package / "data-dictionary.csv").unlink()
        (package / "raw.csv").write_text("name\n")
        answer = ddg("verify", package)
        assert answer.code == 1
        assert answer.out.startswith("void: 3 problems")
        for told in ("report.json: changed", "data-dictionary.csv: missing", "raw.csv: not certified"):
            assert told in answer.out
        assert ddg("verify", package, "--json").json["holds"] is False

    def test_without_a_certificate_is_void(self, ddg, package):
        (package / "certificate.json").unlink()
        answer = ddg("verify", package)
        assert answer.code == 1
        assert "certificate.json: missing" in answer.out
        assert ddg("verify", package, "--json").json["certificate"] is None

    def test_certified_by_another_version_is_void_and_says_so(self, ddg, package):
        path = package / "certificate.json"
        path.write_text(path.read_text().replace('"version": 2', '"version": 3'))
        answer = ddg("verify", package)
        assert answer.code == 1
        assert "of another version than 2" in answer.out

    @pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\x00\xff", b"null", b'{"version": NaN}'])
    def test_with_anything_for_a_certificate_is_void(self, ddg, package, content):
        (package / "certificate.json").write_bytes(content)
        assert ddg("verify", package).code == 1

    def test_cannot_speak_to_the_terminal_through_names(self, ddg, package):
        (package / "\x1b[2Jfine").write_text("")
        answer = ddg("verify", package)
        assert answer.code == 1
        assert "\x1b" not in answer.out

    def test_from_the_future_is_void_until_then(self, ddg, make_package, tmp_path):
        package = make_package(tmp_path / "package", issued_at=dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
        answer = ddg("verify", package)
        assert answer.code == 1
        assert "issued at 2999-01-01 00:00:00Z, after this machine's clock" in answer.out
        assert ddg("verify", package, "--at", "2999-01-02").code == 0


class TestWhatItIsComparedWith:
    def test_contract_rulebook_and_suite_that_were_certified_are_the_same(self, ddg, package, files, text):
        contract, suite = files(contract__yaml=f"# a comment\n{text[0]}", suite__json=json.dumps(SUITE))
        given = ("--contract", contract, "--rulebook", "calhhs-ddg-2.0", "--suite", suite)
        answer = ddg("verify", package, *given, "--json")
        assert answer.code == 0
        assert answer.json["compared"] == {"contract": True, "rulebook": True, "suite": True}

    def test_another_contract_makes_it_void(self, ddg, package, files, text):
        contract, _ = files(contract__yaml=text[0].replace("county and sex", "sex and county"), other="")
        answer = ddg("verify", package, "--contract", contract)
        assert answer.code == 1
        assert "contract: not the one that was certified" in answer.out

    def test_another_rulebook_makes_it_void(self, ddg, package):
        answer = ddg("verify", package, "--rulebook", "calhhs-ddg-1.0")
        assert answer.code == 1
        assert "rulebook: not the one that was certified" in answer.out

    def test_another_suite_makes_it_void(self, ddg, package, files):
        suite, _ = files(suite__json=json.dumps(SUITE | {"meta": SUITE["meta"] | {"key": ["county"]}}), other="")
        answer = ddg("verify", package, "--suite", suite)
        assert answer.code == 1
        assert "suite: not the one that was certified" in answer.out


class TestSignatures:
    def test_of_an_allowed_signer_hold(self, ddg, signed, signers):
        answer = ddg("verify", signed, "--allowed-signers", signers())
        assert answer.code == 0
        assert "signed by a key that is allowed" in " ".join(answer.out.split())
        assert f"allowed as {WHO}" in " ".join(answer.out.split())

    def test_are_checked_without_a_list_too_but_not_believed(self, ddg, signed):
        answer = ddg("verify", signed)
        assert answer.code == 0
        assert "compared with no list of keys" in " ".join(answer.out.split())
        assert ddg("verify", signed, "--json").json["signature"]["believed"] is False

    def test_that_are_missing_make_it_void(self, ddg, package, signed, signers):
        (signed / "certificate.json.sig").unlink()
        for answer in (ddg("verify", signed), ddg("verify", package, "--allowed-signers", signers())):
            assert answer.code == 1
            assert "certificate.json.sig: missing" in answer.out

    def test_cannot_be_put_beside_an_unsigned_certificate(self, ddg, package, signed):
        shutil.copy(signed / "certificate.json.sig", package)
        answer = ddg("verify", package)
        assert answer.code == 1
        assert "certificate.json.sig: not certified" in answer.out

    @pytest.mark.parametrize(
        ("who", "of", "more", "says"),
        [
            (WHO, "theirs", (), "does not allow"),
            (WHO, "ours", ("--identity", "me@dept.example"), "does not allow for 'me@dept.example'"),
            (f'{WHO} valid-before="20220101"', "ours", (), "it has expired"),
            (f'{WHO} namespaces="git"', "ours", (), "for other purposes only"),
        ],
    )
    def test_of_others_make_it_void(self, ddg, signed, signers, who, of, more, says):
        answer = ddg("verify", signed, "--allowed-signers", signers(who, of), *more)
        assert answer.code == 1
        assert says in " ".join(answer.out.split())

    def test_of_a_key_that_has_expired_hold_as_of_a_time_before(self, ddg, signed, signers):
        given = ("--allowed-signers", signers(f'{WHO} valid-before="20220101"'))
        assert ddg("verify", signed, *given, "--at", "2021-12-01T00:00Z").code == 0

    def test_of_another_certificate_make_it_void(self, ddg, make_package, keys, signed, tmp_path):
        later = ISSUED_AT + dt.timedelta(days=1)
        other = make_package(tmp_path / "other", Signing("ddg.yaml", keys / "ours"), later)
        shutil.copy(other / "certificate.json.sig", signed)
        answer = ddg("verify", signed)
        assert answer.code == 1
        assert "certificate.json.sig: not a signature of this certificate" in answer.out

    def test_cannot_be_taken_off_where_they_are_asked_for(self, ddg, make_package, signers, tmp_path):
        """An attacker who changes a file can certify it anew, but not sign it."""
        forged = make_package(tmp_path / "forged")
        assert ddg("verify", forged).code == 0
        assert ddg("verify", forged, "--allowed-signers", signers()).code == 1

    def test_cannot_be_checked_without_ssh_keygen(self, ddg, signed, package, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        answer = ddg("verify", signed)
        assert answer.code == 2
        assert "install the OpenSSH client" in answer.err
        assert ddg("verify", package).code == 0, "nothing of it is signed"


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("nothing",), "no such directory"),
            (("package/report.json",), "a file"),
            (("package", "--allowed-signers", "nothing"), "--allowed-signers: found nothing, no such file"),
            (("package", "--identity", "me"), "give --allowed-signers as well"),
            (("package", "--at", "yesterday"), "a time such as"),
            (("package", "--contract", "nothing.yaml"), "nothing.yaml"),
            (("package", "--rulebook", "nothing"), "nothing"),
            (("package", "--suite", "nothing.json"), "nothing.json"),
            (("package", "--project", "nothing"), "ddg.yaml"),
            (("package", "--link", "a.yaml"), "it is for a masked table"),
            (("a.yaml", "a.csv", "package", "--suite", "s.json"), "it is for a released package"),
            (("a", "b"), "one: ddg verify DIR, or three"),
        ],
    )
    def test_is_named(self, ddg, package, monkeypatch, arguments, says):
        monkeypatch.chdir(package.parent)
        answer = ddg("verify", *arguments)
        assert answer.code == 2
        assert says in answer.err
        assert answer.out == ""


@pytest.fixture(scope="module", params=["unsigned", "signed"])
def whole(request, make_package, keys, tmp_path_factory):
    signing = Signing("ddg.yaml", keys / "ours") if request.param == "signed" else None
    return make_package(tmp_path_factory.mktemp("whole") / "package", signing)


class TestAnyChange:
    """Whatever is done to the files of a package, signed or not: nothing but the package itself holds."""

    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_makes_it_void(self, whole, tmp_path_factory, data):
        copy = Path(shutil.copytree(whole, tmp_path_factory.mktemp("changed") / "package"))
        assert check_package(copy).holds
        names = sorted(path.name for path in whole.iterdir())
        name = data.draw(st.sampled_from(names))
        change = data.draw(st.sampled_from(["flip", "cut", "append", "add", "remove", "rename", "swap"]))
        path, content = copy / name, (copy / name).read_bytes()
        if change == "flip":
            place, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
            path.write_bytes(content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
        elif change == "cut":
            path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        elif change == "append":
            path.write_bytes(content + data.draw(st.binary(min_size=1, max_size=4)))
        elif change == "add":
            added = data.draw(st.sampled_from(["more.csv", "certificate.json.sig", ".hidden", "Report.json"]))
            before = (copy / added).read_bytes() if (copy / added).exists() else b""
            (copy / added).write_bytes(before + content)
        elif change == "remove":
            path.unlink()
        elif change == "rename":
            path.rename(copy / f"{name}x")
        else:
            other = copy / data.draw(st.sampled_from([one for one in names if one != name]))
            path.write_bytes(other.read_bytes())
            other.write_bytes(content)
        assert not check_package(copy).holds
