"""Each stream reads what is in the store and nothing else, and then only what changed.

A new stream needs no line here: see `rows.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft7Validator, FormatChecker

from integration_tests.rows import assert_equal, parent_key, route_of, rows_of, schema_of
from integration_tests.syncs import Row, Sync, sync
from sandbox import Entry, Sandbox
from sandbox.routes import ROUTES, match
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

SIZES: dict[str, Any] = {"orders": 110, "customers": 110, "products": 110, "seed": 11}
SETTINGS: dict[str, Any] = {"page_size": 50}
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LOOK_BACK = timedelta(minutes=10)

FORMATS = FormatChecker(("date",))


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(ISO.fullmatch(value) and datetime.fromisoformat(value[:19]))


# The syncs


# Filters, sort keys and includes that the syncs below do not send, and who sends them.
SENT_ELSEWHERE = {
    # Counts of what may be deleted, orders that are sent, and the probe.
    "orders.list": {"max_id", "status_id", "external_order_id", "sort=date_modified"},
    "products.list": {"id", "id:in", "id:min", "id:max", "sku:in"},
    "variants.list": {"sku", "sku:in"},
    "brands.list": {"id:in", "id:min", "id:max"},
    "categories.list": {"category_id:in"},
    "customers.list": {
        "id:in",
        "date_created:min",
        "date_created:max",
        "email:in",
        "sort=last_name",
    },
    "subscribers.list": {"id:in", "date_created:min", "date_created:max"},
    # Tests of the sandbox.
    "order_consignments.get": {"include=consignments.line_items"},
    "order_messages.list": {"min_id", "min_date_created"},
    "redirects.list": {"keyword"},
    "refunds.list": {"order_id:in", "transaction_id"},
}


class Reading(NamedTuple):
    """A sync, the rows of the store at that time, and the requests so far."""

    sync: Sync
    there: dict[str, list[Row]]
    asked: list[Entry]

    def read(self, row: Expected) -> list[Row]:
        return self.sync.records.get(row.name, [])


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as store:
        yield store


def everything(shared_store: Sandbox) -> dict[str, list[Row]]:
    return {name: rows_of(shared_store, name) for name in NAMES}


@pytest.fixture(scope="module")
def first(shared_store: Sandbox) -> Reading:
    """A sync of the store as it was made."""
    return Reading(
        sync(shared_store, *NAMES, **SETTINGS), everything(shared_store), list(shared_store.log)
    )


@pytest.fixture(scope="module")
def second(shared_store: Sandbox, first: Reading) -> Reading:
    """A sync after a row of each stream, or its parent, was edited, and one was inserted."""
    shared_store.clock.advance(3600)
    for row in INCREMENTAL:
        own = row.cursor in ("date_modified", "created", "updatedAt")
        path = row.endpoint if own else row.first_request.partition("?")[0]
        table = shared_store.data.table(route_of(path).collection)
        if not own:
            parent = str(first.read(row)[0][parent_key(row)])
            shared_store.edit(table.name, shared_store.data.key_of(table, parent), {})
            continue
        if "date_modified" in table.columns:  # all except refunds
            oldest = min(table.select(), key=table.columns["date_modified"].__getitem__)
            shared_store.edit(table.name, table.columns[table.key][oldest], {})
        shared_store.insert(table.name)
    incremental = [row.name for row in INCREMENTAL]
    again = sync(shared_store, *incremental, state=first.sync.state, **SETTINGS)
    return Reading(again, everything(shared_store), [*first.asked, *shared_store.log])


# The tests


@pytest.mark.parametrize("row", STREAMS, ids=NAMES)
def test_the_records_are_the_rows_of_the_store(row: Expected, first: Reading) -> None:
    assert first.there[row.name], "the sandbox has no row to read"
    assert_equal(row.name, first.read(row), first.there[row.name])


@pytest.mark.parametrize("row", STREAMS, ids=NAMES)
def test_the_records_have_unique_keys_and_are_valid(row: Expected, first: Reading) -> None:
    assert first.sync.errors == []
    key = [field for field in row.primary_key.split(", ") if field]
    keys = [tuple(record[field] for field in key) for record in first.read(row)]
    unique = len(keys) if key else 1
    assert len(set(keys)) == unique, f"edit the primary_key of {row.name} in the manifest"
    validator = Draft7Validator(schema_of(row.name), format_checker=FORMATS)
    problems = {
        f"{error.json_path}: {error.message[:80]}"
        for record in first.read(row)
        for error in validator.iter_errors(record)
    }
    assert problems == set(), f"edit source_bigcommerce/schemas/{row.name}.json"
    declared = schema_of(row.name)["properties"].keys()
    undeclared = sorted({name for record in first.read(row) for name in record} - declared)
    assert undeclared == [], f"edit source_bigcommerce/schemas/{row.name}.json"


@pytest.mark.parametrize("row", INCREMENTAL, ids=lambda row: row.name)
def test_the_next_sync_brings_changed_rows_and_the_look_back(
    row: Expected, first: Reading, second: Reading
) -> None:
    assert row.cursor
    assert second.sync.errors == []
    # A parent without rows has been read, too.
    parents, field = row.dated_by
    newest = max(each[field] for each in first.there[parents])
    assert first.sync.state[row.name] == {row.cursor: newest[:19] + "Z"}
    since = f"{datetime.fromisoformat(newest[:19]) - LOOK_BACK:%Y-%m-%dT%H:%M:%S}"
    changed = [each for each in second.there[row.name] if each[row.cursor][:19] >= since]
    assert max(record[row.cursor] for record in changed) > newest
    assert_equal(row.name, second.read(row), changed)


def parameters(name: str, value: str) -> list[str]:
    """What stands in SENT_ELSEWHERE for a parameter of a request."""
    if name not in ("include", "sort"):
        return [name]
    return [f"{name}={each.partition(':')[0]}" for each in value.split(",")]


def test_the_sandbox_takes_no_filter_sort_key_or_include_that_nobody_sends(
    shared_store: Sandbox, second: Reading
) -> None:
    by_channel = [
        row.name
        for row in STREAMS
        if "{" not in row.endpoint
        and any(name.startswith("channel") for name in route_of(row.endpoint).filters)
    ]
    # Pages so small that short lists have several.
    small: dict[str, Any] = {"channel_ids": [1], "skip_hidden_products": True, "page_size": 3}
    chosen = sync(shared_store, *by_channel, "banners", "gift_certificates", **small)
    assert chosen.errors == []
    sent = {
        (entry.operation, each)
        for entry in [*second.asked, *shared_store.log]
        for pair in entry.pairs
        for each in parameters(*pair)
    }
    elsewhere = {(operation, each) for operation, names in SENT_ELSEWHERE.items() for each in names}
    sent |= elsewhere
    sent |= {("orders.count", each) for operation, each in sent if operation == "orders.list"}
    taken = {
        (route.operation, each)
        for route in ROUTES
        for each in (
            *route.filters,
            *(f"include={name}" for name in route.includes),
            *(f"sort={field}" for field in route.sorts),
        )
    }
    assert sorted(taken - sent) == [], "take it out of sandbox/endpoints/, or name who sends it"
    elsewhere = {
        (operation, each) for operation in SENT_ELSEWHERE for each in SENT_ELSEWHERE[operation]
    }
    assert sorted(elsewhere - taken) == [], "take it out of SENT_ELSEWHERE"


@pytest.mark.parametrize("row", WITH_ORDERS, ids=lambda row: row.name)
def test_the_records_are_the_same_if_the_order_list_embeds_only_links(row: Expected) -> None:
    with Sandbox(**{**SIZES, "orders": 60}, ignore_include=True) as store:
        read = sync(store, row.name)
        requests = store.requests("orders.list")
        asked = len(requests) + len(store.requests("time.get"))
        if row.through:  # One for the addresses of an order, and one for each address.
            asked += len(store.requests("order_shipping_quotes.list"))
        # A v2 list longer than any before costs one more request: a few of the first ones.
        assert 0 <= len(store.log) - len(store.rows("orders")) - asked <= 3
    assert_equal(row.name, read.records[row.name], rows_of(store, row.name))


@pytest.mark.thorough
@pytest.mark.parametrize("row", LIMITED, ids=lambda row: row.name)
def test_requests_stay_below_the_limit_of_their_endpoint(row: Expected) -> None:
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
