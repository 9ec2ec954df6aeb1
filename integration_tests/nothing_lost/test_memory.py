"""With little memory a sync takes longer, and neither loses a row nor waits for ever."""

from __future__ import annotations

import pytest

from integration_tests.nothing_lost.completeness import START, assert_complete, make_store
from integration_tests.syncs import sync
from source_bigcommerce.components import budget
from source_bigcommerce.components import memory as memory_of
from source_bigcommerce.components.memory import Memory, Share

pytestmark = pytest.mark.thorough

ROOM = 20_000
NAMES = [
    *("orders", "order_products", "transactions", "products", "customers", "brands"),
    "price_list_records",
]


@pytest.fixture
def most_held(monkeypatch: pytest.MonkeyPatch) -> dict[bool, int]:
    """The most bytes of replies that lists, and children, have held beside another reply."""
    most, before = {False: 0, True: 0}, Memory._set
    holding: set[Share] = set()

    def watched(self: Memory, share: Share, size: int) -> None:
        before(self, share, size)
        holding.discard(share)
        if size:
            holding.add(share)
        kind = share.is_of_parent
        if sum(each.is_of_parent == kind for each in holding) > 1:
            most[kind] = max(most[kind], self._held[kind])

    monkeypatch.setattr(memory_of, "_MOST", ROOM)
    monkeypatch.setattr(Memory.__init__, "__defaults__", (ROOM,))
    monkeypatch.setattr(Memory, "_set", watched)
    monkeypatch.setattr(budget, "FIRST_REPLY_WAIT", 0.1)
    return most


@pytest.mark.parametrize("num_workers", [2, 12])
def test_a_sync_with_little_memory_reads_everything(
    most_held: dict[bool, int], num_workers: int
) -> None:
    with make_store(orders=60, products=60, customers=40) as store:
        read = sync(
            store,
            *NAMES,
            "product_images",
            "promotion_codes",
            num_workers=num_workers,
            page_size=20,
            start_date=START,
        )
        assert read.errors == []
        assert_complete(store, NAMES, read)
        assert len(read.records["promotion_codes"]) == len(store.rows("promotion_codes"))
        images = sum(len(product["images"]) for product in store.rows("products", ["images"]))
        assert len(read.records["product_images"]) == images > 60
    assert 0 < most_held[False] <= ROOM
    assert most_held[True] <= ROOM
