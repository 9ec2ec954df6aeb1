"""Orders and everything that belongs to them."""

from __future__ import annotations

from sandbox.endpoints.common import (
    CARTS,
    CHECKOUTS,
    ORDERS,
    PICKUPS,
    TRANSACTIONS,
    V2,
    V3,
    metafields,
    of_parent,
)
from sandbox.route import (
    Answer,
    Filter,
    Filters,
    Kind,
    Meta,
    Paging,
    Route,
    date_in,
    v2_filter,
    v2_range,
    v3_filters,
)
from sandbox.table import Row

ORDER_FILTERS: Filters = {
    **v2_range("id", Kind.INT),
    **v2_range("date_modified", Kind.DATE),
    **v2_filter("status_id", Kind.INT),
    **v2_filter("channel_id", Kind.INT),
    **v2_filter("external_order_id", Kind.TEXT),
    # Of older documentation: https://github.com/bigcommerce/docs/pull/177
    **v2_filter("is_deleted", Kind.BOOL),
}

MESSAGE_FILTERS: Filters = {
    "min_id": Filter("id", "min", Kind.INT),
    "min_date_created": Filter(date_in("date_created"), "min", Kind.DATE),
}


def transaction_ids(refund: Row) -> list[str]:
    return [payment["transaction_id"] for payment in refund["payments"]]


REFUND_FILTERS: Filters = {
    **v3_filters("order_id", "in", Kind.INT),
    **v3_filters("created", "min max", Kind.DATE),
    **v3_filters("transaction_id", "eq", Kind.TEXT, transaction_ids),
}

ROUTES: tuple[Route, ...] = (
    Route(
        "orders.list",
        V2,
        "/v2/orders",
        "orders",
        ORDERS,
        filters=ORDER_FILTERS,
        sorts=("id", "date_modified"),
        includes=("consignments", "consignments.line_items", "fees"),
        others={"consignment_structure": ("object",)},
    ),
    Route("orders.get", V2, "/v2/orders/{order_id}", "orders", ORDERS, Answer.OBJECT, Paging.NONE),
    Route(
        "orders.count",
        V2,
        "/v2/orders/count",
        "orders",
        ORDERS,
        Answer.COUNT,
        Paging.NONE,
        filters=ORDER_FILTERS,
    ),
    Route("order_products.list", V2, "/v2/orders/{order_id}/products", "order_products", ORDERS),
    Route(
        "order_shipping_addresses.list",
        V2,
        "/v2/orders/{order_id}/shipping_addresses",
        "order_shipping_addresses",
        ORDERS,
    ),
    Route(
        "order_shipping_quotes.list",
        V2,
        "/v2/orders/{order_id}/shipping_addresses/{shipping_address_id}/shipping_quotes",
        "order_shipping_quotes",
        ORDERS,
        paging=Paging.NONE,
    ),
    Route(
        "order_consignments.get",
        V2,
        "/v2/orders/{order_id}/consignments",
        "order_consignments",
        ORDERS,
        Answer.OBJECT,
        Paging.NONE,
        includes=("consignments.line_items",),
    ),
    Route(
        "order_fees.list",
        V2,
        "/v2/orders/{order_id}/fees",
        "order_fees",
        ORDERS,
        paging=Paging.NONE,
    ),
    Route("order_shipments.list", V2, "/v2/orders/{order_id}/shipments", "order_shipments", ORDERS),
    Route("order_coupons.list", V2, "/v2/orders/{order_id}/coupons", "order_coupons", ORDERS),
    Route(
        "order_taxes.list",
        V2,
        "/v2/orders/{order_id}/taxes",
        "order_taxes",
        ORDERS,
        details=("order_product_id", "line_item_type"),
    ),
    Route(
        "order_messages.list",
        V2,
        "/v2/orders/{order_id}/messages",
        "order_messages",
        ORDERS,
        filters=MESSAGE_FILTERS,
    ),
    Route(
        "order_statuses.list",
        V2,
        "/v2/order_statuses",
        "order_statuses",
        ORDERS,
        paging=Paging.NONE,
    ),
    Route(
        "transactions.list",
        V3,
        "/v3/orders/{order_id}/transactions",
        "transactions",
        TRANSACTIONS,
    ),
    Route(
        "refunds.list",
        V3,
        "/v3/orders/payment_actions/refunds",
        "refunds",
        (*ORDERS, *TRANSACTIONS),
        filters=REFUND_FILTERS,
    ),
    metafields("order", "/v3/orders/metafields", ORDERS),
    Route(
        "order_pickups.list",
        V3,
        "/v3/orders/pickups",
        "order_pickups",
        PICKUPS,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    of_parent("checkouts", "/v3/checkouts/{cart_id}", CHECKOUTS),
    metafields("cart", "/v3/carts/metafields", CARTS),
)
