"""Orders that seem to have no rows are not asked for them, where the form wants it so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airbyte_cdk.models import Level

from integration_tests.nothing_lost.completeness import START, make_store
from integration_tests.syncs import Row, Sync, sync
from sandbox import Sandbox
from sandbox.clock import instant
from source_bigcommerce.components import skipped

pytestmark = pytest.mark.thorough

FIELDS: dict[str, tuple[str, Any, Any]] = {
    "order_coupons": ("coupon_discount", "0.0000", "5.0000"),
    "order_shipments": ("items_shipped", 0, 3),
    "transactions": ("status_id", 0, 11),
}
"""By stream: a field of an order, its value where it seems to have no rows, and another one."""


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with make_store(orders=130, customers=4, products=10) as store:
        yield store


def seem(store: Sandbox, name: str, *without: Any) -> dict[int, int]:
    """Has orders without rows of the stream, and those named, seem so; the rest not.

    Returns how many rows each order has.
    """
    field, empty, other = FIELDS[name]
    plain = sync(store, name, start_date=START)
    has = {row["id"]: 0 for row in store.rows("orders")}
    for row in plain.records.get(name, []):
        has[int(row["order_id"])] += 1
    for row in store.rows("orders"):
        value = empty if row["id"] in without or not has[row["id"]] else other
        store.edit("orders", row["id"], {field: value, "date_modified": row["date_modified"]})
    return has


def asked(store: Sandbox, name: str, **values: Any) -> tuple[list[int], Sync]:
    """The orders that a sync asked for, each as often as it did."""
    store.log.clear()
    read = sync(store, name, **{"start_date": START, "num_workers": 3, **values})
    assert read.errors == []
    entries = [entry for entry in store.log if entry.operation == f"{name}.list"]
    return sorted(int(entry.path.split("/orders/")[1].split("/")[0]) for entry in entries), read


def rows(read: Sync, name: str) -> list[Row]:
    return sorted(read.records.get(name, []), key=str)


@pytest.mark.parametrize("name", ["order_coupons", "order_shipments"])
def test_orders_without_rows_are_not_asked_again_by_the_next_sync(
    store: Sandbox, name: str
) -> None:
    """They were read: the state does not wait for one that has rows."""
    last = max(store.rows("orders"), key=lambda row: instant(row["date_modified"]))
    values: dict[str, Any] = {"start_date": START, "lookback_minutes": 0}
    first = sync(store, name, **values)
    for row in first.records[name]:
        assert row["order_id"] != last["id"], "the order that changed last has rows"
    assert instant(first.state[name]["order_date_modified"]) == instant(last["date_modified"])
    again, _ = asked(store, name, state=first.state, **values)
    assert again == [last["id"]]


@pytest.mark.parametrize("name", FIELDS)
def test_exactly_the_orders_that_seem_to_have_no_rows_are_not_asked(
    store: Sandbox, name: str
) -> None:
    has = seem(store, name)
    field, empty, _ = FIELDS[name]
    seeming = {row["id"] for row in store.rows("orders") if row[field] == empty}
    assert len(seeming) > 1
    everyone, plain = asked(store, name)
    assert everyone == sorted(has)
    fewer, read = asked(store, name, skip_likely_empty=True)
    assert fewer == [key for key in sorted(has) if key not in seeming or key % 100 == 0]
    kept = {key for key in seeming if key % 100 == 0 and has[key]}
    assert kept == set()
    assert rows(read, name) == rows(plain, name)


@pytest.mark.parametrize("dates", ["honoured", "ignored"])
@pytest.mark.parametrize("name", FIELDS)
def test_all_skipped_orders_are_read_once_one_of_them_has_rows(
    store: Sandbox, name: str, dates: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = [key for key, count in seem(store, name).items() if count]
    *hidden, found = has[::3]
    assert hidden
    seem(store, name, *hidden, found)
    monkeypatch.setattr(skipped, "SAMPLE", found)
    if dates == "ignored":
        store.options.ignored = frozenset({"dates"})
    everyone, plain = asked(store, name)
    read_of, read = asked(store, name, skip_likely_empty=True)
    assert rows(read, name) == rows(plain, name)
    assert read_of == everyone
    told = [line for line in read.logs(Level.WARN) if "seemed to have none" in line]
    assert len(told) == 1
    assert told[0].startswith(f"{name}: order {found} seemed to have none")
