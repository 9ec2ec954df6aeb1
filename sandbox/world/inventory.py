"""Stock, the places where it lies, and where customers may fetch it."""

from __future__ import annotations

from array import array

from sandbox.chance import mix
from sandbox.children import Child, ChildTable
from sandbox.clock import DAY, iso
from sandbox.table import Row, Table
from sandbox.world import words
from sandbox.world.catalog import Catalog
from sandbox.world.history import History
from sandbox.world.metafields import metafields
from sandbox.world.small_tables import small_table

_WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
# id, code, label; the first is the default, and where orders are picked up.
_LOCATIONS = (
    (1, "LOCATION-1", "Warehouse"),
    (2, "LOCATION-2", "Shop"),
    (4, "LOCATION-4", "Returns"),
    (5, "LOCATION-5", "Overflow"),
)


class Inventory:
    """Makes inventory items, one for each variant of the catalog, and locations."""

    def __init__(self, seed: int, history: History, catalog: Catalog) -> None:
        self._seed = mix(seed, 24)
        self._history = history
        self._catalog = catalog
        variants = catalog.variants
        items = ChildTable(
            "inventory_items",
            variants,
            "variant_id",
            lambda at: 1,
            self._item,
            per_parent=1,
            key="number",
            held={"product_id": lambda at, nth: variants.columns["product_id"][at]},
        )
        locations = small_table("locations", [self._location(at) for at in range(len(_LOCATIONS))])
        created = [history.start + n * 30 * DAY for n in range(1, 4)]
        self._methods = Table(
            "pickup_methods",
            {
                "id": array("q", range(1, 4)),
                "date_created": array("q", created),
                "date_modified": array("q", (min(d + 50 * DAY, history.end) for d in created)),
            },
            self._method,
        )
        self.tables = (
            items,
            locations,
            metafields(self._seed, history, locations, "location", most=3, least=1),
            self._methods,
        )

    def _item(self, child: Child) -> Row:
        variant = self._catalog.variants.row(child.parent)
        bits = mix(self._seed, child.key)
        count = 1 + bits % len(_LOCATIONS)
        return {
            "identity": {
                "sku": variant["sku"],
                "variant_id": variant["id"],
                "product_id": variant["product_id"],
                "sku_id": variant["sku_id"],
            },
            "locations": [self._stock(at, mix(bits, at)) for at in range(count)],
        }

    @staticmethod
    def _stock(at: int, bits: int) -> Row:
        key, code, label = _LOCATIONS[at]
        on_hand, safety = bits % 60, (bits >> 8) % 4
        return {
            "location_id": key,
            "location_code": code,
            "location_name": label,
            "available_to_sell": max(0, on_hand - safety),
            "total_inventory_onhand": on_hand,
            "location_enabled": _enabled(at),
            "settings": {
                "safety_stock": safety,
                "is_in_stock": on_hand > safety,
                "warning_level": (bits >> 12) % 9,
                "bin_picking_number": f"B{bits % 90}" if bits % 3 else "",
            },
        }

    def _location(self, at: int) -> Row:
        key, code, label = _LOCATIONS[at]
        city, state, postcode, _, country = words.PLACES[at % len(words.PLACES)]
        return {
            "id": key,
            "code": code,
            "label": label,
            "description": f"{label} in {city}",
            "managed_by_external_source": at == 2,
            "type_id": "VIRTUAL" if at == 3 else "PHYSICAL",
            "enabled": _enabled(at),
            "operating_hours": {
                day: {"open": day != "sunday", "opening": "09:00", "closing": "18:00"}
                for day in _WEEK
            },
            "time_zone": "America/Chicago",
            "created_at": iso(self._history.start + at * DAY),
            "updated_at": iso(min(self._history.start + at * 99 * DAY, self._history.end)),
            "address": {
                "address1": f"{at + 1} Main Street",
                "address2": "",
                "city": city,
                "state": state,
                "zip": postcode,
                "email": f"{label.lower()}@example.com",
                "phone": "+1 555 0100",
                "geo_coordinates": {"latitude": 30.5 + at, "longitude": -97.25},
                "country_code": country,
            },
            "storefront_visibility": at < 2,
            "special_hours": []
            if at
            else [
                {
                    "label": "New Year",
                    "date": "2026-01-01",
                    "open": False,
                    "opening": "00:00",
                    "closing": "00:00",
                    "all_day": True,
                    "annual": True,
                }
            ],
        }

    def _method(self, at: int) -> Row:
        columns = self._methods.columns
        location = _LOCATIONS[at % len(_LOCATIONS)][0]
        return {
            "id": columns["id"][at],
            "location_id": location,
            "display_name": f"Pick up {at}" if at else "Pick up",
            "collection_instructions": "Bring the order number.",
            "collection_time_description": "9am - 6pm",
            "location_identity": location,
            "date_created": iso(columns["date_created"][at]),
            "date_modified": iso(columns["date_modified"][at]),
        }


def _enabled(location: int) -> bool:
    return location != len(_LOCATIONS) - 1
