"""Which releases are drawn from the same records and so have to be masked, checked and handed over together."""

from __future__ import annotations

from collections.abc import Sequence

from ddg_pipeline.contract.manifest import DbtRelease


def linked_groups(releases: Sequence[DbtRelease]) -> list[list[DbtRelease]]:
    """Split releases into groups that are linked, directly or through others; each in order of name."""
    by_name = {release.contract.release: release for release in releases}
    groups: list[list[DbtRelease]] = []
    seen: set[str] = set()
    for name in sorted(by_name):
        if name in seen:
            continue
        group, todo = set(), [name]
        while todo:
            current = todo.pop()
            if current not in group:
                group.add(current)
                todo += by_name[current].contract.links
        seen |= group
        groups.append([by_name[member] for member in sorted(group)])
    return groups
