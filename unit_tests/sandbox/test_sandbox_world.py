"""The data: the same everywhere, whole in its references, full of what makes orders hard."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.world.order_kinds import SPECIMENS

DATA = Sandbox(orders=1, customers=1, products=1).data
# With no key of their own.
OF_PARENT = (
    "category_product_sort_orders",
    "channel_active_themes",
    "channel_menus",
    "customer_consent",
    "customer_stored_instruments",
    "site_certificates",
    *(name for name in DATA.children if name.startswith("channel_settings_")),
)
# Whose rows may be those of several parents.
WITHIN_PARENT = ("segment_shopper_profiles", "site_routes")
COLLECTIONS = (*DATA.tables, *DATA.children, *DATA.objects)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_the_same_seed_gives_the_same_rows(shared_store: Sandbox, collection: str) -> None:
    twin = Sandbox(orders=400, customers=120, products=60)
    assert twin.rows(collection) == shared_store.rows(collection)


def test_another_seed_gives_other_rows(shared_store: Sandbox) -> None:
    other = Sandbox(orders=400, customers=120, products=60, seed=8)
    assert other.rows("orders") != shared_store.rows("orders")


def test_the_past_does_not_depend_on_the_platform(shared_store: Sandbox) -> None:
    first = shared_store.rows("orders")[0]
    assert (first["id"], first["date_created"]) == (100, "Sat, 06 Mar 2021 09:16:33 +0000")
    assert first["cart_id"] == "083be64c-8cf8-4c8b-a043-9f87ecbcb013"


@pytest.mark.parametrize("collection", [*DATA.tables, *DATA.children])
def test_keys_are_unique_and_ascending(shared_store: Sandbox, collection: str) -> None:
    keyless = ("order_consignments", "tree_categories", "b2b_payment_transactions")
    if collection in (*keyless, *OF_PARENT):
        return  # These have no keys; those of trees are nested.
    if collection in DATA.tables:
        table = shared_store.data.table(collection)
        keys = list(table.columns[table.key])
    elif collection in WITHIN_PARENT:
        children = shared_store.data.children[collection]
        for at in children.parent.select():
            own = [row["id"] for row in children.rows(at)]
            assert len(own) == len(set(own))
        return
    else:
        keys = [row.get("id") or row["uuid"] for row in shared_store.rows(collection)]
    if isinstance(keys[0], str):
        keys.sort()  # a uuid has no order
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("collection", [*DATA.tables])
def test_rows_come_and_go(collection: str) -> None:
    store = Sandbox(orders=50, customers=20, products=20)
    before = store.rows(collection)
    key = store.insert(collection)
    new = store.data.get(collection, key)
    assert store.rows(collection) == [*before, new]
    store.edit(collection, key, {"extra": 1})
    assert store.data.get(collection, key)["extra"] == 1
    store.delete(collection, key)
    assert store.rows(collection) == before


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_row_has_the_same_fields(shared_store: Sandbox, collection: str) -> None:
    fields = {frozenset(row) for row in shared_store.rows(collection)}
    # By their kind: pages, automatic and coupon promotions, values of customers and of addresses,
    # listings that were modified or never, cards and PayPal and bank accounts.
    kinds = {
        "customer_stored_instruments": 3,
        "pages": 4,
        "promotions": 2,
        "customer_form_field_values": 2,
        "channel_listings": 2,
    }
    assert len(fields) == kinds.get(collection, 1)


def test_references_are_whole(shared_store: Sandbox) -> None:
    names = ("orders", "customers", "products", "brands", "channels")
    ids = {name: {row["id"] for row in shared_store.rows(name)} for name in names}
    categories = {row["category_id"] for row in shared_store.rows("categories")}
    for order in shared_store.rows("orders"):
        assert order["customer_id"] in ids["customers"] | {0}
        assert order["channel_id"] in ids["channels"]
    for line in shared_store.rows("order_products"):
        assert line["product_id"] in ids["products"] | {0}
        assert line["order_id"] in ids["orders"]
    for transaction in shared_store.rows("transactions"):
        assert int(transaction["order_id"]) in ids["orders"]
    for product in shared_store.rows("products", ["channels"]):
        assert product["brand_id"] in ids["brands"] | {0}
        assert set(product["categories"]) <= categories
        assert set(product["channels"]) <= ids["channels"]


REFERENCES = (
    ("b2b_users", "companyId", "b2b_companies"),
    ("b2b_users", "customerId", "customers"),
    ("b2b_users", "companyRoleId", "b2b_company_roles"),
    ("b2b_addresses", "companyId", "b2b_companies"),
    ("b2b_shopping_lists", "userId", "b2b_users"),
    ("b2b_shopping_lists", "companyId", "b2b_companies"),
    ("b2b_orders", "bcOrderId", "orders"),
    ("b2b_orders", "channelId", "channels"),
    ("b2b_quotes", "companyInfo.companyId", "b2b_companies"),
    ("b2b_quotes", "channelId", "channels"),
    ("b2b_payments", "lineItems.invoiceId", "b2b_invoices"),
    ("b2b_receipts", "paymentId", "b2b_payments"),
    ("b2b_receipt_lines", "receiptId", "b2b_receipts"),
    ("b2b_receipt_lines", "invoiceId", "b2b_invoices"),
    ("variants", "product_id", "products"),
    ("category_assignments", "product_id", "products"),
    ("category_assignments", "category_id", "categories"),
    ("channel_assignments", "product_id", "products"),
    ("channel_assignments", "channel_id", "channels"),
    ("price_list_records", "price_list_id", "price_lists"),
    ("price_list_records", "variant_id", "variants"),
    ("price_list_records", "product_id", "products"),
    ("price_list_assignments", "price_list_id", "price_lists"),
    ("price_list_assignments", "customer_group_id", "customer_groups"),
    ("price_list_assignments", "channel_id", "channels"),
    ("inventory_items", "identity.variant_id", "variants"),
    ("inventory_items", "identity.product_id", "products"),
    ("inventory_items", "locations.location_id", "locations"),
    ("pickup_methods", "location_id", "locations"),
    ("customers", "customer_group_id", "customer_groups"),
    ("customer_addresses", "customer_id", "customers"),
    ("customer_attribute_values", "customer_id", "customers"),
    ("customer_attribute_values", "attribute_id", "customer_attributes"),
    ("customer_form_field_values", "customer_id", "customers"),
    ("customer_form_field_values", "address_id", "customer_addresses"),
    ("shopper_profiles", "customer_id", "customers"),
    ("segment_shopper_profiles", "customer_id", "customers"),
    ("customer_tax", "customer_id", "customers"),
    ("order_pickups", "order_id", "orders"),
    ("order_shipping_quotes", "shipping_address_id", "order_shipping_addresses"),
    ("checkouts", "cart.customer_id", "customers"),
    ("checkouts", "cart.channel_id", "channels"),
    ("checkouts", "cart.line_items.physical_items.product_id", "products"),
    ("order_pickups", "pickup_method_id", "pickup_methods"),
    ("order_pickups", "pickup_items.order_product_id", "order_products"),
    ("subscribers", "order_id", "orders"),
    ("wishlists", "customer_id", "customers"),
    ("wishlists", "items.product_id", "products"),
    ("wishlists", "items.variant_id", "variants"),
    ("gift_certificates", "order_id", "orders"),
    ("gift_certificates", "customer_id", "customers"),
    ("order_products", "gift_certificate_id", "gift_certificates"),
    ("order_products", "order_address_id", "order_shipping_addresses"),
    ("order_products", "variant_id", "variants"),
    ("order_shipping_addresses", "shipping_zone_id", "shipping_zones"),
    ("order_shipments", "order_address_id", "order_shipping_addresses"),
    ("order_shipments", "items.order_product_id", "order_products"),
    ("order_coupons", "coupon_id", "coupons"),
    ("order_taxes", "tax_rate_id", "tax_rates"),
    ("refunds", "order_id", "orders"),
    ("refunds", "items.item_id", "order_products"),
    ("channel_listings", "channel_id", "channels"),
    ("channel_listings", "variants.variant_id", "variants"),
    ("tax_rates", "tax_zone_id", "tax_zones"),
    ("sites", "channel_id", "channels"),
    ("channel_currency_assignments", "channel_id", "channels"),
    ("custom_template_associations", "channel_id", "channels"),
    ("states", "country_id", "countries"),
    ("product_customs", "product_id", "products"),
    ("product_tax_properties", "product_id", "products"),
    ("category_product_sort_orders", "product_id", "products"),
    ("redirects", "site_id", "sites"),
    ("shipping_methods", "channel_ids", "channels"),
    ("scripts", "channel_id", "channels"),
    ("blog_tags", "post_ids", "blog_posts"),
    *(
        (f"{name}_metafields", "resource_id", parents)
        for name, parents in (
            ("order", "orders"),
            ("product", "products"),
            ("variant", "variants"),
            ("brand", "brands"),
            ("category", "categories"),
            ("customer", "customers"),
            ("location", "locations"),
            ("channel", "channels"),
        )
    ),
)


def values(row: Any, field: str) -> Iterator[Any]:
    """What stands at a path; lists are entered."""
    for entry in row if isinstance(row, list) else [row]:
        step, _, rest = field.partition(".")
        value = entry.get(step)
        if rest:
            yield from values(value, rest)
        else:
            yield from value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("collection", "field", "target"), REFERENCES)
def test_references_of_lists_are_whole(
    shared_store: Sandbox, collection: str, field: str, target: str
) -> None:
    key = {"categories": "category_id", "b2b_companies": "companyId"}.get(target, "id")
    known = {row[key] for row in shared_store.rows(target)} | {None, 0}
    found = {value for row in shared_store.rows(collection) for value in values(row, field)}
    assert found - {None, 0}
    if field == "items.item_id":  # Refunds of whole orders name those.
        known |= {row["id"] for row in shared_store.rows("orders")}
    assert found <= known


@pytest.mark.parametrize(
    "collection",
    [
        "product_metafields",
        "customer_addresses",
        "variants",
        "redirects",
        "coupons",
        "price_list_records",
        "promotion_codes",
        "inventory_items",
        "channel_listings",
    ],
)
def test_collections_are_longer_than_a_page(collection: str) -> None:
    assert len(Sandbox().rows(collection)) > 250


def test_segments_are_those_that_customers_name(shared_store: Sandbox) -> None:
    known = {row["id"] for row in shared_store.rows("segments")}
    named = {
        key for row in shared_store.rows("customers", ["segment_ids"]) for key in row["segment_ids"]
    }
    assert named
    assert named <= known


def test_coupons_of_orders_are_those_that_their_lines_name(shared_store: Sandbox) -> None:
    codes = {row["id"]: row["code"] for row in shared_store.rows("coupons")}
    by_lines = {
        (line["order_id"], discount["code"])
        for line in shared_store.rows("order_products")
        for discount in line["applied_discounts"]
    }
    coupons = shared_store.rows("order_coupons")
    assert all(codes[coupon["coupon_id"]] == coupon["code"] for coupon in coupons)
    # Coupons for free shipping are on no line.
    on_lines = {(c["order_id"], c["code"]) for c in coupons if c["type"] == 1}
    assert by_lines <= on_lines


def test_items_total_is_the_sum_of_quantities(shared_store: Sandbox) -> None:
    lines = groupby(shared_store.rows("order_products"), lambda line: line["order_id"])
    totals = {order: sum(line["quantity"] for line in group) for order, group in lines}
    assert {
        o["id"]: o["items_total"] for o in shared_store.rows("orders") if o["items_total"]
    } == totals


def test_every_kind_of_order_is_there(shared_store: Sandbox) -> None:
    orders = shared_store.rows("orders")
    counts = {o["id"]: 0 for o in orders}
    for line in shared_store.rows("order_products"):
        counts[line["order_id"]] += 1
    assert {specimen.lines for specimen in SPECIMENS} <= set(counts.values())
    assert any(o["customer_id"] == 0 for o in orders)
    assert any(o["status_id"] == 0 for o in orders)
    assert any(o["is_deleted"] for o in orders)
    assert any(o["order_is_digital"] for o in orders)
    assert any(o["date_shipped"] == "" for o in orders)


def test_transaction_and_store_ids_pass_32_bits(shared_store: Sandbox) -> None:
    assert shared_store.rows("transactions")[-1]["id"] > 2**32
    assert shared_store.rows("store")[0]["store_id"] > 2**32


def test_many_rows_share_a_second(shared_store: Sandbox) -> None:
    dates = [order["date_modified"] for order in shared_store.rows("orders")]
    assert max(dates.count(date) for date in dates) > 3


def test_a_large_store_starts_without_making_rows() -> None:
    store = Sandbox(orders=20_000)
    assert store.data.count("orders") == 20_000
    assert len(store.data.texts) == 0
