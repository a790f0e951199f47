"""``suppression.form: whole_percentages``: what a contract may ask for (DDG 2.0 §4.4.4)."""

from __future__ import annotations

import pytest

from ddg_pipeline.contract.kept import contract_of_kept, kept_contract
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors


@pytest.fixture
def raw():
    return {
        "release": "intersex",
        "title": "People by county and sex",
        "dimensions": {
            "county": {"variable": "residence_geography", "population": 40000, "total": "State"},
            "sex": {"variable": "intersex", "total": "All"},
        },
        "measures": {"people": {"kind": "count", "population": "population"}},
        "suppression": {"form": "whole_percentages", "percentages": {"of": "sex"}},
    }


class TestWholePercentages:
    def test_are_published_in_place_of_the_count(self, raw):
        contract = parse_contract(raw, "c")
        assert contract.published_measures == ["people_percent"]
        assert contract.columns == ["county", "sex", "population", "people"]

    def test_are_not_the_default(self, raw):
        del raw["suppression"]
        contract = parse_contract(raw, "c")
        assert contract.suppression.form == "cells"
        assert contract.published_measures == ["people"]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda c: c["suppression"].pop("percentages"), "needs `percentages: {of: …}`"),
            (lambda c: c["suppression"].update(form="cells"), "belongs to `form: whole_percentages`"),
            (lambda c: c["suppression"].update(show_reason=False), "belong to `form: cells`"),
            (lambda c: c["suppression"].update(prefer={"sex": ["Male"]}), "belong to `form: cells`"),
            (lambda c: c["suppression"]["percentages"].update(of="gender"), "gender is not a dimension (county, sex)"),
            (lambda c: c["dimensions"]["sex"].update(additive=False), "must add up to one total, without groups"),
            (
                lambda c: c["dimensions"]["sex"].update(hierarchy={"tree": {"A": ["Male", "Female"]}}),
                "must add up to one total, without groups",
            ),
            (lambda c: c["measures"].update(dead={"kind": "count"}), "leave out dead"),
            (
                lambda c: c["measures"].update(visits={"kind": "count", "unit": "events", "individuals": "people"}),
                "leave out visits",
            ),
            (
                lambda c: c["measures"].update(
                    rate={"kind": "rate", "numerator": "people", "denominator": "population", "per": 1000}
                ),
                "leave out rate",
            ),
            (lambda c: c.update(links=["people_by_county"]), "has no links, because the counts may appear nowhere"),
            (lambda c: c.update(identities=["people = people"]), "goes with neither `identities` nor `survey`"),
            (
                lambda c: c["dimensions"].update(people_percent={"variable": "other", "groups": 2}),
                "people_percent would be two columns of one name",
            ),
        ],
    )
    def test_what_contradicts_them_is_explained(self, raw, change, said):
        change(raw)
        with pytest.raises(InputErrors) as caught:
            parse_contract(raw, "c")
        assert any(said in error.expected for error in caught.value.errors), caught.value


def test_are_read_again_as_they_are_kept_beside_a_version(raw):
    contract = parse_contract(raw, "c")
    assert contract_of_kept(kept_contract(contract), "kept") == contract
