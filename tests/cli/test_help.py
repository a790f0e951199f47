"""``ddg help``, and the last line of an error: which page explains it."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


class TestHelp:
    def test_are_printed(self, ddg):
        assert ddg("help", "contract#identities").out.startswith("## Identities\n")
        assert "  contract " in ddg("help").out
        assert ddg("help", "nothing").code == 2

    def test_of_a_long_page_its_parts_are_told_beside_it(self, ddg):
        answer = ddg("help", "contract")
        assert "ddg help contract#HEADING" in answer.err
        assert "one-of-dimensions" in answer.err
        assert "#HEADING" not in answer.out
        assert ddg("help", "contract#identities").err == ddg("help", "one-table").err == ""


class TestAnError:
    def test_is_told_with_the_command_that_explains_it(self, ddg, tmp_path):
        contract = tmp_path / "contract.yaml"
        text = (EXAMPLES / "clinic_patients.yaml").read_text(encoding="utf-8")
        contract.write_text(text.replace("kind:", "knd:"), encoding="utf-8")
        told = ddg("assess", contract, EXAMPLES / "clinic_patients.csv")
        assert told.code == 2
        assert told.err.splitlines()[-1] == "More: ddg help contract#one-of-measures"
        as_json = ddg("assess", contract, EXAMPLES / "clinic_patients.csv", "--json").json["error"]
        assert as_json["help"] == ["contract#one-of-measures"]
        assert {one["help"] for one in as_json["errors"]} == {"contract#one-of-measures"}
