"""From errors to Dagster's failures: our messages whole, of everything else no more than where it happened."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ddg_pipeline.errors import DdgError, InputError, InputErrors, where_raised
from ddg_pipeline.help_topics import topics_of
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.store_work import exclusive

if TYPE_CHECKING:
    import dagster as dg

BAD_INPUT_ERRORS = frozenset({InputError.__name__, InputErrors.__name__})

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def attempt(step: Callable[_Given, _Result], *args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
    """Call a step of a release, and turn whatever goes wrong into a failure that Dagster may record.

    Dagster keeps messages and tracebacks. Ours name coordinates only; those of libraries can quote figures, and are
    reduced to the kind of error and the line of code. Neither is tried again: the same input would fail the same way.

    Raises:
        dagster.Failure: The step raised an exception.
    """
    try:
        return step(*args, **kwargs)
    except DdgError as error:
        failure = _failure(str(error), error)
    except Exception as error:  # noqa: BLE001 - it may quote a figure
        failure = _failure(f"internal error: {type(error).__name__} at {where_raised(error)}", error)
    # outside the handlers: the exception would be shown as this one's context
    raise failure


@contextmanager
def exclusive_step(project: Project, tell: Callable[[str], None]) -> Iterator[None]:
    """Have the restricted store to oneself for a step, or fail as :func:`attempt` does.

    Raises:
        dagster.Failure: Another run did not leave the store in time, or the store is not closed to others.
    """
    with ExitStack() as stack:
        attempt(stack.enter_context, exclusive(project, tell))
        yield


def _failure(description: str, error: Exception) -> "dg.Failure":
    import dagster as dg

    metadata = {"error": type(error).__name__}
    if topics := topics_of(error):
        metadata["help"] = "; ".join(f"ddg help {topic}" for topic in topics)
    return dg.Failure(description=description, metadata=metadata, allow_retries=False)
