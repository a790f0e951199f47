"""Releases by periods on a real CKAN: one dataset, a resource for each month, corrected and withdrawn one by one."""

from __future__ import annotations

import pandas as pd
import pytest
from attacker.versions import PublishedVersion, exposed
from orchestration.conftest import CASES_OF_MONTHS, by_months, write_cases

from ddg_pipeline.orchestration.portals import portal_problems
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.retraction import retract
from ddg_pipeline.orchestration.review import contract_of
from ddg_pipeline.orchestration.running import prepare_instance, run
from ddg_pipeline.orchestration.suites import current_suites
from ddg_pipeline.quality import read_csv_text
from ddg_pipeline.rulebook import load_rulebook

SETTINGS = "ckan: {{url: '{url}', organization: {organization}, token: '${{DDG_CKAN_TOKEN}}', mapping: calhhs}}\n"
MONTHS = ["2025-01", "2025-02", "2025-03"]
LEVEL = load_rulebook("calhhs-ddg-2.0").masking.levels["ddg"]


@pytest.fixture
def project(monthly, ckan):
    by_months(monthly.root)
    with (monthly.root / "ddg.yaml").open("a") as file:
        file.write(SETTINGS.format(url=ckan.proxy.url, organization=ckan.organization))
    write_cases(monthly.root, CASES_OF_MONTHS)
    prepare_instance(monthly.project)
    return load_project(monthly.root)


def contract(project, month):
    return contract_of(project, f"monthly_cases_{month.replace('-', '_')}", "test")


def tables(ckan):
    """Read what anybody reads: the tables of the dataset by month."""
    (dataset,) = ckan.anybody.package_search(q="monthly-cases")["results"]
    found = {}
    for resource in dataset["resources"]:
        if resource["datastore_active"]:
            frame = read_csv_text(ckan.file(dataset["id"], resource["id"], resource["ddg_file"]), "the portal's file")
            (month,) = set(frame.month)
            assert resource["name"].endswith(month)
            assert len(ckan.rows(resource["id"])) == len(frame)
            found[month] = frame
    return found


def seen(frame, cases):
    """Put a published table beside what it really is."""
    (month,) = set(frame.month)
    truth = {**cases[month], "State": sum(cases[month].values())}
    true_table = frame.assign(cases=[truth[county] for county in frame.county])
    return PublishedVersion(true_table, frame, {"county": "State", "month": None}, reasons_shown=True)


@pytest.mark.thorough
class TestMonthsOnCkan:
    def test_are_resources_of_one_dataset_each_with_a_life_of_its_own(self, project, ckan):
        assert run(project, until="masked").success
        list(current_suites(project, (), write=True))
        result = run(project)
        assert result.success, result.problems
        first = tables(ckan)
        assert sorted(first) == MONTHS
        assert [portal_problems(project, contract(project, month)) for month in MONTHS] == [[], [], []]

        corrected = {**CASES_OF_MONTHS, "2025-02": {**CASES_OF_MONTHS["2025-02"], "North": 6}}
        write_cases(project.root, corrected)
        result = run(project)
        assert result.success, result.problems
        now = tables(ckan)
        assert [now[month].equals(first[month]) for month in MONTHS] == [True, False, True]
        assert [portal_problems(project, contract(project, month)) for month in MONTHS] == [[], [], []]
        versions = [seen(first["2025-02"], CASES_OF_MONTHS), seen(now["2025-02"], corrected)]
        assert exposed(versions, LEVEL.possible_values) == {}
        assert int(pd.isna(now["2025-02"].cases).sum()) > 1

        retract(project, contract(project, "2025-01"), "a wrong county")
        assert sorted(tables(ckan)) == MONTHS[1:]
        assert portal_problems(project, contract(project, "2025-03")) == []
