"""An object store through fsspec: few operations, each tried again, and no message of a library passed on.

What a library says can hold addresses with signatures, account names and parts of requests; so errors name the kind of
exception only.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.targets import PROTOCOLS, Target

_Result = TypeVar("_Result")
_JSON, _FRESH = "application/json", "no-cache"
# a pointer must not be answered from a cache: Google's default lets public objects be kept for an hour
_POINTER_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "s3fs": {"ContentType": _JSON, "CacheControl": _FRESH},
    "gcsfs": {"content_type": _JSON, "fixed_key_metadata": {"cache_control": _FRESH}},
}
_NOT_AGAIN = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, ImportError, TypeError)


@dataclass(frozen=True)
class Patience:
    """How often something is tried, and how long is waited in between.

    Attributes:
        attempts: How often, the first time counted.
        first: Seconds before the second attempt; twice as long before each further one, with some chance in it.
        longest: Seconds at most.
        sleep: What waits.
    """

    attempts: int = 5
    first: float = 1.0
    longest: float = 30.0
    sleep: Callable[[float], None] = time.sleep


class ObjectStore:
    """One target. Paths are relative to it, with ``/`` between their parts.

    Args:
        target: The target.
        patience: How often something is tried.
    """

    def __init__(self, target: Target, patience: Patience | None = None) -> None:
        self.target = target
        self._patience = patience or Patience()
        self._fs, self._root = self._do("the store", _opened, target)

    def read(self, path: str) -> bytes | None:
        """Read an object; None where there is none.

        Raises:
            InputError: The store does not answer, or does not let us.
        """
        return self._do(path, self._read, path)

    def names(self, prefix: str) -> list[str]:
        """List the objects below a prefix, relative to it, sorted.

        Raises:
            InputError: As for `read`.
        """
        return self._do(prefix, self._names, prefix)

    def download(self, path: str, to: Path) -> None:
        """Fetch an object into a file.

        Raises:
            InputError: As for `read`, or it is not there.
        """
        self._do(path, self._fs.get_file, self._at(path), str(to))

    def upload(self, source: Path, path: str) -> None:
        """Write an object from a file, in parts where it is large.

        Raises:
            InputError: As for `read`.
        """
        if self.target.local is not None:
            self._do(path, self._write_local, path, source)
        else:
            self._do(path, self._fs.put_file, str(source), self._at(path))

    def replace(self, path: str, data: bytes) -> None:
        """Replace a small object at once: a reader sees the old one or the new one.

        Raises:
            InputError: As for `read`; whether it was replaced is not known.
        """
        if self.target.local is not None:
            self._do(path, self._write_local, path, data)
        else:
            headers = _POINTER_HEADERS.get(PROTOCOLS[self.target.protocol] or "", {})
            self._do(path, lambda: self._fs.pipe_file(self._at(path), data, **headers))

    def remove(self, prefix: str) -> None:
        """Remove everything below a prefix, or one object.

        Raises:
            InputError: As for `read`.
        """
        self._do(prefix, self._remove, prefix)

    def _do(self, what: str, call: Callable[..., _Result], *args: Any) -> _Result:
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

        patience = self._patience
        again = Retrying(
            stop=stop_after_attempt(patience.attempts),
            wait=wait_exponential_jitter(initial=patience.first, max=patience.longest),
            retry=retry_if_exception(lambda error: isinstance(error, Exception) and not isinstance(error, _NOT_AGAIN)),
            reraise=True,
            sleep=patience.sleep,
        )
        try:
            return again(call, *args)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library raises; it may hold what must not be shown
            problem = self._problem(what, error)
        raise problem  # outside: the exception would be shown as this one's context

    def _problem(self, what: str, error: Exception) -> InputError:
        package = PROTOCOLS[self.target.protocol]
        if isinstance(error, ImportError):
            return InputError(self.target.url, what, f"no package {package}", f"install {package} beside ddg_pipeline")
        if isinstance(error, PermissionError):
            expected = "credentials in the environment that may read, write, list and delete there"
            return InputError(self.target.url, what, "no permission", expected)
        found = "nothing there" if isinstance(error, FileNotFoundError) else f"no answer ({type(error).__name__})"
        return InputError(self.target.url, what, found, "a bucket or folder that is there, and answers; then run again")

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _read(self, path: str) -> bytes | None:
        try:
            return bytes(self._fs.cat_file(self._at(path)))
        except FileNotFoundError:
            return None

    def _names(self, prefix: str) -> list[str]:
        self._fs.invalidate_cache()
        base = self._fs._strip_protocol(self._at(prefix))  # noqa: SLF001 - how fsspec spells what `find` returns
        try:
            found = self._fs.find(base)
        except FileNotFoundError:
            return []
        names = (str(name).removeprefix(f"{base}/") for name in found if str(name).startswith(f"{base}/"))
        return sorted(name for name in names if name and not name.endswith("/"))

    def _remove(self, prefix: str) -> None:
        self._fs.invalidate_cache()
        try:
            self._fs.rm(self._at(prefix), recursive=True)
        except FileNotFoundError:
            return  # somebody, or an earlier run, did it already

    def _write_local(self, path: str, data: Path | bytes) -> None:
        """Write beside and rename: fsspec writes in place, where readers would see half of it."""
        if not Path(self._root).is_dir():
            raise FileNotFoundError(self._root)  # a bucket that is not mounted: not the place below it
        final = Path(self._at(path))
        made = final.parent
        above = []
        while not made.is_dir():
            above.append(made)
            made = made.parent
        for directory in reversed(above):
            directory.mkdir(exist_ok=True)
            directory.chmod(0o755)  # readers' ways lead through it, whatever the umask
        descriptor, name = tempfile.mkstemp(dir=final.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                if isinstance(data, bytes):
                    stream.write(data)
                else:
                    with data.open("rb") as source:
                        shutil.copyfileobj(source, stream)
                stream.flush()
                os.fchmod(stream.fileno(), 0o644)
                os.fsync(stream.fileno())
            Path(name).replace(final)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        directory_descriptor = os.open(final.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory_descriptor)
        finally:
            os.close(directory_descriptor)


def _opened(target: Target) -> tuple[Any, str]:
    import fsspec

    # nothing of earlier listings and sessions: what is read back has to come from the store
    filesystem, root = fsspec.core.url_to_fs(target.url, use_listings_cache=False, skip_instance_cache=True)
    return filesystem, str(root).rstrip("/")
