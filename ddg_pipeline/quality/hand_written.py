"""Expectations that people add to a suite by hand: they stay when it is generated anew, after the contract's own.

Such an expectation says ``"meta": {"origin": "hand"}``; the contract's say ``"origin": "contract"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ddg_pipeline.errors import InputError, InputErrors

FROM_CONTRACT, BY_HAND = "contract", "hand"


def is_written_by_hand(entry: Mapping[str, Any]) -> bool:
    """Tell whether an expectation says that somebody wrote it."""
    return isinstance(entry.get("meta"), dict) and entry["meta"].get("origin") == BY_HAND


def rule_of(entry: Mapping[str, Any]) -> str:
    """Name a rule: what kind it is, and what it is about."""
    return f"{entry.get('type')}({subject(entry)})"


def subject(entry: Mapping[str, Any]) -> str:
    """Name what an expectation is about: its column, or its columns."""
    kwargs = entry.get("kwargs", {})
    about = [kwargs[key] for key in ("column", "dimension", "code_column") if isinstance(kwargs.get(key), str)]
    if about and "dimension" not in kwargs:
        return str(about[0])
    return " along ".join(about) if about else ", ".join(kwargs.get("terms", {}) or ())


def beside_generated(generated: Mapping[str, Any], by_hand: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name expectations by hand that are of the same type and column as one of the contract's.

    Two limits for one thing would contradict each other, or the reader would not know which of them holds.
    """
    own = {rule_of(entry) for entry in generated["expectations"]}
    return [
        f"{rule_of(entry)}: written by hand, and the contract asks for it as well; leave it out"
        for entry in by_hand
        if rule_of(entry) in own
    ]


def origin_errors(entries: Iterable[Mapping[str, Any]], place: str) -> list[InputError]:
    """Find expectations that do not say where they come from."""
    return [
        InputError(place, f"expectations[{number}].meta", "no origin", '{"origin": "hand"} for what people wrote')
        for number, entry in enumerate(entries)
        if not isinstance(entry.get("meta"), dict) or entry["meta"].get("origin") not in (FROM_CONTRACT, BY_HAND)
    ]


def with_hand_written(generated: dict[str, Any], path: Path) -> dict[str, Any]:
    """Put what people wrote into a suite file after what is generated for it now, in their order.

    Args:
        generated: The suite that contract and rulebook ask for.
        path: Its file, which need not be there.

    Raises:
        InputError: The file is no suite, so that nobody can tell what in it was written by hand.
        InputErrors: An expectation does not say where it comes from, cannot be evaluated, or is the contract's too.
    """
    if not path.exists():
        return generated
    by_hand = _read(path)
    if not by_hand:
        return generated
    from ddg_pipeline.quality.suite_file import check_suite

    double = beside_generated(generated, by_hand)
    if double:
        raise InputErrors([InputError(path.name, "expectations", text, "one limit for one thing") for text in double])
    suite = generated | {"expectations": [*generated["expectations"], *by_hand]}
    check_suite(suite, path.name)
    return suite


def _read(path: Path) -> list[dict[str, Any]]:
    from ddg_pipeline.quality.suite_file import read_json

    suite = read_json(path)
    entries = suite.get("expectations") if isinstance(suite, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputErrors([InputError(path.name, "expectations", "no list of mappings", "a suite, or remove the file")])
    errors = origin_errors(entries, path.name)
    if errors:
        raise InputErrors(errors)
    return [entry for entry in entries if is_written_by_hand(entry)]
