"""``ddg audit``: what a reader of a published table, anyone's, can work out."""

from __future__ import annotations

import pytest

ONE_ROW = """\
release: areas
title: Events by area
scope: [{variable: time, period: year}]
dimensions:
  area: {variable: residence_geography, population: 30000, total: All}
measures:
  events: {kind: count}
"""


def worked_example(cells, total, hidden, codes=None):
    """Tables A1 to A8 of the guideline: a row of cells with its total, some of them hidden."""
    lines = ["area,events" + (",events_annotation_code" if codes else "")]
    for number, value in enumerate(cells, start=1):
        name = f"A{number}"
        cell = "" if name in hidden else str(value)
        lines.append(f"{name},{cell}" + (f",{codes.get(name, '')}" if codes else ""))
    lines.append(f"All,{total}" + ("," if codes else ""))
    return "\n".join(lines) + "\n"


def narrowed(answer):
    """The hidden cells that were narrowed down, with what they can be."""
    kinds = {"exact", "narrowed"}
    return {f["coordinate"]["area"]: f["values"] for f in answer.json["findings"] if f["kind"] in kinds}


class TestWorkedExamples:
    """Figures of the guideline's worked examples 1, 2 and 4: what an attacker gets."""

    def test_1_three_tens_are_found_exactly(self, ddg, files):
        table = worked_example([10, 14, 10, 10, 0, 0, 0, 30], 74, {"A1", "A3", "A4"}, {"A1": 1, "A3": 1, "A4": 1})
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=table), "--json")
        assert answer.code == 1
        assert narrowed(answer) == {"A1": [10], "A3": [10], "A4": [10]}

    def test_1_a_complementary_cell_protects_them(self, ddg, files):
        codes = {"A1": 1, "A2": 2, "A3": 1, "A4": 1}
        table = worked_example([10, 14, 10, 10, 0, 0, 0, 30], 74, set(codes), codes)
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=table), "--json", "--level", "full")
        assert answer.code == 0
        assert answer.json["safe"] is True

    def test_2_two_combinations_are_not_enough(self, ddg, files):
        table = worked_example([10, 14, 9, 17, 0, 0, 0, 30], 80, {"A1", "A3"}, {"A1": 1, "A3": 1})
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=table), "--json")
        assert answer.code == 1
        assert narrowed(answer) == {"A1": [9, 10], "A3": [9, 10]}

    def test_2_they_are_at_the_level_exact(self, ddg, files):
        table = worked_example([10, 14, 9, 17, 0, 0, 0, 30], 80, {"A1", "A3"}, {"A1": 1, "A3": 1})
        assert ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=table), "--level", "exact").code == 0

    def test_2_a_third_cell_protects_them(self, ddg, files):
        codes = {"A1": 1, "A2": 2, "A3": 1}
        table = worked_example([10, 14, 9, 17, 0, 0, 0, 30], 80, set(codes), codes)
        assert ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=table), "--level", "full").code == 0

    def test_4_the_reasons_give_both_away(self, ddg, files):
        codes = {"A3": 1, "A4": 2}
        table = worked_example([14, 14, 1, 11, 0, 0, 0, 30], 70, set(codes), codes)
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=table), "--json")
        assert answer.code == 1
        assert narrowed(answer) == {"A3": [1]}

    def test_4_without_reasons_nothing_is_learnt(self, ddg, files):
        contract = ONE_ROW + "suppression: {show_reason: false}\n"
        codes = {"A3": 1, "A4": 1}
        table = worked_example([14, 14, 1, 11, 0, 0, 0, 30], 70, set(codes), codes)
        answer = ddg("audit", *files(contract__yaml=contract, published__csv=table), "--json")
        assert answer.code == 0
        assert narrowed(answer) == {}


class TestOtherPublishersTables:
    """No annotation columns, and whatever marker the publisher uses."""

    TABLE = "area,events,comment\nA1,{0},\nA2,40,\nA3,{0},\nA4,55,\nAll,100,of all\n"

    @pytest.mark.parametrize("marker", ["", "*", "S", "--", "Suppressed", "<11", "1-10"])
    def test_the_usual_markers_are_read(self, ddg, files, marker):
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=self.TABLE.format(marker)), "--json")
        assert answer.code == 1
        assert answer.json["hidden"] == 2
        assert all(found["values"] == [1, 2, 3, 4] for found in answer.json["findings"] if "values" in found)

    def test_a_column_that_nobody_declared_is_noted(self, ddg, files):
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=self.TABLE.format("*")), "--json")
        assert any("comment" in note for note in answer.json["notes"])

    def test_another_threshold_can_be_named(self, ddg, files):
        """Ten hidden people in two cells of at most four: 4 and 4 is less, so the table contradicts that."""
        table = "area,events\nA1,*\nA2,40\nA3,*\nA4,52\nAll,100\n"
        wide = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=table), "--json", "--level", "exact")
        narrow = ddg(
            "audit", *files(contract__yaml=ONE_ROW, published__csv=table), "--json", "--level", "exact",
            "--threshold", 4, "--blanks-are-small",
        )  # fmt: skip
        assert wide.code == 0
        assert narrowed(narrow) == {"A1": [4], "A3": [4]}
        assert narrow.code == 1

    def test_figures_known_from_elsewhere_can_be_given(self, ddg, files):
        contract, published, known = files(
            contract__yaml=ONE_ROW.replace(", total: All", ""),
            published__csv="area,events\nA1,*\nA2,40\nA3,55\n",
            known__csv="area,events\n,98\n",
        )
        answer = ddg("audit", contract, published, "--known", known, "--json")
        assert answer.code == 1
        assert narrowed(answer) == {"A1": [3]}

    def test_a_figure_that_is_small_and_shown_is_found(self, ddg, files):
        answer = ddg(
            "audit", *files(contract__yaml=ONE_ROW, published__csv="area,events\nA1,7\nA2,40\nAll,47\n"), "--json"
        )
        assert answer.code == 1
        assert [found["kind"] for found in answer.json["findings"]] == ["shown"]

    def test_a_text_that_is_neither_is_bad_input(self, ddg, files):
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv="area,events\nA1,seven\nA2,40\nAll,47\n"))
        assert answer.code == 2
        assert "events" in answer.err
        assert "seven" not in answer.err

    def test_a_linked_release_that_was_not_given_is_noted(self, ddg, files):
        contract = ONE_ROW + "links: [others]\n"
        answer = ddg(
            "audit", *files(contract__yaml=contract, published__csv="area,events\nA1,41\nA2,40\nAll,81\n"), "--json"
        )
        assert any("linked others" in note for note in answer.json["notes"])


class TestLinkedTables:
    """A table that counts a part of another one, without saying so, could be subtracted from it."""

    BY_SEX = """\
release: by_sex
title: Measles by area and sex
links: [by_condition]
scope: [{variable: time, period: year}]
dimensions:
  area: {variable: residence_geography, population: 30000}
  sex: {variable: sex, total: All}
measures:
  events: {kind: count}
"""
    BY_CONDITION = """\
release: by_condition
title: Cases by area and condition
links: [by_sex]
scope: [{variable: time, period: year}]
dimensions:
  area: {variable: residence_geography, population: 30000}
  condition: {variable: other, groups: 2, additive: false}
measures:
  events: {kind: count}
"""
    SEXES = "area,sex,events\nA1,F,*\nA1,M,40\nA1,All,*\nA2,F,50\nA2,M,60\nA2,All,110\n"
    CONDITIONS = "area,condition,events\nA1,Measles,43\nA1,Mumps,20\nA2,Measles,110\nA2,Mumps,30\n"

    def audited(self, ddg, files, by_sex, sexes, conditions=CONDITIONS):
        paths = files(one__yaml=by_sex, one__csv=sexes, two__yaml=self.BY_CONDITION, two__csv=conditions)
        return ddg("audit", *paths[:2], "--link", paths[2], "--link-table", paths[3])

    def test_that_nothing_connects_are_bad_input(self, ddg, files):
        answer = self.audited(ddg, files, self.BY_SEX, self.SEXES)
        assert answer.code == 2
        assert "by_sex and by_condition: links: found nothing that says which figures" in answer.err
        assert "a column `condition` in by_sex" in answer.err
        assert "ddg help linked-tables#which-cells-are-the-same" in answer.err
        assert "Safe" not in answer.out

    def test_with_a_column_that_says_which_part_are_attacked_together(self, ddg, files):
        by_sex = self.BY_SEX.replace("  sex:", "  condition: {variable: other, groups: 2}\n  sex:")
        lines = self.SEXES.replace(",sex,", ",condition,sex,").splitlines()
        sexes = "\n".join([lines[0], *(line.replace(",", ",Measles,", 1) for line in lines[1:])]) + "\n"
        answer = self.audited(ddg, files, by_sex, sexes)
        assert answer.code == 1
        assert "area=A1, condition=Measles, sex=F" in answer.out

    def test_with_a_total_that_is_no_sum_say_what_was_not_used(self, ddg, files):
        contract = self.BY_CONDITION.replace("additive: false", "additive: false, total: Any").replace(
            "links: [by_sex]\n", ""
        )
        conditions = "area,condition,events\nA1,Measles,43\nA1,Mumps,20\nA1,Any,50\n"
        answer = ddg("audit", *files(contract__yaml=contract, published__csv=conditions), "--json")
        assert answer.code == 0
        assert any("a total over condition is at least the largest" in note for note in answer.json["notes"])

    def test_are_asked_for_their_hierarchies_too(self, ddg, files):
        regions = self.CONDITIONS.replace("A1", "North").replace("A2", "South")
        answer = self.audited(ddg, files, self.BY_SEX, self.SEXES, regions)
        assert answer.code == 2
        assert "categories of `area` of which nobody can tell how they overlap" in answer.err


class TestAnswer:
    FOUND = "area,events\nA1,*\nA2,40\nAll,43\n"

    def test_json_says_which_cell_can_be_what(self, ddg, files):
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=self.FOUND), "--json")
        (found,) = [one for one in answer.json["findings"] if one["kind"] == "exact"]
        assert found["coordinate"] == {"area": "A1"}
        assert (found["measure"], found["lower"], found["upper"], found["possible_values"]) == ("events", 3, 3, 1)

    def test_people_read_it_in_words(self, ddg, files):
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=self.FOUND))
        assert answer.code == 1
        assert "a hidden small count can be calculated" in answer.out
        assert "events at area=A1: 3" in answer.out

    def test_a_level_that_does_not_exist_is_bad_input(self, ddg, files):
        answer = ddg("audit", *files(contract__yaml=ONE_ROW, published__csv=self.FOUND), "--level", "strict")
        assert answer.code == 2
        assert "did you mean 'full'? one of exact, ddg, full" in answer.err
