"""Dates that the CDK's cursor need not parse."""

from datetime import datetime
from typing import Any


class Instant(str):
    """A UTC timestamp in ISO 8601 that is also a number: its seconds since 1970.

    The cursor looks at the date of every record, and strptime takes a tenth of the time of a read.
    For the format `%s`, which stands first in the manifest's `cursor_datetime_formats`, the CDK
    asks for `int(date)` instead. In messages an Instant is the text that it is.
    """

    __slots__ = ()

    def __int__(self) -> int:
        return int(datetime.fromisoformat(self[:19] + "+00:00").timestamp())


def instant(value: Any) -> Any:
    """An ISO timestamp in UTC as an Instant; anything else as it is."""
    if isinstance(value, str) and value[10:11] == "T" and value.endswith(("Z", "+00:00")):
        return Instant(value)
    return value
