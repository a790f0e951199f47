"""What a package holds, and what it must not."""

import dataclasses
import datetime as dt
import json
import re

import pytest
from frictionless import Package

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.contract.portal_metadata import PortalMetadata
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.publishing import (
    ReleaseFacts,
    package_names,
    public_assessment,
    public_cells,
    report_html,
    write_documents,
    write_release_csv,
)
from ddg_pipeline.publishing.metadata import check_dataset_entry
from ddg_pipeline.quality import read_csv_file, row_parameters, validate
from tests.publishing.conftest import ASSESSMENT, AUDIT, CONTRACT, Counts


@pytest.fixture
def gate(contract, table, suite, tmp_path):
    path = write_release_csv(tmp_path / "staged", contract, table)
    return validate(path, suite, row_parameters(contract, table))


@pytest.fixture
def facts(gate):
    return ReleaseFacts(ASSESSMENT, {"cases": Counts()}, True, AUDIT, gate)


class TestNames:
    def test_are_lower_case_and_hyphenated(self, contract):
        assert package_names(contract).csv == "visits-by-county.csv"
        assert package_names(contract).dataset == "emergency-visits"

    def test_fall_back_to_the_release(self):
        contract = contract_from_yaml(CONTRACT.split("publication:")[0], "visits.yaml")
        assert package_names(contract).csv == "visits-by-county.csv"
        assert package_names(contract).dataset == "visits-by-county"


class TestFiles:
    def test_are_exactly_these(self, package):
        assert sorted(path.name for path in package.iterdir()) == [
            "certificate.json",
            "data-dictionary.csv",
            "datapackage.json",
            "report.html",
            "report.json",
            "visits-by-county.csv",
        ]

    def test_are_the_same_bytes_every_time(self, make_package):
        first, second = make_package("first", fresh=True), make_package("second", fresh=True)
        for path in first.iterdir():
            if path.name != "certificate.json":
                assert path.read_bytes() == (second / path.name).read_bytes(), path.name

    def test_the_table_keeps_commas_zeros_and_blanks(self, package):
        lines = (package / "visits-by-county.csv").read_text().splitlines()
        assert lines[1].startswith('001,"Alameda, north",,2,')
        assert lines[3] == "005,Amador,0,,,0.0,,"

    def test_have_a_dataset_entry_where_the_department_says_whom_to_ask(self, contract, rulebook, facts, tmp_path):
        """Project Open Data 1.1 asks for a publisher and a contact; without them there is no entry."""
        released = dt.datetime(2021, 11, 2, tzinfo=dt.UTC)
        without = write_documents(tmp_path / "staged", contract, rulebook, facts, released=released)
        assert "dataset.json" not in {path.name for path in without}
        said = PortalMetadata(department="Department", contact_email="open-data@dept.example")
        written = write_documents(tmp_path / "staged", contract, rulebook, facts, defaults=said, released=released)
        assert "dataset.json" in {path.name for path in written}
        entry = json.loads((tmp_path / "staged" / "dataset.json").read_text())
        check_dataset_entry(entry, "dataset.json")
        assert (entry["identifier"], entry["modified"]) == ("emergency-visits/visits-by-county", "2021-11-02")

    def test_nothing_is_written_for_a_file_that_failed(self, contract, rulebook, facts, tmp_path):
        failed = dataclasses.replace(facts, gate=dataclasses.replace(facts.gate, passed=False))
        with pytest.raises(RefusedError, match="no package"):
            write_documents(tmp_path / "staged", contract, rulebook, failed)
        assert [path.name for path in (tmp_path / "staged").iterdir()] == ["visits-by-county.csv"]

    def test_nothing_is_written_for_other_bytes(self, contract, rulebook, facts, table, tmp_path):
        table.loc[1, "cases"] = "7"
        write_release_csv(tmp_path / "staged", contract, table)
        with pytest.raises(RefusedError, match="not the bytes that passed the gate"):
            write_documents(tmp_path / "staged", contract, rulebook, facts)

    def test_nothing_is_written_after_a_failed_audit(self, contract, rulebook, facts, tmp_path):
        failed = dataclasses.replace(facts, audit={**AUDIT, "safe": False})
        with pytest.raises(RefusedError, match="audit"):
            write_documents(tmp_path / "staged", contract, rulebook, failed)


class TestDataDictionary:
    def test_has_a_row_for_every_column(self, package):
        _, dictionary = read_csv_file(package / "data-dictionary.csv")
        _, table = read_csv_file(package / "visits-by-county.csv")
        assert list(dictionary.columns) == ["column", "type", "label", "description"]
        assert dictionary["column"].tolist() == list(table.columns)
        assert set(dictionary["type"]) == {"text", "numeric"}
        assert dictionary.notna().all().all()

    def test_says_by_which_rule_cells_are_empty(self, package, rulebook):
        _, dictionary = read_csv_file(package / "data-dictionary.csv")
        described = dictionary.set_index("column")["description"]
        assert rulebook.footnotes["suppression"].text.strip() in described["cases"]
        assert "a true zero is 0" in described["cases"]
        assert "Empty wherever a count it is derived from (cases) is" in described["rate"]
        notes = rulebook.annotations
        for note in (notes.small, notes.complementary, notes.not_available):
            assert f"{note.code} = {note.description}" in described["cases_annotation_code"]

    def test_says_that_one_code_stands_for_both_reasons(self, contract, rulebook, facts, tmp_path):
        write_documents(tmp_path / "staged", contract, rulebook, dataclasses.replace(facts, reasons_shown=False))
        _, dictionary = read_csv_file(tmp_path / "staged" / "data-dictionary.csv")
        text = dictionary.set_index("column")["description"]["cases_annotation_code"]
        assert "One code stands for both reasons" in text
        assert rulebook.annotations.complementary.description not in text


class TestDataPackage:
    def test_is_valid_and_fits_the_table(self, package):
        report = Package(str(package / "datapackage.json")).validate()
        assert report.valid, report.flatten(["type", "note"])
        assert report.stats["errors"] == 0
        assert report.tasks[0].stats["rows"] == 4

    def test_says_what_it_is(self, package):
        described = json.loads((package / "datapackage.json").read_text())
        (resource,) = described["resources"]
        assert described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
        assert resource["path"] == "visits-by-county.csv"
        assert resource["schema"]["primaryKey"] == ["county_fips", "county"]
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        assert fields["cases"]["type"] == "integer"
        assert fields["rate"]["type"] == "number"
        assert fields["county_fips"]["constraints"]["enum"] == ["001", "003", "005", "California"]

    def test_says_who_publishes_it_from_what_and_under_which_licence(self, rulebook, facts, tmp_path):
        contract = contract_from_yaml(
            CONTRACT.replace(
                "resource: visits-by-county}",
                "resource: visits-by-county, metadata: {license: CC-BY-4.0, homepage: 'https://dept.example/', "
                "data_collection_tool: Survey, source_link: 'https://dept.example/raw', tags: [visits, county], "
                "temporal_coverage: 2020 to 2021, spatial_coverage: California}}",
            ),
            "visits.yaml",
        )
        said = PortalMetadata(department="Department", contact_email="open-data@dept.example")
        write_documents(tmp_path / "staged", contract, rulebook, facts, defaults=said)
        described = json.loads((tmp_path / "staged" / "datapackage.json").read_text())
        assert described["contributors"] == [
            {"title": "Department", "email": "open-data@dept.example", "path": "https://dept.example/",
             "roles": ["publisher"]},
        ]  # fmt: skip
        assert described["licenses"] == [
            {
                "name": "CC-BY-4.0",
                "path": "https://creativecommons.org/licenses/by/4.0/",
                "title": "Creative Commons Attribution 4.0 International",
            }
        ]
        assert described["sources"] == [{"title": "Survey", "path": "https://dept.example/raw"}]
        assert described["keywords"] == ["visits", "county"]
        assert described["temporal"] == {"start": "2020-01-01", "end": "2021-12-31"}
        report = Package(str(tmp_path / "staged" / "datapackage.json")).validate()
        assert report.valid, report.flatten(["type", "note"])

    def test_says_nothing_that_nobody_told(self, package):
        described = json.loads((package / "datapackage.json").read_text())
        assert set(described) == {"$schema", "name", "title", "description", "resources", "keywords"}

    @pytest.mark.parametrize(
        ("old", "new"),
        [("\n001,", "\n1,"), (",140,", ",many,"), ("\n005,Amador", "\n003,Alpine"), ("county_fips,", "fips,")],
        ids=["leading zero lost", "text in a count", "key twice", "column renamed"],
    )
    def test_catches_what_a_careless_program_does(self, old, new, package):
        path = package / "visits-by-county.csv"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        described = package / "datapackage.json"
        plain = json.loads(described.read_text())
        for key in ("hash", "bytes"):  # what is left is what the schema alone finds
            del plain["resources"][0][key]
        described.write_text(json.dumps(plain))
        assert not Package(str(described)).validate().valid

    def test_digits_keep_their_width_where_the_list_is_too_long_to_give(self, contract, rulebook, table):
        import pandas as pd

        from ddg_pipeline.publishing.columns import ColumnWriter
        from ddg_pipeline.publishing.data_package import data_package

        many = pd.DataFrame({"county_fips": [f"{number:05}" for number in range(600)]}, dtype="str")
        column = ColumnWriter(contract, rulebook, masked=True, reasons_shown=True).describe("county_fips")
        described = data_package(contract, package_names(contract), [column], b"", many, "")
        (field,) = described["resources"][0]["schema"]["fields"]
        assert field["constraints"] == {"pattern": "[0-9]{5}", "required": True}


class TestWhatTheReportMayTell:
    def test_a_term_that_depends_on_the_smallest_count_is_withheld(self, facts, rulebook):
        public = public_assessment(facts, rulebook, "visits")
        term = next(term for term in public.terms if term.variable == "interactions")
        assert term.score is None
        assert public.total is None
        assert "14" not in json.dumps(dataclasses.asdict(public))
        assert "5 or more" not in json.dumps(dataclasses.asdict(public))

    def test_a_term_for_crossed_variables_is_told(self, facts, rulebook):
        score = json.loads(json.dumps(ASSESSMENT["score"]))
        score["terms"][2] |= {"found": "age, sex", "score": 2}
        public = public_assessment(
            dataclasses.replace(facts, assessment={**ASSESSMENT, "score": score}), rulebook, "visits"
        )
        assert public.total == 14
        assert public.terms[2].score == 2

    def test_an_unmasked_table_tells_everything(self, facts, rulebook):
        released = {**ASSESSMENT, "decision": "release"}
        public = public_assessment(dataclasses.replace(facts, assessment=released), rulebook, "visits")
        assert (public.total, public.terms[2].score) == (14, -5)

    def test_a_masked_table_with_nothing_small_says_that_nothing_had_to_be_hidden(self, contract, rulebook, facts):
        page = report_html(contract, rulebook, facts)
        assert "The table is released with suppression." in page
        none = {name: dataclasses.replace(counts, small=0, complementary=0) for name, counts in facts.masking.items()}
        page = report_html(contract, rulebook, dataclasses.replace(facts, masking=none))
        assert "The table is released with suppression." not in page
        assert "Nothing in it had to be hidden." in page

    def test_how_many_cells_are_small_is_withheld_where_reasons_are(self, contract, rulebook, facts):
        silent = dataclasses.replace(facts, reasons_shown=False)
        assert "17 of 99" in report_html(contract, rulebook, facts)
        assert "17 of 99" not in report_html(contract, rulebook, silent)
        cells = public_cells(contract, Counts(), reasons_shown=False)
        assert (cells.suppressed, cells.small, cells.complementary) == (2, None, None)

    def test_a_share_of_people_is_left_out_where_no_total_is_known(self, contract):
        flat = {name: one.model_copy(update={"additive": False}) for name, one in contract.dimensions.items()}
        cells = public_cells(contract.model_copy(update={"dimensions": flat}), Counts(), reasons_shown=True)
        assert cells.share_of_counts == "not shown"

    def test_a_share_that_rounds_to_nothing_is_not_called_nothing(self, contract):
        assert public_cells(contract, Counts(), reasons_shown=True).share_of_counts == "<1 %"
        assert public_cells(contract, Counts(small=0, complementary=0), reasons_shown=True).share_of_counts == "0 %"

    @pytest.mark.parametrize("part", ["score", "steps"])
    def test_a_missing_part_is_an_error(self, part, facts, rulebook):
        lacking = {key: value for key, value in ASSESSMENT.items() if key != part}
        with pytest.raises(InputError, match=part):
            public_assessment(dataclasses.replace(facts, assessment=lacking), rulebook, "visits")

    def test_an_unclear_decision_counts_as_masked(self, facts):
        assert dataclasses.replace(facts, assessment={**ASSESSMENT, "decision": "?"}).masked


class TestTheReportPage:
    def test_shows_steps_scores_masking_audit_and_gate(self, package, contract):
        page = (package / "report.html").read_text()
        for text in (
            "Visits by county &amp; year",
            "Personal characteristics",
            "residence geography",
            AUDIT["summary"],
            AUDIT["notes"][0],
            "at least 3 possible values",
        ):
            assert text in page
        assert json.loads((package / "report.json").read_text())["gate"]["sha256"] in page

    def test_tells_cells_notes_and_safe_harbor_and_no_note_that_rests_on_counts(self, package):
        page = (package / "report.html").read_text()
        assert "Look at the county." in page
        assert "One count is above another." not in page
        assert ASSESSMENT["safe_harbor"].split(":")[0] in page
        assert re.search(r"<code>cases</code></th>\s*<td class=.number.>99</td>\s*<td class=.number.>17</td>", page)

    def test_tells_what_an_overlay_says_otherwise_with_its_source(self, contract, rulebook, facts):
        override = {
            "entry": "thresholds.numerator", "before": "lower: 1; upper: 10", "after": "lower: 1; upper: 9",
            "source": "A <standard> of 2018", "reason": "Counts under ten.", "by": "somewhere",
        }  # fmt: skip
        edition = ASSESSMENT["edition"] | {"extends": "calhhs-ddg-2.0", "overrides": [override]}
        other = dataclasses.replace(facts, assessment={**ASSESSMENT, "edition": edition})
        page = report_html(contract, rulebook, other)
        assert "thresholds.<wbr>numerator" in page
        assert "A &lt;standard&gt; of 2018" in page
        assert "What the rulebook says otherwise" not in report_html(contract, rulebook, facts)

    def test_can_be_read_by_machines_that_read_aloud(self, package):
        """A language, a header for every column and row, a name for every region, and links that lead somewhere."""
        page = (package / "report.html").read_text()
        assert '<html lang="en">' in page
        for head in re.findall(r"<thead>.*?</thead>", page, re.DOTALL):
            assert head.count("<th ") == head.count('scope="col"') > 0
        assert page.count("<table>") == page.count("<caption>") == page.count('role="region"')
        for place in re.findall(r'href="#([a-z]+)"', page):
            assert f'id="{place}"' in page
        assert page.count("<h1>") == 1

    def test_keeps_a_section_on_one_line_with_its_guideline(self, package):
        page = (package / "report.html").read_text()
        assert "DDG 2.0 §" not in page.replace("DDG\u00a02.0\u00a0§", "")

    def test_says_so_where_nobody_has_to_approve(self, contract, rulebook, facts):
        waits, nobody = (
            report_html(contract, rulebook, dataclasses.replace(facts, approval_required=required))
            for required in (True, False)
        )
        assert "pending" in waits
        assert "pending" not in nobody
        assert "No approval is required: `review.roles` in ddg.yaml is empty" in nobody
        assert "No approval is required" not in waits

    def test_can_be_mailed_alone_because_every_link_stays_on_the_page(self, package):
        page = (package / "report.html").read_text()
        places = re.findall(r"""(?:href|src)=["']?([^"'\s>]*)""", page)
        assert places
        assert [place for place in places if f'id="{place.removeprefix("#")}"' not in page] == []

    def test_asks_for_nothing_from_outside(self, package):
        page = (package / "report.html").read_text()
        assert not re.search(r"(src|url|@import)\s*[=(]|href=\"(?!#)|https?://|<script", page)

    def test_keeps_what_the_audit_found_out_to_itself(self, package):
        assert not any(b"8675309" in path.read_bytes() for path in package.iterdir())

    def test_escapes_titles(self, contract, rulebook, facts):
        hostile = contract.model_copy(update={"title": "<script>alert(1)</script>{{ 7*7 }}"})
        page = report_html(hostile, rulebook, facts)
        assert "<script>" not in page
        assert "{{ 7*7 }}" in page
