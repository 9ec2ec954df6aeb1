"""Whether a store heeds the dates of a window; if not, its list is read once, by one window."""

import threading
from array import array
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from itertools import chain
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce.components.dates import readable_date
from source_bigcommerce.components.extractor import Row
from source_bigcommerce.components.messages import LIST_UNPROVED

# v2 windows ask for two seconds more than they are, see the manifest.
_BEYOND = timedelta(seconds=2)


class DateFilter:
    """Shared by the windows of a list, which are read side by side.

    The first window to meet a row from outside of it reads the list once, for all of them, but for
    the rows that windows handed on before that. The others wait until it is through and are then
    read as well, so that no state runs ahead. A row that was changed since the sync began is no
    sign: it may be newer than the store's index of it.

    say: is called once, when that happens.
    has_open_end: whether a window that is asked for from the beginning has no end either.
    """

    def __init__(
        self,
        field: str,
        config: Mapping[str, Any],
        say: Callable[[str], None],
        has_open_end: bool = False,
    ) -> None:
        self._field, self._config, self._say = field, config, say
        self._has_open_end = has_open_end
        self._began = str(config.get("now") or _text(datetime.now(timezone.utc)))[:19]
        self._lock = threading.Lock()
        self._through = threading.Event()
        self._start = self._end = ""
        self._is_ignored = self._failed = False
        self._handed_on: list[array[int]] = []  # ids of rows, by window
        self.reader: StreamSlice | None = None  # the window that reads the list for all
        self._read: StreamSlice | None = None

    def pages(
        self, window: StreamSlice, read: Callable[[StreamSlice], Iterator[list[Row]]]
    ) -> Iterator[list[Row]]:
        """The rows of a window; nothing more once another window reads the list.

        Raises an error if that window then fails.
        """
        start, end = self._bounds(window)
        with self._lock:
            self._start = min(self._start or start, start)
            self._end = max(self._end, end, str(self._config.get("end_date", ""))[:19])
            self._handed_on.append(ids := array("q"))
        late = _text(datetime.fromisoformat(end) + _BEYOND) if end else ""
        asks_for_start = not (
            self._config.get("reads_everything")
            and window["start_time"] <= self._config["start_date"]
        )
        asks_for_end = asks_for_start or not self._has_open_end
        for rows in read(window) if not self._is_ignored else ():
            outside = any(
                (asks_for_start and date < start) or (asks_for_end and late < date <= self._began)
                for date in map(self._date, rows)
                if date
            )
            with self._lock:
                is_first = outside and not self._is_ignored
                self._is_ignored = self._is_ignored or outside
                if not self._is_ignored:
                    ids.extend(row["id"] for row in rows if isinstance(row.get("id"), int))
            if is_first:
                yield from self._whole_list(window, read)
                return
            if self._is_ignored:
                break
            yield rows
        if self._is_ignored:
            self._through.wait()
            if self._failed or (self._read and start < str(self._read["start_time"])[:19]):
                raise LIST_UNPROVED.error("the window that read the list for all others failed")

    def part_of_reader(self) -> tuple[StreamSlice, set[int]]:
        """What the window that reads the list for all reads, and which rows others handed on."""
        assert self._read
        return self._read, set(chain.from_iterable(self._handed_on))

    def _whole_list(
        self, window: StreamSlice, read: Callable[[StreamSlice], Iterator[list[Row]]]
    ) -> Iterator[list[Row]]:
        self._say(f"rows from outside of {window['start_time']} to {window['end_time']}")
        start, end = self._start, self._end
        whole = StreamSlice(
            partition=window.partition,
            cursor_slice={"start_time": f"{start}Z", "end_time": f"{end}Z"},
        )
        self._read, self.reader = whole, window
        handed_on = set(chain.from_iterable(self._handed_on))
        self._failed = True  # unless it comes to its end
        try:
            for rows in read(whole):
                yield [
                    row
                    for row in rows
                    if row.get("id") not in handed_on
                    and (not (date := self._date(row)) or start <= date <= end)
                ]
            self._failed = False
        finally:
            self._through.set()

    def _bounds(self, window: StreamSlice) -> tuple[str, str]:
        return str(window["start_time"])[:19], str(window["end_time"])[:19]

    def _date(self, row: Row) -> str:
        """A row's date in UTC, `2018-12-05T20:16:55`; empty if there is none."""
        return (readable_date(row.get(self._field)) or "")[:19]


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
