"""A sandbox store in a process of its own, so that its work is not counted as a client's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import orjson
import requests

_SESSION = requests.Session()


class Store:
    """A running `python -m sandbox`, given its flags as arguments: `Store(orders=5000, quota=150)`.

    Rows are made when they are first asked for: `warm` reads them once, so that what follows
    measures the client and not the store.
    """

    def __init__(self, **flags: Any) -> None:
        self._command = [sys.executable, "-m", "sandbox", "--port", "0"]
        for name, value in flags.items():
            self._command += [f"--{name.replace('_', '-')}", str(value)]

    def __enter__(self) -> Store:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.url: str = orjson.loads(self._process.stdout.readline())["api_url"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def rows(self, collection: str) -> int:
        """How many rows a collection holds."""
        return int(self._call("GET", f"rows/{collection}")["count"])

    def requests(self) -> list[dict[str, Any]]:
        """The requests since `forget`: operation, status, started, ended and more of each."""
        return list(self._call("GET", "log"))

    def forget(self) -> None:
        """Empties the log of requests."""
        self._call("DELETE", "log")

    def set(self, **options: Any) -> None:
        """Changes options of the store, such as `latency_ms`."""
        self._call("POST", "options", options)

    def make_heavy(self, weight: int) -> int:
        """Gives each product variants of about so many bytes; returns how many they are."""
        products = [*self._products()]
        variant = products[0]["variants"][0]
        number = weight // len(orjson.dumps(variant))
        variants = [{**variant, "id": key} for key in range(1, number + 1)]
        for each in products:
            fields = {"variants": variants, "date_modified": each["date_modified"]}
            self._call(
                "POST", "edit", {"collection": "products", "id": each["id"], "fields": fields}
            )
        return len(orjson.dumps(variants))

    def _products(self) -> Iterator[dict[str, Any]]:
        headers = {"X-Auth-Token": "sandbox-token", "Accept": "application/json"}
        address = f"{self.url}/stores/sandbox/v3/catalog/products"
        query: dict[str, str | int] = {
            "limit": 250,
            "sort": "id",
            "include": "variants",
            "id:greater": 0,
        }
        while rows := _SESSION.get(address, params=query, headers=headers).json()["data"]:
            yield from rows
            query["id:greater"] = rows[-1]["id"]

    def add_fault(self, **fault: Any) -> None:
        """Plans a fault; see `sandbox.faults.Fault` for the fields."""
        self._call("POST", "faults", fault)

    def get(self, path: str, **params: Any) -> Any:
        """What the API answers, of v2: rows, or nothing."""
        headers = {"X-Auth-Token": "sandbox-token", "Accept": "application/json"}
        url = f"{self.url}/stores/sandbox/{path}"
        response = _SESSION.get(url, params=params, headers=headers, timeout=120)
        response.raise_for_status()
        return orjson.loads(response.content or b"[]")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = orjson.dumps(body) if body is not None else None
        response = _SESSION.request(method, f"{self.url}/_sandbox/{path}", data=data, timeout=120)
        response.raise_for_status()
        return orjson.loads(response.content)


def refused(log: list[dict[str, Any]]) -> int:
    """How many requests of a log were answered 429."""
    return sum(entry["status"] == 429 for entry in log)


def per_second(log: list[dict[str, Any]]) -> float:
    """Requests per second from the first request of a log to its last reply."""
    started: float = min(entry["started"] for entry in log)
    ended: float = max(entry["ended"] for entry in log)
    return len(log) / (ended - started)


def most_at_once(log: list[dict[str, Any]]) -> int:
    """The largest number of requests of a log that were under way at the same time."""
    edges = sorted(edge for entry in log for edge in ((entry["started"], 1), (entry["ended"], -1)))
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most
