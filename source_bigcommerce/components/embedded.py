"""Children that lists of orders and products embed, in the shape of their own endpoints.

Each function takes a parent and returns its children, or None if they may be incomplete. Then the
parent needs a request of its own.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.reply import Row
from source_bigcommerce.components.values import whole

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


def line_items(order: Mapping[str, Any], at_most: int) -> list[Row] | None:
    """The rows of `/orders/{id}/products`.

    at_most: the most line items that the API puts into one consignment of the order list.

    They may be incomplete if the API cut them (a `__warning__`, or as many as its cap), sent links
    or nothing instead, sent one twice, or sent a number of items that differs from what the order
    and its consignments count.

    Sources: https://github.com/bigcommerce/docs/issues/960 (cap and warning),
    https://github.com/bigcommerce/dev-docs/issues/2052 (empty line items)
    """
    groups = _groups(order)
    if groups is None or any(_WARNING in group for group in groups):
        return None
    items: list[Row] = []
    for consignment in _consignments(groups):
        part = consignment.get("line_items") if isinstance(consignment, dict) else None
        if not isinstance(part, list) or len(part) >= at_most or _WARNING in consignment:
            return None
        # Shipping consignments count their own items.
        if "items_total" in consignment and not _counted(part, consignment):
            return None
        items.extend(part)
    if not _are_rows(items) or not _counted(items, order):
        return None
    by_id = {key: item for item in items if isinstance(key := whole(item["id"]), int)}
    # Counts do not show a missing line with a quantity of 0. Lines that name it as their parent do.
    named = {key_of(item, "parent_order_product_id") for item in items} - {None, 0}
    is_whole = len(by_id) == len(items) and named <= by_id.keys()
    return [by_id[key] for key in sorted(by_id)] if is_whole else None


def _counted(items: list[Row], counter: Mapping[str, Any]) -> bool:
    """Whether the quantities add up to what the order, or the consignment, counts."""
    try:
        counted = sum(int(whole(item["quantity"])) for item in items)
        return bool(counted == int(whole(counter["items_total"])))
    except (KeyError, TypeError, ValueError):
        return False


def shipping_addresses(order: Mapping[str, Any]) -> list[Row] | None:
    """The rows of `/orders/{id}/shipping_addresses`.

    These are the shipping consignments, with costs as text and another link to their quotes. They
    are incomplete if the order counts a different number of addresses.
    """
    groups = _groups(order)
    if groups is None or not _are_counted(groups, order):
        return None
    return [_address(each, order["id"]) for group in groups for each in group.get("shipping") or []]


def _address(consignment: Row, order_id: Any) -> Row:
    address = {k: v for k, v in consignment.items() if k not in _NOT_OF_ADDRESSES}
    address["order_id"] = order_id
    for cost in _ADDRESS_COSTS:
        if isinstance(number := address.get(cost), (int, float)):
            address[cost] = f"{number:.4f}"
    if isinstance(quotes := address.get("shipping_quotes"), dict):
        address["shipping_quotes"] = {
            key: _QUOTES.sub(r"/shipping_addresses/\1/shipping_quotes", link)
            if isinstance(link, str)
            else link
            for key, link in quotes.items()
        }
    return address


def consignments(order: Mapping[str, Any]) -> list[Row] | None:
    """The one row of `/orders/{id}/consignments`."""
    groups = _groups(order)
    if groups is None or len(groups) != 1 or not _are_counted(groups, order):
        return None
    return [dict(group) for group in groups]


def fees(order: Mapping[str, Any]) -> list[Row] | None:
    """The rows of `/orders/{id}/fees`; nothing counts them."""
    return uncounted(order.get("fees"))


def reviews(product: Mapping[str, Any]) -> list[Row] | None:
    """The reviews of a product; None if it counts more."""
    rows = uncounted(product.get("reviews"))
    counted = whole(product.get("reviews_count"))
    return None if isinstance(counted, int) and rows is not None and counted > len(rows) else rows


def uncounted(rows: Any) -> list[Row] | None:
    """Rows of a list that nothing counts; None if its length is a likely cap.

    Nobody has seen the API cut such a list of products. To be safe, lists of 10, 20, 25... rows
    are doubted.
    """
    if not isinstance(rows, list) or not _are_rows(rows):
        return None
    is_round = len(rows) >= 10 and (len(rows) % 10 == 0 or len(rows) % 25 == 0)
    return None if is_round else rows


def _are_rows(rows: list[Any]) -> bool:
    """Whether each item is a row and not a link or a warning, and none comes twice."""
    if any(not isinstance(row, dict) or "id" not in row or _WARNING in row for row in rows):
        return False
    ids = [whole(row["id"]) for row in rows if row["id"] is not None]
    return all(isinstance(each, (int, str)) for each in ids) and len(set(ids)) == len(ids)


def _are_counted(groups: list[dict[str, Any]], order: Mapping[str, Any]) -> bool:
    """Whether there are as many shipping consignments as the order counts addresses."""
    found: list[Any] = []
    for group in groups:
        shipping = group.get("shipping") or []
        if _WARNING in group or not isinstance(shipping, list):
            return False
        found.extend(shipping)
    return _are_rows(found) and len(found) == whole(order.get("shipping_address_count"))


def _groups(order: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The consignments object, alone or in an array; None for a link or nothing."""
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


def _list(name: str) -> Callable[[Row], list[Row] | None]:
    return lambda parent: uncounted(parent.get(name))


# The values of `embeds` in the manifest: lists that the API cuts at a number of rows, and others.
CUT: Mapping[str, Callable[..., list[Row] | None]] = {"line_items": line_items}
EMBEDDED: Mapping[str, Callable[[Row], list[Row] | None]] = {
    # Of orders
    "shipping_addresses": shipping_addresses,
    "consignments": consignments,
    "fees": fees,
    # Of products
    "bulk_pricing_rules": _list("bulk_pricing_rules"),
    "custom_fields": _list("custom_fields"),
    "images": _list("images"),
    "modifiers": _list("modifiers"),
    "options": _list("options"),
    "reviews": reviews,
    "videos": _list("videos"),
}
