"""A real CKAN on loopback: PostgreSQL and Redis of this machine, CKAN in its own environment, a stand-in for Solr.

Ports are free ones, everything lies in a directory that is removed afterwards, and what was started is ended by its id.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import tenacity

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "DDG_CKAN_VENV"
PASSWORD = "only-on-loopback-1"
ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class CkanServer:
    """A CKAN that answers.

    Attributes:
        url: Where.
        token: A token of an administrator; what publishes gets an editor's.
        log: What it writes.
    """

    url: str
    token: str
    log: Path


def ckan_venv() -> Path:
    """Give the environment that CKAN runs in: `make ckan` makes it."""
    return Path(os.environ.get(ENVIRONMENT) or ROOT / "var" / "ckan" / "venv")


def missing() -> str:
    """Say what is not there for a CKAN to run; empty if everything is."""
    if _postgresql() is None:
        return "no PostgreSQL here: initdb is neither on the PATH nor under /usr/lib/postgresql"
    if shutil.which("redis-server") is None:
        return "no Redis here: redis-server is not on the PATH"
    if not (ckan_venv() / "bin" / "ckan").exists():
        return f"no CKAN in {ckan_venv()}: `make ckan` makes an environment for it; {ENVIRONMENT} names another"
    return ""


@contextmanager
def running() -> Iterator[CkanServer]:
    """Run a CKAN for the length of a block, empty but for its administrator; `missing` has been asked before."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="ddg-ckan-server-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        home.chmod(0o755)  # PostgreSQL's user looks into it
        ports = _Ports(*_free_ports(4))
        template = _template()
        # with modes and owners: the database's files belong to its user
        subprocess.run(["cp", "-a", f"{template}/.", str(home)], check=True)
        ini = _configure(home, ports)
        stack.enter_context(_database(home, ports))
        _start_helpers(stack, home, ports)
        url = f"http://127.0.0.1:{ports.site}"
        _start(
            stack, home, "ckan", _program(), "-c", str(ini), "run", "--host", "127.0.0.1",
            "--port", str(ports.site), "--disable-reloader",
        )  # fmt: skip
        _answers(f"{url}/api/3/action/status_show")
        yield CkanServer(url, (home / "token").read_text(), home / "ckan.log")


@dataclass(frozen=True)
class _Ports:
    postgres: int
    redis: int
    solr: int
    site: int


def _template() -> Path:
    """Give a CKAN that was set up and stopped; made once beside its environment, and copied for each run."""
    template = ckan_venv().with_name(f"template-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}")
    if template.exists():
        return template
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="ddg-ckan-server-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        home.chmod(0o755)
        ports = _Ports(*_free_ports(4))
        subprocess.run(
            [_program(), "generate", "config", home / "generated.ini"], cwd=home, capture_output=True, check=True
        )
        ini = _configure(home, ports)
        (home / "storage").mkdir()
        with _database(home, ports), ExitStack() as helpers:
            _start_helpers(helpers, home, ports)
            _ckan(home, ini, "db", "upgrade")
            _sql(ports, "datastore", _ckan(home, ini, "datastore", "set-permissions"))
            person = f"email={ADMINISTRATOR}@example.org", f"password={PASSWORD}"
            _ckan(home, ini, "user", "add", ADMINISTRATOR, *person)
            _sql(ports, "ckan", f"update \"user\" set sysadmin = true where name = '{ADMINISTRATOR}'")
            (home / "token").write_text(_ckan(home, ini, "user", "token", "add", ADMINISTRATOR, "tests").split()[-1])
        copy = template.with_name(f"{template.name}.{os.getpid()}")
        subprocess.run(["cp", "-a", str(home), str(copy)], check=True)
        try:
            copy.rename(template)
        except OSError:  # another worker was faster
            shutil.rmtree(copy)
    return template


def _start_helpers(stack: ExitStack, home: Path, ports: _Ports) -> None:
    """Start Redis and what stands in for Solr."""
    _start(stack, home, "redis", "redis-server", "--port", str(ports.redis), "--bind", "127.0.0.1", "--save", "")
    (schema,) = ckan_venv().glob("lib/python*/site-packages/ckan/config/solr/schema.xml")
    _start(
        stack, home, "solr", sys.executable, str(Path(__file__).with_name("solr_stub.py")), str(ports.solr), str(schema)
    )
    _answers(f"http://127.0.0.1:{ports.solr}/solr/ckan/admin/ping")


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _postgresql() -> Path | None:
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql*/bin")]
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).parent)
    there = [path for path in candidates if (path / "initdb").exists() and (path / "psql").exists()]
    return max(there, key=lambda path: [int(digits) for digits in re.findall(r"\d+", str(path))], default=None)


@contextmanager
def _database(home: Path, ports: _Ports) -> Iterator[None]:
    binary, place = _postgresql(), home / "pg"
    assert binary is not None
    as_root, control, data = os.geteuid() == 0, str(binary / "pg_ctl"), str(place / "data")
    new = not place.exists()
    if new:
        place.mkdir()
        if as_root:  # PostgreSQL does not run as root
            user = pwd.getpwnam("postgres")
            os.chown(place, user.pw_uid, user.pw_gid)

    def run(*command: str) -> None:
        words = ["su", "postgres", "-c", shlex.join(command)] if as_root else list(command)
        # to a file: the server inherits it and would keep a pipe open
        with (home / "pg.log").open("ab") as log:
            done = subprocess.run(words, cwd=place, stdout=log, stderr=log, timeout=60)
        assert done.returncode == 0, (home / "pg.log").read_text()

    if new:
        run(
            str(binary / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
    options = f"-p {ports.postgres} -k {shlex.quote(str(place))} -h 127.0.0.1 -c fsync=off"
    run(control, "-D", data, "-w", "-l", str(place / "server.log"), "-o", options, "start")
    try:
        if new:
            roles = "".join(f"create role {name} login password '{PASSWORD}';" for name in ("ckan", "reader"))
            _sql(ports, "postgres", roles)
            for name in ("ckan", "datastore"):
                _sql(ports, "postgres", f"create database {name} owner ckan")
        yield
    finally:
        run(control, "-D", data, "-m", "fast", "-w", "stop")


def _sql(ports: _Ports, database: str, text: str) -> None:
    binary = _postgresql()
    assert binary is not None
    address = ["-h", "127.0.0.1", "-p", str(ports.postgres), "-U", "postgres", "-d", database]
    done = subprocess.run(
        [binary / "psql", "-q", *address, "-v", "ON_ERROR_STOP=1"], input=text, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def _program() -> str:
    return str(ckan_venv() / "bin" / "ckan")


def _start(stack: ExitStack, home: Path, name: str, *command: str) -> None:
    log = stack.enter_context((home / f"{name}.log").open("wb"))
    process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def end() -> None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(end)


def _ckan(home: Path, ini: Path, *words: str) -> str:
    done = subprocess.run([_program(), "-c", str(ini), *words], cwd=home, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _configure(home: Path, ports: _Ports) -> Path:
    """Write CKAN's settings: those that it generated, with ours in their place."""
    database = f"postgresql://{{}}:{PASSWORD}@127.0.0.1:{ports.postgres}/{{}}"
    settings = {
        "sqlalchemy.url": database.format("ckan", "ckan"),
        "ckan.datastore.write_url": database.format("ckan", "datastore"),
        "ckan.datastore.read_url": database.format("reader", "datastore"),
        "solr_url": f"http://127.0.0.1:{ports.solr}/solr/ckan",
        "ckan.redis.url": f"redis://127.0.0.1:{ports.redis}/1",
        "ckan.site_url": f"http://127.0.0.1:{ports.site}",
        "ckan.site_id": "default",
        "ckan.storage_path": str(home / "storage"),
        "ckan.max_resource_size": "500",
        "ckan.plugins": "activity datastore",
        "ckan.auth.create_unowned_dataset": "false",
        "api_token.jwt.algorithm": "HS256",
    }
    names = "|".join(map(re.escape, settings))
    generated = (home / "generated.ini").read_text().splitlines()
    lines = [line for line in generated if not re.match(rf"\s*#?\s*({names})\s*=", line)]
    at = lines.index("[app:main]") + 1
    lines[at:at] = [f"{key} = {value}" for key, value in settings.items()]
    (home / "ckan.ini").write_text("\n".join(lines) + "\n")
    return home / "ckan.ini"


@tenacity.retry(
    stop=tenacity.stop_after_delay(120),
    wait=tenacity.wait_fixed(0.2),
    retry=tenacity.retry_if_exception_type(OSError),
    reraise=True,
)
def _answers(url: str) -> None:
    with urllib.request.urlopen(url, timeout=30):
        pass
