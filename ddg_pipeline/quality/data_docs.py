"""Data Docs for reviewers: what the gate asked of one file, and what it found, as one page that needs nothing else.

Great Expectations' own Data Docs load styles, fonts and scripts from eight outside hosts, and show of a result what the
gate never asks for: values. This page is made of the gate's outcomes, which hold counts of breaches and rows by their
categories only. Where a table was refused, even these tell which cells are small: the page is for the restricted store.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.quality.gate import DATASTORE, FILE, PREVIOUS, ExpectationOutcome, GateResult
from ddg_pipeline.quality.hand_written import is_written_by_hand
from ddg_pipeline.quality.suite import Suite

if TYPE_CHECKING:
    from jinja2 import Template

    from ddg_pipeline.rulebook import Rulebook

_TEMPLATE = "data_docs.html.j2"
_SHORT = 60  # characters of an argument that stands in the line; a longer one is folded away
_READINGS = {FILE: "as the text of the file", DATASTORE: "as the portal's datastore would hold it"}


@dataclass(frozen=True)
class GateCheck:
    """One of the gate's checks, of which Great Expectations is one.

    Attributes:
        name: Its name in Dagster.
        rule: What it says.
        passed: Whether it holds.
        found: What it found, line by line, without any figure.
    """

    name: str
    rule: str
    passed: bool
    found: Sequence[str]


def data_docs_html(
    contract: ReleaseContract,
    rulebook: Rulebook,
    file: str,
    checks: Sequence[GateCheck],
    suite: Suite | None,
    gate: GateResult | None,
    judged_at: dt.datetime,
    held_back_by: Sequence[str] = (),
) -> str:
    """Write the page.

    Args:
        contract: The release's contract.
        rulebook: The edition it was judged by.
        file: The name of the file that was judged.
        checks: All checks of the gate.
        suite: The reviewed suite; None where there was none to judge by.
        gate: What Great Expectations found; None where there was no suite.
        judged_at: When.
        held_back_by: Linked releases that did not pass, so that this one is not released either.
    """
    outcomes = gate.results if gate is not None else ()
    entries = suite["expectations"] if suite is not None else []
    # what has no entry is about the file as a whole: it could not be read, or the datastore would refuse it
    told = [_told({}, one) for one in outcomes[: max(0, len(outcomes) - len(entries))]]
    judged = outcomes[len(told) :]
    told += [_told(entry, outcome) for entry, outcome in zip(entries, judged, strict=len(judged) == len(entries) > 0)]
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in told:
        groups.setdefault(one["about"], []).append(one)
    return _template().render(
        title=contract.full_title,
        release=contract.release,
        file=file,
        rulebook=rulebook.title,
        passed=all(check.passed for check in checks),
        held_back_by=held_back_by,
        checks=checks,
        gate=gate,
        broken=[one for one in told if not one["holds"]],
        remarks=_remarks(outcomes),
        groups=groups,
        by_hand=sum(one["by_hand"] for one in told),
        previous=str(gate.parameters.get(PREVIOUS, "")) if gate is not None else "",
        judged_at=judged_at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def _told(entry: Mapping[str, Any], outcome: ExpectationOutcome) -> dict[str, Any]:
    kwargs = dict(entry.get("kwargs", {}))
    about = kwargs.pop("column", None) or kwargs.get("code_column") or ""
    return {
        "about": about,
        "type": outcome.type,
        "rule": outcome.description or outcome.type,
        "subject": outcome.subject,
        "arguments": [_argument(name, value) for name, value in sorted(kwargs.items())],
        "by_hand": is_written_by_hand(entry),
        "holds": outcome.success,
        "breaches": outcome.breaches,
        "where": outcome.coordinates,
        "error": outcome.error,
        "readings": [_READINGS[reading] for reading in outcome.readings],
        "both": len(outcome.readings) == len(_READINGS),
        "remarks": outcome.remarks,
    }


def _argument(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and set(value) == {"$PARAMETER"}:
        return {"name": name, "short": "given when the gate runs", "long": None}
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        text = ", ".join(one or '""' for one in value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= _SHORT:
        return {"name": name, "short": text, "long": None}
    many = f"{len(value)} entries" if isinstance(value, list | dict) else f"{len(text)} characters"
    indented = text if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return {"name": name, "short": many, "long": indented}


def _remarks(outcomes: Iterable[ExpectationOutcome]) -> list[str]:
    return list(dict.fromkeys(remark for outcome in outcomes for remark in outcome.remarks))


def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ddg_pipeline.quality"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE)
