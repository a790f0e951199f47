"""YAML in which nothing gets lost: a key given twice is an error, not a silent loss of the first."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from ddg_pipeline.errors import InputError

_CUT_DECIMAL = re.compile(r"\d+\s*\)")


class _Loader(yaml.SafeLoader):
    """The safe loader, which also refuses a second value for a key."""

    place = ""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and _CUT_DECIMAL.fullmatch(key):
                raise self._error(key_node, "a type cut in two at its comma", 'put it in quotes: "decimal(12,2)"')
            if not isinstance(key, Hashable):
                raise self._error(key_node, "a key that is a list or a mapping", "write a name")
            if key in seen:
                raise self._error(key_node, f"the key {key} for the second time", "keep one of the two")
            seen.add(key)
        return super().construct_mapping(node, deep)

    def _error(self, node: yaml.Node, found: str, expected: str) -> InputError:
        return InputError(self.place, f"line {node.start_mark.line + 1}", found, expected)


def parse(text: str, place: str) -> Any:
    """Parses one YAML document of plain values.

    Args:
        text: The document.
        place: Where it came from, for errors.

    Raises:
        InputError: Not YAML, or a key is given twice.
    """
    loader = _Loader(text)
    loader.place = place
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        failure = InputError(place, where, "text that is not YAML", "check indentation, quotes and colons there")
    except yaml.YAMLError:
        failure = InputError(place, "document", "text that is not YAML", "check indentation, quotes and colons")
    finally:
        loader.dispose()
    raise failure  # outside the handler: PyYAML quotes the line, which may hold a password
