"""Small restricted files beside the database, encrypted with the store's key where there is one.

AES-256-GCM of the library `cryptography`, with a nonce from the operating system for each file and a key derived from
the store's, so that neither this nor DuckDB's use of it tells anything about the other.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse.encryption import Encryption, Key
from ddg_pipeline.warehouse.private import FILE_MODE, write_durably

_MARK: Final = b"DDG sealed 1\n"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


@dataclass(frozen=True)
class SealedFiles:
    """Reads and writes such files.

    Args:
        encryption: Where the key is; None for plain files.
    """

    encryption: Encryption | None

    def write(self, path: Path, data: bytes) -> None:
        """Writes a file that only its owner may read, whole or not at all."""
        write_privately(path, data if self.encryption is None else seal(data, self.encryption.key()))

    def read(self, path: Path) -> bytes:
        """Reads a file.

        Raises:
            OSError: It is not there, or cannot be read.
            InputError: It is sealed and there is no key, or the other way round, or the key is another.
        """
        data = path.read_bytes()
        if self.encryption is None:
            if is_sealed(data):
                expected = "configure the store's key in ddg.yaml"
                raise InputError(str(path), "file", "a sealed file, and no key is configured", expected)
            return data
        if not is_sealed(data):
            expected = "seal it with `ddg store encrypt`"
            raise InputError(str(path), "file", "a file that is not sealed, and a key is configured", expected)
        return unseal(data, self.encryption.key(), path)


def is_sealed(data: bytes) -> bool:
    """Whether bytes are a sealed file's."""
    return data.startswith(_MARK)


def seal(data: bytes, key: Key) -> bytes:
    """Encrypts bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return _MARK + nonce + AESGCM(_derived(key)).encrypt(nonce, data, _MARK)


def unseal(data: bytes, key: Key, path: Path) -> bytes:
    """Decrypts bytes.

    Raises:
        InputError: The key is another, or the file was changed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, text = data[len(_MARK) : len(_MARK) + _NONCE_BYTES], data[len(_MARK) + _NONCE_BYTES :]
    try:
        return AESGCM(_derived(key)).decrypt(nonce, text, _MARK)
    except (InvalidTag, ValueError):
        found = "a sealed file that this key does not open, or that was changed"
    raise InputError(str(path), "file", found, "give it the store's own key, or have it made again")


def write_privately(path: Path, data: bytes) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    write_durably(path, data, FILE_MODE)


def _derived(key: Key) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"ddg_pipeline: sealed files").derive(key.secret.encode())
