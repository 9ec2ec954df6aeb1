"""A battery over the route table: whatever stands there pages, refuses and asks for its scope."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.clock import instant, iso
from sandbox.reply import Family
from sandbox.route import Answer, Kind, Meta, Paging, Route
from sandbox.routes import ROUTES, match
from unit_tests.sandbox.asking import Get

FEW = ("order_fees", "order_coupons", "order_shipping_quotes")
LISTS = [r for r in ROUTES if r.answer is Answer.LIST]
TOP_LISTS = [r for r in LISTS if "{" not in r.path and (not r.wants or "theme" in r.operation)]
PAGED = [r for r in LISTS if r.paging in (Paging.PAGES, Paging.CURSOR)]
LIMITED = [r for r in LISTS if r.paging is not Paging.NONE]
OFFSET = [r for r in LISTS if r.paging is Paging.OFFSET]
CURSORED = [r for r in LISTS if r.paging in (Paging.CURSOR, Paging.AFTER)]
FILTERS = [(r, name) for r in LISTS for name in r.filters]


def operation(value: object) -> str:
    return value.operation if isinstance(value, Route) else str(value)


def path(store: Sandbox, route: Route) -> str:
    """The route's path; where it needs a parent, the one with the most rows."""
    names = re.findall(r"\{(\w+)\}", route.path)
    named = {name: largest(store, route.collection, name) for name in names[:1]}
    for name in names[1:]:
        named[name] = store.data.children_of(route.collection, *named.values())[0][name]
    wanted = ""
    if route.wants:
        children = route.collection in store.data.children
        row = (
            store.data.children_of(route.collection, *named.values())[0]
            if children
            else store.rows(route.collection)[0]
        )
        field: Any = route.filters[route.wants].field
        wanted = f"?{route.wants}={field(row) if callable(field) else row[field]}"
        if route.filters[route.wants].op == "in":
            keys = ",".join(str(each[field]) for each in store.rows(route.collection))
            wanted = f"?{route.wants}={keys}"
    return route.path.format(**named) + wanted


@cache
def largest(store: Sandbox, collection: str, parent_id: str) -> int:
    children = store.data.children.get(collection)
    if children:
        keys = children.parent.columns[children.parent.key]
        return keys[max(children.parent.select(), key=lambda at: len(children.rows(at)))]
    table = store.data.table(collection)
    parents = table.columns[parent_id if parent_id in table.columns else table.key]
    return Counter(parents).most_common(1)[0][0]


def rows(response: Any) -> list[dict[str, Any]]:
    if response.status_code == 204:
        return []
    body = response.json()
    data = body if isinstance(body, list) else body["data"]
    return list(data["list"] if isinstance(data, dict) and "list" in data else data)


def whole(store: Sandbox, get: Get, route: Route) -> list[dict[str, Any]]:
    params = {} if route.paging is Paging.NONE else {"limit": min(250, route.max_limit)}
    return rows(get(store, path(store, route), **params, **route.everything))


@pytest.mark.parametrize("route", ROUTES, ids=operation)
def test_each_route_answers_a_plain_request(shared_store: Sandbox, get: Get, route: Route) -> None:
    response = get(shared_store, path(shared_store, route))
    assert response.status_code == 200
    assert shared_store.log[-1].operation == route.operation


@pytest.mark.parametrize("route", TOP_LISTS, ids=operation)
def test_each_route_sends_the_rows_of_the_store(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    expected = shared_store.rows(route.collection)
    if field := route.newest_first:
        expected.sort(key=lambda row: str(row[field]), reverse=True)
    expected = [route.shown(row) if route.shown else row for row in expected]
    assert whole(shared_store, get, route) == expected[:250]


@pytest.mark.parametrize("route", LISTS, ids=operation)
def test_each_route_has_rows(shared_store: Sandbox, get: Get, route: Route) -> None:
    assert len(whole(shared_store, get, route)) > 1 or route.collection in FEW


@pytest.mark.parametrize("route", PAGED, ids=operation)
def test_pages_cover_everything_once(shared_store: Sandbox, get: Get, route: Route) -> None:
    where = path(shared_store, route)
    expected = whole(shared_store, get, route)[:9]
    pages = [rows(get(shared_store, where, limit=1, page=page)) for page in range(1, 10)]
    assert [row for page in pages for row in page] == expected


@pytest.mark.parametrize("route", OFFSET, ids=operation)
def test_offsets_cover_everything_once(shared_store: Sandbox, get: Get, route: Route) -> None:
    where, asked = path(shared_store, route), route.everything
    expected = whole(shared_store, get, route)
    offsets = range(0, len(expected) + 2, 2)
    pages = [rows(get(shared_store, where, limit=2, offset=offset, **asked)) for offset in offsets]
    assert [row for page in pages for row in page] == expected
    assert pages[-1] == []


@pytest.mark.parametrize("route", OFFSET, ids=operation)
def test_lists_of_b2b_edition_count_all_their_rows(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    body = get(
        shared_store, path(shared_store, route), limit=2, offset=1, **route.everything
    ).json()
    told = {"totalCount": len(whole(shared_store, get, route)), "limit": 2, "offset": 1}
    if route.operation == "b2b_quotes.list":
        assert body["data"]["pagination"] == told
    elif route.operation == "b2b_orders.list":
        assert body["meta"] == {"message": "SUCCESS", **told}
    else:
        assert body["meta"] == {"message": "SUCCESS", "pagination": told}


@pytest.mark.parametrize("route", [r for r in OFFSET if r.everything], ids=operation)
@pytest.mark.parametrize("nth", [0, 1])
def test_b2b_edition_leaves_out_rows_or_fields_by_default(
    shared_store: Sandbox, get: Get, route: Route, nth: int
) -> None:
    name = [*route.everything][nth % len(route.everything)]
    less = {key: value for key, value in route.everything.items() if key != name}
    found = rows(get(shared_store, path(shared_store, route), limit=200, **less))
    everything = whole(shared_store, get, route)
    if name in route.filters:
        assert 0 < len(found) < len(everything)
    else:
        assert len(found) == len(everything)
        assert "extraFields" in everything[0].keys() - found[0].keys()


@pytest.mark.parametrize("route", CURSORED, ids=operation)
def test_cursors_cover_everything_once(shared_store: Sandbox, get: Get, route: Route) -> None:
    where = path(shared_store, route)
    expected = whole(shared_store, get, route)
    limit = -(-len(expected) // 4)
    paged: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    for _ in range(5):
        body = get(shared_store, where, limit=limit, **after).json()
        paged += body["data"]
        links = body["meta"].get("cursor_pagination", body["meta"]["pagination"])["links"]
        if "next" not in links:
            break
        after = {"after": re.sub("%3D", "=", links["next"].rpartition("=")[2])}
        if len(paged) >= len(expected):
            break
    assert paged[: len(expected)] == expected


@pytest.mark.parametrize("route", [r for r in CURSORED if r.paging is Paging.CURSOR], ids=operation)
def test_a_page_beside_a_cursor_is_ignored_or_refused(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    where = path(shared_store, route)
    cursor = get(shared_store, where, limit=1).json()["meta"]["cursor_pagination"]["end_cursor"]
    response = get(shared_store, where, limit=1, after=cursor, page=1)
    assert response.status_code == (200 if route.page_beside_cursor else 422)
    if route.page_beside_cursor:
        assert rows(response) == whole(shared_store, get, route)[1:2]


@pytest.mark.parametrize(
    "route",
    [r for r in PAGED if r.family is Family.V3 and r.meta is Meta.PAGINATION],
    ids=operation,
)
def test_v3_replies_have_their_pagination(shared_store: Sandbox, get: Get, route: Route) -> None:
    total = get(shared_store, path(shared_store, route)).json()["meta"]["pagination"]["total"]
    body = get(shared_store, path(shared_store, route), limit=2, page=2).json()
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


@pytest.mark.parametrize(
    "route",
    [r for r in LISTS if r.meta is not Meta.PAGINATION and r.family is not Family.B2B],
    ids=operation,
)
def test_other_meta_stays_as_documented(shared_store: Sandbox, get: Get, route: Route) -> None:
    params = {} if route.paging is Paging.NONE else {"limit": 2, "page": 2}
    meta = get(shared_store, path(shared_store, route), **params).json()["meta"]
    total = len(whole(shared_store, get, route))
    expected: dict[str, Any] = {}
    if route.meta is Meta.OFFSET:
        expected = {"pagination": {"offset": 2, "limit": 2, "total_items": total}}
    assert meta == expected


@pytest.mark.parametrize("route", PAGED, ids=operation)
def test_a_page_past_the_end_is_empty(shared_store: Sandbox, get: Get, route: Route) -> None:
    page = route.max_page or 1000
    response = get(shared_store, path(shared_store, route), page=page, limit=route.max_limit)
    if route.family is Family.V2:
        assert (response.status_code, response.content) == (204, b"")
    else:
        assert (response.status_code, response.json()["data"]) == (200, [])


@pytest.mark.parametrize(
    ("route", "params"),
    [(r, {"unheard_of": 1}) for r in ROUTES]
    + [(r, {"limit": limit}) for r in LIMITED for limit in ("many", 0)]
    + [(r, {"page": page}) for r in PAGED for page in (0, [1, 2])]
    + [(r, {"offset": offset}) for r in OFFSET for offset in (-1, "far")]
    + [(r, {"page": r.max_page + 1}) for r in PAGED if r.max_page]
    + [(r, {"after": "fish"}) for r in CURSORED]
    + [(r, {"direction": "up"}) for r in LISTS if r.direction]
    + [(r, {"details": "some"}) for r in LISTS if r.details],
    ids=operation,
)
def test_each_route_refuses_what_it_does_not_document(
    shared_store: Sandbox, get: Get, route: Route, params: dict[str, Any]
) -> None:
    response = get(shared_store, path(shared_store, route), **params)
    odd = "unheard_of" in params or isinstance(params.get("page"), list)
    assert response.status_code == (route.unknown_parameter if odd else 422)
    body = response.json()
    if route.family is Family.B2B:
        assert (body["code"], body["data"]) == (response.status_code, {})
        assert body["meta"]["message"]
        return
    words = body[0]["message"] if route.family is Family.V2 else body["title"]
    assert words


@pytest.mark.parametrize("route", LIMITED, ids=operation)
def test_each_route_refuses_a_limit_above_its_maximum(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    assert get(shared_store, path(shared_store, route), limit=route.max_limit).status_code == 200
    assert (
        get(shared_store, path(shared_store, route), limit=route.max_limit + 1).status_code == 413
    )


@pytest.mark.parametrize(
    ("route", "name"),
    [(r, n) for r, n in FILTERS if r.filters[n].kind is not Kind.TEXT],
    ids=operation,
)
def test_each_route_refuses_values_of_the_wrong_kind(
    shared_store: Sandbox, get: Get, route: Route, name: str
) -> None:
    assert get(shared_store, path(shared_store, route), **{name: "fish"}).status_code == 422


def value_at(row: dict[str, Any], field: str) -> Any:
    for step in field.split("."):
        row = row.get(step) if isinstance(row, dict) else None  # type: ignore[assignment]
    return row


def comparable(value: Any, kind: Kind) -> Any:
    if kind is Kind.DATE:
        # Customer groups write dates without a zone.
        return instant(value + "Z" if re.fullmatch(r"[\d-]+ [\d:]+", value) else value)
    return value


@pytest.mark.parametrize(
    ("route", "name"),
    [
        (r, n)
        for r, n in FILTERS
        if isinstance(r.filters[n].field, str) and r.filters[n].op in ("eq", "in", "min", "max")
    ],
    ids=operation,
)
def test_filters_keep_what_they_name(
    shared_store: Sandbox, get: Get, route: Route, name: str
) -> None:
    """By a value from the middle of those there are; by any, where rows leave the field empty."""
    wanted = route.filters[name]
    found = [value_at(row, str(wanted.field)) for row in whole(shared_store, get, route)]
    values = sorted(
        comparable(v, wanted.kind) for v in found if v is not None and not isinstance(v, list)
    )
    if not values:
        assert rows(get(shared_store, path(shared_store, route), **{name: 7})) == []
        return
    value = values[len(values) // 2]
    limit = {} if route.paging is Paging.NONE else {"limit": str(min(250, route.max_limit))}
    params: dict[str, Any] = {**limit, **route.everything}
    where = path(shared_store, route)
    where = where.partition("?")[0] if name == route.wants else where
    sent = iso(int(value)) if wanted.kind is Kind.DATE else value
    kept = [
        comparable(value_at(row, str(wanted.field)), wanted.kind)
        for row in rows(get(shared_store, where, **{**params, name: sent}))
    ]
    assert kept
    if wanted.op in ("eq", "in"):
        assert set(kept) == {value}
    elif wanted.op == "min":
        assert min(kept) == value
    else:
        assert max(kept) == value


@pytest.mark.parametrize("route", [r for r in OFFSET if "sortBy" in r.others], ids=operation)
def test_lists_of_b2b_edition_are_sorted_as_asked(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    for field in route.others["sortBy"]:
        for order in route.others["orderBy"]:
            asked = {"sortBy": field, "orderBy": order, "limit": 200, **route.everything}
            found = rows(get(shared_store, route.path, **asked))
            values = [row[field] for row in found if field in row]
            assert values == sorted(values, reverse=order.upper() == "DESC")


@pytest.mark.parametrize("route", [r for r in LISTS if r.wants], ids=operation)
def test_a_request_without_a_required_filter_is_refused(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    assert get(shared_store, path(shared_store, route).partition("?")[0]).status_code == 422


@pytest.mark.parametrize("route", [r for r in LISTS if r.direction and not r.sorts], ids=operation)
def test_direction_alone_turns_the_order_around(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    newest = rows(get(shared_store, route.path, limit=2, direction="desc"))
    assert newest == shared_store.rows(route.collection)[:-3:-1]


@pytest.mark.parametrize("route", [r for r in TOP_LISTS if r.sorts], ids=operation)
def test_each_route_sorts_by_its_keys(shared_store: Sandbox, get: Get, route: Route) -> None:
    for field in route.sorts:
        order = {"sort": field, "direction": "desc"}
        params = order if route.direction else {"sort": f"{field}:desc"}
        found = rows(get(shared_store, route.path, limit=250, **params))
        values = [row[field] for row in found if field in row]
        if not field.startswith("date_") and None not in values:
            assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("route", "include"), [(r, i) for r in ROUTES for i in r.includes], ids=operation
)
def test_includes_change_the_rows(
    shared_store: Sandbox, get: Get, route: Route, include: str
) -> None:
    plain, full = (
        get(shared_store, path(shared_store, route), **p) for p in ({}, {"include": include})
    )
    assert (plain.status_code, full.status_code) == (200, 200)
    assert plain.content != full.content
    refused = get(shared_store, path(shared_store, route), include="fish")
    assert refused.status_code == route.unknown_parameter


@pytest.mark.parametrize("route", [r for r in LISTS if r.fields], ids=operation)
def test_a_reply_holds_only_the_fields_asked_for(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    first, second = list(rows(get(shared_store, route.path))[0])[:2]
    [row] = rows(get(shared_store, route.path, limit=1, include_fields=second))
    assert set(row) == {first, second}


@pytest.mark.parametrize("route", [r for r in ROUTES if r.scopes], ids=operation)
def test_each_route_asks_for_its_scope(store: Sandbox, get: Get, route: Route) -> None:
    where = path(store, route)
    others = {scope for other in ROUTES for scope in other.scopes}
    to_modify = {scope.removesuffix("_read_only") for scope in route.scopes}
    store.options.scopes = frozenset(others - to_modify - set(route.scopes))
    assert get(store, where).status_code == 403
    for scope in (*route.scopes, route.scopes[0].removesuffix("_read_only")):
        store.options.scopes = frozenset({scope})
        assert get(store, where).status_code == 200


@pytest.mark.parametrize("route", [r for r in LISTS if r.parent], ids=operation)
def test_children_of_a_missing_parent_are_not_found(
    shared_store: Sandbox, get: Get, route: Route
) -> None:
    assert get(shared_store, re.sub(r"\{\w+\}", "987654", route.path)).status_code == 404


def test_paths_outside_the_table_are_not_found() -> None:
    assert match("/v2/orders/12/fish") is None
    assert match("/v3/orders") is None
    assert match("/v2/orders/") is None
