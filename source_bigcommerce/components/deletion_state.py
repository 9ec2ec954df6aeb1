"""What a stream of deletions remembers from earlier syncs."""

import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce.components.dates import Instant
from source_bigcommerce.components.known_ids import KnownIds

LOGGER = logging.getLogger("airbyte")
DELETED, HIDDEN, ARCHIVED = "deleted", "hidden", "archived"
"""The reasons that a row may give."""


def when(date: Any) -> int | None:
    """Unix seconds of an ISO date in UTC; None for anything else."""
    if not isinstance(date, str):
        return None
    try:
        return int(Instant(date))
    except ValueError:
        return None


@dataclass
class Memory:
    """What one stream remembers.

    now: when the sync began.
    tells_again: whether the next sync yields the same rows once more. It must if rows of the main
        stream are marked, too: the destination may save this stream's state and lose the marks.
    """

    now: str
    tells_again: bool = False
    ids: KnownIds | None = None
    seen_at: str = ""
    latest: int = 0
    """The last date of creation, in Unix seconds."""
    again: list[dict[str, Any]] = field(default_factory=list)
    hidden: KnownIds = field(default_factory=KnownIds)
    """Ids that were reported as hidden: they may be deleted later."""

    def row(self, key: int, reason: str) -> dict[str, Any]:
        """The row about an id that is gone."""
        return {
            "id": key,
            "last_seen_at": self.seen_at,
            "found_deleted_at": self.now,
            "reason": reason,
        }

    def keep(
        self,
        ids: KnownIds,
        latest: int,
        told: Iterable[dict[str, Any]] = (),
        hidden: Iterable[int] = (),
    ) -> None:
        """Saves what is known from now on. Call it once all rows were printed."""
        self.ids, self.latest, self.seen_at = ids, latest, self.now
        self.hidden = KnownIds(hidden)
        self.again = list(told) if self.tells_again else []


class MemoryCursor(ConcurrentCursor):
    """Hands the memory to Deletions, and saves it once all ids were compared.

    Not YAML: the CDK's cursors save dates.

    The state is `{"found_deleted_at": "2026-03-01T00:00:00Z", "store": "abc123", "ids": "...",
    "latest": 1772323200, "marks": "...", "hidden": "...", "again": [...]}`: when the ids were
    last compared, and the ids as KnownIds packs them. A state of any other form is not used: the
    ids are learnt again, and the log says so.
    """

    def __init__(
        self, cursor: ConcurrentCursor, state: Mapping[str, Any], config: Mapping[str, Any]
    ) -> None:
        # The parts that stay as they are: converter, lock, messages.
        vars(self).update(vars(cursor))
        self._store = config["store_hash"]
        self._memory = Memory(config["now"], config.get("deletions") == "mark")
        if not state:
            return
        try:
            self._load(state)
        except (ValueError, LookupError, TypeError, OverflowError, zlib.error) as error:
            self._memory.ids = None
            LOGGER.warning(
                "The state of %s is not used: %s. The ids are learnt again, and what was deleted "
                "meanwhile is not found.",
                self._stream_name,
                error,
            )

    @property
    def state(self) -> MutableMapping[str, Any]:
        memory = self._memory
        if memory.ids is None:
            return {}
        state = {self._field: memory.seen_at, "store": self._store, **memory.ids.dump()}
        if memory.latest:
            state["latest"] = memory.latest
        if len(memory.hidden):
            state["hidden"] = memory.hidden.dump()["ids"]
        return {**state, "again": memory.again} if memory.again else state

    def stream_slices(self) -> Iterator[StreamSlice]:
        times = {
            "start_time": self._memory.seen_at or self._memory.now,
            "end_time": self._memory.now,
        }
        yield StreamSlice(partition={}, cursor_slice=times, extra_fields={"memory": self._memory})

    def close_partition(self, partition: Partition) -> None:
        with self._lock:
            self._emit_state_message()

    @property
    def _field(self) -> str:
        return str(self.cursor_field.cursor_field_key)

    def _load(self, state: Mapping[str, Any]) -> None:
        seen_at = when(state[self._field])
        if seen_at is None or not isinstance(state["ids"], str):
            raise ValueError("it holds no ids")
        if state["store"] != self._store:
            raise ValueError("it is of another store")
        texts = {key: str(state[key]) for key in ("ids", "marks") if key in state}
        self._memory.ids = KnownIds.load(texts)
        if "hidden" in state:
            self._memory.hidden = KnownIds.load({"ids": str(state["hidden"])})
        self._memory.seen_at = state[self._field]
        self._memory.latest = int(state.get("latest", 0))
        again = state.get("again") or []
        if any(not isinstance(row, dict) or "id" not in row for row in again):
            raise ValueError("it holds no rows")
        self._memory.again = [dict(row) for row in again]
