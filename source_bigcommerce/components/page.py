"""What a reply says about its list, and which rows of a list have been read.

A reply may be wrong about itself: it may count the rows of the page instead of those of the list,
hold fewer rows than were asked for, or ignore its parameters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import parse_qs

import orjson
import requests

from source_bigcommerce.components.keys import Keys
from source_bigcommerce.components.reply import ROWS, Row, is_b2b_url, parsed_body, rows_of

# No API caps its pages below this, so a shorter list costs no second request.
_LOWEST_CAP = 10
# Caps are likely to be multiples of this: a v3 list of just as many rows is asked once more.
_LIKELY_CAP = 25
# Likely default sizes of a page, if no limit is asked for.
_LIKELY_PAGES = (10, 25)
# A claim of more pages than this is nonsense: no store has so many rows.
_MOST_PAGES = 1_000_000
# Rows that a read remembers, about 70 bytes each. Further rows may come twice; none is lost.
_REMEMBERED = 1_000_000
# Python refuses to read longer numbers.
_MOST_DIGITS = 4000


@dataclass(frozen=True)
class Page:
    """A reply as a part of its list. Its counts are claims; None stands for a count that is missing
    or not a number.

    limit: rows asked for; None if the endpoint takes no limit.
    page_size: rows that other endpoints are asked for.
    largest: returns the most rows that any reply of this endpoint has held so far.
    total: rows of the list, as claimed.
    pages: pages of the list, as claimed or as the total implies: the higher of the two.
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
            size = max(per_page or limit or 0, len(rows)) or page_size
            if not (per_page or limit):  # the last page is shorter than the others
                size = max(size, largest())
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
        """A hash of each row. Take it before the rows are passed on, because they change then."""
        return list(map(_content, self.rows))

    @cached_property
    def names(self) -> list[int | str]:
        """What names each row even if its values change: its id, if all rows have one."""
        ids = [row.get("id") for row in self.rows]
        names = [name for name in ids if isinstance(name, (int, str))]
        return names if len(names) == len(ids) else [*self.content]

    @property
    def identity(self) -> frozenset[int | str]:
        """What tells this page from others, even if its rows change their order and values."""
        return frozenset(self.names)

    @property
    def is_counted(self) -> bool:
        return self.pages is not None

    @property
    def believed_total(self) -> int | None:
        """The total; None also if the reply itself holds more rows than it counts."""
        return None if self.total is None or self.total < len(self.rows) else self.total

    @property
    def is_full(self) -> bool:
        """Whether it has as many rows as asked for, or as it says a page has."""
        sizes = [size for size in (self.limit, self.per_page) if size]
        return bool(self.rows and sizes) and len(self.rows) >= min(sizes)

    @property
    def is_as_long_as_asked(self) -> bool:
        return bool(self.limit) and len(self.rows) >= (self.limit or 0)

    @property
    def may_be_cut(self) -> bool:
        """Whether it may be as full as a page can be, so that more rows may follow.

        An API may silently grant fewer rows than `limit`
        (https://github.com/bigcommerce/bigcommerce-api-php/issues/53). If nothing is counted, any
        number of rows may be that cap, unless an earlier reply had more: a cap does not change.
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
    """The rows that one read has yielded, by content: no two rows are equal.

    key: the field that identifies rows instead; it takes eight bytes a row if all goes well.
    """

    key: str = ""
    count: int = 0
    _keys: Keys = field(default_factory=Keys)
    _known: set[int | str] = field(default_factory=set)

    def new(self, page: Page) -> list[Row]:
        """The rows of a page that have not been read yet. From now on they count as read."""
        self._known.update(self._keys)
        self._keys = Keys()
        fresh = []
        for place, row in enumerate(page.rows):
            known_by = as_count(row.get(self.key)) if self.key else None
            known_by = page.content[place] if known_by is None else known_by
            if known_by in self._known:
                continue
            if len(self._known) < _REMEMBERED:
                self._known.add(known_by)
            fresh.append(row)
        self.count += len(fresh)
        return fresh

    def add_keys(self, keys: list[int]) -> None:
        """Notes the keys of rows that were read by key, in ascending order."""
        self._keys.extend(keys)
        self.count += len(keys)


class SmallerPages(Exception):
    """A page is too heavy: from now on the list is read in smaller pages."""


class Ask(Protocol):
    """The requests of one read of a list.

    is_of_parent: whether it is the list of one parent, without any filter.
    """

    is_of_parent: bool

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        """The reply to a request with these parameters; may raise SmallerPages."""

    def by_page_instead(self, reason: str) -> None:
        """From now on the list is read by page. Raises an error if it has no pages."""


def _content(row: Row) -> int:
    try:
        return hash(orjson.dumps(row))
    except TypeError:  # an integer beyond 64 bits, half an emoji
        return hash(repr(row))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def as_count(value: Any) -> int | None:
    """A count as a number, None if it makes no sense: it may be text, or anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _MOST_DIGITS:
        return int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None
