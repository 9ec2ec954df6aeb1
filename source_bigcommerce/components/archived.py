"""Orders that the list may hide because they were archived."""

import logging
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from airbyte_cdk.sources.declarative.requesters.requester import Requester
from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce.components.date_filter import DateFilter
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.extractor import Row, rows_of
from source_bigcommerce.components.messages import LIST_UNPROVED
from source_bigcommerce.components.values import whole

LOGGER = logging.getLogger("airbyte")
_YES = (True, "true", "1")
_ENOUGH = "the list of orders that holds all of them"

Orders = Callable[[StreamSlice], Iterator[list[Row]]]


@dataclass
class WithArchived:
    """Reads the orders of a window, and then the archived ones among them that the list hid.

    Whether the list hides archived orders is not documented, nor whether `is_deleted` is heeded. So
    each window is asked once more, for archived orders, until the store has shown its ways: it
    lists them anyhow, or does not know the parameter (the plain list is read from then on), or
    sends the others too (the one asked for archived orders holds all, and is read alone).

    Not YAML: a retriever has one list, and knows nothing of what other windows found.

    listed: reads the plain list of a window, page by page.
    archived: the same list, asked for archived orders; raises ParameterRefused where it may not be.
    requester: asks for a page of the latter.
    found: what streams of this sync found out about the store.
    dates: of the plain list: where they are ignored, one window reads it, and the archived ones.
    """

    listed: Orders
    archived: Orders
    requester: Requester
    page_size: int
    found: dict[str, tuple[str, ...]]
    dates: DateFilter | None = None

    def __post_init__(self) -> None:
        self._through, self._is_read = threading.Event(), False

    def __call__(self, window: StreamSlice) -> Iterator[list[Row]]:
        """Those of a window, each once."""
        found = self.found.get(_ENOUGH)
        try:
            if found and not (self.dates and self.dates.reader):
                yield from getattr(self, found[0])(window)
            else:
                yield from self._each(window)
            self._is_read = self._is_read or self._is_reader(window)
        finally:
            if self._is_reader(window):
                self._through.set()

    def _is_reader(self, window: StreamSlice) -> bool:
        """Whether this window reads the list for all others, as the store ignores its dates."""
        return bool(self.dates and self.dates.reader is window)

    def _each(self, window: StreamSlice) -> Iterator[list[Row]]:
        # Eight bytes an order; few of them are archived.
        ids, archived = array("q"), set[int]()
        for page in self.listed(window):
            for order in page:
                ids.append(whole(order["id"]))
                if _is_archived(order):
                    archived.add(ids[-1])
            yield page
        if not self.dates or not self.dates.reader:
            yield from self._hidden(window, ids, archived)
        elif self._is_reader(window):
            part, of_others = self.dates.part_of_reader()
            yield from self._hidden(part, of_others.union(ids), of_others.union(archived))
        else:
            self._through.wait()
            if not self._is_read:
                raise LIST_UNPROVED.error("the window that read all archived orders failed")

    def _hidden(
        self, window: StreamSlice, listed: Iterable[int], archived: set[int]
    ) -> Iterator[list[Row]]:
        """The orders that were not listed, or were not archived yet when they were."""
        rest = self.archived(window)
        try:
            page = next(rest, [])
        except ParameterRefused as refused:
            self._settle("listed", f"archived ones cannot be asked for: {refused.internal_message}")
            return
        if not page:
            return
        ids = set(listed)

        def new(orders: list[Row]) -> list[Row]:
            return [
                order
                for order in orders
                if (key := whole(order["id"])) not in ids
                or (_is_archived(order) and key not in archived)
            ]

        hidden = new(page)
        others = [order for order in page if not _is_archived(order) and whole(order["id"]) in ids]
        if others:
            of_page = {whole(order["id"]) for order in page}
            holds_all = of_page.issuperset(key for key in ids if key <= max(of_page))
            # What has no `is_deleted` does not say that it is not archived.
            if holds_all and any(order.get("is_deleted") is not None for order in others):
                self._settle("archived", "with is_deleted=true the others come too")
            if not hidden and not self._has_more(page, len(ids), window):
                return
        is_listed = not hidden and not others
        yield hidden
        for further in rest:
            is_listed = is_listed and not new(further)
            yield new(further)
        if is_listed:
            self._settle("listed", "the archived ones are in the list")

    def _has_more(self, page: list[Row], known: int, window: StreamSlice) -> bool:
        """Whether the list asked for archived orders is longer than the plain one."""
        if len(page) < self.page_size:
            return False
        number, before = divmod(known, self.page_size)
        asked = {"limit": self.page_size, "page": number + 1}
        try:
            reply = self.requester.send_request(stream_slice=window, request_params=asked)
        except ParameterRefused:  # there is no such page
            return False
        return reply is None or len(rows_of(reply)) > before

    def _settle(self, enough: str, reason: str) -> None:
        found = (enough, reason)
        if self.found.setdefault(_ENOUGH, found) is found:
            LOGGER.info("Orders are asked for once a window from now on: %s.", reason)


def _is_archived(order: Row) -> bool:
    return order.get("is_deleted") in _YES
