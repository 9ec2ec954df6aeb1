"""Baseline (a): the loop that one would write by hand, `requests` and orjson on one connection.

`python -m benchmarks.plain URL STREAM...` reads streams of a sandbox store one after the other and
prints the messages that the connector prints for the same records. `--until DATE` leaves out rows
modified later.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

import orjson
import requests

from benchmarks import streams
from benchmarks.streams import ENDPOINTS, ORDERS, Endpoint, Row

_TIMEOUT = (10, 60)


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
            query = streams.parameters(endpoint, until=self._until)
            for rows in self._pages(endpoint, query):
                streams.convert_dates(rows, endpoint.dates)
                yield rows
            return
        query = streams.parameters(ORDERS, until=self._until)
        if name == "order_products":
            query = streams.with_line_items(query)
        for orders in self._pages(ORDERS, query):
            for order in orders:
                items = streams.embedded_items(order) if name == "order_products" else None
                yield self._dated(endpoint, order, items)

    def _dated(self, endpoint: Endpoint, order: Row, rows: list[Row] | None) -> list[Row]:
        if rows is None:
            path = endpoint.path.format(order_id=order["id"])
            pages = self._pages(endpoint, streams.parameters(endpoint), path)
            rows = [row for page in pages for row in page]
        streams.convert_dates(rows, endpoint.dates)
        date = streams.iso_date(order["date_modified"])
        for row in rows:
            row["order_date_modified"] = date
        return rows

    def _pages(
        self, endpoint: Endpoint, query: dict[str, str], path: str = ""
    ) -> Iterator[list[Row]]:
        number, more = 1, {"": ""}
        while more:
            body = self._get(path or endpoint.path, query)
            rows = streams.rows_of(endpoint, body)
            yield rows
            more = streams.next_page(endpoint, body, rows, number)
            query, number = {**query, **more}, number + 1

    def _get(self, path: str, query: dict[str, str]) -> Any:
        response = self._session.get(self._root + path, params=query, timeout=_TIMEOUT)
        if response.status_code in (204, 404):
            return None
        response.raise_for_status()
        return orjson.loads(response.content)


def message(stream: str, row: Row) -> bytes:
    """A record as a line of Airbyte's protocol."""
    record = {"stream": stream, "data": row, "emitted_at": time.time_ns() // 1_000_000}
    return orjson.dumps({"type": "RECORD", "record": record}, option=orjson.OPT_APPEND_NEWLINE)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plain")
    parser.add_argument("url")
    parser.add_argument("streams", nargs="+", choices=list(ENDPOINTS))
    parser.add_argument("--until", default="")
    arguments = parser.parse_args()
    reader = Reader(arguments.url, arguments.until)
    write = sys.stdout.buffer.write
    for name in arguments.streams:
        for rows in reader.pages(name):
            for row in rows:
                write(message(name, row))


if __name__ == "__main__":
    main()
