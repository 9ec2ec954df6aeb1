"""Stores whose lists lie about themselves: each stream is read whole, or it is an error.

One sync reads a stream of each kind from each of these stores; from some, every stream.
"""

from __future__ import annotations

from typing import Any

import pytest
from airbyte_cdk.models import Level

from integration_tests.nothing_lost.completeness import (
    assert_honest,
    completed,
    make_store,
    one_of_each_kind,
    shorten,
    streams,
    whole_history,
)
from integration_tests.nothing_lost.test_faults import failed_streams
from integration_tests.syncs import Sync, sync
from sandbox import Sandbox

pytestmark = pytest.mark.thorough

NAMES = tuple(streams())
SETTINGS = whole_history(page_size=5)
SIZES = {"orders": 13, "channels": 3} | dict.fromkeys(
    ("customers", "products", "pages", "brands", "categories"), 13
)


def _make_store(**options: Any) -> Sandbox:
    store = make_store(**SIZES, empty_transactions="200", **options)
    return shorten(store, SIZES["orders"])


@pytest.fixture(scope="module")
def operations() -> set[str]:
    """The requests to an honest store; known once `honest` is read."""
    return set()


@pytest.fixture(scope="module")
def honest(operations: set[str]) -> Sync:
    """All that there is to read."""
    with _make_store() as store:
        read = sync(store, *NAMES, **SETTINGS)
        operations.update(entry.operation for entry in store.log)
    assert read.errors == []
    assert completed(read) == set(NAMES)
    assert read.logs(Level.WARN) == []
    return read


WHOLE: dict[str, dict[str, Any]] = {
    "totals of the page": {"totals": "of_page"},
    "always one page": {"totals": "one_page"},
    "half the rows are counted": {"totals": "low"},
    "three times the rows are counted": {"totals": "high"},
    "totals are zero": {"totals": "zero"},
    "totals are negative": {"totals": "negative"},
    "totals are text": {"totals": "text"},
    "no totals": {"totals": "missing"},
    "no totals and no cursors": {"totals": "missing", "cursors": False},
    "totals of the page and no cursors": {"totals": "of_page", "cursors": False},
    "pages of 3 for 5": {"cap": 3},
    "pages of 4 for 5": {"cap": 4},
    "pages of 3, and totals of the page": {"cap": 3, "totals": "of_page"},
    "an empty page in the middle": {"gaps": {2}, "cursors": False},
    "an empty first page, and two more": {"gaps": {1, 3, 4}, "cursors": False},
    "cursors are ignored": {"ignored": {"after"}},
    "dates are ignored": {"ignored": {"dates"}},
    "ends of windows are ignored": {"ignored": {"max_date_modified", "date_modified:max"}},
    "starts of windows are ignored": {"ignored": {"min_date_modified", "date_modified:min"}},
    "keys are ignored": {"ignored": {"min_id", "id:greater"}},
    "sort is ignored": {"ignored": {"sort"}},
    "sort and dates are ignored": {"ignored": {"sort", "dates"}},
    "min_id leaves its row out": {"exclusive_min_id": True},
    "rows come twice on a page": {"doubled": True},
    "rows come with 203": {"ok": 203},
}
# If there is no other way to read the list.
FAILING: dict[str, set[str]] = {
    "cursors are ignored": {"channel_listings"},
    "rows come twice on a page": {"channel_listings"},
    "sort is ignored": {"channel_listings"},
    "sort and dates are ignored": {"channel_listings"},
    "three times the rows are counted": {
        *("category_trees", "channel_listings", "promotion_codes", "tax_rates"),
        "segment_shopper_profiles",
        # All but one that comes in one reply.
        *({name for name in NAMES if name.startswith("b2b_")} - {"b2b_company_permissions"}),
    },
}


# Read of every stream: each way to the end of a list, and lists that cannot be read.
EVERYWHERE = {
    "always one page",
    "three times the rows are counted",
    "no totals and no cursors",
    "sort and dates are ignored",
}


@pytest.mark.parametrize("lie", WHOLE)
def test_a_list_that_lies_about_itself_is_read_whole(lie: str, honest: Sync) -> None:
    names = NAMES if lie in EVERYWHERE else one_of_each_kind(honest)
    failing = FAILING.get(lie, set()).intersection(names)
    with _make_store(**WHOLE[lie]) as store:
        read = sync(store, *names, failing=bool(failing), **SETTINGS)
    assert_honest(honest, read)
    assert completed(read) == set(names) - failing
    assert failed_streams(read) == failing


def test_a_list_without_pages_is_an_error_if_it_is_longer_than_one(honest: Sync) -> None:
    names = {*one_of_each_kind(honest), "brands", "categories", "pages", "customers"}
    with _make_store(ignored={"page"}, cursors=False) as store:
        read = sync(store, *names, failing=True, **SETTINGS)
    assert_honest(honest, read)
    failed = failed_streams(read)
    assert completed(read) | failed == names
    assert {"brands", "categories", "pages", "customers"} <= failed
    assert not {"orders", "products", "store", "channels"} & failed


# Status and body. None of these is an empty list.
NO_LISTS: dict[str, tuple[int, str]] = {
    "202 without rows": (202, '{"data": []}'),
    "206 with rows": (206, '[{"id": 1}]'),
    "304": (304, ""),
    "an error in place of rows": (200, '{"status": 503, "message": "Try again"}'),
    "an error among rows": (200, '[{"status": 404, "message": "Not found"}]'),
    "an error where rows should be": (200, '{"data": {"title": "Oops", "errors": {}}}'),
    "null in place of rows": (200, '{"data": null, "meta": {}}'),
    "an empty object": (200, "{}"),
}


@pytest.mark.parametrize(
    "kinds", [list(NO_LISTS)[:4], list(NO_LISTS)[4:]], ids=["statuses and errors", "shapes"]
)
def test_a_reply_that_is_no_list_is_asked_for_again(
    kinds: list[str], honest: Sync, operations: set[str]
) -> None:
    with _make_store() as store:
        for operation in sorted(operations):
            for status, body in map(NO_LISTS.__getitem__, kinds):
                store.faults.add(operation, "status", status=status, body=body)
        read = sync(store, *NAMES, **SETTINGS)
        assert store.faults.pending() == []
    assert read.errors == []
    assert completed(read) == set(NAMES)
    assert_honest(honest, read)


@pytest.mark.parametrize("kind", NO_LISTS)
def test_a_reply_that_never_becomes_a_list_is_an_error(kind: str, honest: Sync) -> None:
    status, body = NO_LISTS[kind]
    names = ("orders", "brands", "customers", "order_products", "transactions", "store")
    with _make_store() as store:
        store.faults.add("*", "status", status=status, body=body, times=None, at=3)
        read = sync(store, *names, failing=True, **SETTINGS)
    assert_honest(honest, read)
    assert len(failed_streams(read)) >= len(names) - 2
