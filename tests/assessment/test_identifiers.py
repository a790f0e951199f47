import pytest

from ddg_pipeline.errors import RefusedError

COUNTY = ({"variable": "residence_geography", "population": 900_000}, ["A", "B"])


def named(column, variable="other"):
    declared = {"variable": variable}
    if variable == "time":
        declared["period"] = "day"
    if variable == "service_geography":
        declared["population"] = 900_000
    return {column: (declared, ["x", "y"])}


class TestRefusedColumns:
    @pytest.mark.parametrize(
        "column",
        [
            "ssn", "SSN", "Name", "name", "first_name", "PatientName", "email", "E-Mail", "email_address", "phone",
            "home_phone", "Phone Number", "fax", "mrn", "MRN", "medical_record_number", "date_of_birth", "DateOfBirth",
            "DOB", "dateofbirth", "birth_date", "address", "Street Address", "member_id", "person_id", "ip_address",
            "url", "license_number", "vin", "photo", "account number", "latitude", "date_of_death",
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
            "cause_of_death", "telephonic", "Dobson_area", "named_condition",
        ],
    )  # fmt: skip
    def test_a_dimension_with_a_harmless_name(self, assessed, column):
        assert assessed({"county": COUNTY, **named(column)}).steps[0].result == "yes"

    def test_all_columns_are_named_at_once(self, assessed):
        with pytest.raises(RefusedError, match=r"ssn \(social.*dob \(dates of birth"):
            assessed({"county": COUNTY, **named("ssn"), **named("dob")})

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
