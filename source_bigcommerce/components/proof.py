"""Checks that a list was read completely: once it is read, the store says how many rows it has.

A count may be wrong, like anything that a store says. One that the list itself contradicts proves
nothing: the list is `not proved`. If two reads bring fewer rows than a count, and the list shows
that it has more, the list is `short`, which is an error.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson

from source_bigcommerce.components.keys import Keys, key_of
from source_bigcommerce.components.messages import LIST_SHORT
from source_bigcommerce.components.page import Page
from source_bigcommerce.components.receipts import Finding, Verdict
from source_bigcommerce.components.reply import Row

# If rows leave a window while it is read, its total cannot show whether others were missed. So the
# rows after a page are counted, too: after this many pages at most.
_MOST_EDGES = 8
_BEHIND = "the store counts more rows after a page than came"


class Counting:
    """Asks the store about one list. By default it learns nothing: the store counts no such list.

    is_apart: whether another endpoint counts the list, even if its replies hold no total.
    """

    is_apart = False

    def total(self) -> int | None:
        """How many rows the list has now; None if the store does not say."""
        return None

    def behind(self, key: int) -> int | None:
        """How many rows have a higher key; None if the store cannot be asked."""
        return None

    def has_row_at(self, place: int) -> bool:
        """Whether the list shows a row at this position; the first one is 1."""
        return True


@dataclass
class Watch:
    """What one read of a list showed.

    key: field that tells rows apart; a row without it is told apart by its whole content.
    count: asks how many rows the list has, if its replies do not say.
    """

    key: str = "id"
    count: Callable[[], int | None] = lambda: None
    early: int | None = None
    """How many rows the list had right after its first page, if that page was full."""
    pages: int = 0
    """Pages that brought new rows."""
    first_total: int | None = None
    last_total: int | None = None
    """The total in the last reply, if that was asked for by page number."""
    hides: bool = False
    """Whether a page held fewer rows than its own total requires: the store counts rows that it
    never shows (https://github.com/bigcommerce/api/issues/44)."""
    edges: list[int] = field(default_factory=list)
    """The highest key of each page that was read by key."""
    listed: int = 0
    _is_full: bool = False
    """Whether the first page was full."""
    _ids: Keys = field(default_factory=Keys)
    _distinct: set[int | str] | None = None

    def reply(self, page: Page, number: int | None) -> None:
        """Notes a reply. `number`: its page; None if it was asked for by key or cursor."""
        is_first = self.first_total is None and self.last_total is None and not self.pages
        if is_first:
            self.first_total = page.total
            self._is_full = page.is_full
        size = page.per_page or page.limit
        self.last_total = page.total if number else None
        if number and page.total is not None and size:
            self.hides |= len(page.rows) < min(size, page.total - (number - 1) * size)

    def goes_on(self) -> None:
        """Counts the rows, if need be. Call it before the second page is asked for by number.

        A row that leaves from now on shifts the pages, and lowers a later count as well: that count
        would not show what was skipped. By key nothing shifts, and a later count is better, because
        it includes rows that the store saved late.
        """
        if self._is_full and self.first_total is None:
            self.early = self.count() or None

    def page(self, rows: list[Row]) -> None:
        """Notes rows that had not come before."""
        if not rows:
            return
        self.pages += 1
        self.listed += len(rows)
        keys = [key for row in rows if isinstance(key := key_of(row, self.key), int)]
        self.edges.append(max(keys, default=0))

    def delivered(self, pages: Iterator[list[Row]]) -> Iterator[list[Row]]:
        """Passes the pages on. Notes their rows first, because later steps change them."""
        for rows in pages:
            self._ids.extend([self.identity(row) for row in rows])
            yield rows

    def identity(self, row: Row) -> int | str:
        key = key_of(row, self.key)
        return _content(row) if key is None else key

    @property
    def distinct(self) -> set[int | str]:
        """The identities of the rows that were delivered."""
        if self._distinct is None:
            self._distinct = set(self._ids)
        return self._distinct


Read = Callable[[Watch], Iterator[list[Row]]]


@dataclass
class Proof:
    """Reads a list, counts it, and reads it once more if rows are missing.

    counting: asks the store.
    may_grow: rows may be added to the list while it is read; otherwise they can only leave it.
    doubt: returns why no count of the list can prove anything; empty if one can.
    report: takes what was found, and whether the list was read again.
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
                # The look-back of the next sync reads these rows.
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
        """counted_before: the count before this read, if replies hold no total."""
        came = len(watch.distinct)
        if doubt := self.doubt():
            return Finding(Verdict.NOT_PROVED, None, doubt, came)
        before = watch.early if watch.first_total is None else watch.first_total
        if watch.pages <= 1 and before in (None, came):
            # The page had room for more rows, or the reader saw that nothing follows.
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
        """For a list that rows have left: whether the store counts more after a page than came."""
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
