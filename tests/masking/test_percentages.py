"""Whole percentages in place of counts: the form, its conditions, and what it is worth (DDG 2.0 §4.4.4)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from attacker.percentages import possible_values, wholes_at_the_edge
from attacker.percentages import shown as shown_by_oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import MaskingRules, mask, unsuppressed
from ddg_pipeline.masking.percentage_proof import narrowed_cells
from ddg_pipeline.masking.system import build_systems

SEXES = ("Male", "Female", "Intersex")
UNLINKED = {"variable": "other", "groups": 5, "additive": False}


def table(wholes, *, county=None, level="ddg", total=None, form="whole_percentages", carried=False, population=None):
    """A table by sex, or by county and sex: one list of counts a whole, and perhaps the sum of all of them."""
    rows = [
        {"county": f"C{number}", "sex": sex, "people": count}
        for number, whole in enumerate(wholes)
        for sex, count in zip(SEXES, whole, strict=False)
    ]
    if carried:
        rows += [
            {"county": "State", "sex": sex, "people": sum(counts)} for sex, *counts in zip(SEXES, *wholes, strict=False)
        ]
    if total is not None:
        rows += [{"county": f"C{number}", "sex": "All", "people": total} for number in range(len(wholes))]
    frame = pd.DataFrame(rows)
    raw = {
        "release": "r",
        "title": "R",
        "dimensions": {"sex": {"variable": "intersex", **({"total": "All"} if total is not None else {})}},
        "measures": {"people": {"kind": "count"}},
        "suppression": {"form": form, "percentages": {"of": "sex"}, "level": level},
    }
    if population is not None:
        frame["population"] = population
        raw["measures"]["people"]["population"] = "population"
    if county is not None or len(wholes) > 1 or carried:
        raw["dimensions"] = {"county": {**(county or UNLINKED)} | ({"total": "State"} if carried else {})} | raw[
            "dimensions"
        ]
    else:
        frame = frame.drop(columns="county")
    return bind(parse_contract(raw, "r"), frame, place="r.csv")


def published(bound, rulebook):
    (found,) = mask([bound], rulebook)
    return found


def shown(bound, rulebook):
    return published(bound, rulebook).frame["people_percent"].tolist()


class TestTheForm:
    def test_worked_example_5(self, rulebook):
        found = published(table([[545, 545, 10]], level="full"), rulebook)
        assert found.frame["people_percent"].tolist() == ["50", "50", "<1"]
        assert list(found.frame) == [
            "sex", "people_percent", "people_percent_annotation_code", "people_percent_annotation_description",
        ]  # fmt: skip

    def test_nothing_of_the_counts_is_left(self, rulebook):
        found = published(table([[1545, 2545, 13]]), rulebook)
        for column in found.frame:
            assert not {"1545", "2545", "13", "4103"} & set(found.frame[column])

    def test_a_zero_is_shown_as_zero_and_only_a_zero(self, rulebook):
        assert shown(table([[550, 550, 0], [100_000, 100_000, 1]]), rulebook) == ["50", "50", "0", "50", "50", "<1"]

    def test_a_small_category_may_be_more_than_a_small_count(self, rulebook):
        assert shown(table([[60_000, 40_000, 900]]), rulebook) == ["59", "40", "<1"]

    def test_one_percent_is_not_less_than_one_percent(self, rulebook):
        assert shown(table([[600, 589, 11], [600, 601, 12]]), rulebook)[2::3] == ["<1", "<1"]
        assert shown(table([[600, 588, 12], [600, 600, 5]]), rulebook)[2::3] == ["1", "<1"]

    @pytest.mark.parametrize(("count", "percent"), [(594, "50"), (606, "50"), (593, "49"), (607, "51")])
    def test_halves_are_rounded_to_the_even_number(self, rulebook, count, percent):
        """Of 1,200: 49.5 and 50.5 percent are both 50."""
        assert shown(table([[count, 1200 - count - 4, 4]]), rulebook)[0] == percent

    def test_the_whole_is_100_percent(self, rulebook):
        assert shown(table([[545, 545, 10]], total=1100), rulebook) == ["50", "50", "<1", "100"]

    def test_no_annotation_says_that_something_were_suppressed(self, rulebook):
        found = published(table([[545, 545, 10]]), rulebook).frame
        assert set(found["people_percent_annotation_code"]) == {""}
        assert set(found["people_percent_annotation_description"]) == {""}

    def test_a_population_that_is_public_stays(self, rulebook):
        found = published(table([[545, 545, 10]], population=39_000_000), rulebook).frame
        assert list(found)[-1] == "population"
        assert set(found["population"]) == {"39000000"}

    @settings(max_examples=200, deadline=None)
    @given(counts=st.tuples(*[st.integers(0, 3000)] * 3))
    def test_every_figure_is_what_a_reader_would_round_it_to(self, rulebook, counts):
        bound = table([counts])
        assert unsuppressed(bound, rulebook)["people_percent"].tolist() == [
            shown_by_oracle(count, sum(counts)) if count else "0" for count in counts
        ]


class TestRefusals:
    def refused(self, bound, rulebook, *says):
        with pytest.raises(RefusedError) as error:
            mask([bound], rulebook)
        for text in says:
            assert text in str(error.value)
        return str(error.value)

    def test_a_total_under_1100(self, rulebook):
        self.refused(table([[545, 544, 10]]), rulebook, "the total is under 1,100 at the whole table", "§4.4.4")

    def test_a_total_under_1100_in_one_county_is_named_by_coordinate_only(self, rulebook):
        said = self.refused(table([[545, 545, 10], [523, 517, 7]]), rulebook, "under 1,100 at (county=C1)")
        assert not {"523", "517", "1,047", "1047", "7"} & set(said.replace(".", " ").split())

    def test_two_small_categories(self, rulebook):
        self.refused(table([[1189, 5, 6]]), rulebook, "more than 1 category is under 1 %", "fewer than 2 categories")

    def test_a_large_one_beside_a_small_one_and_nobody(self, rulebook):
        self.refused(table([[1190, 0, 6]]), rulebook, "fewer than 2 categories are 1 % or more")

    def test_no_small_category_at_all(self, rulebook):
        self.refused(table([[500, 500, 200]]), rulebook, "no category is under 1 %")

    def test_a_whole_without_a_small_category_beside_others_is_let_through(self, rulebook):
        assert shown(table([[500, 500, 200], [545, 545, 10]]), rulebook)[:3] == ["42", "42", "17"]

    def test_a_small_count_that_is_not_under_one_percent(self, rulebook):
        """Only where a rulebook asks for less than 1,100."""
        loose = rulebook.masking.whole_percentages.model_copy(update={"minimum_total": 500})
        overlay = rulebook.model_copy(
            update={"masking": rulebook.masking.model_copy(update={"whole_percentages": loose})}
        )
        self.refused(table([[300, 250, 10]]), overlay, "a category under 11 is not under 1 %")

    def test_a_level_that_does_not_hold(self, rulebook):
        """99 and 1 percent leave the small category no more than half a percent."""
        skewed = [1085, 12, 3]
        self.refused(table([skewed], level="full"), rulebook, "level 'full'", "people at sex=Intersex")
        assert shown(table([skewed], level="ddg"), rulebook) == ["99", "1", "<1"]

    def test_another_number_of_categories(self, rulebook):
        with pytest.raises(InputErrors, match="exactly 3 categories"):
            mask([table([[600, 600]])], rulebook)

    def test_a_whole_that_lacks_a_category(self, rulebook):
        with pytest.raises(InputErrors, match=r"only some of its categories at \(county=C1\)"):
            mask([table([[545, 545, 10], [600, 600]])], rulebook)

    def test_a_total_that_is_not_the_sum_of_its_categories(self, rulebook):
        with pytest.raises(InputErrors, match="a total that is not the sum"):
            mask([table([[545, 545, 10]], total=1101)], rulebook)

    def test_populations_by_category(self, rulebook):
        """Such as the counts themselves under another name."""
        with pytest.raises(InputErrors, match="the counts may appear nowhere else"):
            mask([table([[545, 545, 10]], population=[545, 545, 10])], rulebook)

    def test_a_rulebook_without_the_form(self, rulebook):
        without = rulebook.model_copy(
            update={"masking": rulebook.masking.model_copy(update={"whole_percentages": None})}
        )
        with pytest.raises(InputErrors, match=r"suppression\.form"):
            mask([table([[545, 545, 10]])], without)

    def test_a_linked_table_that_shows_the_counts(self, rulebook):
        raw = {
            "release": "counts",
            "title": "Counts",
            "dimensions": {"sex": {"variable": "intersex"}},
            "measures": {"people": {"kind": "count"}},
            "links": ["r"],
        }
        linked = bind(
            parse_contract(raw, "counts"), pd.DataFrame({"sex": SEXES, "people": [545, 545, 10]}), place="counts.csv"
        )
        with pytest.raises(InputErrors, match="whose counts may appear nowhere else"):
            mask([linked, table([[545, 545, 10]])], rulebook)


class TestWhatOneWholeIsWorth:
    """A reader who knows the total exactly, and that the small count is under 11."""

    def possible(self, total):
        """The number of small counts that go with each pair of percentages shown, by going through all tables."""
        small, one = np.arange(1, 11)[:, None], np.arange(total)[None, :]
        other = total - one - small
        there = (100 * one >= total) & (100 * other >= total)
        first, second = (self.rounded(np.broadcast_to(count, there.shape), total) for count in (one, other))
        pairs = np.where(there, first * 1000 + second, -1)
        return {
            (int(pair) // 1000, int(pair) % 1000): int((pairs == pair).any(axis=1).sum())
            for pair in np.unique(pairs)
            if pair >= 0
        }

    def rounded(self, count, total):
        return np.rint(100 * count / total).astype(int)  # numpy rounds halves to the even number, too

    @pytest.mark.parametrize(
        "totals", [range(1100, 1160), range(1160, 1240), range(1395, 1405), [1600, 2000, 2001, 9999, 10_000, 20_000]]
    )
    def test_it_may_be_any_of_1_to_10_unless_a_large_category_is_one_percent(self, totals):
        for total in totals:
            for pair, values in self.possible(total).items():
                assert values == 10 or min(pair) == 1, (total, pair)
                assert values >= 4, (total, pair)

    def test_half_up_would_not_do(self):
        """With halves rounded up, 50 and 49 percent of 1,200 exclude a small count of 1."""
        up = {
            small
            for small in range(1, 11)
            for one in range(1200)
            if (200 * one + 1200) // 2400 == 50 and (200 * (1200 - one - small) + 1200) // 2400 == 49
        }
        assert up == set(range(2, 11))

    @settings(max_examples=60, deadline=None)
    @given(
        total=st.integers(1100, 5000),
        share=st.floats(0.011, 0.95),
        small=st.integers(1, 10),
        level=st.sampled_from(["exact", "ddg", "full"]),
    )
    def test_masking_promises_what_there_is(self, rulebook, total, share, small, level):
        one = round(total * share)
        bound = table([[one, total - one - small, small]], level=level)
        pair = tuple(int(self.rounded(count, total)) for count in (one, total - one - small))
        enough = self.possible(total)[pair] >= rulebook.masking.levels[level].possible_values
        if enough:
            assert shown(bound, rulebook)[2] == "<1"
        else:
            with pytest.raises(RefusedError):
                mask([bound], rulebook)


class TestWhatSeveralWholesAreWorth:
    """Counties and their state: small enough that all tables can be gone through. Small counts are 1 to 3 here."""

    UPPER = 3

    @settings(max_examples=120, deadline=None)
    @given(wholes=wholes_at_the_edge(), margin=st.sampled_from(["none", "implied", "carried"]), need=st.integers(2, 3))
    def test_the_proof_finds_exactly_the_counts_that_are_narrowed_down(self, rulebook, wholes, margin, need):
        county = UNLINKED if margin == "none" else {"variable": "other", "groups": 5}
        bound = table(wholes, county=county, carried=margin == "carried")
        rules = MaskingRules.of(rulebook, "ddg", show_reason=False)
        rules = replace(rules, upper=self.UPPER, possible_values=need)
        (system,) = build_systems([bound])
        names = [*(f"C{number}" for number in range(len(wholes))), "State"]
        expected = {
            f"people at county={names[number]}, sex={SEXES[category]}"
            for number, category, values in possible_values(wholes, self.UPPER, margin)
            if len(values) < need
        }
        assert set(narrowed_cells(system, "sex", rules, below=1)) == expected
