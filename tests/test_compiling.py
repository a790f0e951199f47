"""The first use on a machine says that it compiles; later ones, and ``--quiet``, say nothing."""

from __future__ import annotations

import os
import subprocess
import sys

from ddg_pipeline.command_line import shown_progress
from ddg_pipeline.compiling import SENTENCE, told_of_compiling, watch

MODULE = """\
from numba import njit

from ddg_pipeline.compiling import told_of_compiling, watch

watch()


@njit(cache=True)
def half(x):
    return x // 2


@njit(cache=True)
def quarter(x):
    return half(half(x))


with told_of_compiling(print):
    print(quarter(12))
"""


def test_it_is_said_once_and_not_where_compiled_code_was_kept(tmp_path):
    (tmp_path / "quarters.py").write_text(MODULE, encoding="utf-8")
    own = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "NUMBA_DISABLE_JIT": "0"}
    command = [sys.executable, str(tmp_path / "quarters.py")]
    told = [subprocess.run(command, capture_output=True, text=True, env=own, check=True).stdout for _ in range(2)]
    assert told == [f"{SENTENCE}\n3\n", "3\n"]


def compiled_anew():
    """Compile something that nobody has compiled before."""
    from numba import njit

    watch()
    assert njit(lambda x: x + 1)(1) == 2


def test_everybody_who_waits_is_told():
    told = []
    with told_of_compiling(told.append), told_of_compiling(lambda text: told.append(text.upper())):
        compiled_anew()
        compiled_anew()
    compiled_anew()
    assert sorted(told) == sorted([SENTENCE, SENTENCE.upper()])


def test_commands_say_it_on_standard_error_unless_quiet(capfd):
    with shown_progress(True):
        compiled_anew()
    assert capfd.readouterr().err == ""
    with shown_progress(False):
        compiled_anew()
    streams = capfd.readouterr()
    assert (streams.out, streams.err) == ("", f"ddg: {SENTENCE}\n")
