"""Coupons, promotions, gift certificates, banners, and what the storefront publishes."""

from __future__ import annotations

from sandbox.endpoints.common import CONTENT, EVERYONE, MARKETING, THEMES, V2, V3
from sandbox.route import (
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

COUPON_FILTERS: Filters = {
    **v2_range("id", Kind.INT),
    **v2_filter("id", Kind.INT),
    **v2_filter("code", Kind.TEXT),
    **v2_filter("name", Kind.TEXT),
    **v2_filter("type", Kind.TEXT),
    "exclude_type": Filter("type", "not", Kind.TEXT),
}


def single_code(promotion: Row) -> str:
    return str((promotion.get("codes") or {}).get("code", ""))


def on_channels(promotion: Row) -> tuple[int, ...] | range:
    """The channels that a promotion is for; every number where it names none."""
    return tuple(channel["id"] for channel in promotion["channels"]) or range(2**63)


PROMOTION_FILTERS: Filters = {
    **v3_filters("id", "eq", Kind.INT),
    **v3_filters("name", "eq", Kind.TEXT),
    **v3_filters("code", "eq", Kind.TEXT, single_code),
    **v3_filters("currency_code", "eq", Kind.TEXT),
    **v3_filters("redemption_type", "eq", Kind.TEXT, lambda row: row["redemption_type"].lower()),
    **v3_filters("status", "eq", Kind.TEXT),
    "channels": Filter(on_channels, "overlaps", Kind.INT),
    "query": Filter(lambda row: f"{row['name']} {single_code(row)}", "like", Kind.TEXT),
}

GIFT_CERTIFICATE_FILTERS: Filters = {
    **v2_range("id", Kind.INT),
    **v2_filter("code", Kind.TEXT),
    **v2_filter("order_id", Kind.INT),
    **v2_filter("to_name", Kind.TEXT),
    **v2_filter("to_email", Kind.TEXT),
    **v2_filter("from_name", Kind.TEXT),
    **v2_filter("from_email", Kind.TEXT),
}

REDIRECT_FILTERS: Filters = {
    **v3_filters("id", "in min max", Kind.INT),
    **v3_filters("site_id", "eq", Kind.INT),
    "keyword": Filter(lambda row: row["from_path"].lstrip("/"), "starts", Kind.TEXT),
}

BLOG_FILTERS: Filters = {
    **v2_filter("is_published", Kind.BOOL),
    **v2_filter("url", Kind.TEXT),
    **v2_filter("tag", Kind.TEXT, "tags"),
    **v2_filter("published_date", Kind.DATE, date_in("published_date_iso8601")),
}

HOOK_FILTERS: Filters = {
    **v3_filters("is_active", "eq", Kind.BOOL),
    **v3_filters("scope", "eq", Kind.TEXT),
    **v3_filters("destination", "eq", Kind.TEXT),
}

PAGE_FILTERS: Filters = {
    **v3_filters("id", "in", Kind.INT),
    **v3_filters("channel_id", "eq", Kind.INT),
    **v3_filters("name", "eq like", Kind.TEXT),
}

ROUTES: tuple[Route, ...] = (
    Route("coupons.list", V2, "/v2/coupons", "coupons", MARKETING, filters=COUPON_FILTERS),
    Route(
        "promotions.list",
        V3,
        "/v3/promotions",
        "promotions",
        MARKETING,
        filters=PROMOTION_FILTERS,
        sorts=("id", "name", "priority", "start_date"),
        direction=True,
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
        filters=v3_filters("code", "eq", Kind.TEXT),
        concurrent=10,
    ),
    Route(
        "gift_certificates.list",
        V2,
        "/v2/gift_certificates",
        "gift_certificates",
        MARKETING,
        filters=GIFT_CERTIFICATE_FILTERS,
        sorts=("id",),
        direction=True,
    ),
    Route(
        "banners.list",
        V2,
        "/v2/banners",
        "banners",
        MARKETING,
        filters=v2_range("id", Kind.INT),
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
    Route(
        "redirects.list",
        V3,
        "/v3/storefront/redirects",
        "redirects",
        CONTENT,
        filters=REDIRECT_FILTERS,
        sorts=("from_path", "type", "site_id", "id"),
        direction=True,
        includes=("to_url",),
    ),
    Route(
        "blog_posts.list",
        V2,
        "/v2/blog/posts",
        "blog_posts",
        CONTENT,
        filters=BLOG_FILTERS,
        newest_first="published_date_iso8601",
        max_page=50,
    ),
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
        "scripts.list",
        V3,
        "/v3/content/scripts",
        "scripts",
        CONTENT,
        filters=v3_filters("channel_id", "in", Kind.INT),
        sorts=("name", "description", "date_created", "date_modified"),
        direction=True,
    ),
    Route("webhooks.list", V3, "/v3/hooks", "webhooks", EVERYONE, filters=HOOK_FILTERS),
)
