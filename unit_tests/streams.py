"""What each stream is and asks for, by hand: nothing here is derived from the manifest.

`make test` compares the manifest, the catalogue, the docs, the requests and the records with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from source_bigcommerce.components.keys import give_ids

# `first_request` is the first request of a full refresh with this configuration.
CONFIG: dict[str, Any] = {
    "store_hash": "abc123",
    "access_token": "secret-token",
    "start_date": "2024-01-01",
    "end_date": "2024-01-31",
    "num_workers": 1,
    "b2b_edition": True,
}
V2_DATES = "min_date_modified=2024-01-01T00:00:00Z&max_date_modified=2024-02-01T00:00:01Z"
V3_DATES = "date_modified:min=2024-01-01T00:00:00Z&date_modified:max=2024-01-31T23:59:59Z"
B2B_DATES = "minModified=1704067200&maxModified=1706745599"

Row = dict[str, Any]


class Expected(NamedTuple):
    """One stream. `first_request` is its path and its query, decoded, in the order sent."""

    name: str
    endpoint: str
    first_request: str
    scope: str
    cursor: str | None = None
    """None: full refresh only."""
    primary_key: str = "id"
    """Its fields, separated by commas."""
    children_query: str = "limit=250"
    """Of the request for one parent, where the endpoint has one."""
    records: Callable[[Row], list[Row]] = lambda row: [row]
    """The records of a row of the store, if the connector does more than rewrite dates."""

    through: str = ""
    """The request for the rows between a parent and its children, where there are any."""

    has_own_start: bool = False
    """Whether it takes a request an order, and begins at `per_order_start_date`."""

    channels_request: str = ""
    """For the channels, where the first one is for the rows of the store; their key is 0."""

    @property
    def dated_by(self) -> tuple[str, str]:
        """The stream whose rows have the dates of these, and their field there."""
        parent, _, field = (self.cursor or "").partition("_date_")
        is_of_parent = parent in ("order", "product") and bool(field)
        return (f"{parent}s", f"date_{field}") if is_of_parent else (self.name, self.cursor or "")

    @property
    def archived_request(self) -> list[str]:
        """The second request of a window of orders, for those that the list may hide."""
        if not self.first_request.startswith("v2/orders?"):
            return []
        return [self.first_request.replace("&limit=", "&is_deleted=true&limit=")]

    @property
    def b2b_channels_request(self) -> list[str]:
        """Of lists that may hold one channel unasked: for the channels that there are."""
        is_of_one = self.name in ("b2b_orders", "b2b_quotes")
        return ["api/v3/io/channels"] if is_of_one else []


ORDERS = "store_v2_orders_read_only"
PRODUCTS = "store_v2_products_read_only"
CUSTOMERS = "store_v2_customers_read_only"
MARKETING = "store_v2_marketing_read_only"
INFORMATION = "store_v2_information_read_only"
INSTRUMENTS = "store_stored_payment_instruments_read_only"
CONTENT = "store_v2_content_read_only"
THEMES = "store_themes_read_only"
CHANNELS = "store_channel_settings_read_only"
B2B = "B2B Edition"
"""As the control panel calls it: of this scope no other name is documented."""


def pages(
    name: str, endpoint: str, scope: str, primary_key: str = "id", include: str = ""
) -> Expected:
    """Full refresh in pages of any kind."""
    query = f"include={include}&limit=250" if include else "limit=250"
    return Expected(name, endpoint, f"{endpoint}?{query}", scope, primary_key=primary_key)


def whole(name: str, endpoint: str, scope: str, primary_key: str = "id") -> Expected:
    """Full refresh in one request without paging."""
    return Expected(name, endpoint, endpoint, scope, primary_key=primary_key)


def dated(name: str, endpoint: str, scope: str) -> Expected:
    """Incremental by the filter on `date_modified`, with paging of any kind."""
    return Expected(name, endpoint, f"{endpoint}?{V3_DATES}&limit=250", scope, "date_modified")


def of_orders(
    name: str,
    endpoint: str,
    include: str = "",
    primary_key: str = "id",
    children_query: str = "limit=250",
) -> Expected:
    """Read through the changed orders, which embed what `include` says."""
    query = f"{V2_DATES}&sort=id"
    if include:
        query = f"include={include}&{query}"
    if include.startswith("consignments"):
        query += "&consignment_structure=object"
    return Expected(
        name,
        f"v2/orders/{{order_id}}/{endpoint}",
        f"v2/orders?{query}&limit=250",
        ORDERS,
        "order_date_modified",
        primary_key,
        children_query,
        has_own_start=not include,
    )


def of_products(name: str, endpoint: str, include: str, primary_key: str = "id") -> Expected:
    """Read through the changed products, which embed their rows."""
    return Expected(
        name,
        f"v3/catalog/products/{{product_id}}/{endpoint}",
        f"v3/catalog/products?include={include}&{V3_DATES}&sort=id&direction=asc&limit=250",
        PRODUCTS,
        "product_date_modified",
        primary_key,
    )


def by_channel(
    name: str, endpoint: str, of_channel: str, scope: str, primary_key: str = "channel_id"
) -> Expected:
    """Full refresh of what the store has and of what each channel has."""
    return Expected(
        name,
        f"{endpoint}{of_channel}",
        endpoint,
        scope,
        primary_key=primary_key,
        children_query="",
        channels_request="v3/channels?limit=250",
    )


def with_number(row: Row) -> list[Row]:
    """Metafields of the store have an id in text."""
    return [{**row, "id": int(row["id"])}]


def with_id(category: Row) -> list[Row]:
    """The `id` of Airbyte's archived connector."""
    return [{**category, "id": category["category_id"]}]


def with_both_owners(value: Row) -> list[Row]:
    """A value names its customer or its address; the other one is 0."""
    return [{**value, **{key: value.get(key) or 0 for key in ("customer_id", "address_id")}}]


def by_location(item: Row) -> list[Row]:
    """A row for each location of an item."""
    identity = item["identity"]
    return [{"identity": identity, **identity, **location} for location in item["locations"]]


def b2b(name: str, endpoint: str, primary_key: str = "id") -> Expected:
    """Full refresh of a list of B2B Edition."""
    endpoint = f"api/v3/io/{endpoint}"
    joint = "&" if "?" in endpoint else "?"
    return Expected(name, endpoint, f"{endpoint}{joint}limit=200", B2B, primary_key=primary_key)


COMPANIES = "companies?sortBy=companyName&orderBy=ASC"
PAYMENTS = "ip/payments?sortBy=createdAt&orderBy=ASC"


def b2b_of(name: str, endpoint: str, parents: str, primary_key: str = "id") -> Expected:
    """Full refresh by a request for each row of another list of B2B Edition."""
    first = b2b(name, parents).first_request
    endpoint = f"api/v3/io/{endpoint}"
    return Expected(name, endpoint, first, B2B, primary_key=primary_key, children_query="")


def companies_of_staff(staff: Row) -> list[Row]:
    """A row for each company that one of the sales staff looks after."""
    key = staff["salesStaffId"]
    return [{"salesStaffId": key, **company} for company in staff["assignedCompanies"]]


def with_made_up_id(row: Row) -> list[Row]:
    """An id of what the row holds, as the API gives none."""
    held = {name: value for name, value in row.items() if name != "paymentId"}
    numbered = [{**held, "id": None}]
    give_ids(numbered)
    return [{**row, **numbered[0]}]


def b2b_dated(name: str, endpoint: str, primary_key: str = "id", more: str = "") -> Expected:
    """Incremental by the filter of B2B Edition on `updatedAt`."""
    endpoint = f"api/v3/io/{endpoint}"
    query = f"{B2B_DATES}{more}&limit=200"
    return Expected(name, endpoint, f"{endpoint}&{query}", B2B, "updatedAt", primary_key)


STREAMS = (
    # Customers
    Expected(
        "customers",
        "v3/customers",
        f"v3/customers?include=addresses,storecredit,attributes,formfields&{V3_DATES}&limit=250",
        CUSTOMERS,
        "date_modified",
    ),
    pages("customer_addresses", "v3/customers/addresses", CUSTOMERS, include="formfields"),
    dated("customer_attributes", "v3/customers/attributes", CUSTOMERS),
    dated("customer_attribute_values", "v3/customers/attribute-values", CUSTOMERS),
    pages(
        "customer_form_field_values",
        "v3/customers/form-field-values",
        CUSTOMERS,
        "customer_id, address_id, name",
    )._replace(records=with_both_owners),
    pages("customer_groups", "v2/customer_groups", CUSTOMERS),
    dated("customer_metafields", "v3/customers/metafields", CUSTOMERS),
    Expected(
        "customer_consent",
        "v3/customers/{customer_id}/consent",
        "v3/customers?limit=250",
        CUSTOMERS,
        primary_key="customer_id",
        children_query="",
    ),
    Expected(
        "customer_stored_instruments",
        "v3/customers/{customer_id}/stored-instruments",
        "v3/customers?limit=250",
        INSTRUMENTS,
        primary_key="customer_id, token",
        children_query="",
    ),
    pages("customer_segments", "v3/segments", CUSTOMERS),
    pages("shopper_profiles", "v3/shopper-profiles", CUSTOMERS),
    Expected(
        "segment_shopper_profiles",
        "v3/segments/{segment_id}/shopper-profiles",
        "v3/segments?limit=250",
        CUSTOMERS,
        primary_key="segment_id, id",
    ),
    whole("customer_tax", "v3/tax/customers", INFORMATION, "customer_id"),
    dated("subscribers", "v3/customers/subscribers", CUSTOMERS),
    pages("wishlists", "v3/wishlists", CUSTOMERS),
    # Orders
    Expected(
        "orders",
        "v2/orders",
        f"v2/orders?{V2_DATES}&sort=id&limit=250",
        ORDERS,
        "date_modified",
    ),
    of_orders("order_products", "products", "consignments.line_items"),
    of_orders("order_shipping_addresses", "shipping_addresses", "consignments"),
    of_orders(
        "order_shipping_quotes",
        "shipping_addresses/{shipping_address_id}/shipping_quotes",
        "consignments",
        "order_id, shipping_address_id, id",
        "",
    )._replace(through="v2/orders/{order_id}/shipping_addresses?limit=250", has_own_start=True),
    of_orders("order_consignments", "consignments", "consignments", "order_id", ""),
    of_orders("order_fees", "fees", "fees", "order_id, id", ""),
    of_orders("order_shipments", "shipments"),
    of_orders("order_coupons", "coupons", primary_key="order_id, id"),
    of_orders("order_taxes", "taxes?details=true", primary_key="order_id, id"),
    of_orders("order_messages", "messages"),
    whole("order_statuses", "v2/order_statuses", ORDERS),
    Expected(
        "transactions",
        "v3/orders/{order_id}/transactions",
        f"v2/orders?{V2_DATES}&sort=id&limit=250",
        "store_v2_transactions_read_only",
        "order_date_modified",
        has_own_start=True,
    ),
    Expected(
        "order_refunds",
        "v3/orders/payment_actions/refunds",
        "v3/orders/payment_actions/refunds?created:min=2024-01-01T00:00:00Z"
        "&created:max=2024-01-31T23:59:59Z&limit=250",
        ORDERS,
        "created",
    ),
    whole("order_pickups", "v3/orders/pickups", "store_order_fulfillment_read_only"),
    dated("order_metafields", "v3/orders/metafields", ORDERS),
    Expected(
        "checkouts",
        "v3/checkouts/{cart_id}",
        f"v2/orders?{V2_DATES}&sort=id&limit=250",
        "store_checkouts_read_only",
        "order_date_modified",
        children_query="",
        has_own_start=True,
    ),
    dated("cart_metafields", "v3/carts/metafields", "store_cart_read_only"),
    # Catalog
    Expected(
        "products",
        "v3/catalog/products",
        "v3/catalog/products?include=bulk_pricing_rules,channels,custom_fields,images,"
        f"parent_relations,primary_image,reviews,variants,videos&{V3_DATES}"
        "&sort=id&direction=asc&limit=250",
        PRODUCTS,
        "date_modified",
    ),
    pages("product_variants", "v3/catalog/variants", PRODUCTS),
    of_products("product_options", "options", "options", "product_id, id"),
    of_products("product_modifiers", "modifiers", "modifiers", "product_id, id"),
    of_products("product_complex_rules", "complex-rules", "modifiers", "product_id, id"),
    of_products("product_images", "images", "images"),
    of_products("product_videos", "videos", "videos"),
    of_products("product_custom_fields", "custom-fields", "custom_fields", "product_id, id"),
    of_products(
        "product_bulk_pricing_rules",
        "bulk-pricing-rules",
        "bulk_pricing_rules",
        "product_id, id",
    ),
    of_products("product_reviews", "reviews", "reviews"),
    dated("product_metafields", "v3/catalog/products/metafields", PRODUCTS),
    dated("variant_metafields", "v3/catalog/variants/metafields", PRODUCTS),
    pages(
        "product_category_assignments",
        "v3/catalog/products/category-assignments",
        PRODUCTS,
        "product_id, category_id",
    ),
    pages(
        "product_channel_assignments",
        "v3/catalog/products/channel-assignments",
        PRODUCTS,
        "product_id, channel_id",
    ),
    pages("product_customs", "v3/shipping/products/customs-information", PRODUCTS, "product_id"),
    Expected(
        "product_tax_properties",
        "v3/tax/products/properties?product_id:in={product_id}",
        f"v3/catalog/products?{V3_DATES}&sort=id&direction=asc&limit=250",
        INFORMATION,
        "product_date_modified",
        "product_id",
        children_query="",
    ),
    pages("brands", "v3/catalog/brands", PRODUCTS),
    dated("brand_metafields", "v3/catalog/brands/metafields", PRODUCTS),
    pages("categories", "v3/catalog/trees/categories", PRODUCTS)._replace(records=with_id),
    whole("category_trees", "v3/catalog/trees", PRODUCTS),
    dated("category_metafields", "v3/catalog/categories/metafields", PRODUCTS),
    Expected(
        "category_product_sort_orders",
        "v3/catalog/categories/{category_id}/products/sort-order",
        "v3/catalog/trees/categories?limit=250",
        PRODUCTS,
        primary_key="category_id, product_id",
    ),
    whole("catalog_summary", "v3/catalog/summary", PRODUCTS, ""),
    # Prices
    dated("price_lists", "v3/pricelists", PRODUCTS),
    Expected(
        "price_list_records",
        "v3/pricelists/{price_list_id}/records",
        "v3/pricelists?limit=250",
        PRODUCTS,
        "date_modified",
        "price_list_id, variant_id, currency",
        f"include=bulk_pricing_tiers,sku&{V3_DATES}&limit=250",
    ),
    pages("price_list_assignments", "v3/pricelists/assignments", PRODUCTS),
    # Inventory
    pages(
        "inventory_items",
        "v3/inventory/items",
        "store_inventory_read_only",
        "product_id, variant_id, location_id",
    )._replace(records=by_location),
    pages("locations", "v3/inventory/locations", "store_locations_read_only"),
    dated("location_metafields", "v3/inventory/locations/metafields", "store_locations_read_only"),
    pages("pickup_methods", "v3/pickup/methods", "store_fulfillment_methods_read_only"),
    # Marketing
    pages("coupons", "v2/coupons", MARKETING),
    pages("promotions", "v3/promotions", MARKETING),
    Expected(
        "promotion_codes",
        "v3/promotions/{promotion_id}/codes",
        "v3/promotions?redemption_type=coupon&limit=250",
        MARKETING,
    ),
    pages("gift_certificates", "v2/gift_certificates", MARKETING),
    pages("banners", "v2/banners", MARKETING),
    # Channels
    Expected(
        "channels",
        "v3/channels",
        f"v3/channels?include=currencies&{V3_DATES}&limit=250",
        CHANNELS,
        "date_modified",
    ),
    Expected(
        "channel_listings",
        "v3/channels/{channel_id}/listings",
        "v3/channels?limit=250",
        "store_channel_listings_read_only",
        primary_key="channel_id, listing_id",
    ),
    dated("channel_metafields", "v3/channels/metafields", CHANNELS),
    whole(
        "channel_currency_assignments",
        "v3/channels/currency-assignments",
        CHANNELS,
        "channel_id",
    ),
    Expected(
        "channel_menus",
        "v3/channels/{channel_id}/channel-menus",
        "v3/channels?limit=250",
        CHANNELS,
        primary_key="channel_id",
        children_query="",
    ),
    Expected(
        "channel_active_themes",
        "v3/channels/{channel_id}/active-theme",
        "v3/channels?limit=250",
        CHANNELS,
        primary_key="channel_id",
        children_query="",
    ),
    pages("sites", "v3/sites", "store_sites_read_only"),
    Expected(
        "site_routes",
        "v3/sites/{site_id}/routes",
        "v3/sites?limit=250",
        "store_sites_read_only",
        primary_key="site_id, id",
    ),
    Expected(
        "site_certificates",
        "v3/sites/{site_id}/certificate",
        "v3/sites?limit=250",
        "store_sites_read_only",
        primary_key="site_id",
        children_query="",
    ),
    # Content
    pages("pages", "v3/content/pages", CONTENT, include="body"),
    whole("themes", "v3/themes", THEMES, "uuid"),
    Expected(
        "theme_configurations",
        "v3/themes/{theme_uuid}/configurations?variation_uuid={variation_id}",
        "v3/themes",
        THEMES,
        primary_key="uuid",
    ),
    pages("custom_template_associations", "v3/storefront/custom-template-associations", THEMES),
    pages("widget_templates", "v3/content/widget-templates", CONTENT, "uuid"),
    pages("widgets", "v3/content/widgets", CONTENT, "uuid"),
    pages("placements", "v3/content/placements", CONTENT, "uuid"),
    pages("scripts", "v3/content/scripts", CONTENT, "uuid"),
    pages("blog_posts", "v2/blog/posts", CONTENT),
    whole("blog_tags", "v2/blog/tags", CONTENT, "tag"),
    pages("redirects", "v3/storefront/redirects", CONTENT, include="to_url"),
    # Store
    whole("store", "v2/store", INFORMATION, "store_id"),
    dated("store_metafields", "v3/store/metafields", INFORMATION)._replace(records=with_number),
    by_channel(
        "email_templates",
        "v3/marketing/email-templates",
        "?channel_id={channel_id}",
        INFORMATION,
        "channel_id, type_id",
    ),
    by_channel(
        "abandoned_cart_email_templates",
        "v3/marketing/abandoned-cart-emails",
        "?channel_id={channel_id}",
        INFORMATION,
        "channel_id, id",
    ),
    pages("currencies", "v2/currencies", INFORMATION),
    pages("tax_classes", "v2/tax_classes", INFORMATION),
    whole("tax_zones", "v3/tax/zones", INFORMATION),
    whole("tax_rates", "v3/tax/rates", INFORMATION),
    whole("tax_properties", "v3/tax/properties", INFORMATION),
    whole("shipping_zones", "v2/shipping/zones", INFORMATION),
    Expected(
        "shipping_methods",
        "v2/shipping/zones/{zone_id}/methods",
        "v2/shipping/zones",
        INFORMATION,
        primary_key="zone_id, id",
        children_query="",
    ),
    pages("countries", "v2/countries", INFORMATION),
    pages("states", "v2/countries/states", INFORMATION),
    pages("payment_methods", "v2/payments/methods", "store_payments_methods_read", "code"),
    pages("webhooks", "v3/hooks", "store_v2_default"),
    pages("system_logs", "v3/store/systemlogs", "store_logs_read_only"),
    # Settings
    whole("settings_profile", "v3/settings/store/profile", INFORMATION, ""),
    whole("settings_locale", "v3/settings/store/locale", INFORMATION, ""),
    whole("settings_catalog", "v3/settings/catalog", INFORMATION, ""),
    whole("settings_inventory", "v3/settings/inventory", INFORMATION, ""),
    whole("settings_search", "v3/settings/storefront/search", INFORMATION, ""),
    whole("settings_seo", "v3/settings/storefront/seo", INFORMATION, ""),
    whole("settings_security", "v3/settings/storefront/security", INFORMATION, ""),
    whole("settings_status", "v3/settings/storefront/status", INFORMATION, ""),
    whole("settings_robots", "v3/settings/storefront/robotstxt", INFORMATION, ""),
    whole("settings_category", "v3/settings/storefront/category", INFORMATION, ""),
    whole("settings_product", "v3/settings/storefront/product", INFORMATION, ""),
    whole(
        "settings_units_of_measurement", "v3/settings/store/units-of-measurement", INFORMATION, ""
    ),
    whole("settings_email_statuses", "v3/settings/email-statuses", INFORMATION, ""),
    whole("settings_logo", "v3/settings/logo", INFORMATION, ""),
    whole(
        "settings_inventory_notifications", "v3/settings/inventory/notifications", INFORMATION, ""
    ),
    whole("settings_search_filters", "v3/settings/search/filters", INFORMATION),
    whole("settings_analytics", "v3/settings/analytics", CONTENT),
    whole("settings_tax", "v3/tax/settings", INFORMATION, ""),
    whole("settings_promotion", "v3/promotions/settings", MARKETING, ""),
    by_channel("settings_customer", "v3/customers/settings", "/channels/{channel_id}", CUSTOMERS),
    by_channel("settings_order", "v3/orders/settings", "/channels/{channel_id}", ORDERS),
    by_channel(
        "settings_checkout",
        "v3/checkouts/settings",
        "/channels/{channel_id}",
        "store_checkouts_read_only",
    ),
    by_channel("settings_cart", "v3/carts/settings", "/channels/{channel_id}", INFORMATION),
    by_channel(
        "settings_abandoned_cart",
        "v3/abandoned-carts/settings",
        "/channels/{channel_id}",
        INFORMATION,
    ),
    by_channel("settings_shipping", "v3/shipping/settings", "/channels/{channel_id}", PRODUCTS),
    # B2B Edition
    b2b_dated(
        "b2b_companies",
        "companies?isIncludeExtraFields=1&sortBy=updatedAt&orderBy=ASC",
        "companyId",
    ),
    b2b_dated("b2b_users", "users?isIncludeExtraFields=1"),
    b2b("b2b_addresses", "addresses?isIncludeExtraFields=1", "addressId")._replace(
        records=lambda row: [
            {name: value for name, value in row.items() if not name.endswith("edAt")}
        ]
    ),
    b2b("b2b_sales_staff", "sales-staffs?sortBy=email&orderBy=ASC"),
    b2b_of(
        "b2b_sales_staff_companies",
        "sales-staffs/{salesStaffId}",
        "sales-staffs?sortBy=email&orderBy=ASC",
        "salesStaffId, id",
    )._replace(records=companies_of_staff),
    b2b_dated("b2b_super_admins", "companies/super-admins?isIncludeExtraFields=1"),
    b2b("b2b_company_roles", "companies/roles"),
    whole("b2b_company_permissions", "api/v3/io/companies/permissions", B2B),
    b2b_of("b2b_company_credit", "companies/{companyId}/credit", COMPANIES, "companyId"),
    b2b_of("b2b_payment_terms", "companies/{companyId}/payment-terms", COMPANIES, "companyId"),
    b2b_of("b2b_shopping_lists", "shopping-list?userId={userId}", "users")._replace(
        children_query="limit=200"
    ),
    b2b("b2b_invoices", "ip/invoices?isIncludeExtraFields=1&sortBy=createdAt&orderBy=ASC"),
    b2b("b2b_payments", PAYMENTS),
    b2b_of(
        "b2b_payment_transactions",
        "ip/payments/{paymentId}/transactions",
        PAYMENTS,
        "paymentId, id",
    )._replace(records=with_made_up_id),
    b2b("b2b_receipts", "ip/receipts?sortBy=createdAt&orderBy=ASC"),
    b2b("b2b_receipt_lines", "ip/receipt-lines?sortBy=createdAt&orderBy=ASC"),
    b2b_dated(
        "b2b_orders",
        "orders?showExtra=true&sortBy=createdAt&orderBy=ASC",
        more="&minCreated=1",
    ),
    Expected(
        "b2b_quotes",
        "api/v3/io/rfq/{quoteId}",
        f"api/v3/io/rfq?sortBy=createdAt&orderBy=asc&{B2B_DATES}&limit=200",
        B2B,
        "updatedAt",
        "quoteId",
        children_query="date=01/31/2024",
    ),
)

ID_OF_PRODUCTS = "include_fields=id&sort=id&direction=asc&limit=250"


def deletions(of: str, endpoint: str, query: str, scope: str) -> Expected:
    """What a list has no more: first its ids are learnt."""
    return Expected(
        f"deleted_{of}", endpoint, f"{endpoint}?{query}", scope, cursor="found_deleted_at"
    )


DELETIONS = (
    deletions("products", "v3/catalog/products", ID_OF_PRODUCTS, PRODUCTS),
    deletions("customers", "v3/customers", "limit=250", CUSTOMERS),
    deletions("orders", "v2/orders", "sort=id&limit=250", ORDERS),
    deletions("subscribers", "v3/customers/subscribers", "limit=250", CUSTOMERS),
    deletions("brands", "v3/catalog/brands", "include_fields=id&limit=250", PRODUCTS),
    deletions("categories", "v3/catalog/trees/categories", "limit=250", PRODUCTS),
)
RECEIPTS = Expected("sync_receipts", "", "", "", primary_key="stream, sync_started_at")

OF_THE_SYNC = (*(row.name for row in DELETIONS), RECEIPTS.name)
"""Streams that hold what a sync found out, and no list of the store."""
