"""Each stream reads what is in the store and nothing else, and again only what changed."""

from __future__ import annotations

import json
import re
from collections import Counter
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from jsonschema import Draft7Validator
from streams import WIDER, Expected

from integration_tests.syncs import Row, Sync, catalog_of, config_for, sync
from sandbox import Sandbox

# Where the store calls a collection otherwise than the stream.
COLLECTIONS = {
    "customer_segments": "segments",
    "order_refunds": "refunds",
    "product_variants": "variants",
    "product_category_assignments": "category_assignments",
    "product_channel_assignments": "channel_assignments",
}
INCLUDES = {
    "customer_addresses": ("formfields",),
    "price_list_records": ("bulk_pricing_tiers", "sku"),
    "redirects": ("to_url",),
}
# Of the lists that products bring: the field of the product.
OF_PRODUCTS = {
    row.name: row.name.removeprefix("product_") for row in WIDER if "{product_id}" in row.endpoint
}
# Fields that the connector adds; what they hold is checked apart.
ADDED = {"order_date_modified", "product_date_modified"}
LINKS = {"shipping_quotes"}  # the order list and the endpoint of an order address them differently

RFC_2822 = re.compile(r"\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000")
NAMES = [row.name for row in WIDER]


def as_printed(value: Any, schema: dict[str, Any]) -> Any:
    """A row of the store as the connector prints it: ISO dates, no date for an empty text."""
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {key: as_printed(item, properties.get(key, {})) for key, item in value.items()}
    if isinstance(value, list):
        return [as_printed(item, schema.get("items") or {}) for item in value]
    if "format" not in schema or not isinstance(value, str):
        return value
    if RFC_2822.fullmatch(value):
        return f"{parsedate_to_datetime(value):%Y-%m-%dT%H:%M:%SZ}"
    return value or None


def rows_of(store: Sandbox, row: Expected) -> list[Row]:
    """The rows of the store that a stream stands for, with the keys that it adds."""
    if row.name in OF_PRODUCTS:
        field = OF_PRODUCTS[row.name]
        return [
            {"product_id": product["id"], **child}
            for product in store.rows("products", (field,))
            for child in product[field]
        ]
    found = store.rows(COLLECTIONS.get(row.name, row.name), INCLUDES.get(row.name, ()))
    if row.name == "order_consignments":
        ids = [order["id"] for order in store.rows("orders")]
        return [{"order_id": key, **each} for key, each in zip(ids, found, strict=True)]
    if row.name == "inventory_items":
        return [
            {"identity": item["identity"], **item["identity"], **location}
            for item in found
            for location in item["locations"]
        ]
    if row.name == "customer_form_field_values":
        key = ("customer_id", "address_id")
        return [{**each, **{name: each.get(name) or 0 for name in key}} for each in found]
    if row.name == "store_metafields":
        return [{**each, "id": int(each["id"])} for each in found]
    return found


def counted(rows: list[Row], without: set[str]) -> Counter[str]:
    return Counter(
        json.dumps(
            {k: v for k, v in row.items() if k not in without and v is not None}, sort_keys=True
        )
        for row in rows
    )


@pytest.fixture(scope="module")
def shop() -> Any:
    with Sandbox(orders=260, customers=300, products=260, seed=11) as store:
        yield store


@pytest.fixture(scope="module")
def first(shop: Sandbox) -> Sync:
    return sync(shop, *NAMES)


@pytest.fixture(scope="module")
def schemas(shop: Sandbox) -> dict[str, dict[str, Any]]:
    catalog = catalog_of(NAMES, config_for(shop))
    return {each.stream.name: each.stream.json_schema for each in catalog.streams}


@pytest.mark.parametrize("row", WIDER, ids=NAMES)
def test_records_when_read_are_the_rows_of_the_store(
    row: Expected, shop: Sandbox, first: Sync, schemas: dict[str, dict[str, Any]]
) -> None:
    read = first.records[row.name]
    there = [as_printed(each, schemas[row.name]) for each in rows_of(shop, row)]
    parent = re.search(r"\{(\w+)\}", row.endpoint)
    added = ADDED | LINKS
    if parent and parent[1] not in there[0]:
        added = added | {parent[1]}
        assert all(record[parent[1]] for record in read)
    wrong, missing = (
        counted(read, added) - counted(there, added),
        counted(there, added) - counted(read, added),
    )
    assert sorted(wrong.elements())[:1] == [], "not a row of the store"
    assert sorted(missing.elements())[:1] == [], "a row is missing"


@pytest.mark.parametrize("row", WIDER, ids=NAMES)
def test_records_when_read_have_keys_of_their_own_and_are_valid(
    row: Expected, first: Sync, schemas: dict[str, dict[str, Any]]
) -> None:
    assert first.errors == []
    key = [field for field in row.primary_key.split(", ") if field]
    keys = [tuple(record[field] for field in key) for record in first.records[row.name]]
    assert len(set(keys)) == (len(keys) if key else 1)
    validator = Draft7Validator(schemas[row.name])
    problems = {
        f"{error.json_path}: {error.message[:80]}"
        for record in first.records[row.name]
        for error in validator.iter_errors(record)
    }
    assert problems == set(), f"source_bigcommerce/schemas/{row.name}.json"
    declared = schemas[row.name]["properties"].keys()
    assert {name for record in first.records[row.name] for name in record} - declared == set()


@pytest.mark.parametrize("row", [row for row in WIDER if row.cursor], ids=lambda row: row.name)
def test_next_sync_when_nothing_changed_repeats_only_the_look_back(
    row: Expected, shop: Sandbox, first: Sync
) -> None:
    assert row.cursor
    again = sync(shop, row.name, state={row.name: first.state[row.name]})
    newest = max(record[row.cursor] for record in first.records[row.name])
    assert again.state[row.name] == {row.cursor: newest[:19] + "Z"}
    assert again.errors == []
    dates = {record[row.cursor][:15] for record in again.records[row.name]}
    assert dates <= {newest[:15], first_minute_before(newest)}


def first_minute_before(instant: str) -> str:
    """The ten minutes before, as the first 15 characters of a timestamp."""
    from datetime import datetime, timedelta

    return f"{datetime.fromisoformat(instant[:19]) - timedelta(minutes=10):%Y-%m-%dT%H:%M}"[:15]
