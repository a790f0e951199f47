"""Great Expectations asked about many expectations at once: each answer belongs to its question, whatever others do."""

from __future__ import annotations

import great_expectations.expectations as gxe
import pandas as pd
import pytest
from great_expectations.expectations.expectation import ColumnMapExpectation

from ddg_pipeline.expectations import ExpectCountsToExcludeSmallNumbers
from ddg_pipeline.quality.answers import answers


class ExpectColumnValuesToRaise(ColumnMapExpectation):
    """Raises as soon as it is asked, and says a figure."""

    map_metric = "column_values.nonnull"

    def get_validation_dependencies(self, *_given, **_named):
        raise ValueError("48613")


@pytest.fixture
def frame():
    return pd.DataFrame({"county": ["Alpha", "Beta", "Beta"], "cases": ["7", "20", "0"], "deaths": ["0", "11", "12"]})


def held(frame, *expectations):
    return [answer.holds for answer in answers(frame, expectations)]


def test_none_are_asked(frame):
    assert answers(frame, []) == []


def test_two_of_one_kind_are_told_apart(frame):
    small = [ExpectCountsToExcludeSmallNumbers(column=name, lower=1, upper=10) for name in ("deaths", "cases")]
    found = answers(frame, small)
    assert [answer.holds for answer in found] == [True, False]
    assert [answer.found.rows.tolist() for answer in found] == [[False] * 3, [True, False, False]]


def test_one_that_raises_spoils_no_other(frame, caplog, capfd):
    unique, known = gxe.ExpectColumnValuesToBeUnique(column="county"), gxe.ExpectColumnToExist(column="county")
    assert held(frame, known, ExpectColumnValuesToRaise(column="cases"), unique) == [True, None, False]
    assert held(frame, known, gxe.ExpectColumnValuesToBeUnique(column="absent"), unique) == [True, None, False]
    assert "48613" not in caplog.text + "".join(capfd.readouterr())


def test_one_that_belongs_to_another_suite_is_not_taken_for_answered(frame):
    known = gxe.ExpectColumnToExist(column="county")
    taken = gxe.ExpectColumnToExist(column="absent", id="5ab87b0e-0000-4000-8000-000000000000")
    assert True not in held(frame, taken)
    assert held(frame, known, taken)[0] is True


def test_its_own_notes_do_not_matter(frame):
    known = gxe.ExpectColumnToExist(column="county", meta={"number": 1})
    absent = gxe.ExpectColumnToExist(column="absent", meta={"number": 0})
    assert held(frame, known, absent) == [True, False]


def test_those_of_others_find_nothing_that_is_recorded(frame):
    (answer,) = answers(frame, [gxe.ExpectColumnToExist(column="county")])
    assert answer.found is None
