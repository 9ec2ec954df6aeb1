"""Reading the rows of one date window."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.archived import Orders, WithArchived
from source_bigcommerce.components.dates import instant
from source_bigcommerce.components.extractor import Row, rows_of
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


def is_late(date: Any, window: StreamSlice) -> bool:
    """Whether a row changed after its window's end: it comes with the next sync. One without a date
    never did."""
    return isinstance(date, str) and date[:19] > window["end_time"][:19]


@dataclass
class WindowRetriever(Rows):
    """Reads the rows of a window, with slices and dates that cost the cursor little.

    Not YAML: as Rows; SimpleRetriever also takes the slice as the cursor made it.

    counter: asks how many rows a window has, where the pages do not tell.
    counted_from_page: a count costs a request; windows of fewer pages are not worth it.
    archived: the same list, asked for what it may hide; see WithArchived.
    """

    counter: HttpRequester | None = None
    counted_from_page: int = 1
    archived: Rows | None = None

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        if not self.date:
            raise ValueError(f"manifest.yaml: the retriever of {self._stream} lacks `date`")
        self._replies: Orders = super().replies
        if self.archived and self.api_budget.most_pages is None:
            self.archived.largest = self.largest
            # Within the filter by date: where dates are not heeded, both lists are read once.
            self._replies = WithArchived(
                listed=super().replies,
                archived=self.archived.replies,
                requester=self.archived.requester,
                found=self.api_budget.found,
                key=self.key,
            )

    def replies(self, window: StreamSlice) -> Iterator[list[Row]]:
        return self._replies(window)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[StreamData]:
        window = Window(stream_slice)
        read, many = 0, self.counted_from_page * self.page_size
        for rows in self.pages(window):
            if self.counter and read < many <= read + len(rows):
                self._count(self.counter, window)
            read += len(rows)
            for record in self.record_selector.filter_and_transform(rows, {}, {}, window):
                row = cast(dict[str, Any], record.data)
                row[self.date] = instant(row.get(self.date))
                if self.drops_late and is_late(row[self.date], window):
                    continue
                yield record

    def _count(self, counter: HttpRequester, window: Window) -> None:
        try:
            reply = counter.send_request(stream_slice=window)
            if reply is not None:
                self.count(int(rows_of(reply)[0]["count"]))
        except (AirbyteTracedException, LookupError, TypeError, ValueError) as error:
            LOGGER.debug("A window of orders is not counted: %r", error)
