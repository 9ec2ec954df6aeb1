"""Pages, channels and the store itself."""

from __future__ import annotations

from array import array

from sandbox.chance import mix, pick, uuid
from sandbox.clock import DAY, iso
from sandbox.table import Row, Table
from sandbox.world.history import History

# kind, platform, status, name
_CHANNELS = (
    ("storefront", "bigcommerce", "active", "Main storefront"),
    ("storefront", "custom", "prelaunch", "Second storefront"),
    ("pos", "square", "connected", "Shop till"),
    ("marketplace", "amazon", "deleted", "Old marketplace"),
)
_PAGE_TYPES = ("page", "page", "page", "raw", "contact_form", "link", "blog")


def channel_id(nth: int) -> int:
    """The default storefront is always channel 1; the ids of others are large."""
    return 664_177 + 1_000 * nth if nth else 1


class Content:
    """Makes the pages and channels; each follows from the seed and its id."""

    def __init__(self, seed: int, history: History, pages: int, channels: int) -> None:
        self._seed = mix(seed, 4)
        self._history = history
        ids = history.ids(self._seed, pages, first=1)
        self.pages = Table("pages", {"id": ids}, self.page, includes={"body": ("body", self._body)})
        channel_ids = [channel_id(n) for n in range(channels)]
        self._channel_dates = [history.start + n * 90 * DAY for n in range(channels)]
        self.channels = Table(
            "channels",
            {
                "id": array("q", channel_ids),
                "date_created": array("q", self._channel_dates),
                "date_modified": array("q", (d + 30 * DAY for d in self._channel_dates)),
            },
            self.channel,
            includes={"currencies": ("currencies", self._currencies)},
        )

    def page(self, at: int) -> Row:
        key = self.pages.columns["id"][at]
        bits = mix(self._seed, key)
        kind = self._page_type(at)
        page = {
            "id": key,
            "channel_id": 1,
            "name": f"Page {key}",
            "is_visible": bits % 6 != 0,
            "parent_id": 0,
            "sort_order": at,
            "type": kind,
            "is_homepage": at == 0,
            "is_customers_only": bits % 9 == 0,
            "url": f"/page-{key}/",
            "meta_title": None,
            "meta_keywords": "home,gift" if bits % 3 == 0 else None,
            "meta_description": None,
            "search_keywords": None,
        }
        if kind == "contact_form":
            page |= {"email": "shop@example.com", "contact_fields": "fullname,phone,orderno"}
        elif kind == "link":
            page["link"] = "https://www.example.com/"
        elif kind == "raw":
            page["content_type"] = "text/html"
        return page

    def _page_type(self, at: int) -> str:
        return "page" if at == 0 else _PAGE_TYPES[at % len(_PAGE_TYPES)]

    def _body(self, at: int) -> str | None:
        key = self.pages.columns["id"][at]
        return f"<div>Page {key}</div>" if self._page_type(at) in ("page", "raw") else None

    def channel(self, at: int) -> Row:
        columns = self.channels.columns
        key = columns["id"][at]
        kind, platform, status, name = pick(_CHANNELS, at)
        return {
            "id": key,
            "external_id": "" if kind == "storefront" else f"ext-{key}",
            "is_listable_from_ui": kind != "pos",
            "is_enabled": status == "active",
            "is_visible": status != "deleted",
            "status": status,
            "name": name if at < len(_CHANNELS) else f"{name} {at}",
            "type": kind,
            "platform": platform,
            "date_created": iso(columns["date_created"][at]),
            "date_modified": iso(columns["date_modified"][at]),
            "icon_url": f"https://cdn.example.com/icons/{platform}.svg",
        }

    def _currencies(self, at: int) -> Row:
        return {
            "channel_id": self.channels.columns["id"][at],
            "enabled_currencies": ["USD", "EUR"] if at == 0 else ["USD"],
            "default_currency": "USD",
        }


def store_information(seed: int, store_hash: str) -> Row:
    """The one object of `GET /v2/store`."""
    return {
        "id": store_hash,
        "account_uuid": uuid(seed, 7),
        "domain": "shop.example.com",
        "secure_url": "https://shop.example.com",
        "control_panel_base_url": f"https://store-{store_hash}.mybigcommerce.com",
        "status": "live",
        "name": "Sandbox Store",
        "first_name": "Robin",
        "last_name": "Baker",
        "address": "1 Main Street",
        "country": "United States",
        "country_code": "US",
        "infrastructure_region": "us-central1",
        "phone": "",
        "admin_email": "admin@example.com",
        "order_email": "orders@example.com",
        "favicon_url": "",
        "timezone": {
            "name": "America/Chicago",
            "raw_offset": -21_600,
            "dst_offset": -18_000,
            "dst_correction": True,
            "date_format": {
                "display": "M jS Y",
                "export": "M jS Y",
                "extended_display": "M jS Y @ g:i A",
            },
        },
        "language": "en",
        "currency": "USD",
        "currency_symbol": "$",
        "decimal_separator": ".",
        "thousands_separator": ",",
        "decimal_places": 2,
        "currency_symbol_location": "left",
        "weight_units": "KGS",
        "dimension_units": "Centimeters",
        "dimension_decimal_places": 2,
        "dimension_decimal_token": ".",
        "dimension_thousands_token": ",",
        "plan_name": "Standard",
        "plan_level": "Standard",
        "plan_is_trial": False,
        "industry": "Homeware",
        # An object once a logo is set, a list while there is none.
        "logo": [],
        "is_price_entered_with_tax": False,
        # Beyond 32 bits, unlike every other id of the API.
        "store_id": 1_000_000_000_000 + mix(seed, 8) % 8_000_000_000_000,
        "default_channel_id": 1,
        "default_site_id": 1000,
        "active_comparison_modules": [],
        "features": {
            "stencil_enabled": True,
            "sitewidehttps_enabled": True,
            "facebook_catalog_id": "",
            "checkout_type": "optimized",
            "wishlists_enabled": True,
            "graphql_storefront_api_enabled": True,
            "shopper_consent_tracking_enabled": False,
            "multi_storefront_enabled": True,
            "storefront_limits": {"active": 3, "total_including_inactive": 15},
        },
    }
