"""Stores to sync from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import Sandbox

# A page and a bit of most things, so that reading ends on a second page.
SIZES: dict[str, Any] = {
    "orders": 260,
    "customers": 255,
    "products": 120,
    "brands": 260,
    "categories": 255,
}


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    """A store that tests only read from."""
    with Sandbox(**SIZES) as store:
        yield store


@pytest.fixture
def store() -> Iterator[Sandbox]:
    """A store of the test's own, to change."""
    with Sandbox(**SIZES) as store:
        yield store


@pytest.fixture(autouse=True)
def _empty_log(request: pytest.FixtureRequest) -> None:
    """The log of the shop holds the requests of one test only."""
    if "shop" in request.fixturenames:
        request.getfixturevalue("shop").log.clear()
