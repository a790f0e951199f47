"""What the gate lets through, and what not."""

import json
import logging
import subprocess
import sys

import pytest

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.quality import csv_bytes, validate

PLANTED = "7"
SENTINEL = "8675309"


def cell(table, county, year):
    return table.index[(table["county_fips"] == county) & (table["year"] == year)][0]


def small_number_shown(table):
    table.loc[cell(table, "003", "2021"), "cases"] = PLANTED


def small_number_with_its_annotation_removed(table):
    row = cell(table, "003", "2021")
    table.loc[row, ["cases", "cases_annotation_code", "cases_annotation_description"]] = [PLANTED, "", ""]


def zero_hidden_with_a_code(table):
    row = cell(table, "003", "2022")
    reason = table.loc[cell(table, "003", "2021"), "cases_annotation_description"]
    table.loc[row, ["cases", "cases_annotation_code", "cases_annotation_description"]] = ["", "1", reason]


def zero_left_out(table):
    table.loc[cell(table, "003", "2022"), "cases"] = ""


def code_without_empty_value(table):
    row = cell(table, "Bay", "2022")
    reason = table.loc[cell(table, "003", "2021"), "rate_annotation_description"]
    table.loc[row, ["rate_annotation_code", "rate_annotation_description"]] = ["1", reason]


def empty_value_without_code(table):
    row = cell(table, "001", "2021")
    table.loc[row, ["cases_annotation_code", "cases_annotation_description"]] = ["", ""]


def description_of_another_code(table):
    table.loc[cell(table, "001", "2021"), "cases_annotation_description"] = "Statistically unstable"


def code_that_the_portal_does_not_know(table):
    table.loc[cell(table, "001", "2021"), "cases_annotation_code"] = "9"


def rate_beside_a_hidden_count(table):
    row = cell(table, "003", "2021")
    table.loc[row, ["rate", "rate_annotation_code", "rate_annotation_description"]] = ["0.0", "", ""]


def events_beside_a_hidden_count(table):
    row = cell(table, "003", "2021")
    table.loc[row, ["visits", "visits_annotation_code", "visits_annotation_description"]] = ["1234", "", ""]


def amount_hidden_for_no_count(table):
    row = cell(table, "Bay", "2022")
    reason = table.loc[cell(table, "003", "2021"), "paid_annotation_description"]
    table.loc[row, ["paid", "paid_annotation_code", "paid_annotation_description"]] = ["", "1", reason]


def margin_that_does_not_add_up(table):
    table.loc[cell(table, "California", "2022"), "cases"] = "96"


def amount_margin_that_does_not_add_up(table):
    table.loc[cell(table, "California", "2022"), "paid"] = "200.00"


def single_hidden_part(table):
    row = cell(table, "001", "2021")
    columns = ["cases", "cases_annotation_code", "cases_annotation_description"]
    table.loc[row, columns] = ["40", "", ""]


def row_twice(table):
    table.loc[len(table)] = table.loc[0]


def row_dropped(table):
    return table.drop(index=cell(table, "003", "2022"))


def row_added(table):
    table.loc[len(table)] = table.loc[0].where(table.columns != "year", "2023")


def column_dropped(table):
    return table.drop(columns="rate")


def column_added(table):
    table["name"] = "someone"


def columns_swapped(table):
    return table[["county_fips", "population", "year", *table.columns[3:]]]


def figures_under_the_name_of_a_dimension(table):
    table["year"] = table["cases"].where(table["cases"] != "", PLANTED)


def leading_zeros_lost(table):
    table["county_fips"] = table["county_fips"].str.lstrip("0")


def category_missing(table):
    table.loc[0, "county_fips"] = ""


def label_outside_the_code_list(table):
    table.loc[0, "county_fips"] = "009"


def thousands_separator(table):
    table.loc[cell(table, "California", "2022"), "visits"] = "1,285"


def decimals_in_a_count(table):
    table.loc[cell(table, "California", "2022"), "cases"] = "95.0"


def too_many_decimals(table):
    table.loc[cell(table, "California", "2022"), "rate"] = "95.04"


def symbol_in_a_count(table):
    table.loc[cell(table, "003", "2021"), "cases"] = "<11"


def population_missing(table):
    table.loc[0, "population"] = ""


def everything_hidden(table):
    reason = table.loc[cell(table, "003", "2021"), "cases_annotation_description"]
    for measure in ("cases", "visits", "rate", "paid"):
        table[measure] = ""
        table[f"{measure}_annotation_code"] = "1"
        table[f"{measure}_annotation_description"] = reason


def column_empty(table):
    table["year"] = ""


def identifier_in_a_description(table):
    table.loc[cell(table, "001", "2022"), "paid_annotation_description"] = "123-45-6789"


def most_people_hidden(table):
    reason = table.loc[cell(table, "003", "2021"), "cases_annotation_description"]
    for county in ("001", "003", "005", "007"):
        for year in ("2021", "2022"):
            table.loc[cell(table, county, year), ["cases", "cases_annotation_code", "cases_annotation_description"]] = [
                "",
                "1",
                reason,
            ]


MUTATIONS = [
    (identifier_in_a_description, "expect_no_direct_identifiers"),
    (most_people_hidden, "expect_suppressed_people_to_be_at_most"),
    (everything_hidden, "expect_suppressed_cells_to_be_at_most"),
    (thousands_separator, "expect_columns_to_read_as_declared"),
    (small_number_shown, "expect_counts_to_exclude_small_numbers"),
    (small_number_with_its_annotation_removed, "expect_counts_to_exclude_small_numbers"),
    (zero_hidden_with_a_code, "expect_published_margins_to_add_up"),
    (zero_left_out, "expect_values_to_be_empty_exactly_where_annotated"),
    (code_without_empty_value, "expect_values_to_be_empty_exactly_where_annotated"),
    (empty_value_without_code, "expect_values_to_be_empty_exactly_where_annotated"),
    (description_of_another_code, "expect_annotations_to_be_known"),
    (code_that_the_portal_does_not_know, "expect_annotations_to_be_known"),
    (rate_beside_a_hidden_count, "expect_statistics_to_be_empty_with_their_counts"),
    (events_beside_a_hidden_count, "expect_statistics_to_be_empty_with_their_counts"),
    (amount_hidden_for_no_count, "expect_statistics_to_be_empty_with_their_counts"),
    (margin_that_does_not_add_up, "expect_published_margins_to_add_up"),
    (amount_margin_that_does_not_add_up, "expect_published_margins_to_add_up"),
    (single_hidden_part, "expect_published_margins_to_add_up"),
    (row_twice, "expect_compound_columns_to_be_unique"),
    (row_dropped, "expect_table_row_count_to_equal"),
    (row_added, "expect_rows_to_be_those_assessed"),
    (column_dropped, "expect_table_columns_to_match_ordered_list"),
    (column_added, "expect_table_columns_to_match_ordered_list"),
    (columns_swapped, "expect_table_columns_to_match_ordered_list"),
    (figures_under_the_name_of_a_dimension, "expect_rows_to_be_those_assessed"),
    (leading_zeros_lost, "expect_column_values_to_be_in_set"),
    (category_missing, "expect_column_values_to_not_be_null"),
    (label_outside_the_code_list, "expect_column_values_to_be_in_set"),
    (thousands_separator, "expect_column_values_to_match_regex"),
    (decimals_in_a_count, "expect_column_values_to_match_regex"),
    (too_many_decimals, "expect_column_values_to_match_regex"),
    (symbol_in_a_count, "expect_counts_to_exclude_small_numbers"),
    (population_missing, "expect_column_values_to_not_be_null"),
    (everything_hidden, "expect_column_proportion_of_non_null_values_to_be_between"),
    (column_empty, "expect_column_values_to_not_be_null"),
]


def mutated(table, mutate):
    changed = table.copy()
    replaced = mutate(changed)
    return changed if replaced is None else replaced


class TestAGoodFile:
    def test_passes_every_expectation(self, staged, table, suite, parameters):
        result = validate(staged(table), suite, parameters)
        assert result.passed, result.describe()
        assert len(result.results) == result.listed == len(suite["expectations"]) > 0
        assert result.rows == len(table)

    def test_is_judged_by_the_bytes_on_disk(self, staged, table, suite, parameters):
        path = staged(table)
        good = validate(path, suite, parameters)
        small_number_shown(table)
        assert good.sha256 != validate(staged(table), suite, parameters).sha256


class TestABreach:
    @pytest.mark.parametrize(("mutate", "expected"), MUTATIONS, ids=lambda item: getattr(item, "__name__", ""))
    def test_is_found_by_the_rule_it_breaks_and_no_figure_leaks(
        self, mutate, expected, staged, table, suite, parameters, caplog, capfd
    ):
        broken = mutated(table, mutate).replace({PLANTED: SENTINEL, "96": SENTINEL, "1234": SENTINEL, "35": SENTINEL})
        if expected == "expect_counts_to_exclude_small_numbers":
            broken = mutated(table, mutate)
        with caplog.at_level(logging.DEBUG):
            result = validate(staged(broken), suite, parameters)
        assert not result.passed
        assert expected in {outcome.type for outcome in result.failures}
        streams = capfd.readouterr()
        told = json.dumps(result.to_json()) + result.describe() + repr(result)
        assert SENTINEL not in told + caplog.text + streams.out + streams.err

    def test_is_reported_by_coordinate(self, staged, table, suite, parameters):
        small_number_with_its_annotation_removed(table)
        failures = validate(staged(table), suite, parameters).failures
        small = [outcome for outcome in failures if outcome.type == "expect_counts_to_exclude_small_numbers"]
        assert [(outcome.subject, outcome.breaches, outcome.coordinates) for outcome in small] == [
            ("cases", 1, ("county_fips=003, year=2021",))
        ]

    def test_says_which_column_is_missing(self, staged, table, suite, parameters):
        errors = {outcome.error for outcome in validate(staged(column_dropped(table)), suite, parameters).failures}
        assert "there is no column rate" in errors


class TestNothingLeaks:
    def test_figures_in_the_place_of_a_lost_header_are_not_told(self, staged, table, suite, parameters):
        first = b"003,2021,100000,8675309,a,b,21,c,d,4.0,e,f,10.00,g,h\n"
        result = validate(staged(first + csv_bytes(table, "visits").split(b"\n", 1)[1]), suite, parameters)
        assert result.rows == len(table)
        assert not result.passed
        assert SENTINEL not in json.dumps(result.to_json())

    def test_an_exception_gives_its_class_and_nothing_else(
        self, staged, table, suite, parameters, caplog, capfd, monkeypatch
    ):
        from ddg_pipeline.quality import rules

        def quoting(*_):
            raise ValueError("the cell holds 8675309")

        monkeypatch.setattr(rules, "small_counts", quoting)
        with caplog.at_level(logging.DEBUG):
            result = validate(staged(table), suite, parameters)
        assert not result.passed
        assert {outcome.error for outcome in result.failures} == {"could not be computed: ValueError"}
        streams = capfd.readouterr()
        assert SENTINEL not in json.dumps(result.to_json()) + caplog.text + streams.out + streams.err
        assert "Traceback" not in json.dumps(result.to_json()) + caplog.text + streams.out + streams.err

    def test_is_silent(self, staged, table, suite, parameters, capfd):
        validate(staged(table), suite, parameters)
        streams = capfd.readouterr()
        assert streams.out + streams.err == ""

    def test_leaves_other_logging_as_it_was(self, staged, table, suite, parameters):
        logger = logging.getLogger("great_expectations")
        before = logger.level
        validate(staged(table), suite, parameters)
        assert logger.level == before


class TestFailsClosed:
    def test_an_empty_table_fails(self, staged, table, suite, parameters):
        result = validate(staged(table.head(0)), suite, parameters)
        assert not result.passed
        assert result.rows == 0

    def test_an_empty_table_fails_even_where_its_suite_does_not_mind(self, staged, table, suite):
        lenient = suite | {"expectations": [e for e in suite["expectations"] if "regex" in e["kwargs"]]}
        result = validate(staged(table.head(0)), lenient)
        assert all(outcome.success for outcome in result.results)
        assert not result.passed

    def test_an_empty_suite_is_refused(self, staged, table, suite):
        with pytest.raises(InputErrors, match="an empty suite would pass anything"):
            validate(staged(table), suite | {"expectations": []})

    def test_an_unknown_expectation_is_refused(self, staged, table, suite, parameters):
        suite["expectations"].append({"type": "expect_nothing_at_all", "kwargs": {}})
        with pytest.raises(InputErrors, match="expect_nothing_at_all"):
            validate(staged(table), suite, parameters)

    def test_a_missing_parameter_is_refused(self, staged, table, suite, parameters):
        del parameters["coordinates"]
        with pytest.raises(InputError, match="coordinates"):
            validate(staged(table), suite, parameters)

    def test_a_missing_file_fails(self, tmp_path, suite, parameters):
        result = validate(tmp_path / "visits.csv", suite, parameters)
        assert not result.passed
        assert result.sha256 == ""

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda data: data.replace(b"\n", b"\r\n"),
            lambda data: b"\xef\xbb\xbf" + data,
            lambda data: data + b"003,2021\n",
            lambda data: data.replace(b"2021", b"20\xff1", 1),
            lambda data: data.replace(b"2021", b'"2021"', 1),
            lambda data: data.rstrip(b"\n"),
            lambda data: b"",
        ],
        ids=["CRLF", "BOM", "ragged", "not UTF-8", "needless quotes", "no last line end", "no bytes"],
    )
    def test_a_file_that_can_be_read_in_two_ways_fails(self, spoil, staged, table, suite, parameters):
        result = validate(staged(spoil(csv_bytes(table, "visits"))), suite, parameters)
        assert not result.passed
        assert len(result.results) == 1

    def test_an_expectation_that_great_expectations_cannot_compute_fails(self, staged, table, suite, parameters):
        kwargs = {"column": "county_fips", "min_value": 1, "max_value": 2}
        suite["expectations"].append({"type": "expect_column_mean_to_be_between", "kwargs": kwargs})
        (outcome,) = validate(staged(table), suite, parameters).failures
        assert outcome.error == "Great Expectations raised an exception"
        assert outcome.breaches is None

    def test_the_stock_verdict_alone_is_not_enough(self, staged, table, suite, parameters, monkeypatch):
        """Great Expectations says yes to everything: the breaches that we count ourselves still fail the file."""
        from great_expectations.expectations.core import ExpectColumnValuesToNotBeNull

        monkeypatch.setattr(ExpectColumnValuesToNotBeNull, "_validate", lambda *_, **__: {"success": True})
        category_missing(table)
        failed = {outcome.type for outcome in validate(staged(table), suite, parameters).failures}
        assert "expect_column_values_to_not_be_null" in failed


class TestTheDatastoresReading:
    def test_is_judged_by_every_expectation_too(self, staged, table, suite, parameters, monkeypatch):
        """The file is right, and the datastore would hold a small number."""
        from decimal import Decimal

        from ddg_pipeline.quality import gate

        reads = gate.read_as_datastore

        def other(frame, *arguments):
            read = reads(frame, *arguments)
            read.loc[cell(table, "005", "2022"), "cases"] = Decimal(PLANTED)
            return read

        monkeypatch.setattr(gate, "read_as_datastore", other)
        result = validate(staged(table), suite, parameters)
        assert not result.passed
        (small,) = [one for one in result.failures if one.type == "expect_counts_to_exclude_small_numbers"]
        assert (small.readings, small.coordinates) == (("datastore",), ("county_fips=005, year=2022",))
        assert "as the portal's datastore reads it" in result.describe()

    def test_both_readings_are_told(self, staged, table, suite, parameters):
        small_number_shown(table)
        failures = validate(staged(table), suite, parameters).failures
        assert {one.readings for one in failures} == {("file", "datastore")}

    def test_a_cell_that_it_cannot_load_fails(self, staged, table, suite, parameters):
        table.loc[cell(table, "California", "2022"), "paid"] = "1e3"
        unloaded, *others = validate(staged(table), suite, parameters).results
        assert unloaded.type == "rows_fit_the_datastore"
        assert unloaded.error is not None
        assert "paid: found no plain number in row 14" in unloaded.error
        assert "1e3" not in unloaded.error
        assert len(others) == len(suite["expectations"])

    def test_needs_the_types_of_the_data_dictionary(self, staged, table, suite, parameters):
        del suite["meta"]["types"]
        with pytest.raises(InputErrors, match=r"meta\.types"):
            validate(staged(table), suite, parameters)


class TestTheReleaseBefore:
    @pytest.fixture
    def before(self, tmp_path):
        def write(table):
            path = tmp_path / "before.csv"
            path.write_bytes(csv_bytes(table, "before"))
            return path

        return write

    def test_that_is_the_same_lets_it_pass_and_is_named_by_its_hash(self, staged, table, suite, parameters, before):
        previous = before(table)
        result = validate(staged(table), suite, parameters, previous=previous)
        assert result.passed, result.describe()
        assert result.parameters["previous"] == result.sha256
        assert str(previous) not in json.dumps(result.to_json())

    def test_that_there_is_none_is_told(self, staged, table, suite, parameters):
        result = validate(staged(table), suite, parameters)
        assert result.parameters["previous"] == "none"
        assert "no release before this one: there is nothing to compare with" in result.describe()

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (lambda before: before[before["county_fips"] != "003"].head(5), "expect_row_count_to_stay_near_previous"),
            (
                lambda before: before.replace({"year": {"2021": "2019"}}),
                "expect_categories_to_stay_near_previous",
            ),
            (lambda before: before.replace({"cases": {"95": "950"}}), "expect_total_to_stay_near_previous"),
        ],
        ids=["rows", "categories", "total"],
    )
    def test_that_is_far_away_stops_it(self, change, expected, staged, table, suite, parameters, before):
        result = validate(staged(table), suite, parameters, previous=before(change(table.copy())))
        assert not result.passed
        assert expected in {one.type for one in result.failures}

    def test_that_is_gone_when_it_is_read_stops_it(self, staged, table, suite, parameters, tmp_path):
        result = validate(staged(table), suite, parameters, previous=tmp_path / "gone.csv")
        assert {one.error for one in result.failures} == {"could not be computed: FileNotFoundError"}


class TestWeight:
    def test_importing_the_room_does_not_import_great_expectations(self):
        code = "import sys, ddg_pipeline.quality, ddg_pipeline.publishing; print('great_expectations' in sys.modules)"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == "False"
