"""Which columns of tables a query's columns are made of, by its SQL alone."""

from __future__ import annotations

import pytest

from ddg_pipeline.orchestration.sql_columns import ROWS, UnreadableSqlError, read_query, table_name

VISITS, PEOPLE = ("db", "staging", "visits"), ("db", "reference", "people")
TABLES = {
    VISITS: {"county": "varchar", "sex": "varchar", "Cost": "decimal(12,2)"},
    PEOPLE: {"county": "varchar", "population": "bigint", "odd": "no such type"},
}


def made_of(sql, dialect="duckdb"):
    query = read_query(sql, dialect, TABLES)
    return {column.name: {(table[-1], name) for table, name in column.origins} for column in query.columns}


class TestColumns:
    def test_a_sum_is_made_of_what_is_summed(self):
        sql = "select county, cast(sum(cost) as bigint) as paid from db.staging.visits group by county"
        assert made_of(sql) == {"county": {("visits", "county")}, "paid": {("visits", "cost")}}

    def test_a_rate_is_made_of_both_sides_through_joins_and_common_tables(self):
        sql = """
            with counted as (select county, count(sex) as n from "db"."staging"."visits" group by county)
            select counted.county, round(100.0 * n / population, 1) as rate
            from counted join db.reference.people as p on counted.county = p.county
        """
        assert made_of(sql)["rate"] == {("visits", "sex"), ("people", "population")}

    def test_counting_rows_is_made_of_the_rows_of_the_table_after_from(self):
        sql = """
            with each as (select sex from db.staging.visits)
            select count(*) as n, max(p.population) as most
            from each cross join db.reference.people as p
        """
        assert made_of(sql) == {"n": {("visits", ROWS)}, "most": {("people", "population")}}

    def test_a_union_is_made_of_both_halves(self):
        sql = "select county from db.staging.visits union all select county from db.reference.people"
        assert made_of(sql) == {"county": {("visits", "county"), ("people", "county")}}

    def test_a_star_is_all_columns_and_what_is_written_down_comes_from_nowhere(self):
        found = made_of("select *, 2024 as year from db.staging.visits")
        assert found == {"county": {("visits", "county")}, "sex": {("visits", "sex")}, "cost": {("visits", "cost")},
                         "year": set()}  # fmt: skip

    def test_what_filters_or_joins_is_no_origin(self):
        sql = "select sex from db.staging.visits as v join db.reference.people p using (county) where population > 9"
        assert made_of(sql) == {"sex": {("visits", "sex")}}

    def test_types_are_told_where_the_query_says_them(self):
        sql = "select cast(sum(cost) as bigint) as a, odd as b from db.staging.visits, db.reference.people"
        query = read_query(sql, "duckdb", TABLES)
        assert [column.type for column in query.columns] == ["bigint", ""]

    @pytest.mark.parametrize("dialect", ["postgres", "spark"])
    def test_other_databases_as_well(self, dialect):
        assert made_of("select sum(cost) as paid from db.staging.visits", dialect) == {"paid": {("visits", "cost")}}


class TestRows:
    def test_a_query_s_rows_are_those_it_goes_through(self):
        query = read_query("select 1 as a from (select * from db.staging.visits) as v", "duckdb", TABLES)
        assert query.rows == {(VISITS, ROWS)}


class TestWhatCannotBeFollowed:
    @pytest.mark.parametrize("sql", ["select from where", "drop table x", "'8675309"])
    def test_is_refused_without_repeating_it(self, sql):
        with pytest.raises(UnreadableSqlError) as error:
            read_query(sql, "duckdb", TABLES)
        assert sql not in str(error.value)
        assert "8675309" not in str(error.value)


def test_dbt_s_names_are_read_as_they_are_written():
    assert table_name('"Restricted"."staging"."stg_visits"', "duckdb") == ("restricted", "staging", "stg_visits")
    assert table_name("`staging`.`stg_visits`", "spark") == ("staging", "stg_visits")
