"""Data Docs of a gate run, in the restricted directory: what reviewers read, whether the gate is shut or open.

    <restricted>/data_docs/<release>.html   of the latest run

They hold no figure, but say where rules are broken, and so which cells are small where the table was refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.errors import InputError
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.ways_out import ways_out
from ddg_pipeline.warehouse.sealed import write_privately

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.steps import Checked

_DIRECTORY_MODE = 0o700


def write_data_docs(
    project: Project, checked: Checked, rules: Mapping[str, str], held_back_by: Sequence[str] = ()
) -> Path:
    """Write the page of one release.

    Args:
        project: The project.
        checked: What the gate found.
        rules: What each check says, by its name.
        held_back_by: Other releases of its group that did not pass.

    Raises:
        InputError: It cannot be written.
    """
    from ddg_pipeline.publishing import package_names
    from ddg_pipeline.quality.data_docs import GateCheck, data_docs_html

    found = _found(checked)
    contract = checked.staged.contract
    page = data_docs_html(
        contract,
        checked.rulebook,
        package_names(contract).csv,
        [GateCheck(name, rule, *found[name]) for name, rule in rules.items()],
        checked.suite,
        checked.gate,
        dt.datetime.now(dt.UTC),
        held_back_by,
    )
    path = project.data_docs(contract.release)
    try:
        path.parent.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        write_privately(path, page.encode())
    except OSError as error:
        expected = "a restricted directory that can be written"
        raise InputError(path.name, "the file", error.strerror or "not writable", expected) from None
    return path


def _found(checked: Checked) -> dict[str, tuple[bool, list[str]]]:
    """Say of each check whether it holds, what it found, and of one that failed what to do."""
    gate, proof, audit = checked.gate, checked.proof, checked.audit
    if proof.problems:
        proved = list(proof.problems)
    elif proof.verification is None:
        proved = ["no cell is hidden, so there is nothing to prove"]
    else:
        proved = [proof.verification.summary(), *map(str, proof.verification.faults)]
    found = {
        "same_as_aggregate": (not checked.differences, list(checked.differences)),
        "suite_matches_contract": (not checked.suite_problems, list(checked.suite_problems)),
        "great_expectations": (
            gate is not None and gate.passed,
            [gate.describe().splitlines()[0] if gate is not None else "no reviewed suite, so nothing was evaluated"],
        ),
        "protection_proof": (proof.holds, proved),
        "attack_audit": (
            checked.audit_passed,
            [audit.summary() if audit is not None else "nothing is hidden, so there is nothing to attack"],
        ),
    }
    for check, what in ways_out(checked).items():
        found[check][1].append(f"What to do: {what}")
    return found
