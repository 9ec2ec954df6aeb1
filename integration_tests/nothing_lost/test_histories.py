"""Syncs of one store over years, with changed settings, failures, stops and edits in between."""

from __future__ import annotations

import os
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteMessage, Level, SyncMode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integration_tests import syncs
from integration_tests.nothing_lost.completeness import (
    INCREMENTAL,
    START,
    assert_complete,
    make_store,
    state_of,
    streams,
    union,
)
from integration_tests.nothing_lost.conftest import SetClock
from integration_tests.syncs import State, Sync, sync
from sandbox import Sandbox
from sandbox.clock import iso
from sandbox.faults import Change

pytestmark = pytest.mark.thorough

HOUR, DAY = 3600, 86_400
ROWS = 12
SIZES = {"orders": ROWS, "customers": ROWS, "products": ROWS, "channels": ROWS}
EXAMPLES = int(os.environ.get("SYNC_HISTORIES", "15"))

SETTINGS = st.fixed_dictionaries(
    {
        "start_date": st.sampled_from(
            [None, START, "2024-01-01", "2026-02-01", "yesterday", "30 days ago", "2 years ago"]
        ),
        "end_date": st.sampled_from([None, None, "2025-06-01", "yesterday", "2126-01-01"]),
        "num_workers": st.sampled_from([1, 3, 40]),
        "lookback_minutes": st.sampled_from([0, 10, 1440, 44_640]),
        "page_size": st.sampled_from([3, 5, 250]),
    }
)
STEPS = st.fixed_dictionaries(
    {
        "rest": st.sampled_from([1, HOUR, 3 * DAY, 60 * DAY]),
        "edits": st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, DAY)), max_size=6),
        "edit_within": st.none() | st.tuples(st.integers(0, ROWS - 1), st.integers(1, 4)),
        "settings": SETTINGS,
        "clock": st.sampled_from([-5 * HOUR, -60, 0, 60, 5 * HOUR]),
        "fails_at": st.none() | st.integers(1, 12),
        "stops_after": st.none() | st.integers(0, 60),
    }
)


# Shrinking a history takes minutes, so the one that failed is reported as it is.
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(name=st.sampled_from(INCREMENTAL), steps=st.lists(STEPS, min_size=1, max_size=4))
def test_after_any_history_a_clean_sync_leaves_nothing_out(
    name: str, steps: list[dict[str, Any]], set_clock: SetClock
) -> None:
    with make_store(**SIZES) as store:
        runs: list[Sync] = []
        state: State = {}
        for step in steps:
            _go_on(store, name, step)
            set_clock(store.clock.now() + step["clock"])
            step_settings = {key: value for key, value in step["settings"].items() if value}
            step_settings["lookback_minutes"] = step["settings"]["lookback_minutes"]
            failing = step["fails_at"] is not None
            if failing:
                store.faults.add(
                    streams()[name].paged_operation,
                    "status",
                    status=422,
                    at=step["fails_at"],
                    times=1,
                )
            run = _sync(store, name, state, step_settings)
            store.faults.clear()
            run = run if step["stops_after"] is None else _stopped(run, step["stops_after"])
            state = {**state, **run.state}
            runs.append(run)
        store.clock.advance(HOUR)
        set_clock(store.clock.now())
        last = sync(store, name, state=state)
        assert last.errors == []
        assert_complete(store, [name], *runs, last)


def _go_on(store: Sandbox, name: str, step: dict[str, Any]) -> None:
    store.clock.advance(step["rest"])
    now, collection = store.clock.now(), streams()[name].collection
    keys = [row["id"] for row in store.rows(collection)]
    for place, ago in step["edits"]:
        date = now - min(ago, step["rest"] - 1)
        store.edit(collection, keys[place], {"date_modified": iso(date)})
    if step["edit_within"]:
        place, at = step["edit_within"]
        fields = {"date_modified": iso(now + 1)}
        change = Change("edit", collection, (keys[place],), fields)
        store.faults.change(streams()[name].paged_operation, change, at=at)


def _sync(store: Sandbox, name: str, state: State, values: dict[str, Any]) -> Sync:
    """A sync that may fail."""
    try:
        return sync(store, name, state=state, failing=True, **values)
    except Exception as error:
        assert "after the end" in str(error)
        return Sync([])


def _stopped(run: Sync, after: int) -> Sync:
    """The rows that a destination keeps of a sync killed after so many messages."""
    messages = run.messages[:after]
    last = max((place for place, message in enumerate(messages) if message.state), default=-1)
    kept: list[AirbyteMessage] = [
        message for place, message in enumerate(messages) if not message.record or place < last
    ]
    return Sync(kept)


@pytest.mark.parametrize("lookback", [0, 1440, 44_640])
@pytest.mark.parametrize("name", ["orders", "order_products", "customers", "channels"])
def test_a_failed_first_sync_skips_no_day(name: str, lookback: int, set_clock: SetClock) -> None:
    with make_store(**SIZES) as store:
        _spread(store, name, days=29)
        set_clock(store.clock.now())
        moving: dict[str, Any] = {"start_date": "30 days ago", "num_workers": 40}
        scopes, store.options.scopes = store.options.scopes, frozenset()
        refused = sync(store, name, failing=True, lookback_minutes=lookback, **moving)
        assert refused.errors
        assert name not in refused.records
        store.options.scopes = scopes
        store.clock.advance(20 * DAY)
        set_clock(store.clock.now())
        second = sync(store, name, state=refused.state, lookback_minutes=0, **moving)
        assert second.errors == []
        assert_complete(store, [name], refused, second)


@pytest.mark.parametrize("name", ["orders", "order_products", "customers", "products"])
def test_a_look_back_of_days_waits_for_the_first_window(name: str, set_clock: SetClock) -> None:
    """Windows of a day each: those within the look-back are whole before the first one."""
    with make_store(**SIZES) as store:
        _spread(store, name, days=32)
        set_clock(store.clock.now())
        start = store.clock.now() - 30 * DAY
        values: dict[str, Any] = {"start_date": iso(start), "num_workers": 40}
        values["lookback_minutes"] = 1440
        bound = "date_modified:min" if name in ("customers", "products") else "min_date_modified"
        operation, where = streams()[name].paged_operation, {bound: iso(start)}
        fault = store.faults.add(operation, "status", status=422, where=where, times=None)
        failed = sync(store, name, failing=True, **values)
        assert fault.fired == 2  # a 422 is tried twice
        store.faults.clear()
        second = sync(store, name, state=failed.state, **values)
        due = {
            key
            for key, row in streams()[name].rows(store).items()
            if streams()[name].date_of(row) >= start
        }
        assert set(union(name, [failed])) < due
        assert set(union(name, [failed, second])) >= due


@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_look_back_of_a_week_works_with_a_start_date_of_yesterday(
    name: str, set_clock: SetClock
) -> None:
    with make_store(**SIZES) as store:
        values: dict[str, Any] = {"start_date": "yesterday", "lookback_minutes": 10_080}
        _spread(store, name, days=0)
        set_clock(store.clock.now())
        first = sync(store, name, **values)
        store.clock.advance(4 * DAY)
        _spread(store, name, days=4)
        set_clock(store.clock.now())
        second = sync(store, name, state=first.state, **values)
        assert_complete(store, [name], first, second)


@pytest.mark.parametrize("name", INCREMENTAL)
def test_years_of_history_are_read_in_as_many_windows_as_workers(
    name: str, set_clock: SetClock
) -> None:
    with make_store(**SIZES) as store:
        set_clock(store.clock.now())
        first = sync(store, name, start_date="yesterday")
        store.clock.advance(730 * DAY)
        set_clock(store.clock.now())
        store.log.clear()
        sync(store, name, state=first.state, start_date="yesterday", num_workers=10)
        requests = store.requests(streams()[name].paged_operation)
        # Each window of orders costs one more request, for archived ones.
        archived = [entry for entry in requests if "is_deleted" in entry.query]
        assert len(requests) - len(archived) <= 10 + 1
        assert len(archived) <= 10 + 1


@pytest.mark.parametrize("name", INCREMENTAL)
def test_an_earlier_start_date_reads_what_lies_between(name: str, set_clock: SetClock) -> None:
    with make_store(**SIZES) as store:
        _spread(store, name, days=1000)
        set_clock(store.clock.now())
        first = sync(store, name, start_date="2025-10-01")
        due = len(streams()[name].rows(store))
        assert 0 < len(first.records[name]) < due
        second = sync(store, name, state=first.state, start_date="2021-01-01")
        assert_complete(store, [name], first, second)
        assert state_of(second.state, name) == state_of(first.state, name)
        # And only once.
        third = sync(store, name, state=second.state, start_date="2021-01-01")
        assert len(third.records.get(name, [])) < due / 2


@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_full_refresh_with_a_state_reads_everything(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_store(**SIZES) as store:
        first = sync(store, name, start_date=START)
        monkeypatch.setattr(syncs, "catalog_of", _in_full(syncs.catalog_of))
        second = sync(store, name, state=first.state, start_date=START)
        assert second.errors == []
        assert_complete(store, [name], second)


@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_state_of_the_framework_is_used(name: str) -> None:
    with make_store(**SIZES) as store:
        _spread(store, name, days=300)
        middle = store.clock.now() - 150 * DAY
        state = {
            "state_type": "date-range",
            "slices": [{"start": START, "end": iso(middle)}],
        }
        read = sync(store, name, state={name: state}, start_date=START)
        assert read.errors == []
        newer = {
            key
            for key, row in streams()[name].rows(store).items()
            if streams()[name].date_of(row) >= middle
        }
        got = {streams()[name].key_of(row) for row in read.records[name]}
        assert newer <= got < set(streams()[name].rows(store))


def test_an_unused_state_is_logged_with_the_reason() -> None:
    with make_store(**SIZES) as store:
        read = sync(store, "orders", state={"orders": {"id": 4}}, start_date=START)
        assert any(
            line.startswith("The state of orders is not used: it holds no date of date_modified.")
            for line in read.logs(Level.WARN)
        )
        assert len(union("orders", [read])) == ROWS


def _in_full(catalog_of: Any) -> Any:
    def in_full(*arguments: Any) -> Any:
        catalog = catalog_of(*arguments)
        changed = [
            type(each)(**{**vars(each), "sync_mode": SyncMode.full_refresh})
            for each in catalog.streams
        ]
        return type(catalog)(streams=changed)

    return in_full


def _spread(store: Sandbox, name: str, days: int) -> None:
    """Spreads the dates of the rows evenly over the days before now."""
    keys = [row["id"] for row in store.rows(streams()[name].collection)]
    for place, key in enumerate(keys):
        date = store.clock.now() - days * DAY * place // len(keys)
        store.edit(streams()[name].collection, key, {"date_modified": iso(date)})
