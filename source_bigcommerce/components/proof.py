"""Whether a list that was read is whole: the store says how many rows it holds, once it is read.

A count is a claim like any other. One that the list itself contradicts proves nothing, and the
list is then called `not proved`; one that holds against two reads and a look at the list makes it
`short`, which is an error.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson

from source_bigcommerce.components.keys import Keys, key_of
from source_bigcommerce.components.messages import LIST_SHORT
from source_bigcommerce.components.page import Page
from source_bigcommerce.components.receipts import Finding, Verdict
from source_bigcommerce.components.reply import Row

# Rows that left a window while it was read may hide others that were missed. Where pages met, the
# rows behind are counted: in so many places at most.
_MOST_EDGES = 8
_BEHIND = "more rows are behind a page than came"


class Counting:
    """How the store is asked about one list; nothing by default, for lists that nothing counts.

    is_apart: counts do not come with the list; a reply without a total says nothing of them.
    """

    is_apart = False

    def total(self) -> int | None:
        """The rows of the list now; None where the store gives no number."""
        return None

    def behind(self, key: int) -> int | None:
        """Those with a higher key; None where it cannot be asked for."""
        return None

    def has_row_at(self, place: int) -> bool:
        """Whether the list shows a row in this place, the first one being 1."""
        return True


@dataclass
class Watch:
    """What a read of a list showed.

    key: field of the rows that tells them apart; without one, all that they hold does.
    count: asks how many rows the list has, where no reply tells.
    """

    key: str = "id"
    count: Callable[[], int | None] = lambda: None
    early: int | None = None
    """The rows of the list once its first page had come, if that was full."""
    pages: int = 0
    """Those that brought rows."""
    first_total: int | None = None
    last_total: int | None = None
    """Of the whole list, as the last reply told it that came by page number."""
    hides: bool = False
    """Whether a reply held fewer rows than its own total needs in its place: rows are counted that
    are never shown (https://github.com/bigcommerce/api/issues/44)."""
    edges: list[int] = field(default_factory=list)
    """The highest key of each page that was read by key."""
    listed: int = 0
    _is_full: bool = False
    """Of the first page."""
    _ids: Keys = field(default_factory=Keys)
    _distinct: set[int | str] | None = None

    def reply(self, page: Page, number: int | None) -> None:
        """A reply came; `number` is that of its page, None if it was asked for by key or cursor."""
        is_first = self.first_total is None and self.last_total is None and not self.pages
        if is_first:
            self.first_total = page.total
            self._is_full = page.is_full
        size = page.per_page or page.limit
        self.last_total = page.total if number else None
        if number and page.total is not None and size:
            self.hides |= len(page.rows) < min(size, page.total - (number - 1) * size)

    def goes_on(self) -> None:
        """A second page is about to be asked for by its number.

        Rows that leave from now on shift the pages, and lower a later count as well: so the rows
        are counted now. By key nothing shifts, and a later count knows of rows that were saved
        late.
        """
        if self._is_full and self.first_total is None:
            self.early = self.count() or None

    def page(self, rows: list[Row]) -> None:
        """Rows of the list came that had not come before."""
        if not rows:
            return
        self.pages += 1
        self.listed += len(rows)
        keys = [key for row in rows if isinstance(key := key_of(row, self.key), int)]
        self.edges.append(max(keys, default=0))

    def delivered(self, pages: Iterator[list[Row]]) -> Iterator[list[Row]]:
        """The pages, remembered before anybody rewrites them."""
        for rows in pages:
            self._ids.extend([self.identity(row) for row in rows])
            yield rows

    def identity(self, row: Row) -> int | str:
        key = key_of(row, self.key)
        return _content(row) if key is None else key

    @property
    def distinct(self) -> set[int | str]:
        """The rows that were delivered."""
        if self._distinct is None:
            self._distinct = set(self._ids)
        return self._distinct


Read = Callable[[Watch], Iterator[list[Row]]]


@dataclass
class Proof:
    """Reads a list, counts it, and reads it once more where rows are missing.

    counting: asks the store.
    may_grow: rows may be added to the list while it is read; else they can only leave it.
    doubt: why no count of the list can prove anything; empty where it can.
    report: is told what was found, and whether the list was read again.
    """

    counting: Counting
    may_grow: bool
    doubt: Callable[[], str]
    report: Callable[[Finding, bool], None]
    key: str = "id"

    def pages(self, read: Read) -> Iterator[list[Row]]:
        """The rows as they come, each once. Raises an error if the list is short in the end."""
        count = self.counting.total if self.counting.is_apart else lambda: None
        first = Watch(self.key, count)
        yield from first.delivered(read(first))
        found, is_again = self._finding(first, self.may_grow), False
        if found.verdict is Verdict.SHORT:
            is_again, second = True, Watch(self.key, count)
            for rows in second.delivered(read(second)):
                yield [row for row in rows if second.identity(row) not in first.distinct]
            found = self._finding(second, may_grow=True, counted_before=found.counted)
            if found.verdict is Verdict.WHOLE and (found.counted or 0) > found.came:
                # The look-back of the next sync is for these.
                reason = "rows are saved into it while it is read"
                found = found._replace(verdict=Verdict.NOT_PROVED, reason=reason)
            is_doubtful = found.verdict is Verdict.SHORT and found.reason != _BEHIND
            if is_doubtful and not self.counting.has_row_at(second.listed + 1):
                reason = "the store counts rows that its list does not show"
                found = found._replace(verdict=Verdict.NOT_PROVED, reason=reason)
        self.report(found, is_again)
        if found.verdict is Verdict.SHORT:
            raise LIST_SHORT.error(counted=f"{found.counted:,}", came=f"{found.came:,}")

    def _finding(self, watch: Watch, may_grow: bool, counted_before: int | None = None) -> Finding:
        """counted_before: rows of the list when its read began, where replies hold no total."""
        came = len(watch.distinct)
        if doubt := self.doubt():
            return Finding(Verdict.NOT_PROVED, None, doubt, came)
        before = watch.early if watch.first_total is None else watch.first_total
        if watch.pages <= 1 and before in (None, came):
            # The reader has seen room on the page, or that nothing follows.
            return Finding(Verdict.WHOLE, before, "", came)
        if watch.hides:
            reason = "its pages show fewer rows than they count"
            return Finding(Verdict.NOT_PROVED, None, reason, came)
        if watch.early is not None and watch.early <= came:
            return Finding(Verdict.WHOLE, watch.early, "", came)
        after = watch.last_total
        if after is None and (before is not None or self.counting.is_apart):
            after = self.counting.total()
        if after is None or (after == 0 and before is None):
            return Finding(Verdict.NOT_PROVED, None, "the store does not count its rows", came)
        earlier = counted_before if before is None else before
        known = after if earlier is None else min(earlier, after)
        due = known if may_grow else after
        if came < due:
            return Finding(Verdict.SHORT, due, "", came)
        if watch.first_total is not None and max(watch.first_total, after) < came:
            reason = "the store counts fewer rows than it sends"
            return Finding(Verdict.NOT_PROVED, after, reason, came)
        if before is not None and before > came and not self.may_grow:
            return self._of_edges(watch, after, came)
        return Finding(Verdict.WHOLE, after, "", came)

    def _of_edges(self, watch: Watch, after: int, came: int) -> Finding:
        """Of a list that rows left: whether more are there behind a page than came."""
        edges = watch.edges[:-1][:_MOST_EDGES]
        for edge in edges:
            behind = self.counting.behind(edge)
            beyond = sum(isinstance(key, int) and key > edge for key in watch.distinct)
            if behind is None or behind == after > beyond:  # the store does not heed the key
                break
            if behind > beyond:
                return Finding(Verdict.SHORT, came + behind - beyond, _BEHIND, came)
        return Finding(Verdict.WHOLE, after, "", came)


def _content(row: Row) -> int:
    try:
        return hash(orjson.dumps(row))
    except TypeError:  # an integer beyond 64 bits, half an emoji
        return hash(repr(row))
