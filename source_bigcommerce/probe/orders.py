"""Orders: which are listed, what they embed, what moves their date; and dates of other parents."""

import re
from collections.abc import Mapping
from typing import Any

from source_bigcommerce.components.embedded import line_items, shipping_addresses
from source_bigcommerce.components.values import Unfit, flag, whole
from source_bigcommerce.probe.filters import moment
from source_bigcommerce.probe.finding import Finding, found
from source_bigcommerce.probe.lists import UNKNOWN_ID, items_of
from source_bigcommerce.probe.store import NO_ROWS, CannotTell, Reply, Row, Store, id_of, ids

_ORDERS = "v2/orders"
_LINES_AT_MOST = 50
_WARNING = "__warning__"
_PARENT = re.compile(r"/(\d+)/")


# Which are listed


def archived_are_flagged(store: Store) -> Finding:
    return found(all("is_deleted" in row for row in store.stream_rows("orders")))


def _archived(store: Store) -> tuple[list[Any], Reply]:
    """Ids of archived orders, as far as known, and the reply to `is_deleted=true`."""
    asked = {**store.streams["orders"].parameters, "is_deleted": "true"}
    reply = store.ask(_ORDERS, asked)
    rows = [*store.stream_rows("orders"), *reply.rows]
    return [id_of(row) for row in rows if _flag(row.get("is_deleted"))], reply


def _flag(value: Any) -> bool:
    try:
        return bool(flag(value))
    except Unfit:
        return False


def archived_are_listed(store: Store) -> Finding:
    archived, _ = _archived(store)
    if not archived:
        raise CannotTell(NO_ROWS)
    return _is_listed(store, archived)


def incomplete_are_listed(store: Store) -> Finding:
    incomplete = [
        id_of(row) for row in store.stream_rows("orders") if whole(row.get("status_id")) == 0
    ]
    if not incomplete:
        incomplete = ids(store.rows(_ORDERS, {"status_id": 0, "limit": 1}))
    return _is_listed(store, incomplete)


def _is_listed(store: Store, keys: list[Any]) -> Finding:
    listed = ids(store.stream_rows("orders"))
    if set(keys) & set(listed):
        return found(True)
    if min(listed) < keys[0] < max(listed):
        return found(False)
    one = {"min_id": keys[0] - 1, "max_id": keys[0] + 1, "limit": 3}
    listed = ids(store.answered(_ORDERS, one).rows)
    if any(abs(key - keys[0]) > 1 for key in listed):
        raise CannotTell("the filter is ignored")
    return found(keys[0] in listed)


def is_deleted_brings_archived(store: Store) -> Finding:
    archived, reply = _archived(store)
    if reply.is_refused and reply.status != 403:
        return found(False, brings="refused")
    store.check(reply)
    if not archived:
        raise CannotTell(NO_ROWS)
    brought = set(ids(reply.rows))
    if brought and brought <= set(archived):
        return found(True, brings="only")
    return found(False, brings="also" if brought & set(archived) else "ignored")


# What they embed


def _with_lines(store: Store, **narrowed: Any) -> list[Row]:
    asked = {
        "include": "consignments.line_items,fees",
        "consignment_structure": "object",
        "sort": "id",
        "limit": 50,
        **narrowed,
    }
    return store.rows(_ORDERS, asked)


def _parts(order: Row) -> list[Mapping[str, Any]]:
    """The consignments object of an order, alone or in an array; none for links."""
    value = order.get("consignments")
    parts = value if isinstance(value, list) else [value]
    return [part for part in parts if isinstance(part, dict) and "resource" not in part]


def _expanded(store: Store) -> list[Row]:
    rows = [row for row in _with_lines(store) if _parts(row)]
    if not rows:
        raise CannotTell("`include` is ignored")
    return rows


def includes_heeded(store: Store) -> Finding:
    return found(any(_parts(row) for row in _with_lines(store)))


def consignments_are_an_object(store: Store) -> Finding:
    return found(all(isinstance(row["consignments"], dict) for row in _expanded(store)))


def consignments_are_an_array_unasked(store: Store) -> Finding:
    rows = store.rows(_ORDERS, {"include": "consignments", "sort": "id", "limit": 1})
    if not _parts(rows[0]):
        raise CannotTell("`include` is ignored")
    return found(isinstance(rows[0]["consignments"], list))


def embedded_addresses_whole(store: Store) -> Finding:
    rows = [row for row in _expanded(store) if not _warned(row)]
    short = [row for row in rows if shipping_addresses(row) is None]
    return found(not short, orders=len(rows), short=len(short))


def embedded_lines_once(store: Store) -> Finding:
    rows = [row for row in _expanded(store) if _lines(row)]
    if not rows:
        raise CannotTell(NO_ROWS)
    doubled = [row for row in rows if len(set(_lines(row))) < len(_lines(row))]
    return found(not doubled, orders=len(rows), doubled=len(doubled))


def embedded_lines_whole(store: Store) -> Finding:
    """Except for orders that the API cuts with a warning."""
    rows = [row for row in _expanded(store) if not _warned(row)]
    doubled = [row for row in rows if len(set(_lines(row))) < len(_lines(row))]
    short = [row for row in rows if row not in doubled and line_items(row, _LINES_AT_MOST) is None]
    return found(not short, orders=len(rows), short=len(short))


def _lines(order: Row) -> list[Any]:
    """The ids of all embedded lines."""
    keys: list[Any] = []
    for consignment in _each(order):
        lines = consignment.get("line_items")
        for line in lines if isinstance(lines, list) else []:
            if isinstance(line, dict) and "id" in line:
                keys.append(line["id"])
    return keys


def _each(order: Row) -> list[Mapping[str, Any]]:
    """Each consignment of an order."""
    return [
        each
        for part in _parts(order)
        for kind in part.values()
        for each in (kind if isinstance(kind, list) else [kind])
        if isinstance(each, dict)
    ]


def _warned(order: Row) -> str:
    """Where `__warning__` stands in an order; empty if it does not."""
    if any(_WARNING in each for each in _each(order)):
        return "consignment"
    if any(
        isinstance(line, dict) and _WARNING in line
        for each in _each(order)
        for line in (each["line_items"] if isinstance(each.get("line_items"), list) else [])
    ):
        return "line_items"
    return "consignments" if any(_WARNING in part for part in _parts(order)) else ""


def warning_in_consignment(store: Store) -> Finding:
    """Looks at orders with more lines than are embedded."""
    rows = _expanded(store)
    places = {place for row in rows if (place := _warned(row))}
    if not places:
        orders = sorted(store.stream_rows("orders"), key=items_of, reverse=True)
        for order in orders[:2]:
            if items_of(order) <= _LINES_AT_MOST:
                break
            alone = {"min_id": id_of(order) - 1, "max_id": id_of(order) + 1}
            same = [row for row in _with_lines(store, **alone) if id_of(row) == id_of(order)]
            places |= {place for row in same if (place := _warned(row))}
            if any(len(_lines(row)) > _LINES_AT_MOST for row in same):
                return found(False, place="nowhere")
    if not places:
        raise CannotTell(NO_ROWS)
    return found(places == {"consignment"}, place=" and ".join(sorted(places)))


# Transactions


def empty_transactions_are_200(store: Store) -> Finding:
    """Asks for the orders that most likely have none: those that were never paid come first."""
    orders = sorted(store.stream_rows("orders"), key=lambda row: whole(row.get("status_id")) != 0)
    statuses: dict[str, int] = {}
    for order in orders[:6]:
        reply = store.ask(f"v3/orders/{id_of(order)}/transactions", {"limit": 250})
        if reply.status not in (204, 404):
            store.check(reply)
        if not reply.rows:
            statuses[str(reply.status)] = statuses.get(str(reply.status), 0) + 1
    if not statuses:
        raise CannotTell(NO_ROWS)
    return found(set(statuses) == {"200"}, statuses=dict(sorted(statuses.items())))


def unknown_order_is_404(store: Store) -> Finding:
    reply = store.ask(f"v2/orders/{UNKNOWN_ID}/products", {"limit": 1})
    if not reply.is_refused or reply.status == 403:
        store.check(reply)
    body = reply.body
    first = body[0] if isinstance(body, list) and body else None
    in_form = isinstance(first, dict) and {"status", "message"} <= set(first)
    return found(reply.status == 404 and in_form, status=reply.status, in_form=in_form)


# What moves a date


def order_date_moves(store: Store, child: str) -> Finding:
    """Whether no child is younger than the last change of its order."""
    dates = {id_of(row): moment(row.get("date_modified")) for row in store.stream_rows("orders")}
    return _moves(dates, _children(store, child), "order_id")


def product_date_moves(store: Store, child: str) -> Finding:
    dates = {id_of(row): moment(row.get("date_modified")) for row in store.stream_rows("products")}
    return _moves(dates, _children(store, child), "product_id")


def customer_date_moves(store: Store, child: str) -> Finding:
    dates = {id_of(row): moment(row.get("date_modified")) for row in store.stream_rows("customers")}
    return _moves(dates, _children(store, child), "customer_id")


def _children(store: Store, name: str) -> list[Row]:
    """Rows with their parent's key, from all replies of their endpoint or from their parents."""
    stream = store.streams[name]
    if not stream.parent:
        return store.stream_rows(name)
    if stream.embeds:
        return [
            {stream.parent: id_of(parent), **row}
            for parent in store.stream_rows("products")
            for row in parent.get(stream.embeds) or []
        ]
    return [
        {**row, stream.parent: _PARENT.findall(reply.path)[0]}
        for reply in store.replies
        if stream.is_of(reply.path)
        for row in reply.rows
    ]


def _moves(dates: Mapping[Any, Any], children: list[Row], key: str) -> Finding:
    compared = later = 0
    for row in children:
        try:
            parent = dates.get(int(row.get(key) or row.get("resource_id") or 0))
        except (TypeError, ValueError):
            continue
        changes = [row.get(name) for name in ("date_modified", "date_created", "created")]
        changed = max((date for each in changes if (date := moment(each))), default=None)
        if parent and changed:
            compared += 1
            later += changed > parent
    if not compared:
        raise CannotTell(NO_ROWS)
    return found(not later, rows=compared, later=later)


def undated(_: Store) -> Finding:
    raise CannotTell("these changes have no date, and a probe changes nothing")


# How they are found


def external_order_id_exact(store: Store) -> Finding:
    """Searches for the key of an order, for it in the other case, and for its beginning."""
    keyed = [
        (id_of(row), key)
        for row in store.stream_rows("orders")
        if isinstance(key := row.get("external_order_id"), str)
        if len(key) > 2 and key.swapcase() != key
    ]
    if not keyed:
        raise CannotTell(NO_ROWS)
    order, key = keyed[0]

    def finds(text: str) -> bool:
        reply = store.ask(_ORDERS, {"external_order_id": text, "limit": 10})
        if not reply.is_refused or reply.status == 403:
            store.check(reply)
        return order in ids(reply.rows)

    exact, other_case, prefix = finds(key), finds(key.swapcase()), finds(key[:-1])
    return found(
        exact and not other_case and not prefix, exact=exact, other_case=other_case, prefix=prefix
    )
