"""YAML in which nothing gets lost and nothing explodes: no repeated keys, no aliases, plain values only."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from ddg_pipeline.errors import InputError, InputErrors

_CUT = re.compile(r"\d+\s*\)")  # what flow style leaves of `{charges: decimal(12,2)}` behind the comma
_KEY_WORD = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+){0,4}")
_MEND = "check indentation, quotes and colons there"


class _Loader(yaml.SafeLoader):
    """The safe loader, which also refuses a second value for a key and the aliases that YAML bombs are made of."""

    place = ""
    may_hold_secrets = False

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise self._error(event.start_mark, "an alias", "write the value out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and _CUT.fullmatch(key):
                expected = 'put it in quotes: "decimal(12,2)"'
                raise self._error(key_node.start_mark, "a type cut in two at its comma", expected)
            if not isinstance(key, Hashable):
                raise self._error(key_node.start_mark, "a key that is a list or a mapping", "write a name")
            if key in seen:
                named = "a key" if self.may_hold_secrets and not looks_like_a_key(key) else f"the key {key}"
                raise self._error(key_node.start_mark, f"{named} for the second time", "keep one of the two")
            seen.add(key)
        return super().construct_mapping(node, deep)

    def _error(self, mark: yaml.Mark, found: str, expected: str) -> InputErrors:
        return InputErrors([InputError(self.place, f"line {mark.line + 1}", found, expected)])


Lines = dict[tuple[str | int, ...], int]


def load_yaml_with_lines(text: str, place: str) -> tuple[Any, Lines]:
    """Parse one YAML document of plain values, and tell in which line each of them stands.

    Args:
        text: The document.
        place: The file that errors should name.

    Returns:
        The document; the line, from 1, of each value by its path of keys and positions. A value in a mapping stands in
        the line of its key.

    Raises:
        InputErrors: As `load_yaml`.
    """
    lines: Lines = {}
    return load_yaml(text, place, lines=lines), lines


def load_yaml(text: str, place: str, *, may_hold_secrets: bool = False, lines: Lines | None = None) -> Any:
    """Parse one YAML document of plain values.

    Args:
        text: The document.
        place: The file that errors should name.
        may_hold_secrets: Whether errors must not repeat the parser's own words, because it can quote the document.
        lines: Takes the line of each value; see `load_yaml_with_lines`.

    Raises:
        InputErrors: The text is no such document; the message gives the line.
    """
    found, where = "text that is not YAML", "the whole"
    try:
        loader = _Loader(text)
        loader.place, loader.may_hold_secrets = place, may_hold_secrets
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            if lines is not None:
                _note_lines(loader, node, node.start_mark.line, (), lines)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else where
        if error.problem and not may_hold_secrets:
            found = f"text that is not YAML ({error.problem})"
    except yaml.YAMLError:
        pass
    except RecursionError:
        found = "values nested too deeply"
    except ValueError as error:  # a date such as 2024-13-01
        found = "a value that is none" if may_hold_secrets else f"a value that is none ({error})"
    except (AttributeError, LookupError, TypeError):  # what PyYAML makes of `!!int ""` and other false tags
        found = "a value that is not what its tag says"
    # outside the handlers: the parser's exception quotes the line, and would be shown as this one's context
    raise InputErrors([InputError(place, where, found, _MEND)])


def looks_like_a_key(key: object) -> bool:
    """Say whether a key may be quoted where a secret may stand: a word, as settings are called, and no password."""
    return isinstance(key, str) and _KEY_WORD.fullmatch(key) is not None


def _note_lines(loader: _Loader, node: yaml.Node, line: int, path: tuple[str | int, ...], lines: Lines) -> None:
    lines[path] = line + 1
    if isinstance(node, yaml.SequenceNode):
        for position, child in enumerate(node.value):
            _note_lines(loader, child, child.start_mark.line, (*path, position), lines)
    elif isinstance(node, yaml.MappingNode):
        for key_node, child in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                key = loader.construct_object(key_node)
                _note_lines(loader, child, key_node.start_mark.line, (*path, str(key)), lines)
