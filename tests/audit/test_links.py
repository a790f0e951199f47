"""Tables drawn from the same records, and earlier releases of a table."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.audit import FindingKind, PublishedTable, audit

NOTHING = pd.DataFrame()


@pytest.fixture
def by_age(contract):
    """A table of two counties and their total by two age groups and their total."""

    def make(counts):
        declared = contract({"county": {"total": "CA"}, "age": {"total": "all ages"}}, name="by_age")
        labels = [(county, age) for county in ("A", "B", "CA") for age in ("0-17", "18+", "all ages")]
        return PublishedTable(declared, pd.DataFrame(labels, columns=["county", "age"]).assign(n=counts))

    return make


@pytest.fixture
def by_race(contract):
    """A table of two counties and their total by two races, without a total of these."""

    def make(counts, **race):
        declared = contract({"county": {"total": "CA"}, "race": race}, name="by_race")
        labels = [(county, race) for county in ("A", "B", "CA") for race in ("white", "black")]
        frame = pd.DataFrame(labels, columns=["county", "race"]).assign(n=counts)
        return PublishedTable(declared, frame, known=NOTHING)

    return make


@pytest.fixture
def totals(contract):
    """A table of two counties and their total."""

    def make(counts, codes=None):
        frame = pd.DataFrame({"county": ["A", "B", "CA"], "n": counts})
        declared = contract({"county": {"total": "CA"}}, name="totals")
        return PublishedTable(declared, frame if codes is None else frame.assign(n_annotation_code=codes))

    return make


class TestTheSameNumberTwice:
    def test_hidden_here_and_shown_there(self, contract, rules):
        total = contract({"county": {"total": "CA"}}, name="totals")
        shown = PublishedTable(total, pd.DataFrame({"county": ["A", "B", "CA"], "n": ["7", "33", "40"]}))
        declared = contract({"county": {"total": "CA"}, "sex": {"total": "both"}}, name="by_sex")
        rows = [(c, s) for c in ("A", "B", "CA") for s in ("F", "M", "both")]
        frame = pd.DataFrame(rows, columns=["county", "sex"])
        frame["n"] = ["", "", "", "", "", "", "20", "20", "40"]
        report = audit([shown, PublishedTable(declared, frame)], rules("exact"))
        found = {(f.kind, f.cell.table, *f.cell.coordinate.values()): f.values for f in report.findings}
        assert found[FindingKind.BY_LINK, "by_sex", "A", "both"] == (7,)
        assert found[FindingKind.SHOWN, "totals", "A"] == (7,)

    AGES = ("", "", "", "", "", "", "100", "200", "300")

    def test_the_parts_of_one_table_and_of_another_share_their_total(self, by_age, by_race, rules):
        # by age alone A may be anything; by race its total is 25, and with one age group that is 21 the other is 4
        ages = ("", "21", "", "", "", "", "100", "200", "300")
        assert audit(by_age(ages), rules("exact")).safe
        report = audit([by_age(ages), by_race(["12", "13", "108", "167", "120", "180"])], rules("exact"))
        found = {(f.kind, f.cell.table, *f.cell.coordinate.values()): f.values for f in report.findings}
        assert found == {(FindingKind.EXACT, "by_age", "A", "0-17"): (4,)}

    def test_categories_that_do_not_add_up_share_nothing(self, by_age, by_race, rules):
        ages = ("", "21", "", "", "", "", "100", "200", "300")
        races = by_race(["12", "13", "108", "167", "120", "180"], additive=False)
        assert audit([by_age(ages), races], rules("exact")).safe

    def test_reasons_told_by_either_table_are_put_together(self, by_age, totals, rules):
        def narrowed(*tables):
            found = audit(tables, rules("full")).findings
            return {(f.cell.table, *f.cell.coordinate.values()): (f.lower, f.upper) for f in found}

        # two hidden age groups are at least two people
        assert narrowed(by_age(self.AGES)) == {
            ("by_age", "A", "all ages"): (2, 298),
            ("by_age", "B", "all ages"): (2, 298),
        }
        # A has at most 10 in all, and so at most 9 in either age group
        assert narrowed(by_age(self.AGES), totals(["", "", "300"], ["1", "2", ""])) == {
            ("by_age", "A", "0-17"): (1, 9),
            ("by_age", "A", "18+"): (1, 9),
            ("by_age", "A", "all ages"): (2, 10),
            ("totals", "A"): (2, 10),
        }

    def test_reasons_that_contradict_each_other_are_a_contradiction(self, by_age, totals, rules):
        small = totals(["", "", "300"], ["1", "2", ""])
        large = totals(["", "", "300"], ["2", "1", ""])
        assert {f.kind for f in audit([small, large], rules("exact")).findings} == {FindingKind.CONTRADICTION}

    def test_two_figures_for_one_cell_are_a_contradiction(self, by_age, totals, rules):
        ages = by_age(["12", "21", "33", "88", "179", "267", "100", "200", "300"])
        assert audit([ages, totals(["33", "267", "300"])], rules("exact")).safe
        report = audit([ages, totals(["32", "268", "300"])], rules("exact"))
        assert {f.kind for f in report.findings} == {FindingKind.CONTRADICTION}


class TestEarlierReleases:
    def test_an_earlier_release_may_show_what_is_hidden_now(self, contract, rules):
        declared = contract({"group": {"total": "all"}})
        now = PublishedTable(declared, pd.DataFrame({"group": ["a", "b", "all"], "n": ["", "", "40"]}), name="2024")
        before = PublishedTable(
            declared, pd.DataFrame({"group": ["a", "b"], "n": ["", "34"]}), name="2023", known=NOTHING
        )
        report = audit([now, before], rules("exact"))
        assert {(f.kind, f.cell.table, f.cell.coordinate["group"]): f.values for f in report.findings} == {
            (FindingKind.EXACT, "2024", "a"): (6,),
            (FindingKind.EXACT, "2023", "a"): (6,),
        }

    def test_each_table_may_have_rules_of_its_own(self, contract, rules):
        declared = contract({"group": {"total": "all"}})
        frame = pd.DataFrame(
            {"group": ["a", "b", "c", "all"], "n": ["", "", "20", "39"], "n_annotation_code": ["1", "1", "", ""]}
        )
        tables = [PublishedTable(declared, frame, name=name) for name in ("strict", "loose")]
        report = audit(tables, {"strict": rules("ddg"), "loose": rules("exact")})
        assert {f.cell.table for f in report.findings} == {"strict", "loose"}
        assert audit(tables, {"strict": rules("exact"), "loose": rules("exact")}).safe
