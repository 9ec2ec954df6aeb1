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
    shop,
    streams,
)
from integration_tests.syncs import sync
from sandbox import Sandbox
from sandbox.clock import instant
from sandbox.faults import Change

LATER = "2026-03-01T01:00:00Z"
LATEST = "2026-03-01T03:00:00Z"
ROWS, PAGES = 12, 4
SIZES = {"orders": ROWS, "customers": ROWS, "products": ROWS, "channels": ROWS}
PAGE_SIZE = ROWS // PAGES
EDIT = {"orders": "staff_notes", "customers": "company"}
"""The field that an edit sets; `name` elsewhere."""


FORWARD = (0, 1, 2, 3)
PAGE_ORDER = dict.fromkeys(INCREMENTAL, FORWARD) | {"channels": (0, 3, 2, 1, 0)}
"""The pages of a stream in the order that they are read in; those of the children are orders'."""


@pytest.mark.parametrize("name", [name for name in INCREMENTAL if name not in ORDER_CHILDREN])
def test_a_page_boundary_is_where_the_tests_take_it_to_be(name: str) -> None:
    """One window, in pages of the rows in ascending order of their ids."""
    with shop(**SIZES) as store:
        read = sync(store, name, **_settings(NOW))
        keys = _keys(store, name)
        pages = [
            keys[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
            for page in dict.fromkeys(PAGE_ORDER[name])
        ]
        assert [row["id"] for row in read.records[name]] == [key for page in pages for key in page]
        # The first page of channels is read twice; an empty page may show where the end is.
        assert len(store.log) - len(PAGE_ORDER[name]) in (0, 1)


# Rows that leave the filter behind the reader shift those before it; rows that change ahead of it
# are read as they are by then, or not at all. Those behind come one by one: a row more and a row
# less shift nothing.
CHANGES = {
    "edit a row already read": ["edit"],
    "delete a row already read": ["delete"],
    "edit and delete rows not yet read, insert one": ["edit", "delete", "insert"],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("boundary", range(1, PAGES + 1))
@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_change_at_a_page_boundary_loses_nothing(name: str, boundary: int, change: str) -> None:
    with shop(**SIZES) as store:
        before, after = _around(store, name, boundary)
        rows = before[::-1] if "already" in change else after or before
        changes = [
            _change(store, name, action, key)
            for action, key in zip(CHANGES[change], [*rows, *rows], strict=False)
        ]
        store.clock.advance(30)
        fault = store.faults.change(streams()[name].paged_operation, *changes, at=boundary)

        first = sync(store, name, **_settings(NOW))
        assert fault.fired == 1
        second = sync(store, name, state=first.state, **_settings(LATER))
        assert (first.errors, second.errors) == ([], [])
        assert_complete(store, [name], first, second)


@pytest.mark.parametrize("boundary", [1, 2])
@pytest.mark.parametrize("name", INCREMENTAL)
def test_an_old_row_that_changes_while_newer_ones_are_read_loses_nothing(
    name: str, boundary: int
) -> None:
    """If it came into a filter that it was not in, it would shift rows the other way."""
    with shop(**SIZES) as store:
        collection = streams()[name].collection
        first = sync(store, name, **_settings(NOW))
        old, *newer = _keys(store, collection)
        for minutes, key in enumerate(newer):
            date = instant(NOW) + 60 * (55 - minutes)
            store.edit(collection, key, {"date_modified": date})
        store.clock.advance(3601)
        change = Change("edit", collection, (old,), {})
        fault = store.faults.change(streams()[name].paged_operation, change, at=boundary)
        second = sync(store, name, state=first.state, **_settings(LATER))
        assert fault.fired == 1
        third = sync(store, name, state=second.state, **_settings(LATEST))
        assert_complete(store, [name], first, second, third)


def _around(store: Sandbox, name: str, boundary: int) -> tuple[list[Any], list[Any]]:
    """Keys of the rows that were read by then and that were not, in the order of reading."""
    parents = _keys(store, streams()[name].collection)
    pages = [
        parents[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
        for page in dict.fromkeys(PAGE_ORDER[name])
    ]
    halves = pages[:boundary], pages[boundary:]
    read, unread = ([key for page in half for key in page] for half in halves)
    if name not in ORDER_CHILDREN:
        return read, unread
    rows = store.rows(name)
    return (
        [row["id"] for row in rows if int(row["order_id"]) in read],
        [row["id"] for row in rows if int(row["order_id"]) in unread],
    )


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
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    blows=st.lists(BLOWS, min_size=25, max_size=40),
    workers=st.sampled_from([1, 3]),
    seconds=st.sampled_from([0, 30]),
)
def test_many_changes_at_once_lose_nothing(blows: list[Blow], workers: int, seconds: int) -> None:
    with shop(orders=60, customers=40, products=40, channels=15) as store:
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
