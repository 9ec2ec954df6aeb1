"""Options that make the sandbox behave like a store that the connector's probe has asked.

`Sandbox(like=report)` and `python -m sandbox --like report.json`. What a report cannot tell
keeps its default. Options that are given as well take precedence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.routes import ROUTES

Seen = Mapping[str, Any]
Settings = dict[str, Any]

# The options if an assumption does not hold. Sets are joined.
_OTHERWISE: Mapping[str, Settings] = {
    "orders_ascend": {"ignored": {"sort"}},
    "products_ascend": {"ignored": {"sort"}},
    "brands_ascend": {"brands_order": "newest"},
    "min_id_heeded": {"ignored": {"min_id"}},
    "min_id_inclusive": {"exclusive": {"min_id"}},
    "max_id_heeded": {"ignored": {"max_id"}},
    "max_id_inclusive": {"exclusive": {"max_id"}},
    "id_min_heeded": {"ignored": {"id:min"}},
    "first_page_has_rows": {"gaps": {1}},
    "rows_once": {"doubled": True},
    "customers_have_cursors": {"cursors": False},
    "cursors_heeded": {"ignored": {"after"}},
    "v2_limit_refused": {"clamped": {"v2"}},
    "v3_limit_refused": {"clamped": {"v3"}},
    "v2_unknown_refused": {"unknown_ignored": {"orders.list"}},
    "v3_unknown_refused": {"unknown_ignored": {"brands.list"}},
    "pages_unknown_refused": {"unknown_ignored": {"pages.list"}},
    "customers_unknown_refused": {"unknown_ignored": {"customer_addresses.list"}},
    "listings_unknown_refused": {"unknown_ignored": {"channel_listings.list"}},
    "whole_lists_refuse_pages": {"undocumented_page": "ignored"},
    "small_pages_of_ten": {"small_pages": False},
    "v2_from_heeded": {"ignored": {"min_date_modified"}},
    "v2_to_heeded": {"ignored": {"max_date_modified"}},
    "v2_from_inclusive": {"exclusive": {"min_date_modified"}},
    "v2_to_inclusive": {"exclusive": {"max_date_modified"}},
    "v3_from_heeded": {"ignored": {"date_modified:min"}},
    "v3_to_heeded": {"ignored": {"date_modified:max"}},
    "v3_from_inclusive": {"exclusive": {"date_modified:min"}},
    "v3_to_inclusive": {"exclusive": {"date_modified:max"}},
    "v2_plain_colons_heeded": {"v2_dates": "encoded"},
    "v3_encoded_colons_heeded": {"v3_dates": "plain"},
    "archived_are_flagged": {"archived_flag": False},
    "archived_are_listed": {"archived_orders": "hidden"},
    "incomplete_are_listed": {"incomplete_orders": "hidden"},
    "includes_heeded": {"ignore_include": True},
    "consignments_are_an_object": {"consignments": "array"},
    "consignments_are_an_array_unasked": {"consignments": "object"},
    "embedded_addresses_whole": {"short_includes": True},
    "embedded_lines_once": {"short_includes": True},
    "rows_come_with_200": {"ok": 203},
    "limits_on_bodies": {"unlimited": {"full"}},
    "limits_on_204": {"unlimited": {"empty"}},
    "date_is_told": {"date_header": False},
}

_ZONES: Mapping[str, Settings] = {
    "refused": {"zoneless": "refused"},
    "utc": {"zoneless": "read"},
    "otherwise": {"zoneless": "read", "zone_hours": -6},
}
_PAGES: Mapping[str, Settings] = {
    "repeated": {"ignored": {"page"}},
    "empty": {"gaps": {2}},
}
# The options if it cannot be told, by reason: the sandbox must not show rows that it has.
_UNTOLD: Mapping[tuple[str, str], Settings] = {
    ("archived_are_listed", "the store has no such rows"): {
        "archived_orders": "hidden",
        "is_deleted": "ignored",
    },
    ("archived_are_listed", "the filter is ignored"): {"archived_orders": "hidden"},
    ("incomplete_are_listed", "the filter is ignored"): {"incomplete_orders": "hidden"},
}
# The options by what was seen: `statuses: {"204": 3}`, `page: "repeated"`.
_BY_WHAT_WAS_SEEN: Mapping[str, Callable[[Seen], Settings]] = {
    "id_greater_exclusive": lambda seen: (
        ({} if seen["exclusive"] else {"inclusive": {"id:greater"}})
        if seen["heeded"]
        else {"ignored": {"id:greater"}}
    ),
    "pages_follow": lambda seen: _PAGES.get(seen["page"], {}),
    "totals_exact": lambda seen: {} if seen["totals"] == "other" else {"totals": seen["totals"]},
    "limit_heeded": lambda seen: {} if seen["rows"] >= 250 else {"cap": seen["rows"]},
    "v2_end_is_204": lambda seen: {"v2_end": seen["status"]},
    "v3_end_is_empty": lambda seen: {"v3_end": seen["status"]},
    "whole_lists_are_whole": lambda seen: {"whole_lists": seen["rows"]} if seen["goes_on"] else {},
    "later_children_follow": lambda seen: (
        {} if seen["page"] in ("follows", "other") else {"later_children": seen["page"]}
    ),
    "v2_zoneless_is_utc": lambda seen: _ZONES[seen["taken"]],
    "v2_bare_date_is_midnight_utc": lambda seen: (
        {"zone_hours": -6} if seen["taken"] == "otherwise" else {}
    ),
    # On all lists with such rows. A filter without effect keeps them.
    "undated_rows_kept": lambda _: {"undated": True},
    "is_deleted_brings_archived": lambda seen: {"is_deleted": seen["brings"]},
    "warning_in_consignment": lambda seen: (
        {"warning_place": seen["place"]}
        if seen["place"] in ("consignment", "line_items", "consignments")
        else {}
    ),
    "empty_transactions_are_200": lambda seen: {
        "empty_transactions": next(iter(seen["statuses"]))
        if len(seen["statuses"]) == 1
        else "mixed"
    },
    "external_order_id_exact": lambda seen: {
        "key_match": "none"
        if not seen["exact"]
        else "any_case"
        if seen["other_case"]
        else "prefix"
        if seen["prefix"]
        else "exact"
    },
    "types_as_declared": lambda seen: {"other_forms": True} if seen["customers_too"] else {},
    "scopes_are_there": lambda seen: (
        {"scopes": _all_but(seen["missing"])} if seen["missing"] else {}
    ),
    "limits_in_milliseconds": lambda seen: {"window_ms": seen["windows"][0]},
    "one_quota": lambda seen: {
        "quota": seen["quota"],
        "resource_quotas": {f"/{path}": quota for path, quota in seen["others"].items()},
    },
    "replies_are_compressed": lambda seen: {"gzip": seen["gzip"]},
    "clocks_agree": lambda seen: {"date_ahead": seen["seconds_ahead"]},
}

ASSUMPTIONS = frozenset(_OTHERWISE) | frozenset(_BY_WHAT_WAS_SEEN)
"""The ids of those that the sandbox can imitate both ways."""


def settings(report: Mapping[str, Any] | str | Path) -> Settings:
    """The options for a report of the probe, or for the file that holds one.

    Raises ValueError if it is not such a report.
    """
    read = json.loads(Path(report).read_text()) if isinstance(report, (str, Path)) else report
    found: Settings = {}
    try:
        for each in read["assumptions"]:
            for name, value in _settings_of(each["id"], each["verdict"], each["seen"]).items():
                is_set = isinstance(value, set) and name in found
                found[name] = found[name] | value if is_set else value
    except (AttributeError, KeyError, LookupError, TypeError) as error:
        raise ValueError(f"not a report of source-bigcommerce probe: {error!r}") from error
    return found


def _settings_of(assumption: str, verdict: str, seen: Seen) -> Settings:
    if verdict == "cannot tell":
        return _UNTOLD.get((assumption, seen["why"]), {})
    if assumption in _BY_WHAT_WAS_SEEN:
        return _BY_WHAT_WAS_SEEN[assumption](seen)
    return _OTHERWISE.get(assumption, {}) if verdict == "does not hold" else {}


def _all_but(missing: list[str]) -> set[str]:
    lacking = {scope.removesuffix("_read_only") for scope in missing}
    every = {scope for route in ROUTES for scope in route.scopes}
    return {scope for scope in every if scope.removesuffix("_read_only") not in lacking}
