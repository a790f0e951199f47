import numpy as np
import pandas as pd
import pytest

from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors


@pytest.fixture
def bound(raw, table, references):
    return bind(parse_contract(raw, "c"), table, references, "table.csv")


def mistakes(raw, table, references):
    with pytest.raises(InputErrors) as caught:
        bind(parse_contract(raw, "c"), table, references, "table.csv")
    return caught.value.errors


class TestABoundTable:
    def test_has_text_dimensions_and_whole_counts(self, bound):
        assert bound.frame["year"].tolist() == ["2023"] * 4
        assert bound.frame["patients"].dtype == "int64"

    def test_text_from_csv_and_typed_columns_are_the_same(self, raw, table, references, bound):
        as_text = table.astype("str")
        other = bind(parse_contract(raw, "c"), as_text, references, "table.csv")
        columns = ["county", "year", "population", "patients", "visits"]
        pd.testing.assert_frame_equal(bound.frame[columns], other.frame[columns])

    def test_keeps_the_original_as_it_was(self, bound, table):
        pd.testing.assert_frame_equal(bound.original, table)

    def test_tells_leaves_from_groups(self, bound):
        assert bound.axes["county"].leaves == ("Alpine", "Butte", "Kern")
        assert bound.axes["county"].groups == {"North", "South", "California"}

    @pytest.mark.parametrize(
        ("labels", "text"),
        [
            ([1, 2, 3, 4], ["1", "2", "3", "4"]),
            ([1.0, 2.0, 3.0, 4.0], ["1", "2", "3", "4"]),
            (
                pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]),
                ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"],
            ),
            (["001", "002", "003", "004"], ["001", "002", "003", "004"]),
        ],
    )
    def test_labels_of_any_type_become_text(self, raw, table, labels, text):
        raw["dimensions"]["county"] = {"variable": "residence_geography", "population": 30000}
        table["county"] = labels
        assert bind(parse_contract(raw, "c"), table, {}).frame["county"].tolist() == text


class TestSizes:
    def test_come_from_a_reference_table(self, bound):
        assert bound.sizes("county") == {"Alpine": 1204, "Butte": 211632, "Kern": 909235}

    def test_may_be_a_number_a_mapping_or_a_column(self, raw, table, references):
        for population in (5, {"Alpine": 5, "Butte": 5, "Kern": 5}):
            raw["dimensions"]["county"]["population"] = population
            sizes = bind(parse_contract(raw, "c"), table, references).sizes("county")
            assert {sizes[leaf] for leaf in ("Alpine", "Butte", "Kern")} == {5}
        raw["dimensions"]["county"]["population"] = "population"
        assert bind(parse_contract(raw, "c"), table, references).sizes("county")["Alpine"] == 1204

    def test_a_leaf_without_one_is_an_error_unless_it_means_unknown(self, raw, table, references):
        references["county_population"] = references["county_population"].iloc[:2]
        bound = bind(parse_contract(raw, "c"), table, references)
        with pytest.raises(InputErrors, match="no size for Kern"):
            bound.sizes("county")
        raw["dimensions"]["county"]["unknown"] = ["Kern"]
        assert "Kern" not in bind(parse_contract(raw, "c"), table, references).sizes("county")

    def test_denominators_follow_the_rows(self, raw, table, references):
        raw["measures"]["patients"]["population"] = {"table": "by_year", "key": ["county", "year"], "value": "people"}
        references["by_year"] = pd.DataFrame(
            {"county": ["California", "Kern", "Butte", "Alpine"], "year": [2023] * 4, "people": [4, 3, 2, 1]}
        )
        bound = bind(parse_contract(raw, "c"), table, references)
        assert bound.denominators("patients").tolist() == [1, 2, 3, 4]

    def test_contradicting_sizes_are_an_error(self, raw, table, references):
        twice = pd.concat([references["county_population"], pd.DataFrame({"county": ["Kern"], "population": [1]})])
        bound = bind(parse_contract(raw, "c"), table, {"county_population": twice})
        with pytest.raises(InputErrors, match="with two sizes"):
            bound.sizes("county")


class TestErrors:
    @pytest.mark.parametrize(
        ("spoil", "field", "found"),
        [
            (lambda t: t.drop(columns="visits"), "columns", "no visits"),
            (lambda t: t.assign(ssn="x"), "columns", "ssn, which the contract does not declare"),
            (lambda t: t.iloc[:0], "rows", "none"),
            (lambda t: pd.concat([t, t.iloc[[1]]]), "rows", "the same coordinate twice: (county=Butte, year=2023)"),
            (lambda t: t.assign(county=["Alpine", None, "Kern", "California"]), "county", "no category in row 2"),
            (lambda t: t.assign(county=["Alpine", " ", "Kern", "California"]), "county", "no category in row 2"),
            (
                lambda t: t.assign(patients=[4, -120, 300, 424]),
                "patients",
                "a negative number at (county=Butte, year=2023)",
            ),
            (
                lambda t: t.assign(patients=[4, 120.5, 300, 424]),
                "patients",
                "a number with decimals at (county=Butte, year=2023)",
            ),
            (
                lambda t: t.assign(patients=["4", "many", "300", "424"]),
                "patients",
                "text that is no number at (county=Butte, year=2023)",
            ),
            (
                lambda t: t.assign(population=[1204, None, 909235, 1122071]),
                "population",
                "no value at (county=Butte, year=2023)",
            ),
            (
                lambda t: t.assign(visits=[6, 119, 420, 576]),
                "visits",
                "fewer events than individuals at (county=Butte, year=2023)",
            ),
            (
                lambda t: t.assign(rate=["5", "low", "1", "1"]),
                "rate",
                "text that is no number at (county=Butte, year=2023)",
            ),
            (
                lambda t: t.assign(county=["Alpine", "Butte", "Kern", "State"]),
                "dimensions.county.total",
                "California, which is no label in the table",
            ),
        ],
    )
    def test_name_the_row_and_never_a_figure(self, raw, table, references, spoil, field, found):
        [error] = mistakes(raw, spoil(table), references)
        assert (error.place, error.field, error.found) == ("table.csv", field, found)

    def test_a_missing_reference_table(self, raw, table):
        [error] = mistakes(raw, table, {})
        assert error.field == "reference table county_population"

    def test_only_totals(self, raw, table, references):
        errors = mistakes(raw, table.iloc[[3]], references)
        assert any(error.found == "only totals and groups" for error in errors)

    def test_many_rows_are_counted_not_listed(self, raw, references):
        count = 40
        table = pd.DataFrame(
            {
                "county": [f"C{n}" for n in range(count)] + ["California"],
                "year": "2023",
                "population": 1,
                "patients": np.repeat(-1, count + 1),
                "visits": 1,
                "rate": "",
            }
        )
        error = next(error for error in mistakes(raw, table, references) if error.field == "patients")
        assert error.found.count("county=") <= 6
        assert "more" in error.found

    def test_a_hierarchy_of_other_categories(self, raw, table, references):
        # such as FIPS codes that lost their zeros
        raw["dimensions"]["county"]["hierarchy"] = {"tree": {"North": [1, 3]}}
        [error] = mistakes(raw, table, references)
        assert error.field == "dimensions.county.hierarchy[0]"
        assert error.found == "groups of 1, 3, of which the table has none"

    def test_hierarchies_that_contradict_each_other(self, raw, table, references):
        trees = [{"North": ["Alpine", "Butte"]}, {"Alpine": ["North"]}]
        raw["dimensions"]["county"]["hierarchy"] = [{"tree": tree} for tree in trees]
        [error] = mistakes(raw, table, references)
        assert error.field == "dimensions.county.hierarchy[1]"
        assert "among its own ancestors" in error.found

    def test_a_preferred_category_that_is_not_there(self, raw, table, references):
        raw["suppression"] = {"prefer": {"county": ["Other"]}}
        [error] = mistakes(raw, table, references)
        assert error.field == "suppression.prefer.county"
