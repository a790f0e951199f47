"""A draft as YAML: as a contract of its own, or as a dbt model with `meta.ddg`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ddg_pipeline.drafting import ColumnDraft, Draft, Remark
from ddg_pipeline.yaml_writing import commented, plain, written

_WORDS = {"reason": "", "ask": "ASK: ", "refused": "REFUSED: "}
_KEYS = ("release", "title", "rulebook", "scope", "identities")


def render_contract(draft: Draft, origin: str) -> str:
    """Write a draft as a contract for use without dbt.

    Args:
        draft: The draft.
        origin: Where the table came from, for the first line.
    """
    values = {key: draft.contract[key] for key in _KEYS if key in draft.contract and key != "identities"}
    values |= {
        f"{role}s": commented(
            {one.name: commented(one.declared) for one in _declared(draft, role)},
            {one.name: _said(one.remarks) for one in _declared(draft, role)},
            indent=2,
        )
        for role in ("dimension", "measure")
    }
    if "identities" in draft.contract:
        values["identities"] = draft.contract["identities"]
    comments = {key: _said(draft.general.get(key, ())) for key in values}
    comments["dimensions"] = _left_out(draft) + _populations(draft)
    return written(commented(values, comments), _head(draft, origin))


def render_model(draft: Draft, origin: str, model: str) -> str:
    """Write a draft as a dbt model's properties.

    Args:
        draft: The draft.
        origin: Where the table came from, for the first line.
        model: The model's name.
    """
    return written(commented({"models": [model_of(draft, model)]}), _head(draft, origin))


def model_of(draft: Draft, model: str) -> Any:
    """Make the properties of a dbt model, to be written or put into a file that has some."""
    level = {key: draft.contract[key] for key in _KEYS if key in draft.contract}
    comments = {key: _said(draft.general.get(key, ())) for key in level}
    comments["release"] += _left_out(draft)
    meta = commented({"ddg": commented(level, comments, indent=10)})
    columns = []
    for one in draft.columns:
        if one.role == "left out":
            continue
        entry: dict[str, Any] = {"name": one.name}
        above = {"name": []} if one.role != "population" else {"name": _said(one.remarks)}
        if one.role != "population":
            declared = commented({one.role: commented(one.declared)}, {one.role: _said(one.remarks)}, indent=14)
            entry["config"] = commented({"meta": commented({"ddg": declared})})
        columns.append(_column(entry, above["name"]))
    return commented({"name": model, "config": commented({"meta": meta}), "columns": _listed(columns)})


def _column(entry: dict[str, Any], lines: Sequence[str]) -> Any:
    # a comment above a list's first key would stand in front of the dash: it goes above the second
    if lines and "config" not in entry:
        entry["description"] = "People that a count comes from."
        return commented(entry, {"description": lines}, indent=8)
    return commented(entry)


def _listed(values: Sequence[Any]) -> Any:
    return plain(list(values))


def _declared(draft: Draft, role: str) -> list[ColumnDraft]:
    return [one for one in draft.columns if one.role == role]


def _said(remarks: Sequence[Remark]) -> list[str]:
    return [f"{_WORDS[one.kind]}{one.text[:1].upper() if one.kind == 'reason' else one.text[:1]}{one.text[1:]}"
            for one in remarks]  # fmt: skip


def _left_out(draft: Draft) -> list[str]:
    """Say what is no column of the release, and why."""
    lines = [f"- {one.name}: {text}" for one in draft.columns if one.role == "left out" for text in _said(one.remarks)]
    return ["Left out, so that the table may not have these columns:", *lines] if lines else []


def _populations(draft: Draft) -> list[str]:
    """Say which columns are published as they are; a contract does not list them."""
    return [f"{one.name}: {text}" for one in _declared(draft, "population") for text in _said(one.remarks)]


def _head(draft: Draft, origin: str) -> list[str]:
    first = (
        f"Drafted by `ddg contract suggest` from {origin}. A person has to answer every ASK; until then the stricter "
    )
    lines = [first + "reading holds. REFUSED is no question: no release may have that."]
    if draft.assessment is not None:
        found = draft.to_json_dict()
        said = "it has to be masked" if found["decision"] == "mask" else "it may be released as it is"
        lines.append(
            f"As drafted it scores {found['score']['total']} (masked over {found['score']['cut_off']}): {said}."
        )
        lines += [f"- {one['variable']}: {one['score']}, for {one['category']}" for one in found["score"]["terms"]]
    else:
        lines.append("It cannot be assessed yet:")
        lines += [f"- {one}" for one in draft.open]
    return lines
