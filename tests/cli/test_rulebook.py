"""``ddg rulebook``, and contracts that name a rulebook in a file."""

from __future__ import annotations

import json

import pytest

OURS = """\
name: ours
title: Small Department's rules
extends: cdc-wonder
overrides:
  scoring.events.bands:
    value:
      - {category: "<10", lower: 1, upper: 9, score: 7}
      - {category: "10 or more", lower: 10, score: 5}
    source: Policy 7 (2024-03-01)
    reason: Coarser is enough.
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rulebooks").mkdir()
    (tmp_path / "rulebooks" / "ours.yaml").write_text(OURS, encoding="utf-8")
    return tmp_path


class TestList:
    def test_names_what_is_shipped_and_one_s_own(self, ddg, here):
        answer = ddg("rulebook", "list")
        assert answer.code == 0
        for text in ("calhhs-ddg-2.0", "calhhs-ddg-1.0", "cms-cell-size", "ours", "Small Department's rules"):
            assert text in answer.out

    def test_as_json(self, ddg, here):
        found = {one["name"]: one for one in ddg("rulebook", "list", "--json").json}
        assert found["ours"]["extends"] == "cdc-wonder"
        assert found["ours"]["small_counts"] == [1, 9]
        assert found["calhhs-ddg-2.0"]["approved"] == "2025-10-24"

    def test_one_that_is_wrong_is_told_after_the_others(self, ddg, here):
        (here / "rulebooks" / "wrong.yaml").write_text("name: wrong\n", encoding="utf-8")
        answer = ddg("rulebook", "list")
        assert answer.code == 2
        assert "ours" in answer.out
        assert "wrong.yaml" in answer.err


class TestShow:
    def test_shows_figures_tables_and_overrides_with_their_sources(self, ddg, here):
        answer = ddg("rulebook", "show", "ours")
        assert answer.code == 0
        for text in ("1 to 9", "10 or more", "Appendix H", "Policy 7", "cdc-wonder", "Coarser"):
            assert text in answer.out

    @pytest.mark.parametrize(
        ("name", "figures"),
        [
            (
                "calhhs-ddg-2.0",
                {
                    "scoring.age.highest_single_age": ("89 or less", "DDG 2.0 §3 Figure 1"),
                    "scoring.age.open_band_ends_at": ("99", "DDG 2.0 §16.2.3 Table 4"),
                    "scoring.means_tested_program.interacts_up_to": ("10,000,000", "DDG 2.0 §16.2, Appendix I"),
                    "surveys.scored_as_population": ("scored like populations", "DDG 2.0 §5.2"),
                },
            ),
            (
                "calhhs-ddg-1.0",
                {
                    "scoring.age.highest_single_age": ("89 or less", "DDG 1.0 §3"),
                    "scoring.age.open_band_ends_at": ("99", "DDG 2.0 §16.2.3 Table 4"),
                    "surveys.scored_as_population": ("not scored", "DDG 1.0 §5.2"),
                },
            ),
        ],
    )
    def test_figures_that_stand_beside_the_tables(self, ddg, here, monkeypatch, name, figures):
        monkeypatch.setenv("COLUMNS", "200")
        lines = ddg("rulebook", "show", name).out.splitlines()
        for entry, texts in figures.items():
            (line,) = [line for line in lines if entry in line]
            assert all(text in line for text in texts)

    @pytest.mark.parametrize("name", ["ours", "rulebooks/ours.yaml"])
    def test_difference_to_a_base(self, ddg, here, name):
        found = {one["entry"]: one for one in ddg("rulebook", "show", name, "--diff", "cdc-wonder", "--json").json}
        one = found.pop("scoring.events.bands")
        assert set(found) == {"footnotes.suppression.text"}  # which names the rulebook's title
        assert (one["source"], one["reason"]) == ("Policy 7 (2024-03-01)", "Coarser is enough.")
        assert [band["score"] for band in one["before"]] == [7, 5, 3, 2]
        assert [band["score"] for band in one["after"]] == [7, 5]
        assert "scoring.events.bands" in ddg("rulebook", "show", name, "--diff", "cdc-wonder").out

    def test_the_editions_differ_where_the_guideline_says_so(self, ddg, here):
        entries = {
            one["entry"] for one in ddg("rulebook", "show", "calhhs-ddg-1.0", "--diff", "calhhs-ddg-2.0", "--json").json
        }
        assert {"scoring.age.bands", "scoring.insurance_coverage", "scoring.general"} <= entries
        assert not any(entry.startswith(("scoring.events", "thresholds.numerator", "high_risk")) for entry in entries)

    def test_no_difference(self, ddg, here):
        assert "says nothing otherwise" in ddg("rulebook", "show", "ours", "--diff", "ours").out

    def test_as_json_it_is_the_whole(self, ddg, here):
        whole = ddg("rulebook", "show", "ours", "--json").json
        assert whole["thresholds"]["numerator"] == {"lower": 1, "upper": 9}
        assert whole["overrides"][-1]["by"] == "ours"

    @pytest.mark.parametrize("name", ["theirs", "theirs.yaml"])
    def test_an_unknown_one(self, ddg, here, name):
        answer = ddg("rulebook", "show", name)
        assert answer.code == 2
        assert f"found '{name}'" in answer.err
        assert "ours" in answer.err


class TestContracts:
    """A contract names its rulebook by a name, or by a path from where it is."""

    @pytest.mark.parametrize("rulebook", ["ours", "rulebooks/ours.yaml"])
    def test_mask_and_audit_obey_it(self, ddg, example, tmp_path, rulebook):
        contract, table = example
        (contract.parent / "rulebooks").mkdir()
        (contract.parent / "rulebooks" / "ours.yaml").write_text(OURS, encoding="utf-8")
        contract.write_text(f"{contract.read_text()}rulebook: {rulebook}\n", encoding="utf-8")
        text = (
            table.read_text(encoding="utf-8").replace("Alpha,M,5", "Alpha,M,10").replace("Alpha,All,9", "Alpha,All,14")
        )
        text = text.replace("State,M,539", "State,M,544").replace("State,All,1013", "State,All,1018")
        table.write_text(text, encoding="utf-8")
        out = tmp_path / "out"
        answer = ddg("mask", str(contract), str(table), "-o", str(out), "--json")
        assert answer.code == 0, answer.err
        assert answer.json["rulebook"] == "ours"
        lines = [line.split(",") for line in next(out.glob("*.csv")).read_text(encoding="utf-8").splitlines()[1:]]
        codes = {tuple(line[:2]): line[3] for line in lines}
        assert codes["Beta", "F"] != ""
        assert codes["Alpha", "M"] != "1"  # ten are not small here
        assert ddg("audit", str(contract), str(next(out.glob("*.csv")))).code == 0

    def test_an_unknown_rulebook_names_the_contract(self, ddg, example):
        contract, table = example
        contract.write_text(f"{contract.read_text()}rulebook: theirs\n", encoding="utf-8")
        answer = ddg("assess", str(contract), str(table))
        assert answer.code == 2
        assert f"{contract}, line 13: rulebook: found 'theirs'" in answer.err


def test_json_is_json(ddg, here):
    json.loads(ddg("rulebook", "show", "calhhs-ddg-2.0", "--json").out)
