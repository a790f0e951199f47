"""Tags by which the asset catalogue finds releases: what contracts say, and what is true of the latest release.

Tags of an asset are read when Dagster loads the definitions, so those that tell of releases are as of then ("Reload
definitions" reads them again). Each materialization carries its own, as of itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePath

import dagster as dg

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.errors import DdgError
from ddg_pipeline.warehouse.public import PublicStore

STORE, LEVEL, RULEBOOK = "ddg/store", "ddg/level", "ddg/rulebook"
DECISION, SCORE, RELEASED = "ddg/decision", "ddg/score", "ddg/released"
MASKED_IN = "ddg/masked-in-"
"""Followed by year and month, as in ``ddg/masked-in-2026-11``: a masked version passed the gate in that month."""

_MONTHS = 13  # so far back from the latest release
_UNREADABLE = "unreadable"
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")


def contract_tags(contract: ReleaseContract, store: str) -> dict[str, str]:
    """Tag an asset of a release by its contract.

    Args:
        contract: The contract.
        store: ``restricted`` or ``public``: where the asset lies.
    """
    return {STORE: store, LEVEL: contract.suppression.level, RULEBOOK: _value(PurePath(contract.rulebook).name)}


def release_tags(store: PublicStore, release: str, *, months: bool) -> dict[str, str]:
    """Tag a release by what is in the public store of it: score and decision of the latest version, and when.

    A version whose report or certificate cannot be read is tagged ``unreadable``; publishing it is refused anyway.

    Args:
        store: The public store.
        release: The release's name.
        months: Whether to add a tag for each month in which a masked version passed the gate (`MASKED_IN`).
    """
    try:
        versions = store.versions(release)
    except DdgError:
        return {DECISION: _UNREADABLE}
    if not versions:
        return {}
    tags = _of_version(versions[-1])
    if not months:
        return tags
    masked_in = set()
    for version in reversed(versions):
        one = _of_version(version)
        if RELEASED in one and _age(one[RELEASED], tags.get(RELEASED, one[RELEASED])) >= _MONTHS:
            break
        if one[DECISION] == "mask":
            masked_in.add(one[RELEASED])
    return tags | {f"{MASKED_IN}{month}": "" for month in sorted(masked_in)}  # found by its key alone


def materialization_tags(
    contract: ReleaseContract, store: str, metadata: Mapping[str, dg.MetadataValue]
) -> dict[str, str]:
    """Tag one materialization of a release: they stay with it, whatever comes later.

    Args:
        contract: The contract.
        store: As in `contract_tags`.
        metadata: What the materialization tells, with its ``decision`` and ``score``.
    """
    found = {DECISION: metadata["decision"].value, SCORE: metadata["score"].value}
    return contract_tags(contract, store) | {tag: _value(str(value)) for tag, value in found.items()}


def _of_version(version: Path) -> dict[str, str]:
    from ddg_pipeline.publishing.names import REPORT_JSON_NAME
    from ddg_pipeline.quality.certificate_form import read_certificate

    try:
        issued_at = read_certificate(version).issued_at
        report: Mapping[str, Mapping[str, object]] = json.loads((version / REPORT_JSON_NAME).read_bytes())
        decision, score = str(report["decision"]), report["score"]["at_most"]
    except (OSError, ValueError, KeyError, TypeError, DdgError):
        return {DECISION: _UNREADABLE}
    return {DECISION: _value(decision), SCORE: _value(str(score)), RELEASED: f"{issued_at:%Y-%m}"}


def _age(month: str, latest: str) -> int:
    (year, number), (last_year, last) = (map(int, one.split("-")) for one in (month, latest))
    return 12 * (last_year - year) + last - number


def _value(text: str) -> str:
    """Give a text as Dagster allows it in a tag."""
    return _NOT_ALLOWED.sub("_", text)[:63]
