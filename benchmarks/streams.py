"""What the hand-written clients know of the ten streams: where they are and how they are paged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

PAGE_SIZE = 250
_EMBEDDED_ITEMS_CAP = 50
_MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        start=1,
    )
}


@dataclass(frozen=True)
class Endpoint:
    """One stream's endpoint.

    paging: `key` (rows behind the last id), `after` (the API's cursor), `page`, `order` (one
    request an order) or `once`.
    """

    path: str
    paging: str = "page"
    include: str = ""
    is_dated: bool = False
    dates: tuple[str, ...] = ()
    """Fields that arrive in RFC 2822."""

    @property
    def is_v3(self) -> bool:
        return self.path.startswith("v3/")


ENDPOINTS = {
    "customers": Endpoint(
        "v3/customers", "after", "addresses,storecredit,attributes,formfields", is_dated=True
    ),
    "orders": Endpoint(
        "v2/orders",
        "key",
        is_dated=True,
        dates=("date_created", "date_modified", "date_shipped"),
    ),
    "order_products": Endpoint("v2/orders/{order_id}/products", "order"),
    "transactions": Endpoint("v3/orders/{order_id}/transactions", "order", dates=("date_created",)),
    "products": Endpoint(
        "v3/catalog/products",
        "key",
        "bulk_pricing_rules,channels,custom_fields,images,parent_relations,primary_image,"
        "reviews,variants,videos",
        is_dated=True,
    ),
    "brands": Endpoint("v3/catalog/brands"),
    "categories": Endpoint("v3/catalog/trees/categories"),
    "channels": Endpoint("v3/channels", include="currencies", is_dated=True),
    "pages": Endpoint("v3/content/pages", include="body"),
    "store": Endpoint("v2/store", "once"),
}
ORDERS = ENDPOINTS["orders"]


def parameters(endpoint: Endpoint, since: str = "", until: str = "") -> dict[str, str]:
    """The query of a first page: everything, or the rows modified from `since` until `until`."""
    query = {"limit": str(PAGE_SIZE)} if endpoint.paging != "once" else {}
    if endpoint.include:
        query["include"] = endpoint.include
    if endpoint.paging == "key":
        query["sort"] = "id"
    if endpoint.is_dated:
        least, most = (
            ("date_modified:min", "date_modified:max")
            if endpoint.is_v3
            else ("min_date_modified", "max_date_modified")
        )
        if since:
            query[least] = since
        if until:
            query[most] = until
    return query


def with_line_items(query: dict[str, str]) -> dict[str, str]:
    """The order list's query with the orders' line items embedded."""
    return {**query, "include": "consignments.line_items", "consignment_structure": "object"}


def next_page(endpoint: Endpoint, body: Any, rows: list[Row], page: int) -> dict[str, str]:
    """The parameters that ask for the page after this one, the `page`-th; empty after the last."""
    if not rows or endpoint.paging == "once":
        return {}
    if endpoint.paging == "after":
        end = body["meta"]["cursor_pagination"]["end_cursor"]
        return {"after": end} if len(rows) == PAGE_SIZE else {}
    if endpoint.paging == "key":
        if not endpoint.is_v3:
            return {"min_id": str(rows[-1]["id"] + 1)} if len(rows) == PAGE_SIZE else {}
        is_last = body["meta"]["pagination"]["total_pages"] <= 1
        return {} if is_last else {"id:greater": str(rows[-1]["id"])}
    if endpoint.is_v3:
        is_last = body["meta"]["pagination"]["total_pages"] <= page
    else:
        is_last = len(rows) < PAGE_SIZE
    return {} if is_last else {"page": str(page + 1)}


def rows_of(endpoint: Endpoint, body: Any) -> list[Row]:
    """The rows in a reply's body; None is the body of a reply that has none."""
    if body is None:
        return []
    rows = body["data"] if endpoint.is_v3 else body
    return [rows] if isinstance(rows, dict) else list(rows)


def convert_dates(rows: Iterable[Row], fields: tuple[str, ...]) -> None:
    """Makes `Wed, 05 Dec 2018 20:16:55 +0000` into `2018-12-05T20:16:55Z`, `""` into None."""
    for row in rows:
        for field in fields:
            text = row.get(field)
            if text:
                row[field] = iso_date(text)
            elif field in row:
                row[field] = None


def iso_date(text: str) -> str:
    """An RFC 2822 date as ISO 8601; the form that the API always sends, nothing else."""
    if text[3:5] != ", ":
        return text
    return f"{text[12:16]}-{_MONTHS[text[8:11]]}-{text[5:7]}T{text[17:25]}Z"


def embedded_items(order: Row) -> list[Row] | None:
    """The line items inside an order; None where the API may have cut them."""
    consignments = order["consignments"]
    if not isinstance(consignments, dict):
        return None
    parts = [
        *(consignments.get("pickups") or []),
        *(consignments.get("shipping") or []),
        *_as_list(consignments.get("downloads")),
        *_as_list((consignments.get("email") or {}).get("gift_certificates")),
    ]
    items: list[Row] = []
    for part in parts:
        lines = part.get("line_items")
        if not isinstance(lines, list) or len(lines) >= _EMBEDDED_ITEMS_CAP:
            return None
        items += lines
    if sum(item["quantity"] for item in items) != order["items_total"]:
        return None
    return items


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
