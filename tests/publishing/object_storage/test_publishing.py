"""Publishing to an object store: readers see one whole certified version, or the one before."""

import dataclasses
import json

import pytest
from ssh_keys import allowed, make_key

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.publishing.object_storage import check_public, publish_to_target, retract_from_target
from ddg_pipeline.publishing.object_store import ObjectStore
from ddg_pipeline.quality import Signing
from tests.publishing.object_storage.conftest import AT_ONCE, DAY, ISSUED_AT, KEYS, DyingStore, Killed

DATASET, RESOURCE = KEYS[0].split("/")


class TestACertifiedPackage:
    def test_is_published_byte_for_byte(self, store, release, seen, files_of):
        packages = release(140, 0)
        (receipt,) = publish_to_target(packages, store)
        assert seen() == files_of(packages)
        assert receipt.replaced is None
        assert receipt.uploaded == len(list(packages[0].directory.iterdir()))
        assert receipt.path.endswith(f"/versions/{receipt.certificate}")

    def test_replaces_the_earlier_one_and_says_so(self, store, release, seen, files_of):
        (first,) = publish_to_target(release(140, 0), store)
        (second,) = publish_to_target(release(150, 1), store)
        assert seen() == files_of(release(150, 1))
        assert second.replaced == first.certificate

    def test_is_published_again_without_writing_a_file(self, store, release, seen, files_of, objects):
        publish_to_target(release(140, 0), store)
        before = objects()
        (again,) = publish_to_target(release(140, 0), store)
        assert (again.uploaded, again.replaced) == (0, again.certificate)
        assert seen() == files_of(release(140, 0))
        assert objects() == before

    def test_heals_what_somebody_changed_removed_and_added(self, store, release, seen, files_of):
        (receipt,) = publish_to_target(release(140, 0), store)
        store.replace(f"{receipt.path}/visits-by-county.csv", b"changed")
        store.remove(f"{receipt.path}/report.html")
        store.replace(f"{receipt.path}/added.csv", b"a,b\n")
        (again,) = publish_to_target(release(140, 0), store)
        assert seen() == files_of(release(140, 0))
        assert again.uploaded == 2


class TestEarlierVersions:
    @pytest.mark.parametrize(("keep", "stay"), [(1, 1), (2, 2), (3, 3), ("all", 4)])
    def test_stay_as_the_policy_says(self, target, release, objects, keep, stay):
        store = ObjectStore(dataclasses.replace(target, keep=keep), AT_ONCE)
        shas = [publish_to_target(release(140 + day, day), store)[0].certificate for day in range(4)]
        left = {name.split("/")[3] for name in objects() if "/versions/" in name}
        assert left == set(shas[-stay:])
        earlier = json.loads(store.read(f"{KEYS[0]}/current.json"))["releases"][KEYS[0]]["earlier"]
        assert earlier == shas[-2::-1][: stay - 1]

    def test_go_where_they_never_became_public(self, target, store, release, objects):
        with pytest.raises(Killed):
            publish_to_target(release(140, 0), DyingStore(target, at=3))
        (receipt,) = publish_to_target(release(150, 1), store)
        assert {name.split("/")[3] for name in objects() if "/versions/" in name} == {receipt.certificate}


class TestAnOlderPackage:
    def test_does_not_replace_a_newer_one(self, store, release, seen, files_of):
        publish_to_target(release(150, 1), store)
        with pytest.raises(RefusedError, match="2021-11-02 12:00:00Z, and a later release is public already"):
            publish_to_target(release(140, 0), store)
        assert seen() == files_of(release(150, 1))


class TestAnythingElse:
    def test_is_refused_before_anything_is_written(self, store, release, objects):
        (package,) = release(140, 0)
        (package.directory / "report.html").write_text("changed")
        with pytest.raises(RefusedError, match=r"report\.html: changed"):
            publish_to_target([package], store)
        assert objects() == []

    def test_is_refused_without_a_signature_where_one_is_asked_for(self, store, release, objects, tmp_path):
        make_key(tmp_path / "key")
        signing = Signing("ddg.yaml", allowed_signers=allowed(tmp_path / "signers", ("a@b.example", tmp_path / "key")))
        (package,) = release(140, 0)
        with pytest.raises(RefusedError, match="not signed"):
            publish_to_target([dataclasses.replace(package, signing=signing)], store)
        assert objects() == []

    @pytest.mark.parametrize("text", ["{}", "[1]", "not json", '{"version": 2, "releases": {}}', '{"linked": "../x"}',
                                      '{"version": 1, "releases": {"../../x": {}}}'])  # fmt: skip
    def test_is_not_taken_for_a_pointer(self, store, release, text):
        store.replace(f"{KEYS[0]}/current.json", text.encode())
        with pytest.raises(RefusedError, match=r"current\.json: not a pointer that this tool wrote"):
            publish_to_target(release(140, 0), store)
        assert store.read(f"{KEYS[0]}/current.json") == text.encode()

    def test_leads_nowhere_else(self, store, release):
        """A pointer to another folder's files, which would then be taken for earlier versions and removed."""
        publish_to_target(release(140, 0), store)
        pointer = json.loads(store.read(f"{KEYS[0]}/current.json"))
        pointer["releases"][KEYS[0]]["path"] = "private"
        store.replace(f"{KEYS[0]}/current.json", json.dumps(pointer).encode())
        with pytest.raises(RefusedError, match="not a pointer"):
            publish_to_target(release(150, 1), store)

    def test_that_a_store_gives_back_otherwise_than_written_is_never_public(self, target, release, seen, files_of):
        class Careless(ObjectStore):
            def upload(self, source, path):
                super().upload(source, path)
                if path.endswith(".csv"):
                    self.replace(path, source.read_bytes().replace(b"150", b"7"))

        publish_to_target(release(140, 0), ObjectStore(target, AT_ONCE))
        with pytest.raises(RefusedError, match=r"gives back visits-by-county\.csv otherwise than it was written"):
            publish_to_target(release(150, 1), Careless(target, AT_ONCE))
        assert seen() == files_of(release(140, 0))

    @pytest.mark.parametrize("linked", [False, True])
    @pytest.mark.parametrize("before", [False, True])
    def test_that_cannot_be_read_as_readers_do_is_taken_back(
        self, store, release, seen, files_of, monkeypatch, linked, before
    ):
        if before:
            publish_to_target(release(140, 0, linked), store)

        def differs(*_):
            raise RefusedError("read back: differs")

        monkeypatch.setattr("ddg_pipeline.publishing.object_storage.check_public", differs)
        with pytest.raises(RefusedError, match="read back"):
            publish_to_target(release(150, 1, linked), store)
        assert seen() == (files_of(release(140, 0, linked)) if before else {})

    def test_is_not_taken_back_once_somebody_else_has_published(self, store, release, seen, files_of, monkeypatch):
        def somebody_was_faster(*_):
            monkeypatch.undo()
            publish_to_target(release(160, 2), store)
            raise RefusedError("shows another certificate")

        publish_to_target(release(140, 0), store)
        monkeypatch.setattr("ddg_pipeline.publishing.object_storage.check_public", somebody_was_faster)
        with pytest.raises(RefusedError, match="another certificate"):
            publish_to_target(release(150, 1), store)
        assert seen() == files_of(release(160, 2))


class TestLinkedReleases:
    def test_become_public_in_one_step(self, target, store, release, seen, files_of):
        publish_to_target(release(140, 0, linked=True), store)
        old, new = files_of(release(140, 0, linked=True)), files_of(release(150, 1, linked=True))
        looked = []

        class Watched(ObjectStore):
            def replace(self, path, data):
                super().replace(path, data)
                looked.append(seen())

        publish_to_target(release(150, 1, linked=True), Watched(target, AT_ONCE))
        assert looked == [new]
        assert old != new

    def test_that_were_not_linked_before_change_together_too(self, target, store, release, seen, files_of):
        first, second = release(140, 0, linked=True)
        publish_to_target([first], store)
        publish_to_target([second], store)
        old, new = files_of([first, second]), files_of(release(150, 1, linked=True))
        looked = []

        class Watched(ObjectStore):
            def replace(self, path, data):
                super().replace(path, data)
                looked.append(seen())

        publish_to_target(release(150, 1, linked=True), Watched(target, AT_ONCE))
        assert looked == [old, old, old, new]

    def test_that_are_linked_no_more_leave_no_pointer_behind(self, store, release, seen, files_of, objects):
        publish_to_target(release(140, 0, linked=True), store)
        first, second = release(150, 1, linked=True)
        publish_to_target([first], store)
        assert seen() == files_of([first, release(140, 0, linked=True)[1]])
        assert any(name.startswith("linked/") for name in objects())
        publish_to_target([second], store)
        assert seen() == files_of([first, second])
        assert not any(name.startswith("linked/") for name in objects())


class TestKilled:
    """At every step that changes the store, in the middle of an upload too."""

    @pytest.mark.parametrize("linked", [False, True], ids=["alone", "linked"])
    @pytest.mark.parametrize("before", [pytest.param(False, marks=pytest.mark.thorough), True], ids=["first", "next"])
    @pytest.mark.parametrize("torn", [False, True], ids=["before", "amid"])
    def test_readers_see_the_old_version_or_the_new_one_and_the_next_run_completes_it(
        self, target, store, release, seen, files_of, objects, linked, before, torn
    ):
        old = release(140, 0, linked) if before else []
        new = release(150, 1, linked)
        full = DyingStore(target, at=0)
        if before:
            publish_to_target(old, store)
        publish_to_target(new, full)
        complete, deeds = objects(), len(full.deeds)
        assert deeds > 6
        for at in range(1, deeds + 1):
            for name in objects():
                store.remove(name)
            if before:
                publish_to_target(old, store)
            with pytest.raises(Killed):
                publish_to_target(new, DyingStore(target, at, torn))
            assert seen() in (files_of(old), files_of(new)), full.deeds[at - 1]
            publish_to_target(new, store)
            assert seen() == files_of(new)
            assert objects() == complete

    def test_a_second_run_writes_only_what_is_missing(self, target, store, release):
        with pytest.raises(Killed):
            publish_to_target(release(140, 0), DyingStore(target, at=4))
        (receipt,) = publish_to_target(release(140, 0), store)
        assert receipt.uploaded == len(list(release(140, 0)[0].directory.iterdir())) - 3


class TestWhatIsPublic:
    @pytest.fixture
    def public(self, store, release):
        (receipt,) = publish_to_target(release(140, 0), store)
        return receipt

    def test_is_confirmed_as_long_as_it_is_ours(self, store, release, public):
        assert check_public(store, release(140, 0)[0]).certificate == public.certificate

    @pytest.mark.parametrize(
        ("spoil", "says"),
        [
            (lambda s, p: s.replace(f"{p}/visits-by-county.csv", b"x"), r"visits-by-county\.csv: changed"),
            (lambda s, p: s.remove(f"{p}/report.json"), r"report\.json: missing"),
            (lambda s, p: s.replace(f"{p}/more.csv", b"x"), r"more\.csv: not certified"),
            (lambda s, p: s.replace(f"{p}/deep/more.csv", b"x"), "holds more than the files of a package"),
            (lambda s, p: s.remove(f"{p}/certificate.json"), r"certificate\.json: missing"),
            (lambda s, _: s.remove(f"{KEYS[0]}/current.json"), "shows nothing"),
        ],
    )
    def test_is_told_when_it_is_ours_no_more(self, store, release, public, spoil, says):
        spoil(store, public.path)
        with pytest.raises(RefusedError, match=says):
            check_public(store, release(140, 0)[0])

    def test_has_the_hashes_that_its_pointer_tells(self, store, release, public):
        path = f"{KEYS[0]}/current.json"
        pointer = json.loads(store.read(path))
        pointer["releases"][KEYS[0]]["files"]["report.html"] = "0" * 64
        store.replace(path, json.dumps(pointer).encode())
        with pytest.raises(RefusedError, match=r"other files .* than its pointer says"):
            check_public(store, release(140, 0)[0])

    def test_is_not_another_version(self, store, release, public):
        with pytest.raises(RefusedError, match="shows certificate"):
            check_public(store, release(150, 1)[0])


class TestRetraction:
    def test_leaves_the_reason_and_no_file(self, store, release, seen, objects):
        for day in range(2):
            publish_to_target(release(140, day), store)
        record = retract_from_target(store, DATASET, RESOURCE, "A county sent its cases twice.", ISSUED_AT + 2 * DAY)
        assert seen() == {KEYS[0]: "withdrawn"}
        assert objects() == [f"{KEYS[0]}/current.json"]
        state = json.loads(store.read(f"{KEYS[0]}/current.json"))["releases"][KEYS[0]]
        assert state["reason"] == record.reason == "A county sent its cases twice."
        assert state["withdrawn_at"] == "2021-11-04T12:00:00Z"

    def test_leaves_what_it_was_linked_with(self, store, release, seen, files_of):
        packages = release(140, 0, linked=True)
        publish_to_target(packages, store)
        retract_from_target(store, DATASET, RESOURCE, "Wrong.")
        assert seen() == {**files_of(packages), KEYS[0]: "withdrawn"}

    def test_is_final_for_whatever_was_certified_before(self, store, release, seen, files_of):
        publish_to_target(release(140, 0), store)
        retract_from_target(store, DATASET, RESOURCE, "Wrong.", ISSUED_AT + DAY)
        for cases, day in ((140, 0), (150, 1)):
            with pytest.raises(RefusedError, match=r"withdrawn from .* at 2021-11-03 12:00:00Z; `ddg run "):
                publish_to_target(release(cases, day), store)
        assert seen() == {KEYS[0]: "withdrawn"}
        publish_to_target(release(160, 2), store)
        assert seen() == files_of(release(160, 2))

    @pytest.mark.parametrize("linked", [False, True])
    def test_that_is_killed_goes_on_when_called_again(self, target, store, release, seen, objects, linked):
        for at in (1, 2):
            for name in objects():
                store.remove(name)
            publish_to_target(release(140, 0, linked), store)
            with pytest.raises(Killed):
                retract_from_target(DyingStore(target, at), DATASET, RESOURCE, "Wrong.", ISSUED_AT + DAY)
            record = retract_from_target(store, DATASET, RESOURCE, "Wrong.", ISSUED_AT + DAY)
            assert record.withdrawn_at == ISSUED_AT + DAY
            assert seen()[KEYS[0]] == "withdrawn"
            assert not any(name.startswith(f"{KEYS[0]}/versions/") for name in objects())

    def test_keeps_the_moment_of_the_first_time(self, store, release):
        publish_to_target(release(140, 0), store)
        first = retract_from_target(store, DATASET, RESOURCE, "Wrong.", ISSUED_AT + DAY)
        assert retract_from_target(store, DATASET, RESOURCE, "Other.", ISSUED_AT + 5 * DAY) == first

    def test_needs_a_release_and_a_reason(self, store, release, seen, files_of):
        with pytest.raises(RefusedError, match="nothing of it is public"):
            retract_from_target(store, DATASET, RESOURCE, "Wrong.")
        publish_to_target(release(140, 0), store)
        with pytest.raises(RefusedError, match="say why"):
            retract_from_target(store, DATASET, RESOURCE, "  ")
        assert seen() == files_of(release(140, 0))

    def test_that_leaves_files_says_so(self, target, release):
        class Forgetful(ObjectStore):
            def remove(self, prefix):
                pass

        publish_to_target(release(140, 0), ObjectStore(target, AT_ONCE))
        with pytest.raises(RefusedError, match="not wholly withdrawn"):
            retract_from_target(Forgetful(target, AT_ONCE), DATASET, RESOURCE, "Wrong.")


def test_a_bucket_that_is_not_mounted_is_not_made_up(tmp_path, release):
    from ddg_pipeline.publishing.targets import Target

    store = ObjectStore(Target(f"file://{tmp_path}/not-mounted"), AT_ONCE)
    with pytest.raises(InputError, match="nothing there"):
        publish_to_target(release(140, 0), store)
    assert not (tmp_path / "not-mounted").exists()
