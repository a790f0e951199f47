"""The search: every figure that is printed is what assessing and masking that very table gives."""

from __future__ import annotations

import itertools
from types import MappingProxyType

import pandas as pd
import pytest
from advice.tables import bound_table, with_margins

from ddg_pipeline.advice import advise, alternative_tables
from ddg_pipeline.advice import search as search_module
from ddg_pipeline.advice.evaluation import objectives
from ddg_pipeline.advice.front import dominates
from ddg_pipeline.assessment import assess
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.preparation import attack, prepare
from ddg_pipeline.quality import csv_bytes, read_csv_text


@pytest.fixture(scope="module")
def tables():
    return [bound_table(("county", "age", "sex"), leaves={"age": ("0-17", "18-64", "65+")})]


@pytest.fixture(scope="module")
def advice(tables):
    return advise(tables, seconds=600)


class TestEveryAlternative:
    def test_is_there_and_seen_through(self, advice):
        assert advice.as_it_is.outcome == "masked"
        assert len(advice.alternatives) > 30
        assert {one.outcome for one in advice.alternatives} >= {"masked", "released"}
        assert "out_of_time" not in {one.outcome for one in advice.alternatives}

    def test_has_the_score_that_assessing_it_gives(self, tables, advice, rulebook):
        for one in advice.alternatives[::4]:
            _, built = alternative_tables(tables, one.number)
            assert one.score == max(assess(table, rulebook).score.total for table in built.tables), one.words

    def test_on_the_front_withstands_the_audit(self, tables, advice, rulebook):
        masked = [one for one in advice.front if one.outcome == "masked"]
        assert masked
        for one in masked:
            _, built = alternative_tables(tables, one.number)
            prepared = prepare(list(built.tables), rulebook)
            frames = [
                read_csv_text(csv_bytes(each.masked.frame, each.bound.contract.release), "t") for each in prepared
            ]
            shown = all(each.masked.reasons_shown for each in prepared)
            assert attack(list(built.tables), frames, rulebook, shown).safe, one.words

    def test_has_the_figures_that_masking_it_gives(self, tables, advice, rulebook):
        for one in advice.front:
            _, built = alternative_tables(tables, one.number)
            counts = [each.masked.counts["cases"] for each in prepare(list(built.tables), rulebook)]
            if not one.shows_counts:
                continue
            assert one.cells == sum(each.cells for each in counts)
            assert one.complementary_cells == sum(each.complementary for each in counts)
            assert one.share_of_counts_suppressed == max(each.share_of_counts_suppressed for each in counts)
            if one.outcome == "masked":
                assert one.small_cells == sum(each.small for each in counts)
            else:
                assert one.score <= advice.cut_off

    def test_of_several_tables_is_linked(self, tables, advice):
        split = next(one for one in advice.alternatives if len(one.tables) > 1)
        _, built = alternative_tables(tables, split.number)
        names = {table.contract.release for table in built.tables}
        assert len(names) == len(built.tables) == len(split.tables)
        for table in built.tables:
            assert set(table.contract.links) == names - {table.contract.release}


class TestTheFront:
    def test_holds_what_no_other_beats(self, advice):
        known = [one for one in (advice.as_it_is, *advice.alternatives) if one.known]
        for one, other in itertools.product(known, known):
            assert not (one.on_front and dominates(objectives(other), objectives(one))), (one.words, other.words)
        for one in known:
            assert one.on_front or any(dominates(objectives(other), objectives(one)) for other in known)

    def test_what_was_not_masked_would_be_beaten_anyway(self, tables, advice, rulebook):
        beaten = [one for one in advice.alternatives if one.outcome == "beaten"]
        known = [one for one in (advice.as_it_is, *advice.alternatives) if one.known]
        for one in beaten:
            assert any(dominates(objectives(other), objectives(one)) for other in known)

    def test_comes_first_best_first(self, advice):
        front = [one for one in advice.alternatives if one.on_front and one.shows_counts]
        assert [one.detail_kept for one in front] == sorted((one.detail_kept for one in front), reverse=True)
        flags = [one.on_front for one in advice.alternatives]
        assert flags == sorted(flags, reverse=True)


class TestNumbers:
    def test_mean_the_same_however_long_the_search_took(self, tables, advice):
        quick = advise(tables, seconds=600, most=9)
        by_number = {one.number: one.words for one in advice.alternatives}
        assert len(quick.alternatives) <= 9
        assert all(by_number[one.number] == one.words for one in quick.alternatives)
        assert any("--most" in reason for reason in quick.not_tried)

    @pytest.mark.thorough
    def test_and_the_same_again(self, tables):
        assert advise(tables, seconds=600, most=20) == advise(tables, seconds=600, most=20)

    @pytest.mark.parametrize("number", [-1, 0, 10**6])
    def test_there_are_no_others(self, tables, number):
        with pytest.raises(InputErrors, match="--write"):
            alternative_tables(tables, number)


class TestTime:
    def test_that_runs_out_is_said_and_nothing_is_called_safe(self, tables, monkeypatch):
        clock = itertools.count()
        monkeypatch.setattr(search_module.time, "monotonic", lambda: float(next(clock)))
        found = advise(tables, seconds=30)
        assert any("--time-limit" in reason for reason in found.not_tried)
        late = [one for one in (found.as_it_is, *found.alternatives) if one.outcome == "out_of_time"]
        assert late
        assert not any(one.on_front or one.known for one in late)


class TestATableThatMayBeReleased:
    def test_needs_no_advice(self):
        tables = [bound_table(("sex",), value=lambda n: 500 + n)]
        found = advise(tables)
        assert (found.as_it_is.outcome, found.alternatives) == ("released", ())
        assert "may be released as it is" in found.not_tried[0]

    def test_gets_it_when_asked_for(self):
        tables = [bound_table(("age", "sex"), value=lambda n: 500 + n)]
        assert advise(tables, always=True).alternatives


class TestATableThatCannotBeProtected:
    def test_is_called_so(self):
        """Eleven people in eleven counties: who knows how many there are knows each of them."""
        people = {f"County {number}": 900 + number for number in range(11)}
        county = {"variable": "residence_geography", "population": people}
        frame = pd.DataFrame({"county": list(people), "cases": 1})
        found = advise([bind(bound_table(("county",), dimensions={"county": county}).contract, frame)])
        assert found.as_it_is.outcome == "refused"
        assert found.as_it_is.reason
        assert not found.as_it_is.on_front
        assert found.as_it_is.complementary_cells is None or not found.as_it_is.known


class TestWholePercentages:
    """§4.4.4: two large categories and a small one, of 1,100 people or more."""

    PEOPLE = MappingProxyType({"Small": 900, "Large": 3_000_000})

    def three(self, counts, **other):
        county = {"variable": "residence_geography", "population": dict(self.PEOPLE)}
        dimensions = {"county": county, "intersex": {"variable": "intersex", "total": "All"}}
        rows = [
            (name, label, count)
            for name in self.PEOPLE
            for label, count in zip(("Male", "Female", "Intersex"), counts, strict=True)
        ]
        frame = with_margins(pd.DataFrame(rows, columns=["county", "intersex", "n"]), dimensions, ["n"])
        frame = frame[frame.intersex != "All"]
        dimensions["intersex"].pop("total")
        raw = {
            "release": "r",
            "title": "R",
            "scope": [{"variable": "time", "period": "year"}],
            "dimensions": dimensions,
            "measures": {"n": {"kind": "count"}},
        }
        return [bind(parse_contract(raw | other, "r"), frame)]

    def found(self, tables):
        return [one for one in advise(tables).alternatives if not one.shows_counts]

    def test_are_advised_where_the_conditions_hold(self, rulebook):
        tables = self.three((5450, 5450, 10))
        one = self.found(tables)[0]
        assert (one.outcome, one.words) == ("masked", "whole percentages of intersex, no counts")
        _, built = alternative_tables(tables, one.number)
        (prepared,) = prepare(list(built.tables), rulebook)
        assert set(prepared.masked.frame["n_percent"]) == {"50", "<1"}

    def test_come_last_because_they_show_no_counts(self):
        front = advise(self.three((5450, 5450, 10))).front
        assert [one.shows_counts for one in front] == sorted((one.shows_counts for one in front), reverse=True)

    def test_not_where_fewer_people_are_counted(self, rulebook):
        least = rulebook.masking.whole_percentages.minimum_total
        few = self.found(self.three((least // 5, least // 5, 3)))
        assert few
        assert {one.outcome for one in few} == {"refused"}
        assert all(f"the total is under {least:,}" in one.reason for one in few)
        assert not any(one.known for one in few)

    def test_what_is_not_allowed_is_no_matter_of_time(self, rulebook):
        """Nor are those called beaten, or not masked in time, that could not be published at all."""
        least = rulebook.masking.whole_percentages.minimum_total
        found = advise(self.three((least // 5, least // 5, 3)), seconds=1e-9)
        assert {one.outcome for one in found.alternatives if not one.shows_counts} <= {"refused"}

    def test_not_of_figures_that_others_share(self):
        assert self.found(self.three((5450, 5450, 10), links=["other"])) == []


class TestAContractOfWholePercentages:
    """A contract that asks for them keeps them, but for alternatives without the dimension they are of."""

    def test_are_advised_on_like_any_form(self):
        contract = {
            "release": "shares",
            "title": "Shares",
            "scope": [{"variable": "time", "period": "year"}],
            "dimensions": {"county": {"variable": "residence_geography"}, "status": {"variable": "intersex"}},
            "measures": {"people": {"kind": "count"}},
            "suppression": {"form": "whole_percentages", "percentages": {"of": "status"}},
        }
        rows = [
            (county, status, people)
            for county, figures in (("Fresno", (5450, 5400, 10)), ("Kern", (6100, 6300, 7)))
            for status, people in zip(("Male", "Female", "Intersex"), figures, strict=True)
        ]
        frame = pd.DataFrame(rows, columns=["county", "status", "people"])
        found = advise([bind(parse_contract(contract, "c"), frame, {}, "t")], seconds=60, always=True)
        assert found.as_it_is.outcome == "masked"
        assert {one.words for one in found.alternatives} >= {"without status", "without county"}
        assert {one.outcome for one in found.alternatives} <= {"masked", "released"}
