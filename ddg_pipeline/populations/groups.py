"""Groups of people statewide, and public programs, by the labels that a variable gives them."""

from __future__ import annotations

from collections.abc import Iterable

from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.populations import _tables
from ddg_pipeline.populations.size import KnownSize
from ddg_pipeline.rulebook.labels import normalised


def group(variable: Variable, label: str, ignore: Iterable[str] = ()) -> KnownSize | None:
    """Find how many people statewide are in a group.

    Args:
        variable: What the label says about a person: ``Chinese`` is a race or a language.
        label: The group.
        ignore: Phrases that do not change what a label means, such as "alone".

    Returns:
        The size, or None where the group is in no table.
    """
    return _find("groups.csv", variable, label, ignore)


def program(variable: Variable, label: str) -> KnownSize | None:
    """Find how many people are enrolled in a program, or covered by a payer; None where it is in no table."""
    return _find("programs.csv", variable, label, ())


def _find(table: str, variable: Variable, label: str, ignore: Iterable[str]) -> KnownSize | None:
    sizes = _tables.sizes(table)
    exact = sizes.get((variable, normalised(label)))
    return exact if exact is not None else sizes.get((variable, normalised(label, without=ignore)))
