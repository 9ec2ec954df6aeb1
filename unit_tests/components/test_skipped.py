"""Orders that are not asked for rows, as they seem to have none, over syncs that are killed.

The store is a table of orders here. Windows are read side by side, a row of one after a row of
another; a sync may be killed after any message, and the next one begins from any state it left.
"""

from __future__ import annotations

import logging
import os
import random
from array import array
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, NamedTuple, cast

import pytest
from airbyte_cdk.sources.types import Record, StreamSlice
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from source_bigcommerce.components import ChildRows
from source_bigcommerce.components.child_rows import _are_same
from source_bigcommerce.components.skipped import Skipped
from source_bigcommerce.components.sync import Sync
from unit_tests import cursors
from unit_tests.cursors import Windows

DAY = 86_400
EXAMPLES = int(os.environ.get("HISTORIES", "150"))
ZERO = int(datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp())
START = "2023-01-01T00:00:00Z"
NAME = "order_coupons"
EMPTY: dict[str, Any] = {"seems": 0}


class Order(NamedTuple):
    date: int
    seems_empty: bool
    has_row: bool


class Parents:
    """The list of orders; of two windows that hold a row, the first one has it."""

    key, date, drops_late = "id", "date_modified", False

    def __init__(self, orders: dict[int, Order]) -> None:
        self._orders = orders
        self._owners: dict[int, str] = {}

    def apart(self) -> Parents:
        return Parents(self._orders)

    def pages(self, window: StreamSlice) -> Iterator[list[dict[str, Any]]]:
        start, end = window["start_time"], window["end_time"]
        for key, order in sorted(self._orders.items()):
            is_within = _seconds(start) <= order.date <= _seconds(end) + 2
            if is_within and self._owners.setdefault(key, start) == start:
                seems = 0 if order.seems_empty else 1
                yield [{"id": key, "date_modified": _iso(order.date), "seems": seems}]


class Children:
    """The rows of an order; keeps who was asked."""

    date = ""

    def __init__(self, orders: dict[int, Order]) -> None:
        self._orders = orders
        self.asked: Counter[int] = Counter()
        self.record_selector = self

    def pages(self, of_order: StreamSlice) -> Iterator[list[dict[str, Any]]]:
        key = of_order["order_id"]
        self.asked[key] += 1
        yield [{"id": 1}] if self._orders[key].has_row else []

    def filter_and_transform(self, rows: Any, *_: Any) -> Iterator[Record]:
        for row in rows:
            yield Record(dict(row), NAME)


Row = tuple[int, str]
"""Of an order, in its version of this date."""
Message = Row | dict[str, Any]


class Reading:
    """One sync: what it printed, rows and states, in that order."""

    def __init__(
        self,
        orders: dict[int, Order],
        now: int,
        state: dict[str, Any],
        chance: random.Random,
        is_on: bool = True,
        workers: int = 3,
        start: str = START,
    ) -> None:
        config = {"num_workers": workers, "page_size": 2, "prove": True}
        self.children = Children(orders)
        self.retriever = ChildRows(
            parents=cast(Any, Parents(orders)),
            children=cast(Any, self.children),
            record_selector=cast(Any, self.children),
            config=config,
            parameters={},
            parent_key="order_id",
            parent_date="order_date_modified",
            name=NAME,
            likely_empty=EMPTY,
            api_budget=Sync(config),
        )
        self.retriever.api_budget.receipts.begin({NAME: "order_date_modified"})
        ends = dict.fromkeys(("end_date", "now", "sure_until"), _iso(now))
        options = {"skip_likely_empty": is_on, "num_workers": workers, "start_date": start}
        self.windows = Windows(state, NAME, **{**options, **ends})
        self.messages: list[Message] = []
        vars(self.windows.cursor)["_emit_state_message"] = lambda: self.messages.append(
            dict(self.windows.cursor.state)
        )
        read = [self._read(place) for place in range(len(self.windows.slices))]
        while read:
            window = chance.choice(read[:workers])
            if next(window, None) is None:
                read.remove(window)
        self.retriever.api_budget.end()

    def _read(self, place: int) -> Iterator[bool]:
        dates = []
        for record in self.retriever.read_records({}, self.windows.slices[place]):
            row = cast(dict[str, Any], record.data)
            self.messages.append((row["order_id"], row["order_date_modified"]))
            dates.append(row["order_date_modified"])
            yield True
        self.windows.close(place, *dates)

    @property
    def rows(self) -> list[Row]:
        return [message for message in self.messages if isinstance(message, tuple)]

    @property
    def state(self) -> dict[str, Any]:
        return dict(self.windows.cursor.state)


def due(orders: dict[int, Order], start: str = START) -> set[Row]:
    return {
        (key, _iso(order.date))
        for key, order in orders.items()
        if order.has_row and order.date >= _seconds(start)
    }


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


KEYS = st.sampled_from([100, 101, 102, 103, 200, 201, 202, 300, 301, 302, 303, 304])
ORDERS = st.dictionaries(
    KEYS,
    st.builds(Order, st.integers(ZERO - 300 * DAY, ZERO), st.booleans(), st.booleans()),
    min_size=3,
)
STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "is_on": st.sampled_from([True, True, True, False]),
            "workers": st.sampled_from([1, 2, 5]),
            "seed": st.integers(0, 9),
            # After so many messages; of the states that came before, the last but so many.
            "killed_after": st.none() | st.integers(0, 20),
            "from_state": st.integers(0, 3),
            "start": st.sampled_from([START, START, "2023-08-01T00:00:00Z"]),
            "edits": st.dictionaries(KEYS, st.tuples(st.booleans(), st.booleans()), max_size=3),
        }
    ),
    min_size=1,
    max_size=5,
)


# Shrinking takes minutes, so the history that failed is reported as it is.
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(orders=ORDERS, steps=STEPS, found_in_the_end=st.booleans())
def test_nothing_that_was_skipped_is_lost_once_rows_were_found_or_the_option_is_off(
    orders: dict[int, Order], steps: list[dict[str, Any]], found_in_the_end: bool
) -> None:
    now, state, held = ZERO, dict[str, Any](), set[Row]()
    starts = [START]
    for step in steps:
        now += DAY
        for key, flags in step["edits"].items():
            if key in orders:
                orders[key] = Order(now - key, *flags)
        chance = random.Random(step["seed"])
        starts.append(step["start"])
        start = min(starts[1:])
        read = Reading(orders, now, state, chance, step["is_on"], step["workers"], step["start"])
        assert max(Counter(read.rows).values(), default=1) == 1
        messages = read.messages[: step["killed_after"]]
        states = [place for place, each in enumerate(messages) if isinstance(each, dict)]
        if step["killed_after"] is not None:
            states = states[: max(len(states) - step["from_state"], 0)]
        elif read.windows.cursor._skipped.are_due:
            held.update(read.rows)
            lacking = {row for row in due(orders, start) if row not in held}
            assert not lacking, f"{lacking} did not come: {read.state}"
        if states:
            # What comes after the last state may be dropped.
            held.update(each for each in messages[: states[-1]] if isinstance(each, tuple))
            state = cast(dict[str, Any], messages[states[-1]])
    now += DAY
    if found_in_the_end:
        orders[400] = Order(now - 1, True, True)
    last = Reading(orders, now, state, random.Random(1), is_on=found_in_the_end)
    assert max(Counter(last.rows).values(), default=1) == 1
    held.update(last.rows)
    assert {row for row in due(orders) if row not in held} == set()
    assert "skipped_since" not in last.state


def orders_of(*hidden: int, count: int = 500) -> dict[int, Order]:
    """One a day; each third one says that it has rows, and has; of the others, those that are
    `hidden` have some."""
    return {
        key: Order(ZERO - (600 - key) * DAY // 2, key % 3 > 0, key % 3 == 0 or key in hidden)
        for key in range(1, count + 1)
    }


def test_one_in_a_hundred_orders_that_seem_empty_is_asked_for_rows() -> None:
    orders = orders_of(101)
    read = Reading(orders, ZERO, {}, random.Random(0))
    seeming = {key for key, order in orders.items() if order.seems_empty}
    assert {key for key in read.children.asked if key in seeming} == {100, 200, 400, 500}
    assert set(read.children.asked.values()) == {1}
    assert {key for key, _ in read.rows} == set(orders) - seeming
    assert read.state["skipped_since"] == _iso(orders[1].date)
    [receipt] = receipts(read)
    assert receipt["verdict"] == "not proved"
    assert receipt["reason"] == "what seemed to be empty was not asked for"


def test_the_receipt_doubts_orders_that_are_skipped_again_in_a_repeated_window() -> None:
    orders = orders_of(101)
    first = Reading(orders, ZERO, {}, random.Random(0))
    state = {**first.state, "since": _iso(orders[490].date)}
    second = Reading(orders, ZERO, state, random.Random(0))
    assert len(second.children.asked) < len(orders) // 2
    assert [row["reason"] for row in receipts(second)] == [
        "what seemed to be empty was not asked for"
    ]


def receipts(read: Reading) -> list[dict[str, Any]]:
    return read.retriever.api_budget.receipts.rows()


@pytest.mark.parametrize("hidden", [100, 200, 500])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_row_of_the_sample_makes_the_sync_read_all_others_and_is_logged_once(
    hidden: int, workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    orders = orders_of(hidden, 101, 302, 400)
    with caplog.at_level(logging.WARNING, "airbyte"):
        read = Reading(orders, ZERO, {}, random.Random(0), workers=workers)
    assert read.children.asked == Counter(list(orders))
    assert sorted(read.rows) == sorted(due(orders))
    plain = Reading(orders, ZERO, {}, random.Random(0), is_on=False)
    assert sorted(read.rows) == sorted(plain.rows)
    assert read.state == plain.state
    [line] = [record.getMessage() for record in caplog.records]
    assert "seemed to have none, and has some" in line
    assert [row["reason"] for row in receipts(read)] == [None]


def test_what_earlier_syncs_skipped_is_read_as_well_and_only_that() -> None:
    orders = orders_of(101, 302)
    first = Reading(orders, ZERO, {}, random.Random(0))
    orders[600] = Order(ZERO + 60, True, True)
    second = Reading(orders, ZERO + DAY, first.state, random.Random(0))
    left = {key for key, order in orders.items() if order.seems_empty and key % 100}
    # Those of the look-back are asked once more.
    assert set(second.children.asked) - left <= {400, 500, 600}
    assert left <= set(second.children.asked)
    assert set(second.children.asked.values()) == {1}
    assert {*first.rows, *second.rows} == due(orders)
    assert "skipped_since" not in second.state


@pytest.mark.parametrize("is_on", [True, False])
def test_the_next_sync_reads_all_skipped_orders_if_a_killed_one_found_rows(
    is_on: bool,
) -> None:
    orders = orders_of(500, 101)
    read = Reading(orders, ZERO, {}, random.Random(0), workers=5)
    states = [place for place, each in enumerate(read.messages) if isinstance(each, dict)]
    found = next(p for p in states if cast(Any, read.messages[p]).get("skipped_are_due"))
    # Said before the row that was found: whoever keeps the row knows.
    rows = {each for each in read.messages[:found] if isinstance(each, tuple)}
    assert not any(key in (101, 500) for key, _ in rows)
    # Nothing that is left shows it any more.
    orders[500] = Order(ZERO + 60, False, False)
    state = cast(dict[str, Any], read.messages[found])
    second = Reading(orders, ZERO + DAY, state, random.Random(0), is_on=is_on)
    assert {*rows, *second.rows} >= due(orders)
    assert "skipped_are_due" not in second.state


def test_an_order_of_the_second_that_two_syncs_share_comes_once() -> None:
    orders = orders_of(101)
    last = max(order.date for order in orders.values())
    # The look-back is ten minutes.
    for key, date in ((601, last - 601), (602, last - 600), (603, last - 599)):
        orders[key] = Order(date, True, True)
    first = Reading(orders, ZERO, {}, random.Random(0))
    for found in (True, False):
        if found:
            orders[700] = Order(ZERO + 60, True, True)
        second = Reading(orders, ZERO + DAY, first.state, random.Random(0), is_on=found)
        assert max(Counter(second.rows).values()) == 1
        assert {*first.rows, *second.rows} >= due({key: orders[key] for key in (601, 602, 603)})


def test_an_option_that_is_turned_off_has_the_skipped_ones_read() -> None:
    orders = orders_of(101)
    first = Reading(orders, ZERO, {}, random.Random(0))
    second = Reading(orders, ZERO + DAY, first.state, random.Random(0), is_on=False)
    assert {*first.rows, *second.rows} == due(orders)
    third = Reading(orders, ZERO + DAY, second.state, random.Random(0), is_on=False)
    assert third.children.asked.total() <= 3


def test_what_was_skipped_within_the_look_back_is_read_again_and_not_noted() -> None:
    state = {"order_date_modified": _iso(ZERO), "since": START, "skipped_since": _iso(ZERO - 300)}
    ends = dict.fromkeys(("end_date", "now", "sure_until"), _iso(ZERO + DAY))
    assert "skipped_since" not in Windows(state, NAME, **ends).cursor.state
    noted = {**state, "skipped_since": _iso(ZERO - 600)}
    windows = Windows(noted, NAME, skip_likely_empty=True, **ends)
    assert windows.cursor.state == {**noted, "skipped_are_due": False}
    # A state that is damaged says nothing of what was read.
    assert Windows({**state, "skipped_since": "once"}, NAME, **ends).bounds[0][0] == cursors.START


@pytest.mark.parametrize("key", [-1, 0, 100, 2**63, 2**70 + 1, "7", None])
def test_an_order_whose_key_is_no_usual_number_is_asked(key: object) -> None:
    own = array("q")
    skipped = Skipped(is_on=True)
    assert not skipped.leaves(key, _iso(ZERO), own)
    assert not skipped.leaves(101, None, own)
    assert not skipped.leaves(101, "2024-01-01T00:00:00.5Z", own)
    assert own == array("q")
    assert skipped.leaves(101, _iso(ZERO), own)


@pytest.mark.parametrize(
    ("expected", "value", "are_same"),
    [
        (0, 0, True),
        (0, False, False),
        (0, 0.0, False),
        (0, "0", False),
        (0, None, False),
        (0, 1, False),
        (0, [], False),
        ("0.0000", "0.0000", True),
        ("0.0000", "0", True),
        ("0.0000", "0.00", True),
        ("0.0000", "5.0000", False),
        ("0.0000", "", False),
        ("0.0000", "-", False),
        ("0.0000", "0.0001", False),
        ("0.0000", 0, False),
        ("0.0000", 0.0, False),
        ("0.0000", None, False),
        ("0.0000", {}, False),
    ],
)
def test_a_value_of_another_type_says_nothing(expected: Any, value: Any, are_same: bool) -> None:
    assert _are_same(value, expected) is are_same
