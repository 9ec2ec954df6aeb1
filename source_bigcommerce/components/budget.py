"""The store's API quota, shared by all streams and threads of a sync."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import requests

from source_bigcommerce.components.other_apps import OtherApps

LOGGER = logging.getLogger("airbyte")

LEFT, TOTAL = "X-Rate-Limit-Requests-Left", "X-Rate-Limit-Requests-Quota"

# The window of the documented plans, unless a header says otherwise.
_WINDOW = 30.0
# A shorter window is nonsense: waiting for it would be a busy loop.
_SHORTEST_WINDOW = 0.1
# A longer pause is wrong, or makes a person think that nothing happens.
_LONGEST_WAIT = 300.0
# The first request goes alone, because its reply tells what may follow: so many seconds at most.
FIRST_REPLY_WAIT = 10.0
# Two pauses that end within a second of each other are one, and are logged once.
_SAME_PAUSE = 1.0
# The error of a failed request keeps it in memory. A request without a reply for longer than its
# time-outs (manifest) is not under way any more.
_LONGEST_REPLY = 75.0
# Within a window, what is left of a quota may seem to grow by up to a tenth of it, for instance
# because gateways cache replies. Windows that end within a quarter of a window are the same one.
_SOME, _SAME_WINDOW = 10, 4


class Limit(NamedTuple):
    """So many requests in so many seconds, as documented, for an API whose replies do not tell."""

    requests: int
    seconds: float


@dataclass(frozen=True)
class Standing:
    """What is known about a quota at an instant. Times are seconds from that instant.

    first_reply_in: how long the first request still goes alone; None once it need not.
    blocked_for: how long a 429 asked to wait; 0 or less if none did.
    quota, left: requests of a window, and those that are left; None until a reply tells.
    share: the part of them that the form grants.
    window: how long a window lasts.
    resets_in: when the next window begins.
    wanted: requests that other apps seem to want until then.
    wanted_for: how long until they want fewer than are left, if we send none.
    gone: requests that other apps seem to have made since a reply told what is left.
    under_way: our requests without a reply so far.
    full_for: how long the documented limit lets no request go; 0 if it lets one, or there is none.
    """

    first_reply_in: float | None
    blocked_for: float
    quota: int | None
    left: int
    share: float
    window: float
    resets_in: float
    wanted: int
    wanted_for: float
    gone: int
    under_way: int
    full_for: float = 0.0

    @property
    def kept(self) -> int:
        """Requests that the form leaves to other apps; at least one is ours."""
        quota = self.quota or 1
        return min(int(quota * (1 - self.share)), quota - 1)


class Decision(NamedTuple):
    """Whether the next request goes.

    pause: seconds to wait before the next decision; 0 to go at once.
    reason: why, in words for the log; empty if nobody needs to know.
    holds_for: seconds for which the same reason is not logged again.
    """

    pause: float = 0.0
    reason: str = ""
    holds_for: float = 0.0


_GO = Decision()


def decide(known: Standing) -> Decision:
    """Whether the next request goes, or how long it waits and why."""
    if known.first_reply_in is not None:
        return Decision(max(known.first_reply_in, 0.001))
    if known.blocked_for > 0:
        return Decision(known.blocked_for, "BigCommerce asked for a pause", known.blocked_for)
    if known.quota is None and known.full_for:
        return Decision(known.full_for, "the documented limit is reached", known.full_for)
    if known.quota is None:
        return _GO
    if known.left <= known.kept:
        share = f"{known.share:.0%} of " if known.share < 1 else ""
        quota = f"{share}the quota of {known.quota} requests in {known.window:.0f} s"
        return Decision(known.resets_in, f"{quota} is used up", known.resets_in)
    if known.left <= known.wanted:
        reason = "other apps of the store use its quota too"
        return Decision(known.wanted_for, reason, known.resets_in)
    spare = known.left - known.gone - max(known.wanted, known.kept)
    if known.under_way >= max(1, spare):  # at least one goes, to see what is left by now
        return Decision(known.resets_in)  # any reply ends the pause
    return _GO


class StoreBudget:
    """Lets requests go only while the store's own headers say that its quota allows them.

    Each reply tells how many requests are left in the current window, for all apps of the store
    together, and when the next window begins. It assumes no plan: the first request goes alone, and
    its reply counts until another one says otherwise. Other apps keep what they seem to need until
    then (OtherApps).

    Not YAML: the CDK's budget takes the milliseconds until the reset for an epoch time and never
    waits (https://github.com/airbytehq/airbyte-python-cdk/issues/1151).

    share: percent of the quota to use; the rest is for the store's other apps.
    limit: what the documentation grants. It counts until a reply tells the quota.
    changed: the condition that waiting requests share with those of other quotas, if any.
    wait: waits for that condition, at most so many seconds.

    Source: https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits
    """

    def __init__(
        self,
        share: int = 100,
        clock: Callable[[], float] = time.monotonic,
        changed: threading.Condition | None = None,
        wait: Callable[[float], object] | None = None,
        limit: Limit | None = None,
    ) -> None:
        self._share = share / 100
        self._limit = limit
        self._granted = max(1, int(limit.requests * self._share)) if limit else 0
        # When the last of the granted requests were answered.
        self._answered: deque[float] = deque(maxlen=self._granted)
        self._clock = clock
        self._changed = changed or threading.Condition()
        self._wait = wait or self._changed.wait
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

    def acquire_call(self, request: Any, still_ours: Callable[[], bool] = lambda: True) -> bool:
        """Returns True once `request` may be sent.

        Returns False if `still_ours` says that the request no longer belongs to this quota.
        """
        with self._changed:
            if request in self._in_flight:
                # A retry: the reply to the last try never came, and nobody waits for it.
                del self._in_flight[request]
                self._answered.append(self._clock())
                self._has_reply = True
                self._changed.notify_all()
            while True:
                if not still_ours():
                    return False
                now = self._clock()
                self._roll_over(now)
                decision = decide(self._standing(now))
                if not decision.pause:
                    break
                self._tell(decision, now)
                self._wait(decision.pause)
                if self._in_flight and self._clock() >= self._alone_until:
                    self._has_reply = True  # no reply has come, and nobody waits for it any longer
            self._other_apps.ours += 1
            self._in_flight[request] = now
            self._alone_until = self._alone_until or now + FIRST_REPLY_WAIT
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
            self._answered.append(now)
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
    def known(self) -> Limit | None:
        """What replies tell, or else the documentation."""
        return self._limit if self._quota is None else Limit(self._quota, self._window)

    @property
    def is_pausing(self) -> bool:
        """Whether the next request has to wait for the next window, or for the end of a 429."""
        now = self._clock()
        if now >= max(self._resets_at, self._blocked_until):
            return False
        return bool(decide(self._standing(now)).reason)

    @property
    def scarcity(self) -> float:
        """The part of the quota that is gone; 0 if nothing is known."""
        return 1 - self._left / self._quota if self._quota else 0.0

    @property
    def state(self) -> str:
        """`83 of 150 requests left in these 30 s`; empty until a reply tells."""
        if self._quota is None:
            return ""
        return f"{self._left:,} of {self._quota:,} requests left in these {self._window:.0f} s"

    @property
    def pause(self) -> float:
        """Seconds for which no request goes: the quota is used up, or a 429 asked for a pause."""
        return max(self._announced_until, self._blocked_until) - self._clock()

    def _under_way(self, now: float) -> list[requests.PreparedRequest]:
        return [request for request, sent in self._in_flight.items() if now - sent < _LONGEST_REPLY]

    def _roll_over(self, now: float) -> None:
        """Begins the next window, if this one has ended."""
        if self._quota is not None and now >= max(self._resets_at, self._blocked_until):
            self._left, self._resets_at = self._quota, now + self._window
            self._other_apps.begin_window(now, self._window, len(self._under_way(now)))

    def _standing(self, now: float) -> Standing:
        # A pause that a 429 asks for may outlast the window.
        resets_in = max(0.0, self._resets_at - now)
        elapsed = self._window - resets_in
        is_first = not self._has_reply and len(self._in_flight) > 0
        return Standing(
            first_reply_in=self._alone_until - now if is_first else None,
            blocked_for=self._blocked_until - now,
            quota=self._quota,
            left=self._left,
            share=self._share,
            window=self._window,
            resets_in=resets_in,
            wanted=self._other_apps.wanted(self._quota or 0, elapsed, self._window),
            wanted_for=self._other_apps.seconds_until(self._left, resets_in, self._window),
            gone=math.ceil(self._other_apps.since_look(elapsed, self._window)),
            under_way=len(self._under_way(now)),
            full_for=self._full_for(now),
        )

    def _full_for(self, now: float) -> float:
        """See Standing. A request counts from when it is sent until a window after its reply.

        So the other side never sees too many of them, wherever its windows begin.
        """
        if not self._limit:
            return 0.0
        seconds = self._limit.seconds
        while self._answered and self._answered[0] + seconds <= now:
            self._answered.popleft()
        if len(self._answered) + len(self._under_way(now)) < self._granted:
            return 0.0
        return self._answered[0] + seconds - now if self._answered else seconds

    def _tell(self, decision: Decision, now: float) -> None:
        """Logs once per pause, not once per thread."""
        until = now + decision.holds_for
        if decision.reason and abs(until - self._announced_until) > _SAME_PAUSE:
            self._announced_until = until
            LOGGER.info("Waiting %.1f s: %s.", decision.pause, decision.reason)


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
