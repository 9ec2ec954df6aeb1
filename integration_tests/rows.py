"""What the records of a stream must be: the rows of the store, printed. The one place for it.

unit_tests/streams.py says what a stream is, and the route table of the sandbox where its rows are.
So a new stream needs no line here.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qs

import orjson

from integration_tests.syncs import Row, catalog_of
from sandbox import Sandbox
from sandbox.route import Route
from sandbox.routes import match
from sandbox.table import Condition
from unit_tests.streams import STREAMS, Expected

EXPECTED = {row.name: row for row in STREAMS}
RFC_2822 = re.compile(r"\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000")
WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@cache
def schema_of(name: str) -> dict[str, Any]:
    [stream] = catalog_of([name], {}).streams
    return dict(stream.stream.json_schema)


def as_printed(value: Any, schema: Mapping[str, Any]) -> Any:
    """A row of the store as the connector prints it: dates in UTC, none for an empty text.

    This store sends some values in another type than the schema's, as the API does.
    """
    kinds = schema.get("type")
    if schema.get("format") == "date-time" and str(value).isdecimal():  # B2B Edition
        return f"{datetime.fromtimestamp(int(value), timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    if value == [] and kinds == ["null", "object"]:
        return {}
    if kinds == ["null", "array"] and not isinstance(value, (list, type(None))):
        value = [value]
    if kinds == ["null", "string"] and type(value) in (int, float):
        return str(value)
    if kinds in (["null", "number"], ["null", "integer"]) and isinstance(value, str):
        return float(value) if "." in value else int(value)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {key: as_printed(item, properties.get(key, {})) for key, item in value.items()}
    if isinstance(value, list):
        return [as_printed(item, schema.get("items") or {}) for item in value]
    if "format" not in schema or not isinstance(value, str):
        return value
    if RFC_2822.fullmatch(value):
        value = f"{parsedate_to_datetime(value):%Y-%m-%dT%H:%M:%SZ}"
    if WITHOUT_ZONE.fullmatch(value):
        value = f"{value.replace(' ', 'T')}Z"
    value = re.sub(r"\+00:00$", "Z", value)
    return (value[:10] if schema["format"] == "date" else value) or None


# Tests compare the rows of the same few stores again and again.
@lru_cache(maxsize=8192)
def _printed(name: str, row: bytes) -> Row:
    printed: Row = as_printed(orjson.loads(row), schema_of(name))
    return printed


def includes(query: str) -> list[str]:
    return [name for each in parse_qs(query).get("include", ()) for name in each.split(",")]


def route_of(endpoint: str) -> Route:
    found = match("/" + re.sub(r"\{\w+\}", "1", endpoint.partition("?")[0]))
    assert found, f"sandbox/endpoints/ has no /{endpoint}"
    return found[0]


def parent_key(row: Expected) -> str:
    key, *_ = re.findall(r"\{(\w+)\}", row.endpoint)
    return str(key)


def rows_of(store: Sandbox, name: str, since: str = "") -> list[Row]:
    """The records that the rows of the store are; of those with a cursor, the ones from a date on.

    Fields that are null are left out, as the framework leaves them out at the top of a record.
    """
    row = EXPECTED[name]
    if "{" in row.endpoint:
        found = list(children_of(store, row))
        if row.channels_request:
            own = store.rows(route_of(row.first_request).collection)
            found += [{**each, "channel_id": 0} for each in own]
    else:
        _, _, query = row.first_request.partition("?")
        found = store.rows(route_of(row.endpoint).collection, includes(query))
    records = [
        _printed(name, orjson.dumps(record)) for each in found for record in row.records(each)
    ]
    return [
        {field: value for field, value in record.items() if value is not None}
        for record in records
        if not row.cursor or record.get(row.cursor, "~")[:19] >= since[:19]
    ]


def children_of(store: Sandbox, row: Expected) -> Iterator[Row]:
    """The rows of all parents, each with its parent's id and the date that is its cursor."""
    path, _, query = (row.channels_request or row.first_request).partition("?")
    parents = store.data.table(route_of(path).collection)
    key = parent_key(row)
    for at in parents.select():
        parent = parents.row(at)
        named = parent.get("id") or parent.get("uuid")
        parent_id = parent.get(parents.key, named)
        added = {key: parent.get(key, parent_id)}
        if row.cursor and row.cursor.endswith("_date_modified"):
            added[row.cursor] = parent["date_modified"]
        for child in children_at(store, row, at, parent_id, includes(query)):
            yield {**added, **child}


def children_at(
    store: Sandbox, row: Expected, at: int, parent: Any, embedded: list[str]
) -> list[Row]:
    """The rows of the parent at a position, with this key."""
    path = (row.channels_request or row.first_request).partition("?")[0]
    parents = store.data.table(route_of(path).collection)
    endpoint = row.endpoint.partition("?")[0]
    if not match("/" + re.sub(r"\{\w+\}", "1", endpoint)):  # they are listed by parent only
        [name] = embedded
        found: list[Row] = parents.row(at, [name])[parents.includes[name][0]]
        return found
    collection = route_of(endpoint).collection
    if collection in store.data.children:
        return store.data.children_at(collection, at)
    table = store.data.table(collection)
    condition = Condition(parent_key(row), "eq", parent)
    wanted = route_of(endpoint).filters.get(parent_key(row))
    if parent_key(row) not in table.columns and wanted and wanted.op == "overlaps":
        condition = Condition(wanted.field, "overlaps", frozenset({parent}))
    positions = table.select([condition])
    return [table.row(each, includes(row.children_query)) for each in positions]


# Comparing


def assert_equal(
    name: str, read: Iterable[Row], there: Iterable[Row], may_repeat: bool = False
) -> None:
    """The records of a stream are these rows, each as often, unless rows may repeat."""
    printed, rows = _counted(read), _counted(there)
    if may_repeat:
        printed, rows = Counter(printed.keys()), Counter(rows.keys())
    wrong, missing = sorted((printed - rows).elements()), sorted((rows - printed).elements())
    assert wrong[:1] == [], f"{name}: not a row of the store{_twin(name, wrong, missing)}"
    assert missing[:1] == [], f"{name}: a row is missing{_twin(name, missing, wrong)}"


def _counted(rows: Iterable[Row]) -> Counter[str]:
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def _twin(name: str, these: list[str], those: list[str]) -> str:
    """Where a row with the same key is on the other side: what is different."""
    fields = EXPECTED[name].primary_key.split(", ")
    for row in map(json.loads, these[:1]):
        for other in map(json.loads, those):
            if [row.get(field) for field in fields] == [other.get(field) for field in fields]:
                return f"; {difference(other, row)} (source_bigcommerce/schemas/{name}.json?)"
    return ""


def difference(due: Row, held: Row) -> str:
    """The fields that are not alike in two versions of one row."""
    return ", ".join(
        f"{field}={held.get(field, '(none)')!r}, not {due.get(field, '(none)')!r}"
        for field in sorted(due.keys() | held.keys())
        if held.get(field, "(none)") != due.get(field, "(none)")
    )
