"""What a model found wrong in plain data, in the words of whoever wrote the data.

Pydantic speaks of its own types ("Input should be a valid dictionary or instance of Dimension"). Here every mistake
says what was found and what to write instead, in the terms of YAML and of the keys that the model declares.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

KeyPath = tuple[str | int, ...]

_LONGEST = 70
_KEYS_LISTED = 8
_NULL: dict[str, Any] = {"type": "null"}


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong.

    Attributes:
        path: The keys and positions that lead to it.
        found: What stands there.
        expected: What to write instead.
        kind: Pydantic's name for the kind of error.
    """

    path: KeyPath
    found: str
    expected: str
    kind: str

    @property
    def field(self) -> str:
        """The path as people write it."""
        return ".".join(map(str, self.path)) or "the whole"


@dataclass(frozen=True)
class _Detail:
    """One error of pydantic, with its location taken apart.

    Attributes:
        path: Where it is in the data.
        branches: The tried branches of unions, each with the length of the path at which the union stands.
        of_key: Whether it is about the key, not its value.
        error: The error.
    """

    path: KeyPath
    branches: tuple[tuple[int, str], ...]
    of_key: bool
    error: Mapping[str, Any]


def mistakes(
    model: type[BaseModel],
    data: object,
    error: ValidationError,
    *,
    patterns: Mapping[str, str] | None = None,
    keys: Mapping[str, str] | None = None,
    other_words: Mapping[str, Sequence[str]] | None = None,
    other_ways: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Mistake]:
    """Tell what is wrong, each thing once.

    Args:
        model: What the data should be.
        data: The data, as it was read.
        error: What pydantic found.
        patterns: What to write where a regular expression is not met, by the expression.
        keys: What to write under a key, where that is better said by hand than by its type.
        other_words: What people write instead of an allowed value, with what they may mean.
        other_ways: The same by key, with what to write, where that is more than another value.
    """
    words = _Words(_schema(model), patterns or {}, keys or {}, other_words or {}, other_ways or {})
    details = [_taken_apart(one, data) for one in error.errors(include_url=False)]
    told = [words.mistake(detail, data) for detail in _one_branch(details, data, words)]
    return [one for one in told if not (one.kind == "too_short" and any(_is_within(other, one) for other in told))]


def did_you_mean(given: object, allowed: Sequence[str], other_words: Mapping[str, Sequence[str]] | None = None) -> str:
    """Ask whether the nearest of the allowed words was meant; empty where none is near.

    Args:
        given: What was written.
        allowed: What may be written.
        other_words: Words for what is allowed, in small letters with underscores.
    """
    spelled = _spelled(given)
    meant = [word for word in (other_words or {}).get(spelled, ()) if word in allowed]
    near = meant or [one for one in allowed if one.casefold() == spelled]
    near = near or difflib.get_close_matches(spelled, allowed, n=1)
    return f"did you mean {' or '.join(map(repr, near))}? " if near else ""


def _spelled(given: object) -> str:
    return re.sub(r"[\s-]+", "_", given.casefold().strip()) if isinstance(given, str) else ""


def shown(value: object) -> str:
    """Show a value as it would stand in YAML, in a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return f"the date {value.isoformat()}"
    if isinstance(value, Mapping):
        keys = [str(key) for key in value]
        more = f" and {len(keys) - _KEYS_LISTED} more" if len(keys) > _KEYS_LISTED else ""
        return f"the keys {', '.join(keys[:_KEYS_LISTED])}{more}" if keys else "a mapping without keys"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def value_at(data: object, path: KeyPath) -> tuple[bool, Any]:
    """Look a value up; say whether it is there."""
    value: Any = data
    for part in path:
        if isinstance(value, Mapping):
            key = _key(value, part)
            if key is None:
                return False, None
            value = value[key[0]]
        elif isinstance(value, list | tuple) and str(part).isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False, None
    return True, value


def _is_within(inner: Mistake, outer: Mistake) -> bool:
    return len(inner.path) > len(outer.path) and inner.path[: len(outer.path)] == outer.path


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _key(mapping: Mapping[Any, Any], part: object) -> tuple[Any] | None:
    """Find a key by how pydantic names it: what YAML makes of ``2020:`` or ``yes:`` is no text."""
    return next(((key,) for key in mapping if key == part or str(key) == str(part)), None)


def _taken_apart(error: Mapping[str, Any], data: object) -> _Detail:
    path: list[str | int] = []
    branches: list[tuple[int, str]] = []
    of_key = False
    location = (*error["loc"], *error.get("ctx", {}).get("at", ()))
    for number, part in enumerate(location):
        there, value = value_at(data, tuple(path))
        here = there and (
            (isinstance(value, Mapping) and _key(value, part) is not None)
            or (isinstance(value, list | tuple) and isinstance(part, int) and part < len(value))
        )
        if here or (number == len(location) - 1 and error["type"] == "missing"):
            key = _key(value, part) if isinstance(value, Mapping) else None
            path.append(str(key[0]) if key else part)
        elif part == "[key]":
            of_key = True
        elif isinstance(part, str):
            branches.append((len(path), part))
    return _Detail(tuple(path), tuple(branches), of_key, error)


def _one_branch(details: Sequence[_Detail], data: object, words: _Words) -> list[_Detail]:
    """Of a value that can be written in several ways, keep the errors of the way that was meant.

    Where none of them was meant for sure, one error is left, which then tells all ways.
    """
    kept: list[_Detail] = []
    unions: dict[KeyPath, list[_Detail]] = {}
    for detail in details:
        if detail.branches:
            at = detail.path[: detail.branches[0][0]]
            unions.setdefault(at, []).append(detail)
        else:
            kept.append(detail)
    for at, of_union in unions.items():
        ways: dict[tuple[str, ...], list[_Detail]] = {}
        for detail in of_union:
            way = tuple(name for depth, name in detail.branches if depth == len(at))
            ways.setdefault(way, []).append(detail)
        meant = words.meant(ways, at, value_at(data, at)[1])
        if meant:
            bare = [
                _Detail(one.path, tuple(pair for pair in one.branches if pair[0] > len(at)), one.of_key, one.error)
                for one in meant
            ]
            kept += _one_branch(bare, data, words)
        else:
            first = of_union[0]
            kept.append(_Detail(at, (), False, {**first.error, "type": "union", "input": value_at(data, at)[1]}))
    return kept


@dataclass(frozen=True)
class _Words:
    schema: Mapping[str, Any]
    patterns: Mapping[str, str]
    keys: Mapping[str, str]
    other_words: Mapping[str, Sequence[str]]
    other_ways: Mapping[str, Mapping[str, str]]

    def mistake(self, detail: _Detail, data: object) -> Mistake:
        error, kind = detail.error, str(detail.error["type"])
        there, value = value_at(data, detail.path)
        found = shown(value if there else error["input"])
        if detail.of_key:
            return Mistake(detail.path, f"the key {_last_key(data, detail.path)}", self._of_key(error), kind)
        match kind:
            case "extra_forbidden":
                return Mistake(detail.path, "an unknown key", self._near_keys(detail.path, data), kind)
            case "missing":
                what = self._what(detail.path, data)
                return Mistake(detail.path, "nothing", f"this key is required: {what}", kind)
            case "value_error":
                return Mistake(detail.path, found, str(error["ctx"]["error"]), kind)
            case "enum" | "literal_error":
                return Mistake(detail.path, found, self._choice(detail.path, value, data), kind)
            case "rulebook":
                return Mistake(detail.path, _in_full(value), error["msg"], kind)
            case _:
                return Mistake(detail.path, found, self._what(detail.path, data), kind)

    def meant(self, ways: Mapping[tuple[str, ...], list[_Detail]], at: KeyPath, value: object) -> list[_Detail] | None:
        """Find the way in which a mapping was meant: as a part of which it has a key, else as a mapping of names.

        Args:
            ways: The errors of each way.
            at: Where the value stands.
            value: The value.
        """
        if not isinstance(value, Mapping):
            return None
        inside = {way: errors for way, errors in ways.items() if all(len(one.path) > len(at) for one in errors)}
        parts = {way: self.schema.get("$defs", {}).get(way[-1], {}).get("properties", {}) for way in inside}
        for way, properties in parts.items():
            if any(key in properties for key in value):
                return inside[way]
        if not any(_like_a_number(one) for one in value.values()):
            return None
        return min((inside[way] for way, properties in parts.items() if not properties), key=len, default=None)

    def _of_key(self, error: Mapping[str, Any]) -> str:
        if error["type"] == "string_pattern_mismatch":
            return f"write {self._pattern(error['ctx']['pattern'])}"
        if error["type"] == "literal_error":
            return f"write {error['ctx']['expected']}"
        return "write text: put it in quotes" if error["type"] == "string_type" else "write a name"

    def _what(self, path: KeyPath, data: object) -> str:
        """Say what to write at a path."""
        by_hand = self.keys.get(str(path[-1])) if path else None
        if by_hand is not None:
            return f"write {by_hand}"
        node = self._node(path, data)
        there, value = value_at(data, path)
        scalar = there and isinstance(value, str | int | float | dt.date)
        described = self._described(node)
        if described.startswith("text") and scalar and not isinstance(value, str):
            return "write text: put it in quotes"
        if described == "text":
            return f"write text{self._meaning(node)}"
        lists = [way for way in self._ways(node) if way.get("type") == "array"]
        if lists and scalar and value != "" and self._described(lists[0].get("items", {})) == "text":
            return f"write a list, such as [{value}]"
        if lists and isinstance(value, Mapping) and described.startswith("a list"):
            return f"write {described}, with `- ` before each"
        if isinstance(value, str) and "pattern" in node:
            return f"write {described}{_such_as(value, node['pattern'])}"
        return f"write {described}" if described else "write another value"

    def _meaning(self, node: Mapping[str, Any]) -> str:
        said = str(node.get("description", "")).partition(". ")[0].rstrip(".")
        return f": {said[0].lower()}{said[1:]}" if said else ""

    def _choice(self, path: KeyPath, value: object, data: object) -> str:
        other_way = self.other_ways.get(str(path[-1]), {}).get(_spelled(value)) if path else None
        if other_way is not None:
            return other_way
        choices = [str(one) for one in self._choices(self._node(path, data))]
        hint = did_you_mean(value, choices, self.other_words)
        return f"{hint}write one of {', '.join(choices)}" if len(choices) > 1 else f"{hint}write {', '.join(choices)}"

    def _near_keys(self, path: KeyPath, data: object) -> str:
        ways = [list(way.get("properties", {})) for way in self._ways(self._node(path[:-1], data))]
        there = value_at(data, path[:-1])[1]
        allowed = max(ways, key=lambda keys: sum(key in keys for key in there), default=[])
        return f"{did_you_mean(path[-1], allowed)}allowed here: {', '.join(allowed)}"

    def _node(self, path: KeyPath, data: object) -> Mapping[str, Any]:
        """Follow a path through the schema; where there are several ways to write a value, the one that it takes."""
        node: Mapping[str, Any] = self.schema
        for depth, part in enumerate(path):
            node = self._taken(node, value_at(data, path[:depth])[1], part)
            if part in node.get("properties", {}):
                node = node["properties"][part]
            elif isinstance(node.get("additionalProperties"), Mapping):
                node = node["additionalProperties"]
            elif node.get("patternProperties"):
                node = next(iter(node["patternProperties"].values()))
            elif "items" in node:
                node = node["items"]
            else:
                return {}
        return node

    def _taken(self, node: Mapping[str, Any], value: object, part: object) -> Mapping[str, Any]:
        """Choose the way in which a value is written: the one that knows the key that comes next."""
        ways = [self._followed(one) for one in self._ways(node)]
        kind = "array" if isinstance(value, list | tuple) else "object"
        fitting = [one for one in ways if part in one.get("properties", {})]
        fitting += [one for one in ways if one.get("type") == kind and "properties" not in one]
        if not fitting and kind == "object":  # one mapping where a list of them may stand
            fitting = [item for one in ways if "items" in one for item in self._object_ways(one["items"])]
        return next(iter([*fitting, *ways]), {})

    def _object_ways(self, node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return [self._followed(one) for one in self._ways(node)]

    def _ways(self, node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        node = self._followed(node)
        branches = node.get("anyOf") or node.get("oneOf")
        if not branches:
            return [node]
        return [way for branch in branches if branch != _NULL for way in self._ways(branch)]

    def _followed(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = self.schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        return node

    def _choices(self, node: Mapping[str, Any]) -> list[Any]:
        return [one for way in self._ways(node) for one in way.get("enum", [way["const"]] if "const" in way else [])]

    def _described(self, node: Mapping[str, Any], depth: int = 0) -> str:
        """Say what a part of the schema takes."""
        ways = list(dict.fromkeys(self._one_way(way, depth) for way in self._ways(node)))
        return " or ".join(way for way in ways if way)

    def _one_way(self, node: Mapping[str, Any], depth: int) -> str:
        if "const" in node:
            return str(node["const"])
        if "enum" in node:
            return f"one of {', '.join(map(str, node['enum']))}"
        match node.get("type"):
            case "object" if "properties" in node:
                required = node.get("required", [])
                most = ", ".join(required or list(node["properties"])[:_KEYS_LISTED])
                if set(required) == set(node["properties"]):
                    return f"a mapping with the keys {most}"
                return f"a mapping, at least with {most}" if required else f"a mapping of keys such as {most}"
            case "object":
                by_pattern: Iterable[Any] = node.get("patternProperties", {}).values()
                values: Any = node.get("additionalProperties") or next(iter(by_pattern), {})
                inner = self._described(values, depth + 1) if isinstance(values, Mapping) and depth < 2 else ""
                return f"a mapping of names, each with {inner}" if inner else "a mapping"
            case "array":
                inner = self._described(node.get("items", {}), depth + 1) if depth < 2 else ""
                least = " of at least one" if node.get("minItems") else ""
                if inner == "text":
                    return f"a list{least}, such as [a, b]"
                return f"a list{least}, each {inner}" if inner else f"a list{least}"
            case "integer" | "number":
                return _number(node)
            case "string":
                if "pattern" in node:
                    return self._pattern(node["pattern"])
                return "a date, such as 2026-03-01" if node.get("format") == "date" else "text"
            case "boolean":
                return "true or false"
            case _:
                return ""

    def _pattern(self, pattern: str) -> str:
        return self.patterns.get(pattern, f"text that matches {pattern}")


def _number(node: Mapping[str, Any]) -> str:
    what = "a whole number" if node["type"] == "integer" else "a number"
    least, most, over = node.get("minimum"), node.get("maximum"), node.get("exclusiveMinimum")
    if least is not None and most is not None:
        return f"{what} from {least} to {most}"
    if least is not None:
        return f"{what}, {least} or more"
    return f"{what} over {over}" if over is not None else what


def _last_key(data: object, path: KeyPath) -> str:
    """Show a key as YAML read it: ``yes:`` is true, ``2020:`` a number."""
    around = value_at(data, path[:-1])[1]
    key = _key(around, path[-1]) if path and isinstance(around, Mapping) else None
    return shown(key[0]) if key else "nothing"


def _such_as(value: str, pattern: str) -> str:
    """Spell a name as it may be spelled, where that is easily done."""
    spelled = re.sub(r"[^a-z0-9_]+", "_", value.casefold()).strip("_")
    return f", such as {spelled}" if re.fullmatch(pattern, spelled) else ""


def _like_a_number(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and any(mark.isdigit() for mark in value))


def _in_full(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST + 10 else f"{text[: _LONGEST + 7]}..."
