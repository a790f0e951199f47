"""From our errors to Dagster's failures: the message whole, no retry, no traceback of what was computed with."""

from typing import TYPE_CHECKING

from ddg_pipeline.errors import DdgError, InputError, InputErrors

if TYPE_CHECKING:
    import dagster as dg

BAD_INPUT_ERRORS = frozenset({InputError.__name__, InputErrors.__name__})


def failed(error: DdgError) -> "dg.Failure":
    """Turn an error into a failure that is not tried again: the same input would fail the same way.

    Raise it ``from None``: a traceback could quote what stood in a local variable.
    """
    import dagster as dg

    return dg.Failure(description=str(error), metadata={"error": type(error).__name__}, allow_retries=False)
