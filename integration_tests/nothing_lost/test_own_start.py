"""Streams that take a request for each order begin at a start date of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.nothing_lost.completeness import START, assert_complete, make_store, state_of
from integration_tests.nothing_lost.conftest import SetClock
from integration_tests.syncs import State, Sync, sync
from sandbox import Sandbox
from sandbox.clock import DAY, instant, iso

pytestmark = pytest.mark.thorough

NAME = "transactions"
ORDERS = 40
AGE = 100
"""Days since the first of the orders changed, the others lie evenly between it and now."""


@pytest.fixture
def store(set_clock: SetClock) -> Iterator[Sandbox]:
    with make_store(orders=ORDERS, customers=4, products=4) as store:
        for place, row in enumerate(store.rows("orders")):
            changed = store.clock.now() - AGE * DAY * (place + 1) // ORDERS
            store.edit("orders", row["id"], {"date_modified": iso(changed)})
        set_clock(store.clock.now())
        yield store


def asked(store: Sandbox, *names: str, state: State | None = None, **values: Any) -> Sync:
    """A sync; the log of the store then holds its requests alone."""
    store.log.clear()
    settings = {"start_date": START, "lookback_minutes": 0, "num_workers": 3, **values}
    return sync(store, *names, state=state, **settings)


def orders_asked_for(store: Sandbox) -> list[int]:
    """Each as often as its transactions were asked for."""
    entries = store.requests("transactions.list")
    return sorted(int(entry.path.rsplit("/", 2)[-2]) for entry in entries)


def changed(store: Sandbox, since: int, before: int | None = None) -> list[int]:
    """The orders that changed between so and so many days ago."""
    now = store.clock.now()
    lower, upper = now - since * DAY, now - (before or 0) * DAY
    dates = {row["id"]: instant(row["date_modified"]) for row in store.rows("orders")}
    return sorted(key for key, date in dates.items() if lower <= date <= upper)


def again(store: Sandbox, state: State) -> list[int]:
    """The orders of the last second that was read: it may not have been over."""
    reached = instant(state_of(state, NAME)) - 1
    return [row["id"] for row in store.rows("orders") if instant(row["date_modified"]) >= reached]


@pytest.mark.parametrize("typed", ["31 days ago", "date"])
def test_orders_from_before_their_own_start_are_not_asked_for(store: Sandbox, typed: str) -> None:
    whole = asked(store, NAME, "orders")
    assert orders_asked_for(store) == changed(store, AGE)
    own = iso(store.clock.now() - 31 * DAY) if typed == "date" else typed
    read = asked(store, NAME, "orders", per_order_start_date=own)
    due = changed(store, 31)
    assert 0 < len(due) < ORDERS
    assert orders_asked_for(store) == due
    rows = [row for row in whole.records[NAME] if int(row["order_id"]) in due]
    assert sorted(read.records[NAME], key=str) == sorted(rows, key=str)
    assert len(read.records["orders"]) == ORDERS


def test_an_own_start_counts_even_if_it_is_before_the_start_date(store: Sandbox) -> None:
    read = asked(store, NAME, "orders", start_date="31 days ago", per_order_start_date=START)
    assert orders_asked_for(store) == changed(store, AGE)
    assert len(read.records["orders"]) == len(changed(store, 31))


@pytest.mark.parametrize("further", ["71 days ago", START, None])
def test_an_own_start_set_further_back_asks_for_what_lies_between(
    store: Sandbox, further: str | None
) -> None:
    first = asked(store, NAME, per_order_start_date="31 days ago")
    later: dict[str, Any] = {"per_order_start_date": further} if further else {}
    second = asked(store, NAME, state=first.state, **later)
    between = changed(store, 71 if further == "71 days ago" else AGE, 31)
    assert orders_asked_for(store) == sorted([*between, *again(store, first.state)])
    assert state_of(second.state, NAME) == state_of(first.state, NAME)
    third = asked(store, NAME, state=second.state, **later)
    assert orders_asked_for(store) == sorted(again(store, second.state))
    if further != "71 days ago":
        assert_complete(store, [NAME], first, second, third)


def test_an_own_start_in_words_skips_nothing_that_changed_in_a_pause(
    store: Sandbox, set_clock: SetClock
) -> None:
    moving: dict[str, Any] = {"per_order_start_date": "101 days ago"}
    first = asked(store, NAME, **moving)
    for place, row in enumerate(store.rows("orders")[:20]):
        date = store.clock.now() + (place + 1) * DAY
        store.edit("orders", row["id"], {"date_modified": iso(date)})
    store.clock.advance(200 * DAY)
    set_clock(store.clock.now())
    second = asked(store, NAME, state=first.state, **moving)
    assert_complete(store, [NAME], first, second)
