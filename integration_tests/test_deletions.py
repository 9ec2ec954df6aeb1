"""Rows that a store deletes between syncs, and while one reads."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airbyte_cdk.models import AirbyteStreamStatus, Level

from integration_tests.syncs import State, Sync, config_for, sync
from integration_tests.test_receipts import receipts, statuses
from sandbox import Sandbox
from sandbox.faults import Change
from source_bigcommerce import SourceBigcommerce

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[1]
OF = ("products", "customers", "orders", "subscribers", "brands", "categories")
NAMES = tuple(f"deleted_{each}" for each in OF)
SIZES: dict[str, Any] = {
    "orders": 70,
    "customers": 90,
    "products": 60,
    "brands": 70,
    "categories": 45,
}
PAGED: dict[str, Any] = {"page_size": 20}


@pytest.fixture
def small() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as store:
        yield store


def ids(store: Sandbox, of: str) -> list[int]:
    key = "category_id" if of == "categories" else "id"
    return [row[key] for row in store.rows(of)]


def told(read: Sync) -> dict[str, list[int]]:
    return {name: [row["id"] for row in read.records.get(name, [])] for name in NAMES}


def test_rows_that_are_deleted_between_syncs_are_reported_once(small: Sandbox) -> None:
    first = sync(small, *NAMES, **PAGED)
    assert (first.errors, first.records, first.logs(Level.WARN)) == ([], {}, [])
    chance = random.Random(5)
    gone = {f"deleted_{of}": sorted(chance.sample(ids(small, of), 3)) for of in OF}
    for of in OF:
        for key in gone[f"deleted_{of}"]:
            small.delete(of, key)
        small.insert(of)
    small.clock.advance(3600)
    second = sync(small, *NAMES, "sync_receipts", state=first.state, **PAGED)
    assert (second.errors, told(second)) == ([], gone)
    [row] = [
        row for row in second.records["deleted_brands"] if row["id"] == gone["deleted_brands"][0]
    ]
    assert row == {
        "id": gone["deleted_brands"][0],
        "last_seen_at": "2026-03-01T00:00:00Z",
        "found_deleted_at": "2026-03-01T01:00:00Z",
        "reason": "deleted",
    }
    assert {row["verdict"] for row in receipts(second).values()} == {"whole"}
    third = sync(small, *NAMES, state=second.state, **PAGED)
    assert third.records == {}


def test_a_sync_without_deletions_takes_two_requests_a_stream(small: Sandbox) -> None:
    names = [name for name in NAMES if name != "deleted_categories"]  # those are read whole
    first = sync(small, *names, **PAGED)
    small.log.clear()
    assert sync(small, *names, state=first.state, **PAGED).records == {}
    assert len(small.log) - len(small.requests("time.get")) == 2 * len(names)


def test_rows_that_are_deleted_during_a_sync_are_reported_in_the_end(
    small: Sandbox,
) -> None:
    state: State = {}
    found: dict[str, list[int]] = {name: [] for name in NAMES}
    known = {of: set(ids(small, of)) for of in OF}
    chance = random.Random(3)
    operations = {"brands": "brands.list", "customers": "customers.list", "orders": "orders.list"}
    for _ in range(4):
        for of, operation in operations.items():
            keys = ids(small, of)
            for at in (1, 2):
                key = chance.choice(keys)
                keys.remove(key)
                changes = (Change("delete", of, (key,)), Change("insert", of))
                small.faults.change(operation, *changes, at=at)
        read = sync(small, *NAMES, state=state, **PAGED)
        small.faults.clear()
        assert read.errors == []
        for name, keys in told(read).items():
            assert not set(keys) & set(ids(small, name.removeprefix("deleted_")))
            found[name] += keys
        state = read.state
        for of in OF:
            known[of] |= set(ids(small, of))
    found = {
        name: found[name] + keys
        for name, keys in told(sync(small, *NAMES, state=state, **PAGED)).items()
    }
    for of in operations:
        gone = known[of] - set(ids(small, of))
        assert sorted(found[f"deleted_{of}"]) == sorted(set(found[f"deleted_{of}"]))
        # Rows that came and went before a sync saw them are told by nobody.
        assert set(found[f"deleted_{of}"]) <= gone
        assert len(found[f"deleted_{of}"]) >= 4


def test_a_product_that_the_form_skips_is_reported_as_hidden(small: Sandbox) -> None:
    options: dict[str, Any] = {**PAGED, "skip_hidden_products": True, "deletions": "mark"}
    names = ("products", "deleted_products")
    first = sync(small, *names, **options)
    shown = [row["id"] for row in small.rows("products") if row["is_visible"]]
    small.edit("products", shown[3], {"is_visible": False})
    small.delete("products", shown[4])

    def marked(read: Sync) -> set[int]:
        return {row["id"] for row in read.records["products"] if row.get("_ab_cdc_deleted_at")}

    second = sync(small, *names, state=first.state, **options)
    reasons = {row["id"]: row["reason"] for row in second.records["deleted_products"]}
    assert reasons == {shown[3]: "hidden", shown[4]: "deleted"}
    assert marked(second) == {shown[4]}
    small.delete("products", shown[3])
    third = sync(small, *names, state=second.state, **options)
    assert marked(third) == {shown[3], shown[4]}


def test_an_order_that_the_list_hides_is_reported_as_archived() -> None:
    with Sandbox(**SIZES, archived_orders="hidden") as store:
        first = sync(store, "deleted_orders", **PAGED)
        keys = ids(store, "orders")
        store.edit("orders", keys[5], {"is_deleted": True})
        second = sync(store, "deleted_orders", state=first.state, **PAGED)
    rows = second.records["deleted_orders"]
    assert [(row["id"], row["reason"]) for row in rows] == [(keys[5], "archived")]


@pytest.mark.parametrize("totals", ["of_page", "low", "zero", "negative", "missing"])
def test_no_deletions_are_made_up_if_counts_are_nonsense(totals: str) -> None:
    names = ("deleted_products", "deleted_customers", "deleted_subscribers", "deleted_brands")
    with Sandbox(**SIZES) as store:
        first = sync(store, *names, **PAGED)
        store.options.update({"totals": totals})
        read = sync(store, *names, "sync_receipts", state=first.state, **PAGED)
        assert (read.errors, set(read.records)) == ([], {"sync_receipts"})
        assert {row["verdict"] for row in receipts(read).values()} == {"not proved"}
        store.options.update({"totals": "right"})
        gone = ids(store, "brands")[7]
        store.delete("brands", gone)
        assert told(sync(store, *names, state=read.state, **PAGED))["deleted_brands"] == [gone]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: {**state, "ids": state["ids"][:-3]},
        lambda state: {**state, "ids": 7},
        lambda state: {**state, "store": "another"},
        lambda state: {"found_deleted_at": state["found_deleted_at"]},
        lambda state: {"date_modified": "2026-01-01T00:00:00Z"},
    ],
)
def test_an_unusable_state_is_logged_and_no_deletions_are_made_up(
    small: Sandbox, spoil: Any
) -> None:
    first = sync(small, "deleted_brands", **PAGED)
    small.delete("brands", ids(small, "brands")[7])
    state = {"deleted_brands": spoil(first.state["deleted_brands"])}
    read = sync(small, "deleted_brands", state=state, **PAGED)
    assert read.records == {}
    [said] = read.logs(Level.WARN)
    assert said.startswith("The state of deleted_brands is not used: ")
    gone = ids(small, "brands")[9]
    small.delete("brands", gone)
    assert told(sync(small, "deleted_brands", state=read.state, **PAGED))["deleted_brands"] == [
        gone
    ]


def test_a_stream_that_fails_keeps_its_state(small: Sandbox) -> None:
    first = sync(small, "deleted_brands", **PAGED)
    gone = ids(small, "brands")[7]
    small.delete("brands", gone)
    small.faults.add("brands.list", "status", status=422, at=3, times=None)
    failed = sync(small, "deleted_brands", state=first.state, failing=True, **PAGED)
    assert failed.state == first.state
    small.faults.clear()
    assert told(sync(small, "deleted_brands", state=failed.state, **PAGED))["deleted_brands"] == [
        gone
    ]


# Marks


def test_marks_of_deleted_rows_come_in_the_stream_of_the_rows_before_its_end(
    small: Sandbox,
) -> None:
    options: dict[str, Any] = {**PAGED, "deletions": "mark"}
    names = ("products", "deleted_products", "brands", "deleted_brands", "customers")
    first = sync(small, *names, **options)
    gone = [ids(small, of)[7] for of in ("products", "brands")]
    small.delete("products", gone[0])
    small.delete("brands", gone[1])
    small.clock.advance(3600)
    second = sync(small, *names, state=first.state, **options)
    marks = [row for row in second.records.get("products", []) if "_ab_cdc_deleted_at" in row]
    when = "2026-03-01T01:00:00Z"
    assert marks == [{"id": gone[0], "date_modified": when, "_ab_cdc_deleted_at": when}]
    # Brands are read whole: a deleted one is not among them.
    assert not [row for row in second.records["brands"] if "_ab_cdc_deleted_at" in row]
    done = AirbyteStreamStatus.COMPLETE
    ends = [each for each in statuses(second, "products", "deleted_products") if each[1] == done]
    assert ends == [("deleted_products", done), ("products", done)]
    at = [n for n, m in enumerate(second.messages) if m.record and m.record.data in marks]
    [end] = [
        n
        for n, m in enumerate(second.messages)
        if m.trace
        and m.trace.stream_status
        and m.trace.stream_status.stream_descriptor.name == "products"
        and m.trace.stream_status.status == AirbyteStreamStatus.COMPLETE
    ]
    assert max(at) < end
    # Once more, as the destination may have kept the state of the one stream and not the other.
    third = sync(small, *names, state=second.state, **options)
    assert [row["id"] for row in third.records["deleted_products"]] == [gone[0]]
    assert sync(small, *names, state=third.state, **options).records.get("deleted_products") is None


def test_an_archived_order_is_not_marked_as_deleted() -> None:
    options: dict[str, Any] = {**PAGED, "deletions": "mark"}
    with Sandbox(**SIZES, archived_orders="hidden") as store:
        first = sync(store, "orders", "deleted_orders", **options)
        keys = ids(store, "orders")
        store.clock.advance(3600)
        store.edit("orders", keys[5], {"is_deleted": True})
        store.delete("orders", keys[6])
        second = sync(store, "orders", "deleted_orders", state=first.state, **options)
    assert {row["id"] for row in second.records["deleted_orders"]} == {keys[5], keys[6]}
    marks = [row["id"] for row in second.records["orders"] if "_ab_cdc_deleted_at" in row]
    assert marks == [keys[6]]
    [archived] = [row for row in second.records["orders"] if row["id"] == keys[5]]
    assert archived["is_deleted"] is True


def test_the_schema_has_no_column_for_marks_unless_the_form_asks_for_them(
    small: Sandbox,
) -> None:
    def columns(**options: Any) -> dict[str, bool]:
        config = config_for(small, **options)
        streams = SourceBigcommerce(config=config).streams(config)
        schemas = {each.name: each.get_json_schema()["properties"] for each in streams}
        return {name: "_ab_cdc_deleted_at" in schema for name, schema in schemas.items()}

    assert not any(columns().values())
    assert {name for name, has in columns(deletions="mark").items() if has} == set(OF)


# What belongs to a row: the newest set of a parent is complete.


def blocks(heading: str) -> list[str]:
    section = (ROOT / "docs/completeness.md").read_text().split(f"\n## {heading}\n")[1]
    return [part.split("```")[0] for part in section.split("\n## ")[0].split("```sql\n")[1:]]


def test_the_queries_of_the_docs_leave_the_newest_rows_of_each_parent() -> None:
    statements = blocks("Rows that belong to a row")
    assert len(statements) == 3
    with duckdb.connect() as connection:
        for table, parent, date in (
            ("order_products", "order_id", "order_date_modified"),
            ("product_images", "product_id", "product_date_modified"),
        ):
            connection.execute(f"CREATE TABLE {table} (id INT, {parent} INT, {date} TIMESTAMP)")
            rows = [(1, 7, 1), (2, 7, 1), (2, 7, 2), (3, 7, 2), (4, 8, 1)]
            for key, of, day in rows:
                values = [key, of, f"2026-01-0{day}"]
                connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", values)
        connection.execute("CREATE TABLE customer_addresses (id INT, customer_id INT)")
        connection.execute("CREATE TABLE deleted_customers (id INT)")
        connection.execute("INSERT INTO customer_addresses VALUES (1, 7), (2, 8)")
        connection.execute("INSERT INTO deleted_customers VALUES (8)")
        left = [connection.execute(sql).fetchall() for sql in statements]
    assert [sorted(row[:2] for row in found) for found in left] == [
        [(2, 7), (3, 7), (4, 8)],
        [(2, 7), (3, 7), (4, 8)],
        [(1, 7)],
    ]
