"""One line of progress on standard error, while something computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from ddg_pipeline.console_layout import console


class _DoneColumn(ProgressColumn):
    """How much is done, where it is known how much there is to do."""

    _of = MofNCompleteColumn()

    def render(self, task: Task) -> Text:
        return Text("") if task.total is None else self._of.render(task)


@contextmanager
def progress_display() -> Iterator[Callable[[str, int, int], None]]:
    """Show one line of progress while the block runs, and take it away again."""
    done = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), _DoneColumn(), TimeElapsedColumn())
    with Progress(*done, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def show(stage: str, done: int, of: int) -> None:
            progress.update(task, description=stage, completed=done, total=of or None)

        yield show
