"""A year of monthly releases on a real CKAN, by schedule: corrected, late, extended, withdrawn; and never undone."""

from __future__ import annotations

import csv
import datetime as dt
import random

import dagster as dg
import pandas as pd
import pytest
from attacker.versions import PublishedVersion, exposed

from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.portals import portal_problems
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.retraction import lift_retraction, retract
from ddg_pipeline.orchestration.running import prepare_instance, run
from ddg_pipeline.orchestration.suites import current_suites
from ddg_pipeline.quality import read_csv_text
from ddg_pipeline.rulebook import load_rulebook

SETTINGS = "ckan: {{url: '{url}', organization: {organization}, token: '${{DDG_CKAN_TOKEN}}', mapping: calhhs}}\n"
RELEASE = "monthly_cases"
COUNTIES = {"North": 4, "South": 9, "East": 21, "West": 33, "Bay": 90, "Valley": 140}  # cases a month, about
LEVEL = load_rulebook("calhhs-ddg-2.0").masking.levels["ddg"]


class Year:
    """The source data as they come in."""

    def __init__(self) -> None:
        self._random = random.Random(20250101)
        self.cases: dict[tuple[str, str], int] = {}

    def month(self, number: int) -> None:
        month = f"2025-{number:02}"
        for county, usual in COUNTIES.items():
            self.cases[county, month] = max(0, round(self._random.gauss(usual, usual**0.5)))
        if number == 3:
            self.cases["North", month] = 0
        if number == 5:  # a case of March, of which nobody knew
            self.cases["North", "2025-03"] = 4
        if number >= 7:  # a county that reports late, and then for May and June too
            for late in (5, 6, number) if number == 7 else (number,):
                self.cases["Harbor", f"2025-{late:02}"] = 3 + late % 4
        if number >= 9:  # a county that is new
            self.cases["Delta", month] = 12 + number

    def write(self, path) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["county", "month", "cases"])
            rows.writerows((county, month, count) for (county, month), count in self.cases.items())

    def table(self) -> pd.DataFrame:
        """The aggregate, as anybody would count it."""
        frame = pd.DataFrame([(*key, count) for key, count in self.cases.items()], columns=["county", "month", "cases"])
        totals = frame.groupby("month", as_index=False).cases.sum().assign(county="State")
        return pd.concat([frame, totals], ignore_index=True)


@pytest.fixture
def project(monthly, ckan):
    with (monthly.root / "ddg.yaml").open("a") as file:
        file.write(SETTINGS.format(url=ckan.proxy.url, organization=ckan.organization))
    return load_project(monthly.root)


def on_schedule(project, number: int) -> bool:
    """Let the month's schedule tick, and run what it asks for."""
    definitions = build_definitions(project)
    schedule = definitions.resolve_schedule_def("monthly_releases")
    moment = dt.datetime(2025 + number // 12, number % 12 + 1, 2, 6, tzinfo=dt.UTC)
    with dg.DagsterInstance.get() as instance:
        # left at once: a context has an instance of its own, which has to end before the other one
        with dg.build_schedule_context(instance=instance, scheduled_execution_time=moment) as context:
            assert len(schedule.evaluate_tick(context).run_requests) == 1
        job = definitions.resolve_job_def(schedule.job_name)
        return job.execute_in_process(instance=instance, raise_on_error=False).success


def published(ckan, year) -> PublishedVersion:
    """Read the table as anybody may, and put its rows beside what they really are."""
    (found,) = ckan.anybody.package_search(q="monthly-cases")["results"]
    table = next(one for one in found["resources"] if one["datastore_active"])
    frame = read_csv_text(ckan.file(found["id"], table["id"], table["ddg_file"]), "the portal's file")
    rows = {(row["county"], row["month"]): row["cases"] for row in ckan.rows(table["id"])}
    truth = year.table().set_index(["county", "month"]).cases
    true_cases = [int(truth[county, month]) for county, month in zip(frame.county, frame.month, strict=True)]
    for county, month, cases in frame[["county", "month", "cases"]].itertuples(index=False):
        assert (rows[county, month] is None) == pd.isna(cases)  # a suppressed value is null there, and empty here
    assert len(rows) == len(frame) == len(truth)
    codes = set(frame.cases_annotation_code.dropna())
    return PublishedVersion(
        frame.assign(cases=true_cases), frame, {"county": "State", "month": None}, reasons_shown="1" in codes
    )


@pytest.mark.thorough
class TestAYear:
    def test_of_releases_on_a_real_ckan_tells_nothing_that_is_hidden(self, project, ckan):
        year, seen = Year(), []
        prepare_instance(project)
        for number in range(1, 13):
            year.month(number)
            year.write(project.root / "cases.csv")
            if number == 1:
                assert run(project, until="masked").success
                list(current_suites(project, (), write=True))
            assert on_schedule(project, number), f"month {number}"
            contract = _contract(project)
            assert portal_problems(project, contract) == []  # read without a token
            seen.append(published(ckan, year))
            if number == 10:
                retract(project, contract, "the county of two cases was wrong")
                assert ckan.anybody.package_search(q="monthly-cases")["count"] == 0
                assert not on_schedule(project, number)  # nothing brings it back
                assert ckan.anybody.package_search(q="monthly-cases")["count"] == 0
                lift_retraction(project, RELEASE)
        assert len(project.ledger.versions(RELEASE)) == 12
        assert sum(version.published.cases.isna().sum() for version in seen) > 0
        assert exposed(seen, LEVEL.possible_values) == {}


def _contract(project):
    from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, releases_of

    (release,) = releases_of(read_manifest(ensure_manifest(project)))
    return release.contract
