"""What is told of a failed run of dbt: where and why, and nothing that may come from the data."""

from __future__ import annotations

import json

import pytest

from ddg_pipeline.orchestration.dbt_failures import what_failed

MODEL = "select\n    trim(sexx) as sex,\n    {{ ddg.margin('sex') }}\nfrom cases\n"


def manifest(sql=MODEL, macros=()):
    """A project with one model, a test, and macros that the model uses one through the other."""
    names = [f"macro.p.m{number}" for number in range(len(macros))]
    node = {"name": "cases", "resource_type": "model", "original_file_path": "models/cases.sql", "raw_code": sql}
    test = {"name": "nobody_is_lost", "resource_type": "test", "original_file_path": "tests/nobody_is_lost.sql"}
    return {
        "nodes": {"model.p.cases": node | {"depends_on": {"macros": names[:1]}}, "test.p.lost": test},
        "macros": {
            name: {"macro_sql": text, "depends_on": {"macros": names[number + 1 : number + 2]}}
            for number, (name, text) in enumerate(zip(names, macros, strict=True))
        },
    }


@pytest.fixture
def told(tmp_path):
    def run(message, given=None, *, status="error", unique_id="model.p.cases"):
        results = [{"unique_id": unique_id, "status": status, "message": message}]
        (tmp_path / "run_results.json").write_text(json.dumps({"results": results}), encoding="utf-8")
        return "\n".join(what_failed(tmp_path / "run_results.json", given or manifest(), "dbt_project"))

    return run


def of_database(text):
    return f"Runtime Error in model cases (models/cases.sql)\n  {text}"


class TestADatabaseError:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (
                'Binder Error: Referenced column "sexx" not found!\n  Candidate bindings: "sex"\n  LINE 9',
                "Binder Error about sexx, which stands in line 2",
            ),
            ('Parser Error: syntax error at or near "from"', "Parser Error about from, which stands in line 4"),
            ("Catalog Error: Table with name cases is gone", "Catalog Error about cases, which stands in line 4"),
            ("Conversion Error: Could not convert string 'sexx' to INT32", "Conversion Error"),
            ("Out of Memory Error: failed to pin block", "Out of Memory Error"),
        ],
    )  # fmt: skip
    def test_is_told_by_its_kind_and_by_what_the_model_has_of_it(self, told, text, says):
        assert told(of_database(text)).splitlines() == [
            "1 of 1 models and tests failed", f"- model cases (dbt_project/models/cases.sql): {says}",
        ]  # fmt: skip

    def test_of_a_column_that_is_not_loaded_names_its_source(self, tmp_path):
        message = of_database('Binder Error: Referenced column "sexx" not found!')
        results = [{"unique_id": "model.p.cases", "status": "error", "message": message}]
        (tmp_path / "run_results.json").write_text(json.dumps({"results": results}), encoding="utf-8")
        told = what_failed(tmp_path / "run_results.json", manifest(), "dbt_project", {"sexx": "sources.records"})
        assert told[-1].endswith(
            "about sexx, which stands in line 2; `ignore_columns` of sources.records keeps it from being loaded"
        )

    @pytest.mark.parametrize(
        "text",
        [
            'Binder Error: Referenced column "Zdenek" not found',
            "Conversion Error: Could not convert string 'Zdenek' to INT32",
            "Invalid Input Error: Zdenek has 7 cases",
            "Something Zdenek Error: Zdenek",
        ],
    )
    def test_tells_nothing_that_the_model_has_not(self, told, text):
        assert "Zdenek" not in told(of_database(text))

    def test_of_another_database_tells_names_of_columns_only(self, told):
        other = "Database Error in model cases (models/cases.sql)\n  "
        assert told(f'{other}column "sexx" does not exist').endswith(
            "Database Error about sexx, which stands in line 2"
        )
        assert told(f'{other}invalid input syntax for type integer: "sexx"').endswith("): Database Error")


class TestAnErrorOfCompilation:
    WORDS = "Compilation Error in model cases (models/cases.sql)\n  'margin' is undefined\n\n  > in macro m0"

    def test_is_told_in_dbt_s_own_words(self, told):
        answer = told(self.WORDS, manifest(macros=["{% macro m0() %}{{ adapter.dispatch('m1')() }}{% endmacro %}"]))
        assert answer.splitlines()[1:] == [
            "- model cases (dbt_project/models/cases.sql): Compilation Error",
            "  'margin' is undefined", "  > in macro m0",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "asks", ["run_query('select')", "adapter.get_relation(x)", "adapter.dispatch(x)()", "load_result('r')"]
    )
    def test_is_told_by_its_kind_where_something_asks_the_database(self, told, asks):
        through = manifest(macros=["{{ m1() }}", f"{{% set found = {asks} %}}"])
        itself = manifest(sql=f"{{% set found = {asks} %}}")
        for given in (through, itself):
            assert "undefined" not in told(self.WORDS, given)
            assert "Compilation Error" in told(self.WORDS, given)

    def test_of_a_model_that_nobody_knows_tells_no_word(self, told):
        assert "undefined" not in told(self.WORDS, unique_id="model.p.other")


class TestATest:
    def test_that_fails_is_named_without_its_count(self, told):
        answer = told("Got 7 results, configured to fail if != 0", status="fail", unique_id="test.p.lost")
        assert "- test nobody_is_lost (dbt_project/tests/nobody_is_lost.sql): the test failed" in answer
        assert "7" not in answer


def test_a_run_without_results_tells_none(tmp_path):
    assert what_failed(tmp_path / "run_results.json", manifest(), "dbt_project") == []
