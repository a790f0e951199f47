"""Whatever is wrong in a contract is told in its own words: what was found, and what to write."""

from __future__ import annotations

import copy

import pytest

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors

RAW = {
    "release": "cases",
    "title": "Cases",
    "dimensions": {
        "county": {"variable": "residence_geography", "population": {"Alpine": 1204, "Mono": 13195}},
        "sex": {"variable": "sex"},
    },
    "measures": {"cases": {"kind": "count"}, "rate": {"kind": "rate", "numerator": "cases"}},
}
SIZE = "write a number of people, {category: number, …}, {table: …, key: …, value: …}, or the name of a column"
PYDANTIC = ("Input", "nput should", "valid", "instance of", "Field required", "Extra", "characters", "type=", "dict")

WRONG = [
    ("dimensions.county", None, "found nothing; write a mapping, at least with variable"),
    ("dimensions.county", "residence_geography", "found 'residence_geography'; write a mapping, at least"),
    ("dimensions", ["county"], "found a list of 1; write each classifying column"),
    ("measures", None, "found nothing; write each column of figures"),
    ("measures.cases", "count", "found 'count'; write a mapping, at least with kind"),
    ("measures.cases.kind", "Count", "did you mean 'count'? write one of count, rate, percent, mean, amount"),
    ("dimensions.sex.variable", "Gender", "did you mean 'gender_identity' or 'sex'? write one of time, "),
    ("dimensions.county.variable", "ZIP code", "did you mean 'residence_geography' or 'service_geography'?"),
    ("dimensions.sex.variable", "race/ethnicity", "did you mean 'race_ethnicity'?"),
    ("measures.cases.kind", "average", "did you mean 'mean'? write one of count, rate, percent, mean, amount"),
    ("measures.cases.kind", "events", "write `kind: count` with `unit: events`, and `individuals`"),
    ("measures.cases.kind", "Population", "write the column's name as `population` of the count that it belongs to"),
    ("measures.cases.kind", "individuals", "did you mean 'count'? write one of count, rate"),
    ("dimensions.sex.variable", "outcome", "did you mean 'other'? write one of time, "),
    ("measures.cases.unit", "Patients", "did you mean 'individuals'? write one of individuals, events"),
    ("suppression", {"level": "strict"}, "suppression.level: found 'strict'; did you mean 'full'? write one of exact"),
    ("dimensions.sex.variable", ["sex"], "found a list of 1; write one of time, "),
    ("dimensions.county.population", [1, 2], f"found a list of 2; {SIZE}"),
    ("dimensions.county.population", {"total_over": ["sex"]}, f"found the keys total_over; {SIZE}"),
    ("dimensions.county.population", {"table": "p", "key": "c"}, "population.value: found nothing; this key is req"),
    ("dimensions.county.population", {"table": "p", "key": 5, "value": "n"}, "population.key: found 5; write text"),
    ("dimensions.county.population", {"Alpine": 1, "Mono": "13,195"}, "Mono: found '13,195'; write a whole number"),
    ("dimensions.county.population", {"table": "p", "values": "n"}, "did you mean 'value'? allowed here: table, key"),
    ("dimensions.county.hierarchy", "regions", "write {table: …, child: …, parent: …}, {tree: "),
    ("dimensions.county.hierarchy", [{"tabel": "t"}], "[0].tabel: found an unknown key; did you mean 'table'?"),
    ("dimensions.county.total", 5, "found 5; write text: put it in quotes"),
    ("dimensions.county.total", "", "found ''; write text: the label of the margin"),
    ("dimensions.county.unknown", "Unknown", "found 'Unknown'; write a list, such as [Unknown]"),
    ("dimensions.county.additive", "no way", "found 'no way'; write true or false"),
    ("dimensions.county.implies", {"variable": "age"}, "with `- ` before each"),
    ("dimensions.sex.groups", 0, "found 0; write a whole number, 1 or more"),
    ("measures.rate.decimals", 13, "found 13; write a whole number from 0 to 12"),
    ("measures.rate.per", "100,000", "found '100,000'; write a whole number, 1 or more, such as 100000"),
    ("measures.rate.numerator", "people", "found 'people'; people must be another measure (cases, rate)"),
    ("release", "My Release", "such as my_release"),
    ("title", 2024, "found 2024; write text: put it in quotes"),
    ("scope", {"variable": "time"}, "found the keys variable; write a list of what holds for every row"),
    ("suppression", "strong", "found 'strong'; write a mapping of keys such as form"),
    ("suppression", {"level": "strong"}, "suppression.level: found 'strong'; write one of exact, ddg, full"),
    ("suppression", {"prefer": {"age": ["x"]}}, "suppression.prefer.age: found a list of 1; is not a dimension"),
    ("links", "other", "found 'other'; write a list of the names of other releases"),
    ("links", ["cases"], "leave out cases, which is the release itself"),
    ("personal_characteristics", "nope", "write true or false"),
    ("publication", {"dataset": "My Data!"}, "write a name of 2 to 100 lower-case letters, digits"),
    ("publication", {"cadence": "annually"}, "write one of daily, weekly, monthly"),
    ("survey", "chis", "found 'chis'; write a mapping with the keys limits, estimates"),
]  # fmt: skip


def errors_with(field, value):
    raw = copy.deepcopy(RAW)
    *above, last = field.split(".")
    inner = raw
    for key in above:
        inner = inner[key]
    inner[last] = value
    with pytest.raises(InputErrors) as caught:
        parse_contract(raw, "c.yaml")
    return [str(error) for error in caught.value.errors]


@pytest.mark.parametrize(("field", "value", "said"), WRONG, ids=[f"{field}={value}" for field, value, _ in WRONG])
class TestEveryMessage:
    def test_says_what_was_found_and_what_to_write(self, field, value, said):
        found = errors_with(field, value)
        assert any(said in text for text in found), found

    def test_names_the_key_and_speaks_no_python(self, field, value, said):
        for text in errors_with(field, value):
            assert text.startswith(f"c.yaml: {field}"), text
            assert not [word for word in PYDANTIC if word in text], text


class TestSeveralWaysToWriteAValue:
    def test_one_mistake_is_told_once(self):
        assert len(errors_with("dimensions.county.population", 1204.5)) == 1

    def test_keys_that_yaml_reads_as_something_else_are_named(self):
        raw = {**RAW, "dimensions": {2020: {"variable": "time"}, True: {"variable": "sex"}}}
        with pytest.raises(InputErrors) as caught:
            parse_contract(raw, "c.yaml")
        assert [error.found for error in caught.value.errors] == ["the key 2020", "the key true"]


def test_what_follows_from_a_mistake_is_not_told_besides():
    assert len(errors_with("measures.rate.numerator", "people")) == 1
