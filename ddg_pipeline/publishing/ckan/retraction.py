"""Withdraw releases from a CKAN portal: at once for every reader, then for good, and on record.

1. One call makes the dataset private, and notes there that the release is withdrawn, since when, and why. From then on
   nobody reads anything of the dataset without a login of the organization.
2. The datastore and the bytes of every file of the release are deleted, in the staging dataset too. Resources and their
   ids stay, for a later publication.
3. If other releases of the dataset are public, the dataset is made public again, without the withdrawn one; not if
   somebody else had hidden it, or an update of one of them was killed while it was hidden.
4. It is tried, as anybody may, whether anything of the release can still be read.

A withdrawal that was killed is completed by calling it again; until then a dataset with other releases stays private. A
publication in between does not bring the withdrawn release back. What readers and archives copied before stays there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.publishing.ckan.clearing import clear_release, reason_of, resources_of
from ddg_pipeline.publishing.ckan.client import PortalClient
from ddg_pipeline.publishing.ckan.filling import download_path
from ddg_pipeline.publishing.ckan.layout import FILE_KEY, staging_name
from ddg_pipeline.publishing.ckan.mark import Mark, ReleaseMark, Withdrawal, extras_of, patch_dataset, read_mark
from ddg_pipeline.publishing.ckan.settings import CkanPortal
from ddg_pipeline.publishing.names import package_names

_LONGEST_REASON = 1000


@dataclass(frozen=True)
class CkanWithdrawal:
    """What was withdrawn.

    Attributes:
        release: The release.
        dataset: The dataset's name.
        certificate: SHA-256 of the certificate that was public, or on its way; None where the portal did not say.
        reason: Why.
        at: When it was withdrawn first, UTC.
        dataset_public: Whether the dataset is still public, because of its other releases.
        changed: False if it had been withdrawn before, for whatever reason, and nothing of it was left.
    """

    release: str
    dataset: str
    certificate: str | None
    reason: str
    at: dt.datetime
    dataset_public: bool
    changed: bool


def retract_from_ckan(
    contracts: Sequence[ReleaseContract], portal: CkanPortal, *, reason: str, at: dt.datetime | None = None
) -> list[CkanWithdrawal]:
    """Withdraw releases from a CKAN portal, so that nothing of them can be read there.

    Args:
        contracts: The contracts of the releases. Of linked releases name all, or those that are to go.
        portal: The portal.
        reason: Why; it stands on the portal, so it must not tell what was wrong with whose figure.
        at: The time to note; by default now.

    Raises:
        InputError: There is no reason, no such dataset of ours, or the portal does not take it.
        RefusedError: Something of a release can still be read; the message says what.
    """
    reason = " ".join(reason.split())
    if not reason or not reason.isprintable() or len(reason) > _LONGEST_REASON:
        expected = f"one to {_LONGEST_REASON} plain characters: it stands on the portal"
        raise InputError(portal.url, "reason", "none that can be shown", expected)
    at = (at or dt.datetime.now(dt.UTC)).replace(microsecond=0)
    by_dataset: dict[str, list[str]] = {}
    for contract in contracts:
        by_dataset.setdefault(package_names(contract).dataset, []).append(contract.release)
    with PortalClient(portal) as client, PortalClient(portal, anonymous=True) as public:
        # look everywhere before anything is changed
        shown = {name: _look(client, name, releases) for name, releases in by_dataset.items()}
        done = []
        for name, releases in by_dataset.items():
            done += _withdraw(client, public, shown[name], releases, reason, at)
    order = [contract.release for contract in contracts]
    return sorted(done, key=lambda one: order.index(one.release))


def _look(client: PortalClient, name: str, releases: Sequence[str]) -> tuple[dict[str, Any], Mark]:
    place = f"{client.portal.url}: {name}"
    shown = client.find("package_show", id=name)
    mark = None if shown is None else read_mark(shown, place)
    if shown is None or mark is None or mark.staging_for is not None:
        found = "no such dataset" if shown is None else "a dataset that this tool did not make"
        raise InputError(client.portal.url, name, found, "a release that was published there")
    unknown = [release for release in releases if release not in mark.releases]
    if unknown:
        raise InputError(place, ", ".join(unknown), "never published there", f"one of {', '.join(mark.releases)}")
    return dict(shown), mark


def _withdraw(
    client: PortalClient,
    public: PortalClient,
    looked: tuple[dict[str, Any], Mark],
    releases: Sequence[str],
    reason: str,
    at: dt.datetime,
) -> list[CkanWithdrawal]:
    shown, before = looked
    marks = {release: _withdrawn(before.release(release), reason, at) for release in releases}
    fresh = {release for release in releases if marks[release] != before.release(release)}
    mark = before.changed(marks, hidden=True)
    if fresh or mark != before or not shown["private"]:
        shown = patch_dataset(client, shown["id"], mark, extras_of(shown), private=True)
    for release in releases:
        clear_release(client, shown, release, reason_of(marks[release]))
    _clear_staging(client, shown["name"], releases)
    others = _others(before, mark, private=bool(looked[0]["private"]))
    if others:
        mark = mark.changed({}, hidden=False)
        shown = patch_dataset(client, shown["id"], mark, extras_of(shown), private=False)
    _refuse_readable(public, shown, releases, others=others)
    return [
        CkanWithdrawal(
            release=release,
            dataset=shown["name"],
            certificate=None if (gone := _withdrawal(marks[release])).version is None else gone.version.certificate,
            reason=gone.reason,
            at=gone.at,
            dataset_public=others,
            changed=release in fresh,
        )
        for release in releases
    ]


def _others(before: Mark, now: Mark, *, private: bool) -> bool:
    """Whether the dataset is to be public for others: not if somebody else hid it, or one of them is half written."""
    if private and not before.hidden:
        return False
    standing = [one for one in now.releases.values() if one.public is not None]
    return bool(standing) and not any(one.coming is not None for one in standing)


def _withdrawn(mark: ReleaseMark, reason: str, at: dt.datetime) -> ReleaseMark:
    """Note a withdrawal; one that is noted already, and was not followed by a publication, stays as it is."""
    if mark.withdrawn is not None and mark.public is None and mark.coming is None:
        return mark
    known = [version for version in (mark.public, mark.coming) if version is not None]
    if mark.withdrawn is not None and mark.withdrawn.version is not None:
        known.append(mark.withdrawn.version)
    latest = max(known, key=lambda version: version.issued_at, default=None)
    return ReleaseMark(withdrawn=Withdrawal(at=at, reason=reason, version=latest))


def _withdrawal(mark: ReleaseMark) -> Withdrawal:
    assert mark.withdrawn is not None  # noqa: S101 - _withdrawn has noted it
    return mark.withdrawn


def _clear_staging(client: PortalClient, dataset: str, releases: Sequence[str]) -> None:
    shown = client.find("package_show", id=staging_name(dataset))
    if shown is None or read_mark(shown, staging_name(dataset)) != Mark(staging_for=dataset):
        return
    for release in releases:
        clear_release(client, shown, release, "Withdrawn.")


def _refuse_readable(public: PortalClient, dataset: dict[str, Any], releases: Sequence[str], *, others: bool) -> None:
    """Try to read what was withdrawn, as anybody may.

    Raises:
        RefusedError: Something can be read.
    """
    found = []
    if not others and public.find("package_show", id=dataset["name"]) is not None:
        found.append("the dataset")
    for release in releases:
        for resource in resources_of(dataset, release):
            name = str(resource.get(FILE_KEY))
            if public.find("datastore_search", resource_id=resource["id"], limit=0) is not None:
                found.append(f"{name}: the datastore")
            if public.gives_a_file(download_path(dataset, resource, name)):
                found.append(f"{name}: the file")
    if found:
        raise RefusedError(f"{dataset['name']}: withdrawn, but can still be read: {'; '.join(found)}")
