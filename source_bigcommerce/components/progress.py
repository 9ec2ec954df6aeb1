"""How far a sync is: records read, records expected, requests made."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)

_BETWEEN_ESTIMATES = 1.0
_BETWEEN_REPORTS = 30.0


class Progress:
    """Counts the records of a sync, and compares them with the API's totals.

    The manifest cannot declare it: the CDK tells how many records were read only when a stream has
    ended, and never how many there are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._expected: Counter[str] = Counter()
        self._read: Counter[str] = Counter()
        self._changed: set[str] = set()
        self._estimated_at = self._reported_at = self._started_at = clock()

    def expect(self, stream: str, rows: int) -> None:
        """Notes the number of rows of a window, or of the whole stream, as the API tells it."""
        with self._lock:
            self._expected[stream] += rows
            self._changed.add(stream)

    def add(self, message: AirbyteMessage) -> None:
        """Notes another message of the sync."""
        if message.record:
            self._read[message.record.stream] += 1

    def read_of(self, stream: str) -> int:
        """The number of records of the stream so far."""
        return self._read[stream]

    def estimates(self, is_last: bool = False) -> Iterator[AirbyteMessage]:
        """Trace messages with new estimates, at most once a second, and at the end."""
        if not self._changed or (
            not is_last and self._clock() < self._estimated_at + _BETWEEN_ESTIMATES
        ):
            return
        self._estimated_at = self._clock()
        with self._lock:
            changed, self._changed = sorted(self._changed), set()
        for stream in changed:
            estimate = AirbyteEstimateTraceMessage(
                name=stream, type=EstimateType.STREAM, row_estimate=self._about(stream)
            )
            yield AirbyteMessage(
                type=Type.TRACE,
                trace=AirbyteTraceMessage(
                    type=TraceType.ESTIMATE, emitted_at=time.time() * 1000, estimate=estimate
                ),
            )

    def is_due(self) -> bool:
        """Whether the last report is half a minute old."""
        return self._clock() >= self._reported_at + _BETWEEN_REPORTS

    def report(self, requests: int, quota: str) -> str:
        """One line: `4,500 records, 21 requests in 31 s; orders 4,500 of about 10,000; ...`."""
        self._reported_at = self._clock()
        parts = [
            f"{self._read.total():,} records, {requests:,} requests "
            f"in {self._reported_at - self._started_at:.0f} s"
        ]
        for stream, rows in list(self._read.items()):
            about = f" of about {self._about(stream):,}" if stream in self._expected else ""
            parts.append(f"{stream} {rows:,}{about}")
        return "; ".join([*parts, quota] if quota else parts)

    def _about(self, stream: str) -> int:
        # Windows that are not counted yet may have been read already.
        return max(self._expected[stream], self._read[stream])
