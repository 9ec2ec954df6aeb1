"""Clocks that disagree, and rows that the store commits later than their date says."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.nothing_lost.completeness import (
    INCREMENTAL,
    NOW,
    START,
    assert_complete,
    make_store,
    state_of,
    streams,
)
from integration_tests.nothing_lost.conftest import SetClock
from integration_tests.syncs import sync
from sandbox import Sandbox
from sandbox.clock import instant, iso
from sandbox.faults import Change

pytestmark = pytest.mark.thorough

SIZES = {"orders": 12, "customers": 12, "products": 12, "channels": 12}
SETTINGS: dict[str, Any] = {"start_date": START, "num_workers": 1, "page_size": 4}
MINUTE = 60


@pytest.mark.parametrize("minutes", [-10, 10])
@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_wrong_clock_of_the_connector_loses_nothing(
    name: str, minutes: int, set_clock: SetClock
) -> None:
    """Ahead: rows that change during the read belong to its last window, to pages already read."""
    now = instant(NOW)
    with make_store(**SIZES) as store:
        keys = _parents(store, name)
        faults = [
            _edit(store, name, keys[1], now + 1, at=1),
            _edit(store, name, keys[7], now + 1, at=1),
            _edit(store, name, keys[11], now + 10 * MINUTE - 1, at=2),
        ]
        set_clock(now + minutes * MINUTE)
        first = sync(store, name, **SETTINGS)
        assert [fault.fired for fault in faults] == [1, 1, 1]
        store.clock.advance(3600)
        set_clock(store.clock.now() + minutes * MINUTE)
        second = sync(store, name, state=first.state, **SETTINGS)
        assert (first.errors, second.errors) == ([], [])
        assert_complete(store, [name], first, second)


@pytest.mark.parametrize("minutes", [-10, 10])
@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_clock_corrected_between_two_syncs_loses_nothing(
    name: str, minutes: int, set_clock: SetClock
) -> None:
    with make_store(**SIZES) as store:
        set_clock(store.clock.now() + minutes * MINUTE)
        first = sync(store, name, **SETTINGS)
        keys = _parents(store, name)
        store.clock.advance(5 * MINUTE)
        _touch(store, name, keys[2], store.clock.now())
        set_clock(store.clock.now())
        second = sync(store, name, state=first.state, **SETTINGS)
        assert (first.errors, second.errors) == ([], [])
        assert_complete(store, [name], first, second)


@pytest.mark.parametrize("late", [1, 5 * MINUTE, 10 * MINUTE])
@pytest.mark.parametrize("name", INCREMENTAL)
def test_rows_committed_late_with_an_earlier_date_arrive(
    name: str, late: int, set_clock: SetClock
) -> None:
    with make_store(**SIZES) as store:
        keys = _parents(store, name)
        _touch(store, name, keys[5], store.clock.now())
        set_clock(store.clock.now())
        first = sync(store, name, **SETTINGS)
        newest = instant(state_of(first.state, name))
        for key in keys[:2]:
            _touch(store, name, key, newest - late)
        set_clock(store.clock.now() + 3600)
        second = sync(store, name, state=first.state, **SETTINGS)
        assert len(second.records[name]) >= 2
        assert (first.errors, second.errors) == ([], [])
        assert_complete(store, [name], first, second)


@pytest.mark.parametrize("name", INCREMENTAL)
def test_an_end_date_in_the_future_leaves_later_changes_to_the_next_sync(
    name: str, set_clock: SetClock
) -> None:
    """A row changes on a page already read, and another one an hour later."""
    now = instant(NOW)
    settings = {**SETTINGS, "end_date": "2126-01-01"}
    with make_store(**SIZES) as store:
        keys = _parents(store, name)
        faults = [
            _edit(store, name, keys[1], now + 1, at=1),
            _edit(store, name, keys[11], now + 3600, at=1),
        ]
        set_clock(now)
        first = sync(store, name, **settings)
        assert [fault.fired for fault in faults] == [1, 1]
        store.clock.advance(7200)
        set_clock(store.clock.now())
        second = sync(store, name, state=first.state, **settings)
        assert (first.errors, second.errors) == ([], [])
        assert_complete(store, [name], first, second)


def _parents(store: Sandbox, name: str) -> list[int]:
    return [row["id"] for row in store.rows(streams()[name].collection)]


def _touch(store: Sandbox, name: str, key: int, second: int) -> None:
    store.edit(streams()[name].collection, key, {"date_modified": second})


def _edit(store: Sandbox, name: str, key: int, second: int, at: int) -> Any:
    """An edit of that second, which the store makes after the `at`-th page was read."""
    change = Change("edit", streams()[name].collection, (key,), {"date_modified": iso(second)})
    return store.faults.change(streams()[name].paged_operation, change, at=at)
