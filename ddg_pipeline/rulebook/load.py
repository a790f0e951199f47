"""Load rulebooks: read them, apply overlays, check everything."""

from __future__ import annotations

from functools import cache

from pydantic import ValidationError

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook.documents import (
    SHIPPED,
    RulebookDocument,
    RulebookSource,
    UnknownRulebookError,
    shipped_rulebooks,
)
from ddg_pipeline.rulebook.model import Override, Rulebook
from ddg_pipeline.rulebook.overlay import apply, parse_overlay
from ddg_pipeline.rulebook.raw import RawRulebook, read
from ddg_pipeline.rulebook.texts import fill_in


def load_rulebook(name: str, source: RulebookSource = SHIPPED, asked_by: str = "contract") -> Rulebook:
    """Load a rulebook, with what it extends.

    Args:
        name: What a contract calls it, such as ``calhhs-ddg-2.0``.
        source: Where it is found; by default among those that are shipped.
        asked_by: What errors call the one that names it.

    Raises:
        InputErrors: There is none of that name, or it is not valid.
    """
    try:
        document = source.find(name)
    except UnknownRulebookError as error:
        raise InputErrors([InputError(asked_by, "rulebook", error.found, error.expected)]) from None
    if document.nearby is SHIPPED and document.expected_name is not None:
        return _shipped(document.expected_name)
    return _load(document)


@cache
def _shipped(name: str) -> Rulebook:
    return _load(SHIPPED.find(name))


def parse_rulebook(text: str, place: str, source: RulebookSource = SHIPPED) -> Rulebook:
    """Read and check a rulebook that is at hand as text.

    Args:
        text: The YAML document.
        place: What errors call it.
        source: Where the rulebook that it extends is found.

    Raises:
        InputErrors: Every problem found, each naming the entry and its line.
    """
    return _load(RulebookDocument(place, text, source))


def _load(document: RulebookDocument) -> Rulebook:
    overrides: list[Override] = []
    problems: list[InputError] = []
    raw = _merged(document, (), overrides, problems)
    extends = read(document.text, document.place).data.get("extends")
    errors = problems + fill_in(raw)
    try:
        rulebook = Rulebook.model_validate(raw.data | {"extends": extends, "overrides": overrides})
    except ValidationError as error:
        found = raw.errors(Rulebook, error)
        if problems:  # an override that was left out may be what the rest contradicts
            found = [one for one in found if one.place.startswith(document.place)]
        raise InputErrors(errors + found) from None
    if problems:
        raise InputErrors(errors)
    if document.expected_name is not None and rulebook.name != document.expected_name:
        expected = f"{document.expected_name}, as the file is called"
        errors.append(raw.error(("name",), repr(rulebook.name), expected))
    if document.nearby is not SHIPPED and rulebook.name in shipped_rulebooks():
        errors.append(raw.error(("name",), repr(rulebook.name), "another name: this one is that of a shipped rulebook"))
    if document.nearby is not SHIPPED and extends is None:
        errors += _errors_of_passing_for_a_shipped_one(rulebook, raw)
    if errors:
        raise InputErrors(errors)
    return rulebook


def _errors_of_passing_for_a_shipped_one(rulebook: Rulebook, raw: RawRulebook) -> list[InputError]:
    """Refuse a changed copy of an edition that still calls itself that edition: nobody would see what is otherwise."""
    found = []
    for name in shipped_rulebooks():
        shipped = _shipped(name)
        for key in ("title", "section"):
            if not shipped.overrides and getattr(rulebook, key) == getattr(shipped, key):
                expected = f"one of its own; to change entries of {name}, write `extends: {name}` and `overrides:`"
                found.append(raw.error((key,), f"{getattr(rulebook, key)!r}, as in {name}", expected))
    return found


def _merged(
    document: RulebookDocument, above: tuple[str, ...], overrides: list[Override], problems: list[InputError]
) -> RawRulebook:
    """Read a document and everything that it extends, the lowest first; what is wrong is left out and told."""
    raw = read(document.text, document.place)
    if document.place in above:
        chain = " extends ".join((*above, document.place))
        raise InputErrors([raw.error(("extends",), chain, "an overlay that ends at a complete rulebook")])
    if "extends" not in raw.data:
        if "overrides" in raw.data:
            raise InputErrors([raw.error(("overrides",), "overrides of nothing", "say what it `extends:`")])
        return raw
    overlay, wrong = parse_overlay(raw)
    problems += wrong
    try:
        below = document.nearby.find(overlay.extends)
    except UnknownRulebookError as error:
        raise InputErrors([*problems, raw.error(("extends",), error.found, error.expected)]) from None
    base = _merged(below, (*above, document.place), overrides, problems)
    merged, wrong = apply(overlay, raw, base, overrides)
    problems += wrong
    return merged
