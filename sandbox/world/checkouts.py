"""Checkouts of the carts that became orders."""

from __future__ import annotations

from typing import Any

from sandbox.chance import mix, pick, uuid
from sandbox.children import Children
from sandbox.clock import iso_offset
from sandbox.table import Row
from sandbox.world.orders import Orders

_NAMES = ("first_name", "last_name", "email", "company", "city", "phone")


class Checkouts:
    """Makes the checkouts; each follows from its order."""

    def __init__(self, seed: int, orders: Orders) -> None:
        self._seed = mix(seed, 51)
        self._orders = orders
        self.children = (Children("checkouts", orders.table, self._checkout),)

    def _checkout(self, at: int) -> list[Row]:
        """None of a cart that has expired."""
        order = self._orders.row(at)
        bits = mix(self._seed, order["id"])
        if bits % 4 == 0:
            return []
        cart, lines = order["cart_id"], self._orders.lines(at)
        created = self._orders.columns["date_created"][at]
        dates = {
            "created_time": iso_offset(created - 900),
            "updated_time": iso_offset(created),
        }
        total, tax = float(order["subtotal_ex_tax"]), float(order["subtotal_tax"])
        coupons = [_coupon(total)] if bits % 3 == 0 else []
        addresses = self._orders.shipping_addresses(at)
        row = {
            "id": cart,
            "cart": {
                "id": cart,
                "customer_id": order["customer_id"],
                "channel_id": order["channel_id"],
                "email": order["billing_address"]["email"],
                "currency": {"code": "USD"},
                "tax_included": False,
                "base_amount": total,
                "discount_amount": 0,
                "cart_amount_inc_tax": total + tax,
                "cart_amount_ex_tax": total,
                "coupons": coupons,
                "discounts": [{"id": uuid(bits, 1), "discounted_amount": 0}],
                "line_items": {
                    "physical_items": [_item(line, uuid(bits, 2, line["id"])) for line in lines],
                    "digital_items": [],
                    "gift_certificates": [],
                    "custom_items": [],
                },
                **dates,
            },
            "billing_address": _address(order["billing_address"], f"{bits % 16**13:013x}"),
            "consignments": [
                self._consignment(bits, nth, address) for nth, address in enumerate(addresses)
            ],
            "taxes": [{"name": "Tax", "amount": tax}],
            "coupons": coupons,
            "fees": [],
            "order_id": str(order["id"]),
            "shipping_cost_total_inc_tax": float(order["shipping_cost_inc_tax"]),
            "shipping_cost_total_ex_tax": float(order["shipping_cost_ex_tax"]),
            "handling_cost_total_inc_tax": 0,
            "handling_cost_total_ex_tax": 0,
            "tax_total": tax,
            "subtotal_inc_tax": total + tax,
            "subtotal_ex_tax": total,
            "grand_total": float(order["total_inc_tax"]),
            **dates,
            "customer_message": pick(("", "Please ring twice."), bits >> 4),
            "promotions": [],
            "version": 1 + bits % 7,
        }
        return [row]

    def _consignment(self, bits: int, nth: int, address: Row) -> Row:
        cost = float(address["base_cost"])
        return {
            "id": f"{mix(bits, nth) % 16**13:013x}",
            "address": _address(address, f"{mix(bits, nth, 1) % 16**13:013x}"),
            "selected_shipping_option": {
                "id": uuid(bits, 3, nth).replace("-", ""),
                "type": "shipping_flatrate",
                "description": address["shipping_method"],
                "image_url": "",
                "cost": cost,
                "transit_time": "",
                "additional_description": "",
            },
            "coupon_discounts": [],
            "discounts": [],
            "shipping_cost_inc_tax": cost,
            "shipping_cost_ex_tax": cost,
            "handling_cost_inc_tax": 0,
            "handling_cost_ex_tax": 0,
            "line_item_ids": [uuid(bits, 4, nth)],
        }


def _coupon(total: float) -> Row:
    return {
        "id": 1,
        "code": "SHOP20",
        "coupon_type": "percentage_discount",
        "display_name": "20% off",
        "discounted_amount": round(total / 5, 4),
    }


def _address(of: Row, key: str) -> Row:
    return {
        "id": key,
        **{name: of[name] for name in _NAMES},
        "address1": of["street_1"],
        "address2": of["street_2"],
        "state_or_province": of["state"],
        "state_or_province_code": "",
        "country": of["country"],
        "country_code": of["country_iso2"],
        "postal_code": of["zip"],
        "custom_fields": [],
    }


def _item(line: Row, key: str) -> dict[str, Any]:
    price = float(line["base_price"])
    total = price * line["quantity"]
    return {
        "id": key,
        "parent_id": None,
        "variant_id": line["variant_id"],
        "product_id": line["product_id"],
        "sku": line["sku"],
        "name": line["name"],
        "url": "",
        "quantity": line["quantity"],
        "is_taxable": True,
        "image_url": "",
        "discounts": [],
        "discount_amount": 0,
        "coupon_amount": 0,
        "original_price": price,
        "list_price": price,
        "sale_price": price,
        "extended_list_price": total,
        "extended_sale_price": total,
        "comparison_price": price,
        "extended_comparison_price": total,
        "is_require_shipping": True,
        "is_mutable": True,
        "added_by_promotion": False,
        "gift_wrapping": None,
    }
