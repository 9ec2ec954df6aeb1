"""The kinds of orders, how often each occurs, and those that every store holds."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from sandbox.chance import weighted

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
INCOMPLETE, SHIPPED, REFUNDED, COMPLETED, PARTLY_REFUNDED = 0, 2, 4, 10, 14


class Kind(IntEnum):
    """The parts of an order."""

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

KINDS = weighted(
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
LINE_COUNTS = weighted({1: 26, 2: 18, 3: 10, 4: 5, 5: 3, 8: 1, 12: 1})
STATUS_IDS = weighted({10: 30, 2: 14, 11: 5, 9: 3, 7: 2, 1: 1, 0: 3, 4: 2, 5: 2, 8: 1, 14: 1})
TRANSACTION_COUNTS = weighted({1: 40, 2: 12, 3: 3, 0: 9})
