"""Whole syncs of a sandbox store: every row and value, the requests, what the next sync repeats."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest
from airbyte_cdk.models import SyncMode
from airbyte_cdk.test import entrypoint_wrapper

from integration_tests.rows import assert_equal, rows_of
from integration_tests.syncs import Row, Sync, catalog_of, config_for, sync
from sandbox import Sandbox, sideload
from source_bigcommerce import SourceBigcommerce

INCREMENTAL = ("customers", "orders", "order_products", "transactions", "products", "channels")
FULL_REFRESH = ("brands", "categories", "pages", "store")
STREAMS = (*INCREMENTAL, *FULL_REFRESH)

SPAN: dict[str, Any] = {"start_date": "2020-01-01", "end_date": "2026-03-01T00:00:00Z"}


# What is in the store


def assert_holds(result: Sync, store: Sandbox, name: str, since: str = "") -> None:
    assert_equal(name, result.records.get(name, []), rows_of(store, name, since))


# Everything


def full_refresh(store: Sandbox, *names: str, **values: Any) -> Sync:
    config = config_for(store, **values)
    catalog = catalog_of(names, config)
    for stream in catalog.streams:
        stream.sync_mode = SyncMode.full_refresh
    output = entrypoint_wrapper.read(SourceBigcommerce(catalog, config), config, catalog)
    return Sync(list(output.get_message_iterator()))


def test_a_full_refresh_reads_the_rows_of_the_store(shared_store: Sandbox) -> None:
    # Incremental reads, and streams without dates: test_every_stream.py.
    result = full_refresh(shared_store, *STREAMS, **SPAN)
    assert result.errors == []
    for name in STREAMS:
        assert_holds(result, shared_store, name)


# Again


def keys(store: Sandbox, name: str) -> list[int]:
    return [row["id"] for row in rows_of(store, name)]


START = {"since": "2020-01-01T00:00:00Z"}
STATE = {
    "customers": {"date_modified": "2026-02-25T09:23:29Z", **START},
    "orders": {"date_modified": "2026-02-26T05:00:20Z", **START},
    "order_products": {"order_date_modified": "2026-02-26T05:00:20Z", **START},
    "transactions": {"order_date_modified": "2026-02-26T05:00:20Z", **START},
    "products": {"date_modified": "2026-02-28T23:34:49Z", **START},
    "channels": {"date_modified": "2021-09-28T00:00:00Z", **START},
}
# Each begins ten minutes earlier, by the look-back.
SINCE = {
    "customers": "2026-02-25T09:13:29Z",
    "orders": "2026-02-26T04:50:20Z",
    "order_products": "2026-02-26T04:50:20Z",
    "transactions": "2026-02-26T04:50:20Z",
    "products": "2026-02-28T23:24:49Z",
    "channels": "2021-09-27T23:50:00Z",
}


SECOND_BEFORE = {
    "customers": "2026-02-25T09:13:28Z",
    "orders": "2026-02-26T04:50:19Z",
    "products": "2026-02-28T23:24:48Z",
}


def test_the_next_sync_brings_the_changes_and_the_look_back(
    store: Sandbox,
) -> None:
    # One row on the edge of the look-back, and one that is a second too old.
    for name in ("customers", "orders", "products"):
        edge, before = keys(store, name)[10:12]
        store.edit(name, edge, {"date_modified": SINCE[name]})
        store.edit(name, before, {"date_modified": SECOND_BEFORE[name]})
    first = sync(store, *INCREMENTAL, **SPAN)
    assert first.state == STATE

    # Nothing changed: one request a stream, one more for archived orders, and one for each order
    # inside the look-back.
    store.log.clear()
    second = sync(store, *INCREMENTAL, state=first.state, **SPAN)
    repeated = [order["id"] for order in rows_of(store, "orders", SINCE["orders"])]
    assert Counter(request.path.removeprefix("/stores/sandbox/") for request in store.log) == {
        "v3/customers": 1,
        "v2/orders": 2 * 3,
        "v3/catalog/products": 1,
        "v3/channels": 1,
        **{f"v3/orders/{order}/transactions": 1 for order in repeated},
    }
    for name in INCREMENTAL:
        assert_holds(second, store, name, SINCE[name])
    assert {name: len(second.records.get(name, [])) for name in INCREMENTAL} == {
        "customers": 2,
        "orders": 2,
        **{
            name: sum(len(store.data.children_of(name, order)) for order in repeated)
            for name in ("order_products", "transactions")
        },
        "products": 2,
        "channels": 1,
    }
    assert second.state == STATE

    store.clock.advance(3600)
    edited = {name: rows_of(store, name)[3]["id"] for name in ("customers", "products")}
    for name, key in edited.items():
        store.edit(name, key, {"name": "Edited", "company": "Edited"})
    edited["channels"] = rows_of(store, "channels")[1]["id"]
    store.edit("channels", edited["channels"], {"name": "Edited"})
    old, older = (rows_of(store, "orders")[at]["id"] for at in (40, 20))
    line = store.data.children_of("order_products", old)[0]["id"]
    store.edit("order_products", line, {"name": "Edited"}, parent=old)
    payment = store.insert("transactions", {"amount": 5}, parent=older)
    new = store.insert("orders")
    later = {**SPAN, "end_date": "2026-03-01T02:00:00Z"}
    third = sync(store, *INCREMENTAL, state=second.state, **later)
    for name in INCREMENTAL:
        assert_holds(third, store, name, SINCE[name])
    brought = {
        name: {row["id"] for row in third.records[name]}
        - {row["id"] for row in second.records[name]}
        for name in INCREMENTAL
    }
    assert {name: brought[name] for name in edited} == {name: {edited[name]} for name in edited}
    assert brought["orders"] == {old, older, new}
    assert line in brought["order_products"]
    assert payment in brought["transactions"]
    changed = {tuple(state.values()) for state in third.state.values()}
    assert changed == {("2026-03-01T01:00:00Z", "2020-01-01T00:00:00Z")}


@pytest.mark.parametrize("workers", [1, 4])
def test_windows_take_one_request_each_and_leave_no_gap(
    shared_store: Sandbox, workers: int
) -> None:
    sync(shared_store, "channels", "products", num_workers=workers, **SPAN)
    asked = sorted(
        (request.query["date_modified:min"], request.query["date_modified:max"])
        for request in shared_store.requests("products.list")
    )
    assert asked == WINDOWS[workers]
    assert len(shared_store.requests("channels.list")) == 1


WINDOWS = {
    1: [("2020-01-01T00:00:00Z", "2026-03-01T00:00:00Z")],
    # A quarter of 2251 days; the next begins where the last one ended.
    4: [
        ("2020-01-01T00:00:00Z", "2021-07-16T18:00:00Z"),
        ("2021-07-16T18:00:00Z", "2023-01-30T12:00:00Z"),
        ("2023-01-30T12:00:00Z", "2024-08-15T06:00:00Z"),
        ("2024-08-15T06:00:00Z", "2026-03-01T00:00:00Z"),
    ],
}


# Line items in bulk


def cut_orders(store: Sandbox) -> list[int]:
    """The orders whose lines the list cannot embed: too many in one consignment, or in none."""
    columns = store.data.world.orders.columns
    unplaced = 7
    many = {
        order["id"]
        for order in rows_of(store, "orders")
        for address, count in Counter(
            (line["order_address_id"], line["order_pickup_method_id"], line["type"])
            for line in store.data.children_of("order_products", order["id"])
        ).items()
        if count >= 50
    }
    lost = {
        key
        for key, kind, count in zip(
            columns["id"], columns["kind"], columns["line_count"], strict=True
        )
        if kind == unplaced and count
    }
    return sorted(many | lost)


def asked_orders(store: Sandbox) -> list[int]:
    """The orders that were asked for their products, each counted once for its pages."""
    asked = store.requests("order_products.list")
    first = [request for request in asked if "page" not in request.query]
    return sorted(int(request.path.split("/")[-2]) for request in first)


_MAKE = sideload.order


def _order(as_array: bool, *args: Any) -> Row:
    """The reply that the test wants, whatever the connector asked for."""
    store, options, at, includes, _ = args
    return _MAKE(store, options, at, includes, as_array)


@pytest.mark.parametrize("place", ["consignment", "line_items", "consignments"])
@pytest.mark.parametrize("legacy", [False, True], ids=["object", "array"])
def test_line_items_read_in_bulk_equal_those_of_each_order(
    store: Sandbox, monkeypatch: pytest.MonkeyPatch, place: str, legacy: bool
) -> None:
    store.options.warning_place = place
    monkeypatch.setattr(sideload, "order", partial(_order, legacy))
    result = sync(store, "order_products", num_workers=1, **SPAN)
    assert_holds(result, store, "order_products")
    assert asked_orders(store) == cut_orders(store)
    # 250 orders, then 10 (which may be a cap of the page), then none.
    assert len(store.requests("orders.list")) == 3


def test_line_items_are_read_order_by_order_if_the_list_ignores_the_include(store: Sandbox) -> None:
    store.options.ignore_include = True
    result = sync(store, "order_products", num_workers=1, **SPAN)
    assert_holds(result, store, "order_products")
    assert asked_orders(store) == [order["id"] for order in rows_of(store, "orders")]


@pytest.mark.parametrize("answer", ["200", "204", "404"])
def test_an_order_without_transactions_has_none(store: Sandbox, answer: str) -> None:
    store.options.empty_transactions = answer
    result = sync(store, "transactions", num_workers=1, **SPAN)
    assert result.errors == []
    assert_holds(result, store, "transactions")
    asked = Counter(request.path.split("/")[-2] for request in store.requests("transactions.list"))
    assert asked == {str(order["id"]): 1 for order in rows_of(store, "orders")}


def test_the_state_of_transactions_is_one_date_saved_once_a_window(
    shared_store: Sandbox,
) -> None:
    workers = 4
    result = sync(shared_store, "transactions", num_workers=workers, **SPAN)
    saved = [
        message.state.stream.stream_state.__dict__
        for message in result.messages
        if message.state and message.state.stream and message.state.stream.stream_state
    ]
    assert {tuple(state) for state in saved} == {("order_date_modified", "since")}
    assert all(isinstance(date, str) for state in saved for date in state.values())
    # Once more when the stream is complete.
    assert len(saved) == workers + 1


# Requests

V2 = "min_date_modified=2020-01-01T00:00:00Z&max_date_modified=2026-03-01T00:00:02Z"
V3 = "date_modified:min=2020-01-01T00:00:00Z&date_modified:max=2026-03-01T00:00:00Z"
ORDERS = f"v2/orders?{V2}&sort=id"
ORDERS_WITH_LINES = (
    f"v2/orders?include=consignments.line_items&{V2}&sort=id&consignment_structure=object"
)
CUSTOMERS = f"v3/customers?include=addresses,storecredit,attributes,formfields&{V3}"
INCLUDES = (
    *("bulk_pricing_rules", "channels", "custom_fields", "images", "parent_relations"),
    *("primary_image", "reviews", "variants", "videos"),
)
PRODUCTS = f"v3/catalog/products?include={','.join(INCLUDES)}&{V3}&sort=id&direction=asc"


def asked(path: str, *by: str) -> list[str]:
    return [f"{path}&limit=100", *(f"{path}&limit=100&{each}" for each in by)]


def lines_asked(order: int, *by: str) -> list[str]:
    return asked(f"v2/orders/{order}/products?", *by)


# From the last page back to the first, because a row may have moved there meanwhile.
BACKWARD = ("page=3", "page=2", "page=1")


@pytest.mark.parametrize(
    ("name", "options", "requests"),
    [
        # The cursors say {"id":172} and {"id":337}: the 100th and the 200th customer.
        ("customers", {}, asked(CUSTOMERS, "after=eyJpZCI6MTcyfQ==", "after=eyJpZCI6MzM3fQ==")),
        ("customers", {"cursors": False}, asked(CUSTOMERS, *BACKWARD)),
        # The 100th order is 292. The page from there on begins with it again: min_id takes its row
        # in, so the next is asked for by the number after its last one, 473.
        (
            "orders",
            {},
            [
                *asked(ORDERS, "min_id=292", "min_id=474"),
                *asked(f"{ORDERS}&is_deleted=true"),  # because the list may hide some
            ],
        ),
        (
            "order_products",
            {},
            [
                *asked(ORDERS_WITH_LINES, "min_id=292", "min_id=474"),
                *asked(f"{ORDERS_WITH_LINES}&is_deleted=true"),
                *lines_asked(378),  # three lines in no consignment
                *lines_asked(391),  # likewise
                *lines_asked(422, "page=2"),  # 50 lines; as many may be all that a page can hold
                *lines_asked(451, "page=2"),  # 73 lines, likewise
                # 250 and 263 lines: v2 tells no last page, so the connector looks for it first.
                *lines_asked(481, "page=2", *BACKWARD),
                *lines_asked(506, "page=2", *BACKWARD),
            ],
        ),
        # The 100th product is 256.
        ("products", {}, asked(PRODUCTS, "id:greater=256")),
        ("brands", {}, asked("v3/catalog/brands?", *BACKWARD)),
        ("pages", {}, asked("v3/content/pages?include=body")),
    ],
)
def test_pages_of_a_hundred_rows_take_these_requests(
    store: Sandbox, name: str, options: dict[str, Any], requests: list[str]
) -> None:
    store.options.update(options)
    result = sync(store, name, num_workers=1, page_size=100, prove=False, **SPAN)
    sent = [f"{each.path}?{unquote(each.raw_query)}" for each in store.log]
    assert sorted(sent) == sorted(
        f"/stores/sandbox/{request}".replace("?&", "?") for request in requests
    )
    assert_holds(result, store, name)
