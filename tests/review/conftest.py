"""Certified packages of a small series, as review meets them; no gate, no Dagster."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.quality.certificate_form import Certificate, CertifiedAudit, CertifiedGate
from ddg_pipeline.quality.hashing import sha256_of, sha256_of_bytes
from ddg_pipeline.review.approving import Desk
from ddg_pipeline.review.receipts import Receipts
from ddg_pipeline.review.settings import Review
from ddg_pipeline.review.subjects import Subject

TABLE = "county,year,cases\nAlpha,2023,40\nBeta,2023,60\nAll,2023,100\n"
ROLES = ("data_steward", "legal_counsel")


def contract(**more):
    return ReleaseContract.model_validate(
        {
            "release": "visits",
            "title": "Visits by county",
            "dimensions": {
                "county": {"variable": "residence_geography", "population": 50_000, "total": "All"},
                "year": {"variable": "time", "period": "year"},
            },
            "measures": {"cases": {"kind": "count"}},
            **more,
        }
    )


def suite(labels=("All", "Alpha", "Beta")):
    in_set = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "county", "value_set": list(labels)}}
    return {"name": "visits", "meta": {}, "expectations": [in_set] if labels else []}


class Series:
    """Releases one after the other, each a certified package in a directory of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.subjects: list[Subject] = []

    def release(
        self,
        table=TABLE,
        *,
        suppressed=1,
        cells=10,
        score=8,
        at_most=8,
        roles=ROLES,
        rulebook="rules",
        decision="mask",
        **about,
    ) -> Subject:
        """Certify one more release."""
        number = len(self.subjects) + 1
        directory = self._home / str(number)
        directory.mkdir(parents=True)
        report = {
            "masking": {"cases": {"cells": cells, "suppressed": suppressed}},
            "score": {"total": score, "at_most": at_most},
        }
        contents = {"visits.csv": table.encode(), "report.json": json.dumps(report).encode()}
        for name, data in contents.items():
            (directory / name).write_bytes(data)
        of_contract = about.get("contract", contract())
        of_suite = about.get("suite", suite())
        certificate = Certificate(
            release=of_contract.release,
            decision=decision,
            level="ddg",
            checks=("great_expectations",),
            files={name: sha256_of_bytes(data) for name, data in contents.items()},
            contract=sha256_of(of_contract),
            rulebook=hashlib.sha256(rulebook.encode()).hexdigest(),
            gate=CertifiedGate(
                passed=True,
                file="visits.csv",
                sha256=sha256_of_bytes(contents["visits.csv"]),
                expectations=1,
                rows=3,
                suite=sha256_of(of_suite),
                parameters={},
            ),
            audit=CertifiedAudit(safe=True, sha256="0" * 64),
            code_version="0.1.0",
            code_sha256="0" * 64,
            issued_at=dt.datetime(2026, 1, number, tzinfo=dt.UTC),
            signing_key=None,
        ).sealed()
        (directory / "certificate.json").write_bytes(certificate.to_bytes())
        subject = Subject(
            roles=tuple(roles),
            contract=of_contract,
            suite=of_suite,
            directory=directory,
            certificate=certificate,
            certificate_sha256=sha256_of_bytes(certificate.to_bytes()),
            earlier=[one.directory for one in self.subjects],
        )
        self.subjects.append(subject)
        return subject


@pytest.fixture
def a_contract():
    return contract


@pytest.fixture
def a_suite():
    return suite


@pytest.fixture
def series(tmp_path):
    return Series(tmp_path / "versions")


@pytest.fixture
def desk(tmp_path):
    """Where approvals are given, without signatures; `desk(standing=True)` makes another one of the same log."""
    plain = Desk(Review(tmp_path / "review" / "approvals.jsonl", roles=ROLES), Receipts(tmp_path / "receipts"))

    def of(**review):
        return replace(plain, review=replace(plain.review, **review))

    return of


@pytest.fixture
def two(series):
    """Two releases of one series, which three roles have to approve."""
    roles = ("data_steward", "legal_counsel", "deputy_director")
    return [series.release(roles=roles), series.release(roles=roles)]
