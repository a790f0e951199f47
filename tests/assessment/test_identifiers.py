from typing import ClassVar

import pandas as pd
import pytest

from ddg_pipeline.assessment.identifiers import find_direct_identifiers, refuse_direct_identifiers
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors, RefusedError

COUNTY = ({"variable": "residence_geography", "population": 900_000}, ["A", "B"])


def named(column, variable="other"):
    declared = {"variable": variable}
    if variable == "time":
        declared["period"] = "day"
    if variable == "service_geography":
        declared["population"] = 900_000
    return {column: (declared, ["x", "y"])}


def contract(dimensions, measures=None, **keys):
    raw = {"release": "r", "title": "t", "dimensions": dimensions, "measures": measures or {"n": {"kind": "count"}}}
    return parse_contract(raw | keys, "c")


class TestRefusedColumns:
    @pytest.mark.parametrize(
        "column",
        [
            "ssn", "SSN", "Name", "name", "first_name", "PatientName", "email", "E-Mail", "email_address", "phone",
            "home_phone", "Phone Number", "fax", "mrn", "MRN", "medical_record_number", "date_of_birth", "DateOfBirth",
            "DOB", "dateofbirth", "birth_date", "address", "Street Address", "member_id", "person_id", "ip_address",
            "url", "license_number", "vin", "photo", "account number", "latitude", "date_of_death", "zip4",
            "zip_plus_4", "case_notes", "narrative", "comments", "patient_ssn4", "pt_dob1", "dob1", "dob_2", "BirthDt",
            "Certificate No", "AccountNo", "case_number", "Medicare ID", "medi_cal_id", "serial_no", "initials",
            "date_admitted", "onset_date", "street_name", "gps", "X_coord", "participant_id", "mobile_no",
        ],
    )  # fmt: skip
    def test_a_dimension_named_like_an_identifier(self, assessed, column):
        with pytest.raises(RefusedError, match=r"direct identifiers: .*DDG 2\.0 §3 Figure 1") as caught:
            assessed({"county": COUNTY, **named(column)})
        assert column in str(caught.value)
        assert caught.value.exit_code == 1

    @pytest.mark.parametrize(
        "column",
        [
            "county_name", "disease_name", "facility_name", "plan", "age", "death_county", "rename", "addressed_need",
            "cause_of_death", "telephonic", "Dobson_area", "named_condition", "zip_code", "note_type",
            "dose2", "phase_1", "ipv4", "plan1", "case_status", "claim_type", "test_result", "plan_id",
            "Street_Medicine", "death_certificate", "year_of_visit",
        ],
    )  # fmt: skip
    def test_a_dimension_with_a_harmless_name(self, assessed, column):
        assert assessed({"county": COUNTY, **named(column)}).steps[0].result == "yes"

    def test_all_columns_are_named_at_once(self, assessed):
        with pytest.raises(RefusedError, match=r"ssn \(social.*dob \(dates of birth"):
            assessed({"county": COUNTY, **named("ssn"), **named("dob")})

    def test_an_abbreviation_keeps_its_capitals(self, assessed):
        with pytest.raises(RefusedError, match=r"zip4 \(ZIP codes finer"):
            assessed({"county": COUNTY, **named("zip4")})

    def test_a_measure_is_refused_by_its_whole_name_only(self, assessed):
        count = {"kind": "count", "unit": "individuals"}
        with pytest.raises(RefusedError, match="person_id"):
            assessed({"county": COUNTY}, measures={"person_id": count})
        assert assessed({"county": COUNTY}, measures={"telephone_visits": count}).decision == "release"

    def test_the_date_of_an_event_may_be_the_time_of_a_table(self, assessed):
        assert assessed(named("date_of_death", "time")).steps[0].result == "yes"
        with pytest.raises(RefusedError, match="date_of_birth"):
            assessed(named("date_of_birth", "time"))

    def test_the_address_of_a_service_is_no_identifier(self, assessed):
        assert assessed(named("street_address", "service_geography")).steps[0].result == "yes"

    def test_providers_may_be_named_but_not_by_their_social_security_number(self, assessed):
        assert assessed(named("name"), personal_characteristics=False).decision == "release"
        with pytest.raises(RefusedError, match="ssn"):
            assessed(named("ssn"), personal_characteristics=False)


class TestTheRefusal:
    """One error tells everything, and not one value."""

    FRAME = pd.DataFrame(
        {
            "ssn": ["123-45-6789", "987-65-4321"],
            "code": ["Flu", "415-555-0123"],
            "city": ["Smith, John", "Davis"],
            "n": [12, 30],
        }
    )
    CONTRACT = contract({name: {"variable": "other"} for name in ("ssn", "code", "city")})

    @pytest.fixture
    def message(self, rulebook):
        with pytest.raises(RefusedError) as caught:
            refuse_direct_identifiers(self.FRAME, self.CONTRACT, rulebook)
        return str(caught.value)

    def test_lists_names_and_contents_together(self, message):
        assert "ssn (social security numbers; DDG 2.0 §3 Figure 1)" in message
        assert "code (1 of 2 labels looks like a telephone number, first in row 2: ###-###-####;" in message
        assert (
            "city (1 of 2 labels looks like a person's name, last name first, first in row 1: Xxxxx, Xxxx;" in message
        )

    def test_quotes_no_label(self, message):
        for value in ("123-45", "6789", "415", "0123", "Smith", "John", "Davis", "Flu", "12", "30"):
            assert value not in message

    def test_says_what_to_do(self, message):
        assert "Leave the column out and aggregate over it" in message

    def test_a_long_text_is_not_shown_whole(self, rulebook):
        frame = pd.DataFrame({"code": ["He came to the clinic with his mother on Friday 3rd"], "n": [12]})
        (finding,) = find_direct_identifiers(frame, contract({"code": {"variable": "other"}}), rulebook)
        assert finding.identifier == "free_text"
        assert finding.form == "Xx xxxx xx xxx xxxxxx xx…"

    def test_the_advice_for_ages(self, rulebook):
        frame = pd.DataFrame({"age": ["0-89", "90-94", "95+"], "n": [12, 30, 12]})
        with pytest.raises(RefusedError, match=r"1 of 3 labels looks like .*first in row 2: ##-##.* 90\+\.$"):
            refuse_direct_identifiers(frame, contract({"age": {"variable": "age"}}), rulebook)

    def test_nothing_is_raised_for_a_table_of_groups(self, rulebook):
        frame = pd.DataFrame({"age": ["0-64", "65+"], "n": [12, 30]})
        refuse_direct_identifiers(frame, contract({"age": {"variable": "age"}}), rulebook)

    def test_a_label_that_is_no_age_band_is_not_shown(self, assessed):
        with pytest.raises(InputErrors) as caught:
            assessed({"age": ({"variable": "age"}, ["0-17", "maria garcia"])})
        assert "a label of the form 'xxxxx xxxxxx', which is no age band" in str(caught.value)
        with pytest.raises(InputErrors, match="found '5 x 7', which is no age band"):
            assessed({"age": ({"variable": "age"}, ["0-17", "5 x 7"])})

    @pytest.mark.parametrize("first", ["123-45-6789", "7", "7.1", "1e5", "3/4/50", "4Mar50", "Smith, John", "a@b.org"])
    def test_a_first_row_in_place_of_names_is_not_shown(self, first):
        table = pd.DataFrame([["x", 12]], columns=[first, "code"])
        with pytest.raises(InputErrors) as caught:
            bind(self.CONTRACT, table)
        assert first not in str(caught.value).replace("(column 1)", "")
        assert "a column whose name looks like data (column 1), which the contract does not declare" in str(
            caught.value
        )

    def test_nor_where_it_is_there_twice(self):
        with pytest.raises(InputErrors) as caught:
            bind(self.CONTRACT, pd.DataFrame([["x", "y"]], columns=["999-11", "999-11"]))
        assert "999" not in str(caught.value)
        assert "a column whose name looks like data (column 1) more than once" in str(caught.value)


class TestWhatIsLookedAt:
    @pytest.fixture
    def found(self, rulebook):
        def find(frame, dimensions, **keys):
            findings = find_direct_identifiers(pd.DataFrame(frame), contract(dimensions, **keys), rulebook)
            return {(one.column, one.identifier) for one in findings}

        return find

    GROUP: ClassVar = {"group": {"variable": "other"}}

    def test_a_number_is_read_like_text(self, found):
        assert found({"group": [123456789, 234567891], "n": [12, 30]}, self.GROUP) == {
            ("group", "social_security_number")
        }

    def test_a_date_is_read_whatever_its_type(self, found):
        dates = pd.to_datetime(["1950-02-03", "1951-04-05"])
        assert found({"group": dates, "n": [12, 30]}, self.GROUP) == {("group", "date")}
        assert found({"group": dates.date, "n": [12, 30]}, self.GROUP) == {("group", "date")}
        assert found({"group": pd.Categorical(["3/4/1950", "x"]), "n": [12, 30]}, self.GROUP) == {("group", "date")}

    def test_gaps_are_no_labels(self, found):
        assert found({"group": [None, float("nan"), "", " "], "n": [12, 30, 12, 12]}, self.GROUP) == set()

    def test_labels_for_everybody_and_for_nobody_do_not_hide_the_others(self, found):
        """Most of the rest look like dates, though they are few beside the total."""
        group = {"group": {"variable": "other", "total": "All", "unknown": ["n/a"]}}
        assert found({"group": ["19500203", "All", "n/a", "Unknown"], "n": [12] * 4}, group) == {("group", "date")}

    def test_a_column_that_the_contract_does_not_know(self, found):
        frame = {"group": ["a", "b"], "n": [12, 30], "extra": ["", "a@example.org"]}
        assert found(frame, self.GROUP) == {("extra", "email")}

    def test_statistics_given_as_text(self, found):
        measures = {"n": {"kind": "count"}, "rate": {"kind": "rate", "numerator": "n"}}
        frame = {"group": ["a", "b"], "n": ["12", "415-555-0123"], "rate": ["1.5", "jane@example.org"]}
        assert found(frame, self.GROUP, measures=measures) == {("n", "telephone"), ("rate", "email")}

    def test_counts_may_have_any_digits(self, found):
        assert found({"group": ["a", "b"], "n": [123456789, 19500203]}, self.GROUP) == set()
        assert found({"group": ["a", "b"], "n": ["123456789", "19,500,203"]}, self.GROUP) == set()

    def test_longitudes_among_the_statistics(self, found):
        measures = {"n": {"kind": "count"}, "x": {"kind": "mean", "individuals": "n"}}
        frame = {"group": ["a", "b"], "n": [12, 30], "x": [-121.4944, -118.2437]}
        assert found(frame, self.GROUP, measures=measures) == {("x", "coordinates")}
        frame["x"] = [121.4944, -118.2]
        assert found(frame, self.GROUP, measures=measures) == set()

    def test_a_table_without_some_columns_yet(self, found):
        assert found({"group": ["a@example.org"]}, self.GROUP) == {("group", "email")}

    def test_the_same_table_gives_the_same_findings(self, found):
        frame = {"group": ["a@example.org", "3/4/1950", "415-555-0123"], "n": [12] * 3}
        assert found(frame, self.GROUP) == found(frame, self.GROUP)


class TestProviders:
    FRAME = pd.DataFrame(
        {
            "facility": ["Clinic one", "Clinic two"],
            "contact": ["415-555-0123", "12 Main St, Fresno"],
            "tax": ["123-45-6789", "Unknown"],
            "n": [12, 30],
        }
    )
    DIMENSIONS: ClassVar = {
        "facility": {"variable": "service_geography", "population": 900_000},
        "contact": {"variable": "other"},
        "tax": {"variable": "other"},
    }

    @pytest.mark.parametrize("keys", [{"subject": "providers"}, {"personal_characteristics": False}])
    def test_their_telephone_and_address_are_public(self, rulebook, keys):
        found = find_direct_identifiers(self.FRAME, contract(self.DIMENSIONS, **keys), rulebook)
        assert [one.column for one in found] == ["tax"]

    def test_those_of_people_are_not(self, rulebook):
        found = find_direct_identifiers(self.FRAME, contract(self.DIMENSIONS), rulebook)
        assert [(one.column, one.identifier) for one in found] == [
            ("contact", "street_address"), ("contact", "telephone"), ("tax", "social_security_number"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "column",
        [
            "patient_name", "PatientName", "patientname", "home_address", "drivers_license", "driversLicense",
            "decedent", "decedent_name", "patient_phone", "member_name", "clinic_patient_phone", "maiden_name",
            "clients_email",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize(
        "keys", [{"subject": "providers"}, {"personal_characteristics": False}, {"subject": "projected_budget"}]
    )
    def test_nothing_of_a_person_is_public(self, rulebook, column, keys):
        frame = pd.DataFrame({column: ["x", "y"], "n": [12, 30]})
        found = find_direct_identifiers(frame, contract({column: {"variable": "other"}}, **keys), rulebook)
        assert [(one.column, one.by) for one in found] == [(column, "name")]

    def test_nor_what_stands_in_a_column_about_people(self, rulebook):
        frame = pd.DataFrame({"member_contact": ["415-555-0123", "12 Main St"], "n": [12, 30]})
        declared = contract({"member_contact": {"variable": "other"}}, subject="providers")
        assert {one.identifier for one in find_direct_identifiers(frame, declared, rulebook)} == {
            "street_address", "telephone",
        }  # fmt: skip

    @pytest.mark.parametrize("column", ["nursing_home_phone", "home_health_agency_email", "phone", "clinic_name"])
    def test_what_is_a_providers_is_public(self, rulebook, column):
        frame = pd.DataFrame({column: ["415-555-0123", "x@example.org"], "n": [12, 30]})
        declared = contract({column: {"variable": "other"}}, subject="providers")
        assert find_direct_identifiers(frame, declared, rulebook) == []

    def test_beside_people_only_what_is_plainly_a_providers(self, rulebook):
        frame = pd.DataFrame(
            {
                "sex": ["F", "M"],
                "clinic_phone": ["415-555-0123", "415-555-0198"],
                "phone": ["415-555-0123", "415-555-0198"],
                "contact": ["415-555-0123", "415-555-0198"],
                "n": [12, 30],
            }
        )
        dimensions = {"sex": {"variable": "sex"}} | {
            name: {"variable": "other"} for name in ("clinic_phone", "phone", "contact")
        }
        found = find_direct_identifiers(frame, contract(dimensions, subject="providers"), rulebook)
        assert [(one.column, one.by) for one in found] == [("phone", "name"), ("contact", "content")]

    def test_where_a_service_is_may_be_told_to_the_metre(self, rulebook):
        frame = pd.DataFrame({"facility": ["38.58157, -121.49440", "12 Main St"], "n": [12, 30]})
        dimensions = {"facility": self.DIMENSIONS["facility"]}
        assert find_direct_identifiers(frame, contract(dimensions), rulebook) == []
