"""Baseline (a): the loop that one would write by hand, `requests` and orjson on one connection.

`python -m benchmarks.plain URL STREAM...` reads streams of a sandbox store one after the other and
prints the messages that the connector prints for the same records. `--until DATE` leaves out rows
modified later.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
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

    paging: `key` (rows behind the last id), `after` (the API's cursor), `page`, `order` (one
    request an order) or `once`. dates: fields that arrive in RFC 2822.
    """

    path: str
    paging: str = "page"
    include: str = ""
    is_dated: bool = False
    dates: tuple[str, ...] = ()

    @property
    def is_v3(self) -> bool:
        return self.path.startswith("v3/")


ENDPOINTS = {
    "customers": Endpoint(
        "v3/customers", "after", "addresses,storecredit,attributes,formfields", is_dated=True
    ),
    "orders": Endpoint(
        "v2/orders", "key", "", True, dates=("date_created", "date_modified", "date_shipped")
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
_LINE_ITEMS = {"include": "consignments.line_items", "consignment_structure": "object"}


class Reader:
    """Reads streams of the store at `url`."""

    def __init__(self, url: str, until: str = "") -> None:
        self._root = f"{url}/stores/sandbox/"
        self._until = until
        self._session = requests.Session()
        self._session.headers["X-Auth-Token"] = "sandbox-token"
        self._session.headers["Accept"] = "application/json"

    def pages(self, name: str) -> Iterator[list[Row]]:
        """The rows of a stream, as many at a time as came together."""
        endpoint = ENDPOINTS[name]
        if endpoint.paging != "order":
            for rows in self._pages(endpoint, self._parameters(endpoint)):
                _convert_dates(rows, endpoint.dates)
                yield rows
            return
        has_items = name == "order_products"
        query = {**self._parameters(ENDPOINTS["orders"]), **(_LINE_ITEMS if has_items else {})}
        for orders in self._pages(ENDPOINTS["orders"], query):
            for order in orders:
                yield self._dated(endpoint, order, _embedded_items(order) if has_items else None)

    def _dated(self, endpoint: Endpoint, order: Row, rows: list[Row] | None) -> list[Row]:
        if rows is None:
            path = endpoint.path.format(order_id=order["id"])
            pages = self._pages(endpoint, {"limit": str(PAGE_SIZE)}, path)
            rows = [row for page in pages for row in page]
        _convert_dates(rows, endpoint.dates)
        date = _iso_date(order["date_modified"])
        for row in rows:
            row["order_date_modified"] = date
        return rows

    def _parameters(self, endpoint: Endpoint) -> dict[str, str]:
        query = {"limit": str(PAGE_SIZE)} if endpoint.paging != "once" else {}
        if endpoint.include:
            query["include"] = endpoint.include
        if endpoint.paging == "key":
            query["sort"] = "id"
        if endpoint.is_dated and self._until:
            query["date_modified:max" if endpoint.is_v3 else "max_date_modified"] = self._until
        return query

    def _pages(
        self, endpoint: Endpoint, query: dict[str, str], path: str = ""
    ) -> Iterator[list[Row]]:
        number, more = 1, {"": ""}
        while more:
            body = self._get(path or endpoint.path, query)
            rows = _rows_of(endpoint, body)
            yield rows
            more = _next_page(endpoint, body, rows, number)
            query, number = {**query, **more}, number + 1

    def _get(self, path: str, query: dict[str, str]) -> Any:
        response = self._session.get(self._root + path, params=query, timeout=_TIMEOUT)
        if response.status_code in (204, 404):
            return None
        response.raise_for_status()
        return orjson.loads(response.content)


def _next_page(endpoint: Endpoint, body: Any, rows: list[Row], page: int) -> dict[str, str]:
    """The parameters that ask for the page after this one, the `page`-th; empty after the last."""
    if not rows or endpoint.paging == "once":
        return {}
    is_full, key = len(rows) == PAGE_SIZE, endpoint.paging == "key"
    if endpoint.paging == "after":
        return {"after": body["meta"]["cursor_pagination"]["end_cursor"]} if is_full else {}
    if not endpoint.is_v3:
        following = {"min_id": str(rows[-1]["id"] + 1)} if key else {"page": str(page + 1)}
        return following if is_full else {}
    pages = body["meta"]["pagination"]["total_pages"]
    if key:
        return {"id:greater": str(rows[-1]["id"])} if pages > 1 else {}
    return {"page": str(page + 1)} if pages > page else {}


def _rows_of(endpoint: Endpoint, body: Any) -> list[Row]:
    """The rows in a reply's body; None is the body of a reply that has none."""
    if body is None:
        return []
    rows = body["data"] if endpoint.is_v3 else body
    return [rows] if isinstance(rows, dict) else list(rows)


def _convert_dates(rows: Iterable[Row], fields: tuple[str, ...]) -> None:
    for row in rows:
        for field in fields:
            if field in row:
                row[field] = _iso_date(row[field]) or None


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
    if sum(item["quantity"] for item in items) != order["items_total"]:
        return None
    return items


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plain")
    parser.add_argument("url")
    parser.add_argument("streams", nargs="+", choices=list(ENDPOINTS))
    parser.add_argument("--until", default="")
    arguments = parser.parse_args()
    reader = Reader(arguments.url, arguments.until)
    for name in arguments.streams:
        for rows in reader.pages(name):
            for row in rows:
                now = time.time_ns() // 1_000_000
                record = {"stream": name, "data": row, "emitted_at": now}
                message = {"type": "RECORD", "record": record}
                sys.stdout.buffer.write(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
