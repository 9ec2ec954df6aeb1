"""Parents that a stream did not ask for children, as they seem to have none."""

import logging
import threading
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import NamedTuple, cast

from source_bigcommerce.components.deletion_state import when
from source_bigcommerce.components.moments import format_instant

LOGGER = logging.getLogger("airbyte")

# One in so many is asked all the same, by its key.
SAMPLE = 100
_HIGHEST = 2**63 - 1
_SECONDS = len("2024-01-31T00:00:00Z")


class Range(NamedTuple):
    """Dates, both inclusive; "" and "" where there are none."""

    since: str = ""
    until: str = ""

    def holds(self, date: str) -> bool:
        return bool(self.since) and self.since <= date <= self.until


_NOTHING = Range()


class Skipped:
    """Shared by the windows of a stream, which are read side by side, and its cursor.

    Where a parent of the sample has children, those of all others are due: no parent is skipped any
    more, each window asks for its own ones before it ends, and the first one to end also for those
    of windows that ended before it and for those of earlier syncs. A state that is saved before
    they all came says that they are due, so the next sync reads them.

    This sync's are held as pairs of key and date, 16 bytes each; those of earlier syncs are what
    their dates hold, and are listed again.

    is_on: whether the form wants any to be skipped.
    known: what earlier syncs skipped, as far as no window of this one reads it again.
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
        """The earliest date of one that was not asked for; "" where all were."""
        self.are_due = are_due or not is_on
        self._is_claimed = False
        self._rows = array("q")
        self._lock = threading.Lock()

    def leaves(self, key: object, date: str | None, own: "array[int]") -> bool:
        """Whether a parent that seems to have no children is not asked now.

        own: of its window; takes it in if it is to be remembered.
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

        own: what it skipped; is remembered where nothing is due.
        """
        with self._lock:
            if not self.are_due:
                self._rows.extend(own)
                dates = [self.since] if self.since else []
                if own:
                    dates.append(_date(min(own[1::2])))
                self.since = min(dates, default="")
                return array("q"), None
            if self._is_claimed:
                return own, None
            self._is_claimed = True
            return self._rows + own, self._known

    def done(self) -> None:
        """All that the first window to end had to ask for has come."""
        self.since, self._rows = "", array("q")


def may_be_left(key: object, date: str | None) -> bool:
    """Whether a parent that seems to have no children is none of the sample."""
    is_number = isinstance(key, int) and 0 < key <= _HIGHEST
    return is_number and cast(int, key) % SAMPLE > 0 and len(date or "") == _SECONDS


def rows_of(pairs: "array[int]") -> Iterator[tuple[int, str]]:
    """Key and date of each parent that was skipped."""
    for place in range(0, len(pairs), 2):
        yield pairs[place], _date(pairs[place + 1])


def _date(seconds: int) -> str:
    return format_instant(datetime.fromtimestamp(seconds, timezone.utc))
