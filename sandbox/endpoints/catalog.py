"""Products, their categories, prices and stock."""

from __future__ import annotations

from sandbox.endpoints.common import (
    DATES,
    FIELDS,
    FULFILLMENT,
    ID_IN,
    ID_OPS,
    INCLUSIVE,
    INVENTORY,
    LOCATIONS,
    PRODUCTS,
    V3,
    metafields,
)
from sandbox.route import Filter, Filters, Kind, Meta, Paging, Route, v3_filters
from sandbox.table import Row

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

VARIANT_FILTERS: Filters = {
    **v3_filters("id", "eq", Kind.INT),
    **v3_filters("sku", "eq in", Kind.TEXT),
    **v3_filters("upc", "eq", Kind.TEXT),
    **v3_filters("product_id", "in", Kind.INT),
}

PRICE_LIST_FILTERS: Filters = {
    **ID_IN,
    **v3_filters("name", "eq like", Kind.TEXT),
    **DATES,
}

PRICE_RECORD_FILTERS: Filters = {
    **v3_filters("variant_id", "in", Kind.INT),
    **v3_filters("product_id", "in", Kind.INT),
    **v3_filters("currency", "eq in", Kind.TEXT),
    **v3_filters("sku", "eq in", Kind.TEXT),
    **v3_filters("price", INCLUSIVE, Kind.NUMBER),
    **v3_filters("sale_price", INCLUSIVE, Kind.NUMBER),
    **v3_filters("retail_price", INCLUSIVE, Kind.NUMBER),
    **v3_filters("map_price", INCLUSIVE, Kind.NUMBER),
    **v3_filters("calculated_price", INCLUSIVE, Kind.NUMBER),
    **DATES,
}

PRICE_ASSIGNMENT_FILTERS: Filters = {
    **v3_filters("id", "eq in", Kind.INT),
    **v3_filters("price_list_id", "eq in", Kind.INT),
    **v3_filters("customer_group_id", "eq in", Kind.INT),
    **v3_filters("channel_id", "eq in", Kind.INT),
}


def location_ids(item: Row) -> list[int]:
    return [stock["location_id"] for stock in item["locations"]]


def location_codes(item: Row) -> list[str]:
    return [stock["location_code"] for stock in item["locations"]]


INVENTORY_FILTERS: Filters = {
    **v3_filters("sku", "in", Kind.TEXT, "identity.sku"),
    **v3_filters("variant_id", "in", Kind.INT),
    **v3_filters("product_id", "in", Kind.INT),
    **v3_filters("location_id", "in", Kind.INT, location_ids),
    **v3_filters("location_code", "in", Kind.TEXT, location_codes),
}

LOCATION_FILTERS: Filters = {
    **v3_filters("location_id", "in", Kind.INT, "id"),
    **v3_filters("location_code", "in", Kind.TEXT, "code"),
    **v3_filters("is_default", "eq", Kind.BOOL, lambda row: row["id"] == 1),
    **v3_filters("type_id", "in", Kind.TEXT),
    **v3_filters("managed_by_external_source", "eq", Kind.BOOL),
    **v3_filters("is_active", "eq", Kind.BOOL, "enabled"),
    **v3_filters("storefront_visibility", "eq", Kind.BOOL),
}

ROUTES: tuple[Route, ...] = (
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
        fields=FIELDS,
        dates_need_time=True,
    ),
    Route(
        "variants.list",
        V3,
        "/v3/catalog/variants",
        "variants",
        PRODUCTS,
        filters=VARIANT_FILTERS,
        fields=FIELDS,
    ),
    Route(
        "category_assignments.list",
        V3,
        "/v3/catalog/products/category-assignments",
        "category_assignments",
        PRODUCTS,
        filters={
            **v3_filters("product_id", "in", Kind.INT),
            **v3_filters("category_id", "in", Kind.INT),
        },
    ),
    Route(
        "channel_assignments.list",
        V3,
        "/v3/catalog/products/channel-assignments",
        "channel_assignments",
        PRODUCTS,
        filters={
            **v3_filters("product_id", "in", Kind.INT),
            **v3_filters("channel_id", "in", Kind.INT),
        },
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
        fields=FIELDS,
    ),
    Route(
        "categories.list",
        V3,
        "/v3/catalog/trees/categories",
        "categories",
        PRODUCTS,
        filters=TREE_CATEGORY_FILTERS,
        fields=FIELDS,
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
        "tree_categories.list",
        V3,
        "/v3/catalog/trees/{tree_id}/categories",
        "tree_categories",
        PRODUCTS,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
        concurrent=1,
    ),
    metafields("product", "/v3/catalog/products/metafields", PRODUCTS),
    metafields("variant", "/v3/catalog/variants/metafields", PRODUCTS),
    metafields("brand", "/v3/catalog/brands/metafields", PRODUCTS),
    metafields("category", "/v3/catalog/categories/metafields", PRODUCTS),
    Route(
        "price_lists.list",
        V3,
        "/v3/pricelists",
        "price_lists",
        PRODUCTS,
        paging=Paging.CURSOR,
        page_beside_cursor=False,
        filters=PRICE_LIST_FILTERS,
    ),
    Route(
        "price_list_records.list",
        V3,
        "/v3/pricelists/{price_list_id}/records",
        "price_list_records",
        PRODUCTS,
        parent="price_lists",
        paging=Paging.CURSOR,
        page_beside_cursor=False,
        filters=PRICE_RECORD_FILTERS,
        includes=("bulk_pricing_tiers", "sku"),
        concurrent=10,
    ),
    Route(
        "price_list_assignments.list",
        V3,
        "/v3/pricelists/assignments",
        "price_list_assignments",
        PRODUCTS,
        paging=Paging.CURSOR,
        page_beside_cursor=False,
        filters=PRICE_ASSIGNMENT_FILTERS,
    ),
    Route(
        "inventory_items.list",
        V3,
        "/v3/inventory/items",
        "inventory_items",
        INVENTORY,
        filters=INVENTORY_FILTERS,
        max_limit=1000,
    ),
    Route(
        "locations.list",
        V3,
        "/v3/inventory/locations",
        "locations",
        LOCATIONS,
        filters=LOCATION_FILTERS,
        max_limit=1000,
        concurrent=50,
    ),
    metafields("location", "/v3/inventory/locations/metafields", LOCATIONS),
    Route(
        "pickup_methods.list",
        V3,
        "/v3/pickup/methods",
        "pickup_methods",
        FULFILLMENT,
        filters={**ID_IN, **DATES},
        sorts=("date_modified", "name"),
    ),
)
