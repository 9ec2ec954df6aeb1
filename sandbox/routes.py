"""The table of everything the store answers to. What is not listed here is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from sandbox.table import Row


class Family(Enum):
    """The two styles of the API: bare arrays (v2), and `data` with `meta` (v3)."""

    V2 = "v2"
    V3 = "v3"


class Answer(Enum):
    LIST = "list"
    COUNT = "count"
    OBJECT = "object"
    TIME = "time"


class Paging(Enum):
    PAGES = "page, limit"
    CURSOR = "page, limit, before, after"
    NONE = "everything at once"


class Kind(Enum):
    """How the value of a filter is written."""

    INT = "an integer"
    NUMBER = "a number"
    BOOL = "true, false, 1 or 0"
    TEXT = "text"
    DATE = "a date"


@dataclass(frozen=True)
class Filter:
    field: str | Callable[[Row], Any]
    op: str
    kind: Kind


Filters = Mapping[str, Filter]


def v3_filters(name: str, ops: str, kind: Kind, path: str | Callable[[Row], Any] = "") -> Filters:
    """`v3_filters("id", "eq min in", INT)` -> the parameters `id`, `id:min`, `id:in`."""
    return {
        name if op == "eq" else f"{name}:{op}": Filter(path or name, op, kind) for op in ops.split()
    }


def v2_filter(name: str, kind: Kind, path: str = "") -> Filters:
    return {name: Filter(path or name, "eq", kind)}


def v2_range(name: str, kind: Kind, path: str | Callable[[Row], Any] = "") -> Filters:
    """`v2_range("id", INT)` -> the parameters `min_id` and `max_id`."""
    return {f"{end}_{name}": Filter(path or name, end, kind) for end in ("min", "max")}


def full_name(row: Row) -> str:
    return f"{row['first_name']} {row['last_name']}"


def total_inc_tax(row: Row) -> float:
    return float(row["total_inc_tax"])


@dataclass(frozen=True)
class Route:
    """One endpoint: `collection` is the name of what it serves in the `Store`."""

    operation: str
    family: Family
    path: str
    collection: str
    scopes: tuple[str, ...]
    answer: Answer = Answer.LIST
    paging: Paging = Paging.PAGES
    filters: Filters = field(default_factory=dict)
    sorts: tuple[str, ...] = ()
    direction: bool = False
    """True: order is a parameter of its own; False: it follows the field, `id:asc`."""
    includes: tuple[str, ...] = ()
    small_page_includes: tuple[str, ...] = ()
    """Includes that cap the page at 10 rows, without a word."""
    fields: bool = False
    """Whether `include_fields` and `exclude_fields` are taken."""
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further parameters and the values they may have; their meaning is in `surface.py`."""
    max_limit: int = 250
    unknown_parameter: int = 422
    dates_need_time: bool = False
    """True: a date without a time means that date at the current time of day."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>\\d+)", self.path))

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Every query parameter that the endpoint takes."""
        names = [*self.filters, *self.others]
        if self.paging is not Paging.NONE:
            names += ["page", "limit"]
        if self.paging is Paging.CURSOR:
            names += ["before", "after"]
        if self.sorts:
            names += ["sort", "direction"] if self.direction else ["sort"]
        if self.includes:
            names.append("include")
        if self.fields:
            names += ["include_fields", "exclude_fields"]
        return frozenset(names)


ID_OPS = "eq in not_in min max greater less"
INCLUSIVE = "eq min max"

ORDER_FILTERS: Filters = {
    **v2_range("id", Kind.INT),
    **v2_range("total", Kind.NUMBER, total_inc_tax),
    **v2_range("date_created", Kind.DATE),
    **v2_range("date_modified", Kind.DATE),
    **v2_filter("customer_id", Kind.INT),
    **v2_filter("email", Kind.TEXT, "billing_address.email"),
    **v2_filter("status_id", Kind.INT),
    **v2_filter("cart_id", Kind.TEXT),
    **v2_filter("payment_method", Kind.TEXT),
    **v2_filter("channel_id", Kind.INT),
    **v2_filter("external_order_id", Kind.TEXT),
}

CUSTOMER_FILTERS: Filters = {
    **v3_filters("id", "in", Kind.INT),
    **v3_filters("company", "in", Kind.TEXT),
    **v3_filters("customer_group_id", "in", Kind.INT),
    **v3_filters("date_created", INCLUSIVE, Kind.DATE),
    **v3_filters("date_modified", INCLUSIVE, Kind.DATE),
    **v3_filters("email", "in", Kind.TEXT),
    **v3_filters("name", "in like", Kind.TEXT, full_name),
    **v3_filters("phone", "in", Kind.TEXT),
    **v3_filters("registration_ip_address", "in", Kind.TEXT),
}

PRODUCT_FILTERS: Filters = {
    **v3_filters("id", ID_OPS, Kind.INT),
    **v3_filters("channel_id", "in", Kind.INT, "channels"),
    **v3_filters("categories", "eq in", Kind.INT),
    **v3_filters("name", "eq", Kind.TEXT),
    **v3_filters("mpn", "eq", Kind.TEXT),
    **v3_filters("upc", "eq", Kind.TEXT),
    **v3_filters("sku", "eq in", Kind.TEXT),
    **v3_filters("price", "eq", Kind.NUMBER),
    **v3_filters("weight", "eq", Kind.NUMBER),
    **v3_filters("condition", "eq", Kind.TEXT),
    **v3_filters("brand_id", "eq", Kind.INT),
    **v3_filters("date_modified", INCLUSIVE, Kind.DATE),
    **v3_filters("is_visible", "eq", Kind.BOOL),
    **v3_filters("is_featured", "eq", Kind.BOOL),
    **v3_filters("is_free_shipping", "eq", Kind.BOOL),
    **v3_filters("inventory_level", ID_OPS, Kind.INT),
    **v3_filters("total_sold", "eq", Kind.INT),
    **v3_filters("type", "eq", Kind.TEXT),
    **v3_filters("availability", "eq", Kind.TEXT),
    # Searching looks into the name here; the real API also looks elsewhere.
    "keyword": Filter("name", "like", Kind.TEXT),
}

BRAND_FILTERS: Filters = {
    **v3_filters("id", ID_OPS, Kind.INT),
    **v3_filters("name", "eq like", Kind.TEXT),
    **v3_filters("page_title", "eq", Kind.TEXT),
}

TREE_CATEGORY_FILTERS: Filters = {
    **v3_filters("category_id", "in not_in", Kind.INT),
    **v3_filters("category_uuid", "in not_in", Kind.TEXT),
    **v3_filters("tree_id", "in not_in", Kind.INT),
    **v3_filters("parent_id", "in not_in", Kind.INT),
    **v3_filters("name", "eq like", Kind.TEXT),
    **v3_filters("page_title", "eq like", Kind.TEXT),
    **v3_filters("is_visible", "eq", Kind.BOOL),
    "keyword": Filter("name", "like", Kind.TEXT),
}

CHANNEL_FILTERS: Filters = {
    # An available channel is one that can be used, in the documentation's words.
    "available": Filter(lambda row: row["status"] != "deleted", "eq", Kind.BOOL),
    **v3_filters("status", "in", Kind.TEXT),
    **v3_filters("type", "in", Kind.TEXT),
    **v3_filters("platform", "in", Kind.TEXT),
    **v3_filters("date_created", INCLUSIVE, Kind.DATE),
    **v3_filters("date_modified", INCLUSIVE, Kind.DATE),
}

PAGE_FILTERS: Filters = {
    **v3_filters("id", "in", Kind.INT),
    **v3_filters("channel_id", "eq", Kind.INT),
    **v3_filters("name", "eq like", Kind.TEXT),
}

ORDERS = ("store_v2_orders_read_only",)
TRANSACTIONS = ("store_v2_transactions_read_only",)
PRODUCTS = ("store_v2_products_read_only",)
CUSTOMERS = ("store_v2_customers_read_only",)
CONTENT = ("store_v2_content_read_only",)
INFORMATION = ("store_v2_information_read_only",)
CHANNELS = ("store_channel_settings_read_only",)

V2, V3 = Family.V2, Family.V3

ROUTES: tuple[Route, ...] = (
    Route(
        "orders.list",
        V2,
        "/v2/orders",
        "orders",
        ORDERS,
        filters=ORDER_FILTERS,
        sorts=(
            "id",
            "customer_id",
            "date_created",
            "date_modified",
            "status_id",
            "channel_id",
            "external_id",
        ),
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
        "transactions.list",
        V3,
        "/v3/orders/{order_id}/transactions",
        "transactions",
        TRANSACTIONS,
    ),
    Route(
        "customers.list",
        V3,
        "/v3/customers",
        "customers",
        CUSTOMERS,
        paging=Paging.CURSOR,
        filters=CUSTOMER_FILTERS,
        sorts=("date_created", "last_name", "date_modified"),
        includes=(
            "addresses",
            "storecredit",
            "attributes",
            "formfields",
            "shopper_profile_id",
            "segment_ids",
        ),
    ),
    Route(
        "products.list",
        V3,
        "/v3/catalog/products",
        "products",
        PRODUCTS,
        filters=PRODUCT_FILTERS,
        sorts=(
            "id",
            "name",
            "sku",
            "price",
            "date_modified",
            "date_last_imported",
            "inventory_level",
            "is_visible",
            "total_sold",
            "calculated_price",
        ),
        direction=True,
        includes=(
            "bulk_pricing_rules",
            "channels",
            "custom_fields",
            "images",
            "modifiers",
            "options",
            "parent_relations",
            "primary_image",
            "reviews",
            "variants",
            "videos",
        ),
        small_page_includes=("modifiers", "options"),
        fields=True,
        dates_need_time=True,
    ),
    Route(
        "brands.list",
        V3,
        "/v3/catalog/brands",
        "brands",
        PRODUCTS,
        filters=BRAND_FILTERS,
        sorts=("name",),
        direction=True,
        fields=True,
    ),
    Route(
        "categories.list",
        V3,
        "/v3/catalog/trees/categories",
        "categories",
        PRODUCTS,
        filters=TREE_CATEGORY_FILTERS,
        fields=True,
    ),
    Route(
        "category_trees.list",
        V3,
        "/v3/catalog/trees",
        "category_trees",
        PRODUCTS,
        paging=Paging.NONE,
        filters={
            **v3_filters("id", "in", Kind.INT),
            **v3_filters("channel_id", "in", Kind.INT, "channels"),
        },
    ),
    Route(
        "channels.list",
        V3,
        "/v3/channels",
        "channels",
        CHANNELS,
        filters=CHANNEL_FILTERS,
        includes=("currencies",),
    ),
    Route(
        "pages.list",
        V3,
        "/v3/content/pages",
        "pages",
        CONTENT,
        filters=PAGE_FILTERS,
        includes=("body",),
        unknown_parameter=400,
    ),
    Route("store.get", V2, "/v2/store", "store", INFORMATION, Answer.OBJECT, Paging.NONE),
    Route("time.get", V2, "/v2/time", "time", INFORMATION, Answer.TIME, Paging.NONE),
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
