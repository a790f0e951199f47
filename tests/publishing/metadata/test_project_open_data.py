"""Dataset entries of Project Open Data 1.1, judged by two sets of rules: the package's, and a JSON schema made here."""

import copy
import json

import jsonschema
import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.publishing.metadata import check_dataset_entry, project_open_data_entry

URI, TEXT = {"type": "string", "pattern": "^https?://[^ ]+$"}, {"type": "string", "minLength": 1}
SCHEMA = {
    "type": "object",
    "required": ["@type", "title", "description", "keyword", "modified", "publisher", "contactPoint", "identifier",
                 "accessLevel"],
    "properties": {
        "@type": {"const": "dcat:Dataset"},
        "title": TEXT,
        "description": TEXT,
        "keyword": {"type": "array", "minItems": 1, "items": TEXT},
        "modified": {"type": "string", "pattern": r"^(\d{4}-\d\d-\d\d(T.*)?|R/P.+)$"},
        "publisher": {
            "type": "object",
            "required": ["name"],
            "properties": {"@type": {"const": "org:Organization"}, "name": TEXT},
        },
        "contactPoint": {
            "type": "object",
            "required": ["fn", "hasEmail"],
            "properties": {
                "@type": {"const": "vcard:Contact"},
                "fn": TEXT,
                "hasEmail": {"type": "string", "pattern": "^mailto:[^@ ]+@[^@ ]+$"},
            },
        },
        "identifier": TEXT,
        "accessLevel": {"enum": ["public", "restricted public", "non-public"]},
        "license": URI,
        "spatial": TEXT,
        "temporal": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d$"},
        "accrualPeriodicity": {"type": "string", "pattern": r"^(irregular|R/P(\d+(\.\d+)?[YMWD]|T\d+[HMS]))$"},
        "language": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]{2,3}$"}},
        "landingPage": URI,
        "theme": {"type": "array", "minItems": 1, "items": TEXT},
        "references": {"type": "array", "minItems": 1, "uniqueItems": True, "items": URI},
        "distribution": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "dependentRequired": {"downloadURL": ["mediaType"]},
                "properties": {
                    "@type": {"const": "dcat:Distribution"},
                    "downloadURL": URI,
                    "mediaType": {"type": "string", "pattern": r"^[-\w]+/[-\w.+]+$"},
                    "format": TEXT,
                    "title": TEXT,
                    "description": TEXT,
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}  # fmt: skip
ALL = (
    "program: Immunization, topic: Diseases, homepage: 'https://dept.example/', limitations: Crude rates., "
    "related_resources: ['https://a.example/', 'https://a.example/'], source_link: 'https://a.example/'"
)


@pytest.fixture
def entry(make_contract, make_facts, rulebook, department):
    def entry(more="", defaults=department, url=None):
        contract = make_contract(more and f"  metadata: {{{more}}}\n")
        return project_open_data_entry(contract, rulebook, make_facts(contract), defaults, url)

    return entry


class TestAnEntry:
    @pytest.mark.parametrize("more", ["", ALL, "license: null", "accrual_periodicity: irregular", "language: Hmong"])
    @pytest.mark.parametrize("url", [None, "https://dept.example/cases-by-county.csv"])
    def test_keeps_the_rules(self, entry, more, url):
        found = entry(more, url=url)
        jsonschema.Draft202012Validator(SCHEMA).validate(found)
        json.dumps(found, allow_nan=False)

    def test_says_what_the_release_is(self, entry):
        found = entry(ALL, url="https://dept.example/cases.csv")
        assert found["identifier"] == "cases/cases-by-county"
        assert found["modified"] == "2026-11-02"
        assert found["contactPoint"] == {
            "@type": "vcard:Contact",
            "fn": "Immunization",
            "hasEmail": "mailto:open-data@dept.example",
        }
        assert found["description"] == "Reported cases.\n\nCrude rates."
        assert found["references"] == ["https://a.example/"]
        (distribution,) = found["distribution"]
        assert distribution["downloadURL"] == "https://dept.example/cases.csv"
        assert "suppressed value is an empty cell" in distribution["description"]

    def test_is_not_made_without_somebody_to_ask(self, entry):
        with pytest.raises(InputErrors) as error:
            entry(defaults=None)
        assert [one.field.rpartition(".")[2] for one in error.value.errors] == [
            "department", "contact_name", "contact_email",
        ]  # fmt: skip


class TestTheRules:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (lambda e: e.pop("title"), "title"),
            (lambda e: e.pop("modified"), "modified"),
            (lambda e: e.update(description=""), "description"),
            (lambda e: e.update(keyword=[]), "keyword"),
            (lambda e: e.update(modified="yesterday"), "modified"),
            (lambda e: e.update(accessLevel="open"), "accessLevel"),
            (lambda e: e.update(accrualPeriodicity="yearly"), "accrualPeriodicity"),
            (lambda e: e.update(temporal="2020 to 2024"), "temporal"),
            (lambda e: e.update(license="CC-BY"), "license"),
            (lambda e: e.update(language=["English"]), "language.0"),
            (lambda e: e.update({"@type": "Dataset"}), "@type"),
            (lambda e: e["contactPoint"].update(hasEmail="open-data@dept.example"), "contactPoint.hasEmail"),
            (lambda e: e["contactPoint"].pop("fn"), "contactPoint.fn"),
            (lambda e: e["publisher"].pop("name"), "publisher.name"),
            (lambda e: e["distribution"][0].pop("mediaType"), "distribution.0"),
            (lambda e: e.update(tags=["a"]), "tags"),
        ],
    )
    def test_are_the_standard_s(self, entry, change, field):
        spoilt = copy.deepcopy(entry(ALL, url="https://dept.example/cases.csv"))
        change(spoilt)
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(spoilt)
        with pytest.raises(InputErrors) as error:
            check_dataset_entry(spoilt, "dataset.json")
        assert [one.field for one in error.value.errors] == [field]

    def test_refuse_what_is_no_entry(self):
        with pytest.raises(InputErrors, match=r"dataset\.json"):
            check_dataset_entry([], "dataset.json")
