"""What leaves the audit."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from ddg_pipeline.audit import FindingKind, PublishedTable, audit, audit_markdown


@pytest.fixture
def report(contract, rules):
    frame = pd.DataFrame({"group": ["a", "b", "c", "d", "all"], "n": ["", "", "43", "8", "70"]})
    frame["n_annotation_code"] = ["1", "1", "", "", ""]
    return audit(PublishedTable(contract({"group": {"total": "all"}}), frame), rules())


class TestReport:
    def test_it_counts_what_it_did(self, report):
        assert (report.cells, report.hidden, report.examined) == (5, 2, 2)
        assert report.tables == ("table",)
        assert not report.safe

    def test_as_data_it_says_which_cell_can_be_what(self, report):
        found = json.loads(json.dumps(report.to_json_dict()))
        assert found["safe"] is False
        assert found["findings"][1] == {
            "kind": "narrowed",
            "table": "table",
            "measure": "n",
            "coordinate": {"group": "a"},
            "lower": 9,
            "upper": 10,
            "possible_values": 2,
            "values": [9, 10],
        }

    def test_redacted_it_says_where_and_what_kind_only(self, report):
        bare = report.redacted()
        assert [finding.kind for finding in bare.findings] == [finding.kind for finding in report.findings]
        assert all(f.lower is None and f.upper is None and f.values is None for f in bare.findings)
        assert not bare.safe

    def test_the_page_shows_no_figure_unless_told_to(self, report):
        page = audit_markdown(report)
        assert "group=d" in page
        assert ": 8" not in page
        assert audit_markdown(report.redacted(), show_values=True) == page
        assert "group=d: 8" in audit_markdown(report, show_values=True)

    def test_a_long_page_is_cut(self, contract, rules):
        frame = pd.DataFrame({"group": [f"g{i}" for i in range(300)], "n": 5})
        page = audit_markdown(audit(PublishedTable(contract({"group": {}}), frame), rules()))
        assert "… and 100 more" in page


class TestFailClosed:
    def test_what_is_not_decided_in_time_is_not_safe(self, contract, rules):
        labels = [(a, b, c) for a in "ABCT" for b in "FGHT" for c in "XYZT"]
        frame = pd.DataFrame(labels, columns=["a", "b", "c"])
        frame["n"] = 10
        frame["n"] = 10 * 3 ** (frame[["a", "b", "c"]] == "T").sum(axis=1)
        frame["n"] = frame["n"].astype("object").where((frame[["a", "b", "c"]] == "T").any(axis=1), None)
        declared = contract({name: {"total": "T"} for name in "abc"})
        table = PublishedTable(declared, frame)
        late = audit(table, rules(), time_limit=0)
        assert not late.safe
        assert len(late.undecided) == 27
        assert "27 of 27" in late.summary()
        assert audit(table, rules()).safe

    def test_progress_is_told(self, contract, rules):
        told = []
        frame = pd.DataFrame({"group": ["a", "b", "all"], "n": ["", "", "40"]})
        declared = contract({"group": {"total": "all"}})
        audit(PublishedTable(declared, frame), rules(), progress=lambda *news: told.append(news))
        assert told[-1][1:] == (2, 2)

    def test_the_same_input_gives_the_same_report_and_the_order_of_rows_does_not_matter(self, contract, rules):
        labels = [(a, b) for a in "ABCDT" for b in "FGHT"]
        frame = pd.DataFrame(labels, columns=["a", "b"])
        frame["n"] = ["", "", 30, 50, "", "", 40, 62, 20, "", "", 45, 30, "", "", 47, 80, "", "", 204]
        declared = contract({"a": {"total": "T"}, "b": {"total": "T"}})
        one, two, other = (
            audit(PublishedTable(declared, table), rules("full"))
            for table in (frame, frame.copy(), frame.sample(frac=1, random_state=3))
        )
        assert one == two
        assert {str(f.cell): f.kind for f in one.findings} == {str(f.cell): f.kind for f in other.findings}


class TestKinds:
    def test_every_kind_is_explained_on_the_page(self):
        from ddg_pipeline.audit.report import _EXPLAINED

        assert set(_EXPLAINED) == set(FindingKind)
