"""How long requests take, at the store's quota and with its response times."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from source_bigcommerce.components.budget import Limit, StoreBudget
from source_bigcommerce.components.quotas import resource_of
from source_bigcommerce.components.reply import is_b2b_url
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.estimate.dry_run import Cost

# What one core can do, however fast the store is: see docs/performance.md.
_REQUESTS_PER_SECOND, _ROWS_PER_SECOND = 500, 10_000


@dataclass(frozen=True)
class Prices:
    """What a store's headers and replies tell about time.

    sync: the one that asked the store, and so knows its quotas.
    page, few: seconds that a reply of a page takes, and one of a few rows.
    """

    sync: Sync
    page: float
    few: float

    def quota_of(self, resource: str) -> StoreBudget:
        quotas = self.sync.b2b_quotas if is_b2b_url(f"/{resource}/") else self.sync.quotas
        return quotas.known_of(resource)

    def seconds(self, costs: Iterable[Cost], form: Mapping[str, Any], share: int) -> float:
        """How long some streams take together.

        share: percent of the quota.
        """
        costs = list(costs)
        free = max(self._waiting(costs, form["num_workers"]), _working(costs))
        asked: dict[StoreBudget, float] = defaultdict(float)
        for cost in costs:
            for resource, requests in cost.by_resource.items():
                asked[self.quota_of(resource)] += requests
        at_quota = [
            _at_quota(requests, known, share, free)
            for quota, requests in asked.items()
            if (known := quota.known)
        ]
        return max([free, *at_quota])

    def _waiting(self, costs: list[Cost], workers: int) -> float:
        """Seconds if each worker waits for a reply all the time, and nothing else takes time."""
        lists = sum(cost.lists for cost in costs) * self.page / workers
        children = sum(cost.children for cost in costs) * self.few / workers
        in_turn = max((cost.in_turn for cost in costs), default=0) * self.page
        return max(lists, children, in_turn)


def _working(costs: list[Cost]) -> float:
    requests, rows = sum(cost.requests for cost in costs), sum(cost.rows for cost in costs)
    return requests / _REQUESTS_PER_SECOND + rows / _ROWS_PER_SECOND


def _at_quota(requests: float, quota: Limit, share: int, free: float) -> float:
    """Seconds if all granted requests are used up at the beginning of each window.

    free: seconds that they would take without a quota.
    """
    granted = granted_of(quota.requests, share)
    windows = max(0, round(requests) - 1) // granted
    rest = requests - windows * granted
    return windows * quota.seconds + min(quota.seconds, rest * free / max(requests, 1))


def granted_of(quota: int, share: int) -> int:
    """Requests of a window that a sync may use; see Standing.kept."""
    return quota - min(int(quota * (1 - share / 100)), quota - 1)


def seconds_of_all(sync: Sync, parents: int, endpoints: Iterable[str], share: int) -> float:
    """How many seconds a request for each parent takes at least, at all of these endpoints.

    0 if the store tells no quota. sync: knows the quota.
    """
    by_resource = Counter({resource_of(f"/{endpoint}"): parents for endpoint in endpoints})
    cost = Cost(by_resource=by_resource)
    return Prices(sync, page=0, few=0).seconds([cost], {"num_workers": 1}, share)


def duration(seconds: float) -> str:
    """`31 s`, `12 min`, `6.5 h`, `4 days`."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 96 * 3600 else f"{seconds / 86400:.0f} days"
