"""Notices a store that ignores the dates of windows. One window then reads the whole list."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce.components.dates import readable_date
from source_bigcommerce.components.keys import Keys, key_of
from source_bigcommerce.components.messages import LIST_UNPROVED
from source_bigcommerce.components.moments import format_instant, utc_now
from source_bigcommerce.components.reply import Row

# v2 windows ask for two more seconds, see the manifest.
_BEYOND = timedelta(seconds=2)


class DateFilter:
    """Shared by the windows of a list, which are read side by side.

    The first window that gets a row from outside its dates reads the whole list, for all windows
    that have begun, without the rows that they have already passed on. The others wait until it
    ends and then count as read, so no state runs ahead. A window that begins later reads what lies
    beyond their dates. A row that changed since the sync began proves nothing, because the store's
    index may be older than the row.

    field: the field of a row that the dates are about.
    key: the field that no two rows share.
    say: called once, when that happens.
    has_open_end: whether a window without a lower bound has no upper bound either, and whoever
        reads the windows drops what comes from after their end.
    """

    def __init__(
        self,
        field: str,
        config: Mapping[str, Any],
        say: Callable[[str], None],
        has_open_end: bool = False,
        *,
        key: str,
    ) -> None:
        self._field, self._config, self._say = field, config, say
        self._key = partial(key_of, field=key)
        self._has_open_end = has_open_end
        self._began = str(config.get("now") or format_instant(utc_now()))[:19]
        self._lock = threading.Lock()
        self._through = threading.Event()
        # From the earliest to the latest window that has begun; "" is before every date.
        self._start: str | None = None
        self._end = ""
        # Whether a row from outside a window has come.
        self.is_ignored = self._failed = False
        self._handed_on: list[Keys] = []  # by window
        # Rows that a neighbouring window may get, too: the start of the window that had them first.
        self._owners: dict[int | str, dict[str, str]] = {}

    def pages(
        self, window: StreamSlice, read: Callable[[StreamSlice], Iterator[list[Row]]]
    ) -> Iterator[list[Row]]:
        """The rows of a window, until another window reads the whole list.

        Raises an error if that window then fails.
        """
        start, end = self._bounds(window)
        with self._lock:
            if not self.is_ignored:
                self._start = start if self._start is None else min(self._start, start)
                self._end = max(self._end, end, str(self._config.get("end_date", ""))[:19])
            self._handed_on.append(ids := Keys())
        late = _beyond(end)
        early = _beyond(start)
        asks_for_end = start or not self._has_open_end
        for rows in read(window) if not self.is_ignored else ():
            dates = list(map(self._date, rows))
            outside = any(
                date < start or (asks_for_end and late < date <= self._began)
                for date in dates
                if date
            )
            with self._lock:
                is_first = outside and not self.is_ignored
                self.is_ignored = self.is_ignored or outside
                if not self.is_ignored:
                    ids.extend(list(map(self._key, rows)))
            if is_first:
                self._say(f"rows from outside of {window['start_time']} to {window['end_time']}")
                yield from self._for_all(window, read)
                return
            if self.is_ignored:
                break
            for date, row in zip(dates, rows, strict=True):
                is_at_edge = date and (date <= early or date >= end)
                # What comes from after an open end is dropped: it belongs to a later window.
                if is_at_edge and not (self._has_open_end and date > end):
                    self._own(row, date, start)
            yield rows
        if self.is_ignored:
            self._through.wait()
            if self._failed:
                raise LIST_UNPROVED.error("the window that read the list for all others failed")
            since, until = self._start or "", self._end
            if start < since or end > until:
                for rows in read(window):
                    dates = list(map(self._date, rows))
                    yield [
                        row
                        for date, row in zip(dates, rows, strict=True)
                        if date and start <= date <= end and not since <= date <= until
                    ]

    def once(self, window: StreamSlice, rows: list[Row]) -> list[Row]:
        """The rows of a window, without those that a neighbouring window had first.

        It is unknown whether the bounds of v2 are inclusive, so windows overlap. Not every host
        notices a row that comes twice in one sync; PyAirbyte does not. If the window that had the
        row first fails, it is not saved, and is read again.
        """
        if not self._owners:
            return rows
        start, _ = self._bounds(window)
        return [row for row in rows if self._is_owner(row, start)]

    def _own(self, row: Row, date: str, start: str) -> None:
        if (key := self._key(row)) is not None:
            with self._lock:
                self._owners.setdefault(key, {}).setdefault(date, start)

    def _is_owner(self, row: Row, start: str) -> bool:
        owners = self._owners.get(key) if (key := self._key(row)) is not None else None
        return not owners or owners.get(self._date(row), start) == start

    def _for_all(
        self, window: StreamSlice, read: Callable[[StreamSlice], Iterator[list[Row]]]
    ) -> Iterator[list[Row]]:
        start, end = self._start or "", self._end
        first = f"{start}Z" if start else self._config["start_date"]
        whole = StreamSlice(
            partition=window.partition,
            cursor_slice={"start_time": first, "end_time": f"{end}Z"},
        )
        handed_on = set(chain.from_iterable(self._handed_on))
        self._failed = True  # unless it reaches its end
        try:
            for rows in read(whole):
                yield [
                    row
                    for row in rows
                    if self._key(row) not in handed_on
                    and (not (date := self._date(row)) or start <= date <= end)
                ]
            self._failed = False
        finally:
            self._through.set()

    def _bounds(self, window: StreamSlice) -> tuple[str, str]:
        """The dates to ask for; without a start if everything is read from the beginning."""
        start, end = str(window["start_time"]), str(window["end_time"])
        is_open = self._config.get("reads_everything") and start <= self._config["start_date"]
        return "" if is_open else start[:19], end[:19]

    def _date(self, row: Row) -> str:
        """A row's date in UTC, `2018-12-05T20:16:55`; empty if there is none."""
        return (readable_date(row.get(self._field)) or "")[:19]


def _beyond(date: str) -> str:
    return format_instant(datetime.fromisoformat(f"{date}+00:00") + _BEYOND)[:19] if date else ""
