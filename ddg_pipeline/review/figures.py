"""The figures by which a standing approval judges a release; all of them are taken from what is published.

Shares and scores come from the package's report, code lists from the reviewed suite, and drift from the published
tables, by the same functions as the gate's.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.publishing.names import REPORT_JSON_NAME
from ddg_pipeline.quality.certificate import certificate_sha256, verify_certificate
from ddg_pipeline.quality.hashing import sha256_of
from ddg_pipeline.quality.percentages import FORM
from ddg_pipeline.review.statements import Limits, StandingApproval
from ddg_pipeline.review.subjects import Subject

if TYPE_CHECKING:
    import pandas as pd

_IN_SET = "expect_column_values_to_be_in_set"
_OF_HIERARCHIES = ("hierarchies", "hierarchy", "totals", "total")


def code_lists_sha256(subject: Subject) -> str:
    """Hash the labels that the dimensions of a release may have, and how they add up.

    They are those of the suite's code lists and hierarchies. Where the suite has no list of a dimension, they are the
    labels that are published; of time there is no list, because every release has a new period.

    Raises:
        InputError: The published table cannot be read.
    """
    listed: dict[str, list[str]] = {}
    hierarchies = []
    for entry in subject.suite["expectations"]:
        kwargs = entry["kwargs"]
        if entry["type"] == _IN_SET and kwargs["column"] in subject.contract.dimensions:
            listed[kwargs["column"]] = sorted(map(str, kwargs["value_set"]))
        part = {name: kwargs[name] for name in _OF_HIERARCHIES if name in kwargs}
        if part and part not in hierarchies:
            hierarchies.append(part)
    others = [name for name in subject.contract.dimensions if name not in listed and name not in _periods(subject)]
    if others:
        table = _table(subject.directory / subject.certificate.gate.file)
        listed |= {name: sorted(set(table[name].dropna())) for name in others}
    return sha256_of({"labels": listed, "hierarchies": hierarchies})


def share_suppressed(subject: Subject) -> float:
    """Give the largest share of any measure's cells that is suppressed, in percent.

    Raises:
        RefusedError: The report does not tell.
    """
    shares = [
        100 * int(one["suppressed"]) / int(one["cells"]) if int(one["cells"]) else 0.0
        for one in _of_report(subject, "masking").values()
    ]
    return max(shares, default=0.0)


def score(subject: Subject) -> int:
    """Give the publication score; of one that is not published, what it is at most.

    Raises:
        RefusedError: The report does not tell.
    """
    found = _of_report(subject, "score")
    return int(found["at_most"] if found["total"] is None else found["total"])


def outside(subject: Subject, standing: StandingApproval, published: Sequence[str]) -> tuple[str, ...]:
    """Say in what a release is outside of a standing approval; nothing if it is inside.

    Args:
        subject: The release.
        standing: The approval.
        published: The hashes of the certificates of this release that were published.

    Raises:
        RefusedError: The package does not tell its figures.
        InputError: A table cannot be read.
    """
    found = [*_changed(subject, standing), *over_limits(subject, standing.limits)]
    if subject.certificate_sha256 == standing.bound.certificate:
        return tuple(found)  # there is nothing to compare it with: this is what was looked at
    before = _before(subject, {standing.bound.certificate, *published})
    if before is None:
        return (*found, "no release before it, approved or published, is there to compare with")
    return (*found, *_drift(subject, before, standing.limits.drift))


def over_limits(subject: Subject, limits: Limits) -> list[str]:
    """Say which figures of a release itself are over the limits.

    Raises:
        RefusedError: The package does not tell its figures.
    """
    share, total = share_suppressed(subject), score(subject)
    found = []
    if share > limits.share_suppressed:
        found.append(f"{share:.1f} percent of a measure's cells are suppressed, over {limits.share_suppressed:g}")
    if total > limits.score:
        found.append(f"the publication score may be {total}, over {limits.score}")
    return found


def _changed(subject: Subject, standing: StandingApproval) -> list[str]:
    now = {
        "contract": subject.series_contract,
        "rulebook": subject.bound.rulebook,
        "decision to mask": subject.certificate.decision,
        "level of protection": subject.certificate.level,
        "code lists": code_lists_sha256(subject),
    }
    then = {
        "contract": standing.bound.contract,
        "rulebook": standing.bound.rulebook,
        "decision to mask": standing.decision,
        "level of protection": standing.level,
        "code lists": standing.code_lists,
    }
    return [f"the {name} changed" for name in now if now[name] != then[name]]


def _before(subject: Subject, known: set[str]) -> Path | None:
    """Find the newest earlier version that was approved or published, and is still what was certified."""
    for version in reversed(subject.earlier):
        try:
            certificate = verify_certificate(version)
        except RefusedError:
            continue  # somebody changed it: it is not what was looked at
        if certificate_sha256(version) in known:
            return version / certificate.gate.file
    return None


def _drift(subject: Subject, before: Path, percent: float) -> list[str]:
    """Say what is too far from the release before; what cannot be compared is too far.

    Periods are expected to come and go; how many may be gone is a limit of the gate's. Where each release has one
    period, and this one another than the one before, they are compared as if it were the same.
    """
    from ddg_pipeline.quality.drift import read_previous

    now, then = _table(subject.directory / subject.certificate.gate.file), read_previous(str(before))
    periods = [name for name in _periods(subject) if name in now.columns and name in then.columns]
    of_now, of_then = (set(map(tuple, table[periods].astype("str").to_numpy().tolist())) for table in (now, then))
    if not periods or of_now & of_then:
        return _far(subject, now, then, before, percent, periods)
    if len(of_now) > 1 or len(of_then) > 1:
        return ["no period is in this release and in the one before"]
    with tempfile.TemporaryDirectory(prefix="ddg-review-") as directory:  # what it holds is public
        without = Path(directory, before.name)
        then = then.drop(columns=periods)
        then.to_csv(without, index=False)
        return _far(subject, now.drop(columns=periods), then, without, percent, [])


def _far(
    subject: Subject, now: pd.DataFrame, then: pd.DataFrame, before: Path, percent: float, periods: Sequence[str]
) -> list[str]:
    from ddg_pipeline.quality.drift import changed_categories, changed_rows, changed_total

    contract = subject.contract
    dimensions = [name for name in contract.dimensions if name in now.columns]
    totals = {name: one.total for name, one in contract.dimensions.items() if one.total and name in dimensions}
    breaches = [changed_rows(now, str(before), percent, periods)]
    for name in dimensions:
        if name not in periods:
            may = int(percent * then[name].nunique() / 100) if name in then.columns else 0
            breaches.append(changed_categories(now, name, str(before), may, may))
    for name, measure in contract.measures.items():
        if contract.suppression.form != FORM and measure.kind in (MeasureKind.COUNT, MeasureKind.AMOUNT):
            breaches.append(changed_total(now, name, str(before), percent, dimensions, totals))
    return [text for breach in breaches for text in (*breach.notes, *breach.remarks)]


def _periods(subject: Subject) -> list[str]:
    return [name for name, one in subject.contract.dimensions.items() if one.variable is Variable.TIME]


def _table(path: Path) -> pd.DataFrame:
    from ddg_pipeline.quality.csv_text import read_csv_file

    _, table = read_csv_file(path)
    return table


def _of_report(subject: Subject, key: str) -> Mapping[str, Any]:
    try:
        report = json.loads((subject.directory / REPORT_JSON_NAME).read_bytes())
        found: Mapping[str, Any] = report[key]
    except (OSError, ValueError, KeyError, TypeError):
        raise RefusedError(f"{subject.release}: {REPORT_JSON_NAME} does not tell its {key}") from None
    return found
