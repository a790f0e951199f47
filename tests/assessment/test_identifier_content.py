"""A corpus of labels that identify a person, and one of labels that only look alike."""

import os
import string
import unicodedata
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.assessment.identifier_content import one_spelling, redacted
from ddg_pipeline.assessment.identifiers import find_direct_identifiers
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.rulebook import load_rulebook, shipped_rulebooks

PLACES = ("residence_geography", "service_geography")
RULEBOOK = load_rulebook("calhhs-ddg-2.0")


def found_in(labels, variable="other", column="category", **keys):
    """Name the identifiers that the labels of one column look like."""
    declared = {"variable": variable} | ({"population": 900_000} if variable in PLACES else {})
    raw = {
        "release": "r",
        "title": "t",
        "dimensions": {column: declared},
        "measures": {"n": {"kind": "count"}},
    }
    frame = pd.DataFrame({column: labels, "n": range(11, 11 + len(labels))})
    return [one.identifier for one in find_direct_identifiers(frame, parse_contract(raw | keys, "c"), RULEBOOK)]


class TestOneLabelAmongOthersIsEnough:
    """Any of these makes a column one that identifies people."""

    CORPUS: ClassVar = {
        "social_security_number": [
            "123-45-6789", "123 45 6789", "123.45.6789", "123 - 45 - 6789", "123456789", "SSN 123-45-6789",
            "ssn: 123456789", "SSN# 123456789", "Social Security No. 123456789", "XXX-XX-6789", "***-**-6789",
            "SSN 6789",
            "123\u201345\u20136789", "\uff11\uff12\uff13-45-6789", "912-70-1234", "912701234", "Doe 123456789",
            "123-45-6789A", "(123-45-6789)", "123\u00a045\u00a06789", "123_45_6789", "123\u204345\u22126789",
        ],
        "telephone": [
            "(415) 555-0123", "(415)555-0123", "415-555-0123", "415.555.0123", "+1 415 555 0123", "1-800-555-0199",
            "+44 20 7946 0958", "+52 55 1234 5678", "call 916 555 0123 ext 5", "415/555-0123",
            "916-5551234", "(916) 5551234",
        ],
        "email": ["a.b@example.org", "mary at home <mary_s+x@mail.example.com>", "x(at)example.org"],
        "url": ["https://example.org/p/1", "http://example.org", "www.example.org", "example.com/mary.s"],
        "ip_address": ["192.0.2.14", "2001:db8::8a2e:370:7334", "host 198.51.100.7", "::1"],
        "date": [
            "1950-02-03", "2/3/1950", "02/03/50", "02-03-50", "25/12/1950", "3 Feb 1950", "Feb. 3, 1950",
            "February 3rd, 1950", "3rd of February 1950", "03FEB1950", "1950-02-03 10:22:00", "1950-02-03T10:22",
            "admitted 3/4/2021, discharged 3/9/2021", "2021/03/04", "03.04.2021", "Seen on 03/04/2021",
            "2021\u201103\u201104", "2024-1-5", "2024 Jan 5", "2024-Jan-05", "2024Jan05", "05.01.24", "20240105 10:30",
            "20240105T1030", "Discharged 2024-03-05 after fall", "Transferred from Fresno on 3/5/2024",
        ],
        "date_of_birth": ["DOB 3/4/1950", "born 1950-03-04", "D.O.B.: Mar 4 1950"],
        "high_age": ["aged 93", "92 years old", "101 yo", "age 95-99", "92-year-old", "Female, 94 years of age",
                     "88-92 years old"],
        "zip_code": ["95814-1234", "Sacramento CA 95814-1234", "Reno, NV 89501-1234"],
        "coordinates": [
            "38.5816, -121.4944", "(38.581572, -121.4944)", "POINT (-121.4944 38.5816)", "38.5816/-121.4944",
            "38.58, -121.49", "38°34'53\"N 121°29'40\"W", "38.58157 N, 121.49440 W",
        ],
        "record_number": [
            "MRN 00123456", "MRN: A1234567", "Chart #884422", "acct no. 12345678", "Member ID 5551234", "91234567A",
            "91234567A12345", "1EG4-TE5-MK73", "1EG4TE5MK73", "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "d41d8cd98f00b204e9800998ecf8427e", "0123456789abcdef" * 8,
        ],
        "license_number": ["DL A1234567", "driver's license D7654321", "License No. 1234567"],
        "street_address": [
            "1600 Pennsylvania Ave", "123 N. Main St, Apt 4", "45 Elm Street, Sacramento", "P.O. Box 1234", "PO Box 9",
            "1234 West 5th Street", "500 MAIN ST", "12 Old Mill Rd #3", "77 Avenida Santa Rosa Dr Fresno",
            "12 oak street", "400 n. main st, apt 2",
        ],
        "name": [
            "Smith, John", "SMITH, MARY A", "Nguyen, Thuy", "García-López, María", "Mr. Brown", "Mrs Miller",
            "O'Neil, Patrick J.", "de la Cruz, Juan Carlos", "King, Martin, Jr.",
        ],
        "vehicle_or_device": ["1M8GDM9AXKP042788", "00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e", "serial no: AB-123456"],
        "biometrics_or_photo": ["scan_0012.jpg", "face.PNG", "voice (2).wav"],
        "free_text": [
            "Patient fell at home, she was found by her son.", "Pt seen for chest pain and sent home",
            "He was referred to a clinic in Fresno",
            "Seen in clinic on Monday morning. Sent to hospital by ambulance.",
        ],
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("identifier", "label"), [(key, label) for key, labels in CORPUS.items() for label in labels]
    )
    def test_it_is_found(self, identifier, label):
        assert identifier in found_in(["Influenza", label, "Unknown"])

    @pytest.mark.parametrize("variable", ["race", "sex", "residence_geography"])
    @pytest.mark.parametrize("label", ["123-45-6789", "a@example.org", "Smith, John", "3/4/1950", "12 Main St"])
    def test_whatever_the_column_is_declared_to_be(self, variable, label):
        assert found_in(["White", label], variable)

    def test_every_kind_that_a_label_can_show_is_in_the_corpus(self):
        by_content = {key for key, one in RULEBOOK.direct_identifiers.items() if one.patterns}
        assert by_content == set(self.CORPUS)


class TestAColumnOfThem:
    """Labels without a form of their own identify people where nearly all of a column look like it."""

    @pytest.mark.parametrize(
        ("identifier", "labels"),
        [
            ("telephone", ["4155550123", "9165550198", "2135550177"]),
            ("telephone", ["555-0123", "555-0198", "555-0177", "238-1122", "444-9876"]),
            ("date", ["19500203", "19991231", "20240229"]),
            ("date", ["02031950", "12311999", "02292024"]),
            ("coordinates", ["38.58157", "34.05223", "37.77493"]),
            ("coordinates", ["-121.4944", "-118.2437", "-122.4194"]),
            ("record_number", ["4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009"]),
            ("license_number", ["D1234567", "F7654321", "Y0000001"]),
            ("vehicle_or_device", ["7ABC123", "8XYZ987", "6JKL456"]),
            ("vehicle_or_device", ["490154203237518", "356938035643809", "353879234252633"]),
            ("name", ["John Smith", "Mary Ann Miller", "Xiu Ying", "José Ramírez", "Thuy Nguyen"]),
            ("name", ["maria garcia", "john q. smith", "ana de soto"]),
            ("name", ["GARCIA MARIA", "SMITH JOHN", "DE SOTO ANA M"]),
            ("free_text", [" ".join(["swelling of left knee after work"] * 9 + [str(n)]) for n in range(4)]),
        ],
    )
    def test_it_is_found(self, identifier, labels):
        assert found_in(labels) == [identifier]
        harmless = [f"Category {n}" for n in string.ascii_letters]
        assert found_in([*labels, *harmless]) == []


class TestLabelsOfPublishedTables:
    """None of these may ever be taken for an identifier: alone, or together with those like it."""

    CORPUS: ClassVar = {
        "counties": ("residence_geography", [
            "Alameda", "Los Angeles", "San Luis Obispo", "El Dorado", "Santa Clara", "Del Norte", "St. Louis",
            "California",
            "Sacramento, California", "Portland, Oregon", "Atlanta, Georgia", "Charlottesville, Virginia", "Reno, NV",
        ]),
        "cities": ("residence_geography", [
            "Santa Rosa", "San Jose", "Elk Grove", "Rancho Palos Verdes", "Martinez", "Jackson", "George Town",
            "Fremont/Newark/Union City", "Urban", "Rural", "Frontier",
        ]),
        "census areas": ("residence_geography", [
            "06001400100", "06037980033", "06073008346", "060014001001", "060014001001000", "0600562", "0600190020",
            "06001", "06115", "AD-01", "SD 12", "1", "78.2a", "229",
        ]),
        "census areas, as other": ("other", ["06001400100", "06037980033", "060014001001000", "0600562", "001", "115"]),
        "ZIP codes of groups": ("residence_geography", ["95814", "90210", "96161", "958", "902"]),
        "ages": ("age", [
            "0-17", "18 to 24", "65+", "<1", "Under 1 year", "85 years and over", "90+", "90 and older", "Age 10-14",
            "75-84 years", "85-89", "All Ages", "45 - 54", ">= 90", "100+", "Not reported",
        ]),
        "ages, as other": ("other", [
            "Age 90+", "ages 90 and over", "aged 85 years and over", "90 or older", "65 years old and over",
            "89 years old", "Ages 18-64",
        ]),
        "times": ("time", ["2019", "2020 Q1", "2020-01", "2020-01-05", "1/5/2020", "20200105", "FY 2019-20"]),
        "periods, as other": ("other", [
            "2019", "2001-2005", "CY 2013", "SFY 2018/19", "2020-Q2", "Q3 2021", "January 2020", "Jan-20", "01/2020",
            "202001", "Before 2020-03-19", "Since 1/1/2014", "1/1/2014 - 12/31/2014", "2014-01-01 to 2014-12-31",
            "Week ending 5/2/2020", "2020-01-01/2020-06-30", "01/01/2020-06/30/2020", "As of 05/06/2020",
            "After 3/19/2020", "From March 19, 2020", "Through the week of 5/2/2020", "3/19/2020 and after",
            "2019 Dec - 2020 Jan", "2020-Jan", "Effective date: 1/1/2020", "Phase 2 (starting March 1, 2020)",
            "08:00-12:00", "Night (22:00 to 06:00)", "06:00 - 11:59",
        ]),
        "diagnoses": ("other", [
            "E11.9", "A00", "S52.521A", "S52521A", "Z99.89", "V97.33XD", "T36.0X1A", "F10-F19", "250.00", "V27.0",
            "800-999", "Neoplasm, malignant", "Pneumonia, unspecified organism", "Measles, Mumps, Rubella",
            "Displaced fracture of lateral condyle of unspecified humerus, initial encounter for closed fracture",
            "Encounter for care and examination of mother immediately after delivery", "Legionnaires' disease",
            "E. coli O157:H7", "COVID-19", "SARS-CoV-2 B.1.1.7", "Hepatitis B, acute", "St. Louis encephalitis",
            "Lou Gehrig's", "Factor V Leiden", "Type II", "Hodgkin lymphoma, unspecified", "Influenza, avian",
        ]),
        "procedures": ("other", [
            "G0008", "99213", "D0100", "D0100 - D9999", "0001F", "470", "0DTJ4ZZ", "0SRB029", "30233N1", "5A1935Z",
        ]),
        "drugs": ("other", [
            "0002-1433-80", "50242-040-62", "60575-4112-1", "68071-4112-03", "0002-1433", "68071-4112", "00002143380",
            "Fentanyl", "Oxycodone 5 mg", "Acetaminophen/Codeine #3", "6-MAM", "50-00-0", "7439-92-1", "1918-02-1",
        ]),
        "other codes": ("other", [
            "718-7", "94500-6", "213", "622110", "29-1141", "01611190130229", "38341003", "73211009", "1.2.3", "A.1",
        ]),
        "measures of quality": ("other", [
            "Follow-Up After Emergency Department Visit for Alcohol and Other Drug Abuse or Dependence within 30 days",
            "Annual Dental Visit (D0100 - D9999 or Safety Net Clinics 03 Encounters)", "10 or more Dr visits",
            "Well-Child Visits in the First 30 Months of Life: 0-15 months (6 or more visits)",
            "Controlling High Blood Pressure (<140/90)", "HbA1c Poor Control (>9.0%)", "120/80",
            "Members whose doctor discussed his or her medication with them in the past year",
        ]),
        "people": ("other", ["White, Male", "Asian, Female", "Mother", "Yes", "No", "1990", "Chinese, Mandarin"]),
        "race and ethnicity": ("race_ethnicity", [
            "White", "Black or African American", "AI/AN", "Hispanic, Latino, or Spanish", "Non-Hispanic White",
            "Asian, Non-Hispanic", "Two or more races",
        ]),
        "amounts": ("other", [
            "$0 - $24,999", "$25,000-$49,999", "100-138% FPL", "<$10,000", "250-1000", "1000-4999", "20000-4999",
            "1-10", "100-500", "0.5", "12.345", "38.1", "1:10", "2:1:1", "500-2500000", "250.2500000", "38.58, 41.49",
        ]),
        "roads": ("other", [
            "2 lane road", "4 wheel drive", "1 or more visits per court order", "30 miles of highway", "city street",
        ]),
        "brands and things": ("other", [
            "rose hips", "jean jackets", "Mark up", "St. John", "Santa Maria", "aspirin", "vitamin d", "Grade A",
        ]),
        "hospitals": ("service_geography", [
            "Cedars-Sinai Medical Center", "St. Joseph Hospital", "John Muir Medical Center", "Grace Hospital",
            "Kaiser Foundation Hospital - Oakland 2", "21st Century Oncology", "Hospital 4", "Mary Immaculate",
            "Martin Luther King, Jr. Community Hospital", "Mercy Hosp. Folsom", "106010735", "415-555-0123",
        ]),
        "hospitals, as other": ("other", [
            "Cedars-Sinai Medical Center", "John Muir Health", "University of California, Davis", "Sutter Roseville",
            "Kaiser Foundation Hospital - Oakland 2", "21st Century Oncology", "Martin Luther King Community Hospital",
            "L.A. Care", "Kaiser Permanente (305)", "CalOptima 506", "Health Plan of San Mateo",
        ]),
        "annotations": ("other", [
            "Cell suppressed for small numbers", "Cell suppressed as complementary to a small number",
            "Counts under 11 are not shown, in accordance with the guideline.",
        ]),
    }  # fmt: skip

    @pytest.mark.parametrize("name", CORPUS)
    def test_together(self, name):
        variable, labels = self.CORPUS[name]
        assert found_in(labels, variable) == []

    @pytest.mark.parametrize(
        ("variable", "label"), [(variable, label) for variable, labels in CORPUS.values() for label in labels]
    )
    def test_alone(self, variable, label):
        assert found_in([label], variable) == []

    @pytest.mark.parametrize(
        ("column", "labels"),
        [
            ("facility_id", ["106010735", "206190125", "630010867"]),
            ("oshpd_id", ["106010735"]),
            ("npi", ["1003000126", "1992999874"]),
            ("ndc", ["5024204062", "6057541121"]),
            ("snomed_concept", ["840539006", "195967001"]),
        ],
    )
    def test_codes_of_facilities_and_things_in_columns_that_say_so(self, column, labels):
        assert found_in(labels, column=column) == []

    def test_lists_of_drugs_hold_codes_like_telephone_numbers(self):
        assert found_in(["0002143380", "5024204062", "6057541121", "0069015001"]) == []


def social_security_numbers():
    area = st.integers(1, 899).filter(lambda number: number != 666)
    return st.tuples(area, st.integers(1, 99), st.integers(1, 9999))


class TestSocialSecurityNumbers:
    @given(
        social_security_numbers(),
        st.sampled_from(["-", " ", ".", "", "\u2013", "\u2011", " - ", "\u00a0", "/"]),
        st.sampled_from(["{}", "SSN {}", "ssn:{}", "#{}", "({})", "Doe, {}", "{} (verified)", "\u200b{}"]),
    )
    def test_every_valid_one_is_found_in_any_spelling(self, parts, separator, around):
        number = separator.join(f"{part:0{width}d}" for part, width in zip(parts, (3, 2, 4), strict=True))
        assert "social_security_number" in found_in(["Influenza", around.format(number)])

    @given(social_security_numbers())
    def test_a_number_without_separators_is_found_as_a_number(self, parts):
        area, group, serial = parts
        number = area * 10**6 + group * 10**4 + serial
        if number >= 10**8:  # a leading zero is lost with the type
            assert "social_security_number" in found_in([number, number])

    @given(st.integers(0, 99), st.integers(0, 9999))
    def test_numbers_that_were_never_issued_are_none(self, group, serial):
        assert "social_security_number" not in found_in(
            [f"000-{group:02d}-{serial:04d}", f"666{group:02d}{serial:04d}"]
        )


class TestCodesOfPlaces:
    @given(st.integers(1, 115), st.integers(0, 999_999), st.integers(0, 9), st.integers(0, 999))
    def test_no_census_area_is_an_identifier(self, county, tract, group, block):
        geoids = [f"{county:03d}", f"06{county:03d}", f"06{county:03d}{tract:06d}"]
        geoids += [f"{geoids[-1]}{group}", f"{geoids[-1]}{group}{block:03d}"]
        for geoid in geoids:
            assert found_in([geoid], "residence_geography") == []

    SPELLINGS = st.sampled_from(["{}-{}", "{} to {}", "Age {}-{}", "{} - {} years"])

    @given(st.integers(0, 89), st.integers(0, 40), SPELLINGS)
    def test_an_age_band_is_where_it_reaches_above_the_limit_and_is_not_as_good_as_open(self, low, width, spelling):
        high = low + width
        expected = ["high_age"] if 89 < high < 99 else []
        assert found_in([spelling.format(low, high)], "age") == expected

    @pytest.mark.parametrize("column", ["AgeAtDeath", "patientage", "PatientAge", "AGE", "age_at_visit"])
    def test_ages_in_columns_of_any_spelling(self, column):
        assert found_in(["54", "94"], column=column) == ["high_age"]

    @pytest.mark.parametrize("column", ["dosage", "Percentage", "coverage", "StageAtDiagnosis"])
    def test_numbers_in_columns_that_only_sound_alike(self, column):
        assert found_in(["54", "94"], column=column) == []

    @given(st.integers(0, 120), st.sampled_from(["{}+", "{} and over", "{} years and older", ">= {}", "Age {}+"]))
    def test_no_open_age_band_is(self, age, spelling):
        assert found_in([spelling.format(age)], "age") == []
        assert found_in([spelling.format(age)], "other") == []

    @given(st.integers(90, 120), st.sampled_from(["{}", "{} years", "Age {}", "{}-{}"]))
    def test_every_age_above_the_limit_is(self, age, spelling):
        assert found_in(["0-89", spelling.format(age, age + 4)], "age") == ["high_age"]
        assert found_in(["0-89", spelling.format(age, age + 4)], "other", column="age_group") == ["high_age"]

    @given(
        st.sampled_from(string.ascii_uppercase.replace("U", "")),
        st.integers(0, 99),
        st.text("0123456789ABCDX", max_size=4),
        st.booleans(),
    )
    def test_no_diagnosis_code_is(self, chapter, category, rest, dot):
        code = f"{chapter}{category:02d}" + ("." if dot and rest else "") + rest
        assert found_in([code]) == []


class TestZipCodes:
    def test_five_digits_tell_a_group_but_not_a_person(self):
        labels = [str(90_001 + n) for n in range(60)]
        raw = {
            "release": "r",
            "title": "t",
            "dimensions": {
                "zip": {"variable": "residence_geography", "population": 30_000},
                "sex": {"variable": "sex"},
            },
            "measures": {"n": {"kind": "count"}},
        }
        contract = parse_contract(raw, "c")
        people = pd.DataFrame({"zip": labels, "sex": ["F", "M"] * 30, "n": [1] * 60})
        groups = people.assign(n=range(11, 71))
        assert [one.identifier for one in find_direct_identifiers(people, contract, RULEBOOK)] == ["zip_code"]
        assert find_direct_identifiers(groups, contract, RULEBOOK) == []


class TestSpelling:
    @given(st.text(max_size=40))
    def test_nothing_of_a_label_is_shown(self, text):
        shown = redacted(text)
        assert not any(c.isdigit() or (c.isalpha() and c not in "Xx") for c in shown)
        assert len(shown) <= 25

    def test_every_dash_of_unicode_is_one(self):
        dashes = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Pd"]
        assert {one_spelling(f"1{dash}2") for dash in [*dashes, "\u2043", "\u2212"]} == {"1-2"}

    @given(st.text(max_size=40))
    def test_one_spelling_is_enough(self, text):
        assert one_spelling(one_spelling(text)) == one_spelling(text)


class TestTablesInUse:
    """Every column of a shipped or public table is looked at as if nothing were known of it."""

    PROJECT = Path(__file__).resolve().parents[2]
    SHARED = Path(os.environ.get("DDG_SHARED_DATA") or PROJECT.parent / "shared" / "data")

    @staticmethod
    def found(path, **variables):
        table = pd.read_csv(path, dtype=str, encoding="latin-1")
        raw = {
            "release": "r",
            "title": "t",
            "dimensions": {
                name: {"variable": variables.get(name.replace(" ", "_"), "other")}
                for name in table.columns
                if "population" not in name.lower()
            },
            "measures": {"people": {"kind": "count"}},
        }
        contract = parse_contract(raw, str(path))
        return {(one.column, one.identifier) for one in find_direct_identifiers(table, contract, RULEBOOK)}

    def test_the_shipped_ones_hold_no_identifier(self):
        folders = ("dbt_project/seeds", "ddg_pipeline/example/data", "docs/examples")
        paths = [path for folder in folders for path in sorted((self.PROJECT / folder).glob("*.csv"))]
        assert len(paths) >= 9
        for path in paths:
            assert self.found(path) == set(), path.name

    @pytest.mark.parametrize(
        ("name", "variables", "expected"),
        [
            ("cdph_vaccine_preventable_cases_county_year_2001_2022", {}, set()),
            ("dhcs_medical_dental_utilization_statewide_age_2013_on", {}, set()),
            (
                "nchs_covid_deaths_race_age_state_2020-05",
                {"Data_as_of": "time", "Start_week": "time", "End_Week": "time"},
                set(),
            ),
            # single years of age up to 99, which a release may not tell apart
            ("ca_county_pop_2020_census_age_sex_race", {"Age": "age"}, {("Age", "high_age")}),
            # one row a person
            ("ct_accidental_drug_deaths_2012_2022", {}, {("Date", "date")}),
        ],
    )
    def test_of_the_public_ones_only_what_they_hold_is_found(self, name, variables, expected):
        path = self.SHARED / f"{name}.csv"
        if not path.is_file():
            pytest.skip(f"{path.name} is absent: set DDG_SHARED_DATA to the folder that holds it")
        assert self.found(path, **variables) == expected


class TestTheRulebook:
    @pytest.mark.parametrize("name", ["calhhs-ddg-1.0", "calhhs-ddg-2.0"])
    def test_every_edition_looks_for_the_same(self, name):
        """The law behind both lists is one and the same."""
        if name not in shipped_rulebooks():
            pytest.skip(f"{name} is not shipped")
        rulebook = load_rulebook(name)
        for key, identifier in RULEBOOK.direct_identifiers.items():
            assert rulebook.direct_identifiers[key].patterns == identifier.patterns, key
            assert rulebook.direct_identifiers[key].listed == identifier.listed, key
        assert rulebook.record_level.model_dump(exclude={"section"}) == RULEBOOK.record_level.model_dump(
            exclude={"section"}
        )

    @given(st.text(string.digits, min_size=1, max_size=20))
    @settings(max_examples=150)
    def test_patterns_for_parts_of_labels_match_no_label_of_digits_alone(self, digits):
        """So that they need not be tried on those, except where the number has a pattern of its own."""
        for key, identifier in RULEBOOK.direct_identifiers.items():
            for pattern in identifier.patterns:
                if not pattern.whole and pattern.compiled.search(digits):
                    assert key == "social_security_number"
                    assert any(other.whole and other.compiled.fullmatch(digits) for other in identifier.patterns)
