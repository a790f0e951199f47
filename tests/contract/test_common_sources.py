"""Releases that are made of the same source have to say what they have to do with each other."""

from __future__ import annotations

import pytest

from ddg_pipeline.contract import contracts_from_manifest
from ddg_pipeline.contract.common_sources import sources_of, undeclared_relations
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.release_groups import linked_groups

CONTRACT = {
    "title": "Cases",
    "dimensions": {"county": {"variable": "residence_geography", "population": 30000}},
    "measures": {"cases": {"kind": "count"}},
}


def model(name, parents, meta=None):
    return {
        "resource_type": "model",
        "name": name,
        "unique_id": f"model.p.{name}",
        "schema": "aggregates",
        "patch_path": f"p://models/{name}.yml",
        "config": {"meta": {} if meta is None else {"ddg": {"release": name, **CONTRACT, **meta}}},
        "columns": {},
        "depends_on": {"nodes": parents},
    }


def source(name, meta=None):
    node = {"source_name": "source", "name": name, "schema": "source", "identifier": name}
    return node | {"original_file_path": "models/sources.yml", "config": {"meta": meta or {}}}


def project(meta_of_one=None, meta_of_other=None, *, source_meta=None):
    """Two releases, one by way of a staging model; both of the table `reports`."""
    nodes = [
        model("staged", ["source.p.reports"]),
        model("one", ["model.p.staged", "source.p.people"], meta_of_one or {}),
        model("other", ["source.p.reports"], meta_of_other or {}),
    ]
    sources = {"source.p.reports": source("reports", source_meta), "source.p.people": source("people")}
    return {"nodes": {node["unique_id"]: node for node in nodes}, "sources": sources}


def errors(manifest):
    releases = contracts_from_manifest(manifest)
    made_of = {one.contract.release: sources_of(manifest, one.unique_id) for one in releases}
    return undeclared_relations(linked_groups(releases), made_of)


class TestWhatAReleaseIsMadeOf:
    def test_are_the_sources_of_all_models_behind_it(self):
        assert sources_of(project(), "model.p.one") == {"source.reports", "source.people"}

    def test_are_not_those_that_everybody_has(self):
        manifest = project(source_meta={"ddg": {"public": True}})
        assert sources_of(manifest, "model.p.one") == {"source.people"}

    def test_are_its_seeds_where_it_has_no_source(self):
        manifest = project()
        manifest["nodes"]["seed.p.list"] = {"resource_type": "seed", "name": "list"}
        manifest["nodes"]["model.p.other"]["depends_on"]["nodes"] = ["seed.p.list"]
        assert sources_of(manifest, "model.p.other") == {"seed list"}
        manifest["nodes"]["model.p.one"]["depends_on"]["nodes"].append("seed.p.list")
        assert sources_of(manifest, "model.p.one") == {"source.reports", "source.people"}

    @pytest.mark.parametrize("said", [{"public": "yes"}, {"pubic": True}, True, None])
    def test_are_not_guessed_from_what_nobody_understands(self, said):
        with pytest.raises(InputErrors) as caught:
            sources_of(project(source_meta={"ddg": said}), "model.p.one")
        (error,) = caught.value.errors
        assert error.place == "models/sources.yml: source source.reports"
        assert "`{public: true}`" in error.expected


class TestReleasesOfOneSource:
    def test_have_to_say_what_they_have_to_do_with_each_other(self):
        (error,) = errors(project())
        assert error.place == "models/one.yml: model one: meta.ddg"
        assert (error.field, error.found) == ("unrelated", "nothing of 'other', and both are made of source.reports")
        for way_out in ("`links: [other]`", "`links: [one]`", "`already_released`", "`unrelated: {other: "):
            assert way_out in error.expected

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"links": ["other"]}, {"links": ["one"]}),
            ({"already_released": ["other"]}, {"already_released": ["one"]}),
            ({"unrelated": {"other": "cases of other years"}}, {}),
            ({}, {"unrelated": {"one": "cases of other years"}}),
        ],
    )
    def test_pass_once_they_do(self, one, other):
        assert errors(project(one, other)) == []

    def test_pass_where_only_what_everybody_has_is_in_both(self):
        assert errors(project(source_meta={"ddg": {"public": True}})) == []

    def test_know_of_each_other_or_not_at_all(self):
        (error,) = errors(project({"already_released": ["other"]}))
        assert (error.field, error.found) == ("already_released", "'other', which does not name this one")

    def test_that_are_linked_know_of_each_other_already(self):
        manifest = project({"links": ["third"]}, {"links": ["third"]})
        third = model("third", [], {"links": ["one", "other"]})
        assert errors(manifest | {"nodes": manifest["nodes"] | {"model.p.third": third}}) == []  # by way of the third
        one = manifest["nodes"]["model.p.one"]["config"]["meta"]["ddg"]
        one["already_released"] = ["other"]
        (error,) = errors(manifest | {"nodes": manifest["nodes"] | {"model.p.third": third}})
        assert error.field == "already_released"
        assert "linked releases are masked together" in error.expected

    def test_may_name_one_that_is_not_in_the_project_any_more(self):
        said = {"already_released": ["long_gone"], "unrelated": {"other": "other years"}}
        assert errors(project(said)) == []


class TestAContract:
    @pytest.mark.parametrize(
        ("meta", "message"),
        [
            ({"links": ["b"], "unrelated": {"b": "other years"}}, "b is also under unrelated"),
            ({"already_released": ["b"], "unrelated": {"b": "?"}}, "b is also under unrelated"),
            ({"already_released": ["a"]}, "leave out a, which is the release itself"),
            ({"unrelated": {"a": "?"}}, "leave out a, which is the release itself"),
        ],
    )
    def test_says_one_thing_of_another_release(self, meta, message):
        with pytest.raises(InputErrors) as caught:
            contracts_from_manifest({"nodes": {"model.p.a": model("a", [], meta)}})
        assert message in str(caught.value)

    def test_gives_the_reason(self):
        with pytest.raises(InputErrors) as caught:
            contracts_from_manifest({"nodes": {"model.p.a": model("a", [], {"unrelated": ["b"]})}})
        assert "{release: reason}" in str(caught.value)
