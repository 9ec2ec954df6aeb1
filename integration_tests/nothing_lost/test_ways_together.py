"""Orders from stores that combine several quirks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from integration_tests.nothing_lost.completeness import (
    START,
    archive,
    assert_complete,
    completed,
    make_store,
)
from integration_tests.syncs import sync

pytestmark = pytest.mark.thorough

SIZES = {"orders": 60, "customers": 5, "products": 10, "channels": 3}
LISTS: dict[str, dict[str, Any]] = {
    "dates are ignored": {"ignored": {"dates"}},
    "starts of windows are ignored": {"ignored": {"min_date_modified"}},
    "ends of windows are ignored": {"ignored": {"max_date_modified"}},
    "keys and dates are ignored": {"ignored": {"min_id", "dates"}},
    "pages of 7 for 10": {"cap": 7},
    "pages of 7 for 10, and dates are ignored": {"cap": 7, "ignored": {"dates"}},
    "min_id leaves its row out": {"exclusive_min_id": True},
    "rows come twice on a page": {"doubled": True},
}
READS: dict[str, tuple[Iterable[int], dict[str, Any]]] = {
    "the last ones, in a window": (range(51, 60), {"num_workers": 1, "start_date": START}),
    "half of them, in windows": (range(0, 60, 2), {"num_workers": 4, "start_date": START}),
    "a few, from the beginning": ((3, 30, 57), {"num_workers": 4}),
}
"""Which orders are archived, by their position, and how they are read."""


@pytest.mark.parametrize("read_as", READS)
@pytest.mark.parametrize("listed_as", LISTS)
@pytest.mark.parametrize("is_deleted", ["only", "also", "ignored"])
def test_all_orders_arrive_once_whatever_the_store_does_with_archived_ones(
    is_deleted: str, listed_as: str, read_as: str
) -> None:
    archived, settings = READS[read_as]
    options = {"archived_orders": "hidden", "is_deleted": is_deleted, **LISTS[listed_as]}
    with make_store(**SIZES, **options) as store:
        hidden = archive(store, archived)
        result = sync(store, "orders", page_size=10, **settings)
        assert result.errors == []
        assert completed(result) == {"orders"}
        keys = [record["id"] for record in result.records["orders"]]
        if is_deleted == "ignored":
            # Nothing brings the archived ones; the others arrive as usual.
            assert set(keys) == {row["id"] for row in store.rows("orders")} - hidden
        else:
            assert_complete(store, ["orders"], result)
        assert len(keys) == len(set(keys)), "a row came twice"
