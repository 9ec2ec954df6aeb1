"""Where a stream starts, whatever state it is handed."""

from __future__ import annotations

from typing import Any

import pytest
from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
    SyncMode,
)
from airbyte_cdk.sources.declarative.models import DatetimeBasedCursor, DeclarativeStream
from airbyte_cdk.test.catalog_builder import CatalogBuilder

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import StartFromState
from unit_tests.streams import CONFIG, STREAMS

START = "2024-01-01T00:10:00Z"  # the start date and the look-back that the cursor takes off again

# What Airbyte's connector wrote for order children: a cursor for each order.
PER_ORDER = {
    "use_global_cursor": False,
    "states": [
        {"partition": {"order_id": 101, "parent_slice": {}}, "cursor": {"id": "2020-01-01"}}
    ],
    "state": {"id": "2020-01-01"},
    "lookback_window": 1,
    "parent_state": {},
}


def migrated(state: dict[str, Any], field: str = "date_modified") -> Any:
    cursor = DatetimeBasedCursor.construct(cursor_field=field)
    stream = DeclarativeStream.construct(name="orders", incremental_sync=cursor)
    config = {"start_date": "2024-01-01T00:00:00Z", "lookback_minutes": 10}
    migration = StartFromState(config, parameters={}, declarative_stream=stream)
    assert migration.should_migrate(state)
    return migration.migrate(state)


@pytest.mark.parametrize(
    ("saved", "start"),
    [
        ("2020-11-13", "2020-11-13T00:00:00Z"),
        ("2021-08-11T15:18:55Z", "2021-08-11T15:18:55Z"),
        ("2021-08-11T15:18:55+00:00", "2021-08-11T15:18:55Z"),
        ("2021-08-11T15:18:55.123456+00:00", "2021-08-11T15:18:55Z"),
        ("2021-08-11T15:18:55+02:00", "2021-08-11T13:18:55Z"),
        ("2021-08-11T15:18:55", "2021-08-11T15:18:55Z"),
        ("2021-08-11 15:18:55", "2021-08-11T15:18:55Z"),
        # Later than the start date, as when the start date is in words and did not move yet.
        ("2024-02-01T00:00:00Z", "2024-02-01T00:00:00Z"),
        # Nothing that says what was read.
        ("", START),
        ("-", START),
        ("never-ever", START),
        ("2020-99-99", START),
        ("99999999999999999999-01-01", START),
        ("1605225600", START),
        (1605225600, START),
        (None, START),
        ({"date": "2020-11-13"}, START),
        (["2020-11-13"], START),
    ],
)
def test_state_when_it_holds_a_date_in_any_form_is_where_the_stream_starts(
    saved: Any, start: str
) -> None:
    assert migrated({"date_modified": saved}) == {"date_modified": start}


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"id": 4},
        {"id": "2020-01-01"},
        {"store_id": 1},
        {"date_created": "2020-01-01"},
        {"date_modified": "2020-01-01"},
        PER_ORDER,
    ],
)
def test_state_when_it_holds_no_date_of_the_cursor_is_the_start_date(state: dict[str, Any]) -> None:
    assert migrated(state, "order_date_modified") == {"order_date_modified": START}


def test_state_when_the_stream_has_no_date_cursor_is_a_mistake_of_the_manifest() -> None:
    stream = DeclarativeStream.construct(name="brands", incremental_sync=None)
    with pytest.raises(ValueError, match="brands has no date cursor"):
        StartFromState({}, parameters={}, declarative_stream=stream)


@pytest.mark.parametrize(
    ("state", "lower_bound"),
    [
        # An older state than the start date wins: what was not read in between is read now.
        ("2020-11-13", "2020-11-12T23:50:00Z"),
        ("2024-01-20T12:00:00Z", "2024-01-20T11:50:00Z"),
        (None, "2024-01-01T00:00:00Z"),
    ],
)
def test_first_slice_when_a_stream_is_built_begins_at_the_state_less_the_look_back(
    state: str | None, lower_bound: str
) -> None:
    names = [row.name for row in STREAMS if row.cursor]
    builder = CatalogBuilder()
    for name in names:
        builder = builder.with_stream(name, SyncMode.incremental)
    messages = [
        AirbyteStateMessage(
            type=AirbyteStateType.STREAM,
            stream=AirbyteStreamState(
                stream_descriptor=StreamDescriptor(name=row.name),
                stream_state=AirbyteStateBlob({row.cursor: state} if state else {}),
            ),
        )
        for row in STREAMS
        if row.cursor
    ]
    source = SourceBigcommerce(builder.build(), CONFIG, messages)
    first = {
        stream.name: next(iter(stream.generate_partitions())).to_slice()
        for stream in source.streams(CONFIG)
        if stream.name in names
    }
    assert {name: found and found["start_time"] for name, found in first.items()} == dict.fromkeys(
        names, lower_bound
    )
