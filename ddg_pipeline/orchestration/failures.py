"""From our errors to Dagster's failures: the message whole, no retry, no traceback of what was computed with."""

import dagster as dg

from ddg_pipeline.errors import DdgError


def failed(error: DdgError) -> dg.Failure:
    """Turn an error into a failure that is not tried again: the same input would fail the same way.

    Raise it ``from None``: a traceback could quote what stood in a local variable.
    """
    return dg.Failure(description=str(error), metadata={"error": type(error).__name__}, allow_retries=False)
