"""The store's clock: rows that change during a sync must be later than its end, by that clock."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests

from source_bigcommerce.components.authenticator import TokenAuthenticator
from source_bigcommerce.components.moments import format_instant, utc_now
from source_bigcommerce.components.sync import Sync

LOGGER = logging.getLogger("airbyte")

_TIME_OUT = 10
_LARGEST = 10_000
# How far this machine's clock may be ahead of the store if the store does not tell its time.
_MARGIN = timedelta(minutes=10)
# With a clock that is wrong by more, neither side could open a secure connection.
_MOST_AHEAD = timedelta(days=1)
_NO_STORE_BEFORE = datetime(2009, 1, 1, tzinfo=timezone.utc)


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
