"""The table of all endpoints of the store. Everything else is refused."""

from __future__ import annotations

import re

from sandbox.endpoints import b2b, catalog, customers, marketing, orders, store, writes
from sandbox.route import Route

# What can be read.
ROUTES: tuple[Route, ...] = (
    *orders.ROUTES,
    *customers.ROUTES,
    *catalog.ROUTES,
    *marketing.ROUTES,
    *store.ROUTES,
    *b2b.ROUTES,
)

_ALL = (*ROUTES, *writes.ROUTES)
OPERATIONS = frozenset(route.operation for route in _ALL)

_ID = re.compile(r"(?<=/)(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|$)")
_BY_PATH = {(each.method, re.sub(r"\{\w+\}", "*", each.path)): each for each in _ALL}
_METHODS = frozenset(route.method for route in _ALL)


def match(path: str, method: str = "GET") -> tuple[Route, dict[str, str]] | None:
    """The route of a path below `/stores/{store_hash}`, and the ids in the path."""
    ids = _ID.findall(path)
    route = _BY_PATH.get((method, _ID.sub("*", path) if ids else path))
    return (route, dict(zip(route.ids, ids, strict=True))) if route else None


def allows(path: str) -> list[str]:
    """The methods of a path."""
    return [method for method in sorted(_METHODS) if match(path, method)]
