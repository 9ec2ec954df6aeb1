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
# A shorter window is nonsense: waiting for it would be a busy loop.
_SHORTEST_WINDOW = 0.1
_LONGEST_WAIT = 300.0
# How long the first request goes alone if no reply comes.
_FIRST_REPLY_WAIT = 10.0

# The error of a failed request keeps it in memory. A request without a reply for longer than its
# time-outs (manifest) is not under way any more.
_LONGEST_REPLY = 75.0

# Within a window, the rest of one quota may seem to grow by less than a tenth of it, for instance
# because gateways cache replies. Instants nearer than a quarter of a window are of one window.
_SOME, _SAME_WINDOW = 10, 4


class StoreBudget:
    """Lets requests go only while the store's own headers say that its quota allows them.

    Each reply tells how many requests are left in the current window, for all apps of the store
    together, and when the next window begins. It assumes no plan: the first request goes alone, and
    its reply counts until another one says otherwise. Other apps keep what they seem to need until
    then (OtherApps).

    Not YAML: the CDK's budget takes the milliseconds until the reset for an epoch time and never
    waits (https://github.com/airbytehq/airbyte-python-cdk/issues/1151).

    share: percent of the quota to use; the rest is for the store's other apps.
    changed: the condition that its requests wait for, if others wait for it, too.

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
        """Returns once `request` may be sent; a wait ends with the window, or with that of a 429.

        Returns False if `is_its` says that the request is not of this quota any more.
        """
        with self._changed:
            if request in self._in_flight:
                # A retry: the reply to the last try never came, and nobody waits for it.
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
        """Reads the headers of a reply. Ignores headers that make no sense."""
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
                # Replies of one window arrive in any order, so only the lowest count is certain.
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
        """Whether the headers of a reply to a request sent at that instant may be of this quota.

        They are not if they show another number of requests, or more left than there were before
        the request was sent, in the same window.
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
        """Forgets a sent request that turns out to be of another quota."""
        sent = self._in_flight.pop(request, None)
        if sent is not None:
            other._in_flight[request] = sent
            other._other_apps.ours += 1
            self._other_apps.ours -= 1

    @property
    def total(self) -> int | None:
        """Requests in a window; None until a reply tells."""
        return self._quota

    @property
    def is_pausing(self) -> bool:
        """Whether the next request has to wait for the next window, or for the end of a 429."""
        now = self._clock()
        if now < self._blocked_until:
            return True
        if self._quota is None or now >= self._resets_at:
            return False
        return self._left <= max(self._share_of_others(), self._wanted_by_others(now))

    @property
    def scarcity(self) -> float:
        """The part of the quota that is gone; 0 if nothing is known."""
        return 1 - self._left / self._quota if self._quota else 0.0

    @property
    def state(self) -> str:
        """`83 of 150 requests left in this 30 s`; empty as long as no reply told."""
        if self._quota is None:
            return ""
        return f"{self._left:,} of {self._quota:,} requests left in these {self._window:.0f} s"

    @property
    def pause(self) -> float:
        """Seconds for which no request goes: the quota is used up, or a 429 asked for a pause."""
        return max(self._announced_until, self._blocked_until) - self._clock()

    def _under_way(self, now: float) -> list[requests.PreparedRequest]:
        return [request for request, sent in self._in_flight.items() if now - sent < _LONGEST_REPLY]

    def _share_of_others(self) -> int:
        quota = self._quota or 1
        return min(int(quota * (1 - self._share)), quota - 1)

    def _wanted_by_others(self, now: float) -> int:
        """At most two thirds of the quota: two connectors must not wait for each other for ever."""
        remaining = self._resets_at - now
        wanted = self._other_apps.rate(self._window - remaining, self._window) * remaining
        # Sometimes they ask for more than on average.
        return min(math.ceil(wanted + math.sqrt(wanted)), (self._quota or 0) * 2 // 3)

    def _spare(self, wanted: int, now: float) -> int:
        """Requests that may be under way at once; at least one, to see what is left by now."""
        gone = self._other_apps.since_look(self._window - (self._resets_at - now), self._window)
        return max(1, self._left - math.ceil(gone) - max(wanted, self._share_of_others()))

    def _wait_for_others(self, now: float) -> None:
        """Seconds until more is left than they want, if they go on as before."""
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
    """The part of the quota that the store's other apps use: all that is gone and not ours.

    Without it, a sync takes all that is left at the start of each window, and the store refuses the
    other apps until the next one.

    ours: requests of this connector in the current window.
    """

    def __init__(self) -> None:
        self.ours = 0
        self._theirs = 0.0
        self._looked = 0.0
        self._began = -math.inf
        self._rate_before = 0.0

    def look(self, used: int, under_way: int, elapsed: float) -> None:
        """Notes how much of the quota is gone, so many seconds into the window.

        Some of our requests under way may be counted already: half of them, once it is certain
        that there are other apps.
        """
        theirs = used - self.ours
        self._theirs = theirs + under_way / 2 if theirs > 0 else 0.0
        self._looked = elapsed

    def begin_window(self, now: float, window: float, under_way: int) -> None:
        """Counts requests under way in the new window, although they may belong to either.

        A window that ends soon after it began is the previous one, whose reply was late.
        """
        if now < self._began + window / 2:
            return
        self._began = now
        self._rate_before = self._theirs / max(self._looked, window / 2)
        self._theirs, self._looked, self.ours = 0.0, 0.0, under_way

    def rate(self, elapsed: float, window: float) -> float:
        """Requests per second in the current window, or in the last one if that is more."""
        return max(self._rate_before, self._theirs / max(elapsed, window / 30))

    def since_look(self, elapsed: float, window: float) -> float:
        """What they have used since the last reply, if they went on as before."""
        return self.rate(elapsed, window) * max(0.0, elapsed - self._looked)

    def seconds_until(self, left: int, remaining: float, window: float) -> float:
        """Seconds until they want less than what is left, without a request of ours."""
        by_rate = remaining - left / self._rate_before if self._rate_before else 0.0
        elapsed = window - remaining
        by_number = self._theirs * window / (left + self._theirs) - elapsed if self._theirs else 0.0
        # Not more often: each look at what is left takes one of their requests.
        return min(max(by_rate, by_number, remaining / 3, window / 300), remaining)


def seconds_until_retry(response: requests.Response) -> float:
    """Seconds that a 429 asks to wait: the longer of its headers, 0 without them, at most 300."""
    retry_after = number(response.headers, "X-Retry-After") or 0
    reset = _seconds(response.headers, "X-Rate-Limit-Time-Reset-Ms") or 0
    return min(max(retry_after, reset), _LONGEST_WAIT)


def _seconds(headers: Mapping[str, str], name: str) -> float | None:
    milliseconds = number(headers, name)
    return None if milliseconds is None else milliseconds / 1000


def number(headers: Mapping[str, str], name: str) -> int | None:
    """The number in a header; None if there is none, or it makes no sense."""
    try:
        value = float(headers[name])
    except (KeyError, ValueError):
        return None
    return int(value) if value >= 0 and value.is_integer() else None
