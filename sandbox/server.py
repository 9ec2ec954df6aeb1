"""The sandbox on a loopback port: HTTP, faults on the wire, and the log of requests."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from sandbox import control
from sandbox.clock import Clock, http_date, instant
from sandbox.faults import Change, Fault, Faults
from sandbox.login import Login
from sandbox.options import Options
from sandbox.quota import Balance
from sandbox.route import Family, Route
from sandbox.routes import match
from sandbox.store import Store
from sandbox.surface import Reply, Request, Surface
from sandbox.table import Row
from sandbox.world import Size, World

NOW = "2026-03-01T00:00:00Z"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# What Docker calls the machine that its containers run on. They do not reach its loopback.
_FOR_CONTAINERS = "host.docker.internal"
_HTML = b"<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"


@dataclass
class Entry:
    """One request to the API as the store saw it; times are monotonic seconds."""

    method: str
    path: str
    raw_query: str
    operation: str = ""
    status: int = 0
    """0: not answered (yet, or because of a fault)."""
    started: float = 0.0
    ended: float = 0.0
    user_agent: str = ""

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The query decoded, in the order sent."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    @property
    def query(self) -> dict[str, str]:
        return dict(self.pairs)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"query": self.pairs}


class Sandbox:
    """A simulated store; serving from `start()` (or `with`) until `stop()`.

    Takes the numbers of rows (`orders=1200`, see `Size`) and any option (`quota=60`, see
    `Options`). `now` is a moment, or "real" for a clock that ticks from the present on. `host` is
    an address of loopback, or "host.docker.internal" to serve containers, on every interface.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        port: int = 0,
        host: str = "127.0.0.1",
        now: int | str | datetime = NOW,
        years: float = 5,
        **settings: Any,
    ) -> None:
        if host not in (*_LOOPBACK, _FOR_CONTAINERS):
            raise ValueError(
                f"the sandbox serves on loopback, or {_FOR_CONTAINERS} for containers, not {host!r}"
            )
        sizes = {name: settings.pop(name) for name in list(settings) if name in _SIZES}
        self.options = Options()
        self.options.update(settings)
        start = int(time.time()) if now == "real" else instant(now)
        self.clock = Clock(start, ticking=now == "real")
        world = World(Size(**sizes), seed, start, years, self.options.store_hash)
        self.data = Store(world, self.clock, self.options)
        self.surface = Surface(self.data, self.options)
        self.login = Login(self.options)
        self.faults = Faults()
        self.log: list[Entry] = []
        self.closing = threading.Event()
        self._host = host
        self._address = ("0.0.0.0" if host == _FOR_CONTAINERS else host, port)
        self._server: _Server | None = None

    # Life

    def start(self) -> Sandbox:
        """Serve in the background; ready to answer on return."""
        self._server = _Server(self._address, self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self.closing.set()
        if self._server:
            self._server.shutdown()
            self._server.close_connections()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """What stands in place of `https://api.bigcommerce.com`."""
        if self._server is None:
            raise RuntimeError("the sandbox is not running")
        return f"http://{self._host}:{self._server.server_address[1]}"

    @property
    def store_hash(self) -> str:
        return self.options.store_hash

    @property
    def access_token(self) -> str:
        return self.options.access_token

    # Data

    def rows(self, collection: str, includes: Iterable[str] = ()) -> list[Row]:
        """Every current row, as the API sends it by default (or with the includes)."""
        return self.data.rows(collection, includes)

    def edit(self, collection: str, key: int, fields: Row, parent: int | None = None) -> None:
        self.data.edit(collection, key, fields, parent)

    def insert(self, collection: str, fields: Row | None = None, parent: int | None = None) -> int:
        return self.data.insert(collection, fields, parent)

    def delete(self, collection: str, key: int, parent: int | None = None) -> None:
        self.data.delete(collection, key, parent)

    def requests(self, operation: str) -> list[Entry]:
        """What the log holds of one operation."""
        return [entry for entry in self.log if entry.operation == operation]

    # Answering

    def answer(self, request: Request) -> tuple[Reply, Balance, Fault | None, Entry]:
        """The reply to a request to the API, and the fault to spoil it with on the wire."""
        entry = Entry(
            request.method,
            request.path,
            request.raw_query,
            started=time.monotonic(),
            user_agent=request.headers.get("user-agent", ""),
        )
        self.log.append(entry)
        store_hash, _, rest = request.path.removeprefix("/stores/").partition("/")
        path = f"/{rest}"
        found = match(path)
        entry.operation = found[0].operation if found else ""
        refusal, balance = self.surface.admit(request, store_hash, path)
        fault = None
        if refusal is None and found:
            refusal, fault = self._answer(request, entry, *found)
        elif refusal is None:
            family = Family.V3 if path.startswith("/v3/") else Family.V2
            refusal = self.surface.error(family, 404, "The requested resource was not found.")
        assert refusal is not None
        return refusal, balance, fault, entry

    def _answer(
        self, request: Request, entry: Entry, route: Route, ids: dict[str, str]
    ) -> tuple[Reply, Fault | None]:
        with self.surface.lane(route) as refusal:
            if refusal:
                return refusal, None
            if self.options.latency_ms:
                self.closing.wait(self.options.latency_ms / 1000)
            return self._in_lane(request, entry, route, ids)

    def _in_lane(
        self, request: Request, entry: Entry, route: Route, ids: dict[str, str]
    ) -> tuple[Reply, Fault | None]:
        struck = self.faults.take(route.operation, {**entry.query, **ids})
        fault = next((fault for fault in struck if fault.kind != "change"), None)
        with self.data.lock:
            for change in _changes(struck, "before"):
                self._apply(change)
            spoiled = _spoiled_reply(fault, route.family) if fault else None
            reply = spoiled or self.surface.answer(route, ids, request)
            for change in _changes(struck, "after"):
                self._apply(change)
        return self.surface.compressed(request, reply), fault

    def _apply(self, change: Change) -> None:
        if change.action == "insert":
            self.insert(change.collection, change.fields, change.parent)
        for key in change.keys:
            if change.action == "edit":
                self.edit(change.collection, key, change.fields, change.parent)
            elif change.action == "delete":
                self.delete(change.collection, key, change.parent)


_SIZES = frozenset(Size.__dataclass_fields__)


def _changes(struck: list[Fault], when: str) -> list[Change]:
    return [
        change
        for fault in struck
        if fault.kind == "change" and fault.when == when
        for change in fault.changes
    ]


def _spoiled_reply(fault: Fault, family: Family) -> Reply | None:
    """The reply that a fault puts in place of the right one; None: only the wire is at fault."""
    headers = tuple(fault.headers.items()) if isinstance(fault.headers, dict) else ()
    if fault.kind in ("status", "heavy"):
        if fault.html:
            return Reply(fault.status, _HTML, "text/html", headers)
        if fault.body is not None:
            return Reply(fault.status, fault.body.encode(), headers=headers)
        title = "The request could not be answered (planned fault)."
        reply = Surface.error(family, fault.status, title)
        return Reply(reply.status, reply.body, headers=headers)
    if fault.kind == "rate_limit":
        reply = Surface.error(family, 429, "You have been rate limited (planned fault).")
        return Reply(429, reply.body, headers=headers)
    if fault.kind == "html":
        return Reply(200, _HTML, "text/html")
    if fault.kind == "empty":
        return Reply(200)
    return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.sandbox = sandbox
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer looks its own name up here, which can take seconds without a name server.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may leave whenever they like: no trace for that, only for our own mistakes."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # The client was faster.
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        path, _, raw_query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        sandbox = self.server.sandbox
        if path.startswith("/_sandbox/"):
            self._send(control.answer(sandbox, self.command, path[10:], body), [])
            return
        if login := sandbox.login.answer(self.command, self.path, body):
            self._send(login, [])
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, raw_query, headers)
        if not path.startswith("/stores/"):
            self._send(Surface.error(Family.V3, 404, "The requested resource was not found."), [])
            return
        reply, balance, fault, entry = sandbox.answer(request)
        entry.ended = time.monotonic()
        if fault and fault.kind in ("reset", "hang"):
            self._break_off(fault)
            return
        entry.status = reply.status
        self._send(reply, _limit_headers(balance, fault), fault)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: requests are in the sandbox's own log."""

    def _send(
        self, reply: Reply, headers: list[tuple[str, str]], fault: Fault | None = None
    ) -> None:
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('Error',))[0]}"]
        if reply.status != 204:
            lines += [f"Content-Type: {reply.content_type}", f"Content-Length: {len(reply.body)}"]
        sandbox = self.server.sandbox
        if sandbox.options.date_header:
            date = http_date(sandbox.clock.now() + sandbox.options.date_ahead)
            lines.append(f"Date: {date}")
        lines += [f"{name}: {value}" for name, value in (*headers, *reply.headers)]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        if fault and fault.kind == "truncate":
            self.wfile.write(head + reply.body[: len(reply.body) // 2])
            self.close_connection = True
        elif fault and fault.kind == "slow":
            self._dribble(head + reply.body, fault.seconds)
        else:
            self.wfile.write(head + reply.body)

    def _dribble(self, data: bytes, seconds: float, steps: int = 10) -> None:
        size = -(-len(data) // steps)
        for start in range(0, len(data), size):
            self.server.sandbox.closing.wait(seconds / steps)
            self.wfile.write(data[start : start + size])

    def _break_off(self, fault: Fault) -> None:
        """Close without an answer; a reset is what closing without lingering makes."""
        self.close_connection = True
        if fault.kind == "hang":
            self.server.sandbox.closing.wait(fault.seconds)
        else:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()


def _limit_headers(balance: Balance, fault: Fault | None) -> list[tuple[str, str]]:
    """The rate-limit headers, unless the fault is that there are none (or its own)."""
    if fault is None or fault.kind != "rate_limit":
        return balance.headers()
    if fault.headers is not True:
        return []
    retry_after = str(-(-balance.reset_ms // 1000))
    return [*balance.headers(), ("X-Retry-After", retry_after)]
