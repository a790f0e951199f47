"""What may stand in a column, and what is refused before anything is computed with it."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors

SECRET = 7351
MEASURES = {
    "n": {"kind": "count"},
    "visits": {"kind": "count", "unit": "events", "individuals": "n"},
    "rate": {"kind": "rate", "numerator": "n", "denominator": "people"},
}
RAW = {
    "release": "r",
    "title": "A table",
    "dimensions": {"a": {"variable": "other", "groups": 3}},
    "measures": MEASURES,
}


def table(**columns):
    good = {"a": ["x", "y"], "people": [50000, 60000], "n": [20, 30], "visits": [40, 50], "rate": [1.5, 2.5]}
    return pd.DataFrame({**good, **columns})


def only_mistake(frame):
    with pytest.raises(InputErrors) as caught:
        bind(parse_contract(RAW, "r"), frame)
    [error] = caught.value.errors
    return error


class TestCounts:
    @pytest.mark.parametrize(
        "values",
        [
            [20, 30],
            [20.0, 30.0],
            ["20", " 30 "],
            [Decimal(20), 30],
            pd.array([20, 30], dtype="Int64"),
            pd.array([20, 30], dtype="int64[pyarrow]"),
            pd.Categorical([20, 30]),
            np.array([20, 30], dtype=np.uint8),
        ],
    )
    def test_are_whole_numbers_of_any_type(self, values):
        assert bind(parse_contract(RAW, "r"), table(n=values)).frame["n"].tolist() == [20, 30]

    @pytest.mark.parametrize(
        ("values", "found"),
        [
            ([True, False], "something that is no number"),
            ([True, 30], "something that is no number"),
            ([20 + 1j, 30], "something that is no number"),
            (pd.to_datetime(["2024-01-01", "2024-01-02"]), "something that is no number"),
            (pd.to_timedelta([3, 4], unit="D"), "something that is no number"),
            ([dt.date(2024, 1, 1), 30], "something that is no number"),
            ([[20], 30], "something that is no number"),
            (["1,234", "30"], "text that is no number"),
            (["0x10", "30"], "text that is no number"),
            (["<11", "30"], "text that is no number"),
            (["inf", "30"], "text that is no number"),
            ([float("inf"), 30], "something that is no number"),
            ([1e300, 30], "a number too large to count anything"),
            (["99999999999999999999", "30"], "a number too large to count anything"),
            ([2**62, 30], "a number too large to count anything"),
            ([float("nan"), None], "no value"),
            (["  ", ""], "no value"),
            ([20.5, 30], "a number with decimals"),
            ([-20, 30], "a negative number"),
        ],
    )
    def test_are_nothing_else(self, values, found):
        error = only_mistake(table(n=values))
        assert error.field == "n"
        assert error.found.startswith(f"{found} at (a=x)")

    @pytest.mark.parametrize("values", [[float("nan"), 30], [None, 30], ["  ", "30"], [pd.NA, "30"], [pd.NaT, 30.0]])
    def test_may_be_missing(self, values):
        bound = bind(parse_contract(RAW, "r"), table(n=values))
        assert bound.frame["n"].tolist() == [0, 30]
        assert bound.missing["n"].tolist() == [True, False]
        assert "visits" not in bound.missing

    def test_of_a_population_may_not_be_missing(self):
        assert only_mistake(table(people=[None, 60000])).found.startswith("no value at (a=x)")

    def test_of_events_need_individuals_and_individuals_events(self):
        assert only_mistake(table(n=[0, 30])).found == "events without individuals at (a=x)"
        assert only_mistake(table(visits=[19, 50])).found == "fewer events than individuals at (a=x)"

    def test_of_a_population_are_counts_too(self):
        assert only_mistake(table(people=[-1, 60000])).field == "people"


class TestStatistics:
    @pytest.mark.parametrize("values", [["1.5", ""], [1.5, None], [Decimal("1.5"), pd.NA], [np.float32("nan"), 2]])
    def test_are_numbers_or_nothing_and_stay_as_they_are(self, values):
        frame = table(rate=pd.Series(values, dtype="object"))
        assert bind(parse_contract(RAW, "r"), frame).frame["rate"].iloc[0] is frame["rate"].iloc[0]

    @pytest.mark.parametrize("values", [["low", "2"], ["inf", "2"], [float("inf"), 2], [True, 2], [[1], 2]])
    def test_are_nothing_else(self, values):
        assert only_mistake(table(rate=pd.Series(values, dtype="object"))).field == "rate"


class TestLabels:
    def test_that_differ_in_spaces_only_are_a_mistake(self):
        assert only_mistake(table(a=["x", "x "])).found == "'x', 'x ', which differ in spaces only"

    @pytest.mark.parametrize("values", [[1.0, 2.0], np.array([1, 2], dtype=np.float32), pd.Categorical([1, 2]), [1, 2]])
    def test_that_are_numbers_are_written_plainly(self, values):
        assert bind(parse_contract(RAW, "r"), table(a=values)).axes["a"].labels == ("1", "2")

    @pytest.mark.parametrize("gap", [None, float("nan"), pd.NA, pd.NaT, "", " "])
    def test_are_never_missing(self, gap):
        assert only_mistake(table(a=pd.Series(["x", gap], dtype="object"))).found == "no category in row 2"

    def test_of_columns_are_text(self):
        with pytest.raises(
            InputErrors, match=r"columns: found a column whose name looks like data \(column 6\), which are no text"
        ):
            bind(parse_contract(RAW, "r"), table().assign(z=1).rename(columns={"z": 5}))


class TestRows:
    def test_may_have_any_index(self):
        frame = table()
        frame.index = [7, 7]
        bound = bind(parse_contract(RAW, "r"), frame)
        assert bound.frame.index.tolist() == bound.original.index.tolist() == [0, 1]


class TestErrors:
    FORMS = st.sampled_from(
        [
            SECRET,
            -SECRET,
            float(SECRET) + 0.5,
            float(SECRET),
            str(SECRET),
            f"{SECRET}x",
            f"-{SECRET}",
            f"{SECRET}.5",
            f" {SECRET}",
            [SECRET],
            {"n": SECRET},
            (SECRET,),
            b"7351",
            complex(SECRET),
            Decimal(-SECRET),
            SECRET * 10**20,
            None,
            True,
            float("inf"),
            pd.NA,
            20,
        ]
    )

    @given(columns=st.dictionaries(st.sampled_from(["people", "n", "visits", "rate"]), st.tuples(FORMS, FORMS)))
    def test_never_contain_a_figure(self, columns):
        frame = table(**{name: pd.Series(list(values), dtype="object") for name, values in columns.items()})
        try:
            bind(parse_contract(RAW, "r"), frame)
        except InputErrors as errors:
            text = str(errors)
        else:
            text = ""
        assert str(SECRET) not in text
