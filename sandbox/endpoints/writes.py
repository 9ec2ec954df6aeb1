"""What clients may create, and the changes of nothing by which they learn whether they may."""

from __future__ import annotations

from sandbox import writes
from sandbox.endpoints.common import V2, V3
from sandbox.route import Paging, Route

_ORDERS, _CUSTOMERS = ("store_v2_orders",), ("store_v2_customers",)

ROUTES: tuple[Route, ...] = (
    Route(
        "orders.create",
        V2,
        "/v2/orders",
        "orders",
        _ORDERS,
        paging=Paging.NONE,
        method="POST",
        write=writes.create_order,
    ),
    Route(
        "orders.update",
        V2,
        "/v2/orders/{order_id}",
        "orders",
        _ORDERS,
        paging=Paging.NONE,
        method="PUT",
        write=writes.update_order,
    ),
    Route(
        "customers.create",
        V3,
        "/v3/customers",
        "customers",
        _CUSTOMERS,
        paging=Paging.NONE,
        concurrent=3,
        method="POST",
        write=writes.create_customers,
    ),
    Route(
        "customers.update",
        V3,
        "/v3/customers",
        "customers",
        _CUSTOMERS,
        paging=Paging.NONE,
        concurrent=3,
        method="PUT",
        write=writes.update_customers,
    ),
)
