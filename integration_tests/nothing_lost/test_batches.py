"""Rows of several products by one request: whatever the store makes of the list of their keys."""

from __future__ import annotations

import re
from typing import Any

import pytest

from integration_tests.nothing_lost.completeness import make_store
from integration_tests.rows import assert_equal, rows_of
from integration_tests.syncs import sync
from sandbox import Sandbox

pytestmark = pytest.mark.thorough

NAME, OPERATION = "product_tax_properties", "product_tax_properties.list"
SIZES = {"orders": 5, "customers": 5, "products": 130}


def read(store: Sandbox, **form: Any) -> list[int]:
    """All rows; how many keys each request named."""
    result = sync(store, NAME, **form)
    assert result.errors == []
    assert_equal(NAME, result.records[NAME], rows_of(store, NAME))
    asked = [dict(entry.pairs)["product_id:in"] for entry in store.requests(OPERATION)]
    return [len(keys.split(",")) for keys in asked]


def test_fifty_products_cost_one_request() -> None:
    """By one worker: others may ask once more before they know how many keys the store reads."""
    with make_store(**SIZES) as store:
        sizes = read(store, num_workers=1)
    assert sum(sizes) >= SIZES["products"]
    assert len(sizes) <= SIZES["products"] // 50 + 2  # one shows that all keys are read


@pytest.mark.parametrize("more", ["refused", "missing", "ignored"])
@pytest.mark.parametrize("most", [1, 7, 30])
def test_all_rows_arrive_if_the_store_takes_fewer_keys(most: int, more: str) -> None:
    with make_store(**SIZES, keys_at_most=most, more_keys=more) as store:
        sizes = read(store, num_workers=2)
    assert sizes[-1] <= max(most, 1) + 1


def test_all_rows_arrive_if_the_list_has_pages() -> None:
    with make_store(**SIZES, whole_lists=10) as store:
        read(store)


def test_all_rows_arrive_if_the_store_ignores_the_keys() -> None:
    with make_store(**{**SIZES, "products": 8}, ignored=["product_id:in"]) as store:
        rows = {row["product_id"] for row in rows_of(store, NAME)}
        for product in store.rows("products"):
            if product["id"] not in rows:
                store.delete("products", product["id"])
        read(store)


@pytest.mark.parametrize("status", [413, 414, 500, 504])
def test_a_request_that_fails_is_made_again_in_parts(status: int) -> None:
    with make_store(**SIZES) as store:
        store.faults.add(OPERATION, "status", status=status, times=1)
        assert min(read(store, num_workers=1)) <= 25


def test_a_product_that_is_refused_by_itself_is_named() -> None:
    with make_store(**{**SIZES, "products": 3}) as store:
        store.faults.add(OPERATION, "status", status=400, times=None)
        result = sync(store, NAME, failing=True)
        products = {str(row["id"]) for row in store.rows("products")}
    said = [error.message for error in result.errors if error.stream_descriptor]
    named = re.match(
        r"BigCommerce does not send all product tax properties of product (\d+)\.", said[0]
    )
    assert named
    assert named[1] in products
    assert "refused a request with status 400" in result.errors[0].internal_message


def test_the_next_sync_asks_for_the_products_that_changed() -> None:
    with make_store(**SIZES) as store:
        first = sync(store, NAME)
        store.clock.advance(3600)
        edited = int(store.rows(NAME)[0]["product_id"])
        store.edit("products", edited, {"name": "New"})
        store.log.clear()
        second = sync(store, NAME, state=first.state)
        [entry] = store.requests(OPERATION)
    assert str(edited) in dict(entry.pairs)["product_id:in"].split(",")
    found = {row["product_id"]: row["product_date_modified"] for row in second.records[NAME]}
    assert found[edited] == second.state[NAME]["product_date_modified"]
