"""States in order, keys that come twice, and the end of a sync."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteRecordMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
    Type,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce import flow as flow_module
from destination_bigcommerce.flow import Flow
from destination_bigcommerce.record import Order, Rejected
from destination_bigcommerce.rejections import Rejections
from destination_bigcommerce.sender import Kind, Outcome
from source_bigcommerce.components.sync import Sync
from unit_tests.destination.store import record

Settle = Callable[[Order], Outcome]


def message(data: Any, stream: str = "orders") -> AirbyteMessage:
    of_stream = AirbyteRecordMessage(stream=stream, data=data, emitted_at=0)
    return AirbyteMessage(type=Type.RECORD, record=of_stream)


def state(number: int) -> AirbyteMessage:
    of_stream = AirbyteStreamState(
        stream_descriptor=StreamDescriptor(name="orders"),
        stream_state=AirbyteStateBlob(number=number),
    )
    made = AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=of_stream)
    return AirbyteMessage(type=Type.STATE, state=made)


def number_of(message: AirbyteMessage) -> int:
    assert message.state
    assert message.state.stream
    assert message.state.stream.stream_state
    return int(message.state.stream.stream_state.__dict__["number"])


def flow_of(settle: Settle, goes_on: bool = True, **options: Any) -> Flow:
    sync = Sync({"num_workers": 8})
    options = {"prepare": lambda orders: None, "look_for_others": lambda created: None, **options}
    return Flow(
        *(sync, ["orders"], options["prepare"], settle, Rejections(""), threading.Event()),
        workers=8,
        goes_on=goes_on,
        look_for_others=options["look_for_others"],
    )


def created(order: Order) -> Outcome:
    return Outcome(Kind.CREATED, (int(order.key.rpartition("-")[2]) + 1,))


def input_of(count: int, every: int = 1) -> Iterator[AirbyteMessage]:
    """Records, and behind each so many of them a state with the number of records before it."""
    for number in range(count):
        yield message(record(f"PO-{number}"))
        if number % every == every - 1:
            yield state(number + 1)


@pytest.mark.parametrize("seed", range(3))
def test_states_wait_for_all_orders_before_them(seed: int) -> None:
    chance, done = Random(seed), set[str]()

    def settle(order: Order) -> Outcome:
        time.sleep(chance.random() / 100)
        done.add(order.key)
        if chance.random() < 0.1:
            raise Rejected("no")
        return created(order)

    flow, passed = flow_of(settle), []
    for each in flow.states(input_of(300, every=7)):
        passed.append(number_of(each))
        assert done >= {f"PO-{number}" for number in range(passed[-1])}
    assert passed == list(range(7, 300, 7))
    assert sum(flow.counts.values()) == 300
    assert flow.counts[Kind.REJECTED] > 0


def test_a_state_is_passed_on_once_all_before_it_is_settled() -> None:
    seen = threading.Event()

    def slow() -> Iterator[AirbyteMessage]:
        yield from input_of(1)
        assert seen.wait(10), "the state was not passed on before more came"

    for each in flow_of(created).states(slow()):
        assert number_of(each) == 1
        seen.set()


def test_an_unsettled_order_ends_the_sync_and_no_later_state_is_passed() -> None:
    def settle(order: Order) -> Outcome:
        if order.key == "PO-20":
            raise AirbyteTracedException(message="unsettled")
        return created(order)

    flow, passed = flow_of(settle), list[int]()
    with pytest.raises(AirbyteTracedException, match="unsettled"):
        passed.extend(map(number_of, flow.states(input_of(2000))))
    assert passed == list(range(1, 21))
    assert sum(flow.counts.values()) < 2000


def test_orders_under_way_are_settled_before_the_sync_ends() -> None:
    begun, ended = threading.Barrier(2, timeout=10), []

    def settle(order: Order) -> Outcome:
        begun.wait()
        if order.key == "PO-0":
            raise AirbyteTracedException(message="down")
        time.sleep(0.1)
        ended.append(order.key)
        return created(order)

    with pytest.raises(AirbyteTracedException, match="down"):
        list(flow_of(settle).states(input_of(2)))
    assert ended == ["PO-1"]


def test_broken_input_passes_on_what_came_before() -> None:
    def broken() -> Iterator[AirbyteMessage]:
        yield from input_of(3)
        raise OSError("gone")

    passed: list[int] = []
    with pytest.raises(OSError, match="gone"):
        passed.extend(map(number_of, flow_of(created).states(broken())))
    assert passed == [1, 2, 3]


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_rejected_order_is_the_last_if_told_to_stop(goes_on: bool) -> None:
    def settle(order: Order) -> Outcome:
        if order.key == "PO-5":
            raise Rejected("no such product")
        time.sleep(0.001)
        return created(order)

    flow = flow_of(settle, goes_on)
    passed = [number_of(each) for each in flow.states(input_of(1000))]
    assert flow.first_rejected == ("PO-5", "no such product")
    if goes_on:
        assert passed == list(range(1, 1001))
    else:
        assert passed == list(range(1, len(passed) + 1))
        assert len(passed) <= 5
        assert sum(flow.counts.values()) < 1000


def test_a_repeated_key_is_one_order() -> None:
    sent: Counter[str] = Counter()

    def settle(order: Order) -> Outcome:
        sent[order.key] += 1
        time.sleep(0.01)
        return created(order)

    records = [message(record(f"PO-{number % 5}")) for number in range(200)]
    flow = flow_of(settle)
    list(flow.states([*records, state(1)]))
    assert sent == {f"PO-{number}": 1 for number in range(5)}
    assert flow.counts == {Kind.CREATED: 5, Kind.THERE: 195}


@pytest.mark.parametrize("apart", [0, 150])
def test_a_repeated_key_with_other_content_is_rejected(apart: int) -> None:
    between = [message(record(f"X-{number}")) for number in range(apart)]
    other = message(record("PO-1", staff_notes="changed"))
    flow = flow_of(created)
    list(flow.states([message(record("PO-1")), *between, other]))
    assert flow.counts[Kind.REJECTED] == 1
    assert flow.first_rejected
    assert "came before with other content, as order 2" in flow.first_rejected[1]


@pytest.mark.parametrize("times", [2, 150])
def test_other_content_is_rejected_however_often_it_comes(times: int) -> None:
    other = message(record("PO-1", staff_notes="changed"))
    flow = flow_of(created)
    list(flow.states([message(record("PO-1")), *[other] * times]))
    assert flow.counts == {Kind.CREATED: 1, Kind.REJECTED: times}


def test_the_key_of_a_rejected_order_may_come_again() -> None:
    def settle(order: Order) -> Outcome:
        if "staff_notes" not in order.body:
            raise Rejected("no")
        return created(order)

    flow = flow_of(settle)
    list(flow.states([message(record("PO-1")), message(record("PO-1", staff_notes="better"))]))
    assert flow.counts == {Kind.REJECTED: 1, Kind.CREATED: 1}


def test_old_keys_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_module, "_REMEMBERED", 10)
    monkeypatch.setattr(flow_module, "_LOOKED_FOR", 25)
    looks: list[int] = []
    flow = flow_of(created, look_for_others=lambda created: looks.append(len(created)))
    list(flow.states(input_of(60)))
    assert len(flow._known) == 10
    assert sorted(looks) == [10, 25, 25]


def test_a_record_that_is_no_order_is_rejected_and_others_go_on() -> None:
    flow = flow_of(created)
    came = [message(7), message({"id": 1}), message(record("PO-1")), state(1)]
    assert [number_of(each) for each in flow.states(came)] == [1]
    assert flow.counts == {Kind.REJECTED: 2, Kind.CREATED: 1}


def test_a_record_of_a_stream_without_orders_is_rejected() -> None:
    flow = flow_of(created)
    list(flow.states([message(record("PO-1"), stream="customers")]))
    assert flow.first_rejected
    assert "the stream customers" in flow.first_rejected[1]


def test_a_failed_preparation_ends_the_sync() -> None:
    def failing(orders: list[Order]) -> None:
        raise AirbyteTracedException(message="no scope")

    with pytest.raises(AirbyteTracedException, match="no scope"):
        list(flow_of(created, prepare=failing).states(input_of(10)))


def test_a_slow_store_does_not_fill_the_memory_with_records() -> None:
    taken, release = Counter[str](), threading.Event()

    def counted() -> Iterator[AirbyteMessage]:
        for each in input_of(2000):
            taken["messages"] += 1
            yield each

    def settle(order: Order) -> Outcome:
        release.wait(10)
        return created(order)

    states = flow_of(settle).states(counted())
    threading.Timer(0.3, release.set).start()
    next(states)
    assert taken["messages"] < 1000
    assert sum(1 for _ in states) == 1999
