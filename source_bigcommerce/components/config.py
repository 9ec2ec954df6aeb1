"""The form as a person fills it in, made into what the manifest reads."""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from airbyte_cdk.sources.declarative.transformations.config_transformations.config_transformation import (  # noqa: E501
    ConfigTransformation,
)

from source_bigcommerce.components.connections import is_loopback
from source_bigcommerce.components.messages import (
    API_URL_UNSAFE,
    API_URL_WITH_LOGIN,
    CHANNELS_UNREADABLE,
    DATE_IMPOSSIBLE,
    DATE_UNREADABLE,
    HASH_MISSING,
    HASH_UNREADABLE,
    NUMBER_UNFIT,
    START_AFTER_END,
    SWITCH_UNFIT,
    TOKEN_MISSING,
    TOKEN_UNREADABLE,
)

# Windows of a sync without a start date begin here; the first one is open to everything older.
# BigCommerce opened in 2009.
BEGINNING = "2009-01-01T00:00:00Z"

_API_URL = "https://api.bigcommerce.com"
_SMALLEST_WINDOW = "P1D"
LONGEST_LOOKBACK = 44640
_NUMBERS = {  # key: (title in the form, lowest, highest, default)
    "num_workers": ("Workers", 1, 40, 10),
    "lookback_minutes": ("Look-back", 0, LONGEST_LOOKBACK, 10),
    "page_size": ("Page size", 1, 250, 250),
    "quota_share": ("Share of the API quota", 1, 100, 100),
}
_SWITCHES = {  # key: title in the form
    "skip_hidden_products": "Skip hidden products",
    "flatten_records": "Flatten records",
}

_FORM = {
    *("store_hash", "access_token", "api_url", "start_date", "end_date", "channel_ids"),
    *_NUMBERS,
    *_SWITCHES,
}

_NOT_GIVEN: tuple[Any, ...] = (None, "")  # a form sends "" for a field left empty

_HASH_FORMS = (
    re.compile(r"/?stores/([a-z0-9]+)(?:/.*)?"),
    re.compile(r"https://[^/]+/stores/([a-z0-9]+)(?:/.*)?"),
    re.compile(r"(?:https://)?store-([a-z0-9]+)(?:-\d+)?\.mybigcommerce\.com(?:/.*)?"),
    re.compile(r"(?:store-)?([a-z0-9]+)"),
)
_LOGIN = re.compile(r"^(\W*[a-z]+:/+)?.*(?:@|%40)", re.IGNORECASE | re.DOTALL)
_SECRET_PART = re.compile(r"([?#]|:(?!/|\d{1,5}(?:[/?#]|$))).*", re.DOTALL)
_CHANNEL_ID = re.compile(r"[0-9]{1,18}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
_AMERICAN_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")


@dataclass
class NormalizeConfig(ConfigTransformation):
    """Checks the form's values, brings each into one shape and fills in the defaults.

    Not YAML: the CDK's own transformations can copy and rename keys, not read a date or cut the
    hash out of an address, and a violation of the spec is reported without the field's name.

    It runs in memory, at the start of each sync: "30 days ago" stays "30 days ago" in the saved
    configuration.

    Out of it come, beside the form's keys, those of `dates` and `window`, the least length of a
    date window as an ISO 8601 duration.

    Raises a config error that names the field of the form and what to type there.
    """

    parameters: InitVar[Mapping[str, Any] | None] = None

    def __post_init__(self, parameters: Mapping[str, Any] | None) -> None:
        pass

    def transform(self, config: MutableMapping[str, Any]) -> None:
        config["store_hash"] = _store_hash(config.get("store_hash"))
        config["access_token"] = _access_token(config.get("access_token"))
        config["api_url"] = _api_url(_given(config, "api_url", _API_URL))
        for key, (title, lowest, highest, default) in _NUMBERS.items():
            config[key] = _number(config.get(key), title, lowest, highest, default)
        for key, title in _SWITCHES.items():
            config[key] = _switch(config.get(key), title)
        config["channel_ids"] = _channel_ids(config.get("channel_ids"))
        config["window"] = _SMALLEST_WINDOW
        now = utc_now()
        config.update(dates(config, now, sure_until=now))


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
    start = _instant(_given(config, "start_date", BEGINNING), "Start date", now)
    end = _instant(_given(config, "end_date", "now"), "End date", now, is_end=True)
    # Rows edited during the sync must fall behind its end, so it is never in the future.
    end = min(end, now)
    if start > end:
        raise START_AFTER_END.error(start=format_instant(start), end=format_instant(end))
    return {
        "start_date": format_instant(start),
        "end_date": format_instant(end),
        "now": format_instant(now),
        "sure_until": format_instant(sure_until),
        "reads_everything": config.get("start_date") in _NOT_GIVEN,
    }


def of_the_form(config: Mapping[str, Any]) -> dict[str, Any]:
    """Its values without whatever else stands there: internal keys are not for users to set."""
    return {key: value for key, value in config.items() if key in _FORM}


def format_instant(instant: datetime) -> str:
    """A full UTC timestamp: BigCommerce adds the time of day to a bare date and drops rows."""
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def _given(config: Mapping[str, Any], key: str, default: str) -> Any:
    return default if config.get(key) in _NOT_GIVEN else config[key]


def _store_hash(value: Any) -> str:
    if value in _NOT_GIVEN:
        raise HASH_MISSING.error()
    text = value.strip() if isinstance(value, str) else ""
    for form in _HASH_FORMS:
        match = form.fullmatch(text.lower())
        if match:
            return match.group(1)
    raise HASH_UNREADABLE.error(value=_shown_address(value))


def _access_token(value: Any) -> str:
    if value in _NOT_GIVEN:
        raise TOKEN_MISSING.error()
    token = value.strip() if isinstance(value, str) else ""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise TOKEN_UNREADABLE.error()
    return token


def _api_url(value: Any) -> str:
    text = value.strip().rstrip("/") if isinstance(value, str) else ""
    if "@" in text:
        raise API_URL_WITH_LOGIN.error(value=_shown_address(value))
    try:
        url = urlsplit(text)
        is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname))
        has_host = url.hostname and url.port != 0
        # Some readers of addresses let a backslash end the host; behind ? and # a path is lost.
        is_plain = text.isprintable() and not set(" \\?#").intersection(text)
        if has_host and is_safe and is_plain:
            return text
    except ValueError:
        pass
    raise API_URL_UNSAFE.error(value=_shown_address(value))


def _number(value: Any, title: str, lowest: int, highest: int, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return value
    raise NUMBER_UNFIT.error(title=title, value=_shown(value), lowest=lowest, highest=highest)


def _switch(value: Any, title: str) -> bool:
    if value in (None, True, False):
        return bool(value)
    raise SWITCH_UNFIT.error(title=title, value=_shown(value))


def _channel_ids(value: Any) -> list[int]:
    """Of `[1, 2]`, `["1", "2"]`, `1` or `"1, 2"`: each once, in ascending order."""
    if value in _NOT_GIVEN:
        return []
    ids = value if isinstance(value, list) else str(value).split(",")
    texts = [str(each).strip() for each in ids]
    if all(_CHANNEL_ID.fullmatch(text) for text in texts):
        return sorted({int(text) for text in texts})
    raise CHANNELS_UNREADABLE.error(value=_shown(value))


def _instant(value: Any, title: str, now: datetime, is_end: bool = False) -> datetime:
    """A date, timestamp or words as an instant; a date as its first second, or last for an end."""
    text = value.strip() if isinstance(value, str) else ""
    edge = time(23, 59, 59) if is_end else time()
    try:
        if _DATE.fullmatch(text):
            return datetime.combine(datetime.fromisoformat(text), edge, timezone.utc)
        if _AMERICAN_DATE.fullmatch(text):
            return datetime.combine(datetime.strptime(text, "%m/%d/%Y"), edge, timezone.utc)
        if _INSTANT.fullmatch(text):
            from dateutil.parser import isoparse

            instant = isoparse(text.replace(" ", "T"))
            return (instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)).astimezone(
                timezone.utc
            )
    except (ValueError, OverflowError):
        raise DATE_IMPOSSIBLE.error(title=title, value=_shown(value)) from None
    if text.lower() == "now":
        return now
    if text.lower() in ("today", "yesterday"):
        day = now - timedelta(days=text.lower() == "yesterday")
        return min(datetime.combine(day, edge, timezone.utc), now)
    relative = _relative(text, now)
    if not relative:
        raise DATE_UNREADABLE.error(title=title, value=_shown(value))
    return relative


def _relative(text: str, now: datetime) -> datetime | None:
    """`30 days ago`, `1 month ago`: only spans before now, never a guess at a date's parts."""
    if not text or len(text) > 40 or not text.lower().endswith("ago"):
        return None
    import dateparser  # 70 ms that a sync without words does not pay

    parsed: datetime | None = dateparser.parse(
        text,
        languages=["en"],
        settings={
            "PARSERS": ["relative-time"],
            "RELATIVE_BASE": now,
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": True,
        },
    )
    return parsed


def _shown_address(value: Any) -> str:
    """Without what may be a password or a token: before @, behind a colon, after ? and #."""
    if not isinstance(value, str):
        return _shown(_LOGIN.sub("***@", repr(value)))
    return _shown(_SECRET_PART.sub(r"\1***", _LOGIN.sub(r"\1***@", value)))


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return f'"{printable[:60]}{"..." if len(printable) > 60 else ""}"'
