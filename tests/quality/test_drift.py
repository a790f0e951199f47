"""What changed since the release before: rows, categories, totals, and only what both show."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.quality.drift import changed_categories, changed_rows, changed_total

NOTHING = ("no release before this one: there is nothing to compare with",)


def table(years=("2020", "2021"), counties=("A", "B", "All"), cases=None):
    frame = pd.DataFrame([(county, year) for year in years for county in counties], columns=["county", "year"])
    return frame.assign(cases=cases or [{"A": "40", "B": "", "All": "100"}.get(name, "20") for name in frame["county"]])


@pytest.fixture
def before(tmp_path):
    """Write the release before."""

    def write(frame):
        path = tmp_path / "before.csv"
        frame.to_csv(path, index=False)
        return str(path)

    return write


def total(frame, previous, percent=50):
    return changed_total(frame, "cases", previous, percent, ["county", "year"], {"county": "All"})


class TestTheFirstRelease:
    @pytest.mark.parametrize("previous", ["", None])
    def test_has_nothing_to_compare_with_and_says_so(self, previous):
        for found in (
            changed_rows(table(), previous, 0),
            changed_categories(table(), "county", previous, 0, 0),
            total(table(), previous, 0),
        ):
            assert (found.count, found.remarks) == (0, NOTHING)


class TestRows:
    @settings(deadline=None)
    @given(now=st.integers(1, 60), then=st.integers(1, 60), percent=st.integers(0, 200))
    def test_may_change_by_the_share_and_no_more(self, now, then, percent, tmp_path_factory):
        path = tmp_path_factory.getbasetemp() / "rows.csv"
        pd.DataFrame({"county": range(then)}).to_csv(path, index=False)
        over = 100 * abs(now - then) > percent * then
        assert changed_rows(pd.DataFrame({"county": range(now)}), str(path), percent).count == over

    def test_a_new_year_is_no_change(self, before):
        previous = before(table(["2020"]))
        assert changed_rows(table(["2020", "2021"]), previous, 0, ["year"]).count == 0
        assert changed_rows(table(["2020", "2021"]), previous, 50).count == 1

    def test_of_an_old_year_they_count(self, before):
        previous = before(table(["2020"]))
        lost = table(["2020", "2021"]).drop(index=0)
        assert changed_rows(lost, previous, 0, ["year"]).count == 1

    def test_without_a_year_in_common_all_count(self, before):
        previous = before(table(["2019"]))
        assert changed_rows(table(["2020", "2021"]), previous, 50, ["year"]).count == 1


class TestCategories:
    def test_new_ones_are_named_by_their_rows(self, before):
        found = changed_categories(table(counties=("A", "B", "C", "All")), "county", before(table()), new=0)
        assert found.rows.nonzero()[0].tolist() == [2, 6]
        assert found.notes == ("county: 1 new categories, and 0 may be",)

    def test_gone_ones_are_named_because_they_are_public(self, before):
        found = changed_categories(table(counties=("A", "All")), "county", before(table()), vanished=0)
        assert found.notes == ("county: 1 categories are gone, and 0 may be: B",)

    def test_as_many_as_allowed_are_none_too_many(self, before):
        other = table(counties=("A", "C", "All"))
        assert changed_categories(other, "county", before(table()), new=1, vanished=1).count == 0

    def test_a_column_that_is_new_itself_has_nothing_to_compare_with(self, before):
        found = changed_categories(table(), "county", before(table().drop(columns="county")), new=0)
        assert (found.count, found.remarks) == (0, ("the release before had no column county",))


class TestTotals:
    def test_change_within_the_limit_passes_and_beyond_it_does_not(self, before):
        previous = before(table())
        assert total(table(cases=["40", "", "150", "40", "", "150"]), previous).count == 0
        assert total(table(cases=["40", "", "150", "40", "", "152"]), previous).count == 1

    def test_what_only_one_of_them_shows_is_not_compared(self, before):
        previous = before(table(["2020"]))
        assert total(table(cases=["40", "", "100", "900", "", "9000"]), previous, 0).count == 0

    def test_hidden_totals_are_told(self, before):
        found = total(table(cases=["40", "", "", "40", "", ""]), before(table()))
        assert (found.count, found.remarks) == (0, ("no total of cases is shown in both releases",))

    def test_a_total_that_was_nothing_may_not_become_something(self, before):
        assert total(table(), before(table(cases=["0"] * 6)), 1000).count == 1

    def test_without_a_total_the_parts_count(self, before):
        previous = before(table(counties=("A", "B")))
        frame = table(counties=("A", "B"), cases=["400", "", "400", ""])
        assert changed_total(frame, "cases", previous, 50, ["county", "year"], {"county": "All"}).count == 1

    def test_the_note_tells_no_figure(self, before):
        assert total(table(cases=["40", "", "900", "40", "", "900"]), before(table())).notes == (
            "the total of cases differs by more than 50 percent",
        )
