"""Baseline (a): the loop that one would write by hand, `requests` and orjson on one connection.

`python -m benchmarks.plain URL STREAM...` reads streams of a sandbox store one after the other and
prints the messages that the connector prints for the same records.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Any, NamedTuple

import orjson
import requests

Row = dict[str, Any]

_PAGE_SIZE = 250
_EMBEDDED_ITEMS_CAP = 50
_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTHS = {name: f"{number:02d}" for number, name in enumerate(_NAMES, start=1)}


class Endpoint(NamedTuple):
    """One stream's endpoint; `dates` arrive in RFC 2822."""

    path: str
    include: str | None = None
    dates: tuple[str, ...] = ()


ENDPOINTS = {
    "customers": Endpoint("v3/customers", "addresses,storecredit,attributes,formfields"),
    "orders": Endpoint("v2/orders", dates=("date_created", "date_modified", "date_shipped")),
    "order_products": Endpoint("v2/orders/{order_id}/products"),
    "transactions": Endpoint("v3/orders/{order_id}/transactions", dates=("date_created",)),
    "products": Endpoint(
        "v3/catalog/products",
        "bulk_pricing_rules,channels,custom_fields,images,parent_relations,primary_image,"
        "reviews,variants,videos",
    ),
    "brands": Endpoint("v3/catalog/brands"),
    "categories": Endpoint("v3/catalog/trees/categories"),
    "channels": Endpoint("v3/channels", "currencies"),
    "pages": Endpoint("v3/content/pages", "body"),
    "store": Endpoint("v2/store"),
}
_LINE_ITEMS = {"include": "consignments.line_items", "consignment_structure": "object"}


class Reader:
    """Reads streams of the store at `url`."""

    def __init__(self, url: str) -> None:
        self._root = f"{url}/stores/sandbox/"
        self.session = requests.Session()
        self.session.headers.update({"X-Auth-Token": "sandbox-token", "Accept": "application/json"})

    def pages(self, name: str) -> Iterator[list[Row]]:
        """The rows of a stream, as many at a time as came together."""
        path, include, dates = ENDPOINTS[name]
        if "{order_id}" not in path:
            for page in self._pages(path, {"include": include}):
                yield _with_dates(page, dates)
            return
        has_items = name == "order_products"
        for orders in self._pages("v2/orders", _LINE_ITEMS if has_items else {}):
            for order in orders:
                rows = _embedded_items(order) if has_items else None
                if rows is None:
                    pages = self._pages(path.format(order_id=order["id"]), {})
                    rows = [row for page in pages for row in page]
                date = _iso_date(order["date_modified"])
                for row in _with_dates(rows, dates):
                    row["order_date_modified"] = date
                yield rows

    def _pages(self, path: str, query: Mapping[str, str | None]) -> Iterator[list[Row]]:
        for page in count(1):
            sized = {"limit": _PAGE_SIZE, "page": page} if path != "v2/store" else {}
            response = self.session.get(self._root + path, params={**query, **sized}, timeout=60)
            if response.status_code in (204, 404):  # no rows
                return
            response.raise_for_status()
            body = orjson.loads(response.content)
            if path.startswith("v3/"):
                rows, is_last = body["data"], body["meta"]["pagination"]["total_pages"] <= page
            else:
                rows = body if isinstance(body, list) else [body]
                is_last = len(rows) < _PAGE_SIZE
            yield rows
            if is_last:
                return


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
    found, items = order["consignments"], list[Row]()
    groups = (found["pickups"], found["shipping"], found["downloads"])
    for part in [*chain(*groups), *found["email"]["gift_certificates"]]:
        if len(part["line_items"]) >= _EMBEDDED_ITEMS_CAP:
            return None
        items += part["line_items"]
    return items if sum(item["quantity"] for item in items) == order["items_total"] else None


def main() -> None:
    url, *names = sys.argv[1:]
    reader = Reader(url)
    for name in names:
        for rows in reader.pages(name):
            for row in rows:
                record = {"stream": name, "data": row, "emitted_at": time.time_ns() // 1_000_000}
                message = {"type": "RECORD", "record": record}
                sys.stdout.buffer.write(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
