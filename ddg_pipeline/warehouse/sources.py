"""``sources.yaml``: which tables are loaded into the restricted store, from where, with which columns.

.. code-block:: yaml

    sources:
      ed_visits:
        kind: parquet
        path: data/ed_visits.parquet            # relative to this file; ${VARIABLES} of the environment are filled in
        description: Emergency department visits
        columns:
          person_id: text
          visit_date: date
          county_fips: {type: text, nullable: false}
          charges: decimal(12,2)
      cases:
        kind: csv
        path: ${DATA_DIR}/cases.csv
        delimiter: ";"
        encoding: windows-1252
        null_values: ["", "NA"]
        columns:
          reported: {type: date, from: "Date Reported", format: "%m/%d/%Y"}
          county: text
          cases: integer
        ignore_columns: [Patient Name]          # known to be there, and not loaded
      populations:
        {kind: excel, path: pops.xlsx, sheet: "2020", header_row: 3, columns: {fips: text, population: integer}}
      claims: {kind: sql, url: "${CLAIMS_URL}", table: public.claims, columns: {claim: text, paid: "decimal(12,2)"}}
"""

from __future__ import annotations

import codecs
import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.strict_yaml import load_yaml
from ddg_pipeline.warehouse._shield import without_credentials
from ddg_pipeline.warehouse.column_types import ColumnType

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# The directives that DuckDB and Python read alike.
_DATE_FORMAT = re.compile(r"(?:[^%]|%[YymdbBHIMSfpj%])+")


class _Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Column(_Declaration):
    """One column to load.

    Attributes:
        type: What it holds.
        source_name: What the source calls it, where that differs (``from`` in YAML).
        nullable: Whether a value may be missing.
        required: Whether the source must have the column; where it may be absent, it is loaded as all null.
        format: How dates or timestamps are written as text, as in ``%m/%d/%Y``; ISO 8601 where not given.
        description: For the data dictionary.
    """

    type: Annotated[ColumnType, PlainValidator(ColumnType.parse)]
    source_name: str | None = Field(default=None, alias="from", min_length=1)
    nullable: bool = True
    required: bool = True
    format: str | None = None
    description: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.required and not self.nullable:
            raise ValueError("a column that may be absent is null then: drop `required: false` or `nullable: false`")
        if self.format is not None:
            if self.type.name not in ("date", "timestamp"):
                raise ValueError("`format` is for columns of type date or timestamp: drop it")
            if not _DATE_FORMAT.fullmatch(self.format) or "%" not in self.format:
                raise ValueError("write `format` with %Y %y %m %d %b %B %j %H %I %M %S %f %p, as in %m/%d/%Y")
        return self


def _long_form(column: object) -> object:
    return {"type": column} if isinstance(column, str) else column


class _Table(_Declaration):
    description: str = ""
    columns: dict[str, Annotated[Column, BeforeValidator(_long_form)]] = Field(min_length=1)
    ignore_columns: tuple[str, ...] = ()

    @field_validator("columns", mode="before")
    @classmethod
    def _names(cls, columns: object) -> object:
        if not isinstance(columns, dict):
            raise ValueError("write one `name: type` a column")  # noqa: TRY004 - pydantic reports a ValueError
        for name in columns:
            if not isinstance(name, str):
                raise ValueError(f"the name {name!r} is not text: put it in quotes")  # noqa: TRY004
            if not name or name != name.strip():
                raise ValueError(f"the name {name!r} is empty or has blanks around it: correct it")
        return columns

    @field_validator("columns", mode="after")
    @classmethod
    def _distinct(cls, columns: dict[str, Column]) -> dict[str, Column]:
        _refuse_repeated([name.casefold() for name in columns], "names that differ only in upper and lower case")
        _refuse_repeated([c.source_name or name for name, c in columns.items()], "columns taken from the same column")
        return columns

    @field_validator("ignore_columns", mode="after")
    @classmethod
    def _not_loaded(cls, ignored: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        loaded = {c.source_name or name for name, c in info.data.get("columns", {}).items()}
        if both := sorted(loaded & set(ignored)):
            raise ValueError(f"{', '.join(both)} is also under `columns`: keep one of the two")
        return ignored


def _refuse_repeated(names: list[str], what: str) -> None:
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"there are {what} ({', '.join(repeated)}): keep one")


class _File(_Table):
    path: str = Field(min_length=1)


class CsvTable(_File):
    """A CSV file with one header record.

    Attributes:
        delimiter: One character.
        quote: The character around texts that hold a delimiter, doubled inside them.
        encoding: Any encoding Python knows.
        null_values: What stands for a missing value, quoted or not.
        last_line_end: Whether the last line must end like the others. Without that, a file that was cut inside its last
            field looks whole.
    """

    kind: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: str = "utf-8"
    null_values: tuple[str, ...] = Field(default=("",), min_length=1)
    last_line_end: Literal["required", "optional"] = "required"

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise ValueError("write an encoding such as utf-8, windows-1252 or utf-16") from None
        return encoding

    @model_validator(mode="after")
    def _tell_apart(self) -> Self:
        if self.delimiter == self.quote or {self.delimiter, self.quote} & set("\r\n"):
            raise ValueError("delimiter and quote must be two characters, neither of them a line break")
        return self


class ParquetTable(_File):
    """A Parquet file."""

    kind: Literal["parquet"]


class ExcelTable(_File):
    """A sheet of a workbook (.xlsx, .xlsm, .xlsb, .xls or .ods).

    Attributes:
        sheet: The sheet's name; may be left out where there is only one.
        header_row: The row that holds the column names, as Excel counts it.
    """

    kind: Literal["excel"]
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)


class SqlTable(_Table):
    """A table, a view or a query of a database that SQLAlchemy reaches.

    Attributes:
        url: The SQLAlchemy URL. Keep the password out of the file: write ``${VARIABLE}``.
        table: ``name`` or ``schema.name``.
        query: A SELECT, passed to the database as it is.
    """

    kind: Literal["sql"]
    url: str = Field(min_length=1, repr=False)
    table: str | None = Field(default=None, pattern=r"^[^.]+(\.[^.]+)?$")
    query: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("write either `table` or `query`")
        return self


Table = Annotated[CsvTable | ParquetTable | ExcelTable | SqlTable, Field(discriminator="kind")]
_KINDS: dict[str, type[_Table]] = {"csv": CsvTable, "parquet": ParquetTable, "excel": ExcelTable, "sql": SqlTable}
_TABLE: TypeAdapter[Table] = TypeAdapter(Table)


@dataclass(frozen=True)
class Source:
    """A declared source.

    Attributes:
        name: Its name, which becomes the table's name in the restricted store.
        declared_in: The YAML file; relative paths start from its directory.
        table: What was declared, without environment variables filled in, so that it can be shown.
    """

    name: str
    declared_in: Path
    table: CsvTable | ParquetTable | ExcelTable | SqlTable

    @property
    def place(self) -> str:
        """How errors speak of the source."""
        return f"{self.declared_in}: source {self.name}"

    def resolve(self, field: str, text: str) -> str:
        """Fills in ``${VARIABLES}`` of the environment.

        This happens when the source is loaded, so that a declaration can be read without its secrets.

        Args:
            field: The key that ``text`` stands under, for the error.
            text: What was declared.

        Raises:
            InputErrors: A variable is not set, or is empty.
        """
        missing = [name for name in _VARIABLE.findall(text) if not os.environ.get(name)]
        if missing:
            place, dotted = str(self.declared_in), f"sources.{self.name}.{field}"
            raise InputErrors(
                [
                    InputError(place, dotted, f"the environment variable {name}, which is not set", f"set {name}")
                    for name in dict.fromkeys(missing)
                ]
            )
        return _VARIABLE.sub(lambda variable: os.environ[variable[1]], text)


def read_sources(path: Path) -> dict[str, Source]:
    """Reads a ``sources.yaml``.

    Raises:
        InputError: The file is missing or is not YAML.
        InputErrors: What it declares is wrong; every mistake is listed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(str(path), "file", "nothing that can be read", f"check the path ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(str(path), "file", "bytes that are not UTF-8", "save it as UTF-8") from None
    return parse_sources(text, path)


def parse_sources(text: str, declared_in: Path) -> dict[str, Source]:
    """Reads declarations from YAML text.

    Args:
        text: The YAML.
        declared_in: The file it stands for: named in errors, and where relative paths start.

    Raises:
        InputError: The text is not YAML.
        InputErrors: What it declares is wrong; every mistake is listed.
    """
    place = str(declared_in)
    document = load_yaml(text, place, may_hold_secrets=True)  # a `url` may hold a password
    if not isinstance(document, dict) or not isinstance(document.get("sources"), dict) or not document["sources"]:
        raise InputError(
            place, "sources", _shown(document), "write `sources:` and under it one `name: {kind: …}` a source"
        )
    errors = [
        InputError(place, str(key), "an unknown key", "the only key allowed here is `sources`")
        for key in document
        if key != "sources"
    ]
    sources: dict[str, Source] = {}
    taken: set[str] = set()
    for name, declared in document["sources"].items():
        field = f"sources.{name}"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            errors.append(InputError(place, field, f"the name {name!r}", "use letters, digits and _, no digit first"))
        elif name.casefold() in taken:
            errors.append(InputError(place, field, "a name that differs from another in case only", "rename it"))
        else:
            taken.add(name.casefold())
            try:
                sources[name] = Source(name, declared_in, _TABLE.validate_python(declared))
            except ValidationError as error:
                errors += [_explained(place, field, declared, detail) for detail in error.errors(include_url=False)]
    if errors:
        raise InputErrors(errors)
    return sources


def _explained(place: str, field: str, declared: Any, detail: ErrorDetails) -> InputError:
    """Says what pydantic found in terms of the file."""
    kind = declared.get("kind") if isinstance(declared, dict) else None
    loc = [str(part) for part in detail["loc"]]
    if loc and loc[0] == kind:  # the branch of the union, not a key
        loc = loc[1:]
    dotted = ".".join([field, *loc])
    match detail["type"]:
        case "union_tag_not_found" | "union_tag_invalid":
            found = "nothing" if kind is None else _shown(kind)
            return InputError(place, f"{field}.kind", found, f"write one of {', '.join(_KINDS)}")
        case "extra_forbidden":
            model = Column if len(loc) > 1 else _KINDS[str(kind)]
            keys = [info.alias or name for name, info in model.model_fields.items()]
            close = difflib.get_close_matches(loc[-1], keys, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"the keys allowed here are {', '.join(keys)}"
            return InputError(place, dotted, "an unknown key", hint)
        case "missing":
            return InputError(place, dotted, "nothing", "add this key")
        case "value_error":
            found = _shown(detail["input"]) if isinstance(detail["input"], str | int | float) else "this"
            return InputError(place, dotted, found, detail["msg"].removeprefix("Value error, "))
        case _:
            found = "something else" if "url" in loc else _shown(detail["input"])
            return InputError(place, dotted, found, detail["msg"][:1].lower() + detail["msg"][1:])


def _shown(value: object) -> str:
    """What stands in the file, short, and without credentials."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = without_credentials(str(value))
    return repr(text if len(text) <= 60 else text[:59] + "…")
