"""What a store has for all of its channels, and what a channel has of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.types import Record, StreamSlice

from source_bigcommerce.components.child_rows import ChildRows
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.window import Window

# A key must not be null; no channel has this id.
_THE_STORE = 0


@dataclass
class StoreAndChannels(ChildRows):
    """Reads the rows of the store, whose `channel_id` is 0, and then those of each channel.

    Not YAML: a stream has one retriever, and a partition router knows no rows of no parent.

    store: reads the rows of the store.
    """

    store: Rows | None = None

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Record]:
        assert self.store
        window = Window(stream_slice)
        for rows in self.store.pages(window):
            for record in self._records(rows):
                row = {**record.data, self.parent_key: _THE_STORE}
                yield Record(data=row, stream_name=self.name, associated_slice=window)
        if self.api_budget.most_parents is None:  # `check` has seen that it may read
            yield from super().read_records(records_schema, stream_slice)
