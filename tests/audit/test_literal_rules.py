"""Items 1 to 4 of §4.4.1 to the letter."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.audit import FindingKind, PublishedTable, audit


@pytest.fixture
def table(contract):
    """A 3 x 3 table with all margins; cells are named by county and sex."""
    labels = [(county, sex) for county in ("A", "B", "CA") for sex in ("F", "M", "both")]

    def make(counts, codes=None, **more):
        frame = pd.DataFrame(labels, columns=["county", "sex"]).assign(n=pd.Series(counts, dtype="object"))
        if codes is not None:
            frame["n_annotation_code"] = codes
        declared = contract({"county": {"total": "CA"}, "sex": {"total": "both"}})
        return PublishedTable(declared, frame, **more)

    return make


def found(report):
    return {(f.kind, f.dimension, *f.cell.coordinate.values()) for f in report.findings}


class TestItem2:
    def test_a_row_with_one_suppressed_cell_is_reported_with_its_dimension(self, table, rules):
        report = audit(table([None, 20, 26, None, 50, 64, 20, 70, 90]), rules())
        assert (FindingKind.TOO_FEW_SUPPRESSED, "sex", "A", "both") in found(report)

    def test_a_suppressed_total_counts(self, table, rules):
        report = audit(table([None, 20, None, None, 50, None, 20, 70, 90]), rules())
        assert not {key for key in found(report) if key[0] is FindingKind.TOO_FEW_SUPPRESSED}

    def test_levels_without_the_literal_rules_do_not_ask(self, table, rules):
        kinds = {key[0] for key in found(audit(table([None, 20, 26, None, 50, 64, 20, 70, 90]), rules("exact")))}
        assert FindingKind.TOO_FEW_SUPPRESSED not in kinds


class TestItem4:
    def test_suppressed_cells_must_not_sum_to_less_than_eleven(self, contract, rules):
        declared = contract({"group": {"total": "all"}})
        frame = pd.DataFrame({"group": ["a", "b", "c", "all"], "n": ["", "", "40", "50"]})
        kinds = {(f.kind, f.dimension) for f in audit(PublishedTable(declared, frame), rules()).findings}
        assert kinds == {(FindingKind.SUM_TOO_SMALL, "group")}
        assert audit(PublishedTable(declared, frame), rules("exact")).safe
        enough = frame.assign(n=["", "", "40", "51"])
        assert audit(PublishedTable(declared, enough), rules()).safe

    def test_a_suppressed_total_tells_no_sum(self, contract, rules):
        declared = contract({"group": {"total": "all"}, "year": {"additive": False}})
        frame = pd.DataFrame({"group": ["a", "b", "all"], "year": "1", "n": ["", "", ""]})
        assert audit(PublishedTable(declared, frame), rules()).safe

    def test_only_the_holder_of_the_data_can_see_that_all_are_very_small(self, contract, rules):
        declared = contract({"group": {"total": "all"}})
        truth = pd.DataFrame({"group": [*"abcde", "all"], "n": [3, 3, 3, 3, 40, 52]})
        frame = truth.assign(n=[None] * 4 + [40, 52])
        assert audit(PublishedTable(declared, frame), rules()).safe
        report = audit(PublishedTable(declared, frame, truth=truth), rules())
        assert {f.kind for f in report.findings} == {FindingKind.ALL_VERY_SMALL}

    def test_the_rule_holds_at_every_level_of_a_hierarchy(self, contract, rules):
        declared = contract(
            {"county": {"total": "CA", "hierarchy": {"tree": {"North": ["A", "B"], "South": ["C", "D"]}}}}
        )
        frame = pd.DataFrame(
            {"county": ["A", "B", "North", "C", "D", "South", "CA"], "n": ["", "", "", "12", "20", "", "40"]}
        )
        report = audit(PublishedTable(declared, frame), rules())
        assert {(f.kind, f.cell.coordinate["county"]) for f in report.findings} == {
            (FindingKind.TOO_FEW_SUPPRESSED, "South"),
            (FindingKind.EXACT, "North"),
        }
