"""A date window as a slice that is cheap to look up."""

from __future__ import annotations

from typing import Any, cast

import pytest
from airbyte_cdk.sources.types import Record, StreamSlice

from source_bigcommerce.components import WindowRetriever
from source_bigcommerce.components.dates import Instant
from source_bigcommerce.components.window import Window

SLICE = StreamSlice(
    partition={"order_id": 7},
    cursor_slice={"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-01-31T00:00:00Z"},
    extra_fields={"name": "x"},
)


def test_a_window_of_a_slice_equals_the_slice() -> None:
    window = Window(SLICE)
    assert (window, hash(window)) == (SLICE, hash(SLICE))
    assert (window.partition, window.cursor_slice, window.extra_fields) == (
        SLICE.partition,
        SLICE.cursor_slice,
        SLICE.extra_fields,
    )
    assert dict(Window(None)) == {}


def test_a_window_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(SLICE)
    monkeypatch.setattr(StreamSlice, "__hash__", lambda self: 0)
    assert hash(window) != 0


def test_rows_get_the_window_and_dates_as_instants_but_no_schema(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    class Selector:
        def filter_and_transform(self, rows: Any, *args: Any) -> list[Record]:
            asked.append(args)
            return [Record(row, "rows") for row in rows]

    dates = ["2024-01-05T06:07:08Z", None]
    rows = [{"id": 1, "date_modified": date} for date in dates]
    monkeypatch.setattr(WindowRetriever, "pages", lambda *_: iter([rows]))
    retriever = WindowRetriever(
        cast(Any, None),
        cast(Any, Selector()),
        config={"page_size": 250},
        parameters={},
        key="id",
        date="date_modified",
    )
    records = cast(list[Record], list(retriever.read_records({"properties": {}}, SLICE)))
    [(_, schema, window)] = asked
    assert (schema, type(window), window) == ({}, Window, SLICE)
    read = [record.data["date_modified"] for record in records]
    assert read == dates
    assert isinstance(read[0], Instant)


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        ({"key": "id"}, "date"),
        ({"date": "created"}, "key"),
        ({"date": "created", "paging": "key"}, "key"),
    ],
)
def test_a_manifest_without_key_and_date_of_a_window_fails_at_the_start(
    options: dict[str, Any], lacking: str
) -> None:
    made: Any = {"requester": None, "record_selector": None, "config": {"page_size": 250}}
    with pytest.raises(ValueError, match=f"^manifest.yaml: the retriever of x lacks `{lacking}`"):
        WindowRetriever(parameters={"name": "x"}, **made, **options)
