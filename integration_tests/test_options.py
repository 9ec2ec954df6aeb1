"""Syncs with the options of the form, against what the store holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from integration_tests.syncs import Row, Sync, catalog_of, config_for, sync
from integration_tests.test_sync import SPAN
from sandbox import Sandbox
from unit_tests.streams import STREAMS

NAMES = [row.name for row in STREAMS]


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Sandbox]:
    with Sandbox(orders=40, customers=20, products=30, brands=10, categories=10) as store:
        yield store


@pytest.fixture(scope="module")
def plain(shared_store: Sandbox) -> Sync:
    """Every stream, read without options."""
    return sync(shared_store, *NAMES, **SPAN)


# Flattened


@pytest.fixture(scope="module")
def flat_schemas(shared_store: Sandbox) -> dict[str, Any]:
    streams = catalog_of(NAMES, config_for(shared_store, flatten_records=True)).streams
    return {each.stream.name: each.stream.json_schema for each in streams}


@pytest.fixture(scope="module")
def flat(shared_store: Sandbox) -> Sync:
    return sync(shared_store, *NAMES, flatten_records=True, **SPAN)


@pytest.mark.thorough
def test_flattened_records_have_the_same_number_keys_and_states(plain: Sync, flat: Sync) -> None:
    assert flat.errors == []
    assert flat.state == plain.state
    for row in STREAMS:
        keys = [key for key in row.primary_key.split(", ") if key]
        assert key_values(flat, row.name, keys) == key_values(plain, row.name, keys), row.name


def key_values(result: Sync, name: str, keys: list[str]) -> list[str]:
    return sorted(str([row[key] for key in keys]) for row in result.records.get(name, []))


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_flattened_records_hold_every_value_in_a_column_of_the_schema(
    plain: Sync, flat: Sync, flat_schemas: dict[str, Any], name: str
) -> None:
    schema = flat_schemas[name]
    validator = Draft7Validator(schema)
    for row in flat.records.get(name, []):
        assert set(row) <= set(schema["properties"])
        assert not list(validator.iter_errors(row))
        # An object stays if none of its fields is declared.
        assert not [
            key
            for key, value in row.items()
            if isinstance(value, dict) and "object" not in schema["properties"][key]["type"]
        ]
    assert values(flat, name) == values(plain, name)


def values(result: Sync, name: str) -> list[str]:
    """The values of each record, at any depth, without their names."""
    return sorted(str(sorted(map(repr, leaves(row)))) for row in result.records.get(name, []))


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    return [] if value is None else [str(value)] if not isinstance(value, list) else listed(value)


def listed(value: list[Any]) -> list[Any]:
    return [leaf for item in value for leaf in leaves(item)] or ["[]"]


# Channels and visibility

CHOSEN = [665177, 666177]


def of_orders(row: Row) -> bool:
    return row["channel_id"] in CHOSEN


def of_products(row: Row) -> bool:
    return bool(set(CHOSEN) & set(row["channels"]))


@pytest.mark.parametrize(
    ("name", "options", "is_read"),
    [
        ("orders", {"channel_ids": CHOSEN}, of_orders),
        ("orders", {"channel_ids": CHOSEN[:1]}, of_orders),
        ("products", {"channel_ids": CHOSEN}, of_products),
        ("products", {"skip_hidden_products": True}, lambda row: row["is_visible"]),
        ("sites", {"channel_ids": CHOSEN}, of_orders),
        ("product_channel_assignments", {"channel_ids": CHOSEN}, of_orders),
        ("channel_listings", {"channel_ids": CHOSEN}, of_orders),
    ],
)
def test_an_option_selects_the_records_that_it_asks_for(
    shared_store: Sandbox,
    plain: Sync,
    name: str,
    options: dict[str, Any],
    is_read: Callable[[Row], bool],
) -> None:
    found = sync(shared_store, name, **options, **SPAN)
    assert found.errors == []
    expected = [row for row in plain.records[name] if is_read(row)]
    assert 0 < len(expected) < len(plain.records[name])
    assert sorted(map(str, found.records[name])) == sorted(map(str, expected))


@pytest.mark.parametrize(
    ("name", "parents", "key", "options"),
    [
        ("order_products", "orders", "order_id", {"channel_ids": CHOSEN}),
        ("transactions", "orders", "order_id", {"channel_ids": CHOSEN}),
        ("product_images", "products", "product_id", {"channel_ids": CHOSEN}),
        ("product_reviews", "products", "product_id", {"skip_hidden_products": True}),
    ],
)
def test_an_option_selects_the_children_of_the_parents_that_it_asks_for(
    shared_store: Sandbox, plain: Sync, name: str, parents: str, key: str, options: dict[str, Any]
) -> None:
    found = sync(shared_store, name, parents, **options, **SPAN)
    chosen = {str(row["id"]) for row in found.records[parents]}
    expected = [row for row in plain.records[name] if str(row[key]) in chosen]
    assert 0 < len(expected) < len(plain.records[name])
    assert sorted(map(str, found.records[name])) == sorted(map(str, expected))
