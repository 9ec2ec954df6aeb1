"""The schemas mark all personal data, and no key."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_bigcommerce.components.personal import PERSONAL, REGION, Treatment, types_of
from unit_tests.streams import DELETIONS, RECEIPTS, STREAMS, Expected
from unit_tests.test_manifest import MANIFEST, nodes

ROOT = Path(__file__).parents[1]
ALL = (*STREAMS, *DELETIONS, RECEIPTS)
NAMES = [row.name for row in ALL]
KINDS = {"email", "name", "phone", "address", "ip", "free_text", "payment"}

# A field of such a name is about a person, unless it is one of NOT_PERSONAL.
SUSPECT = re.compile(
    r"e?mail|phone|fax|first_?name|last_?name|full_?name|user_?name|nick|street|address|apartment"
    r"|company|customer_?name|sales_?rep|staff|created_?by|author|recipient|sender|payer|person"
    r"|birth|gender|(^|_)ip(_|$)|note|message|comment|memo|subject|text|body|review|summary|reason"
    r"|contact|instruction|field_?value|attribute_?value|label|account|signature|avatar|passport"
    r"|vat|tax_?id|last_?4|iin|issuer|expiry|masked|card|token|secret|password|latitude|longitude"
    r"|location|zip|postal|postcode|city|state|province|country|region|^tracking_link$",
    re.IGNORECASE,
)
NOT_PERSONAL = {
    "words of the merchant to everybody": {
        *(
            "abandoned_cart_email_templates: template.*",
            "email_templates: *",
            "blog_posts: *",
            "pages: body",
        ),
        *("*: *collection_instructions", "*: *purchasing_disabled*message", "*: *text"),
        *("products: preorder_message", "products: price_hidden_label", "settings_*: *_message"),
        *("promotions: featured_*", "settings_checkout: *_textarea", "settings_logo: logo_text"),
        *("pages: contact_fields", "order_shipping_quotes: *.deliveryMessage"),
    },
    "the merchant's names of things": {
        *("locations: *label", "inventory_items: location_*", "order_statuses: *_label"),
        *("*: *option_values[[]].label", "*: *.checkbox_label", "*: *.optionLabel"),
        *("b2b_companies: *.labelName", "b2b_users: companyRoleName"),
    },
    "a kind, a status or a result": {
        *("*: *address_type", "*: *card_type", "*: companyStatus", "deleted_*: reason"),
        *("sync_receipts: reason", "channel_listings: *state", "transactions: avs_result.*_match"),
        *("settings_abandoned_cart: *_type", "settings_checkout: guest_checkout_*"),
        *("settings_shipping: checkout.country_list_strategy", "b2b_invoices: *.addressIndex"),
    },
    "a place of its own, not that of a person": {
        *("countries: *", "states: *", "currencies: *", "tax_zones: *", "shipping_zones: *"),
        *("settings_locale: store_country", "store: infrastructure_region"),
        *("product_customs: country_of_origin", "placements: region"),
        *("banners: location", "scripts: location", "promotions: notifications[[]].locations[[]]"),
    },
    "how money and numbers are written": {
        *("*: *decimal_token", "*: *thousands_token", "*: *decimalToken", "*: *thousandsToken"),
        *("*: *currencyToken", "*: *urrency*ocation", "*: currency.token"),
    },
    "an id, a key or a date": {
        *("store: account_uuid", "*: payerCustomerId", "order_taxes: sales_tax_id"),
        *("customer_stored_instruments: token", "wishlists: token"),
        *("gift_certificates: expiry_date", "site_certificates: *"),
    },
    "a secret of the store, not of a person": {
        *("settings_analytics: api_secret", "settings_status: prelaunch_password"),
    },
}


@cache
def schema_of(name: str) -> dict[str, Any]:
    return dict(ResourceSchemaLoader("source_bigcommerce").get_schema(name))


def fields(declared: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All fields of a schema, at any depth, each after the object or list that holds it."""
    for name, each in declared.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        yield inner, each
        yield from fields(each, inner)
    if "items" in declared:
        yield f"{path}[]", declared["items"]
        yield from fields(declared["items"], f"{path}[]")


def name_of(path: str) -> str:
    return path.rstrip("[]").rpartition(".")[2]


def suspects() -> Iterator[str]:
    """Texts of a suspect name that no schema marks: `orders: staff_notes`."""
    for stream in NAMES:
        for path, declared in fields(schema_of(stream)):
            is_text = types_of(declared) == {"string"} and "format" not in declared
            if is_text and SUSPECT.search(name_of(path)) and PERSONAL not in declared:
                yield f"{stream}: {path}"


def test_each_field_with_the_name_of_personal_data_is_marked_or_known_not_to_be() -> None:
    known = [pattern for patterns in NOT_PERSONAL.values() for pattern in patterns]
    unknown = [each for each in suspects() if not any(fnmatchcase(each, p) for p in known)]
    assert unknown == [], "mark these with x-personal, or say in NOT_PERSONAL what they are"
    found = list(suspects())
    unused = [p for p in known if not any(fnmatchcase(each, p) for each in found)]
    assert unused == [], "take these out of NOT_PERSONAL"


def test_each_mark_is_of_a_kind_and_what_is_hashed_is_one_value() -> None:
    for stream in NAMES:
        for path, declared in fields(schema_of(stream)):
            kind = declared.get(PERSONAL)
            assert kind in {None, *KINDS}, f"{stream}: {path}"
            assert REGION not in declared or kind == "address", f"{stream}: {path}"
            if kind and kind != "free_text":
                assert types_of(declared) <= {"string", "integer", "number"}, f"{stream}: {path}"
                assert "format" not in declared, f"{stream}: {path}"


# What an address says of the region, in all the forms in which the API writes it.
OF_REGION = re.compile(r"(company|store)?(city|zip|postal|state|country)", re.IGNORECASE)


def test_each_address_marks_the_fields_of_its_region_and_no_others() -> None:
    for stream in NAMES:
        for _, declared in [("", schema_of(stream)), *fields(schema_of(stream))]:
            parts = declared.get("properties", {})
            if "address" not in {each.get(PERSONAL) for each in parts.values()}:
                continue
            region = {name for name, each in parts.items() if REGION in each}
            assert region == {
                name
                for name in parts
                if OF_REGION.match(name) or name in ("geoip_country", "geoip_country_iso2")
            }, stream


def keys_of(row: Expected) -> set[str]:
    """Of the stream itself, and what its rows hold of their parents."""
    [stream] = [each for each in MANIFEST["streams"] if each["$parameters"]["name"] == row.name]
    of_parents = {node["parent_key"] for node in nodes(stream) if "parent_key" in node}
    of_parents |= {name for node in nodes(stream) for name in node.get("parent_fields", ())}
    of_parents |= {*re.findall(r"\{(\w+)\}", row.endpoint)} - {"cart_id"}
    return {*row.primary_key.split(", "), row.cursor or "", *of_parents} - {""}


@pytest.mark.parametrize("row", ALL, ids=NAMES)
def test_keys_cursors_and_keys_of_parents_are_never_personal(row: Expected) -> None:
    for mode in ("hash", "drop"):
        form = {"personal_data": mode, "hash_salt": "12345678", "personal_data_keeps_region": False}
        left = Treatment(form).left_of(schema_of(row.name)) or {"properties": {}}
        for key in keys_of(row):
            assert left["properties"][key] == schema_of(row.name)["properties"][key], key


def test_the_page_has_the_table_of_the_schemas() -> None:
    script = runpy.run_path(str(ROOT / "scripts/personal_data.py"))
    page = script["PAGE"].read_text()
    shown = page.split(script["BEGIN"])[1].split(script["END"])[0]
    assert shown == script["table"](), "run make personal-data"
