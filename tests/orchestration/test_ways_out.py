"""A shut gate names the way out: of every check the command, the limit of the contract, and the page."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.help_pages import readable_topic
from ddg_pipeline.orchestration.release_assets import CHECKS
from ddg_pipeline.orchestration.ways_out import HELP, told_of_shut_gate, ways_out
from ddg_pipeline.quality.gate import ExpectationOutcome

CONTRACT = parse_contract(
    {
        "release": "cases",
        "title": "Cases",
        "dimensions": {"county": {"variable": "residence_geography"}},
        "measures": {"people": {"kind": "count"}},
    },
    "cases",
)
HOLDS = dict.fromkeys(CHECKS, True)


def broken(kind, about="people"):
    return ExpectationOutcome(kind, "", about, False, 1, (), None)


def checked(*failed, failures=(), suite=None, **more):
    """What the gate found, as far as the way out depends on it."""
    given = {"gate": SimpleNamespace(failures=list(failures)), "audit": None, "suite": suite or {"expectations": []}}
    given |= {"staged": SimpleNamespace(contract=CONTRACT), "checks": HOLDS | dict.fromkeys(failed, False)}
    given["suite_problems"] = ()
    return SimpleNamespace(**given | {"passed": not failed} | more)


class TestEveryCheck:
    def test_has_a_way_out(self):
        said = ways_out(checked(*CHECKS, failures=[broken("expect_counts_to_exclude_small_numbers")]))
        assert said.keys() == CHECKS.keys()
        assert all("`ddg " in text for text in said.values()), said

    def test_that_holds_needs_none(self):
        assert ways_out(checked()) == {}


class TestExpectations:
    @pytest.mark.parametrize(
        ("kind", "about", "told"),
        [
            ("expect_suppressed_cells_to_be_at_most", "people", "`limits.measures.people.suppressed_cells`"),
            ("expect_suppressed_people_to_be_at_most", "people", "`limits.measures.people.suppressed_people`"),
            ("expect_row_count_to_stay_near_previous", "", "`limits.row_change`"),
            ("expect_total_to_stay_near_previous", "people", "`limits.measures.people.total_change`"),
            ("expect_categories_to_stay_near_previous", "county", "`limits.dimensions.county.vanished_categories`"),
            ("expect_column_values_to_be_in_set", "county", "county has a label that is not in its code list"),
            ("rows_fit_the_datastore", "", "name the column otherwise"),
            ("expect_counts_to_exclude_small_numbers", "people", "If it stays, do not publish"),
        ],
    )  # fmt: skip
    def test_name_the_limit_to_look_at(self, kind, about, told):
        assert told in ways_out(checked("great_expectations", failures=[broken(kind, about)]))["great_expectations"]

    def test_of_too_much_suppression_say_what_could_be_published_instead(self):
        failures = [broken("expect_suppressed_people_to_be_at_most")]
        assert "`ddg advise cases`" in ways_out(checked("great_expectations", failures=failures))["great_expectations"]

    def test_written_by_hand_are_said_to_be(self):
        entry = {"type": "expect_x", "kwargs": {"column": "people"}, "meta": {"origin": "hand"}}
        found = checked("great_expectations", failures=[broken("expect_x")], suite={"expectations": [entry]})
        assert "expect_x (people) was added by hand" in ways_out(found)["great_expectations"]

    def test_of_a_suite_that_is_not_the_contract_s_say_nothing_more(self):
        failures = [broken("expect_suppressed_people_to_be_at_most")]
        found = checked(
            "suite_matches_contract", "great_expectations", failures=failures, suite_problems=("meta.masked",)
        )
        said = ways_out(found)
        assert "`ddg suites cases` writes it" in said["suite_matches_contract"]
        assert said["great_expectations"].endswith("once that is written, the table is judged anew.")
        assert "limits." not in said["great_expectations"]


class TestAttack:
    def test_that_ran_out_of_time_is_told_from_one_that_found_something(self):
        undecided = SimpleNamespace(undecided=[1], findings=[])
        assert "ran out of time" in ways_out(checked("attack_audit", audit=undecided))["attack_audit"]
        found = SimpleNamespace(undecided=[], findings=[1])
        assert "Do not publish" in ways_out(checked("attack_audit", audit=found))["attack_audit"]


class TestTheGroup:
    def test_is_told_what_became_of_it_what_to_do_and_where_to_read_on(self):
        told = told_of_shut_gate([checked("suite_matches_contract")], {"cases": "docs/cases.html"}).splitlines()
        assert told[0].startswith("cases did not pass the gate: nothing of cases was released")
        assert told[1].startswith("cases: suite_matches_contract: ")
        assert told[-1] == f"What does not hold, and where: docs/cases.html. More: `{HELP}`"

    def test_the_page_is_there(self):
        assert "When it is shut" in readable_topic(HELP.removeprefix("ddg help "))
