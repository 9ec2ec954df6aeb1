"""Countries, and the states of some of them."""

from __future__ import annotations

from sandbox.table import Row, Table
from sandbox.world.small_tables import small_table

# id, name, two and three letters, states
_COUNTRIES = (
    (1, "Afghanistan", "AF", "AFG", ()),
    (13, "Australia", "AU", "AUS", (("New South Wales", "NSW"), ("Victoria", "VIC"))),
    (38, "Canada", "CA", "CAN", (("Ontario", "ON"), ("Quebec", "QC"))),
    (80, "Germany", "DE", "DEU", ()),
    (222, "United Kingdom", "GB", "GBR", ()),
    (226, "United States", "US", "USA", (("Oregon", "OR"), ("Texas", "TX"))),
)


def geography(store_hash: str) -> tuple[Table, Table]:
    """Countries, and states."""
    states = [(country[0], *state) for country in _COUNTRIES for state in country[4]]
    return (
        small_table("countries", [_country(store_hash, *country[:4]) for country in _COUNTRIES]),
        small_table("states", [_state(nth, *state) for nth, state in enumerate(states, 1)]),
    )


def _country(store_hash: str, key: int, name: str, two: str, three: str) -> Row:
    resource = f"/countries/{key}/states"
    return {
        "id": key,
        "country": name,
        "country_iso2": two,
        "country_iso3": three,
        "states": {
            "url": f"https://api.bigcommerce.com/stores/{store_hash}/v2{resource}",
            "resource": resource,
        },
    }


def _state(key: int, country: int, name: str, short: str) -> Row:
    return {"id": key, "state": name, "state_abbreviation": short, "country_id": country}
