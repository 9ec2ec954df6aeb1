"""The store, its channels and its settings."""

from __future__ import annotations

from sandbox.endpoints.common import (
    CHANNELS,
    DATES,
    ID_IN,
    INFORMATION,
    LISTINGS,
    LOGS,
    PAYMENT_METHODS,
    SITES,
    V2,
    V3,
    metafields,
    of_parent,
)
from sandbox.route import Answer, Filter, Filters, Kind, Meta, Paging, Route, v2_filter, v3_filters
from sandbox.table import Row

CHANNEL_FILTERS: Filters = {
    # An available channel is one that can be used, in the documentation's words.
    "available": Filter(lambda row: row["status"] != "deleted", "eq", Kind.BOOL),
    **v3_filters("status", "in", Kind.TEXT),
    **v3_filters("type", "in", Kind.TEXT),
    **v3_filters("platform", "in", Kind.TEXT),
    **DATES,
}


def url_types(site: Row) -> list[str]:
    return [url["type"] for url in site["urls"]]


SITE_FILTERS: Filters = {
    **v3_filters("channel_id", "in", Kind.INT),
    **v3_filters("url_type", "in", Kind.TEXT, url_types),
}


def settings(area: str, path: str, by_channel: bool = True) -> Route:
    """One area of the settings, for the whole store or for one channel."""
    return Route(
        f"settings_{area}.get",
        V3,
        f"/v3/settings/{path}",
        f"settings_{area}",
        INFORMATION,
        Answer.OBJECT,
        Paging.NONE,
        filters=v3_filters("channel_id", "eq", Kind.INT) if by_channel else {},
    )


ROUTES: tuple[Route, ...] = (
    Route("store.get", V2, "/v2/store", "store", INFORMATION, Answer.OBJECT, Paging.NONE),
    Route("time.get", V2, "/v2/time", "time", INFORMATION, Answer.TIME, Paging.NONE),
    Route(
        "channels.list",
        V3,
        "/v3/channels",
        "channels",
        CHANNELS,
        filters=CHANNEL_FILTERS,
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
        filters={**v3_filters("product_id", "in", Kind.INT), **DATES},
        max_limit=1000,
    ),
    Route(
        "sites.list",
        V3,
        "/v3/sites",
        "sites",
        SITES,
        filters=SITE_FILTERS,
        meta=Meta.OFFSET,
    ),
    Route(
        "site_routes.list",
        V3,
        "/v3/sites/{site_id}/routes",
        "site_routes",
        SITES,
        filters=v3_filters("type", "eq", Kind.TEXT),
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
        filters={
            **ID_IN,
            **v3_filters("type", "eq not", Kind.TEXT),
            **v3_filters("module", "eq not", Kind.TEXT),
        },
        sorts=("date_created", "type"),
        direction=True,
    ),
    Route(
        "countries.list",
        V2,
        "/v2/countries",
        "countries",
        INFORMATION,
        filters={
            **v2_filter("country", Kind.TEXT),
            **v2_filter("country_iso2", Kind.TEXT),
            **v2_filter("country_iso3", Kind.TEXT),
        },
    ),
    Route("states.list", V2, "/v2/countries/states", "states", INFORMATION),
    Route(
        "tax_properties.list",
        V3,
        "/v3/tax/properties",
        "tax_properties",
        INFORMATION,
        paging=Paging.NONE,
        filters={**ID_IN, **v3_filters("type", "in", Kind.TEXT)},
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
        filters=ID_IN,
        meta=Meta.NOTHING,
    ),
    Route(
        "tax_rates.list",
        V3,
        "/v3/tax/rates",
        "tax_rates",
        INFORMATION,
        paging=Paging.NONE,
        filters={**ID_IN, **v3_filters("tax_zone_id", "in", Kind.INT)},
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
    settings("locale", "store/locale", by_channel=False),
    settings("catalog", "catalog"),
    settings("inventory", "inventory"),
    settings("seo", "storefront/seo"),
    settings("search", "storefront/search"),
    settings("security", "storefront/security"),
    settings("status", "storefront/status"),
    settings("robots", "storefront/robotstxt"),
)
