"""What a draft makes of a table: the role of each column, and the stricter reading where nobody can know."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.drafting import Draft, draft_contract
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import load_rulebook

RULEBOOK = load_rulebook("calhhs-ddg-2.0")
COUNTIES = ["Alameda", "Alpine", "Butte", "Fresno"]


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({name: list(map(str, values)) for name, values in columns.items()})


def drafted(frame: pd.DataFrame, **options) -> Draft:
    return draft_contract(frame, "cases", "Cases", RULEBOOK, place="cases.csv", **options)


def roles(draft: Draft) -> dict[str, str]:
    return {column.name: column.role for column in draft.columns}


def said_of_all(draft: Draft) -> str:
    return " ".join(one.text for remarks in draft.general.values() for one in remarks)


def said(draft: Draft, column: str) -> str:
    return " ".join(one.text for found in draft.columns if found.name == column for one in found.remarks)


BY_COUNTY = table(county=[*COUNTIES, "California"], population=[1682353, 1204, 211632, 1008654, 2903843],
                  cases=[40, 12, 25, 33, 110])  # fmt: skip


class TestDimensions:
    def test_counties_with_their_state_as_the_total(self):
        draft = drafted(BY_COUNTY)
        assert draft.contract["dimensions"] == {"county": {"variable": "residence_geography", "total": "California"}}
        assert "'California' is the sum of its parts" in said(draft, "county")

    def test_a_total_that_is_less_than_its_parts_is_asked_about(self):
        assert "the parts are more than 'California'" in said(
            drafted(BY_COUNTY.assign(cases=[40, 12, 25, 33, 90])), "county"
        )

    def test_a_total_that_counts_more_people_is_asked_about(self):
        assert "counts people beyond its parts" in said(
            drafted(BY_COUNTY.assign(cases=[40, 12, 25, 33, 130])), "county"
        )

    def test_age_groups_that_consist_of_others(self):
        draft = drafted(table(age=["0-4", "5-17", "0-17", "18+", "All ages"], deaths=[20, 30, 50, 60, 110]))
        assert draft.contract["dimensions"]["age"] == {
            "variable": "age", "total": "All ages", "hierarchy": {"tree": {"0-17": ["0-4", "5-17"]}},
        }  # fmt: skip

    def test_age_groups_that_overlap_are_asked_about_and_make_no_hierarchy(self):
        draft = drafted(table(age=["0-17", "15-24", "25+"], deaths=[20, 30, 50]))
        assert draft.contract["dimensions"]["age"] == {"variable": "age"}
        assert "overlap" in said(draft, "age")

    @pytest.mark.parametrize(
        ("column", "labels", "variable"),
        [
            ("sex", ["Female", "Male"], "sex"),
            ("group", ["Female", "Male"], "sex"),
            ("race", ["White", "Black", "Asian"], "race"),
            ("race", ["White", "Latino", "Asian"], "race_ethnicity"),
            ("year", ["2022", "2023"], "time"),
            ("reported", ["2023 Q1", "2023 Q2"], "time"),
            ("age_group", ["0-17", "18-64", "65+"], "age"),
            ("county_fips", ["001", "003"], "residence_geography"),
            ("zip", ["94110", "94112"], "residence_geography"),
            ("disease", ["Measles", "Mumps"], "other"),
        ],
    )
    def test_a_variable_is_told_by_name_and_labels(self, column, labels, variable):
        draft = drafted(table(**{column: labels, "cases": [20, 30]}) if len(labels) == 2 else
                        table(**{column: labels, "cases": [20, 30, 40]}))  # fmt: skip
        assert draft.contract["dimensions"][column]["variable"] == variable

    def test_places_of_unknown_size_keep_the_table_from_being_scored(self):
        draft = drafted(table(city=["Springfield", "Shelbyville"], cases=[20, 30]))
        assert draft.assessment is None
        assert "how many people live in each place?" in said(draft, "city")

    def test_labels_for_not_known_are_listed_and_a_gap_is_asked_about(self):
        draft = drafted(table(sex=["Female", "Male", "Unknown", ""], cases=[20, 30, 40, 50]))
        assert draft.contract["dimensions"]["sex"]["unknown"] == ["Unknown"]
        assert "some rows hold nothing" in said(draft, "sex")

    def test_a_code_beside_a_name_is_left_out(self):
        draft = drafted(table(county=["Alameda", "Alpine"] * 2, county_fips=["001", "003"] * 2,
                              sex=["Female", "Female", "Male", "Male"], cases=[20, 30, 40, 50]))  # fmt: skip
        assert roles(draft)["county_fips"] == "left out"
        assert list(draft.contract["dimensions"]) == ["county", "sex"]

    def test_a_time_of_day_is_none_and_is_asked_about(self):
        draft = drafted(BY_COUNTY.assign(updated=[f"2025-07-14 0{n}:05" for n in range(5)]))
        assert roles(draft)["updated"] == "left out"
        assert any(question.startswith("updated: left out") for question in draft.questions)

    def test_what_is_the_same_in_every_row_is_scope(self):
        draft = drafted(BY_COUNTY.assign(year="2024", sex="Female"))
        assert draft.contract["scope"] == [
            {"variable": "time", "period": "year"},
            {"variable": "sex", "label": "Female"},
        ]


class TestMeasures:
    def test_a_rate_is_recognised_by_arithmetic(self):
        frame = BY_COUNTY.assign(rate=["2.4", "996.7", "11.8", "3.3", "3.8"])
        assert drafted(frame).contract["measures"]["rate"] == {
            "kind": "rate", "numerator": "cases", "denominator": "population", "per": 100_000, "decimals": 1,
        }  # fmt: skip

    def test_a_rate_of_nothing_in_the_table_is_left_out(self):
        draft = drafted(BY_COUNTY.assign(adjusted_rate=["1.1", "2.2", "3.3", "4.4", "5.5"]))
        assert roles(draft)["adjusted_rate"] == "left out"
        assert "adjusted_rate" in draft.left_out

    def test_a_population_with_small_figures_is_taken_for_a_count(self):
        small = drafted(BY_COUNTY.assign(population=["9", "1204", "211632", "1008654", "2903843"]))
        assert small.contract["measures"]["population"] == {"kind": "count"}
        assert "population" not in small.contract["measures"]["cases"] or small.contract["measures"]["cases"] == {
            "kind": "count"
        }

    def test_events_without_people_are_no_count_of_people(self):
        with pytest.raises(InputErrors, match="none that counts people"):
            drafted(table(county=COUNTIES, visits=[20, 30, 40, 50]))

    def test_events_beside_people_are_governed_by_them(self):
        draft = drafted(table(county=COUNTIES, visits=[20, 30, 40, 50], patients=[12, 13, 14, 15]))
        assert draft.contract["measures"]["visits"] == {"kind": "count", "unit": "events", "individuals": "patients"}

    def test_a_column_can_be_said_to_count_people(self):
        draft = drafted(table(county=COUNTIES, visits=[20, 30, 40, 50]), people=["visits"])
        assert draft.contract["measures"] == {"visits": {"kind": "count"}}

    def test_a_number_of_nothing_known_is_left_out(self):
        draft = drafted(BY_COUNTY.assign(beds=["300", "20", "100", "200", "620"]))
        assert roles(draft)["beds"] == "left out"

    def test_relations_between_counts_are_found(self):
        frame = table(county=[*COUNTIES, "Kern", "Kings", "Lake"], male_cases=[1, 7, 3, 4, 9, 2, 8],
                      female_cases=[5, 2, 8, 1, 3, 6, 2], cases=[6, 9, 11, 5, 12, 8, 10])  # fmt: skip
        assert drafted(frame).contract["identities"] == ["male_cases + female_cases = cases"]

    def test_marks_in_place_of_figures_are_asked_about(self):
        assert "masked already" in said(drafted(BY_COUNTY.assign(cases=["40", "*", "25", "33", "110"])), "cases")


class TestIdentifiers:
    @pytest.mark.parametrize(
        ("column", "values"),
        [
            ("patient_name", ["Ann Lee", "Bob Ray", "Cy Dow", "Di Fox"]),
            ("ssn", ["123-45-6789", "223-45-6789", "323-45-6789", "423-45-6789"]),
            ("contact", ["a@b.example", "c@d.example", "e@f.example", "g@h.example"]),
        ],
    )
    def test_are_refused_and_never_quoted(self, column, values):
        draft = drafted(table(county=COUNTIES, cases=[20, 30, 40, 50], **{column: values}))
        assert roles(draft)[column] == "left out"
        assert not any(value in json.dumps(draft.to_json_dict()) for value in values)

    def test_single_ages_over_what_may_be_told_apart_are_refused(self):
        ages = [str(age) for age in range(60, 100)]
        draft = drafted(table(sex=["Female"] * 40 + ["Male"] * 40, age=ages * 2, deaths=range(20, 100)))
        assert roles(draft)["age"] == "left out"


class TestWhatNoColumnTells:
    def test_time_and_place_are_taken_for_the_riskiest(self):
        draft = drafted(table(sex=["Female", "Male"], cases=[20, 30]))
        assert draft.contract["scope"] == [
            {"variable": "time", "period": "day"}, {"variable": "residence_geography", "population": 4000},
        ]  # fmt: skip
        assert len(draft.general["scope"]) == 2

    def test_the_score_is_no_lower_than_with_the_true_answer(self):
        draft = drafted(table(sex=["Female", "Male"], cases=[20, 30]))
        answered = dict(draft.contract) | {
            "scope": [
                {"variable": "time", "period": "year"},
                {"variable": "residence_geography", "population": 39538223},
            ]
        }
        from ddg_pipeline.assessment import assess
        from ddg_pipeline.contract import bind

        frame = table(sex=["Female", "Male"], cases=[20, 30])
        true = assess(bind(parse_contract(answered, "x"), frame), RULEBOOK)
        assert draft.assessment.tables[0].total > true.tables[0].total


class TestRecords:
    FRAME = table(case_id=[f"C-{n}" for n in range(60)], reported=["01/15/2024", "12/31/2023", "02/01/2024"] * 20,
                  county=["Alameda", "Fresno"] * 30, sex=["Female", "Male", "Male"] * 20,
                  age=list(range(20, 80)))  # fmt: skip

    def test_are_counted_by_year_and_few_groups(self):
        draft = drafted(self.FRAME)
        assert draft.records is not None
        assert list(draft.contract["dimensions"]) == ["county", "sex", "year"]
        assert draft.contract["measures"] == {"people": {"kind": "count"}}

    def test_with_a_time_of_day_are_counted_as_those_with_a_day(self):
        timed = self.FRAME.assign(reported=self.FRAME["reported"] + " 23:05")
        assert drafted(timed).to_json_dict() == drafted(self.FRAME).to_json_dict()

    def test_are_told_from_groups_by_a_time_of_day_alone(self):
        frame = table(arrival=[f"2025-07-14 {n:02}:05" for n in range(20)], sex=["Female", "Male"] * 10,
                      cost=range(100, 120))  # fmt: skip
        assert drafted(frame).records.year_of == "arrival"

    def test_are_counted_by_a_day_that_differs_and_not_by_that_of_the_extract(self):
        frame = self.FRAME.assign(extracted="03/01/2024")
        frame = frame[["case_id", "extracted", "reported", "county", "sex", "age"]]
        assert drafted(frame).records.year_of == "reported"
        assert drafted(frame.drop(columns="reported")).records.year_of == "extracted"  # better than none, and asked

    def test_a_day_of_birth_is_left_out_for_what_it_tells(self):
        born = self.FRAME.assign(date_of_birth=[f"{1 + n % 28:02}/01/1960" for n in range(60)])
        assert "identifies people" in said(drafted(born), "date_of_birth")
        assert "identifies people" not in said(drafted(born), "reported")

    def test_leave_out_single_ages_and_numbers_of_records(self):
        draft = drafted(self.FRAME)
        assert {"case_id", "age", "reported"} <= set(draft.left_out)

    def test_count_persons_where_a_column_tells_them_apart(self):
        frame = self.FRAME.assign(patient_id=[f"P{n % 100}" for n in range(60)])
        frame = pd.concat([frame] * 2, ignore_index=True).assign(patient_id=[f"P{n % 100}" for n in range(120)])
        assert drafted(frame).records.person == "patient_id"


class TestTheTable:
    def test_without_names_of_columns_is_refused_without_quoting_its_first_row(self):
        frame = pd.DataFrame([["7", "8"]], columns=["Alameda", "5"])
        with pytest.raises(InputErrors, match="is the first line missing") as refused:
            drafted(frame)
        assert "5" not in str(refused.value)

    def test_without_rows_is_refused(self):
        with pytest.raises(InputErrors, match="rows: found none"):
            drafted(BY_COUNTY.iloc[:0])


names = st.sampled_from(["county", "sex", "age_group", "year", "region", "disease", "cases", "deaths", "visits",
                         "rate_1", "population", "amount_paid", "percent", "beds", "note", "date", "zip"])  # fmt: skip
cells = st.one_of(
    st.integers(0, 30).map(str),
    st.sampled_from(["", "Alameda", "Total", "Female", "0-17", "65+", "2024", "no", "*", "1,234"]),
)


@st.composite
def tables(draw) -> pd.DataFrame:
    columns = draw(st.lists(names, min_size=2, max_size=6, unique=True))
    rows = draw(st.integers(2, 12))
    return pd.DataFrame({name: draw(st.lists(cells, min_size=rows, max_size=rows)) for name in columns})


class TestAnyTable:
    @settings(max_examples=25, deadline=None)
    @given(frame=tables())
    def test_gives_a_valid_contract_of_its_own_columns_or_is_bad_input(self, frame):
        try:
            draft = drafted(frame)
        except InputErrors:
            return
        contract = parse_contract(draft.contract, "draft")
        made = set() if draft.records is None else {"people", draft.records.year}
        assert set(contract.columns) <= set(frame.columns) | made
        assert set(draft.left_out).isdisjoint(contract.columns)
        assert set(frame.columns) <= set(roles(draft))

    @settings(max_examples=8, deadline=None)
    @given(counts=st.lists(st.integers(1, 10), min_size=4, max_size=4, unique=True), extra=st.booleans())
    def test_no_figure_of_a_count_is_told(self, counts, extra):
        marked = [7_310_000 + count for count in counts]  # figures that nothing else can be
        frame = table(county=COUNTIES, cases=marked, **({"population": [9, *marked[1:]]} if extra else {}))
        text = json.dumps(drafted(frame).to_json_dict())
        assert not re.search("731000", text)


class TestNumbersOfRecordsAndPeople:
    ROWS = 60

    def records(self, name, numbers):
        return table(**{name: numbers, "county": [COUNTIES[row % 3] for row in range(self.ROWS)],
                        "sex": [("F", "M")[row % 2] for row in range(self.ROWS)]})  # fmt: skip

    @pytest.mark.parametrize(
        "name",
        ["report_no", "case_number", "CaseNo", "record_id", "mrn", "specimen_no", "accession_number", "incidentid"],
    )  # fmt: skip
    @pytest.mark.parametrize("form", ["{}", "R-{}"])
    @pytest.mark.parametrize("records_each", [1, 2])
    def test_are_left_out_with_the_reason(self, name, form, records_each):
        numbers = [form.format(100_000 + 7 * (row // records_each)) for row in range(self.ROWS)]
        draft = drafted(self.records(name, numbers))
        assert roles(draft)[name] == "left out"
        (remark,) = next(one.remarks for one in draft.columns if one.name == name)
        assert remark.kind == "refused"
        assert re.match("numbers records or people|identifies people", remark.text)

    def test_are_left_out_of_a_table_of_counts_too(self):
        counts = self.records("report_no", range(self.ROWS)).assign(cases=[str(20 + row) for row in range(self.ROWS)])
        draft = drafted(counts)
        assert roles(draft) == {"report_no": "left out", "county": "dimension", "sex": "dimension", "cases": "measure"}

    def test_that_are_identifiers_by_their_name_are_so_where_they_look_like_figures(self):
        draft = drafted(self.records("ssn", [100_000_000 + 7919 * row for row in range(self.ROWS)]))
        assert "identifies people" in said(draft, "ssn")

    def test_are_not_taken_for_them_where_few_name_groups(self):
        draft = drafted(self.records("district_no", [1 + row % 3 for row in range(self.ROWS)]))
        assert not any(one.kind == "refused" for column in draft.columns for one in column.remarks)


class TestNotesUnderATable:
    GROUPS = (("Alameda", "Female", 40), ("Alameda", "Male", 31), ("Butte", "Female", 22), ("Butte", "Male", 19))

    def draft(self, *more):
        rows = [*self.GROUPS, *more]
        return drafted(pd.DataFrame([list(map(str, row)) for row in rows], columns=["county", "sex", "cases"]))

    @pytest.mark.parametrize("note", [("Source: registry", "", ""), ("", "", "")])
    def test_are_asked_about(self, note):
        assert "as notes under a table do" in said_of_all(self.draft(note))

    def test_are_not_what_a_row_is_whose_figure_is_missing(self):
        assert "notes" not in said_of_all(self.draft(("Fresno", "Male", "")))

    def test_cannot_be_told_in_two_columns(self):
        frame = table(county=["Alameda", "Butte", "Fresno"], cases=[40, 12, ""])
        assert "notes" not in said_of_all(drafted(frame))
