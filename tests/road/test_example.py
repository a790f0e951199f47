"""One command takes the worked example from source tables to a safe, validated portal package."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import re
import stat

import dagster as dg
import pytest

from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.quality import load_suite, verify_certificate
from ddg_pipeline.rulebook import load_rulebook

MASKED = [
    "disease_cases_by_county", "ed_visits_by_county_age_sex", "ed_visits_by_county_race",
    "overdose_deaths_by_county_quarter",
]  # fmt: skip
UNMASKED = "tickborne_cases_by_age_sex"
RELEASES = [*MASKED, UNMASKED]
SMALL = range(1, 11)


class TestTheRun:
    def test_releases_everything(self, example):
        assert example.answer["success"] is True
        assert [outcome["release"] for outcome in example.answer["outcomes"]] == RELEASES
        assert all(outcome["published"] for outcome in example.answer["outcomes"])
        assert [problem for outcome in example.answer["outcomes"] for problem in outcome["problems"]] == []

    def test_masks_four_and_releases_one_as_it_is(self, example):
        decisions = {release: example.outcome(release)["decision"] for release in RELEASES}
        assert decisions == {**dict.fromkeys(MASKED, "mask"), UNMASKED: "release"}
        for release in RELEASES:
            assert (example.outcome(release)["score"] > 12) == (release != UNMASKED)

    def test_masks_linked_releases_together(self, example):
        assert example.groups == [
            ["disease_cases_by_county"],
            ["ed_visits_by_county_age_sex", "ed_visits_by_county_race"],
            ["overdose_deaths_by_county_quarter"],
            ["tickborne_cases_by_age_sex"],
        ]


class TestADossier:
    """What reviewers get, counted again from what readers find."""

    @pytest.fixture(params=RELEASES)
    def release(self, request):
        return request.param

    @pytest.fixture
    def page(self, example, release):
        return (example.project.dossiers / release / "1" / "dossier.html").read_text(encoding="utf-8")

    def test_lies_beside_a_word_document_for_every_release(self, example, release):
        place = example.project.dossiers / release / "1"
        assert {path.name for path in place.iterdir()} == {"dossier.html", "expert_determination.docx"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}

    def test_counts_hidden_cells_of_every_category_as_the_published_file_shows_them(self, example, release, page):
        if release == UNMASKED:
            assert "Nothing is suppressed." in page
            return
        contract, rows = example.contract(release), example.published(release)
        shows_reasons = example.report(release)["reasons_shown"]
        for measure in contract.counts:
            for dimension in contract.dimensions:
                start = page.index(
                    f"Cells of <code>{measure}</code> hidden in each category of <code>{dimension}</code>"
                )
                table = page[start : page.index("</table>", start)]
                found = {
                    html.unescape(line[0]).removesuffix(" (total)"): [int(cell.replace(",", "")) for cell in line[1:]]
                    for line in (
                        re.findall(r'<t[hd] (?:scope="row"|class="number")>([^<%]+)</t[hd]>', row)
                        for row in table.split("<tr")[2:]
                    )
                }
                for label, (cells, *of_each, hidden) in found.items():
                    here = [row for row in rows if row[dimension] == label]
                    codes = [row[f"{measure}_annotation_code"] for row in here if row[measure] == ""]
                    assert (cells, hidden) == (len(here), len(codes)), (dimension, label)
                    assert of_each == ([codes.count("1"), codes.count("2")] if shows_reasons else [])
                assert set(found) == {row[dimension] for row in rows}

    def test_has_a_map_of_all_counties_where_the_table_is_by_county(self, release, page):
        assert page.count('<svg class="map"') == (release != UNMASKED)
        assert page.count("<title>") - 1 == (58 if release != UNMASKED else 0)
        assert "not in the table" not in page

    def test_says_the_score_the_guarantee_and_the_hash_that_the_package_says(self, example, release, page):
        report = example.report(release)
        assert f"<dd>{report['score']['total']}<small>" in page
        assert report["audit"]["guarantee"] in page
        assert hashlib.sha256((example.package(release) / "certificate.json").read_bytes()).hexdigest() in page

    def test_names_the_linked_release_as_known_to_masking_and_audit(self, example, release, page):
        (group,) = [names for names in example.groups if release in names]
        for other in group:
            if other != release:
                start = page.index(f"release {other}, version 1")
                assert "<td>yes</td>" in page[start : page.index("</tr>", start)]


@pytest.mark.parametrize("release", RELEASES)
class TestAPackage:
    def test_has_everything_that_the_portal_needs(self, example, release):
        assert {path.name for path in example.package(release).iterdir()} == {
            example.csv(release).name, "data-dictionary.csv", "datapackage.json", "report.html", "report.json",
            "certificate.json", "dataset.json",
        }  # fmt: skip

    def test_has_a_certificate_for_these_very_bytes(self, example, release):
        contract = example.contract(release)
        suite = load_suite(example.project.expectations / f"{release}.json")
        certificate = verify_certificate(example.package(release), contract, load_rulebook(contract.rulebook), suite)
        assert certificate.decision == example.outcome(release)["decision"]
        assert certificate.gate.rows == len(example.published(release))
        assert certificate.gate.expectations == len(suite["expectations"])

    def test_describes_its_table(self, example, release):
        package = example.package(release)
        (resource,) = [
            one for one in json.loads((package / "datapackage.json").read_text())["resources"]
            if one["path"] == example.csv(release).name
        ]  # fmt: skip
        assert resource["hash"].removeprefix("sha256:") == hashlib.sha256(example.csv(release).read_bytes()).hexdigest()
        columns = list(example.published(release)[0])
        assert [field["name"] for field in resource["schema"]["fields"]] == columns
        dictionary = csv.DictReader(io.StringIO((package / "data-dictionary.csv").read_text()))
        assert [row["column"] for row in dictionary] == columns

    def test_is_the_current_release_of_the_public_store(self, example, release):
        current = example.project.public_store.current(release)
        assert {path.name: path.read_bytes() for path in current.iterdir()} == {
            path.name: path.read_bytes() for path in example.package(release).iterdir()
        }

    def test_tells_the_six_steps_and_the_score(self, example, release):
        report = example.report(release)
        assert [step["step"] for step in report["steps"]] == [1, 2, 3, 4, 5, 6]
        page = (example.package(release) / "report.html").read_text(encoding="utf-8")
        assert all(step["question"] in page for step in report["steps"])
        assert example.contract(release).title in page
        if report["score"]["total"] is not None:
            assert report["score"]["total"] == example.outcome(release)["score"]


@pytest.mark.parametrize("release", MASKED)
class TestAMaskedTable:
    """Compared cell by cell with the restricted aggregate."""

    def cells(self, example, release):
        contract, before = example.contract(release), example.aggregate(release)
        rows = example.published(release)
        assert len(rows) == len(before)
        for row in rows:
            figures = before[tuple(row[name] for name in contract.dimensions)]
            for measure in contract.measures:
                yield contract, measure, figures, row

    def test_hides_every_small_count_with_all_that_is_tied_to_it(self, example, release):
        hidden = 0
        for contract, measure, figures, row in self.cells(example, release):
            if figures[contract.governor(measure)] in SMALL:
                assert (row[measure], row[f"{measure}_annotation_code"]) == ("", "1")
                hidden += 1
        assert hidden > 0

    def test_shows_every_zero_as_a_zero(self, example, release):
        for contract, measure, figures, row in self.cells(example, release):
            if contract.measures[measure].kind is MeasureKind.COUNT and figures[contract.governor(measure)] == 0:
                assert (row[measure], row[f"{measure}_annotation_code"]) == ("0", "")

    def test_hides_nothing_else_without_calling_it_complementary(self, example, release):
        for contract, measure, figures, row in self.cells(example, release):
            code = row[f"{measure}_annotation_code"]
            assert (row[measure] == "") == (code in ("1", "2", "3"))
            assert (code == "2") <= (figures[contract.governor(measure)] > max(SMALL))
            assert bool(row[f"{measure}_annotation_description"]) == bool(code)

    def test_shows_the_aggregate_s_figures(self, example, release):
        for contract, measure, figures, row in self.cells(example, release):
            if row[measure] != "":
                assert float(row[measure]) == pytest.approx(float(figures[measure]), abs=0.06)
                assert contract.measures[measure].kind is not MeasureKind.COUNT or row[measure].isdigit()

    def test_counts_what_it_hides(self, example, release):
        contract, rows = example.contract(release), example.published(release)
        codes = [row[f"{measure}_annotation_code"] for measure in contract.counts for row in rows]
        outcome = example.outcome(release)
        small = sum(f[measure] in SMALL for measure in contract.counts for f in example.aggregate(release).values())
        assert (outcome["cells"], outcome["small"]) == (len(codes), small)
        assert outcome["complementary"] == len([code for code in codes if code]) - small

    def test_tells_the_reason_only_where_the_contract_shows_it(self, example, release):
        contract, rows = example.contract(release), example.published(release)
        codes = {row[f"{measure}_annotation_code"] for measure in contract.counts for row in rows}
        assert codes == ({"", "1"} if contract.suppression.show_reason is False else {"", "1", "2"})


class TestTheTableThatMayGoOut:
    def test_scores_7_and_shows_its_small_counts(self, example):
        assert example.outcome(UNMASKED)["score"] == 7
        rows, before = example.published(UNMASKED), example.aggregate(UNMASKED)
        shown = {(row["age_group"], row["sex"], row["year"]): int(row["cases"]) for row in rows}
        assert shown == {key: figures["cases"] for key, figures in before.items()}
        assert any(count in SMALL for count in shown.values())
        assert {row["cases_annotation_code"] for row in rows} == {""}

    def test_says_why(self, example):
        report = example.report(UNMASKED)
        assert report["decision"] == "release"
        assert report["score"]["verdict"] == "not over 12"
        page = (example.package(UNMASKED) / "report.html").read_text(encoding="utf-8")
        assert "The publication score is 7, not over 12." in page


class TestTheStores:
    def test_only_the_owner_reads_the_restricted_one(self, example):
        assert stat.S_IMODE(example.project.restricted.stat().st_mode) == 0o700
        assert stat.S_IMODE(example.project.restricted_store.path.stat().st_mode) & 0o077 == 0

    def test_the_public_ones_hold_packages_and_nothing_else(self, example):
        for place in (example.project.public, example.project.portal):
            packages = {path.parent for path in place.rglob("certificate.json")}
            stray = {p for p in place.rglob("*") if p.is_file() and p.name != ".lock" and p.parent not in packages}
            ledger = {place / "ledger" / release / "1.json" for release in RELEASES}
            assert stray == (ledger if place == example.project.public else set())
            assert len({verify_certificate(package).release for package in packages}) == len(RELEASES)


class TestDagster:
    def test_the_code_location_is_valid(self, example):
        done = example.command("dagster", "definitions", "validate", "-w", "workspace.yaml")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ddg_pipeline" in done.stdout + done.stderr


class TestASecondAttacker:
    """He shares no code with the package, reads the published files, linked ones together, and tries every number."""

    def test_attacks_every_masked_release(self, example):
        masked = [one["release"] for one in example.answer["outcomes"] if one["decision"] == "mask"]
        assert masked == MASKED

    @pytest.mark.parametrize(
        "group",
        [MASKED[:1], pytest.param(MASKED[1:3], marks=pytest.mark.thorough), MASKED[3:]],
        ids="+".join,
    )
    def test_finds_nothing(self, example, second_attacker, group):
        assert group in example.groups
        assert second_attacker.leaks(example, *group) == []

    @pytest.mark.parametrize(
        "release",
        ["disease_cases_by_county", pytest.param("overdose_deaths_by_county_quarter", marks=pytest.mark.thorough)],
    )
    @pytest.mark.thorough
    def test_would_find_much_if_only_small_counts_were_hidden(self, example, second_attacker, release):
        leaks = second_attacker.leaks(example, release, only_small_hidden=True)
        assert len(leaks) > 10
        before, contract = example.aggregate(release), example.contract(release)
        for leak in leaks:
            coordinate = dict(leak.coordinate)
            figures = before[tuple(coordinate[dimension] for dimension in contract.dimensions)]
            assert figures[leak.measure] in leak.values, "what he finds is true"


@pytest.mark.thorough
class TestAgain:
    """After a second passage through sources, dbt and masking."""

    @pytest.fixture(scope="class")
    @classmethod
    def checked(cls, example):
        return example.command("ddg", "suites", "--check")

    def test_the_committed_suites_are_current(self, checked):
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert checked.stdout.count(": current") == len(RELEASES)

    @pytest.mark.parametrize("release", RELEASES)
    def test_the_tables_have_the_same_bytes(self, example, checked, release):
        assert example.staged(release).stat().st_mtime > example.csv(release).stat().st_mtime
        assert example.staged(release).read_bytes() == example.csv(release).read_bytes()


@pytest.mark.thorough
class TestAPlantedUnsafeValue:
    """Someone writes a 7 into a suppressed cell of the staged file, and materializes on with Dagster's own command."""

    RELEASE = "overdose_deaths_by_county_quarter"

    @pytest.fixture(scope="class")
    @classmethod
    def public_before(cls, example):
        return {path: path.read_bytes() for path in example.package(cls.RELEASE).iterdir()}

    @pytest.fixture(scope="class")
    @classmethod
    def gate(cls, example, public_before):
        staged = example.staged(cls.RELEASE)
        lines = staged.read_text(encoding="utf-8").splitlines()
        number = next(n for n, line in enumerate(lines) if ",,1," in line)
        lines[number] = lines[number].replace(",,1,", ",7,1,")
        before = staged.read_bytes()
        staged.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield cls.materialize(example, "release"), lines[number].split(",")
        staged.write_bytes(before)

    @classmethod
    def materialize(cls, example, step):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DAGSTER_HOME", str(example.project.dagster_home))
            module = "ddg_pipeline.orchestration.definitions"
            return example.command("dagster", "asset", "materialize", "--select", f"{cls.RELEASE}/{step}", "-m", module)

    def test_blocks_the_release_and_leaves_the_old_one(self, example, gate, public_before):
        done, _ = gate
        assert done.returncode != 0
        assert "did not pass the gate" in done.stderr
        assert {path: path.read_bytes() for path in example.package(self.RELEASE).iterdir()} == public_before
        assert example.project.public_store.current(self.RELEASE).name == "1"

    def test_is_told_by_its_coordinates(self, example, gate):
        _, (county, period, sex, *_) = gate
        key = dg.AssetCheckKey(dg.AssetKey([self.RELEASE, "release"]), "great_expectations")
        with dg.DagsterInstance.from_config(str(example.project.dagster_home)) as instance:
            record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
        found = record.event.dagster_event.event_specific_data
        assert not found.passed
        told = "\n".join(str(value.value) for value in found.metadata.values())
        assert f"county={county}, period={period}, sex={sex}" in told

    def test_is_not_published_by_running_the_last_asset_alone(self, example, gate, public_before):
        done = self.materialize(example, "publication")
        assert done.returncode == 0, "the earlier release still holds its certificate"
        assert {path: path.read_bytes() for path in example.package(self.RELEASE).iterdir()} == public_before
