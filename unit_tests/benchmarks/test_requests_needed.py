"""The formulas of requests, compared with real syncs."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.plain import ENDPOINTS, Reader
from benchmarks.requests_needed import (
    OF_ORDERS,
    SHIFTING,
    TIME,
    WINDOWED,
    Rows,
    least,
    least_of_all,
    most,
    most_of_all,
    order_pages,
    pages,
    proofs,
    seconds,
)
from integration_tests.syncs import sync
from sandbox import Sandbox

# Pages that are exactly full, and one row more or less.
SIZES: dict[str, Any] = {"orders": 250, "customers": 251, "products": 249}


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as store:
        yield store


@pytest.fixture(scope="module")
def rows(store: Sandbox) -> Rows:
    """The size of the store; the baseline, not the connector, says what cut orders cost."""
    for _ in Reader(store.url).pages("order_products"):
        pass
    cut_orders = len(store.requests("order_products.list"))
    return Rows(
        orders=len(store.rows("orders")),
        customers=len(store.rows("customers")),
        products=len(store.rows("products")),
        cut_orders=cut_orders,
    )


@pytest.mark.parametrize("stream", ENDPOINTS)
def test_one_window_takes_the_fewest_requests(store: Sandbox, rows: Rows, stream: str) -> None:
    store.log.clear()
    sync(store, stream, num_workers=1)
    requests = _without_time(store, stream)
    fewest, highest = least(stream, rows), most(stream, rows, windows=1)
    assert fewest <= requests <= highest
    fewest += (stream in (*SHIFTING, *OF_ORDERS)) + proofs(stream, rows, windows=1)
    assert fewest == highest or stream == "order_products"


@pytest.mark.parametrize("stream", ENDPOINTS)
def test_windows_take_no_more_requests_than_the_maximum(
    store: Sandbox, rows: Rows, stream: str
) -> None:
    store.log.clear()
    sync(store, stream, num_workers=10)
    fewest, highest = least(stream, rows), most(stream, rows, windows=10)
    requests = _without_time(store, stream)
    # A window tells the others its longest page: windows of orders then take one request less.
    assert fewest - (stream in ("orders", "order_products", "transactions")) <= requests
    assert requests <= highest


def test_long_windows_of_orders_take_two_requests_more() -> None:
    rows = Rows(orders=2515, customers=0, products=0, cut_orders=0)
    with Sandbox(orders=rows.orders, customers=0, products=1) as store:
        sync(store, "orders", num_workers=1)
        requests = _without_time(store, "orders")
        # To count them before and after, and for archived ones.
        assert requests == least("orders", rows) + 3 == most("orders", rows, windows=1)


def test_ten_streams_take_the_sum_of_their_requests(store: Sandbox, rows: Rows) -> None:
    store.log.clear()
    sync(store, *ENDPOINTS, num_workers=10)
    assert len(store.log) <= most_of_all(rows, windows=10)
    # A window of orders may take a request more that shows its end, and one for archived orders.
    assert len(store.log) <= 1.2 * least_of_all(rows) + 10 * (1 + len(OF_ORDERS))


def _without_time(store: Sandbox, stream: str) -> int:
    is_dated = stream in (*WINDOWED, "channels")
    assert len(store.requests("time.get")) == TIME * is_dated
    return len(store.log) - TIME * is_dated


def test_pages_are_counted_by_rounding_up() -> None:
    assert [pages(rows) for rows in (0, 1, 249, 250, 251, 500)] == [1, 1, 1, 2, 2, 3]
    orders = (0, 1, 9, 10, 249, 250, 251, 498, 499, 748, 749)
    assert [order_pages(rows) for rows in orders] == [1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 4]


def test_seconds_follow_from_the_quota() -> None:
    assert seconds(100, None, rate=50) == 2
    assert seconds(150, 150, rate=50) == 3
    assert seconds(151, 150, rate=50) == pytest.approx(30, abs=0.1)
    assert seconds(10_000, 150, rate=2) == 5000  # slower than the quota allows
