"""What the store does where stores are reported to differ: each option, both ways."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox import Sandbox
from unit_tests.sandbox.asking import Get

DATES = {"date_modified:min": "2000-01-01T00:00:00Z"}


def ids(reply: requests.Response) -> set[int]:
    if reply.status_code == 204:
        return set()
    body = reply.json()
    return {row["id"] for row in (body["data"] if isinstance(body, dict) else body)}


def raw(store: Sandbox, query: str) -> requests.Response:
    """A request whose query goes out as it is written."""
    request = requests.Request("GET", f"{store.url}/stores/{store.store_hash}/{query}")
    request.headers = {"X-Auth-Token": store.access_token, "Accept": "application/json"}
    prepared = request.prepare()
    prepared.url = f"{store.url}/stores/{store.store_hash}/{query}"
    return requests.Session().send(prepared)


@pytest.mark.parametrize("listed", ["shown", "hidden"])
@pytest.mark.parametrize("is_deleted", ["only", "also", "ignored", "refused"])
def test_archived_orders_appear_as_the_options_say(
    store: Sandbox, get: Get, listed: str, is_deleted: str
) -> None:
    store.options.update({"archived_orders": listed, "is_deleted": is_deleted})
    every = {order["id"] for order in store.rows("orders")}
    archived = {order["id"] for order in store.rows("orders") if order["is_deleted"]}
    pages: list[set[int]] = []
    for asked in ({}, {"is_deleted": "true"}):
        replies = [get(store, "/v2/orders", limit=250, page=page, **asked) for page in (1, 2)]
        pages.append(set().union(*map(ids, replies)) if replies[0].status_code != 400 else {400})
    plain = every if listed == "shown" else every - archived
    asked_for = {"only": archived, "also": every, "ignored": plain, "refused": {400}}
    assert 1 < len(archived) < len(every) > 250
    assert pages == [plain, asked_for[is_deleted]]


def test_orders_without_the_flag_are_otherwise_the_same(store: Sandbox, get: Get) -> None:
    flagged = get(store, "/v2/orders", limit=3).json()
    store.options.archived_flag = False
    assert get(store, "/v2/orders", limit=3).json() == [
        {name: value for name, value in row.items() if name != "is_deleted"} for row in flagged
    ]


@pytest.mark.parametrize("path", ["/v3/channels/metafields", "/v3/customers/subscribers"])
def test_a_date_filter_does_not_find_rows_without_a_date(
    store: Sandbox, get: Get, path: str
) -> None:
    everything = ids(get(store, path, limit=250))
    assert ids(get(store, path, limit=250, **DATES)) == everything
    store.options.undated = True
    rows = get(store, path, limit=250).json()["data"]
    undated = {row["id"] for row in rows if "date_modified" not in row}
    assert {row["id"] for row in rows} == everything
    assert everything > undated > set()
    assert ids(get(store, path, limit=250, **DATES)) == everything - undated


def test_listings_never_modified_have_no_date(shared_store: Sandbox, get: Get) -> None:
    rows = get(shared_store, "/v3/channels/1/listings", limit=1000).json()["data"]
    dated = [row["listing_id"] for row in rows if "date_modified" in row]
    assert 0 < len(dated) < len(rows)


@pytest.mark.parametrize(
    ("option", "query", "is_taken"),
    [
        ({}, "v3/customers?date_modified:min=2000-01-01T00%3A00%3A00Z", True),
        ({"v3_dates": "plain"}, "v3/customers?date_modified:min=2000-01-01T00%3A00%3A00Z", False),
        ({"v3_dates": "plain"}, "v3/customers?date_modified:min=2000-01-01T00:00:00Z", True),
        ({"v3_dates": "plain"}, "v3/customers?date_modified%3Amin=2000-01-01T00:00:00Z", True),
    ],
)
def test_encoded_v3_dates_find_what_the_option_says(
    store: Sandbox, option: dict[str, Any], query: str, is_taken: bool
) -> None:
    store.options.update(option)
    assert bool(ids(raw(store, query))) == is_taken


@pytest.mark.parametrize(
    ("option", "query", "is_obeyed"),
    [
        ({}, "v2/orders?min_date_modified=2030-01-01T00:00:00Z", True),
        ({"v2_dates": "encoded"}, "v2/orders?min_date_modified=2030-01-01T00:00:00Z", False),
        ({"v2_dates": "encoded"}, "v2/orders?min_date_modified=2030-01-01T00%3A00%3A00Z", True),
    ],
)
def test_plain_v2_dates_are_obeyed_as_the_option_says(
    store: Sandbox, option: dict[str, Any], query: str, is_obeyed: bool
) -> None:
    store.options.update(option)
    assert (ids(raw(store, query)) == set()) == is_obeyed


@pytest.mark.parametrize(("more", "status"), [("refused", 422), ("missing", 404), ("ignored", 200)])
def test_a_list_of_keys_is_as_long_as_the_option_says(
    store: Sandbox, get: Get, more: str, status: int
) -> None:
    keys = [row["product_id"] for row in store.rows("product_tax_properties")]
    store.options.update({"keys_at_most": len(keys) - 1, "more_keys": more})
    path = "/v3/tax/products/properties?product_id:in="
    assert len(get(store, path + ",".join(map(str, keys[1:]))).json()["data"]) == len(keys) - 1
    response = get(store, path + ",".join(map(str, keys)))
    assert response.status_code == status
    if status == 200:
        assert [row["product_id"] for row in response.json()["data"]] == keys[:-1]


WHOLE = ["/v2/order_statuses", "/v2/shipping/zones", "/v3/catalog/trees", "/v3/tax/rates"]


@pytest.mark.parametrize("path", WHOLE)
def test_whole_lists_are_paged_if_the_option_says_so(store: Sandbox, get: Get, path: str) -> None:
    everything = ids(get(store, path))
    assert get(store, path, page=2).status_code == 422
    store.options.undocumented_page = "ignored"
    assert ids(get(store, path, page=2)) == everything
    store.options.whole_lists = 1
    pages = [ids(get(store, path, page=page)) for page in range(1, len(everything) + 2)]
    assert [len(page) for page in pages] == [1] * len(everything) + [0]
    assert set().union(*pages) == everything


@pytest.mark.parametrize(
    ("later", "status", "second"),
    [
        ("paged", 200, 3),
        ("repeated", 200, 1),
        ("empty", 200, None),
        ("refused", 400, None),
        ("missing", 404, None),
    ],
)
def test_later_pages_of_children_are_what_the_option_says(
    store: Sandbox, get: Get, later: str, status: int, second: int | None
) -> None:
    store.options.later_children = later
    counts = store.data.table("orders").columns["transaction_count"]
    order = store.data.table("orders").columns["id"][counts.index(5)]
    path = f"/v3/orders/{order}/transactions"
    rows = [row["id"] for row in get(store, path).json()["data"]]
    reply = get(store, path, limit=2, page=2)
    assert reply.status_code == status
    if status == 200:
        body = reply.json()
        found = [row["id"] for row in body["data"]]
        assert found == (rows[second - 1 : second + 1] if second else [])
        assert body["meta"]["pagination"]["total"] == 5


def dates(store: Sandbox, collection: str) -> dict[int, str]:
    return {row["id"]: row["date_modified"] for row in store.rows(collection)}


@pytest.mark.parametrize(
    ("option", "moved"),
    [
        ("none", set()),
        ("orders", {"orders"}),
        ("all", {"orders", "products", "customers"}),
    ],
)
def test_dates_of_parents_move_as_the_option_says(
    store: Sandbox, option: str, moved: set[str]
) -> None:
    assert store.options.parent_dates == "orders"
    store.options.parent_dates = option
    before = {name: dates(store, name) for name in ("orders", "products", "customers")}
    store.clock.advance(3600)
    order = store.rows("order_products")[0]["order_id"]
    store.insert("order_products", {"name": "More"}, parent=int(order))
    store.edit("variants", store.rows("variants")[0]["id"], {"sku": "new"})
    store.insert("customer_addresses", {"city": "Leeds"}, parent=store.rows("customers")[0]["id"])
    store.delete("customer_addresses", store.rows("customer_addresses")[0]["id"])
    changed = {name for name, dated in before.items() if dates(store, name) != dated}
    assert changed == moved
    # Whatever its date, the parent shows its children as they are now.
    shown = store.rows("products", ["variants"])[0]["variants"]
    assert shown[0]["sku"] == "new"
