"""The same values in other forms: ids as text, flags as numbers, dates in other formats.

For the option `other_forms`. The name of a field decides its form, so a field has one form in all
rows, as in stores.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from zlib import crc32

_RFC_2822 = re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)")
_NUMBER = re.compile(r"0|[1-9]\d{0,8}(\.\d{0,5}[1-9])?")
# Fields that are text elsewhere: a number would not tell how many decimals the text had.
_TEXT_ELSEWHERE = re.compile(r".*cost.*|.*discount.*|amount|weight")
# Fields without a type of their own: settings of carriers, answers of shoppers.
_FREE = {"value", "settings", "configuration", "form_fields", "data"}

_WEST, _EAST = timezone(timedelta(hours=-5)), timezone(timedelta(hours=2))
_DATES: tuple[Callable[[datetime], Any], ...] = (
    lambda date: f"{date:%Y-%m-%dT%H:%M:%S+0000}",
    lambda date: date.astimezone(_WEST).isoformat(),
    lambda date: format_datetime(date.astimezone(_EAST)),
    lambda date: f"{date.month}/{date.day}/{date:%Y} {date.hour % 12 or 12}:{date:%M:%S %p}",
    lambda date: f"{date:%Y-%m-%d %H:%M:%S}",
    lambda date: int(date.timestamp()),
    lambda date: str(int(date.timestamp())),
    lambda date: {"date": f"{date:%Y-%m-%d %H:%M:%S}", "timezone_type": 3, "timezone": "UTC"},
)
_FLAGS: tuple[Callable[[bool], Any], ...] = (
    int,
    lambda flag: "true" if flag else "false",
    lambda flag: "1" if flag else "0",
)
_INTEGERS: tuple[Callable[[int], Any], ...] = (str, float, lambda number: f"{number}.00")


def other(value: Any, name: str = "") -> Any:
    """The value in another form, from which the original can be recovered."""
    if name in _FREE or (_TEXT_ELSEWHERE.fullmatch(name) and type(value) in (int, float)):
        return value
    if isinstance(value, dict):
        return {key: other(item, key) for key, item in value.items()} or []
    if isinstance(value, list):
        return [other(item, name) for item in value]
    choice = crc32(name.encode())
    if isinstance(value, bool):
        return _FLAGS[choice % len(_FLAGS)](value)
    if isinstance(value, int):
        return _INTEGERS[choice % len(_INTEGERS)](value)
    if isinstance(value, float):
        return str(value)
    if isinstance(value, str):
        if _RFC_2822.fullmatch(value):
            return _DATES[choice % len(_DATES)](parsedate_to_datetime(value))
        if _ISO.fullmatch(value):
            return _DATES[choice % len(_DATES)](
                datetime.fromisoformat(value.replace("Z", "+00:00"))
            )
        if _NUMBER.fullmatch(value):
            return float(value) if "." in value else int(value)
    return value
