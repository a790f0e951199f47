"""The public store: a directory that holds releases, whole ones, and nothing else."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.warehouse.errors import StoreBusyError, StoreDamagedError

_RELEASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TARGET: Final = re.compile(r"versions/([1-9][0-9]*)")
_DIRECTORY_MODE: Final = 0o755
_FILE_MODE: Final = 0o644
_CURRENT, _NEXT, _LOCK, _INCOMING = "current", ".next", ".lock", ".incoming"


class PublicStore:
    """Releases on disk, each in numbered versions of which one is current.

    .. code-block:: text

        <root>/releases/<release>/versions/1/…
        <root>/releases/<release>/versions/2/…
        <root>/releases/<release>/current -> versions/2

    A hand-over brings all files to the disk under a name that nobody reads, gives them the next version's number, and
    then renames one symbolic link over ``current``. That rename is the only step a reader can see, and the file system
    makes it at once: before it the old release is there whole, after it the new one. Two renames of directories would
    leave a moment without a release, and exchanging them (``renameat2``) exists on Linux only. Earlier versions stay,
    so a reader who resolved ``current`` a moment ago still finds every file.

    A version is released when ``current`` has pointed to it, and numbers only grow: whatever has a greater number than
    ``current``, or no number, is what a crashed hand-over left, and the next one removes it.

    Args:
        root: The directory; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def hand_over(
        self,
        release: str,
        staged_dir: Path,
        *,
        sha256: Mapping[str, str] | None = None,
        before: Callable[[Path], None] | None = None,
    ) -> Path:
        """Makes the files of a directory the current version of a release, in one step.

        The directory is moved into the store, or copied and then removed where it is on another file system. An error
        at any point leaves the earlier version current and whole, and the staged files where they were; after a crash
        they have to be staged again.

        Args:
            release: The release's name.
            staged_dir: The files to release, and nothing else; gone afterwards.
            sha256: What the files must be: hashes in hexadecimal by path relative to ``staged_dir``. They are compared
                after the files have arrived in the store, so what was checked is what is released.
            before: Called with the directory of the new version just before it becomes current, to keep what has to be
                there with it. What it raises stops the hand-over.

        Returns:
            The directory of the new version.

        Raises:
            InputError: The name is not one, or there is nothing to release.
            RefusedError: The directory holds something other than files and directories, or not the given bytes.
            StoreBusyError: Another hand-over of the same release is under way.
        """
        home = self._home(release)
        if not staged_dir.is_dir() or staged_dir.is_symlink():
            raise InputError(str(staged_dir), release, "no directory", "stage the release's files in one")
        with _locked(home):
            versions = home / "versions"
            _make(versions)
            number = self._number(home)
            _remove_leftovers(home, number)
            files = versions / _INCOMING
            moved = _bring(staged_dir, files)
            try:
                _accept(files, staged_dir, release, sha256)
                files = files.rename(versions / str(number + 1))
                _sync(versions)
                if before is not None:
                    before(files)
                link = home / _NEXT
                link.symlink_to(f"versions/{files.name}")
                link.replace(home / _CURRENT)
            except BaseException:
                if moved and self._number(home) == number:
                    files.rename(staged_dir)
                raise
            _sync(home)
        if not moved:
            shutil.rmtree(staged_dir)
        return files

    def current(self, release: str) -> Path | None:
        """The directory of the current version, or None where nothing has been released.

        Raises:
            InputError: The name is not one.
            StoreDamagedError: ``current`` leads nowhere.
        """
        home = self._home(release)
        number = self._number(home)
        return home / "versions" / str(number) if number else None

    def versions(self, release: str) -> list[Path]:
        """The directories of all released versions, the oldest first and the current one last.

        Raises:
            InputError: The name is not one.
            StoreDamagedError: ``current`` leads nowhere.
        """
        home = self._home(release)
        versions = (home / "versions" / str(number) for number in range(1, self._number(home) + 1))
        return [version for version in versions if version.is_dir()]

    def version(self, release: str, number: int) -> Path | None:
        """The directory of a released version, or None where it is not there.

        Raises:
            InputError: The name is not one.
            StoreDamagedError: ``current`` leads nowhere.
        """
        return next((path for path in self.versions(release) if path.name == str(number)), None)

    def releases(self) -> list[str]:
        """The names of all releases that have a current version, sorted."""
        homes = sorted((self.root / "releases").glob("*")) if self.root.exists() else []
        return [home.name for home in homes if (home / _CURRENT).is_symlink()]

    def _home(self, release: str) -> Path:
        if not _RELEASE.fullmatch(release):
            raise InputError(
                str(self.root), "release", repr(release), "use letters, digits, _ and -, a letter or digit first"
            )
        return self.root / "releases" / release

    @staticmethod
    def _number(home: Path) -> int:
        """The current version's number, 0 where there is none."""
        current = home / _CURRENT
        if not current.is_symlink():
            if current.exists():
                raise StoreDamagedError(f"{current}: not the link that a hand-over leaves; move it away")
            return 0
        target = _TARGET.fullmatch(str(current.readlink()))
        if target is None or not current.is_dir():
            raise StoreDamagedError(f"{current}: does not lead to a version; point it to the newest whole one")
        return int(target[1])


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    _make(home)
    descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
    try:
        busy = False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy = True
        if busy:
            raise StoreBusyError(f"{home}: another hand-over of this release is under way; nothing was changed")
        yield
    finally:
        os.close(descriptor)  # which also unlocks it, as does the end of the process


def _make(directory: Path) -> None:
    """Makes a directory and what is missing above it, durably."""
    if not directory.is_dir():
        _make(directory.parent)
        directory.mkdir(exist_ok=True)
        directory.chmod(_DIRECTORY_MODE)
        _sync(directory.parent)


def _remove_leftovers(home: Path, number: int) -> None:
    """Removes what a hand-over left that did not come to its end."""
    (home / _NEXT).unlink(missing_ok=True)
    for path in (home / "versions").iterdir():
        if path.name == _INCOMING or (path.name.isdigit() and int(path.name) > number):
            shutil.rmtree(path)


def _bring(staged: Path, incoming: Path) -> bool:
    """Brings the files into the store; says whether they were moved (and not copied)."""
    _refuse_odd(staged)
    try:
        staged.rename(incoming)
    except OSError as error:
        import errno

        if error.errno != errno.EXDEV:
            raise
        shutil.copytree(staged, incoming, symlinks=True)
        return False
    return True


def _accept(incoming: Path, staged: Path, release: str, sha256: Mapping[str, str] | None) -> None:
    """Checks what has arrived, opens it to readers, and makes it durable."""
    _refuse_odd(incoming, staged)
    files = [path for path in sorted(incoming.rglob("*")) if path.is_file()]
    if not files:
        raise InputError(str(staged), release, "no files", "stage the release's files there")
    if sha256 is not None:
        names = {path.relative_to(incoming).as_posix(): path for path in files}
        wrong = sorted(names.keys() ^ sha256.keys())
        wrong += [name for name in sorted(names.keys() & sha256.keys()) if _hash(names[name]) != sha256[name].lower()]
        if wrong:
            raise RefusedError(
                f"{staged}: not the files that were checked: {', '.join(wrong)}; {release} stays as it was"
            )
    for path in files:
        path.chmod(_FILE_MODE)
        _sync(path)
    for directory in sorted((path for path in incoming.rglob("*") if path.is_dir()), reverse=True):
        directory.chmod(_DIRECTORY_MODE)
        _sync(directory)
    incoming.chmod(_DIRECTORY_MODE)
    _sync(incoming)


def _refuse_odd(directory: Path, called: Path | None = None) -> None:
    """A link could lead into the restricted store."""
    odd = [path for path in directory.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())]
    if odd:
        names = ", ".join(str(path.relative_to(directory)) for path in sorted(odd))
        raise RefusedError(f"{called or directory}: only plain files can be released, and these are not: {names}")


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
