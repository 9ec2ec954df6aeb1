"""Lists: their order, pages, cursors, totals, limits and ends."""

from collections.abc import Sequence
from typing import Any

from source_bigcommerce.components.reply import ROWS
from source_bigcommerce.components.values import whole
from source_bigcommerce.probe.finding import Finding, found
from source_bigcommerce.probe.store import (
    NO_ROWS,
    CannotTell,
    Reply,
    Row,
    Store,
    id_of,
    ids,
    whole_pages,
)

_LARGEST = 250  # rows of a page, by the documentation
_FAR = 1_000_000
UNKNOWN_ID = 2_000_000_000
_BRANDS = "v3/catalog/brands"
_PRODUCTS = "v3/catalog/products"
_ORDERS = "v2/orders"


# Order


def orders_ascend(store: Store) -> Finding:
    return _ascend(ids(store.stream_rows("orders", 2)))


def products_ascend(store: Store) -> Finding:
    return _ascend(ids(store.stream_rows("products", 2)))


def brands_ascend(store: Store) -> Finding:
    return _ascend(ids(store.stream_rows("brands", 2)))


def _ascend(keys: list[Any]) -> Finding:
    order = "ascending" if keys == sorted(keys) else "mixed"
    order = "descending" if keys == sorted(keys, reverse=True) else order
    return found(order == "ascending", order=order)


# Keys


def _key_window(store: Store) -> tuple[Any, Any, Reply]:
    """Two ids of orders, and the reply with the orders between them."""
    keys = sorted(set(ids(store.stream_rows("orders", 6))))
    low, high = keys[len(keys) // 3], keys[len(keys) * 2 // 3]
    asked = {"min_id": low, "max_id": high, "sort": "id", "limit": _LARGEST}
    return low, high, store.answered(_ORDERS, asked)


def min_id_heeded(store: Store) -> Finding:
    low, _, reply = _key_window(store)
    return found(not [key for key in ids(reply.rows) if key < low], rows=bool(reply.rows))


def max_id_heeded(store: Store) -> Finding:
    _, high, reply = _key_window(store)
    return found(not [key for key in ids(reply.rows) if key > high], rows=bool(reply.rows))


def min_id_inclusive(store: Store) -> Finding:
    low, _, reply = _key_window(store)
    _want(min_id_heeded(store))
    return found(low in ids(reply.rows))


def max_id_inclusive(store: Store) -> Finding:
    _, high, reply = _key_window(store)
    _want(max_id_heeded(store))
    return found(high in ids(reply.rows))


def _want(heeded: Finding) -> None:
    if heeded.verdict != "holds":
        raise CannotTell("the filter is ignored")


def id_greater_exclusive(store: Store) -> Finding:
    keys = sorted(ids(store.stream_rows("products", 4)))
    middle = keys[len(keys) // 2]
    asked = {"id:greater": middle, "sort": "id", "direction": "asc", "limit": 10}
    after = ids(store.rows(_PRODUCTS, asked))
    heeded, exclusive = min(after) >= middle, middle not in after
    return found(heeded and exclusive, heeded=heeded, exclusive=exclusive)


def id_min_heeded(store: Store) -> Finding:
    keys = sorted(ids(store.stream_rows("products", 4)))
    middle = keys[len(keys) // 2]
    asked = {"id:min": middle, "sort": "id", "direction": "asc", "limit": 10}
    after = ids(store.answered(_PRODUCTS, asked).rows)
    return found(bool(after) and min(after) >= middle, rows=bool(after))


def order_count_exact(store: Store) -> Finding:
    low, high, reply = _key_window(store)
    _want(min_id_heeded(store))
    _want(max_id_heeded(store))
    counted = store.rows("v2/orders/count", {"min_id": low, "max_id": high})[0].get("count")
    counted = whole(counted)
    if len(reply.rows) == _LARGEST:
        raise CannotTell("there are more rows than a page holds")
    return found(counted == len(set(ids(reply.rows))), is_number=isinstance(counted, int))


# Pages


def _second_page(store: Store) -> Reply:
    return store.answered(_BRANDS, {"limit": 2, "page": 2})


def pages_follow(store: Store) -> Finding:
    first, second = ids(store.stream_rows("brands", 3)), _unique(_second_page(store).rows)
    return _follows(first, ids(second), 2)


def _follows(all_of_them: Sequence[Any], page: Sequence[Any], start: int) -> Finding:
    """Whether a page has the rows of the whole list from this position on."""
    unique = list(dict.fromkeys(all_of_them))
    if not page:
        kind = "empty"
    elif page[0] in unique[:start]:
        kind = "repeated"
    else:
        kind = "follows" if list(page) == unique[start : start + len(page)] else "other"
    return found(kind == "follows", page=kind)


def first_page_has_rows(store: Store) -> Finding:
    if not store.stream("brands").rows and _second_page(store).rows:
        return found(False, lists=1)
    counted = [
        reply
        for reply in store.replies
        if reply.status in ROWS and isinstance(total := reply.meta("pagination").get("total"), int)
        if total > 0 and "page=" not in reply.query and ":m" not in reply.query
    ]
    if not counted:
        raise CannotTell(NO_ROWS)
    return found(all(reply.rows for reply in counted), lists=len(counted))


def rows_once(store: Store) -> Finding:
    """Whether a page has no row twice."""
    pages = [
        reply
        for reply in store.replies
        if len(reply.rows) > 1 and all("id" in row for row in reply.rows)
    ]
    if not pages:
        raise CannotTell(NO_ROWS)
    doubled = [reply for reply in pages if len(_unique(reply.rows)) < len(reply.rows)]
    return found(not doubled, lists=len(pages), doubled=len(doubled))


def _unique(rows: Sequence[Row]) -> list[Row]:
    return list({repr(id_of(row)): row for row in rows}.values())


def totals_exact(store: Store) -> Finding:
    """Compares a page with all brands and a page with few."""
    there = len(_unique(store.stream_rows("brands", 5)))
    kind = _no_total(store.stream("brands").meta("pagination").get("total"))
    second = _second_page(store)
    if not kind and not second.rows:
        raise CannotTell("page 2 is empty")
    told = second.meta("pagination")
    total, pages = told.get("total"), told.get("total_pages")
    if not kind and pages == 1:
        kind = "of_page" if total == len(second.rows) else "one_page"
    if not kind and pages_follow(store).seen["page"] == "repeated":
        raise CannotTell("page numbers are ignored")
    if not kind and (there >= _LARGEST or _beyond(store)):
        raise CannotTell("the list is longer than a page")
    if not kind and isinstance(total, int) and total != there:
        kind = "low" if total < there else "high"
    kind = kind or ("right" if pages == whole_pages(there, 2) else "other")
    return found(kind == "right", totals=kind)


def _no_total(total: Any) -> str:
    """What is wrong with the total of a list with rows; empty if it is a number of rows."""
    if total is None:
        return "missing"
    if not isinstance(total, int):
        return "text"
    return "zero" if total == 0 else "negative" if total < 0 else ""


def _beyond(store: Store) -> bool:
    """Whether brands continue after a page with fewer rows than were asked for."""
    first = ids(store.stream_rows("brands"))
    following = store.answered(_BRANDS, {"limit": _LARGEST, "page": 2}).rows
    return bool(set(ids(following)) - set(first))


def limit_heeded(store: Store) -> Finding:
    """Whether a page holds as many rows as were asked for, up to 250."""
    full = False
    for name in ("orders", "customers", "brands", "product_category_assignments"):
        reply = _page_or_none(store, name)
        if reply is None or not reply.rows:
            continue
        rows = len(_unique(reply.rows)) if "id" in reply.rows[0] else len(reply.rows)
        full = full or rows >= _LARGEST
        if rows < _LARGEST and name in ("orders", "brands") and _goes_on(store, name, reply):
            return found(False, rows=rows)
    if not full:
        raise CannotTell("no list is longer than a page")
    return found(True, rows=_LARGEST)


def _page_or_none(store: Store, name: str) -> Reply | None:
    try:
        return store.stream(name)
    except CannotTell:
        return None


def _goes_on(store: Store, name: str, first: Reply) -> bool:
    if name == "brands":
        return _beyond(store)
    asked = {**store.streams[name].parameters, "page": 2}
    return bool(set(ids(store.answered(_ORDERS, asked).rows)) - set(ids(first.rows)))


# Cursors


def _short_customers(store: Store) -> Reply:
    return store.answered("v3/customers", {"limit": 2})


def customers_have_cursors(store: Store) -> Finding:
    if len(store.stream_rows("customers", 3)) < 3:
        raise CannotTell(NO_ROWS)
    return found("end_cursor" in _short_customers(store).meta("cursor_pagination"))


def cursors_heeded(store: Store) -> Finding:
    first = _short_customers(store)
    cursor = first.meta("cursor_pagination").get("end_cursor")
    if not cursor:
        raise CannotTell("the list has no cursor")
    second = store.answered("v3/customers", {"limit": 2, "after": cursor})
    if not second.rows:
        raise CannotTell(NO_ROWS)
    return found(not set(ids(second.rows)) & set(ids(first.rows)))


# Ends


def v2_end_is_204(store: Store) -> Finding:
    reply = store.ask(_ORDERS, {"limit": 1, "page": _FAR})
    return _end(store, reply, 204)


def v3_end_is_empty(store: Store) -> Finding:
    reply = store.ask(_BRANDS, {"limit": 1, "page": _FAR})
    return _end(store, reply, 200)


def _end(store: Store, reply: Reply, expected: int) -> Finding:
    if reply.rows:
        raise CannotTell("page numbers are ignored")
    if not reply.is_refused or reply.status == 403:
        store.check(reply)
    # A proxy that changes a reply makes its 200 a 203.
    status = 200 if reply.status in ROWS else reply.status
    return found(status == expected, status=status)


# What is refused


def v2_limit_refused(store: Store) -> Finding:
    return _over(store, _ORDERS)


def v3_limit_refused(store: Store) -> Finding:
    return _over(store, _BRANDS)


def _over(store: Store, path: str) -> Finding:
    reply = store.ask(path, {"limit": _LARGEST + 1})
    if reply.status != 413 and reply.status != 422:
        store.check(reply)
    told = isinstance(reply.body, dict) and "max_limit" in str(reply.body)
    return found(
        reply.is_refused,
        status=reply.status,
        says_the_limit=told,
        more_than_250=len(reply.rows) > _LARGEST,
    )


UNKNOWN = {"v2": "orders", "v3": "brands", "pages": "pages", "customers": "customer_addresses"}


def unknown_refused(store: Store, where: str) -> Finding:
    """Whether a list refuses a parameter that nobody knows."""
    path = store.streams[UNKNOWN[where]].endpoint
    reply = store.ask(path, {"unknown_parameter": 1, "limit": 1})
    if not reply.is_refused or reply.status == 403:
        store.check(reply)
    return found(reply.is_refused, status=reply.status)


def listings_refuse_unknown(store: Store) -> Finding:
    channel = id_of(store.stream_rows("channels")[0])
    path = f"v3/channels/{channel}/listings"
    reply = store.ask(path, {"unknown_parameter": 1, "limit": 1})
    if not reply.is_refused or reply.status == 403:
        store.check(reply)
    return found(reply.is_refused, status=reply.status)


# Lists that are documented without pages


def _page_of_statuses(store: Store) -> tuple[list[Any], Reply]:
    whole = ids(store.stream_rows("order_statuses"))
    return whole, store.ask("v2/order_statuses", {"page": 2})


def whole_lists_refuse_pages(store: Store) -> Finding:
    _, reply = _page_of_statuses(store)
    if not reply.is_refused:
        store.check(reply)
    return found(reply.is_refused, status=reply.status)


def whole_lists_are_whole(store: Store) -> Finding:
    whole, reply = _page_of_statuses(store)
    further = set(ids(reply.rows)) - set(whole)
    return found(not further, rows=len(whole), goes_on=bool(further))


# Rows of one parent


def later_children_follow(store: Store) -> Finding:
    """The second page of an order's line items, with one row a page."""
    orders = sorted(store.stream_rows("orders"), key=items_of, reverse=True)
    for order in orders[:3]:
        path = f"v2/orders/{id_of(order)}/products"
        lines = ids(store.answered(path, {"limit": _LARGEST}).rows)
        if len(lines) < 2:
            continue
        reply = store.ask(path, {"limit": 1, "page": 2})
        if reply.is_refused and reply.status != 403:
            return found(False, page="missing" if reply.status == 404 else "refused")
        store.check(reply)
        return _follows(lines, ids(_unique(reply.rows)), 1)
    raise CannotTell(NO_ROWS)


def items_of(order: Row) -> int:
    try:
        return int(order.get("items_total") or 0)
    except (TypeError, ValueError):
        return 0
