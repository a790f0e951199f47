import copy

import pytest

from ddg_pipeline.contract import contracts_from_manifest
from ddg_pipeline.errors import InputErrors


def node(name, meta, columns=None, **more):
    return {
        "resource_type": "model",
        "name": name,
        "unique_id": f"model.project.{name}",
        "schema": "aggregates",
        "alias": name,
        "description": f"About {name}.",
        "patch_path": f"project://models/{name}.yml",
        "config": {"meta": {} if meta is None else {"ddg": meta}},
        "columns": {
            column: {
                "name": column,
                "description": f"What {column} is.",
                "config": {"meta": {} if m is None else {"ddg": m}},
            }
            for column, m in (columns or {}).items()
        },
        **more,
    }


COLUMNS = {
    "county": {"dimension": {"variable": "residence_geography", "population": 30000}},
    "cases": {"measure": {"kind": "count"}},
    "note": None,
}


def manifest(*nodes):
    return {"nodes": {one["unique_id"]: copy.deepcopy(one) for one in nodes}}


def mistakes(*nodes):
    with pytest.raises(InputErrors) as caught:
        contracts_from_manifest(manifest(*nodes))
    return caught.value.errors


class TestContracts:
    def test_stand_on_the_model_and_its_columns(self):
        [release] = contracts_from_manifest(manifest(node("cases", {"release": "cases", "title": "Cases"}, COLUMNS)))
        assert (release.model, release.schema, release.relation) == ("cases", "aggregates", "cases")
        assert release.path == "models/cases.yml"
        assert list(release.contract.dimensions) == ["county"]
        assert release.contract.measures["cases"].description == "What cases is."
        assert release.contract.description == "About cases."

    def test_may_stand_on_the_model_alone(self):
        meta = {
            "release": "cases",
            "title": "Cases",
            "dimensions": {"county": COLUMNS["county"]["dimension"]},
            "measures": {"cases": COLUMNS["cases"]["measure"]},
        }
        [release] = contracts_from_manifest(manifest(node("cases", meta)))
        assert list(release.contract.measures) == ["cases"]

    def test_models_without_one_are_left_alone(self):
        tests = node("a_test", {"release": "x"}, resource_type="test")
        assert contracts_from_manifest(manifest(node("staging", None), tests)) == []

    def test_come_in_order_of_name(self):
        nodes = [node(name, {"release": name, "title": name}, COLUMNS) for name in ("b", "a")]
        assert [one.contract.release for one in contracts_from_manifest(manifest(*nodes))] == ["a", "b"]


class TestErrors:
    def test_name_file_model_and_key(self):
        [error] = mistakes(node("cases", {"release": "cases", "title": "Cases", "sort": 1}, COLUMNS))
        assert error.place == "models/cases.yml: model cases: meta.ddg"
        assert error.field == "sort"

    def test_a_column_without_a_release(self):
        errors = mistakes(node("cases", None, COLUMNS))
        assert {error.field for error in errors} == {"columns.county", "columns.cases"}
        assert all("declare `release`" in error.expected for error in errors)

    def test_a_column_declared_twice(self):
        meta = {"release": "cases", "title": "Cases", "measures": {"cases": {"kind": "count"}}}
        [error] = mistakes(node("cases", meta, COLUMNS))
        assert (error.field, error.found) == ("columns.cases", "a second declaration")

    @pytest.mark.parametrize("meta", [{"dimension": {}, "measure": {}}, {"dim": {}}, "dimension", []])
    def test_a_column_that_is_neither_dimension_nor_measure(self, meta):
        [error] = mistakes(node("cases", {"release": "cases", "title": "Cases"}, {**COLUMNS, "note": meta}))
        assert error.field == "columns.note"

    def test_meta_that_is_no_mapping(self):
        [error] = mistakes(node("cases", "yes", {}))
        assert error.found == "a str"

    def test_two_models_with_one_release(self):
        nodes = [node(name, {"release": "same", "title": "Same"}, COLUMNS) for name in ("one", "two")]
        [error] = mistakes(*nodes)
        assert "as on model one" in error.found

    def test_a_link_to_nowhere_and_a_link_that_is_not_returned(self):
        one = node("one", {"release": "one", "title": "One", "links": ["two", "three"]}, COLUMNS)
        two = node("two", {"release": "two", "title": "Two"}, COLUMNS)
        found = {error.found for error in mistakes(one, two)}
        assert found == {"'three'", "'two', which does not link back"}
