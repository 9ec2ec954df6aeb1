"""The store, its channels and its settings."""

from __future__ import annotations

from dataclasses import replace

from sandbox.endpoints.common import (
    CHANNELS,
    CHECKOUTS,
    CONTENT,
    CUSTOMERS,
    INFORMATION,
    LISTINGS,
    LOGS,
    MARKETING,
    MODIFIED,
    ON_CHANNELS,
    ORDERS,
    PAYMENT_METHODS,
    PRODUCTS,
    SITES,
    V2,
    V3,
    counted,
    metafields,
    of_parent,
)
from sandbox.route import Answer, Filter, Filters, Kind, Meta, Paging, Route
from sandbox.table import Row


def of_area(area: str, path: str, scopes: tuple[str, ...], bare: bool = False) -> Route:
    """One area of the settings that has an endpoint of its own."""
    name = f"settings_{area}"
    return Route(f"{name}.get", V3, path, name, scopes, Answer.OBJECT, Paging.NONE, bare=bare)


def settings(area: str, path: str) -> Route:
    """One area of the settings of the whole store."""
    return of_area(area, f"/v3/settings/{path}", INFORMATION)


def of_channels(
    area: str, path: str, scopes: tuple[str, ...], bare: bool = False
) -> tuple[Route, Route]:
    """One area of the settings of the store, and what each channel has of its own."""
    name = f"settings_{area}"
    store = of_area(area, f"/v3/{path}", scopes, bare)
    channel = of_parent(f"channel_{name}", f"/v3/{path}/channels/{{channel_id}}", scopes)
    return store, replace(channel, bare=bare)


def every_channel(_: Row) -> range:
    """What is the same for the store and all its channels."""
    return range(2**63)


EVERY_CHANNEL: Filters = {"channel_id": Filter(every_channel, "overlaps", Kind.INT)}

ROUTES: tuple[Route, ...] = (
    Route("store.get", V2, "/v2/store", "store", INFORMATION, Answer.OBJECT, Paging.NONE),
    Route("time.get", V2, "/v2/time", "time", INFORMATION, Answer.TIME, Paging.NONE),
    Route(
        "channels.list",
        V3,
        "/v3/channels",
        "channels",
        CHANNELS,
        filters=MODIFIED,
        includes=("currencies",),
    ),
    metafields("channel", "/v3/channels/metafields", CHANNELS),
    Route(
        "channel_listings.list",
        V3,
        "/v3/channels/{channel_id}/listings",
        "channel_listings",
        LISTINGS,
        paging=Paging.AFTER,
        max_limit=1000,
    ),
    Route(
        "sites.list",
        V3,
        "/v3/sites",
        "sites",
        SITES,
        filters=ON_CHANNELS,
        meta=Meta.OFFSET,
    ),
    Route(
        "site_routes.list",
        V3,
        "/v3/sites/{site_id}/routes",
        "site_routes",
        SITES,
    ),
    of_parent("site_certificates", "/v3/sites/{site_id}/certificate", SITES),
    Route(
        "channel_currency_assignments.list",
        V3,
        "/v3/channels/currency-assignments",
        "channel_currency_assignments",
        CHANNELS,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    of_parent("channel_menus", "/v3/channels/{channel_id}/channel-menus", CHANNELS),
    of_parent("channel_active_themes", "/v3/channels/{channel_id}/active-theme", CHANNELS),
    metafields("store", "/v3/store/metafields", INFORMATION),
    Route(
        "system_logs.list",
        V3,
        "/v3/store/systemlogs",
        "system_logs",
        LOGS,
    ),
    Route("countries.list", V2, "/v2/countries", "countries", INFORMATION),
    counted("countries", "/v2/countries", INFORMATION),
    Route("states.list", V2, "/v2/countries/states", "states", INFORMATION),
    counted("states", "/v2/countries/states", INFORMATION),
    Route(
        "tax_properties.list",
        V3,
        "/v3/tax/properties",
        "tax_properties",
        INFORMATION,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    Route("currencies.list", V2, "/v2/currencies", "currencies", INFORMATION),
    Route("tax_classes.list", V2, "/v2/tax_classes", "tax_classes", INFORMATION, max_page=50),
    Route(
        "tax_zones.list",
        V3,
        "/v3/tax/zones",
        "tax_zones",
        INFORMATION,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    Route(
        "tax_rates.list",
        V3,
        "/v3/tax/rates",
        "tax_rates",
        INFORMATION,
        paging=Paging.NONE,
    ),
    Route(
        "shipping_zones.list",
        V2,
        "/v2/shipping/zones",
        "shipping_zones",
        INFORMATION,
        paging=Paging.NONE,
    ),
    Route(
        "shipping_methods.list",
        V2,
        "/v2/shipping/zones/{zone_id}/methods",
        "shipping_methods",
        INFORMATION,
        paging=Paging.NONE,
    ),
    Route("payment_methods.list", V2, "/v2/payments/methods", "payment_methods", PAYMENT_METHODS),
    settings("profile", "store/profile"),
    settings("locale", "store/locale"),
    settings("catalog", "catalog"),
    settings("inventory", "inventory"),
    settings("seo", "storefront/seo"),
    settings("search", "storefront/search"),
    settings("security", "storefront/security"),
    settings("status", "storefront/status"),
    settings("robots", "storefront/robotstxt"),
    settings("category", "storefront/category"),
    settings("product", "storefront/product"),
    settings("units_of_measurement", "store/units-of-measurement"),
    settings("email_statuses", "email-statuses"),
    settings("logo", "logo"),
    settings("inventory_notifications", "inventory/notifications"),
    Route(
        "settings_search_filters.list",
        V3,
        "/v3/settings/search/filters",
        "settings_search_filters",
        INFORMATION,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    Route(
        "settings_analytics.list",
        V3,
        "/v3/settings/analytics",
        "settings_analytics",
        CONTENT,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    of_area("tax", "/v3/tax/settings", INFORMATION),
    of_area("promotion", "/v3/promotions/settings", MARKETING, bare=True),
    *of_channels("customer", "customers/settings", CUSTOMERS),
    *of_channels("order", "orders/settings", ORDERS, bare=True),
    *of_channels("checkout", "checkouts/settings", CHECKOUTS),
    *of_channels("cart", "carts/settings", INFORMATION),
    *of_channels("abandoned_cart", "abandoned-carts/settings", INFORMATION),
    *of_channels("shipping", "shipping/settings", PRODUCTS),
    Route(
        "email_templates.list",
        V3,
        "/v3/marketing/email-templates",
        "email_templates",
        INFORMATION,
        paging=Paging.NONE,
        filters=EVERY_CHANNEL,
        meta=Meta.NOTHING,
    ),
    Route(
        "abandoned_cart_email_templates.list",
        V3,
        "/v3/marketing/abandoned-cart-emails",
        "abandoned_cart_email_templates",
        INFORMATION,
        paging=Paging.NONE,
        filters=EVERY_CHANNEL,
        meta=Meta.NOTHING,
    ),
)
