"""What hangs on orders besides their lines: shipments, coupons, taxes, refunds, pickups."""

from __future__ import annotations

from array import array

from sandbox.chance import mix, pick, uuid
from sandbox.children import Child, Children, ChildTable
from sandbox.clock import DAY, iso, iso_offset, rfc2822
from sandbox.table import Row, Table
from sandbox.world.history import History
from sandbox.world.metafields import metafield, metafields
from sandbox.world.order_kinds import COMPLETED, PARTLY_REFUNDED, REFUNDED, SHIPPED, STATUSES
from sandbox.world.order_lines import money, tax
from sandbox.world.orders import Orders
from sandbox.world.small_tables import small_table

_CARRIERS = (("usps", "USPS"), ("fedex", "FedEx"), ("", "Other"))
_ADDRESS_FIELDS = (
    "first_name",
    "last_name",
    "company",
    "street_1",
    "street_2",
    "city",
    "state",
    "zip",
    "country",
    "country_iso2",
    "phone",
    "email",
)
# Ids of the children follow from the id of their order.
_SHIPMENTS_PER_ORDER, _COUPONS_PER_ORDER, _MESSAGES_PER_ORDER, _REFUNDS_PER_ORDER = 8, 4, 4, 4
_TAXES_PER_ORDER = 1_000
# Orders that were picked up in a shop, and carts that have a metafield.
_PICKUPS, _CART_METAFIELDS = 8, 6


class OrderChildren:
    """Makes the children of orders; every one is settled by its order."""

    def __init__(self, seed: int, history: History, orders: Orders, coupons: Table) -> None:
        self._seed = mix(seed, 31)
        self._orders = orders
        self._size = len(orders.columns["id"])
        self._coupons = coupons.columns["id"][
            :
        ]  # A copy: no order takes a coupon that comes later.
        table = orders.table
        self.children = (
            Children("order_shipments", table, self._shipments),
            Children("order_coupons", table, self._coupons_of),
            Children("order_shipping_quotes", table, self._quotes),
            Children("order_taxes", table, self._taxes),
            Children("order_messages", table, self._messages),
        )
        self._refunds = ChildTable(
            "refunds",
            table,
            "order_id",
            self._refund_count,
            self._refund,
            per_parent=_REFUNDS_PER_ORDER,
            held={"created": self._refunded_at},
        )
        self.tables = (
            self._refunds,
            metafields(mix(seed, 21), history, table, "order", most=1),
            Table(
                "order_pickups",
                {"id": array("q", range(1, self._unless_empty(_PICKUPS) + 1))},
                self._pickup,
                shows=(table,),
            ),
            self._cart_metafields(history),
            small_table("order_statuses", [_status(key) for key in range(len(STATUSES))]),
        )

    # Shipments

    def _shipments(self, at: int) -> list[Row]:
        """One for each address of an order that was sent off, two where it went in two parts."""
        if self._orders.columns["status_id"][at] not in (SHIPPED, COMPLETED):
            return []
        order, bits = self._orders.key(at)
        shipments: list[Row] = []
        lines = self._orders.lines(at)
        for address in self._orders.shipping_addresses(at):
            sent = [line for line in lines if line["order_address_id"] == address["id"]]
            parts = (sent[:1], sent[1:]) if bits % 7 == 0 else (sent,)
            for part in parts:
                if part:
                    key = order * _SHIPMENTS_PER_ORDER + len(shipments)
                    shipments.append(self._shipment(at, key, address, part))
        return shipments

    def _shipment(self, at: int, key: int, address: Row, lines: list[Row]) -> Row:
        bits = mix(self._orders.key(at)[1], key)
        created, modified = (self._orders.columns[f"date_{d}"][at] for d in ("created", "modified"))
        order = self._orders.row(at)
        provider, name = pick(_CARRIERS, bits)
        number = f"TRACK{bits % 10**9:09}"
        link = f"https://track.example.com/{number}" if provider else ""
        return {
            "id": key,
            "order_id": order["id"],
            "customer_id": order["customer_id"],
            "order_address_id": address["id"],
            "date_created": rfc2822(created + (modified - created) // 2),
            "tracking_number": number,
            "merchant_shipping_cost": "0.0000",
            "shipping_method": address["shipping_method"],
            "comments": "Left with the neighbour." if bits % 9 == 0 else "",
            "shipping_provider": provider,
            "tracking_carrier": provider,
            "tracking_link": "",
            "billing_address": {name: order["billing_address"][name] for name in _ADDRESS_FIELDS},
            "shipping_address": {name: address[name] for name in _ADDRESS_FIELDS},
            "items": [
                {
                    "order_product_id": line["id"],
                    "product_id": line["product_id"],
                    "quantity": line["quantity"],
                }
                for line in lines
            ],
            "shipping_provider_display_name": name,
            "generated_tracking_link": link,
        }

    def _quotes(self, at: int) -> list[Row]:
        """One for each address, and none of orders that no shopper made in the shop."""
        _, bits = self._orders.key(at)
        if bits % 3 == 0:
            return []
        created = self._orders.columns["date_created"][at]
        return [
            {
                "shipping_address_id": address["id"],
                "id": str(address["id"] * 3),
                "uuid": uuid(bits, nth),
                "timestamp": rfc2822(created - 60),
                "shipping_provider_id": "bcstatic",
                "shipping_provider_quote": [{"name": "Priority", "transitTime": "1"}][: bits % 2],
                "provider_code": "peritem",
                "carrier_code": "",
                "rate_code": "",
                "rate_id": "",
                "method_id": 2,
            }
            for nth, address in enumerate(self._orders.shipping_addresses(at))
        ]

    def _unless_empty(self, rows: int) -> int:
        """So many rows of a few orders; none where there is no order."""
        return rows if self._size else 0

    def _some_order(self, nth: int, of: int) -> int:
        """Position of one of a few orders, spread over all; the first one for those added later."""
        return nth * self._size // of if nth < of else 0

    def _pickup(self, nth: int) -> Row:
        at = self._some_order(nth, _PICKUPS)
        ready = self._orders.columns["date_created"][at] + 3600
        collected = nth % 3 != 0
        return {
            "id": nth + 1,
            "pickup_method_id": 1 + nth % 3,
            "order_id": self._orders.key(at)[0],
            "ready_at": iso(ready),
            "created_at": iso(ready - 3600),
            "updated_at": iso(ready + DAY if collected else ready),
            "pickup_items": [
                {
                    "id": line["id"],
                    "order_product_id": line["id"],
                    "quantity": line["quantity"],
                    "status": "COLLECTED" if collected else "READY",
                    "collected_at": iso(ready + DAY) if collected else None,
                }
                for line in self._orders.lines(at)
            ],
        }

    def _cart_metafields(self, history: History) -> Table:
        """Their ids are text, as those of carts."""
        count = self._unless_empty(_CART_METAFIELDS)
        created = array("q", (history.start + n * 50 * DAY for n in range(count)))
        columns = {
            "id": array("q", range(900, 900 + count)),
            "date_created": created,
            "date_modified": array("q", (min(d + 5 * DAY, history.end) for d in created)),
        }

        def make(at: int) -> Row:
            key, born, changed = (columns[name][at] for name in columns)
            order, _ = self._orders.key(self._some_order(at, _CART_METAFIELDS))
            row = metafield(key, "cart", 0, mix(self._seed, key), at, born, changed)
            return {**row, "id": str(key), "resource_id": self._orders.cart_id(order)}

        return Table("cart_metafields", columns, make)

    # Coupons, taxes, messages

    def _coupons_of(self, at: int) -> list[Row]:
        """The coupon that the lines name, or one for free shipping, which no total shows."""
        order, bits = self._orders.key(at)
        if not self._coupons:
            return []
        if self._orders.has_coupon(bits):
            amount = self._orders.row(at)["coupon_discount"]
            return [self._coupon(order, order % 50, "5.0000", 1, float(amount))]
        if bits % 40 == 4 and len(self._coupons) > 50:
            return [self._coupon(order, 50, 0, 4, 0)]
        return []

    def _coupon(
        self, order: int, coupon: int, amount: str | int, kind: int, discount: float
    ) -> Row:
        at = coupon % len(self._coupons)
        return {
            "id": order * _COUPONS_PER_ORDER,
            "coupon_id": self._coupons[at],
            "order_id": order,
            "code": f"CODE{at}",
            "amount": amount,
            "type": kind,
            "discount": discount,
        }

    def _taxes(self, at: int) -> list[Row]:
        """A tax on each line, and one on the way to each address."""
        order, _ = self._orders.key(at)
        taxes: list[Row] = []

        def add(line: Row, kind: str, cents: int) -> None:
            taxes.append(
                {
                    "id": order * _TAXES_PER_ORDER + len(taxes),
                    "order_id": order,
                    "order_address_id": line.get("order_address_id", line["id"]),
                    "tax_rate_id": 1,
                    "sales_tax_id": "",
                    "tax_class_id": 0 if kind == "item" else 2,
                    "name": "Sales tax",
                    "class": "Default Tax Class" if kind == "item" else "Shipping",
                    "rate": "8.0000",
                    "priority": 1,
                    "priority_amount": money(cents),
                    "line_amount": money(cents),
                    "order_pickup_method_id": line.get("order_pickup_method_id", 0),
                    "order_product_id": str(line["id"]) if kind == "item" else "0",
                    "line_item_type": kind,
                }
            )

        for line in self._orders.lines(at):
            add(line, "item", round(float(line["total_tax"]) * 100))
        for address in self._orders.shipping_addresses(at):
            add(address, "shipping", tax(round(float(address["base_cost"]) * 100)))
        return taxes

    def _messages(self, at: int) -> list[Row]:
        order, bits = self._orders.key(at)
        created = self._orders.columns["date_created"][at]
        customer = self._orders.columns["customer_id"][at]
        return [
            {
                "id": order * _MESSAGES_PER_ORDER + nth,
                "order_id": order,
                "staff_id": nth % 2,
                "customer_id": customer,
                "type": "admin" if nth % 2 else "customer",
                "subject": f"{'Re: ' * (nth % 2)}Order #{order}",
                "message": "It is on its way." if nth % 2 else "When will it be sent?",
                "status": pick(("read", "unread"), bits >> nth),
                "is_flagged": (bits >> nth) % 5 == 0,
                "date_created": rfc2822(created + nth * DAY // 2),
                "customer": {},
            }
            for nth in range(0 if bits % 11 else 1 + bits % 3)
        ]

    # Refunds

    def _refund_count(self, at: int) -> int:
        status = self._orders.columns["status_id"][at]
        if status == REFUNDED:
            return 1
        return 1 + at % 2 if status == PARTLY_REFUNDED else 0

    def _refunded_at(self, at: int, nth: int) -> int:
        created, modified = (self._orders.columns[f"date_{d}"][at] for d in ("created", "modified"))
        return created + (modified - created) * (nth + 1) // 3

    def _refund(self, child: Child) -> Row:
        at = child.parent
        order, bits = self._orders.key(at)
        lines = self._orders.lines(at)
        if self._orders.columns["status_id"][at] == PARTLY_REFUNDED:
            lines = lines[child.nth : child.nth + 1]
        items = [
            {
                "item_type": "PRODUCT",
                "item_id": line["id"],
                "reason": "Broken" if line["id"] % 3 == 0 else "",
                "quantity": line["quantity"],
                "requested_amount": float(line["total_inc_tax"]),
                "adjustments": [],
            }
            for line in lines
        ]
        if not items:
            items = [_refunded_order(order)]
        amount = round(sum(item["requested_amount"] for item in items), 2)
        transactions = self._orders.transactions(at)
        return {
            "id": child.key,
            "order_id": order,
            "user_id": bits % 3,
            "created": iso_offset(child.held["created"]),
            "reason": pick(("", "Customer returned it"), bits),
            "total_amount": amount,
            "total_tax": round(amount * 8 / 108, 2),
            "uses_merchant_override_values": bits % 10 == 0,
            "items": items,
            "payments": [
                {
                    "id": child.key,
                    "provider_id": transactions[-1]["gateway"] if transactions else "storecredit",
                    "amount": amount,
                    "offline": not transactions,
                    "is_declined": False,
                    "declined_message": "",
                    "transaction_id": str(transactions[-1]["id"]) if transactions else "",
                }
            ],
        }


def _refunded_order(order: int) -> Row:
    """What a refund of the order as a whole lists."""
    adjustment = {"amount": 5.0, "description": "Goodwill"}
    return {
        "item_type": "ORDER",
        "item_id": order,
        "reason": "",
        "quantity": 1,
        "requested_amount": 5.0,
        "adjustments": [adjustment],
    }


def _status(key: int) -> Row:
    name = STATUSES[key]
    return {
        "id": key,
        "name": name,
        "system_label": name,
        "custom_label": name,
        "system_description": f"Orders that are {name.lower()}.",
        "order": key,
    }
