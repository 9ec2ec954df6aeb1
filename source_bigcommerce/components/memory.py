"""Bounds the memory for all replies that a sync holds."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from source_bigcommerce.components.budget import FIRST_REPLY_WAIT
from source_bigcommerce.components.quotas import SyncEnded

# Bytes of JSON; Python's objects take about six times as much.
_MOST = 32 * 2**20


@dataclass(eq=False)
class Share:
    """The memory that one read of a list holds: its last reply, until it asks for the next.

    is_of_parent: whether it is the list of one parent's children.
    size: bytes that arrived, or that are expected.
    resource: the resource of the last request.
    """

    is_of_parent: bool = False
    size: int = 0
    resource: str = ""


class Memory:
    """Lets a request go once there is room for its reply beside the replies already held.

    A list holds a reply until it asks for the next one, because then its rows have been passed on.
    The expected size of a reply follows from the earlier replies of its resource; until one has
    arrived with rows, requests go one at a time, and one more beside for each that came empty. A
    reply that is larger than expected waits to be parsed, and one that is larger than all the room
    comes alone.

    No two threads wait for each other: a waiting thread holds nothing, except a reply that is not
    parsed. A list of parents waits for their children, so children have as much room of their own,
    and give it back as soon as they are parsed.

    most: bytes of replies, unpacked.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._changed = threading.Condition()
        # The keys say whether a list is of one parent.
        self._held = {False: 0, True: 0}
        self._parsing = {False: 0, True: 0}  # replies that have arrived, and wait for room
        self._expected: dict[str, int] = {}
        # By resource: requests on their way while its size is unknown, and replies without rows.
        self._first: defaultdict[str, set[Share]] = defaultdict(set)
        self._empty = Counter[str]()
        self._of_parent = 1
        self._is_stopped = False
        self._of_thread = threading.local()

    @contextmanager
    def asked_for(self, share: Share) -> Iterator[None]:
        """A context in which requests of this thread are for this share. Gives its last reply back.

        Also gives back the reply of the list that this thread read before: that one goes on only
        after this one has ended.
        """
        last = self._last
        self.give_back(last.get(share.is_of_parent, share))
        self.give_back(share)
        last[share.is_of_parent] = self._of_thread.share = share
        try:
            yield
        finally:
            self._of_thread.share = None

    def make_room(self, resource: str) -> None:
        """Returns once a request for this resource may go. Raises SyncEnded."""
        share = self._share
        if share is None:  # a single request, whose reply is small
            return
        with self._changed:
            self._set(share, 0)
            # A request that is repeated has waited for others already.
            is_known = resource in self._expected or share.resource == resource
            if not (share.is_of_parent or is_known):
                self._wait(lambda: self._may_be_first(resource), FIRST_REPLY_WAIT)
                self._first[resource].add(share)
            share.resource, kind = resource, share.is_of_parent
            expected = self._expected.get(resource, self._most // 10)
            self._wait(lambda: not self._parsing[kind] and self._has_room(share, expected))
            self._set(share, expected)

    def came(self, response: requests.Response) -> None:
        """Takes a reply that has arrived. Returns once it may be parsed. Raises SyncEnded."""
        share = self._share
        if share is None:
            return
        size = len(response.content)
        with self._changed:
            self._set(share, 0)
            self._parsing[share.is_of_parent] += 1
            try:
                self._wait(lambda: self._has_room(share, size))
            finally:
                self._parsing[share.is_of_parent] -= 1
            self._set(share, size)

    def learn(self, share: Share, rows: int, asked: int | None) -> None:
        """Notes how many of the rows asked for came. The next reply may hold all of them."""
        with self._changed:
            self._first[share.resource].discard(share)
            if not rows:
                self._empty[share.resource] += 1
            else:
                whole = share.size * max(asked or 0, rows) // rows
                expected = min(whole, self._most // 2)
                self._expected[share.resource] = max(
                    expected, self._expected.get(share.resource, 0)
                )
            if share.is_of_parent:
                self._of_parent = max(self._of_parent, share.size)
                self._set(share, 0)
            self._changed.notify_all()

    def give_back(self, share: Share) -> None:
        """Notes that the rows of the last reply have been passed on."""
        with self._changed:
            self._set(share, 0)
            self._first[share.resource].discard(share)

    @property
    def parents_ahead(self) -> int:
        """The number of parents whose children fit, if each needs as much as the largest so far."""
        return self._most // self._of_parent

    def stop(self) -> None:
        """Ends all waits with SyncEnded: nobody reads any more."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    @property
    def _last(self) -> dict[bool, Share]:
        """The last request of this thread, by whether it was for one parent."""
        last: dict[bool, Share] = self._of_thread.__dict__.setdefault("last", {})
        return last

    @property
    def _share(self) -> Share | None:
        return getattr(self._of_thread, "share", None)

    def _may_be_first(self, resource: str) -> bool:
        return resource in self._expected or (len(self._first[resource]) <= self._empty[resource])

    def _has_room(self, share: Share, size: int) -> bool:
        held = self._held[share.is_of_parent]
        return not held or held + size <= self._most

    def _set(self, share: Share, size: int) -> None:
        if size != share.size:
            self._held[share.is_of_parent] += size - share.size
            share.size = size
            self._changed.notify_all()

    def _wait(self, is_so: Callable[[], bool], timeout: float | None = None) -> None:
        self._changed.wait_for(lambda: self._is_stopped or is_so(), timeout)
        if self._is_stopped:
            raise SyncEnded
