"""Dates as they arrive and as they leave."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce.components.dates import UnreadableDate, iso_date, iso_day, readable_date

ISO = "2018-12-05T20:16:55Z"
FORMS: list[tuple[Any, str | None]] = [
    # RFC 2822, with any zone, weekday or seconds.
    ("Wed, 05 Dec 2018 20:16:55 +0000", ISO),
    ("Wed, 05 Dec 2018 20:16:55 +0200", "2018-12-05T18:16:55Z"),
    ("Sat, 01 Feb 2025 02:00:00 +0200", "2025-02-01T00:00:00Z"),
    ("Wed, 05 Dec 2018 20:16:55 GMT", ISO),
    ("Wed, 05 Dec 2018 15:16:55 EST", ISO),
    ("Wed, 05 Dec 2018 15:16:55 -0500 (EST)", ISO),
    ("Wed, 5 Dec 2018 20:16:55 +0000", ISO),
    ("Wednesday, 05-Dec-2018 20:16:55 GMT", ISO),
    ("05 Dec 2018 20:16:55", ISO),
    ("05 dec 2018 20:16", "2018-12-05T20:16:00Z"),
    ("5 December 2018", "2018-12-05T00:00:00Z"),
    # ISO 8601.
    (ISO, ISO),
    ("2018-12-05T20:16:55+00:00", ISO),
    ("2018-12-05T20:16:55+0000", ISO),
    ("2018-12-05T15:16:55-05:00", ISO),
    ("2018-12-06T01:16:55+05", ISO),
    ("2018-12-06T02:01:55+05:45", ISO),
    ("2018-12-05t20:16:55z", ISO),
    ("2018-12-05T20:16:55", ISO),
    ("2018-12-05 20:16:55", ISO),
    ("2018-12-05  20:16:55 UTC", ISO),
    (" 2018-12-05T20:16:55Z\n", ISO),
    ("2018-12-05T20:16Z", "2018-12-05T20:16:00Z"),
    ("2018/12/05 20:16:55", ISO),
    ("20181205T201655Z", ISO),
    ("20181205201655", ISO),
    ("2018-12-05", "2018-12-05T00:00:00Z"),
    ("20181205", "2018-12-05T00:00:00Z"),
    # The fraction that was sent, up to six digits.
    ("2018-12-05T20:16:55.1Z", "2018-12-05T20:16:55.1Z"),
    ("2018-12-05T20:16:55.000Z", "2018-12-05T20:16:55.000Z"),
    ("2018-12-05T20:16:55.123456789+00:00", "2018-12-05T20:16:55.123456Z"),
    ("2018-12-05 20:16:55,5", "2018-12-05T20:16:55.5Z"),
    # The ends of minutes, days, months.
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ("2018-12-31T24:00:00Z", "2019-01-01T00:00:00Z"),
    ("2020-02-29T23:30:00-01:00", "2020-03-01T00:30:00Z"),
    # The American form.
    ("5/18/2023 1:26:42 PM", "2023-05-18T13:26:42Z"),
    ("05/18/2023 01:26:42 am", "2023-05-18T01:26:42Z"),
    ("5/18/2023 12:00:00 AM", "2023-05-18T00:00:00Z"),
    ("5/18/2023 12:30 PM", "2023-05-18T12:30:00Z"),
    ("5/18/2023, 1:26 p.m.", "2023-05-18T13:26:00Z"),
    ("5/18/2023 13:26:42", "2023-05-18T13:26:42Z"),
    ("5/18/2023", "2023-05-18T00:00:00Z"),
    # Seconds since 1970, and parts of them.
    (1544041015, ISO),
    ("1544041015", ISO),
    (1544041015.25, "2018-12-05T20:16:55.25Z"),
    (1544041015000, ISO),
    ("1544041015123", "2018-12-05T20:16:55.123Z"),
    # PHP's objects.
    (
        {"date": "2018-12-05 20:16:55.000000", "timezone_type": 1, "timezone": "+00:00"},
        "2018-12-05T20:16:55.000000Z",
    ),
    (
        {"date": "2018-12-05 14:16:55", "timezone_type": 3, "timezone": "America/Chicago"},
        ISO,
    ),
    # No date.
    (None, None),
    ("", None),
    ("  ", None),
    ("0", None),
    (0, None),
    (False, None),
    ([], None),
    ({}, None),
    ("0000-00-00", None),
    ("0000-00-00 00:00:00", None),
    ("0000-00-00T00:00:00Z", None),
    ("00/00/0000", None),
    ("Wed, 30 Nov -0001 00:00:00 +0000", None),
    ("30 Nov -0001", None),
    ("-0001-11-30T00:00:00+00:00", None),
    ("-0001-11-30 00:00:00", None),
    ("0000-11-30T00:00:00Z", None),
    ("Thu, 30 Nov 0000 00:00:00 +0000", None),
    ("0001-01-01T00:00:00+05:00", None),
]
UNREADABLE: list[Any] = [
    "soon",
    "31/12/2024 10:00",
    "2018-02-30T00:00:00Z",
    "Fri, 30 Feb 2018 20:16:55 +0000",
    "2018-13-01",
    "2018-12-05T24:00:01Z",
    "2018-12-05T20:60:00Z",
    "2018-12-05T20:16:61Z",
    "5/18/2023 13:26 AM",
    "10000-01-01T00:00:00Z",
    "9999-12-31T23:00:00-05:00",
    "2018-12-05T20:16:55+99:00",
    "2018-12-05T20:16:55 Mars",
    "2018-12-05T20:16:55Z and more",
    "2018-12-05T",
    "\N{FULLWIDTH DIGIT TWO}018-12-05",
    "2018",
    "12345678",
    "012345678",
    2018,
    -1,
    True,
    [1],
    {"date": "soon"},
    {"date": "2018-12-05 14:16:55", "timezone": "Mars/Phobos"},
    {"date": "2018-12-05 14:16:55", "timezone": "../../etc/passwd"},
    float("inf"),
    10**30,
]


@pytest.mark.parametrize(("sent", "iso"), FORMS)
def test_a_date_becomes_iso_wherever_the_machine_is(
    sent: Any, iso: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for zone in ("Asia/Tokyo", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert iso_date(sent) == iso


@pytest.mark.parametrize("sent", UNREADABLE, ids=repr)
def test_an_unreadable_date_is_not_invented(sent: Any) -> None:
    with pytest.raises(UnreadableDate):
        iso_date(sent)
    assert readable_date(sent) is None


@pytest.mark.parametrize(
    ("sent", "day"),
    [
        ("2018-12-05", "2018-12-05"),
        (ISO, "2018-12-05"),
        ("Wed, 05 Dec 2018 00:00:00 +0000", "2018-12-05"),
        # The day as written, not the day in Greenwich.
        ("2018-12-05T00:00:00+10:00", "2018-12-05"),
        ("2018-12-05T23:00:00-05:00", "2018-12-05"),
        ("", None),
        ("0000-00-00", None),
    ],
)
def test_a_day_stays_the_one_written(sent: str, day: str | None) -> None:
    assert iso_day(sent) == day


MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))
OFFSETS = st.integers(min_value=-14 * 60, max_value=14 * 60).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)


@given(MOMENTS, OFFSETS)
def test_a_date_in_any_form_and_zone_is_the_same_instant(moment: datetime, zone: timezone) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone.utc)
    iso, there = f"{moment.isoformat()[:19]}Z", moment.astimezone(zone)
    american = f"{moment.month}/{moment.day}/{moment:%Y} {moment:%I:%M:%S %p}"
    american = american.replace(f"/{moment:%Y} ", f"/{moment.year:04d} ")
    for form in (iso, there.isoformat(), there.isoformat(" "), format_datetime(there), american):
        assert iso_date(form) == iso, form


@given(MOMENTS)
def test_a_right_date_stays(moment: datetime) -> None:
    iso = f"{moment.isoformat()}Z"
    assert iso_date(iso) == iso


PIECES = st.sampled_from(
    ["2018", "-", "/", "12", "05", "T", " ", ":", "20", "Z", "+", "00", "Dec", "Wed,", ".5", "PM"]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30) | st.integers())
def test_any_value_becomes_an_iso_date_or_none_and_then_stays(sent: Any) -> None:
    read = readable_date(sent)
    if read is not None:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", read, re.ASCII)
        datetime.fromisoformat(read[:19])
        assert iso_date(read) == read
