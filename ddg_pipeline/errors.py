"""The exceptions a user can meet, and the exit code each means on the command line."""

from __future__ import annotations

from pathlib import Path


class DdgError(Exception):
    """Base of every error this package raises on purpose.

    ``exit_code`` follows the command line's convention: 0 safe, 1 unsafe or refused, 2 bad input.
    """

    exit_code: int = 1


class InputError(DdgError):
    """Something given to us is wrong: a contract, a table, a source, a rulebook.

    The message names the place, the field, what was found there and what to write instead. ``found`` must never hold a
    value of a restricted measure column: name the row by its coordinates instead.

    Args:
        place: The file, model or table, as the user knows it.
        field: The key, column or row in it; a dotted path for nested keys.
        found: What stands there now.
        expected: What to write instead.
    """

    exit_code = 2

    def __init__(self, place: str, field: str, found: str, expected: str) -> None:
        self.place, self.field, self.found, self.expected = place, field, found, expected
        super().__init__(f"{place}: {field}: found {found}; {expected}")


class InputErrors(DdgError):  # noqa: N818 - several of them
    """Several errors of the same input, reported together so that one edit can mend them all."""

    exit_code = 2

    def __init__(self, errors: list[InputError]) -> None:
        self.errors = errors
        super().__init__("\n".join(str(error) for error in errors))


class RefusedError(DdgError):
    """The input is well formed, but releasing it would be unsafe, or could not be shown to be safe."""

    exit_code = 1


def where_raised(error: BaseException) -> str:
    """Name the file and line in which an exception arose, and nothing of what stood there."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "unknown" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
