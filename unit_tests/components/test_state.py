"""What is read of a stream, and what is saved, whatever state it is handed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
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
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.utils.datetime_helpers import AirbyteDateTime
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components.deletion_state import MemoryCursor
from source_bigcommerce.components.form import the_form
from source_bigcommerce.components.moments import format_instant
from source_bigcommerce.components.state import DateCursor
from unit_tests.cursors import END, START, Windows
from unit_tests.streams import CONFIG, DELETIONS, STREAMS

NOTHING = {"date_modified": "2023-12-31T23:59:59Z", "since": START}
OPEN: dict[str, Any] = {"start_date": "2009-01-01T00:00:00Z", "reads_everything": True}

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


@pytest.mark.parametrize(
    ("saved", "start"),
    [
        ("2020-11-13", "2020-11-12T23:50:00Z"),
        ("2021-08-11T15:18:55Z", "2021-08-11T15:08:55Z"),
        ("2021-08-11T15:18:55+00:00", "2021-08-11T15:08:55Z"),
        ("2021-08-11T15:18:55.123456+00:00", "2021-08-11T15:08:55Z"),
        ("2021-08-11T15:18:55+02:00", "2021-08-11T13:08:55Z"),
        ("2021-08-11T15:18:55", "2021-08-11T15:08:55Z"),
        ("2021-08-11 15:18:55", "2021-08-11T15:08:55Z"),
        # Later than the start date, as when the start date is in words and did not move yet.
        ("2024-02-01T00:00:00Z", "2024-01-31T23:50:00Z"),
    ],
)
def test_reading_continues_from_a_date_in_any_form(saved: str, start: str) -> None:
    windows = Windows({"date_modified": saved})
    assert windows.bounds[0][0] == start
    # The look-back is taken off when reading; what is saved does not fall.
    assert windows.cursor.state["date_modified"] >= start


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"date_modified": ""}, "'' is no date"),
        ({"date_modified": "-"}, "'-' is no date"),
        ({"date_modified": "never-ever"}, "'never-ever' is no date"),
        ({"date_modified": "2020-99-99"}, "'2020-99-99' is no date"),
        ({"date_modified": "99999999999999999999-01-01"}, "is no date"),
        ({"date_modified": "1605225600"}, "is no date"),
        ({"date_modified": 1605225600}, "1605225600 is no date"),
        ({"date_modified": None}, "it holds no date of date_modified"),
        ({"date_modified": {"date": "2020-11-13"}}, "is no date"),
        ({"date_modified": ["2020-11-13"]}, "is no date"),
        ({"id": 4}, "it holds no date of date_modified"),
        ({"id": "2020-01-01"}, "it holds no date of date_modified"),
        ({"date_created": "2020-01-01"}, "it holds no date of date_modified"),
        ({"order_date_modified": "2020-01-01"}, "it holds no date of date_modified"),
        (PER_ORDER, "it holds no date of date_modified"),
        ({"state_type": "date-range", "slices": []}, "it holds no date of date_modified"),
        ({"state_type": "date-range", "slices": None}, "not iterable"),
        ({"slices": [{"start": "2020-01-01"}]}, "end"),
        ({"slices": [{"start": "2021-01-01", "end": "2020-01-01"}]}, "is later than"),
        ({"slices": ["2020-01-01"]}, "indices"),
    ],
)
def test_an_unusable_state_is_logged_and_everything_is_read(
    state: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "airbyte"):
        windows = Windows(state)
    assert windows.bounds == [(START, END)]
    [line] = [record.getMessage() for record in caplog.records if "state of" in record.message]
    assert line.startswith("The state of orders is not used: ")
    assert reason in line
    assert line.endswith(f"It is read from {START} on.")


def test_a_missing_state_is_not_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "airbyte"):
        windows = Windows({})
    assert windows.bounds == [(START, END)]
    assert windows.cursor.state == NOTHING
    assert Windows(NOTHING).bounds == [(START, END)]
    assert Windows(NOTHING).cursor.state == NOTHING
    assert caplog.records == []


@pytest.mark.parametrize(
    ("state", "start"),
    [
        # Older versions saved the start date and the look-back, of 31 days at most.
        ({"date_modified": "2024-03-02T00:00:00Z"}, START),
        ({"date_modified": "2024-03-02T00:00:00Z", "since": "2020-01-01"}, "2020-01-01T00:00:00Z"),
        ({"date_modified": "2999-01-01T00:00:00Z"}, START),
        ({"slices": [{"start": "2021-01-01", "end": "2030-01-01"}]}, "2021-01-01T00:00:00Z"),
    ],
)
def test_a_state_in_the_future_is_not_used(
    state: dict[str, Any], start: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "airbyte"):
        windows = Windows(state)
    assert windows.bounds == [(start, END)]
    assert "is still to come" in caplog.text
    assert windows.close(0)["since"] == start


def test_a_state_in_the_future_with_a_moving_start_date_reads_the_longest_look_back() -> None:
    """ "Yesterday" and a week saved a week after the day that was to be read first."""
    windows = Windows({"date_modified": "2024-03-02"}, start_date="2024-02-29T00:00:00Z")
    assert windows.bounds == [("2024-01-30T00:00:00Z", END)]


@pytest.mark.parametrize(
    "state", [{"date_modified": "2024-03-02"}, {"date_modified": "2999-01-01"}]
)
def test_a_state_in_the_future_without_a_start_date_reads_everything(
    state: dict[str, Any],
) -> None:
    windows = Windows(state, **OPEN)
    assert windows.bounds == [(OPEN["start_date"], END)]
    assert windows.close(0, START) == {"date_modified": START}


def test_a_state_of_the_first_possible_day_is_used() -> None:
    """The framework has a stream begin there that has no start date."""
    zero = "0001-01-01T00:00:00.000Z"
    windows = Windows({"slices": [{"start": zero, "end": zero}]})
    assert windows.bounds == [("0001-01-01T00:00:00Z", END)]
    later = Windows({"slices": [{"start": zero, "end": "2024-02-01", "most_recent": ""}]})
    assert later.bounds == [("2024-01-31T23:50:00Z", END)]
    assert Windows({"date_modified": zero}).bounds == [("0001-01-01T00:00:00Z", END)]


def test_a_state_is_used_if_clocks_of_the_store_differ() -> None:
    windows = Windows({"date_modified": "2024-03-01T00:00:30Z"}, lookback_minutes=0)
    assert windows.bounds == []
    assert windows.cursor.state == {"date_modified": "2024-03-01T00:00:30Z", "since": START}


def test_slices_of_the_framework_are_used_and_what_lies_between_is_read() -> None:
    state = {
        "state_type": "date-range",
        "slices": [
            {"start": "2024-01-10T00:00:00Z", "end": "2024-01-20T00:00:00.000Z"},
            {
                "start": "2024-02-01T00:00:00Z",
                "end": "2024-02-10T00:00:00Z",
                "most_recent_cursor_value": "2024-02-09T00:00:00Z",
            },
        ],
    }
    windows = Windows(state)
    assert windows.bounds == [
        (START, "2024-01-10T00:00:00Z"),
        ("2024-01-20T00:00:00Z", "2024-02-01T00:00:00Z"),
        ("2024-02-08T23:50:00Z", END),
    ]
    assert windows.close(2, "2024-02-20T00:00:00Z")["date_modified"] == "2024-01-20T00:00:00Z"
    assert windows.close(1) == {
        "date_modified": "2024-02-20T00:00:00Z",
        "since": "2024-01-10T00:00:00Z",
    }
    assert windows.close(0) == {"date_modified": "2024-02-20T00:00:00Z", "since": START}


def test_an_earlier_start_date_is_read_up_to_where_the_state_begins() -> None:
    state = {"date_modified": "2024-02-01T00:00:00Z", "since": "2024-01-15T00:00:00Z"}
    windows = Windows(state)
    assert windows.bounds == [(START, "2024-01-15T00:00:00Z"), ("2024-01-31T23:50:00Z", END)]
    # Whichever is whole first.
    assert windows.close(1, "2024-02-03T04:05:06Z") == {
        **state,
        "date_modified": "2024-02-03T04:05:06Z",
    }
    assert windows.close(0, "2024-01-02T00:00:00Z") == {
        "date_modified": "2024-02-03T04:05:06Z",
        "since": START,
    }
    assert Windows(windows.close(0)).bounds == [("2024-02-03T03:55:06Z", END)]


def test_a_removed_start_date_reads_all_before() -> None:
    state = {"date_modified": "2024-02-01T00:00:00Z", "since": "2024-01-15T00:00:00Z"}
    windows = Windows(state, **OPEN)
    assert windows.bounds == [
        ("2009-01-01T00:00:00Z", "2024-01-15T00:00:00Z"),
        ("2024-01-31T23:50:00Z", END),
    ]
    assert windows.close(1) == state
    assert windows.close(0) == {"date_modified": "2024-02-01T00:00:00Z"}


@pytest.mark.parametrize("since", ["2009-01-01T00:00:00Z", "1995-01-01T00:00:00Z"])
def test_a_removed_start_date_before_the_beginning_reads_all_before(
    since: str,
) -> None:
    state = {"date_modified": "2024-02-01T00:00:00Z", "since": since}
    windows = Windows(state, **OPEN)
    assert windows.bounds == [(since, since), ("2024-01-31T23:50:00Z", END)]
    assert windows.close(1) == state
    assert windows.close(0) == {"date_modified": "2024-02-01T00:00:00Z"}


def test_a_later_start_date_does_not_overtake_the_state() -> None:
    state = {"date_modified": "2023-02-01T00:00:00Z", "since": "2023-01-15T00:00:00Z"}
    windows = Windows(state)
    assert windows.bounds == [("2023-01-31T23:50:00Z", END)]
    assert windows.close(0) == state


OWN = "2024-01-20T00:00:00Z"


@pytest.mark.parametrize("general", [{}, OPEN, {"start_date": "2024-02-20T00:00:00Z"}])
def test_a_stream_begins_at_its_own_start_wherever_the_start_date_is(
    general: dict[str, Any],
) -> None:
    windows = Windows({}, "transactions", per_order_start_date=OWN, **general)
    assert windows.bounds == [(OWN, END)]
    assert windows.close(0) == {"order_date_modified": "2024-01-19T23:59:59Z", "since": OWN}
    begin = general.get("start_date", START)
    assert Windows({}, "order_products", per_order_start_date=OWN, **general).bounds == [
        (begin, END)
    ]


def test_an_own_start_that_is_set_further_back_is_read_up_to_where_the_state_begins() -> None:
    state = {"order_date_modified": "2024-02-01T00:00:00Z", "since": "2024-01-25T00:00:00Z"}
    windows = Windows(state, "transactions", per_order_start_date=OWN)
    assert windows.bounds == [(OWN, "2024-01-25T00:00:00Z"), ("2024-01-31T23:50:00Z", END)]
    assert windows.close(1) == state
    assert windows.close(0) == {**state, "since": OWN}


def test_a_state_of_date_alone_counts_as_read_from_the_own_start_on() -> None:
    """As all states did that earlier versions saved."""
    state = {"order_date_modified": "2024-02-01T00:00:00Z"}
    windows = Windows(state, "transactions", per_order_start_date=OWN)
    assert windows.bounds == [("2024-01-31T23:50:00Z", END)]
    assert windows.close(0) == {**state, "since": OWN}


@pytest.mark.parametrize("lookback", [0, 10, 1440, the_form()["lookback_minutes"]["maximum"]])
@pytest.mark.parametrize("workers", [1, 3, 40])
def test_the_state_does_not_pass_the_first_incomplete_window(lookback: int, workers: int) -> None:
    for state in ({}, {"date_modified": "2024-01-20T00:00:00Z", "since": START}):
        windows = Windows(dict(state), lookback_minutes=lookback, num_workers=workers)
        before = windows.cursor.state
        assert before == (state or NOTHING)
        for place in range(len(windows.slices) - 1, 0, -1):
            _, end = windows.bounds[place]
            assert windows.close(place, end) == before
        after = windows.close(0, windows.bounds[0][1])
        assert after == {"date_modified": END, "since": START}


def test_the_second_of_the_state_is_read_again_without_a_look_back() -> None:
    """It had not ended when it was read, and v2 may not count its lower bound itself."""
    state = {"date_modified": "2024-02-03T04:05:06Z", "since": START}
    assert Windows(state, lookback_minutes=0).bounds == [("2024-02-03T04:05:05Z", END)]


def test_the_state_is_the_end_of_the_window_whatever_the_rows_say() -> None:
    windows = Windows({}, lookback_minutes=0)
    assert windows.close(0, "2024-03-01T00:00:02Z")["date_modified"] == END


def test_a_second_that_may_not_be_over_is_read_and_not_saved() -> None:
    windows = Windows({}, sure_until="2024-02-29T23:50:00Z")
    assert windows.bounds == [(START, "2024-02-29T23:50:00Z"), ("2024-02-29T23:50:00Z", END)]
    assert windows.close(1, END) == NOTHING
    assert windows.close(0, "2024-02-02T00:00:00Z")["date_modified"] == "2024-02-02T00:00:00Z"


@pytest.mark.parametrize("name", ["orders", "customers", "order_products", "product_images"])
def test_two_years_of_pause_take_no_more_windows_than_workers(
    name: str,
) -> None:
    field = next(row.cursor or "" for row in STREAMS if row.name == name)
    state = {field: "2022-03-01T00:00:00Z", "since": "2022-02-28T00:00:00Z"}
    windows = Windows(state, name, start_date="2024-02-29T00:00:00Z", num_workers=10)
    assert len(windows.slices) == 10
    # What comes later is little, whatever the start date.
    later = {**state, field: "2024-02-29T12:00:00Z"}
    assert len(Windows(later, name, start_date="2024-02-29T00:00:00Z").slices) == 1


def test_streams_whose_pages_shift_leave_the_second_of_now_to_the_next_sync() -> None:
    windows = Windows({}, "channels")
    assert windows.bounds == [(START, "2024-02-29T23:59:59Z"), ("2024-02-29T23:59:59Z", END)]
    assert windows.close(1, END) == NOTHING
    assert windows.close(0, "2024-02-02T00:00:00Z")["date_modified"] == "2024-02-02T00:00:00Z"
    # But where the end is past.
    later = "2024-03-01T00:00:01Z"
    assert len(Windows({}, "channels", now=later, sure_until=later).slices) == 1
    # The second of the earlier clock counts where two clocks are far apart.
    assert len(Windows({}, "channels", now=later, sure_until=END).slices) == 2


def test_streams_without_windows_read_each_stretch_at_once() -> None:
    state = {"date_modified": "2022-03-01T00:00:00Z", "since": "2022-02-28T00:00:00Z"}
    windows = Windows(state, "price_lists", start_date="2012-01-01T00:00:00Z", num_workers=10)
    assert windows.bounds == [
        ("2012-01-01T00:00:00Z", "2022-02-28T00:00:00Z"),
        ("2022-02-28T23:50:00Z", END),
    ]


@given(
    span=st.integers(min_value=0, max_value=20 * 365 * 86400),
    workers=st.integers(min_value=1, max_value=40),
)
def test_windows_laid_end_to_end_cover_the_span_and_are_no_more_than_the_workers(
    span: int, workers: int
) -> None:
    cursor = _CURSOR.cursor
    cursor._last = AirbyteDateTime(2024, 3, 1, tzinfo=timezone.utc)
    cursor._sure_until = cursor._last
    cursor._first = cursor._last - timedelta(seconds=span)
    cursor._workers = workers
    cursor._spans = [type(cursor._spans[0])(*[cursor._first] * 3)]
    bounds = [(each["start_time"], each["end_time"]) for each in cursor.stream_slices()]
    assert 1 <= len(bounds) <= workers
    assert bounds[0][0] == format_instant(cursor._first)
    assert bounds[-1][1] == format_instant(cursor._last)
    assert [end for _, end in bounds[:-1]] == [start for start, _ in bounds[1:]]
    days = [_seconds(end) - _seconds(start) for start, end in bounds[:-1]]
    assert all(day >= 86400 for day in days), "small windows only cost requests"


@pytest.mark.parametrize(
    ("state", "lower_bound"),
    [
        # An older state than the start date wins: what was not read in between is read now.
        ("2020-11-13", "2020-11-12T23:50:00Z"),
        ("2024-01-20T12:00:00Z", "2024-01-20T11:50:00Z"),
        (None, "2024-01-01T00:00:00Z"),
    ],
)
def test_the_first_slice_begins_at_the_state_less_the_look_back(
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


def test_every_stream_with_a_date_has_this_cursor() -> None:
    source = SourceBigcommerce(CatalogBuilder().build(), CONFIG)
    cursors: Iterable[Any] = [stream.cursor for stream in source.streams(CONFIG)]
    kinds = Counter(type(cursor) for cursor in cursors if isinstance(cursor, ConcurrentCursor))
    dated = [row for row in STREAMS if row.cursor]
    assert kinds == {DateCursor: len(dated), MemoryCursor: len(DELETIONS)}


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


_CURSOR = Windows({})
