"""One quota for all of a store, or one for each resource."""

import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from source_bigcommerce.components.budget import LEFT, TOTAL, Limit, StoreBudget, number

_LIMITED = 429
_WORD = re.compile(r"v\d|[a-z_-]+")


class SyncEnded(Exception):
    """Nobody reads the sync any longer, so its threads stop."""


class Quotas:
    """The quotas of a store: one, until replies show several.

    Performance plans (once Enterprise) have one quota per resource, and a resource with plenty left
    need not wait for another. It is not documented which resources share a quota, so the headers
    decide. A resource is a path without its ids. All share a quota until one shows another number
    of requests, or more left than a shared quota can have. While the only quota known so far is
    used up, the first request of another resource may go, to learn about its quota.

    All share one quota for good once the numbers turn out to change by themselves, or once a
    resource is limited although its own quota should have allowed the request.

    Not YAML: see StoreBudget.

    share: percent of each quota to use.
    limit: see StoreBudget.
    wait: waits at most so many seconds; by default until something changes.
    sent: requests so far, with retries.
    """

    def __init__(
        self,
        share: int = 100,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
        limit: Limit | None = None,
    ) -> None:
        self._share, self._clock, self._wait, self._limit = share, clock, wait, limit
        self._changed = threading.Condition()
        self._shared = self._another()
        self._of: dict[str, StoreBudget] = {}
        self._totals: dict[str, int | None] = {}
        self._is_one = False
        self._is_stopped = False
        self.sent = 0

    def acquire_call(self, request: Any) -> None:
        """Returns when `request` may be sent. Raises SyncEnded."""
        resource = resource_of(str(request.url))
        while True:
            with self._changed:
                quota = self._quota_of(resource)

            def still_ours(quota: StoreBudget = quota) -> bool:
                return self._quota_of(resource) is quota

            if quota.acquire_call(request, still_ours):
                self.sent += 1
                return

    def update_from_response(self, request: Any, response: Any) -> None:
        """Reads the headers of a reply, whichever quota they belong to."""
        resource = resource_of(str(request.url))
        with self._changed:
            quota = self._of.get(resource, self._shared)
            asked = next((each for each in self._all() if each.is_under_way(request)), quota)
            if number(response.headers, LEFT) is not None:
                quota = self._of[resource] = self._told(resource, asked.sent_at(request), response)
            if quota is not asked:
                asked.hand_over(request, quota)
            quota.update_from_response(request, response)

    def stop(self) -> None:
        """Lets no further request go. Threads that wait get SyncEnded."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def known_of(self, resource: str) -> StoreBudget:
        """The quota of a resource, as far as replies have told."""
        with self._changed:
            return self._of.get(resource, self._shared)

    @property
    def state(self) -> str:
        """The state of the quota with the least left; empty until a reply tells."""
        with self._changed:
            return max(self._all(), key=lambda quota: quota.scarcity).state

    @property
    def pause(self) -> float:
        """Seconds for which requests wait: a quota is used up, or a 429 asked for a pause."""
        with self._changed:
            return max(quota.pause for quota in self._all())

    def _another(self) -> StoreBudget:
        return StoreBudget(self._share, self._clock, self._changed, self._wait, self._limit)

    def _all(self) -> list[StoreBudget]:
        return list(dict.fromkeys([self._shared, *self._of.values()]))

    def _quota_of(self, resource: str) -> StoreBudget:
        if self._is_stopped:
            raise SyncEnded
        if resource not in self._of and self._shared.is_pausing and self._may_try():
            self._of[resource] = self._another()
        return self._of.get(resource, self._shared)

    def _may_try(self) -> bool:
        """Whether the first request of a resource may go although the shared quota is used up.

        Not if two resources share it already, and never two at once, because a store with one
        quota for all refuses them.
        """
        quotas = self._all()
        is_known = all(quota.total is not None for quota in quotas)
        return is_known and not self._is_one and (len(quotas) > 1 or len(self._of) == 1)

    def _told(self, resource: str, sent: float, response: Any) -> StoreBudget:
        """The quota that a reply belongs to."""
        headers, quota = response.headers, self._of.get(resource, self._shared)
        total = number(headers, TOTAL)
        changes = self._totals.setdefault(resource, total) != total
        is_wrong = (
            response.status_code == _LIMITED
            and number(headers, LEFT) == 0
            and quota is not self._shared
            and quota.total == self._shared.total
            and not quota.is_pausing
        )
        if changes or is_wrong:
            self._is_one = True
            self._of = dict.fromkeys(self._of, self._shared)
        if self._is_one or self._of.keys() == {resource}:
            return self._shared
        is_tried = quota.total is None
        known = self._all() if is_tried else [quota, *self._all()]
        return next((each for each in known if each.agrees(headers, sent)), None) or self._another()


def resource_of(url: str) -> str:
    """`v3/orders/transactions` for `https://.../stores/abc123/v3/orders/7/transactions?limit=250`."""
    path = urlsplit(url).path
    _, is_of_store, below = path.partition("/stores/")
    parts = below.split("/")[1:] if is_of_store else path.split("/")
    return "/".join(part for part in parts if _WORD.fullmatch(part))
