"""A page that is larger than expected is read in parts, before it fills the memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integration_tests.nothing_lost import processes
from integration_tests.nothing_lost.completeness import (
    NOW,
    START,
    assert_complete,
    assert_honest,
    completed,
    shop,
)
from integration_tests.syncs import sync
from sandbox import Sandbox

PRODUCTS = 80
VARIANTS = 600
"""The most that BigCommerce allows a product."""
SETTINGS = {"start_date": START, "end_date": NOW, "num_workers": 1, "page_size": PRODUCTS}


@pytest.mark.parametrize("compressed", [False, True])
def test_a_page_of_products_with_600_variants_each_is_read_in_parts(compressed: bool) -> None:
    with _shop(compressed) as store:
        read = sync(store, "products", **SETTINGS)
        assert read.errors == []
        assert completed(read) == {"products"}
        assert_complete(store, ["products"], read)
        assert_honest(store, read)
        limits = [int(entry.query["limit"]) for entry in store.requests("products.list")]
        assert limits[0] == PRODUCTS
        assert min(limits) == PRODUCTS // 2, "the page was to shrink"


def test_it_does_not_take_the_memory_of_all_its_rows(tmp_path: Path) -> None:
    with _shop(compressed=True) as store:
        process = processes.start(tmp_path, store, ["products"], **SETTINGS)
        assert process.stdout
        printed = sum(len(line) for line in process.stdout)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        assert printed > PRODUCTS * 300_000, "the rows were to be heavy"
        assert usage.ru_maxrss / 1024 < 3


def _shop(compressed: bool) -> Sandbox:
    store = shop(orders=0, products=PRODUCTS, gzip=compressed)
    for product in store.rows("products", ["variants"]):
        variants = [{**product["variants"][0], "id": number} for number in range(1, VARIANTS + 1)]
        date = product["date_modified"]
        store.edit("products", product["id"], {"variants": variants, "date_modified": date})
    return store
