"""A sandbox store in a process of its own, and the changes that the demo makes in it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

SIZE = {"orders": 2000, "customers": 1000, "products": 500}


class Shop:
    """A running sandbox store. Takes what `python -m sandbox` printed: its configuration."""

    def __init__(self, ready: Mapping[str, str]) -> None:
        self.url = ready["api_url"]
        self.config = dict(ready)

    def count(self, collection: str) -> int:
        """The number of rows that the store holds of a collection."""
        return int(self._call("GET", f"rows/{collection}")["count"])

    def edit(self, collection: str, key: int, **fields: Any) -> None:
        """Sets fields of one row; its date of change becomes now."""
        self._call("POST", "edit", {"collection": collection, "id": key, "fields": fields})

    def insert(self, collection: str, **fields: Any) -> int:
        """Adds a row and returns its id; the store makes up the fields that are not given."""
        return int(self._call("POST", "insert", {"collection": collection, "fields": fields})["id"])

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_sandbox/{path}", data, method=method)
        with urlopen(request, timeout=30) as reply:
            return json.load(reply)


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Starts a store on a free port of this machine; stops it at the end, whatever happens.

    The store's history ends now, so the demo looks the same on every day.
    """
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--now", "real"]
    for name, rows in SIZE.items():
        command += [f"--{name}", str(rows)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None  # for mypy: it is a pipe
        ready = server.stdout.readline()
        if not ready:
            raise RuntimeError("The sandbox store did not start.")
        yield Shop(json.loads(ready))
    finally:
        server.terminate()
        try:
            server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.kill()
