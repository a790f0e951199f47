"""The log of approvals: lines are added to it, and every reading shows whether any was changed, moved or lost.

    <log>         one JSON object a line; each holds the hash of the line before
    <log>.head    how many lines there are, and the hash of the last one, so that none can be cut off at the end
    <log>.lock    readers share it, a writer has it alone

A line is written into the head first, and then added to the log. So a crash at any moment loses nothing: what the head
announces counts, and the next writer completes the line if it is half there. Anything else that is not exactly what was
written is damage, and nothing that rests on the log goes on until somebody has looked.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.quality.certificate_form import Sha256
from ddg_pipeline.quality.hashing import sha256_of_bytes
from ddg_pipeline.review.statements import Approval, Record, Revocation, StandingApproval, canonical

NOTHING_BEFORE: Final = "0" * 64
_OTHERS_WRITE: Final = 0o022
_DIRECTORY_MODE, _FILE_MODE = 0o700, 0o600


class LogDamagedError(RefusedError):
    """The log of approvals is not what was written."""


@dataclass(frozen=True)
class History:
    """Everything that was said, in order.

    Attributes:
        records: The lines of the log.
        hashes: The SHA-256 of each.
    """

    records: tuple[Record, ...] = ()
    hashes: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The hash of the last line; zeros where there is none."""
        return self.hash_after(len(self.hashes))

    def hash_after(self, entries: int) -> str:
        """Give the hash of the log as it was when it had so many lines.

        Raises:
            IndexError: It never had so many.
        """
        if entries > len(self.hashes):
            raise IndexError(entries)
        return self.hashes[entries - 1] if entries else NOTHING_BEFORE

    def of(self, releases: Collection[str], role: str) -> tuple[Record, ...]:
        """Give what was said in a role about a release, under any of its names, in order."""
        return tuple(one for one in self.records if one.statement.release in releases and one.statement.role == role)


class _Head(BaseModel):
    """What the file beside the log says.

    Attributes:
        version: The form of this file.
        entries: How many lines the log has.
        head: SHA-256 of the last one.
        next: The line that is being added; it counts.
        seal: SHA-256 of everything else in this file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    version: Literal[1] = 1
    entries: Annotated[int, Field(ge=0)]
    head: Sha256
    next: str | None = None
    seal: str = ""

    def to_bytes(self) -> bytes:
        sealed = {**self.model_dump(exclude={"seal"}), "seal": self.sealed().seal}
        return canonical(sealed) + b"\n"

    def sealed(self) -> _Head:
        return self.model_copy(update={"seal": sha256_of_bytes(canonical(self.model_dump(exclude={"seal"})))})


class ApprovalLog:
    """The log in a file.

    Args:
        path: The file; made, with its directory, by the first entry.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head_path = path.with_name(f"{path.name}.head")
        self._lock_path = path.with_name(f"{path.name}.lock")

    @contextmanager
    def reading(self) -> Iterator[History]:
        """Read the whole log, verified; for the length of the block nobody adds to it.

        Raises:
            LogDamagedError: It is not what was written.
            RefusedError: Others may write it.
            InputError: It cannot be read.
        """
        if not self.path.parent.exists():  # nobody ever said anything
            yield History()
            return
        with self._locked(fcntl.LOCK_SH):
            with self._accessible():
                history, _ = self._read()
            yield history

    def append(
        self,
        statement: Approval | StandingApproval | Revocation,
        signature: str | None = None,
        *,
        check: Callable[[History], None] | None = None,
        on_wait: Callable[[], None] | None = None,
    ) -> Record:
        """Add what somebody says, durably.

        Args:
            statement: What is said.
            signature: Its signature, if it has one.
            check: Called with the history just before, while nobody else can add; what it raises stops this.
            on_wait: Called once, if a publication or another writer has to end first.

        Raises:
            LogDamagedError: The log is not what was written; nothing is added.
            RefusedError: Others may write it.
            InputError: It cannot be written.
        """
        with self._accessible():
            self.path.parent.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        with self._locked(fcntl.LOCK_EX, on_wait), self._accessible():
            history, missing = self._read()
            if missing:  # what a crash left half done
                self._add(missing)
            if check is not None:
                check(history)
            entries = len(history.records)
            record = Record(number=entries + 1, previous=history.head, statement=statement, signature=signature)
            line = record.to_line()
            _parse(line, record.number, history.head, self._damaged)  # what we write we can read
            size = self.path.stat().st_size if self.path.exists() else 0
            self._write_head(_Head(entries=entries, head=history.head, next=line.decode("utf-8")))
            try:
                self._add(line + b"\n")
            except OSError:
                self._undo(size, _Head(entries=entries, head=history.head))
                raise
            with suppress(OSError):  # the line is there, and announced: it counts, and the next writer puts this right
                self._write_head(_Head(entries=entries + 1, head=sha256_of_bytes(line)))
        return record

    def _read(self) -> tuple[History, bytes]:
        """Read and verify; give also what of the announced line is not yet in the log."""
        data, head_data = self._bytes_of(self.path), self._bytes_of(self.head_path)
        if head_data is None:
            if data is None:
                return History(), b""
            raise self._damaged(f"{self.head_path.name}, which says how many entries there are, is missing")
        head = self._head(head_data)
        rest = data or b""
        records: list[Record] = []
        hashes: list[str] = []
        for number in range(1, head.entries + 1):
            line, end, rest = rest.partition(b"\n")
            if not end:
                cut = "half written, or cut" if line else "missing"
                raise self._damaged(f"entry {number} of {head.entries} is {cut}")
            self._take(line, records, hashes)
        if (hashes[-1] if hashes else NOTHING_BEFORE) != head.head:
            raise self._damaged(f"entry {head.entries} is not the one that was written")
        missing = b""
        if head.next is not None:
            announced = head.next.encode("utf-8")
            if not (announced + b"\n").startswith(rest):
                raise self._damaged(f"after entry {head.entries} stands something else than what was being written")
            self._take(announced, records, hashes)
            missing = (announced + b"\n")[len(rest) :]
        elif rest:
            raise self._damaged(f"after entry {head.entries}, the last one, stands something more")
        said: set[str] = set()
        for record in records:
            if record.statement.id in said:
                raise self._damaged(f"entry {record.number} repeats an earlier one")
            said.add(record.statement.id)
        return History(tuple(records), tuple(hashes)), missing

    def _take(self, line: bytes, records: list[Record], hashes: list[str]) -> None:
        record = _parse(line, len(records) + 1, hashes[-1] if hashes else NOTHING_BEFORE, self._damaged)
        records.append(record)
        hashes.append(sha256_of_bytes(line))

    def _head(self, data: bytes) -> _Head:
        try:
            head = _Head.model_validate_json(data)
        except ValidationError:
            raise self._damaged(f"{self.head_path.name} is not what was written") from None
        if head.to_bytes() != data:
            raise self._damaged(f"{self.head_path.name} is not what was written")
        return head

    def _add(self, data: bytes) -> None:
        new = not self.path.exists()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, _FILE_MODE)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            _sync(self.path.parent)

    def _undo(self, size: int, head: _Head) -> None:
        """Take back a line that could not be added whole; where even that fails, the line counts as announced."""
        with suppress(OSError):
            if self.path.exists():
                os.truncate(self.path, size)
            self._write_head(head)

    def _write_head(self, head: _Head) -> None:
        descriptor, name = tempfile.mkstemp(prefix=f"{self.head_path.name}.", dir=self.path.parent)  # mode 0600
        written = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(head.to_bytes())
                file.flush()
                os.fsync(file.fileno())
            written.replace(self.head_path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise
        _sync(self.path.parent)

    def _bytes_of(self, path: Path) -> bytes | None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._damaged(f"{path.name} is a link") from None
            raise
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) or mode & _OTHERS_WRITE:
                raise RefusedError(f"{path}: others may write it; make it yours alone (chmod 600), and check it")
            return file.read()

    def _damaged(self, what: str) -> LogDamagedError:
        return LogDamagedError(
            f"{self.path}: not the log that was written: {what}. No approval counts until it is put back as it was, "
            "with its .head, from a backup; find out who changed it"
        )

    @contextmanager
    def _locked(self, kind: int, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        with self._accessible():
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        try:
            with self._accessible():
                try:
                    fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                except BlockingIOError:
                    if on_wait is not None:
                        on_wait()
                    fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)  # which also unlocks it, as does the end of the process

    @contextmanager
    def _accessible(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            found = error.strerror or "not accessible"
            raise InputError(str(self.path), "review.log", found, "a file that can be read and written") from None


def _parse(line: bytes, number: int, previous: str, damaged: Callable[[str], LogDamagedError]) -> Record:
    try:
        record = Record.model_validate_json(line)
    except ValidationError:
        raise damaged(f"entry {number} is none that this version can read") from None
    if record.to_line() != line or record.number != number or record.previous != previous:
        raise damaged(f"entry {number} was changed or moved, or the one before it was")
    return record


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
