"""What single endpoints do beyond the battery: keys, cursors, includes, traps, refusals."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox import Sandbox
from sandbox.sideload import WARNING
from unit_tests.sandbox.asking import Get

LINES = {"include": "consignments.line_items", "consignment_structure": "object"}


def test_orders_are_read_by_key_in_a_window(shared_store: Sandbox, get: Get) -> None:
    window = {
        "min_date_modified": "2023-01-01T00:00:00Z",
        "max_date_modified": "Mon, 01 Jan 2024 00:00:00 +0000",
    }
    whole = get(shared_store, "/v2/orders", limit=250, **window).json()
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["id"] + 1 if found else 1
        response = get(shared_store, "/v2/orders", limit=7, min_id=after, sort="id:asc", **window)
        if response.status_code == 204:
            break
        found += response.json()
    assert found == whole
    assert 40 < len(whole) < 250


def collected(order: dict[str, Any]) -> list[dict[str, Any]]:
    consignments = order["consignments"]
    parts = [*consignments["pickups"], *consignments["shipping"], *consignments["downloads"]]
    parts += consignments["email"]["gift_certificates"]
    return [line for part in parts for line in part["line_items"]]


def test_side_loaded_lines_are_those_of_the_endpoint(shared_store: Sandbox, get: Get) -> None:
    kept = cut = empty = 0
    orders = [
        get(shared_store, "/v2/orders", limit=250, page=page, **LINES).json() for page in (1, 2)
    ]
    for order in orders[0] + orders[1]:
        response = get(shared_store, f"/v2/orders/{order['id']}/products", limit=250)
        lines = response.json() if response.status_code == 200 else []
        side_loaded = sorted(collected(order), key=lambda line: line["id"])
        if "__warning__" in str(order["consignments"]):
            assert len(side_loaded) == 50
            assert side_loaded == lines[:50]
            cut += 1
        elif lines and not side_loaded:
            empty += 1
        else:
            assert side_loaded == lines
            kept += 1
    assert (kept, cut, empty) == (394, 3, 3)


def order_with(shared_store: Sandbox, lines: int) -> dict[str, Any]:
    counts = shared_store.data.table("orders").columns["line_count"]
    key = shared_store.data.table("orders").columns["id"][counts.index(lines)]
    return {"min_id": key, "max_id": key}


@pytest.mark.parametrize("place", ["consignment", "line_items", "consignments"])
def test_the_warning_stands_where_the_option_says(store: Sandbox, get: Get, place: str) -> None:
    store.options.warning_place = place
    [order] = get(store, "/v2/orders", **order_with(store, 73), **LINES).json()
    consignments = order["consignments"]
    [consignment] = consignments["shipping"]
    found = {
        "consignment": consignment.get("__warning__"),
        "line_items": consignment["line_items"][-1].get("__warning__"),
        "consignments": consignments.get("__warning__"),
    }
    assert [name for name, value in found.items() if value == WARNING] == [place]


def test_fifty_lines_come_without_a_warning(shared_store: Sandbox, get: Get) -> None:
    [order] = get(shared_store, "/v2/orders", **order_with(shared_store, 50), **LINES).json()
    assert len(collected(order)) == 50
    assert "__warning__" not in str(order)


def test_consignments_are_an_array_unless_asked_otherwise(shared_store: Sandbox, get: Get) -> None:
    legacy = get(shared_store, "/v2/orders", include="consignments.line_items", limit=3).json()
    modern = get(shared_store, "/v2/orders", limit=3, **LINES).json()
    assert [o["consignments"] for o in legacy] == [[o["consignments"]] for o in modern]
    assert get(shared_store, "/v2/orders", consignment_structure="array").status_code == 422


def test_links_stand_for_what_was_not_included(store: Sandbox, get: Get) -> None:
    link = {
        "url": "https://api.bigcommerce.com/stores/sandbox/v2/orders/100/consignments",
        "resource": "/orders/100/consignments",
    }
    assert get(store, "/v2/orders", limit=1).json()[0]["consignments"] == link
    store.options.ignore_include = True
    assert get(store, "/v2/orders", limit=1, **LINES).json()[0]["consignments"] == link
    store.options.ignore_include = False
    [order] = get(store, "/v2/orders", limit=1, include="consignments,fees").json()
    assert order["fees"] == []
    assert collected({"consignments": order["consignments"][0]}) == [order["products"]]


def test_orders_are_counted_by_status(shared_store: Sandbox, get: Get) -> None:
    body = get(shared_store, "/v2/orders/count").json()
    assert body["count"] == 400 == sum(status["count"] for status in body["statuses"])
    assert (
        get(shared_store, "/v2/orders/count", status_id=0).json()["count"]
        == body["statuses"][0]["count"]
    )


def test_the_time_and_the_store_are_told(shared_store: Sandbox, get: Get) -> None:
    assert get(shared_store, "/v2/time").json() == {"time": 1_772_323_200}
    assert get(shared_store, "/v2/store").json()["logo"] == []


@pytest.mark.parametrize(("option", "statuses"), [("200", {200}), ("204", {204}), ("404", {404})])
def test_orders_without_transactions_answer_as_the_option_says(
    store: Sandbox, get: Get, option: str, statuses: set[int]
) -> None:
    columns = store.data.table("orders").columns
    bare = [
        key for key, n in zip(columns["id"], columns["transaction_count"], strict=True) if not n
    ]

    def answers() -> set[int]:
        return {get(store, f"/v3/orders/{key}/transactions").status_code for key in bare}

    assert answers() == {200, 204, 404}
    store.options.empty_transactions = option
    assert answers() == statuses


def test_lines_of_a_huge_order_take_two_pages(shared_store: Sandbox, get: Get) -> None:
    key = order_with(shared_store, 263)["min_id"]
    pages = [
        get(shared_store, f"/v2/orders/{key}/products", limit=250, page=page).json()
        for page in (1, 2)
    ]
    assert [len(page) for page in pages] == [250, 13]
    assert len(get(shared_store, f"/v2/orders/{key}/products").json()) == 50


def test_children_of_no_order_are_not_found(shared_store: Sandbox, get: Get) -> None:
    for path in ("/v2/orders/1/products", "/v3/orders/1/transactions", "/v2/orders/1"):
        assert get(shared_store, path).status_code == 404


def test_customers_are_read_by_cursor(store: Sandbox, get: Get) -> None:
    first = get(store, "/v3/customers", limit=8).json()
    assert first["meta"].keys() == {"pagination", "cursor_pagination"}
    cursor = first["meta"]["cursor_pagination"]["end_cursor"]
    store.delete("customers", first["data"][0]["id"])
    second = get(store, "/v3/customers", limit=8, after=cursor, page=5).json()
    third = get(
        store, "/v3/customers", limit=8, after=second["meta"]["cursor_pagination"]["end_cursor"]
    ).json()
    rows = first["data"][1:] + second["data"] + third["data"]
    assert rows == store.rows("customers")
    assert "next" in second["meta"]["cursor_pagination"]["links"]
    assert "next" not in third["meta"]["cursor_pagination"]["links"]
    start = second["meta"]["cursor_pagination"]["start_cursor"]
    assert get(store, "/v3/customers", limit=8, before=start).json()["data"] == rows[:7]


def test_later_pages_and_stores_without_cursors_send_none(store: Sandbox, get: Get) -> None:
    assert "cursor_pagination" not in get(store, "/v3/customers", page=2).json()["meta"]
    store.options.cursors = False
    assert "cursor_pagination" not in get(store, "/v3/customers").json()["meta"]


@pytest.mark.parametrize(
    "params", [{"after": "fish"}, {"after": "eyJpZCI6NX0=", "sort": "last_name:asc"}]
)
def test_bad_cursors_are_refused(shared_store: Sandbox, get: Get, params: dict[str, str]) -> None:
    assert get(shared_store, "/v3/customers", **params).status_code == 422


def test_included_addresses_are_cut_at_ten() -> None:
    store = Sandbox(orders=0, customers=500)
    customers = store.rows("customers", ["addresses"])
    assert any(len(c["addresses"]) == 10 < c["address_count"] for c in customers)


def test_products_are_read_by_key(shared_store: Sandbox, get: Get) -> None:
    key = shared_store.rows("products")[9]["id"]
    body = get(
        shared_store, "/v3/catalog/products", **{"id:greater": key, "sort": "id"}, limit=20
    ).json()
    assert body["data"] == shared_store.rows("products")[10:30]
    assert body["meta"]["pagination"]["total_pages"] == 3


@pytest.mark.parametrize("include", ["options", "modifiers", "images,options"])
def test_options_cap_the_page_at_ten(shared_store: Sandbox, get: Get, include: str) -> None:
    body = get(shared_store, "/v3/catalog/products", limit=250, include=include).json()
    assert len(body["data"]) == 10
    assert body["meta"]["pagination"]["total_pages"] == 6


def test_products_do_not_take_a_direction_in_sort(shared_store: Sandbox, get: Get) -> None:
    assert get(shared_store, "/v3/catalog/products", sort="id:asc").status_code == 422
    body = get(shared_store, "/v3/catalog/products", sort="id", direction="desc", limit=250).json()
    assert body["data"] == shared_store.rows("products")[::-1]


def test_a_bare_date_means_that_date_at_this_time_of_day(store: Sandbox, get: Get) -> None:
    key = store.rows("products")[0]["id"]
    store.edit("products", key, {"date_modified": "2026-02-28T10:00:00Z"})

    def found(value: str) -> list[int]:
        params = {"date_modified:min": value, "date_modified:max": "2026-02-28T10:00:00Z"}
        return [p["id"] for p in get(store, "/v3/catalog/products", **params).json()["data"]]

    assert key in found("2026-02-28")
    store.clock.advance(14 * 3600)
    assert found("2026-02-28") == []
    assert key in found("2026-02-28T00:00:00Z")


def test_fields_can_be_chosen(shared_store: Sandbox, get: Get) -> None:
    only = get(shared_store, "/v3/catalog/products", include_fields="name", limit=1).json()["data"][
        0
    ]
    assert only.keys() == {"id", "name"}
    less = get(shared_store, "/v3/catalog/brands", exclude_fields="name,id", limit=1).json()[
        "data"
    ][0]
    assert less.keys() == shared_store.rows("brands")[0].keys() - {"name"}


def ask(store: Sandbox, path: str = "/v2/time", **headers: str) -> requests.Response:
    base = {"X-Auth-Token": store.access_token, "Accept": "application/json"}
    return requests.get(f"{store.url}/stores{path}", headers=base | headers, timeout=5)


def test_a_wrong_token_is_refused(shared_store: Sandbox) -> None:
    v2 = ask(shared_store, "/sandbox/v2/orders", **{"X-Auth-Token": "wrong"})
    assert (v2.status_code, v2.json()[0]["status"]) == (401, 401)
    v3 = ask(shared_store, "/sandbox/v3/customers", **{"X-Auth-Token": "wrong"})
    assert v3.status_code == 401
    assert v3.json()["title"].startswith("Unauthorized - the v3 Auth client ID or token")


@pytest.mark.parametrize("status", [404, 403])
def test_a_wrong_store_is_refused(store: Sandbox, status: int) -> None:
    store.options.unknown_store = status
    assert ask(store, "/other/v2/time").status_code == status


def test_a_request_must_accept_json(shared_store: Sandbox) -> None:
    assert ask(shared_store, "/sandbox/v2/time", Accept="*/*").status_code == 406


def test_other_methods_than_get_are_refused_where_nothing_can_be_written(
    shared_store: Sandbox,
) -> None:
    headers = {"X-Auth-Token": shared_store.access_token, "Accept": "application/json"}
    url = f"{shared_store.url}/stores/sandbox/v3/catalog/brands"
    assert requests.post(url, json=[], headers=headers, timeout=5).status_code == 405


def test_suspension_and_maintenance_answer_503(store: Sandbox, get: Get) -> None:
    store.options.suspended = True
    response = get(store, "/v3/customers")
    assert response.status_code == 503
    assert response.json()["title"].startswith("The store is suspended.")
    store.options.update({"suspended": False, "maintenance": True})
    assert "maintenance" in get(store, "/v2/orders").json()[0]["message"]


def test_replies_are_compressed_if_both_sides_want_it(store: Sandbox, get: Get) -> None:
    plain = get(store, "/v2/orders")
    store.options.gzip = True
    packed = get(store, "/v2/orders")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == plain.json()


def test_a_spent_quota_answers_429(store: Sandbox, get: Get) -> None:
    store.options.update({"quota": 3, "window_ms": 60_000})
    replies = [get(store, "/v2/time") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [r.headers["X-Rate-Limit-Requests-Left"] for r in replies] == ["2", "1", "0", "0"]
    last = replies[-1].headers
    assert last["X-Rate-Limit-Requests-Quota"] == "3"
    assert last["X-Rate-Limit-Time-Window-Ms"] == "60000"
    assert 55 <= int(last["X-Retry-After"]) <= 60
    assert 55_000 < int(last["X-Rate-Limit-Time-Reset-Ms"]) <= 60_000
    assert "X-Retry-After" not in replies[0].headers


def test_quota_comes_back_with_the_next_window(store: Sandbox, get: Get) -> None:
    store.options.update({"quota": 2, "window_ms": 100})
    statuses = []
    while 429 not in statuses:
        statuses.append(get(store, "/v2/time").status_code)
    while statuses[-1] == 429:
        statuses.append(get(store, "/v2/time").status_code)
    assert statuses[-1] == 200


def test_another_client_takes_its_share(store: Sandbox, get: Get) -> None:
    store.options.update({"quota": 100, "window_ms": 60_000})
    store.surface.quota.drain(90)
    assert get(store, "/v2/time").headers["X-Rate-Limit-Requests-Left"] == "9"
    store.options.other_client = 1.0
    assert int(get(store, "/v2/time").headers["X-Rate-Limit-Requests-Left"]) <= 8


def test_the_log_tells_what_was_asked(store: Sandbox, get: Get) -> None:
    get(store, "/v2/orders", min_date_modified="2024-01-01T00:00:00Z", limit=5)
    [entry] = store.requests("orders.list")
    assert entry.path == "/stores/sandbox/v2/orders"
    assert entry.raw_query == "min_date_modified=2024-01-01T00%3A00%3A00Z&limit=5"
    assert entry.query == {"min_date_modified": "2024-01-01T00:00:00Z", "limit": "5"}
    assert (entry.method, entry.status) == ("GET", 200)
    assert entry.started <= entry.ended
