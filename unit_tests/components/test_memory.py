"""How much of replies is held at a time, and that nobody waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest

from source_bigcommerce.components import memory as memory_of
from source_bigcommerce.components.memory import Memory, Share
from source_bigcommerce.components.quotas import SyncEnded
from unit_tests.replies import reply

SOON, LONG = 0.05, 5


class Threads:
    """Each work has a thread of its own, as a list of a sync has while it is read."""

    def submit(self, function: Callable[..., Any], *args: Any, **options: Any) -> Future[Any]:
        work: Future[Any] = Future()

        def run() -> None:
            try:
                work.set_result(function(*args, **options))
            except BaseException as error:
                work.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return work


@pytest.fixture
def threads() -> Threads:
    return Threads()


def ask(memory: Memory, share: Share, size: int, rows: int = 1, of: int | None = None) -> None:
    """Asks for a reply, which has so many bytes and rows, and holds it."""
    with memory.asked_for(share):
        memory.make_room("list")
        memory.came(reply(body=b"0" * size))
    memory.learn(share, rows, of)


def is_waiting(work: Future[Any]) -> bool:
    time.sleep(SOON)
    return not work.done()


def comes_to(expected: Any, read: Callable[[], Any]) -> bool:
    """Whether it becomes so, and stays so for a moment."""
    until = time.monotonic() + LONG
    while read() != expected and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(SOON)
    return bool(read() == expected)


@contextmanager
def stopped(memory: Memory) -> Iterator[None]:
    """Whatever a failed test leaves waiting ends."""
    try:
        yield
    finally:
        memory.stop()


def test_a_request_waits_for_memory_until_another_reply_is_given_back(
    threads: Threads,
) -> None:
    memory, held = Memory(100), [Share(), Share()]
    with stopped(memory):
        for share in held:
            threads.submit(ask, memory, share, 40).result(LONG)
        third = threads.submit(ask, memory, Share(), 40)
        assert is_waiting(third)
        memory.give_back(held[0])
        third.result(LONG)
        assert memory._held[False] == 80


def test_the_next_reply_of_a_list_replaces_the_last_one(
    threads: Threads,
) -> None:
    memory, share = Memory(100), Share()
    with stopped(memory):
        for _ in range(3):
            threads.submit(ask, memory, share, 90).result(LONG)
        assert memory._held[False] == 90


def test_a_reply_larger_than_the_memory_comes_alone(
    threads: Threads,
) -> None:
    memory, small, large = Memory(100), Share(), Share()
    with stopped(memory):
        threads.submit(ask, memory, small, 10).result(LONG)
        coming = threads.submit(ask, memory, large, 500)
        assert is_waiting(coming)
        memory.give_back(small)
        coming.result(LONG)
        after = threads.submit(ask, memory, small, 10)
        assert is_waiting(after)
        memory.give_back(large)
        after.result(LONG)


def test_replies_larger_than_expected_are_parsed_one_after_the_other(
    threads: Threads,
) -> None:
    memory, most, now = Memory(100), [0], [0]
    lock, all_came = threading.Lock(), threading.Barrier(8)

    def read(number: int) -> None:
        share = Share()
        with memory.asked_for(share):
            memory.make_room(f"list {number}")  # nobody knows these yet
            all_came.wait(LONG)
            memory.came(reply(body=b"0" * 60))
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.005)
        with lock:
            now[0] -= 1
        memory.give_back(share)

    with stopped(memory):
        for work in [threads.submit(read, number) for number in range(8)]:
            work.result(LONG)
    assert most == [1]
    assert memory._held == {False: 0, True: 0}


def test_windows_wait_for_the_first_reply_of_their_list(
    threads: Threads,
) -> None:
    """It tells how large those of the others will be."""
    memory, came = Memory(1000), threading.Event()

    def first() -> None:
        share = Share()
        with memory.asked_for(share):
            memory.make_room("list")
            came.wait(LONG)
            memory.came(reply(body=b"0" * 60))
        memory.learn(share, rows=3, asked=25)

    with stopped(memory):
        one = threads.submit(first)
        time.sleep(SOON)
        others = [threads.submit(ask, memory, Share(), 400, 25, 25) for _ in range(3)]
        assert all(map(is_waiting, others))
        came.set()
        one.result(LONG)
        # Three rows of 60 bytes: a full page has 500. One more fits beside what came.
        assert comes_to(2, lambda: [work.done() for work in others].count(True))
        assert memory._held[False] == 60 + 400 + 400


def test_each_empty_reply_lets_one_more_window_ask(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the windows of years without orders are asked for one after the other."""
    monkeypatch.setattr(memory_of, "FIRST_REPLY_WAIT", 10 * LONG)
    memory, came = Memory(1000), [threading.Event() for _ in range(7)]
    under_way: list[int] = []

    def window(number: int) -> None:
        share = Share()
        with memory.asked_for(share):
            memory.make_room("list")
            under_way.append(number)
            came[number].wait(LONG)
            memory.came(reply(body=b""))
        memory.learn(share, rows=0, asked=25)

    with stopped(memory):
        windows = [threads.submit(window, number) for number in range(7)]
        assert comes_to(1, lambda: len(under_way))
        came[under_way[0]].set()
        assert comes_to(1 + 2, lambda: len(under_way))
        came[under_way[1]].set()
        came[under_way[2]].set()
        assert comes_to(1 + 2 + 4, lambda: len(under_way))
        for event in came:
            event.set()
        for each in windows:
            each.result(LONG)


def test_a_first_request_that_is_made_again_does_not_wait_for_itself(threads: Threads) -> None:
    memory, share = Memory(1000), Share()

    def retried() -> None:
        with memory.asked_for(share):
            for _ in range(3):
                memory.make_room("list")

    with stopped(memory):
        threads.submit(retried).result(1)


def test_a_first_reply_that_does_not_come_holds_nobody_up_for_long(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_of, "FIRST_REPLY_WAIT", 0.1)
    memory, ends = Memory(1000), threading.Event()

    def hangs() -> None:
        with memory.asked_for(Share()):
            memory.make_room("list")
            ends.wait(LONG)

    with stopped(memory):
        hanging = threads.submit(hangs)
        time.sleep(SOON)
        threads.submit(ask, memory, Share(), 10).result(LONG)
        ends.set()
        hanging.result(LONG)


def test_children_are_read_even_if_their_parents_fill_the_memory(
    threads: Threads,
) -> None:
    """Their parents' list waits for them with its page in its hands."""
    memory, parents = Memory(100), Share()
    with stopped(memory):
        threads.submit(ask, memory, parents, 100).result(LONG)
        children = [threads.submit(ask, memory, Share(is_of_parent=True), 90) for _ in range(9)]
        for work in children:
            work.result(LONG)
        assert memory._held == {False: 100, True: 0}
        assert memory.parents_ahead == 1


def test_a_thread_that_reads_one_list_within_another_holds_nothing_while_it_waits(
    threads: Threads,
) -> None:
    memory = Memory(100)
    both_hold = threading.Barrier(3)

    def read() -> None:
        ask(memory, Share(), 30)
        both_hold.wait(LONG)
        inner = Share()
        ask(memory, inner, 90)
        memory.give_back(inner)

    with stopped(memory):
        for work in [threads.submit(read) for _ in range(3)]:
            work.result(LONG)


def test_waiting_threads_learn_that_the_sync_ends(threads: Threads) -> None:
    memory = Memory(100)
    with memory.asked_for(Share()):
        pass
    threads.submit(ask, memory, Share(), 90).result(LONG)
    waiting = [threads.submit(ask, memory, Share(), 90) for _ in range(3)]
    assert all(map(is_waiting, waiting))
    memory.stop()
    for work in waiting:
        with pytest.raises(SyncEnded):
            work.result(LONG)


def test_a_request_of_no_list_takes_no_memory() -> None:
    memory = Memory(100)
    memory.make_room("one")
    memory.came(reply(body=b"0" * 500))
    assert memory._held == {False: 0, True: 0}


def test_many_lists_never_exceed_the_memory_and_never_wait_for_ever(
    threads: Threads,
) -> None:
    memory, held, most = Memory(100), [0], [0]
    lock = threading.Lock()

    def count(size: int) -> None:
        with lock:
            held[0] += size
            most[0] = max(most[0], held[0])

    def read(number: int) -> None:
        share = Share()
        for page in range(30):
            size = (number * 7 + page * 13) % 50
            ask(memory, share, size)
            count(size)
            time.sleep(0.0005)
            if page % 3 == 0:
                child = Share(is_of_parent=True)
                ask(memory, child, 80)
            count(-size)
        memory.give_back(share)

    with stopped(memory):
        for work in [threads.submit(read, number) for number in range(16)]:
            work.result(30)
    assert 50 <= most[0] <= 100
    assert memory._held == {False: 0, True: 0}
