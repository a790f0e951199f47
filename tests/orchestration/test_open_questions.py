"""Questions of a draft are counted until somebody takes them out, wherever a draft may have written them."""

from __future__ import annotations

import pytest

from ddg_pipeline import cli
from ddg_pipeline.doctor.releases import _questions
from ddg_pipeline.orchestration.open_questions import open_questions, told_of_questions
from ddg_pipeline.orchestration.project import load_project

ROWS = "report_no,reported,county,sex\n" + "".join(
    f"{1000 + row},2024-0{1 + row % 9}-11,{('Alameda', 'Butte')[row % 2]},{('F', 'M')[row % 3 // 2]}\n"
    for row in range(60)
)


@pytest.fixture
def drafted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.csv").write_text(ROWS, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["ddg", "init", "cases", "--from", "cases.csv", "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    return load_project(tmp_path / "cases")


CONTRACT = "cases/dbt_project/models/releases/cases.yml"
MODEL = "cases/dbt_project/models/releases/cases.sql"


def test_all_of_a_draft_are_counted_by_file(drafted, tmp_path):
    found = open_questions(drafted)
    assert found.keys() == {CONTRACT, MODEL}
    assert found[CONTRACT] == (tmp_path / CONTRACT).read_text(encoding="utf-8").count("ASK: ")
    assert found[MODEL] == 1


def test_one_that_is_taken_out_is_answered(drafted, tmp_path):
    model = tmp_path / MODEL
    text = "".join(line for line in model.read_text(encoding="utf-8").splitlines(True) if "ASK" not in line)
    model.write_text(text, encoding="utf-8")
    assert open_questions(drafted).keys() == {CONTRACT}


def test_it_is_said_how_many_and_where(drafted):
    told = told_of_questions({"a.yml": 2, "b.sql": 1})
    assert told.startswith("3 questions of the draft are open, marked ASK: 2 in a.yml, 1 in b.sql.")
    assert told_of_questions({}) == ""
    (finding,) = _questions(drafted)
    assert finding.state == "hint"
    assert MODEL in finding.found


def test_a_word_that_is_no_mark_is_no_question(drafted, tmp_path):
    before = open_questions(drafted)
    with (tmp_path / MODEL).open("a", encoding="utf-8") as file:
        file.write("-- TASK: none; what else is to be answered is marked ASK in cases.yml\n")
    assert open_questions(drafted) == before
