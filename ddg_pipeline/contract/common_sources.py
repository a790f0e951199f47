"""What releases are made of, by dbt's lineage: two of one source count the same people, until somebody says why not.

Tables of the same people tell together what neither tells alone (§4.4.1, §4.5), and nothing in the tables themselves
shows that they are. dbt knows which source tables each is made of. Where two releases share one, their contracts have
to say what they have to do with each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ddg_pipeline.errors import InputError, InputErrors

if TYPE_CHECKING:
    from ddg_pipeline.contract.manifest import DbtRelease

_PUBLIC = "public"


def sources_of(manifest: Mapping[str, Any], unique_id: str) -> frozenset[str]:
    """Give the restricted source tables that a dbt model is made of, as ``schema.table``.

    Sources with ``meta: {ddg: {public: true}}`` are left out: populations and code lists are in everything and tell of
    nobody. A model without any source is made of its seeds: of something it has to be made.

    Raises:
        InputErrors: The ``meta.ddg`` of a source says something else.
    """
    sources, seeds = set(), set()
    for found in _lineage(manifest, unique_id):
        if found in manifest.get("sources", {}):
            node = manifest["sources"][found]
            if not _is_public(node):
                sources.add(f"{node['schema']}.{node['identifier']}")
        elif manifest.get("nodes", {}).get(found, {}).get("resource_type") == "seed":
            seeds.add(f"seed {manifest['nodes'][found]['name']}")
    return frozenset(sources or seeds)


def _lineage(manifest: Mapping[str, Any], unique_id: str) -> Iterator[str]:
    seen, todo = set(), [unique_id]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            yield current
            node = manifest.get("nodes", {}).get(current, {})
            todo += (node.get("depends_on") or {}).get("nodes") or []


def _is_public(node: Mapping[str, Any]) -> bool:
    meta = (node.get("config") or {}).get("meta") or node.get("meta") or {}
    said = meta.get("ddg", {})
    if not isinstance(said, Mapping) or set(said) - {_PUBLIC} or not isinstance(said.get(_PUBLIC, False), bool):
        place = f"{node.get('original_file_path', 'manifest.json')}: source {node['source_name']}.{node['name']}"
        expected = "`{public: true}` of a table that everybody has, such as a census; nothing of all others"
        raise InputErrors([InputError(place, "meta.ddg", "something else", expected)])
    return bool(said.get(_PUBLIC, False))


def undeclared_relations(
    groups: Sequence[Sequence[DbtRelease]], made_of: Mapping[str, Collection[str]]
) -> list[InputError]:
    """List the pairs of releases that share a source and do not say what they have to do with each other.

    Args:
        groups: All releases of a project; those of a group are linked, and masked together.
        made_of: The source tables of each, by its name.
    """
    found = [error for group in groups for release in group for error in _one_sided(release, groups)]
    for first, second in combinations(groups, 2):
        for one in first:
            for other in second:
                common = sorted(set(made_of[one.contract.release]) & set(made_of[other.contract.release]))
                if common and not _declared(one, other):
                    found.append(_undeclared(one, other, common))
    return found


def _declared(one: DbtRelease, other: DbtRelease) -> bool:
    here, there = one.contract, other.contract
    if there.release in here.unrelated or here.release in there.unrelated:
        return True
    return there.release in here.already_released or here.release in there.already_released  # one-sided: told before


def _undeclared(one: DbtRelease, other: DbtRelease, common: Sequence[str]) -> InputError:
    here, there = one.contract.release, other.contract.release
    return InputError(
        one.place,
        "unrelated",
        f"nothing of {there!r}, and both are made of {', '.join(common)}",
        f"where both count the same people, `links: [{there}]` here and `links: [{here}]` there, to mask them "
        "together, or `already_released` in the same way, to mask each beside what is public of the other; where they "
        f"do not, `unrelated: {{{there}: why no person is in both}}`; at a source that everybody has, "
        "`meta: {ddg: {public: true}}` (`ddg help same-people`)",
    )


def _one_sided(release: DbtRelease, groups: Sequence[Sequence[DbtRelease]]) -> Iterator[InputError]:
    """What a release is masked beside has to be masked beside it, too: its next version would not know of this one."""
    name = release.contract.release
    group = next(group for group in groups if release in group)
    others = {one.contract.release: one for group in groups for one in group}
    for other in release.contract.already_released:
        if other in others and others[other] in group:
            expected = "leave it out: linked releases are masked together, and know of each other"
            yield InputError(release.place, "already_released", repr(other), expected)
        elif other in others and name not in others[other].contract.already_released:
            expected = f"add {name!r} to `already_released` of {other!r}: its next version has to know of this one"
            yield InputError(release.place, "already_released", f"{other!r}, which does not name this one", expected)
