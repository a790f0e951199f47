"""Object storage as a place to publish: what the pointer leads to is always one whole, certified version.

Object stores cannot rename a folder, and have no links. So a version is written under the hash of its certificate,
where no reader is led to; everything is read back and verified; then one small object is replaced, the pointer
(`pointer`). Linked releases have one pointer together, so that all of them change in that one step. Whatever fails
before leaves what was public untouched; called again, it goes on where it stopped.

One machine at a time may publish into a target: object stores have no locks.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ddg_pipeline.errors import DdgError, RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.publishing.folder import Package
from ddg_pipeline.publishing.names import package_names
from ddg_pipeline.publishing.object_store import ObjectStore
from ddg_pipeline.publishing.pointer import (
    LINKED,
    VERSIONS,
    Link,
    Pointer,
    PublicVersion,
    Withdrawn,
    group_path,
    parse_pointer,
    pointer_path,
    to_bytes,
    version_path,
)
from ddg_pipeline.quality.certificate import certificate_sha256
from ddg_pipeline.quality.certificate_form import CERTIFICATE_NAME, SIGNATURE_NAME, Certificate
from ddg_pipeline.quality.hashing import sha256_of_file

_TIME = "%Y-%m-%d %H:%M:%SZ"


@dataclass(frozen=True)
class TargetReceipt:
    """What was published into a target.

    Attributes:
        release: The release.
        target: The target's address.
        pointer: Where readers begin, from the target's root.
        path: Where the files are.
        certificate: SHA-256 of the certificate.
        replaced: SHA-256 of the certificate that was public before; None for a first publication.
        uploaded: How many files had to be written; none where the version was there already.
    """

    release: str
    target: str
    pointer: str
    path: str
    certificate: str
    replaced: str | None
    uploaded: int


class _Place:
    """Where one package belongs, and what is public there."""

    def __init__(self, package: Package, certificate: Certificate) -> None:
        self.package = package
        self.release = package.contract.release
        self.key = _key(package)
        self.sha256 = certificate_sha256(package.directory)
        own = [CERTIFICATE_NAME] + ([] if certificate.signing_key is None else [SIGNATURE_NAME])
        self.files = {**certificate.files, **{name: sha256_of_file(package.directory / name) for name in own}}
        self.issued_at = certificate.issued_at
        self.path = version_path(self.key, self.sha256)
        self.link: Link | None = None
        self.before: PublicVersion | Withdrawn | None = None

    def look(self, store: ObjectStore) -> None:
        """Note what is public.

        Raises:
            RefusedError: It passed the gate later than this package, or this one was certified before it was withdrawn.
        """
        self.link, self.before = _current(store, self.key)
        again = made_by(self.release, "release")
        if isinstance(self.before, Withdrawn) and self.issued_at <= self.before.withdrawn_at:
            raise RefusedError(
                f"{self.release}: certified at {self.issued_at:{_TIME}}, and withdrawn from {store.target.url} at "
                f"{self.before.withdrawn_at:{_TIME}}; {again}"
            )
        if isinstance(self.before, PublicVersion) and self.issued_at < self.before.issued_at:
            raise RefusedError(
                f"{self.release}: certified at {self.issued_at:{_TIME}}, and a later release is public already in "
                f"{store.target.url}, of {self.before.issued_at:{_TIME}}; {again}"
            )

    def after(self, keep: Literal["all"] | int) -> PublicVersion:
        """Give what the pointer will say."""
        earlier: list[str] = []
        if isinstance(self.before, PublicVersion):
            earlier = [one for one in (self.before.certificate, *self.before.earlier) if one != self.sha256]
        return PublicVersion(
            release=self.release,
            path=self.path,
            certificate=self.sha256,
            issued_at=self.issued_at,
            files=self.files,
            earlier=earlier if keep == "all" else earlier[: keep - 1],
        )


def publish_to_target(packages: Sequence[Package], store: ObjectStore) -> list[TargetReceipt]:
    """Publish certified packages into an object store, all of them in one step.

    Args:
        packages: The packages of one release, or of releases that are linked.
        store: The object store.

    Raises:
        RefusedError: A package has no valid certificate for exactly these bytes, or an older one than what is public,
            or was certified before the release was withdrawn, or what was written could not be read back as it was.
            What was public before is still public.
        InputError: The store does not answer, or lacks rights or a package.
    """
    places = [_Place(package, package.verify(package.directory)) for package in packages]
    for place in places:
        place.look(store)
    uploaded = [_bring(store, place) for place in places]
    switch = _Switch(store, places)
    try:
        switch.to_new()
        for place in places:
            check_public(store, place.package)
    except BaseException as error:
        try:
            switch.back()
        except DdgError as failed:
            error.add_note(f"and what was public before could not be made public again: {failed}")
        raise
    for place in places:
        _remove_others(store, place.key, {place.sha256, *place.after(store.target.keep).earlier})
    _remove_groups_left(store)
    return [
        TargetReceipt(
            place.release,
            store.target.url,
            pointer_path(place.key),
            place.path,
            place.sha256,
            place.before.certificate if isinstance(place.before, PublicVersion) else None,
            count,
        )
        for place, count in zip(places, uploaded, strict=True)
    ]


def check_public(store: ObjectStore, package: Package) -> PublicVersion:
    """Read what readers are led to, and compare it with a package's certificate, byte for byte.

    Args:
        store: The object store.
        package: The package that should be public; its contract, rulebook, suite and signers are compared too.

    Raises:
        RefusedError: Something else is public, or nothing, or a file differs, is missing or should not be there.
        InputError: The store does not answer.
    """
    key, release = _key(package), package.contract.release
    _, state = _current(store, key)
    expected = certificate_sha256(package.directory)
    if not isinstance(state, PublicVersion) or state.certificate != expected:
        found = "nothing" if state is None else f"certificate {state.certificate[:12]}… ({state.status})"
        raise RefusedError(f"{release}: {store.target.url} shows {found}, and not {expected[:12]}…")
    with tempfile.TemporaryDirectory() as scratch:
        _fetch(store, state.path, store.names(state.path), Path(scratch))
        package.verify(Path(scratch))
        shown = {path.name: sha256_of_file(path) for path in Path(scratch).iterdir()}
        if shown != state.files or shown[CERTIFICATE_NAME] != expected:
            raise RefusedError(f"{release}: {store.target.url} has other files in {state.path} than its pointer says")
    return state


def public_state(store: ObjectStore, dataset: str, resource: str) -> PublicVersion | Withdrawn | None:
    """Say what readers of a release are told; None where it was never published.

    Raises:
        RefusedError: The pointer is not one that this tool wrote.
        InputError: The store does not answer.
    """
    return _current(store, f"{dataset}/{resource}")[1]


def retract_from_target(
    store: ObjectStore, dataset: str, resource: str, reason: str, at: dt.datetime | None = None
) -> Withdrawn:
    """Withdraw a release: first the pointer says so, with the reason, then every version of it is removed.

    Linked releases stay public: withdrawing tells nobody more. Called again after a kill it goes on where it stopped.

    Args:
        store: The object store.
        dataset: The dataset.
        resource: The resource.
        reason: Why, for readers.
        at: When; by default now. Nothing that was certified before can be published again.

    Raises:
        RefusedError: Nothing of it was ever published there, or no reason is given, or files are still there
            afterwards.
        InputError: The store does not answer.
    """
    key = f"{dataset}/{resource}"
    link, state = _current(store, key)
    if state is None:
        raise RefusedError(f"{key}: nothing of it is public in {store.target.url}")
    if not reason.strip():
        raise RefusedError(f"{key}: say why it is withdrawn")
    if isinstance(state, PublicVersion):
        moment = (at or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).replace(microsecond=0)
        state = Withdrawn(
            release=state.release, certificate=state.certificate, withdrawn_at=moment, reason=reason.strip()
        )
        path = pointer_path(key) if link is None else link.linked
        others = {} if link is None else dict(_pointer(store, path).releases)
        store.replace(path, to_bytes(Pointer(releases={**others, key: state})))
    store.remove(f"{key}/{VERSIONS}")
    left = store.names(f"{key}/{VERSIONS}")
    if left or not isinstance(_current(store, key)[1], Withdrawn):
        raise RefusedError(f"{key}: not wholly withdrawn from {store.target.url}: run this again")
    return state


class _Switch:
    """The one step that makes new versions public: of one pointer, which a group has together."""

    def __init__(self, store: ObjectStore, places: Sequence[_Place]) -> None:
        self._store, self._places = store, places
        self._alone = len(places) == 1
        self.path = pointer_path(places[0].key) if self._alone else group_path(place.key for place in places)
        self._new: bytes | None = None

    def to_new(self) -> None:
        """Make the new versions public."""
        link = Link(linked=self.path) if not self._alone else None
        if link is not None and any(place.link != link for place in self._places):
            # first the way only: through a pointer to what is public already, so that nobody sees a difference
            self._replace(self._old())
            for place in self._places:
                if place.link != link:
                    self._store.replace(pointer_path(place.key), to_bytes(link))
        keep = self._store.target.keep
        self._new = to_bytes(Pointer(releases={place.key: place.after(keep) for place in self._places}))
        self._store.replace(self.path, self._new)

    def back(self) -> None:
        """Make public again what was public, if it was replaced, and nobody else has published since."""
        if self._new is None or self._store.read(self.path) != self._new:
            return
        if not self._alone:
            self._replace(self._old())
            return
        (place,) = self._places
        if place.link is not None:
            self._store.replace(self.path, to_bytes(place.link))
        elif place.before is not None:
            self._replace(self._old())
        else:
            self._store.remove(self.path)

    def _old(self) -> Mapping[str, PublicVersion | Withdrawn]:
        return {place.key: place.before for place in self._places if place.before is not None}

    def _replace(self, releases: Mapping[str, PublicVersion | Withdrawn]) -> None:
        self._store.replace(self.path, to_bytes(Pointer(releases=dict(releases))))


def _key(package: Package) -> str:
    names = package_names(package.contract)
    return f"{names.dataset}/{names.resource}"


def _current(store: ObjectStore, key: str) -> tuple[Link | None, PublicVersion | Withdrawn | None]:
    """Follow a release's pointer as a reader does: over which link, and to what."""
    path = pointer_path(key)
    data = store.read(path)
    if data is None:
        return None, None
    found = parse_pointer(data, path, store.target.url)
    if isinstance(found, Pointer):
        return None, found.releases.get(key)
    return found, _pointer(store, found.linked).releases.get(key)


def _pointer(store: ObjectStore, path: str) -> Pointer:
    data = store.read(path)
    found = None if data is None else parse_pointer(data, path, store.target.url)
    if not isinstance(found, Pointer):
        raise RefusedError(f"{store.target.url}/{path}: not the pointer of a group; find out who changed it")
    return found


def _bring(store: ObjectStore, place: _Place) -> int:
    """Write a version where nobody reads it yet, and verify what was written; what is there already stays.

    Returns:
        How many files were written.
    """
    present = store.names(place.path)
    for name in sorted(set(present) - set(place.files)):
        store.remove(f"{place.path}/{name}")  # not of this version, whatever it is: nothing else is certified
    wanted = [name for name in place.files if name not in present]
    written = 0
    with tempfile.TemporaryDirectory() as scratch:
        for attempt in ("missing", "differing"):
            for name in wanted:
                store.upload(place.package.directory / name, f"{place.path}/{name}")
                written += 1
            names = list(place.files) if attempt == "missing" else wanted
            _fetch(store, place.path, names, Path(scratch))
            wanted = [name for name in names if sha256_of_file(Path(scratch, name)) != place.files[name]]
            if not wanted:
                break
        if wanted:
            raise RefusedError(
                f"{place.release}: {store.target.url} gives back {', '.join(wanted)} otherwise than it was written"
            )
        place.package.verify(Path(scratch))
    return written


def _fetch(store: ObjectStore, path: str, names: Sequence[str], to: Path) -> None:
    for name in names:
        if "/" in name or not name.isprintable() or name in (".", ".."):
            raise RefusedError(f"{store.target.url}/{path}: holds more than the files of a package")
        store.download(f"{path}/{name}", to / name)


def _remove_others(store: ObjectStore, key: str, keep: set[str]) -> None:
    """Remove versions that are neither public nor kept, and what a run that was killed left behind."""
    home = f"{key}/{VERSIONS}"
    for version in sorted({name.partition("/")[0] for name in store.names(home)} - keep):
        store.remove(f"{home}/{version}")


def _remove_groups_left(store: ObjectStore) -> None:
    """Remove the pointers of groups that no release is led to, any more or yet: a killed run writes its own anew."""
    for name in store.names(LINKED):
        path = f"{LINKED}/{name}"
        data = store.read(path)
        found = None if data is None else parse_pointer(data, path, store.target.url)
        if isinstance(found, Pointer) and not any(_led_by(store, key, path) for key in found.releases):
            store.remove(path)


def _led_by(store: ObjectStore, key: str, path: str) -> bool:
    data = store.read(pointer_path(key))
    return data is not None and parse_pointer(data, pointer_path(key), store.target.url) == Link(linked=path)
