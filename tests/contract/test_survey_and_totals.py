"""Surveys and populations as totals, as a contract spells them."""

import pytest

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors

COUNT = {"kind": "count", "unit": "individuals"}


def contract(measures, **keys):
    dimensions = {"outcome": {"variable": "other"}, "group": {"variable": "race", "additive": False}}
    raw = {"release": "tests", "title": "Tests", "dimensions": dimensions, "measures": measures}
    return parse_contract(raw | keys, "tests.yaml")


def mistake(measures, **keys):
    with pytest.raises(InputErrors) as caught:
        contract(measures, **keys)
    return str(caught.value)


class TestPopulationAsATotal:
    def test_it_is_read(self):
        found = contract({"tests": COUNT | {"population": {"total_over": ["outcome"]}}})
        assert found.measures["tests"].population.total_over == ["outcome"]
        assert found.population_columns == []
        assert found.reference_tables == []

    def test_a_category_called_total_over_is_still_possible_in_a_mapping(self):
        found = contract({"tests": COUNT | {"population": {"a": 5, "b": 6}}})
        assert found.measures["tests"].population == {"a": 5, "b": 6}

    @pytest.mark.parametrize(
        ("over", "said"),
        [
            (["result"], "result is not a dimension (outcome, group)"),
            (["group"], "group has categories that do not sum, and no `total`"),
            ([], "measures.tests.population.total_over"),
            ("outcome", "measures.tests.population.total_over"),
        ],
    )
    def test_mistakes_are_explained(self, over, said):
        assert said in mistake({"tests": COUNT | {"population": {"total_over": over}}})

    def test_only_a_count_of_individuals_has_one(self):
        rate = {"kind": "rate", "numerator": "tests", "population": {"total_over": ["outcome"]}}
        assert "belongs to a count of individuals" in mistake({"tests": COUNT, "rate": rate})


class TestSurvey:
    MEASURES = {"asked": COUNT, "percent": {"kind": "percent", "numerator": "asked"}}  # noqa: RUF012

    def survey(self, **estimates):
        return {"limits": "chis", "estimates": estimates}

    def test_it_is_read(self):
        found = contract(self.MEASURES, survey=self.survey(percent={"denominator_cases": "asked"}))
        assert found.survey.estimates["percent"].helpers == {"denominator_cases": "asked"}

    @pytest.mark.parametrize(
        ("estimates", "said"),
        [
            ({"share": {"denominator_cases": "asked"}}, "is not a measure (asked, percent)"),
            ({"percent": {"denominator_cases": "all"}}, "percent.denominator_cases: found 'all'; all is not a"),
            ({"asked": {"denominator_cases": "percent"}}, "percent is not a count of individuals"),
            ({"asked": {"denominator_cases": "asked"}}, "says nothing about percent"),
            ({"percent": {}}, "survey.estimates.percent.denominator_cases: found nothing; this key is required"),
            ({}, "survey.estimates"),
        ],
    )
    def test_mistakes_are_explained(self, estimates, said):
        assert said in mistake(self.MEASURES, survey=self.survey(**estimates))
