"""One parent with more rows than the API pages: an error that names it, never silence."""

from __future__ import annotations

import pytest

from integration_tests.nothing_lost.completeness import assert_complete, completed, make_store
from integration_tests.syncs import sync
from sandbox import Sandbox

pytestmark = pytest.mark.thorough

SIZES = {"orders": 40, "customers": 5, "products": 10, "channels": 3}
# With a shorter page, the store may have capped it, and more requests would follow.
MANY = 15


def order_of_many(store: Sandbox) -> int:
    """The order with the most transactions and lines."""
    key = int(store.rows("orders")[20]["id"])
    for collection in ("transactions", "order_products"):
        while len(store.data.children_of(collection, key)) < MANY:
            store.insert(collection, {}, parent=key)
    return key


@pytest.mark.parametrize("later", ["repeated", "empty", "refused", "missing"])
def test_transactions_without_their_later_pages_are_an_error_that_names_the_order(
    later: str,
) -> None:
    with make_store(**SIZES, later_children=later) as store:
        key = order_of_many(store)
        result = sync(store, "transactions", page_size=MANY - 1, num_workers=1, failing=True)
        assert completed(result) == set()
        said = [error.message for error in result.errors if error.stream_descriptor]
        assert said[0].startswith(f"BigCommerce does not send all transactions of order {key}. ")
        # Nothing counts as read: the next sync begins in the same second as this one.
        state = result.state.get("transactions", {})
        assert state.get("order_date_modified", "") <= "2009-01-01T00:00:00Z"


def test_line_items_whose_later_page_is_refused_are_an_error_that_names_the_order() -> None:
    with make_store(**SIZES, later_children="refused", ignore_include=True) as store:
        key = order_of_many(store)
        result = sync(store, "order_products", page_size=MANY - 1, num_workers=1, failing=True)
        assert completed(result) == set()
        [error] = [error for error in result.errors if error.stream_descriptor]
        assert error.message.startswith(
            f"BigCommerce does not send all order products of order {key}. "
        )
        assert "refused a request with status 400" in error.internal_message


def test_children_are_complete_if_all_their_pages_arrive() -> None:
    with make_store(**SIZES, ignore_include=True) as store:
        order_of_many(store)
        names = ("transactions", "order_products")
        result = sync(store, *names, page_size=MANY - 1)
        assert result.errors == []
        assert_complete(store, names, result)
