"""Orders that the list may hide because they were archived."""

import logging
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, cast

from airbyte_cdk.sources.declarative.retrievers.simple_retriever import SimpleRetriever
from airbyte_cdk.sources.types import Config, Record, StreamSlice

from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.extractor import Row, rows_of

LOGGER = logging.getLogger("airbyte")
_YES = (True, "true", "1")
_ENOUGH = "the list of orders that holds all of them"


class WithArchived:
    """Reads the orders of a window, and then the archived ones among them that the list hid.

    Whether the list hides archived orders is not documented, nor whether `is_deleted` is heeded. So
    each window is asked once more, for archived orders, until the store has shown its ways: it
    lists them anyhow, or does not know the parameter (the plain list is read from then on), or
    sends the others too (the one asked for archived orders holds all, and is read alone).

    Not YAML: a retriever has one list, and knows nothing of what other windows found.

    listed: the plain list.
    archived: the same list, asked for archived orders; raises ParameterRefused where it may not be.
    found: what streams of this sync found out about the store.
    """

    def __init__(
        self,
        listed: SimpleRetriever,
        archived: SimpleRetriever,
        page_size: int,
        found: dict[str, tuple[str, ...]],
    ) -> None:
        self._lists = {"listed": listed, "archived": archived}
        self._page_size, self._found = page_size, found

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Record]:
        """Those of a window, as a retriever gives them."""
        if found := self._found.get(_ENOUGH):
            yield from self._read(found[0], stream_slice)
            return
        # Eight bytes an order; few of them are archived.
        ids, archived = array("q"), set[int]()
        for record in self._read("listed", stream_slice):
            row = cast(Row, record.data)
            ids.append(int(row["id"]))
            if _is_archived(row):
                archived.add(ids[-1])
            yield record
        yield from self._hidden(stream_slice, ids, archived)

    def _hidden(
        self, window: StreamSlice | None, listed: Iterable[int], archived: set[int]
    ) -> Iterator[Record]:
        """The orders that were not listed, or were not archived yet when they were."""
        rest = self._read("archived", window)
        try:
            page = list(islice(rest, self._page_size))
        except ParameterRefused as refused:
            self._settle("listed", f"archived ones cannot be asked for: {refused.internal_message}")
            return
        if not page:
            return
        ids = set(listed)

        def new(records: Iterable[Record]) -> Iterator[Record]:
            for record in records:
                key = int(record["id"])
                if key not in ids or (_is_archived(record) and key not in archived):
                    yield record

        hidden = list(new(page))
        others = [row for row in page if not _is_archived(row) and int(row["id"]) in ids]
        if others:
            of_page = {int(row["id"]) for row in page}
            holds_all = of_page.issuperset(key for key in ids if key <= max(of_page))
            # What has no `is_deleted` does not say that it is not archived.
            if holds_all and any("is_deleted" in row.data for row in others):
                self._settle("archived", "with is_deleted=true the others come too")
            if not hidden and not self._has_more(page, len(ids), window):
                return
        is_listed = not hidden and not others
        yield from hidden
        for record in new(rest):
            is_listed = False
            yield record
        if is_listed:
            self._settle("listed", "the archived ones are in the list")

    def _read(self, name: str, window: StreamSlice | None) -> Iterator[Record]:
        return cast(Iterator[Record], iter(self._lists[name].read_records({}, window)))

    def _has_more(self, page: list[Record], known: int, window: StreamSlice | None) -> bool:
        """Whether the list asked for archived orders is longer than the plain one."""
        if len(page) < self._page_size:
            return False
        number, before = divmod(known, self._page_size)
        asked = {"limit": self._page_size, "page": number + 1}
        reply = self._lists["archived"].requester.send_request(
            stream_slice=window, request_params=asked
        )
        return reply is None or len(rows_of(reply)) > before

    def _settle(self, enough: str, reason: str) -> None:
        found = (enough, reason)
        if self._found.setdefault(_ENOUGH, found) is found:
            LOGGER.info("Orders are asked for once a window from now on: %s.", reason)


def with_archived(
    listed: SimpleRetriever, archived: SimpleRetriever | None, config: Config, api_budget: Any
) -> SimpleRetriever | WithArchived:
    """The plain list, with what `archived` adds to it if there is such a list."""
    if not archived:
        return listed
    found = getattr(api_budget, "found", {})
    return WithArchived(listed, archived, int(config["page_size"]), found)


def _is_archived(order: Row | Record) -> bool:
    return order.get("is_deleted") in _YES
