"""A local folder as a portal: what readers see is always one whole, certified package.

    PORTAL/<dataset>/<resource>                a link to the version that is public
    PORTAL/<dataset>/.versions/<resource>-…    the version itself

A new version is copied beside the public one, verified there, and then the link is replaced: one atomic step. Whatever
fails before leaves what was public untouched.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.publishing.names import package_names
from ddg_pipeline.quality.certificate import certificate_sha256, verify_certificate
from ddg_pipeline.quality.certificate_form import CERTIFICATE_NAME, Certificate, read_certificate
from ddg_pipeline.quality.signatures import Signing
from ddg_pipeline.quality.suite import Suite

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook

_VERSIONS = ".versions"


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
    """

    release: str
    path: Path
    version: Path
    certificate: str
    files: Mapping[str, str]
    replaced: str | None


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
    verify_certificate(package_dir, contract, rulebook, suite, signing)
    names = package_names(contract)
    target = portal_dir / names.dataset / names.resource
    with _writable(portal_dir), _locked(target.parent):
        if target.exists() and not target.is_symlink():
            raise InputError(str(target), "the target", "something that was not published by this tool", "remove it")
        before = target.readlink() if target.is_symlink() else None
        replaced = _public_certificate(target)
        version = _copy(package_dir, target.parent / _VERSIONS, names.resource)
        try:
            certificate = verify_certificate(version, contract, rulebook, suite, signing)
            _refuse_older(certificate, target)
            _point(target, Path(_VERSIONS, version.name))
            verify_certificate(target, contract, rulebook, suite, signing)
        except BaseException:
            if _leads_to(target, version):
                _point(target, before)
            shutil.rmtree(version, ignore_errors=True)
            raise
        _remove_others(target.parent / _VERSIONS, names.resource, version.name)
        return Receipt(contract.release, target, version, certificate_sha256(target), certificate.files, replaced)


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


def _refuse_older(certificate: Certificate, target: Path) -> None:
    """Refuse to replace what is public by something older: it may be what was withdrawn for a reason."""
    if not target.is_dir():
        return
    try:
        public = read_certificate(target)
    except RefusedError:
        return  # what is public holds no certificate that can be read: a certified package is what it needs
    if certificate.issued_at < public.issued_at:
        raise RefusedError(
            f"{certificate.release}: certified at {certificate.issued_at:%Y-%m-%d %H:%M:%SZ}, and what is public at "
            f"{public.issued_at:%Y-%m-%d %H:%M:%SZ}; to go back to an older version, remove {target} first"
        )


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
