"""What the streams of one sync share."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

from airbyte_cdk.sources.streams.call_rate import AbstractAPIBudget

from source_bigcommerce.components.budget import Limit
from source_bigcommerce.components.connections import Connections
from source_bigcommerce.components.memory import Memory
from source_bigcommerce.components.progress import Progress
from source_bigcommerce.components.quotas import Quotas, SyncEnded, resource_of
from source_bigcommerce.components.receipts import Receipts
from source_bigcommerce.components.reply import is_b2b_url

# Of B2B Edition, for all apps of a store together; its replies are not documented to count.
# https://developer.bigcommerce.com/b2b-edition/docs/best-practices
B2B_LIMIT = Limit(150, 60.0)
_TRIES = 6
# Endpoints in a row without any answer, after which the address counts as down.
_SILENT_ENDPOINTS = 2

_Result = TypeVar("_Result")


class Sync(AbstractAPIBudget):
    """Everything that one sync owns: quota, connections, memory, progress, workers, reachability.

    The framework hands it, as the API budget, to every requester, and to every component of ours
    that declares a field `api_budget`. A component that is built without one, as the connector
    builder does, has a sync of its own.

    Not YAML: the manifest can declare nothing that components share, except the CDK's own budgets.

    config: the form's values; `quota_share` and `num_workers` are used.
    tries: how often a request is tried before it is given up.
    most_parents: the number of parents whose children are read; None for all.
    accepted: scopes whose endpoints the token has opened (ErrorHandler).
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        tries: int = _TRIES,
        most_parents: int | None = None,
    ) -> None:
        config = config or {}
        self.tries, self.most_parents = tries, most_parents
        # The connector builder shows a few pages; the number comes with the form's values.
        self.most_pages = config.get("__test_read_config", {}).get("max_pages_per_slice")
        # Without a configuration, as for `spec`, nothing is read, so any number does.
        share, workers = config.get("quota_share", 100), config.get("num_workers")
        self.quotas = Quotas(share)
        # B2B Edition counts requests of its own, whatever the store's API counts.
        self.b2b_quotas = Quotas(share, limit=B2B_LIMIT)
        self.progress = Progress()
        self.receipts = Receipts(self.progress.read_of, bool(config.get("prove")))
        # What one stream finds out about the store, for later streams: see WithArchived.
        self.found: dict[str, tuple[str, ...]] = {}
        # By stream: fields that no schema names, where these do not come. See Personal.
        self.unnamed: dict[str, dict[str, None]] = {}
        self.connections = Connections()
        self.memory = Memory()
        self.accepted: set[str | None] = set()
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="child-rows")
        self._lock = threading.Lock()
        self._asked = threading.local()
        self._broken: set[str] = set()
        self._silent: set[str] = set()

    def submit(
        self, function: Callable[..., _Result], *args: Any, **kwargs: Any
    ) -> "Future[_Result]":
        """Hands it to a worker. All streams share the workers, as they share the quota.

        Raises SyncEnded.
        """
        try:
            return self._workers.submit(function, *args, **kwargs)
        except RuntimeError as error:
            raise SyncEnded from error

    def report(self) -> str:
        """One line about how far the sync is."""
        sent = self.quotas.sent + self.b2b_quotas.sent
        return self.progress.report(sent, self.quotas.state or self.b2b_quotas.state)

    @property
    def pause(self) -> float:
        """Seconds for which one of its hosts lets nobody ask."""
        return max(self.quotas.pause, self.b2b_quotas.pause)

    def end(self) -> None:
        """Stops all threads of the sync: at once if they wait for a request, or at the next one."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        self.quotas.stop()
        self.b2b_quotas.stop()
        self.memory.stop()

    # The budget

    def get_matching_policy(self, request: Any) -> None:
        return None

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:
        """Returns when `request` may be sent. Raises SyncEnded."""
        url = str(request.url or "")
        self._asked.endpoint = urlsplit(url).path
        self.memory.make_room(resource_of(url))
        self.receipts.asked()
        self._quotas_of(request).acquire_call(request)

    def update_from_response(self, request: Any, response: Any) -> None:
        """Notes what a reply says about the quota. Returns when it may be parsed.

        Raises SyncEnded.
        """
        self._quotas_of(request).update_from_response(request, response)
        self.memory.came(response)

    def _quotas_of(self, request: Any) -> Quotas:
        return self.b2b_quotas if is_b2b_url(str(request.url)) else self.quotas

    # Whether the API answers

    def is_down(self) -> bool:
        """Whether the last request of this thread need not be tried again.

        All tries of another request to its endpoint, or to several endpoints in a row, had no
        answer. Otherwise each window of each stream would wait for what is down.
        """
        with self._lock:
            return self._endpoint in self._broken or len(self._silent) >= _SILENT_ENDPOINTS

    def answered(self) -> None:
        """Notes that the last request of this thread was answered, if only with an error."""
        with self._lock:
            self._broken.discard(self._endpoint)
            self._silent.clear()

    def gave_no_answer(self) -> None:
        """Notes that all tries of the last request of this thread failed."""
        with self._lock:
            self._broken.add(self._endpoint)
            self._silent.add(self._endpoint)

    @property
    def _endpoint(self) -> str:
        return getattr(self._asked, "endpoint", "")
