"""Nothing personal leaves a store that is full of it, unless the form keeps it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple
from unittest.mock import patch

import orjson
import pytest
from airbyte_cdk.models import Level
from jsonschema import Draft7Validator

from integration_tests.rows import schema_of
from integration_tests.syncs import Row, Sync, sync
from sandbox import Sandbox
from sandbox.route import Route
from sandbox.routes import match
from sandbox.surface import Surface
from source_bigcommerce.components.flatten import Columns
from source_bigcommerce.components.personal import Treatment
from unit_tests.components.test_personal import closed
from unit_tests.streams import DELETIONS, RECEIPTS, STREAMS

pytestmark = pytest.mark.thorough

NAMES = [row.name for row in (*STREAMS, *DELETIONS, RECEIPTS)]
SIZES: dict[str, Any] = {
    "orders": 45,
    "customers": 25,
    "products": 30,
    "brands": 3,
    "categories": 3,
}
CANARY, REGION = "Kanari", "Gegend"  # of what never comes, and of what comes with the region
IN_THE_CLEAR = re.compile(CANARY, re.IGNORECASE)
SALT = "a salt for tests"
STREAM_OF = {
    found[0].operation: row.name
    for row in STREAMS
    if (found := match("/" + re.sub(r"\{\w+\}", "1", row.endpoint.partition("?")[0])))
}
# Rows of other streams, which these bring along.
WITHIN = {
    "orders": ("consignments", "order_consignments"),
    "inventory_items": ("locations", "inventory_items"),
    "b2b_sales_staff_companies": ("assignedCompanies", "b2b_sales_staff_companies"),
}
TURNS = count()
# Values of another type than the declared one: none of these is a key, or tells of other rows.
TEXT_FOR_A_NUMBER = {
    *("origin_channel_id", "customer_group_id", "currency_id", "sort_order", "view_count"),
    *("companyCount", "role", "is_email_opt_in", "address_count", "sent_num"),
}
OBJECT_FOR_A_TEXT = {"customer_locale", "plan_name", "payment_method", "roleName", "brand"}


def filled(value: Any, declared: Mapping[str, Any], name: str = "") -> Any:
    """The value with something personal wherever there may be any, documented or not."""
    if isinstance(value, dict):
        # A list may come as its only item.
        known = declared.get("properties") or declared.get("items", {}).get("properties", {})
        if not known:
            return {CANARY: CANARY, "of": [{CANARY: CANARY}]}
        return {
            **{key: filled(each, known.get(key, {}), key) for key, each in value.items()},
            "undocumented": f"{CANARY} 1",
            "undocumented_object": {f"{CANARY}@example.com": f"{CANARY} 2"},
            "undocumented_list": [f"{CANARY} 3", {"name": f"{CANARY} 4"}],
            f"{CANARY}@example.com": 1,
        }
    kind = declared.get("x-personal")
    is_text = isinstance(value, str) and bool(value.strip())
    if isinstance(value, list) and not kind:
        return [filled(each, declared.get("items", {})) for each in value]
    if kind == "email" and is_text:  # in other forms now and then: it is one address all the same
        address = f"{CANARY}.{value}"
        return f" {address.upper()}" if next(TURNS) % 3 else address
    if kind and is_text:
        return f"{REGION if declared.get('x-region') else CANARY} {value}"
    if kind == "free_text":
        return f"{CANARY} {value}"
    if name in TEXT_FOR_A_NUMBER and "string" not in declared.get("type", []):
        return f"{CANARY} 5"
    if name in OBJECT_FOR_A_TEXT:
        return {CANARY: f"{CANARY} 6"}
    return value


def of_route(route: Route, row: Row) -> Row:
    name = STREAM_OF.get(route.operation)
    if not name:
        return row
    declared = schema_of(name)
    if within := WITHIN.get(name):
        of_rows = schema_of(within[1])
        declared = {
            "properties": {**declared["properties"], within[0]: {**of_rows, "items": of_rows}}
        }
    return dict(filled(row, declared))


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Sandbox]:
    """A store full of personal data, at all places where it may be."""
    envelope, object_ = Surface._envelope, Surface._object

    def filled_envelope(self: Surface, route: Route, texts: list[bytes], meta: Row) -> Any:
        rows = [orjson.dumps(of_route(route, orjson.loads(text))) for text in texts]
        return envelope(self, route, rows, meta)

    def filled_object(self: Surface, route: Route, ids: Any, asked: Any) -> Any:
        reply = object_(self, route, ids, asked)
        body = orjson.loads(reply.body)
        is_wrapped = isinstance(body.get("data"), dict)
        row = of_route(route, body["data"] if is_wrapped else body)
        return replace(reply, body=orjson.dumps({**body, "data": row} if is_wrapped else row))

    with (
        patch.object(Surface, "_envelope", filled_envelope),
        patch.object(Surface, "_object", filled_object),
        Sandbox(**SIZES) as store,
    ):
        yield store


class Read(NamedTuple):
    sync: Sync
    values: Row
    """What the form says."""


@pytest.fixture(scope="module")
def kept(shared_store: Sandbox) -> Sync:
    return sync(shared_store, "customers", "orders", "subscribers", "order_products")


@pytest.fixture(scope="module", params=["hash", "drop"])
def read(shared_store: Sandbox, request: pytest.FixtureRequest) -> Read:
    values: Row = {"personal_data": "hash", "hash_salt": SALT, "deletions": "mark"}
    if request.param == "drop":
        values = {"personal_data": "drop", "personal_data_keeps_region": False}
        values["flatten_records"] = True
    return Read(sync(shared_store, *NAMES, **values), values)


def test_the_store_is_full_of_personal_data(kept: Sync) -> None:
    text = json.dumps(kept.records)
    assert len(IN_THE_CLEAR.findall(text)) > 1000
    assert "REGION" not in text
    assert REGION in text


def test_no_personal_data_is_in_records_state_or_logs(read: Read) -> None:
    assert read.sync.errors == []
    empty = {row.name for row in DELETIONS}
    if read.values["personal_data"] == "drop":
        empty.add("settings_inventory_notifications")  # it holds nothing else
    assert {*NAMES} - read.sync.records.keys() == empty
    printed = orjson.dumps(read.sync.messages, default=vars).decode()
    assert [
        printed[max(0, found.start() - 100) : found.end() + 50]
        for found in IN_THE_CLEAR.finditer(printed)
    ] == []


def test_the_region_stays_if_the_form_keeps_it(read: Read) -> None:
    is_kept = read.values.get("personal_data_keeps_region", True)
    assert (REGION in json.dumps(read.sync.records)) == is_kept


def test_records_hold_what_the_schema_says_and_nothing_else(read: Read) -> None:
    treatment = Treatment(read.values)
    problems = set()
    for name, records in read.sync.records.items():
        schema = schema_of(name)
        if read.values.get("flatten_records"):
            schema = Columns(schema).flat_schema
        left = treatment.left_of(schema)
        assert left, name
        validator = Draft7Validator(closed(left))
        problems |= {
            f"{name}: {error.json_path} {error.validator}"
            for record in records
            for error in validator.iter_errors(record)
        }
    assert problems == set()


def test_each_stream_says_once_what_no_schema_names(read: Read) -> None:
    said = Counter(
        log.partition(":")[0]
        for log in read.sync.logs(Level.WARN)
        if "these fields do not come" in log
    )
    assert said == Counter({*NAMES} - {row.name for row in (*DELETIONS, RECEIPTS)})
    [of_orders] = [log for log in read.sync.logs(Level.WARN) if log.startswith("orders:")]
    assert of_orders.startswith(
        "orders: these fields do not come, as no schema says whether they are personal: "
        "undocumented, undocumented_object, undocumented_list, (aaaaaa@aaaaaaa.aaa), "
        "billing_address."
    )


def pairs(of: Sync) -> set[tuple[str, int, int]]:
    """Which rows of which streams have the same e-mail address."""
    customers = [(row["email"], row["id"]) for row in of.records["customers"]]
    orders = [(row["billing_address"]["email"], row["id"]) for row in of.records["orders"]]
    subscribers = [(row["email"], row["id"]) for row in of.records["subscribers"]]
    return {
        (stream, one, other)
        for stream, rows in (("orders", orders), ("subscribers", subscribers))
        for email, one in customers
        for address, other in rows
        if email.strip().lower() == address.strip().lower()
    }


def test_hashed_addresses_join_the_same_rows_as_those_in_the_clear(kept: Sync, read: Read) -> None:
    if read.values["personal_data"] == "hash":
        assert len(pairs(kept)) > 20
        assert pairs(read.sync) == pairs(kept)
