"""The sandbox is turned, one way or several at once, and the probe names what was turned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from sandbox.options import Options
from sandbox.simulation import Simulation
from source_bigcommerce.probe.assumptions import ASSUMPTIONS
from unit_tests.probe.asking import (
    BY_ID,
    NARROW,
    SIZES,
    STREAMS,
    probed,
    report_of,
    store_of,
    verdicts,
)

pytestmark = pytest.mark.thorough

# Of the sandbox as it is by default; whatever is in neither holds.
NOT_HOLDING = {
    "empty_transactions_are_200",
    "fields_declared",
    "ids_fit_32_bits",
    "lists_are_counted",
    "listings_are_dated",
    "order_date_moves_with_order_metafields",
    "product_date_moves_with_product_metafields",
    "product_date_moves_with_product_reviews",
    "replies_are_compressed",
    "types_as_declared",
    "v2_zoneless_is_utc",
}
UNTOLD = {
    "customer_date_moves_with_addresses",
    "firewall_is_not_json",
    "graphql_has_no_orders",
    "heavy_pages_are_504",
    "limited_replies_say_when",
    "oauth_templates_render",
    "order_date_moves_with_order_messages",
    "order_date_moves_with_transactions",
    "product_date_moves_with_stock",
    "product_date_moves_with_variants",
    "trees_have_all_categories",
    "undated_rows_kept",
    "written_orders_are_found",
}


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(**SIZES)


@pytest.fixture(autouse=True)
def _as_it_was(simulation: Simulation) -> Iterator[None]:
    yield
    simulation.log.clear()
    simulation.options.update(
        {each.name: getattr(Options(), each.name) for each in fields(Options)}
    )


def named(simulation: Simulation, assumptions: Any = ASSUMPTIONS) -> set[str]:
    """What holds in the turned store and not by default, or the other way round."""
    found = verdicts(probed(store_of(simulation), assumptions))
    refuted = {name for name, verdict in found.items() if verdict == "does not hold"}
    held = {name for name, verdict in found.items() if verdict == "holds"}
    # Which streams are looked at depends on how many requests the others took.
    turned = (refuted - NOT_HOLDING) | (held & NOT_HOLDING & {each.id for each in NARROW})
    # Rows whose dates tell may be on another page than by default.
    return {name for name in turned if "_moves_with_" not in name}


def assert_within_bounds(simulation: Simulation) -> None:
    assert {entry.method for entry in simulation.log} == {"GET"}
    assert 0 < len(simulation.log) <= 120


def test_the_sandbox_as_it_is_has_these_verdicts(simulation: Simulation) -> None:
    found = verdicts(probed(store_of(simulation)))
    assert {name for name, verdict in found.items() if verdict == "does not hold"} == NOT_HOLDING
    assert {name for name, verdict in found.items() if verdict == "cannot tell"} == UNTOLD
    assert_within_bounds(simulation)


SORTS = {"orders_ascend", "products_ascend", "brands_ascend", "cursors_heeded"}
LISTS = ("orders", "brands", "pages", "customer_addresses", "channel_listings")
# What is turned, and all that no longer holds with it (or holds now).
TURNED: list[tuple[dict[str, Any], set[str]]] = [
    # A cursor leads on from the last row, upward; so it leads nowhere in a list from the top.
    ({"ignored": {"sort"}}, SORTS),
    ({"brands_order": "newest"}, {"brands_ascend"}),
    ({"ignored": {"min_id"}}, {"min_id_heeded"}),
    ({"ignored": {"max_id"}}, {"max_id_heeded"}),
    ({"ignored": {"id:min"}}, {"id_min_heeded"}),
    ({"ignored": {"id:greater"}}, {"id_greater_exclusive"}),
    ({"inclusive": {"id:greater"}}, {"id_greater_exclusive"}),
    ({"exclusive": {"min_id"}}, {"min_id_inclusive"}),
    ({"exclusive_min_id": True}, {"min_id_inclusive"}),
    ({"exclusive": {"max_id"}}, {"max_id_inclusive"}),
    ({"gaps": {1}}, {"first_page_has_rows"}),
    ({"gaps": {2}}, {"pages_follow"}),
    ({"ignored": {"page"}}, {"pages_follow", "later_children_follow"}),
    ({"doubled": True}, {"rows_once"}),
    ({"cursors": False}, {"customers_have_cursors"}),
    ({"ignored": {"after"}}, {"cursors_heeded"}),
    ({"cap": 15}, {"limit_heeded"}),
    *(
        ({"totals": kind}, {"totals_exact"})
        for kind in ("of_page", "one_page", "low", "high", "zero", "negative", "text", "missing")
    ),
    ({"clamped": {"v2"}}, {"v2_limit_refused"}),
    ({"clamped": {"v3"}}, {"v3_limit_refused"}),
    *(
        ({"unknown_ignored": {f"{name}.list"}}, {f"{prefix}_unknown_refused"})
        for name, prefix in zip(LISTS, ("v2", "v3", "pages", "customers", "listings"), strict=True)
    ),
    ({"undocumented_page": "ignored"}, {"whole_lists_refuse_pages"}),
    ({"whole_lists": 3}, {"whole_lists_refuse_pages", "whole_lists_are_whole"}),
    ({"small_pages": False}, {"small_pages_of_ten"}),
    *(({"v2_end": status}, {"v2_end_is_204"}) for status in (200, 404)),
    *(({"v3_end": status}, {"v3_end_is_empty"}) for status in (204, 404)),
    *(
        ({"later_children": kind}, {"later_children_follow"})
        for kind in ("repeated", "empty", "refused", "missing")
    ),
    ({"ignored": {"min_date_modified"}}, {"v2_from_heeded"}),
    ({"ignored": {"max_date_modified"}}, {"v2_to_heeded"}),
    ({"ignored": {"date_modified:min"}}, {"v3_from_heeded"}),
    ({"ignored": {"date_modified:max"}}, {"v3_to_heeded"}),
    (
        {"ignored": {"dates"}},
        {"v2_from_heeded", "v2_to_heeded", "v3_from_heeded", "v3_to_heeded"},
    ),
    ({"exclusive": {"min_date_modified"}}, {"v2_from_inclusive"}),
    ({"exclusive": {"max_date_modified"}}, {"v2_to_inclusive"}),
    ({"exclusive": {"date_modified:min"}}, {"v3_from_inclusive"}),
    ({"exclusive": {"date_modified:max"}}, {"v3_to_inclusive"}),
    ({"v2_dates": "encoded"}, {"v2_plain_colons_heeded"}),
    ({"v3_dates": "plain"}, {"v3_encoded_colons_heeded"}),
    ({"zoneless": "read"}, {"v2_zoneless_is_utc"}),
    ({"zoneless": "read", "zone_hours": -6}, set()),
    ({"undated": True}, {"undated_rows_kept"}),
    ({"archived_flag": False}, {"archived_are_flagged"}),
    ({"archived_orders": "hidden"}, {"archived_are_listed"}),
    ({"incomplete_orders": "hidden"}, {"incomplete_are_listed"}),
    *(
        ({"is_deleted": kind}, {"is_deleted_brings_archived"})
        for kind in ("also", "ignored", "refused")
    ),
    ({"is_deleted": "ignored", "archived_orders": "hidden"}, set()),
    ({"ignore_include": True}, {"includes_heeded"}),
    ({"consignments": "array"}, {"consignments_are_an_object"}),
    ({"consignments": "object"}, {"consignments_are_an_array_unasked"}),
    (
        {"short_includes": True},
        {"embedded_addresses_whole", "embedded_lines_once", "embedded_lines_whole"},
    ),
    *(
        ({"warning_place": place}, {"warning_in_consignment"})
        for place in ("line_items", "consignments")
    ),
    ({"empty_transactions": "200"}, {"empty_transactions_are_200"}),
    *(({"empty_transactions": kind}, set()) for kind in ("204", "404")),
    *(
        ({"key_match": kind}, {"external_order_id_exact"})
        for kind in ("prefix", "any_case", "none")
    ),
    ({"ok": 203}, {"rows_come_with_200"}),
    ({"unlimited": {"full"}}, {"limits_on_bodies"}),
    ({"unlimited": {"empty"}}, {"limits_on_204"}),
    ({"window_ms": 20}, {"limits_in_milliseconds"}),
    ({"resource_quotas": {"/v3/customers": 600}}, {"one_quota"}),
    ({"gzip": True}, {"replies_are_compressed"}),
    ({"date_header": False}, {"date_is_told"}),
    ({"date_ahead": 3600}, {"clocks_agree"}),
]


@pytest.mark.parametrize(
    ("options", "expected"), TURNED, ids=[str(options) for options, _ in TURNED]
)
def test_a_changed_behaviour_is_named_and_no_other(
    simulation: Simulation, options: dict[str, Any], expected: set[str]
) -> None:
    simulation.options.update(options)
    assert named(simulation, NARROW) == expected
    assert_within_bounds(simulation)


# Each option of these is turned in a whole run, together with others that it does not hide.
TOGETHER: list[tuple[dict[str, Any], set[str]]] = [
    (
        {
            "exclusive": {
                *("min_id", "max_id", "min_date_modified", "max_date_modified"),
                *("date_modified:min", "date_modified:max"),
            },
            "inclusive": {"id:greater"},
            "clamped": {"v2", "v3"},
            "unknown_ignored": {f"{name}.list" for name in LISTS},
            "whole_lists": 3,
            "small_pages": False,
            "brands_order": "newest",
            "v2_end": 200,
            "v3_end": 404,
            "later_children": "refused",
            "v2_dates": "encoded",
            "v3_dates": "plain",
            "zoneless": "read",
            "undated": True,
            "totals": "low",
        },
        {
            *("min_id_inclusive", "max_id_inclusive", "id_greater_exclusive"),
            *("v2_from_inclusive", "v2_to_inclusive", "v3_from_inclusive", "v3_to_inclusive"),
            *("v2_limit_refused", "v3_limit_refused", "v2_unknown_refused", "v3_unknown_refused"),
            *("pages_unknown_refused", "customers_unknown_refused", "listings_unknown_refused"),
            *("whole_lists_refuse_pages", "whole_lists_are_whole", "small_pages_of_ten"),
            *("brands_ascend", "v2_end_is_204", "v3_end_is_empty", "later_children_follow"),
            *("v2_plain_colons_heeded", "v3_encoded_colons_heeded", "v2_zoneless_is_utc"),
            *("undated_rows_kept", "totals_exact"),
        },
    ),
    (
        {
            "archived_orders": "hidden",
            "incomplete_orders": "hidden",
            "is_deleted": "also",
            "consignments": "array",
            "short_includes": True,
            "warning_place": "consignments",
            "key_match": "any_case",
            "empty_transactions": "200",
            "doubled": True,
            "ok": 203,
            "unlimited": {"full", "empty"},
            "gzip": True,
            "date_ahead": -60,
            "ignored": {"after", "id:min"},
        },
        {
            *("archived_are_listed", "incomplete_are_listed", "is_deleted_brings_archived"),
            *("consignments_are_an_object", "embedded_addresses_whole", "embedded_lines_once"),
            *("embedded_lines_whole", "warning_in_consignment", "external_order_id_exact"),
            *("empty_transactions_are_200", "rows_once", "rows_come_with_200"),
            *("limits_on_bodies", "limits_on_204", "replies_are_compressed", "clocks_agree"),
            *("cursors_heeded", "id_min_heeded"),
        },
    ),
    (
        {
            "cap": 15,
            "cursors": False,
            "archived_flag": False,
            "ignore_include": True,
            "ignored": {"min_id", "max_id", "id:greater", "page"},
            "date_header": False,
            "window_ms": 20,
            "resource_quotas": {"/v3/customers": 600},
        },
        {
            *("customers_have_cursors", "archived_are_flagged", "includes_heeded"),
            *("min_id_heeded", "max_id_heeded", "id_greater_exclusive", "pages_follow"),
            *("later_children_follow", "date_is_told", "limits_in_milliseconds", "one_quota"),
        },
    ),
    (
        {"ignored": {"dates", "sort"}, "gaps": {2}},
        {*SORTS, "v2_from_heeded", "v2_to_heeded", "v3_from_heeded", "v3_to_heeded"}
        | {"pages_follow"},
    ),
]


@pytest.mark.parametrize(("options", "expected"), TOGETHER)
def test_behaviours_that_are_changed_together_are_named_and_no_others(
    simulation: Simulation, options: dict[str, Any], expected: set[str]
) -> None:
    simulation.options.update(options)
    assert named(simulation) == expected
    assert_within_bounds(simulation)


def test_a_missing_scope_is_named_and_hides_only_its_own(simulation: Simulation) -> None:
    every = {scope for stream in STREAMS() for scope in [stream.scope]}
    simulation.options.update({"scopes": every - {"store_v2_customers_read_only"}})
    found = probed(store_of(simulation))
    scopes = found["scopes_are_there"].finding
    assert scopes.verdict == "does not hold"
    assert "store_v2_customers_read_only" in scopes.seen["missing"]
    why = {"why": "the scope store_v2_customers_read_only is missing"}
    for name in ("customers_have_cursors", "v3_from_heeded", "customers_unknown_refused"):
        assert (found[name].finding.verdict, found[name].finding.seen) == ("cannot tell", why)
    assert found["orders_ascend"].finding.verdict == "holds"
    assert_within_bounds(simulation)


def test_ids_that_come_as_text_are_compared_as_numbers(simulation: Simulation) -> None:
    simulation.options.update({"other_forms": True})
    assert named(simulation) == set()
    found = probed(store_of(simulation))
    assert found["types_as_declared"].finding.seen["customers_too"]
    assert found["types_fit"].finding.verdict == "holds"
    assert found["dates_readable"].finding.verdict == "holds"


EMPTY: dict[str, Any] = dict.fromkeys(SIZES, 0)


def test_little_can_be_told_of_an_empty_store() -> None:
    empty = Simulation(channels=1, **EMPTY)
    found = verdicts(probed(store_of(empty)))
    assert {name for name, verdict in found.items() if verdict == "does not hold"} <= NOT_HOLDING
    for name in ("orders_ascend", "v2_from_heeded", "embedded_lines_whole", "totals_exact"):
        assert found[name] == "cannot tell"
    assert found["v2_end_is_204"] == "holds"
    assert report_of(store_of(empty))["assumptions"]


def test_a_store_that_answers_nothing_tells_nothing() -> None:
    maintained = Simulation(maintenance=True, **EMPTY)
    found = verdicts(probed(store_of(maintained)))
    # All that its replies have is headers.
    assert {name for name, verdict in found.items() if verdict != "cannot tell"} == {
        "limits_in_milliseconds",
        "one_quota",
    }


def test_an_assumption_says_if_no_request_was_left_for_it(simulation: Simulation) -> None:
    store = store_of(simulation)
    store._left = 3
    found = probed(store)
    assert store.requests == len(simulation.log) == 3
    assert found["cursors_heeded"].finding.seen == {"why": "no request was left"}
    assert set(found) == set(BY_ID)
