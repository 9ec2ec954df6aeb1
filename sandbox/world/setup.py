"""How the store is set up: currencies, taxes, shipping, payment, sites and channel listings."""

from __future__ import annotations

from array import array

from sandbox.chance import mix
from sandbox.children import Child, Children, ChildTable
from sandbox.clock import DAY, iso, rfc2822
from sandbox.table import Row, Table
from sandbox.world.catalog import Catalog
from sandbox.world.content import Content, channel_id
from sandbox.world.history import History
from sandbox.world.metafields import metafield, metafields
from sandbox.world.small_tables import small_table

_FIRST_LISTING = 880_000_000
_LISTING_STATES = ("active", "active", "active", "pending", "disabled", "error", "deleted")
# code, country, symbol, its place, name, rate
_CURRENCIES = (
    ("USD", "US", "$", "left", "US Dollar", "1.0000000000"),
    ("EUR", "DE", "€", "right", "Euro", "0.9200000000"),
    ("GBP", "GB", "£", "left", "Pound Sterling", "0.7900000000"),
)
_TAX_CLASSES = ("Non-Taxable Products", "Shipping", "Gift Wrapping", "Books")
# code, name, what has it
_TAX_PROPERTIES = (
    ("entity-use-code", "Use of the goods", "customer"),
    ("vat-group", "VAT group", "customer"),
    ("product-code", "Code of the product", "product"),
)
# type, module, severity, summary
_LOGS = (
    ("general", "export only", "success", "The export is done"),
    ("payment", "optimized checkout", "error", "The payment was declined"),
    ("notification", "email message", "notice", "An e-mail was sent"),
    ("payment", "optimized checkout", "warning", "The payment took long"),
    ("design", "theme download", "success", "The theme was downloaded"),
)
# code, name
_PAYMENT_METHODS = (
    ("bankdeposit", "Bank Deposit"),
    ("braintree", "PayPal powered by Braintree"),
    ("cod", "Cash on Delivery"),
    ("stripe", "Stripe"),
)


class Setup:
    """Makes the small lists of settings, and listings, which follow from products."""

    def __init__(
        self, seed: int, history: History, catalog: Catalog, content: Content, store_id: int
    ) -> None:
        self._seed = mix(seed, 28)
        self._history = history
        self._catalog = catalog
        self._channels = len(content.channels)
        self.sites = small_table("sites", [self._site(n) for n in range(self._channels)])
        zones = small_table("shipping_zones", [_shipping_zone(n) for n in range(len(_ZONES))])
        self.children = (Children("shipping_methods", zones, self._shipping_methods),)
        self.tables = (
            small_table("currencies", [self._currency(n) for n in range(len(_CURRENCIES))]),
            small_table("tax_classes", [self._tax_class(n) for n in range(len(_TAX_CLASSES))]),
            small_table("tax_zones", [_tax_zone(n) for n in range(1, 4)]),
            small_table("tax_rates", [_tax_rate(n) for n in range(1, 5)]),
            zones,
            small_table("payment_methods", [_payment_method(*m) for m in _PAYMENT_METHODS], "at"),
            self.sites,
            small_table("tax_properties", [self._tax_property(n) for n in range(3)]),
            small_table("system_logs", [self._system_log(n) for n in range(len(_LOGS))]),
            self._listings(),
            metafields(mix(self._seed, 1), history, content.channels, "channel", most=3, least=1),
            self._store_metafields(store_id),
        )

    # Money and taxes

    def _currency(self, nth: int) -> Row:
        code, country, token, place, name, rate = _CURRENCIES[nth]
        european = place == "right"
        return {
            "id": nth + 1,
            "is_default": nth == 0,
            "last_updated": rfc2822(self._history.end - nth * DAY),
            "country_iso2": country,
            "default_for_country_codes": ["USA"] if nth == 0 else [],
            "currency_code": code,
            "currency_exchange_rate": rate,
            "auto_update": nth == 1,
            "token_location": place,
            "token": token,
            "decimal_token": "," if european else ".",
            "thousands_token": "." if european else ",",
            "decimal_places": 2,
            "name": name,
            "enabled": nth < 2,
            "is_transactional": nth == 0,
            "use_default_name": True,
        }

    def _tax_class(self, nth: int) -> Row:
        created = iso(self._history.start + nth, ".903+00:00")
        return {
            "id": str(nth + 1),
            "name": _TAX_CLASSES[nth],
            "created_at": created,
            "updated_at": created,
        }

    def _tax_property(self, nth: int) -> Row:
        code, name, kind = _TAX_PROPERTIES[nth]
        date = iso(self._history.start + nth * DAY)
        return {
            "id": nth + 1,
            "code": code,
            "display_name": name,
            "description": f"{name}, for the tax provider.",
            "created_at": date,
            "updated_at": date,
            "type": kind,
        }

    def _system_log(self, nth: int) -> Row:
        kind, module, severity, summary = _LOGS[nth]
        return {
            "id": 700 + nth,
            "type": kind,
            "module": module,
            "severity": severity,
            "summary": summary,
            "message": f"{summary}, in full.",
            "date_created": iso(self._history.end - (len(_LOGS) - nth) * DAY),
        }

    # Shipping

    def _shipping_methods(self, at: int) -> list[Row]:
        if at == len(_ZONES) - 1:
            return []
        fixed, percent = {"fixed_surcharge": "0"}, {"percentage_surcharge": "2.5"}
        kinds: tuple[tuple[str, str, Row], ...] = (
            ("Flat Rate", "perorder", {"rate": 12.5}),
            ("Ship by Weight", "weight", _WEIGHT_RATES),
            ("Free Shipping", "freeshipping", {}),
        )
        return [
            {
                "id": at * 10 + nth + 1,
                "name": name,
                "type": kind,
                "settings": settings,
                "enabled": nth < 2,
                "handling_fees": fixed if nth % 2 == 0 else percent,
                "is_fallback": nth == 2,
                "channel_ids": [channel_id(n) for n in range(min(2, self._channels))],
            }
            for nth, (name, kind, settings) in enumerate(kinds[: 3 - at % 2])
        ]

    # Channels

    def _site(self, nth: int) -> Row:
        created = self._history.start + nth * 90 * DAY
        dates = {"created_at": iso(created), "updated_at": iso(created + 20 * DAY)}
        url = "https://shop.example.com" if nth == 0 else f"https://shop{nth}.example.com"
        urls = [{"url": url, "type": "primary", **dates}]
        if nth % 2:
            urls.append({"url": f"{url}/checkout", "type": "checkout", **dates})
        return {
            "id": 1000 + nth,
            "url": url,
            "channel_id": channel_id(nth),
            **dates,
            "ssl_status": "dedicated" if nth == 0 else "shared",
            "urls": urls,
            "is_checkout_url_customized": nth % 2 == 1,
        }

    def _listings(self) -> ChildTable:
        """Listings: each product on about every third channel."""
        products = self._catalog.products

        def channels(at: int) -> list[int]:
            bits = mix(self._seed, products.columns["id"][at])
            return [channel_id(n) for n in range(self._channels) if mix(bits, n) % 3 == 0]

        def created(at: int, nth: int) -> int:
            return min(self._history.end, products.columns["date_created"][at] + 3600 * (nth + 1))

        def modified(at: int, nth: int) -> int:
            never = mix(self._seed, products.columns["id"][at], nth) % 3 == 0
            born = created(at, nth)
            return born if never else max(born, products.columns["date_modified"][at])

        return ChildTable(
            "channel_listings",
            products,
            "product_id",
            lambda at: len(channels(at)),
            self._listing,
            per_parent=16,
            first=_FIRST_LISTING,
            key="listing_id",
            held={
                # One that is put in for a product without any is on the default channel.
                "channel_id": lambda at, nth: (channels(at) or [channel_id(0)])[nth],
                "date_created": created,
                "date_modified": modified,
            },
        )

    def _listing(self, child: Child) -> Row:
        name = self._catalog.brief(child.parent).name
        state = _LISTING_STATES[child.key % len(_LISTING_STATES)]
        shown = {
            "channel_id": child.held["channel_id"],
            "product_id": self._catalog.products.columns["id"][child.parent],
            "state": state,
            "name": name,
            "description": f"{name}, as sold elsewhere",
            "date_created": iso(child.held["date_created"]),
        }
        # One that was never modified has no date of it, as recorded in 2026.
        if child.held["date_modified"] != child.held["date_created"]:
            shown["date_modified"] = iso(child.held["date_modified"])
        return {
            "listing_id": child.key,
            "external_id": f"ext-{child.key}",
            **shown,
            "variants": [
                {**shown, "variant_id": variant["id"], "external_id": f"ext-{variant['id']}"}
                for variant in self._catalog.variants.of(child.parent)
            ],
        }

    def _store_metafields(self, store_id: int) -> Table:
        """The only metafields whose ids are text."""
        created = array("q", (self._history.start + n * 40 * DAY for n in range(7)))
        columns = {
            "id": array("q", range(60, 67)),
            "date_created": created,
            "date_modified": array("q", (min(d + 9 * DAY, self._history.end) for d in created)),
        }

        def make(at: int) -> Row:
            key, born, changed = (columns[name][at] for name in columns)
            row = metafield(key, "store", store_id, mix(self._seed, 2, key), at, born, changed)
            return {**row, "id": str(key), "resource_id": str(store_id)}

        return Table("store_metafields", columns, make)


# name, type, locations
_ZONES: tuple[tuple[str, str, list[Row]], ...] = (
    ("Everywhere", "global", []),
    ("United States", "country", [{"id": 5, "country_iso2": "US"}]),
    ("Texas", "state", [{"id": 6, "country_iso2": "US", "state_iso2": "TX"}]),
    ("Leeds", "zip", [{"id": 7, "country_iso2": "GB", "zip": "LS1"}]),
)
_WEIGHT_RATES: Row = {
    "default_cost": 0,
    "default_cost_type": "fixed_amount",
    "range": [
        {"lower_limit": 0, "upper_limit": 20, "shipping_cost": 8},
        {"lower_limit": 20, "upper_limit": 40, "shipping_cost": 14.5},
    ],
}


def _shipping_zone(nth: int) -> Row:
    name, kind, locations = _ZONES[nth]
    surcharge = "percentage_surcharge" if nth % 2 else "fixed_surcharge"
    return {
        "id": nth + 1,
        "name": name,
        "type": kind,
        "locations": locations,
        "free_shipping": {
            "enabled": nth == 1,
            "minimum_sub_total": "50.0000" if nth == 1 else "0.0000",
            "exclude_fixed_shipping_products": False,
        },
        "handling_fees": {surcharge: "2.5", "display_separately": False},
        "enabled": nth < 3,
    }


def _tax_zone(nth: int) -> Row:
    country = {"country_code": "US", "subdivision_codes": ["TX"], "postal_codes": ["78701"]}
    return {
        "id": nth,
        "name": "Default" if nth == 1 else f"Tax zone {nth}",
        "enabled": nth < 3,
        "price_display_settings": {
            "show_inclusive": nth == 3,
            "show_both_on_detail_view": False,
            "show_both_on_list_view": False,
        },
        "shopper_target_settings": {
            "locations": [] if nth == 1 else [country],
            "customer_groups": [2] if nth == 3 else [],
        },
    }


def _tax_rate(nth: int) -> Row:
    return {
        "id": nth,
        "name": "Sales tax" if nth == 1 else f"Tax {nth}",
        "enabled": nth < 4,
        "priority": 1 + nth % 2,
        "tax_zone_id": 1 + (nth - 1) % 3,
        "class_rates": [{"tax_class_id": key, "rate": 8 - key / 2} for key in range(3)],
    }


def _payment_method(code: str, name: str) -> Row:
    return {"code": code, "name": name, "test_mode": code == "stripe"}
