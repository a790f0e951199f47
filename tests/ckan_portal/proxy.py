"""A proxy in front of a portal, that lets a test see, delay, refuse or break off any request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

_HOP = frozenset({"connection", "transfer-encoding", "content-encoding", "content-length", "keep-alive"})


@dataclass(frozen=True)
class Request:
    """What passes by.

    Attributes:
        number: How many passed before it, since the last `Proxy.forget`.
        method: GET or POST.
        path: With the query.
        authorized: Whether it carries a token.
        body: What it carries.
    """

    number: int
    method: str
    path: str
    authorized: bool
    body: bytes = field(repr=False)

    @property
    def action(self) -> str:
        """The action of the API; empty for other requests."""
        return self.path.partition("/api/action/")[2].partition("?")[0]

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return bool(self.action) and not self.action.endswith(("_show", "_search", "_info"))


@dataclass(frozen=True)
class Answer:
    """What is answered in the portal's place; None as status breaks the connection off."""

    status: int | None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Hook = Callable[[Request], Answer | None]


def _pass(_: Request) -> None:
    return None


class Proxy:
    """A running proxy.

    Attributes:
        url: Where it is.
        seen: The requests so far.
        before: Asked before a request is passed on; an answer keeps it away from the portal.
        after: Asked when the portal has done it; an answer replaces the portal's.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.seen: list[Request] = []
        self.before: Hook = _pass
        self.after: Hook = _pass
        self.url = ""
        self.lock = threading.Lock()

    def forget(self) -> None:
        self.seen, self.before, self.after = [], _pass, _pass

    @property
    def written(self) -> list[str]:
        return [request.action for request in self.seen if request.writes]


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """Run a proxy in front of a portal for the length of a block."""
    found = Proxy(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet: two would wait for each other
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            self.session = requests.Session()  # one connection to the portal for one to the proxy
            self.session.trust_env = False

        def finish(self) -> None:
            super().finish()
            self.session.close()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with found.lock:
                authorized = "Authorization" in self.headers
                seen = Request(len(found.seen), self.command, self.path, authorized, body)
                found.seen.append(seen)
            told = found.before(seen)
            if told is None:
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                got = self.session.request(
                    self.command,
                    found.target + self.path,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    timeout=120,
                )
                kept = {name: value for name, value in got.headers.items() if name.lower() not in _HOP}
                told = found.after(seen) or Answer(got.status_code, kept, got.content)
            if told.status is None:
                self.close_connection = True
                return
            try:
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(told.body)))
                self.end_headers()
                self.wfile.write(told.body)
            except ConnectionError:  # who asked was killed
                self.close_connection = True

        do_GET = do_POST = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
