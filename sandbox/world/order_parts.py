"""Addresses, consignments, fees and links of orders."""

from __future__ import annotations

from sandbox.chance import pick
from sandbox.table import Row
from sandbox.world import words


def link(api: str, resource: str, last: str = "") -> Row:
    """What stands in place of a part that was not asked for; `last` names it in the URL."""
    path = f"{resource.rsplit('/', 1)[0]}/{last}" if last else resource
    return {"url": api + path, "resource": resource}


def address(bits: int, person: int) -> Row:
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


def pickup(order: int) -> Row:
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


def shipping(api: str, order: int, nth: int, bits: int, person: int) -> Row:
    key = order * 2 + nth
    cost = (500 + bits % 700) / 100
    return {
        "id": key,
        **address(bits, person),
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
        "shipping_quotes": link(
            api, f"/orders/{order}/consignments/shipping/{key}/shipping_quotes"
        ),
    }


def fees(key: int, bits: int) -> list[Row]:
    """The fees of an order, one in twenty has any."""
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
