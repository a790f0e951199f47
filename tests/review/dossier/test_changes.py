"""What changed between two versions, from what both of them publish."""

from __future__ import annotations

import pytest
from review.released import STATEWIDE, STATEWIDE_TABLE


@pytest.fixture
def changes(masked, next_year):
    return next_year.dossier(previous=masked).changes


def change(changes, measure):
    (found,) = [one for one in changes.measures if one.measure == measure]
    return found


def shown(released):
    return {(row["county"], row["sex"]): row["cases"] for row in released.rows}


class TestRows:
    def test_that_came_and_went_are_counted(self, changes):
        assert changes.rows_before == 21
        assert (changes.rows_added, changes.rows_gone) == (3, 3)

    def test_categories_are_named(self, changes):
        (county,) = changes.categories
        assert (county.dimension, county.added, county.gone) == ("county", ("Napa",), ("Glenn",))

    def test_no_column_came_or_went(self, changes):
        assert (changes.columns_added, changes.columns_gone) == ((), ())


class TestFigures:
    def test_the_total_s_change_is_that_of_the_published_totals(self, changes, masked, next_year):
        before, now = (int(shown(one)["California", "All"]) for one in (masked, next_year))
        assert change(changes, "cases").total == f"{100 * (now - before) / before:+.1f} %"

    def test_a_rate_has_no_total(self, changes):
        assert change(changes, "cases_per_100000").total == "has no total"

    def test_cells_are_told_by_what_became_of_them(self, changes, masked, next_year):
        before, now = shown(masked), shown(next_year)
        both = before.keys() & now.keys()
        found = change(changes, "cases")
        assert found.revised == sum(bool(before[key] and now[key]) and before[key] != now[key] for key in both) > 0
        assert found.now_hidden == sum(bool(before[key]) and not now[key] for key in both)
        assert found.now_shown == sum(bool(now[key]) and not before[key] for key in both) > 0

    def test_figures_that_readers_have_already_are_noticed(self, masked, next_year):
        """The other way round: what the later version shows is hidden in the one that is made after it."""
        changes = masked.dossier(previous=next_year).changes
        assert change(changes, "cases").now_hidden > 0
        assert changes.shown_before

    def test_cells_that_were_revised_are_named_with_figures_that_everyone_has(self, masked, next_year):
        before, now = shown(masked), shown(next_year)
        both = {key for key in before.keys() & now.keys() if before[key] and now[key] and before[key] != now[key]}
        expected = {
            f"county={county}, sex={sex}: {before[county, sex]} \u2192 {now[county, sex]}" for county, sex in both
        }
        assert expected
        found = change(next_year.dossier(previous=masked, previous_published=True).changes, "cases").revised_cells
        assert set(found) == expected

    @pytest.mark.parametrize("published", [False, None])
    def test_a_version_that_nobody_has_tells_no_figure(self, masked, next_year, published):
        changes = next_year.dossier(previous=masked, previous_published=published).changes
        cells = [cell for one in changes.measures for cell in (*one.revised_cells, *one.hidden_cells)]
        assert cells
        assert [cell for cell in cells if any(letter.isdigit() for letter in cell)] == []

    def test_cells_that_are_hidden_now_are_named_without_their_figures(self, masked, next_year):
        before, now = shown(next_year), shown(masked)
        changes = masked.dossier(previous=next_year, previous_published=True).changes
        hidden = [key for key in now if before.get(key) and not now[key]]
        assert set(change(changes, "cases").hidden_cells) == {f"county={county}, sex={sex}" for county, sex in hidden}

    def test_a_handful_is_named_and_the_others_are_counted(self, made, masked):
        contract = STATEWIDE.replace("sex: {variable: sex}", "code: {variable: other, groups: 12}")
        tables = ["code,cases\n" + "".join(f"c{n},{50 + n + more}\n" for n in range(12)) for more in (0, 1)]
        before, now = (made(f"codes {number}", contract, table) for number, table in enumerate(tables))
        found = change(now.dossier(previous=before, previous_published=True).changes, "cases")
        assert found.revised == 12
        assert found.revised_cells[0] == "code=c0: 50 \u2192 51"
        assert found.revised_cells[8:] == ("and 4 more",)

    def test_a_small_count_that_both_show_is_named_without_it(self, made, unmasked):
        now = made("more women", STATEWIDE, STATEWIDE_TABLE.replace("M,8", "M,15"))
        changes = now.dossier(previous=unmasked, previous_published=True).changes
        assert change(changes, "cases").revised_cells == ("sex=M",)

    def test_the_share_hidden_is_told_of_counts_only(self, changes, masked, next_year):
        (before,), (now,) = masked.dossier().measures, next_year.dossier().measures
        found = change(changes, "cases")
        assert (found.share_before, found.share_now) == (before.cells.share_of_cells, now.cells.share_of_cells)
        assert change(changes, "cases_per_100000").share_now == ""


class TestTheSameVersionAgain:
    def test_has_changed_in_nothing(self, masked):
        changes = masked.dossier(previous=masked).changes
        assert changes.same_file
        assert (changes.rows_added, changes.rows_gone, changes.categories) == (0, 0, ())
        assert set(changes.same.values()) == {True}
        assert change(changes, "cases").total == "the same"
        assert {(one.revised, one.now_hidden, one.now_shown) for one in changes.measures} == {(0, 0, 0)}


class TestAnotherTable:
    def test_of_other_dimensions_shares_no_row_and_says_which_columns_came(self, masked, unmasked):
        changes = masked.dossier(previous=unmasked).changes
        assert changes.rows_added == 21
        assert changes.rows_gone == 2
        assert "county" in changes.columns_added
        assert changes.measures == ()
        assert not changes.same["Contract"]
        assert not changes.same["Suite of expectations"]

    def test_with_a_dimension_more_shares_no_row_either(self, masked, made):
        contract = STATEWIDE.replace("release: statewide", "release: cases_by_county_sex")
        fewer = made("fewer", contract, STATEWIDE_TABLE)
        changes = fewer.dossier(previous=masked).changes
        assert (changes.rows_added, changes.rows_gone, changes.measures) == (2, 21, ())
        assert "county" in changes.columns_gone

    def test_of_percentages_publishes_no_total(self, percentages):
        changes = percentages.dossier(previous=percentages).changes
        assert change(changes, "people_percent").total == "no total is published"
