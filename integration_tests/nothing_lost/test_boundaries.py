"""Rows that share a second, edges of windows, full pages, and empty stores."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from integration_tests.nothing_lost.completeness import (
    ALL,
    INCREMENTAL,
    NOW,
    ORDER_CHILDREN,
    START,
    assert_complete,
    assert_honest,
    completed,
    make_store,
    state_of,
    streams,
    whole_history,
)
from integration_tests.syncs import sync
from sandbox import Sandbox
from sandbox.clock import instant, iso
from sandbox.routes import ROUTES
from source_bigcommerce.components.moments import BEGINNING

pytestmark = pytest.mark.thorough

# Streams read in windows, page by page within them.
WINDOWED = tuple(name for name in INCREMENTAL if name != "channels")
SETTINGS = whole_history(page_size=10)
EMPTY = dict.fromkeys(
    ("orders", "customers", "products", "brands", "categories", "channels", "pages"), 0
)


@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_second_may_hold_more_rows_than_a_page(name: str) -> None:
    with make_store(orders=45, customers=45, products=45, channels=14) as store:
        for key in _keys(store, name)[:42]:
            _date(store, name, key, "2024-02-29T12:00:00Z")
        first = sync(store, name, **SETTINGS)
        assert_complete(store, [name], first)
        assert_honest(store, first)

        _date(store, name, _keys(store, name)[3], NOW)
        second = sync(store, name, state=first.state, **SETTINGS)
        assert_complete(store, [name], first, second)


@pytest.mark.parametrize("lookback", [0, 10])
@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_row_saved_late_in_the_second_of_the_state_arrives(name: str, lookback: int) -> None:
    with make_store(orders=20, customers=20, products=20, channels=14) as store:
        settings = {**SETTINGS, "lookback_minutes": lookback}
        first = sync(store, name, **settings)
        newest = state_of(first.state, name)
        for key in _keys(store, name)[:3]:
            _date(store, name, key, newest)
        second = sync(store, name, state=first.state, **settings)
        assert_complete(store, [name], first, second)
        assert_honest(store, second, first)


@pytest.mark.parametrize("name", WINDOWED)
def test_rows_exactly_on_the_edges_of_windows_arrive(name: str) -> None:
    _assert_edges_are_read(name)


# It is not documented whether v2 includes its bounds; the sandbox does. If the API does not, a row
# in the very second of the start date is out of reach.
@pytest.mark.parametrize("name", ["orders", *ORDER_CHILDREN])
def test_rows_on_the_edges_arrive_if_v2_excludes_its_bounds(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (route,) = (route for route in ROUTES if route.operation == "orders.list")
    for bound, op in (("min_date_modified", "greater"), ("max_date_modified", "less")):
        monkeypatch.setitem(route.filters, bound, replace(route.filters[bound], op=op))
    _assert_edges_are_read(name, since=1)


def _assert_edges_are_read(name: str, since: int = 0) -> None:
    """`since`: rows are due from so many seconds after the start date on."""
    with make_store(orders=40, customers=40, products=40) as store:
        settings = {**SETTINGS, "num_workers": 4}
        sync(store, name, **settings)
        edges = _edges(store, name)
        assert len(edges) == 5
        seconds = [edge + around for edge in edges for around in (-1, 0, 1)]
        first = instant(START) + since
        seconds = [second for second in seconds if first <= second <= instant(NOW)]
        for key, second in zip(_keys(store, name), seconds * 2, strict=False):
            _date(store, name, key, iso(second))
        read = sync(store, name, **settings)
        assert read.errors == []
        assert_complete(store, [name], read)
        assert_honest(store, read)


# The state covers the first window once it is whole, and none behind it before that.
@pytest.mark.parametrize("name", WINDOWED)
def test_a_first_window_that_fails_is_read_again_from_its_first_second(name: str) -> None:
    with make_store(orders=40, customers=40, products=40) as store:
        for second, key in enumerate(_keys(store, name)[:3]):
            _date(store, name, key, iso(instant(START) + second))
        bound = "date_modified:min" if name in ("customers", "products") else "min_date_modified"
        operation = streams()[name].paged_operation
        fault = store.faults.add(operation, "status", status=422, where={bound: START}, times=None)
        failed = sync(store, name, failing=True, **{**SETTINGS, "num_workers": 4})
        assert fault.fired > 0
        assert failed.errors != []
        assert_honest(store, failed)
        store.faults.clear()
        resumed = sync(store, name, state=failed.state, **SETTINGS)
        assert resumed.errors == []
        assert_complete(store, [name], failed, resumed)


@pytest.mark.parametrize("name", WINDOWED)
def test_windows_leave_no_second_out(name: str) -> None:
    with make_store(orders=40, customers=40, products=40) as store:
        sync(store, name, **{**SETTINGS, "num_workers": 4})
        bounds = _bounds(store, name)
        assert bounds[0][0] == instant(START)
        assert bounds[-1][1] >= instant(NOW)
        for (_, end), (start, _) in pairwise(bounds):
            assert start <= end + 1


@pytest.mark.parametrize("name", WINDOWED)
def test_without_a_start_date_there_is_no_oldest_row(name: str) -> None:
    with make_store(orders=20, customers=20, products=20) as store:
        for key, date in zip(
            _keys(store, name), ("1970-01-01T00:00:00Z", "2008-12-31T23:59:59Z"), strict=False
        ):
            _date(store, name, key, date)
        read = sync(store, name, end_date=NOW, num_workers=2, page_size=10)
        assert_complete(store, [name], read)
        assert_honest(store, read, start=BEGINNING)


@pytest.mark.parametrize("name", ALL)
def test_an_empty_store_is_no_error_and_its_first_row_arrives(name: str) -> None:
    with make_store(**EMPTY) as store:
        first = sync(store, name, **SETTINGS)
        assert first.errors == []
        assert completed(first) == {name}
        assert name == "store" or first.records.get(name) is None
        if name == "store":
            return

        store.clock.advance(60)
        # The store makes a line and a transaction for each order.
        store.insert(streams()[name].collection)
        second = sync(
            store, name, state=first.state, **{**SETTINGS, "end_date": "2026-03-01T01:00:00Z"}
        )
        assert second.errors == []
        assert len(second.records[name]) == 1
        assert_honest(store, second, first)


# The largest page of the store, 250, filled exactly or exceeded by one row.
@pytest.mark.parametrize("rows", [1, 250, 251, 500])
@pytest.mark.parametrize(
    "name", ["customers", "orders", "products", "brands", "categories", "pages"]
)
def test_exactly_full_pages_lose_nothing(name: str, rows: int) -> None:
    with make_store(**{**EMPTY, name: rows}) as store:
        read = sync(store, name, start_date=START, end_date=NOW, num_workers=1)
        assert read.errors == []
        assert len(read.records[name]) == rows
        assert_complete(store, [name], read)
        assert_honest(store, read)
        # One more if only an empty page shows that the one before was the last, one if the first
        # page is read again, and one for archived orders.
        further = len(store.log) - max(1, -(-rows // 250)) - (name == "orders")
        assert further in (0, 1, 2)


@pytest.mark.parametrize("rows", [1, 250, 251, 500])
@pytest.mark.parametrize("name", ORDER_CHILDREN)
def test_children_that_fill_pages_exactly_all_arrive(name: str, rows: int) -> None:
    with make_store(orders=0, products=5) as store:
        order = store.insert("orders")
        for _ in range(rows - len(store.rows(name))):
            store.insert(name, {"order_id": order}, parent=order)
        read = sync(store, name, start_date=START, end_date=NOW)
        assert read.errors == []
        assert len(read.records[name]) == rows
        assert_complete(store, [name], read)


@pytest.mark.parametrize("name", ["orders", "channels"])
def test_a_start_date_in_the_future_is_a_config_error(name: str) -> None:
    with make_store(**EMPTY) as store, pytest.raises(AirbyteTracedException) as raised:
        sync(store, name, start_date="2126-01-01", failing=True)
    assert "Start date is 2126-01-01T00:00:00Z, which is after the end" in str(raised.value.message)


def _date(store: Sandbox, name: str, key: Any, date: str) -> None:
    collection = streams()[name].collection
    if name in ORDER_CHILDREN:
        key = next(int(row["order_id"]) for row in store.rows(name) if row["id"] == key)
    store.edit(collection, key, {"date_modified": date})


def _keys(store: Sandbox, name: str) -> list[Any]:
    return [row["id"] for row in store.rows(name)]


def _bounds(store: Sandbox, name: str) -> list[tuple[int, int]]:
    """The windows that the store was asked for, in seconds."""
    return sorted(
        {
            (
                instant(query.get("min_date_modified") or query["date_modified:min"]),
                instant(query.get("max_date_modified") or query["date_modified:max"]),
            )
            for query in (entry.query for entry in store.requests(streams()[name].paged_operation))
        }
    )


def _edges(store: Sandbox, name: str) -> list[int]:
    """The beginnings of the windows, and the end of the last one."""
    bounds = _bounds(store, name)
    return [start for start, _ in bounds] + [bounds[-1][1]]
