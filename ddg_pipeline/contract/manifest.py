"""Contracts as dbt meta: ``config.meta.ddg`` of a model and of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputError, InputErrors


@dataclass(frozen=True)
class DbtRelease:
    """A contract with the dbt model it was written on.

    Attributes:
        contract: The validated contract.
        unique_id: dbt's id of the model, ``model.<project>.<name>``.
        model: The model's name.
        schema: The schema of its relation in the warehouse.
        relation: The name of its relation in the warehouse.
        path: The file that declares the model.
    """

    contract: ReleaseContract
    unique_id: str
    model: str
    schema: str
    relation: str
    path: str

    @property
    def place(self) -> str:
        """How errors speak of its contract."""
        return f"{self.path}: model {self.model}: meta.ddg"


def contracts_from_manifest(manifest: Mapping[str, Any]) -> list[DbtRelease]:
    """Read every contract of a dbt manifest (``target/manifest.json``, parsed).

    Model-level keys stand under the model's ``config.meta.ddg``; a column may carry ``dimension:`` or ``measure:``
    under its own ``config.meta.ddg`` instead of being listed at the model. The column's description is taken over.

    Raises:
        InputErrors: With every problem of every model, each naming file, model and key.
    """
    releases: list[DbtRelease] = []
    errors: list[InputError] = []
    for node in _models(manifest):
        meta = _meta(node)
        columns = {name: _meta(column) for name, column in node.get("columns", {}).items()}
        path = _path(node)
        place = f"{path}: model {node['name']}: meta.ddg"
        if meta is None:
            errors += [
                InputError(place, f"columns.{name}", "a dimension or measure", "declare `release` on the model as well")
                for name, column in columns.items()
                if column is not None
            ]
            continue
        try:
            contract = parse_contract(_merge(meta, columns, node, place), place)
        except InputErrors as found:
            errors += found.errors
            continue
        releases.append(
            DbtRelease(
                contract, node["unique_id"], node["name"], node["schema"], node.get("alias") or node["name"], path
            )
        )
    errors += _across(releases)
    if errors:
        raise InputErrors(errors)
    return sorted(releases, key=lambda release: release.contract.release)


def _models(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in manifest.get("nodes", {}).values():
        if node.get("resource_type") == "model":
            yield node


def _meta(node: Mapping[str, Any]) -> Any:
    config = node.get("config") or {}
    return (config.get("meta") or node.get("meta") or {}).get("ddg")


def _path(node: Mapping[str, Any]) -> str:
    patch = node.get("patch_path") or ""
    return patch.split("://", 1)[-1] or node.get("original_file_path", "manifest.json")


def _merge(meta: Any, columns: Mapping[str, Any], node: Mapping[str, Any], place: str) -> dict[str, Any]:
    if not isinstance(meta, Mapping):
        raise InputErrors([InputError(place, "the whole", f"a {type(meta).__name__}", "a mapping of contract keys")])
    merged = dict(meta)
    merged.setdefault("description", node.get("description", ""))
    parts: dict[str, dict[str, Any]] = {}
    for key in ("dimensions", "measures"):
        declared = merged.get(key) or {}
        if not isinstance(declared, Mapping):
            raise InputErrors([InputError(place, key, f"a {type(declared).__name__}", "a mapping by column")])
        parts[key] = dict(declared)
    for name, column in columns.items():
        if column is None:
            continue
        kinds = [kind for kind in ("dimension", "measure") if isinstance(column, Mapping) and kind in column]
        if len(kinds) != 1 or len(column) != 1:
            raise InputErrors(
                [InputError(place, f"columns.{name}", "other keys", "exactly one key: `dimension` or `measure`")]
            )
        section = parts[f"{kinds[0]}s"]
        if name in section:
            raise InputErrors([InputError(place, f"columns.{name}", "a second declaration", "declare it in one place")])
        section[name] = column[kinds[0]]
    for section in parts.values():
        for name, declared in section.items():
            text = node.get("columns", {}).get(name, {}).get("description")
            if text and isinstance(declared, Mapping):
                section[name] = {"description": text, **declared}
    return merged | parts


def _across(releases: list[DbtRelease]) -> list[InputError]:
    """Check what only all contracts together show: unique names, and links that name each other."""
    errors: list[InputError] = []
    by_name: dict[str, DbtRelease] = {}
    for release in releases:
        name = release.contract.release
        place = release.place
        if name in by_name:
            errors.append(
                InputError(place, "release", f"{name!r}, as on model {by_name[name].model}", "give each its own")
            )
        by_name[name] = release
    for release in releases:
        place = release.place
        for link in release.contract.links:
            if link not in by_name:
                known = ", ".join(sorted(by_name))
                errors.append(InputError(place, "links", repr(link), f"must be one of the releases {known}"))
            elif release.contract.release not in by_name[link].contract.links:
                errors.append(
                    InputError(
                        place,
                        "links",
                        f"{link!r}, which does not link back",
                        f"add {release.contract.release!r} to the links of {link!r}: linked tables are masked together",
                    )
                )
            elif by_name[link].contract.reporting_periods != release.contract.reporting_periods:
                expected = f"the same as {link!r} has: linked tables are masked together, period by period"
                errors.append(InputError(place, "reporting_periods", "other periods than a linked release's", expected))
    for release in releases:
        errors += _periods_named_like_others(release, by_name)
    return errors


def _periods_named_like_others(release: DbtRelease, by_name: Mapping[str, DbtRelease]) -> list[InputError]:
    """A period's release must not be called as another release is: approvals and versions go by the name."""
    if release.contract.reporting_periods is None:
        return []
    place = release.place
    begin = f"{release.contract.release}_"
    return [
        InputError(place, "release", f"the beginning of {name!r}, another release", "give one of them another name")
        for name in by_name
        if name.startswith(begin)
    ]
