"""The data: the same everywhere, whole in its references, full of what makes orders hard."""

from __future__ import annotations

from itertools import groupby

import pytest

from sandbox import Sandbox
from sandbox.world.order_kinds import SPECIMENS

COLLECTIONS = (
    "orders",
    "order_products",
    "transactions",
    "customers",
    "products",
    "brands",
    "categories",
    "category_trees",
    "channels",
    "pages",
    "store",
)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_the_same_seed_gives_the_same_rows(shop: Sandbox, collection: str) -> None:
    twin = Sandbox(orders=400, customers=120, products=60)
    assert twin.rows(collection) == shop.rows(collection)


def test_another_seed_gives_other_rows(shop: Sandbox) -> None:
    other = Sandbox(orders=400, customers=120, products=60, seed=8)
    assert other.rows("orders") != shop.rows("orders")


def test_the_past_does_not_depend_on_the_platform(shop: Sandbox) -> None:
    first = shop.rows("orders")[0]
    assert (first["id"], first["date_created"]) == (100, "Sat, 06 Mar 2021 09:16:33 +0000")
    assert first["cart_id"] == "083be64c-8cf8-4c8b-a043-9f87ecbcb013"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_keys_are_unique_and_ascending(shop: Sandbox, collection: str) -> None:
    key = "category_id" if collection == "categories" else "id"
    keys = [row[key] for row in shop.rows(collection)]
    assert keys == sorted(set(keys))


def test_references_are_whole(shop: Sandbox) -> None:
    ids = {name: {row["id"] for row in shop.rows(name)} for name in COLLECTIONS[:5]}
    ids |= {name: {row["id"] for row in shop.rows(name)} for name in ("brands", "channels")}
    categories = {row["category_id"] for row in shop.rows("categories")}
    for order in shop.rows("orders"):
        assert order["customer_id"] in ids["customers"] | {0}
        assert order["channel_id"] in ids["channels"]
    for line in shop.rows("order_products"):
        assert line["product_id"] in ids["products"] | {0}
        assert line["order_id"] in ids["orders"]
    for transaction in shop.rows("transactions"):
        assert int(transaction["order_id"]) in ids["orders"]
    for product in shop.rows("products", ["channels"]):
        assert product["brand_id"] in ids["brands"] | {0}
        assert set(product["categories"]) <= categories
        assert set(product["channels"]) <= ids["channels"]


def test_items_total_is_the_sum_of_quantities(shop: Sandbox) -> None:
    lines = groupby(shop.rows("order_products"), lambda line: line["order_id"])
    totals = {order: sum(line["quantity"] for line in group) for order, group in lines}
    assert {o["id"]: o["items_total"] for o in shop.rows("orders") if o["items_total"]} == totals


def test_every_kind_of_order_is_there(shop: Sandbox) -> None:
    orders = shop.rows("orders")
    counts = {o["id"]: 0 for o in orders}
    for line in shop.rows("order_products"):
        counts[line["order_id"]] += 1
    assert {specimen.lines for specimen in SPECIMENS} <= set(counts.values())
    assert any(o["customer_id"] == 0 for o in orders)
    assert any(o["status_id"] == 0 for o in orders)
    assert any(o["is_deleted"] for o in orders)
    assert any(o["order_is_digital"] for o in orders)
    assert any(o["date_shipped"] == "" for o in orders)


def test_transaction_and_store_ids_pass_32_bits(shop: Sandbox) -> None:
    assert shop.rows("transactions")[-1]["id"] > 2**32
    assert shop.rows("store")[0]["store_id"] > 2**32


def test_many_rows_share_a_second(shop: Sandbox) -> None:
    dates = [order["date_modified"] for order in shop.rows("orders")]
    assert max(dates.count(date) for date in dates) > 3


def test_a_large_store_starts_without_making_rows() -> None:
    store = Sandbox(orders=20_000)
    assert store.data.count("orders") == 20_000
    assert store.data._cache["orders"] == {}
