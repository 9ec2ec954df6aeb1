"""Archived orders arrive, each once, whatever the store makes of them and of `is_deleted`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from airbyte_cdk.models import Level

from integration_tests.nothing_lost.completeness import (
    START,
    archive,
    assert_complete,
    completed,
    make_store,
)
from integration_tests.syncs import Sync, sync
from sandbox import Entry, Sandbox
from sandbox.clock import instant
from sandbox.faults import Change

pytestmark = pytest.mark.thorough

STREAMS = ("orders", "order_products", "transactions")
SIZES = {"orders": 60, "customers": 5, "products": 10, "channels": 3}
A_WINDOW: dict[str, Any] = {"num_workers": 1, "page_size": 10}
WINDOWS: dict[str, Any] = {"num_workers": 4, "page_size": 10}
READS: dict[str, tuple[Iterable[int], dict[str, Any]]] = {
    "one of the last page": ((57,), A_WINDOW),
    "one of the last window": ((57,), WINDOWS),
    "those of the first page": (range(10), A_WINDOW),
    "more than a page, all over": (range(1, 60, 4), A_WINDOW),
    "more than a page, in all windows": (range(1, 60, 4), WINDOWS),
    "those of the first windows": (range(30), WINDOWS),
    "all": (range(60), A_WINDOW),
}
"""Which orders are archived, by their position, and how they are read."""
WAYS = [
    (listed, is_deleted, flag)
    for listed in ("shown", "hidden")
    for is_deleted in ("only", "also", "ignored", "refused")
    for flag in (True, False)
    if flag or is_deleted not in ("refused", "ignored") or listed == "shown"
]


def asked(store: Sandbox) -> list[Entry]:
    """The requests for archived orders."""
    return [entry for entry in store.requests("orders.list") if "is_deleted" in entry.query]


def firsts(store: Sandbox) -> list[Entry]:
    """The first request of each list."""
    lists = store.requests("orders.list")
    return [entry for entry in lists if not {"min_id", "page"} & set(entry.query)]


def assert_ends_are_looked_for_once(store: Sandbox, lists: int) -> None:
    """A page that may be capped is followed by one request more."""
    ends = [entry for entry in store.requests("orders.list") if "min_id" in entry.query]
    assert len(ends) <= lists


def read(store: Sandbox, *names: str, **settings: Any) -> Sync:
    result = sync(store, *names, start_date=START, **settings)
    assert result.errors == []
    assert completed(result) == set(names)
    return result


def assert_once(result: Sync) -> None:
    for name, records in result.records.items():
        keys = [record["id"] for record in records]
        assert len(keys) == len(set(keys)), f"{name}: a row came twice"


@pytest.mark.parametrize("read_as", READS)
@pytest.mark.parametrize(("listed", "is_deleted", "flag"), WAYS)
def test_all_orders_arrive_once_if_some_are_archived(
    listed: str, is_deleted: str, flag: bool, read_as: str
) -> None:
    archived, settings = READS[read_as]
    options = {"archived_orders": listed, "is_deleted": is_deleted, "archived_flag": flag}
    with make_store(**SIZES, **options) as store:
        hidden = archive(store, archived)
        result = read(store, "orders", **settings)
        assert_once(result)
        if listed == "hidden" and is_deleted in ("ignored", "refused"):
            # Nothing brings the archived ones; the others arrive as usual.
            due = {row["id"] for row in store.rows("orders")} - hidden
            assert {row["id"] for row in result.records.get("orders", [])} == due
        elif flag:
            assert_complete(store, ["orders"], result)
        else:
            due = {row["id"] for row in store.rows("orders")}
            assert {row["id"] for row in result.records["orders"]} == due


@pytest.mark.parametrize("is_deleted", ["only", "also"])
def test_all_children_of_archived_orders_arrive_once(is_deleted: str) -> None:
    with make_store(**SIZES, archived_orders="hidden", is_deleted=is_deleted) as store:
        archive(store, range(0, 60, 7))
        result = read(store, *STREAMS, **WINDOWS)
        assert_once(result)
        assert_complete(store, STREAMS, result)


@pytest.mark.parametrize("number", [1, 4])
def test_a_list_that_hides_archived_orders_costs_one_more_request_a_window(number: int) -> None:
    with make_store(**SIZES, archived_orders="hidden") as store:
        archive(store, (3, 30))
        read(store, "orders", num_workers=number)
        windows = {entry.query["max_date_modified"] for entry in store.requests("orders.list")}
        assert len(asked(store)) == len(windows) == len(firsts(store)) / 2
        assert_ends_are_looked_for_once(store, number)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"is_deleted": "refused"}, "The field 'is_deleted' is not supported by this resource."),
        ({"is_deleted": "ignored"}, "with is_deleted=true the others come too"),
        ({"is_deleted": "only"}, "the archived ones are in the list"),
    ],
)
def test_a_window_costs_one_request_once_the_store_has_shown_its_behaviour(
    options: dict[str, Any], reason: str
) -> None:
    with make_store(**SIZES, **options) as store:
        archive(store, (3, 30, 50))
        result = read(store, *STREAMS, num_workers=1)
        # Three streams run one after the other; only the first one pays.
        assert len(firsts(store)) == 4
        assert_ends_are_looked_for_once(store, 3)
        said = [line for line in result.logs(Level.INFO) if "Orders are asked for once" in line]
        assert len(said) == 1
        assert reason in said[0]


def test_an_order_archived_during_the_read_arrives_as_archived() -> None:
    """Whether its date moves is not documented."""
    with make_store(**SIZES, archived_orders="hidden") as store:
        key, date = (store.rows("orders")[5][name] for name in ("id", "date_modified"))
        store.faults.change(
            "orders.list",
            Change("edit", "orders", (key,), {"is_deleted": True, "date_modified": date}),
        )
        result = read(store, "orders", num_workers=1)
        assert not store.faults.pending()
        assert_complete(store, ["orders"], result)
        assert [row["is_deleted"] for row in result.records["orders"] if row["id"] == key][-1]


@pytest.mark.parametrize("becomes", [True, False], ids=["archived", "restored"])
def test_an_order_that_moves_during_the_read_arrives_with_the_next_sync(becomes: bool) -> None:
    with make_store(**SIZES, archived_orders="hidden") as store:
        archive(store, (5, 7))
        key = store.rows("orders")[6 if becomes else 5]["id"]
        store.faults.change(
            "orders.list", Change("edit", "orders", (key,), {"is_deleted": becomes}), when="before"
        )
        store.clock.advance(1)
        first = read(store, "orders", num_workers=1, end_date="2026-03-01T00:00:00Z")
        assert not store.faults.pending()
        store.clock.advance(600)  # the look-back
        second = sync(store, "orders", state=first.state, start_date=START)
        assert_complete(store, ["orders"], first, second)
        assert instant(second.state["orders"]["date_modified"]) == instant("2026-03-01T00:00:01Z")
