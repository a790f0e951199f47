"""Releases of the same people that are masked one after the other, or that were in the project before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ddg_pipeline.audit import AuditRules, PublishedTable, audit
from ddg_pipeline.orchestration.dbt_models import written_contracts
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.quality import read_csv_file
from ddg_pipeline.quality.certificate import certificate_sha256
from ddg_pipeline.rulebook import load_rulebook

from .conftest import CASES_OF_MONTHS, SMALL_PROJECT, Small, own_environment, write_cases

MODELS = Path("dbt_project/models/aggregates/releases.yml")
LINKS = {"by_sex": "          links: [by_age]\n", "by_age": "          links: [by_sex]\n"}
MONTHS = {f"monthly_cases_2025_{month[-2:]}": month for month in CASES_OF_MONTHS}
STAGED = ("source/cases", "staging/stg_cases", "aggregates/by_age", "by_age/masked")


def instead_of_links(small, said):
    """Take the link out of the contracts of both tables, and write something else in its place."""
    for release, line in LINKS.items():
        small.edit(small.root / MODELS, line, f"          {said[release]}\n")


def report(small, release):
    return json.loads((small.released(release) / "report.json").read_text(encoding="utf-8"))


def table(directory):
    (file,) = [path for path in directory.glob("*.csv") if path.name != "data-dictionary.csv"]
    return file


def attacked(small, by_age):
    """Attack a table by age together with the released one by sex: linked, as a reader has them."""
    contracts = {one.release: one for one in written_contracts(small.project)}
    rules = AuditRules.from_rulebook(load_rulebook("calhhs-ddg-2.0"), "ddg", show_reason=True)
    tables = []
    for name, other, directory in (("by_sex", "by_age", small.released("by_sex")), ("by_age", "by_sex", by_age)):
        contract = contracts[name].model_copy(update={"links": [other], "already_released": []})
        tables.append(PublishedTable(contract, read_csv_file(table(directory))[1], {}))
    return audit(tables, {one.contract.release: rules for one in tables})


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """The small project before its first run, with two tables that know of each other and are not linked."""
    root = tmp_path / "project"
    shutil.copytree(SMALL_PROJECT, root)
    own_environment(monkeypatch, root)
    small = Small(load_project(root))
    instead_of_links(small, {"by_sex": "already_released: [by_age]", "by_age": "already_released: [by_sex]"})
    return small


class TestReleasesOfOneSource:
    def test_are_not_read_until_somebody_says_what_they_have_to_do_with_each_other(self, small, ddg):
        instead_of_links(small, {"by_sex": "", "by_age": ""})
        answer = ddg("run", "by_sex", "--quiet")
        assert answer.code == 2
        said = " ".join(answer.err.split())
        assert "model by_age: meta.ddg: unrelated" in said
        assert "nothing of 'by_sex', and both are made of source.cases" in said


class TestReleasesBesideEachOther:
    @pytest.mark.thorough
    def test_are_masked_with_what_is_public_of_the_other_in_mind(self, apart, run_ddg):
        for release in ("by_sex", "by_age"):
            for command in ("suites", "run"):
                assert run_ddg(apart, command, release, "--quiet").code == 0
        ours = certificate_sha256(apart.released("by_sex"))
        assert report(apart, "by_sex")["already_public"] == []
        assert report(apart, "by_age")["already_public"] == [ours]
        found = attacked(apart, apart.released("by_age"))
        assert found.safe, found
        # what became public of the other since then does not stop it: that was masked beside it
        assert run_ddg(apart, "publish", "by_sex", "--quiet").code == 0
        # masked again, it knows of the other in turn
        assert run_ddg(apart, "run", "by_sex", "--quiet").code == 0
        assert certificate_sha256(apart.released("by_age")) in report(apart, "by_sex")["already_public"]
        assert attacked(apart, apart.released("by_age")).safe

    @pytest.mark.thorough
    def test_masked_as_if_the_other_were_not_public_do_not_pass_the_gate(self, apart, run_ddg):
        prefer = "prefer: {county: [Zeta]}, hide: [{county: Zeta, age_group: 0-39}, {county: Zeta, age_group: 40+}]"
        apart.edit(apart.root / MODELS, prefer, "prefer: {age_group: [All]}")  # these the other table shows
        for command in ("suites", "run"):
            assert run_ddg(apart, command, "by_sex", "--quiet").code == 0
        ledger = apart.project.public / "ledger"
        ledger.rename(ledger.with_name("put away"))
        assert run_ddg(apart, "suites", "by_age").code == 0  # this masks and stages it
        assert not attacked(apart, apart.project.staged("by_age") / "package").safe
        shutil.rmtree(ledger, ignore_errors=True)
        ledger.with_name("put away").rename(ledger)
        events = apart.materialize("by_age/release")
        assert not events.success
        assert "attack_audit" in events.failed_checks("by_age")


class TestAReleaseThatIsNotInTheProjectAnyMore:
    @pytest.mark.thorough
    def test_is_not_forgotten(self, small, ddg):
        models = small.root / MODELS
        small.edit(models, "release: by_sex", "release: by_sex_again")
        small.edit(models, LINKS["by_age"], "          links: [by_sex_again]\n")
        small.edit(models, "            by_sex: its", "            by_sex_again: its")
        events = small.materialize(*STAGED[:-1], "aggregates/by_sex", "by_age/masked", "by_sex_again/masked")
        assert not events.success
        assert "by_sex is public, is not in the project any more, and was made of source.cases, too" in events.failures
        assert "`already_released: [by_sex]`" in events.failures

        for after in ("title: Cases by county and sex\n", "title: Cases by county and age group\n"):
            small.edit(models, after, f"{after}          already_released: [by_sex]\n")
        assert ddg("suites", "by_sex_again", "by_age").code == 0
        assert ddg("run", "by_sex_again", "--quiet").code == 0
        (former,) = small.project.ledger.versions("by_sex")
        assert former.certificate in report(small, "by_sex_again")["already_public"]
        rows = {name: small.rows(table(small.released(name))) for name in ("by_sex", "by_sex_again")}
        assert rows["by_sex"] == rows["by_sex_again"]  # what is hidden in one is hidden in the other

    @pytest.mark.thorough
    def test_or_is_said_to_be_of_other_people(self, small):
        models = small.root / MODELS
        small.edit(models, "release: statewide\n", "release: the_state\n")
        events = small.materialize("aggregates/statewide", "the_state/masked")
        assert "statewide is public, is not in the project any more" in events.failures
        small.edit(
            models, "          unrelated:\n", "          unrelated:\n            statewide: cases of other years\n"
        )
        assert small.materialize("the_state/masked").success


ANNUAL = """
  - name: annual_cases
    description: Cases by county in the year, and in its months.
    config:
      meta:
        ddg:
          release: annual_cases
          title: Cases by county and year
          already_released: [monthly_cases]
          dimensions:
            county:
              variable: residence_geography
              population:
                {North: 9000, South: 14000, East: 33000, West: 61000, Bay: 250000, Valley: 480000}
              total: State
            month: {variable: time, period: month, total: Year}
          measures:
            cases: {kind: count}
          limits: {suppressed_people: any}
          suppression: {show_reason: true}
          publication: {dataset: annual-cases}
"""
ANNUAL_SQL = """
select coalesce(county, 'State') as county, coalesce(month, 'Year') as month, cast(sum(cases) as bigint) as cases
from {{ source('source', 'cases') }}
group by cube (county, month)
"""


@pytest.mark.thorough
class TestAYearBesideItsMonths:
    @pytest.fixture
    def year(self, months, run_ddg):
        models = months.root / MODELS
        months.edit(
            models, "title: Cases by county and month\n", "title: Cases\n          already_released: [annual_cases]\n"
        )
        models.write_text(models.read_text(encoding="utf-8") + ANNUAL, encoding="utf-8")
        models.with_name("annual_cases.sql").write_text(ANNUAL_SQL, encoding="utf-8")
        # under a contract that has changed, every period is due again; once the year is public it could not be
        assert run_ddg(months, "run", "monthly_cases", "--quiet").code == 0
        return months

    def test_is_masked_with_every_month_in_mind(self, year, run_ddg):
        assert run_ddg(year, "suites", "annual_cases").code == 0
        assert run_ddg(year, "run", "annual_cases", "--quiet").code == 0
        months = [version.certificate for name in MONTHS for version in year.project.ledger.versions(name)]
        assert report(year, "annual_cases")["already_public"] == sorted(months)
        annual = {
            (row["county"], row["month"]): row["cases"] for row in year.rows(table(year.released("annual_cases")))
        }
        for name, month in MONTHS.items():
            for row in year.rows(table(year.released(name))):
                assert annual[row["county"], month] == row["cases"]

    def test_keeps_its_months_from_being_corrected_one_by_one(self, year, run_ddg):
        assert run_ddg(year, "suites", "annual_cases").code == 0
        assert run_ddg(year, "run", "annual_cases", "--quiet").code == 0
        later = {"North": 8, "South": 11, "East": 20, "West": 30, "Bay": 95, "Valley": 120}
        write_cases(year.root, {**CASES_OF_MONTHS, "2025-04": later})
        assert run_ddg(year, "run", "monthly_cases", "--quiet").code == 0  # of which the year says nothing
        counts = {**CASES_OF_MONTHS, "2025-02": {**CASES_OF_MONTHS["2025-02"], "North": 6}, "2025-04": later}
        write_cases(year.root, counts)
        answer = run_ddg(year, "run", "monthly_cases", "--quiet")
        assert answer.code == 1
        assert "with Year under month" in " ".join(answer.err.split())
