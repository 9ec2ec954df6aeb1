"""A page that is larger than expected is read in parts, before it fills the memory."""

from __future__ import annotations

import orjson
import pytest

from integration_tests.nothing_lost.completeness import (
    assert_complete,
    assert_honest,
    completed,
    make_store,
    whole_history,
)
from integration_tests.syncs import sync
from sandbox import Sandbox
from source_bigcommerce.components import budget

pytestmark = pytest.mark.thorough

VARIANTS = 600
"""The most that BigCommerce allows a product."""
MEBIBYTE = 2**20


@pytest.mark.parametrize("compressed", [False, True])
def test_a_page_of_products_with_600_variants_each_is_read_in_parts(
    compressed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "FIRST_REPLY_WAIT", 0.1)
    with _make_store(80, compressed) as store:
        read = sync(store, "products", **whole_history(80, num_workers=1))
        assert read.errors == []
        assert completed(read) == {"products"}
        assert_complete(store, ["products"], read)
        assert_honest(store, read)
        limits = [entry.query["limit"] for entry in store.requests("products.list")]
        assert limits[:2] == ["80", "40"]
        row = len(orjson.dumps(read.records["products"][0]))
        assert 40 * row < 16 * MEBIBYTE < 80 * row


def _make_store(products: int, compressed: bool) -> Sandbox:
    store = make_store(orders=0, products=products, gzip=compressed)
    for product in store.rows("products", ["variants"]):
        variants = [{**product["variants"][0], "id": number} for number in range(1, VARIANTS + 1)]
        date = product["date_modified"]
        store.edit("products", product["id"], {"variants": variants, "date_modified": date})
    return store
