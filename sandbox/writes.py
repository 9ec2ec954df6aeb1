"""What clients create: orders and customers, as strictly checked as everything else."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from sandbox.clock import parse_rfc2822
from sandbox.data import Data
from sandbox.query import Refusal
from sandbox.reply import Reply, Request
from sandbox.table import Row
from sandbox.world.order_kinds import STATUSES, Kind
from sandbox.world.order_lines import IDS_PER_ORDER
from sandbox.world.order_parts import address, link

_ADDRESS = set(address(0, 0))
_MONEY = {
    *("base_handling_cost", "base_shipping_cost", "base_wrapping_cost", "discount_amount"),
    *(
        f"{name}_{kind}_tax"
        for name in ("handling_cost", "shipping_cost", "subtotal", "total", "wrapping_cost")
        for kind in ("ex", "inc")
    ),
}
_PAIRS = ("total", "subtotal", "shipping_cost")
_SIMPLE = {
    *("channel_id", "customer_id", "customer_locale", "customer_message", "date_created"),
    *("default_currency_code", "ebay_order_id", "external_merchant_id", "external_order_id"),
    *("external_source", "geoip_country", "geoip_country_iso2", "ip_address", "ip_address_v6"),
    *("items_shipped", "items_total", "order_is_digital", "order_source", "payment_method"),
    *("payment_provider_id", "staff_notes", "status_id"),
}
_PARTS = {"billing_address", "shipping_addresses", "products", "consignments", "fees"}
_CATALOG_LINE = {
    *("product_id", "variant_id", "quantity", "name", "name_customer", "name_merchant"),
    *("price_ex_tax", "price_inc_tax", "product_options", "upc"),
    *("wrapping_id", "wrapping_name", "wrapping_message"),
    *("wrapping_cost_ex_tax", "wrapping_cost_inc_tax"),
}
_CUSTOM_LINE = {
    *("name", "name_customer", "name_merchant", "quantity", "price_ex_tax", "price_inc_tax"),
    *("sku", "upc"),
}
_CUSTOMER = {
    *("email", "first_name", "last_name", "company", "phone", "notes", "customer_group_id"),
    *("tax_exempt_category", "accepts_product_review_abandoned_cart_emails"),
    *("trigger_account_created_notification", "origin_channel_id", "channel_ids"),
}
_MOST_CUSTOMERS = 10
_LONGEST_KEY = 255


def create_order(data: Data, _: Mapping[str, str], request: Request) -> Reply:
    """`POST /v2/orders`: the order, as `GET` sends it."""
    asked = _object(request)
    _refuse_unknown(asked, _SIMPLE | _MONEY | _PARTS, "the order")
    if not isinstance(asked.get("billing_address"), dict):
        raise Refusal(400, "The field 'billing_address' is required.")
    _check_address(asked["billing_address"])
    if len(str(asked["billing_address"].get("zip", ""))) < 2:
        raise Refusal(400, "The field 'billing_address.zip' is required.")
    for name in _PAIRS:
        if (f"{name}_ex_tax" in asked) != (f"{name}_inc_tax" in asked):
            raise Refusal(400, f"'{name}_ex_tax' and '{name}_inc_tax' are required together.")
    lines, is_pickup = _lines(asked)
    places = asked.get("shipping_addresses", [])
    for place in places:
        _check_address({name: place[name] for name in place if name != "shipping_method"})
    _check_references(data, asked)
    rows = [_line(data, line) for line in lines]
    key = data.insert("orders", _order(asked, rows, places, is_pickup))
    _hang_on(data, key, rows, places, is_pickup)
    data.created["orders", key] = time.monotonic()
    row = data.get("orders", key)
    if not data.options.key_echo:
        del row["external_order_id"]
    return Reply(200, orjson.dumps(row))


def update_order(data: Data, ids: Mapping[str, str], request: Request) -> Reply:
    """`PUT /v2/orders/{order_id}`: the sandbox only accepts an empty change."""
    row = data.get("orders", int(ids["order_id"]))
    if _object(request):
        raise Refusal(400, "The sandbox changes no orders this way.")
    return Reply(200, orjson.dumps(row))


def create_customers(data: Data, _: Mapping[str, str], request: Request) -> Reply:
    """`POST /v3/customers`: all of them, or none."""
    asked = _parsed(request)
    if not isinstance(asked, list) or not asked:
        raise Refusal(422, "The body must be an array of customers.")
    if len(asked) > _MOST_CUSTOMERS:
        raise Refusal(413, f"No more than {_MOST_CUSTOMERS} customers at a time.")
    emails = set(data.keys("customers"))
    for person in asked:
        if not isinstance(person, dict):
            raise Refusal(422, "A customer must be an object.")
        _refuse_unknown(person, _CUSTOMER, "a customer", 422)
        for name in ("email", "first_name", "last_name"):
            if not isinstance(person.get(name), str) or not person[name]:
                raise Refusal(422, f"The field '{name}' is required.")
        email = person["email"].lower()
        if email in emails:
            raise Refusal(422, f"Error creating customers: {email} is in use.")
        emails.add(email)
    keys = [data.insert("customers", person) for person in asked]
    data.created.update({("customers", key): time.monotonic() for key in keys})
    rows = [data.get("customers", key) for key in keys]
    return Reply(200, orjson.dumps({"data": rows, "meta": {}}))


def update_customers(data: Data, _: Mapping[str, str], request: Request) -> Reply:
    """`PUT /v3/customers`: the sandbox only accepts an empty list."""
    if _parsed(request) != []:
        raise Refusal(422, "The sandbox changes no customers this way.")
    return Reply(200, orjson.dumps({"data": [], "meta": {}}))


# Checks


def _parsed(request: Request) -> Any:
    if request.headers.get("content-type") != "application/json":
        raise Refusal(415, "The Content-Type header must be application/json.")
    try:
        return orjson.loads(request.body)
    except ValueError:
        raise Refusal(400, "The body is not JSON.") from None


def _object(request: Request) -> Row:
    asked = _parsed(request)
    if not isinstance(asked, dict):
        raise Refusal(400, "The body must be an object.")
    return asked


def _refuse_unknown(given: Row, known: set[str], what: str, status: int = 400) -> None:
    if unknown := sorted(given.keys() - known):
        raise Refusal(status, f"The field '{unknown[0]}' of {what} is read-only or not supported.")


def _check_address(given: Row) -> None:
    _refuse_unknown(given, _ADDRESS | {"form_fields"}, "an address")


def _lines(asked: Row) -> tuple[list[Row], bool]:
    """The line items, and whether they are picked up."""
    if ("products" in asked) == ("consignments" in asked):
        raise Refusal(400, "Either 'products' or 'consignments' is required.")
    if "products" in asked:
        lines = asked["products"]
    elif "shipping_addresses" in asked:
        raise Refusal(400, "'shipping_addresses' cannot be combined with 'consignments'.")
    else:
        pickups = asked["consignments"].get("pickups", [])
        if len(pickups) != 1 or "pickup_method_id" not in pickups[0]:
            raise Refusal(400, "One pickup consignment with a 'pickup_method_id' is required.")
        lines = pickups[0].get("line_items")
    if not isinstance(lines, list) or not lines:
        raise Refusal(400, "At least one product is required.")
    return lines, "consignments" in asked


def _check_references(data: Data, asked: Row) -> None:
    if asked.get("status_id", 1) not in range(len(STATUSES)):
        raise Refusal(400, "The field 'status_id' is invalid.")
    customer = asked.get("customer_id", 0)
    if customer and data.table("customers").find(customer) is None:
        raise Refusal(400, "The field 'customer_id' is invalid: there is no such customer.")
    channel = data.table("channels").find(asked.get("channel_id", 1))
    if channel is None or not data.table("channels").row(channel)["is_enabled"]:
        raise Refusal(400, "The field 'channel_id' is invalid: the channel is not active.")
    if len(str(asked.get("external_order_id", ""))) > _LONGEST_KEY:
        raise Refusal(400, "The field 'external_order_id' is too long.")
    if "date_created" in asked:
        try:
            parse_rfc2822(asked["date_created"])
        except (ValueError, TypeError):
            raise Refusal(400, "The field 'date_created' is invalid.") from None


def _line(data: Data, given: Row) -> Row:
    """A line as it is sent later, without its ids."""
    is_custom = "product_id" not in given
    _refuse_unknown(given, _CUSTOM_LINE if is_custom else _CATALOG_LINE, "a product")
    quantity = given.get("quantity")
    if not isinstance(quantity, int) or quantity < 1:
        raise Refusal(400, "The field 'quantity' is required.")
    product: Row = {"name": "", "sku": given.get("sku", ""), "price": 0, "type": "physical"}
    if is_custom:
        for name in ("name", "price_ex_tax", "price_inc_tax"):
            if given.get(name) in (None, ""):
                raise Refusal(400, f"The field '{name}' is required for a custom product.")
    else:
        product = _product(data, given, quantity)
    price = _money(given.get("price_ex_tax", product["price"]))
    inclusive = _money(given.get("price_inc_tax", price))
    shown = given.get("name", product["name"])
    return {
        "product_id": given.get("product_id", 0),
        "variant_id": product.get("variant_id", 0),
        "name": shown,
        "name_customer": given.get("name_customer", shown),
        "name_merchant": given.get("name_merchant", shown),
        "sku": product["sku"],
        "type": product["type"],
        "base_price": price,
        "price_ex_tax": price,
        "price_inc_tax": inclusive,
        "price_tax": _money(Decimal(inclusive) - Decimal(price)),
        "base_total": _money(Decimal(price) * quantity),
        "total_ex_tax": _money(Decimal(price) * quantity),
        "total_inc_tax": _money(Decimal(inclusive) * quantity),
        "total_tax": _money((Decimal(inclusive) - Decimal(price)) * quantity),
        "quantity": quantity,
        "upc": given.get("upc", ""),
    }


def _product(data: Data, given: Row, quantity: int) -> Row:
    products = data.table("products")
    at = products.find(given["product_id"])
    if at is None:
        raise Refusal(400, f"The product_id {given['product_id']} is invalid: no such product.")
    product = products.row(at)
    of_product = data.variants_of(product["id"])
    wanted = given.get("variant_id", of_product[0]["id"] if len(of_product) == 1 else None)
    variant = next((row for row in of_product if row["id"] == wanted), None)
    if variant is None and not given.get("product_options"):
        raise Refusal(400, f"The product {product['id']} needs a valid variant_id or its options.")
    variant = variant or of_product[0]
    tracking = product["inventory_tracking"]
    level = {"product": product["inventory_level"], "variant": variant["inventory_level"]}
    if quantity > level.get(tracking, quantity):
        raise Refusal(409, f"The product {product['id']} is out of stock.")
    return {
        **{name: product[name] for name in ("name", "type")},
        "sku": variant["sku"],
        "variant_id": variant["id"],
        "price": variant["calculated_price"],
    }


def _money(value: Any) -> str:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise Refusal(400, f"{value!r} is no amount.") from None
    if not amount.is_finite() or amount < 0 or amount != round(amount, 4):
        raise Refusal(400, f"{value!r} is no amount.")
    return f"{amount:.4f}"


# Rows


def _order(asked: Row, lines: list[Row], places: list[Row], is_pickup: bool) -> Row:
    """The fields of the new order; the rest is made up, as for every order."""
    status = asked.get("status_id", 1)
    subtotal = {
        kind: sum((Decimal(line[f"total_{kind}_tax"]) for line in lines), Decimal())
        for kind in _KINDS
    }
    given = {name: _money(asked[name]) for name in _MONEY & asked.keys()}
    shipping = {kind: Decimal(given.get(f"shipping_cost_{kind}_tax", "0")) for kind in _KINDS}
    discount = Decimal(given.get("discount_amount", "0"))
    total = {kind: subtotal[kind] + shipping[kind] - discount for kind in _KINDS}
    worked_out = {
        f"{name}_{kind}_tax": f"{amount[kind]:.4f}"
        for name, amount in zip(_PAIRS, (total, subtotal, shipping), strict=True)
        for kind in _KINDS
    }
    units = sum(line["quantity"] for line in lines)
    is_digital = all(line["type"] == "digital" for line in lines)
    # No addresses and lines are made up for it.
    made_up = {"kind": Kind.PICKUP if is_pickup else Kind.DIGITAL, "line_count": 0}
    row = {
        "customer_id": 0,
        "channel_id": 1,
        "items_total": units,
        "items_shipped": 0,
        "external_order_id": "",
        "external_source": None,
        "order_source": "external",
        "staff_notes": "",
        "customer_message": "",
        "payment_method": "",
        "payment_status": "",
        "order_is_digital": is_digital,
        "payment_provider_id": "",
        "discount_amount": "0.0000",
        "coupon_discount": "0.0000",
        "is_email_opt_in": False,
        "ip_address": "",
        "shipping_address_count": len(places),
        "transaction_count": 0,
        **worked_out,
        **{name: asked[name] for name in _SIMPLE & asked.keys()},
        **given,
        **made_up,
        "status_id": status,
        "status": STATUSES[status],
        "billing_address": {
            **dict.fromkeys(_ADDRESS, ""),
            "form_fields": [],
            **asked["billing_address"],
        },
    }
    for name in _PAIRS:
        tax = Decimal(row[f"{name}_inc_tax"]) - Decimal(row[f"{name}_ex_tax"])
        row[f"{name}_tax"] = f"{tax:.4f}"
    return row


_KINDS = ("ex", "inc")


def _hang_on(data: Data, key: int, lines: list[Row], places: list[Row], is_pickup: bool) -> None:
    """Sets lines and addresses of a new order, instead of those that are made up for orders."""
    at = data.position("orders", key)
    for name in ("order_fees", "order_coupons", "order_messages", "order_taxes"):
        children = data.children[name]
        children.changes[key] = dict.fromkeys(row["id"] for row in children.rows(at))
    first = key * 2
    data.children["order_shipping_addresses"].changes[key] = {
        first + nth: {
            **_shipping_address(data, key, first + nth, place),
            "items_total": sum(line["quantity"] for line in lines) if nth == 0 else 0,
        }
        for nth, place in enumerate(places)
    }
    data.children["order_products"].changes[key] = {
        key * IDS_PER_ORDER + nth: {
            **_REST_OF_A_LINE,
            **line,
            "id": key * IDS_PER_ORDER + nth,
            "order_id": key,
            "order_address_id": first if places else 0,
            "order_pickup_method_id": key if is_pickup else 0,
        }
        for nth, line in enumerate(lines)
    }


def _shipping_address(data: Data, order: int, key: int, given: Row) -> Row:
    api = f"https://api.bigcommerce.com/stores/{data.options.store_hash}/v2"
    costs = ("base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax", "base_handling_cost")
    handling = ("handling_cost_ex_tax", "handling_cost_inc_tax", "handling_cost_tax")
    resource = f"/orders/{order}/shipping_addresses/{key}/shipping_quotes"
    return {
        "id": key,
        "order_id": order,
        **dict.fromkeys(_ADDRESS, ""),
        "form_fields": [],
        "items_shipped": 0,
        "shipping_method": "",
        **dict.fromkeys((*costs, *handling), "0.0000"),
        "cost_tax_class_id": 2,
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": "Everywhere",
        **given,
        "shipping_quotes": link(api, resource),
    }


_REST_OF_A_LINE: Row = {
    **dict.fromkeys(
        (
            *("base_cost_price", "cost_price_inc_tax", "cost_price_ex_tax", "cost_price_tax"),
            *("refund_amount", "base_wrapping_cost", "wrapping_cost_ex_tax"),
            *("wrapping_cost_inc_tax", "wrapping_cost_tax", "fixed_shipping_cost", "weight"),
            *("width", "height", "depth", "discounted_total_inc_tax"),
        ),
        "0.0000",
    ),
    **dict.fromkeys(("quantity_refunded", "return_id", "wrapping_id", "quantity_shipped"), 0),
    **dict.fromkeys(
        (
            *("wrapping_name", "event_name", "event_date", "option_set_id", "external_id"),
            *("parent_order_product_id", "gift_certificate_id"),
        )
    ),
    **dict.fromkeys(
        (
            *("wrapping_message", "ebay_item_id", "ebay_transaction_id", "bin_picking_number"),
            *("fulfillment_source", "brand"),
        ),
        "",
    ),
    "is_refunded": False,
    "is_bundled_product": False,
    "applied_discounts": [],
    "product_options": [],
    "configurable_fields": [],
}
