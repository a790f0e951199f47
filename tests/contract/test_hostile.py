"""Whatever stands in a contract, it is read or explained; nothing else escapes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract import contract_from_yaml, contracts_from_manifest
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors

KEYS = st.sampled_from(
    ["release", "title", "dimensions", "measures", "identities", "links", "suppression", "publication", "scope",
     "variable", "population", "hierarchy", "tree", "table", "child", "parent", "total", "additive", "kind", "unit",
     "individuals", "numerator", "level", "prefer", "annotations", "code", "a", "n"]
) | st.integers() | st.booleans() | st.text(max_size=5)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["count", "other", "time", "year", "n", "a", "n = n", "ddg", "{measure}", "{0}", "{measure"])
)  # fmt: skip
JUNK = st.recursive(
    LEAVES, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=4), max_leaves=12
)


def survives(read):
    errors = []
    try:
        read()
    except InputErrors as found:
        errors = found.errors
    assert all(error.place and error.field and error.expected for error in errors)


class TestJunk:
    @settings(max_examples=150, deadline=None)
    @given(junk=JUNK)
    def test_as_a_contract(self, junk):
        survives(lambda: parse_contract(junk, "c"))

    @settings(max_examples=150, deadline=None)
    @given(junk=JUNK, where=st.sampled_from(["dimensions", "measures", "suppression", "hierarchy", "identities"]))
    def test_inside_a_contract(self, junk, where):
        raw = {
            "release": "r",
            "title": "t",
            "dimensions": {"a": {"variable": "other", "groups": 3}},
            "measures": {"n": {"kind": "count"}},
        }
        if where == "hierarchy":
            raw["dimensions"]["a"]["hierarchy"] = junk
        else:
            raw[where] = junk
        survives(lambda: parse_contract(raw, "c"))

    @settings(max_examples=100, deadline=None)
    @given(text=st.text(alphabet="abc:-[]{}&*!|>#'\"\n\t 01,?%@", max_size=40))
    def test_as_yaml(self, text):
        survives(lambda: contract_from_yaml(text, "c.yaml"))

    @settings(max_examples=100, deadline=None)
    @given(meta=JUNK, column=JUNK)
    def test_in_a_manifest(self, meta, column):
        node = {
            "resource_type": "model",
            "name": "m",
            "unique_id": "model.p.m",
            "schema": "s",
            "config": {"meta": {"ddg": meta}},
            "columns": {"n": {"name": "n", "config": {"meta": {"ddg": column}}}},
        }
        survives(lambda: contracts_from_manifest({"nodes": {"model.p.m": node}}))


class TestDeepTrees:
    def test_have_a_limit(self):
        tree: object = ["x"]
        for level in range(3000):
            tree = {f"l{level}": tree}
        raw = {
            "release": "r",
            "title": "t",
            "dimensions": {"a": {"variable": "other", "groups": 3, "hierarchy": {"tree": tree}}},
            "measures": {"n": {"kind": "count"}},
        }
        with pytest.raises(InputErrors, match="at most 50 levels"):
            parse_contract(raw, "c")
