"""The column types a source can be declared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

TypeName = Literal["text", "integer", "decimal", "number", "boolean", "date", "timestamp"]

_SQL: Final[dict[TypeName, str]] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_MOST_DIGITS = 38  # DuckDB's widest DECIMAL

ALLOWED: Final = "text, integer, decimal(p,s), number, boolean, date or timestamp"


@dataclass(frozen=True)
class ColumnType:
    """A declared type.

    Attributes:
        name: ``text`` (kept to the character), ``integer`` (64 bits), ``decimal`` (exact), ``number`` (double precision
            floating point), ``boolean``, ``date``, or ``timestamp`` (microseconds, without a time zone).
        precision: Digits of a decimal, all of them; 0 for other types.
        scale: Digits of a decimal after the point; 0 for other types.
    """

    name: TypeName
    precision: int = 0
    scale: int = 0

    @classmethod
    def parse(cls, text: object) -> ColumnType:
        """Reads a type as written in ``sources.yaml``.

        Raises:
            ValueError: With what to write instead.
        """
        if isinstance(text, ColumnType):
            return text
        written = text.strip().lower() if isinstance(text, str) else ""
        for name in _SQL:
            if written == name:
                return cls(name)
        if decimal := _DECIMAL.fullmatch(written):
            precision, scale = int(decimal[1]), int(decimal[2])
            if not 1 <= precision <= _MOST_DIGITS or scale > precision:
                raise ValueError(
                    f"a decimal has 1 to {_MOST_DIGITS} digits, and no more of them after the point than in all"
                )
            return cls("decimal", precision, scale)
        if written.startswith("decimal"):
            raise ValueError('write precision and scale, and inside {…} put the type in quotes: "decimal(12,2)"')
        raise ValueError(f"write {ALLOWED}")

    @property
    def sql(self) -> str:
        """The DuckDB type."""
        return f"DECIMAL({self.precision},{self.scale})" if self.name == "decimal" else _SQL[self.name]

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name
