"""All streams, from stores that treat requests in each of the ways that users report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.nothing_lost.completeness import TOKEN, completed
from integration_tests.rows import assert_equal
from integration_tests.syncs import Row, Sync, sync
from sandbox import Sandbox
from sandbox.options import Options
from unit_tests.streams import STREAMS, Expected

pytestmark = pytest.mark.thorough

NAMES = [row.name for row in STREAMS]
SIZES: dict[str, Any] = {"orders": 30, "customers": 20, "products": 20, "channels": 4}
# The API documents no paging for these.
WHOLE = [row.name for row in STREAMS if "limit=" not in row.first_request]
WHOLE_CHILDREN = ["order_consignments", "order_fees"]


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with Sandbox(**SIZES, access_token=TOKEN) as store:
        yield store


@pytest.fixture(scope="module")
def honest(store: Sandbox) -> dict[str, list[Row]]:
    """The rows of an undisturbed sync; `test_every_stream.py` shows that they are all."""
    return sync(store, *NAMES).records


@pytest.fixture(autouse=True)
def _each_test_with_a_store_as_it_was(store: Sandbox) -> Iterator[None]:
    store.log.clear()
    yield
    defaults = Options()
    store.options.update(
        {
            name: getattr(defaults, name)
            for name in ("undated", "v3_dates", "v2_dates", "whole_lists", "undocumented_page")
        }
    )


def assert_same(found: Sync, honest: dict[str, list[Row]], names: list[str]) -> None:
    """Each row as it is, perhaps twice: an ignored page number brings the first page again."""
    assert found.errors == []
    assert completed(found) == set(names)
    for name in names:
        assert_equal(name, found.records.get(name, []), honest.get(name, []), may_repeat=True)


def test_dates_are_sent_plain_to_v3_and_encoded_to_v2(
    store: Sandbox, honest: dict[str, list[Row]]
) -> None:
    store.options.update({"v3_dates": "plain", "v2_dates": "encoded"})
    assert_same(sync(store, *NAMES, start_date="2020-01-01"), honest, NAMES)
    dates = [
        (entry.path, name, text)
        for entry in store.log
        for name, _, text in (pair.partition("=") for pair in entry.raw_query.split("&"))
        if "date" in name or "created" in name
    ]
    v2 = {text for path, _, text in dates if "/v2/" in path}
    v3 = {text for path, _, text in dates if "/v3/" in path}
    assert "2020-01-01T00%3A00%3A00Z" in v2
    assert not [text for text in v2 if ":" in text]
    assert "2020-01-01T00:00:00Z" in v3
    assert not [text for text in v3 if "%3A" in text]
    # The names of filters, as documented.
    names = {name for path, name, _ in dates if "/stores/" in path and "/v3/" in path}
    assert names == {
        f"{field}:{bound}" for field in ("date_modified", "created") for bound in ("min", "max")
    }


@pytest.mark.parametrize("undocumented_page", ["refused", "ignored"])
def test_all_streams_are_complete_whatever_undocumented_pages_answer(
    store: Sandbox, honest: dict[str, list[Row]], undocumented_page: str
) -> None:
    """Each list is as long as a page may be, because pages are so small."""
    store.options.undocumented_page = undocumented_page
    names = [*WHOLE, *WHOLE_CHILDREN]
    assert_same(sync(store, *names, page_size=1), honest, names)
    assert [entry for entry in store.log if "page" in entry.query]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_lists_documented_without_pages_are_read_whole_if_they_have_pages(
    store: Sandbox, honest: dict[str, list[Row]], size: int
) -> None:
    store.options.whole_lists = size
    names = [*WHOLE, *WHOLE_CHILDREN]
    assert_same(sync(store, *names, page_size=size), honest, names)


def test_counted_lists_are_read_whole_with_pages_of_any_size(
    store: Sandbox, honest: dict[str, list[Row]]
) -> None:
    store.options.whole_lists = 1
    names = ["category_trees", "tax_rates"]
    assert min(len(honest[name]) for name in names) > 1
    assert_same(sync(store, *names), honest, names)


UNDATED = [row for row in STREAMS if row.first_request.startswith("v3/") and row.cursor]


def keys(rows: list[Row], row: Expected) -> list[Any]:
    return sorted(tuple(each[field] for field in row.primary_key.split(", ")) for each in rows)


def test_rows_without_a_date_arrive_with_the_first_sync(
    store: Sandbox, honest: dict[str, list[Row]]
) -> None:
    store.options.undated = True
    first = sync(store, *NAMES)
    assert first.errors == []
    assert completed(first) == set(NAMES)
    undated = set()
    for row in STREAMS:
        records, there = first.records.get(row.name, []), honest.get(row.name, [])
        if row.primary_key:
            assert keys(records, row) == keys(there, row), row.name
        dates = [record[row.cursor] for record in records if row.cursor in record]
        if row.cursor and dates:
            # Rows without a date move no state. Parents without rows do.
            parents, field = row.dated_by
            newest = max(each[field] for each in first.records[parents] if field in each)
            assert first.state[row.name][row.cursor] == newest[:19] + "Z"
        undated |= {row.name} if row.cursor and len(dates) < len(records) else set()
    metafields = {name for name in NAMES if name.endswith("_metafields")}
    others = {"customer_attributes", "customer_attribute_values", "subscribers", "channels"}
    assert undated == {*metafields, *others, "price_list_records"}


@pytest.mark.parametrize("name", ["subscribers", "order_metafields", "price_list_records"])
def test_a_row_that_changes_during_an_unbounded_read_arrives_with_the_next_sync(
    name: str,
) -> None:
    with Sandbox(**SIZES, access_token=TOKEN) as store:
        table = store.data.table(name)
        key = table.columns[table.key][-1]
        store.clock.advance(5)
        store.edit(name, key, {})
        first = sync(store, name, end_date="2026-03-01T00:00:00Z")
        field = "date_modified"
        assert [entry.query for entry in store.log if field in entry.raw_query] == []
        assert len(first.records[name]) == len(store.rows(name)) - 1
        assert first.state[name][field] <= "2026-03-01T00:00:00Z"
        store.clock.advance(3600)
        second = sync(store, name, state=first.state)
        dates = [record[field][:19] for record in second.records[name]]
        assert "2026-03-01T00:00:05" in dates
        assert {f"{field}:min", f"{field}:max"} <= set(store.log[-1].query)


@pytest.mark.parametrize("name", ["channel_listings", "pickup_methods"])
def test_streams_read_whole_bring_later_rows_that_were_never_modified(
    name: str,
) -> None:
    with Sandbox(**SIZES, access_token=TOKEN, undated=True) as store:
        first = sync(store, name)
        store.clock.advance(86400)
        store.insert(name)
        second = sync(store, name, state=first.state)
        assert len(second.records[name]) == len(first.records[name]) + 1 == len(store.rows(name))
        assert [record for record in second.records[name] if "date_modified" not in record]
        assert not [entry for entry in store.log if "date" in entry.raw_query]


@pytest.mark.parametrize("moves", [False, True], ids=["the date stays", "the date moves"])
def test_edited_children_are_fresh_only_in_streams_of_their_own(
    moves: bool,
) -> None:
    names = ("products", "product_variants", "customers", "customer_addresses")
    with Sandbox(**SIZES, access_token=TOKEN) as store:
        assert store.options.parent_dates == "orders"
        store.options.parent_dates = "all" if moves else "orders"
        first = sync(store, *names)
        store.clock.advance(3600)
        variant, address = store.rows("variants")[0], store.rows("customer_addresses")[0]
        store.edit("variants", variant["id"], {"sku": "edited"})
        store.edit("customer_addresses", address["id"], {"city": "Edited"})
        second = sync(store, *names, state=first.state)

    def found(name: str, key: int) -> list[Row]:
        return [row for row in second.records.get(name, []) if row["id"] == key]

    assert [row["sku"] for row in found("product_variants", variant["id"])] == ["edited"]
    assert [row["city"] for row in found("customer_addresses", address["id"])] == ["Edited"]
    products, customers = (
        found("products", variant["product_id"]),
        found("customers", address["customer_id"]),
    )
    assert (len(products), len(customers)) == ((1, 1) if moves else (0, 0))
    if moves:
        assert "edited" in [each["sku"] for each in products[0]["variants"]]
        assert "Edited" in [each["city"] for each in customers[0]["addresses"]]
