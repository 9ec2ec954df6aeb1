"""The rows that `/v2/orders` puts in place of its links if `include` asks for them."""

from __future__ import annotations

from typing import Any

from sandbox.data import Data
from sandbox.options import Options
from sandbox.table import Row
from sandbox.world.order_parts import each_consignment

LINES_PER_CONSIGNMENT = 50
WARNING = {
    "message": (
        "Not all line items of this consignment are returned with this response, only 50 are "
        "included. Please use the `/v2/orders/{order_id}/products` endpoint to fetch all line "
        "items."
    )
}


def order(data: Data, options: Options, at: int, includes: tuple[str, ...], legacy: bool) -> Row:
    """The order at a position with its includes; `legacy`: consignments within an array."""
    row = data.table("orders").row(at)
    if options.ignore_include:
        return row
    if "fees" in includes:
        row["fees"] = data.children["order_fees"].rows(at)
    if "consignments" in includes or "consignments.line_items" in includes:
        parts = consignments(data, options, at, includes)
        if options.short_includes:
            _shorten(parts)
        row["consignments"] = [parts] if legacy else parts
    return row


def _shorten(parts: Row) -> None:
    if len(parts["shipping"]) > 1:
        parts["shipping"].pop()
    for _, consignment in each_consignment(parts):
        lines = consignment.get("line_items")
        if isinstance(lines, list) and len(lines) > 1 and "quantity" in lines[-1]:
            # The order's count of items stays the same.
            lines[-1] = {**lines[-1], "id": lines[0]["id"]}


def consignments(data: Data, options: Options, at: int, includes: tuple[str, ...]) -> Row:
    """How the order at a position is handed over: where to, and what."""
    [parts] = data.children["order_consignments"].rows(at)
    if "consignments.line_items" in includes:
        _place_lines(parts, data.children["order_products"].rows(at), options)
    return parts


def _place_lines(consignments: Row, lines: list[Row], options: Options) -> None:
    for kind, consignment in each_consignment(consignments):
        found = [line for line in lines if _belongs(line, kind, consignment)]
        items: list[Any] = found[:LINES_PER_CONSIGNMENT]
        consignment["line_items"] = items
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
