"""A battery over the route table: whatever stands there pages, refuses and asks for its scope."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Get

from sandbox import Sandbox
from sandbox.routes import ROUTES, Answer, Family, Paging, Route, match

LISTS = [r for r in ROUTES if r.answer is Answer.LIST]
TOP_LISTS = [r for r in LISTS if "{" not in r.path]
PAGED = [r for r in LISTS if r.paging is not Paging.NONE]


def operation(route: Route) -> str:
    return route.operation


def path(store: Sandbox, route: Route) -> str:
    """The route's path; where it needs an order, one with five transactions."""
    rows = store.rows("transactions")
    order = next(row["order_id"] for row in rows if int(row["id"]) % 16 == 4)
    return route.path.format(order_id=order)


def rows(response: Any) -> list[dict[str, Any]]:
    if response.status_code == 204:
        return []
    body = response.json()
    return body if isinstance(body, list) else list(body["data"])


@pytest.mark.parametrize("route", ROUTES, ids=operation)
def test_answers_a_plain_request(shop: Sandbox, get: Get, route: Route) -> None:
    response = get(shop, path(shop, route))
    assert response.status_code == 200
    assert shop.log[-1].operation == route.operation


@pytest.mark.parametrize("route", TOP_LISTS, ids=operation)
def test_sends_the_rows_of_the_store(shop: Sandbox, get: Get, route: Route) -> None:
    params = {} if route.paging is Paging.NONE else {"limit": 250}
    assert rows(get(shop, route.path, **params)) == shop.rows(route.collection)[:250]


@pytest.mark.parametrize("route", PAGED, ids=operation)
def test_pages_cover_everything_once(shop: Sandbox, get: Get, route: Route) -> None:
    where = path(shop, route)
    whole = rows(get(shop, where, limit=250))[:9]
    pages = [rows(get(shop, where, limit=1, page=page)) for page in range(1, 10)]
    paged = [row for page in pages for row in page]
    assert paged == whole


@pytest.mark.parametrize("route", [r for r in PAGED if r.family is Family.V3], ids=operation)
def test_v3_pagination(shop: Sandbox, get: Get, route: Route) -> None:
    total = get(shop, path(shop, route)).json()["meta"]["pagination"]["total"]
    body = get(shop, path(shop, route), limit=2, page=2).json()
    assert body["meta"] == {
        "pagination": {
            "total": total,
            "count": len(body["data"]),
            "per_page": 2,
            "current_page": 2,
            "total_pages": (total + 1) // 2,
            "links": {"current": "?page=2&limit=2", "previous": "?page=1&limit=2"}
            | ({"next": "?page=3&limit=2"} if total > 4 else {}),
        }
    }


@pytest.mark.parametrize("route", PAGED, ids=operation)
def test_past_the_end(shop: Sandbox, get: Get, route: Route) -> None:
    response = get(shop, path(shop, route), page=1000, limit=250)
    if route.family is Family.V2:
        assert (response.status_code, response.content) == (204, b"")
    else:
        assert (response.status_code, response.json()["data"]) == (200, [])


@pytest.mark.parametrize("route", PAGED, ids=operation)
@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"limit": 251}, 413),
        ({"limit": "many"}, 422),
        ({"limit": 0}, 422),
        ({"page": 0}, 422),
        ({"page": [1, 2]}, None),
        ({"unheard_of": 1}, None),
    ],
)
def test_refuses(
    shop: Sandbox, get: Get, route: Route, params: dict[str, Any], status: int | None
) -> None:
    response = get(shop, path(shop, route), **params)
    assert response.status_code == (status or route.unknown_parameter)
    body = response.json()
    words = body[0]["message"] if route.family is Family.V2 else body["title"]
    assert words


@pytest.mark.parametrize(
    ("route", "name"),
    [(r, n) for r in TOP_LISTS for n, f in r.filters.items() if f.kind.name != "TEXT"],
    ids=lambda x: x.operation if isinstance(x, Route) else str(x),
)
def test_refuses_values_of_the_wrong_kind(shop: Sandbox, get: Get, route: Route, name: str) -> None:
    assert get(shop, route.path, **{name: "fish"}).status_code == 422


@pytest.mark.parametrize(
    ("route", "include"),
    [(r, i) for r in LISTS for i in r.includes],
    ids=lambda x: x.operation if isinstance(x, Route) else str(x),
)
def test_includes_change_the_rows(shop: Sandbox, get: Get, route: Route, include: str) -> None:
    plain, full = (rows(get(shop, route.path, **p)) for p in ({}, {"include": include}))
    assert plain[: len(full)] != full
    assert get(shop, route.path, include="fish").status_code == route.unknown_parameter


@pytest.mark.parametrize("route", ROUTES, ids=operation)
def test_asks_for_its_scope(store: Sandbox, get: Get, route: Route) -> None:
    store.options.scopes = frozenset({"store_themes_read_only"})
    assert get(store, path(store, route)).status_code == 403
    for scope in (route.scopes[0], route.scopes[0].removesuffix("_read_only")):
        store.options.scopes = frozenset({scope})
        assert get(store, path(store, route)).status_code == 200


def test_paths_outside_the_table_are_not_found() -> None:
    assert match("/v2/orders/12/fish") is None
    assert match("/v3/orders") is None
    assert match("/v2/orders/") is None
