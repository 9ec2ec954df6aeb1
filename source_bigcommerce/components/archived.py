"""Finds orders that the list may hide because they are archived."""

import logging
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial

from airbyte_cdk.sources.declarative.requesters.requester import Requester
from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.keys import Keys, key_of
from source_bigcommerce.components.reply import Row, rows_of

LOGGER = logging.getLogger("airbyte")
_YES = (True, "true", "1")
_ENOUGH = "the list of orders that holds all of them"

Orders = Callable[[StreamSlice], Generator[list[Row], None, None]]


@dataclass
class WithArchived:
    """Reads the orders of a window, and then the archived ones among them that the list hid.

    It is not documented whether the list hides archived orders, or whether the API obeys
    `is_deleted`. So each window is asked for once more, for archived orders, until the store has
    shown what it does. If it lists them anyway, or does not know the parameter, only the plain list
    is read from then on. If the list of archived orders holds the others, too, only that is read.

    Not YAML: a retriever has one list, and does not know what other windows found.

    listed: reads the plain list of a window, page by page.
    archived: the same list, asked for archived orders; raises ParameterRefused if the store refuses
        the parameter.
    requester: asks for a page of the latter.
    found: what the streams of this sync have found out about the store.
    key: the field that no two orders share.
    alone: like `archived`, for windows in which only that list is read.
    """

    listed: Orders
    archived: Orders
    requester: Requester
    found: dict[str, tuple[str, ...]]
    key: str
    alone: Orders | None = None

    def __post_init__(self) -> None:
        self._key = partial(key_of, field=self.key)

    def __call__(self, window: StreamSlice) -> Generator[list[Row], None, None]:
        """The orders of a window, each once."""
        if found := self.found.get(_ENOUGH):
            instead = self.alone or self.archived
            yield from (self.listed if found[0] == "listed" else instead)(window)
            return
        # Few orders are archived.
        ids, archived, longest = Keys(), set[int | str | None](), 0
        for page in self.listed(window):
            ids.extend(list(map(self._key, page)))
            archived.update(self._key(order) for order in page if is_archived(order))
            longest = max(longest, len(page))
            yield page
        rest = self.archived(window)
        try:
            yield from self._hidden(window, rest, ids, archived, longest)
        finally:  # an error would keep it and its last reply in memory
            rest.close()

    def _hidden(
        self,
        window: StreamSlice,
        rest: Iterator[list[Row]],
        listed: Keys,
        archived: set[int | str | None],
        longest: int,
    ) -> Iterator[list[Row]]:
        """The orders that were not listed, or were not archived yet when they were listed."""
        try:
            page = next(filter(None, rest), [])
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
                if (key := self._key(order)) not in ids
                or (is_archived(order) and key not in archived)
            ]

        hidden = new(page)
        others = [order for order in page if not is_archived(order) and self._key(order) in ids]
        if others:
            of_page = {key for key in map(self._key, page) if isinstance(key, int)}
            last = max(of_page, default=0)
            # A page that is shorter than others is the whole list.
            more_may_follow = len(page) >= longest
            holds_all = all(
                isinstance(key, int) and (key in of_page or (more_may_follow and key > last))
                for key in ids
            )
            # A single order may have been restored meanwhile, and an order without `is_deleted`
            # does not say that it is not archived.
            if (
                holds_all
                and len(others) > 1
                and any(order.get("is_deleted") is not None for order in others)
            ):
                self._settle("archived", "with is_deleted=true the others come too")
            if holds_all and not hidden and not self._has_more(page, ids, window):
                return
        is_listed = not hidden and not others
        yield hidden
        for further in map(new, rest):
            is_listed = is_listed and not further
            yield further
        if is_listed:
            self._settle("listed", "the archived ones are in the list")

    def _has_more(self, page: list[Row], known: set[int | str], window: StreamSlice) -> bool:
        """Whether the list of archived orders holds more than the plain one, which it contains.

        page: its first page, as long as the store allows.
        """
        number, before = divmod(len(known), len(page))
        asked = {"limit": len(page), "page": number + 1}
        try:
            reply = self.requester.send_request(stream_slice=window, request_params=asked)
        except ParameterRefused:
            return True
        if reply is None:
            return True
        rows = rows_of(reply)
        return len(rows) > before or not known.issuperset(map(self._key, rows))

    def _settle(self, enough: str, reason: str) -> None:
        found = (enough, reason)
        if self.found.setdefault(_ENOUGH, found) is found:
            LOGGER.info("Orders are asked for once a window from now on: %s.", reason)


def is_archived(order: Row) -> bool:
    return order.get("is_deleted") in _YES
