"""No reply takes unlimited time or memory."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache

import pytest

from integration_tests.nothing_lost.completeness import START, assert_complete, make_store
from integration_tests.syncs import sync
from sandbox import Sandbox
from source_bigcommerce.components import budget, connections
from source_bigcommerce.components.messages import REPLY_TOO_LARGE

pytestmark = pytest.mark.thorough

Answer = Callable[[bytes], Iterator[bytes] | None]


@contextmanager
def gateway(store: Sandbox, answer: Answer) -> Iterator[str]:
    """Answers some requests itself, and passes the others on to the store."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def relay(client: socket.socket) -> None:
            host, port = store.url.removeprefix("http://").split(":")
            with client, socket.create_connection((host, int(port))) as upstream:
                threading.Thread(target=copy, args=(upstream, client), daemon=True).start()
                try:
                    while request := client.recv(65536):
                        if (own := answer(request)) is None:
                            upstream.sendall(request)
                            continue
                        for part in own:
                            client.sendall(part)
                        return
                except OSError:
                    pass

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=relay, args=(client,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass


def trickle() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    while True:
        yield b"["
        time.sleep(0.02)


@cache
def bomb() -> bytes:
    """Some kilobytes that unpack to 700 megabytes."""
    packed = gzip.compress(gzip.compress(b"0" * 2**20) * 700)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n"
    return head % len(packed) + packed


@pytest.mark.parametrize("name", ["brands", "orders", "transactions", "store"])
def test_a_reply_that_trickles_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(connections, "LONGEST_REPLY", 0.5)
    monkeypatch.setattr(budget, "FIRST_REPLY_WAIT", 0.5)
    endpoint = {"brands": b"/brands", "transactions": b"/transactions"}.get(
        name, b"/" + name.encode()
    )
    trickled: list[bytes] = []

    def answer(request: bytes) -> Iterator[bytes] | None:
        if endpoint not in request.split(b"?")[0].split(b"\r\n")[0] or len(trickled) > 1:
            return None
        trickled.append(request)
        return trickle()

    with make_store(orders=6) as store, gateway(store, answer) as url:
        read = sync(store, name, api_url=url, num_workers=2)
        assert (len(trickled), read.errors) == (2, [])
        assert_complete(store, [name], read)


def test_a_reply_that_unpacks_to_700_megabytes_is_an_error_of_its_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget, "FIRST_REPLY_WAIT", 0.5)

    def answer(request: bytes) -> Iterator[bytes] | None:
        return iter([bomb()]) if b"/brands?" in request else None

    assert len(bomb()) < 10_000
    with make_store() as store, gateway(store, answer) as url:
        read = sync(store, "brands", "categories", api_url=url, failing=True)
    [error] = [error for error in read.errors if error.stream_descriptor]
    assert error.stream_descriptor.name == "brands"
    assert error.message == REPLY_TOO_LARGE.message(size="more than 67108864 bytes")
    assert_complete(store, ["categories"], read)


def test_an_endpoint_whose_connections_break_takes_no_tries_of_others(waits: list[float]) -> None:
    with make_store() as store:
        store.faults.add("brands.list", "reset", times=None)
        store.faults.add("orders.list", "reset", times=5)
        store.faults.add("categories.list", "reset", times=5)
        read = sync(store, "brands", "orders", "categories", failing=True, num_workers=1)
        failed = {each.stream_descriptor.name for each in read.errors if each.stream_descriptor}
        assert failed == {"brands"}
        assert_complete(store, ["orders", "categories"], read)


def test_a_resource_with_plenty_left_waits_for_no_other() -> None:
    """Quotas by resource: addresses, which one worker reads, allow two requests in a window."""
    own, names = {"/v3/customers/addresses": 2}, ["customer_addresses", "products"]
    with make_store(customers=30, products=80, resource_quotas=own, window_ms=2500) as store:
        read = sync(store, *names, page_size=10, num_workers=2, start_date=START)
        assert read.errors == []
        assert_complete(store, names, read)
        asked = [entry.path.rpartition("/")[2] for entry in store.log]
        statuses = {entry.status for entry in store.log}
    addresses = [n for n, path in enumerate(asked) if path == "addresses"]
    products = [n for n, path in enumerate(asked) if path == "products"]
    assert len(addresses) > 3
    assert max(products) < addresses[2], "products waited for the next window of addresses"
    assert statuses == {200}
