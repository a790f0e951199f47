"""With ``--json`` an error is one JSON object on standard output, and the exit code is the same."""

from __future__ import annotations

import json

import pytest

from ddg_pipeline.errors import InputError, InputErrors

WRONG = "release: r\ntitle: R\ndimensions:\n  sex: {variable: gender}\nmeasures: {n: {kind: number}}\n"


def error_of(answer):
    found = answer.json
    assert list(found) == ["error"]
    assert list(found["error"]) == ["kind", "errors", "message", "help"]
    assert found["error"]["message"] in answer.err
    return found["error"]


class TestBadInput:
    @pytest.mark.parametrize("command", ["assess", "mask", "audit", "advise"])
    def test_every_mistake_has_its_place_field_and_words(self, ddg, files, text, tmp_path, command):
        contract, table = files(contract__yaml=WRONG, table__csv=text[1])
        output = ("-o", tmp_path / "out") if command == "mask" else ()
        answer = ddg(command, contract, table, *output, "--json")
        error = error_of(answer)
        assert (answer.code, error["kind"]) == (2, "bad_input")
        assert [(one["place"], one["field"], one["found"]) for one in error["errors"]] == [
            (f"{contract}, line 4", "dimensions.sex.variable", "'gender'"),
            (f"{contract}, line 5", "measures.n.kind", "'number'"),
        ]
        assert error["errors"][0]["expected"].startswith("did you mean 'gender_identity' or 'sex'? write one of ")
        assert "write one of " in error["errors"][1]["expected"]

    def test_without_json_nothing_is_on_standard_output(self, ddg, files, text):
        assert ddg("assess", *files(contract__yaml=WRONG, table__csv=text[1])).out == ""

    @pytest.mark.parametrize("arguments", [("assess",), ("assess", "--no-such"), ("asses",), ("rulebook", "shov")])
    def test_a_wrong_call_too(self, ddg, arguments):
        answer = ddg(*arguments, "--json")
        error = answer.json["error"]
        assert (answer.code, error["kind"], error["errors"][0]["place"]) == (2, "bad_input", "command line")
        assert "Usage: ddg" in answer.err

    def test_a_project_that_is_none(self, ddg, tmp_path):
        answer = ddg("run", "--project", tmp_path, "--json")
        assert (answer.code, error_of(answer)["kind"]) == (2, "bad_input")

    @pytest.mark.parametrize("command", [("list",), ("show", "wrong")])
    def test_a_rulebook_that_is_wrong(self, ddg, tmp_path, monkeypatch, command):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "rulebooks").mkdir()
        (tmp_path / "rulebooks" / "wrong.yaml").write_text("name: wrong\nextends: nchs\n", encoding="utf-8")
        answer = ddg("rulebook", *command, "--json")
        assert answer.code == 2
        fields = {one["field"] for one in error_of(answer)["errors"]}
        assert fields == {"title", "overrides"}


class TestRefusals:
    def test_have_a_message_and_no_mistakes(self, ddg, files):
        contract = (
            "release: r\ntitle: R\ndimensions: {email: {variable: other, groups: 2}}\nmeasures: {n: {kind: count}}\n"
        )
        answer = ddg("assess", *files(contract__yaml=contract, table__csv="email,n\na@b.org,1\nc@d.org,2\n"), "--json")
        error = error_of(answer)
        assert (answer.code, error["kind"], error["errors"]) == (1, "refused", [])
        assert "a@b.org" not in answer.out + answer.err

    def test_of_masking_say_what_happened_and_how_to_go_on(self, ddg, files, text, tmp_path):
        """A county whose two people stand in two cells can never be any other number, as this level asks for."""
        changed = text[1].replace("Alpha,F,4", "Alpha,F,1").replace("Alpha,M,5", "Alpha,M,1")
        changed = changed.replace("Alpha,All,9", "Alpha,All,2").replace("State,F,474", "State,F,471")
        changed = changed.replace("State,M,539", "State,M,535").replace("State,All,1013", "State,All,1006")
        demanding = text[0] + "suppression: {level: full, show_reason: true}\n"
        contract, table = files(contract__yaml=demanding, table__csv=changed)
        answer = ddg("mask", contract, table, "-o", tmp_path / "out", "--json")
        error = error_of(answer)
        first, *reasons, then, command = error["message"].splitlines()
        assert (answer.code, error["kind"]) == (1, "refused")
        assert first == "nothing was written: this table cannot be masked so that every small count in it is safe"
        assert "county=Alpha" in reasons[0]
        assert then == "What could be published instead, and at what cost:"
        assert command == f"  ddg advise {contract} {table}"
        assert not (tmp_path / "out").exists()


class TestTheUnexpected:
    def test_is_internal_and_quotes_nothing(self, ddg, example, monkeypatch):
        from ddg_pipeline import table_files

        def broken(*_arguments):
            raise ValueError("48613")

        monkeypatch.setattr(table_files, "bind", broken)
        answer = ddg("assess", *example, "--json")
        assert (answer.code, error_of(answer)["kind"]) == (1, "internal")
        assert "48613" not in answer.out + answer.err


class TestPlaces:
    """Errors about keys of the contract name its file and line, whoever finds them."""

    @pytest.mark.parametrize("command", ["assess", "mask", "advise"])
    def test_what_the_table_lacks_is_told_at_the_key(self, ddg, files, text, tmp_path, command):
        contract, table = files(contract__yaml=text[0].replace("total: State", "total: Sate"), table__csv=text[1])
        output = ("-o", tmp_path / "out") if command == "mask" else ()
        answer = ddg(command, contract, table, *output, "--json")
        [error] = error_of(answer)["errors"]
        assert (error["place"], error["field"]) == (f"{contract}, line 9", "dimensions.county.total")

    def test_a_key_that_is_missing_is_told_at_the_closest_one_above(self, ddg, files, text):
        contract = text[0].replace("    population: {Alpha", "    members: {Alpha")
        path, table = files(contract__yaml=contract, table__csv=text[1])
        errors = error_of(ddg("assess", path, table, "--json"))["errors"]
        assert {one["place"] for one in errors} == {f"{path}, line 6"}

    def test_what_is_wrong_with_a_column_names_the_table(self, ddg, files, text):
        contract, table = files(contract__yaml=text[0], table__csv=text[1].replace("Alpha,F,4", "Alpha,F,x"))
        [error] = error_of(ddg("assess", contract, table, "--json"))["errors"]
        assert (error["place"], error["field"]) == (str(table), "cases")

    def test_a_column_called_as_a_key_is_a_column(self, tmp_path):
        from ddg_pipeline.contract_places import errors_name_contracts

        contract, table = tmp_path / "c.yaml", tmp_path / "t.csv"
        contract.write_text("release: r\n", encoding="utf-8")
        with pytest.raises(InputErrors) as caught, errors_name_contracts([(contract, table)]):
            raise InputErrors([InputError(str(table), "survey", "text that is no number", "a number")])
        assert caught.value.errors[0].place == str(table)


def test_json_on_standard_output_is_all_there_is(ddg, example):
    answer = ddg("assess", *example, "--level", "x", "--json")
    json.loads(answer.out)
    assert answer.code == 2
