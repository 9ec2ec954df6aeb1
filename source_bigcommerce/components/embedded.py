"""Children that the order list embeds, in the shape of their own endpoints.

Each function takes an order and gives its rows, or None where they may not be all: a request for
that order is then the only way to know.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from source_bigcommerce.components.extractor import Row

# The API puts no more line items than this into a consignment of the order list.
_LINE_ITEMS_CAP = 50
_WARNING = "__warning__"

_ADDRESS_COSTS = (
    "base_cost",
    "cost_ex_tax",
    "cost_inc_tax",
    "cost_tax",
    "base_handling_cost",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "handling_cost_tax",
)

_NOT_OF_ADDRESSES = {"line_items", "applied_discounts"}
_QUOTES = re.compile(r"/consignments/shipping/(\d+)/shipping_quotes$")


def line_items(order: Mapping[str, Any]) -> list[Row] | None:
    """As `/orders/{id}/products` gives them.

    They may not be all where the API cut them (a `__warning__`, or as many as its cap), sent links
    or nothing in their place, or sent other than the number of items that the order counts.

    Sources: https://github.com/bigcommerce/docs/issues/960 (cap and warning),
    https://github.com/bigcommerce/dev-docs/issues/2052 (empty line items)
    """
    groups = _groups(order)
    if groups is None or any(_WARNING in group for group in groups):
        return None
    items: list[Row] = []
    for consignment in _consignments(groups):
        part = consignment.get("line_items") if isinstance(consignment, dict) else None
        if not isinstance(part, list) or len(part) >= _LINE_ITEMS_CAP or _WARNING in consignment:
            return None
        items.extend(part)
    if any(not isinstance(item, dict) or "id" not in item or _WARNING in item for item in items):
        return None  # a link, or the warning in place of an item
    try:
        counted = sum(int(item["quantity"]) for item in items)
        if counted != int(order["items_total"]):
            return None
    except (KeyError, TypeError, ValueError):
        return None
    return sorted(items, key=lambda item: int(item["id"]))


def shipping_addresses(order: Mapping[str, Any]) -> list[Row] | None:
    """As `/orders/{id}/shipping_addresses` gives them.

    These are the shipping consignments, with costs as text and another link to their quotes.
    """
    groups = _groups(order)
    if groups is None:
        return None
    addresses: list[Row] = []
    for group in groups:
        shipping = group.get("shipping") or []
        if not isinstance(shipping, list):
            return None
        for consignment in shipping:
            if not isinstance(consignment, dict) or "id" not in consignment:
                return None
            address = {k: v for k, v in consignment.items() if k not in _NOT_OF_ADDRESSES}
            address["order_id"] = order["id"]
            for cost in _ADDRESS_COSTS:
                if isinstance(address.get(cost), (int, float)):
                    address[cost] = f"{address[cost]:.4f}"
            if isinstance(quotes := address.get("shipping_quotes"), dict):
                own = r"/shippingaddresses/\1/shippingquotes"
                address["shipping_quotes"] = {
                    key: _QUOTES.sub(own, link) if isinstance(link, str) else link
                    for key, link in quotes.items()
                }
            addresses.append(address)
    return addresses


def consignments(order: Mapping[str, Any]) -> list[Row] | None:
    """One row, as `/orders/{id}/consignments` gives it."""
    groups = _groups(order)
    return [dict(group) for group in groups] if groups and len(groups) == 1 else None


def _groups(order: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The consignments object, alone or as the item of an array; None for a link or nothing."""
    value = order.get("consignments")
    groups: list[Any] = value if isinstance(value, list) else [value]
    usable = groups and all(
        isinstance(group, dict) and group and "resource" not in group for group in groups
    )
    return groups if usable else None


def _consignments(groups: list[dict[str, Any]]) -> Iterator[Any]:
    for group in groups:
        email = group.get("email")
        if isinstance(email, dict) and _WARNING in email:
            yield None
        gift_certificates = email.get("gift_certificates") if isinstance(email, dict) else email
        for part in (
            group.get("pickups"),
            group.get("shipping"),
            group.get("downloads"),
            gift_certificates,
        ):
            yield from part if isinstance(part, list) else [part] if part else []
