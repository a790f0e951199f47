import textwrap

import pytest

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.errors import InputErrors

GOOD = """
release: cases
title: Cases
dimensions:
  county: {variable: residence_geography, population: 30000}
measures:
  cases: {kind: count}
"""


def only_mistake(text):
    with pytest.raises(InputErrors) as caught:
        contract_from_yaml(text, "contract.yaml")
    [error] = caught.value.errors
    return error


class TestYaml:
    def test_a_contract_is_read(self):
        assert contract_from_yaml(GOOD, "contract.yaml").release == "cases"

    def test_a_key_given_twice_is_an_error_with_its_line(self):
        error = only_mistake(GOOD + "title: Other\n")
        assert (error.field, error.found) == ("line 8", "the key title for the second time")

    def test_aliases_are_refused_so_that_a_small_file_cannot_grow(self):
        bomb = textwrap.dedent(
            """
            a: &a [x, x]
            b: &b [*a, *a]
            """
        )
        assert only_mistake(bomb).found == "an alias"

    @pytest.mark.parametrize(
        "text", ["a: [1, 2", "a: 'b", "\tb: 1", "a: b: c", "- a\nb: c", "!!python/object:os.system {}"]
    )
    def test_what_is_no_yaml_names_the_line(self, text):
        error = only_mistake(text)
        assert error.place == "contract.yaml"
        assert error.field.startswith("line ")

    def test_nesting_beyond_all_measure_is_refused(self):
        assert "nested too deeply" in only_mistake("a: " + "[" * 5000 + "]" * 5000).found

    def test_a_type_cut_by_flow_style_says_to_quote_it(self):
        assert "quotes" in only_mistake("columns: {charges: decimal(12,2)}").expected

    def test_an_empty_file_is_no_contract(self):
        assert only_mistake("").found == "nothing"
