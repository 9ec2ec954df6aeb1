"""The store, its channels and its settings."""

from __future__ import annotations

from sandbox.endpoints.common import (
    CHANNELS,
    INFORMATION,
    LISTINGS,
    MODIFIED,
    ON_CHANNELS,
    PAYMENT_METHODS,
    SITES,
    V2,
    V3,
    metafields,
)
from sandbox.route import Answer, Kind, Meta, Paging, Route, v3_filters


def settings(area: str, path: str, by_channel: bool = False) -> Route:
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
        filters=MODIFIED,
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
    metafields("store", "/v3/store/metafields", INFORMATION),
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
    settings("seo", "storefront/seo", by_channel=True),
    settings("search", "storefront/search"),
    settings("security", "storefront/security"),
    settings("status", "storefront/status"),
    settings("robots", "storefront/robotstxt"),
)
