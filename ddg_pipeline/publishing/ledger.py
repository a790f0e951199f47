"""The ledger: every version of every release that is public, or was, with its certificate, when and where.

    <public>/ledger/<release>/<version>.json     a version that this tool released
    <public>/ledger/<release>/imported-<n>.json  a table that was published before there was this tool, or beside it
    <public>/ledger/<release>/imported-<n>.csv   its figures
    <public>/ledger/<release>/retracted.json     while the release is withdrawn: since when, and why

What is here is known to readers, and never forgotten: an entry is written before a version becomes public, so that no
crash can leave something public that the ledger does not know of, and it stays when the version is withdrawn.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ddg_pipeline.errors import InputError
from ddg_pipeline.quality.certificate_form import Sha256, Word
from ddg_pipeline.quality.hashing import sha256_of_bytes
from ddg_pipeline.warehouse.private import write_durably

_IMPORTED: Final = re.compile(r"imported-([1-9][0-9]*)")
_NUMBER: Final = re.compile(r"[1-9][0-9]*")
_RETRACTED: Final = "retracted.json"
_FILE_MODE: Final = 0o644

_Kind = TypeVar("_Kind", bound=BaseModel)
What = Literal["publishing", "published", "withdrawn"]
SmallCounts = Literal["refuse", "accept"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublicEvent(_Strict):
    """Something that happened to a version.

    Attributes:
        what: ``publishing`` just before it becomes public at a place; ``published`` once it is; ``withdrawn`` once it
            is not any more.
        at: When, UTC, to the second.
        where: The place: a folder, an address.
        note: Why, where somebody said so.
    """

    what: What
    at: dt.datetime
    where: str = ""
    note: str = ""


class PublicVersion(_Strict):
    """One version that is public, or was.

    Attributes:
        release: The release.
        version: Its number in the public store; 0 of an imported table.
        imported: The number of an imported table; 0 of a version that this tool released.
        certificate: SHA-256 of its certificate; of an imported table, of its bytes and of which rows are meant.
        issued_at: When it passed the gate; of an imported table, when it was published.
        at: Of an imported table, the one category to look at in each column that the release does not have.
        small_counts: What to do where it shows a count that is small now, as under `already_public` of a contract.
        events: What happened to it, the oldest first.
    """

    release: Word
    version: int = Field(ge=0)
    imported: int = Field(default=0, ge=0)
    certificate: Sha256
    issued_at: dt.datetime
    at: dict[str, str] = {}
    small_counts: SmallCounts = "refuse"
    events: tuple[PublicEvent, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.release} version {self.version}" if self.version else f"{self.release} imported {self.imported}"

    @property
    def is_public(self) -> bool:
        """Whether it is public now, as far as this tool knows; a newer version in its place makes no difference."""
        return not self.events or self.events[-1].what in ("publishing", "published")

    @property
    def public_at(self) -> set[str]:
        """The places where it was made public since it was last withdrawn."""
        since = max((at for at, event in enumerate(self.events, start=1) if event.what == "withdrawn"), default=0)
        return {event.where for event in self.events[since:] if event.what == "published"}

    @property
    def where(self) -> list[str]:
        """The places where it was made public, each once."""
        return list(dict.fromkeys(event.where for event in self.events if event.what == "published" and event.where))


class Retraction(_Strict):
    """That a release is withdrawn: nothing of it is published until that is lifted.

    Attributes:
        at: Since when, UTC.
        reason: Why.
    """

    at: dt.datetime
    reason: str = Field(min_length=1)


class Ledger:
    """The ledger of a public store.

    Args:
        root: The public store's directory.
    """

    def __init__(self, root: Path) -> None:
        self._home = root / "ledger"

    def versions(self, release: str) -> list[PublicVersion]:
        """Give what is public of a release, or was, the oldest first; imported tables before all others.

        Raises:
            InputError: An entry cannot be read: what is public is then not known.
        """
        found = []
        for path in sorted((self._home / release).glob("*.json")):
            if _NUMBER.fullmatch(path.stem) or _IMPORTED.fullmatch(path.stem):
                found.append(_read(path, PublicVersion))
        return sorted(found, key=lambda one: (one.version > 0, one.version, one.imported))

    def releases(self) -> list[str]:
        """Give the names of all releases in the ledger, sorted."""
        return sorted(path.name for path in self._home.glob("*") if path.is_dir())

    def record(
        self,
        release: str,
        version: int,
        *,
        certificate: str,
        issued_at: dt.datetime,
        what: What,
        where: str = "",
        note: str = "",
    ) -> PublicVersion:
        """Note what happens to a version, durably before this returns; the same thing twice in a row is noted once.

        Raises:
            InputError: The ledger has that version with another certificate, or cannot be read or written.
        """
        path = self._home / release / f"{version}.json"
        with self._locked(release):
            entry = PublicVersion(release=release, version=version, certificate=certificate, issued_at=issued_at)
            if path.exists():
                known = _read(path, PublicVersion)
                if known.certificate != certificate:
                    found = f"version {version} with another certificate than the one that is to be published"
                    raise InputError(str(path), "certificate", found, "the public store that this ledger belongs to")
                entry = known
            event = PublicEvent(what=what, at=_now(), where=where, note=note)
            last = entry.events[-1] if entry.events else None
            if last is not None and (last.what, last.where, last.note) == (what, where, note):
                return entry
            entry = entry.model_copy(update={"events": (*entry.events, event)})
            _write(path, entry)
            return entry

    def is_published(self, release: str, version: int, certificate: str, where: str) -> bool:
        """Say whether a version is noted as public at a place, and nothing has happened to it since.

        Raises:
            InputError: The ledger cannot be read.
        """
        return any(
            one.version == version and one.certificate == certificate and one.is_public and where in one.public_at
            for one in self.versions(release)
        )

    def import_table(
        self,
        release: str,
        data: bytes,
        *,
        published_at: dt.datetime,
        where: str = "",
        at: Mapping[str, str] | None = None,
        small_counts: SmallCounts = "refuse",
    ) -> PublicVersion:
        """Take up a table that was published before; the same bytes twice are one.

        Raises:
            InputError: The ledger cannot be read or written.
        """
        certificate = _imported_hash(data, at or {})
        with self._locked(release):
            known = [one for one in self.versions(release) if one.imported]
            same = [one for one in known if one.certificate == certificate]
            if same:
                return same[0]
            number = max((one.imported for one in known), default=0) + 1
            event = PublicEvent(what="published", at=published_at, where=where)
            entry = PublicVersion(
                release=release,
                version=0,
                imported=number,
                certificate=certificate,
                issued_at=published_at,
                at=dict(at or {}),
                small_counts=small_counts,
                events=(event,),
            )
            home = self._home / release
            with _writable(home):
                write_durably(home / f"imported-{number}.csv", data, _FILE_MODE)  # before the entry that names it
            _write(home / f"imported-{number}.json", entry)
            return entry

    def accept_small_counts(self, entry: PublicVersion, note: str) -> PublicVersion:
        """Note that the small counts which a version shows are lost; the others are protected from whoever knows them.

        Raises:
            InputError: The ledger cannot be read or written.
        """
        with self._locked(entry.release):
            path = self._home / entry.release / f"{entry.version or f'imported-{entry.imported}'}.json"
            last = entry.events[-1] if entry.events else PublicEvent(what="published", at=entry.issued_at)
            event = PublicEvent(what=last.what, at=_now(), where=last.where, note=note)
            entry = _read(path, PublicVersion)
            entry = entry.model_copy(update={"small_counts": "accept", "events": (*entry.events, event)})
            _write(path, entry)
            return entry

    def imported_bytes(self, entry: PublicVersion) -> bytes:
        """Give the bytes of an imported table.

        Raises:
            InputError: They are not there, or not those that were imported.
        """
        path = self._home / entry.release / f"imported-{entry.imported}.csv"
        try:
            data = path.read_bytes()
        except OSError as error:
            found = error.strerror or "not readable"
            raise InputError(str(path), "file", found, "the table that was imported") from None
        if _imported_hash(data, entry.at) != entry.certificate:
            raise InputError(str(path), "file", "other bytes than were imported", "the table that was imported")
        return data

    def retraction(self, release: str) -> Retraction | None:
        """Say whether a release is withdrawn.

        Raises:
            InputError: The note of it cannot be read.
        """
        path = self._home / release / _RETRACTED
        return _read(path, Retraction) if path.exists() else None

    def retract(self, release: str, reason: str) -> Retraction:
        """Note that a release is withdrawn; the first reason stays.

        Raises:
            InputError: The ledger cannot be read or written.
        """
        with self._locked(release):
            known = self.retraction(release)
            if known is not None:
                return known
            retraction = Retraction(at=_now(), reason=reason)
            _write(self._home / release / _RETRACTED, retraction)
            return retraction

    def lift(self, release: str) -> bool:
        """Let a withdrawn release be published again; False if it was not withdrawn."""
        with self._locked(release):
            path = self._home / release / _RETRACTED
            there = path.exists()
            path.unlink(missing_ok=True)
            return there

    @contextmanager
    def _locked(self, release: str) -> Iterator[None]:
        """Let one process at a time write about a release."""
        home = self._home / release
        with _writable(home):
            home.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(home / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _imported_hash(data: bytes, at: Mapping[str, str]) -> str:
    return sha256_of_bytes(data + json.dumps(dict(at), sort_keys=True).encode() if at else data)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def _read(path: Path, kind: type[_Kind]) -> _Kind:
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        fields = sorted({".".join(map(str, one["loc"])) or "the whole" for one in error.errors()})
        found = f"something else than this tool writes: {', '.join(fields)}"
        raise InputError(str(path), "entry", found, "the file from a backup: it says what readers know") from None
    except OSError as error:
        raise InputError(str(path), "entry", error.strerror or "not readable", "a file that can be read") from None


def _write(path: Path, entry: BaseModel) -> None:
    with _writable(path.parent):
        write_durably(path, (entry.model_dump_json(indent=2) + "\n").encode(), _FILE_MODE)


@contextmanager
def _writable(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        found = error.strerror or "not writable"
        raise InputError(str(directory), "the ledger", found, "a directory that can be written, with room") from None
