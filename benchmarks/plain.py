"""Baseline (a): the loop that one would write by hand, `requests` and orjson on one connection.

`python -m benchmarks.plain URL STREAM...` reads streams of a sandbox store one after the other and
prints the messages that the connector prints for the same records.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
import requests

Row = dict[str, Any]

PAGE_SIZE = 250
_TIMEOUT = (10, 60)
_EMBEDDED_ITEMS_CAP = 50
_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTHS = {name: f"{number:02d}" for number, name in enumerate(_NAMES, start=1)}


class Endpoint(NamedTuple):
    """One stream's endpoint.

    paging: `key` (rows behind the last id), `page`, `order` (one request an order) or `once`.
    dates: fields that arrive in RFC 2822.
    """

    path: str
    paging: str = "page"
    include: str = ""
    dates: tuple[str, ...] = ()

    @property
    def query(self) -> dict[str, str]:
        query = {"limit": str(PAGE_SIZE)} if self.paging != "once" else {}
        query |= {"sort": "id"} if self.paging == "key" else {}
        return query | ({"include": self.include} if self.include else {})

    def rows(self, body: Any) -> list[Row]:
        """The rows in a reply; None is the body of a reply that has none."""
        rows = body["data"] if isinstance(body, dict) and "data" in body else body or []
        return [rows] if isinstance(rows, dict) else rows

    def next_page(self, body: Any, rows: list[Row], page: int) -> dict[str, str]:
        """The parameters that ask for what follows the `page`-th page; empty after the last."""
        if not rows or self.paging == "once":
            return {}
        if self.path.startswith("v2/"):
            following = {"min_id": str(rows[-1]["id"] + 1)}
            more = {"page": str(page + 1)} if self.paging == "order" else following
            return more if len(rows) == PAGE_SIZE else {}
        pages = body["meta"]["pagination"]["total_pages"]
        if self.paging == "key":
            return {"id:greater": str(rows[-1]["id"])} if pages > 1 else {}
        return {"page": str(page + 1)} if pages > page else {}


ENDPOINTS = {
    "customers": Endpoint("v3/customers", include="addresses,storecredit,attributes,formfields"),
    "orders": Endpoint("v2/orders", "key", dates=("date_created", "date_modified", "date_shipped")),
    "order_products": Endpoint("v2/orders/{order_id}/products", "order"),
    "transactions": Endpoint("v3/orders/{order_id}/transactions", "order", dates=("date_created",)),
    "products": Endpoint(
        "v3/catalog/products",
        "key",
        "bulk_pricing_rules,channels,custom_fields,images,parent_relations,primary_image,"
        "reviews,variants,videos",
    ),
    "brands": Endpoint("v3/catalog/brands"),
    "categories": Endpoint("v3/catalog/trees/categories"),
    "channels": Endpoint("v3/channels", include="currencies"),
    "pages": Endpoint("v3/content/pages", include="body"),
    "store": Endpoint("v2/store", "once"),
}
_LINE_ITEMS = {"include": "consignments.line_items", "consignment_structure": "object"}


class Reader:
    """Reads streams of the store at `url`."""

    def __init__(self, url: str) -> None:
        self._root = f"{url}/stores/sandbox/"
        self._session = requests.Session()
        self._session.headers["X-Auth-Token"] = "sandbox-token"
        self._session.headers["Accept"] = "application/json"

    def pages(self, name: str) -> Iterator[list[Row]]:
        """The rows of a stream, as many at a time as came together."""
        endpoint = ENDPOINTS[name]
        if endpoint.paging != "order":
            for page in self._pages(endpoint, endpoint.path):
                yield _with_dates(page, endpoint.dates)
            return
        has_items = name == "order_products"
        query = _LINE_ITEMS if has_items else {}
        for orders in self._pages(ENDPOINTS["orders"], "v2/orders", query):
            for order in orders:
                rows = _embedded_items(order) if has_items else None
                if rows is None:
                    path = endpoint.path.format(order_id=order["id"])
                    rows = [row for page in self._pages(endpoint, path) for row in page]
                date = _iso_date(order["date_modified"])
                for row in _with_dates(rows, endpoint.dates):
                    row["order_date_modified"] = date
                yield rows

    def _pages(
        self, endpoint: Endpoint, path: str, query: dict[str, str] | None = None
    ) -> Iterator[list[Row]]:
        query, number, more = {**endpoint.query, **(query or {})}, 1, {"": ""}
        while more:
            response = self._session.get(self._root + path, params=query, timeout=_TIMEOUT)
            is_nothing = response.status_code in (204, 404)
            if not is_nothing:
                response.raise_for_status()
            body = None if is_nothing else orjson.loads(response.content)
            rows = endpoint.rows(body)
            yield rows
            more = endpoint.next_page(body, rows, number)
            query, number = {**query, **more}, number + 1


def _with_dates(rows: list[Row], fields: tuple[str, ...]) -> list[Row]:
    for row in rows:
        for field in fields:
            if field in row:
                row[field] = _iso_date(row[field]) or None
    return rows


def _iso_date(text: str) -> str:
    """`Wed, 05 Dec 2018 20:16:55 +0000`, the form that the API always sends, in ISO 8601."""
    if text[3:5] != ", ":
        return text
    return f"{text[12:16]}-{_MONTHS[text[8:11]]}-{text[5:7]}T{text[17:25]}Z"


def _embedded_items(order: Row) -> list[Row] | None:
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
    return items if sum(item["quantity"] for item in items) == order["items_total"] else None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def main() -> None:
    url, *names = sys.argv[1:]
    reader = Reader(url)
    for name in names:
        for rows in reader.pages(name):
            for row in rows:
                now = time.time_ns() // 1_000_000
                record = {"stream": name, "data": row, "emitted_at": now}
                message = {"type": "RECORD", "record": record}
                sys.stdout.buffer.write(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
