"""Parents whose children were not asked for, because they seem to have none."""

import logging
import threading
from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

from source_bigcommerce.components.deletion_state import when
from source_bigcommerce.components.moments import format_seconds

LOGGER = logging.getLogger("airbyte")

# One parent in this many is asked anyway; its key decides which.
SAMPLE = 100
_HIGHEST = 2**63 - 1
_SECONDS = len("2024-01-31T00:00:00Z")


class Range(NamedTuple):
    """Dates, both inclusive; both are "" if there is no range."""

    since: str = ""
    until: str = ""

    def holds(self, date: str) -> bool:
        return bool(self.since) and self.since <= date <= self.until


_NOTHING = Range()


class Skipped:
    """Shared by the windows of a stream, which are read side by side, and its cursor.

    If a parent of the sample turns out to have children, all skipped parents are due: from then on
    none is skipped, and each window asks for those it skipped before it ends. The first window to
    end also asks for those that were skipped by earlier syncs, and by windows that had ended. A
    state that is saved before they have all come says that they are due, so the next sync reads
    them.

    Parents that this sync skipped are held as pairs of key and date, 16 bytes each. Of earlier
    syncs only a range of dates is known; the parents within it are listed again.

    is_on: whether the form lets parents be skipped.
    known: the dates of parents that earlier syncs skipped, unless this sync reads them again.
    are_due: whether one of those was found to have children.
    save: emits the state.
    """

    def __init__(
        self,
        is_on: bool = False,
        known: Range = _NOTHING,
        are_due: bool = False,
        save: Callable[[], None] = lambda: None,
    ) -> None:
        self._known, self._save = known, save
        self.since = known.since
        """The earliest date of a skipped parent; "" if none was skipped."""
        self.are_due = are_due or not is_on
        self._is_claimed = False
        self._rows = array("q")
        self._lock = threading.Lock()

    def leaves(self, key: object, date: str | None, own: "array[int]") -> bool:
        """Whether to skip a parent that seems to have no children.

        own: the parents that its window skipped; this one is added if it must be remembered.
        """
        if not may_be_left(key, date):
            return False
        if self._known.holds(cast(str, date)):
            return True
        if self.are_due:
            return False
        own.extend((cast(int, key), when(date) or 0))
        return True

    def find(self, stream: str, parent: str) -> None:
        """A parent that seemed to have no children has some."""
        with self._lock:
            if self.are_due:
                return
            self.are_due = True
        LOGGER.warning(
            "%s: %s seemed to have none, and has some. None are skipped any more in this sync, and "
            "what was skipped before is read now.",
            stream,
            parent,
        )
        if self.since:
            self._save()

    def end(self, own: "array[int]") -> tuple["array[int]", Range | None]:
        """What a window asks for before it ends: pairs of key and date, and a range to list.

        own: what the window skipped; it is remembered if nothing is due.
        """
        with self._lock:
            if not self.are_due:
                self._rows.extend(own)
                dates = [self.since] if self.since else []
                if own:
                    dates.append(format_seconds(min(own[1::2])))
                self.since = min(dates, default="")
                return array("q"), None
            if self._is_claimed:
                return own, None
            self._is_claimed = True
            return self._rows + own, self._known

    def done(self) -> None:
        """Notes that the first window to end has read all that was due."""
        self.since, self._rows = "", array("q")


def may_be_left(key: object, date: str | None) -> bool:
    """Whether a parent may be skipped: it is not in the sample, and can be remembered."""
    is_number = isinstance(key, int) and 0 < key <= _HIGHEST
    return is_number and cast(int, key) % SAMPLE > 0 and len(date or "") == _SECONDS


def rows_of(pairs: "array[int]") -> Iterator[tuple[int, str]]:
    """Key and date of each parent that was skipped."""
    for place in range(0, len(pairs), 2):
        yield pairs[place], format_seconds(pairs[place + 1])
