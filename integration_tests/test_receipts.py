"""What each sync says of its own completeness, from a store that is honest and from others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStreamStatus, Level, SyncMode

from integration_tests import syncs
from integration_tests.syncs import Row, Sync, catalog_of, config_for, sync
from sandbox import Sandbox
from sandbox.faults import Change
from source_bigcommerce.components import pagination, reply, rows
from source_bigcommerce.components.page import Ask, Seen

NAMES = ("orders", "products", "customers", "brands", "order_products", "store", "coupons")
SPAN: dict[str, Any] = {"start_date": "2020-01-01", "num_workers": 1}
PAGED: dict[str, Any] = {**SPAN, "page_size": 20}
KEYS = {
    *("stream", "sync_started_at", "verdict", "rows_delivered", "windows_proved"),
    *("windows_not_proved", "windows_read_again", "requests", "seconds"),
}


def receipts(read: Sync) -> dict[str, Row]:
    return {row["stream"]: row for row in read.records["sync_receipts"]}


def statuses(read: Sync, *streams: str) -> list[tuple[str, AirbyteStreamStatus]]:
    told = [message.trace.stream_status for message in read.messages if message.trace]
    return [
        (each.stream_descriptor.name, each.status)
        for each in told
        if each and each.stream_descriptor.name in streams
    ]


def closing_line(read: Sync) -> str:
    [line] = [line for line in read.logs(Level.INFO) if line.startswith("Receipt of ")]
    return line


def test_receipts_come_last_and_say_that_all_is_whole(shared_store: Sandbox) -> None:
    read = sync(shared_store, "sync_receipts", *NAMES, **SPAN)
    found = receipts(read)
    assert list(found) == list(NAMES)
    assert all(row.keys() >= KEYS for row in found.values())
    assert {row["verdict"] for row in found.values()} == {"whole"}
    for name, row in found.items():
        assert row["rows_delivered"] == len(read.records[name])
        assert row["requests"] > 0
        assert row.get("newest_date") == next(iter(read.state[name].values()), None) or (
            name in ("brands", "store", "coupons")
        )
    counted = {name: found[name].get("rows_counted") for name in NAMES}
    assert counted == {
        **{name: len(read.records[name]) for name in NAMES},
        "order_products": len(read.records["orders"]),
        "store": None,
    }
    sent = [message for message in read.messages if message.record]
    assert {m.record.stream for m in sent[-len(NAMES) :] if m.record} == {"sync_receipts"}
    ends = [name for name, status in statuses(read, "sync_receipts", *NAMES)]
    assert set(ends[-3:]) == {"sync_receipts"}
    assert closing_line(read) == "Receipt of 7 streams: 7 whole."


def test_the_receipt_of_a_list_that_the_store_does_not_count_says_not_proved(
    shared_store: Sandbox,
) -> None:
    names = ("gift_certificates", "store", "sync_receipts")
    read = sync(shared_store, *names, **{**SPAN, "page_size": 5})
    found = receipts(read)["gift_certificates"]
    assert found["verdict"] == "not proved"
    assert found["reason"] == "the store does not count its rows"
    assert closing_line(read) == (
        "Receipt of 2 streams: 1 whole, 1 not proved "
        "(gift_certificates: the store does not count its rows)."
    )


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("status", [413, 500, 504])
def test_a_count_that_fails_for_a_moment_is_asked_for_again(
    shared_store: Sandbox, status: int
) -> None:
    """These say that a page is too heavy; a count asks for one row, and that has no parts."""
    fault = shared_store.faults.add("products.list", "status", status=status, where={"limit": 1})
    read = sync(shared_store, "products", "sync_receipts", **PAGED)
    assert fault.fired == 1
    assert receipts(read)["products"]["verdict"] == "whole"


def test_receipts_name_the_newest_date_if_the_host_cuts_cursors_from_the_catalog(
    shared_store: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = catalog_of(["products", "sync_receipts"], config_for(shared_store))
    for each in catalog.streams:
        each.stream = replace(each.stream, default_cursor_field=None)
    monkeypatch.setattr(syncs, "catalog_of", lambda *_: catalog)
    read = sync(shared_store, "products", "sync_receipts", **SPAN)
    assert receipts(read)["products"]["newest_date"] == read.state["products"]["date_modified"]


def test_the_requests_of_receipts_add_up_to_those_of_the_sync(shared_store: Sandbox) -> None:
    read = sync(shared_store, *NAMES, "transactions", "sync_receipts", **SPAN)
    asked = len(shared_store.log) - len(shared_store.requests("time.get"))
    assert sum(row["requests"] for row in receipts(read).values()) == asked


def test_receipts_come_even_if_streams_fail(store: Sandbox) -> None:
    store.options.update({"scopes": {"store_v2_products", "store_v2_information"}})
    read = sync(store, "orders", "brands", "sync_receipts", failing=True, **SPAN)
    found = receipts(read)
    assert found["brands"]["verdict"] == "whole"
    assert found["orders"]["verdict"] == "not proved"
    assert "lacks the scope store_v2_orders_read_only" in found["orders"]["reason"]
    assert statuses(read, "sync_receipts")[-1][1] == AirbyteStreamStatus.COMPLETE
    assert "orders: it ended with an error" in closing_line(read)


def test_the_stream_of_receipts_is_full_refresh_with_a_key(shared_store: Sandbox) -> None:
    [stream] = catalog_of(["sync_receipts"], config_for(shared_store)).streams
    assert stream.sync_mode == SyncMode.full_refresh
    assert stream.stream.source_defined_primary_key == [["stream"], ["sync_started_at"]]
    assert sync(shared_store, "sync_receipts").records == {}


def test_a_daily_sync_without_changes_costs_no_further_request(store: Sandbox) -> None:
    names = [name for name in NAMES if name not in ("brands", "coupons")]
    first = sync(store, *names, **SPAN)
    asked = []
    for prove in (True, False):
        store.log.clear()
        read = sync(store, *names, "sync_receipts", state=first.state, prove=prove, **SPAN)
        asked.append([(entry.path, entry.query) for entry in store.log])
        verdicts = {row["verdict"] for row in receipts(read).values()}
        assert verdicts == ({"whole"} if prove else {"not proved"})
    assert asked[0] == asked[1]


def test_the_receipt_of_a_sync_that_does_not_look_back_says_not_proved(store: Sandbox) -> None:
    names = ("products", "brands", "deleted_brands", "sync_receipts")
    first = sync(store, *names, lookback_minutes=0, **SPAN)
    assert {row["verdict"] for row in receipts(first).values()} == {"whole"}
    newest = datetime.fromisoformat(first.state["products"]["date_modified"][:19])
    late = f"{newest - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    key = store.insert("products", {"date_modified": late})
    second = sync(store, *names, state=first.state, lookback_minutes=0, **SPAN)
    assert key not in [row["id"] for row in second.records["products"]]
    found = receipts(second)
    assert {name: row["verdict"] for name, row in found.items()} == {
        "products": "not proved",
        "brands": "whole",
        "deleted_brands": "whole",
    }
    assert "Look-back of 0" in found["products"]["reason"]
    third = sync(store, *names, state=first.state, **SPAN)
    assert key in [row["id"] for row in third.records["products"]]
    assert {row["verdict"] for row in receipts(third).values()} == {"whole"}


def test_a_full_refresh_with_a_state_is_proved_without_a_look_back(
    shared_store: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("products", "sync_receipts")
    first = sync(shared_store, *names, lookback_minutes=0, **SPAN)
    catalog = catalog_of(names, config_for(shared_store))
    for each in catalog.streams:
        each.sync_mode = SyncMode.full_refresh
    monkeypatch.setattr(syncs, "catalog_of", lambda *_: catalog)
    read = sync(shared_store, *names, state=first.state, lookback_minutes=0, **SPAN)
    assert receipts(read)["products"]["rows_delivered"] == len(first.records["products"])
    assert receipts(read)["products"]["verdict"] == "whole"


# The protections of the reading, each taken out once. The receipt says so, the stream is not
# complete, and its state is as it was.

Read = Callable[..., Iterator[list[reply.Row]]]


def forward(ask: Ask, seen: Seen, parameter: str) -> Iterator[list[reply.Row]]:
    """By page number, from the first one on: rows that leave push others out of sight."""
    number = 1
    while (page := ask({"page": number} if number > 1 else {})).rows:
        yield seen.new(page)
        number += 1


def without_a_page(read: Read, *asked: Any) -> Iterator[list[reply.Row]]:
    for number, page in enumerate(read(*asked)):
        if number != 1:
            yield page


def with_pages_cut(read: Read, *asked: Any) -> Iterator[list[reply.Row]]:
    for page in read(*asked):
        yield page[:-1] if len(page) > 10 else page


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("products", "by_key"),
        ("orders", "by_key"),
        ("coupons", "by_key"),
        ("brands", "by_page"),
        ("blog_posts", "by_page"),
        ("customers", "by_cursor"),
    ],
)
@pytest.mark.parametrize("broken", [without_a_page, with_pages_cut])
def test_the_receipt_of_a_read_that_drops_rows_says_short(
    shared_store: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str, way: str, broken: Read
) -> None:
    monkeypatch.setattr(rows, way, partial(broken, getattr(pagination, way)))
    _assert_short(sync(shared_store, name, "sync_receipts", failing=True, **PAGED), name)


def test_the_receipt_of_orders_says_short_if_the_list_of_archived_ones_is_read_for_all(
    store: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.options.update({"archived_orders": "hidden", "is_deleted": "also"})
    monkeypatch.setattr(rows, "by_key", partial(with_pages_cut, pagination.by_key))
    in_windows = {**PAGED, "num_workers": 2, "page_size": 12}
    read = sync(store, "orders", "sync_receipts", failing=True, **in_windows)
    alone = [entry for entry in store.requests("orders.list") if "is_deleted" in entry.query]
    assert alone
    assert receipts(read)["orders"]["verdict"] == "short"


@pytest.mark.parametrize("name", ["products", "orders"])
def test_the_receipt_of_a_read_with_hidden_rows_says_short(
    store: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(rows, "by_key", forward)
    store.clock.advance(3600)
    end = "2026-03-01T00:00:00Z"
    keys = [row["id"] for row in store.rows(name)]
    # With each read, a row leaves the window once the first page was read; of orders, archived ones
    # are read as well.
    for number, key in enumerate(keys[:4]):
        change = Change("edit", name, (key,), {})
        store.faults.change(f"{name}.list", change, where={"page": 2}, when="before", at=number + 1)
    read = sync(store, name, "sync_receipts", failing=True, end_date=end, **PAGED)
    _assert_short(read, name)


@pytest.mark.parametrize("name", ["products", "orders"])
@pytest.mark.parametrize("which", [0, -1])  # that was read, or was not yet
def test_the_receipt_of_a_proven_read_says_whole(store: Sandbox, name: str, which: int) -> None:
    store.clock.advance(3600)
    keys = [row["id"] for row in store.rows(name)]
    for number in range(2):
        key = keys.pop(which)
        change = Change("edit", name, (key,), {})
        store.faults.change(f"{name}.list", change, at=number + 1)
    read = sync(store, name, "sync_receipts", end_date="2026-03-01T00:00:00Z", **PAGED)
    assert receipts(read)[name]["verdict"] == "whole"
    assert receipts(read)[name]["windows_read_again"] == 0


@pytest.mark.parametrize("kind", ["edit", "insert"])
def test_the_receipt_says_that_the_window_of_a_late_row_was_read_again(
    store: Sandbox, kind: str
) -> None:
    day = "2025-06-01T00:00:00Z"
    late = Change("insert", "orders", fields={"date_modified": day, "date_created": day})
    end, [first, *_] = "2026-03-01T00:00:00Z", store.rows("orders")
    store.clock.advance(3600)
    if kind == "edit":
        # The date of an order of the first page lies beyond the window until that was read.
        store.edit("orders", first["id"], {})
        late = Change("edit", "orders", (first["id"],), {"date_modified": day})
    store.faults.change("orders.count", late, when="before")
    read = sync(store, "orders", "sync_receipts", end_date=end, **{**SPAN, "page_size": 100})
    found = receipts(read)["orders"]
    assert (found["verdict"], found["windows_read_again"]) == ("whole", 1)
    ids = [row["id"] for row in read.records["orders"]]
    assert sorted(ids) == [row["id"] for row in store.rows("orders")]


def _assert_short(read: Sync, name: str) -> None:
    found = receipts(read)[name]
    assert found["verdict"] == "short"
    assert found["rows_counted"] > 0
    assert [status for _, status in statuses(read, name)][-1] == AirbyteStreamStatus.INCOMPLETE
    said = [error.message for error in read.errors if "The store counts" in (error.message or "")]
    assert said
    assert f"1 short ({name}: " in closing_line(read)
    before: Mapping[str, Any] = read.state[name]
    assert before.get("date_modified", "") < "2020-01-01T00:00:00Z"
