"""A contract as one YAML document, for use without dbt."""

from __future__ import annotations

from typing import Any

import yaml

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputError, InputErrors


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice and the aliases that YAML bombs are made of."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="an alias; write the value out", problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                if key_node.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key_node.value!r} a second time", problem_mark=key_node.start_mark
                    )
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def load_yaml(text: str, place: str) -> Any:
    """Parse one YAML document strictly: safe types, no aliases, no repeated keys.

    Raises:
        InputErrors: The text is no such document; the message gives line and column.
    """
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - derives from SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the whole"
        problem = getattr(error, "problem", None) or "text that is not YAML"
        raise InputErrors([InputError(place, where, problem, "write one valid YAML document")]) from None
    except (ValueError, RecursionError) as error:
        raise InputErrors([InputError(place, "the whole", str(error), "write one valid YAML document")]) from None


def contract_from_yaml(text: str, place: str) -> ReleaseContract:
    """Read and validate a contract.

    Args:
        text: The YAML document.
        place: The file name that errors should show.

    Raises:
        InputErrors: With every problem found.
    """
    return parse_contract(load_yaml(text, place), place)
