"""States of any age and origin: what one says is believed, and all else is read again."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.nothing_lost.completeness import (
    ALL,
    INCREMENTAL,
    ORDER_CHILDREN,
    assert_complete,
    completed,
    make_store,
    streams,
    whole_history,
)
from integration_tests.syncs import sync
from sandbox.clock import instant

pytestmark = pytest.mark.thorough

SETTINGS = whole_history(page_size=40)

# States of Airbyte's archived connector, and of our own.
DATES = {
    "2023-11-13": "2023-11-13T00:00:00Z",
    "2023-08-11T15:18:55Z": "2023-08-11T15:18:55Z",
    "2023-08-11T15:18:55+00:00": "2023-08-11T15:18:55Z",
    "2023-08-11T15:18:55.000000Z": "2023-08-11T15:18:55Z",
    "2023-08-11T17:18:55+02:00": "2023-08-11T15:18:55Z",
    "2023-08-11T15:18:55": "2023-08-11T15:18:55Z",
    "2023-08-11 15:18:55": "2023-08-11T15:18:55Z",
}
NESTED = {
    "use_global_cursor": False,
    "states": [
        {"partition": {"order_id": 101, "parent_slice": {}}, "cursor": {"id": "2020-01-01"}},
        {"partition": {"order_id": 102, "parent_slice": {}}, "cursor": {"id": "2025-01-01"}},
    ],
    "state": {"id": "2025-01-01"},
    "lookback_window": 1,
    "parent_state": {},
}
# These do not say which rows were read.
EMPTY_WORDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "id as a number": {"id": 4},
    "id as a date": {"id": "2025-01-01"},
    "store_id": {"store_id": 1},
    "a state for each order": NESTED,
    "a state for each order, with the orders' own": {
        **NESTED,
        "parent_state": {"orders": {"date_modified": "2025-01-01"}},
    },
    "empty text": {"date_modified": "", "order_date_modified": ""},
    "null": {"date_modified": None, "order_date_modified": None},
    "a word": {"date_modified": "never", "order_date_modified": "never"},
    "a date as v2 writes them": {
        "date_modified": "Fri, 11 Aug 2023 15:18:55 +0000",
        "order_date_modified": "Fri, 11 Aug 2023 15:18:55 +0000",
    },
    "a number": {"date_modified": 1699833600, "order_date_modified": 1699833600},
    "no such date": {"date_modified": "2025-13-45", "order_date_modified": "2025-13-45"},
    "far in the future": {
        "date_modified": "2999-01-01T00:00:00Z",
        "order_date_modified": "2999-01-01T00:00:00Z",
    },
    "a list": {"date_modified": ["2025-01-01"], "order_date_modified": ["2025-01-01"]},
    "a full refresh that ended": {"__ab_full_refresh_sync_complete": True},
    "a stream without a cursor": {"__ab_no_cursor_state_message": True},
}


@pytest.mark.parametrize("text", DATES)
def test_a_stream_continues_from_a_date_in_any_form(text: str) -> None:
    with make_store(orders=60) as store:
        state = {name: {streams()[name].cursor or "": text} for name in INCREMENTAL}
        read = sync(store, *INCREMENTAL, state=state, **SETTINGS)
        assert read.errors == []
        for name in INCREMENTAL:
            stream, due = streams()[name], streams()[name].rows(store)
            newer = {key for key, row in due.items() if stream.date_of(row) >= instant(DATES[text])}
            got = {stream.key_of(record) for record in read.records[name]}
            assert newer <= got < set(due), f"{name}: all since the state, and not those before"


@pytest.mark.parametrize("state", EMPTY_WORDS)
@pytest.mark.parametrize("names", [INCREMENTAL, tuple(set(ALL) - set(INCREMENTAL))], ids=len)
def test_a_state_that_says_nothing_means_the_start(names: tuple[str, ...], state: str) -> None:
    with make_store(orders=60) as store:
        old = dict.fromkeys(names, EMPTY_WORDS[state])
        read = sync(store, *names, state=old, **SETTINGS)
        assert read.errors == []
        assert completed(read) == set(names)
        assert_complete(store, names, read)
        following = sync(store, *names, state=read.state, **SETTINGS)
        assert following.errors == []
        assert all(len(following.records[name]) < 60 for name in ORDER_CHILDREN if name in names)


@pytest.mark.parametrize(
    "state",
    [
        {"date_modified": "2025-01-01"},
        {"order_date_modified": "2025-01-01"},
        {"id": 4},
        {"store_id": 1},
        {"__ab_no_cursor_state_message": True},
    ],
)
def test_full_refresh_streams_ignore_old_states(state: dict[str, Any]) -> None:
    names = tuple(name for name in ALL if name not in INCREMENTAL)
    with make_store(orders=5) as store:
        read = sync(store, *names, state=dict.fromkeys(names, state), **SETTINGS)
        assert read.errors == []
        assert_complete(store, names, read)


def test_a_state_of_orders_says_nothing_about_their_children() -> None:
    """Their old state may hold such a date, but in a place that means something else."""
    with make_store(orders=60) as store:
        old = {name: {"date_modified": "2025-06-01T00:00:00Z"} for name in ORDER_CHILDREN}
        read = sync(store, *ORDER_CHILDREN, state=old, **SETTINGS)
        assert read.errors == []
        assert_complete(store, ORDER_CHILDREN, read)
