"""The store's API quota, shared by all streams and threads of a sync."""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import requests

LOGGER = logging.getLogger("airbyte")

LEFT, TOTAL = "X-Rate-Limit-Requests-Left", "X-Rate-Limit-Requests-Quota"

_WINDOW = 30.0
# What says that its window is shorter says nothing; it is no wait, but a loop.
_SHORTEST_WINDOW = 0.1
_LONGEST_WAIT = 300.0
# How long the first request goes alone if no reply comes.
_FIRST_REPLY_WAIT = 10.0

# A request that failed is kept in memory by its error. What has had no reply for longer than its
# time-outs (manifest) is not under way any more.
_LONGEST_REPLY = 75.0

# What is left of one quota is seen to grow, within a window, by less than a tenth of it: replies
# that gateways keep, for instance. Instants are of one window if they are nearer than a fourth.
_SOME, _SAME_WINDOW = 10, 4


class StoreBudget:
    """Lets requests go only while the store's own headers say that its quota allows them.

    Each reply tells how many requests are left in the current window, for all apps of the store
    together, and when the next window begins. No plan is assumed: the first request goes alone, and
    what its reply says holds until another reply says otherwise. What other apps seem to need until
    then is left to them (OtherApps).

    Not YAML: the CDK's budget takes the milliseconds until the reset for an epoch time and never
    waits (https://github.com/airbytehq/airbyte-python-cdk/issues/1151).

    share: percent of the quota to use; the rest is left to the store's other apps.
    changed: what its requests wait for, if others wait for it too.

    Source: https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits
    """

    def __init__(
        self,
        share: int = 100,
        clock: Callable[[], float] = time.monotonic,
        changed: threading.Condition | None = None,
    ) -> None:
        self._share = share / 100
        self._clock = clock
        self._changed = changed or threading.Condition()
        self._in_flight: WeakKeyDictionary[requests.PreparedRequest, float] = WeakKeyDictionary()
        self._has_reply = False
        self._alone_until = 0.0
        self._quota: int | None = None
        self._left = 0
        self._left_since = 0.0
        self._window = _WINDOW
        self._resets_at = 0.0
        self._other_apps = OtherApps()
        self._blocked_until = 0.0
        self._announced_until = 0.0

    def acquire_call(self, request: Any, is_its: Callable[[], bool] = lambda: True) -> bool:
        """Returns when `request` may be sent; a wait ends with the window, or with a 429's.

        False if `is_its` says that it is no request of this quota any more.
        """
        with self._changed:
            if request in self._in_flight:
                # A retry: the reply to the last try never came, and none is waited for.
                del self._in_flight[request]
                self._has_reply = True
                self._changed.notify_all()
            while True:
                if not is_its():
                    return False
                now = self._clock()
                if not self._has_reply and self._in_flight:
                    self._changed.wait(max(self._alone_until - now, 0.001))
                    self._has_reply = self._has_reply or self._clock() >= self._alone_until
                elif now < self._blocked_until:
                    self._wait_until(self._blocked_until, now, "BigCommerce asked for a pause")
                elif self._quota is None:
                    break
                elif now >= self._resets_at:
                    self._left, self._resets_at = self._quota, now + self._window
                    self._other_apps.begin_window(now, self._window, len(self._under_way(now)))
                elif self._left <= self._share_of_others():
                    self._wait_until(self._resets_at, now, self._used_up())
                elif self._left <= (wanted := self._wanted_by_others(now)):
                    self._wait_for_others(now)
                elif self._spare(wanted, now) <= len(self._under_way(now)):
                    self._changed.wait(self._resets_at - now)
                else:
                    break
            self._other_apps.ours += 1
            self._in_flight[request] = now
            self._alone_until = self._alone_until or now + _FIRST_REPLY_WAIT
            return True

    def update_from_response(self, request: Any, response: Any) -> None:
        """Takes in what a reply's headers say. Headers that make no sense are passed over."""
        headers = response.headers
        left = number(headers, LEFT)
        reset = _seconds(headers, "X-Rate-Limit-Time-Reset-Ms")
        with self._changed:
            self._in_flight.pop(request, None)
            self._has_reply = True
            now = self._clock()
            if left is not None:
                quota = number(headers, TOTAL)
                quota = quota or max(left, self._quota or 1)
                is_same_quota = self._quota in (quota, None)
                self._quota = quota
                window = _seconds(headers, "X-Rate-Limit-Time-Window-Ms") or 0
                self._window = min(window, _LONGEST_WAIT) if window >= _SHORTEST_WINDOW else _WINDOW
                resets_at = now + (self._window if reset is None else min(reset, self._window))
                # Replies of one window arrive in any order: only the lowest count is sure.
                is_new_window = resets_at > self._resets_at + self._window / 2
                under_way = len(self._under_way(now))
                if is_new_window:
                    self._other_apps.begin_window(now, self._window, under_way + 1)
                if is_same_quota and resets_at > self._resets_at - self._window / 2:
                    self._other_apps.look(quota - left, under_way, self._window - (resets_at - now))
                if is_new_window or left < self._left:
                    self._left, self._left_since = left, now
                self._resets_at = resets_at
            if response.status_code == 429 and (left == 0 or "X-Retry-After" in headers):
                self._blocked_until = now + seconds_until_retry(response)
            self._changed.notify_all()

    def is_under_way(self, request: Any) -> bool:
        return request in self._in_flight

    def sent_at(self, request: Any) -> float:
        return self._in_flight.get(request, 0.0)

    def agrees(self, headers: Mapping[str, str], sent: float) -> bool:
        """Whether the headers of the reply to a request, sent at that instant, may be of it.

        They are not if they tell of another number of requests, or of more that are left than
        there were before the request was sent, in the same window.
        """
        total, left = number(headers, TOTAL), number(headers, LEFT) or 0
        if self._quota is None or total is None:
            return True
        if total != self._quota:
            return False
        reset = _seconds(headers, "X-Rate-Limit-Time-Reset-Ms")
        resets_at = math.inf if reset is None else self._clock() + reset
        is_same_window = abs(resets_at - self._resets_at) < self._window / _SAME_WINDOW
        is_more = left > self._left + max(1, total / _SOME)
        return not (is_same_window and is_more and sent > self._left_since)

    def hand_over(self, request: Any, other: "StoreBudget") -> None:
        """A request that was sent turns out to be of another quota."""
        sent = self._in_flight.pop(request, None)
        if sent is not None:
            other._in_flight[request] = sent
            other._other_apps.ours += 1
            self._other_apps.ours -= 1

    @property
    def total(self) -> int | None:
        """Requests in a window; None as long as no reply told."""
        return self._quota

    @property
    def is_pausing(self) -> bool:
        """Whether the next request would have to wait for the next window, or a 429's end."""
        now = self._clock()
        if now < self._blocked_until:
            return True
        if self._quota is None or now >= self._resets_at:
            return False
        return self._left <= max(self._share_of_others(), self._wanted_by_others(now))

    @property
    def scarcity(self) -> float:
        """The part of the quota that is gone; of which nothing is known, none."""
        return 1 - self._left / self._quota if self._quota else 0.0

    @property
    def state(self) -> str:
        """`83 of 150 requests left in this 30 s`; empty as long as no reply told."""
        if self._quota is None:
            return ""
        return f"{self._left:,} of {self._quota:,} requests left in these {self._window:.0f} s"

    @property
    def pause(self) -> float:
        """Seconds for which no request goes, as the quota is used up or a 429 asked for a pause."""
        return max(self._announced_until, self._blocked_until) - self._clock()

    def _under_way(self, now: float) -> list[requests.PreparedRequest]:
        return [request for request, sent in self._in_flight.items() if now - sent < _LONGEST_REPLY]

    def _share_of_others(self) -> int:
        quota = self._quota or 1
        return min(int(quota * (1 - self._share)), quota - 1)

    def _wanted_by_others(self, now: float) -> int:
        """Two thirds of the quota at most: two connectors must not wait for each other for ever."""
        remaining = self._resets_at - now
        wanted = self._other_apps.rate(self._window - remaining, self._window) * remaining
        # Now and then they ask for more than on average.
        return min(math.ceil(wanted + math.sqrt(wanted)), (self._quota or 0) * 2 // 3)

    def _spare(self, wanted: int, now: float) -> int:
        """Requests that may be under way at once; one at least, to see what is left by now."""
        gone = self._other_apps.since_look(self._window - (self._resets_at - now), self._window)
        return max(1, self._left - math.ceil(gone) - max(wanted, self._share_of_others()))

    def _wait_for_others(self, now: float) -> None:
        """Until what is left is more than they want, if they go on as they did."""
        wait = self._other_apps.seconds_until(self._left, self._resets_at - now, self._window)
        if self._announced_until < self._resets_at - 1:  # one line a window
            self._announced_until = self._resets_at
            LOGGER.info("Waiting %.1f s: other apps of the store use its quota too.", wait)
        self._changed.wait(wait)

    def _used_up(self) -> str:
        share = f"{self._share:.0%} of " if self._share < 1 else ""
        return f"{share}the quota of {self._quota} requests in {self._window:.0f} s is used up"

    def _wait_until(self, instant: float, now: float, reason: str) -> None:
        if abs(instant - self._announced_until) > 1:  # one line a wait, not one a thread
            self._announced_until = instant
            LOGGER.info("Waiting %.1f s: %s.", instant - now, reason)
        self._changed.wait(instant - now)


class OtherApps:
    """What the other apps of a store use of its quota: whatever is gone that is not ours.

    Without it a sync takes all that is left at the start of each window, and the others are refused
    until the next one.

    ours: requests of this connector in the current window.
    """

    def __init__(self) -> None:
        self.ours = 0
        self._theirs = 0.0
        self._looked = 0.0
        self._began = -math.inf
        self._rate_before = 0.0

    def look(self, used: int, under_way: int, elapsed: float) -> None:
        """A reply tells how much of the quota is gone, so many seconds into the window.

        Of our requests that are under way, some may be counted already: half of them, as soon as
        it is sure that there are other apps.
        """
        theirs = used - self.ours
        self._theirs = theirs + under_way / 2 if theirs > 0 else 0.0
        self._looked = elapsed

    def begin_window(self, now: float, window: float, under_way: int) -> None:
        """Requests on their way may be counted in either window; here in the new one.

        A window that ends soon after it began is the last one, of which a reply came late.
        """
        if now < self._began + window / 2:
            return
        self._began = now
        self._rate_before = self._theirs / max(self._looked, window / 2)
        self._theirs, self._looked, self.ours = 0.0, 0.0, under_way

    def rate(self, elapsed: float, window: float) -> float:
        """Requests per second: in the current window, or in the last one if that is more."""
        return max(self._rate_before, self._theirs / max(elapsed, window / 30))

    def since_look(self, elapsed: float, window: float) -> float:
        """What they have used since the last look, if they went on as they did."""
        return self.rate(elapsed, window) * max(0.0, elapsed - self._looked)

    def seconds_until(self, left: int, remaining: float, window: float) -> float:
        """How long it takes until they want less than what is left, with no request of ours."""
        by_rate = remaining - left / self._rate_before if self._rate_before else 0.0
        elapsed = window - remaining
        by_number = self._theirs * window / (left + self._theirs) - elapsed if self._theirs else 0.0
        # Not more often than that: each look at what is left takes one of theirs.
        return min(max(by_rate, by_number, remaining / 3, window / 300), remaining)


def seconds_until_retry(response: requests.Response) -> float:
    """How long a 429 asks to wait: the longer of its two headers, 0 without them, 300 at most."""
    retry_after = number(response.headers, "X-Retry-After") or 0
    reset = _seconds(response.headers, "X-Rate-Limit-Time-Reset-Ms") or 0
    return min(max(retry_after, reset), _LONGEST_WAIT)


def _seconds(headers: Mapping[str, str], name: str) -> float | None:
    milliseconds = number(headers, name)
    return None if milliseconds is None else milliseconds / 1000


def number(headers: Mapping[str, str], name: str) -> int | None:
    """The number in a header; None if it holds none, or one that makes no sense."""
    try:
        value = float(headers[name])
    except (KeyError, ValueError):
        return None
    return int(value) if value >= 0 and value.is_integer() else None
