"""How long a reply may take, how much it may unpack to, and which hosts get a proxy."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
import requests

from source_bigcommerce.components import TokenAuthenticator
from source_bigcommerce.components import connections as connections_of
from source_bigcommerce.components.connections import Connections, is_loopback
from source_bigcommerce.components.reply import ReplyTooLarge

Send = Callable[[socket.socket], None]
LARGEST = 100_000
MEGABYTE = b"0" * 2**20


@contextmanager
def host(send: Send) -> Iterator[str]:
    """An address whose every connection is answered by `send`."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65536)
                        send(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(60)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("http://", Connections())
        session.auth = TokenAuthenticator({"access_token": "t"}, {}, largest_reply=LARGEST)
        yield session


def trickles(head: bytes, byte: bytes, count: int = 10_000) -> Send:
    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(count):
            connection.sendall(byte)
            time.sleep(0.01)

    return send


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "send",
    [
        trickles(b"HTTP/1.1 2", b"0"),
        trickles(HEAD + b"X-A: ", b"a"),
        trickles(HEAD, b"X-A: a\r\n", 90),
        trickles(HEAD + b"Content-Length: 9999\r\n\r\n", b"["),
        trickles(HEAD + b"\r\n", b"["),
        trickles(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n[\r\n"),
        trickles(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        trickles(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"[]")[:10], b"\0"),
    ],
    ids=["status", "header", "headers", "sized", "unsized", "chunks", "chunk size", "gzip"],
)
def test_a_reply_that_trickles_times_out(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    monkeypatch.setattr(connections_of, "LONGEST_REPLY", 0.2)
    begun = time.monotonic()
    with host(send) as url, pytest.raises(requests.exceptions.ReadTimeout):
        session.get(url, timeout=(5, 5))
    assert time.monotonic() - begun < 3


def test_a_reply_has_its_whole_time_after_a_slow_one(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_of, "LONGEST_REPLY", 0.5)

    def send(connection: socket.socket) -> None:
        for last in (False, False, False, True):  # on one connection
            time.sleep(0.2)
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n[]")
            _ = last or connection.recv(65536)

    with host(send) as url:
        assert [session.get(url, timeout=(5, 5)).content for _ in range(4)] == [b"[]"] * 4


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def deflated(body: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(body) + packer.flush()


def bomb() -> bytes:
    """Zeros packed once: 200 megabytes in 200 kilobytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(MEGABYTE) for _ in range(200)), packer.flush()])


BOMB = bomb()
TWICE = gzip.compress(BOMB)


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", BOMB),
        ("x-gzip", BOMB),
        ("gzip", BOMB + BOMB),
        ("gzip, gzip", TWICE),
        ("gzip,deflate", deflated(BOMB, 15)),
        ("deflate", deflated(MEGABYTE * 20, 15)),
        ("deflate", deflated(MEGABYTE * 20, -15)),
        ("identity", MEGABYTE * 20),
    ],
    ids=["gzip", "x-gzip", "members", "twice", "two ways", "deflate", "raw deflate", "none"],
)
def test_a_reply_that_unpacks_to_too_much_is_dropped_before_it_fills_the_memory(
    session: requests.Session, encoding: str, body: bytes, is_chunked: bool
) -> None:
    size = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % len(body)
    head = HEAD + size + b"\r\nContent-Encoding: " + encoding.encode() + b"\r\n\r\n"
    whole = head + (chunked(body) if is_chunked else body)
    with host(lambda connection: connection.sendall(whole)) as url:
        tracemalloc.start()
        try:
            with pytest.raises(ReplyTooLarge):
                session.get(url, timeout=(5, 5))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 10 * LARGEST


@pytest.mark.parametrize("proxy", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_loopback_address_is_asked_without_the_proxy(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    def answer(word: bytes) -> Send:
        return lambda connection: connection.sendall(HEAD + b"Content-Length: 5\r\n\r\n" + word)

    with host(answer(b"store")) as url, host(answer(b"proxy")) as proxy_url:
        monkeypatch.setenv(proxy, proxy_url)
        settings = session.merge_environment_settings(url, {}, None, None, None)
        assert session.get(url, timeout=5, **settings).content == b"store"
        other = "http://shop.example/"
        settings = session.merge_environment_settings(other, {}, None, None, None)
        assert session.get(other, timeout=5, **settings).content == b"proxy"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_names_of_the_loopback_are_known(host: str) -> None:
    assert is_loopback(host)
    assert not any(map(is_loopback, ["shop.example", "10.0.0.1", "", None, "localhost.example"]))


def test_the_environment_is_read_once_a_host_and_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    def answers(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 5\r\nConnection: close\r\n\r\nproxy")

    read: list[str] = []
    of_environment = requests.sessions.get_environ_proxies

    def counted(url: str, no_proxy: str | None = None) -> dict[str, str]:
        read.append(url)
        return dict(of_environment(url, no_proxy=no_proxy))

    monkeypatch.setattr(requests.sessions, "get_environ_proxies", counted)
    with host(answers) as proxy_url, requests.Session() as session:
        Connections().carry(session)
        monkeypatch.setenv("HTTP_PROXY", proxy_url)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, "/no/such/file")
        for _ in range(3):
            assert session.get("http://shop.example/", timeout=5).content == b"proxy"
        # An address of its own is not believed to be like the first one.
        with pytest.raises(OSError, match="no/such/file"):
            session.get("https://127.0.0.1:1/", timeout=5)
        monkeypatch.delenv("HTTP_PROXY")
        assert session.get("http://shop.example/", timeout=5).content == b"proxy"
    assert read == ["http://shop.example/", "https://127.0.0.1:1/"]
