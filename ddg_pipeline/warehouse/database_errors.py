"""What a database's error means, by its SQLSTATE: what it says itself may quote rows and passwords."""

from __future__ import annotations

from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """What an error means.

    Attributes:
        found: What there was.
        expected: What to do about it.
        of_connection: Whether it is about reaching the database, rather than what was asked of it.
    """

    found: str
    expected: str
    of_connection: bool


# The beginnings of SQLSTATE (SQL:2023 part 2, and PostgreSQL's appendix A), longest first.
_MEANING: Final[tuple[tuple[str, str, str], ...]] = (
    ("42P01", "a table that does not exist there", "correct the name; mind the schema"),
    ("3F000", "a schema that does not exist there", "correct the name"),
    ("42703", "a column that does not exist there", "correct the name"),
    ("42501", "a table that this user must not read", "have SELECT granted on it"),
    ("42601", "SQL that the database does not understand", "correct the query"),
    ("25006", "a statement that writes", "write a SELECT"),
    ("3D000", "a database that does not exist there", "correct the database's name in the URL"),
    ("57014", "a query that the database cancelled", "raise the time limit, or narrow the query"),
    ("28", "a user or password that the database refuses", "correct it in the URL or in the environment"),
    ("08", "a database that cannot be reached", "check host and port, and that the database runs"),
    ("22", "a value that the query or the driver cannot work with", "cast it in the query"),
    ("42", "SQL that the database refuses", "correct the query"),
)
_OF_CONNECTION: Final = ("28", "08", "3D000")
NO_SUCH_TABLE: Final = Meaning(_MEANING[0][1], _MEANING[0][2], of_connection=False)


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE that a driver put on an exception; empty if it put none."""
    return str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")


def meaning(state: str) -> Meaning | None:
    """What a SQLSTATE means; None where it is not known, or empty."""
    for beginning, found, expected in _MEANING:
        if state.startswith(beginning):
            return Meaning(found, expected, state.startswith(_OF_CONNECTION))
    return None
