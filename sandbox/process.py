"""A store in a process of its own, so that its work does not count as a client's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import orjson

Log = list[dict[str, Any]]
"""Requests: operation, status, user_agent, started, ended and more of each."""


@contextmanager
def store_of(**flags: Any) -> Iterator[StoreProcess]:
    """A running `python -m sandbox` with these flags: `store_of(orders=5000, years=2)`.

    It stops at the end, whatever happens.
    """
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    command = [sys.executable, "-m", "sandbox", "--port=0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None  # for mypy: it is a pipe
        ready = process.stdout.readline()
        if not ready:
            raise RuntimeError("The sandbox store did not start.")
        yield StoreProcess(orjson.loads(ready))
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()


@dataclass(frozen=True)
class StoreProcess:
    """What a running store can be asked and told.

    config: the connector's configuration that reaches it.
    """

    config: dict[str, str]

    @property
    def url(self) -> str:
        return self.config["api_url"]

    def count(self, collection: str) -> int:
        """The number of rows that the store holds of a collection."""
        return int(self._call("GET", f"rows/{collection}")["count"])

    def edit(self, collection: str, key: int, **fields: Any) -> None:
        """Sets fields of one row; its date of change becomes now, unless it is given."""
        self._call("POST", "edit", {"collection": collection, "id": key, "fields": fields})

    def insert(self, collection: str, **fields: Any) -> int:
        """Adds a row and returns its id; the store makes up the fields that are not given."""
        return int(self._call("POST", "insert", {"collection": collection, "fields": fields})["id"])

    def set(self, **options: Any) -> None:
        """Changes options, such as `latency_ms`."""
        self._call("POST", "options", options)

    def add_fault(self, **fault: Any) -> None:
        """Plans a fault; see `sandbox.faults.Fault` for the fields."""
        self._call("POST", "faults", fault)

    def log(self) -> Log:
        """The requests since this was last called."""
        log = self._call("GET", "log")
        self._call("DELETE", "log")
        return list(log)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else orjson.dumps(body)
        request = Request(f"{self.url}/_sandbox/{path}", data, method=method)
        with urlopen(request, timeout=120) as reply:
            return orjson.loads(reply.read())
