"""What the Open Data Handbook writes otherwise."""

import pandas as pd
import pytest

from ddg_pipeline.publishing.metadata.handbook import handbook_notes
from tests.publishing.metadata.conftest import CONTRACT


@pytest.fixture
def notes(make_contract):
    def notes(labels, column="county"):
        contract = make_contract(contract=CONTRACT.replace("  county:", f"  {column}:"))
        table = pd.DataFrame({column: labels, "year": "2024", "cases": "0"}, dtype="str")
        return handbook_notes(contract, table)

    return notes


class TestCounties:
    @pytest.mark.parametrize("labels", [["Alameda", "Alpine", "California"], ["East Bay"], ["Unknown"]])
    def test_by_their_names_alone_are_fine(self, notes, labels):
        assert notes(labels) == []

    def test_with_the_word_county_are_noted(self, notes):
        assert notes(["Alameda County", "Alpine County", "California"]) == [
            "county: 2 labels such as 'Alameda County'; the portal writes 'Alameda'"
        ]

    def test_in_capitals_are_noted(self, notes):
        assert notes(["ALAMEDA", "Alpine"]) == ["county: 1 labels such as 'ALAMEDA'; the portal writes 'Alameda'"]


class TestCodes:
    def test_of_three_digits_are_fine_as_is_the_total(self, notes):
        assert notes(["001", "003", "California"], "county_fips") == []

    @pytest.mark.parametrize("code", ["1", "06001", "6001"])
    def test_of_another_length_are_noted(self, notes, code):
        (note,) = notes([code, "003"], "county_fips")
        assert note == f"county_fips: codes such as '{code}'; the portal writes 3 digits, such as '001'"


def test_other_dimensions_are_not_looked_at(make_contract):
    contract = make_contract(contract=CONTRACT.replace("residence_geography, population: 1200", "other, groups: 3"))
    table = pd.DataFrame({"county": ["Alameda County"], "year": "2024", "cases": "0"}, dtype="str")
    assert handbook_notes(contract, table) == []
