"""The quota: which requests go, which wait, and until when. No test waits."""

from __future__ import annotations

import gc
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import requests

from source_bigcommerce.components.budget import (
    Decision,
    Limit,
    Standing,
    StoreBudget,
    decide,
    seconds_until_retry,
)
from unit_tests.replies import API, left, reply

Headers = dict[str, str]


class Waits(Exception):
    """A request would wait for this many seconds."""


class Store:
    """A budget on a clock of its own; a wait moves the clock on and is remembered.

    is_ours: this budget used everything that is gone of the quota.
    """

    def __init__(self, share: int = 100, is_ours: bool = True, limit: Limit | None = None) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.is_patient = True
        self.budget = StoreBudget(share, clock=lambda: self.now, wait=self._wait, limit=limit)
        if is_ours:
            self.budget._other_apps.look = lambda *_: None  # type: ignore[method-assign]

    def _wait(self, timeout: float) -> None:
        assert timeout > 0
        if not self.is_patient:
            raise Waits(round(timeout, 3))
        assert len(self.waits) < 100, "it waits for ever"
        self.waits.append(round(timeout, 3))
        self.now += timeout

    def send(self, path: str = "v2/orders") -> requests.PreparedRequest:
        """A request on its way."""
        request = requests.PreparedRequest()
        request.url = f"{API}/{path}"
        self.budget.acquire_call(request)
        return request

    def send_until_one_waits(self) -> tuple[int, float]:
        """The number of requests that may be under way at once, and the wait of the next one."""
        self.is_patient = False
        under_way: list[requests.PreparedRequest] = []
        while len(under_way) < 2000:
            try:
                under_way.append(self.send())
            except Waits as wait:
                return len(under_way), wait.args[0]
        raise AssertionError("it never waits")

    def answer(
        self, request: requests.PreparedRequest, headers: Headers | None = None, status: int = 200
    ) -> None:
        self.budget.update_from_response(request, reply(status, headers=headers))

    def ask(self, headers: Headers | None = None, status: int = 200) -> None:
        self.answer(self.send(), headers, status)


@pytest.fixture
def store() -> Store:
    return Store()


# The first request


def test_the_first_request_goes_alone_for_ten_seconds(store: Store) -> None:
    first = store.send()
    assert store.waits == []
    second = store.send()
    assert store.waits == [10.0]
    store.answer(first, left(19))
    store.answer(second, left(18))
    store.send()
    assert store.waits == [10.0]


def test_the_first_reply_lets_the_other_requests_go_at_once() -> None:
    """Uses the real clock and condition: no wait is as long as that for a reply."""
    budget = StoreBudget()
    first, second = requests.PreparedRequest(), requests.PreparedRequest()
    budget.acquire_call(first)
    gone = threading.Event()

    def go() -> None:
        budget.acquire_call(second)
        gone.set()

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    assert not gone.wait(0.05)
    budget.update_from_response(first, reply(200))
    assert gone.wait(60)
    thread.join(60)


def test_a_repeated_first_request_lets_the_others_go(store: Store) -> None:
    first = store.send()
    store.budget.acquire_call(first)
    store.send()
    assert store.waits == []


# The quota


def test_requests_wait_for_the_reset_of_a_spent_quota(store: Store) -> None:
    store.ask(left(2, reset=10_000))
    store.ask(left(1, reset=9_000))
    store.ask(left(0, reset=8_000))
    assert store.waits == []
    store.send()
    assert store.waits == [8.0]
    # A whole quota is there again, for a whole window.
    assert store.send_until_one_waits() == (20, 30.0)


def test_requests_wait_if_those_under_way_use_up_the_quota(store: Store) -> None:
    store.ask(left(3))
    assert store.send_until_one_waits() == (3, 10.0)


def test_requests_wait_if_another_app_spends_the_quota(store: Store) -> None:
    store.ask(left(15))
    store.ask(left(0, reset=4_000))
    store.send()
    assert store.waits == [4.0]


@pytest.mark.parametrize(
    ("share", "quota", "may_go"),
    [(100, 20, 20), (50, 20, 10), (40, 150, 60), (1, 20, 1), (1, 1000, 10), (99, 20, 20)],
)
def test_a_share_leaves_the_rest_of_the_quota_to_others(
    share: int, quota: int, may_go: int
) -> None:
    store = Store(share)
    store.ask(left(quota, quota))
    assert store.send_until_one_waits() == (may_go, 10.0)


# Headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Rate-Limit-Time-Reset-Ms": "5000", "X-Rate-Limit-Requests-Quota": "3"},
        left(0) | {"X-Rate-Limit-Requests-Left": "none"},
        left(0) | {"X-Rate-Limit-Requests-Left": ""},
        left(0) | {"X-Rate-Limit-Requests-Left": "1.5"},
        left(0) | {"X-Rate-Limit-Requests-Left": "-1"},
    ],
)
def test_headers_that_do_not_tell_what_is_left_delay_nothing(
    store: Store, headers: Headers
) -> None:
    store.ask(headers)
    under_way = [store.send() for _ in range(50)]
    assert store.waits == []
    assert len(under_way) == 50


@pytest.mark.parametrize("headers", [{}, {"X-Rate-Limit-Requests-Left": "?"}])
def test_a_reply_without_headers_changes_nothing(store: Store, headers: Headers) -> None:
    store.ask(left(1))
    store.ask(headers)
    assert store.send_until_one_waits() == (1, 10.0)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (left(0, reset=10_800_000), 30.0),  # three hours
        (left(0, reset=10_800_000, window=10_800_000), 300.0),
        (left(0, reset=60_000, window=120_000), 60.0),
        (left(0) | {"X-Rate-Limit-Time-Reset-Ms": "-5"}, 30.0),
        (left(0) | {"X-Rate-Limit-Time-Reset-Ms": "soon"}, 30.0),
        (left(0, reset=20_000) | {"X-Rate-Limit-Time-Window-Ms": "0"}, 20.0),
        ({"X-Rate-Limit-Requests-Left": "0"}, 30.0),
    ],
)
def test_a_missing_or_absurd_reset_is_kept_within_a_window(
    store: Store, headers: Headers, wait: float
) -> None:
    store.ask(headers)
    store.send()
    assert store.waits == [wait]


def test_replies_out_of_order_count_as_the_lowest_that_is_left(store: Store) -> None:
    store.ask(left(20))
    first, second, third = (store.send() for _ in range(3))
    store.answer(third, left(2))
    store.answer(first, left(4))
    store.answer(second, left(3))
    assert store.send_until_one_waits() == (2, 10.0)


def test_replies_of_a_new_window_bring_a_new_count(store: Store) -> None:
    store.ask(left(1, reset=500))
    store.now += 0.4
    store.ask(left(19, reset=29_900))
    assert store.send_until_one_waits() == (19, 29.9)


# Other apps


class SharedQuota:
    """A store with a quota of 150 requests in 30 s, which another app uses at a steady rate.

    refused: the number of our requests, and of theirs.
    """

    def __init__(self, store: Store, per_second: float) -> None:
        self.store, self.per_second = store, per_second
        self.began = self.seen = store.now
        self.ours, self.theirs, self.owed = 0, 0, 0.0
        self.refused = [0, 0]

    def _pass_time(self) -> None:
        while self.seen < self.store.now:
            step = min(self.store.now, self.began + 30, self.seen + 0.1) - self.seen
            self.seen += max(step, 1e-9)
            self.owed += self.per_second * step
            while self.owed >= 1:
                self.owed -= 1
                gone = self.ours + self.theirs >= 150
                self.refused[1] += gone
                self.theirs += not gone
            if self.seen >= self.began + 30:
                self.began, self.ours, self.theirs = self.began + 30, 0, 0

    def serve(self, seconds: float) -> int:
        """Sends one request after the other, 20 a second; returns how many were answered."""
        end, served = self.store.now + seconds, 0
        while self.store.now < end:
            self.store.waits.clear()
            request = self.store.send()
            self.store.now += 0.05
            self._pass_time()
            gone = self.ours + self.theirs >= 150
            self.refused[0] += gone
            self.ours += not gone
            served += not gone
            reset = int((self.began + 30 - self.store.now) * 1000)
            there = 150 - self.ours - self.theirs
            self.store.answer(request, left(there, 150, reset), 429 if gone else 200)
        return served


@pytest.mark.parametrize("per_second", [0.5, 1.0, 2.5, 4.0])
def test_an_app_keeps_the_part_of_the_quota_that_it_uses(per_second: float) -> None:
    shared = SharedQuota(Store(is_ours=False), per_second)
    ours = shared.serve(300)
    wanted = per_second * 300
    # Ten windows; the app may count on two thirds of each, except for two requests.
    assert wanted - shared.refused[1] >= min(wanted, 1000) - 20
    assert shared.refused[0] <= 10
    # We use what the app does not use.
    assert ours >= 1500 - wanted


def test_the_whole_quota_is_used_if_there_is_no_other_app() -> None:
    shared = SharedQuota(Store(is_ours=False), 0)
    assert shared.serve(300) >= 1499
    assert shared.refused == [0, 0]


def test_an_app_that_has_gone_delays_at_most_a_window(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="airbyte")
    shared = SharedQuota(Store(is_ours=False), 2.5)
    shared.serve(60)
    shared.per_second = 0
    shared.serve(30)
    caplog.clear()
    assert shared.serve(30) >= 149
    assert [r.message for r in caplog.records if "other apps" in r.message] == []


def test_a_wait_for_other_apps_is_logged_once_a_window(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="airbyte")
    shared = SharedQuota(Store(is_ours=False), 2.5)
    shared.serve(90)
    lines = [r.message for r in caplog.records if "other apps" in r.message]
    assert len(lines) in (3, 4)
    pattern = r"Waiting \d+\.\d s: other apps of the store use its quota too\."
    assert [line for line in lines if not re.fullmatch(pattern, line)] == []


def test_apps_that_watch_the_quota_do_not_wait_for_each_other_for_ever() -> None:
    """Two connectors: each takes the other for an app that took a third at once."""
    store = Store(is_ours=False)
    store.ask(left(149, 150, 30_000))
    store.now += 1
    store.ask(left(99, 150, 29_000))  # 49 in a second: at this rate nothing would be left
    store.waits.clear()
    store.send()
    assert 5 < sum(store.waits) < 20


# 429


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"X-Retry-After": "12"}, [12.0]),
        (left(0, reset=8_500), [8.5]),
        (left(0, reset=8_500) | {"X-Retry-After": "9"}, [9.0]),
        (left(5, reset=8_500) | {"X-Retry-After": "9"}, [9.0]),
        ({"X-Retry-After": "10800"}, [300.0]),
        # A limit of one endpoint, not of the store: only the request itself waits.
        (left(5, reset=8_500), []),
        ({}, []),
        ({"X-Retry-After": "soon"}, []),
    ],
)
def test_all_requests_wait_as_long_as_a_limited_one_says(
    store: Store, headers: Headers, waits: list[float]
) -> None:
    store.ask(headers, status=429)
    store.send()
    assert store.waits == waits


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"X-Retry-After": "12"}, 12),
        ({"X-Retry-After": "3", "X-Rate-Limit-Time-Reset-Ms": "4500"}, 4.5),
        ({"X-Retry-After": "-3", "X-Rate-Limit-Time-Reset-Ms": "x"}, 0),
        ({"X-Rate-Limit-Time-Reset-Ms": "10800000"}, 300),
    ],
)
def test_the_longer_wait_counts_if_headers_disagree(headers: Headers, seconds: float) -> None:
    assert seconds_until_retry(reply(429, headers=headers)) == seconds


# Requests that never come back


def test_a_dropped_request_gives_its_place_back(store: Store) -> None:
    store.ask(left(1))
    lost = store.send()
    del lost
    gc.collect()
    store.send()
    assert store.waits == []


def test_a_repeated_request_counts_once(store: Store) -> None:
    store.ask(left(1))
    request = store.send()
    for _ in range(5):
        store.budget.acquire_call(request)
    assert store.waits == []
    assert store.send_until_one_waits() == (0, 10.0)


def test_a_request_kept_by_its_error_gives_its_place_back_in_time() -> None:
    """A stream that gave up keeps its error, and so its request, until the sync ends."""
    store = Store(share=1)
    store.ask(left(100, quota=100))
    failed = store.send()
    store.send()
    assert 0 < sum(store.waits) <= 120
    assert failed


# The log


@pytest.fixture
def infos(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, logger="airbyte"):
        yield caplog


@pytest.mark.parametrize(
    ("share", "headers", "status", "line"),
    [
        (
            100,
            left(0),
            200,
            "Waiting 10.0 s: the quota of 20 requests in 30 s is used up.",
        ),
        (
            40,
            left(12),
            200,
            "Waiting 10.0 s: 40% of the quota of 20 requests in 30 s is used up.",
        ),
        (100, {"X-Retry-After": "7"}, 429, "Waiting 7.0 s: BigCommerce asked for a pause."),
    ],
)
def test_a_wait_of_many_threads_is_logged_once(
    infos: pytest.LogCaptureFixture, share: int, headers: Headers, status: int, line: str
) -> None:
    """Each thread finds the same end of the wait, because the clock stands still."""
    store = Store(share)
    store.ask(headers, status)
    for _ in range(20):
        assert store.send_until_one_waits()[0] == 0
        store.now += 0.01
    assert infos.messages == [line]


def test_another_wait_is_logged_again(infos: pytest.LogCaptureFixture, store: Store) -> None:
    for _ in range(2):
        store.ask(left(0))
    store.send()
    assert infos.messages == ["Waiting 10.0 s: the quota of 20 requests in 30 s is used up."] * 2


def test_many_threads_never_overdraw_the_quota() -> None:
    """Forty threads on a store that grants five requests a window of its own clock."""
    clock, granted = [0.0], [0]
    lock = threading.Lock()
    changed = threading.Condition()

    def advance(timeout: float) -> None:
        clock[0] += timeout
        granted[0] = 0
        changed.wait(0)

    budget = StoreBudget(clock=lambda: clock[0], changed=changed, wait=advance)
    overdrawn: list[int] = []
    first: Any = requests.PreparedRequest()
    budget.acquire_call(first)
    budget.update_from_response(first, reply(200, headers=left(5, quota=5, reset=30_000)))

    def ask() -> None:
        request = requests.PreparedRequest()
        budget.acquire_call(request)
        with lock:
            granted[0] += 1
            if granted[0] > 5:
                overdrawn.append(granted[0])
            headers = left(max(0, 5 - granted[0]), quota=5, reset=30_000)
        budget.update_from_response(request, reply(200, headers=headers))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not overdrawn
    assert not any(thread.is_alive() for thread in threads)


# Pauses


def test_a_pause_may_outlast_the_window_beside_another_app() -> None:
    store = Store(is_ours=False)
    store.answer(store.send(), left(5, quota=60, reset=1_000, window=3_000))
    refused = {"X-Retry-After": "9", **left(0, quota=60, reset=1_000, window=3_000)}
    store.answer(store.send(), refused, status=429)
    store.now += 8
    store.send()
    assert store.now >= 1009


def test_no_pause_is_left_if_nobody_waits() -> None:
    store = Store()
    store.ask(left(100, 150, 10))
    assert store.budget.pause < 0


def test_a_pause_that_the_store_asks_for_lasts_until_its_end() -> None:
    store = Store()
    store.ask({"X-Retry-After": "7"}, status=429)
    assert store.budget.pause == 7
    store.now += 8
    assert store.budget.pause < 0


def test_a_pause_for_a_spent_quota_lasts_until_the_next_window() -> None:
    store = Store()
    store.ask(left(0, 150, 10_000))
    assert store.budget.pause < 0  # nobody waits yet
    store.is_patient = False
    with pytest.raises(Waits):
        store.send()
    assert store.budget.pause == 10


# The decision, by itself

QUIET = Standing(
    first_reply_in=None,
    blocked_for=-1.0,
    quota=100,
    left=50,
    share=1.0,
    window=30.0,
    resets_in=10.0,
    wanted=0,
    wanted_for=0.0,
    gone=0,
    under_way=0,
)
USED_UP = "the quota of 100 requests in 30 s is used up"
OTHERS = "other apps of the store use its quota too"


@pytest.mark.parametrize(
    ("known", "decision"),
    [
        ({}, Decision()),
        ({"first_reply_in": 9.0, "blocked_for": 2.0}, Decision(9.0)),
        ({"first_reply_in": -9.0}, Decision(0.001)),
        (
            {"blocked_for": 2.0, "left": 0},
            Decision(2.0, "BigCommerce asked for a pause", 2.0),
        ),
        ({"quota": None, "left": 0}, Decision()),
        ({"left": 0}, Decision(10.0, USED_UP, 10.0)),
        ({"left": 60, "share": 0.4}, Decision(10.0, f"40% of {USED_UP}", 10.0)),
        ({"left": 61, "share": 0.4}, Decision()),
        ({"left": 100, "share": 0.0}, Decision()),
        ({"wanted": 50, "wanted_for": 3.0}, Decision(3.0, OTHERS, 10.0)),
        ({"wanted": 49}, Decision()),
        ({"under_way": 49}, Decision()),
        ({"under_way": 50}, Decision(10.0)),
        ({"under_way": 40, "wanted": 10}, Decision(10.0)),
        ({"under_way": 39, "wanted": 10}, Decision()),
        ({"under_way": 39, "wanted": 10, "gone": 1}, Decision(10.0)),
        ({"under_way": 0, "gone": 70}, Decision()),
        ({"under_way": 1, "gone": 70}, Decision(10.0)),
    ],
)
def test_decide_lets_a_request_go_or_says_how_long_it_waits_and_why(
    known: dict[str, Any], decision: Decision
) -> None:
    assert decide(replace(QUIET, **known)) == decision


# A documented limit, where replies tell of no quota


def test_without_a_quota_no_more_requests_go_than_are_documented() -> None:
    store = Store(limit=Limit(3, 60.0))
    for _ in range(3):
        store.ask()
        store.now += 1
    store.ask()
    # A request counts until a minute after its reply.
    assert store.waits == [57.0]
    store.ask()
    assert store.waits == [57.0, 1.0]


def test_requests_under_way_count_among_those_that_are_documented() -> None:
    store = Store(limit=Limit(3, 60.0))
    store.ask()
    store.send()
    store.now += 1
    assert store.send_until_one_waits()[1] == 59.0


def test_requests_without_a_reply_count_among_those_that_are_documented() -> None:
    store = Store(limit=Limit(2, 60.0))
    store.ask()
    request = store.send()
    store.now += 5
    store.budget.acquire_call(request)  # again, as no reply came
    assert store.waits == [55.0]


@pytest.mark.parametrize(("share", "granted"), [(100, 150), (50, 75), (1, 1)])
def test_the_share_is_one_of_the_documented_limit(share: int, granted: int) -> None:
    store = Store(share, limit=Limit(150, 60.0))
    store.ask()
    assert store.send_until_one_waits()[0] == granted - 1


def test_a_quota_that_replies_tell_counts_in_place_of_the_documented_limit() -> None:
    store = Store(limit=Limit(2, 60.0))
    for number in (19, 18, 17, 16):
        store.ask(left(number))
    assert store.waits == []


def test_no_minute_sees_more_requests_than_are_documented() -> None:
    """Replies take their time, and the other side counts a request at any time until its reply."""
    store, chance = Store(limit=Limit(10, 60.0)), Random(3)
    store.budget._wait = lambda pause: setattr(store, "now", store.now + pause)
    store.ask()
    arrived: list[float] = []
    for _ in range(60):
        sent = [(store.send(), store.now) for _ in range(chance.randint(1, 5))]
        chance.shuffle(sent)
        for request, at in sent:
            store.now += chance.random() * 2
            store.answer(request)
            arrived.append(chance.uniform(at, store.now))
    arrived.sort()
    assert len(arrived) > 100
    assert all(late - early > 60 for early, late in zip(arrived, arrived[10:], strict=False))
