"""Reading the rows of a list, all of them."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import InitVar, dataclass, field
from typing import Any, cast

from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.retrievers.page_size_reducer import (
    PageSizeReducer,
    PageSizeReduction,
    PageSizeResetPolicy,
)
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.streams.http.page_size_reduction_exception import (
    PageSizeReductionRequiredException,
)
from airbyte_cdk.sources.types import Config, StreamSlice

from source_bigcommerce.components.date_filter import DateFilter
from source_bigcommerce.components.extractor import RowsExtractor
from source_bigcommerce.components.memory import Share
from source_bigcommerce.components.messages import GIVEN_UP, LIST_UNPROVED
from source_bigcommerce.components.offsets import by_offset
from source_bigcommerce.components.pagination import (
    Page,
    Seen,
    SmallerPages,
    by_cursor,
    by_key,
    by_page,
)
from source_bigcommerce.components.reply import Row, forget
from source_bigcommerce.components.sync import Sync

LOGGER = logging.getLogger("airbyte")

_IN_PARTS = PageSizeReduction(
    minimum_page_size=1,
    max_attempts=8,
    reset_policy=PageSizeResetPolicy.AFTER_SUCCESSFUL_PAGE,
    backoff_seconds=1,
    retries_at_minimum_page_size=3,
    failure_message=GIVEN_UP.remedy,
)


@dataclass
class Rows(Retriever):
    """Reads a list to its end, whatever its replies say about themselves; see `pagination`.

    Not YAML: SimpleRetriever asks its paginator for one token after another, and a paginator holds
    no state of a read. Neither CursorPagination nor PageIncrement can tell a last page from one
    that the API capped, go backward, see that a filter is not heeded, or read on in another way.

    paging: `page`, `key`, `cursor`, `offset`, or `none` for what the API sends in one reply.
    key: field of a row that no two rows share: what `key_parameter` asks by, what tells rows apart
        where the dates of windows are not heeded, and what children name their parent by.
    has_pages: whether a list whose key or cursor does not lead on can be read by page.
    has_limit: whether the endpoint takes a number of rows.
    date: field of a row that the window's dates are about; empty where a list has no windows.
    drops_late: drop what changed after the window's end, where the API is not asked to.
    at_once: requests that the API answers at a time, of all that ask for such a list; 0 for any.
    rows_at_most: that a page may have, whatever the form says; 0 for as many as the form says.
    """

    requester: HttpRequester
    record_selector: RecordSelector
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    paging: str = "page"
    key: str = ""
    key_parameter: str = ""
    has_pages: bool = True
    has_limit: bool = True
    date: str = ""
    drops_late: bool = False
    at_once: int = 0
    rows_at_most: int = 0
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        self._stream = str(parameters.get("name", ""))
        # The rows of a stream of children are not what a page of parents, or of one's, counts.
        self._is_counted = not parameters.get("has_parent")
        page_size = int(self.config["page_size"])
        self.page_size = min(page_size, self.rows_at_most or page_size)
        if (self.date or self.paging == "key") and not self.key:
            raise ValueError(f"manifest.yaml: the retriever of {self._stream} lacks `key`")
        self._dates = (
            DateFilter(
                self.date,
                self.config,
                self._say_dates,
                has_open_end=self.drops_late,
                key=self.key,
            )
            if self.date
            else None
        )
        self.turn = threading.BoundedSemaphore(self.at_once) if self.at_once else nullcontext()
        # The most rows in one reply, whoever asked; in a list, to be shared with a twin.
        self.largest = [0]
        self._said: set[str] = set()

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[StreamData]:
        # The schema is for schema_normalization; without it no row is copied.
        window = stream_slice or StreamSlice(partition={}, cursor_slice={})
        for rows in self.pages(window):
            yield from self.record_selector.filter_and_transform(rows, {}, {}, window)

    def pages(self, window: StreamSlice) -> Iterator[list[Row]]:
        """The rows of a window as they come, each once.

        Raises an error where the API does not show that these are all.
        """
        extractor = cast(RowsExtractor, self.record_selector.extractor)
        if self._dates and window.cursor_slice and not window.partition:
            pages = self._dates.pages(window, self.replies)
        else:
            pages = self.replies(window)
        try:
            for rows in pages:
                yield (handed_on := extractor.records_of(rows))
                handed_on.clear()  # nobody needs them while the next ones are asked for
        except _Enough:
            return

    def replies(self, window: StreamSlice) -> Iterator[list[Row]]:
        """The rows that the API sends for a window, whether they are of its dates or not."""
        ask = _Asking(self, window)
        try:
            yield from self._by_its_way(ask)
        finally:
            ask.let_go()

    def _by_its_way(self, ask: "_Asking") -> Iterator[list[Row]]:
        if self.paging == "key":
            return by_key(ask, Seen(self.key), self.key_parameter)
        if self.paging == "cursor":
            return by_cursor(ask, Seen())
        if self.paging == "page":
            return by_page(ask, Seen())
        if self.paging == "offset":
            return by_offset(ask, Seen())
        return iter([Seen().new(ask({}))])

    def count(self, rows: int) -> None:
        """Of a window, as its first reply says."""
        if self._is_counted and rows:
            self.api_budget.progress.expect(self._stream, rows)

    def say(self, problem: str, reason: str, remedy: str) -> None:
        """Once a problem: a stream's windows all have the same one."""
        if problem not in self._said:
            self._said.add(problem)
            LOGGER.warning("%s: %s (%s). %s", self._stream, problem, reason, remedy)

    def _say_dates(self, reason: str) -> None:
        remedy = "The list is read once, without windows."
        self.say("The store does not heed the dates asked for", reason, remedy)


class _Enough(Exception):
    """The pages that the connector builder shows have been read."""


class _Asking:
    """The requests of one read of a list, and how many rows each of them asks for."""

    def __init__(self, rows: Rows, window: StreamSlice) -> None:
        self._rows, self._window = rows, window
        self._size = PageSizeReducer(_IN_PARTS, rows.page_size)
        self._asked = 0
        self._is_by_page = rows.paging == "page"
        self.is_of_parent = bool(window.partition) and not rows.date
        self._memory, self._share = rows.api_budget.memory, Share(bool(window.partition))
        self._last: Page | None = None

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        """Sends a request. A page that is too heavy is asked for in parts, and only that page.

        Raises SmallerPages where the list is read by page: those after it would shift.
        """
        rows = self._rows
        if self._asked == rows.api_budget.most_pages:
            raise _Enough
        self.let_go()
        while True:
            limit = self._size.page_size_override or rows.page_size
            sized = {"limit": limit} if rows.has_limit else {}
            try:
                with self._memory.asked_for(self._share), rows.turn:
                    reply = rows.requester.send_request(
                        stream_slice=self._window, request_params={**sized, **asked_by}
                    )
                break
            except PageSizeReductionRequiredException as error:
                self._size.reduce(error.error_message)
                if self._is_by_page:
                    raise SmallerPages from error
        if not self._is_by_page:
            self._size.on_successful_page()
        if reply is None:
            raise LIST_UNPROVED.error(f"no reply for {asked_by}")
        # Asked when a list may end: a window that is read beside this one may know by then.
        asked_for = limit if rows.has_limit else None
        page = Page.of(reply, asked_for, rows.page_size, lambda: rows.largest[0])
        rows.largest[0] = max(rows.largest[0], len(page.rows))
        self._memory.learn(self._share, len(page.rows), asked_for)
        self._last = page
        self._asked += 1
        if self._asked == 1:
            rows.count(page.total or 0)
        return page

    def let_go(self) -> None:
        """The rows of the last reply have been handed on."""
        if self._last:
            forget(self._last.response)
            self._last.rows.clear()
        self._memory.give_back(self._share)

    def by_page_instead(self, reason: str) -> None:
        """Says that a list is read by page from now on; an error where it has no pages."""
        if not self._rows.has_pages:
            raise LIST_UNPROVED.error(f"{reason}, and no other way to read the list")
        self._is_by_page = True
        by = self._rows.key_parameter or "after"
        remedy = "The list is read by page."
        self._rows.say(f"The store does not heed {by}", reason, remedy)
