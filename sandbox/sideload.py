"""What `/v2/orders` puts in place of its links when `include` asks for more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.options import Options
from sandbox.store import Store
from sandbox.table import Row

LINES_PER_CONSIGNMENT = 50
WARNING = {
    "message": (
        "Not all line items of this consignment are returned with this response, only 50 are "
        "included. Please use the `/v2/orders/{order_id}/products` endpoint to fetch all line "
        "items."
    )
}


def order(store: Store, options: Options, at: int, includes: tuple[str, ...], legacy: bool) -> Row:
    """The order at a position with its includes; `legacy`: consignments within an array."""
    orders = store.world.orders
    row = store.table("orders").row(at)
    if options.ignore_include:
        return row
    if "fees" in includes:
        row["fees"] = orders.fees(at)
    if "consignments" in includes or "consignments.line_items" in includes:
        consignments = orders.consignments(at)
        if "consignments.line_items" in includes:
            _place_lines(consignments, store.children["order_products"].rows(at), options)
        else:
            _place_links(consignments, row["products"])
        row["consignments"] = [consignments] if legacy else consignments
    return row


def _parts(consignments: Row) -> Iterator[tuple[str, Row]]:
    """Every consignment of an order with the name of its kind."""
    for kind in ("pickups", "shipping", "downloads"):
        for consignment in consignments[kind]:
            yield kind, consignment
    for consignment in consignments["email"]["gift_certificates"]:
        yield "gift_certificates", consignment


def _place_links(consignments: Row, link: Row) -> None:
    for kind, consignment in _parts(consignments):
        # The API is not of one mind about the form.
        bare = kind in ("downloads", "gift_certificates")
        consignment["line_items"] = link if bare else [link]


def _place_lines(consignments: Row, lines: list[Row], options: Options) -> None:
    for kind, consignment in _parts(consignments):
        found = [line for line in lines if _belongs(line, kind, consignment)]
        items: list[Any] = found[:LINES_PER_CONSIGNMENT]
        consignment["line_items"] = items
        if kind == "shipping":
            consignment["items_total"] = sum(line["quantity"] for line in found)
            consignment["items_shipped"] = sum(line["quantity_shipped"] for line in found)
        if len(found) > LINES_PER_CONSIGNMENT:
            if options.warning_place == "consignment":
                consignment["__warning__"] = WARNING
            elif options.warning_place == "line_items":
                items.append({"__warning__": WARNING})
            else:
                consignments["__warning__"] = WARNING


def _belongs(line: Row, kind: str, consignment: Row) -> bool:
    if kind == "shipping":
        return bool(line["order_address_id"] == consignment["id"])
    if kind == "pickups":
        return bool(line["order_pickup_method_id"] == consignment["id"])
    return bool(line["type"] == ("digital" if kind == "downloads" else "giftcertificate"))
