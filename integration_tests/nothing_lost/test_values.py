"""Values that are not as they should be stop no stream, lose no row and move no state."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import Level

from integration_tests.nothing_lost.completeness import completed
from integration_tests.rows import assert_equal, rows_of
from integration_tests.syncs import Row, Sync, catalog_of, config_for, sync
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components.keys import give_ids
from unit_tests.streams import STREAMS

pytestmark = pytest.mark.thorough

RIGHT = "2026-01-02T03:04:05Z"
WEST, EAST = "2026-01-02T00:04:05-03:00", "2026-01-02T03:04:05+05:00"
ORDERS = [row for row in STREAMS if row.name in ("order_shipping_addresses", "order_products")]
ORDERS += [row for row in STREAMS if row.name == "order_consignments"]


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with Sandbox(orders=0, customers=0, products=0) as made:
        yield made


def serve(store: Sandbox, operation: str, body: Any) -> None:
    """Lets the first request of an operation have this body."""
    text = body if isinstance(body, str) else orjson.dumps(body).decode()
    store.faults.add(operation, "status", status=200, body=text)


def v3(*rows: Row) -> Row:
    pages: Row = {"total": len(rows), "count": len(rows), "per_page": 250}
    pages |= {"current_page": 1, "total_pages": 1}
    return {"data": list(rows), "meta": {"pagination": pages}}


@pytest.mark.parametrize(
    ("name", "operation"),
    [("orders", "orders.list"), ("customer_metafields", "customer_metafields.list")],
)
@pytest.mark.parametrize("unreadable", ["soon", "", None, "0000-00-00 00:00:00", "9" * 30])
def test_rows_with_an_unreadable_cursor_arrive_and_do_not_move_the_state(
    store: Sandbox, name: str, operation: str, unreadable: Any
) -> None:
    dates = {1: WEST, 2: unreadable, 3: EAST}
    rows = [{"id": key, "date_modified": date} for key, date in dates.items()]
    serve(store, operation, rows if name == "orders" else v3(*rows))
    read = sync(store, name, num_workers=1)
    assert read.errors == []
    assert {row["id"]: row.get("date_modified") for row in read.records[name]} == {
        1: RIGHT,
        2: None,
        3: "2026-01-01T22:04:05Z",
    }
    assert read.state == {name: {"date_modified": RIGHT}}
    said = [words for words in read.logs(Level.WARN) if f"{name}.date_modified" in words]
    assert len(said) == (unreadable in ("soon", "9" * 30))


def test_children_of_a_parent_with_an_unreadable_date_arrive(store: Sandbox) -> None:
    parents: list[Row] = [{"id": "7", "date_modified": "soon"}, {"id": 8, "date_modified": WEST}]
    fees = [{"id": 1, "base_cost": "1.0000"}]
    serve(store, "orders.list", [{**parent, "fees": fees} for parent in parents])
    read = sync(store, "order_fees", num_workers=1)
    assert read.errors == []
    assert [row["order_id"] for row in read.records["order_fees"]] == [7, 8]
    assert read.state == {"order_fees": {"order_date_modified": RIGHT}}


def test_a_parent_without_an_id_is_an_error(store: Sandbox) -> None:
    # Its children cannot be asked for, and "None" as an id brings a 404, as if there were none.
    serve(store, "orders.list", [{"id": None, "date_modified": WEST}])
    read = sync(store, "transactions", failing=True, num_workers=1)
    assert "a row without id has" in str([error.internal_message for error in read.errors])
    assert "transactions" not in completed(read)


def test_rows_with_half_an_emoji_nul_or_a_long_number_arrive(store: Sandbox) -> None:
    big = 10**29 + 1
    row = rf'{{"id": 101, "date_modified": "{RIGHT}", "customer_message": "thanks \ud83d\u0000"'
    serve(store, "orders.list", f'[{row}, "customer_id": {big}, "external_id": {big}}}]')
    config = config_for(store, num_workers=1)
    catalog = catalog_of(["orders"], config)
    source = SourceBigcommerce(catalog=catalog, config=config)
    messages = list(source.read(logging.getLogger("airbyte"), config, catalog))
    [record] = [message for message in messages if message.record]
    # Python's own parser, as orjson would round.
    order = json.loads(AirbyteEntrypoint.airbyte_message_to_string(record))["record"]["data"]
    assert order["customer_message"] == "thanks \ufffd\ufffd"
    assert (order["customer_id"], order["external_id"]) == (big, str(big))
    assert Sync(messages).state == {"orders": {"date_modified": RIGHT}}


def test_modifiers_without_ids_get_ids_that_stay_the_same(
    store: Sandbox,
) -> None:
    modifiers: list[Row] = [
        {"id": None, "name": "Engraving1-77", "sort_order": 1},
        {"id": None, "name": "Wrap1-77", "sort_order": 2},
        {"id": 5, "name": "Size1-77"},
    ]
    keys = []
    for each in (modifiers, modifiers[::-1]):
        product = {"id": 77, "date_modified": RIGHT, "modifiers": each}
        serve(store, "products.list", v3(product))
        read = sync(store, "product_modifiers", num_workers=1)
        assert read.errors == []
        keys.append({row["name"]: row["id"] for row in read.records["product_modifiers"]})
        assert {row["product_id"] for row in read.records["product_modifiers"]} == {77}
    give_ids(modifiers)
    assert keys[0] == keys[1] == {row["name"]: row["id"] for row in modifiers}
    assert len(set(keys[0].values())) == 3


@pytest.mark.parametrize("row", ORDERS, ids=lambda row: row.name)
def test_an_order_that_embeds_too_little_is_asked_for_by_itself(row: Any) -> None:
    with Sandbox(orders=120, customers=20, products=30, seed=11) as store:
        store.options.update({"short_includes": True})
        read = sync(store, row.name)
        assert read.errors == []
        asked = len(store.log) - len(store.requests("orders.list"))
        assert 0 < asked < 120, "only those that fall short"
        assert_equal(row.name, read.records[row.name], rows_of(store, row.name))
