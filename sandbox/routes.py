"""The table of everything the store answers to. What is not listed here is refused."""

from __future__ import annotations

from sandbox.endpoints import catalog, customers, marketing, orders, store
from sandbox.route import Route

ROUTES: tuple[Route, ...] = (
    *orders.ROUTES,
    *customers.ROUTES,
    *catalog.ROUTES,
    *marketing.ROUTES,
    *store.ROUTES,
)

_FIXED = {route.path: route for route in ROUTES if "{" not in route.path}
_WITH_ID = [route for route in ROUTES if "{" in route.path]
OPERATIONS = frozenset(route.operation for route in ROUTES)


def match(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path below `/stores/{store_hash}`, and the ids in the path."""
    if route := _FIXED.get(path):
        return route, {}
    for route in _WITH_ID:
        if found := route.pattern.fullmatch(path):
            return route, found.groupdict()
    return None
