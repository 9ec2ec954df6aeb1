"""Reading the rows of one date window."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass
from typing import Any, cast

from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.declarative.retrievers.simple_retriever import SimpleRetriever
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.archived import with_archived
from source_bigcommerce.components.extractor import rows_of
from source_bigcommerce.components.instant import instant
from source_bigcommerce.components.progress import Progress

LOGGER = logging.getLogger("airbyte")
_MANY_PAGES = 10


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
class WindowRetriever(Retriever):
    """Reads the rows of a window, with slices and dates that cost the cursor little.

    Not YAML: SimpleRetriever takes the slice as the cursor made it.

    counter: asks how many rows a window has, where the pages do not tell. It costs a request, so
        only windows of many pages are counted.
    skips_repeats: drop what comes again as it was on the first page, which NextPage reads twice.
    drops_late: drop what changed after the window's end, where the API is not asked to.
    archived: the rows asked for archived orders; see WithArchived.
    api_budget: what all streams of a sync share; the framework hands it in.
    """

    rows: SimpleRetriever
    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    counter: HttpRequester | None = None
    skips_repeats: bool = False
    drops_late: bool = False
    archived: SimpleRetriever | None = None
    api_budget: Any = None

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._rows = with_archived(self.rows, self.archived, self.config, self.api_budget)
        self._stream = parameters.get("name", "")
        self._progress = Progress.of(self.config)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[StreamData]:
        # The schema is for schema_normalization; without it no row is copied.
        first_page: dict[Any, Any] = {}
        window = Window(stream_slice)
        many = _MANY_PAGES * self.config["page_size"] if self.counter else 0
        for position, record in enumerate(self._rows(window), start=1):
            if position == many and self.counter:
                self._count(self.counter, window)
            row = cast(Record, record).data
            if self.skips_repeats:
                if first_page.get(row["id"]) == row:
                    continue
                if len(first_page) < self.config["page_size"]:
                    first_page[row["id"]] = dict(row)
            row["date_modified"] = instant(row.get("date_modified"))  # type: ignore[index]
            if self.drops_late and is_late(row["date_modified"], window):
                continue
            yield record

    def _count(self, counter: HttpRequester, window: Window) -> None:
        try:
            reply = counter.send_request(stream_slice=window)
            if reply is not None:
                self._progress.expect(self._stream, int(rows_of(reply)[0]["count"]))
        except (AirbyteTracedException, LookupError, TypeError, ValueError) as error:
            LOGGER.debug("%s are not counted: %r", self._stream, error)
