"""``ddg advise RELEASE``: advice on a release of a project, from its aggregate in the restricted store."""

from __future__ import annotations

import json
import re
import stat

import pytest

from ddg_pipeline.advice import advise
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.stored_tables import check_alternative_place, stored_tables

FEW = ("--most", "12")


class TestStoredTables:
    def test_are_the_aggregate_first_and_those_it_is_linked_to(self, small):
        for release, other in (("by_sex", "by_age"), ("by_age", "by_sex")):
            tables = stored_tables(small.project, release)
            assert [table.contract.release for table in tables] == [release, other]
            assert len(tables[0].frame) == small.project.restricted_store.row_count("aggregates", release)

    @pytest.mark.thorough
    def test_of_one_period_are_its_rows(self, months):
        (table,) = stored_tables(months.project, "monthly_cases_2025_03")
        assert set(table.frame["month"]) == {"2025-03"}
        assert advise([table], most=5).as_it_is.outcome == "masked"

    @pytest.mark.thorough
    def test_that_were_never_built_name_the_command_that_builds_them(self, monthly):
        with pytest.raises(
            InputErrors, match=r"no monthly_cases, which is not built yet.*; build it: `ddg suites monthly_cases` does"
        ):
            stored_tables(monthly.project, "monthly_cases")


class TestAdvise:
    def test_says_of_a_release_what_could_be_published_instead(self, small, ddg):
        before = small.public_bytes()
        answer = ddg("advise", "by_sex", *FEW)
        assert answer.code == 0, answer.err
        assert "as it is" in answer.out
        assert "Masked together with by_age, unchanged" in " ".join(answer.out.split())
        assert str(small.project.restricted) in answer.out.replace("\n", "")
        assert small.public_bytes() == before

    def test_tells_no_small_count(self, small, ddg):
        """With another small count, and all sums as they were, it prints the same."""
        first = ddg("advise", "by_sex", "--json", *FEW).out
        table, places = "aggregates.by_sex", "county IN ('Alpha', 'State')"
        with small.project.restricted_store.connect() as connection:
            query = f"SELECT cases FROM {table} WHERE county = 'Alpha' AND sex = 'F'"
            ((before,),) = connection.sql(query).fetchall()
            connection.execute(f"UPDATE {table} SET cases = cases - 1 WHERE sex = 'F' AND {places}")
            connection.execute(f"UPDATE {table} SET cases = cases + 1 WHERE sex = 'M' AND {places}")
            assert 1 < before < 11
            assert connection.sql(query).fetchall() == [(before - 1,)]
        assert json.loads(first)["alternatives"]
        assert ddg("advise", "by_sex", "--json", *FEW).out == first

    def test_writes_an_alternative_where_restricted_data_are_kept(self, small, ddg):
        directory = small.project.restricted / "advice"
        answer = ddg("advise", "by_age", "--write", "1", "-o", str(directory))
        assert answer.code == 0, answer.err
        written = [path for path in directory.iterdir() if path.suffix == ".csv"]
        assert written
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in written)
        assert re.search(r"ddg suites by_age$", answer.out, re.MULTILINE)

    def test_writes_none_anywhere_else(self, small, ddg, tmp_path):
        answer = ddg("advise", "by_sex", "--write", "1", "-o", str(tmp_path / "out"))
        assert answer.code == 2
        assert "a directory outside of the restricted one" in answer.err
        assert not (tmp_path / "out").exists()

    @pytest.mark.thorough
    def test_writes_none_beside_an_encrypted_store(self, encrypted):
        project = encrypted.small.project
        with pytest.raises(InputErrors, match="files are not encrypted, while the restricted store is"):
            check_alternative_place(project, project.restricted / "advice")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("contract.yaml",), "none beside contract.yaml; give the table too; or name a release of a project"),
            (("by_county",), "one of by_age, by_sex, statewide"),
            (("by_sex", "--link", "other.yaml"), "leave them out: the project knows them"),
            (("a.yaml", "b.csv", "--project", "."), "name a release of the project, or leave out --project"),
        ],
    )
    def test_says_what_to_give(self, small, ddg, arguments, message):
        answer = ddg("advise", *arguments)
        assert answer.code == 2
        assert message in answer.err
