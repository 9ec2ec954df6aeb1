"""Finding what is missing among known ids, by counting."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import log2
from typing import NamedTuple, Protocol

from source_bigcommerce.components.known_ids import KnownIds

_TRIES = 2


class Look(NamedTuple):
    """What a store says about a range: how many ids it has, and the first ones, if it shows any."""

    total: int
    shown: Sequence[int] = ()


class Counted(Protocol):
    """Asks the store about the known ids from one position up to, but not including, another.

    Its methods raise `Nonsense` for a reply that cannot be right.
    """

    def look(self, low: int, high: int) -> Look:
        """One request."""

    def read(self, low: int, high: int) -> set[int]:
        """All ids that are there now, whether they are known or not; a request a page."""


class Nonsense(Exception):
    """The store's answer cannot be right, or says nothing; the text says why."""


class Search:
    """Halves ranges whose count differs from the number of known ids.

    Counts one half; the count of the other follows by subtraction. Reads a range that fits on a
    page, and a range that costs less to read whole than to halve further.

    Finds known ids that were not shown. They may still exist: a count may lag, and a row may change
    while a range is read. So the caller has to ask for each of them again.

    cuts: positions at which the API can split a range; None for all of them.
    page: ids that come with one request.
    shows: whether a count comes with the first ids of its range.
    """

    def __init__(
        self,
        known: KnownIds,
        counted: Counted,
        page: int,
        cuts: Sequence[int] | None = None,
        shows: bool = True,
    ) -> None:
        self._known, self._counted, self._page = known, counted, page
        self._cuts, self._shows = cuts, shows
        self.missing: set[int] = set()
        self.unknown: set[int] = set()
        """Ids that came although they are not among the known ones."""
        self.unseen = 0
        """Rows that were counted, but are neither known nor found."""

    def run(self) -> None:
        """Finds what differs; raises Nonsense."""
        size = len(self._known)
        if size == 0:
            return
        look = self._look(0, size)
        low = self._take(0, size, look)
        self._halve(low, size, size - look.total - self._found)
        self.unseen = max(0, look.total - (size - self._found))

    def _halve(self, low: int, high: int, lacking: int, tries: int = _TRIES) -> None:
        """lacking: how many of the known ids must be gone; if negative, how many were added.

        tries: how often a range may still be halved although reading it looks cheaper.
        """
        size = high - low
        if lacking == 0 or size == 0:
            return
        if lacking == size:
            self.missing |= self._known.within(low, high)
            return
        middle = self._cut(low, high)
        is_costly = lacking > size or self._price(size, lacking) >= size / self._page
        if not middle or (is_costly and not tries):
            self._read(low, high)
            return
        look = self._look(low, middle)
        of_half = middle - low - look.total
        if abs(of_half) > size:
            raise Nonsense("it counts more in a part than in the whole")
        before = self._found
        rest = self._take(low, middle, look)
        # If the missing ids lie together, a split separates them once at most. If both halves lack
        # some again and again, the missing ids are scattered, and halving does not pay.
        if of_half and of_half != lacking:
            tries = max(0, tries - 1)
        self._halve(rest, middle, of_half - (self._found - before), tries)
        self._halve(middle, high, lacking - of_half, tries)

    @property
    def _found(self) -> int:
        """How many rows fewer the store has than were known, as found so far."""
        return len(self.missing) - len(self.unknown)

    def _price(self, size: int, lacking: int) -> float:
        """About how many requests halving takes."""
        pages = size / self._page
        spread = min(abs(lacking), pages)
        return spread * (1 + max(0.0, log2(pages / spread)))

    def _cut(self, low: int, high: int) -> int | None:
        """Where to split: near the middle. The lower half is longer if its count shows a page."""
        size = high - low
        if size <= self._page:
            return None
        pages = (size + self._page * self._shows) // 2 // self._page
        middle = low + max(1, pages) * self._page
        if self._cuts is None:
            return middle
        at = bisect_left(self._cuts, middle)
        near = [cut for cut in self._cuts[max(0, at - 1) : at + 1] if low < cut < high]
        return min(near, key=lambda cut: abs(cut - middle), default=None)

    def _look(self, low: int, high: int) -> Look:
        look = self._counted.look(low, high)
        if look.total < len(look.shown):
            raise Nonsense("it counts fewer rows than it sends")
        return look

    def _take(self, low: int, high: int, look: Look) -> int:
        """Compares the ids that were shown. Returns the position up to which all is settled."""
        if not look.shown:
            return low
        shown = set(look.shown)
        if look.total == len(look.shown):
            upto = high
        elif list(look.shown) == sorted(shown) and (old := shown & self._known.within(low, high)):
            upto = self._known.place(max(old))  # beyond it, not all ids that came back may be shown
        else:
            return low
        if self._cuts is not None and upto < high:
            upto = max(low, self._cuts[bisect_right(self._cuts, upto) - 1])
        if upto < high:
            shown = {key for key in shown if key < self._known[upto]}
        known = self._known.within(low, upto)
        self.missing |= known - shown
        self.unknown |= shown - known
        return upto

    def _read(self, low: int, high: int) -> None:
        found, known = self._counted.read(low, high), self._known.within(low, high)
        self.missing |= known - found
        self.unknown |= found - known
