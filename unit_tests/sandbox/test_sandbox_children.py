"""Rows that hang on others: shown alike wherever they are shown, gone when their parent goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.routes import ROUTES
from unit_tests.sandbox.asking import Get

INCLUDES = {
    "include": "consignments.line_items,fees",
    "consignment_structure": "object",
    "limit": 250,
}


def rows(response: Any) -> list[dict[str, Any]]:
    if response.status_code == 204:
        return []
    assert response.status_code == 200
    body = response.json()
    return body if isinstance(body, list) else list(body["data"])


# Orders


def test_bulk_addresses_are_those_of_the_endpoint(shared_store: Sandbox, get: Get) -> None:
    found = 0
    for order in rows(get(shared_store, "/v2/orders", **INCLUDES)):
        addresses = rows(get(shared_store, f"/v2/orders/{order['id']}/shipping_addresses"))
        found += len(addresses)
        for bulk, address in zip(order["consignments"]["shipping"], addresses, strict=True):
            assert bulk.keys() - {"line_items", "__warning__"} == address.keys() - {"order_id"}
            assert address["order_id"] == order["id"]
            for name in bulk.keys() & address.keys() - {"shipping_quotes"}:
                if "cost" in name and not name.endswith("class_id"):
                    assert isinstance(bulk[name], float)
                    assert f"{bulk[name]:.4f}" == address[name]
                else:
                    assert bulk[name] == address[name]
    assert found > 100


def test_bulk_fees_are_those_of_the_endpoint(shared_store: Sandbox, get: Get) -> None:
    orders = rows(get(shared_store, "/v2/orders", **INCLUDES))
    assert any(order["fees"] for order in orders)
    for order in orders[:100]:
        assert rows(get(shared_store, f"/v2/orders/{order['id']}/fees")) == order["fees"]


@pytest.mark.parametrize("include", ["", "consignments.line_items"])
def test_bulk_consignments_are_those_of_the_endpoint(
    shared_store: Sandbox, get: Get, include: str
) -> None:
    params = {**INCLUDES, "include": include or "consignments"}
    for order in rows(get(shared_store, "/v2/orders", **params))[:100]:
        path = f"/v2/orders/{order['id']}/consignments"
        one = get(shared_store, path, **({"include": include} if include else {})).json()
        assert one == order["consignments"]


def test_an_edited_address_shows_in_both_places(store: Sandbox, get: Get) -> None:
    address = store.rows("order_shipping_addresses")[0]
    order = address["order_id"]
    store.edit("order_shipping_addresses", address["id"], {"city": "Elsewhere"}, parent=order)
    [found] = rows(get(store, "/v2/orders", **INCLUDES, min_id=order, max_id=order))
    assert found["consignments"]["shipping"][0]["city"] == "Elsewhere"
    assert rows(get(store, f"/v2/orders/{order}/shipping_addresses"))[0]["city"] == "Elsewhere"


def test_shipments_send_what_was_shipped(shared_store: Sandbox) -> None:
    orders = {order["id"]: order for order in shared_store.rows("orders")}
    shipments = shared_store.rows("order_shipments")
    assert all(orders[s["order_id"]]["items_shipped"] > 0 for s in shipments)
    lines = [item["order_product_id"] for s in shipments for item in s["items"]]
    shipped = {
        line["id"]
        for line in shared_store.rows("order_products")
        if line["quantity_shipped"] and line["order_address_id"]
    }
    assert sorted(lines) == sorted(shipped)


def test_taxes_have_details_if_asked_for(shared_store: Sandbox, get: Get) -> None:
    order = shared_store.rows("order_taxes")[0]["order_id"]
    plain = rows(get(shared_store, f"/v2/orders/{order}/taxes"))
    full = rows(get(shared_store, f"/v2/orders/{order}/taxes", details="true"))
    assert full == [row for row in shared_store.rows("order_taxes") if row["order_id"] == order]
    assert full[0].keys() - plain[0].keys() == {"order_product_id", "line_item_type"}
    assert rows(get(shared_store, f"/v2/orders/{order}/taxes", details="false")) == plain


def test_refunds_are_found_by_order_and_transaction(shared_store: Sandbox, get: Get) -> None:
    path = "/v3/orders/payment_actions/refunds"
    refund = next(r for r in shared_store.rows("refunds") if r["payments"][0]["transaction_id"])
    by_order = {"order_id:in": refund["order_id"]}
    by_transaction = {"transaction_id": refund["payments"][0]["transaction_id"]}
    assert refund in rows(get(shared_store, path, **by_order))
    assert refund in rows(get(shared_store, path, **by_transaction))
    window = {"created:min": refund["created"], "created:max": refund["created"]}
    assert refund in rows(get(shared_store, path, **window))
    assert any(
        t["id"] == int(by_transaction["transaction_id"]) for t in shared_store.rows("transactions")
    )


def test_messages_are_found_by_date_and_id(shared_store: Sandbox, get: Get) -> None:
    last = shared_store.rows("order_messages")[-1]
    path = f"/v2/orders/{last['order_id']}/messages"
    assert rows(get(shared_store, path, min_date_created=last["date_created"]))[-1] == last
    assert rows(get(shared_store, path, min_id=last["id"])) == [last]
    assert rows(get(shared_store, path, min_id=last["id"] + 1)) == []


# Children that are listed across all parents


def test_variants_of_a_product_are_those_of_the_list(shared_store: Sandbox) -> None:
    nested = [v for p in shared_store.rows("products", ["variants"]) for v in p["variants"]]
    assert nested == shared_store.rows("variants")


def test_an_edited_variant_shows_in_its_product(store: Sandbox, get: Get) -> None:
    variant = store.rows("variants")[0]
    params = {"include": "variants", "id": variant["product_id"]}
    rows(get(store, "/v3/catalog/products", **params))
    store.edit("variants", variant["id"], {"sku": "NEW"})
    [product] = rows(get(store, "/v3/catalog/products", **params))
    assert product["variants"][0]["sku"] == "NEW"
    assert rows(get(store, "/v3/catalog/variants", sku="NEW"))[0]["id"] == variant["id"]


@pytest.mark.parametrize("used_before", [True, False])
def test_children_go_with_their_parent(store: Sandbox, used_before: bool) -> None:
    names = ("variants", "inventory_items", "price_list_records", "product_metafields")
    product = store.rows("products")[3]["id"]
    others = {n: [r for r in store.rows(n) if product not in r.values()] for n in names}
    others["inventory_items"] = [
        r for r in store.rows("inventory_items") if r["identity"]["product_id"] != product
    ]
    store = store if used_before else Sandbox(orders=300, customers=20, products=20)
    store.delete("products", product)
    assert {n: store.rows(n) for n in names} == others


@pytest.mark.parametrize("used_before", [True, False])
def test_children_come_with_their_parent(used_before: bool) -> None:
    store = Sandbox(orders=1, customers=20, products=20)
    if used_before:
        store.rows("inventory_items")
    product = store.insert("products")
    variants = [v for v in store.rows("variants") if v["product_id"] == product]
    stock = [i["identity"]["variant_id"] for i in store.rows("inventory_items")]
    assert variants
    assert variants[0]["id"] == product * 100 + 1
    assert {v["id"] for v in variants} <= set(stock)


def test_a_new_child_names_its_parent(store: Sandbox, get: Get) -> None:
    product = store.rows("products")[5]["id"]
    since = "2026-02-28T00:00:00Z"
    path = "/v3/catalog/products/metafields"
    before = rows(get(store, path, **{"date_modified:min": since}, limit=250))
    key = store.insert("product_metafields", {"value": "new"}, parent=product)
    after = rows(get(store, path, **{"date_modified:min": since}, limit=250))
    [new] = [row for row in after if row not in before]
    assert (new["id"], new["resource_id"], new["value"]) == (key, product, "new")
    assert new["date_modified"] == "2026-03-01T00:00:00+00:00"
    with pytest.raises(KeyError, match="no products"):
        store.insert("product_metafields", parent=987654)


def test_listings_of_a_missing_channel_are_not_found(shared_store: Sandbox, get: Get) -> None:
    response = get(shared_store, "/v3/channels/987654/listings")
    assert (response.status_code, response.json()["data"]) == (200, [])
    assert get(shared_store, "/v3/channels/1/listings", page=1).status_code == 422


def test_redirects_are_found_by_the_beginning_of_their_path(
    shared_store: Sandbox, get: Get
) -> None:
    found = rows(get(shared_store, "/v3/storefront/redirects", keyword="red", limit=250))
    assert {row["from_path"][:5] for row in found} == {"/red/"}
    assert not rows(get(shared_store, "/v3/storefront/redirects", keyword="old"))


def test_promotions_for_a_channel_are_also_those_for_all(shared_store: Sandbox, get: Get) -> None:
    found = rows(get(shared_store, "/v3/promotions", channels="1,2"))
    assert [row["id"] for row in found] == [row["id"] for row in shared_store.rows("promotions")]
    found = rows(get(shared_store, "/v3/promotions", channels=2))
    assert found
    assert all(row["channels"] == [] for row in found)


# Requests at the same time


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.concurrent and r.concurrent <= 10], ids=lambda r: r.operation
)
def test_requests_beyond_the_limit_at_a_time_are_refused(
    store: Sandbox, get: Get, route: Any
) -> None:
    parents = {"price_list_id": 1, "tree_id": 1, "promotion_id": store.rows("promotions")[3]["id"]}
    path = route.path.format(**parents)
    store.options.update({"quota": 100})
    with ThreadPoolExecutor(route.concurrent + 2) as pool:
        with store.data.lock:  # no request is answered with rows until two are refused
            asked = [pool.submit(get, store, path) for _ in range(route.concurrent + 2)]
            refused = [each.result() for each in islice(as_completed(asked), 2)]
        statuses = [each.result().status_code for each in asked]
    assert [reply.status_code for reply in refused] == [429, 429]
    assert sorted(statuses) == [200] * route.concurrent + [429] * 2
    assert int(refused[0].headers["X-Rate-Limit-Requests-Left"]) > 0
    assert get(store, path).status_code == 200
