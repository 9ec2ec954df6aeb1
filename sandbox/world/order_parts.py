"""Addresses, consignments, fees and links of orders."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.chance import pick
from sandbox.table import Row
from sandbox.world import words
from sandbox.world.order_lines import money


def link(api: str, resource: str, last: str = "") -> Row:
    """The link in place of a part that was not asked for; `last` names it in the URL."""
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
    }


def shipping_address(
    api: str, order: int, nth: int, bits: int, person: int, items: int, shipped: int
) -> Row:
    """As `/orders/{id}/shipping_addresses` sends it; so many items go there."""
    key = order * 2 + nth
    cost = money(500 + bits % 700)
    resource = f"/orders/{order}/shipping_addresses/{key}/shipping_quotes"
    return {
        "id": key,
        "order_id": order,
        **address(bits, person),
        "form_fields": [],
        "items_total": items,
        "items_shipped": shipped,
        "shipping_method": pick(("Flat Rate", "Free Shipping"), bits),
        "base_cost": cost,
        "cost_ex_tax": cost,
        "cost_inc_tax": cost,
        "cost_tax": "0.0000",
        "cost_tax_class_id": 2,
        "base_handling_cost": "0.0000",
        "handling_cost_ex_tax": "0.0000",
        "handling_cost_inc_tax": "0.0000",
        "handling_cost_tax": "0.0000",
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": "Everywhere",
        "shipping_quotes": link(api, resource),
    }


def shipping_consignment(api: str, address: Row) -> Row:
    """A shipping address as a consignment: without its order, costs as numbers."""
    costs = {
        name: float(value)
        for name, value in address.items()
        if "cost" in name and isinstance(value, str)
    }
    resource = (
        f"/orders/{address['order_id']}/consignments/shipping/{address['id']}/shipping_quotes"
    )
    consignment = {**address, **costs, "shipping_quotes": link(api, resource)}
    del consignment["order_id"]
    return consignment


def each_consignment(consignments: Row) -> Iterator[tuple[str, Row]]:
    """Every consignment of an order with the name of its kind."""
    for kind in ("pickups", "shipping", "downloads"):
        for consignment in consignments[kind]:
            yield kind, consignment
    for consignment in consignments["email"]["gift_certificates"]:
        yield "gift_certificates", consignment


def place_links(consignments: Row, products: Row) -> None:
    """Put links to the lines where the lines themselves would be."""
    for kind, consignment in each_consignment(consignments):
        # The API uses both forms.
        bare = kind in ("downloads", "gift_certificates")
        consignment["line_items"] = products if bare else [products]


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
