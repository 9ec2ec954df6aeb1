"""A simulated store that serves on a port, for tests."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from sandbox.server import Server
from sandbox.simulation import Simulation

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Docker's name for the machine that runs its containers. They do not reach its loopback.
_FOR_CONTAINERS = "host.docker.internal"


class Sandbox(Simulation):
    """A simulated store; serving from `start()` (or `with`) until `stop()`.

    `host` is an address of loopback, or "host.docker.internal" to serve containers, on every
    interface. Everything else is for `Simulation`.
    """

    def __init__(self, *, port: int = 0, host: str = "127.0.0.1", **settings: Any) -> None:
        if host not in (*_LOOPBACK, _FOR_CONTAINERS):
            raise ValueError(
                f"the sandbox serves on loopback, or {_FOR_CONTAINERS} for containers, not {host!r}"
            )
        super().__init__(**settings)
        self._host = host
        self._address = ("0.0.0.0" if host == _FOR_CONTAINERS else host, port)
        self._server: Server | None = None

    def start(self) -> Sandbox:
        """Serve in the background; ready to answer on return."""
        self._server = Server(self._address, self)
        self._server.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self.closing.set()
        if self._server:
            self._server.stop()
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
        """The address in place of `https://api.bigcommerce.com`."""
        if self._server is None:
            raise RuntimeError("the sandbox is not running")
        return f"http://{self._host}:{self._server.server_address[1]}"
