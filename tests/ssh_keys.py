"""Real SSH keys for tests, made by ssh-keygen."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def keygen(*arguments: object, data: bytes = b"") -> bytes:
    """Run ssh-keygen; it has to succeed."""
    return subprocess.run(["ssh-keygen", *map(str, arguments)], input=data, capture_output=True, check=True).stdout


def make_key(path: Path, passphrase: str = "", kind: str = "ed25519") -> Path:
    """Make a key and its public half beside it."""
    keygen("-q", "-t", kind, "-N", passphrase, "-f", path, "-C", "")
    return path


def allowed(path: Path, *lines: tuple[str, Path]) -> Path:
    """Write a file of allowed signers: who, with options, and whose public key."""
    texts = [f"{who} {key.with_name(f'{key.name}.pub').read_text().strip()}\n" for who, key in lines]
    path.write_text("".join(texts))
    return path


@contextmanager
def agent_with(key: Path, passphrase: str = "") -> Iterator[str]:
    """Run an agent of our own that holds a key; gives its socket."""
    with tempfile.TemporaryDirectory(prefix="agent-") as directory:  # a short path, as sockets need
        socket = f"{directory}/socket"
        started = subprocess.run(["ssh-agent", "-c", "-a", socket], capture_output=True, check=True, text=True).stdout
        pid = started.split("SSH_AGENT_PID ")[1].split(";")[0]
        environment = os.environ | {"SSH_AUTH_SOCK": socket, "SSH_AGENT_PID": pid}
        try:
            tell = Path(directory, "tell")
            tell.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
            tell.chmod(0o700)
            asking = environment | {"SSH_ASKPASS": str(tell), "SSH_ASKPASS_REQUIRE": "force"}
            subprocess.run(["ssh-add", "-q", str(key)], env=asking, check=True, capture_output=True)
            yield socket
        finally:
            subprocess.run(["ssh-agent", "-k"], env=environment, check=True, capture_output=True)
