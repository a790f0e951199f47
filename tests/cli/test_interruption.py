"""Ctrl-C ends a command at once, with one line, and with nothing half written."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ddg_pipeline.output_files import write_together


@pytest.fixture(autouse=True)
def heeding_ctrl_c():
    """Tests that were started in the background by a shell inherit deaf ears."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(params=["mask", "audit"])
def interrupted(request, ddg, example, tmp_path, monkeypatch):
    """Run a command to which Ctrl-C comes while it computes."""
    from ddg_pipeline import audit_run, masking_run

    def pressed(*_arguments, **_options):
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("not interrupted")  # pragma: no cover

    monkeypatch.setattr(masking_run, "prepare", pressed)
    monkeypatch.setattr(audit_run, "audit", pressed)
    output = ("-o", tmp_path / "out") if request.param == "mask" else ()
    return lambda *more: ddg(request.param, *example, *output, *more)


class TestAnswer:
    def test_is_one_line_and_the_exit_code_of_an_interruption(self, interrupted, tmp_path):
        answer = interrupted()
        assert (answer.code, answer.out) == (130, "")
        assert answer.err == "ddg: stopped by Ctrl-C; what was not finished was not written\n"
        assert not (tmp_path / "out").exists()

    def test_as_json(self, interrupted):
        answer = interrupted("--json")
        assert (answer.code, answer.json["error"]["kind"]) == (130, "stopped")


CONTENTS = {"a.csv": b"new a", "b.json": b"new b", "c.json": b"new c"}


class TestFiles:
    def test_ctrl_c_between_two_files_comes_too_late(self, tmp_path, monkeypatch):
        replace = Path.replace

        def pressed(path, target):
            os.kill(os.getpid(), signal.SIGINT)
            return replace(path, target)

        monkeypatch.setattr(Path, "replace", pressed)
        write_together(tmp_path, CONTENTS)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == CONTENTS
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def test_before_the_first_it_leaves_what_was_there(self, tmp_path, monkeypatch):
        (tmp_path / "a.csv").write_bytes(b"old a")

        def pressed(_descriptor):
            os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(os, "fsync", pressed)
        with pytest.raises(KeyboardInterrupt):
            write_together(tmp_path, CONTENTS)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.csv": b"old a"}
