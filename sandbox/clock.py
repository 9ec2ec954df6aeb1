"""The store's clock, and dates as the API writes and reads them."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

DAY = 86_400
YEAR = 365 * DAY

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Clock:
    """Tells the store's time in whole Unix seconds; stands still unless `ticking`."""

    def __init__(self, now: int, ticking: bool = False) -> None:
        self._base = float(now)
        self._started = time.monotonic()
        self.ticking = ticking

    def now(self) -> int:
        elapsed = time.monotonic() - self._started if self.ticking else 0.0
        return int(self._base + elapsed)

    def set(self, now: int) -> None:
        self._base = float(now)
        self._started = time.monotonic()

    def advance(self, seconds: float) -> None:
        self._base += seconds


def rfc2822(seconds: int) -> str:
    """`Wed, 05 Dec 2018 20:16:55 +0000`, the form of every v2 date."""
    t = time.gmtime(seconds)
    return (
        f"{_DAYS[t.tm_wday]}, {t.tm_mday:02} {_MONTHS[t.tm_mon - 1]} {t.tm_year} "
        f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} +0000"
    )


def http_date(seconds: int) -> str:
    """`Wed, 05 Dec 2018 20:16:55 GMT`, the form of the header `Date`."""
    return rfc2822(seconds).replace("+0000", "GMT")


def iso(seconds: int, suffix: str = "Z") -> str:
    """`2018-12-05T20:16:55Z`; some v3 endpoints end their dates with `+00:00` instead."""
    t = time.gmtime(seconds)
    return (
        f"{t.tm_year}-{t.tm_mon:02}-{t.tm_mday:02}"
        f"T{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}{suffix}"
    )


def iso_offset(seconds: int) -> str:
    return iso(seconds, "+00:00")


def parse_iso(text: str) -> float:
    """Unix seconds of a date or timestamp; ValueError on a time that names no zone."""
    if len(text) == 10:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc).timestamp()
    # Python 3.10 reads neither `Z` nor fractions of other than 3 or 6 digits.
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment.timestamp()


def parse_rfc2822(text: str) -> float:
    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment.timestamp()


def instant(value: int | float | str | datetime) -> int:
    """Unix seconds of a moment given in any form that Python callers and JSON use."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, str):
        return int(parse_rfc2822(value) if "," in value else parse_iso(value))
    return int(value)
