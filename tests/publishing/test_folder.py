"""Publishing to a folder: only certified bytes, all of them or none."""

import datetime as dt
import json
import multiprocessing
import os
import shutil

import pytest
from ssh_keys import allowed, make_key

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.publishing import folder, publish_to_folder
from ddg_pipeline.quality import Signing, verify_certificate
from ddg_pipeline.quality.hashing import sha256_of

ISSUED_AT = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)


def contents(directory):
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


@pytest.fixture
def portal(tmp_path):
    return tmp_path / "portal"


@pytest.fixture
def publish(portal, contract, rulebook):
    def publish(package):
        return publish_to_folder(package, portal, contract=contract, rulebook=rulebook)

    return publish


@pytest.fixture
def public(portal):
    return portal / "emergency-visits" / "visits-by-county"


@pytest.fixture
def next_package(make_package, table):
    """The next version of the same release, with another figure in it."""
    changed = table.copy()
    changed.loc[3, ["cases", "rate"]] = ["150", "37.6"]
    return make_package("next", changed, issued_at=ISSUED_AT + dt.timedelta(days=1))


class TestACertifiedPackage:
    def test_is_published_byte_for_byte(self, publish, package, public):
        receipt = publish(package)
        assert contents(public) == contents(package)
        assert receipt.path == public
        assert receipt.replaced is None
        assert set(receipt.files) == set(contents(package)) - {"certificate.json"}

    def test_replaces_the_earlier_one(self, publish, package, next_package, public):
        first = publish(package)
        second = publish(next_package)
        assert contents(public) == contents(next_package)
        assert second.replaced == first.certificate
        assert not first.version.exists()

    def test_can_be_published_again(self, publish, package, public):
        publish(package)
        publish(package)
        assert contents(public) == contents(package)

    def test_shares_its_dataset_with_other_resources(self, publish, package, public):
        other = public.parent / "visits-by-county-2019"
        other.mkdir(parents=True)
        (other / "data.csv").write_text("a\n")
        publish(package)
        assert contents(other) == {"data.csv": b"a\n"}


class TestAnOlderPackage:
    """It may have been withdrawn for a reason, and its certificate would still hold."""

    def test_does_not_replace_a_newer_one(self, publish, package, next_package, public):
        publish(next_package)
        told = r"certified at 2021-11-02 12:00:00Z, and a later release is public already, of 2021-11-03"
        with pytest.raises(RefusedError, match=told):
            publish(package)
        assert contents(public) == contents(next_package)

    def test_is_published_once_the_newer_one_is_removed(self, publish, package, next_package, public):
        publish(next_package)
        public.unlink()
        publish(package)
        assert contents(public) == contents(package)

    def test_replaces_what_has_no_certificate_that_can_be_read(self, publish, package, next_package, public):
        publish(next_package)
        (public / "certificate.json").write_text("{}")
        publish(package)
        assert contents(public) == contents(package)


class TestSignatures:
    @pytest.fixture(scope="class")
    @classmethod
    def keys(cls, tmp_path_factory):
        directory = tmp_path_factory.mktemp("keys")
        make_key(directory / "ours")
        make_key(directory / "theirs")
        return directory

    @pytest.fixture
    def publish_as(self, portal, contract, rulebook, keys, tmp_path):
        """Publish where one key is allowed."""

        def publish_as(package, of="ours", options=""):
            signers = allowed(tmp_path / "signers", (f"releases@dept.example {options}".strip(), keys / of))
            signing = Signing("ddg.yaml", allowed_signers=signers)
            return publish_to_folder(package, portal, contract=contract, rulebook=rulebook, signing=signing)

        return publish_as

    @pytest.fixture
    def signed(self, make_package, keys):
        return make_package("signed", signing=Signing("ddg.yaml", keys / "ours"))

    def test_go_with_the_package(self, publish_as, signed, public):
        publish_as(signed)
        assert contents(public) == contents(signed)
        assert (public / "certificate.json.sig").is_file()

    @pytest.mark.parametrize(
        ("of", "options", "says"),
        [
            ("theirs", "", "does not allow"),
            ("ours", 'valid-before="20200101"', "it has expired"),
            ("ours", 'namespaces="git"', "for other purposes only"),
        ],
    )
    def test_that_are_not_believed_publish_nothing(self, publish_as, signed, public, of, options, says):
        with pytest.raises(RefusedError, match=f"the certificate is void: certificate.json.sig: .*{says}"):
            publish_as(signed, of, options)
        assert not public.exists()

    def test_that_are_missing_publish_nothing(self, publish_as, package, signed, public):
        (signed / "certificate.json.sig").unlink()
        for unsigned in (package, signed):
            with pytest.raises(RefusedError, match=r"certificate\.json\.sig: missing"):
                publish_as(unsigned)
        assert not public.exists()

    def test_that_are_damaged_publish_nothing_even_where_none_are_asked_for(self, publish, signed, public):
        path = signed / "certificate.json.sig"
        path.write_bytes(path.read_bytes() + b"\n")
        with pytest.raises(RefusedError, match="not an SSH signature as ssh-keygen writes it"):
            publish(signed)
        assert not public.exists()


def change_table(package):
    path = package / "visits-by-county.csv"
    path.write_bytes(path.read_bytes().replace(b"003,Alpine,,", b"003,Alpine,7,"))


def change_report(package):
    (package / "report.html").write_text("fine")


def drop_dictionary(package):
    (package / "data-dictionary.csv").unlink()


def add_a_file(package):
    (package / "raw.csv").write_text("name\nsomeone\n")


def add_a_directory(package):
    (package / "more").mkdir()


def put_a_link(package):
    (package / "report.json").unlink()
    (package / "report.json").symlink_to("/etc/hostname")


def drop_certificate(package):
    (package / "certificate.json").unlink()


def break_certificate(package):
    (package / "certificate.json").write_text("{}")


def reseal(path, certificate):
    """Write a certificate as someone does who knows how it is sealed."""
    certificate["seal"] = sha256_of({key: value for key, value in certificate.items() if key != "seal"})
    path.write_text(json.dumps(certificate, indent=2, sort_keys=True) + "\n")


def damage_certificate(package):
    path = package / "certificate.json"
    path.write_bytes(path.read_bytes().replace(b'"level": "ddg"', b'"level": "all"'))


def edit_certificate(**changes):
    def change(package):
        path = package / "certificate.json"
        certificate = json.loads(path.read_text())
        for key, value in changes.items():
            *outer, last = key.split("__")
            inner = certificate
            for part in outer:
                inner = inner[part]
            inner[last] = value
        reseal(path, certificate)

    return change


REFUSED = [
    (change_table, "visits-by-county.csv: changed"),
    (change_report, "report.html: changed"),
    (drop_dictionary, "data-dictionary.csv: missing"),
    (add_a_file, "raw.csv: not certified"),
    (add_a_directory, "more: not a regular file"),
    (put_a_link, "report.json: not a regular file"),
    (drop_certificate, "certificate.json: missing"),
    (break_certificate, "certificate.json: not a certificate"),
    (damage_certificate, "certificate.json: changed since it was issued"),
    (edit_certificate(version=1), "of another version than 2"),
    (edit_certificate(checks=[]), "checks"),
    (edit_certificate(signing_key="SHA256:" + "A" * 43), "certificate.json.sig: missing"),
    (edit_certificate(issued_at="2999-01-01T00:00:00Z"), "issued at 2999-01-01 00:00:00Z, after this machine"),
    (edit_certificate(gate__passed=False), "gate.passed"),
    (edit_certificate(audit__safe=False), "audit.safe"),
    (edit_certificate(gate__sha256="0" * 64), "not the file that passed the gate"),
    (edit_certificate(contract="0" * 64), "contract: not the one"),
    (edit_certificate(rulebook="0" * 64), "rulebook: not the one"),
    (edit_certificate(release="another"), "contract: not the one"),
    (edit_certificate(files={"../../x.csv": "0" * 64}), "not a certificate"),
]


class TestAnythingElse:
    @pytest.mark.parametrize(("spoil", "message"), REFUSED, ids=[message for _, message in REFUSED])
    def test_is_refused_and_the_earlier_publication_stays(self, spoil, message, publish, package, next_package, public):
        publish(package)
        before = contents(public)
        spoil(next_package)
        with pytest.raises(RefusedError, match=message):
            publish(next_package)
        assert contents(public) == before

    def test_is_refused_under_another_contract(self, package, portal, contract, rulebook):
        other = contract.model_copy(update={"title": "Another title"})
        with pytest.raises(RefusedError, match="contract"):
            publish_to_folder(package, portal, contract=other, rulebook=rulebook)
        assert not portal.exists()

    def test_is_refused_under_another_rulebook(self, package, portal, contract, rulebook):
        other = rulebook.model_copy(update={"title": "Another edition"})
        with pytest.raises(RefusedError, match="rulebook"):
            publish_to_folder(package, portal, contract=contract, rulebook=other)

    def test_is_refused_under_another_suite(self, package, portal, contract, rulebook, suite):
        suite["expectations"].pop()
        with pytest.raises(RefusedError, match="suite"):
            publish_to_folder(package, portal, contract=contract, rulebook=rulebook, suite=suite)

    def test_is_refused_where_there_is_no_package(self, publish, tmp_path):
        with pytest.raises(RefusedError, match=r"certificate\.json: missing"):
            publish(tmp_path / "nothing")

    def test_does_not_overwrite_what_others_put_there(self, publish, package, public):
        public.mkdir(parents=True)
        (public / "mine.txt").write_text("mine")
        with pytest.raises(InputError, match="not published by this tool"):
            publish(package)
        assert contents(public) == {"mine.txt": b"mine"}


class TestFaults:
    @pytest.fixture
    def published(self, publish, package, public):
        publish(package)
        return contents(public)

    @pytest.mark.parametrize("at", ["copyfile", "sync", "link"])
    def test_a_failure_on_the_way_leaves_the_earlier_publication(
        self, at, publish, published, next_package, public, monkeypatch
    ):
        def full(*_, **__):
            raise OSError(28, "No space left on device")

        target = {"copyfile": (shutil, "copyfile"), "sync": (folder, "_sync"), "link": (folder.Path, "symlink_to")}[at]
        monkeypatch.setattr(*target, full)
        with pytest.raises(InputError, match="No space left"):
            publish(next_package)
        assert contents(public) == published
        assert len(list((public.parent / ".versions").glob("visits-by-county-*"))) == 1

    def test_bytes_that_change_while_they_are_copied_are_never_public(
        self, publish, published, next_package, public, monkeypatch
    ):
        copy = shutil.copyfile

        def careless(source, to, **kwargs):
            copy(source, to, **kwargs)
            if str(to).endswith("visits-by-county.csv"):
                to.write_bytes(to.read_bytes().replace(b"150", b"7"))

        monkeypatch.setattr(shutil, "copyfile", careless)
        with pytest.raises(RefusedError, match=r"visits-by-county\.csv: changed"):
            publish(next_package)
        assert contents(public) == published

    def test_what_cannot_be_read_back_is_taken_back(self, publish, published, next_package, public, monkeypatch):
        def only_elsewhere(directory, *rest):
            if directory == public:
                raise RefusedError("read back: differs")
            return verify_certificate(directory, *rest)

        monkeypatch.setattr(folder, "verify_certificate", only_elsewhere)
        with pytest.raises(RefusedError, match="read back"):
            publish(next_package)
        assert contents(public) == published

    def test_a_first_publication_that_fails_leaves_nothing_public(self, publish, package, public, monkeypatch):
        monkeypatch.setattr(folder, "_point", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
        with pytest.raises(InputError, match="Read-only"):
            publish(package)
        assert not public.exists()

    def test_a_killed_run_leaves_the_old_or_the_new_and_the_next_one_finishes(
        self, publish, published, next_package, public, portal, contract, rulebook
    ):
        context = multiprocessing.get_context("fork")
        for step in ("_copy", "_point", "_remove_others"):
            for when in ("before", "after"):
                run = context.Process(target=die_at, args=(step, when, next_package, portal, contract, rulebook))
                run.start()
                run.join(60)
                assert run.exitcode == 9
                assert contents(public) in (published, contents(next_package))
        publish(next_package)
        assert contents(public) == contents(next_package)
        assert len(list((public.parent / ".versions").glob("visits-by-county-*"))) == 1


def die_at(step, when, package, portal, contract, rulebook):
    """Publish, and end without any clean-up at one step, as a killed process does."""
    real = getattr(folder, step)

    def fatal(*args):
        if when == "after":
            real(*args)
        os._exit(9)

    setattr(folder, step, fatal)
    publish_to_folder(package, portal, contract=contract, rulebook=rulebook)
