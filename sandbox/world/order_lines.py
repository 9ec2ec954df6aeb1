"""Line items of orders, as `/v2/orders/{id}/products` and side-loading send them."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.chance import mix, pick
from sandbox.table import Row
from sandbox.world import words
from sandbox.world.catalog import Brief, Catalog
from sandbox.world.order_kinds import Kind

# Ids of lines follow from the id of their order.
IDS_PER_ORDER = 400
_CUSTOM = Brief(id=0, variant_id=0, name="Made to order", sku="", cents=0, brand="", digital=False)


class Line(NamedTuple):
    """The parts of a line that an order's totals need."""

    bits: int
    product: int  # Position in the catalog; -1: no catalog.
    quantity: int
    cents: int


class OrderLines:
    """Makes line items; each follows from the seed, its order's id and its place in the order."""

    def __init__(self, seed: int, catalog: Catalog) -> None:
        self._seed = seed
        self._catalog = catalog
        self._products = len(catalog.products)

    def line(self, order: int, nth: int) -> Line:
        bits = mix(self._seed, 4, order, nth)
        product = (bits >> 8) % self._products if self._products else -1
        cents = 100 + (bits >> 20) % 20_000
        if product >= 0:
            cents = self._catalog.brief(product).cents
        return Line(bits, product, 1 + (bits & 3 == 0) * (1 + (bits >> 2 & 3)), cents)

    def row(
        self, order: int, nth: int, kind: int, refunded: bool, shipped: bool, coupon: bool
    ) -> Row:
        line = self.line(order, nth)
        key = order * IDS_PER_ORDER + nth
        bits, quantity, cents = line.bits, line.quantity, line.cents
        total = cents * quantity
        place = line_type(kind, nth)
        custom = kind == Kind.CUSTOM or line.product < 0 or place == "giftcertificate"
        product = _CUSTOM if custom else self._catalog.brief(line.product)
        name = "Gift Certificate" if place == "giftcertificate" else product.name
        physical = place == "physical"
        address = line_place(kind, nth)
        # Some numbers come as a number or as a string, at the API's whim.
        text = key % 2 == 0
        weight = bits % 500 / 100 if physical else 0
        return {
            "id": key,
            "order_id": order,
            "product_id": product.id,
            "variant_id": product.variant_id,
            "order_pickup_method_id": order if kind == Kind.PICKUP else 0,
            "order_address_id": 0 if address is None else order * 2 + address,
            "name": name,
            "name_customer": name,
            "name_merchant": name,
            "sku": product.sku,
            "upc": "",
            "type": place,
            "base_price": money(cents),
            "price_ex_tax": money(cents),
            "price_inc_tax": money(cents + tax(cents)),
            "price_tax": money(tax(cents)),
            "base_total": money(total),
            "total_ex_tax": money(total),
            "total_inc_tax": money(total + tax(total)),
            "total_tax": money(tax(total)),
            "discounted_total_inc_tax": money(total + tax(total) - (total // 20 if coupon else 0)),
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
            "gift_certificate_id": gift_certificate_id(order, kind, nth),
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
            "product_options": _options(key, bits) if physical and not custom else [],
            "configurable_fields": [],
        }


def money(cents: int) -> str:
    """`12.3400`: v2 writes all money as text with four decimals."""
    return f"{cents // 100}.{cents % 100:02}00"


def tax(cents: int) -> int:
    return cents * 8 // 100


def line_type(kind: int, nth: int) -> str:
    if kind == Kind.DIGITAL:
        return "digital"
    if kind == Kind.GIFT:
        return "giftcertificate"
    if kind == Kind.MIXED:
        return ("physical", "digital", "giftcertificate")[nth % 3]
    return "physical"


def line_place(kind: int, nth: int) -> int | None:
    """Which of the order's shipping addresses a line goes to; None: to none."""
    if line_type(kind, nth) != "physical" or kind in (Kind.PICKUP, Kind.UNPLACED):
        return None
    return nth % 2 if kind == Kind.SPLIT else 0


def gift_certificate_id(order: int, kind: int, nth: int) -> int | None:
    if line_type(kind, nth) != "giftcertificate":
        return None
    return order * IDS_PER_ORDER + sum(
        line_type(kind, earlier) == "giftcertificate" for earlier in range(nth)
    )


def gift_certificate_count(kind: int, lines: int) -> int:
    return sum(line_type(kind, nth) == "giftcertificate" for nth in range(lines))


def _options(line: int, bits: int) -> list[Row]:
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
