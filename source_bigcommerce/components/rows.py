"""Reads all rows of a list."""

import logging
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import nullcontext
from copy import copy
from dataclasses import InitVar, dataclass, field
from functools import partial
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
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.date_filter import DateFilter
from source_bigcommerce.components.extractor import RowsExtractor
from source_bigcommerce.components.memory import Share
from source_bigcommerce.components.messages import GIVEN_UP, LIST_UNPROVED
from source_bigcommerce.components.offsets import by_offset
from source_bigcommerce.components.page import Page, Seen, SmallerPages, as_count
from source_bigcommerce.components.pagination import by_cursor, by_key, by_page
from source_bigcommerce.components.proof import Counting, Proof, Watch
from source_bigcommerce.components.receipts import Finding, Verdict
from source_bigcommerce.components.reply import Row, forget, rows_of
from source_bigcommerce.components.sync import Sync

LOGGER = logging.getLogger("airbyte")

_IN_PARTS = PageSizeReduction(
    minimum_page_size=1,
    max_attempts=8,
    reset_policy=PageSizeResetPolicy.AFTER_SUCCESSFUL_PAGE,
    backoff_seconds=1,
    failure_message=GIVEN_UP.remedy,
)


@dataclass
class Rows(Retriever):
    """Reads a list to its end, whatever its replies say about themselves; see `pagination`.

    Not YAML: SimpleRetriever asks its paginator for one token after another, and a paginator holds
    no state of a read. Neither CursorPagination nor PageIncrement can tell a last page from one
    that the API capped, go backward, see that a filter has no effect, or change the way of reading.

    paging: `page`, `key`, `cursor`, `offset`, or `none` for what the API sends in one reply.
    key: field that no two rows share. `key_parameter` asks by it, children name their parent by
        it, and it tells rows apart if the store ignores the dates of windows.
    has_pages: whether the list can be read by page if its key or cursor does not lead on.
    has_limit: whether the endpoint takes a number of rows.
    date: field of a row that the window's dates are about; empty if the list has no windows.
    drops_late: drop what changed after the window's end, if the API is not asked to.
    at_once: how many requests for such lists the API answers at a time; 0 for any number.
    rows_at_most: the most rows of a page, whatever the form says; 0 for the form's number.
    counter: asks how many rows a window has, if the pages do not tell.
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
    counter: HttpRequester | None = None
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        self.stream = str(parameters.get("name", ""))
        # A page of parents, or of one parent's rows, does not count the rows of the stream.
        self._is_counted = not parameters.get("has_parent")
        page_size = int(self.config["page_size"])
        self.page_size = min(page_size, self.rows_at_most or page_size)
        if (self.date or self.paging == "key") and not self.key:
            raise ValueError(f"manifest.yaml: the retriever of {self.stream} lacks `key`")
        self._dates = self._date_filter()
        self.turn = threading.BoundedSemaphore(self.at_once) if self.at_once else nullcontext()
        # The most rows that any reply held; in a list, so that copies of this object share it.
        self.largest = [0]
        self._said: set[str] = set()

    def _date_filter(self) -> DateFilter | None:
        says, is_open = self._say_dates, self.drops_late
        return (
            DateFilter(self.date, self.config, says, has_open_end=is_open, key=self.key)
            if self.date
            else None
        )

    def apart(self) -> "Rows":
        """The same list, for windows that overlap those of the others."""
        twin = copy(self)
        twin._dates = twin._date_filter()
        return twin

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[StreamData]:
        # The schema is for schema_normalization; without it no row is copied.
        window = stream_slice or StreamSlice(partition={}, cursor_slice={})
        for rows in self.pages(window):
            for record in self.record_selector.filter_and_transform(rows, {}, {}, window):
                if record:  # the framework takes an empty one for the end of the whole sync
                    yield record

    def pages(self, window: StreamSlice) -> Generator[list[Row], None, None]:
        """The rows of a window as they come, each once, to make records of.

        Holds the memory of its last reply until it ends or is closed.

        Raises an error if the API does not show that these are all, or counts more afterwards.
        """
        extractor = cast(RowsExtractor, self.record_selector.extractor)
        for rows in self.listed(window):
            yield (handed_on := extractor.records_of(rows))
            handed_on.clear()  # no longer needed while the next ones are asked for

    def listed(self, window: StreamSlice) -> Iterator[list[Row]]:
        """Like `pages`, but with the rows as the API sends them."""
        proof = Proof(
            counting=_Counting(self, window),
            may_grow=self.drops_late or not window.cursor_slice or bool(window.partition),
            doubt=self._doubt,
            report=partial(self._found, window),
            key=self.key or "id",
        )
        read = partial(self._within_dates, window)
        dates = self._dates_of(window)
        # The connector builder shows a few pages, which prove nothing.
        proves = self.config.get("prove") and self.api_budget.most_pages is None
        try:
            for rows in proof.pages(read) if proves else read(Watch()):
                yield dates.once(window, rows) if dates else rows
        except _Enough:
            return

    def _within_dates(self, window: StreamSlice, watch: Watch) -> Iterator[list[Row]]:
        replies = partial(self.replies, watch=watch)
        dates = self._dates_of(window)
        return dates.pages(window, replies) if dates else replies(window)

    def _dates_of(self, window: StreamSlice) -> DateFilter | None:
        return self._dates if window.cursor_slice and not window.partition else None

    def replies(
        self, window: StreamSlice, watch: Watch | None = None
    ) -> Generator[list[Row], None, None]:
        """The rows that the API sends for a window, whatever their dates.

        watch: sees the replies, and how many of their rows are new.
        """
        watch = watch or Watch()
        ask = _Asking(self, window, watch)
        try:
            for rows in self._by_paging(ask):
                watch.page(rows)
                yield rows
        finally:
            ask.let_go()

    def _by_paging(self, ask: "_Asking") -> Iterator[list[Row]]:
        if self.paging == "key":
            return by_key(ask, Seen(self.key), self.key_parameter)
        if self.paging == "cursor":
            return by_cursor(ask, Seen())
        if self.paging == "page":
            return by_page(ask, Seen())
        if self.paging == "offset":
            return by_offset(ask, Seen())
        return iter([Seen().new(ask({}))])

    def ask(self, window: StreamSlice, asked: Mapping[str, Any]) -> Page | None:
        """One reply to a request with these parameters; None if there is none."""
        self.api_budget.receipts.asks(self.stream)
        with self.turn:
            reply = self.requester.send_request(stream_slice=window, request_params=asked)
        limit = asked.get("limit")
        return None if reply is None else Page.of(reply, limit, self.page_size, int)

    def counted(self, window: StreamSlice, **asked: Any) -> int | None:
        """How many rows the store says a window has; None if it does not say. Costs a request."""
        if self.counter is not None:
            self.api_budget.receipts.asks(self.stream)
            reply = self.counter.send_request(stream_slice=window, request_params=asked)
            counts = rows_of(reply) if reply is not None else []
            return as_count(counts[0].get("count")) if counts else None
        page = self.ask(window, {"limit": 1, **asked}) if self.has_limit else None
        # A total that equals the rows of the page may count that page, and not the list.
        return None if page is None or page.total == len(page.rows) else page.total

    def _doubt(self) -> str:
        is_ignored = self._dates is not None and self._dates.is_ignored
        return "the store ignores the dates asked for" if is_ignored else ""

    def _found(self, window: StreamSlice, found: Finding, is_again: bool) -> None:
        if window.partition and not is_again and found.verdict is not Verdict.SHORT:
            return  # the list of one parent: only parents are counted
        self.api_budget.receipts.add(self.stream, found, is_again)
        if found.verdict is Verdict.NOT_PROVED and found.reason not in self._said:
            self._said.add(found.reason)
            LOGGER.info("%s is not proved to be whole: %s.", self.stream, found.reason)

    def count(self, rows: int) -> None:
        """The rows of a window, as its first reply counts them."""
        if self._is_counted and rows:
            self.api_budget.progress.expect(self.stream, rows)

    def say(self, problem: str, reason: str, remedy: str) -> None:
        """Logs a problem once, because all windows of a stream have the same one."""
        if problem not in self._said:
            self._said.add(problem)
            LOGGER.warning("%s: %s (%s). %s", self.stream, problem, reason, remedy)

    def _say_dates(self, reason: str) -> None:
        remedy = "The list is read once, without windows."
        self.say("The store ignores the dates asked for", reason, remedy)


class _Counting(Counting):
    """Counts the rows of a window, by requests with the window's own filters."""

    def __init__(self, rows: Rows, window: StreamSlice) -> None:
        self._rows, self._window = rows, window
        self.is_apart = rows.counter is not None

    def total(self, **asked: int) -> int | None:
        try:
            return self._rows.counted(self._window, **asked)
        except AirbyteTracedException as error:
            LOGGER.debug("%s is not counted: %r", self._rows.stream, error)
            return None

    def behind(self, key: int) -> int | None:
        parameter = self._rows.key_parameter
        if self.is_apart and parameter.startswith("min_"):
            # Whether the bound is inclusive is not documented: if not, a row may not be counted.
            return self.total(**{parameter: key + 1})
        if ":" not in parameter:  # a v3 filter, with no way to go on
            return None
        page = self._rows.ask(self._window, {"limit": 1, parameter: key})
        return page.total if page else None

    def has_row_at(self, place: int) -> bool:
        if not (self._rows.has_limit and self._rows.has_pages) or self._rows.paging == "none":
            return True
        for size in (1, self._rows.page_size):  # blog posts have 50 pages at most
            before, nth = divmod(place - 1, size)
            try:
                page = self._rows.ask(self._window, {"limit": size, "page": before + 1})
            except AirbyteTracedException as error:
                LOGGER.debug("%s is not asked for one row: %r", self._rows.stream, error)
                continue
            return page is not None and len(page.rows) > nth
        return False


class _Enough(Exception):
    """As many pages have been read as the connector builder shows."""


class _Asking:
    """The requests of one read of a list, and how many rows each of them asks for."""

    def __init__(self, rows: Rows, window: StreamSlice, watch: Watch) -> None:
        self._rows, self._window, self._watch = rows, window, watch
        self._size = PageSizeReducer(_IN_PARTS, rows.page_size)
        self._asked = 0
        self._is_by_page = rows.paging == "page"
        self.is_of_parent = bool(window.partition) and not rows.date
        self._memory, self._share = rows.api_budget.memory, Share(bool(window.partition))
        self._last: Page | None = None

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        """Sends a request. If a page is too heavy, asks for it in parts, and only for this page.

        Raises SmallerPages if the list is read by page, because later pages would shift.
        """
        rows = self._rows
        if self._asked == rows.api_budget.most_pages:
            raise _Enough
        self.let_go()
        if self._asked == 1 and "page" in asked_by:
            self._watch.goes_on()
        while True:
            limit = self._size.page_size_override or rows.page_size
            sized = {"limit": limit} if rows.has_limit else {}
            rows.api_budget.receipts.asks(rows.stream)
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
        # Called once the list may end: by then a window beside this one may have had more rows.
        asked_for = limit if rows.has_limit else None
        page = Page.of(reply, asked_for, rows.page_size, lambda: rows.largest[0])
        rows.largest[0] = max(rows.largest[0], len(page.rows))
        self._memory.learn(self._share, len(page.rows), asked_for)
        self._last = page
        self._asked += 1
        if self._asked == 1:
            rows.count(page.total or 0)
        self._watch.reply(page, asked_by.get("page", None if asked_by else 1))
        return page

    def let_go(self) -> None:
        """Notes that the rows of the last reply have been passed on."""
        if self._last:
            forget(self._last.response)
            self._last.rows.clear()
        self._memory.give_back(self._share)

    def by_page_instead(self, reason: str) -> None:
        """Logs that the list is read by page from now on. Raises an error if it has no pages."""
        if not self._rows.has_pages:
            raise LIST_UNPROVED.error(f"{reason}, and no other way to read the list")
        self._is_by_page = True
        by = self._rows.key_parameter or "after"
        remedy = "The list is read by page."
        self._rows.say(f"The store ignores {by}", reason, remedy)
