"""Write YAML that people edit: with comments, in their order, and read back as the same by every reader."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

_WIDTH = 120


def commented(values: Mapping[str, Any], comments: Mapping[str, Sequence[str]] | None = None, indent: int = 0) -> Any:
    """Make a mapping with comments above its keys.

    Args:
        values: The keys with their values; a value made by this function keeps its own comments.
        comments: Lines above a key; long ones are wrapped.
        indent: How deep the mapping stands, in spaces.
    """
    from ruamel.yaml.comments import CommentedMap

    found = CommentedMap()
    for key, value in values.items():
        found[text(key)] = plain(value)
    for key, lines in (comments or {}).items():
        if lines:
            found.yaml_set_comment_before_after_key(key, before="\n".join(_wrapped(lines, indent)), indent=indent)
    return found


def plain(value: Any) -> Any:
    """Make a value that YAML 1.1 and 1.2 read alike: a text such as ``no`` or ``2024-01-01`` goes into quotes."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, CommentedMap | CommentedSeq):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        flow = CommentedMap((text(key), plain(below)) for key, below in value.items())
        if not any(isinstance(below, Mapping | list | tuple) for below in value.values()):
            flow.fa.set_flow_style()
        return flow
    if isinstance(value, list | tuple):
        listed = CommentedSeq(plain(below) for below in value)
        if not any(isinstance(below, Mapping) and not _is_flow(below) for below in listed):
            listed.fa.set_flow_style() if all(not isinstance(below, Mapping) for below in listed) else None
        return listed
    return value


def text(value: Any) -> Any:
    """Put a text into quotes where some reader would take it for something else."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if not isinstance(value, str):
        return value
    try:
        same = yaml.safe_load(value) == value and isinstance(yaml.safe_load(value), str)
    except (yaml.YAMLError, ValueError):
        same = False
    return value if same and value.isprintable() else DoubleQuotedScalarString(value)


def written(document: CommentedMap | dict[str, Any], above: Sequence[str] = ()) -> str:
    """Write a document.

    Args:
        document: What `commented` made, or `read_editable`.
        above: Comment lines at its head; long ones are wrapped.
    """
    out = io.StringIO()
    editor().dump(document, out)
    head = "".join(f"# {line}".rstrip() + "\n" for line in _wrapped(above, 0))
    return head + out.getvalue()


def editor() -> YAML:
    """Give a reader and writer that keeps comments, order and quotes."""
    from ruamel.yaml import YAML

    yaml_editor = YAML()
    yaml_editor.width = _WIDTH
    yaml_editor.preserve_quotes = True
    yaml_editor.indent(mapping=2, sequence=4, offset=2)
    return yaml_editor


def _is_flow(value: Any) -> bool:
    return bool(value.fa.flow_style())


def _wrapped(lines: Sequence[str], indent: int) -> list[str]:
    width = _WIDTH - indent - 2
    return [part for line in lines for part in (textwrap.wrap(line, width, subsequent_indent="  ") or [""])]
