"""Rows of a stream that are marked as deleted in the stream itself."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteRecordMessage,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    SyncMode,
    Type,
)

from source_bigcommerce.components.deletion_state import DELETED

DELETED_AT = "_ab_cdc_deleted_at"
_OF = "deleted_"
# Streams whose rows a stream of deletions knows.
MARKED = ("products", "customers", "orders", "subscribers", "brands", "categories")
_ENDS = (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE)


class Marks:
    """Puts a row that says `_ab_cdc_deleted_at` into a stream for each of its deleted rows.

    A stream that is read whole each time needs none. A row that the store still has gets none: one
    that the form leaves out now, or an archived order. A stream ends after its marks.

    Not YAML: a stream of the manifest has no say in another one.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        cursors: Mapping[str, str],
    ) -> None:
        there = {configured.stream.name: configured for configured in catalog.streams}
        self._cursors = {
            name: cursors.get(name, "")
            for name in MARKED
            if config.get("deletions") == "mark"
            and f"{_OF}{name}" in there
            and name in there
            and there[name].sync_mode == SyncMode.incremental
        }
        self._open = set(self._cursors)
        self._held: dict[str, AirbyteMessage] = {}

    def of(self, message: AirbyteMessage) -> Iterator[AirbyteMessage]:
        """The message, with those that follow from it; one may have to wait for `rest`."""
        if not self._cursors:
            yield message
            return
        if message.record:
            yield message
            name = message.record.stream.removeprefix(_OF)
            is_marked = name != message.record.stream and name in self._cursors
            if is_marked and message.record.data["reason"] == DELETED:
                yield self._mark(name, message.record.data)
            return
        status = message.trace.stream_status if message.trace else None
        name = status.stream_descriptor.name if status and status.status in _ENDS else ""
        if name in self._open:
            self._held[name] = message
            return
        yield message
        main = name.removeprefix(_OF)
        if name != main and main in self._open:
            self._open.discard(main)
            if held := self._held.pop(main, None):
                yield held

    def rest(self) -> Iterator[AirbyteMessage]:
        """What still waits when the sync ends."""
        yield from self._held.values()
        self._held = {}

    def _mark(self, name: str, row: Mapping[str, Any]) -> AirbyteMessage:
        found = row["found_deleted_at"]
        data = {"id": row["id"], DELETED_AT: found}
        if cursor := self._cursors[name]:
            data[cursor] = found  # later than the row itself
        record = AirbyteRecordMessage(stream=name, data=data, emitted_at=int(time.time() * 1000))
        return AirbyteMessage(type=Type.RECORD, record=record)
