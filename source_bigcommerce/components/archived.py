"""Orders that the list may hide because they were archived."""

import logging
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from airbyte_cdk.sources.declarative.requesters.requester import Requester
from airbyte_cdk.sources.declarative.retrievers.simple_retriever import SimpleRetriever
from airbyte_cdk.sources.types import Config, StreamSlice

from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.extractor import rows_of

LOGGER = logging.getLogger("airbyte")
_YES = (True, "true", "1")
_ENOUGH = "the list of orders that holds all of them"


Orders = Callable[[StreamSlice], Iterator[Any]]


@dataclass
class WithArchived:
    """Reads the orders of a window, and then the archived ones among them that the list hid.

    Whether the list hides archived orders is not documented, nor whether `is_deleted` is heeded. So
    each window is asked once more, for archived orders, until the store has shown its ways: it
    lists them anyhow, or does not know the parameter (the plain list is read from then on), or
    sends the others too (the one asked for archived orders holds all, and is read alone).

    Not YAML: a retriever has one list, and knows nothing of what other windows found.

    listed: reads the plain list of a window; the orders are rows or records.
    archived: the same list, asked for archived orders; raises ParameterRefused where it may not be.
    requester: asks for a page of the latter.
    found: what streams of this sync found out about the store.
    """

    listed: Orders
    archived: Orders
    requester: Requester
    page_size: int
    found: dict[str, tuple[str, ...]]

    def __call__(self, window: StreamSlice) -> Iterator[Any]:
        """Those of a window, each once."""
        if found := self.found.get(_ENOUGH):
            yield from getattr(self, found[0])(window)
            return
        # Eight bytes an order; few of them are archived.
        ids, archived = array("q"), set[int]()
        for order in self.listed(window):
            ids.append(int(order["id"]))
            if _is_archived(order):
                archived.add(ids[-1])
            yield order
        yield from self._hidden(window, ids, archived)

    def _hidden(
        self, window: StreamSlice, listed: Iterable[int], archived: set[int]
    ) -> Iterator[Any]:
        """The orders that were not listed, or were not archived yet when they were."""
        rest = self.archived(window)
        try:
            page = list(islice(rest, self.page_size))
        except ParameterRefused as refused:
            self._settle("listed", f"archived ones cannot be asked for: {refused.internal_message}")
            return
        if not page:
            return
        ids = set(listed)

        def new(orders: Iterable[Any]) -> Iterator[Any]:
            for order in orders:
                key = int(order["id"])
                if key not in ids or (_is_archived(order) and key not in archived):
                    yield order

        hidden = list(new(page))
        others = [order for order in page if not _is_archived(order) and int(order["id"]) in ids]
        if others:
            of_page = {int(order["id"]) for order in page}
            holds_all = of_page.issuperset(key for key in ids if key <= max(of_page))
            # What has no `is_deleted` does not say that it is not archived.
            if holds_all and any(order.get("is_deleted") is not None for order in others):
                self._settle("archived", "with is_deleted=true the others come too")
            if not hidden and not self._has_more(page, len(ids), window):
                return
        is_listed = not hidden and not others
        yield from hidden
        for order in new(rest):
            is_listed = False
            yield order
        if is_listed:
            self._settle("listed", "the archived ones are in the list")

    def _has_more(self, page: list[Any], known: int, window: StreamSlice) -> bool:
        """Whether the list asked for archived orders is longer than the plain one."""
        if len(page) < self.page_size:
            return False
        number, before = divmod(known, self.page_size)
        asked = {"limit": self.page_size, "page": number + 1}
        reply = self.requester.send_request(stream_slice=window, request_params=asked)
        return reply is None or len(rows_of(reply)) > before

    def _settle(self, enough: str, reason: str) -> None:
        found = (enough, reason)
        if self.found.setdefault(_ENOUGH, found) is found:
            LOGGER.info("Orders are asked for once a window from now on: %s.", reason)


def with_archived(
    listed: SimpleRetriever, archived: SimpleRetriever | None, config: Config, api_budget: Any
) -> Orders:
    """Reads the plain list of a window, and what `archived` adds to it if there is such a list."""

    def reading(orders: SimpleRetriever) -> Orders:
        return lambda window: cast(Iterator[Any], iter(orders.read_records({}, window)))

    if not archived:
        return reading(listed)
    found, page_size = getattr(api_budget, "found", {}), int(config["page_size"])
    return WithArchived(reading(listed), reading(archived), archived.requester, page_size, found)


def _is_archived(order: Any) -> bool:
    return order.get("is_deleted") in _YES
