"""The requests of syncs, compared with those of the hand-written loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.plain import ENDPOINTS, Reader
from benchmarks.reads import least
from integration_tests.syncs import sync
from sandbox import Sandbox

pytestmark = pytest.mark.thorough

# Pages that are exactly full, and one row more or less.
SIZES: dict[str, Any] = {"orders": 250, "customers": 251, "products": 249}
# Requests beside those of the loop: in one window, and at most in each further one.
MORE = {
    # The store's time, and a count of what is longer than a page.
    "customers": (2, 1),
    "products": (1, 1),
    # The store's time, and the second that is not over yet.
    "channels": (2, 0),
    # The store's time, and archived orders; a further window ends with two pages of its own.
    "orders": (2, 3),
    "transactions": (2, 3),
    "order_products": (2, 3),
}


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as store:
        yield store


def requests_of_loop(store: Sandbox, *streams: str) -> list[dict[str, Any]]:
    store.log.clear()
    reader = Reader(store.url)
    for name in streams:
        assert any(list(reader.pages(name)))
    return [entry.as_json() for entry in store.log]


def requests_of_sync(store: Sandbox, *streams: str, workers: int) -> int:
    store.log.clear()
    sync(store, *streams, num_workers=workers)
    return len(store.log)


@pytest.mark.parametrize("stream", ENDPOINTS)
def test_a_sync_takes_few_more_requests_than_the_loop(store: Sandbox, stream: str) -> None:
    log = requests_of_loop(store, stream)
    more, of_window = MORE.get(stream, (0, 0))
    most = len(log) + more
    if stream == "order_products":
        # Nothing but one more page shows the end of what an order has.
        most += sum(entry["operation"] == "order_products.list" for entry in log)
    requests = requests_of_sync(store, stream, workers=1)
    assert requests == most or (stream == "order_products" and len(log) <= requests <= most)
    assert requests_of_sync(store, stream, workers=10) <= most + 9 * of_window


def test_long_windows_of_orders_are_counted_before_and_after() -> None:
    with Sandbox(orders=2515, customers=0, products=1) as store:
        by_loop = len(requests_of_loop(store, "orders"))
        assert requests_of_sync(store, "orders", workers=1) == by_loop + MORE["orders"][0] + 2


def test_ten_streams_read_the_list_of_orders_once(store: Sandbox) -> None:
    fewest = least(requests_of_loop(store, *ENDPOINTS), ENDPOINTS)
    # A window of orders may take a request more that shows its end, and one for archived orders.
    assert requests_of_sync(store, *ENDPOINTS, workers=10) <= 1.2 * fewest + 40


def test_the_fewest_requests_have_one_list_of_orders() -> None:
    orders, other = {"operation": "orders.list"}, {"operation": "transactions.list"}
    log = [orders, orders, other, orders, orders, other]
    assert least(log, ["orders", "transactions", "brands"]) == 4
    assert least(log[:3], ["transactions"]) == 3
    assert least([other], ["brands"]) == 1
