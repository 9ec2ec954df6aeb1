"""The store's request quota: units per window, shared by all clients."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sandbox.options import Options

_PLENTY = 1_000_000_000


@dataclass(frozen=True)
class Balance:
    """What the rate-limit headers of a reply say."""

    quota: int
    left: int
    reset_ms: int
    window_ms: int
    granted: bool

    def headers(self) -> list[tuple[str, str]]:
        headers = [
            ("X-Rate-Limit-Requests-Left", str(self.left)),
            ("X-Rate-Limit-Requests-Quota", str(self.quota)),
            ("X-Rate-Limit-Time-Reset-Ms", str(self.reset_ms)),
            ("X-Rate-Limit-Time-Window-Ms", str(self.window_ms)),
        ]
        if not self.granted:
            headers.append(("X-Retry-After", str(-(-self.reset_ms // 1000))))
        return headers


class Quota:
    """Counts requests within windows that follow each other without a gap."""

    def __init__(self, options: Options, resource: str = "") -> None:
        self._options = options
        self._resource = resource
        self._lock = threading.Lock()
        self._window_start = time.monotonic()
        self._used = 0
        self.refused = 0
        """Requests answered 429 because the quota was spent."""

    def take(self, units: int = 1) -> Balance:
        """Spends units if enough are left; returns what is left."""
        with self._lock:
            now, window = time.monotonic(), self._options.window_ms / 1000
            passed = int((now - self._window_start) / window)
            if passed:
                self._window_start += passed * window
                self._used = 0
            elapsed = now - self._window_start
            quota = self._options.resource_quotas.get(self._resource, self._options.quota)
            quota = _PLENTY if quota is None else quota
            others = int(quota * self._options.other_client * min(1.0, elapsed / window))
            granted = self._used + others + units <= quota
            if granted:
                self._used += units
            else:
                self.refused += 1
            return Balance(
                quota=quota,
                left=max(0, quota - self._used - others),
                reset_ms=max(1, int((window - elapsed) * 1000)),
                window_ms=self._options.window_ms,
                granted=granted,
            )

    def drain(self, units: int) -> None:
        """Another client spends units at once, as many as are left."""
        with self._lock:
            self._used += units
