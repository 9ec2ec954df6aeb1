"""Each stream reads what is in the store and nothing else, and then only what changed.

unit_tests/streams.py says what a stream is, and the route table of the sandbox where its rows are.
So a new stream needs no line here.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest
from jsonschema import Draft7Validator, FormatChecker

from integration_tests.syncs import Row, Sync, catalog_of, config_for, sync
from sandbox import Sandbox
from sandbox.route import Route
from sandbox.routes import match
from sandbox.table import Condition
from unit_tests.streams import STREAMS, Expected

NAMES = [row.name for row in STREAMS]
INCREMENTAL = [row for row in STREAMS if row.cursor]
# Streams whose endpoint answers few requests at a time.
LIMITED = [
    row
    for row in STREAMS
    for route in [match("/" + re.sub(r"\{\w+\}", "1", row.endpoint.partition("?")[0]))]
    if route and route[0].concurrent
]
# Streams that the order list can embed.
WITH_ORDERS = [row for row in STREAMS if row.first_request.startswith("v2/orders?include=")]

Schemas = dict[str, dict[str, Any]]
SIZES: dict[str, Any] = {"orders": 260, "customers": 300, "products": 260, "seed": 11}
RFC_2822 = re.compile(r"\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000")
WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LOOK_BACK = timedelta(minutes=10)

FORMATS = FormatChecker(("date",))


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(ISO.fullmatch(value) and datetime.fromisoformat(value[:19]))


# What is in the store


def as_printed(value: Any, schema: dict[str, Any]) -> Any:
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
    if kinds == ["null", "number"] and isinstance(value, str):
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


def includes(query: str) -> list[str]:
    return [name for each in parse_qs(query).get("include", ()) for name in each.split(",")]


def route_of(endpoint: str) -> Route:
    found = match("/" + re.sub(r"\{\w+\}", "1", endpoint.partition("?")[0]))
    assert found, f"sandbox/endpoints/ has no /{endpoint}"
    return found[0]


def parent_key(row: Expected) -> str:
    key, *_ = re.findall(r"\{(\w+)\}", row.endpoint)
    return str(key)


def rows_of(store: Sandbox, row: Expected, schema: dict[str, Any]) -> list[Row]:
    """The rows of the store, as records."""
    if "{" in row.endpoint:
        found = list(children_of(store, row))
    else:
        _, _, query = row.first_request.partition("?")
        found = store.rows(route_of(row.endpoint).collection, includes(query))
    return [as_printed(record, schema) for each in found for record in row.records(each)]


def children_of(store: Sandbox, row: Expected) -> Iterator[Row]:
    """The rows of all parents, each with its parent's id and the date that is its cursor."""
    path, _, query = row.first_request.partition("?")
    parents = store.data.table(route_of(path).collection)
    key = parent_key(row)
    for at in parents.select():
        parent = parents.row(at)
        parent_id = parent[parents.key] if parents.key in parent else parent["uuid"]
        added = {key: parent_id}
        if row.cursor and row.cursor.endswith("_date_modified"):
            added[row.cursor] = parent["date_modified"]
        for child in children_at(store, row, at, parent_id, includes(query)):
            yield {**added, **child}


def children_at(
    store: Sandbox, row: Expected, at: int, parent: int, embedded: list[str]
) -> list[Row]:
    """The rows of the parent at a position, with this key."""
    parents = store.data.table(route_of(row.first_request.partition("?")[0]).collection)
    endpoint = row.endpoint.partition("?")[0]
    if not match("/" + re.sub(r"\{\w+\}", "1", endpoint)):  # they are listed by parent only
        [name] = embedded
        found: list[Row] = parents.row(at, [name])[parents.includes[name][0]]
        return found
    collection = route_of(endpoint).collection
    if collection in store.data.children:
        return store.data.children[collection].rows(at)
    table = store.data.table(collection)
    positions = table.select([Condition(parent_key(row), "eq", parent)])
    return [table.row(each, includes(row.children_query)) for each in positions]


def counted(rows: list[Row]) -> Counter[str]:
    """A record as the CDK prints it: without the fields that are null."""
    return Counter(
        json.dumps({key: value for key, value in row.items() if value is not None}, sort_keys=True)
        for row in rows
    )


def assert_equal(read: list[Row], there: list[Row]) -> None:
    wrong, missing = counted(read) - counted(there), counted(there) - counted(read)
    assert sorted(wrong.elements())[:1] == [], "not a row of the store"
    assert sorted(missing.elements())[:1] == [], "a row is missing"


# The syncs


class Reading(NamedTuple):
    """A sync, and the rows of the store at that time."""

    sync: Sync
    there: dict[str, list[Row]]

    def read(self, row: Expected) -> list[Row]:
        return self.sync.records.get(row.name, [])


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as store:
        yield store


@pytest.fixture(scope="module")
def schemas(shop: Sandbox) -> Schemas:
    catalog = catalog_of(NAMES, config_for(shop))
    return {each.stream.name: each.stream.json_schema for each in catalog.streams}


def everything(shop: Sandbox, schemas: Schemas) -> dict[str, list[Row]]:
    return {row.name: rows_of(shop, row, schemas[row.name]) for row in STREAMS}


@pytest.fixture(scope="module")
def first(shop: Sandbox, schemas: Schemas) -> Reading:
    """A sync of the store as it was made."""
    return Reading(sync(shop, *NAMES), everything(shop, schemas))


@pytest.fixture(scope="module")
def second(shop: Sandbox, schemas: Schemas, first: Reading) -> Reading:
    """A sync after a row of each stream, or its parent, was edited, and one was inserted."""
    shop.clock.advance(3600)
    for row in INCREMENTAL:
        own = row.cursor in ("date_modified", "created", "updatedAt")
        path = row.endpoint if own else row.first_request.partition("?")[0]
        table = shop.data.table(route_of(path).collection)
        if not own:
            shop.edit(table.name, int(first.read(row)[0][parent_key(row)]), {})
            continue
        if "date_modified" in table.columns:  # all except refunds
            oldest = min(table.select(), key=table.columns["date_modified"].__getitem__)
            shop.edit(table.name, table.columns[table.key][oldest], {})
        shop.insert(table.name)
    incremental = [row.name for row in INCREMENTAL]
    return Reading(sync(shop, *incremental, state=first.sync.state), everything(shop, schemas))


# The tests


@pytest.mark.parametrize("row", STREAMS, ids=NAMES)
def test_records_when_read_are_the_rows_of_the_store(row: Expected, first: Reading) -> None:
    assert first.there[row.name], "the sandbox has no row to read"
    assert_equal(first.read(row), first.there[row.name])


@pytest.mark.parametrize("row", STREAMS, ids=NAMES)
def test_records_when_read_have_keys_of_their_own_and_are_valid(
    row: Expected, first: Reading, schemas: Schemas
) -> None:
    assert first.sync.errors == []
    key = [field for field in row.primary_key.split(", ") if field]
    keys = [tuple(record[field] for field in key) for record in first.read(row)]
    assert len(set(keys)) == (len(keys) if key else 1)
    validator = Draft7Validator(schemas[row.name], format_checker=FORMATS)
    problems = {
        f"{error.json_path}: {error.message[:80]}"
        for record in first.read(row)
        for error in validator.iter_errors(record)
    }
    assert problems == set(), f"source_bigcommerce/schemas/{row.name}.json"
    declared = schemas[row.name]["properties"].keys()
    assert {name for record in first.read(row) for name in record} - declared == set()


@pytest.mark.parametrize("row", INCREMENTAL, ids=lambda row: row.name)
def test_next_sync_when_rows_changed_brings_them_and_the_look_back(
    row: Expected, first: Reading, second: Reading
) -> None:
    assert row.cursor
    assert second.sync.errors == []
    newest = max(record[row.cursor] for record in first.read(row))
    assert first.sync.state[row.name] == {row.cursor: newest[:19] + "Z"}
    since = f"{datetime.fromisoformat(newest[:19]) - LOOK_BACK:%Y-%m-%dT%H:%M:%S}"
    changed = [each for each in second.there[row.name] if each[row.cursor][:19] >= since]
    assert max(record[row.cursor] for record in changed) > newest
    assert_equal(second.read(row), changed)


@pytest.mark.parametrize("row", WITH_ORDERS, ids=lambda row: row.name)
def test_records_when_the_order_list_brings_only_links_are_the_same(
    row: Expected, schemas: Schemas
) -> None:
    with Sandbox(**{**SIZES, "orders": 60}, ignore_include=True) as store:
        read = sync(store, row.name)
        requests = store.requests("orders.list")
        asked = len(requests) + len(store.requests("time.get"))
        # A v2 list longer than any before costs one more request: a few of the first ones.
        assert 0 <= len(store.log) - len(store.rows("orders")) - asked <= 3
    assert_equal(read.records[row.name], rows_of(store, row, schemas[row.name]))


@pytest.mark.parametrize("row", LIMITED, ids=lambda row: row.name)
def test_requests_when_the_endpoint_limits_them_stay_below(row: Expected) -> None:
    limit = route_of(row.endpoint).concurrent
    with Sandbox(**SIZES, latency_ms=300) as store:
        # More parents than the endpoint answers requests at a time.
        if "{" in row.endpoint:
            parents = store.data.table(route_of(row.first_request.partition("?")[0]).collection)
            for _ in range(30):
                store.insert(parents.name)
        assert sync(store, row.name, num_workers=40).errors == []
        log = store.requests(route_of(row.endpoint).operation)
    assert len(log) > 30 or "{" not in row.endpoint
    assert {entry.status for entry in log} == {200}
    at_once = [sum(e.started <= each.started < e.ended for e in log) for each in log]
    assert limit
    assert max(at_once) <= limit
