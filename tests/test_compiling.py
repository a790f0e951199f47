"""The first use on a machine says that it compiles; later ones, and ``--quiet``, say nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ddg_pipeline.command_line import shown_progress
from ddg_pipeline.compiling import MORE, SENTENCE, told_of_compiling, watch

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


@njit(cache=True)
def eighth(x):
    return x // 8


with told_of_compiling(print):
    print(quarter(12))
with told_of_compiling(print):
    print(eighth(16))
"""


def test_it_is_said_of_the_first_and_of_further_code_and_not_where_it_was_kept(tmp_path):
    assert [told_by("quarters", tmp_path) for _ in range(2)] == [f"{SENTENCE}\n3\n{MORE}\n2\n", "3\n2\n"]


@pytest.mark.thorough
def test_what_was_kept_before_the_sources_changed_does_not_count(tmp_path):
    told_by("quarters", tmp_path)
    for kept in (tmp_path / "cache").rglob("*.nbi"):
        os.utime(kept, (0, 0))
    assert told_by("others", tmp_path).startswith(f"{SENTENCE}\n3\n")


def told_by(module, tmp_path):
    """Run a module of its own in a directory of its own, with one place for everything that is compiled."""
    file = tmp_path / module / f"{module}.py"
    file.parent.mkdir(exist_ok=True)
    if not file.exists():
        file.write_text(MODULE, encoding="utf-8")
    own = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "NUMBA_DISABLE_JIT": "0"}
    return subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=own, check=True).stdout


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


ATTACKED = """\
from ddg_pipeline import warm_up
from ddg_pipeline.compiling import told_of_compiling
from ddg_pipeline.masking import mask_and_prove
from ddg_pipeline.preparation import attack
from ddg_pipeline.rulebook import load_rulebook

for sides, apart in (((40, 40, 3), 4), ((70, 70, 1), 9), ((58, 12, 2), 2), ((12, 5, 2), 3)):
    table = warm_up._made_up(sides, apart)
    rulebook = load_rulebook(table.contract.rulebook)
    with told_of_compiling(print):
        [masked], _ = mask_and_prove([table], rulebook)
        attack([table], [masked.frame], rulebook, masked.reasons_shown)
"""


@pytest.mark.thorough
def test_after_warming_up_nobody_waits(tmp_path):
    own = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    warmed = subprocess.run(
        [sys.executable, "-m", "ddg_pipeline.warm_up"], capture_output=True, text=True, env=own, check=True
    )
    assert warmed.stdout.splitlines()[-1] == "compiled"
    later = subprocess.run([sys.executable, "-c", ATTACKED], capture_output=True, text=True, env=own, check=True)
    assert later.stdout == ""
