"""What the sandbox lets clients create, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import requests

from sandbox import Sandbox

LINE = {"name": "Mug", "quantity": 2, "price_ex_tax": 45, "price_inc_tax": "50.10"}
ORDER = {"billing_address": {"zip": "78701"}, "products": [LINE]}
PERSON = {"email": "New@example.com", "first_name": "N", "last_name": "Ew"}
Send = Callable[..., requests.Response]


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with Sandbox(orders=20, customers=5, products=30) as opened:
        yield opened


@pytest.fixture
def send(store: Sandbox) -> Send:
    def sent(method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        headers = {"X-Auth-Token": store.access_token, "Accept": "application/json"}
        data = None if body is None else orjson.dumps(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        url = f"{store.url}/stores/sandbox/{path}"
        return requests.request(method, url, data=data, headers=headers, params=params, timeout=9)

    return sent


def test_a_created_order_is_found_with_its_lines(store: Sandbox, send: Send) -> None:
    made = send("POST", "v2/orders", {**ORDER, "external_order_id": "A", "staff_notes": "x"}).json()
    [found] = send("GET", "v2/orders", external_order_id="A").json()
    assert found == made
    assert made["total_inc_tax"] == "100.2000"
    assert (made["items_total"], made["status"]) == (2, "Pending")
    [line] = send("GET", f"v2/orders/{made['id']}/products").json()
    of_others = store.rows("order_products")[0]
    assert line.keys() == of_others.keys()
    assert (line["name"], line["total_inc_tax"]) == ("Mug", "100.2000")


def test_a_created_row_has_the_fields_of_others(store: Sandbox, send: Send) -> None:
    place = {"first_name": "Jo", "zip": "10115"}
    made = send("POST", "v2/orders", {**ORDER, "shipping_addresses": [place]}).json()
    assert made.keys() == store.rows("orders")[0].keys()
    [shown] = send("GET", f"v2/orders/{made['id']}/shipping_addresses").json()
    assert shown.keys() == store.rows("order_shipping_addresses")[0].keys()
    assert shown["first_name"] == "Jo"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"billing_address": None}, 400),
        ({"billing_address": {"first_name": "Jo"}}, 400),
        ({"products": []}, 400),
        ({"products": [{"name": "Mug", "quantity": 1}]}, 400),
        ({"products": [{"product_id": 10**9, "quantity": 1}]}, 400),
        ({"products": [{**LINE, "quantity": 0}]}, 400),
        ({"products": [{**LINE, "variant_id": 1}]}, 400),
        ({"id": 7}, 400),
        ({"nonsense": 7}, 400),
        ({"total_ex_tax": "1"}, 400),
        ({"discount_amount": "-1"}, 400),
        ({"discount_amount": "0.12345"}, 400),
        ({"status_id": 15}, 400),
        ({"customer_id": 10**6}, 400),
        ({"channel_id": 10**6}, 400),
        ({"date_created": "2020-01-01"}, 400),
        ({"external_order_id": "x" * 256}, 400),
        ({"shipping_addresses": [{"nonsense": 1}]}, 400),
    ],
)
def test_a_wrong_order_is_refused(
    store: Sandbox, send: Send, fields: dict[str, Any], status: int
) -> None:
    assert send("POST", "v2/orders", {**ORDER, **fields}).status_code == status
    assert len(store.rows("orders")) == 20


def test_an_inactive_channel_is_refused(store: Sandbox, send: Send) -> None:
    store.edit("channels", 1, {"is_enabled": False})
    assert send("POST", "v2/orders", ORDER).status_code == 400


def test_a_product_out_of_stock_is_refused(store: Sandbox, send: Send) -> None:
    product = next(r for r in store.rows("products") if r["inventory_tracking"] == "product")
    [variant, *_] = store.data.variants_of(product["id"])
    line = {"product_id": product["id"], "variant_id": variant["id"]}
    for quantity, status in ((product["inventory_level"], 200), (10**6, 409)):
        order = {**ORDER, "products": [{**line, "quantity": quantity}]}
        if quantity:
            assert send("POST", "v2/orders", order).status_code == status


def test_a_pickup_has_its_lines(send: Send) -> None:
    pickup = {"pickup_method_id": 1, "line_items": [LINE]}
    order = {"billing_address": {"zip": "78701"}, "consignments": {"pickups": [pickup]}}
    made = send("POST", "v2/orders", order)
    assert made.status_code == 200
    [line] = send("GET", f"v2/orders/{made.json()['id']}/products").json()
    assert line["order_pickup_method_id"] == made.json()["id"]
    wrong = {**order, "shipping_addresses": []}
    assert send("POST", "v2/orders", wrong).status_code == 400


@pytest.mark.parametrize(
    ("match", "asked", "found"),
    [
        ("exact", "A", ["A"]),
        ("prefix", "A", ["A", "AB"]),
        ("any_case", "A", ["A", "a"]),
        ("none", "A", []),
    ],
)
def test_a_key_finds_what_the_option_says(
    store: Sandbox, send: Send, match: str, asked: str, found: list[str]
) -> None:
    for key in ("A", "AB", "a"):
        send("POST", "v2/orders", {**ORDER, "external_order_id": key})
    store.options.key_match = match
    reply = send("GET", "v2/orders", external_order_id=asked)
    rows = reply.json() if reply.content else []
    assert [row["external_order_id"] for row in rows] == found


def test_an_edited_key_is_found_by_its_new_value(store: Sandbox, send: Send) -> None:
    made = send("POST", "v2/orders", {**ORDER, "external_order_id": "A"}).json()
    store.edit("orders", made["id"], {"external_order_id": "B"})
    assert send("GET", "v2/orders", external_order_id="A").status_code == 204
    assert len(send("GET", "v2/orders", external_order_id="B").json()) == 1


def test_rows_created_just_now_are_listed_later(store: Sandbox, send: Send) -> None:
    store.options.lookup_lag = 60
    made = send("POST", "v2/orders", {**ORDER, "external_order_id": "A"}).json()
    send("POST", "v3/customers", [PERSON])
    assert send("GET", "v2/orders", external_order_id="A").status_code == 204
    assert send("GET", "v2/orders", min_id=made["id"]).status_code == 204
    assert send("GET", "v3/customers", **{"email:in": "new@example.com"}).json()["data"] == []
    store.options.lookup_lag = 0
    assert len(send("GET", "v2/orders", min_id=made["id"]).json()) == 1


@pytest.mark.parametrize(
    ("people", "status"),
    [
        ([PERSON], 200),
        ([{**PERSON, "email": "person1@EXAMPLE.com"}], 422),
        ([PERSON, PERSON], 422),
        ([{"email": "a@example.com"}], 422),
        ([{**PERSON, "id": 7}], 422),
        ([], 422),
        ([PERSON] * 11, 413),
    ],
)
def test_customers_are_created_all_or_none(
    store: Sandbox, send: Send, people: list[Any], status: int
) -> None:
    taken = store.rows("customers")[0]["email"]
    people = [
        {**each, "email": taken.upper()} if "person1@" in each.get("email", "") else each
        for each in people
    ]
    assert send("POST", "v3/customers", people).status_code == status
    assert len(store.rows("customers")) == 5 + (status == 200)


@pytest.mark.parametrize(
    ("kind", "is_done"),
    [
        ("status", False),
        ("late_status", True),
        ("early_reset", False),
        ("reset", True),
        ("early_hang", False),
        ("hang", True),
        ("truncate", True),
        ("rate_limit", False),
    ],
)
def test_a_fault_of_a_create_leaves_it_done_or_not(
    store: Sandbox, send: Send, kind: str, is_done: bool
) -> None:
    store.faults.add("orders.create", kind)
    try:
        reply: Any = send("POST", "v2/orders", {**ORDER, "external_order_id": "A"})
        assert reply.status_code != 200
    except requests.RequestException:
        pass
    assert not store.faults.pending()
    assert len(store.rows("orders")) == 20 + is_done


def test_an_empty_change_tells_about_the_scope(store: Sandbox, send: Send) -> None:
    assert send("PUT", "v2/orders/0", {}).status_code == 404
    assert send("PUT", "v3/customers", []).status_code == 200
    store.options.scopes = frozenset({"store_v2_orders_read_only", "store_v2_customers_read_only"})
    assert send("PUT", "v2/orders/0", {}).status_code == 403
    assert send("PUT", "v3/customers", []).status_code == 403
    assert send("POST", "v2/orders", ORDER).status_code == 403
