"""Connections on which each reply ends within a minute, or fails."""

import io
import ipaddress
import socket
import time
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.sources.streams.http.tcp_keepalive import TcpKeepaliveHTTPAdapter

# For a whole reply, from the first byte of its headers; budget.py uses it, too.
LONGEST_REPLY = 60.0
# Kept open; further ones are opened, and closed after their reply.
_KEPT_OPEN = 100
# Bytes. Each read sets the time-out anew: with Python's 8 KiB, 90 times for a page of orders.
_READ_AT_ONCE = 256 * 1024


class Connections(TcpKeepaliveHTTPAdapter):
    """The connections of a sync: kept alive, replies bounded in time, no proxy to this machine.

    The environment's proxies and certificates are read once per host: `requests` reads them for
    each request, which takes as long as sending one.

    Not YAML: the requester's read time-out applies to each byte. A reply that trickles, a byte now
    and then, never exceeds it.
    """

    def __init__(self) -> None:
        super().__init__(pool_maxsize=_KEPT_OPEN)
        self._settings: dict[str, Mapping[str, Any]] = {}

    def carry(self, session: requests.Session) -> None:
        """Sends all requests of a session over these connections."""
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, self)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[no-untyped-call]
        _bound(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call]
        if is_new:
            _bound(manager)
        return manager

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        return super().send(request, **{**options, **self._settings_for(str(request.url))})

    def _settings_for(self, url: str) -> Mapping[str, Any]:
        """The options of `requests` that the environment decides."""
        scheme, host, *_ = urlsplit(url)
        if (settings := self._settings.get(f"{scheme}:{host}")) is None:
            with requests.Session() as session:
                read = session.merge_environment_settings(url, {}, None, True, None)
            proxies = None if is_loopback(urlsplit(url).hostname) else read["proxies"]
            settings = {"proxies": proxies, "verify": read["verify"]}
            self._settings[f"{scheme}:{host}"] = settings
        return settings


def is_loopback(host: Any) -> bool:
    """Whether a host is this machine, or the one that runs this container.

    A proxy would carry the token elsewhere, in plain text.
    """
    if host in ("localhost", "host.docker.internal"):
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _bound(manager: Any) -> None:
    """Makes all connections of a urllib3 PoolManager end their replies."""
    manager.pool_classes_by_scheme = {
        scheme: type(
            pool.__name__,
            (pool,),
            {
                "ConnectionCls": type(
                    pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": _Reply}
                )
            },
        )
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


class _Reply(HTTPResponse):
    """A reply that is read from its socket until a given instant."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: Any = io.BufferedReader(_Timed(self.fp.detach(), sock), _READ_AT_ONCE)


class _Timed(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._until = time.monotonic() + LONGEST_REPLY

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._until - time.monotonic()
        if remaining <= 0:
            raise TimeoutError(f"no whole reply in {LONGEST_REPLY:.0f} s")
        timeout = self._sock.gettimeout()
        if timeout is None or timeout > remaining:
            self._sock.settimeout(remaining)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
