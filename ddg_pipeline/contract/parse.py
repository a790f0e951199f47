"""From plain mappings to a validated contract, with errors that teach."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.strict import NAME_PATTERN, PORTAL_NAME_PATTERN
from ddg_pipeline.errors import InputError, InputErrors

_PATTERNS = {
    NAME_PATTERN: "a lower-case letter, then lower-case letters, digits and underscores; 63 at most",
    PORTAL_NAME_PATTERN: "lower-case letters, digits, hyphens and underscores; 2 to 100, a letter or digit first",
}


def parse_contract(raw: object, place: str) -> ReleaseContract:
    """Validate a contract given as plain mappings.

    Args:
        raw: The contract, as YAML or a dbt manifest gives it.
        place: The file, and for dbt the model, that errors should name.

    Raises:
        InputErrors: One error for every key that is wrong, each naming place, key, what was found and what is allowed.
    """
    if not isinstance(raw, Mapping):
        expected = "a mapping of the keys of a release contract; a contract comes before its table"
        raise InputErrors([InputError(place, "the whole", _kind(raw), expected)])
    try:
        return ReleaseContract.model_validate(dict(raw))
    except ValidationError as error:
        raise InputErrors([_explain(detail, place) for detail in error.errors()]) from None


def _explain(detail: ErrorDetails, place: str) -> InputError:
    location = [part for part in detail["loc"] if not _is_union_branch(part)]
    field = ".".join(str(part) for part in location) or "the whole"
    found = _shorten(detail["input"])
    match detail["type"]:
        case "extra_forbidden":
            allowed = _allowed_keys(location[:-1])
            near = difflib.get_close_matches(str(location[-1]), allowed, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            return InputError(place, field, "an unknown key", f"{hint}allowed here: {', '.join(allowed)}")
        case "missing":
            return InputError(place, field, "nothing", "this key is required")
        case "enum" | "literal_error":
            return InputError(place, field, found, f"must be {detail['ctx']['expected']}")
        case "string_pattern_mismatch":
            pattern = detail["ctx"]["pattern"]
            return InputError(place, field, found, _PATTERNS.get(pattern, f"must match {pattern}"))
        case "value_error":
            message = str(detail["ctx"]["error"])
            described = found if not isinstance(detail["input"], Mapping) else "a contradiction"
            return InputError(place, field, described, message)
        case _:
            return InputError(place, field, found, detail["msg"][:1].lower() + detail["msg"][1:])


def _is_union_branch(part: object) -> bool:
    """Pydantic puts the tried branch of a union into the location; a user does not write it."""
    branches = {"int", "str", "TableReference", "Size", "TotalOver"}
    return isinstance(part, str) and (part in branches or part.startswith(("dict[", "list[", "function-")))


def _allowed_keys(location: list[Any]) -> list[str]:
    model: Any = ReleaseContract
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = field.annotation if field else None
        else:
            model = _inner_model(model)
    model = _inner_model(model)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None


def _kind(value: object) -> str:
    kinds: dict[type[object], str] = {str: "text that is no mapping", list: "a list"}
    return "nothing" if value is None else kinds.get(type(value), f"a {type(value).__name__}")


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 70
_SHORT.maxlevel = 3


def _shorten(value: object) -> str:
    text = _SHORT.repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
