"""The key of the restricted store: where it comes from, and what is asked of it.

A key is never written anywhere. What travels, to dbt's process too, is the name of the place that it is read from.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from ddg_pipeline.errors import InputError, RefusedError

KEY_FROM_VARIABLE: Final = "DDG_RESTRICTED_KEY_FROM"
"""The environment variable that tells dbt's process where the key is, as ``variable NAME`` or ``file PATH``."""
CRYPTO_VARIABLE: Final = "DDG_RESTRICTED_CRYPTO"
"""The environment variable that tells it which module may encrypt."""

Crypto = Literal["any", "openssl"]

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FEWEST_CHARACTERS: Final = 22  # 128 random bits in base64
_FEWEST_DIFFERENT: Final = 8
_HOW: Final = "make one with `openssl rand -base64 32`"
_OTHERS: Final = 0o077


@dataclass(frozen=True)
class Key:
    """A key; what prints, logs or compares it sees nothing of it."""

    secret: str = field(repr=False)


@dataclass(frozen=True)
class Encryption:
    """How the restricted store is encrypted.

    Attributes:
        place: The file that declares it, as errors name it.
        kind: Whether the key is read from an environment ``variable`` or from a ``file``.
        name: The variable's name, or the file's path.
        crypto: ``openssl`` accepts only OpenSSL, which DuckDB has in its extension httpfs; ``any`` takes DuckDB's own
            module where that is not installed.
    """

    place: str
    kind: Literal["variable", "file"]
    name: str
    crypto: Crypto = "any"

    @classmethod
    def from_variable(cls, place: str, text: str, crypto: Crypto = "any") -> Encryption:
        """Reads what is declared as ``restricted_key``.

        Raises:
            InputError: It is not exactly one ``${VARIABLE}``. What stands there may be a key, so it is not quoted.
        """
        found = _VARIABLE.fullmatch(text.strip())
        if found is None:
            expected = "write one variable of the environment, as in ${DDG_RESTRICTED_KEY}; a key does not belong here"
            raise InputError(place, "restricted_key", "something else than a variable", expected)
        return cls(place, "variable", found[1], crypto)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Encryption | None:
        """Reads back what :meth:`environment` tells; None where the store is not encrypted."""
        kind, _, name = environment.get(KEY_FROM_VARIABLE, "").partition(" ")
        crypto: Crypto = "openssl" if environment.get(CRYPTO_VARIABLE) == "openssl" else "any"
        if kind == "variable":
            return cls("environment", "variable", name, crypto)
        return cls("environment", "file", name, crypto) if kind == "file" else None

    def environment(self) -> dict[str, str]:
        """What another process needs to find the key: its place, never the key."""
        return {KEY_FROM_VARIABLE: f"{self.kind} {self.name}", CRYPTO_VARIABLE: self.crypto}

    def key(self) -> Key:
        """Reads the key.

        Raises:
            InputError: There is none, or it is too short to be one.
            RefusedError: Others may read the file that it stands in.
        """
        if self.kind == "variable":
            where, secret = f"the environment variable {self.name}", os.environ.get(self.name, "").strip()
            missing = "not set"
        else:
            where, secret, missing = self.name, self._from_file(), "empty"
        if not secret:
            raise InputError(self.place, where, f"no key: it is {missing}", f"give it the store's key; {_HOW}")
        if len(secret) < _FEWEST_CHARACTERS or len(set(secret)) < _FEWEST_DIFFERENT:
            raise InputError(
                self.place, where, "a key that can be guessed", f"{_FEWEST_CHARACTERS} random characters; {_HOW}"
            )
        return Key(secret)

    def _from_file(self) -> str:
        path = Path(self.name)
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            text = path.read_text(encoding="ascii")
        except OSError as error:
            found = f"a key file that cannot be read ({error.strerror})"
            raise InputError(self.place, str(path), found, "bring it there, readable by its owner only") from None
        except UnicodeDecodeError:
            raise InputError(self.place, str(path), "a key file that is not text", _HOW) from None
        if mode & _OTHERS:
            raise RefusedError(f"{path}: others may read this key (mode {mode:o}); close it: chmod 600 {path}")
        return text.strip()
