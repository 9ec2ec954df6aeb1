"""Reads a list by page number, without missing rows that move meanwhile."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.messages import LIST_ENDLESS, LIST_UNPROVED, Problem
from source_bigcommerce.components.page import Ask, Page, Seen
from source_bigcommerce.components.reply import Row, described

# Seconds to wait before asking again for a page that is counted, but did not come.
_PAUSES = (1, 5)
# Pages in a row that bring nothing new, behind the last one that did, before a list is endless.
_MOST_BARREN = 10


class _Claim(NamedTuple):
    """What a reply held and said, without its rows."""

    identity: frozenset[int | str]
    size: int
    total: int | None
    pages: int
    is_full: bool

    @classmethod
    def of(cls, page: Page) -> "_Claim":
        return cls(page.identity, len(page.rows), page.total, page.pages or 1, page.is_full)


class _AllRead(Exception):
    """The first page came once more, and everything that was promised has been read."""


class Backward:
    """One read: goes to the last page, then backward to the first, which it reads again.

    When a row is deleted, later rows move forward. Read backward, they come twice instead of never.
    If nothing tells which page is the last, pages are asked for until one brings nothing new.

    Raises an error if a page comes again instead of another one, if nothing comes instead of a page
    that is counted, and if rows of a parent are counted beyond a full page and do not come. A page
    that nothing counts may be refused: it does not exist.
    """

    def __init__(self, ask: Ask, seen: Seen, first: Page) -> None:
        """first: the reply without a page."""
        self._ask, self._seen, self._page = ask, seen, first
        self._first = self._before = self._claim = _Claim.of(first)
        # A full page of a parent's rows means that the parent may have more.
        self._fills_page = ask.is_of_parent and len(first.rows) >= min(
            first.limit or first.page_size, first.per_page or first.page_size
        )
        # The last page, as counted or as found, and the counted pages that are still to be read.
        self._last = max(first.pages or 1, 1)
        self._counted = self._last if self._last > 1 else 0
        self._unread = range(2, self._last + 1)
        # The highest page that is counted and did not come.
        self._missing = 0
        # Shared by all pages of the read: a list that shrank has many such pages.
        self._pauses = iter(_PAUSES)
        # Whether rows may have moved onto a page that had been read: the last one, or any.
        self._moved_onto_last = self._moved = False
        # Rows that are new on the first page in the end: they moved others backward.
        self._came_to_front = 0
        # Whether the first page came again instead of the last one that is counted.
        self._only_first = False

    def read(self) -> Iterator[list[Row]]:
        """The rows that are new, page by page."""
        yield self._seen.new(self._page)
        on_first = self._seen.count
        try:
            yield from self._to_last_counted()
            yield from self._to_last()
            yield from self._back_to_first()
            yield from self._once_more()
        except _AllRead:
            return
        self._check(on_first)

    def _to_last_counted(self) -> Iterator[list[Row]]:
        if self._counted:
            fresh = self._turn_to(self._last)
            self._unread = range(2, self._last)
            self._only_first = self._is_first_page
            yield fresh

    def _to_last(self) -> Iterator[list[Row]]:
        """Beyond the counted pages, for as long as there may be more."""
        barren = 0
        while self._may_go_on():
            page = self._page
            is_full = page.is_as_long_as_asked or page.limit is None
            try:
                fresh = self._turn_to(self._last + 1)
            except ParameterRefused:
                is_unknown = not page.is_counted and (self._ask.is_of_parent or self._last == 1)
                if (page.pages or 1) > self._last or is_unknown:
                    raise
                self._moved_onto_last = is_full and self._may_have_grown()
                return
            page = self._page
            if not page.rows and (page.pages or 1) <= self._last + 1:
                if self._before.pages > self._last and _is_nothing(page, self._last + 1):
                    self._missing = self._last + 1
                self._moved_onto_last = is_full and self._may_have_grown()
                return
            if self._is_repeated or self._is_first_page:
                return
            barren = 0 if fresh else barren + 1
            if barren > _MOST_BARREN:
                raise self._error(LIST_ENDLESS, f"nothing new on {barren} pages")
            self._last += 1
            yield fresh

    def _back_to_first(self) -> Iterator[list[Row]]:
        for number in range(self._last - 1 + self._moved_onto_last, 0, -1):
            fresh, is_unread = self._turn_to(number), number in self._unread
            page = self._page
            self._moved |= is_unread and 0 < len(fresh) < len(page.rows)
            if number == 1:
                self._came_to_front = self._in_front(fresh)
                self._moved |= self._claim.identity != self._first.identity
            yield fresh

    def _once_more(self) -> Iterator[list[Row]]:
        """Reads from the end again, if rows were added or removed ahead of rows that had been read.

        A new row pushes another onto a page that had been read, or is on such a page itself. If as
        many rows were removed, the total does not show it, but the pages do.
        """
        grew = (self._page.total or 0) > (self._first.total or 0) > 0
        came, is_counted = self._came_to_front, self._page.is_counted
        if not came and not (is_counted and (grew or self._moved)):
            return
        due = (self._first.total or 0) + came if came else 0
        self._unread, self._last = range(0), self._page.pages or self._last
        for number in range(self._last, 0, -1):
            is_all = self._seen.count >= max(due, self._page.total or 0)
            if is_counted and is_all:
                return
            yield self._turn_to(number)

    def _in_front(self, fresh: list[Row]) -> int:
        """How many new rows stand in front of those that were on the first page before, if any of
        these is left. Rows behind them moved forward."""
        page, new = self._page, {id(row) for row in fresh}
        kept = [at for at, name in enumerate(page.names) if name in self._first.identity]
        return sum(id(row) in new for row in page.rows[: max(kept, default=len(page.rows))])

    def _turn_to(self, number: int) -> list[Row]:
        """Asks for a page; returns its new rows.

        Asks again if nothing comes although a reply counts this page. An empty page that counts
        itself may consist of rows that the store never shows.
        """
        self._before = self._claim
        is_counted = number in self._unread
        self._page = self._reply(number)
        while not self._page.rows and (is_counted or (number == 1 and self._page.pages)):
            if (pause := next(self._pauses, None)) is None:
                if _is_nothing(self._page, number):
                    self._missing = max(self._missing, number)
                break
            time.sleep(pause)
            self._page = self._ask({"page": number})
        self._claim = _Claim.of(self._page)  # before its rows are passed on, and change
        fresh = self._seen.new(self._page)
        if is_counted or number > self._last:
            self._check_repetition()
        return fresh

    def _reply(self, number: int) -> Page:
        """Asks again if the list seems to end behind a full page, and nothing counts its rows: the
        reply may have come by mistake."""
        may_go_on = number > self._last and (self._before.is_full or self._last > 1)
        try:
            page = self._ask({"page": number})
            if page.rows or page.total or not may_go_on:
                return page
        except ParameterRefused:
            if not may_go_on:
                raise
        return self._ask({"page": number})

    def _may_go_on(self) -> bool:
        """Whether a page may follow the last one."""
        page = self._page
        if page.may_be_cut or (page.pages or 1) > self._last:
            return True
        # If pages hold fewer rows than they say, the pages that are counted are too few.
        may_hold_less = self._last == 1 or not self._first.is_full
        on_unread = len(self._unread) * self._first.size
        lacks_rows = (page.total or 0) > self._seen.count + on_unread
        return may_hold_less and bool(page.rows) and lacks_rows

    def _may_have_grown(self) -> bool:
        """Whether a row may have moved forward onto the last page after that one was read."""
        is_new = self._last != self._counted
        return is_new and (self._page.total or self._last) != self._seen.count

    @property
    def _is_first_page(self) -> bool:
        """Whether the first page came in place of this one."""
        return bool(self._claim.size) and self._claim.identity == self._first.identity

    @property
    def _is_repeated(self) -> bool:
        """Whether the page before came again."""
        page, before = self._claim, self._before
        return bool(page.size) and page.identity == before.identity and page.total == before.total

    def _check_repetition(self) -> None:
        """Raises an error if the page before came again, and promises more than has been read.

        Ends the list if that is the first page. If it is another one, rows may have moved forward.
        """
        page = self._page
        if not self._is_repeated:
            return
        is_first = self._is_first_page
        # If no pages are documented, the first one is all there is.
        has_pages = page.limit is not None or page.is_counted or not is_first
        if has_pages and not self._is_all_read():
            raise self._error(LIST_ENDLESS, "the page before, once more")
        if is_first:
            raise _AllRead

    def _is_all_read(self) -> bool:
        total = self._page.believed_total
        return total is not None and total <= self._seen.count

    def _check(self, on_first: int) -> None:
        """Raises an error if rows are promised that did not come.

        on_first: rows of the first page.
        """
        page, count, missing = self._page, self._seen.count, self._missing
        total = page.believed_total or 0
        if missing and missing <= (page.pages or missing) and not self._is_all_read():
            raise self._error(LIST_UNPROVED, f"page {missing} is counted and empty")
        if self._fills_page and count < total:
            raise self._error(LIST_UNPROVED, f"{count} rows of {page.total} counted")
        if self._only_first and count == on_first < total:
            raise self._error(LIST_ENDLESS, "no page but the first")

    def _error(self, message: Problem, reason: str) -> AirbyteTracedException:
        return message.error(f"{reason}: {described(self._page.response)}")


def _is_nothing(page: Page, number: int) -> bool:
    """Whether the reply has no rows and does not count this page: a 204, or a total of 0."""
    return not page.rows and (page.pages or 0) < number
