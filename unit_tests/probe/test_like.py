"""A sandbox that is told to be like a store has the report of that store."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.like import ASSUMPTIONS as IMITATED
from sandbox.like import settings as like
from sandbox.options import TOTALS, Options
from sandbox.simulation import Simulation
from source_bigcommerce.probe.assumptions import ASSUMPTIONS
from source_bigcommerce.probe.report import report
from unit_tests.probe.asking import BY_ID, NARROW, SIZES, probed, report_of, store_of

# No option turns these: they are about rows or time, or no request that only reads shows them.
NOT_IMITATED = {
    # A store has the rows that it has; tests edit them.
    *("fields_declared", "types_fit", "dates_readable", "ids_fit_32_bits", "listings_are_dated"),
    *("customers_embed_ten", "embedded_lines_whole"),
    *(name for name in BY_ID if "_moves_with_" in name),
    # The sandbox has one form of each.
    *("order_count_exact", "lists_are_counted", "unknown_order_is_404"),
    "trees_have_all_categories",
    # `now`, and faults.
    *("our_clock_is_right", "limited_replies_say_when"),
    *("graphql_has_no_orders", "written_orders_are_found", "oauth_templates_render"),
    *("heavy_pages_are_504", "firewall_is_not_json"),
}
DATES = ("min_date_modified", "max_date_modified", "date_modified:min", "date_modified:max")
SUBSETS = {
    "ignored": (
        *("min_id", "max_id", "id:min", "id:greater", "after", "sort", "page", "dates"),
        *DATES,
    ),
    "exclusive": ("min_id", "max_id", *DATES),
    "inclusive": ("id:greater",),
    "clamped": ("v2", "v3"),
    "unlimited": ("full", "empty"),
    "unknown_ignored": ("orders.list", "brands.list", "pages.list", "channel_listings.list"),
}
CHOICES: dict[str, tuple[Any, ...]] = {
    "totals": tuple(TOTALS),
    "gaps": ((), {1}, {2}),
    "cap": (None, 15),
    "cursors": (True, False),
    "doubled": (False, True),
    "brands_order": ("id", "newest"),
    "v2_end": (204, 200, 404),
    "v3_end": (200, 204, 404),
    "whole_lists": (None, 3),
    "undocumented_page": ("refused", "ignored"),
    "later_children": ("paged", "repeated", "empty", "refused", "missing"),
    "small_pages": (True, False),
    "v2_dates": ("any", "encoded"),
    "v3_dates": ("any", "plain"),
    "zoneless": ("refused", "read"),
    "zone_hours": (0, -6),
    "undated": (False, True),
    "archived_orders": ("shown", "hidden"),
    "is_deleted": ("only", "also", "ignored", "refused"),
    "archived_flag": (True, False),
    "incomplete_orders": ("shown", "hidden"),
    "ignore_include": (False, True),
    "consignments": ("asked", "object", "array"),
    "short_includes": (False, True),
    "warning_place": ("consignment", "line_items", "consignments"),
    "empty_transactions": ("mixed", "200", "204", "404"),
    "key_match": ("exact", "prefix", "any_case", "none"),
    "ok": (200, 203),
    "window_ms": (30_000, 20),
    "resource_quotas": ({}, {"/v3/customers": 600}),
    "gzip": (False, True),
    "date_header": (True, False),
    "date_ahead": (0, 3600),
}
# What depends on which rows are listed, not on how the store behaves.
COUNTS = {"rows", "lists", "orders", "doubled", "short", "customers", "replies"}


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(**SIZES)


def settings_drawn() -> st.SearchStrategy[dict[str, Any]]:
    """A few options, drawn from all."""
    every = {
        **{
            name: st.frozensets(st.sampled_from(each), max_size=3) for name, each in SUBSETS.items()
        },
        **{name: st.sampled_from(each) for name, each in CHOICES.items()},
    }
    names = st.lists(st.sampled_from(sorted(every)), unique=True, min_size=1, max_size=6)
    return names.flatmap(lambda some: st.fixed_dictionaries({name: every[name] for name in some}))


def turned(simulation: Simulation, options: dict[str, Any]) -> Simulation:
    """The same store with these options and no others."""
    defaults = {each.name: getattr(Options(), each.name) for each in fields(Options)}
    simulation.options.update({**defaults, **options})
    return simulation


def written(simulation: Simulation) -> dict[str, Any]:
    store = store_of(simulation)
    document: dict[str, Any] = json.loads(
        json.dumps(report(probed(store, NARROW).values(), store.requests))
    )
    return document


def behaviour(document: dict[str, Any]) -> dict[str, Any]:
    """Verdicts, and what was seen but for numbers of rows."""
    return {
        each["id"]: (
            each["verdict"],
            {name: value for name, value in each["seen"].items() if name not in COUNTS},
        )
        for each in document["assumptions"]
    }


@given(options=settings_drawn())
@settings(max_examples=15)
def test_a_sandbox_like_a_store_has_its_report(
    simulation: Simulation, options: dict[str, Any]
) -> None:
    first = written(turned(simulation, options))
    second = written(turned(simulation, like(first)))
    assert behaviour(second) == behaviour(first)


def test_a_sandbox_is_made_like_a_report_or_its_file(tmp_path: Path) -> None:
    original = Simulation(**SIZES, is_deleted="refused", cap=15, scopes={"store_v2_orders"})
    document = report_of(store_of(original))
    behaved = behaviour(written(original))
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document))
    for given_report in (document, str(path), path):
        copy = Simulation(**SIZES, like=given_report, store_hash="other")
        assert (copy.options.is_deleted, copy.options.cap) == ("refused", 15)
        assert copy.options.store_hash == "other"
    assert behaviour(written(copy)) == behaved
    assert copy.options.scopes is not None
    assert "store_v2_orders_read_only" in copy.options.scopes
    assert "store_v2_customers_read_only" not in copy.options.scopes
    assert Simulation(**SIZES, like=path, cap=7).options.cap == 7


@pytest.mark.parametrize("wrong", [{}, {"assumptions": [{"id": "cap"}]}, {"assumptions": 3}])
def test_what_is_no_report_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a report of source-bigcommerce probe"):
        Simulation(**SIZES, like=wrong or {"other": 1})


def test_every_assumption_has_an_option_or_a_reason_why_it_has_none() -> None:
    known = {each.id for each in ASSUMPTIONS}
    assert IMITATED - known == set()
    assert known - IMITATED == NOT_IMITATED
