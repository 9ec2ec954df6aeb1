"""Moments: what a person types, what the store's clock says, and the form that requests take."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast

import orjson
import requests

from source_bigcommerce.components.authenticator import TokenAuthenticator
from source_bigcommerce.components.given import NOT_GIVEN, given, shown
from source_bigcommerce.components.messages import (
    DATE_IMPOSSIBLE,
    DATE_UNREADABLE,
    START_AFTER_END,
)
from source_bigcommerce.components.sync import Sync

if TYPE_CHECKING:
    from pendulum import DateTime

LOGGER = logging.getLogger("airbyte")

# Windows of a sync without a start date begin here; the first one is open to everything older.
# BigCommerce opened in 2009.
BEGINNING = "2009-01-01T00:00:00Z"

_TIME_OUT = 10
_LARGEST = 10_000
# How far this machine's clock may be ahead of the store if the store does not tell its time.
_MARGIN = timedelta(minutes=10)
# With a clock that is wrong by more, neither side could open a secure connection.
_MOST_AHEAD = timedelta(days=1)
_NO_STORE_BEFORE = datetime(2009, 1, 1, tzinfo=timezone.utc)

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
    """By the clock of this machine."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def dates(config: Mapping[str, Any], now: datetime, sure_until: datetime) -> dict[str, Any]:
    """What a configuration says about dates, by the given clock.

    `start_date`, `end_date` (never later than `now`), `now` and `sure_until` as full UTC
    timestamps, and `reads_everything`: no start date was given.

    sure_until: what changed later is read as well, and does not count as read.

    Raises a config error that names the field of the form and what to type there.
    """
    start = _instant(given(config, "start_date", BEGINNING), "Start date", now)
    end = _instant(given(config, "end_date", "now"), "End date", now, is_end=True)
    # Rows edited during the sync must fall behind its end, so it is never in the future.
    end = min(end, now)
    if start > end:
        raise START_AFTER_END.error(start=format_instant(start), end=format_instant(end))
    return {
        "start_date": format_instant(start),
        "end_date": format_instant(end),
        "now": format_instant(now),
        "sure_until": format_instant(sure_until),
        "reads_everything": config.get("start_date") in NOT_GIVEN,
    }


def format_instant(instant: datetime) -> str:
    """A full UTC timestamp: BigCommerce adds the time of day to a bare date and drops rows."""
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


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
    """A date or timestamp; of UTC where it names no zone. Raises ValueError for none."""
    import pendulum  # `spec` does not pay for it

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


def store_clock(config: Mapping[str, Any], sync: Sync) -> tuple[datetime, datetime]:
    """The store's time, and the time that has surely been reached.

    Asks once, and uses the `Date` of any reply, so a token without the scope of `/v2/time` gets the
    time, too. If the store tells several times, the earliest counts: rows that are too late arrive
    with the next sync. If that is far from this machine's clock, either may be wrong: the sync
    reads up to the later and is sure up to the earlier. If the store tells no time, or is more than
    a day ahead, this machine's clock counts, and is sure up to ten minutes ago.

    Source: https://developer.bigcommerce.com/docs/rest-management/store-information
    """
    times = [time for time in _asked(config, sync) if time > _NO_STORE_BEFORE]
    ours = utc_now()
    if not times:
        LOGGER.info("The store does not tell its time: the clock of this machine counts.")
        return ours, ours - _MARGIN
    store = min(times)
    if store > ours + _MOST_AHEAD:
        LOGGER.warning(
            "The store says it is %s, and this machine %s: what changed by the earlier is read.",
            format_instant(store),
            format_instant(ours),
        )
        return ours, ours - _MARGIN
    if abs(store - ours) <= _MARGIN:
        return store, store
    LOGGER.info(
        "The store says it is %s, and this machine %s: what changed between is read each time.",
        format_instant(store),
        format_instant(ours),
    )
    return max(store, ours), min(store, ours)


def _asked(config: Mapping[str, Any], sync: Sync) -> list[datetime]:
    request = requests.Request(
        "GET",
        f"{config['api_url']}/stores/{config['store_hash']}/v2/time",
        headers={
            "Accept": "application/json",
            "User-Agent": "Airbyte source-bigcommerce",
        },
        auth=TokenAuthenticator(config=config, parameters={}, largest_reply=_LARGEST),
    )
    session = requests.Session()
    sync.connections.carry(session)
    prepared, response = session.prepare_request(request), requests.Response()
    sync.acquire_call(prepared)
    try:
        response = session.send(prepared, timeout=_TIME_OUT, allow_redirects=False, stream=True)
        return list(_times(response))
    except (requests.RequestException, OSError):
        return []
    finally:
        sync.update_from_response(prepared, response)


def _times(response: requests.Response) -> Iterator[datetime]:
    with suppress(TypeError, ValueError, OverflowError):
        date = parsedate_to_datetime(response.headers.get("Date", ""))
        yield (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    if response.status_code == requests.codes.ok:
        with suppress(TypeError, ValueError, LookupError, OverflowError, OSError):
            time = orjson.loads(response.content)["time"]
            yield datetime.fromtimestamp(int(time), timezone.utc)
