"""What a query's columns are made of, read from its SQL alone: no database is asked, so nothing has to be opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

ROWS = "*"
"""Stands for the rows of a table themselves: what ``count(*)`` is made of."""

TableName = tuple[str, ...]
"""Database, schema and name, as far as the SQL says them; lower case."""

Origin = tuple[TableName, str]
"""A table and one of its columns, or `ROWS`."""


class UnreadableSqlError(Exception):
    """A query that cannot be followed; its text is not repeated."""


@dataclass(frozen=True)
class SqlColumn:
    """One column of a query.

    Attributes:
        name: Its name, lower case.
        type: What it holds, in the dialect's words; empty where the query alone does not say.
        origins: The columns of tables that its values are computed from. What merely filters, joins or groups is none.
    """

    name: str
    type: str
    origins: frozenset[Origin]


@dataclass(frozen=True)
class SqlQuery:
    """A query that was followed.

    Attributes:
        columns: Its columns, in order.
        rows: The tables whose rows its rows are, or were counted from.
    """

    columns: tuple[SqlColumn, ...]
    rows: frozenset[Origin]


def table_name(relation: str, dialect: str) -> TableName:
    """Read a table's name as dbt writes it (``"restricted"."source"."cases"``)."""
    from sqlglot import exp

    return _parts(exp.to_table(relation, dialect=dialect))


def read_query(sql: str, dialect: str, tables: Mapping[TableName, Mapping[str, str]]) -> SqlQuery:
    """Follow every column of a query back to the tables that it reads.

    Args:
        sql: The query.
        dialect: Of which database; dbt's name for it.
        tables: The columns of the tables it reads, with their types.

    Raises:
        UnreadableSqlError: It is no query, or one that sqlglot cannot follow.
    """
    from sqlglot import MappingSchema, exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    try:
        schema = MappingSchema(dialect=dialect)
        for name, known in tables.items():
            table = exp.Table(**{
                part: exp.to_identifier(text, quoted=True)
                for part, text in zip(("this", "db", "catalog"), reversed(name), strict=False)
            })  # fmt: skip
            types = {column: _readable(kind, dialect) for column, kind in known.items()}
            schema.add_table(table, types, match_depth=False)
        query = qualify(
            parse_one(sql, dialect=dialect), dialect=dialect, schema=schema, validate_qualify_columns=False,
            identify=False,
        )  # fmt: skip
        query = annotate_types(query, schema=schema, dialect=dialect)
        root = build_scope(query)
        if root is None or not isinstance(query, exp.Query):
            raise UnreadableSqlError("no query")
        scopes = {id(scope.expression): scope for scope in root.traverse()}
        found = lineage(None, query, schema, dialect=dialect, scope=root, trim_selects=False, copy=False)
        columns = tuple(
            SqlColumn(select.alias_or_name.lower(), _type(select, dialect), frozenset(_origins(node, scopes)))
            for select, node in zip(query.selects, found.values(), strict=True)
        )
        return SqlQuery(columns, frozenset(_rows(root)))
    except (SqlglotError, ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        # an optimizer that meets what it does not know raises what it likes
        raise UnreadableSqlError(type(error).__name__) from None


def _readable(kind: str, dialect: str) -> str:
    """Give a declared type if the dialect has it."""
    from sqlglot import exp
    from sqlglot.errors import ParseError

    try:
        return exp.DataType.build(kind or "unknown", dialect=dialect).sql(dialect=dialect)
    except ParseError:
        return "unknown"


def _type(select: exp.Expr, dialect: str) -> str:
    kind = select.type
    return "" if kind is None or kind.sql() in ("UNKNOWN", "NULL") else str(kind.sql(dialect=dialect)).lower()


def _origins(node: Any, scopes: Mapping[int, Scope]) -> Iterator[Origin]:
    from sqlglot import exp

    for one in node.walk():
        if isinstance(one.expression, exp.Table):
            yield _parts(one.expression), exp.to_column(one.name).name.lower()
            continue
        scope = scopes.get(id(one.source))
        counted = any(
            count.this is None or isinstance(count.this, exp.Star) for count in one.expression.find_all(exp.Count)
        )
        if counted and scope is not None:
            yield from _rows(scope)


def _rows(scope: Scope) -> Iterator[Origin]:
    """Find the tables whose rows a query goes through: those after FROM, not those that are joined to them."""
    from sqlglot import exp

    inner = [*scope.set_operation_scopes] if isinstance(scope.expression, exp.SetOperation) else []
    if isinstance(scope.expression, exp.Subquery):
        inner = scope.subquery_scopes
    for one in inner:
        yield from _rows(one)
    first = None if inner else scope.expression.args.get("from_")
    source = None if first is None else scope.sources.get(first.this.alias_or_name)
    if isinstance(source, exp.Table):
        yield _parts(source), ROWS
    elif source is not None:
        yield from _rows(source)


def _parts(table: exp.Table) -> TableName:
    return tuple(part.lower() for part in (table.catalog, table.db, table.name) if part)
