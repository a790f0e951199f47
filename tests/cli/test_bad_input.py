"""Whatever is wrong with what was given: exit code 2, a message that names the place, and no figure in it."""

from __future__ import annotations

import pytest

FIGURE = "48613"  # stands in the table of each test, and nowhere in what is printed
COMMANDS = ["assess", "mask", "audit"]


@pytest.fixture(params=COMMANDS)
def refuse(request, ddg, tmp_path):
    """Run each command on a contract and a table, and expect it to refuse them as bad input."""

    def run(contract, table, *expected):
        output = ("-o", tmp_path / "out") if request.param == "mask" else ()
        answer = ddg(request.param, contract, table, *output)
        assert answer.code == 2, answer
        assert answer.out == ""
        assert answer.err.startswith("ddg: ")
        assert FIGURE not in answer.err
        assert "internal error" not in answer.err
        for text in expected:
            assert text in answer.err
        assert not (tmp_path / "out").exists()

    run.command = request.param
    return run


@pytest.fixture
def planted(text):
    """The table with a figure in it that must not come out again."""
    return text[0], text[1].replace("State,All,1013", f"State,All,{FIGURE}")


class TestTheTable:
    def test_a_file_that_is_not_there(self, refuse, files, planted, tmp_path):
        refuse(files(contract__yaml=planted[0]), tmp_path / "absent.csv", "absent.csv", "no such file")

    def test_a_directory(self, refuse, files, planted, tmp_path):
        (tmp_path / "table.csv").mkdir()
        refuse(files(contract__yaml=planted[0]), tmp_path / "table.csv", "a directory")

    @pytest.mark.parametrize("name", ["table__xlsx", "table__txt", "table"])
    def test_another_kind_of_file(self, refuse, files, planted, name):
        contract, table = files(contract__yaml=planted[0], **{name: planted[1]})
        refuse(contract, table, "ending", ".csv or .parquet")

    def test_an_empty_file(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv=""), "first line")

    def test_a_header_without_rows(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv="county,sex,cases\n"), "rows: found none")

    def test_rows_without_a_header(self, refuse, files, planted):
        rows = f"Alpha,F,{FIGURE}\n" + planted[1].partition("\n")[2]
        refuse(*files(contract__yaml=planted[0], table__csv=rows), "none of the declared ones", "county, sex, cases")

    def test_a_column_that_is_missing(self, refuse, files, planted):
        table = "\n".join(line.replace(",F,", ",").replace(",M,", ",").replace(",All,", ",").replace(",sex,", ",")
                          for line in planted[1].splitlines())  # fmt: skip
        refuse(*files(contract__yaml=planted[0], table__csv=table), "columns", "no sex")

    def test_a_row_that_is_too_long(self, refuse, files, planted):
        table = planted[1].replace(FIGURE, f"{FIGURE},1")
        refuse(*files(contract__yaml=planted[0], table__csv=table), "row 21", "4 cells", "3 cells")

    def test_a_row_that_is_too_short(self, refuse, files, planted):
        table = planted[1].replace("Alpha,M,5", "Alpha,M")
        refuse(*files(contract__yaml=planted[0], table__csv=table), "row 2", "2 cells")

    def test_a_quote_that_is_never_closed(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv=planted[1] + '"Alpha,F,1\n'), "no CSV")

    def test_a_title_above_the_names(self, refuse, files, planted):
        table = f"Cases of 2024,{',' * (planted[1].splitlines()[0].count(',') - 1)}\n{planted[1]}"
        refuse(*files(contract__yaml=planted[0], table__csv=table), "take out of the file what stands above the names")

    def test_semicolons_between_cells(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv=planted[1].replace(",", ";")), "not semicolons")

    def test_a_column_without_a_name(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv=planted[1].replace("county,", ",")), "name every column")

    def test_two_columns_of_one_name(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv=planted[1].replace("sex,", "county,", 1)), "county")

    def test_the_same_row_twice(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv=planted[1] + "Alpha,F,4\n"), "twice", "county=Alpha, sex=F")

    def test_a_row_without_a_category(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv=planted[1] + f",F,{FIGURE}\n"), "no category in row")

    def test_latin_1(self, refuse, files, planted):
        table = planted[1].replace("Alpha", "Añasco").encode("latin-1")
        refuse(*files(contract__yaml=planted[0], table__csv=table), "not UTF-8", "save it as UTF-8")

    def test_utf_16(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__csv=planted[1].encode("utf-16")), "not UTF-8")

    def test_something_that_only_says_it_is_parquet(self, refuse, files, planted):
        refuse(*files(contract__yaml=planted[0], table__parquet=planted[1]), "no Parquet file")

    def test_a_byte_order_mark_is_no_error(self, ddg, files, text, tmp_path):
        contract, table = files(contract__yaml=text[0], table__csv=b"\xef\xbb\xbf" + text[1].encode())
        assert ddg("assess", contract, table).code == 0
        assert ddg("mask", contract, table, "-o", tmp_path / "out").code == 0

    def test_windows_line_ends_are_no_error(self, ddg, files, text):
        assert ddg("assess", *files(contract__yaml=text[0], table__csv=text[1].replace("\n", "\r\n"))).code == 0


class TestTheFiguresBeforeMasking:
    """What is assessed and masked has to be complete and whole."""

    @pytest.fixture(params=["assess", "mask"])
    def refuse(self, request, ddg, tmp_path):
        def run(contract, table, *expected):
            output = ("-o", tmp_path / "out") if request.param == "mask" else ()
            answer = ddg(request.param, contract, table, *output)
            assert answer.code == 2, answer
            assert FIGURE not in answer.err
            for text in expected:
                assert text in answer.err
            assert not (tmp_path / "out").exists()

        return run

    @pytest.mark.parametrize(
        ("cell", "found"),
        [
            (f"{FIGURE}.5", "a number with decimals"),
            (f"-{FIGURE}", "a negative number"),
            (f"{FIGURE}x", "text that is no number"),
            (f"<{FIGURE}", "text that is no number"),
        ],
    )
    def test_a_count_that_is_none_is_named_by_its_row(self, refuse, files, text, cell, found):
        table = text[1].replace("Alpha,F,4", f"Alpha,F,{cell}")
        refuse(*files(contract__yaml=text[0], table__csv=table), f"cases: found {found}", "(county=Alpha, sex=F)")

    def test_a_column_that_nobody_assessed(self, refuse, files, text):
        lines = text[1].splitlines()
        table = "\n".join([f"{lines[0]},note", *(f"{line},{FIGURE}" for line in lines[1:])])
        refuse(*files(contract__yaml=text[0], table__csv=table), "note, which the contract does not declare")

    def test_a_total_that_is_not_in_the_table(self, refuse, files, text):
        refuse(
            *files(contract__yaml=text[0].replace("total: All", "total: Both"), table__csv=text[1]), "sex.total", "Both"
        )

    def test_a_county_without_a_population(self, refuse, files, text):
        refuse(*files(contract__yaml=text[0].replace("Beta: 3100, ", ""), table__csv=text[1]), "no size for Beta")

    def test_fewer_events_than_people(self, refuse, files):
        contract = (
            "release: r\ntitle: R\ndimensions: {sex: {variable: sex}}\n"
            "measures: {people: {kind: count}, visits: {kind: count, unit: events, individuals: people}}\n"
        )
        table = f"sex,people,visits\nF,{FIGURE},11\nM,40,41\n"
        refuse(*files(contract__yaml=contract, table__csv=table), "fewer events than individuals", "sex=F")

    def test_parts_that_exceed_their_total(self, ddg, files, text, tmp_path):
        """A total that its parts contradict is no total: nothing could be proven about what it hides."""
        table = text[1].replace("Zeta,M,299", f"Zeta,M,{FIGURE}")
        answer = ddg("mask", *files(contract__yaml=text[0], table__csv=table), "-o", tmp_path / "out")
        assert answer.code in (1, 2)
        assert FIGURE not in answer.err
        assert not (tmp_path / "out").exists()


class TestTheContract:
    def test_a_file_that_is_not_there(self, refuse, files, planted, tmp_path):
        refuse(tmp_path / "absent.yaml", files(table__csv=planted[1]), "absent.yaml", "check the path")

    def test_a_directory(self, refuse, files, planted, tmp_path):
        refuse(tmp_path, files(table__csv=planted[1]), str(tmp_path))

    def test_no_yaml(self, refuse, files, planted):
        refuse(*files(contract__yaml="release: [", table__csv=planted[1]), "line 1")

    def test_an_empty_one(self, refuse, files, planted):
        refuse(*files(contract__yaml="", table__csv=planted[1]), "found nothing", "a mapping")

    def test_a_key_that_does_not_exist(self, refuse, files, planted):
        contract = planted[0].replace("measures:", "mesures:")
        refuse(*files(contract__yaml=contract, table__csv=planted[1]), "mesures", "did you mean 'measures'?")

    def test_several_mistakes_are_told_at_once(self, refuse, files, planted):
        contract = planted[0].replace("variable: sex", "variable: gender").replace("kind: count", "kind: number")
        refuse(*files(contract__yaml=contract, table__csv=planted[1]), "dimensions.sex.variable", "measures.cases.kind")

    def test_a_rulebook_that_does_not_exist(self, refuse, files, planted):
        contract = planted[0] + "rulebook: calhhs-ddg-7\n"
        refuse(*files(contract__yaml=contract, table__csv=planted[1]), "rulebook", "calhhs-ddg-2.0")


class TestTheCommandLine:
    @pytest.mark.parametrize(
        "arguments",
        [("assess",), ("mask", "c.yaml", "t.csv"), ("release",), ("audit", "--no-such"), ("assess", "a", "b", "c")],
    )
    def test_a_wrong_call_is_bad_input(self, ddg, arguments):
        answer = ddg(*arguments)
        assert answer.code == 2
        assert "Usage: ddg" in answer.err

    def test_a_project_that_is_none(self, ddg, tmp_path):
        answer = ddg("run", "--project", tmp_path)
        assert answer.code == 2
        assert "ddg.yaml" in answer.err

    def test_a_file_where_the_masked_table_should_go(self, ddg, example):
        answer = ddg("mask", *example, "-o", example[1])
        assert answer.code == 2
        assert f"{example[1]}: --output: found a file; a directory" in answer.err

    def test_a_spreadsheet_is_to_be_saved_as_csv(self, ddg, example, files):
        answer = ddg("assess", example[0], files(table__xlsx=b"PK"))
        assert answer.code == 2
        assert "save the sheet as CSV" in answer.err

    def test_a_directory_that_cannot_be_made(self, ddg, files):
        answer = ddg("example", files(a_file="") / "below")
        assert answer.code == 2
        assert "DIR" in answer.err


class TestTheUnexpected:
    def test_an_internal_error_shows_neither_figure_nor_traceback(self, ddg, example, monkeypatch):
        from ddg_pipeline import table_files

        def broken(*_arguments):
            raise ValueError(f"could not convert {FIGURE}")

        monkeypatch.setattr(table_files, "bind", broken)
        answer = ddg("assess", *example)
        assert answer.code == 1
        assert "internal error (ValueError at test_bad_input.py:" in answer.err
        assert FIGURE not in answer.err
