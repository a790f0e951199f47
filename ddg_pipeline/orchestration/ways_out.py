"""What people can do when the gate is shut: for each of its checks, which command helps, and which limit of a contract.

One text for `ddg run`, the step and the checks in Dagster, and Data Docs. Rules, columns and names of keys; neither a
figure nor a category. ``docs/explanation/gate.md`` says more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ddg_pipeline.made_by import made_by

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.steps import Checked
    from ddg_pipeline.quality import ExpectationOutcome

HELP: Final = "ddg help gate#when-it-is-shut"

# Expectations by which a contract limits what may be suppressed, or changed, with the keys of these limits. Those with
# `{}` may be set for one measure or dimension.
_SUPPRESSED: Final[dict[str, tuple[str, ...]]] = {
    "expect_suppressed_cells_to_be_at_most": ("measures.{}.suppressed_cells",),
    "expect_suppressed_people_to_be_at_most": ("measures.{}.suppressed_people",),
}
_CHANGED: Final[dict[str, tuple[str, ...]]] = {
    "expect_row_count_to_stay_near_previous": ("row_change",),
    "expect_total_to_stay_near_previous": ("measures.{}.total_change",),
    "expect_categories_to_stay_near_previous": ("dimensions.{}.new_categories", "dimensions.{}.vanished_categories"),
}
_OF_THE_FILE: Final = "rows_fit_the_datastore"
_OF_LABELS: Final = "expect_column_values_to_be_in_set"


def ways_out(checked: Checked) -> dict[str, str]:
    """Say for each check that failed what to do.

    Args:
        checked: What the gate found in a release.

    Returns:
        By check, in the order of the checks; nothing where all hold.
    """
    return {name: _SAYS[name](checked) for name, holds in checked.checks.items() if not holds}


def told_of_shut_gate(checked: Sequence[Checked], pages: Mapping[str, str]) -> str:
    """Say of a group that did not pass what became of it, what to do, and where more is told.

    Args:
        checked: The whole group.
        pages: Where the Data Docs of each release are.
    """
    names = [one.staged.contract.release for one in checked]
    shut = [one.staged.contract.release for one in checked if not one.passed]
    became = f"nothing of {', '.join(names)} was released, and what was released before is unchanged."
    lines = [f"{', '.join(shut)} did not pass the gate: {became}"]
    for one in checked:
        lines += [f"{one.staged.contract.release}: {check}: {what}" for check, what in ways_out(one).items()]
    lines.append(f"What does not hold, and where: {', '.join(pages[name] for name in shut)}. More: `{HELP}`")
    return "\n".join(lines)


def _of_same(checked: Checked) -> str:
    release = checked.staged.contract.release
    return (
        "what is staged is not what masking wrote. Find out who changes files in the restricted directory; "
        f"{made_by(release, 'masked')}."
    )


def _of_suite(checked: Checked) -> str:
    contract = checked.staged.contract
    again = f"`ddg suites {contract.series}` writes it: read the difference, commit it, `ddg run {contract.release}`"
    if checked.suite is None:
        return f"there is no reviewed suite that can be read. {again}."
    return (
        "the reviewed suite is not what contract and rulebook ask for. If you changed these, or the data now have to "
        f"be masked and had not before: {again}. If nobody changed anything, find out why the data did."
    )


def _of_expectations(checked: Checked) -> str:
    if checked.gate is None:
        return (
            f"nothing was evaluated, because there is no reviewed suite: `ddg suites {checked.staged.contract.series}`."
        )
    if checked.suite_problems:  # by the right suite it may be another answer
        return "this suite is not the contract's; once that is written, the table is judged anew."
    return " ".join(dict.fromkeys(_of_broken(checked, checked.gate.failures)))


def _of_broken(checked: Checked, failures: Sequence[ExpectationOutcome]) -> Iterator[str]:
    contract = checked.staged.contract
    by_hand = _by_hand(checked)
    suppressed = [key for one in failures for key in _limits(one, _SUPPRESSED)]
    changed = [key for one in failures for key in _limits(one, _CHANGED)]
    then = f"then `ddg suites {contract.series}`, commit it, and run again."
    if suppressed:
        yield (
            f"More is suppressed than {_keys(suppressed)} of the contract allows. Publish less detail: "
            f"`ddg advise {contract.release}` compares what that costs. Or, if so much may be hidden, set that limit, "
            f"{then}"
        )
    if changed:
        yield (
            f"More has changed since the release before than {_keys(changed)} of the contract allows. Find out why; if "
            f"it is right, set that limit, {then}"
        )
    others = [one for one in failures if not _limits(one, _SUPPRESSED | _CHANGED)]
    for one in others:
        if (one.type, one.subject) in by_hand:
            yield f"{_named(one)} was added by hand: correct the data, or the suite, {then}"
        elif one.type == _OF_LABELS and one.subject in contract.dimensions:
            yield (
                f"{one.subject} has a label that is not in its code list: correct the data, or the code list or "
                f"hierarchy of the contract, {then}"
            )
        elif one.type == _OF_THE_FILE:
            yield "The portal's datastore would refuse or change a cell or a name: name the column otherwise."
        else:
            yield (
                f"{_named(one)}: a fault of the staged file. {_capital(made_by(contract.release, 'masked'))}. If it "
                "stays, do not publish, and report it with the contract."
            )


def _of_proof(checked: Checked) -> str:
    again = _capital(made_by(checked.staged.contract.release, "masked"))
    return (
        f"the proof does not show the small counts to be protected. {again}. "
        "If it is still not proved, do not publish, and report it with the contract."
    )


def _of_attack(checked: Checked) -> str:
    release = checked.staged.contract.release
    if checked.audit is not None and checked.audit.undecided and not checked.audit.findings:
        return (
            "the attack ran out of time, so that nobody knows: run again on a quieter machine, or publish smaller "
            f"tables (`ddg advise {release}`)."
        )
    if checked.audit is None:
        return f"nothing was attacked. {_capital(made_by(release, 'masked'))}."
    return (
        "a reader can narrow a small count down. Do not publish, and report it with the contract; until then, coarser "
        f"tables: `ddg advise {release}`."
    )


_SAYS: Final[dict[str, Callable[[Checked], str]]] = {
    "same_as_aggregate": _of_same,
    "suite_matches_contract": _of_suite,
    "great_expectations": _of_expectations,
    "protection_proof": _of_proof,
    "attack_audit": _of_attack,
}


def _limits(outcome: ExpectationOutcome, known: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"limits.{key.format(outcome.subject)}" for key in known.get(outcome.type, ())]


def _keys(keys: Sequence[str]) -> str:
    return ", ".join(f"`{key}`" for key in dict.fromkeys(keys))


def _by_hand(checked: Checked) -> set[tuple[str, str]]:
    from ddg_pipeline.quality.hand_written import is_written_by_hand, subject

    entries = [] if checked.suite is None else checked.suite["expectations"]
    return {(entry["type"], subject(entry)) for entry in entries if is_written_by_hand(entry)}


def _named(outcome: ExpectationOutcome) -> str:
    return f"{outcome.type}{f' ({outcome.subject})' if outcome.subject else ''}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
