"""Writing a draft: new files, and onto models of a file that is there."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml

from ddg_pipeline.drafting import draft_contract
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import load_rulebook
from ddg_pipeline.suggesting import write_contract, write_model

THERE = """\
# our models
models:
  - name: other   # not this one
    description: "Kept: as it is"
  - name: cases
    columns:
      - name: county
        description: Where they live.   # a remark
        data_tests: [not_null]
"""


@pytest.fixture
def draft():
    frame = pd.DataFrame({"county": ["Alameda", "Alpine", "Butte"], "cases": ["20", "30", "40"]})
    return draft_contract(frame, "cases", "Cases", load_rulebook("calhhs-ddg-2.0"), place="cases.csv")


class TestANewFile:
    def test_is_never_written_over_one_that_is_there(self, draft, tmp_path):
        (tmp_path / "a.yaml").write_text("mine")
        with pytest.raises(InputError, match="a file that is there"):
            write_contract(tmp_path / "a.yaml", draft, "cases.csv")
        assert (tmp_path / "a.yaml").read_text() == "mine"

    def test_leaves_nothing_where_it_cannot_be_written(self, draft, tmp_path):
        with pytest.raises(InputError, match="No such file"):
            write_contract(tmp_path / "no" / "a.yaml", draft, "cases.csv")
        assert list(tmp_path.iterdir()) == []


class TestAFileOfModels:
    def test_keeps_all_that_stands_there(self, draft, tmp_path):
        path = tmp_path / "models.yml"
        path.write_text(THERE)
        write_model(path, draft, "cases.csv", "cases")
        text = path.read_text()
        assert [line for line in THERE.splitlines() if line not in text.splitlines()] == []
        other, cases = yaml.safe_load(text)["models"]
        assert other == {"name": "other", "description": "Kept: as it is"}
        assert cases["config"]["meta"]["ddg"]["release"] == "cases"
        assert cases["columns"][0]["data_tests"] == ["not_null"]
        assert cases["columns"][0]["config"]["meta"]["ddg"]["dimension"]["variable"] == "residence_geography"

    def test_gets_a_model_that_it_has_not(self, draft, tmp_path):
        path = tmp_path / "models.yml"
        path.write_text("models:\n  - name: other\n")
        write_model(path, draft, "cases.csv", "cases")
        assert [model["name"] for model in yaml.safe_load(path.read_text())["models"]] == ["other", "cases"]

    def test_is_refused_where_the_model_has_a_contract(self, draft, tmp_path):
        path = tmp_path / "models.yml"
        path.write_text("models:\n  - name: cases\n    config: {meta: {ddg: {release: mine}}}\n")
        before = path.read_text()
        with pytest.raises(InputError, match="a contract that is there"):
            write_model(path, draft, "cases.csv", "cases")
        assert path.read_text() == before

    @pytest.mark.parametrize("text", ["models: &a [*a]\n", "- a\n", "models: {a: b}\n", "models: [\n"])
    def test_is_refused_where_it_is_something_else(self, draft, tmp_path, text):
        path = tmp_path / "models.yml"
        path.write_text(text)
        with pytest.raises((InputError, InputErrors)):
            write_model(path, draft, "cases.csv", "cases")
        assert path.read_text() == text
