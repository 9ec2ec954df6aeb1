"""Lists around customers: groups, attributes, segments, subscribers, wishlists, metafields."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from sandbox.chance import mix, pick, uuid
from sandbox.children import Children
from sandbox.clock import DAY, iso
from sandbox.table import Columns, Row, Table
from sandbox.world import words
from sandbox.world.catalog import Catalog
from sandbox.world.content import channel_id
from sandbox.world.customers import Customers
from sandbox.world.history import History
from sandbox.world.metafields import metafields
from sandbox.world.small_tables import small_table

GROUP_IDS = (1, 2, 3, 5, 8)
_GROUPS = ("Retail", "Trade", "Staff", "Guests", "VIP")
_ATTRIBUTES = (
    "Newsletter",
    "Colour",
    "Size",
    "Loyalty",
    "Referrer",
    "Birthday",
    "Points",
    "Sector",
)
_SEGMENTS = ("Frequent buyers", "First order", "Sleeping")
_PROFILES = 60  # Shopper profiles: of the first customers.
_AT_MOST = 400  # Subscribers and wishlists, however many customers there are.


class CustomerLists:
    """Makes the lists; every row follows from the seed and its id."""

    def __init__(
        self, seed: int, history: History, customers: Customers, catalog: Catalog, orders: Table
    ) -> None:
        self._seed = mix(seed, 25)
        self._history = history
        self._customers = customers
        self._catalog = catalog
        self._products = len(catalog.products)
        self._orders = orders
        size = min(_AT_MOST, len(customers.table))
        self._groups = self._dated("customer_groups", GROUP_IDS, self._group)
        self._attributes = self._dated("customer_attributes", range(1, 13), self._attribute)
        ids = history.ids(self._seed, size, first=1)
        self._subscribers = self._dated("subscribers", ids, self._subscriber)
        segments = small_table(
            "segments", [self._segment(n) for n in range(len(_SEGMENTS))], "number"
        )
        self._profiles = range(min(_PROFILES, len(customers.table)))
        self.children = (Children("segment_shopper_profiles", segments, self._members),)
        self._wishlists = Table(
            "wishlists", {"id": history.ids(self._seed, size // 2, first=1)}, self._wishlist
        )
        self.tables = (
            self._groups,
            self._attributes,
            self._subscribers,
            self._wishlists,
            segments,
            small_table("shopper_profiles", [self._profile(at) for at in self._profiles], "number"),
            small_table(
                "customer_tax", [self._tax(at) for at in self._profiles[::4]], "customer_id"
            ),
            metafields(self._seed, history, customers.table, "customer", most=1),
        )

    def _dated(
        self, name: str, ids: range | tuple[int, ...] | array[int], make: Callable[[int], Row]
    ) -> Table:
        created, modified = self._history.dates(mix(self._seed, len(ids)), len(ids))
        columns: Columns = {
            "id": array("q", ids),
            "date_created": created,
            "date_modified": modified,
        }
        return Table(name, columns, make)

    def _group(self, at: int) -> Row:
        columns = self._groups.columns
        name = _GROUPS[at] if at < len(_GROUPS) else f"Group {at}"
        categories = list(self._catalog.categories.columns["category_id"][:2])
        access = pick(("all", "specific", "none"), 0 if not categories else at)
        return {
            "id": columns["id"][at],
            "name": name,
            "is_default": at == 0,
            "category_access": {"type": access, "categories": categories}
            if access == "specific"
            else {"type": access},
            "discount_rules": self._discount_rules(at),
            "date_created": _plain(columns["date_created"][at]),
            "date_modified": _plain(columns["date_modified"][at]),
            "is_group_for_guests": name == "Guests",
        }

    def _discount_rules(self, at: int) -> list[Row]:
        products = self._catalog.products.columns["id"]
        categories = self._catalog.categories.columns["category_id"]
        rule = {"method": "percent", "amount": "5.0000"}
        rules: list[Row] = [{"type": "price_list", "price_list_id": 2}, {"type": "all", **rule}]
        if categories:
            rules.append({"type": "category", "category_id": categories[0], **rule})
        if products:
            rules.append({"type": "product", "product_id": products[0], **rule, "method": "fixed"})
        return rules[: at % (len(rules) + 1)]

    def _attribute(self, at: int) -> Row:
        columns = self._attributes.columns
        name = attribute_name(at)
        kind = {"Birthday": "date", "Points": "number"}.get(name, "string")
        return {
            "id": columns["id"][at],
            "name": name,
            "type": kind,
            "date_created": iso(columns["date_created"][at]),
            "date_modified": iso(columns["date_modified"][at]),
        }

    def _subscriber(self, at: int) -> Row:
        columns = self._subscribers.columns
        key = columns["id"][at]
        bits = mix(self._seed, 1, key)
        order = self._orders.any_key(bits >> 12)
        return {
            "id": key,
            "email": words.email(key),
            "first_name": pick(words.FIRST, bits),
            "last_name": pick(words.LAST, bits >> 4),
            "source": pick(("storefront", "order", "import"), bits >> 8),
            "order_id": order if order and bits % 3 == 0 else None,
            "channel_id": channel_id(0),
            "consents": [["marketing_newsletter"], ["marketing_newsletter", "abandoned_cart"], []][
                bits % 3
            ],
            "date_created": iso(columns["date_created"][at]),
            "date_modified": iso(columns["date_modified"][at]),
        }

    def _wishlist(self, at: int) -> Row:
        key = self._wishlists.columns["id"][at]
        bits = mix(self._seed, 2, key)
        return {
            "id": key,
            "customer_id": self._customers.table.any_key(bits >> 8),
            "name": pick(("Wish list", "Birthday", "Kitchen"), bits),
            "is_public": bits % 4 == 0,
            "token": uuid(self._seed, key),
            "items": self._wishes(key, bits),
        }

    def _wishes(self, wishlist: int, bits: int) -> list[Row]:
        wishes = []
        for nth in range(bits % 4 if self._products else 0):
            brief = self._catalog.brief(mix(bits, nth) % self._products)
            wishes.append(
                {
                    "id": wishlist * 4 + nth,
                    "product_id": brief.id,
                    "variant_id": brief.variant_id,
                }
            )
        return wishes

    def _segment(self, nth: int) -> Row:
        created = self._history.start + nth * 20 * DAY
        return {
            "id": self._customers.segment_id(nth),
            "name": _SEGMENTS[nth],
            "description": "",
            "created_at": iso(created),
            "updated_at": iso(min(created + 300 * DAY, self._history.end)),
        }

    def _profile(self, at: int) -> Row:
        born = self._customers.table.columns["date_created"][at]
        return {
            "id": self._customers.shopper_profile_id(at),
            "customer_id": self._customers.table.columns["id"][at],
            "created_at": iso(born),
            "updated_at": iso(min(born + at % 3 * DAY, self._history.end)),
        }

    def _members(self, nth: int) -> list[Row]:
        """The shopper profiles of a segment: one may be in several."""
        segment = self._customers.segment_id(nth)
        return [
            self._profile(at) for at in self._profiles if segment in self._customers.segment_ids(at)
        ]

    def _tax(self, at: int) -> Row:
        properties = {"entity-use-code": pick(("RESALE", "CHARITY"), at)}
        return {
            "customer_id": self._customers.table.columns["id"][at],
            "tax_properties": properties if at % 8 else {**properties, "vat-group": "EU"},
        }


def attribute_name(nth: int) -> str:
    return _ATTRIBUTES[nth] if nth < len(_ATTRIBUTES) else f"Attribute {nth + 1}"


def _plain(seconds: int) -> str:
    """`2023-07-17 06:30:41`: only customer groups write dates in this form."""
    return iso(seconds, "").replace("T", " ")
