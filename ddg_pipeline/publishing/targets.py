"""Object stores that a project publishes to: addresses of fsspec, checked, never with a password in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ddg_pipeline.errors import InputError

# In these one object is replaced at once, so that a reader of the pointer sees the old one or the new one. Each with
# the package that has to be installed for it.
PROTOCOLS: Final = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs",
    "file": None, "memory": None,
}  # fmt: skip
KEEP_DEFAULT: Final = 2  # the public version, and the one that readers may just have been sent to
_WITH_ACCOUNT = ("az", "abfs", "abfss")  # container@account: no password
_ADDRESS = re.compile(r"(?P<protocol>[a-z0-9]+)://(?P<rest>[^\s?#\\]+)")
_EXPECTED = (
    "an address such as s3://bucket/folder, gs://bucket/folder, az://container/folder or file:///mnt/bucket, without "
    "name and password; those come from the environment"
)


@dataclass(frozen=True)
class Target:
    """One object store, or a folder in it.

    Attributes:
        url: Its address, which holds no secret.
        keep: How many versions of a release stay, the public one counted.
    """

    url: str
    keep: Literal["all"] | int = KEEP_DEFAULT

    @property
    def protocol(self) -> str:
        """How it is reached."""
        return self.url.partition("://")[0]

    @property
    def local(self) -> Path | None:
        """The directory, of a target that is one on this machine."""
        return Path(self.url.partition("://")[2]) if self.protocol == "file" else None


def parse_target(url: str, keep: Literal["all"] | int, place: str, field: str) -> Target:
    """Check an address.

    Args:
        url: The address.
        keep: How many versions stay.
        place: The file that errors name.
        field: The key that errors name.

    Raises:
        InputError: It is no address of an object store. It may hold a password, so it is not quoted.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None or found["protocol"] not in PROTOCOLS:
        raise InputError(place, field, "something else than an address of an object store", _EXPECTED)
    protocol, rest = found["protocol"], found["rest"].rstrip("/")
    account, at, _ = rest.partition("@")
    if at and (protocol not in _WITH_ACCOUNT or ":" in account or "/" in account):
        raise InputError(place, field, "an address with a name or password in it", _EXPECTED)
    if protocol == "file" and not rest.startswith("/"):
        raise InputError(place, field, "a relative path", "file:/// and a path that begins at the root")
    parts = rest.removeprefix("/").split("/")
    if any(part in ("", ".", "..") or ":" in part or not part.isprintable() for part in parts):
        raise InputError(place, field, "an address with an empty part, a colon or `..` in it", _EXPECTED)
    if protocol == "file":
        rest = str(Path(rest).resolve())
    return Target(f"{protocol}://{rest}", keep)
