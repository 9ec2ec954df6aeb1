"""Ids of rows that come without one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from source_bigcommerce.components.keys import give_ids

ENGRAVING = {"id": None, "name": "Engraving1700000000-77", "sort_order": 1}
GIFT_WRAP = {"id": None, "name": "Wrap1700000000-77", "sort_order": 1}


def ids(*rows: dict[str, Any]) -> list[Any]:
    copies = [deepcopy(row) for row in rows]
    give_ids(copies)
    return [row.get("id") for row in copies]


def test_null_ids_become_negative_ids_made_of_the_name() -> None:
    first, second, third = ids(ENGRAVING, {"id": 3, "name": "Size"}, GIFT_WRAP)
    assert second == 3
    assert first != third
    assert max(first, third) < 0
    assert min(first, third) >= -(2**48)


def test_made_ids_stay_the_same_after_edits_and_insertions() -> None:
    edited = {**ENGRAVING, "sort_order": 5, "required": True}
    assert ids(ENGRAVING)[0] == ids(GIFT_WRAP, edited)[1] == ids({"id": 3}, edited)[1]


def test_made_ids_differ_for_rows_that_are_alike_or_nameless() -> None:
    nameless = {"id": None, "type": "text"}
    found = ids(ENGRAVING, ENGRAVING, nameless, {**nameless, "type": "date"}, nameless)
    assert len(set(found)) == 5
    assert ids({"id": None, "n": 10**30}, {"id": None, "n": 10**30}) != [None, None]


def test_rows_without_the_field_stay_without_it() -> None:
    assert ids({"name": "a"}, {"id": 0}) == [None, 0]
