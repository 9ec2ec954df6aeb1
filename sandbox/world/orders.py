"""Orders and what hangs on them: line items, consignments, fees, transactions."""

from __future__ import annotations

from array import array
from enum import IntEnum
from typing import NamedTuple

from sandbox.chance import mix, pick, uuid, weighted
from sandbox.clock import iso, rfc2822
from sandbox.table import Columns, Row, Table
from sandbox.world import words
from sandbox.world.catalog import Brief, Catalog
from sandbox.world.content import channel_id
from sandbox.world.history import History

STATUSES = (
    "Incomplete",
    "Pending",
    "Shipped",
    "Partially Shipped",
    "Refunded",
    "Cancelled",
    "Declined",
    "Awaiting Payment",
    "Awaiting Pickup",
    "Awaiting Shipment",
    "Completed",
    "Awaiting Fulfillment",
    "Manual Verification Required",
    "Disputed",
    "Partially Refunded",
)
INCOMPLETE, SHIPPED, REFUNDED, COMPLETED = 0, 2, 4, 10

# Ids of lines and transactions follow from the id of their order. Transaction ids pass 32 bits.
_LINE_IDS_PER_ORDER = 400
_TRANSACTION_IDS_PER_ORDER = 16
_FIRST_TRANSACTION_ID = 4_294_960_000


class Kind(IntEnum):
    """What an order consists of."""

    SHIPPED = 0
    SPLIT = 1  # Shipped to two addresses.
    DIGITAL = 2
    GIFT = 3  # Gift certificates only.
    PICKUP = 4
    MIXED = 5  # Shipped, digital and gift certificate lines in one order.
    CUSTOM = 6  # Products that are not in the catalog.
    UNPLACED = 7  # Lines that belong to no consignment, so side-loading misses them.


class Specimen(NamedTuple):
    """An order that every store of 200 orders or more holds."""

    kind: Kind = Kind.SHIPPED
    lines: int = 2
    guest: bool = False
    status: int = COMPLETED
    archived: bool = False
    transactions: int = 1


SPECIMENS = (
    Specimen(guest=True),
    Specimen(status=INCOMPLETE, transactions=0),
    Specimen(archived=True),
    Specimen(Kind.DIGITAL),
    Specimen(Kind.GIFT, lines=1),
    Specimen(Kind.PICKUP),
    Specimen(Kind.MIXED, lines=4),
    Specimen(Kind.SPLIT, lines=5),
    Specimen(lines=0, transactions=0),
    Specimen(Kind.CUSTOM),
    Specimen(Kind.UNPLACED, lines=3),
    Specimen(lines=50),
    Specimen(lines=73),
    Specimen(lines=250),
    Specimen(lines=263),
    Specimen(transactions=0),
    Specimen(transactions=5),
)

_KINDS = weighted(
    {
        Kind.SHIPPED: 218,
        Kind.SPLIT: 4,
        Kind.DIGITAL: 12,
        Kind.GIFT: 5,
        Kind.PICKUP: 8,
        Kind.MIXED: 5,
        Kind.CUSTOM: 3,
        Kind.UNPLACED: 1,
    }
)
_LINES = weighted({1: 26, 2: 18, 3: 10, 4: 5, 5: 3, 8: 1, 12: 1})
_STATUSES = weighted({10: 30, 2: 14, 11: 5, 9: 3, 7: 2, 1: 1, 0: 3, 4: 2, 5: 2, 8: 1, 14: 1})
_TRANSACTIONS = weighted({1: 40, 2: 12, 3: 3, 0: 9})

_GATEWAYS = {
    "credit_card": "stripe",
    "offline": "bankdeposit",
    "custom": "custom",
    "gift_certificate": "giftcertificate",
    "store_credit": "storecredit",
}
_TRANSACTION_METHODS = weighted(
    {"credit_card": 20, "offline": 4, "custom": 3, "gift_certificate": 2, "store_credit": 3}
)

_PAYMENT_METHODS = ("Credit Card", "Credit Card", "PayPal", "Manual", "Bank Deposit")
_SOURCES = ("www", "www", "mobile", "external", "manual")


class Orders:
    """Makes orders and their parts; every one is settled by the seed and its order's id."""

    def __init__(
        self,
        seed: int,
        size: int,
        history: History,
        customers: Table,
        catalog: Catalog,
        channels: int,
        store_hash: str,
    ) -> None:
        self._seed = mix(seed, 1)
        self._catalog = catalog
        self._products = len(catalog.products)
        self._api = f"https://api.bigcommerce.com/stores/{store_hash}/v2"
        created, modified = history.dates(self._seed, size)
        self.columns: Columns = {
            "id": history.ids(self._seed, size, first=100),
            "date_created": created,
            "date_modified": modified,
            "customer_id": array("q"),
            "channel_id": array("q"),
            "status_id": array("B"),
            "is_deleted": array("B"),
            "kind": array("B"),
            "line_count": array("H"),
            "transaction_count": array("B"),
        }
        self._compose(size, customers.columns["id"][:], channels)
        if size >= 200:
            self._place_specimens(size)
        self.table = Table(
            "orders",
            self.columns,
            self.row,
            new={"channel_id": 1, "status_id": 11, "line_count": 1, "transaction_count": 1},
        )

    def _compose(self, size: int, customer_ids: array[int], channels: int) -> None:
        """Fill the columns that say what each order is."""
        columns = self.columns
        other_channel = channel_id(1) if channels > 1 else 1
        for at in range(size):
            bits = mix(self._seed, 3, at)
            guest = bits % 8 == 0 or not customer_ids
            columns["customer_id"].append(0 if guest else pick(customer_ids, bits >> 8))
            columns["channel_id"].append(1 if bits >> 3 & 7 else other_channel)
            status = pick(_STATUSES, bits >> 20)
            columns["status_id"].append(status)
            columns["is_deleted"].append(bits >> 26 & 63 == 0)
            columns["kind"].append(_KINDS[(bits >> 32) & 255])
            # About one order in two thousand is huge.
            huge = bits >> 53 == 0
            columns["line_count"].append(51 + at % 30 if huge else pick(_LINES, bits >> 40))
            columns["transaction_count"].append(pick(_TRANSACTIONS, bits >> 46) if status else 0)

    def _place_specimens(self, size: int) -> None:
        for nth, specimen in enumerate(SPECIMENS, 1):
            at = nth * size // (len(SPECIMENS) + 1)
            self.columns["kind"][at] = specimen.kind
            self.columns["line_count"][at] = specimen.lines
            self.columns["status_id"][at] = specimen.status
            self.columns["is_deleted"][at] = specimen.archived
            self.columns["transaction_count"][at] = specimen.transactions
            if specimen.guest:
                self.columns["customer_id"][at] = 0

    # The order

    def row(self, at: int) -> Row:
        columns = self.columns
        key, bits = self._key(at)
        status = columns["status_id"][at]
        kind = columns["kind"][at]
        lines = [self._line(key, nth) for nth in range(columns["line_count"][at])]
        units = sum(line.quantity for line in lines)
        subtotal = sum(line.cents * line.quantity for line in lines)
        discount = subtotal // 20 if self._has_coupon(bits) else 0
        shipping = 0 if kind in (Kind.DIGITAL, Kind.GIFT) or not lines else 500 + bits % 700
        tax = _tax(subtotal) + _tax(shipping)
        total = subtotal + shipping - discount
        shipped = status in (SHIPPED, COMPLETED)
        sent_off = (columns["date_created"][at] + columns["date_modified"][at]) // 2
        paid = columns["transaction_count"][at] > 0
        method = pick(_PAYMENT_METHODS, bits >> 7)
        resource = f"/orders/{key}"
        return {
            "id": key,
            "customer_id": columns["customer_id"][at],
            "date_created": rfc2822(columns["date_created"][at]),
            "date_modified": rfc2822(columns["date_modified"][at]),
            "date_shipped": rfc2822(sent_off) if shipped else "",
            "status_id": status,
            "status": STATUSES[status],
            "cart_id": uuid(self._seed, key),
            "channel_id": columns["channel_id"][at],
            "subtotal_ex_tax": money(subtotal),
            "subtotal_inc_tax": money(subtotal + _tax(subtotal)),
            "subtotal_tax": money(_tax(subtotal)),
            "base_shipping_cost": money(shipping),
            "shipping_cost_ex_tax": money(shipping),
            "shipping_cost_inc_tax": money(shipping + _tax(shipping)),
            "shipping_cost_tax": money(_tax(shipping)),
            "shipping_cost_tax_class_id": 2,
            "base_handling_cost": "0.0000",
            "handling_cost_ex_tax": "0.0000",
            "handling_cost_inc_tax": "0.0000",
            "handling_cost_tax": "0.0000",
            "handling_cost_tax_class_id": 2,
            "base_wrapping_cost": "0.0000",
            "wrapping_cost_ex_tax": "0.0000",
            "wrapping_cost_inc_tax": "0.0000",
            "wrapping_cost_tax": "0.0000",
            "wrapping_cost_tax_class_id": 3,
            "total_ex_tax": money(total),
            "total_inc_tax": money(total + tax),
            "total_tax": money(tax),
            "items_total": units,
            "items_shipped": units if shipped else 0,
            "payment_method": method,
            "payment_provider_id": f"pay_{bits:016x}" if paid else pick((None, ""), bits),
            "payment_status": pick(("captured", "paid", "authorized"), bits) if paid else "",
            # Always 0, whatever was refunded.
            "refunded_amount": "0.0000",
            "order_is_digital": kind == Kind.DIGITAL,
            "store_credit_amount": "0.0000",
            "gift_certificate_amount": "0.0000",
            "ip_address": f"198.51.100.{bits % 256}",
            "ip_address_v6": "",
            "geoip_country": "United States",
            "geoip_country_iso2": "US",
            "currency_id": 1,
            "currency_code": "USD",
            "currency_exchange_rate": "1.0000000000",
            "default_currency_id": 1,
            "default_currency_code": "USD",
            "store_default_currency_code": "USD",
            "store_default_to_transactional_exchange_rate": "1.0000000000",
            "staff_notes": "Called the customer." if bits % 19 == 0 else "",
            "customer_message": "Please ring twice." if bits % 11 == 0 else "",
            "discount_amount": money(discount),
            "coupon_discount": money(discount),
            "shipping_address_count": self._address_count(kind),
            "is_deleted": bool(columns["is_deleted"][at]),
            "is_tax_inclusive_pricing": False,
            "is_email_opt_in": bits % 3 == 0,
            "order_source": pick(_SOURCES, bits >> 11),
            "ebay_order_id": "0",
            "external_id": None,
            "external_merchant_id": None,
            "external_source": None,
            "external_order_id": f"EXT-{key}" if bits % 23 == 0 else "",
            "tax_provider_id": "BasicTaxProvider",
            "customer_locale": "en",
            "credit_card_type": pick(("visa", None), bits >> 13) if paid else None,
            "billing_address": self._billing_address(at, key, bits),
            "products": self._link(f"{resource}/products"),
            "shipping_addresses": self._link(f"{resource}/shippingaddresses", "shipping_addresses"),
            "coupons": self._link(f"{resource}/coupons"),
            "consignments": self._link(f"{resource}/consignments"),
            "fees": self._link(f"{resource}/fees"),
        }

    def _key(self, at: int) -> tuple[int, int]:
        key = self.columns["id"][at]
        return key, mix(self._seed, key)

    def _link(self, resource: str, last: str = "") -> Row:
        path = resource.rsplit("/", 1)[0] + "/" + last if last else resource
        return {"url": self._api + path, "resource": resource}

    @staticmethod
    def _has_coupon(bits: int) -> bool:
        return bits % 8 == 3

    @staticmethod
    def _address_count(kind: int) -> int:
        if kind in (Kind.DIGITAL, Kind.GIFT, Kind.PICKUP):
            return 0
        return 2 if kind == Kind.SPLIT else 1

    def _person(self, at: int, key: int) -> int:
        return self.columns["customer_id"][at] or 1_000_000 + key

    def _billing_address(self, at: int, key: int, bits: int) -> Row:
        fields = [{"name": "License ID", "value": str(bits % 10_000)}] if bits % 14 == 0 else []
        address = _address(bits, self._person(at, key))
        return {**address, "form_fields": fields}

    # Line items

    def lines(self, at: int) -> list[Row]:
        """The order's line items, in order of their ids."""
        key, bits = self._key(at)
        kind = self.columns["kind"][at]
        refunded = self.columns["status_id"][at] == REFUNDED
        shipped = self.columns["status_id"][at] in (SHIPPED, COMPLETED)
        return [
            self._line_row(key, nth, kind, refunded, shipped, self._has_coupon(bits))
            for nth in range(self.columns["line_count"][at])
        ]

    def _line(self, order: int, nth: int) -> _Line:
        bits = mix(self._seed, 4, order, nth)
        product = (bits >> 8) % self._products if self._products else -1
        cents = 100 + (bits >> 20) % 20_000
        if product >= 0:
            cents = self._catalog.brief(product).cents
        return _Line(bits, product, 1 + (bits & 3 == 0) * (1 + (bits >> 2 & 3)), cents)

    def _line_row(
        self, order: int, nth: int, kind: int, refunded: bool, shipped: bool, coupon: bool
    ) -> Row:
        line = self._line(order, nth)
        key = order * _LINE_IDS_PER_ORDER + nth
        bits, quantity, cents = line.bits, line.quantity, line.cents
        total = cents * quantity
        place = _line_type(kind, nth)
        custom = kind == Kind.CUSTOM or line.product < 0 or place == "giftcertificate"
        product = _CUSTOM if custom else self._catalog.brief(line.product)
        name = "Gift Certificate" if place == "giftcertificate" else product.name
        physical = place == "physical"
        address = order * 2 + (nth % 2 if kind == Kind.SPLIT else 0)
        placed = physical and kind not in (Kind.PICKUP, Kind.UNPLACED)
        # Some numbers come as a number or as a string, at the API's whim.
        text = key % 2 == 0
        weight = bits % 500 / 100 if physical else 0
        return {
            "id": key,
            "order_id": order,
            "product_id": product.id,
            "variant_id": product.variant_id,
            "order_pickup_method_id": order if kind == Kind.PICKUP else 0,
            "order_address_id": address if placed else 0,
            "name": name,
            "name_customer": name,
            "name_merchant": name,
            "sku": product.sku,
            "upc": "",
            "type": place,
            "base_price": money(cents),
            "price_ex_tax": money(cents),
            "price_inc_tax": money(cents + _tax(cents)),
            "price_tax": money(_tax(cents)),
            "base_total": money(total),
            "total_ex_tax": money(total),
            "total_inc_tax": money(total + _tax(total)),
            "total_tax": money(_tax(total)),
            "discounted_total_inc_tax": money(total + _tax(total) - (total // 20 if coupon else 0)),
            "quantity": quantity,
            "base_cost_price": money(cents // 2),
            "cost_price_inc_tax": money(cents // 2),
            "cost_price_ex_tax": money(cents // 2),
            "cost_price_tax": "0.0000",
            "weight": f"{weight:.4f}" if text else weight,
            "width": "1.0000",
            "height": "1.0000",
            "depth": "1.0000",
            "is_refunded": refunded,
            "quantity_refunded": quantity if refunded else 0,
            # Always 0, whatever was refunded.
            "refund_amount": "0.0000",
            "return_id": 0,
            "wrapping_id": 0,
            "wrapping_name": None if bits % 2 else "",
            "base_wrapping_cost": "0.0000" if text else 0,
            "wrapping_cost_ex_tax": "0.0000",
            "wrapping_cost_inc_tax": "0.0000",
            "wrapping_cost_tax": "0.0000",
            "wrapping_message": "",
            "quantity_shipped": quantity if shipped and physical else 0,
            "event_name": None,
            "event_date": None if bits % 5 else "",
            "fixed_shipping_cost": "0.0000",
            "ebay_item_id": "",
            "ebay_transaction_id": "",
            "option_set_id": None,
            "parent_order_product_id": None,
            "is_bundled_product": False,
            "bin_picking_number": "",
            "external_id": None,
            "fulfillment_source": "",
            "brand": product.brand,
            "gift_certificate_id": key % 100_000 if place == "giftcertificate" else None,
            "applied_discounts": [
                {
                    "id": "coupon",
                    "amount": money(total // 20),
                    "name": "5% off",
                    "code": f"CODE{order % 50}",
                    "target": "order",
                }
            ]
            if coupon
            else [],
            "product_options": _line_options(key, bits) if physical and not custom else [],
            "configurable_fields": [],
        }

    # Consignments and fees

    def consignments(self, at: int) -> Row:
        """The order's consignments as an object, every `line_items` still empty."""
        key, bits = self._key(at)
        kind = self.columns["kind"][at]
        person = self._person(at, key)
        lines = self.columns["line_count"][at]
        types = {_line_type(kind, nth) for nth in range(lines)}
        return {
            "pickups": [_pickup(key)] if kind == Kind.PICKUP else [],
            "shipping": [
                self._shipping(key, nth, mix(bits, nth), person)
                for nth in range(self._address_count(kind))
            ],
            "downloads": [{"recipient_email": words.email(person), "line_items": []}]
            if "digital" in types
            else [],
            "email": {
                "gift_certificates": [{"recipient_email": words.email(person), "line_items": []}]
                if "giftcertificate" in types
                else []
            },
        }

    def _shipping(self, order: int, nth: int, bits: int, person: int) -> Row:
        key = order * 2 + nth
        cost = (500 + bits % 700) / 100
        return {
            "id": key,
            **_address(bits, person),
            "form_fields": [],
            "line_items": [],
            "items_total": 1,
            "items_shipped": 0,
            "shipping_method": pick(("Flat Rate", "Free Shipping"), bits),
            "base_cost": cost,
            "cost_ex_tax": cost,
            "cost_inc_tax": cost,
            "cost_tax": 0,
            "cost_tax_class_id": 2,
            "base_handling_cost": 0,
            "handling_cost_ex_tax": 0,
            "handling_cost_inc_tax": 0,
            "handling_cost_tax": 0,
            "handling_cost_tax_class_id": 2,
            "shipping_zone_id": 1,
            "shipping_zone_name": "Everywhere",
            "shipping_quotes": self._link(
                f"/orders/{order}/consignments/shipping/{key}/shipping_quotes"
            ),
        }

    def fees(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        if bits % 20:
            return []
        cost: str | float = "2.5000" if key % 2 else 2.5
        return [
            {
                "id": key,
                "type": "custom_fee",
                "display_name_customer": "Packing",
                "display_name_merchant": "Packing",
                "source": "v2",
                "base_cost": cost,
                "cost_ex_tax": cost,
                "cost_inc_tax": cost,
                "cost_tax": "0.0000",
                "tax_class_id": None,
            }
        ]

    # Transactions

    def transactions(self, at: int) -> list[Row]:
        """What the payment service knows of the order, in order of ids."""
        key, bits = self._key(at)
        count = self.columns["transaction_count"][at]
        return [self._transaction(at, key, nth, count, bits) for nth in range(count)]

    def _transaction(self, at: int, order: int, nth: int, count: int, bits: int) -> Row:
        key = _FIRST_TRANSACTION_ID + order * _TRANSACTION_IDS_PER_ORDER + nth
        if count == 1:
            event = "purchase"
        else:
            event = ("authorization", "capture")[nth] if nth < 2 else "refund"
        method = pick(_TRANSACTION_METHODS, bits >> 30)
        card = method == "credit_card"
        return {
            "id": key,
            "order_id": str(order),
            "event": event,
            "method": method,
            "amount": (100 + (bits >> 20) % 20_000) / 100,
            "currency": "USD",
            "gateway": _GATEWAYS[method],
            "gateway_transaction_id": f"ch_{key}",
            "date_created": iso(self.columns["date_created"][at] + 60 * nth),
            "test": False,
            "status": "ok" if bits % 37 else "error",
            "fraud_review": False,
            "reference_transaction_id": key - 1 if nth else None,
            "payment_method_id": "stripe.card" if card else "",
            "payment_instrument_token": None,
            "provider_instrument_token": None,
            "provider_customer_id": None,
            "offline": {"display_name": "Bank Deposit"} if method == "offline" else None,
            "custom": {"payment_method": "Manual"} if method == "custom" else None,
            "avs_result": {"code": "Y", "message": "", "street_match": "", "postal_match": ""}
            if card
            else {},
            "cvv_result": {"code": "M", "message": ""} if card else {},
            "credit_card": {
                "card_type": "visa",
                "card_iin": "411111",
                "card_last4": "1111",
                "card_expiry_month": 1 + bits % 12,
                "card_expiry_year": 2030,
            }
            if card
            else None,
            "gift_certificate": {
                "code": f"GC{order}",
                "original_balance": 100,
                "starting_balance": 100,
                "remaining_balance": 35.5,
                "status": "active",
            }
            if method == "gift_certificate"
            else None,
            "store_credit": {"remaining_balance": 12.25} if method == "store_credit" else None,
            "custom_provider_field_result": None
            if card
            else {
                "receipt_number": None,
                "authorization_code": None,
                "fraud_response": None,
                "amount_received": None,
            },
        }


class _Line(NamedTuple):
    bits: int
    product: int  # Position in the catalog; -1: no catalog.
    quantity: int
    cents: int


_CUSTOM = Brief(id=0, variant_id=0, name="Made to order", sku="", cents=0, brand="", digital=False)


def money(cents: int) -> str:
    """`12.3400`: v2 writes all money as text with four decimals."""
    return f"{cents // 100}.{cents % 100:02}00"


def _tax(cents: int) -> int:
    return cents * 8 // 100


def _line_type(kind: int, nth: int) -> str:
    if kind == Kind.DIGITAL:
        return "digital"
    if kind == Kind.GIFT:
        return "giftcertificate"
    if kind == Kind.MIXED:
        return ("physical", "digital", "giftcertificate")[nth % 3]
    return "physical"


def _line_options(line: int, bits: int) -> list[Row]:
    if bits % 3:
        return []
    value = pick(words.SIZES, bits >> 5)
    return [
        {
            "id": line,
            "option_id": 18,
            "order_product_id": line,
            "product_option_id": 120,
            "display_name": "Size",
            "display_name_customer": "Size",
            "display_name_merchant": "Size",
            "display_value": value,
            "display_value_customer": value,
            "display_value_merchant": value,
            "value": str(bits % 100),
            "type": "Multiple choice",
            "name": "Sizes",
            "display_style": "Rectangle",
        }
    ]


def _address(bits: int, person: int) -> Row:
    city, state, postcode, country, code = pick(words.PLACES, bits >> 3)
    return {
        "first_name": pick(words.FIRST, bits >> 9),
        "last_name": pick(words.LAST, bits >> 13),
        "company": pick(words.COMPANIES, bits >> 5),
        "street_1": f"{bits % 200 + 1} {pick(words.STREETS, bits >> 15)}",
        "street_2": "",
        "city": city,
        "state": state,
        "zip": postcode,
        "country": country,
        "country_iso2": code,
        "phone": "",
        "email": words.email(person),
    }


def _pickup(order: int) -> Row:
    return {
        "id": order,
        "pickup_method_id": 1,
        "pickup_method_display_name": "Pick up",
        "collection_instructions": "Bring the order number.",
        "collection_time_description": "9am - 6pm",
        "location": {
            "id": 1,
            "name": "Warehouse",
            "code": "LOCATION-1",
            "address_line_1": "1 Main Street",
            "address_line_2": "",
            "city": "Austin",
            "state": "Texas",
            "postal_code": "78701",
            "country_alpha2": "US",
            "email": "warehouse@example.com",
            "phone": "+1 555 0100",
        },
        "line_items": [],
    }
