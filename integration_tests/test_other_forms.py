"""A store that sends values in other types and dates in other forms yields equal rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.syncs import Row, Sync, sync
from sandbox import Sandbox
from unit_tests.streams import STREAMS, Expected

pytestmark = pytest.mark.thorough

NAMES = [row.name for row in STREAMS]
SIZES: dict[str, Any] = {
    "orders": 60,
    "customers": 40,
    "products": 30,
    "brands": 20,
    "categories": 20,
}


@pytest.fixture(scope="module")
def syncs() -> Iterator[tuple[Sync, Sync]]:
    with Sandbox(**SIZES) as store:
        honest = sync(store, *NAMES)
        store.options.update({"other_forms": True})
        yield honest, sync(store, *NAMES)


def plain(value: Any) -> Any:
    """Writes 12.0 as 12: they are one number in JSON."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def counted(rows: list[Row]) -> Counter[str]:
    return Counter(json.dumps(plain(row), sort_keys=True) for row in rows)


@pytest.mark.parametrize("row", STREAMS, ids=NAMES)
def test_the_records_are_the_same_if_values_have_other_forms(
    row: Expected, syncs: tuple[Sync, Sync]
) -> None:
    honest, other = (read.records[row.name] for read in syncs)
    wrong, missing = counted(other) - counted(honest), counted(honest) - counted(other)
    assert sorted(wrong.elements())[:1] == sorted(missing.elements())[:1] == []


def test_the_state_is_the_same_if_values_have_other_forms(
    syncs: tuple[Sync, Sync],
) -> None:
    honest, other = syncs
    assert honest.errors == other.errors == []
    assert other.state == honest.state
