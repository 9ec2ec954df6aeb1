"""Orders, as `/v2/orders` returns them, and their children."""

from __future__ import annotations

from array import array

from sandbox.chance import mix, pick, uuid
from sandbox.children import Children
from sandbox.clock import rfc2822
from sandbox.table import Columns, Row, Table
from sandbox.world import order_kinds as kinds
from sandbox.world import order_parts as parts
from sandbox.world import words
from sandbox.world.catalog import Catalog
from sandbox.world.content import channel_id
from sandbox.world.history import History
from sandbox.world.order_kinds import COMPLETED, REFUNDED, SHIPPED, SPECIMENS, STATUSES, Kind
from sandbox.world.order_lines import OrderLines, line_place, line_type, money, tax
from sandbox.world.order_transactions import transaction

_PAYMENT_METHODS = ("Credit Card", "Credit Card", "PayPal", "Manual", "Bank Deposit")
_SOURCES = ("www", "www", "mobile", "external", "manual")


class Orders:
    """Makes orders and their parts; each follows from the seed and the order's id."""

    def __init__(
        self,
        seed: int,
        size: int,
        history: History,
        customers: Table,
        catalog: Catalog,
        channels: int,
        store_hash: str,
    ) -> None:
        self._seed = mix(seed, 1)
        self._lines = OrderLines(self._seed, catalog)
        self._api = f"https://api.bigcommerce.com/stores/{store_hash}/v2"
        created, modified = history.dates(self._seed, size)
        self.columns: Columns = {
            "id": history.ids(self._seed, size, first=100),
            "date_created": created,
            "date_modified": modified,
            "customer_id": array("q"),
            "channel_id": array("q"),
            "status_id": array("B"),
            "is_deleted": array("B"),
            "kind": array("B"),
            "line_count": array("H"),
            "transaction_count": array("B"),
        }
        self._compose(size, customers.columns["id"][:], channels)
        if size >= 200:
            self._place_specimens(size)
        self.table = Table(
            "orders",
            self.columns,
            self.row,
            new={"channel_id": 1, "status_id": 11, "line_count": 1, "transaction_count": 1},
        )
        self._addresses = Children("order_shipping_addresses", self.table, self.shipping_addresses)
        self.children = (
            Children("order_products", self.table, self.lines),
            Children("transactions", self.table, self.transactions),
            Children("order_fees", self.table, self.fees),
            Children("order_consignments", self.table, lambda at: [self.consignments(at)]),
            self._addresses,
        )

    def _compose(self, size: int, customer_ids: array[int], channels: int) -> None:
        """Fill the columns that say what each order is."""
        columns = self.columns
        other_channel = channel_id(1) if channels > 1 else 1
        for at in range(size):
            bits = mix(self._seed, 3, at)
            guest = bits % 8 == 0 or not customer_ids
            columns["customer_id"].append(0 if guest else pick(customer_ids, bits >> 8))
            columns["channel_id"].append(1 if bits >> 3 & 7 else other_channel)
            status = pick(kinds.STATUS_IDS, bits >> 20)
            columns["status_id"].append(status)
            columns["is_deleted"].append(bits >> 26 & 63 == 0)
            columns["kind"].append(kinds.KINDS[(bits >> 32) & 255])
            # About one order in two thousand is huge.
            huge = bits >> 53 == 0
            lines = 51 + at % 30 if huge else pick(kinds.LINE_COUNTS, bits >> 40)
            columns["line_count"].append(lines)
            payments = pick(kinds.TRANSACTION_COUNTS, bits >> 46) if status else 0
            columns["transaction_count"].append(payments)

    def _place_specimens(self, size: int) -> None:
        for nth, specimen in enumerate(SPECIMENS, 1):
            at = nth * size // (len(SPECIMENS) + 1)
            self.columns["kind"][at] = specimen.kind
            self.columns["line_count"][at] = specimen.lines
            self.columns["status_id"][at] = specimen.status
            self.columns["is_deleted"][at] = specimen.archived
            self.columns["transaction_count"][at] = specimen.transactions
            if specimen.guest:
                self.columns["customer_id"][at] = 0

    # The order

    def row(self, at: int) -> Row:
        columns = self.columns
        key, bits = self.key(at)
        status = columns["status_id"][at]
        kind = columns["kind"][at]
        lines = [self._lines.line(key, nth) for nth in range(columns["line_count"][at])]
        units = sum(line.quantity for line in lines)
        subtotal = sum(line.cents * line.quantity for line in lines)
        discount = subtotal // 20 if self.has_coupon(bits) else 0
        shipping = 0 if kind in (Kind.DIGITAL, Kind.GIFT) or not lines else 500 + bits % 700
        taxes = tax(subtotal) + tax(shipping)
        total = subtotal + shipping - discount
        shipped = status in (SHIPPED, COMPLETED)
        sent_off = (columns["date_created"][at] + columns["date_modified"][at]) // 2
        paid = columns["transaction_count"][at] > 0
        method = pick(_PAYMENT_METHODS, bits >> 7)
        resource = f"/orders/{key}"
        return {
            "id": key,
            "customer_id": columns["customer_id"][at],
            "date_created": rfc2822(columns["date_created"][at]),
            "date_modified": rfc2822(columns["date_modified"][at]),
            "date_shipped": rfc2822(sent_off) if shipped else "",
            "status_id": status,
            "status": STATUSES[status],
            "cart_id": self.cart_id(key),
            "channel_id": columns["channel_id"][at],
            "subtotal_ex_tax": money(subtotal),
            "subtotal_inc_tax": money(subtotal + tax(subtotal)),
            "subtotal_tax": money(tax(subtotal)),
            "base_shipping_cost": money(shipping),
            "shipping_cost_ex_tax": money(shipping),
            "shipping_cost_inc_tax": money(shipping + tax(shipping)),
            "shipping_cost_tax": money(tax(shipping)),
            "shipping_cost_tax_class_id": 2,
            "base_handling_cost": "0.0000",
            "handling_cost_ex_tax": "0.0000",
            "handling_cost_inc_tax": "0.0000",
            "handling_cost_tax": "0.0000",
            "handling_cost_tax_class_id": 2,
            "base_wrapping_cost": "0.0000",
            "wrapping_cost_ex_tax": "0.0000",
            "wrapping_cost_inc_tax": "0.0000",
            "wrapping_cost_tax": "0.0000",
            "wrapping_cost_tax_class_id": 3,
            "total_ex_tax": money(total),
            "total_inc_tax": money(total + taxes),
            "total_tax": money(taxes),
            "items_total": units,
            "items_shipped": units if shipped else 0,
            "payment_method": method,
            "payment_provider_id": f"pay_{bits:016x}" if paid else pick((None, ""), bits),
            "payment_status": pick(("captured", "paid", "authorized"), bits) if paid else "",
            # Always 0, whatever was refunded.
            "refunded_amount": "0.0000",
            "order_is_digital": kind == Kind.DIGITAL,
            "store_credit_amount": "0.0000",
            "gift_certificate_amount": "0.0000",
            "ip_address": f"198.51.100.{bits % 256}",
            "ip_address_v6": "",
            "geoip_country": "United States",
            "geoip_country_iso2": "US",
            "currency_id": 1,
            "currency_code": "USD",
            "currency_exchange_rate": "1.0000000000",
            "default_currency_id": 1,
            "default_currency_code": "USD",
            "store_default_currency_code": "USD",
            "store_default_to_transactional_exchange_rate": "1.0000000000",
            "staff_notes": "Called the customer." if bits % 19 == 0 else "",
            "customer_message": "Please ring twice." if bits % 11 == 0 else "",
            "discount_amount": money(discount),
            "coupon_discount": money(discount),
            "shipping_address_count": self._address_count(kind),
            "is_deleted": bool(columns["is_deleted"][at]),
            "is_tax_inclusive_pricing": False,
            "is_email_opt_in": bits % 3 == 0,
            "order_source": pick(_SOURCES, bits >> 11),
            "ebay_order_id": "0",
            "external_id": None,
            "external_merchant_id": None,
            "external_source": None,
            "external_order_id": f"EXT-{key}" if bits % 23 == 0 else "",
            "tax_provider_id": "BasicTaxProvider",
            "customer_locale": "en",
            "credit_card_type": pick(("visa", None), bits >> 13) if paid else None,
            "billing_address": self._billing_address(at, bits),
            "products": parts.link(self._api, f"{resource}/products"),
            "shipping_addresses": parts.link(
                self._api, f"{resource}/shippingaddresses", "shipping_addresses"
            ),
            "coupons": parts.link(self._api, f"{resource}/coupons"),
            "consignments": parts.link(self._api, f"{resource}/consignments"),
            "fees": parts.link(self._api, f"{resource}/fees"),
        }

    def cart_id(self, key: int) -> str:
        """The cart that the order with this key was."""
        return uuid(self._seed, key)

    def key(self, at: int) -> tuple[int, int]:
        """The order's id, and the bits that decide everything about it."""
        key = self.columns["id"][at]
        return key, mix(self._seed, key)

    @staticmethod
    def has_coupon(bits: int) -> bool:
        return bits % 8 == 3

    @staticmethod
    def _address_count(kind: int) -> int:
        if kind in (Kind.DIGITAL, Kind.GIFT, Kind.PICKUP):
            return 0
        return 2 if kind == Kind.SPLIT else 1

    def person(self, at: int) -> int:
        """The customer's id, or that of a guest."""
        return self.columns["customer_id"][at] or 1_000_000 + self.columns["id"][at]

    def _billing_address(self, at: int, bits: int) -> Row:
        fields = [{"name": "License ID", "value": str(bits % 10_000)}] if bits % 14 == 0 else []
        address = parts.address(bits, self.person(at))
        return {**address, "form_fields": fields}

    # Line items

    def lines(self, at: int) -> list[Row]:
        """The order's line items, in order of their ids."""
        key, bits = self.key(at)
        kind = self.columns["kind"][at]
        refunded = self.columns["status_id"][at] == REFUNDED
        shipped = self.columns["status_id"][at] in (SHIPPED, COMPLETED)
        return [
            self._lines.row(key, nth, kind, refunded, shipped, self.has_coupon(bits))
            for nth in range(self.columns["line_count"][at])
        ]

    # Consignments and fees

    def shipping_addresses(self, at: int) -> list[Row]:
        key, bits = self.key(at)
        kind = self.columns["kind"][at]
        person = self.person(at)
        shipped = self.columns["status_id"][at] in (SHIPPED, COMPLETED)
        items = self._items_by_address(at)
        return [
            parts.shipping_address(
                self._api, key, nth, mix(bits, nth), person, items[nth], items[nth] * shipped
            )
            for nth in range(self._address_count(kind))
        ]

    def _items_by_address(self, at: int) -> list[int]:
        key, kind = self.columns["id"][at], self.columns["kind"][at]
        items = [0, 0]
        for nth in range(self.columns["line_count"][at]):
            if line_place(kind, nth) is not None:
                items[line_place(kind, nth) or 0] += self._lines.line(key, nth).quantity
        return items

    def consignments(self, at: int) -> Row:
        """How the order is handed over; in place of its lines are links."""
        key, _ = self.key(at)
        kind = self.columns["kind"][at]
        person = self.person(at)
        types = {line_type(kind, nth) for nth in range(self.columns["line_count"][at])}
        recipient = {"recipient_email": words.email(person)}
        consignments = {
            "pickups": [parts.pickup(key)] if kind == Kind.PICKUP else [],
            "shipping": [
                parts.shipping_consignment(self._api, address)
                for address in self._addresses.rows(at)
            ],
            "downloads": [{**recipient}] if "digital" in types else [],
            "email": {"gift_certificates": [{**recipient}] if "giftcertificate" in types else []},
        }
        parts.place_links(consignments, parts.link(self._api, f"/orders/{key}/products"))
        return consignments

    def fees(self, at: int) -> list[Row]:
        return parts.fees(*self.key(at))

    def transactions(self, at: int) -> list[Row]:
        """The transactions of the order, in order of ids."""
        key, bits = self.key(at)
        count = self.columns["transaction_count"][at]
        created = self.columns["date_created"][at]
        return [transaction(key, nth, count, created, bits) for nth in range(count)]
