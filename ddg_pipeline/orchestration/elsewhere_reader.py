"""Reads relations out of the database that dbt builds in, through dbt's own adapter: a process of its own.

dbt keeps profile, connections and flags in global state, drivers crash, and Spark starts a virtual machine: all of it
ends with this process. It takes a :class:`Request` as JSON on its standard input, and writes to its standard output
one Arrow stream a relation, in their order, or, if it ends with an exit code, one JSON object that says what is wrong.
Whatever dbt and drivers print goes to standard error, which nobody keeps: it can quote values.

Only what is asked for leaves the database: the columns that are named, and of an aggregate nothing while it has other
columns, or several rows for one coordinate, so that it is none.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO

from ddg_pipeline.errors import InputError, InputErrors, RefusedError, where_raised

if TYPE_CHECKING:
    import pyarrow as pa
    from dbt.adapters.sql.impl import SQLAdapter

BAD_INPUT, REFUSED, INTERNAL = 2, 3, 4  # exit codes
_KINDS: Final = ("bool", "int64", "double", "string", "date32[day]", "timestamp[us]", "null")
_GONE: Final = frozenset({"Py4JNetworkError", "ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError"})
_NO_METASTORE: Final = "Unable to instantiate org.apache.hadoop.hive.ql.metadata.SessionHiveMetaStoreClient"
# adapter and type: moments that are another time of the day in each time zone, and are given in that of this machine
_INSTANTS: Final = frozenset({("spark", "timestamp")})


@dataclass(frozen=True)
class Wanted:
    """A relation to be read.

    Attributes:
        place: The dbt model, as errors call it.
        relation: Its name in SQL, as dbt renders it.
        columns: The columns to read.
        coordinate: Of an aggregate, the columns of which each combination stands there once; None for a reference
            table, which may have columns and rows of all kinds.
        optional: Whether columns may be missing.
    """

    place: str
    relation: str
    columns: tuple[str, ...]
    coordinate: tuple[str, ...] | None
    optional: bool = False


@dataclass(frozen=True)
class Request:
    """What is to be read, and by which dbt project's profile.

    Attributes:
        dbt_project: The directory of the dbt project, with its ``profiles.yml``.
        relations: What to read.
    """

    dbt_project: str
    relations: tuple[Wanted, ...]

    def to_json(self) -> str:
        """Write it for the other process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Request:
        """Read what `to_json` wrote."""
        given = json.loads(text)
        relations = [
            Wanted(
                one["place"],
                one["relation"],
                tuple(one["columns"]),
                None if one["coordinate"] is None else tuple(one["coordinate"]),
                one["optional"],
            )
            for one in given["relations"]
        ]
        return cls(given["dbt_project"], tuple(relations))


def main() -> int:
    """Read what standard input asks for."""
    request = Request.from_json(sys.stdin.read())
    with _own_output() as output:
        try:
            tables = _read(request)
        except InputError as error:
            return _tell(output, BAD_INPUT, [error])
        except InputErrors as errors:
            return _tell(output, BAD_INPUT, errors.errors)
        except RefusedError as error:
            output.write(json.dumps({"refused": str(error)}))
            return REFUSED
        except Exception as error:  # noqa: BLE001 - it may quote a figure
            output.write(json.dumps({"internal": f"{type(error).__name__} at {where_raised(error)}"}))
            return INTERNAL
        output.flush()
        _write(output, tables)
    return 0


def _tell(output: TextIO, code: int, errors: Sequence[InputError]) -> int:
    told = [[error.place, error.field, error.found, error.expected] for error in errors]
    output.write(json.dumps({"errors": told}))
    return code


@contextmanager
def _own_output() -> Iterator[TextIO]:
    """Keep standard output for our answer; whatever is printed meanwhile, by Java too, goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as output:
        os.dup2(2, 1)
        yield output


def _write(output: TextIO, tables: Sequence[pa.Table]) -> None:
    import pyarrow as pa

    for table in tables:
        with pa.ipc.new_stream(output.buffer, table.schema) as stream:
            stream.write_table(table)


def _read(request: Request) -> list[pa.Table]:
    adapter = _adapter(request.dbt_project)
    with adapter.connection_named("ddg"):
        reader = _Reader(adapter)
        reader.begin()
        return [reader.table(wanted) for wanted in request.relations]


def _adapter(dbt_project: str) -> SQLAdapter:
    """Make the adapter of a project's profile, as dbt's command line would."""
    from argparse import Namespace

    from dbt.adapters.factory import get_adapter, register_adapter
    from dbt.adapters.sql.impl import SQLAdapter
    from dbt.config.runtime import RuntimeConfig, load_profile, load_project
    from dbt.flags import get_flags, set_from_args
    from dbt.mp_context import get_mp_context
    from dbt_common.context import set_invocation_context

    set_invocation_context(dict(os.environ))
    set_from_args(Namespace(profiles_dir=dbt_project, project_dir=dbt_project), None)
    # the command line's options by way of the environment, as the dbt that built the relations had them
    profile = load_profile(dbt_project, {}, os.environ.get("DBT_PROFILE"), os.environ.get("DBT_TARGET"))
    config = RuntimeConfig.from_parts(load_project(dbt_project, False, profile, {}), profile, get_flags())  # type: ignore[no-untyped-call]
    register_adapter(config, get_mp_context())
    adapter = get_adapter(config)
    if not isinstance(adapter, SQLAdapter):
        expected = "a database whose adapter gives cursors, as those of PostgreSQL, Spark, Trino and Snowflake do"
        raise InputError(dbt_project, "profiles.yml", f"the adapter {adapter.type()}", expected)
    return adapter


class _Answer(NamedTuple):
    """What a query gave: names and types of the columns, as the database calls them, and the rows."""

    columns: dict[str, str]
    rows: list[tuple[Any, ...]]


class _Reader:
    """Reads relations over one connection of an adapter."""

    def __init__(self, adapter: SQLAdapter) -> None:
        self._adapter = adapter

    def begin(self) -> None:
        """Connect; see all relations as of one moment, and write nothing, where the database can promise that."""
        if self._adapter.type() == "postgres":
            self._execute("profiles.yml", "set transaction isolation level repeatable read, read only", fetch=False)

    def table(self, wanted: Wanted) -> pa.Table:
        """Read a relation.

        Raises:
            InputError: It is not there, or has values of a type that no table can hold.
            InputErrors: It has other columns.
            RefusedError: It is no aggregate.
        """
        import pyarrow as pa

        there = self._query(wanted, f"select * from {wanted.relation} where 1 = 0").columns  # noqa: S608 - dbt's
        found = _columns(wanted, list(there))
        for name, column in found.items():
            if (self._adapter.type(), there[column]) in _INSTANTS:
                expected = "cast it to timestamp_ntz, date or text in the model"
                raise InputError(wanted.place, f"column {name}", "moments that depend on a time zone", expected)
        quoted = {name: str(self._adapter.quote(column)) for name, column in found.items()}  # type: ignore[no-untyped-call]
        if wanted.coordinate is not None:
            self._refuse_repeated(wanted, [quoted[name] for name in wanted.coordinate])
        rows = self._query(wanted, f"select {', '.join(quoted.values())} from {wanted.relation}").rows  # noqa: S608 - quoted
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(quoted)
        return pa.table({name: _array(wanted, name, values) for name, values in zip(quoted, columns, strict=True)})

    def _refuse_repeated(self, wanted: Wanted, coordinate: Sequence[str]) -> None:
        grouped = f"group by {', '.join(coordinate)} " if coordinate else ""
        repeated = f"select 1 as one from {wanted.relation} {grouped}having count(*) > 1"  # noqa: S608 - quoted
        answer = self._query(wanted, f"select count(*) from ({repeated}) as repeated")  # noqa: S608 - quoted
        if answer.rows[0][0]:
            raise RefusedError(
                f"{wanted.place}: several rows share their categories, so this is no aggregate, and no row of it was "
                "read; sum over the categories in the model"
            )

    def _query(self, wanted: Wanted, sql: str) -> _Answer:
        return self._execute(wanted.place, sql)

    def _execute(self, place: str, sql: str, *, fetch: bool = True) -> _Answer:
        wrong: InputError
        try:
            _, cursor = self._adapter.connections.add_query(sql, abridge_sql_log=True)
            if not fetch:
                return _Answer({}, [])
            columns = {str(column[0]): str(column[1]) for column in cursor.description}
            return _Answer(columns, [tuple(row) for row in cursor.fetchall()])
        except Exception as error:  # noqa: BLE001 - drivers have kinds of their own, and quote values
            wrong = _explain(place, error, self._adapter.type())
        raise wrong  # outside: what the database said would be shown as this one's context


def _columns(wanted: Wanted, names: Sequence[str]) -> dict[str, str]:
    """Find the wanted columns among those that are there; databases that fold names give them in capitals.

    Raises:
        InputErrors: One is missing; or, in an aggregate, there are others.
    """
    folded = {name.casefold(): name for name in names}
    if len(folded) < len(names):
        folded = {}
    found = {name: name if name in names else folded.get(name.casefold(), "") for name in wanted.columns}
    missing = [name for name, column in found.items() if not column]
    errors = []
    if missing and not wanted.optional:
        errors.append(
            InputError(wanted.place, "columns", f"no {', '.join(missing)}", f"the relation has {', '.join(names)}")
        )
    extra = [name for name in names if name not in found.values()]
    if extra and wanted.coordinate is not None:
        errors.append(
            InputError(
                wanted.place,
                "columns",
                f"{', '.join(extra)}, which the contract does not declare",
                "declare it as dimension, measure or population, or leave it out: nothing of this table was read",
            )
        )
    if errors:
        raise InputErrors(errors)
    return {name: column for name, column in found.items() if column}


def _array(wanted: Wanted, name: str, values: Sequence[Any]) -> pa.Array:
    """Give a column its type by its values: whole numbers, exact decimals, text and dates stay what they are.

    Raises:
        InputError: They have several types, or one that no published table can hold.
    """
    import math

    import pyarrow as pa

    found = ""
    try:
        array = pa.array(values, from_pandas=False)
    except OverflowError:
        found = "whole numbers of over 64 bits"
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        found = "values of several types, or no numbers (NaN)"
    else:
        kind = str(array.type)
        if kind not in _KINDS and not pa.types.is_decimal128(array.type):
            found = f"values of the type {kind.partition('<')[0]}"
        elif kind == "double" and any(not math.isfinite(value) for value in values if value is not None):
            found = "no numbers (NaN), or endless ones"
    if found:  # outside the handlers: what Arrow says quotes a value
        raise InputError(wanted.place, f"column {name}", found, "cast or round it in the model")
    return array


def _explain(place: str, error: Exception, adapter: str) -> InputError:
    """Say what a database's error means without repeating its words; dbt wraps that of the driver."""
    from dbt.adapters.exceptions.connection import FailedToConnectError

    from ddg_pipeline.warehouse.database_errors import meaning, sqlstate

    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    if adapter == "spark" and (session := _session_error(chain)) is not None:
        return session
    state = next((found for one in chain if (found := sqlstate(one) or _state_of_spark(one))), "")
    means = meaning(state)
    if means is not None and not means.of_connection:
        return InputError(place, "relation", f"{means.found} (SQLSTATE {state})", means.expected)
    if means is not None or any(isinstance(one, FailedToConnectError) for one in chain):
        found = means.found if means is not None else "a database that cannot be reached, or refuses the user"
        return InputError(
            "profiles.yml", "target", found, "check host, port, user and password; `dbt debug` tries them"
        )
    kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in chain))
    return InputError(place, "relation", f"an error of the database ({kinds})", "try `dbt show` on the model")


def _session_error(chain: Sequence[BaseException]) -> InputError | None:
    """Say whether Spark itself is missing: gone, not started, or without a metastore; None if it is not."""
    spark = sys.modules.get("pyspark.sql")
    if spark is None:
        return None
    kinds = {type(one).__name__ for one in chain}
    place = "profiles.yml"
    if kinds & _GONE:
        expected = "see that there is memory for it (`spark.driver.memory`), and that nothing else ends it"
        return InputError(place, "target", "a Spark session that ended while it was asked", expected)
    if spark.SparkSession.getActiveSession() is None:
        expected = "Java 17 or later (JAVA_HOME), and settings that Spark knows; `dbt debug` tells what it says"
        return InputError(place, "target", "a Spark session that does not start", expected)
    if any(_NO_METASTORE in str(one) for one in chain):
        expected = "one session at a time where it is embedded: end the other one, or keep it in a database of its own"
        return InputError(place, "target", "a metastore that cannot be opened", expected)
    return None


def _state_of_spark(error: BaseException) -> str:
    """The SQLSTATE of an exception of Spark, which answers for itself; empty if it has none."""
    ask = getattr(error, "getSqlState", None)
    return str(ask() or "") if callable(ask) else ""


if __name__ == "__main__":
    sys.exit(main())
