"""What each stream is and asks for, by hand: nothing here is derived from the manifest.

`make test` compares the manifest, the catalogue, the README and the requests with it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# Where a full refresh with this configuration begins is what `first_request` says.
CONFIG: dict[str, Any] = {
    "store_hash": "abc123",
    "access_token": "secret-token",
    "start_date": "2024-01-01",
    "end_date": "2024-01-31",
    "num_workers": 1,
}
V2_DATES = "min_date_modified=2024-01-01T00:00:00Z&max_date_modified=2024-02-01T00:00:01Z"
V3_DATES = "date_modified:min=2024-01-01T00:00:00Z&date_modified:max=2024-01-31T23:59:59Z"


class Expected(NamedTuple):
    """One stream. `first_request` is its path and its query, decoded, in the order sent."""

    name: str
    endpoint: str
    first_request: str
    scope: str
    cursor: str | None = None
    """None: full refresh only."""
    primary_key: str = "id"


STREAMS = (
    Expected(
        "customers",
        "v3/customers",
        f"v3/customers?include=addresses,storecredit,attributes,formfields&{V3_DATES}&limit=250",
        "store_v2_customers_read_only",
        "date_modified",
    ),
    Expected(
        "orders",
        "v2/orders",
        f"v2/orders?{V2_DATES}&sort=id&limit=250",
        "store_v2_orders_read_only",
        "date_modified",
    ),
    Expected(
        "order_products",
        "v2/orders/{order_id}/products",
        f"v2/orders?include=consignments.line_items&{V2_DATES}&sort=id"
        "&consignment_structure=object&limit=250",
        "store_v2_orders_read_only",
        "order_date_modified",
    ),
    Expected(
        "transactions",
        "v3/orders/{order_id}/transactions",
        f"v2/orders?{V2_DATES}&sort=id&limit=250",
        "store_v2_transactions_read_only",
        "order_date_modified",
    ),
    Expected(
        "products",
        "v3/catalog/products",
        "v3/catalog/products?include=bulk_pricing_rules,channels,custom_fields,images,"
        f"parent_relations,primary_image,reviews,variants,videos&{V3_DATES}"
        "&sort=id&direction=asc&limit=250",
        "store_v2_products_read_only",
        "date_modified",
    ),
    Expected(
        "brands",
        "v3/catalog/brands",
        "v3/catalog/brands?limit=250",
        "store_v2_products_read_only",
    ),
    Expected(
        "categories",
        "v3/catalog/trees/categories",
        "v3/catalog/trees/categories?limit=250",
        "store_v2_products_read_only",
    ),
    Expected(
        "channels",
        "v3/channels",
        "v3/channels?include=currencies&date_modified:min=2024-01-01T00:00:00Z&limit=250",
        "store_channel_settings_read_only",
        "date_modified",
    ),
    Expected(
        "pages",
        "v3/content/pages",
        "v3/content/pages?include=body&limit=250",
        "store_v2_content_read_only",
    ),
    Expected(
        "store",
        "v2/store",
        "v2/store",
        "store_v2_information_read_only",
        primary_key="store_id",
    ),
)
