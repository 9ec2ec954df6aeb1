"""Syncs of one stream over years: settings that change between them, failures, kills, edits.

The store is a table of dates here, so that thousands of histories are tried in minutes. Whole
syncs are in `integration_tests/nothing_lost/test_histories.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source_bigcommerce.components.moments import dates
from unit_tests.cursors import Windows

DAY = 86_400
ZERO = int(datetime(2024, 3, 1, tzinfo=timezone.utc).timestamp())
EXAMPLES = int(os.environ.get("HISTORIES", "300"))

STARTS = (
    st.none()
    | st.sampled_from(["yesterday", "today", "1 day ago", "30 days ago", "2 years ago"])
    | st.integers(-900, -1).map(lambda day: _iso(ZERO + day * DAY))
)
SYNCS = st.fixed_dictionaries(
    {
        "rest": st.sampled_from([0, 1, 59, 3600, 86_401, 4 * DAY, 31 * DAY, 800 * DAY]),
        "start_date": STARTS,
        "per_order_start_date": STARTS,
        "end_date": st.none()
        | st.sampled_from(["yesterday", "2126-01-01"])
        | st.integers(-20, 900).map(lambda day: _iso(ZERO + day * DAY)),
        "num_workers": st.sampled_from([1, 2, 10, 40]),
        "lookback_minutes": st.sampled_from([0, 10, 1440, 10_080, 44_640]),
        # None: the store tells the time; else how far ahead of it this machine's clock is.
        "ahead": st.none() | st.sampled_from([-7200, -60, 0, 60, 599]),
        "edits_before": st.lists(st.tuples(st.integers(0, 11), st.integers(0, 5 * DAY))),
        "order": st.randoms(use_true_random=False),
        # Of each window: whether it fails; the stream stops after so many windows.
        "failing": st.sets(st.integers(0, 40)),
        "stops_after": st.none() | st.integers(0, 40),
        "edits_within": st.lists(st.integers(0, 11), max_size=3),
    }
)


class Store:
    """Rows with the date of their last change, and what a destination holds of them."""

    def __init__(self, rows: list[int]) -> None:
        self.now = ZERO
        self.rows = dict(enumerate(ZERO - age for age in rows))
        self.held: dict[int, int] = {}
        self.state: dict[str, Any] = {}
        self.earliest = self.now

    def sync(self, step: dict[str, Any], name: str) -> None:
        ahead = step["ahead"]
        ours = self.now + (ahead or 0)
        sure = self.now if ahead is None else ours - 600
        config = _normalized(step, ours, sure)
        if config is None:
            return  # Start date after end date: refused.
        begins, is_open = config["start_date"], config["reads_everything"]
        if name == "transactions" and config["per_order_start_date"]:
            begins, is_open = config["per_order_start_date"], False
        start = 0 if is_open else _seconds(begins)
        windows = Windows(dict(self.state), name, **{**step, **config})
        self.earliest = min(self.earliest, start)
        places = list(range(len(windows.slices)))
        step["order"].shuffle(places)
        edits = list(step["edits_within"])
        rest: dict[int, int] = {}
        for done, place in enumerate(places):
            if done == step["stops_after"]:
                return
            if place in step["failing"]:
                continue
            lower, upper = map(_seconds, windows.bounds[place])
            if is_open and lower <= _seconds(begins):
                lower = 0
            reach = 2 if name in ("orders", "transactions") else 0
            came = {key: date for key, date in self.rows.items() if lower <= date <= upper + reach}
            if edits:
                self.now += 1
                self.rows[edits.pop() % len(self.rows)] = self.now
            before = windows.cursor.state
            state = windows.close(place, *map(_iso, came.values()))
            rest |= came
            if state != before or upper <= _seconds(config["sure_until"]):
                # What came after the last state may be dropped by the destination.
                self._keep(came)
                self.state = state
            self._assert_no_state_is_ahead()
        if not step["failing"]:
            self._keep(rest)

    def _keep(self, came: dict[int, int]) -> None:
        for key, date in came.items():
            self.held[key] = max(date, self.held.get(key, 0))

    def _assert_no_state_is_ahead(self) -> None:
        dates = {"since": "1970-01-01T00:00:00Z", **self.state}
        since = _seconds(dates.pop("since"))
        reached = max(map(_seconds, dates.values()), default=0)
        assert reached <= self.now
        for key, date in self.rows.items():
            if since <= date < reached:
                assert self.held.get(key) == date, f"{self.state}, but {key} of {date} is due"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.integers(0, 1000 * DAY), min_size=1, max_size=12),
    steps=st.lists(SYNCS, min_size=1, max_size=6),
    last=SYNCS,
    name=st.sampled_from(["orders", "transactions", "products", "price_lists", "channels"]),
)
def test_every_row_since_the_earliest_start_date_arrives_in_its_newest_version(
    rows: list[int], steps: list[dict[str, Any]], last: dict[str, Any], name: str
) -> None:
    store = Store(rows)
    for step in steps:
        store.now += step["rest"]
        for key, ago in step["edits_before"]:
            key %= len(rows)
            # Later than it was, and than the sync before.
            store.rows[key] = max(store.rows[key], store.now - min(ago, step["rest"]))
        store.sync(step, name)
    store.now += last["rest"]
    start = None if store.earliest == 0 else _iso(store.earliest)
    clean = {"ahead": None, "failing": (), "stops_after": None, "edits_within": ()}
    dates = {"start_date": start, "per_order_start_date": None, "end_date": None}
    store.sync({**last, **clean, **dates}, name)
    lacking = {
        key: _iso(date)
        for key, date in store.rows.items()
        if date >= store.earliest and store.held.get(key) != date
    }
    assert not lacking, f"{lacking} did not come since {_iso(store.earliest)}: {store.state}"


def _normalized(step: dict[str, Any], now: int, sure: int) -> dict[str, Any] | None:
    moment: Callable[[int], datetime] = lambda at: datetime.fromtimestamp(at, timezone.utc)  # noqa: E731
    try:
        return dates(step, moment(now), moment(sure))
    except Exception as error:
        assert "after the end" in str(error)
        return None


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())
