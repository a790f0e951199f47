"""`ddg_pipeline.expectations` in anyone's suite: registered, strict about parameters, silent about figures."""

import json
import re

import great_expectations as gx
import pandas as pd
import pytest
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

import ddg_pipeline.expectations as ddg
from ddg_pipeline.quality.rules import rows_digest

SENTINEL = "8675309"
NOTES = [{"code": "", "description": ""}, {"code": "1", "description": "Small"}]
CONTRACT = """
release: cases
title: Cases by county
dimensions:
  county: {variable: residence_geography, population: population, total: California}
measures:
  cases: {kind: count, population: population}
"""


def table(**columns):
    """Two of five counties hidden, one of them with a small number; no figure of it is wrong."""
    good = {
        "county": ["Alameda", "Butte", "Colusa", "Glenn", "Marin", "California"],
        "population": ["1600000", "200000", "21000", "28000", "260000", "39000000"],
        "cases": ["4000000", "", "", "3000000", "1675000", "8675309"],
        "cases_annotation_code": ["", "1", "1", "", "", ""],
        "cases_annotation_description": ["", "Small", "Small", "", "", ""],
        "rate": ["8675309.1", "", "", "12.0", "0.0", "8675309.5"],
        "part": ["4000000", "", "0", "3000000", "1675000", "8675309"],
    }
    return pd.DataFrame(good | columns, dtype="str")


@pytest.fixture(scope="module")
def context():
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    context.data_sources.add_pandas("tables").add_dataframe_asset("table").add_batch_definition_whole_dataframe("all")
    return context


@pytest.fixture
def definition(context):
    return context.data_sources.get("tables").get_asset("table").get_batch_definition("all")


@pytest.fixture
def batch(definition):
    return lambda frame: definition.get_batch({"dataframe": frame})


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The files that some of the expectations name."""
    monkeypatch.chdir(tmp_path)
    table().to_csv("before.csv", index=False)
    (tmp_path / "cases.yaml").write_text(CONTRACT, encoding="utf-8")


MARGINS = {"column": "cases", "dimensions": ["county"], "dimension": "county", "total": "California"}
TOTALS = {"column": "cases", "dimensions": ["county"], "totals": {"county": "California"}}
PERCENT = {"column": "percent", "dimensions": ["sex"], "dimension": "sex", "large": 2, "small": 1, "below": 1}


def percentages(first):
    return pd.DataFrame({"sex": ["F", "M", "X"], "percent": [first, "48", "<1"], "cases": [SENTINEL] * 3})


# class: its parameters, a table for which it holds, one that breaks just this rule, the rows that break it
CASES = {
    ddg.ExpectCountsToExcludeSmallNumbers: (
        {"column": "cases", "lower": 1, "upper": 10},
        table(),
        table(cases=["4000000", "4", "", "3000000", "1675000", SENTINEL]),
        [1],
    ),
    ddg.ExpectValuesToBeEmptyExactlyWhereAnnotated: (
        {"column": "cases", "code_column": "cases_annotation_code", "shown_codes": [""], "hidden_codes": ["1"]},
        table(),
        table(cases=["4000000", SENTINEL, "", "3000000", "", SENTINEL]),
        [1, 4],
    ),
    ddg.ExpectAnnotationsToBeKnown: (
        {
            "code_column": "cases_annotation_code",
            "description_column": "cases_annotation_description",
            "annotations": NOTES,
        },
        table(),
        table(cases_annotation_code=["", "1", SENTINEL, "", "", ""]),
        [2],
    ),
    ddg.ExpectStatisticsToBeEmptyWithTheirCounts: (
        {"column": "rate", "counts": ["cases"]},
        table(),
        table(rate=["8675309.1", SENTINEL, "", "", "0.0", "8675309.5"]),
        [1, 3],
    ),
    ddg.ExpectIdentityToHold: (
        {"terms": {"cases": 1, "part": -1}},
        table(),
        table(part=["4000000", "", "0", SENTINEL, "1675000", "8675309"]),
        [3],
    ),
    ddg.ExpectPublishedMarginsToAddUp: (
        MARGINS | {"code_column": "cases_annotation_code", "hidden_ranges": {"1": [1, 10**6]}},
        table(),
        table(cases=["8675309", "", "", "3000000", "1675000", "8675309"]),
        [5],
    ),
    ddg.ExpectWholePercentagesToAddUp: (
        PERCENT | {"shown_below": "<1"},
        percentages("51"),
        percentages("57"),
        [0, 1, 2],
    ),
    ddg.ExpectRowsToBeThoseAssessed: (
        {"columns": ["county"], "sha256": rows_digest(table(), ["county"])},
        table(),
        table(county=["Alameda", "Butte", "Colusa", "Glenn", SENTINEL, "California"]),
        [],
    ),
    ddg.ExpectColumnsToReadAsDeclared: (
        {"types": {"county": "text", "cases": "numeric", "rate": "numeric"}},
        table(),
        table(cases=["4000000", "", "", "3000000", "1675000", "8,675,309"]),
        [5],
    ),
    ddg.ExpectNoDirectIdentifiers: (
        {"rulebook": "calhhs-ddg-2.0", "columns": {"county": {"variable": "residence_geography"}}},
        table(),
        table(part=["", "", "", "", "", "867-53-0909"]),
        [],
    ),
    ddg.ExpectSuppressedCellsToBeAtMost: (
        {"column": "cases", "percent": 34},
        table(),
        table(cases=["4000000", "", "", "", "1675000", SENTINEL]),
        [],
    ),
    ddg.ExpectSuppressedPeopleToBeAtMost: (
        TOTALS | {"percent": 1},
        table(),
        table(cases=["4000000", "", "", "", "1675000", SENTINEL]),
        [],
    ),
    ddg.ExpectRowCountToStayNearPrevious: ({"previous": "before.csv", "percent": 10}, table(), table().head(5), []),
    ddg.ExpectCategoriesToStayNearPrevious: (
        {"column": "county", "previous": "before.csv", "new": 0},
        table(),
        table(county=["Alameda", "Butte", "Colusa", "Glenn", "Marina", "California"]),
        [4],
    ),
    ddg.ExpectTotalToStayNearPrevious: (
        TOTALS | {"previous": "before.csv", "percent": 10},
        table(),
        table(cases=["4000000", "", "", "3000000", "1675000", "18675309"]),
        [],
    ),
    ddg.ExpectAttackToFindNothing: (
        {"contract": "cases.yaml"},
        table(cases=["4000000", "0", "0", "3000000", "1675309", SENTINEL], cases_annotation_code=[""] * 6),
        table(
            cases=["4000000", "", "300000", "3000000", "1375304", SENTINEL], cases_annotation_code=["", "1", *[""] * 4]
        ),
        [1, 5],
    ),
}


def test_every_class_is_tried():
    assert {one.__name__ for one in CASES} == {name for name in ddg.__all__ if name.startswith("Expect")}


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("expectation", CASES, ids=lambda one: one.__name__)
class TestEach:
    def test_holds_for_a_good_table(self, expectation, batch):
        parameters, good, _, _ = CASES[expectation]
        result = batch(good).validate(expectation(**parameters))
        assert result.success, result

    def test_finds_the_rows_of_a_table_that_breaks_just_it(self, expectation, batch):
        parameters, _, bad, rows = CASES[expectation]
        result = batch(bad).validate(expectation(**parameters), result_format="COMPLETE")
        assert not result.success
        assert not result.exception_info["raised_exception"]
        assert result.result["observed_value"] >= 1
        assert result.result.get("unexpected_index_list", []) == rows

    def test_names_rows_by_a_category_and_never_tells_a_figure(self, expectation, batch):
        parameters, _, bad, _ = CASES[expectation]
        bad = bad.rename(columns={"sex": "county"}) if "sex" in bad else bad
        parameters = json.loads(json.dumps(parameters).replace('"sex"', '"county"'))
        # that the rows are others may be told by the name of a county, of which one stands for a figure here
        figures = "4000000|3000000" + ("" if expectation is ddg.ExpectRowsToBeThoseAssessed else "|8.?675.?309")
        for names in ({}, {"unexpected_index_column_names": ["county"]}):
            result = batch(bad).validate(expectation(**parameters), result_format={"result_format": "COMPLETE"} | names)
            assert not re.search(figures, json.dumps(result.to_json_dict()["result"]))

    def test_never_names_rows_by_the_figures_it_judges(self, expectation, batch):
        parameters, _, bad, _ = CASES[expectation]
        made = expectation(**parameters)
        wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": sorted(made.figure_columns())}
        told = json.dumps(batch(bad).validate(made, result_format=wanted).to_json_dict()["result"])
        assert not re.search("8.?675.?309|4000000|3000000", told)

    def test_shows_no_figure_when_rendered(self, expectation, context, definition):
        parameters, _, bad, _ = CASES[expectation]
        suite = context.suites.add_or_update(gx.ExpectationSuite(name="one", expectations=[expectation(**parameters)]))
        run = gx.ValidationDefinition(name="one", data=definition, suite=suite)
        result = context.validation_definitions.add_or_update(run).run(
            batch_parameters={"dataframe": bad}, result_format="COMPLETE"
        )
        page = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(result))
        assert expectation.expectation_type in page
        asked = json.dumps(parameters)
        assert not [figure for figure in (SENTINEL, "4000000", "3000000") if figure in page and figure not in asked]

    def test_is_found_by_its_name_in_a_suite(self, expectation, batch):
        parameters, good, _, _ = CASES[expectation]
        entry = {"type": expectation.expectation_type, "kwargs": parameters}
        suite = gx.ExpectationSuite(name="by_name", expectations=[entry])
        (result,) = batch(good).validate(suite).results
        assert result.success
        assert isinstance(suite.expectations[0], expectation)

    def test_says_what_it_is_and_what_its_parameters_mean(self, expectation):
        told = expectation.__doc__
        assert "Args:" in told
        own = [name for name in expectation.success_keys if f"        {name}: " not in told]
        assert own == []
        assert set(expectation.success_keys) <= set(expectation.__fields__)


WRONG = [
    (ddg.ExpectCountsToExcludeSmallNumbers, {"column": "cases", "lower": 10, "upper": 1}, "upper"),
    (ddg.ExpectCountsToExcludeSmallNumbers, {"column": "", "lower": 1, "upper": 10}, "column"),
    (ddg.ExpectCountsToExcludeSmallNumbers, {"column": "cases", "lower": 1}, "upper"),
    (ddg.ExpectCountsToExcludeSmallNumbers, {"column": "cases", "lower": 1, "upper": 10, "mostly": 0.9}, "mostly"),
    (
        ddg.ExpectValuesToBeEmptyExactlyWhereAnnotated,
        {"column": "a", "code_column": "b", "shown_codes": ["1"], "hidden_codes": ["1"]},
        "hidden_codes",
    ),
    (
        ddg.ExpectAnnotationsToBeKnown,
        {"code_column": "a", "description_column": "b", "annotations": [{"code": "1"}]},
        "annotations",
    ),
    (ddg.ExpectStatisticsToBeEmptyWithTheirCounts, {"column": "rate", "counts": []}, "counts"),
    (ddg.ExpectIdentityToHold, {"terms": {"a": 1}}, "terms"),
    (ddg.ExpectPublishedMarginsToAddUp, MARGINS | {"dimension": "sex"}, "dimension"),
    (ddg.ExpectPublishedMarginsToAddUp, MARGINS | {"rounding": -1}, "rounding"),
    (ddg.ExpectPublishedMarginsToAddUp, MARGINS | {"hidden_ranges": {"1": [10, 1]}}, "hidden_ranges"),
    (ddg.ExpectPublishedMarginsToAddUp, MARGINS | {"tolerated": [{"sex": "F"}]}, "tolerated"),
    (ddg.ExpectWholePercentagesToAddUp, PERCENT | {"shown_below": "<1", "below": 101}, "below"),
    (ddg.ExpectRowsToBeThoseAssessed, {"columns": ["a"], "sha256": "abc"}, "sha256"),
    (ddg.ExpectColumnsToReadAsDeclared, {"types": {"a": "integer"}}, "types"),
    (ddg.ExpectNoDirectIdentifiers, {"rulebook": "x", "columns": {"a": {"variable": "shoe_size"}}}, "columns"),
    (ddg.ExpectNoDirectIdentifiers, {"rulebook": "x", "columns": {"a": {"colour": "red"}}}, "columns"),
    (ddg.ExpectSuppressedCellsToBeAtMost, {"column": "a", "percent": 101}, "percent"),
    (ddg.ExpectSuppressedPeopleToBeAtMost, TOTALS | {"percent": 5, "totals": {"sex": "All"}}, "totals"),
    (ddg.ExpectRowCountToStayNearPrevious, {"previous": "", "percent": -1}, "percent"),
    (ddg.ExpectCategoriesToStayNearPrevious, {"column": "a", "previous": ""}, "__root__"),
    (ddg.ExpectCategoriesToStayNearPrevious, {"column": "a", "previous": "", "new": -1}, "new"),
    (ddg.ExpectTotalToStayNearPrevious, TOTALS | {"percent": 5}, "previous"),
    (ddg.ExpectAttackToFindNothing, {"contract": "a.yaml", "level": "some"}, "level"),
]


@pytest.mark.parametrize(("expectation", "parameters", "field"), WRONG, ids=lambda one: getattr(one, "__name__", ""))
def test_a_wrong_parameter_is_refused_by_name(expectation, parameters, field):
    with pytest.raises(Exception, match="validation error") as refused:
        expectation(**parameters)
    assert field in {detail["loc"][0] for detail in refused.value.errors()}


class TestWhatCannotBeComputed:
    def test_is_no_success_and_says_which_column_is_missing(self, batch):
        result = batch(table()).validate(ddg.ExpectCountsToExcludeSmallNumbers(column="deaths", lower=1, upper=10))
        assert not result.success
        assert result.exception_info["exception_message"] == "there is no column deaths"

    def test_quotes_no_cell(self, batch, monkeypatch):
        from ddg_pipeline.quality import rules

        def quoting(*_):
            raise ValueError(f"the cell holds {SENTINEL}")

        monkeypatch.setattr(rules, "small_counts", quoting)
        result = batch(table()).validate(ddg.ExpectCountsToExcludeSmallNumbers(column="cases", lower=1, upper=10))
        assert not result.success
        assert result.exception_info["exception_message"] == "could not be computed: ValueError"
        assert SENTINEL not in json.dumps(result.to_json_dict())

    def test_such_as_a_release_before_that_is_no_file(self, batch, tmp_path):
        gone = ddg.ExpectRowCountToStayNearPrevious(previous=str(tmp_path / "gone.csv"), percent=10)
        assert not batch(table()).validate(gone).success

    def test_such_as_a_rulebook_that_is_not_there(self, batch):
        result = batch(table()).validate(ddg.ExpectNoDirectIdentifiers(rulebook="nobodys-rules"))
        assert not result.success
        assert "nobodys-rules" in result.exception_info["exception_message"]


class TestSuiteParameters:
    def test_the_release_before_can_be_given_when_the_suite_runs(self, batch, files):
        asked = ddg.ExpectRowCountToStayNearPrevious(previous={"$PARAMETER": "previous"}, percent=10)
        suite = gx.ExpectationSuite(name="drift", expectations=[asked])
        given = {"previous": "before.csv"}
        assert batch(table()).validate(suite, expectation_parameters=given).success
        assert not batch(table().head(5)).validate(suite, expectation_parameters=given).success
        assert batch(table().head(5)).validate(suite, expectation_parameters={"previous": ""}).success
