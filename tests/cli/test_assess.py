"""``ddg assess``: steps 1 to 3, the publication score, and what follows."""

from __future__ import annotations

import pytest

SCORED = """\
release: {release}
title: Events
scope: [{scope}]
dimensions:
  {dimension}
measures:
  events: {{kind: count}}
"""


def scored(files, dimension, scope, cells):
    contract = SCORED.format(release="events", dimension=dimension, scope=scope)
    name = dimension.partition(":")[0]
    rows = "".join(f"{label},{count}\n" for label, count in cells.items())
    return files(contract__yaml=contract, table__csv=f"{name},events\n{rows}")


def counties(smallest):
    return f"county: {{variable: residence_geography, population: {{Small: {smallest}, Large: 3000000}}}}"


class TestJson:
    def test_it_has_the_keys_that_programs_rely_on(self, ddg, example):
        found = ddg("assess", *example, "--json").json
        assert found["decision"] == "mask"
        assert found["score"]["total"] == sum(term["score"] for term in found["score"]["terms"])
        assert {"variable", "category", "score", "section"} <= set(found["score"]["terms"][0])
        assert [step["step"] for step in found["steps"]] == [1, 2, 3, 4, 5, 6]
        assert all({"step", "result", "summary"} <= set(step) for step in found["steps"])

    def test_every_term_cites_the_guideline(self, ddg, example):
        assert all(
            term["section"].startswith("DDG 2.0 §") for term in ddg("assess", *example, "--json").json["score"]["terms"]
        )

    def test_nothing_else_is_on_standard_output(self, ddg, example):
        answer = ddg("assess", *example, "--json")
        assert answer.out.startswith("{")
        assert answer.out.endswith("}\n")
        assert answer.err == ""

    def test_it_tells_no_count(self, ddg, files, text):
        """Other small counts, as far as the score does not depend on them, give the same answer."""
        contract, table = text
        answers = []
        for figures in ((4, 5, 7, 16), (6, 3, 5, 18)):  # the state's stay the same
            changed = table
            for row, figure in zip(("Alpha,F,4", "Alpha,M,5", "Beta,F,7", "Beta,M,16"), figures, strict=True):
                assert row in table
                changed = changed.replace(row, f"{row[: row.rindex(',')]},{figure}")
            answers.append(ddg("assess", *files(contract__yaml=contract, table__csv=changed), "--json"))
        assert answers[0] == answers[1]


class TestScore:
    @pytest.mark.parametrize(
        ("dimension", "scope", "cells", "score"),
        [
            (counties(3_900), "{variable: time, period: year}", {"Small": 1, "Large": 40}, 14),
            (counties(10_000), "{variable: time, period: year}", {"Small": 1, "Large": 40}, 12),
            (counties(30_000), "{variable: time, period: year}", {"Small": 1, "Large": 40}, 11),
            (counties(30_000), "{variable: time, period: year}", {"Small": 3, "Large": 40}, 8),
            (counties(30_000), "{variable: time, period: year}", {"Small": 0, "Large": 5}, 6),
        ],
    )
    def test_the_guideline_s_worked_examples(self, ddg, files, dimension, scope, cells, score):
        found = ddg("assess", *scored(files, dimension, scope, cells), "--json").json
        assert found["score"]["total"] == score
        assert found["decision"] == ("mask" if score > 12 else "release")


class TestForPeople:
    def test_it_shows_the_steps_the_score_and_the_decision(self, ddg, example):
        answer = ddg("assess", *example)
        assert answer.code == 0
        assert answer.out.startswith("cases_by_county_sex\n")
        assert "(calhhs-ddg-2.0, approved" in answer.out
        assert "Alpha" in answer.out, "the smallest county decides, so it is named"
        assert "Decision: mask it" in answer.out

    def test_a_category_in_brackets_is_shown_as_it_is(self, ddg, files):
        contract = """
release: by_age
title: By age
scope: [{variable: residence_geography, population: 39538223}, {variable: time, period: year}]
dimensions: {group: {variable: other, population: {"[bold]": 12, "[/x]": 9}}}
measures: {cases: {kind: count}}
"""
        answer = ddg("assess", *files(contract__yaml=contract, table__csv="group,cases\n[bold],12\n[/x],40\n"))
        assert answer.code == 0
        assert "[/x]" in answer.out


class TestExitCode:
    def test_an_assessment_is_an_answer_whatever_it_says(self, ddg, example):
        assert ddg("assess", *example).code == 0

    def test_a_pipeline_can_ask_for_a_table_that_may_go_out(self, ddg, example, files):
        assert ddg("assess", *example, "--require-release").code == 1
        may = scored(files, counties(30_000), "{variable: time, period: year}", {"Small": 20, "Large": 40})
        assert ddg("assess", *may, "--require-release").code == 0

    def test_direct_identifiers_are_refused(self, ddg, files):
        contract = (
            "release: r\ntitle: R\ndimensions: {name: {variable: other, groups: 2}}\nmeasures: {n: {kind: count}}\n"
        )
        answer = ddg("assess", *files(contract__yaml=contract, table__csv="name,n\nAda,40\nBob,50\n"))
        assert answer.code == 1
        assert "direct identifiers" in answer.err
        assert "Ada" not in answer.err
