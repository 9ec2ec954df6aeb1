"""Coupons, promotions with their codes, gift certificates and banners."""

from __future__ import annotations

from array import array
from typing import Any

from sandbox.chance import mix, pick
from sandbox.children import Child, ChildTable
from sandbox.clock import DAY, iso_offset, rfc2822
from sandbox.table import Row, Table
from sandbox.world import words
from sandbox.world.catalog import Catalog
from sandbox.world.content import channel_id
from sandbox.world.history import History
from sandbox.world.order_lines import IDS_PER_ORDER, gift_certificate_count, money
from sandbox.world.orders import Orders
from sandbox.world.small_tables import small_table

COUPONS = 320
_PROMOTIONS = 24
# Of the coupon promotions: how many codes each has, over and over; one is more than a page.
_CODES = (1, 300, 1, 40, 0, 1, 12, 1, 5, 0, 1, 8)
_TYPES = (
    "per_total_discount",
    "per_item_discount",
    "shipping_discount",
    "promotion",
    "percentage_discount",
)
_PAGES = ("home_page", "category_page", "brand_page", "search_page")


class Coupons:
    """Makes coupons; orders name the first fifty, and the one after them for free shipping."""

    def __init__(self, seed: int, history: History, catalog: Catalog) -> None:
        self._seed = mix(seed, 26)
        self._catalog = catalog
        created, _ = history.dates(self._seed, COUPONS)
        ids = history.ids(self._seed, COUPONS, first=1)
        self.table = Table("coupons", {"id": ids, "date_created": created}, self._coupon)

    @staticmethod
    def _type(at: int) -> str:
        if at < 50:
            return "percentage_discount"
        return "free_shipping" if at == 50 else pick(_TYPES, at)

    def _coupon(self, at: int) -> Row:
        columns = self.table.columns
        key, kind = columns["id"][at], self._type(at)
        bits = mix(self._seed, key)
        usable = kind != "promotion"
        amount = {"free_shipping": 0, "promotion": 0, "percentage_discount": 500}.get(kind, 1000)
        return {
            "id": key,
            "name": f"{kind.replace('_', ' ').capitalize()} {key}",
            "type": kind,
            "amount": money(amount),
            "min_purchase": money(2500 if usable and bits % 4 == 0 else 0),
            "expires": rfc2822(columns["date_created"][at] + 365 * DAY) if bits % 3 == 0 else "",
            "enabled": bits % 9 != 0,
            "code": f"CODE{at}",
            "applies_to": self._applies_to(bits) if usable else {"entity": "", "ids": []},
            "num_uses": bits % 40,
            "max_uses": 100 if bits % 5 == 0 else 0,
            "max_uses_per_customer": bits % 2,
            # An object where something is restricted, and a list where nothing is.
            "restricted_to": {"countries": "AU"} if usable and bits % 6 == 0 else [],
            "shipping_methods": ["shipping_endicia"] if bits % 8 == 0 else [] if usable else None,
            "date_created": rfc2822(columns["date_created"][at]),
        }

    def _applies_to(self, bits: int) -> Row:
        product = self._catalog.products.any_key(bits >> 8)
        if bits % 4 == 1 and product:
            return {"entity": "products", "ids": [product]}
        # 0: every category.
        return {"entity": "categories", "ids": [0]}


class Marketing:
    """Makes the rest; a gift certificate is settled by the order that it was bought with."""

    def __init__(
        self, seed: int, history: History, orders: Orders, catalog: Catalog, segment: str
    ) -> None:
        self._seed = mix(seed, 27)
        self._segment = segment
        self._history = history
        self._orders = orders
        self._catalog = catalog
        self._promotions = Table(
            "promotions",
            {"id": history.ids(self._seed, _PROMOTIONS, first=1)},
            self._promotion,
        )
        self._codes = ChildTable(
            "promotion_codes",
            self._promotions,
            "promotion_id",
            self._code_count,
            self._code,
            per_parent=10_000,
            held={"created": self._coded_at},
        )
        self._certificates = ChildTable(
            "gift_certificates",
            orders.table,
            "order_id",
            self._certificate_count,
            self._certificate,
            per_parent=IDS_PER_ORDER,
        )
        self.tables = (
            self._promotions,
            self._codes,
            self._certificates,
            small_table("banners", [self._banner(nth) for nth in range(1, 9)]),
        )

    # Promotions

    def _promotion(self, at: int) -> Row:
        key = self._promotions.columns["id"][at]
        bits = mix(self._seed, key)
        coupon = self._is_coupon(at)
        start = self._start(at)
        promotion: Row = {
            "id": key,
            "redemption_type": "COUPON" if coupon else "AUTOMATIC",
            "name": f"Promotion {key}",
            "display_name": f"Save with promotion {key}",
            "channels": [{"id": channel_id(0)}] if bits % 3 else [],
            "customer": {
                "group_ids": [1] if bits % 4 == 0 else [],
                "minimum_order_count": bits % 2,
                "excluded_group_ids": [2] if bits % 5 == 0 else [],
                "segments": {"id": [self._segment]} if bits % 6 == 0 else None,
            },
            "rules": [self._rule(at, bits)],
            "current_uses": bits % 30,
            "max_uses": None if bits % 3 == 0 else 100,
            "status": pick(("ENABLED", "ENABLED", "DISABLED", "INVALID"), bits >> 8),
            "start_date": iso_offset(start),
            "end_date": iso_offset(start + 90 * DAY) if bits % 2 else None,
            "stop": bits % 7 == 0,
            "can_be_used_with_other_promotions": bits % 3 != 0,
            "currency_code": pick(("USD", "*"), bits >> 3),
            "notifications": [
                {"content": "Two more to go", "type": "UPSELL", "locations": ["CART_PAGE"]}
            ]
            if bits % 2
            else [],
            "shipping_address": _destination(bits),
            "schedule": {
                "week_frequency": 1,
                "week_days": ["Monday", "Friday"],
                "daily_start_time": "08:00:00",
                "daily_end_time": "20:00:00",
            }
            if bits % 6 == 0
            else None,
            "created_from": pick(("react_ui", "legacy_ui", "api"), bits >> 5),
        }
        return promotion | self._coupon_fields(at) if coupon else promotion

    def _coupon_fields(self, at: int) -> Row:
        single = self._code_count(at) == 1
        return {
            "codes": self._codes.of(at)[0] if single else None,
            "coupon_overrides_other_promotions": at % 4 == 1,
            "coupon_overrides_automatic_when_offering_higher_discounts": False,
            "multiple_codes": {"has_multiple_codes": not single},
            "coupon_type": "SINGLE" if single else "BULK",
        }

    @staticmethod
    def _is_coupon(at: int) -> bool:
        return at % 2 == 1

    def _start(self, at: int) -> int:
        span = self._history.end - self._history.start
        return self._history.start + span * (at % _PROMOTIONS) // _PROMOTIONS

    def _rule(self, at: int, bits: int) -> Row:
        items = self._items(bits)
        discount: Row = {"percentage_amount": "10"} if bits % 3 else {"fixed_amount": "5"}
        actions: tuple[Row, ...] = (
            {"cart_value": {"discount": discount, "maximum_allowed_discount_amount": None}},
            {
                "cart_items": {
                    "discount": discount,
                    "maximum_allowed_discount_amount": "20",
                    "as_total": False,
                    "items": items,
                    "include_items_considered_by_condition": True,
                    "exclude_items_on_sale": False,
                    "strategy": "LEAST_EXPENSIVE",
                    "quantity": 1,
                    "add_free_item": False,
                }
            },
            {"shipping": {"free_shipping": True, "zone_ids": [1]}},
            {
                "fixed_price_set": {
                    "quantity": 2,
                    "fixed_price": "19.5",
                    "items": items,
                    "strategy": "MOST_EXPENSIVE",
                    "exclude_items_on_sale": False,
                    "include_items_considered_by_condition": True,
                }
            },
            {"gift_item": {"quantity": 1, **self._gift()}},
        )
        cart = {"items": items, "minimum_spend": "25.5", "minimum_quantity": 1}
        return {
            "action": pick(actions, at // 2),
            "apply_once": True,
            "stop": False,
            "condition": {"cart": cart} if bits % 5 else {"and": [{"cart": cart}]},
        }

    def _items(self, bits: int) -> Row:
        """What a rule is about: things in one of the forms that rules know."""
        catalog = self._catalog
        products: Row = {"products": list(catalog.products.columns["id"][:2])}
        brands: Row = {"brands": list(catalog.brands.columns["id"][:2])}
        categories: Row = {"categories": list(catalog.categories.columns["category_id"][:2])}
        combined = {"and": [brands, {"not": categories}]}
        return pick((products, brands, categories, combined, {"or": [brands, products]}), bits >> 9)

    def _gift(self) -> Row:
        if not len(self._catalog.products):
            return {"product_id": 0}
        brief = self._catalog.brief(0)
        return {"product_id": brief.id, "variant_id": brief.variant_id}

    def _code_count(self, at: int) -> int:
        return pick(_CODES, at // 2) if self._is_coupon(at) else 0

    def _coded_at(self, at: int, nth: int) -> int:
        return min(self._history.end, self._start(at) + 60 * nth)

    def _code(self, child: Child) -> Row:
        return {
            "id": child.key,
            "code": f"SAVE{child.key}",
            "current_uses": child.key % 3,
            "max_uses": 10,
            "max_uses_per_customer": 1,
            "created": iso_offset(child.held["created"]),
        }

    # Gift certificates and banners

    def _certificate_count(self, at: int) -> int:
        columns = self._orders.columns
        return gift_certificate_count(columns["kind"][at], columns["line_count"][at])

    def _certificate(self, child: Child) -> Row:
        order, bits = self._orders.key(child.parent)
        created = self._orders.columns["date_created"][child.parent]
        amount, number = 1000 * (1 + bits % 10), mix(bits, child.nth)
        return {
            "id": child.key,
            "code": f"{number % 900 + 100}-{number >> 10 & 4095:03X}-{number >> 30 & 4095:03X}",
            "customer_id": self._orders.columns["customer_id"][child.parent],
            "order_id": order,
            "amount": money(amount),
            "balance": money(amount // (1 + bits % 3)),
            "status": pick(("active", "pending", "disabled", "expired"), bits >> 4),
            "to_name": pick(words.FIRST, number),
            "to_email": words.email(number % 1000),
            "from_name": pick(words.FIRST, bits),
            "from_email": words.email(self._orders.person(child.parent)),
            "template": pick(("general.html", "birthday.html", "christmas.html"), bits >> 6),
            "message": "All the best!" if bits % 2 else "",
            # Unix seconds as text, 0 for never.
            "purchase_date": str(created),
            "expiry_date": str(created + 730 * DAY) if bits % 3 == 0 else "0",
            "currency_code": "USD",
        }

    def _banner(self, nth: int) -> Row:
        page = pick(_PAGES, nth)
        items: dict[str, array[int]] = {
            "category_page": self._catalog.categories.columns["category_id"],
            "brand_page": self._catalog.brands.columns["id"],
        }
        custom = nth % 3 == 0
        start = self._history.start + nth * 30 * DAY
        item: Any = pick(items[page], nth) if items.get(page) else 0
        return {
            "id": nth,
            "name": f"Banner {nth}",
            "content": f"<p>Banner {nth}</p>",
            "page": page,
            "item_id": str(item),
            "location": pick(("top", "bottom"), nth),
            # Unix seconds as text, 0 for never.
            "date_created": str(start),
            "date_type": "custom" if custom else "always",
            "date_from": str(start) if custom else "0",
            "date_to": str(start + 30 * DAY) if custom else "0",
            "visible": str(nth % 2),
        }


def _destination(bits: int) -> Row | None:
    countries = {"countries": [{"iso2_country_code": "US"}, {"iso2_country_code": "DE"}]}
    return pick((None, None, countries, {"not": countries}), bits >> 14)
