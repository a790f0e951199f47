"""The addresses of services: told from areas by how they read, and scored by where they lie (§16.2)."""

from __future__ import annotations

import re

from ddg_pipeline.assessment.characteristics import Characteristic
from ddg_pipeline.assessment.codes import is_zip_code
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.contract import Dimension
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.model import FixedScore, ServiceAddress

_STREET = re.compile(
    r"[1-9]\d*[a-z]?\s+(?:\S+\s+)+\S+|p\.?\s?o\.?\s+box\b.*|.*\b(?:CA|California)\s+9\d{4}\b.*", re.IGNORECASE
)
_LISTED = 3


def is_address(label: str) -> bool:
    """Say whether a label reads like a ZIP code or a street address."""
    text = label.strip()
    return is_zip_code(text) or bool(_STREET.fullmatch(text))


def riskiest_address(
    one: Characteristic, declared: Dimension | None, rulebook: Rulebook, notes: list[Note]
) -> tuple[str, FixedScore] | None:
    """Find the address that scores highest among the categories of a service geography.

    Every category whose `address` is declared is one, and so is whatever else reads like one. Of an address that is not
    declared nobody knows whether it lies in a rural or frontier area, so that it takes the highest score.

    Args:
        one: The service geography.
        declared: Its dimension; None for a scope and for what is implied.
        rulebook: The edition.
        notes: Takes which addresses are not declared, and which declared ones the table does not have.

    Returns:
        The category and the line of the table; None where no category is an address, or the edition has no such table.
    """
    table = rulebook.scoring.service_address
    if table is None:
        return None
    kinds = _declared_kinds(one, declared, notes)
    undeclared = [label for label in one.labels if label not in kinds and is_address(label)]
    lines = {label: _line(table, kind) for label, kind in kinds.items()}
    lines |= dict.fromkeys(undeclared, table.highest)
    if undeclared:
        shown = ", ".join(undeclared[:_LISTED]) + (" and others" if len(undeclared) > _LISTED else "")
        notes.append(
            Note(
                one.key,
                f"{one.name} holds addresses or ZIP codes ({shown}), and nothing tells whether they lie in a rural or "
                f"frontier area: scored as {table.highest.category}. Elsewhere, and for hospitals, the score would be "
                f"{table.street.score}; say so under {one.key}.address.",
            )
        )
    if not lines:
        return None
    label = max(lines, key=lambda label: lines[label].score)
    return label, lines[label]


def _declared_kinds(one: Characteristic, declared: Dimension | None, notes: list[Note]) -> dict[str, str]:
    if declared is None or declared.address is None:
        return {}
    if isinstance(declared.address, str):
        return dict.fromkeys(one.labels, declared.address)
    absent = [label for label in declared.address if label not in one.labels]
    if absent:
        shown = ", ".join(map(repr, absent[:_LISTED])) + (" and others" if len(absent) > _LISTED else "")
        notes.append(Note(f"{one.key}.address", f"The table does not have {shown}: check the spelling."))
    return {label: kind for label, kind in declared.address.items() if label in one.labels}


def _line(table: ServiceAddress, kind: str) -> FixedScore:
    """Find the line of a kind of address; a hospital's is the street's wherever it lies."""
    lines = {"rural": table.rural, "frontier": table.frontier}
    return lines.get(kind) or table.street
