"""Linked releases by reporting periods: of each period, both tables are masked together, or neither is released."""

from __future__ import annotations

import csv

import pytest
from orchestration.conftest import by_months

from ddg_pipeline.audit import AuditRules, PublishedTable, audit
from ddg_pipeline.contract.reporting_periods import of_period
from ddg_pipeline.orchestration.dbt_models import written_contracts
from ddg_pipeline.orchestration.running import prepare_instance, run
from ddg_pipeline.orchestration.suites import current_suites
from ddg_pipeline.quality import read_csv_file
from ddg_pipeline.rulebook import load_rulebook

pytestmark = pytest.mark.thorough

BY_SEX = """
  - name: monthly_by_sex
    description: Cases by sex and month, of the same records.
    config:
      meta:
        ddg:
          release: monthly_by_sex
          title: Cases by sex and month
          links: [monthly_cases]
          scope: [{variable: residence_geography, population: 906000}]
          dimensions:
            sex: {variable: sex, total: All}
            month: {variable: time, period: month, additive: false}
          measures:
            cases: {kind: count}
          limits: {suppressed_people: any}
          publication: {dataset: monthly-by-sex, cadence: monthly}
"""
SQL = """
select coalesce(sex, 'All') as sex, month, cast(sum(cases) as bigint) as cases
from {{ source('source', 'cases') }}
group by grouping sets ((sex, month), (month))
"""
CASES = {  # counties by month and sex
    "2025-01": {"North": (4, 0), "South": (9, 5), "East": (21, 19), "West": (33, 30), "Bay": (90, 80)},
    "2025-02": {"North": (3, 2), "South": (12, 15), "East": (25, 22), "West": (28, 31), "Bay": (97, 84)},
}


def write(root, cases):
    with (root / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["county", "month", "sex", "cases"])
        for month, counties in cases.items():
            for county, counts in counties.items():
                rows.writerows([county, month, sex, count] for sex, count in zip("FM", counts, strict=True))


@pytest.fixture
def linked(monthly):
    root = monthly.root
    models = root / "dbt_project" / "models" / "aggregates" / "releases.yml"
    title = "          title: Cases by county and month\n"
    monthly.edit(models, title, f"{title}          links: [monthly_by_sex]\n")
    by_months(root)  # at the end of the one contract that is there
    written = models.read_text(encoding="utf-8")
    models.write_text(written + BY_SEX, encoding="utf-8")
    by_months(root)  # and of the other
    models.with_name("monthly_by_sex.sql").write_text(SQL, encoding="utf-8")
    monthly.edit(root / "sources.yaml", "month: text, cases", "month: text, sex: text, cases")
    write(root, CASES)
    prepare_instance(monthly.project)
    assert run(monthly.project, until="masked").success
    list(current_suites(monthly.project, (), write=True))
    return monthly


def published(small, release):
    version = small.project.public_store.current(release)
    (path,) = [path for path in version.glob("*.csv") if path.name != "data-dictionary.csv"]
    return path


class TestLinkedReleases:
    def test_are_masked_together_period_by_period(self, linked):
        result = run(linked.project)
        assert result.success, result.problems
        names = [f"monthly_{what}_2025_0{month}" for what in ("by_sex", "cases") for month in (1, 2)]
        assert linked.project.ledger.releases() == names
        rules = AuditRules.from_rulebook(load_rulebook("calhhs-ddg-2.0"), "ddg", show_reason=True)
        for month in CASES:
            contracts = [of_period(one, month) for one in written_contracts(linked.project)]
            assert [one.links for one in contracts] == [[contracts[1].release], [contracts[0].release]]
            frames = [read_csv_file(published(linked, one.release))[1] for one in contracts]
            assert any((frame["cases"].isna()).any() for frame in frames)  # something is hidden
            tables = [PublishedTable(one, frame, {}) for one, frame in zip(contracts, frames, strict=True)]
            found = audit(tables, {one.release: rules for one in contracts})
            assert found.safe, found

    def test_of_a_corrected_month_are_released_again_both(self, linked):
        assert run(linked.project).success
        write(linked.root, {**CASES, "2025-02": {**CASES["2025-02"], "West": (28, 33)}})
        result = run(linked.project)
        assert result.success, result.problems
        assert sorted(one.release for one in result.outcomes) == ["monthly_by_sex_2025_02", "monthly_cases_2025_02"]
        assert len(linked.project.ledger.versions("monthly_by_sex_2025_01")) == 1

    def test_of_a_month_that_cannot_pass_are_not_released_neither(self, linked):
        assert run(linked.project).success
        suite = next(path for path in (linked.root / "expectations").glob("*by_sex*"))
        suite.write_text(suite.read_text(encoding="utf-8").replace('"sex"', '"gender"'), encoding="utf-8")
        write(linked.root, CASES | {"2025-03": CASES["2025-01"]})
        result = run(linked.project)
        assert not result.success
        assert [name for name in linked.project.ledger.releases() if name.endswith("_03")] == []
