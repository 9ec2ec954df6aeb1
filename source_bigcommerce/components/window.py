"""Reads the rows of one date window."""

import logging
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.archived import WithArchived
from source_bigcommerce.components.dates import instant
from source_bigcommerce.components.proof import Watch
from source_bigcommerce.components.reply import Row
from source_bigcommerce.components.rows import Rows

LOGGER = logging.getLogger("airbyte")


class Window(StreamSlice):
    """A slice that knows its hash.

    The CDK's cursor looks each record's slice up in a dictionary, and hashing a StreamSlice is a
    JSON dump: twice a record, a tenth of the time of a read.
    """

    def __init__(self, stream_slice: StreamSlice | None) -> None:
        stream_slice = stream_slice or StreamSlice(partition={}, cursor_slice={})
        super().__init__(
            partition=stream_slice.partition,
            cursor_slice=stream_slice.cursor_slice,
            extra_fields=stream_slice.extra_fields,
        )
        self._hash = super().__hash__()

    def __hash__(self) -> int:
        return self._hash

    def saw(self, date: str | None) -> None:
        """Notes the date of a row read for its children: the state may reach it without any."""
        dates = self.extra_fields.get("parents", {})
        dates[self] = max(dates.get(self, ""), date or "")


def is_late(date: Any, window: StreamSlice) -> bool:
    """Whether a row changed after its window's end: it comes with the next sync. A row without a
    date never changed."""
    return isinstance(date, str) and date[:19] > window["end_time"][:19]


@dataclass
class WindowRetriever(Rows):
    """Reads the rows of a window, with slices and dates that cost the cursor little.

    Not YAML: see Rows. SimpleRetriever also uses the slice as the cursor made it.

    counted_from_page: a count costs a request; windows of fewer pages are not worth one before they
        are read.
    archived: the same list, asked for the orders that it may hide; see WithArchived.
    """

    counted_from_page: int = 1
    archived: Rows | None = None

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        if not self.date:
            raise ValueError(f"manifest.yaml: the retriever of {self.stream} lacks `date`")
        if self.archived:
            self.archived.largest = self.largest

    def replies(
        self, window: StreamSlice, watch: Watch | None = None
    ) -> Generator[list[Row], None, None]:
        listed = partial(super().replies, watch=watch)
        if not self.archived or self.api_budget.most_pages is not None:
            return listed(window)
        # Inside the filter by date: if dates are ignored, both lists are read once.
        both = WithArchived(
            listed=listed,
            archived=self.archived.replies,
            requester=self.archived.requester,
            found=self.api_budget.found,
            key=self.key,
            alone=partial(self.archived.replies, watch=watch),
        )
        return both(window)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[StreamData]:
        window = Window(stream_slice)
        read, many = 0, self.counted_from_page * self.page_size
        for rows in self.pages(window):
            if self.counter and self._is_counted and read < many <= read + len(rows):
                self._count(window)
            read += len(rows)
            for record in self.record_selector.filter_and_transform(rows, {}, {}, window):
                row = cast(dict[str, Any], record.data)
                row[self.date] = instant(row.get(self.date))
                if self.drops_late and is_late(row[self.date], window):
                    continue
                yield record

    def _count(self, window: Window) -> None:
        try:
            self.count(self.counted(window) or 0)
        except AirbyteTracedException as error:
            LOGGER.debug("A window of orders is not counted: %r", error)
