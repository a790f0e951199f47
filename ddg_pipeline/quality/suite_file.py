"""Reading a suite file strictly: Great Expectations by itself drops what it does not understand, in silence."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.quality.datastore import TYPES
from ddg_pipeline.quality.hand_written import origin_errors
from ddg_pipeline.quality.suite import Suite

_SUITE_KEYS = {"name", "meta", "expectations"}
_ENTRY_KEYS = {"type", "kwargs", "description", "meta"}
# the gate alone decides what a result may contain and what happens after an exception
_GATE_KWARGS = {
    "result_format", "catch_exceptions", "batch_id", "severity", "id", "meta", "notes", "rendered_content", "windows",
}  # fmt: skip


def load_suite(path: Path) -> Suite:
    """Read a suite file and check that every expectation in it can be evaluated and says where it comes from.

    Raises:
        InputError: There is no such file or it is no JSON.
        InputErrors: Everything else that is wrong: unknown keys, an empty suite, an expectation twice, an unknown type,
            or arguments that its type does not take.
    """
    suite = read_json(path)
    check_suite(suite, path.name)
    errors = origin_errors(suite["expectations"], path.name)
    if suite["name"] != path.stem:
        errors.append(InputError(path.name, "name", repr(suite["name"]), f"the file's name, {path.stem!r}"))
    if errors:
        raise InputErrors(errors)
    return suite  # type: ignore[no-any-return] # check_suite has seen to its form


def read_suite(path: Path) -> Suite:
    """Read a suite file to compare it, not to evaluate it: its types are not looked at.

    Raises:
        InputError: There is no such file or it is no JSON.
        InputErrors: It has not the form of a suite.
    """
    suite = read_json(path)
    errors = _form_errors(suite, path.name)
    if errors:
        raise InputErrors(errors)
    return suite  # type: ignore[no-any-return] # its form has just been checked


def read_json(path: Path) -> Any:
    """Read a suite file as plain data.

    Raises:
        InputError: There is no such file or it is no JSON, or has a key twice.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique_keys)
    except OSError as error:
        raise InputError(path.name, "the file", error.strerror or "unreadable", "a suite as JSON") from None
    except (ValueError, RecursionError) as error:
        raise InputError(path.name, "the whole", str(error), "one valid JSON document") from None


def check_suite(suite: object, place: str) -> None:
    """Check a suite as `load_suite` does, wherever it comes from.

    Raises:
        InputErrors: With everything that is wrong.
    """
    errors = _form_errors(suite, place)
    if not errors:
        errors = _type_errors(suite, place)  # type: ignore[arg-type] # its form has just been checked
    if errors:
        raise InputErrors(errors)


def parameters_of(suite: Suite) -> set[str]:
    """Name the suite parameters (``{"$PARAMETER": name}``) that the gate must be given."""
    values = [value for entry in suite["expectations"] for value in entry["kwargs"].values()]
    return {str(value["$PARAMETER"]) for value in values if isinstance(value, dict) and "$PARAMETER" in value}


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} twice")
        found[key] = value
    return found


def _form_errors(suite: object, place: str) -> list[InputError]:
    if not isinstance(suite, dict) or set(suite) != _SUITE_KEYS:
        found = ", ".join(sorted(map(str, suite))) if isinstance(suite, dict) else "no mapping"
        return [InputError(place, "the whole", found, f"exactly the keys {', '.join(sorted(_SUITE_KEYS))}")]
    errors = []
    if not isinstance(suite["name"], str) or not suite["name"].replace("_", "").isalnum():
        errors.append(InputError(place, "name", repr(suite["name"]), "the name of a release"))
    key = suite["meta"].get("key") if isinstance(suite["meta"], dict) else None
    if not isinstance(key, list) or not key or not all(isinstance(name, str) for name in key):
        errors.append(InputError(place, "meta.key", repr(key), "the list of the dimensions"))
    types = suite["meta"].get("types") if isinstance(suite["meta"], dict) else None
    if not isinstance(types, dict) or not types or not all(kind in TYPES for kind in types.values()):
        errors.append(InputError(place, "meta.types", "not a type for each column", f"{' or '.join(TYPES)} for each"))
    entries = suite["expectations"]
    if not isinstance(entries, list) or not entries:
        errors.append(InputError(place, "expectations", "none", "at least one: an empty suite would pass anything"))
        return errors
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        field = f"expectations[{number}]"
        if not isinstance(entry, dict) or not {"type", "kwargs"} <= set(entry) <= _ENTRY_KEYS:
            found = ", ".join(sorted(map(str, entry))) if isinstance(entry, dict) else "no mapping"
            errors.append(InputError(place, field, found, f"type and kwargs, of {', '.join(sorted(_ENTRY_KEYS))}"))
            continue
        if not isinstance(entry["kwargs"], dict) or not isinstance(entry["type"], str):
            errors.append(InputError(place, field, "another form", "a type's name and a mapping of arguments"))
            continue
        for name in sorted(_GATE_KWARGS & set(entry["kwargs"])):
            errors.append(InputError(place, f"{field}.kwargs.{name}", "set", "leave it out: the gate decides it"))
        text = json.dumps([entry["type"], entry["kwargs"]], sort_keys=True)
        if text in seen:
            errors.append(InputError(place, field, f"{entry['type']} a second time", "list it once"))
        seen.add(text)
    return errors


def _type_errors(suite: Suite, place: str) -> list[InputError]:
    classes = expectation_classes()
    errors = []
    for number, entry in enumerate(suite["expectations"]):
        field, kind = f"expectations[{number}]", entry["type"]
        if kind not in classes:
            near = difflib.get_close_matches(kind, classes, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "a stock type or one of ddg_pipeline.quality"
            errors.append(InputError(place, f"{field}.type", repr(kind), hint))
            continue
        errors += _kwargs_errors(classes[kind], entry["kwargs"], place, field)
    return errors


def _kwargs_errors(expectation_class: Any, kwargs: Mapping[str, Any], place: str, field: str) -> list[InputError]:
    from great_expectations.compatibility.pydantic import ValidationError

    try:
        expectation_class(**kwargs)
    except ValidationError as error:
        return [
            InputError(place, f"{field}.kwargs.{'.'.join(map(str, detail['loc']))}", "a wrong argument", detail["msg"])
            for detail in error.errors()
        ]
    except Exception as error:  # noqa: BLE001 - whatever a foreign class raises, the suite cannot be evaluated
        return [InputError(place, f"{field}.kwargs", f"arguments refused with {type(error).__name__}", "valid ones")]
    return []


def expectation_classes() -> dict[str, Any]:
    """Give every registered expectation type, stock and ours, with its class. Imports Great Expectations."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # it is read when Great Expectations is imported
    from great_expectations.expectations import registry

    import ddg_pipeline.quality.expectations  # noqa: F401 - importing it registers our types

    registry.register_core_expectations()
    names = registry.list_registered_expectation_implementations()
    return {name: registry.get_expectation_impl(name) for name in names}
