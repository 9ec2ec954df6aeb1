"""What a stream of deletions knows from the syncs before."""

import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce.components.known_ids import KnownIds

LOGGER = logging.getLogger("airbyte")
DELETED, HIDDEN, ARCHIVED = "deleted", "hidden", "archived"
"""Why a row is told."""


def when(date: Any) -> int | None:
    """Unix seconds of an ISO date in UTC; None for anything else."""
    if not isinstance(date, str):
        return None
    try:
        return int(datetime.fromisoformat(date[:19] + "+00:00").timestamp())
    except ValueError:
        return None


@dataclass
class Memory:
    """Of one stream.

    now: when the sync began.
    tells_again: whether rows are told once more with the next sync. It is so where they also mark
        rows of the main stream: the destination may keep the state of this one and lose those.
    """

    now: str
    tells_again: bool = False
    ids: KnownIds | None = None
    seen_at: str = ""
    latest: int = 0
    """The last date of creation, in Unix seconds."""
    again: list[dict[str, Any]] = field(default_factory=list)
    hidden: KnownIds = field(default_factory=KnownIds)
    """Those that were told as hidden: they may be deleted later."""

    def row(self, key: int, reason: str) -> dict[str, Any]:
        """What is told of an id that is gone."""
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
        """All rows were printed: this is what is known from now on."""
        self.ids, self.latest, self.seen_at = ids, latest, self.now
        self.hidden = KnownIds(hidden)
        self.again = list(told) if self.tells_again else []


class MemoryCursor(ConcurrentCursor):
    """Hands what is known to Deletions, and saves it once all of it was compared.

    Not YAML: the CDK's cursors save dates.

    The state is `{"found_deleted_at": "2026-03-01T00:00:00Z", "store": "abc123", "ids": "...",
    "latest": 1772323200, "marks": "...", "hidden": "...", "again": [...]}`: when the ids were
    compared last, and what KnownIds makes of them. Of any other state the log says that the ids are
    learnt again.
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
