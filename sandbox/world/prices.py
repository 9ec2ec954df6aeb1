"""Price lists, their records and whom they are for."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from sandbox.chance import mix, pick
from sandbox.children import Child, ChildTable
from sandbox.clock import DAY, iso
from sandbox.table import Row, Table
from sandbox.world.catalog import Catalog
from sandbox.world.content import channel_id
from sandbox.world.customer_lists import GROUP_IDS
from sandbox.world.history import History
from sandbox.world.small_tables import small_table

PRICE_LIST_IDS = (1, 2, 4, 7)
_NAMES = ("Warehouse", "Trade", "Clearance", "Draft")
# Price list, currency, and how many variants there are for one with such a price; the last list
# is empty.
_PRICES = ((1, "usd", 1), (2, "usd", 2), (2, "eur", 2), (4, "gbp", 5))
_CURRENCIES = ("usd", "eur", "gbp")


class Prices:
    """Makes price lists; a record is settled by its variant, list and currency."""

    def __init__(self, seed: int, history: History, catalog: Catalog, channels: int) -> None:
        self._seed = mix(seed, 23)
        self._history = history
        self._catalog = catalog
        made = [history.start + (n + 1) * 100 * DAY for n in range(len(PRICE_LIST_IDS))]
        self._lists = Table(
            "price_lists",
            {
                "id": array("q", PRICE_LIST_IDS),
                "date_created": array("q", (min(date, history.end) for date in made)),
                "date_modified": array("q", (min(date + 9 * DAY, history.end) for date in made)),
            },
            self._list,
        )
        self._records = ChildTable(
            "price_list_records",
            catalog.variants,
            "variant_id",
            lambda at: len(self._prices(at)),
            self._record,
            per_parent=len(_PRICES),
            key="number",
            held={
                "price_list_id": lambda at, nth: self._prices(at)[nth][0],
                "product_id": lambda at, nth: catalog.variants.columns["product_id"][at],
                "currency_number": lambda at, nth: _CURRENCIES.index(self._prices(at)[nth][1]),
                "date_created": self._created,
                "date_modified": self._modified,
            },
            includes={
                "bulk_pricing_tiers": ("bulk_pricing_tiers", self._tiers),
                "sku": ("sku", lambda child: catalog.variants.row(child.parent)["sku"]),
            },
        )
        self.tables = (
            self._lists,
            self._records,
            small_table("price_list_assignments", _assignments(channels)),
        )

    def _list(self, at: int) -> Row:
        columns = self._lists.columns
        return {
            "id": columns["id"][at],
            "date_created": iso(columns["date_created"][at]),
            "date_modified": iso(columns["date_modified"][at]),
            "name": _NAMES[at] if at < len(_NAMES) else f"Price list {at}",
            "active": at != len(_NAMES) - 1,
        }

    def _bits(self, variant: int) -> int:
        return mix(self._seed, self._catalog.variants.columns["id"][variant])

    def _prices(self, variant: int) -> Sequence[tuple[int, str, int]]:
        bits = self._bits(variant)
        return [price for price in _PRICES if bits % price[2] == 0]

    def _created(self, variant: int, nth: int) -> int:
        start = min(self._history.start + 400 * DAY, self._history.end - DAY)
        return start + self._bits(variant) % (self._history.end - start)

    def _modified(self, variant: int, nth: int) -> int:
        first, bits = self._created(variant, nth), mix(self._bits(variant), nth)
        return first + (self._history.end - first) * (bits % 1024) // 1024 * (bits >> 20 & 1)

    def _record(self, child: Child) -> Row:
        variant = self._catalog.variants.child(child.parent)
        price = self._catalog.brief(variant.parent).cents / 100
        sale = round(price * 0.7, 2) if child.key % 4 == 0 else None
        return {
            "price_list_id": child.held["price_list_id"],
            "variant_id": variant.key,
            "product_id": child.held["product_id"],
            "currency": _CURRENCIES[child.held["currency_number"]],
            "price": round(price * 0.9, 2),
            "sale_price": sale,
            "retail_price": round(price * 1.1, 2) if child.key % 3 == 0 else None,
            "map_price": round(price * 0.6, 2) if child.key % 7 == 0 else None,
            "calculated_price": sale or round(price * 0.9, 2),
            "date_created": iso(child.held["date_created"]),
            "date_modified": iso(child.held["date_modified"]),
        }

    @staticmethod
    def _tiers(child: Child) -> list[Row]:
        if child.key % 6:
            return []
        amounts: tuple[float, float] = (5, 7.5)
        kind = pick(("fixed", "price", "percent"), child.key // 6)
        tiers = zip(((10, 19), (20, None)), amounts, strict=True)
        return [
            {"quantity_min": low, "quantity_max": high, "type": kind, "amount": amount}
            for (low, high), amount in tiers
        ]


def _assignments(channels: int) -> list[Row]:
    return [
        {
            "id": nth,
            "price_list_id": pick(PRICE_LIST_IDS[:3], nth),
            "customer_group_id": pick(GROUP_IDS, nth),
            "channel_id": channel_id(nth % max(1, channels)),
        }
        for nth in range(1, 7)
    ]
