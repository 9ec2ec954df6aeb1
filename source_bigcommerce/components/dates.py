"""Dates of any form, as `YYYY-MM-DDTHH:MM:SS[.f]Z`."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

_MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        start=1,
    )
}

_TIME = (
    r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d*))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"(?:\s*(?P<zone>[+-]\d\d?(?::?\d\d)?|[A-Za-z]+)(?:\s*\(.*\))?)?"
)
_FORMS = [
    re.compile(form, re.ASCII)
    for form in (
        # ISO 8601, SQL's, and both with slashes.
        rf"(?P<year>\d{{4}})([-/])(?P<month>\d\d?)\2(?P<day>\d\d?)(?:(?:[Tt]|\s+){_TIME}|[Zz])?",
        # ISO 8601 without separators.
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
        r"([Tt]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?P<zone>[Zz]|[+-]\d{4})?)?",
        # RFC 2822, and HTTP's older form.
        r"([A-Za-z]{3,9},?\s+)?(?P<day>\d\d?)[\s-](?P<name>[A-Za-z]{3})[a-z]*[\s-](?P<year>\d{4})"
        rf"(?:\s+{_TIME})?",
        # The American form.
        rf"(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{{4}})(?:,?\s+{_TIME})?",
    )
]
# `""`, `0`, `0000-00-00 00:00:00`, and that in PHP's form: `Wed, 30 Nov -0001 00:00:00 +0000`.
_NO_DATE = re.compile(r"[0\s:./TZ+-]*|-\d{4}-\d\d-\d\d.*|.*[A-Za-z] -\d{4}( .*)?", re.ASCII)
# Fewer digits would be before 1973, and are more likely another number than a date. 14 digits are
# a date and a time.
_NUMBER = re.compile(r"([1-9]\d{8,12}|[1-9]\d{14,18})(\.\d+)?", re.ASCII)

# Hours from UTC.
_ZONES = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0),
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "BST": 1,
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "JST": 9,
    "AWST": 8,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
}


class UnreadableDate(ValueError):
    """A value that neither holds a date nor means that there is none."""


class _Moment(NamedTuple):
    written: datetime
    """A date to the second, in the zone in which it was written."""
    offset: timedelta
    fraction: str = ""


def iso_date(value: Any) -> str | None:
    """Turns `Wed, 05 Dec 2018 20:16:55 +0000` into `2018-12-05T20:16:55Z`, and "no date" into None.

    It reads ISO 8601, the forms of SQL and RFC 2822, the American form, seconds since 1970 (or
    fractions of them), and PHP's `{"date": ..., "timezone": ...}`. A date without a time means its
    midnight; one without a zone is in UTC. A fraction keeps its digits, up to six.

    Raises UnreadableDate for anything else.
    """
    if not value:
        return None
    if isinstance(value, str):
        # The forms that the API nearly always sends: slicing takes a tenth of the parser's time.
        try:
            if value[25:] == " +0000" and value[19] == value[22] == ":":
                iso = f"{_iso_day(value[4:17])}T{value[17:25]}"
                datetime.fromisoformat(iso)
                return iso + "Z"
            if value[4:17:3] == "--T::" and value[19:] in ("Z", "+00:00"):
                datetime.fromisoformat(value[:19])
                return f"{value[:19]}Z"
        except (KeyError, ValueError):
            pass
    moment = _moment(value)
    if moment is None:
        return None
    try:
        utc = moment.written - moment.offset
    except OverflowError:
        if moment.written.year == 1:  # so it is in the year 0
            return None
        raise UnreadableDate from None
    return f"{utc.isoformat()}{moment.fraction}Z"


@lru_cache(10_000)
def _iso_day(day: str) -> str:
    """` 05 Dec 2018 ` as `2018-12-05`."""
    return f"{day[8:12]}-{_MONTHS[day[4:7]]}-{day[1:3]}" if day[::12] == "  " else ""


def iso_day(value: Any) -> str | None:
    """The day of a date, as written: in the zone that the value names.

    Raises UnreadableDate as iso_date does.
    """
    moment = _moment(value)
    return moment.written.date().isoformat() if moment else None


def readable_date(value: Any) -> str | None:
    """Like iso_date, but None for an unreadable value."""
    try:
        return iso_date(value)
    except UnreadableDate:
        return None


def _moment(value: Any) -> _Moment | None:
    zone = "Z"
    if isinstance(value, dict) and value:  # PHP's DateTime
        value, zone = value.get("date"), str(value.get("timezone") or zone)
    if value in (None, False, [], {}):
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UnreadableDate
    text = str(value).strip()
    if _NO_DATE.fullmatch(text):
        return None
    if _NUMBER.fullmatch(text):
        return _since_1970(text)
    for form in _FORMS:
        if found := form.fullmatch(text):
            parts = found.groupdict()
            if parts["year"] == "0000":
                return None
            try:
                return _of_calendar(parts, zone)
            except (KeyError, OSError, OverflowError, ValueError):
                break
    raise UnreadableDate


def _of_calendar(parts: dict[str, str | None], zone: str) -> _Moment:
    """Raises KeyError, OSError, OverflowError or ValueError if there is no such moment."""
    month = parts.get("month") or _MONTHS[str(parts.get("name")).title()]
    day = datetime(int(parts["year"] or 0), int(month), int(parts["day"] or 0))
    hour, minute, second = (int(parts.get(part) or 0) for part in ("hour", "minute", "second"))
    if half := parts.get("half"):
        is_afternoon = half in "Pp"
        if 1 <= hour <= 12:
            hour = hour % 12 + 12 * is_afternoon
        elif (hour >= 12) != is_afternoon:
            raise ValueError("13 AM")
    # A day may end at 24:00:00, and a minute with a leap second: both mean the start of the next.
    if hour * 3600 + minute * 60 + min(second, 59) > 86_400 or minute > 59 or second > 60:
        raise ValueError("no time of a day")
    written = day + timedelta(hours=hour, minutes=minute, seconds=second)
    fraction = (parts.get("fraction") or "")[:6]
    return _Moment(
        written, _offset(parts.get("zone") or zone, written), f".{fraction}" if fraction else ""
    )


def _offset(zone: str, written: datetime) -> timedelta:
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        hours, minutes = (digits, "0") if len(digits) < 3 else (digits[:-2], digits[-2:])
        if int(hours) > 23 or int(minutes) > 59:
            raise ValueError("no offset")
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        return ahead if zone[0] == "+" else -ahead
    if "/" in zone:
        return ZoneInfo(zone).utcoffset(written) or timedelta()
    return timedelta(hours=_ZONES[zone.upper()])


def _since_1970(text: str) -> _Moment:
    """A date of seconds, or of thousandths, millionths or billionths of them."""
    whole, _, fraction = text.partition(".")
    while len(whole) > 11:
        whole, fraction = whole[:-3], whole[-3:] + fraction
    fraction = fraction[:6].rstrip("0")
    moment = datetime(1970, 1, 1) + timedelta(seconds=int(whole))
    return _Moment(moment, timedelta(), f".{fraction}" if fraction else "")


class Instant(str):
    """A UTC timestamp in ISO 8601 that is also a number: its seconds since 1970.

    The cursor looks at the date of every record, and strptime takes a tenth of the time of a read.
    For the format `%s`, which is the first of the manifest's `cursor_datetime_formats`, the CDK
    calls `int(date)` instead. In messages an Instant is its text.
    """

    __slots__ = ()

    def __int__(self) -> int:
        return int(datetime.fromisoformat(self[:19] + "+00:00").timestamp())


def instant(value: Any) -> Any:
    """Makes an Instant of an ISO timestamp in UTC; returns anything else as it is."""
    if isinstance(value, str) and value[10:11] == "T" and value.endswith(("Z", "+00:00")):
        return Instant(value)
    return value
