from __future__ import annotations

from pathlib import Path

import pytest

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.warehouse.column_types import ColumnType
from ddg_pipeline.warehouse.sources import (
    CsvTable,
    ExcelTable,
    ParquetTable,
    Source,
    SqlTable,
    parse_sources,
    read_sources,
)

FILE = Path("conf/sources.yaml")


def parsed(text: str) -> dict[str, Source]:
    return parse_sources(text, FILE)


def mistakes(text: str) -> dict[str, InputError]:
    with pytest.raises((InputError, InputErrors)) as caught:
        parsed(text)
    error = caught.value
    errors = error.errors if isinstance(error, InputErrors) else [error]
    assert all(one.place == str(FILE) for one in errors)
    return {one.field: one for one in errors}


def one(**lines: str) -> str:
    body = "".join(f"    {key}: {value}\n" for key, value in lines.items())
    return f"sources:\n  visits:\n{body}"


class TestADeclaration:
    def test_of_each_kind(self) -> None:
        sources = parsed("""
sources:
  ed_visits:
    kind: parquet
    path: data/ed_visits.parquet
    description: Visits
    columns: {person_id: text, visit_date: date, charges: "decimal(12,2)", age: integer}
  cases:
    kind: csv
    path: ${DIR}/cases.csv
    delimiter: ";"
    encoding: windows-1252
    null_values: ["", NA]
    columns:
      reported: {type: date, from: Date Reported, format: "%m/%d/%Y", nullable: false, description: When}
      note: {type: text, required: false}
    ignore_columns: [Name]
  pops: {kind: excel, path: p.xlsx, sheet: "2020", header_row: 3, columns: {fips: text}}
  claims: {kind: sql, url: "${CLAIMS_URL}", table: public.claims, columns: {id: text}}
  paid: {kind: sql, url: "${CLAIMS_URL}", query: "select 1 as id", columns: {id: integer}}
""")
        assert list(sources) == ["ed_visits", "cases", "pops", "claims", "paid"]
        visits, cases, pops, claims = (sources[name].table for name in ("ed_visits", "cases", "pops", "claims"))
        assert isinstance(visits, ParquetTable)
        assert visits.description == "Visits"
        assert {name: str(column.type) for name, column in visits.columns.items()} == {
            "person_id": "text",
            "visit_date": "date",
            "charges": "decimal(12,2)",
            "age": "integer",
        }
        assert isinstance(cases, CsvTable)
        assert (cases.delimiter, cases.encoding, cases.null_values) == (";", "windows-1252", ("", "NA"))
        reported = cases.columns["reported"]
        assert (reported.source_name, reported.format, reported.nullable) == ("Date Reported", "%m/%d/%Y", False)
        assert not cases.columns["note"].required
        assert isinstance(pops, ExcelTable)
        assert (pops.sheet, pops.header_row) == ("2020", 3)
        assert isinstance(claims, SqlTable)
        assert claims.table == "public.claims"

    def test_is_read_from_a_file_that_begins_with_a_byte_order_mark(self, tmp_path: Path) -> None:
        path = tmp_path / "sources.yaml"
        path.write_text(one(kind="csv", path="a.csv", columns="{a: text}"), encoding="utf-8-sig")
        assert read_sources(path)["visits"].declared_in == path

    def test_keeps_variables_until_the_source_is_loaded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLAIMS_URL", "postgresql://u:hush@host/db")
        source = parsed(one(kind="sql", url="${CLAIMS_URL}", table="t", columns="{a: text}"))["visits"]
        assert "hush" not in repr(source)
        assert source.resolve("url", "${CLAIMS_URL}") == "postgresql://u:hush@host/db"

    def test_does_not_show_a_url(self) -> None:
        source = parsed(one(kind="sql", url="postgresql://u:hush@h/d", table="t", columns="{a: text}"))["visits"]
        assert "hush" not in repr(source) + str(source)

    def test_names_each_variable_that_is_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_A", raising=False)
        monkeypatch.setenv("NO_B", "")
        source = parsed(one(kind="csv", path="${NO_A}/${NO_B}.csv", columns="{a: text}"))["visits"]
        with pytest.raises(InputErrors) as caught:
            source.resolve("path", "${NO_A}/${NO_B}.csv")
        assert [error.field for error in caught.value.errors] == ["sources.visits.path"] * 2
        assert "NO_A" in str(caught.value)
        assert "NO_B" in str(caught.value)


class TestAMistake:
    def test_in_a_kind_lists_the_kinds(self) -> None:
        error = mistakes(one(kind="json", path="a", columns="{a: text}"))["sources.visits.kind"]
        assert error.found == "'json'"
        assert error.expected == "write one of csv, parquet, excel, sql"

    def test_of_no_kind(self) -> None:
        assert mistakes(one(path="a", columns="{a: text}"))["sources.visits.kind"].found == "nothing"

    def test_in_a_key_suggests_the_right_one(self) -> None:
        error = mistakes(one(kind="csv", path="a", delimeter='";"', columns="{a: text}"))["sources.visits.delimeter"]
        assert error.found == "an unknown key"
        assert error.expected == "did you mean `delimiter`?"

    def test_in_a_columns_key(self) -> None:
        text = one(kind="csv", path="a", columns="{a: {type: text, nulable: false}}")
        assert mistakes(text)["sources.visits.columns.a.nulable"].expected == "did you mean `nullable`?"

    def test_at_the_top(self) -> None:
        text = one(kind="csv", path="a", columns="{a: text}") + "targets: {}\n"
        assert mistakes(text)["targets"].expected == "the only key allowed here is `sources`"

    def test_in_a_type_lists_the_types(self) -> None:
        error = mistakes(one(kind="csv", path="a", columns="{a: varchar}"))["sources.visits.columns.a.type"]
        assert error.found == "'varchar'"
        assert "text, integer, decimal(p,s), number, boolean, date or timestamp" in error.expected

    @pytest.mark.parametrize(
        "written", ["decimal", "'decimal(12)'", "'decimal(0,0)'", "'decimal(39,2)'", "'decimal(2,3)'"]
    )
    def test_in_a_decimal(self, written: str) -> None:
        assert mistakes(one(kind="csv", path="a", columns=f"{{a: {written}}}"))["sources.visits.columns.a.type"]

    def test_of_a_decimal_cut_by_yaml_asks_for_quotes(self) -> None:
        text = one(kind="csv", path="a", columns="{a: decimal(12,2), b: decimal(10,2)}")
        assert mistakes(text)["line 5"].expected == 'put it in quotes: "decimal(12,2)"'

    def test_of_a_key_given_twice_names_the_line(self) -> None:
        text = one(kind="csv", path="a", columns="{a: text, b: text, a: date}")
        assert mistakes(text)["line 5"].found == "the key a for the second time"

    def test_of_a_source_given_twice(self) -> None:
        text = one(kind="csv", path="a", columns="{a: text}") + "  visits: {}\n"
        assert mistakes(text)["line 6"].found == "the key visits for the second time"

    def test_of_a_name_that_yaml_takes_for_something_else(self) -> None:
        error = mistakes(one(kind="csv", path="a", columns="{no: text}"))["sources.visits.columns"]
        assert error.expected == "the name False is not text: put it in quotes"

    def test_of_names_that_duckdb_takes_for_one(self) -> None:
        error = mistakes(one(kind="csv", path="a", columns="{Age: text, age: text}"))["sources.visits.columns"]
        assert "upper and lower case" in error.expected

    def test_of_one_column_taken_twice(self) -> None:
        error = mistakes(one(kind="csv", path="a", columns="{a: text, b: {type: text, from: a}}"))
        assert "taken from the same column (a)" in error["sources.visits.columns"].expected

    def test_of_no_columns(self) -> None:
        assert "sources.visits.columns" in mistakes(one(kind="csv", path="a", columns="{}"))
        assert mistakes(one(kind="csv", path="a"))["sources.visits.columns"].expected == "add this key"

    def test_of_a_column_both_loaded_and_ignored(self) -> None:
        text = one(kind="csv", path="a", columns="{a: text}", ignore_columns="[a]")
        assert "also under `columns`" in mistakes(text)["sources.visits.ignore_columns"].expected

    def test_in_an_encoding(self) -> None:
        text = one(kind="csv", path="a", encoding="utf-9", columns="{a: text}")
        assert mistakes(text)["sources.visits.encoding"].found == "'utf-9'"

    def test_in_a_delimiter(self) -> None:
        assert mistakes(one(kind="csv", path="a", delimiter="'||'", columns="{a: text}"))["sources.visits.delimiter"]
        assert mistakes(one(kind="csv", path="a", delimiter="'\"'", columns="{a: text}"))["sources.visits"]

    @pytest.mark.parametrize(
        ("column", "part"),
        [
            ("{type: text, format: '%Y'}", "for columns of type date or timestamp"),
            ("{type: date, format: 'YYYY-MM-DD'}", "as in %m/%d/%Y"),
            ("{type: date, format: '%Q'}", "as in %m/%d/%Y"),
            ("{type: text, required: false, nullable: false}", "may be absent"),
        ],
    )
    def test_in_a_columns_options(self, column: str, part: str) -> None:
        error = mistakes(one(kind="csv", path="a", columns=f"{{a: {column}}}"))["sources.visits.columns.a"]
        assert part in error.expected

    def test_of_both_table_and_query_or_neither(self) -> None:
        both = one(kind="sql", url="sqlite://", table="t", query="select 1", columns="{a: text}")
        neither = one(kind="sql", url="sqlite://", columns="{a: text}")
        for text in (both, neither):
            assert mistakes(text)["sources.visits"].expected == "write either `table` or `query`"

    def test_in_a_sources_name(self) -> None:
        text = 'sources:\n  "ed visits": {kind: csv, path: a, columns: {a: text}}\n'
        assert "letters, digits and _" in mistakes(text)["sources.ed visits"].expected

    def test_is_reported_together_with_the_others(self) -> None:
        text = """
sources:
  a: {kind: csv, columns: {x: varchar}}
  b: {kind: excel, path: p, columns: {x: text}, sheets: s}
"""
        assert set(mistakes(text)) == {"sources.a.path", "sources.a.columns.x.type", "sources.b.sheets"}

    @pytest.mark.parametrize("text", ["", "[]", "sources:", "sources: []", "sources: {}", "source: {a: b}"])
    def test_of_no_sources(self, text: str) -> None:
        assert mistakes(text)["sources"]

    def test_in_the_yaml_names_the_line_without_quoting_it(self) -> None:
        error = mistakes('sources:\n  a:\n    url: "postgresql://u:hush@h/d\n    kind: [sql\n')
        (field,) = error
        assert field.startswith("line ")
        assert "hush" not in str(error[field])

    def test_in_a_url_does_not_show_it(self) -> None:
        for text in (
            one(kind="sql", url="[postgresql://u:hush@h/d]", table="t", columns="{a: text}"),
            one(kind="postgresql://u:hush@h/d", table="t", columns="{a: text}"),
            one(kind="csv", path="a", encoding="postgresql://u:hu@sh/hush@h/d?password=hush", columns="{a: text}"),
            one(kind="sql", uri="postgresql://u:hush@h/d", table="t", columns="{a: text}"),
            one(kind="sql", url="postgresql://u:hush@h/d", columns="{a: text}"),
        ):
            assert "hush" not in "".join(str(error) for error in mistakes(text).values())

    def test_in_the_path_of_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="nothing that can be read"):
            read_sources(tmp_path / "none.yaml")
        (tmp_path / "latin.yaml").write_bytes(b"sources: \xe9")
        with pytest.raises(InputError, match="not UTF-8"):
            read_sources(tmp_path / "latin.yaml")


class TestATypeName:
    @pytest.mark.parametrize(
        ("text", "sql"),
        [
            ("text", "VARCHAR"),
            ("integer", "BIGINT"),
            ("number", "DOUBLE"),
            ("boolean", "BOOLEAN"),
            ("date", "DATE"),
            ("timestamp", "TIMESTAMP"),
            ("decimal(12,2)", "DECIMAL(12,2)"),
            ("Decimal( 38 , 0 )", "DECIMAL(38,0)"),
        ],
    )
    def test_has_a_duckdb_type(self, text: str, sql: str) -> None:
        kind = ColumnType.parse(text)
        assert kind.sql == sql
        assert ColumnType.parse(str(kind)) == kind
