"""Each order once: against a model of the store, with drawn faults, lags, kills and restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_bigcommerce import lookups, sender
from destination_bigcommerce.api import Api
from destination_bigcommerce.lookups import Lookups
from destination_bigcommerce.record import Rejected
from destination_bigcommerce.sender import Kind, Outcome, Sender, Stopped
from unit_tests.destination.store import FATES, Clock, Killed, Store, order

PATIENCE = 30


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (lookups, sender):
        monkeypatch.setattr(module, "time", made)
    return made


def begun(store: Store, **options: Any) -> Sender:
    """As each start of the process makes it."""
    api = cast(Api, store)
    found = Lookups(api, PATIENCE)
    found.begin()
    return Sender(api, found, threading.Event(), **options)


def settled(store: Store, keys: list[str], breaks: Iterator[float]) -> dict[str, Outcome | None]:
    """What came of orders that are sent by a process that is started again whenever it ends."""
    outcomes: dict[str, Outcome | None] = {}
    while len(outcomes) < len(set(keys)):
        try:
            made = begun(store)
            for key in keys:
                if key not in outcomes:
                    try:
                        outcomes[key] = made.settle(order(key))
                    except Rejected:
                        outcomes[key] = None
        except (Killed, AirbyteTracedException):
            store.clock.sleep(next(breaks, 0.0))
    return outcomes


KEYS = ("PO-1", "PO-10", "po-1", "PO 2", "A,B", "Ä/7")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_orders_exist_once_whatever_happens(clock: Clock, data: st.DataObject) -> None:
    delay = data.draw(st.sampled_from([0.0, 2.0, 14.0]))
    store = Store(
        clock,
        fates=iter(data.draw(st.lists(st.sampled_from(FATES), max_size=12))),
        dies=data.draw(st.frozensets(st.integers(1, 60), max_size=4)),
        lag=data.draw(st.sampled_from([0.0, 1.0, 15.0])),
        delay=delay,
        match=data.draw(st.sampled_from(["exact", "prefix", "any_case"])),
        hides_archived=data.draw(st.booleans()),
        is_deleted=data.draw(st.sampled_from(["only", "also", "ignored", "refused"])),
    )
    for key in data.draw(st.lists(st.sampled_from(["", "X-1", "X 2", "PO-1"]), unique=True)):
        store.add(key, 0.0)
    keys = data.draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
    outcomes = settled(store, keys, iter(data.draw(st.lists(st.sampled_from([0.0, 5.0, 60.0])))))
    for key in keys:
        outcome = outcomes[key]
        assert store.keys().count(key) == (outcome is not None)
        if outcome:
            [row] = [row for row in store.orders if row["external_order_id"] == key]
            assert outcome.ids == (row["id"],)


def test_a_created_order_costs_two_requests(clock: Clock) -> None:
    store = Store(clock)
    store.add("X-1", 0.0)
    made = begun(store)
    clock.sleep(PATIENCE)
    store.asked = 0
    assert made.settle(order("PO-1")) == Outcome(Kind.CREATED, (101,))
    assert (store.asked, store.sent) == (1, 1)


def test_an_existing_order_is_left_alone(clock: Clock) -> None:
    store = Store(clock)
    store.add("PO-1", 0.0)
    assert begun(store).settle(order("PO-1")) == Outcome(Kind.THERE, (100,))
    assert store.sent == 0
    assert clock.now < 1000 + PATIENCE  # what is found is believed at once


@pytest.mark.parametrize("is_deleted", ["only", "also"])
def test_an_archived_and_hidden_order_is_found(clock: Clock, is_deleted: str) -> None:
    store = Store(clock, hides_archived=True, is_deleted=is_deleted)
    store.add("X-1", 0.0)
    store.add("PO-1", 0.0, archived=True)
    assert begun(store).settle(order("PO-1")).kind is Kind.THERE


def test_the_first_order_after_a_killed_sync_waits_until_all_is_seen(clock: Clock) -> None:
    store = Store(clock, fates=iter(["killed_late"]), lag=20)
    with pytest.raises(Killed):
        begun(store).settle(order("PO-1"))
    assert begun(store).settle(order("PO-1")).kind is Kind.THERE
    assert store.keys() == ["PO-1"]


def test_an_unclear_create_is_not_repeated_too_soon(clock: Clock) -> None:
    store = Store(clock, fates=iter(["gone"]))
    made = begun(store)
    clock.sleep(PATIENCE)
    before = clock.now
    assert made.settle(order("PO-1")).kind is Kind.CREATED
    assert store.sent == 2
    assert clock.now - before > 3 * PATIENCE


def test_a_create_that_keeps_failing_ends_the_sync(clock: Clock) -> None:
    store = Store(clock, fates=iter(["gone"] * 4))
    with pytest.raises(AirbyteTracedException, match="in 4 attempts"):
        begun(store).settle(order("PO-1"))
    assert store.keys() == []


def test_a_create_that_is_denied_for_good_ends_the_sync_without_doubt(clock: Clock) -> None:
    store = Store(clock, fates=iter(["denied"] * 4))
    made = begun(store)
    clock.sleep(PATIENCE)
    before = clock.now
    with pytest.raises(AirbyteTracedException, match="token"):
        made.settle(order("PO-1"))
    assert (store.sent, store.keys()) == (4, [])
    assert clock.now - before < PATIENCE


def test_a_doubtful_order_that_cannot_be_looked_up_is_unsettled(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(clock, fates=iter(["gone"]))
    made = begun(store)
    rows, clock.now = store.rows, clock.now + PATIENCE

    def failing(*args: Any, **params: Any) -> Any:
        if store.sent:
            raise AirbyteTracedException(message="down")
        return rows(*args, **params)

    monkeypatch.setattr(store, "rows", failing)
    with pytest.raises(AirbyteTracedException, match="not known"):
        made.settle(order("PO-1"))
    assert store.sent == 1


def test_an_ignored_filter_stops_the_sync_before_anything_is_sent(clock: Clock) -> None:
    store = Store(clock, match="ignored")
    store.add("X-1", 0.0)
    with pytest.raises(AirbyteTracedException, match="it sends orders"):
        begun(store)


def test_a_filter_that_finds_nothing_stops_the_sync_after_one_order(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(clock)
    monkeypatch.setattr(Store, "_matches", lambda *_: False)
    with pytest.raises(AirbyteTracedException, match="order 100"):
        begun(store).settle(order("PO-1"))
    with pytest.raises(AirbyteTracedException, match="asked for PO-1, which it has"):
        begun(store)


def test_a_key_that_the_store_cuts_stops_the_sync_after_one_order(clock: Clock) -> None:
    store = Store(clock, keeps=4)
    store.add("X-1", 0.0)
    with pytest.raises(AirbyteTracedException, match="order 101"):
        begun(store).settle(order("PO-12"))
    assert store.keys() == ["X-1", "PO-1"]


def test_a_key_that_the_filter_confuses_with_others_is_rejected(clock: Clock) -> None:
    store = Store(clock, match="exact")
    store.add("A", 0.0)
    made = begun(store)
    store.match = "ignored"
    with pytest.raises(Rejected, match="does not tell this key from others"):
        made.settle(order("A,B"))
    assert store.sent == 0


def test_a_dry_run_creates_no_order(clock: Clock) -> None:
    store = Store(clock)
    assert begun(store, is_dry=True).settle(order("PO-1")).kind is Kind.WOULD_BE_CREATED
    assert store.sent == 0


def test_a_stopping_sync_creates_no_order(clock: Clock) -> None:
    store = Store(clock)
    made = begun(store)
    made._is_stopping.set()
    with pytest.raises(Stopped):
        made.settle(order("PO-1"))
    assert store.sent == 0


def test_a_doubled_order_is_reported_by_its_ids(clock: Clock) -> None:
    store = Store(clock)
    store.add("PO-1", 0.0)
    store.add("PO-1", 0.0)
    assert begun(store).settle(order("PO-1")).ids == (100, 101)


def test_an_order_behind_a_page_of_others_is_found(clock: Clock) -> None:
    store = Store(clock, match="prefix")
    for number in range(300):
        store.add(f"PO-{number}", 0.0)
    store.add("PO", 0.0)
    assert begun(store).settle(order("PO")).ids == (400,)


def test_a_doubtful_order_that_only_the_list_shows_is_not_created_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(clock, fates=iter(["lost"]))
    store.add("X-1", 0.0)
    made = begun(store)
    monkeypatch.setattr(Store, "_matches", lambda *_: False)
    assert made.settle(order("PO-1")).kind is Kind.CREATED
    assert store.sent == 1


def test_an_order_is_unsettled_if_the_list_of_new_orders_does_not_tell(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(clock, fates=iter(["gone"]))
    for _ in range(3):
        store.add("X-1", 0.0)
    made, rows = begun(store), store.rows

    def ignoring(*args: Any, min_id: int = 0, **params: Any) -> Any:
        return rows(*args, **params)

    monkeypatch.setattr(store, "rows", ignoring)
    with pytest.raises(AirbyteTracedException, match="not known"):
        made.settle(order("PO-1"))


def test_a_hidden_incomplete_order_stops_the_sync(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(clock)
    store.add("X-1", 0.0)
    made, matches = begun(store), Store._matches
    monkeypatch.setattr(
        Store, "_matches", lambda self, row, key: row["id"] == 100 and matches(self, row, key)
    )
    with pytest.raises(AirbyteTracedException, match="order 101"):
        made.settle(order("PO-1", status_id=0))
