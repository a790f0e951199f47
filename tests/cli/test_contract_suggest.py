"""``ddg contract suggest`` as a person meets it."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.contract import contract_from_yaml

BAD_INPUT = 2
TABLE = "county,population,cases\nAlameda,1682353,40\nAlpine,1204,5\nCalifornia,39538223,45\n"


@pytest.fixture
def cases(tmp_path):
    path = tmp_path / "Cases by County.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


class TestATable:
    def test_gives_a_contract_that_can_be_read(self, ddg, cases):
        contract = contract_from_yaml(ddg("contract", "suggest", cases).out, "draft")
        assert contract.release == "cases_by_county"
        assert contract.title == "Cases by county"
        assert contract.dimensions["county"].total == "California"

    @pytest.mark.parametrize("kind", ["parquet", "xlsx"])
    def test_is_the_same_in_every_format(self, ddg, cases, kind):
        frame = pd.read_csv(cases)
        other = cases.with_suffix(f".{kind}")
        frame.to_parquet(other, index=False) if kind == "parquet" else frame.to_excel(
            other, index=False, engine="xlsxwriter"
        )
        read = [contract_from_yaml(ddg("contract", "suggest", path).out, "draft") for path in (cases, other)]
        assert read[0] == read[1]

    def test_may_be_a_dbt_model(self, ddg, cases):
        assert ddg("contract", "suggest", cases, "--dbt").out.splitlines()[-1].strip()
        assert "models:\n  - name: cases_by_county\n" in ddg("contract", "suggest", cases, "--dbt").out

    def test_of_many_sheets_wants_to_know_which(self, ddg, tmp_path):
        with pd.ExcelWriter(tmp_path / "two.xlsx", engine="xlsxwriter") as book:
            for sheet in ("a", "b"):
                pd.DataFrame({"county": ["Alameda", "Alpine"], "cases": [40, 12]}).to_excel(
                    book, sheet_name=sheet, index=False
                )
        said = ddg("contract", "suggest", tmp_path / "two.xlsx").err
        assert "--sheet: found no sheet named, and there are several; write one of 'a', 'b'" in said
        assert ddg("contract", "suggest", tmp_path / "two.xlsx", "--sheet", "b").code == 0


class TestForMachines:
    def test_it_tells_columns_questions_and_score(self, ddg, cases):
        found = ddg("contract", "suggest", cases, "--json").json
        assert {one["column"]: one["role"] for one in found["columns"]} == {
            "county": "dimension", "population": "population", "cases": "measure",
        }  # fmt: skip
        assert found["decision"] == "mask"
        assert any(question.startswith("scope: ") for question in found["questions"])


class TestWriting:
    def test_says_what_to_do_next(self, ddg, cases, tmp_path):
        target = tmp_path / "contract.yaml"
        answer = ddg("contract", "suggest", cases, "--write", target)
        assert answer.code == 0
        assert f"ddg assess {target}" in answer.out
        assert contract_from_yaml(target.read_text(encoding="utf-8"), "draft").release == "cases_by_county"

    def test_quietly_names_the_file_alone(self, ddg, cases, tmp_path):
        target = tmp_path / "contract.yaml"
        assert ddg("contract", "suggest", cases, "--write", target, "-q").out == f"{target}\n"


class TestBadInput:
    def test_a_table_that_is_not_there(self, ddg, tmp_path):
        answer = ddg("contract", "suggest", tmp_path / "no.csv")
        assert answer.code == BAD_INPUT
        assert "no such file" in answer.err

    def test_a_name_outside_of_a_project(self, ddg, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        answer = ddg("contract", "suggest", "cases_by_county")
        assert answer.code == BAD_INPUT
        assert "run this in a project's directory" in answer.err

    def test_a_table_that_counts_nobody(self, ddg, tmp_path):
        (tmp_path / "beds.csv").write_text("county,beds\nAlameda,40\nAlpine,12\n", encoding="utf-8")
        answer = ddg("contract", "suggest", tmp_path / "beds.csv")
        assert answer.code == BAD_INPUT
        assert "--people" in answer.err
