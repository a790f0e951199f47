"""Mappings: data that says how a portal calls what, a department's own included."""

import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.publishing.metadata import (
    ckan_dataset_fields,
    load_mapping,
    metadata_values,
    missing_fields,
    shipped_mappings,
)
from ddg_pipeline.publishing.metadata.mapping import parse_mapping

OWN = """
name: own
kind: ckan
required: [contact_email]
entry:
  name: $dataset
  title: $title
  groups: [{name: health}]
  contact: {kind: office, mail: $contact_email}
  nobody: {kind: office, page: $homepage}
  list: [$homepage, {page: $homepage}]
extras:
  Mail: $contact_email.mailto
  Page: $homepage
  Fixed: always
"""


@pytest.fixture
def values(make_contract, make_facts, rulebook, department):
    contract = make_contract()
    return metadata_values(contract, rulebook, make_facts(contract), department)


class TestShipped:
    def test_are_these(self):
        assert shipped_mappings() == ["calhhs", "data_ca_gov", "dcat_us_1_1"]

    @pytest.mark.parametrize("name", ["calhhs", "data_ca_gov", "dcat_us_1_1"])
    def test_can_be_read_and_are_called_as_their_file(self, name):
        assert load_mapping(name).name == name

    def test_another_name_is_told_which_there_are(self):
        with pytest.raises(InputErrors, match="one of calhhs, data_ca_gov, dcat_us_1_1, or the path of a file"):
            load_mapping("calhss")


class TestCkan:
    @pytest.fixture
    def fields(self, make_contract, make_facts, rulebook, department):
        def fields(mapping="calhhs", more=""):
            contract = make_contract(more and f"  metadata: {{{more}}}\n")
            return ckan_dataset_fields(contract, rulebook, make_facts(contract), department, mapping)

        return fields

    @pytest.fixture
    def extras(self, fields):
        def extras(*arguments):
            pairs = [(one["key"], one["value"]) for one in fields(*arguments)["extras"]]
            assert len(dict(pairs)) == len(pairs), "CKAN refuses a key that is there twice"
            return dict(pairs)

        return extras

    def test_has_ckan_s_own_fields(self, fields):
        found = fields(more="homepage: 'https://dept.example/'")
        del found["extras"]
        assert found == {
            "name": "cases",
            "title": "Cases by county and year",
            "notes": "Reported cases.",
            "author": "Department of Public Health",
            "maintainer": "Department of Public Health",
            "maintainer_email": "open-data@dept.example",
            "url": "https://dept.example/",
            "license_id": "cc-by",
            "tags": [{"name": "public health"}],
        }

    def test_has_the_rest_as_extras_that_are_text(self, extras):
        found = extras("calhhs", "related_resources: ['https://a.example', {title: Map, url: 'https://b.example'}]")
        assert all(isinstance(text, str) and text for text in found.values())
        assert found["Frequency"] == "Annual"
        assert found["Temporal coverage"] == "2022 to 2024"
        assert found["Related resources"] == "https://a.example\nMap: https://b.example"
        assert "suppressed value is an empty cell" in found["De-identification method"]
        assert "Citation" not in found, "nobody told it"

    def test_has_a_department_s_further_fields(self, extras):
        assert extras()["Steward"] == "Informatics"

    def test_names_them_as_data_ca_gov_does(self, extras):
        found = extras("data_ca_gov")
        assert found["accrualPeriodicity"] == "R/P1Y"
        assert found["temporal"] == "2022-01-01/2024-12-31"
        assert found["accessLevel"] == "public"
        assert found["license"] == "https://creativecommons.org/licenses/by/4.0/"

    def test_is_not_made_by_a_mapping_of_something_else(self, fields):
        with pytest.raises(InputErrors, match="a mapping of CKAN"):
            fields("dcat_us_1_1")


class TestADepartmentsOwn:
    def test_is_found_by_its_path(self, tmp_path, make_contract, make_facts, rulebook, department):
        (tmp_path / "own.yaml").write_text(OWN)
        contract = make_contract()
        found = ckan_dataset_fields(contract, rulebook, make_facts(contract), department, "own.yaml", tmp_path)
        assert found["groups"] == [{"name": "health"}]

    def test_leaves_out_what_nobody_told_with_what_belongs_to_it(self, values):
        found = parse_mapping(OWN, "own.yaml").fill_in(values, "cases")
        assert found == {
            "name": "cases",
            "title": "Cases by county and year",
            "groups": [{"name": "health"}],
            "contact": {"kind": "office", "mail": "open-data@dept.example"},
            "extras": [
                {"key": "Mail", "value": "mailto:open-data@dept.example"},
                {"key": "Fixed", "value": "always"},
                {"key": "Steward", "value": "Informatics"},
            ],
        }

    def test_says_where_to_write_what_it_requires(self, values):
        with pytest.raises(InputErrors) as error:
            parse_mapping(OWN, "own.yaml").fill_in(values | {"contact_email": None}, "cases")
        (one,) = error.value.errors
        assert one.field == "publication.metadata.contact_email"
        assert "under `metadata` of ddg.yaml" in one.expected

    def test_of_a_field_of_one_release_it_does_not_send_people_to_the_department(self, values):
        mapping = parse_mapping(OWN.replace("[contact_email]", "[description]"), "own.yaml")
        with pytest.raises(InputErrors) as error:
            mapping.fill_in(values | {"description": ""}, "cases")
        assert "ddg.yaml" not in str(error.value)

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("$title", "$titel", r"entry\.title: found 'titel'; did you mean 'title'\?"),
            ("$contact_email}", "$mail}", r"entry\.contact\.mail: found 'mail'; .*one of release, dataset"),
            ("[contact_email]", "[e_mail]", r"required: found 'e_mail'"),
            ("Page: $homepage", "Page: $page", r"extras\.Page: found 'page'"),
            ("kind: ckan", "kind: socrata", r"kind: found 'socrata'; .*ckan, project_open_data"),
            ("kind: ckan", "kind: project_open_data", r"extras: found fields of CKAN"),
            ("entry:", "fields:", r"fields: found an unknown key"),
            ("Fixed: always", "Fixed: [a]", r"extras\.Fixed"),
        ],
    )
    def test_is_checked_before_anything_is_made_of_it(self, old, new, says):
        with pytest.raises(InputErrors, match=says):
            parse_mapping(OWN.replace(old, new), "own.yaml")

    @pytest.mark.parametrize("text", ["", "- a\n", "a: [", "text"])
    def test_has_to_be_a_mapping(self, text):
        with pytest.raises(InputErrors, match=r"own\.yaml"):
            parse_mapping(text, "own.yaml")

    def test_has_to_be_there_and_readable(self, tmp_path):
        with pytest.raises(InputErrors, match=r"missing\.yaml: file: found No such file"):
            load_mapping("missing.yaml", tmp_path)
        (tmp_path / "latin.yaml").write_bytes("name: é".encode("latin-1"))
        with pytest.raises(InputErrors, match="UTF-8"):
            load_mapping("latin.yaml", tmp_path)


class TestMissingFields:
    def test_are_those_that_a_portal_wants_and_nobody_told(self, values):
        assert missing_fields(load_mapping("calhhs"), values) == ["program", "topic"]
        assert missing_fields(load_mapping("dcat_us_1_1"), values) == []
