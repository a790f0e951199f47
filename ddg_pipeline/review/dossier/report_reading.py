"""``report.json`` of a released package, read into types: or an error that says that it is of another version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing import PublicCells
from ddg_pipeline.publishing.names import REPORT_JSON_NAME
from ddg_pipeline.publishing.public_assessment import PublicCounts, PublicNote, PublicOverride, PublicStep, PublicTerm
from ddg_pipeline.review.dossier.model import Audit, Edition, Score


@dataclass(frozen=True)
class ReadReport:
    """What a report says; its parts are those of the page."""

    title: str
    forced_by: tuple[str, ...]
    edition: Edition
    score: Score
    steps: tuple[PublicStep, ...]
    counts: tuple[PublicCounts, ...]
    notes: tuple[PublicNote, ...]
    safe_harbor: str
    small_cell_rule: str
    masking: Mapping[str, PublicCells]
    reasons_shown: bool
    audit: Audit


def read_report(directory: Path) -> ReadReport:
    """Read the report of a package.

    Raises:
        InputError: It is not there, or not a report of this version.
    """
    path = directory / REPORT_JSON_NAME
    try:
        report = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(str(path), "file", error.strerror or "not readable", "a file that can be read") from None
    except ValueError:
        raise InputError(str(path), "file", "no JSON", "the report of a released package") from None
    try:
        return _report(report)
    except (AttributeError, KeyError, TypeError) as error:
        expected = "the report of a package that this version released; release the table again"
        raise InputError(str(path), "the whole", f"no readable {error}", expected) from None


def _report(report: Mapping[str, Any]) -> ReadReport:
    audit = report["audit"]
    return ReadReport(
        title=str(report["title"]),
        forced_by=tuple(map(str, report["forced_by"])),
        edition=_edition(report["rulebook"]),
        score=_score(report["score"]),
        steps=tuple(PublicStep(**step) for step in report["steps"]),
        counts=tuple(PublicCounts(**one) for one in report["counts"]),
        notes=tuple(PublicNote(**note) for note in report["notes"]),
        safe_harbor=str(report["safe_harbor"]),
        small_cell_rule=str(report["small_cell_rule"]),
        masking={name: PublicCells(**cells) for name, cells in report["masking"].items()},
        reasons_shown=report["reasons_shown"] is True,
        audit=Audit(str(audit["level"]), str(audit["guarantee"]), str(audit["summary"]), tuple(audit["notes"])),
    )


def _edition(rulebook: Mapping[str, Any]) -> Edition:
    return Edition(
        name=str(rulebook["name"]),
        title=str(rulebook["title"]),
        approved=str(rulebook["approved"]),
        extends=str(rulebook["extends"]),
        overrides=tuple(PublicOverride(**one) for one in rulebook["overrides"]),
    )


def _score(score: Mapping[str, Any]) -> Score:
    return Score(
        total=score["total"],
        at_most=score["at_most"],
        cut_off=score["cut_off"],
        verdict=str(score["verdict"]),
        dimensions=tuple(score["dimensions"]),
        tables=score["tables"],
        terms=tuple(PublicTerm(**term) for term in score["terms"]),
    )
