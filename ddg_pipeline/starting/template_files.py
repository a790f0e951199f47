"""The files of a starter project, as they ship in the package."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

_RENDERED = ".jinja"
# a real .gitignore among the templates would be obeyed there
_CALLED = {"gitignore": ".gitignore"}

Files = dict[str, bytes]
"""What is to be written: path from the project's directory, with slashes, to content."""


def template_files(tree: str, values: dict[str, object]) -> Files:
    """Read one tree of templates.

    Files ending in ``.jinja`` are filled in, between ``<<`` and ``>>`` and ``<%`` and ``%>``; dbt's ``{{ }}`` stays.

    Args:
        tree: The name of the tree: ``project``, ``example`` or ``own_table``.
        values: What is filled in. A name that a template asks for and that is missing is an error.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(  # noqa: S701 - YAML, SQL and Markdown, no HTML
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found: Files = {}
    for path, content in _walk(files("ddg_pipeline.starting") / "templates" / tree, ""):
        if path.endswith(_RENDERED):
            text = environment.from_string(content.decode("utf-8")).render(values)
            found[path.removesuffix(_RENDERED)] = text.encode("utf-8")
        else:
            found[path] = content
    return found


def _walk(directory: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(directory.iterdir(), key=lambda one: one.name):
        path = f"{above}{_CALLED.get(entry.name, entry.name)}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _walk(entry, f"{path}/")
        else:
            yield path, entry.read_bytes()
