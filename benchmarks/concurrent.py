"""Baseline (b): the asyncio client that one would write by hand, with httpx.

`python -m benchmarks.concurrent --workers 10 URL STREAM...` reads streams of a sandbox store side
by side, with at most so many requests under way at once, and prints the messages that the connector
prints for the same records.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson

from benchmarks import streams
from benchmarks.plain import message
from benchmarks.streams import ENDPOINTS, ORDERS, PAGE_SIZE, Endpoint, Row


class Reader:
    """Reads streams of the store at `url`, `workers` requests at a time."""

    def __init__(self, url: str, workers: int) -> None:
        self._root = f"{url}/stores/sandbox/"
        self._free = asyncio.Semaphore(workers)
        self._client = httpx.AsyncClient(
            headers={"X-Auth-Token": "sandbox-token", "Accept": "application/json"},
            limits=httpx.Limits(max_connections=workers, max_keepalive_connections=workers),
            timeout=60,
        )

    async def read(self, names: list[str]) -> None:
        """Prints all records of the named streams."""
        async with self._client:
            await asyncio.gather(*(self._stream(name) for name in names))

    async def _stream(self, name: str) -> None:
        endpoint = ENDPOINTS[name]
        if endpoint.paging == "order":
            await self._of_orders(name, endpoint)
            return
        async for rows in self._pages(endpoint, streams.parameters(endpoint)):
            streams.convert_dates(rows, endpoint.dates)
            _write(name, rows)

    async def _of_orders(self, name: str, endpoint: Endpoint) -> None:
        """Reads the rows of each order while the next orders are on their way."""
        query = streams.parameters(ORDERS)
        if name == "order_products":
            query = streams.with_line_items(query)
        tasks: deque[asyncio.Task[list[Row]]] = deque()
        async for orders in self._pages(ORDERS, query):
            tasks.extend(asyncio.create_task(self._children(name, endpoint, o)) for o in orders)
            while len(tasks) > 2 * PAGE_SIZE:
                _write(name, await tasks.popleft())
        while tasks:
            _write(name, await tasks.popleft())

    async def _children(self, name: str, endpoint: Endpoint, order: Row) -> list[Row]:
        rows = streams.embedded_items(order) if name == "order_products" else None
        if rows is None:
            path = endpoint.path.format(order_id=order["id"])
            query = streams.parameters(endpoint)
            rows = [row async for page in self._pages(endpoint, query, path) for row in page]
        streams.convert_dates(rows, endpoint.dates)
        date = streams.iso_date(order["date_modified"])
        for row in rows:
            row["order_date_modified"] = date
        return rows

    async def _pages(
        self, endpoint: Endpoint, query: dict[str, str], path: str = ""
    ) -> AsyncIterator[list[Row]]:
        number, more = 1, {"": ""}
        while more:
            body = await self._get(path or endpoint.path, query)
            rows = streams.rows_of(endpoint, body)
            yield rows
            more = streams.next_page(endpoint, body, rows, number)
            query, number = {**query, **more}, number + 1

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        async with self._free:
            response = await self._client.get(self._root + path, params=query)
        if response.status_code in (204, 404):
            return None
        response.raise_for_status()
        return orjson.loads(response.content)


def _write(name: str, rows: list[Row]) -> None:
    for row in rows:
        sys.stdout.buffer.write(message(name, row))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.concurrent")
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("url")
    parser.add_argument("streams", nargs="+", choices=list(ENDPOINTS))
    arguments = parser.parse_args()

    async def read() -> None:
        await Reader(arguments.url, arguments.workers).read(arguments.streams)

    asyncio.run(read())


if __name__ == "__main__":
    main()
