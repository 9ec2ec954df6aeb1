"""The store's clock: what changes during a sync must fall behind its end, by the store's time."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests

from source_bigcommerce.components.budget import StoreBudget
from source_bigcommerce.components.config import format_instant, utc_now

LOGGER = logging.getLogger("airbyte")

_TIME_OUT = 10
_LONGEST_REPLY = 20
# How far ahead of the store this machine's clock may be where the store does not tell its time.
_MARGIN = timedelta(minutes=10)
# With a clock that is wrong by more, either side could open no secure connection.
_MOST_AHEAD = timedelta(days=1)
_NO_STORE_BEFORE = datetime(2009, 1, 1, tzinfo=timezone.utc)


def store_clock(config: Mapping[str, Any], budget: StoreBudget) -> tuple[datetime, datetime]:
    """The store's time, and until when it is sure that it has been reached.

    Asks once, and takes the `Date` of whatever reply comes: a token without the scope of
    `/v2/time` is told the time as well. If the store tells several times, the earliest: what is
    read too late comes with the next sync. Where it tells none, and where it is more than a day
    ahead of this machine, this machine's clock counts, and is sure less ten minutes.

    Source: https://developer.bigcommerce.com/docs/rest-management/store-information
    """
    told: list[datetime] = []
    with requests.Session() as session:
        # No proxy knows the way to this machine.
        session.trust_env = urlsplit(config["api_url"]).scheme == "https"
        request = session.prepare_request(_request(config))
        budget.acquire_call(request)
        # A reply that trickles is waited for no longer than others.
        asking = Thread(target=lambda: told.extend(_asked(session, request, budget)), daemon=True)
        asking.start()
        asking.join(_LONGEST_REPLY)
    ours = utc_now()
    times = [time for time in told if time > _NO_STORE_BEFORE]
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
    if abs(store - ours) > _MARGIN:
        LOGGER.info("The store's clock is at %s, and counts.", format_instant(store))
    return store, store


def _request(config: Mapping[str, Any]) -> requests.Request:
    headers = {
        "Accept": "application/json",
        "User-Agent": "Airbyte source-bigcommerce",
        "X-Auth-Token": config["access_token"],
    }
    return requests.Request(
        "GET", f"{config['api_url']}/stores/{config['store_hash']}/v2/time", headers
    )


def _asked(
    session: requests.Session, request: requests.PreparedRequest, budget: StoreBudget
) -> list[datetime]:
    response = requests.Response()
    settings = session.merge_environment_settings(request.url, {}, True, None, None)
    try:
        response = session.send(request, timeout=_TIME_OUT, allow_redirects=False, **settings)
        return list(_times(response))
    except (requests.RequestException, OSError):
        return []
    finally:
        budget.update_from_response(request, response)


def _times(response: requests.Response) -> Iterator[datetime]:
    with suppress(TypeError, ValueError):
        date = parsedate_to_datetime(response.headers.get("Date", ""))
        yield date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    if response.status_code == requests.codes.ok:
        with suppress(TypeError, ValueError, LookupError, OverflowError, OSError, StopIteration):
            time = orjson.loads(next(response.iter_content(1000)))["time"]
            yield datetime.fromtimestamp(int(time), timezone.utc)
