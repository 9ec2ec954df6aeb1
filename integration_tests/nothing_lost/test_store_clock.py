"""A sync ends by the store's clock, whatever the connector's clock says, first sync or not."""

from __future__ import annotations

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from integration_tests.nothing_lost.completeness import (
    INCREMENTAL,
    START,
    assert_complete,
    make_store,
    state_of,
    streams,
)
from integration_tests.nothing_lost.conftest import SetClock
from integration_tests.syncs import Sync, sync
from sandbox import Sandbox
from sandbox.clock import instant, iso
from sandbox.faults import Change
from source_bigcommerce.components import sync as connector
from source_bigcommerce.components.clock import store_clock
from source_bigcommerce.components.moments import utc_now

pytestmark = pytest.mark.thorough

MINUTE, HOUR, DAY = 60, 3600, 86_400
SIZES = {"orders": 12, "customers": 12, "products": 12, "channels": 12}
SETTINGS: dict[str, Any] = {"start_date": START, "num_workers": 1, "page_size": 4}
ORDERS_ONLY = ["store_v2_orders", "store_v2_transactions", "store_channel_settings"]


@pytest.mark.parametrize("seconds", [-5 * HOUR, -5 * MINUTE, 5 * MINUTE, 5 * HOUR])
@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_stream_with_a_state_ends_by_the_clock_of_the_store(
    name: str, seconds: int, set_clock: SetClock
) -> None:
    with make_store(**SIZES) as store:
        _three_syncs(store, name, seconds, set_clock, prompt=True)
        assert len(store.requests("time.get")) == 3, "once a sync"


@pytest.mark.parametrize("name", INCREMENTAL)
def test_an_old_row_that_changes_in_the_last_second_is_not_lost(
    name: str, set_clock: SetClock
) -> None:
    with make_store(**SIZES) as store:
        _three_syncs(store, name, 0, set_clock, prompt=True, later=0)


@pytest.mark.parametrize("name", ["orders", "channels"])
@pytest.mark.parametrize(
    ("options", "seconds", "prompt"),
    [
        # The header alone, because the token lacks the scope of /v2/time.
        ({"scopes": ORDERS_ONLY}, 5 * HOUR, True),
        ({"scopes": ORDERS_ONLY}, -5 * HOUR, True),
        # The endpoint alone.
        ({"date_header": False}, 5 * HOUR, True),
        ({"date_header": False}, -5 * HOUR, True),
        # Neither: ten minutes are read twice.
        ({"date_header": False, "scopes": ORDERS_ONLY}, 0, True),
        ({"date_header": False, "scopes": ORDERS_ONLY}, 9 * MINUTE, True),
        ({"date_header": False, "scopes": ORDERS_ONLY}, -9 * MINUTE, False),
        # A wrong header: the earlier of two times is safe; a time of a later day does not count.
        ({"date_ahead": 5 * HOUR}, 0, True),
        ({"date_ahead": 5 * HOUR, "scopes": ORDERS_ONLY}, 0, True),
        ({"date_ahead": -5 * HOUR}, 0, True),
        ({"date_ahead": 400 * DAY, "scopes": ORDERS_ONLY}, 0, True),
        ({"date_ahead": -400 * DAY, "scopes": ORDERS_ONLY}, 0, True),
        ({"date_ahead": -30 * 365 * DAY}, 0, True),
    ],
)
def test_a_badly_told_time_of_the_store_loses_nothing(
    name: str, options: dict[str, Any], seconds: int, prompt: bool, set_clock: SetClock
) -> None:
    with make_store(**SIZES) as store:
        store.options.update(options)
        *syncs, _ = _three_syncs(store, name, seconds, set_clock, prompt)
        for read in syncs:
            assert instant(state_of(read.state, name)) <= store.clock.now()


@pytest.mark.parametrize("kind", ["reset", "hang", "truncate", "status"])
def test_a_store_that_tells_no_time_loses_nothing(
    kind: str, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("source_bigcommerce.components.clock._TIME_OUT", 0.3)
    with make_store(**SIZES) as store:
        status = {"status": 500} if kind == "status" else {}
        fault = store.faults.add("time.get", kind, times=None, **status)
        _three_syncs(store, "channels", 5 * MINUTE, set_clock, prompt=True)
        assert fault.fired == 3, "it is asked once, and not again"


@pytest.mark.parametrize(
    "headers",
    [
        {"Location": "http://[::1"},
        {"Location": "\xff\xfe"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 -2300"},
        {"Date": f"Mon, 01 Jan 2024 00:00:00 +{10**20}"},
    ],
    ids=str,
)
def test_unreadable_headers_stop_no_sync(headers: dict[str, str]) -> None:
    class Reply(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(302)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Reply) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        config = {"api_url": address, "store_hash": "abc", "access_token": "any"}
        now, sure_until = store_clock(config, connector.Sync(config))
    assert sure_until < now < utc_now() + timedelta(minutes=1)


def test_an_end_date_long_past_costs_no_request_for_the_time(set_clock: SetClock) -> None:
    with make_store(**SIZES) as store:
        set_clock(store.clock.now())
        sync(store, "orders", **{**SETTINGS, "end_date": "2025-01-01"})
        sync(store, "brands", **SETTINGS)
        assert store.requests("time.get") == []


def test_the_request_for_the_time_is_like_every_other(set_clock: SetClock) -> None:
    """It counts for the same quota, so it is not taken for another app's request."""
    with make_store(quota=1000, **SIZES) as store:
        set_clock(store.clock.now())
        read = sync(store, "orders", **SETTINGS)
        assert f"{len(store.log)} requests" in next(
            message.log.message
            for message in reversed(read.messages)
            if message.log and message.log.message.startswith("Progress: ")
        )


def _three_syncs(
    store: Sandbox, name: str, seconds: int, set_clock: SetClock, prompt: bool, later: int = 1
) -> list[Sync]:
    """The connector's clock is so many seconds ahead; an old row changes during the second sync.

    later: seconds from the end of the sync to the change.
    prompt: what changed before a sync arrives with it, not with the next one.
    """
    keys = [row["id"] for row in store.rows(streams()[name].collection)]
    set_clock(store.clock.now() + seconds)
    first = sync(store, name, **SETTINGS)
    store.clock.advance(HOUR)
    now = store.clock.now()
    for minutes, key in enumerate(keys[1:]):
        _edit(store, name, key, now - minutes * MINUTE)
    newest = streams()[name].rows(store)
    date = {"date_modified": iso(now + later)}
    change = Change("edit", streams()[name].collection, (keys[0],), date)
    fault = store.faults.change(streams()[name].paged_operation, change, at=1)
    set_clock(now + seconds)
    second = sync(store, name, state=first.state, **SETTINGS)
    assert fault.fired == 1
    assert instant(state_of(second.state, name)) <= now
    if prompt:
        came = {streams()[name].key_of(row) for row in second.records[name]}
        due = {key for key, row in newest.items() if streams()[name].date_of(row) > now - HOUR}
        assert due <= came
    # By then the store's clock may be right, and late rows arrive.
    store.options.update({"date_ahead": 0})
    store.clock.advance(HOUR)
    set_clock(store.clock.now() + seconds)
    third = sync(store, name, state=second.state, **SETTINGS)
    assert (first.errors, second.errors, third.errors) == ([], [], [])
    assert_complete(store, [name], first, second, third)
    return [first, second, third]


def _edit(store: Sandbox, name: str, key: int, second: int) -> None:
    store.edit(streams()[name].collection, key, {"date_modified": second})
