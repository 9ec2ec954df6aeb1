"""Queries and changes, with no server."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.clock import instant, iso, parse_iso, rfc2822
from sandbox.data import Data
from sandbox.table import Condition

NOW = 1_772_323_200  # 2026-03-01T00:00:00Z


@pytest.fixture
def data() -> Data:
    return Sandbox(orders=300, customers=20, products=20).data


def brute_force(data: Data, test: Any) -> list[int]:
    columns = data.table("orders").columns
    return [at for at in range(len(columns["id"])) if test(at, columns)]


@pytest.mark.parametrize("edited", [False, True])
def test_select_agrees_with_a_walk_over_all_rows(data: Data, edited: bool) -> None:
    ids = data.table("orders").columns["id"]
    if edited:
        data.select("orders", [Condition("date_modified", "min", 0)])
        data.edit("orders", ids[50], {"date_modified": "2023-01-01T00:00:00Z"})
        data.insert("orders", {"status_id": 10, "date_modified": "2023-06-01T00:00:00Z"})
    low, high = instant("2022-01-01T00:00:00Z"), instant("2024-01-01T00:00:00Z")
    found = data.select(
        "orders",
        [
            Condition("date_modified", "min", low),
            Condition("date_modified", "max", high),
            Condition("id", "min", ids[40]),
            Condition("id", "less", ids[-1]),
            Condition("status_id", "eq", 10),
        ],
    )
    assert list(found) == brute_force(
        data,
        lambda at, c: (
            low <= c["date_modified"][at] <= high
            and ids[40] <= c["id"][at] < ids[-1]
            and c["status_id"][at] == 10
        ),
    )


def test_bounds_are_inclusive(data: Data) -> None:
    table = data.table("orders")
    second = table.columns["date_modified"][7]
    found = data.select(
        "orders",
        [Condition("date_modified", "min", second), Condition("date_modified", "max", second)],
    )
    assert 7 in found
    assert {table.columns["date_modified"][at] for at in found} == {second}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["id", "date_modified", "status_id", "total_inc_tax"])
def test_rows_are_sorted_by_any_key(data: Data, sort: str, descending: bool) -> None:
    table = data.table("orders")
    values = [
        table.columns[sort][at] if sort in table.columns else table.row(at)[sort]
        for at in data.select("orders", sort=sort, descending=descending)
    ]
    assert values == sorted(values, reverse=descending)
    assert len(values) == 300


def test_an_edit_moves_the_row_to_now(data: Data) -> None:
    before = data.get("orders", 100)
    data.clock.advance(60)
    data.edit("orders", 100, {"status_id": 5, "staff_notes": "Stop."})
    assert data.get("orders", 100) == before | {
        "status_id": 5,
        "status": "Cancelled",
        "payment_status": before["payment_status"],
        "staff_notes": "Stop.",
        "date_shipped": "",
        "items_shipped": 0,
        "date_modified": "Sun, 01 Mar 2026 00:01:00 +0000",
    }
    assert len(data.select("orders", [Condition("date_modified", "min", NOW + 60)])) == 1


def test_an_edit_of_a_part_shows_only_if_it_is_included(data: Data) -> None:
    data.edit("products", 77, {"images": []})
    assert "images" not in data.get("products", 77)
    assert data.rows("products", ["images"])[0]["images"] == []


def test_an_insert_makes_a_whole_row_with_the_next_id(data: Data) -> None:
    last = data.rows("orders")[-1]
    key = data.insert("orders", {"line_count": 3, "staff_notes": "By phone."})
    row = data.get("orders", key)
    assert key == last["id"] + 1
    assert row.keys() == last.keys()
    assert row["staff_notes"] == "By phone."
    assert row["date_created"] == row["date_modified"] == rfc2822(NOW)
    assert len(data.children_of("order_products", key)) == 3


def test_a_deletion_leaves_no_trace(data: Data) -> None:
    data.delete("orders", 100)
    assert data.count("orders") == 299
    assert data.rows("orders")[0]["id"] > 100
    with pytest.raises(KeyError, match="no orders 100"):
        data.get("orders", 100)
    with pytest.raises(KeyError, match="no orders 100"):
        data.children_of("order_products", 100)


def test_changes_of_children_change_their_parent(data: Data) -> None:
    order = data.rows("order_products")[0]["order_id"]
    key = data.insert("transactions", {"amount": 5}, parent=order)
    assert data.children_of("transactions", order)[-1]["amount"] == 5
    data.edit("transactions", key, {"amount": 6}, parent=order)
    assert data.children_of("transactions", order)[-1]["amount"] == 6
    data.delete("transactions", key, parent=order)
    assert key not in [row["id"] for row in data.children_of("transactions", order)]
    assert data.get("orders", order)["date_modified"] == rfc2822(NOW)


def test_a_serialised_row_is_made_once_and_again_after_an_edit(data: Data) -> None:
    made = []

    def make(at: int) -> dict[str, Any]:
        made.append(at)
        return {"at": at}

    assert data.serialised("orders", [1, 2], "shape", make) == [b'{"at":1}', b'{"at":2}']
    data.serialised("orders", [1, 2], "shape", make)
    assert made == [1, 2]
    data.edit("orders", data.table("orders").columns["id"][2], {})
    data.serialised("orders", [1, 2], "shape", make)
    assert made == [1, 2, 2]


CHANGED = {"date_modified": 1_700_000_000, "status_id": 5, "line_count": 9}
SMALL: dict[str, Any] = {"orders": 40, "customers": 12, "products": 12, "seed": 23}


def every_row(store: Sandbox) -> dict[str, Any]:
    return {name: store.rows(name) for name in (*store.data.tables, *store.data.children)}


@pytest.mark.parametrize("read", [False, True], ids=["unread", "read"])
@pytest.mark.parametrize(
    "collection",
    ["orders", "order_metafields", "customers", "products", "variants", "categories", "channels"],
)
def test_every_change_shows_wherever_it_must(collection: str, read: bool) -> None:
    """In a store that takes rows from others of the same world, as in one that makes its own."""
    still, warm, cold = Sandbox(**SMALL), Sandbox(**SMALL), Sandbox(**SMALL, cache_mb=0)
    before = every_row(still)
    if read:
        assert every_row(warm) == every_row(cold) == before
    table = warm.data.table(collection)
    keys = list(table.columns[table.key])[::3]
    columns = {name: value for name, value in CHANGED.items() if name in table.columns}
    for store in (warm, cold):
        for key in keys:
            store.edit(collection, key, {**columns, "name": "Another"})
    assert every_row(warm) == every_row(cold) != before
    for store in (warm, cold):
        store.insert(collection)
        store.delete(collection, keys[0])
    assert every_row(warm) == every_row(cold) != before
    assert every_row(still) == before


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-01", NOW),
        ("2026-03-01T00:00:00Z", NOW),
        ("2026-03-01T02:00:00+02:00", NOW),
        ("2026-03-01T00:00:00.500Z", NOW + 0.5),
    ],
)
def test_iso_dates_are_parsed(text: str, seconds: float) -> None:
    assert parse_iso(text) == seconds


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parse_iso("2026-03-01T00:00:00")


def test_each_version_writes_dates_its_own_way() -> None:
    assert rfc2822(NOW) == "Sun, 01 Mar 2026 00:00:00 +0000"
    assert iso(NOW) == "2026-03-01T00:00:00Z"
