"""Orders that somebody else created too."""

from __future__ import annotations

from typing import Any

import pytest

from destination_bigcommerce import duplicates as module
from destination_bigcommerce.duplicates import Duplicates
from unit_tests.destination.store import Clock

PATIENCE = 30


class Orders:
    """In place of Lookups: orders by id, and from where each look began."""

    patience, newest = PATIENCE, 100

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.looked: list[int] = []

    def created_since(self, newest: int, last: int) -> list[dict[str, Any]]:
        self.looked.append(newest)
        return [row for row in self.rows if row["id"] > newest]

    def add(self, id: int, key: str, is_deleted: bool = False) -> None:
        self.rows.append({"id": id, "external_order_id": key, "is_deleted": is_deleted})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def test_an_order_of_somebody_else_is_found_by_its_key(clock: Clock) -> None:
    orders: Any = Orders()
    found = Duplicates(orders)
    for id, key in ((101, "A"), (102, "B"), (103, "A"), (104, "C")):
        orders.add(id, key)
    orders.add(105, "B", is_deleted=True)
    found.look({"A": 101, "B": 102})
    assert found.found == {"A": [101, 103]}


def test_a_look_begins_with_what_was_not_seen_when_its_orders_were_looked_up(clock: Clock) -> None:
    orders: Any = Orders()
    found = Duplicates(orders)
    # The other one's order is older than the last one of the look before.
    orders.add(102, "B")
    found.look({"A": 103})
    found.look({"B": 104})
    assert found.found == {"B": [102, 104]}


def test_looks_do_not_begin_at_the_beginning_again_and_again(clock: Clock) -> None:
    orders: Any = Orders()
    found = Duplicates(orders)
    for last in range(200, 1000, 100):
        clock.sleep(PATIENCE)
        found.look({"A": last})
    assert orders.looked == [100, 100, 200, 300, 400, 500, 600, 700]


def test_a_look_that_fails_does_not_end_the_sync(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: int) -> Any:
        raise RuntimeError("min_id is ignored")

    monkeypatch.setattr(Orders, "created_since", failing)
    orders: Any = Orders()
    Duplicates(orders).look({"A": 101})
    assert "is not known" in caplog.text
