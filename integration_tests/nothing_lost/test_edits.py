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
from sandbox.faults import Change

LATER = "2026-03-01T01:00:00Z"
ROWS, PAGES = 12, 4
SIZES = {"orders": ROWS, "customers": ROWS, "products": ROWS, "channels": ROWS}
PAGE_SIZE = ROWS // PAGES
EDIT = {"orders": "staff_notes", "customers": "company"}
"""The field that an edit sets; `name` elsewhere."""


def test_a_page_boundary_is_where_the_tests_take_it_to_be() -> None:
    """One window, read in ascending order of ids, in as many pages as the tables below say."""
    with shop(**SIZES) as store:
        read = sync(store, *INCREMENTAL, **_settings(NOW))
        for name in INCREMENTAL:
            stream = streams()[name]
            readers = len(ORDER_CHILDREN) + 1 if stream.collection == "orders" else 1
            pages = {entry.raw_query for entry in store.requests(stream.paged_operation)}
            assert len(pages) * readers >= len(store.requests(stream.paged_operation))
            assert PAGES * readers <= len(store.requests(stream.paged_operation))
            if name not in ORDER_CHILDREN:
                assert [row["id"] for row in read.records[name]] == _keys(store, name)


# Rows that leave the filter behind the reader shift those before it; rows that change ahead of it
# are read as they are by then, or not at all. Those behind come one by one: a row more and a row
# less shift nothing.
CHANGES = {
    "edit a row already read": [("edit", -1)],
    "delete a row already read": [("delete", -1)],
    "edit and delete rows not yet read, insert one": [("edit", 0), ("delete", 1), ("insert", 0)],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("boundary", range(1, PAGES + 1))
@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_change_at_a_page_boundary_loses_nothing(name: str, boundary: int, change: str) -> None:
    with shop(**SIZES) as store:
        keys = _keys(store, name)
        border = boundary * PAGE_SIZE
        if name in ORDER_CHILDREN:  # The pages are those of the orders.
            order = _keys(store, "orders")[border - 1]
            border = sum(int(row["order_id"]) <= order for row in store.rows(name))
        changes = [
            _change(store, name, action, keys[min(border + offset, len(keys) + offset - 2)])
            for action, offset in CHANGES[change]
        ]
        store.clock.advance(30)
        fault = store.faults.change(streams()[name].paged_operation, *changes, at=boundary)

        first = sync(store, name, **_settings(NOW))
        assert fault.fired == 1
        second = sync(store, name, state=first.state, **_settings(LATER))
        assert (first.errors, second.errors) == ([], [])
        assert_complete(store, [name], first, second)


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
    if (name, action) == ("channels", "delete"):  # The API knows no other deletion of these.
        return Change("edit", name, (key,), {"status": "deleted"})
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
