"""Dates that the cursor reads as numbers."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import orjson
import pytest
from airbyte_cdk.sources.declarative.datetime.datetime_parser import DatetimeParser
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce.components.dates import Instant, instant


@pytest.mark.parametrize(
    "text", ["2024-01-05T06:07:08Z", "2024-01-05T06:07:08+00:00", "2024-01-05T06:07:08.999Z"]
)
def test_an_instant_is_the_text_of_a_timestamp_and_the_number_of_its_seconds(text: str) -> None:
    date = instant(text)
    assert isinstance(date, Instant)
    assert (date, int(date)) == (text, 1704434828)
    # The CDK's cursor asks for the number, its messages for the text.
    moment = datetime(2024, 1, 5, 6, 7, 8, tzinfo=timezone.utc)
    assert DatetimeParser().parse(date, "%s") == moment
    assert orjson.dumps(date) == orjson.dumps(text)


@pytest.mark.parametrize(
    "value",
    ["2024-01-05T06:07:08+02:00", "2024-01-05T06:07:08", "2024-01-05", "", "soon Z", None, 5, []],
)
def test_what_is_no_utc_timestamp_stays_as_it_is(value: Any) -> None:
    assert type(instant(value)) is type(value)
    assert instant(value) == value


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1)))
def test_an_instant_of_any_moment_counts_its_seconds(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone.utc)
    assert int(instant(moment.isoformat())) == moment.timestamp()
