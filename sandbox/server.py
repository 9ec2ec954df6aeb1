"""HTTP on a port: requests, replies, and connections that break. It knows nothing else."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Iterable
from http import HTTPStatus
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from sandbox import control
from sandbox.clock import http_date
from sandbox.faults import End, Step
from sandbox.reply import B2B_ROOT, Family, Reply, Request, error
from sandbox.simulation import Simulation

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Server(ThreadingTCPServer):
    """Serves a store with one thread per connection, from `start()` until `stop()`."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], simulation: Simulation) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.simulation = simulation
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Connection)

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.005,), daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # The client was faster.
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may leave at any time: only our own mistakes print a traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Connection(StreamRequestHandler):
    """One client's requests, one after the other. Nothing goes to stderr: the store has a log."""

    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        while (request := self._read()) and self._answer(request):
            pass

    def _read(self) -> Request | None:
        """The next request; None if the client has no more."""
        first = self.rfile.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        method, target, _ = first
        headers = {}
        while (line := self.rfile.readline()) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        path, _, raw_query = target.partition("?")
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Request(method, path, raw_query, headers, body)

    def _answer(self, request: Request) -> bool:
        """Whether the connection stays open."""
        stays = request.headers.get("connection", "").lower() != "close"
        if request.path.startswith(("/stores/", B2B_ROOT)):
            exchange = self.server.simulation.answer(request)
            head = self._head(exchange.reply, exchange.limits)
            return self._send(exchange.steps(head, exchange.reply.body)) and stays
        reply = self._elsewhere(request)
        return self._send([self._head(reply) + reply.body]) and stays

    def _elsewhere(self, request: Request) -> Reply:
        """The reply of anything other than the API."""
        simulation = self.server.simulation
        if request.path.startswith("/_sandbox/"):
            return control.answer(simulation, request)
        not_found = error(Family.V3, 404, "The requested resource was not found.")
        return simulation.login.answer(request) or not_found

    def _head(self, reply: Reply, limits: Iterable[tuple[str, str]] = ()) -> bytes:
        lines = [f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, 'Error')}"]
        if reply.status != 204:
            lines += [f"Content-Type: {reply.content_type}", f"Content-Length: {len(reply.body)}"]
        simulation = self.server.simulation
        if simulation.options.date_header:
            now = simulation.clock.now() + simulation.options.date_ahead
            lines.append(f"Date: {http_date(now)}")
        lines += [f"{name}: {value}" for name, value in (*limits, *reply.headers)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def _send(self, steps: Iterable[Step]) -> bool:
        """Whether the connection is still open after the steps."""
        for step in steps:
            if isinstance(step, bytes):
                self.wfile.write(step)
            elif not isinstance(step, End):
                self.server.simulation.closing.wait(step)
            elif step is End.CLOSE:
                return False
            else:  # The effect of closing without lingering.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                return False
        return True
