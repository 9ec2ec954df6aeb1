"""Compare the stream schemas with the vendor's OpenAPI files.

    python scripts/schema_coverage.py PATH_TO_OPENAPI_FOLDER [STREAM ...]
    python scripts/schema_coverage.py --endpoints PATH_TO_OPENAPI_FOLDER [FURTHER_FOLDER ...]

PATH_TO_OPENAPI_FOLDER is the folder `reference/` of https://github.com/bigcommerce/docs. For every
stream this prints the fields of the vendor's response schema or examples that our schema lacks, the
types that disagree, and the examples that our schema refuses. It ends with 1 when there are any.

With --endpoints it prints each GET of v2, v3 and B2B Edition with the stream that reads it, or the
reason why none does, and ends with 1 when one has neither. The files of B2B Edition are in the
folder `docs/b2b-edition/specs` of the same repository.
"""

import json
import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonref
import yaml
from airbyte_cdk.sources.utils.schema_helpers import JsonFileLoader, resolve_ref_links
from jsonschema import Draft7Validator, FormatChecker

from source_bigcommerce.components.values import Field

ENDPOINTS = Path(__file__).with_name("endpoints.yaml")
# What stands before the paths of a file: `/v3`, `/api/v3/io`.
OF_THE_API = r"//(?:api\.bigcommerce\.com/stores/[^/]+|api-b2b\.bigcommerce\.com)(/v[23]|/api/.+)$"
NOTHING = "NEITHER A STREAM NOR A REASON: edit scripts/endpoints.yaml"
PACKAGE = Path(__file__).resolve().parent.parent / "source_bigcommerce"

# Stream: (file, path whose GET lists the rows)
STREAMS = {
    "customers": ("customers.v3.yml", "/customers"),
    "orders": ("orders.v2.oas2.yml", "/orders"),
    "order_products": ("orders.v2.oas2.yml", "/orders/{order_id}/products"),
    "transactions": ("orders.v3.yml", "/orders/{order_id}/transactions"),
    "order_shipping_addresses": ("orders.v2.oas2.yml", "/orders/{order_id}/shipping_addresses"),
    "order_shipping_quotes": (
        "orders.v2.oas2.yml",
        "/orders/{order_id}/shipping_addresses/{shipping_address_id}/shipping_quotes",
    ),
    "order_consignments": ("orders.v2.oas2.yml", "/orders/{order_id}/consignments"),
    "order_fees": ("orders.v2.oas2.yml", "/orders/{order_id}/fees"),
    "order_shipments": ("orders.v2.oas2.yml", "/orders/{order_id}/shipments"),
    "order_coupons": ("orders.v2.oas2.yml", "/orders/{order_id}/coupons"),
    "order_taxes": ("orders.v2.oas2.yml", "/orders/{order_id}/taxes"),
    "order_messages": ("orders.v2.oas2.yml", "/orders/{order_id}/messages"),
    "order_refunds": ("orders.v3.yml", "/orders/payment_actions/refunds"),
    "order_pickups": ("pickup.v3.yml", "/orders/pickups"),
    "order_metafields": ("orders.v3.yml", "/orders/metafields"),
    "checkouts": ("checkouts.v3.yml", "/checkouts/{checkoutId}"),
    "cart_metafields": ("carts.v3.yml", "/carts/metafields"),
    "order_statuses": ("orders.v2.oas2.yml", "/order_statuses"),
    "products": ("catalog/products_catalog.v3.yml", "/catalog/products"),
    "brands": ("catalog/brands_catalog.v3.yml", "/catalog/brands"),
    "categories": ("catalog/category-trees_catalog.v3.yml", "/catalog/trees/categories"),
    "product_variants": ("catalog/product-variants_catalog.v3.yml", "/catalog/variants"),
    "product_options": (
        "catalog/product-variant-options_catalog.v3.yml",
        "/catalog/products/{product_id}/options",
    ),
    "product_modifiers": (
        "catalog/product-modifiers_catalog.v3.yml",
        "/catalog/products/{product_id}/modifiers",
    ),
    "product_complex_rules": (
        "catalog/products_catalog.v3.yml",
        "/catalog/products/{product_id}/complex-rules",
    ),
    "product_images": ("catalog/products_catalog.v3.yml", "/catalog/products/{product_id}/images"),
    "product_videos": ("catalog/products_catalog.v3.yml", "/catalog/products/{product_id}/videos"),
    "product_custom_fields": (
        "catalog/products_catalog.v3.yml",
        "/catalog/products/{product_id}/custom-fields",
    ),
    "product_bulk_pricing_rules": (
        "catalog/products_catalog.v3.yml",
        "/catalog/products/{product_id}/bulk-pricing-rules",
    ),
    "product_reviews": (
        "catalog/products_catalog.v3.yml",
        "/catalog/products/{product_id}/reviews",
    ),
    "product_metafields": ("catalog/products_catalog.v3.yml", "/catalog/products/metafields"),
    "product_category_assignments": (
        "catalog/products_catalog.v3.yml",
        "/catalog/products/category-assignments",
    ),
    "product_channel_assignments": (
        "catalog/products_catalog.v3.yml",
        "/catalog/products/channel-assignments",
    ),
    "product_tax_properties": ("tax_properties.v3.yml", "/tax/products/properties"),
    "product_customs": ("shipping.v3.yml", "/shipping/products/customs-information"),
    "variant_metafields": (
        "catalog/product-variants_catalog.v3.yml",
        "/catalog/variants/metafields",
    ),
    "brand_metafields": ("catalog/brands_catalog.v3.yml", "/catalog/brands/metafields"),
    "category_metafields": (
        "catalog/categories_catalog.v3.yml",
        "/catalog/categories/metafields",
    ),
    "category_product_sort_orders": (
        "catalog/categories_catalog.v3.yml",
        "/catalog/categories/{category_id}/products/sort-order",
    ),
    "catalog_summary": ("catalog/products_catalog.v3.yml", "/catalog/summary"),
    "category_trees": ("catalog/category-trees_catalog.v3.yml", "/catalog/trees"),
    "price_lists": ("price_lists.v3.yml", "/pricelists"),
    "price_list_records": ("price_lists.v3.yml", "/pricelists/{price_list_id}/records"),
    "price_list_assignments": ("price_lists.v3.yml", "/pricelists/assignments"),
    "inventory_items": ("inventory.v3.yml", "/inventory/locations/{location_id}/items"),
    "locations": ("locations.v3.yml", "/inventory/locations"),
    "location_metafields": ("locations.v3.yml", "/inventory/locations/metafields"),
    "pickup_methods": ("pickup_methods.v3.yml", "/pickup/methods"),
    "channels": ("channels.v3.yml", "/channels"),
    "customer_addresses": ("customers.v3.yml", "/customers/addresses"),
    "customer_attributes": ("customers.v3.yml", "/customers/attributes"),
    "customer_attribute_values": ("customers.v3.yml", "/customers/attribute-values"),
    "customer_form_field_values": ("customers.v3.yml", "/customers/form-field-values"),
    "customer_groups": ("customers.v2.yml", "/customer_groups"),
    "customer_metafields": ("customers.v3.yml", "/customers/metafields"),
    "customer_consent": ("customers.v3.yml", "/customers/{customerId}/consent"),
    "customer_stored_instruments": (
        "customers.v3.yml",
        "/customers/{customerId}/stored-instruments",
    ),
    "customer_segments": ("segments.v3.yml", "/segments"),
    "shopper_profiles": ("segments.v3.yml", "/shopper-profiles"),
    "segment_shopper_profiles": ("segments.v3.yml", "/segments/{segmentId}/shopper-profiles"),
    "customer_tax": ("tax_customers.v3.yml", "/tax/customers"),
    "subscribers": ("subscribers.v3.yml", "/customers/subscribers"),
    "wishlists": ("wishlists.v3.yml", "/wishlists"),
    "coupons": ("marketing.v2.yml", "/coupons"),
    "promotions": ("promotions.v3.yml", "/promotions"),
    "promotion_codes": ("promotions.v3.yml", "/promotions/{promotion_id}/codes"),
    "gift_certificates": ("marketing.v2.yml", "/gift_certificates"),
    "banners": ("marketing.v2.yml", "/banners"),
    "currencies": ("currencies.v2.yml", "/currencies"),
    "tax_classes": ("tax_classes.v2.yml", "/tax_classes"),
    "tax_zones": ("tax_rates_zones.v3.yml", "/tax/zones"),
    "tax_rates": ("tax_rates_zones.v3.yml", "/tax/rates"),
    "tax_properties": ("tax_properties.v3.yml", "/tax/properties"),
    "shipping_zones": ("shipping.v2.yml", "/shipping/zones"),
    "shipping_methods": ("shipping.v2.yml", "/shipping/zones/{zone_id}/methods"),
    "countries": ("geography.v2.yml", "/countries"),
    "states": ("geography.v2.yml", "/countries/states"),
    "sites": ("sites.v3.yml", "/sites"),
    "site_routes": ("sites.v3.yml", "/sites/{site_id}/routes"),
    "site_certificates": ("sites.v3.yml", "/sites/{site_id}/certificate"),
    "channel_listings": ("channels.v3.yml", "/channels/{channel_id}/listings"),
    "channel_metafields": ("channels.v3.yml", "/channels/metafields"),
    "channel_currency_assignments": ("channels.v3.yml", "/channels/currency-assignments"),
    "channel_menus": ("channels.v3.yml", "/channels/{channel_id}/channel-menus"),
    "channel_active_themes": ("channels.v3.yml", "/channels/{channel_id}/active-theme"),
    "store_metafields": ("store_information.v3.yml", "/store/metafields"),
    "email_templates": ("email_templates.v3.yml", "/marketing/email-templates"),
    "abandoned_cart_email_templates": (
        "abandoned_cart_emails.v3.yaml",
        "/marketing/abandoned-cart-emails",
    ),
    "redirects": ("redirects.v3.yml", "/storefront/redirects"),
    "blog_posts": ("store_content.v2.yml", "/blog/posts"),
    "blog_tags": ("store_content.v2.yml", "/blog/tags"),
    "scripts": ("scripts.v3.yml", "/content/scripts"),
    "themes": ("themes.v3.yml", "/themes"),
    "theme_configurations": ("themes.v3.yml", "/themes/{uuid}/configurations"),
    "custom_template_associations": (
        "custom-template-associations.v3.yml",
        "/storefront/custom-template-associations",
    ),
    "widget_templates": ("widgets.v3.yml", "/content/widget-templates"),
    "widgets": ("widgets.v3.yml", "/content/widgets"),
    "placements": ("widgets.v3.yml", "/content/placements"),
    "webhooks": ("webhooks.v3.yml", "/hooks"),
    "system_logs": ("store_logs.v3.yml", "/store/systemlogs"),
    "payment_methods": ("payments/methods_payments.v2.yml", "/payments/methods"),
    "settings_profile": ("settings.v3.yml", "/settings/store/profile"),
    "settings_locale": ("settings.v3.yml", "/settings/store/locale"),
    "settings_catalog": ("settings.v3.yml", "/settings/catalog"),
    "settings_inventory": ("settings.v3.yml", "/settings/inventory"),
    "settings_seo": ("settings.v3.yml", "/settings/storefront/seo"),
    "settings_search": ("settings.v3.yml", "/settings/storefront/search"),
    "settings_security": ("settings.v3.yml", "/settings/storefront/security"),
    "settings_status": ("settings.v3.yml", "/settings/storefront/status"),
    "settings_robots": ("settings.v3.yml", "/settings/storefront/robotstxt"),
    "settings_category": ("settings.v3.yml", "/settings/storefront/category"),
    "settings_product": ("settings.v3.yml", "/settings/storefront/product"),
    "settings_units_of_measurement": ("settings.v3.yml", "/settings/store/units-of-measurement"),
    "settings_email_statuses": ("settings.v3.yml", "/settings/email-statuses"),
    "settings_logo": ("settings.v3.yml", "/settings/logo"),
    "settings_inventory_notifications": ("settings.v3.yml", "/settings/inventory/notifications"),
    "settings_search_filters": ("settings.v3.yml", "/settings/search/filters"),
    "settings_analytics": ("settings.v3.yml", "/settings/analytics"),
    "settings_tax": ("tax_settings.v3.yml", "/tax/settings"),
    "settings_promotion": ("promotion_settings.v3.yml", "/promotions/settings"),
    "settings_customer": ("customers.v3.yml", "/customers/settings/channels/{channel_id}"),
    "settings_order": ("orders.v3.yml", "/orders/settings/channels/{channel_id}"),
    "settings_checkout": ("checkouts.v3.yml", "/checkouts/settings/channels/{channelId}"),
    "settings_cart": ("carts.v3.yml", "/carts/settings/channels/{channel_id}"),
    "settings_abandoned_cart": (
        "abandoned_carts.v3.yml",
        "/abandoned-carts/settings/channels/{channel_id}",
    ),
    "settings_shipping": ("shipping.v3.yml", "/shipping/settings"),
    "pages": ("pages.v3.yml", "/content/pages"),
    "store": ("store_information.v2.yml", "/store"),
}

# "stream.path" of a field whose type or example is wrong in the vendor's files, and the reason
KNOWN = {
    "customers.channel_ids[]": "the example of one id is a whole list",
    "order_fees.fees": "the example puts an object around the list",
    "coupons.restricted_to.countries": "the connector makes a list of the only country",
    "blog_posts.published_date.date": "a local time without its zone is no date-time",
    "blog_posts.published_date_iso8601": "the examples went through a spreadsheet",
    "store_metafields.id": "text in the API; the connector makes a number of it",
    "catalog_summary.lowest_variant_price": "text in the API; the connector makes a number of it",
    **{
        f"promotions.shipping_address.countries{part}": "kept whole, as it may hold `not` instead"
        for part in ("", "[].iso2_country_code")
    },
    "checkouts.order_id": "text in the API; the connector makes a number of it",
    **{
        f"checkouts.cart.line_items.{items}[].{key}": "an id is a whole number"
        for items in ("physical_items", "digital_items")
        for key in ("product_id", "variant_id")
    },
    "blog_tags": "a list in a list; the API sends one list",
    "blog_tags[].tag": "the same",
    "blog_tags[].post_ids": "the same",
}

# Only sent with an `include` that the stream does not ask for; otherwise a link is sent.
LINKS = ("orders.fees", "orders.consignments")

# Has a form that its author decides on.
FREE = (
    "placements.widget.widget_template.schema",
    "widget_templates.schema",
    "widgets.widget_template.schema",
)

# A field of conditions of promotions. It is not declared, because connector-acceptance-test takes
# it for a keyword that it refuses in schemas. Undeclared fields are read, too.
UNDECLARED = "not"

Node = dict[str, Any]
formats = FormatChecker(formats=["date"])


@formats.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    """Accept ISO 8601, and what the connector converts: RFC 2822 and the empty string."""
    if isinstance(value, str) and value:
        iso = value.replace("Z", "+00:00")  # Python 3.10 knows no Z
        return bool(parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(iso))
    return True


@cache
def spec(file: Path) -> Node:
    """Read an OpenAPI file as JSON would hold it, with dates and status codes as text."""
    document = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    plain: Node = json.loads(json.dumps(document, default=lambda date: date.isoformat()))
    return plain


def our_schema(stream: str) -> Node:
    """Load a schema as the connector does."""
    base = f"{PACKAGE}/"
    raw = json.loads((PACKAGE / "schemas" / f"{stream}.json").read_text(encoding="utf-8"))
    loader = JsonFileLoader(base, "schemas/shared")
    schema: Node = resolve_ref_links(jsonref.replace_refs(raw, base_uri=base, loader=loader))
    return schema


def kinds(node: Node) -> set[str]:
    kind = node.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


class Coverage:
    """Collects the findings of one stream."""

    def __init__(self, stream: str, document: Node) -> None:
        self.stream, self.document = stream, document
        self.findings: dict[
            tuple[str, str], str
        ] = {}  # by kind and path, because variants repeat each other

    def report(self, kind: str, path: str, detail: str = "") -> None:
        field = f"{self.stream}{path}"
        if field not in KNOWN and not field.startswith(LINKS + FREE):
            self.findings.setdefault(
                (kind, path), f"{kind:8} {self.stream}{path}  {detail}".rstrip()
            )

    def resolve(self, node: Node) -> Node:
        while "$ref" in node:
            target: Any = self.document
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[unquote(key).replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def variants(self, node: Node) -> Iterator[Node]:
        """Yield the node and all its parts, with references resolved."""
        node = self.resolve(node)
        yield node
        for part in node.get("allOf", []) + node.get("oneOf", []) + node.get("anyOf", []):
            yield from self.variants(part)

    def rows(self, response: Node) -> list[Node]:
        """Find the schemas of one row: under `data`, in a bare array, or the object itself."""
        bodies = list(self.variants(response))
        data = [v["properties"]["data"] for v in bodies if "data" in v.get("properties", {})]
        lists = [v for node in data for v in self.variants(node)] or bodies
        return [v["items"] for v in lists if "items" in v] or lists

    def compare(self, vendor: Node, ours: Node, path: str = "", seen: tuple[int, ...] = ()) -> None:
        allowed, declared = kinds(ours), ours.get("properties", {})
        variants = list(self.variants(vendor))
        # The connector converts several types to one.
        is_union = any(kinds(v) & allowed - {"null"} for v in variants)
        for v in variants:
            if id(v) in seen:  # a schema that contains itself
                continue
            refused = set() if is_union else kinds(v) - allowed
            if "number" in allowed:
                refused -= {"integer"}
            if "integer" in allowed and "format" not in v and isinstance(v.get("example", 0), int):
                refused -= {"number"}  # the vendor writes `number` for ids and counts too
            if allowed and refused:
                self.report("type", path, f"vendor {sorted(refused)}, ours {sorted(allowed)}")
            if (
                v.get("format") in ("date", "date-time")
                and "string" in allowed
                and "format" not in ours
            ):
                self.report("type", path, f"vendor {v['format']}, ours no format")
            for name, child in v.get("properties", {}).items():
                if name == UNDECLARED:
                    continue
                if name not in declared:
                    self.report("missing", f"{path}.{name}")
                self.compare(child, declared.get(name, {}), f"{path}.{name}", (*seen, id(v)))
            if "items" in v:
                self.compare(v["items"], ours.get("items", {}), f"{path}[]", (*seen, id(v)))
            for example in [v[key] for key in ("example", "default") if key in v]:
                self.check(example, ours, path)

    def check(self, example: Any, ours: Node, path: str = "") -> None:
        """Check an example as the connector prints it: valid, without undeclared fields."""
        if not isinstance(ours.get("format"), str):  # the form of dates is checked below
            example = Field(ours, path, lambda *_: None).fix(deepcopy(example))
        for error in Draft7Validator(ours, format_checker=formats).iter_errors(example):
            where = "".join(
                "[]" if isinstance(key, int) else f".{key}" for key in error.absolute_path
            )
            self.report("example", path + where, error.message[:120])
        self.find_undeclared(example, ours, path)

    def find_undeclared(self, example: Any, ours: Node, path: str) -> None:
        for item in example if isinstance(example, list) else []:
            self.find_undeclared(item, ours.get("items", {}), f"{path}[]")
        declared = ours.get("properties", {})
        for name, value in example.items() if isinstance(example, dict) and declared else []:
            if name == UNDECLARED:
                continue
            if name not in declared:
                self.report("missing", f"{path}.{name}", "(in an example)")
            self.find_undeclared(value, declared.get(name, {}), f"{path}.{name}")

    def run(self, path: str) -> None:
        ours = our_schema(self.stream)
        response = self.resolve(self.document["paths"][path]["get"]["responses"]["200"])
        media = response["content"]["application/json"]
        for row in self.rows(media["schema"]):
            self.compare(row, ours)
        for example in [{"value": media.get("example", [])}, *media.get("examples", {}).values()]:
            body = self.resolve(example)["value"]
            data = body.get("data", body) if isinstance(body, dict) else body
            for row in data if isinstance(data, list) else [data]:
                self.check(row, ours)


def normal(path: str) -> str:
    """An address without the names that it gives to ids: `/v3/sites/{}/routes`."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def known_endpoints() -> dict[str, str]:
    """What becomes of each GET: a stream, or the reason why none reads it."""
    document = yaml.safe_load(ENDPOINTS.read_text(encoding="utf-8"))
    told = {path: f"{stream}" for path, stream in document["read"].items()}
    told |= {path: f"in {stream}" for path, stream in document["contained"].items()}
    return told | {path: why for why, paths in document["left_out"].items() for path in paths}


def endpoints_of(folder: Path) -> Iterator[str]:
    """Each GET of the API in the OpenAPI files of a folder, `/v3/catalog/brands`."""
    for file in sorted(folder.glob("**/*.y*ml")):
        document = spec(file)
        urls = [server["url"] for server in document.get("servers", [])]
        before = next((found[1] for url in urls if (found := re.search(OF_THE_API, url))), None)
        for path, item in document.get("paths", {}).items():
            if before and "get" in item:
                yield before + path


def compare_endpoints(*folders: str) -> int:
    """Print each GET of the specs with what becomes of it; 1 where one has nothing."""
    told = {normal(path): words for path, words in known_endpoints().items()}
    found = sorted({path for folder in folders for path in endpoints_of(Path(folder))})
    for path in found:
        print(f"{path}  {told.get(normal(path), NOTHING)}")
    unknown = [path for path in found if normal(path) not in told]
    print(f"{len(found)} GETs, {len(unknown)} of them with neither a stream nor a reason.")
    return 1 if unknown else 0


def main(folder: str, *only: str) -> int:
    findings: list[str] = []
    for stream, (file, path) in STREAMS.items():
        if not only or stream in only:
            coverage = Coverage(stream, spec(Path(folder, file)))
            try:
                coverage.run(path)
            except FileNotFoundError as error:
                coverage.report("missing", "", str(error))
            findings += coverage.findings.values()
    print("\n".join(findings) or "Nothing is missing.")
    return 1 if findings else 0


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    is_of_endpoints = sys.argv[1] == "--endpoints"
    sys.exit(compare_endpoints(*sys.argv[2:]) if is_of_endpoints else main(*sys.argv[1:]))
