"""Receipts: on the strength of which log each release was published, kept apart from that log.

    <directory>/<release>/<certificate>.json

A log that was cut, or written anew with a chain of its own, no longer has the hash that a receipt holds.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.quality.certificate_form import Sha256
from ddg_pipeline.review.decisions import ReleaseReview
from ddg_pipeline.review.log import History, LogDamagedError

_DIRECTORY_MODE, _FILE_MODE = 0o700, 0o600


class PublicationReceipt(BaseModel):
    """What a publication rested on.

    Attributes:
        version: The form of this file.
        release: The release.
        certificate: The hash of its certificate.
        entries: How many entries the log of approvals had.
        head: The hash of the last one.
        at: When, UTC.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    version: Literal[1] = 1
    release: str
    certificate: Sha256
    entries: Annotated[int, Field(ge=1)]
    head: Sha256
    at: dt.datetime


class Receipts:
    """All receipts of a project.

    Args:
        directory: Where they are; need not be there.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def keep(self, reviews: list[ReleaseReview], history: History) -> None:
        """Keep, just before releases are published, on what that rests; releases that nobody has to approve need none.

        Raises:
            InputError: They cannot be written.
        """
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        try:
            for review in reviews:
                if review.roles:
                    entries = len(history.records)
                    receipt = PublicationReceipt(
                        release=review.release,
                        certificate=review.certificate,
                        entries=entries,
                        head=history.head,
                        at=now,
                    )
                    self._write(receipt)
        except OSError as error:
            found = error.strerror or "not writable"
            raise InputError(str(self.directory), "the directory", found, "a directory that can be written") from None

    def check(self, history: History, log: Path) -> None:
        """Make sure that the log goes on from what every publication rested on.

        Raises:
            LogDamagedError: It does not.
            RefusedError: A receipt cannot be read.
        """
        for path in sorted(self.directory.glob("*/*.json")):
            receipt = self._read(path)
            try:
                same = history.hash_after(receipt.entries) == receipt.head
            except IndexError:
                same = False
            if not same:
                raise LogDamagedError(
                    f"{log}: not the log that {receipt.release} was published by on {receipt.at:%Y-%m-%d}: entries up "
                    f"to {receipt.entries} were changed or lost since ({path} tells their hash). No approval counts "
                    "until it is put back as it was, with its .head, from a backup; find out who changed it"
                )

    def published(self, release: str) -> tuple[str, ...]:
        """Give the hashes of the certificates of a release that were published."""
        return tuple(sorted(path.stem for path in (self.directory / release).glob("*.json")))

    def _write(self, receipt: PublicationReceipt) -> None:
        directory = self.directory / receipt.release
        directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        path = directory / f"{receipt.certificate}.json"
        being_written = path.with_suffix(".new")
        descriptor = os.open(being_written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            text = json.dumps(receipt.model_dump(mode="json"), indent=2, sort_keys=True)
            file.write(f"{text}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        being_written.replace(path)

    def _read(self, path: Path) -> PublicationReceipt:
        try:
            return PublicationReceipt.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise RefusedError(f"{path}: not a receipt of a publication; find out who changed it") from None
