"""How a list is read to its end: by page, by key, or by the API's cursor.

A reply is not believed when it speaks of itself: it may count the rows of a page in place of those
of the list, grant fewer rows than asked for, or ignore what it was asked by. Each way of reading
is a generator that yields the rows of a page once they are what was asked for, and ends only where
the replies have shown the end. What it knows of a read stands in its variables and in `Seen`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs

import orjson
import requests

from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.keys import Keys
from source_bigcommerce.components.messages import LIST_ENDLESS, LIST_UNPROVED
from source_bigcommerce.components.reply import (
    ROWS,
    Row,
    described,
    is_b2b_url,
    parsed_body,
    rows_of,
)

# No API caps its pages below this: a list that is shorter costs no second request.
_LOWEST_CAP = 10
# Caps of whole quarters are likely: a v3 list of just that many rows is looked at once more.
_LIKELY_CAP = 25
# As are these where no limit is asked for, as of a page that an endpoint has by default.
_LIKELY_PAGES = (10, 25)
# More pages than a store can have are a claim that nobody can follow.
_MOST_PAGES = 1_000_000
# Rows that a read remembers, about 70 bytes each. Rows beyond them may come twice, none is lost.
_REMEMBERED = 1_000_000
# Longer numbers Python does not read.
_MOST_DIGITS = 4000
# Seconds before a reply that breaks off a list is asked for again, in all of one read.
_PAUSES = (1, 5)


@dataclass(frozen=True)
class Page:
    """A reply as a part of its list; what it counts is a claim. A count that is none is None.

    limit: rows asked for, None where the endpoint takes no limit.
    page_size: rows that other endpoints are asked for.
    largest: tells the most rows that any reply of this endpoint held up to now.
    total: rows of the list, as told.
    pages: pages of the list, as told or as the total has it: the higher of the two.
    """

    rows: list[Row]
    response: requests.Response
    limit: int | None
    page_size: int
    largest: Callable[[], int]
    total: int | None
    pages: int | None
    per_page: int | None
    next_link: bool
    next_cursor: str | None

    @classmethod
    def of(
        cls,
        response: requests.Response,
        limit: int | None,
        page_size: int,
        largest: Callable[[], int],
    ) -> "Page":
        rows = rows_of(response)
        body = parsed_body(response) if response.status_code in ROWS else None
        meta = _mapping(body.get("meta")) if isinstance(body, dict) else {}
        counts, cursors = _mapping(meta.get("pagination")), _mapping(meta.get("cursor_pagination"))
        if not counts and is_b2b_url(response.url):
            data = _mapping(body.get("data")) if isinstance(body, dict) else {}
            counts = _mapping(data.get("pagination")) or meta
        counted = counts.get("total_items", counts.get("totalCount"))
        total = as_count(counts.get("total", counted))
        told = counts.get("per_page", counts.get("limit", cursors.get("per_page")))
        per_page = as_count(told) or None
        pages = as_count(counts.get("total_pages"))
        if total is not None:
            size = max(per_page or limit or 0, len(rows), 1)
            pages = max(pages or 0, -(-total // size))
        if pages is not None and pages > _MOST_PAGES:
            total = pages = None
        link = _mapping((cursors or counts).get("links")).get("next")
        after = parse_qs(str(link).removeprefix("?")).get("after", [None])[0] if cursors else None
        cursor = cursors.get("end_cursor") or after
        return cls(
            rows=rows,
            response=response,
            limit=limit,
            page_size=page_size,
            largest=largest,
            total=total,
            pages=pages,
            per_page=per_page,
            next_link=bool(link),
            next_cursor=str(cursor) if cursor else None,
        )

    @cached_property
    def content(self) -> list[int]:
        """What each row holds. To be asked for before the rows are handed on and rewritten."""
        return list(map(_content, self.rows))

    @property
    def is_counted(self) -> bool:
        return self.pages is not None

    @property
    def believed_total(self) -> int | None:
        """None also where the reply itself holds more rows than it counts."""
        return None if self.total is None or self.total < len(self.rows) else self.total

    @property
    def is_full(self) -> bool:
        """Whether it has as many rows as were asked for, or as it says that pages have."""
        if self.limit is None or not self.rows:
            return False
        return len(self.rows) >= min(self.limit, self.per_page or self.limit)

    @property
    def may_be_cut(self) -> bool:
        """Whether it has as many rows as a page may hold, so that more may follow.

        An API may grant fewer than `limit`, without a word
        (https://github.com/bigcommerce/bigcommerce-api-php/issues/53). Where nothing is counted any
        number may be such a cap, but one that an earlier reply went beyond: a cap does not change.
        """
        rows = len(self.rows)
        if self.is_full:
            return True
        if self.limit is not None and rows and self.total is not None and self.total < rows:
            return True
        if not rows or rows < self.largest():
            return False
        if self.is_counted and self.per_page:
            return rows >= 2 * _LIKELY_CAP and rows % _LIKELY_CAP == 0
        if self.limit is None:
            return rows >= self.page_size or any(rows % size == 0 for size in _LIKELY_PAGES)
        return rows >= min(_LOWEST_CAP, max(2, self.limit // 2))


@dataclass
class Seen:
    """The rows of one read that were yielded already, by what they hold: no two rows are equal.

    key: instead, those that were read by this key; eight bytes each as long as all goes well.
    """

    key: str = ""
    count: int = 0
    _keys: Keys = field(default_factory=Keys)
    _known: set[int | str] = field(default_factory=set)

    def new(self, page: Page) -> list[Row]:
        """Those rows of a page that have not been read yet; they are from now on."""
        self._known.update(self._keys)
        self._keys = Keys()
        fresh = []
        for place, row in enumerate(page.rows):
            known_by = _key_of(row, self.key) if self.key else None
            known_by = page.content[place] if known_by is None else known_by
            if known_by in self._known:
                continue
            if len(self._known) < _REMEMBERED:
                self._known.add(known_by)
            fresh.append(row)
        self.count += len(fresh)
        return fresh

    def add_keys(self, keys: list[int]) -> None:
        """Of rows that were read by key, each beyond the one before."""
        self._keys.extend(keys)
        self.count += len(keys)


class SmallerPages(Exception):
    """A page is too heavy: the list is read by pages of fewer rows from now on."""


class Ask(Protocol):
    """The requests of one read of a list.

    is_of_parent: the list is one parent's, and nothing is filtered out of it.
    """

    is_of_parent: bool

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        """The reply to a request with these parameters; may raise SmallerPages."""

    def by_page_instead(self, reason: str) -> None:
        """The list is read by page from now on, for this reason; an error if it has no pages."""


def by_page(ask: Ask, seen: Seen, first: Page | None = None) -> Iterator[list[Row]]:
    """By page number, and once more by smaller pages where one is too heavy; see `_backward`."""
    while True:
        try:
            yield from _backward(ask, seen, first)
            return
        except SmallerPages:
            first = None


def _backward(ask: Ask, seen: Seen, first: Page | None) -> Iterator[list[Row]]:
    """From the last page backward to the first, which is read again in the end.

    Rows that shift forward, because one before them was deleted, are then met twice and not never.
    Where nothing tells which page is the last, pages are asked for until one brings nothing new.

    first: the reply without a page, if it is there already.

    Raises an error where a page comes again in place of another one, where nothing comes in place
    of a page that is counted, and where rows of a parent are counted beyond a full page and do not
    come. A page that nothing counts may be refused: there is none.
    """
    page = first or ask({})
    fills_page = ask.is_of_parent and len(page.rows) >= min(
        page.limit or page.page_size, page.per_page or page.page_size
    )
    first_content, last, missing = page.content, max(page.pages or 1, 1), 0
    of_first, is_short, total = len(page.rows), not page.is_full, page.total
    yield seen.new(page)
    on_first, unread, came_again, from_last = seen.count, range(2, last), False, False
    counted, went, pauses = last if last > 1 else 0, False, iter(_PAUSES)
    if last > 1:
        before, page = _Claim.of(page), _asked_until_there(ask, last, pauses)
        missing = last if _is_nothing(page, last) else 0
        fresh = seen.new(page)
        if not fresh and _repeats(page, before, seen):
            return
        came_again = bool(page.rows) and page.content == first_content
        yield fresh
    while (
        page.may_be_cut
        or (page.pages or 1) > last
        # Pages are fewer than the rows that are counted need, where they hold less than they say.
        or ((last == 1 or is_short) and _lacks_rows(page, seen, len(unread) * of_first))
    ):
        is_full = len(page.rows) >= (page.limit or len(page.rows) + 1)
        try:
            before, page = _Claim.of(page), ask({"page": last + 1})
        except ParameterRefused:
            is_unknown = not page.is_counted and (ask.is_of_parent or last == 1)
            if (page.pages or 1) > last or is_unknown:
                raise
            from_last = is_full and last != counted and (page.total or last) != seen.count
            break
        fresh = seen.new(page)
        if not fresh and _repeats(page, before, seen):
            return
        if not page.rows and (page.pages or 1) <= last + 1:
            is_missing = before.pages > last and _is_nothing(page, last + 1)
            missing = last + 1 if is_missing else missing
            # A row may have moved forward onto the page before, after that one was read.
            from_last = is_full and last != counted and (page.total or last) != seen.count
            break
        if page.rows and page.content == first_content:
            break
        last += 1
        yield fresh
    for number in range(last - 1 + from_last, 0, -1):
        before, page = _Claim.of(page), ask({"page": number})
        if number in unread and _is_nothing(page, number):
            page = _asked_until_there(ask, number, pauses)
            missing = max(missing, number) if _is_nothing(page, number) else missing
        fresh = seen.new(page)
        if not fresh and number in unread and _repeats(page, before, seen):
            return
        went |= (number in unread and 0 < len(fresh) < len(page.rows)) or (
            number == 1 and page.content != first_content
        )
        yield fresh
    # A row that came in front of the others moved one onto a page that had been read; one that came
    # behind them is on such a page. Where as many went, the total does not tell, but the pages do.
    grew = (page.total or 0) > (total or 0) > 0
    for number in range(page.pages or 1, 0, -1) if (grew or went) and page.is_counted else ():
        if seen.count >= (page.total or 0):
            break
        page = ask({"page": number})
        yield (fresh := seen.new(page))
        if not (fresh or grew):
            break
    is_all = page.believed_total is not None and page.believed_total <= seen.count
    if missing and missing <= (page.pages or missing) and not is_all:
        raise LIST_UNPROVED.error(
            f"page {missing} is counted and empty: {described(page.response)}"
        )
    if fills_page and seen.count < (page.believed_total or 0):
        raise LIST_UNPROVED.error(
            f"{seen.count} rows of {page.total} counted: {described(page.response)}"
        )
    if came_again and seen.count == on_first < (page.believed_total or 0):
        raise LIST_ENDLESS.error(f"no page but the first: {described(page.response)}")


def by_key(ask: Ask, seen: Seen, parameter: str) -> Iterator[list[Row]]:
    """Asks for the rows beyond the key of the last one.

    A filter may take the key in or leave it out (whether `min_id` does is not documented): rows are
    asked for from the last key on, and by the next number once the filter is seen to take it in.

    Where rows do not come in the order of the key, or nothing comes although more was counted, the
    store does not heed it, and the list is read by page.
    """
    page, last, asked = ask({}), None, None
    total = page.total or 0
    while True:
        goes_on = page.may_be_cut or page.next_link or total > len(page.rows)
        if last is None and page.rows and not goes_on:
            yield seen.new(page)  # in whatever order: this is all there is
            return
        keys = _ascending(page.rows, seen.key, asked)
        if keys is None:
            ask.by_page_instead(f"rows that are not in the order of {parameter}")
            yield from by_page(ask, seen, page if last is None else None)
            return
        if last is None and not keys and (page.pages or 1) > 1:
            ask.by_page_instead("pages are counted, and nothing comes")
            yield from by_page(ask, seen, page)
            return
        is_known = keys[:1] == [last]
        seen.add_keys(keys[is_known:])
        left = _left(page, total, seen)
        takes_key_in = is_known or asked != last
        # Of rows that are counted so many must come, and of a `min_id` the row that it names.
        must_come = not takes_key_in and parameter.startswith("min_")
        if page.is_counted:
            must_come = left > 0
        yield page.rows[is_known:]
        if not keys or not (page.may_be_cut or page.next_link or left > 0):
            return
        last = keys[-1]
        asked = last + takes_key_in
        page = ask({parameter: asked})
        if page.rows or not must_come:
            continue
        whole = ask({})  # a bulk edit can really empty a window
        if whole.rows and not _is_all(whole, seen):
            ask.by_page_instead(f"nothing for {parameter}={asked}")
            yield from by_page(ask, seen, whole)
            return


def by_cursor(ask: Ask, seen: Seen) -> Iterator[list[Row]]:
    """Follows the reply's cursor for as long as there is a new one; by page where there is none."""
    page, followed, total = ask({}), set[str](), None
    if not page.next_cursor:
        yield from by_page(ask, seen, page)
        return
    while True:
        fresh = seen.new(page)
        total = page.believed_total if not followed else total
        if len(fresh) < len(page.rows):
            ask.by_page_instead("rows that were there before")
            yield fresh
            yield from by_page(ask, seen)
            return
        yield fresh
        promised = page.next_link or (total is not None and total > seen.count)
        if not page.next_cursor:
            if not promised:
                return
            reason = "no further cursor"
        elif total is not None and not promised and not page.may_be_cut:
            return
        elif page.next_cursor in followed:
            if not promised and total is not None:
                return
            reason = "a cursor that was followed before"
        else:
            followed.add(page.next_cursor)
            page = ask({"after": page.next_cursor})
            continue
        whole = ask({})
        if not whole.rows or _is_all(whole, seen):
            return
        ask.by_page_instead(reason)
        yield from by_page(ask, seen, whole)
        return


def _asked_until_there(ask: Ask, number: int, pauses: Iterator[int]) -> Page:
    """A page that another reply counts: nothing in its place is asked for again.

    pauses: what is left of those of the list, as one that shrank has many such pages.
    """
    page = ask({"page": number})
    while _is_nothing(page, number) and (pause := next(pauses, None)) is not None:
        time.sleep(pause)
        page = ask({"page": number})
    return page


def _is_nothing(page: Page, number: int) -> bool:
    """No rows, and a reply that does not count this page itself: a 204, a total of 0."""
    return not page.rows and (page.pages or 0) < number


class _Claim(NamedTuple):
    """What the reply before held and said, without its rows."""

    content: list[int]
    total: int | None
    pages: int

    @classmethod
    def of(cls, page: Page) -> "_Claim":
        return cls(page.content, page.total, page.pages or 1)


def _repeats(page: Page, before: _Claim, seen: Seen) -> bool:
    """Whether a page that brought nothing new is the one before, and nothing else can follow.

    Raises an error unless everything was read that the total promises.
    """
    if not page.rows or page.content != before.content or page.total != before.total:
        return False
    if page.believed_total is not None and page.believed_total <= seen.count:
        return True
    if page.limit is None and not page.is_counted:  # no pages are documented: this is all there is
        return True
    raise LIST_ENDLESS.error(f"the page before, once more: {described(page.response)}")


def _lacks_rows(page: Page, seen: Seen, unread: int) -> bool:
    """Whether a list counts more rows than it has shown, and than may be on pages not read yet."""
    return bool(page.rows) and page.total is not None and page.total > seen.count + unread


def _left(page: Page, total: int, seen: Seen) -> int:
    """How many rows a reply promises, after its own. It counts those behind the key, or all.

    total: what the first reply counted.
    """
    if page.total is None:
        return 0
    counts_behind = page.total <= total - (seen.count - len(page.rows))
    return page.total - (len(page.rows) if counts_behind else seen.count)


def _is_all(whole: Page, seen: Seen) -> bool:
    """Whether the list, asked for without key or cursor, counts no more than was read."""
    total = whole.believed_total
    is_of_page = total == len(whole.rows) and whole.may_be_cut
    return total is not None and total <= seen.count and not is_of_page


def _ascending(rows: list[Row], key: str, asked: int | None) -> list[int] | None:
    """The rows' keys; None where one is not beyond that before it, or none at all."""
    keys: list[int] = []
    for row in rows:
        found, lowest = _key_of(row, key), keys[-1] + 1 if keys else asked or 0
        if found is None or found < lowest:
            return None
        keys.append(found)
    return keys


def _content(row: Row) -> int:
    try:
        return hash(orjson.dumps(row))
    except TypeError:  # an integer beyond 64 bits, half an emoji
        return hash(repr(row))


def _key_of(row: Row, key: str) -> int | None:
    return as_count(row.get(key))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def as_count(value: Any) -> int | None:
    """A count as a number, or None: it may be text, negative, or anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _MOST_DIGITS:
        return int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None
