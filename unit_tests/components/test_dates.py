"""Dates of v2, as they come and as they leave."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from airbyte_cdk.sources.declarative.schema.json_file_schema_loader import JsonFileSchemaLoader
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce.components import Dates
from source_bigcommerce.components.dates import iso_date


@pytest.mark.parametrize(
    ("sent", "iso"),
    [
        ("Wed, 05 Dec 2018 20:16:55 +0000", "2018-12-05T20:16:55Z"),
        # Forms that the API was not seen to send, but that are dates all the same.
        ("Wed, 05 Dec 2018 20:16:55 +0200", "2018-12-05T18:16:55Z"),
        ("Wed, 05 Dec 2018 20:16:55 GMT", "2018-12-05T20:16:55Z"),
        ("Wed, 5 Dec 2018 20:16:55 +0000", "2018-12-05T20:16:55Z"),
        ("05 Dec 2018 20:16:55", "2018-12-05T20:16:55Z"),
        ("", None),
        ("  ", None),
        (None, None),
        ("2018-12-05T20:16:55Z", "2018-12-05T20:16:55Z"),
        ("2018-12-05T20:16:55+00:00", "2018-12-05T20:16:55+00:00"),
        ("2018-12-05 20:16:55", "2018-12-05T20:16:55Z"),
        ("2018-12-05 later on", "2018-12-05 later on"),
        ("not a date", "not a date"),
        (1544041015, 1544041015),
    ],
)
def test_date_when_read_leaves_as_iso_wherever_the_machine_is(
    sent: Any, iso: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for zone in ("Asia/Tokyo", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert iso_date(sent) == iso


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))
def test_date_when_it_is_any_of_rfc_2822_leaves_as_the_same_instant(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone.utc)
    assert iso_date(format_datetime(moment)) == moment.isoformat().replace("+00:00", "Z")


def dates_of(stream: str) -> Dates:
    path = f"./source_bigcommerce/schemas/{stream}.json"
    loader = JsonFileSchemaLoader(config={}, parameters={}, file_path=path)
    return Dates(loader, parameters={})


RFC, ISO, DAY = "Wed, 05 Dec 2018 20:16:55 +0000", "2018-12-05T20:16:55Z", "2018-12-05"
PROSE = "some day in the spring, if the weather allows"


@pytest.mark.parametrize(
    ("stream", "sent", "left"),
    [
        # Date-times, empty ones, and text that only looks like one.
        (
            "orders",
            {"date_created": RFC, "date_shipped": "", "customer_message": RFC},
            {"date_created": ISO, "date_shipped": None, "customer_message": RFC},
        ),
        # Within objects and lists.
        (
            "order_consignments",
            {"shipping": [{"line_items": [{"event_date": RFC}, {}]}]},
            {"shipping": [{"line_items": [{"event_date": DAY}, {}]}]},
        ),
        (
            "order_consignments",
            {"email": {"gift_certificates": [{"line_items": [{"event_date": RFC}]}]}},
            {"email": {"gift_certificates": [{"line_items": [{"event_date": DAY}]}]}},
        ),
        # Other shapes than the schema's are left alone.
        (
            "order_consignments",
            {"email": [], "downloads": {"url": "u"}, "shipping": None},
            {"email": [], "downloads": {"url": "u"}, "shipping": None},
        ),
        ("order_products", {"event_date": "", "name": ""}, {"event_date": None, "name": ""}),
        (
            "order_consignments",
            {"order_date_modified": PROSE, "shipping": [{"line_items": [{"event_date": PROSE}]}]},
            {"order_date_modified": PROSE, "shipping": [{"line_items": [{"event_date": PROSE}]}]},
        ),
        ("store", {"name": ""}, {"name": ""}),
    ],
)
def test_dates_of_a_record_when_the_schema_declares_them_are_rewritten(
    stream: str, sent: dict[str, Any], left: dict[str, Any]
) -> None:
    dates_of(stream).transform(sent)
    assert sent == left
