"""Dates as ISO 8601: v2 sends RFC 2822, and an empty text where there is no date."""

import re
from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from airbyte_cdk.sources.declarative.schema.json_file_schema_loader import JsonFileSchemaLoader
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

_MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        start=1,
    )
}

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T")
_WITHOUT_ZONE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


def iso_date(value: Any) -> Any:
    """`Wed, 05 Dec 2018 20:16:55 +0000` as `2018-12-05T20:16:55Z`; empty text as None.

    `2018-12-05 20:16:55`, as customer groups have it, is taken for UTC like all other dates. What
    is neither (None, a date that is ISO already) is given back as it is.
    """
    if not isinstance(value, str):
        return value
    if value[4:5] == "-":
        if value[10:11] == " " and _WITHOUT_ZONE.fullmatch(value):
            return f"{value[:10]}T{value[11:]}Z"
        return value
    if not value.strip():
        return None
    if len(value) == 31 and value.endswith(" +0000") and value[8:11] in _MONTHS:
        # The form that the API always sends; slicing takes a tenth of the parser's time.
        return f"{value[12:16]}-{_MONTHS[value[8:11]]}-{value[5:7]}T{value[17:25]}Z"
    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return value
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=timezone.utc)
    return parsed.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(value: Any) -> Any:
    """The day of an ISO timestamp; anything else as it is."""
    return value[:10] if isinstance(value, str) and _INSTANT.match(value) else value


@dataclass
class Dates(RecordTransformation):
    """Rewrites each field that the stream's schema declares as a date-time or a date.

    Not YAML: AddFields takes 20 µs a field, and a list of date fields in the manifest would repeat
    the schema.

    Before: `{"date_created": "Wed, 05 Dec 2018 20:16:55 +0000", "date_shipped": ""}`
    After:  `{"date_created": "2018-12-05T20:16:55Z", "date_shipped": None}`
    """

    schema_loader: JsonFileSchemaLoader
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        pass

    @cached_property
    def _dates(self) -> Mapping[str, Any]:
        # Not before the first row: a sync builds all streams, whichever it reads.
        return _date_fields(self.schema_loader.get_json_schema())

    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        _rewrite(record, self._dates)


def _date_fields(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Date fields of an object schema: `{name: "date-time"}`, or `{name: {...}}` if nested."""
    fields: dict[str, Any] = {}
    for name, field in schema.get("properties", {}).items():
        if field.get("format") in ("date", "date-time"):
            fields[name] = field["format"]
        else:
            nested = {**_date_fields(field), **_date_fields(field.get("items") or {})}
            if nested:
                fields[name] = nested
    return fields


def _rewrite(value: Any, dates: Mapping[str, Any]) -> None:
    if isinstance(value, list):
        for item in value:
            _rewrite(item, dates)
    elif isinstance(value, dict):
        for name, nested in dates.items():
            if name not in value:
                continue
            if nested == "date-time":
                value[name] = iso_date(value[name])
            elif nested == "date":
                value[name] = _day(iso_date(value[name]))
            else:
                _rewrite(value[name], nested)
