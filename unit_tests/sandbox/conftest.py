from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from unit_tests.sandbox.asking import Get


@pytest.fixture(scope="session")
def shared_store() -> Iterator[Sandbox]:
    """A running store that tests only read from."""
    with Sandbox(orders=400, customers=120, products=60) as store:
        yield store


@pytest.fixture
def store() -> Iterator[Sandbox]:
    """A running store of the test's own, to change and to break."""
    with Sandbox(orders=300, customers=20, products=20) as store:
        yield store


@pytest.fixture(scope="session")
def get() -> Get:
    """`get(store, "/v2/orders", limit=2)`: an ordinary, well-mannered request."""
    session = requests.Session()

    def send(store: Sandbox, path: str, /, **params: Any) -> requests.Response:
        headers = {"X-Auth-Token": store.access_token, "Accept": "application/json"}
        where = f"/stores/{store.store_hash}{path}"
        if path.startswith("/api/"):  # B2B Edition
            where, headers = path, {**headers, "X-Store-Hash": store.store_hash}
        return session.get(f"{store.url}{where}", params=params, headers=headers, timeout=5)

    return send
