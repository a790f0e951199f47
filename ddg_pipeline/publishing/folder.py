"""A local folder as a portal: what readers see is always one whole, certified package.

    PORTAL/<dataset>/<resource>                a link to the version that is public
    PORTAL/<dataset>/.versions/<resource>-…    the version itself

A new version is copied beside the public one, verified there, and then the link is replaced: one atomic step. Whatever
fails before leaves what was public untouched.

Linked releases become public in one step too, because an old version of one beside a new one of the other could tell
what neither tells alone. Their links lead through one more link, and that one is replaced:

    PORTAL/<dataset>/<resource>                        → PORTAL/.linked/<group>/current/<dataset>.<resource>
    PORTAL/.linked/<group>/current                     → set-…, the versions that are public together
    PORTAL/.linked/<group>/set-…/<dataset>.<resource>  → PORTAL/<dataset>/.versions/<resource>-…
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.publishing.names import package_names
from ddg_pipeline.quality.certificate import certificate_sha256, verify_certificate
from ddg_pipeline.quality.certificate_form import CERTIFICATE_NAME, Certificate, read_certificate
from ddg_pipeline.quality.hashing import sha256_of_bytes
from ddg_pipeline.quality.signatures import Signing
from ddg_pipeline.quality.suite import Suite

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook

_VERSIONS, _LINKED, _CURRENT, _SET = ".versions", ".linked", "current", "set-"


@dataclass(frozen=True)
class Package:
    """A certified package that is to be published.

    Attributes:
        directory: Its files, with the certificate.
        contract: The contract as it is now; it must be the certified one.
        rulebook: The same for the rulebook.
        suite: Where given, the same for the suite.
        signing: Where given, the certificate must be signed, by whom this believes.
        certificate: Where given, the SHA-256 of the one certificate that may be published: what was approved.
    """

    directory: Path
    contract: ReleaseContract
    rulebook: Rulebook
    suite: Suite | None = None
    signing: Signing | None = None
    certificate: str | None = None

    def verify(self, directory: Path) -> Certificate:
        """Verify a directory that should hold this package, byte for byte."""
        found = verify_certificate(directory, self.contract, self.rulebook, self.suite, self.signing)
        if self.certificate is not None and sha256_of_bytes(found.to_bytes()) != self.certificate:
            raise RefusedError(f"{found.release}: another certificate than the one that was approved")
        return found


@dataclass(frozen=True)
class Receipt:
    """What was published.

    Attributes:
        release: The release.
        path: Where readers find it.
        version: The directory that ``path`` leads to.
        certificate: SHA-256 of the certificate.
        files: SHA-256 of every other file.
        replaced: SHA-256 of the certificate that was public before; None for a first publication.
        targets: Where the same package is public besides, by the address of the object store.
        elsewhere: Addresses on other portals, by the kind of portal.
    """

    release: str
    path: Path
    version: Path
    certificate: str
    files: Mapping[str, str]
    replaced: str | None
    targets: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def publish_to_folder(
    package_dir: Path,
    portal_dir: Path,
    *,
    contract: ReleaseContract,
    rulebook: Rulebook,
    suite: Suite | None = None,
    signing: Signing | None = None,
) -> Receipt:
    """Publish a certified package into a local folder.

    Args:
        package_dir: The package, with its certificate.
        portal_dir: The folder that stands for the portal; made where it is missing.
        contract: The contract as it is now; it must be the certified one.
        rulebook: The same for the rulebook.
        suite: Where given, the same for the suite.
        signing: Where given, the certificate must be signed, by whom this believes.

    Raises:
        RefusedError: The package has no valid certificate for exactly these bytes, or an older one than what is public,
            or what was written could not be read back; what was public before is still public.
        InputError: The folder cannot be written, or something else stands where the release belongs.
    """
    return publish_together([Package(package_dir, contract, rulebook, suite, signing)], portal_dir)[0]


def publish_together(packages: Sequence[Package], portal_dir: Path) -> list[Receipt]:
    """Publish certified packages into a local folder, all of them in one step.

    Args:
        packages: The packages of one release, or of releases that are linked.
        portal_dir: The folder that stands for the portal; made where it is missing.

    Raises:
        RefusedError: A package has no valid certificate for exactly these bytes, or an older one than what is public,
            or what was written could not be read back; what was public before is still public.
        InputError: The folder cannot be written, or something else stands where a release belongs.
    """
    for package in packages:
        package.verify(package.directory)
    places = [_Place(package, portal_dir) for package in packages]
    with _writable(portal_dir), ExitStack() as locks:
        for dataset in sorted({place.target.parent for place in places}):
            locks.enter_context(_locked(dataset))
        for place in places:
            place.look()
        switch = _Switch(places, portal_dir)
        versions: list[Path] = []
        try:
            certificates = []
            for place in places:
                versions.append(_copy(place.package.directory, place.versions, place.resource))
                certificates.append(place.package.verify(versions[-1]))
            switch.to(versions)
            for place in places:
                place.package.verify(place.target)
        except BaseException:
            switch.back(versions)
            for version in versions:
                shutil.rmtree(version, ignore_errors=True)
            raise
        switch.tidy()
        for place, version in zip(places, versions, strict=True):
            _remove_others(place.versions, place.resource, version.name)
        return [
            Receipt(
                place.package.contract.release,
                place.target,
                version,
                certificate_sha256(place.target),
                certificate.files,
                place.replaced,
            )
            for place, version, certificate in zip(places, versions, certificates, strict=True)
        ]


def withdraw_from_folder(contract: ReleaseContract, portal_dir: Path) -> bool:
    """Take a release out of a local folder: first the link that readers follow, then the files.

    Args:
        contract: Its contract.
        portal_dir: The folder.

    Returns:
        Whether anything of it was there.

    Raises:
        InputError: The folder cannot be written, or something else stands where the release belongs.
    """
    names = package_names(contract)
    target = portal_dir / names.dataset / names.resource
    if not target.parent.is_dir():
        return False
    with _writable(portal_dir), _locked(target.parent):
        if target.exists() and not target.is_symlink():
            raise InputError(
                str(target), "the target", "something that was not published by this tool", "remove it by hand"
            )
        there = target.is_symlink()
        _point(target, None)
        _sync(target.parent)
        for entry in (target.parent / _VERSIONS).iterdir():
            if entry.name.rsplit("-", 1)[0] == names.resource:
                shutil.rmtree(entry)
                there = True
        return there


class _Place:
    """Where one package belongs, and what is public there."""

    def __init__(self, package: Package, portal_dir: Path) -> None:
        names = package_names(package.contract)
        self.package = package
        self.resource = names.resource
        self.target = portal_dir / names.dataset / names.resource
        self.versions = self.target.parent / _VERSIONS
        self.key = f"{names.dataset}.{names.resource}"
        self.before: Path | None = None
        self.replaced: str | None = None

    def look(self) -> None:
        """Note what is public, once nobody else may change it.

        Raises:
            InputError: It is not ours.
            RefusedError: It passed the gate later than this package.
        """
        if self.target.exists() and not self.target.is_symlink():
            raise InputError(
                str(self.target), "the target", "something that was not published by this tool", "remove it"
            )
        self.before = self.target.readlink() if self.target.is_symlink() else None
        self.replaced = _public_certificate(self.target)
        if self.replaced is None:
            return
        try:
            public = read_certificate(self.target).issued_at
        except RefusedError:
            return  # it was tampered with; what replaces it is certified
        ours = read_certificate(self.package.directory).issued_at
        if ours < public:  # it may be what was withdrawn for a reason
            release = self.package.contract.release
            raise RefusedError(
                f"{release}: certified at {ours:%Y-%m-%d %H:%M:%SZ}, and a later release is public already, of "
                f"{public:%Y-%m-%d %H:%M:%SZ}; {made_by(release, 'release')}; or, to go back to an "
                f"older version, remove {self.target} first"
            )


class _Switch:
    """The one step that makes new versions public: of one link, or of the link that those of a group go through."""

    def __init__(self, places: Sequence[_Place], portal_dir: Path) -> None:
        self._places = places
        group = hashlib.sha256("\n".join(sorted(place.key for place in places)).encode()).hexdigest()[:16]
        self._alone = len(places) == 1
        self._home = portal_dir / _LINKED / group
        self._old_set: Path | None = None

    def to(self, versions: Sequence[Path]) -> None:
        """Make these versions public."""
        if self._alone:
            _point(self._places[0].target, Path(_VERSIONS, versions[0].name))
            return
        self._home.mkdir(parents=True, exist_ok=True)
        for directory in (self._home.parent, self._home):
            directory.chmod(0o755)  # readers' ways lead through them, whatever the umask
        # first the way only: through a set of what is public already, so that nobody sees a difference
        public = [place.target.resolve() if place.target.exists() else None for place in self._places]
        self._old_set = self._set(public)
        self._lead_to(self._old_set)
        for place in self._places:
            _point(place.target, Path("..", _LINKED, self._home.name, _CURRENT, place.key))
        self._lead_to(self._set(versions))

    def back(self, versions: Sequence[Path]) -> None:
        """Make public again what was public, if anything of it was replaced."""
        if self._alone and versions and _leads_to(self._places[0].target, versions[0]):
            _point(self._places[0].target, self._places[0].before)
        if self._old_set is not None:
            self._lead_to(self._old_set)
            for place in self._places:
                if place.before is None:
                    _point(place.target, None)

    def tidy(self) -> None:
        """Remove earlier sets."""
        current = (self._home / _CURRENT).readlink().name if not self._alone else ""
        for entry in self._home.glob(f"{_SET}*"):
            if entry.name != current:
                with suppress(OSError):  # it does no harm and goes with the next publication
                    shutil.rmtree(entry)

    def _set(self, versions: Sequence[Path | None]) -> Path:
        made = Path(tempfile.mkdtemp(prefix=_SET, dir=self._home))
        for place, version in zip(self._places, versions, strict=True):
            if version is not None:
                (made / place.key).symlink_to(Path("..", "..", "..", place.target.parent.name, _VERSIONS, version.name))
        made.chmod(0o755)
        _sync(made)
        return made

    def _lead_to(self, made: Path) -> None:
        link = self._home / f"{_CURRENT}.link"
        link.unlink(missing_ok=True)
        link.symlink_to(made.name)
        link.replace(self._home / _CURRENT)
        _sync(self._home)


@contextmanager
def _writable(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        found = error.strerror or "not writable"
        raise InputError(str(directory), "the folder", found, "a folder that can be written, with room left") from None


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Let one publication at a time into a dataset; the next one waits."""
    (directory / _VERSIONS).mkdir(parents=True, exist_ok=True)
    lock = os.open(directory / _VERSIONS / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _copy(package_dir: Path, versions: Path, resource: str) -> Path:
    """Copy a package beside the public one and bring it to the disk."""
    version = Path(tempfile.mkdtemp(prefix=f"{resource}-", dir=versions))
    try:
        for entry in sorted(os.scandir(package_dir), key=lambda item: item.name):
            copied = version / entry.name
            shutil.copyfile(entry.path, copied, follow_symlinks=False)
            copied.chmod(0o644)
            _sync(copied)
        version.chmod(0o755)
        _sync(version)
        _sync(versions)
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        raise
    return version


def _leads_to(target: Path, version: Path) -> bool:
    return target.is_symlink() and target.resolve() == version.resolve()


def _point(target: Path, to: Path | None) -> None:
    """Replace the public link in one atomic step; None takes it away."""
    if to is None:
        target.unlink(missing_ok=True)
        return
    link = target.parent / _VERSIONS / f"{target.name}.link"
    link.unlink(missing_ok=True)
    link.symlink_to(to)
    link.replace(target)
    _sync(target.parent)


def _public_certificate(target: Path) -> str | None:
    path = target / CERTIFICATE_NAME
    return certificate_sha256(target) if path.is_file() else None


def _remove_others(versions: Path, resource: str, keep: str) -> None:
    """Remove versions that are no longer public, and what a run that was killed left behind."""
    for entry in versions.iterdir():
        if entry.name != keep and entry.name.rsplit("-", 1)[0] == resource:
            # the new version is public already: a leftover does no harm and goes with the next publication
            with suppress(OSError):
                shutil.rmtree(entry)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
