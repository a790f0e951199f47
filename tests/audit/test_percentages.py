"""The attacker on tables of whole percentages (DDG 2.0 §4.4.4)."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from attacker.percentages import possible_values, shown, wholes_at_the_edge
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.audit import AuditRules, FindingKind, PublishedTable, audit
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import load_rulebook

SEXES = ("Male", "Female", "Intersex")
RULEBOOK = load_rulebook("calhhs-ddg-2.0")


def rules(level="ddg", **changed):
    return replace(AuditRules.from_rulebook(RULEBOOK, level, show_reason=False), **changed)


def contract(margin="none", **suppression):
    county = {"variable": "other", "groups": 5, "additive": margin != "none"}
    return parse_contract(
        {
            "release": "r",
            "title": "R",
            "dimensions": {
                "county": county | ({"total": "State"} if margin == "carried" else {}),
                "sex": {"variable": "intersex", "total": "All"},
            },
            "measures": {"people": {"kind": "count"}},
            "suppression": {"form": "whole_percentages", "percentages": {"of": "sex"}} | suppression,
        },
        "r",
    )


def counts(wholes, margin="none"):
    every = [*wholes, *([tuple(map(sum, zip(*wholes, strict=True)))] if margin == "carried" else [])]
    names = [*(f"C{number}" for number in range(len(wholes))), "State"]
    rows = [
        {"county": names[number], "sex": sex, "people": count}
        for number, whole in enumerate(every)
        for sex, count in zip((*SEXES, "All"), (*whole, sum(whole)), strict=True)
    ]
    return pd.DataFrame(rows)


def percentages(truth):
    totals = truth.groupby("county")["people"].transform("max")
    texts = [shown(count, total) for count, total in zip(truth["people"], totals, strict=True)]
    return truth.drop(columns="people").assign(people_percent=texts)


def attack(wholes, margin="none", by=None, changed=None, truth=True):
    """Attack the percentages of some counts; ``changed`` are texts to show instead, by row."""
    true = counts(wholes, margin)
    frame = percentages(true)
    for row, text in (changed or {}).items():
        frame.loc[row, "people_percent"] = text
    return audit(PublishedTable(contract(margin), frame, truth=true if truth else None), by or rules())


def kinds(report):
    return {finding.kind for finding in report.findings}


class TestWorkedExample5:
    def test_the_small_count_may_be_any(self):
        report = attack([(545, 545, 10)], by=rules("full"))
        assert report.safe
        assert (report.hidden, report.examined) == (1, 1)

    def test_an_attacker_who_knows_one_of_the_counts_as_well_has_the_small_one(self):
        table = PublishedTable(
            contract(),
            percentages(counts([(545, 545, 10)])),
            known=pd.DataFrame({"county": "C0", "sex": ["Male", "Female", "All"], "people": [545, 545, 1100]}),
        )
        report = audit(table, rules("exact"))
        assert kinds(report) == {FindingKind.EXACT}
        assert report.findings[0].values == (10,)
        assert str(report.findings[0].cell) == "r: people_percent at county=C0, sex=Intersex"
        assert report.redacted().findings[0].values is None

    def test_a_count_that_stands_beside_its_percentage_is_used(self):
        truth = counts([(545, 545, 10)])
        report = audit(PublishedTable(contract(), percentages(truth).assign(people=[545, 545, None, 1100])), rules())
        assert kinds(report) == {FindingKind.EXACT}


class TestWhoKnowsNoTotal:
    def test_says_so(self):
        report = attack([(545, 545, 10)], truth=False)
        assert report.safe
        assert any("taken as unknown" in note for note in report.notes)

    def test_knows_less_than_who_does(self):
        skewed = [(1085, 12, 3)]
        assert not attack(skewed, by=rules("full")).safe
        assert attack(skewed, by=rules("full"), truth=False).safe

    def test_may_be_told(self):
        known = pd.DataFrame({"county": ["C0"], "sex": [None], "people": [1100]})
        table = PublishedTable(contract(), percentages(counts([(1085, 12, 3)])), known=known)
        report = audit(table, rules("full"))
        assert kinds(report) == {FindingKind.NARROWED}
        assert report.findings[0].values == (1, 2, 3, 4, 5)


class TestWhatIsWrong:
    def test_a_total_that_is_too_small(self):
        assert FindingKind.TOTAL_TOO_SMALL in kinds(attack([(400, 400, 3)]))

    def test_two_small_categories(self):
        assert FindingKind.FORM in kinds(attack([(1190, 5, 4)]))

    def test_a_percentage_that_is_not_the_true_one(self):
        assert FindingKind.CONTRADICTION in kinds(attack([(545, 545, 10)], changed={0: "51", 1: "49"}))

    def test_percentages_that_cannot_be_right(self):
        assert FindingKind.CONTRADICTION in kinds(attack([(545, 545, 10)], changed={0: "70"}, truth=False))

    def test_a_whole_that_is_not_100(self):
        assert FindingKind.CONTRADICTION in kinds(attack([(545, 545, 10)], changed={3: "99"}))

    @pytest.mark.parametrize("text", ["", "49.5", "<2", "101", "-1", "545 of 1100"])
    def test_another_text_is_an_error_that_does_not_quote_it(self, text):
        with pytest.raises(InputErrors) as error:
            attack([(545, 545, 10)], changed={0: text})
        assert not text or text not in str(error.value)

    def test_percent_signs_do_no_harm(self):
        assert attack([(545, 545, 10)], changed={0: "50%", 2: "<1%"}).safe

    def test_no_such_column(self):
        with pytest.raises(InputErrors, match="no people_percent"):
            audit(PublishedTable(contract(), counts([(545, 545, 10)])), rules())

    def test_another_table_beside_it(self):
        table = PublishedTable(contract(), percentages(counts([(545, 545, 10)])))
        with pytest.raises(InputErrors, match="by itself"):
            audit([table, replace(table, name="other")], rules())


class TestAgainstAllTables:
    """Small counts are 1 to 3 here, and totals small, so that every table can be gone through."""

    UPPER = 3

    @settings(max_examples=80, deadline=None)
    @given(wholes=wholes_at_the_edge(), margin=st.sampled_from(["none", "implied", "carried"]), need=st.integers(2, 3))
    def test_the_attacker_finds_exactly_the_counts_that_are_narrowed_down(self, wholes, margin, need):
        form = RULEBOOK.masking.whole_percentages.model_copy(update={"minimum_total": 300})
        report = attack(wholes, margin, rules(upper=self.UPPER, possible_values=need, percentages=form))
        names = [*(f"C{number}" for number in range(len(wholes))), "State"]
        expected = {
            f"r: people_percent at county={names[number]}, sex={SEXES[category]}"
            for number, category, values in possible_values(wholes, self.UPPER, margin)
            if len(values) < need
        }
        found = {str(one.cell) for one in report.findings if one.kind in (FindingKind.EXACT, FindingKind.NARROWED)}
        assert report.undecided == ()
        assert found == expected
