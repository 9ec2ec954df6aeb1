"""What each stream of a sync delivered, and how far its completeness is proved."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Any, NamedTuple

from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus

_NOT_ASKED = "the form has Prove completeness turned off"


class Verdict(str, Enum):
    """What is known of a list that was read to its end."""

    WHOLE = "whole"
    NOT_PROVED = "not proved"
    SHORT = "short"


class Finding(NamedTuple):
    """The result of one read. `counted` is None if the store was not asked, or did not say."""

    verdict: Verdict
    counted: int | None = None
    reason: str = ""
    came: int = 0


@dataclass
class _Stream:
    """What is known about one stream. `counted` is None until the store has counted something."""

    cursor: str = ""
    counted: int | None = None
    windows: Counter[Verdict] = field(default_factory=Counter)
    again: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    newest: str | None = None
    started: float = 0.0
    ended: float = 0.0
    is_complete: bool = False

    @property
    def verdict(self) -> Verdict:
        if self.windows[Verdict.SHORT]:
            return Verdict.SHORT
        is_whole = self.is_complete and not self.reasons
        return Verdict.WHOLE if is_whole else Verdict.NOT_PROVED


class Receipts:
    """Collects a row for each stream while the sync runs; see the schema of `sync_receipts`.

    read: returns how many records of a stream were printed.
    is_proving: whether lists are counted after they are read.
    """

    def __init__(
        self,
        read: Callable[[str], int],
        is_proving: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._is_proving, self._clock = read, is_proving, clock
        self._lock = threading.Lock()
        self._asking = threading.local()
        self._requests: Counter[str] = Counter()
        self._streams: dict[str, _Stream] = {}
        self._started_at = datetime.now(timezone.utc)

    def begin(self, cursors: Mapping[str, str]) -> None:
        """Takes the streams that the sync reads, with their cursor fields; empty for none."""
        self._streams = {name: _Stream(cursor) for name, cursor in cursors.items()}

    def doubt(self, streams: Iterable[str], reason: str) -> None:
        """Notes why no count proves these streams; ignores those that the sync does not read."""
        for name in self._streams.keys() & set(streams):
            self._streams[name].reasons[reason] = None

    def settle(self, stream: str, reason: str) -> None:
        """Withdraws a doubt."""
        if known := self._of(stream):
            known.reasons.pop(reason, None)

    def asks(self, stream: str) -> None:
        """Counts the next requests of this thread for the stream."""
        self._asking.stream = stream

    def asked(self) -> None:
        """Counts a request that this thread sends."""
        with self._lock:
            self._requests[getattr(self._asking, "stream", "")] += 1

    def add(self, stream: str, found: Finding, is_again: bool = False) -> None:
        """Adds the result for a window of the stream, or for all of it; `is_again`: read twice."""
        with self._lock:
            known = self._streams.setdefault(stream, _Stream())
            known.windows[found.verdict] += 1
            known.again += is_again
            if found.counted is not None:
                known.counted = (known.counted or 0) + found.counted
            if found.reason:
                known.reasons[found.reason] = None

    def see(self, message: AirbyteMessage) -> None:
        """Takes from a message the state, status or error of its stream."""
        if message.state and message.state.stream:
            known = self._of(message.state.stream.stream_descriptor.name)
            state = vars(message.state.stream.stream_state or object())
            if known and isinstance(date := state.get(known.cursor), str):
                known.newest = date
        elif message.trace and (status := message.trace.stream_status):
            if known := self._of(status.stream_descriptor.name):
                if status.status == AirbyteStreamStatus.STARTED:
                    known.started = self._clock()
                known.ended = self._clock()
                known.is_complete = status.status == AirbyteStreamStatus.COMPLETE
        elif (
            message.trace
            and (error := message.trace.error)
            and error.stream_descriptor
            and (known := self._of(error.stream_descriptor.name))
        ):
            known.reasons[f"it ended with an error: {error.message}"] = None

    def rows(self) -> list[dict[str, Any]]:
        """A receipt for each stream, in the order of the catalog."""
        rows = []
        for name, known in self._streams.items():
            reasons = [*known.reasons]
            if not self._is_proving:
                reasons.append(_NOT_ASKED)
            is_whole = known.verdict is Verdict.WHOLE and not self._is_proving
            rows.append(
                {
                    "stream": name,
                    "sync_started_at": f"{self._started_at:%Y-%m-%dT%H:%M:%SZ}",
                    "verdict": (Verdict.NOT_PROVED if is_whole else known.verdict).value,
                    "reason": "; ".join(reasons) or None,
                    "rows_delivered": self._read(name),
                    "rows_counted": known.counted,
                    "windows_proved": known.windows[Verdict.WHOLE],
                    "windows_not_proved": known.windows[Verdict.NOT_PROVED]
                    + known.windows[Verdict.SHORT],
                    "windows_read_again": known.again,
                    "requests": self._requests[name],
                    "seconds": round(known.ended - known.started, 1),
                    "newest_date": known.newest,
                }
            )
        return rows

    def sentence(self) -> str:
        """All receipts in one line: `3 streams: 2 whole, 1 not proved (orders: ...)`."""
        rows = self.rows()
        parts = []
        for verdict in Verdict:
            of_it = [row for row in rows if row["verdict"] == verdict.value]
            if not of_it:
                continue
            why: dict[str, list[str]] = {}
            for row in of_it:
                if verdict is not Verdict.WHOLE:
                    why.setdefault(row["reason"] or "it did not end", []).append(row["stream"])
            told = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in why.items())
            parts.append(f"{len(of_it)} {verdict.value}" + (f" ({told})" if told else ""))
        return f"{len(rows)} stream{'s' * (len(rows) != 1)}: {', '.join(parts)}"

    def _of(self, stream: str) -> _Stream | None:
        with self._lock:
            return self._streams.get(stream)
