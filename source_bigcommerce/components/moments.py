"""Moments: as a person types them, by this machine's clock, and as requests need them."""

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast

from source_bigcommerce.components.form import the_form
from source_bigcommerce.components.given import NOT_GIVEN, given, shown
from source_bigcommerce.components.messages import (
    DATE_IMPOSSIBLE,
    DATE_UNREADABLE,
    START_AFTER_END,
)

if TYPE_CHECKING:
    from pendulum import DateTime

# Windows of a sync without a start date begin here; the first one is open to everything older.
# BigCommerce opened in 2009.
BEGINNING = "2009-01-01T00:00:00Z"

# The start dates of the form.
STARTS = ("start_date", "per_order_start_date")

# The patterns of the form say the same (manifest.yaml).
_BLANKS = " \t\r\n\u00a0"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?!24)[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
    r"(Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?"
)
_AMERICAN_DATE = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")
_SPAN = re.compile(
    r"([0-9]{1,4}|an?|one) *(second|minute|hour|day|week|month|year)s?,? +(?:and +)?", re.ASCII
)
_AGO = re.compile(rf"(?:{_SPAN.pattern}){{1,7}}ago")


def utc_now() -> datetime:
    """The dates of a configuration, by the clock of this machine."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def dates(config: Mapping[str, Any], now: datetime, sure_until: datetime) -> dict[str, Any]:
    """The dates of a configuration, by the given clock.

    `start_date`, `end_date` (never later than `now`), `now` and `sure_until` as full UTC
    timestamps, and `reads_everything`: no start date was given. `per_order_start_date` as well, ""
    where it was not given; see `starting`.

    sure_until: later changes are read, too, but do not count as read.

    Raises a config error that names the field of the form and what to type there.
    """
    starts = {
        key: _instant(given(config, key, BEGINNING), _title(key), now)
        for key in STARTS
        if key == "start_date" or config.get(key) not in NOT_GIVEN
    }
    end = _instant(given(config, "end_date", "now"), _title("end_date"), now, is_end=True)
    # Rows edited during the sync must be later than its end, so the end is never in the future.
    end = min(end, now)
    for key, start in starts.items():
        if start > end:
            shown = {"start": format_instant(start), "end": format_instant(end)}
            raise START_AFTER_END.error(title=_title(key), **shown)
    return {
        "per_order_start_date": "",
        **{key: format_instant(start) for key, start in starts.items()},
        "end_date": format_instant(end),
        "now": format_instant(now),
        "sure_until": format_instant(sure_until),
        "reads_everything": config.get("start_date") in NOT_GIVEN,
    }


def starting(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A normalized configuration whose start date is that of another field, if it was given."""
    start = config.get(key)
    return {**config, "start_date": start, "reads_everything": False} if start else config


def format_instant(instant: datetime) -> str:
    """A full UTC timestamp: BigCommerce adds the time of day to a bare date and drops rows."""
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def format_seconds(seconds: int) -> str:
    """Like format_instant, of seconds since 1970."""
    return format_instant(datetime.fromtimestamp(seconds, timezone.utc))


def _title(key: str) -> str:
    return str(the_form()[key]["title"])


def _instant(value: Any, title: str, now: datetime, is_end: bool = False) -> datetime:
    """A date, timestamp or words as an instant; a date as its first second, or last for an end."""
    text = value.strip(_BLANKS) if isinstance(value, str) else ""
    words = text.lower()
    try:
        if _DATE.fullmatch(text) or _AMERICAN_DATE.fullmatch(text):
            return _edge(_parsed(text), is_end)
        if _INSTANT.fullmatch(text):
            return _parsed(text).in_timezone("UTC")
        if _AGO.fullmatch(words):
            return _ago(words, now)
    except (ValueError, OverflowError):
        raise DATE_IMPOSSIBLE.error(title=title, value=shown(value)) from None
    if words == "now":
        return now
    if words in ("today", "yesterday"):
        return min(_edge(_ago(f"{int(words == 'yesterday')} days ago", now), is_end), now)
    raise DATE_UNREADABLE.error(title=title, value=shown(value))


def _parsed(text: str) -> "DateTime":
    """A date or timestamp, in UTC unless it names a zone. Raises ValueError for anything else."""
    import pendulum  # imported here, so `spec` does not pay for it

    if "/" in text:
        return pendulum.from_format(text, "M/D/YYYY")
    return cast("DateTime", pendulum.parse(text))


def _edge(day: "DateTime", is_end: bool) -> datetime:
    return (day.end_of("day") if is_end else day.start_of("day")).replace(microsecond=0)


def _ago(text: str, now: datetime) -> "DateTime":
    """`30 days ago`, `1 month ago`, `1 year, 2 months ago`."""
    import pendulum

    moment = pendulum.instance(now)
    for number, unit in _SPAN.findall(text):
        spans: dict[str, Any] = {f"{unit}s": int(number) if number.isdecimal() else 1}
        moment = moment.subtract(**spans)
    return moment
