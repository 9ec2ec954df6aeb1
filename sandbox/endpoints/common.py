"""What endpoints of several topics have in common: scopes, filters, lists of metafields."""

from __future__ import annotations

from sandbox.reply import Family
from sandbox.route import Answer, Kind, Paging, Route, v3_filters

ORDERS = ("store_v2_orders_read_only",)
TRANSACTIONS = ("store_v2_transactions_read_only",)
PRODUCTS = ("store_v2_products_read_only",)
PICKUPS = ("store_order_fulfillment_read_only",)
CHECKOUTS = ("store_checkouts_read_only",)
CARTS = ("store_cart_read_only",)
MODIFY_CUSTOMERS = ("store_v2_customers",)
INSTRUMENTS = ("store_stored_payment_instruments_read_only",)
CUSTOMERS = ("store_v2_customers_read_only",)
THEMES = ("store_themes_read_only",)
CONTENT = ("store_v2_content_read_only",)
INFORMATION = ("store_v2_information_read_only",)
MARKETING = ("store_v2_marketing_read_only",)
CHANNELS = ("store_channel_settings_read_only",)
LISTINGS = ("store_channel_listings_read_only",)
LOGS = ("store_logs_read_only",)
SITES = ("store_sites_read_only",)
INVENTORY = ("store_inventory_read_only",)
LOCATIONS = ("store_locations_read_only",)
FULFILLMENT = ("store_fulfillment_methods_read_only",)
PAYMENT_METHODS = ("store_payments_methods_read",)
EVERYONE = ()

V2, V3 = Family.V2, Family.V3

FIELDS = ("include_fields", "exclude_fields")
MODIFIED = v3_filters("date_modified", "min max", Kind.DATE)
CREATED = v3_filters("date_created", "min max", Kind.DATE)
ON_CHANNELS = v3_filters("channel_id", "in", Kind.INT)


def of_parent(name: str, path: str, scopes: tuple[str, ...], *, bare: bool = False) -> Route:
    """The one object that a parent has, or has not."""
    return Route(f"{name}.get", V3, path, name, scopes, Answer.OBJECT, Paging.NONE, bare=bare)


def counted(name: str, path: str, scopes: tuple[str, ...]) -> Route:
    """How many rows a list of v2 has."""
    return Route(f"{name}.count", V2, f"{path}/count", name, scopes, Answer.COUNT, Paging.NONE)


def metafields(resource: str, path: str, scopes: tuple[str, ...]) -> Route:
    """All metafields of one kind of resource."""
    return Route(
        f"{resource}_metafields.list",
        V3,
        path,
        f"{resource}_metafields",
        scopes,
        paging=Paging.CURSOR,
        filters=MODIFIED,
        direction=True,
        fields=("include_fields",),
    )
