"""A PostgreSQL server on loopback, for the tests of several rooms; a plugin of pytest."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server on loopback that asks for a password."""

    port: int
    password: str

    def url(self, *, password: str | None = None, database: str = "postgres") -> str:
        return f"postgresql+psycopg://postgres:{password or self.password}@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql*/bin")]
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).parent)
    binaries = sorted(
        (path for path in candidates if (path / "initdb").exists() and (path / "pg_ctl").exists()),
        key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))],
    )
    if not binaries:
        pytest.skip("no PostgreSQL here: initdb is neither on the PATH nor under /usr/lib/postgresql")
    binary = binaries[-1]
    home = Path(tempfile.mkdtemp(prefix="ddg-pg-"))
    password = "s3cret-password"
    (home / "password").write_text(password)
    as_root = os.geteuid() == 0
    if as_root:  # PostgreSQL does not run as root
        user = pwd.getpwnam("postgres")
        for path in (home, home / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)

    def run(*command: str) -> None:
        words = ["su", "postgres", "-c", shlex.join(command)] if as_root else list(command)
        # to a file: the server inherits it and would keep a pipe open
        with (home / "output").open("ab") as output:
            done = subprocess.run(words, cwd=home, stdout=output, stderr=output, timeout=60)
        assert done.returncode == 0, (home / "output").read_text() + (home / "log").read_text()

    (home / "log").touch()
    if as_root:
        os.chown(home / "log", user.pw_uid, user.pw_gid)
    data = str(home / "data")
    try:
        access = ("-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(home / "password"))
        run(str(binary / "initdb"), "-D", data, *access, "-E", "UTF8", "--locale=C", "--no-sync")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = f"-p {port} -k {shlex.quote(str(home))} -h 127.0.0.1 -c fsync=off"
        run(str(binary / "pg_ctl"), "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield Postgres(port, password)
        finally:
            run(str(binary / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)
