"""The log of approvals: whatever is done to its files is found, and no crash loses an entry."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.errors import DdgError, InputError, RefusedError
from ddg_pipeline.quality.hashing import sha256_of_bytes
from ddg_pipeline.review import log as log_module
from ddg_pipeline.review.log import NOTHING_BEFORE, ApprovalLog, LogDamagedError
from ddg_pipeline.review.statements import Approval, Bound, Revocation, canonical

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HASH = "a" * 64


def approval(by="Ana", role="data_steward", note="read it"):
    bound = Bound(certificate=HASH, data=HASH, contract=HASH, rulebook=HASH, suite=HASH)
    return Approval(release="visits", role=role, by=by, at=AT, note=note, bound=bound)


def said(log):
    with log.reading() as history:
        return [record.statement.by for record in history.records]


@pytest.fixture
def log(tmp_path):
    return ApprovalLog(tmp_path / "review" / "approvals.jsonl")


@pytest.fixture
def three(log):
    for name in ("Ana", "Ben", "Çelik Ö."):
        log.append(approval(name))
    return log


class TestAdding:
    def test_entries_are_read_in_the_order_in_which_they_were_said(self, three):
        assert said(three) == ["Ana", "Ben", "Çelik Ö."]

    def test_each_holds_the_hash_of_the_one_before(self, three):
        lines = three.path.read_bytes().splitlines()
        previous = [json.loads(line)["previous"] for line in lines]
        assert previous == [NOTHING_BEFORE, *map(sha256_of_bytes, lines[:-1])]

    def test_what_was_written_before_stays_byte_for_byte(self, three):
        before = three.path.read_bytes()
        three.append(Revocation(release="visits", role="data_steward", by="Ana", at=AT, note="a mistake"))
        assert three.path.read_bytes().startswith(before)

    def test_the_files_are_their_owner_s_alone_whatever_the_umask(self, log):
        umask = os.umask(0)
        try:
            log.append(approval())
        finally:
            os.umask(umask)
        assert {path.name: path.stat().st_mode & 0o777 for path in log.path.parent.iterdir()} == {
            "approvals.jsonl": 0o600, "approvals.jsonl.head": 0o600, "approvals.jsonl.lock": 0o600,
        }  # fmt: skip
        assert log.path.parent.stat().st_mode & 0o777 == 0o700

    def test_a_check_that_refuses_adds_nothing(self, three):
        before = three.path.read_bytes(), three.head_path.read_bytes()

        def refuse(history):
            assert len(history.records) == 3
            raise RefusedError("no")

        with pytest.raises(RefusedError, match="no"):
            three.append(approval(), check=refuse)
        assert (three.path.read_bytes(), three.head_path.read_bytes()) == before

    def test_nothing_was_said_where_there_is_no_file(self, log):
        assert said(log) == []
        assert not log.path.parent.exists(), "reading makes nothing"

    def test_a_place_that_cannot_be_written_is_bad_input(self, tmp_path):
        (tmp_path / "review").write_text("a file")
        with pytest.raises(InputError, match=r"review\.log"):
            ApprovalLog(tmp_path / "review" / "approvals.jsonl").append(approval())


class TestSeveralAtOnce:
    def test_every_entry_is_kept_and_the_chain_holds(self, log):
        names = [f"person {number}" for number in range(12)]
        threads = [threading.Thread(target=log.append, args=(approval(name),)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(said(log)) == sorted(names)

    def test_nobody_adds_while_somebody_reads(self, three):
        waits = threading.Event()
        thread = threading.Thread(target=three.append, args=(approval("late"),), kwargs={"on_wait": waits.set})
        with three.reading() as history:
            thread.start()
            assert waits.wait(30), "the writer says that it waits"
            assert len(three.path.read_bytes().splitlines()) == len(history.records) == 3
        thread.join()
        assert said(three)[-1] == "late"


class TestDamage:
    def damaged(self, log, *says):
        with pytest.raises(LogDamagedError) as error, log.reading():
            pass
        for text in (str(log.path), *says):
            assert text in str(error.value)
        before = log.path.read_bytes() if log.path.exists() else None
        with pytest.raises(LogDamagedError):
            log.append(approval())
        assert (log.path.read_bytes() if log.path.exists() else None) == before

    @pytest.mark.parametrize(("old", "new"), [("visits", "deaths"), ("steward", "counsel"), ("2026-", "2025-")])
    @pytest.mark.parametrize("entry", [0, 1, 2])
    def test_a_changed_entry(self, three, old, new, entry):
        lines = three.path.read_text().splitlines()
        assert old in lines[entry]
        lines[entry] = lines[entry].replace(old, new)
        three.path.write_text("\n".join(lines) + "\n")
        self.damaged(three, f"entry {min(entry + 2, 3)}")

    @pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (0, 1), (1, 2), (0, 1, 1, 2), (0, 1, 2, 2), (0, 1, 2, 0)])
    def test_entries_moved_lost_or_copied(self, three, order):
        lines = three.path.read_text().splitlines()
        three.path.write_text("".join(f"{lines[number]}\n" for number in order))
        self.damaged(three)

    def test_the_last_entries_cut_off(self, three):
        three.path.write_bytes(b"".join(three.path.read_bytes().splitlines(keepends=True)[:1]))
        self.damaged(three, "entry 2 of 3 is missing")

    def test_a_half_written_last_line(self, three):
        three.path.write_bytes(three.path.read_bytes()[:-20])
        self.damaged(three, "entry 3 of 3 is half written, or cut")

    def test_a_lost_log(self, three):
        three.path.unlink()
        self.damaged(three, "entry 1 of 3 is missing")

    def test_a_lost_head(self, three):
        three.head_path.unlink()
        self.damaged(three, "approvals.jsonl.head", "is missing")

    def test_a_head_of_an_earlier_day(self, three):
        earlier = three.head_path.read_bytes()
        three.append(approval("Dora"))
        three.head_path.write_bytes(earlier)
        self.damaged(three, "something more")

    def test_a_line_added_by_hand_with_the_right_hash(self, three):
        """Whoever adds an entry past this program has to forge the head as well."""
        last = three.path.read_bytes().splitlines()[-1]
        record = {"number": 4, "previous": sha256_of_bytes(last), "signature": None}
        line = canonical({**record, "statement": approval("Eve").model_dump(mode="json")})
        three.path.write_bytes(three.path.read_bytes() + line + b"\n")
        self.damaged(three, "something more")

    def test_a_statement_said_again_even_where_chain_and_head_are_forged(self, three):
        record = json.loads(three.path.read_bytes().splitlines()[0])
        last = three.path.read_bytes().splitlines()[-1]
        line = canonical({**record, "number": 4, "previous": sha256_of_bytes(last)})
        three.path.write_bytes(three.path.read_bytes() + line + b"\n")
        three.head_path.write_bytes(log_module._Head(entries=4, head=sha256_of_bytes(line)).to_bytes())
        self.damaged(three, "entry 4 repeats an earlier one")

    def test_a_link_in_its_place(self, three):
        elsewhere = three.path.rename(three.path.with_name("elsewhere"))
        three.path.symlink_to(elsewhere)
        self.damaged(three, "is a link")

    def test_a_file_that_others_may_write(self, three):
        three.path.chmod(0o620)
        with pytest.raises(RefusedError, match="others may write"), three.reading():
            pass

    @settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_any_other_bytes_are_found(self, tmp_path_factory, data):
        log = ApprovalLog(tmp_path_factory.mktemp("log") / "approvals.jsonl")
        for name in ("Ana", "Ben", "Cai"):
            log.append(approval(name))
        target = data.draw(st.sampled_from([log.path, log.head_path]))
        whole = target.read_bytes()
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, min(len(whole), start + 400)))
        put = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from([whole[:start], whole[end:], b"\n", b" "])))
        edited = whole[:start] + put + whole[end:]
        if edited == whole:
            return
        target.write_bytes(edited)
        with pytest.raises(LogDamagedError), log.reading():
            pass


class TestACrash:
    """At any moment: what was announced counts, once; what was not is as if it had never been said."""

    def steps(self, log, monkeypatch, at):
        """Stop the program at a step of adding an entry, as `kill -9` does."""

        class Killed(BaseException):
            pass

        count = 0

        def killing(real):
            def step(*args, **kwargs):
                nonlocal count
                count += 1
                if count == at:
                    raise Killed
                return real(*args, **kwargs)

            return step

        with monkeypatch.context() as patch:
            for name in ("write", "fsync", "open", "fdopen"):
                patch.setattr(log_module.os, name, killing(getattr(os, name)))
            try:
                log.append(approval("Dora"))
            except Killed:
                return True
        return False

    def test_every_moment(self, three, monkeypatch, tmp_path):
        kept = {path: path.read_bytes() for path in (three.path, three.head_path)}
        counted = set()
        for moment in range(1, 60):
            for path, content in kept.items():
                path.write_bytes(content)
            if not self.steps(three, monkeypatch, moment):
                break
            found = said(three)
            assert found in (["Ana", "Ben", "Çelik Ö."], ["Ana", "Ben", "Çelik Ö.", "Dora"])
            counted.add(len(found))
            three.append(approval("Eve"))
            assert said(three) == [*found, "Eve"]
        else:
            pytest.fail("it never ended")
        assert counted == {3, 4}, "moments before and after the entry was announced"

    @pytest.mark.parametrize("there", [0, 1, 50, -2, -1])
    def test_a_line_that_is_half_there_is_completed(self, three, there):
        before = three.path.read_bytes()
        three.append(approval("Dora"))
        line = three.path.read_bytes()[len(before) :]
        three.path.write_bytes(before + line[:there])
        head = log_module._Head(
            entries=3, head=sha256_of_bytes(before.splitlines()[-1]), next=line.decode().rstrip("\n")
        )
        three.head_path.write_bytes(head.to_bytes())
        assert said(three)[-1] == "Dora"
        three.append(approval("Eve"))
        assert said(three)[-2:] == ["Dora", "Eve"]
        assert three.path.read_bytes().startswith(before + line)

    def test_something_else_than_was_announced_is_damage(self, three):
        before = three.path.read_bytes()
        three.append(approval("Dora"))
        line = three.path.read_bytes()[len(before) :]
        head = log_module._Head(
            entries=3, head=sha256_of_bytes(before.splitlines()[-1]), next=line.decode().rstrip("\n")
        )
        three.head_path.write_bytes(head.to_bytes())
        three.path.write_bytes(before + line.replace(b"Dora", b"Dore"))
        with pytest.raises(LogDamagedError, match="something else than what was being written"), three.reading():
            pass

    def test_a_full_disk_adds_nothing_and_says_so(self, three, monkeypatch):
        before = three.path.read_bytes()
        real = os.write

        def full(descriptor, data):
            real(descriptor, data[:10])
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(log_module.os, "write", full)
            with pytest.raises(InputError, match="No space left"):
                three.append(approval("Dora"))
        assert three.path.read_bytes() == before
        assert said(three) == ["Ana", "Ben", "Çelik Ö."]


class TestWords:
    @pytest.mark.parametrize("by", ["", " Ana", "Ana\nBen", "Ana\u202eneB", "x" * 201])
    def test_a_name_is_one_line_of_printable_text(self, by):
        with pytest.raises(ValueError, match="by"):
            approval(by)

    def test_errors_are_ours(self):
        assert issubclass(LogDamagedError, DdgError)
