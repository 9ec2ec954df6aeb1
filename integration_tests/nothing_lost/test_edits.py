"""The store changes while it is read: at each page boundary of each stream, and at random."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integration_tests.nothing_lost.completeness import (
    INCREMENTAL,
    NOW,
    ORDER_CHILDREN,
    START,
    assert_complete,
    make_store,
    streams,
)
from integration_tests.syncs import sync
from sandbox import Sandbox
from sandbox.clock import instant
from sandbox.faults import Change, Fault

pytestmark = pytest.mark.thorough

LATER = "2026-03-01T01:00:00Z"
LATEST = "2026-03-01T03:00:00Z"
ROWS, PAGES = 12, 4
SIZES = {"orders": ROWS, "customers": ROWS, "products": ROWS, "channels": ROWS}
PAGE_SIZE = ROWS // PAGES
EDIT = {"orders": "staff_notes", "customers": "company"}
"""The field that an edit sets; `name` elsewhere."""

LISTS = tuple(name for name in INCREMENTAL if name not in ORDER_CHILDREN)
GROUPS = {"lists": LISTS, "order_products": ("order_products",), "transactions": ("transactions",)}
"""Streams that share no requests are read together, and each meets its own changes."""

PAGE_ORDER = dict.fromkeys(INCREMENTAL, (0, 1, 2, 3)) | {"channels": (0, 3, 2, 1)}
"""In which a stream first reads its pages; those of the children are orders'."""
REQUESTS = {"customers": 6, "orders": 7, "products": 6, "channels": 6}
"""An empty page shows the end, as the last one is full; the first page of channels is read twice;
orders are asked for archived ones; and all but channels, whose pages tell, are counted."""


@pytest.mark.parametrize("name", LISTS)
def test_page_boundaries_are_where_the_tests_assume_them(name: str) -> None:
    """One window, in pages of the rows in ascending order of their ids."""
    with make_store(**SIZES) as store:
        read = sync(store, name, **_settings(NOW))
        pages = _pages(store, name)
        assert [row["id"] for row in read.records[name]] == [key for page in pages for key in page]
        assert len(store.log) == REQUESTS[name]


ALREADY = "already read"
CHANGES = {
    f"edit a row {ALREADY}": "edit",
    f"delete a row {ALREADY}": "delete",
    "edit a row not yet read": "edit",
    "delete a row not yet read": "delete",
    "insert a row": "insert",
}
BOUNDARIES = [
    (boundary, change)
    for change in CHANGES
    for boundary in range(1, PAGES if "not yet" in change else PAGES + 1)
]


@pytest.mark.parametrize(("boundary", "change"), BOUNDARIES)
@pytest.mark.parametrize("group", GROUPS)
def test_a_change_at_a_page_boundary_loses_nothing(group: str, boundary: int, change: str) -> None:
    with make_store(**SIZES) as store:
        store.clock.advance(30)
        faults = []
        for name in GROUPS[group]:
            read, unread = _around(store, name, boundary)
            key = read[-1] if ALREADY in change else (unread or read)[0]
            fault = _change(store, name, CHANGES[change], key)
            operation = streams()[name].paged_operation
            faults.append(store.faults.change(operation, fault, at=boundary))

        first = sync(store, *GROUPS[group], **_settings(NOW))
        assert [fault.fired for fault in faults] == [1] * len(faults)
        second = sync(store, *GROUPS[group], state=first.state, **_settings(LATER))
        assert (first.errors, second.errors) == ([], [])
        assert_complete(store, GROUPS[group], first, second)


@pytest.mark.parametrize("boundary", [1, 2])
@pytest.mark.parametrize("group", GROUPS)
def test_an_old_row_that_changes_while_newer_ones_are_read_is_not_lost(
    group: str, boundary: int
) -> None:
    """If it came into a filter that it was not in, it would shift rows the other way."""
    with make_store(**SIZES) as store:
        first = sync(store, *GROUPS[group], **_settings(NOW))
        faults = []
        for name in GROUPS[group]:
            collection = streams()[name].collection
            old, *newer = _keys(store, collection)
            for minutes, key in enumerate(newer):
                date = instant(NOW) + 60 * (55 - minutes)
                store.edit(collection, key, {"date_modified": date})
            change = Change("edit", collection, (old,), {})
            operation = streams()[name].paged_operation
            faults.append(store.faults.change(operation, change, at=boundary))
        store.clock.advance(3601)
        second = sync(store, *GROUPS[group], state=first.state, **_settings(LATER))
        assert [fault.fired for fault in faults] == [1] * len(faults)
        third = sync(store, *GROUPS[group], state=second.state, **_settings(LATEST))
        assert (first.errors, second.errors, third.errors) == ([], [], [])
        assert_complete(store, GROUPS[group], first, second, third)


# What else is read page by page since a date: by the API's cursor, backward, through the pages of
# products and orders, and list by list. Each with the collection whose rows change.
FURTHER = {
    "customer_metafields": "customer_metafields",
    "subscribers": "subscribers",
    "product_images": "products",
    "order_shipping_addresses": "orders",
    "channel_listings": "channel_listings",
}
PARENT = {"customer_metafields": "resource_id", "channel_listings": "channel_id"}
"""Field of a row that names what it hangs on."""


@pytest.mark.parametrize("ahead", [False, True], ids=["behind the reader", "ahead of it too"])
@pytest.mark.parametrize("boundary", [1, 2, 3])
def test_changes_lose_nothing_with_any_other_paging(boundary: int, ahead: bool) -> None:
    with make_store(**{**SIZES, "customers": 60, "channels": 2}) as store:
        store.clock.advance(30)
        faults = []
        for collection in FURTHER.values():
            key = "listing_id" if collection == "channel_listings" else "id"
            first_row, second_row, *_, last_but_one, last = store.rows(collection)
            changes = [
                Change("edit", collection, (first_row[key],)),
                Change("delete", collection, (second_row[key],)),
            ]
            if ahead:
                changes += [
                    Change("edit", collection, (last[key],)),
                    Change("delete", collection, (last_but_one[key],)),
                    Change("insert", collection, parent=last.get(PARENT.get(collection, ""))),
                ]
            faults.append(store.faults.change(f"{collection}.list", *changes, at=boundary))
        _assert_two_syncs_bring_all(store, FURTHER, faults)


# Parents that a stream goes through. What went with a deleted one is gone; the others' must come.
PARENTS = {
    "product_images": "products",
    "order_shipments": "orders",
    "channel_listings": "channels",
    "price_list_records": "price_lists",
}


@pytest.mark.parametrize("boundary", [1, 2, 3])
def test_a_parent_that_is_deleted_hides_no_other_one(boundary: int) -> None:
    with make_store(**SIZES) as store:
        store.clock.advance(30)
        faults = []
        for parents in PARENTS.values():
            change = Change("delete", parents, (_keys(store, parents)[0],))
            pages = -(-len(_keys(store, parents)) // PAGE_SIZE)
            at = min(boundary, pages)
            faults.append(store.faults.change(f"{parents}.list", change, at=at))
        _assert_two_syncs_bring_all(store, PARENTS, faults)


def _assert_two_syncs_bring_all(store: Sandbox, names: Iterable[str], faults: list[Fault]) -> None:
    """The rows change by each fault, once, while the first sync reads them."""
    first = sync(store, *names, **_settings(NOW))
    assert [fault.fired for fault in faults] == [1] * len(faults)
    second = sync(store, *names, state=first.state, **_settings(LATER))
    assert (first.errors, second.errors) == ([], [])
    truth = sync(store, *names, start_date=START, end_date=LATER)
    assert_complete(truth, names, first, second)


def _around(store: Sandbox, name: str, boundary: int) -> tuple[list[Any], list[Any]]:
    """Keys of the rows that were read by then and that were not, in the order of reading."""
    pages = _pages(store, name)
    halves = pages[:boundary], pages[boundary:]
    read, unread = ([key for page in half for key in page] for half in halves)
    if name not in ORDER_CHILDREN:
        return read, unread
    rows = store.rows(name)
    return (
        [row["id"] for row in rows if int(row["order_id"]) in read],
        [row["id"] for row in rows if int(row["order_id"]) in unread],
    )


def _pages(store: Sandbox, name: str) -> list[list[Any]]:
    """Keys of the rows that are gone through, page by page, in the order of reading."""
    keys = _keys(store, streams()[name].collection)
    return [keys[page * PAGE_SIZE : (page + 1) * PAGE_SIZE] for page in PAGE_ORDER[name]]


@dataclass(frozen=True)
class Blow:
    """A change of a row at a place of its collection (0 to 1), with the `at`-th request."""

    name: str
    action: str
    place: float
    at: int
    when: str


BLOWS = st.builds(
    Blow,
    name=st.sampled_from(INCREMENTAL),
    action=st.sampled_from(["edit", "edit", "delete", "insert"]),
    place=st.floats(0, 1, exclude_max=True),
    at=st.integers(1, PAGES),
    when=st.sampled_from(["before", "after"]),
)


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    blows=st.lists(BLOWS, min_size=25, max_size=40),
    workers=st.sampled_from([1, 3]),
    seconds=st.sampled_from([0, 30]),
)
def test_many_changes_at_once_lose_nothing(blows: list[Blow], workers: int, seconds: int) -> None:
    with make_store(orders=60, customers=40, products=40, channels=15) as store:
        faults = list(_plan(store, blows))
        # 0: all changes come in the very second that the windows of the first sync end with.
        store.clock.advance(seconds)
        first = sync(store, *INCREMENTAL, **_settings(NOW, num_workers=workers))
        second = sync(store, *INCREMENTAL, state=first.state, **_settings(LATER))
        assert (first.errors, second.errors) == ([], [])
        assert sum(fault.fired for fault in faults) == len(faults) > 0
        assert_complete(store, INCREMENTAL, first, second)


def _plan(store: Sandbox, blows: Iterable[Blow]) -> Iterable[Any]:
    """Queues each blow that hits a row which no other one hits."""
    hit: set[tuple[str, Any]] = set()
    for blow in blows:
        keys = _keys(store, blow.name)
        key = keys[int(blow.place * len(keys))]
        order = int(_row(store, blow.name, key).get("order_id", 0)) or key
        marks = {(blow.name, key)}
        if streams()[blow.name].collection == "orders":
            marks.add(("orders", order))
        if marks & hit:
            continue
        hit |= marks
        yield store.faults.change(
            streams()[blow.name].paged_operation,
            _change(store, blow.name, blow.action, key),
            at=blow.at,
            when=blow.when,
        )


def _change(store: Sandbox, name: str, action: str, key: Any) -> Change:
    parent = int(_row(store, name, key)["order_id"]) if name in ORDER_CHILDREN else None
    fields = {"edit": {EDIT.get(name, "name"): "Edited"}}.get(action, {})
    return Change(action, name, () if action == "insert" else (key,), fields, parent)


def _row(store: Sandbox, name: str, key: Any) -> dict[str, Any]:
    return next(row for row in store.rows(name) if row["id"] == key)


def _keys(store: Sandbox, name: str) -> list[Any]:
    return [row["id"] for row in store.rows(name)]


def _settings(end: str, num_workers: int = 1) -> dict[str, Any]:
    """The `end` stands for the moment that the sync starts at."""
    return {
        "start_date": START,
        "end_date": end,
        "num_workers": num_workers,
        "page_size": PAGE_SIZE,
    }
