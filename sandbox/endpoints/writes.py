"""What clients may create, and the empty changes by which they learn whether they may."""

from __future__ import annotations

from dataclasses import replace

from sandbox import writes
from sandbox.endpoints.common import V2, V3
from sandbox.route import Paging, Route

_ORDER = Route(
    "orders.create",
    V2,
    "/v2/orders",
    "orders",
    ("store_v2_orders",),
    paging=Paging.NONE,
    method="POST",
    write=writes.create_order,
)
_CUSTOMERS = Route(
    "customers.create",
    V3,
    "/v3/customers",
    "customers",
    ("store_v2_customers",),
    paging=Paging.NONE,
    concurrent=3,
    method="POST",
    write=writes.create_customers,
)

ROUTES: tuple[Route, ...] = (
    _ORDER,
    replace(
        _ORDER,
        operation="orders.update",
        path="/v2/orders/{order_id}",
        method="PUT",
        write=writes.update_order,
    ),
    _CUSTOMERS,
    replace(_CUSTOMERS, operation="customers.update", method="PUT", write=writes.update_customers),
)
