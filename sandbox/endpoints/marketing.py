"""Coupons, promotions, gift certificates, banners, and what the storefront publishes."""

from __future__ import annotations

from sandbox.endpoints.common import (
    CONTENT,
    EVERYONE,
    MARKETING,
    ON_CHANNELS,
    THEMES,
    V2,
    V3,
    counted,
)
from sandbox.route import (
    Filter,
    Filters,
    Kind,
    Meta,
    Paging,
    Route,
    v3_filters,
)
from sandbox.table import Row


def on_channels(promotion: Row) -> tuple[int, ...] | range:
    """The channels that a promotion is for; every number where it names none."""
    return tuple(channel["id"] for channel in promotion["channels"]) or range(2**63)


PROMOTION_FILTERS: Filters = {
    **v3_filters("redemption_type", "eq", Kind.TEXT, lambda row: row["redemption_type"].lower()),
    "channels": Filter(on_channels, "overlaps", Kind.INT),
}

REDIRECT_FILTERS: Filters = {
    "keyword": Filter(lambda row: row["from_path"].lstrip("/"), "starts", Kind.TEXT),
}

MIN_ID: Filters = {"min_id": Filter("id", "min", Kind.INT)}

ROUTES: tuple[Route, ...] = (
    Route("coupons.list", V2, "/v2/coupons", "coupons", MARKETING, filters=MIN_ID),
    counted("coupons", "/v2/coupons", MARKETING),
    Route(
        "promotions.list",
        V3,
        "/v3/promotions",
        "promotions",
        MARKETING,
        filters=PROMOTION_FILTERS,
        concurrent=40,
    ),
    Route(
        "promotion_codes.list",
        V3,
        "/v3/promotions/{promotion_id}/codes",
        "promotion_codes",
        MARKETING,
        parent="promotions",
        paging=Paging.CURSOR,
        page_beside_cursor=False,
        concurrent=10,
    ),
    Route(
        "gift_certificates.list",
        V2,
        "/v2/gift_certificates",
        "gift_certificates",
        MARKETING,
        filters=MIN_ID,
    ),
    Route(
        "banners.list",
        V2,
        "/v2/banners",
        "banners",
        MARKETING,
        filters=MIN_ID,
    ),
    counted("banners", "/v2/banners", MARKETING),
    Route(
        "pages.list",
        V3,
        "/v3/content/pages",
        "pages",
        CONTENT,
        filters=v3_filters("channel_id", "eq", Kind.INT),
        includes=("body",),
        unknown_parameter=400,
    ),
    Route(
        "redirects.list",
        V3,
        "/v3/storefront/redirects",
        "redirects",
        CONTENT,
        filters=REDIRECT_FILTERS,
        includes=("to_url",),
    ),
    Route(
        "blog_posts.list",
        V2,
        "/v2/blog/posts",
        "blog_posts",
        CONTENT,
        newest_first="published_date_iso8601",
        max_page=50,
    ),
    counted("blog_posts", "/v2/blog/posts", CONTENT),
    Route("blog_tags.list", V2, "/v2/blog/tags", "blog_tags", CONTENT, paging=Paging.NONE),
    Route("themes.list", V3, "/v3/themes", "themes", THEMES, paging=Paging.NONE, meta=Meta.NOTHING),
    Route(
        "theme_configurations.list",
        V3,
        "/v3/themes/{theme_uuid}/configurations",
        "theme_configurations",
        THEMES,
        filters=v3_filters("variation_uuid", "eq", Kind.TEXT, "variation_id"),
        wants="variation_uuid",
    ),
    Route(
        "custom_template_associations.list",
        V3,
        "/v3/storefront/custom-template-associations",
        "custom_template_associations",
        THEMES,
        filters=v3_filters("channel_id", "eq", Kind.INT),
    ),
    Route(
        "widget_templates.list",
        V3,
        "/v3/content/widget-templates",
        "widget_templates",
        CONTENT,
        filters=ON_CHANNELS,
    ),
    Route(
        "widgets.list",
        V3,
        "/v3/content/widgets",
        "widgets",
        CONTENT,
        filters=ON_CHANNELS,
    ),
    Route(
        "placements.list",
        V3,
        "/v3/content/placements",
        "placements",
        CONTENT,
        filters=ON_CHANNELS,
    ),
    Route(
        "scripts.list",
        V3,
        "/v3/content/scripts",
        "scripts",
        CONTENT,
        filters=v3_filters("channel_id", "in", Kind.INT),
    ),
    Route("webhooks.list", V3, "/v3/hooks", "webhooks", EVERYONE),
)
