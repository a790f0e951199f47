"""What is public, or was: noted before it happens, and never forgotten."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing

import pytest

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.ledger import Ledger

SHA = "a" * 64
WHEN = dt.datetime(2025, 3, 2, 6, tzinfo=dt.UTC)


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "public")


def record(ledger, what="published", version=1, certificate=SHA, **more):
    return ledger.record("cases", version, certificate=certificate, issued_at=WHEN, what=what, where="portal", **more)


class TestVersions:
    def test_of_a_release_that_was_never_published_there_are_none(self, ledger):
        assert ledger.versions("cases") == []
        assert ledger.releases() == []

    def test_come_in_order_with_imported_ones_first(self, ledger):
        for number in (2, 10, 1):
            record(ledger, version=number, certificate=f"{number:064x}")
        ledger.import_table("cases", b"county,cases\nAlpha,12\n", published_at=WHEN)
        assert [one.name for one in ledger.versions("cases")] == [
            "cases imported 1", "cases version 1", "cases version 2", "cases version 10",
        ]  # fmt: skip
        assert ledger.releases() == ["cases"]

    def test_one_that_is_about_to_be_published_counts_as_public(self, ledger):
        record(ledger, "publishing")
        (found,) = ledger.versions("cases")
        assert found.is_public
        assert found.where == []

    def test_what_happens_is_kept_in_order_and_the_same_twice_is_noted_once(self, ledger):
        for what in ("publishing", "published", "published", "withdrawn"):
            record(ledger, what)
        (found,) = ledger.versions("cases")
        assert [event.what for event in found.events] == ["publishing", "published", "withdrawn"]
        assert not found.is_public
        assert found.where == ["portal"]

    def test_a_place_is_forgotten_when_it_is_withdrawn(self, ledger):
        record(ledger)
        assert ledger.is_published("cases", 1, SHA, "portal")
        record(ledger, "withdrawn")
        record(ledger, "publishing")
        assert not ledger.is_published("cases", 1, SHA, "portal")
        record(ledger)
        assert ledger.is_published("cases", 1, SHA, "portal")
        assert not ledger.is_published("cases", 1, "b" * 64, "portal")

    def test_one_number_has_one_certificate(self, ledger):
        record(ledger)
        with pytest.raises(InputError, match="another certificate"):
            record(ledger, certificate="b" * 64)

    @pytest.mark.parametrize("text", ["", "{}", "[]", "{", '{"release": "cases", "version": 1}'])
    def test_an_entry_that_cannot_be_read_is_an_error_and_not_nothing(self, ledger, tmp_path, text):
        record(ledger)
        (tmp_path / "public" / "ledger" / "cases" / "1.json").write_text(text)
        with pytest.raises(InputError, match=r"1\.json: entry"):
            ledger.versions("cases")

    def test_a_ledger_that_cannot_be_written_is_an_error(self, tmp_path):
        (tmp_path / "public").write_text("a file")
        with pytest.raises(InputError, match="the ledger"):
            record(Ledger(tmp_path / "public"))


class TestImportedTables:
    def test_give_their_bytes_back(self, ledger):
        entry = ledger.import_table("cases", b"county,cases\n", published_at=WHEN, where="report of 2019")
        assert ledger.imported_bytes(entry) == b"county,cases\n"
        assert entry.where == ["report of 2019"]

    def test_are_taken_up_once(self, ledger):
        first = ledger.import_table("cases", b"county,cases\n", published_at=WHEN)
        assert ledger.import_table("cases", b"county,cases\n", published_at=WHEN) == first
        assert ledger.import_table("cases", b"county,cases\nAlpha,12\n", published_at=WHEN).imported == 2

    def test_are_two_where_other_rows_of_the_same_file_are_meant(self, ledger):
        data = b"county,race,cases\nAlpha,All,12\n"
        white = ledger.import_table("cases", data, published_at=WHEN, at={"race": "White"})
        everybody = ledger.import_table("cases", data, published_at=WHEN, at={"race": "All"})
        assert (white.imported, everybody.imported) == (1, 2)
        assert white.certificate != everybody.certificate
        assert ledger.imported_bytes(everybody) == data

    def test_that_were_changed_are_noticed(self, ledger, tmp_path):
        entry = ledger.import_table("cases", b"county,cases\n", published_at=WHEN)
        (tmp_path / "public/ledger/cases/imported-1.csv").write_bytes(b"county,cases\nAlpha,11\n")
        with pytest.raises(InputError, match="other bytes than were imported"):
            ledger.imported_bytes(entry)

    def test_can_be_accepted_as_lost_later(self, ledger):
        entry = ledger.import_table("cases", b"county,cases\n", published_at=WHEN)
        assert entry.small_counts == "refuse"
        ledger.accept_small_counts(entry, "decided by the director")
        (found,) = ledger.versions("cases")
        assert found.small_counts == "accept"
        assert found.events[-1].note == "decided by the director"
        assert found.is_public


class TestRetraction:
    def test_holds_until_it_is_lifted_with_its_first_reason(self, ledger):
        assert ledger.retraction("cases") is None
        ledger.retract("cases", "wrong denominators")
        ledger.retract("cases", "another reason")
        assert ledger.retraction("cases").reason == "wrong denominators"
        assert ledger.lift("cases")
        assert ledger.retraction("cases") is None
        assert not ledger.lift("cases")

    def test_whose_note_cannot_be_read_is_an_error_and_not_none(self, ledger, tmp_path):
        ledger.retract("cases", "wrong denominators")
        (tmp_path / "public/ledger/cases/retracted.json").write_text("{}")
        with pytest.raises(InputError, match="retracted"):
            ledger.retraction("cases")


def _record_many(root, first):
    for number in range(first, first + 5):
        Ledger(root).record("cases", 1, certificate=SHA, issued_at=WHEN, what="published", where=f"place {number}")


def test_nothing_is_lost_when_two_write_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_record_many, args=(tmp_path, first)) for first in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(json.loads((tmp_path / "ledger/cases/1.json").read_text())["events"]) == 10
