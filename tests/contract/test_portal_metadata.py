"""``publication.metadata``: what it takes, and what it says where it does not."""

import datetime as dt

import pytest

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.contract.portal_metadata import period_of
from ddg_pipeline.errors import InputErrors

FULL = {
    "title": "Cases by county",
    "description": "Cases, folded\nover two lines.",
    "department": "Department of Public Health",
    "program": "Immunization",
    "contact_name": "Open data team",
    "contact_email": "open-data@dept.example",
    "homepage": "https://dept.example/cases?by=county#top",
    "temporal_coverage": "2020 to 2024",
    "spatial_coverage": "California",
    "geographic_granularity": "County",
    "language": "English",
    "accrual_periodicity": "every two weeks",
    "deidentification_method": "By hand.",
    "source_link": "http://records.example",
    "data_collection_tool": "Registry",
    "license": "CC-BY-4.0",
    "limitations": "None known.",
    "additional_information": "None.",
    "related_resources": ["https://dept.example/report.pdf", {"title": "Map", "url": "https://dept.example/map"}],
    "citation": "Department of Public Health, 2026.",
    "topic": "Diseases and conditions",
    "tags": ["Lyme disease", "county"],
    "other": {"Data source": "CalREDIE"},
}


@pytest.fixture
def parse(raw):
    def parse(metadata):
        raw["publication"] = {"metadata": metadata}
        return parse_contract(raw, "cases.yaml").publication.metadata

    return parse


@pytest.fixture
def refused(parse):
    """Expect one error, and give its field, what it found and what it expects."""

    def refused(metadata):
        with pytest.raises(InputErrors) as error:
            parse(metadata)
        (one,) = error.value.errors
        assert one.place == "cases.yaml"
        return one.field.removeprefix("publication.metadata"), one.found, one.expected

    return refused


class TestWhatItTakes:
    def test_every_field_of_the_portal(self, parse):
        read = parse(FULL).model_dump()
        assert {key: read[key] for key in FULL} == FULL

    def test_nothing_at_all(self, parse):
        assert parse({}).model_dump(exclude_defaults=True) == {}

    def test_white_space_around_a_folded_text_does_not_count(self, parse):
        assert parse({"limitations": "  Rates are crude.\n"}).limitations == "Rates are crude."


class TestWhatItRefuses:
    def test_an_unknown_key_is_told_all_there_are(self, refused):
        field, found, expected = refused({"departement": "x"})
        assert (field, found) == (".departement", "an unknown key")
        assert "did you mean 'department'?" in expected
        for key in FULL:
            assert key in expected

    @pytest.mark.parametrize(
        ("metadata", "field", "says"),
        [
            ({"contact_email": "open data"}, ".contact_email", "an e-mail address"),
            ({"contact_email": "mailto:a@b.example"}, ".contact_email", "an e-mail address"),
            ({"homepage": "dept.example"}, ".homepage", "begins with https://"),
            ({"homepage": "ftp://dept.example"}, ".homepage", "begins with https://"),
            ({"homepage": "https://me:pass@dept.example/"}, ".homepage", "without a name and password"),
            ({"source_link": "https://a b.example"}, ".source_link", "begins with https://"),
            ({"temporal_coverage": 2024}, ".temporal_coverage", "'2024'"),
            ({"temporal_coverage": "from 2020 to 2024"}, ".temporal_coverage", "2020 to 2024"),
            ({"temporal_coverage": "2024-13"}, ".temporal_coverage", "months and days of the calendar"),
            ({"temporal_coverage": "2023-02-29"}, ".temporal_coverage", "months and days of the calendar"),
            ({"temporal_coverage": "0000 to 2020"}, ".temporal_coverage", "months and days of the calendar"),
            ({"temporal_coverage": "2024 to 2020"}, ".temporal_coverage", "ends after it begins"),
            ({"accrual_periodicity": "annually"}, ".accrual_periodicity", "yearly"),
            ({"license": "CC-BY"}, ".license", "CC-BY-4.0"),
            ({"language": "Spanisch"}, ".language", "did you mean 'Spanish'?"),
            ({"tags": "county"}, ".tags", "a list"),
            ({"tags": ["a/b"]}, ".tags[0]", "letters, digits, spaces, hyphens"),
            ({"tags": ["x"]}, ".tags[0]", "2 to 100"),
            ({"tags": [" county"]}, ".tags[0]", "no space first or last"),
            ({"tags": ["County", "county"]}, ".tags", "each tag once"),
            ({"related_resources": "https://a.example"}, ".related_resources", "a list of addresses"),
            ({"related_resources": ["report"]}, ".related_resources[0]", "begins with https://"),
            ({"related_resources": [{"title": "Map"}]}, ".related_resources[0].url", "required"),
            ({"other": {"Score": 12}}, ".other.Score", "put it in quotes"),
            ({"other": ["a"]}, ".other", "a mapping"),
            ({"program": ""}, ".program", "text"),
            ({"program": "  "}, ".program", "text"),
            ({"program": 7}, ".program", "put it in quotes"),
            ({"limitations": "a\x00b"}, ".limitations", "without control characters"),
            ({"license": "CC0-1.0", "terms_of_use": "https://a.example/terms"}, "", "keep one"),
            ([], "", "a mapping"),
            ("text", "", "a mapping"),
        ],
    )  # fmt: skip
    def test_names_the_field_and_says_what_to_write(self, refused, metadata, field, says):
        there, _, expected = refused(metadata)
        assert there == field
        assert says in expected

    def test_several_mistakes_are_told_together(self, parse):
        with pytest.raises(InputErrors) as error:
            parse({"contact_email": "x", "tags": ["a/b"], "title": 1})
        assert len(error.value.errors) == 3


class TestPeriods:
    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("2024", "2024-01-01", "2024-12-31"),
            ("2020 to 2024", "2020-01-01", "2024-12-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2023-07 to 2024-06", "2023-07-01", "2024-06-30"),
            ("2023-12-31 to 2024-01-01", "2023-12-31", "2024-01-01"),
            ("2023 to 2024-06", "2023-01-01", "2024-06-30"),
            ("2024-05-05", "2024-05-05", "2024-05-05"),
            ("9999", "9999-01-01", "9999-12-31"),
        ],
    )
    def test_reach_from_the_first_day_to_the_last(self, text, first, last):
        assert period_of(text) == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
