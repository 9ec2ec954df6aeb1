"""What a sync tells of itself."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, TraceType, Type
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.types import Record

from source_bigcommerce.components import Rows, WindowRetriever
from source_bigcommerce.components.messages import GIVEN_UP
from source_bigcommerce.components.progress import Progress
from source_bigcommerce.components.sync import Sync
from unit_tests.replies import reply
from unit_tests.streams import CONFIG

CONFIGURED = {**CONFIG, "page_size": 2, "api_url": "https://api.bigcommerce.com"}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def record(stream: str) -> AirbyteMessage:
    message = AirbyteRecordMessage(stream=stream, data={}, emitted_at=0)
    return AirbyteMessage(type=Type.RECORD, record=message)


def told(progress: Progress, is_last: bool = False) -> dict[str, int | None]:
    estimates = {}
    for message in progress.estimates(is_last):
        assert message.type == Type.TRACE
        assert message.trace
        assert message.trace.type == TraceType.ESTIMATE
        assert message.trace.estimate
        estimates[message.trace.estimate.name] = message.trace.estimate.row_estimate
    return estimates


def test_estimates_of_windows_add_up_and_appear_once_a_second(clock: Clock) -> None:
    progress = Progress(clock)
    progress.expect("orders", 300)
    assert told(progress) == {}
    clock.now += 1
    progress.expect("customers", 7)
    assert told(progress) == {"customers": 7, "orders": 300}
    clock.now += 5
    assert told(progress) == {}
    progress.expect("orders", 200)
    assert told(progress) == {"orders": 500}
    progress.expect("orders", 1)
    assert told(progress) == {}
    assert told(progress, is_last=True) == {"orders": 501}
    assert told(progress, is_last=True) == {}


def test_an_estimate_is_at_least_what_was_read(clock: Clock) -> None:
    progress = Progress(clock)
    for _ in range(3):
        progress.add(record("orders"))
    progress.expect("orders", 2)
    assert told(progress, is_last=True) == {"orders": 3}


def test_a_report_every_half_minute_tells_all(clock: Clock) -> None:
    progress = Progress(clock)
    progress.expect("orders", 12_000)
    for stream in ("orders",) * 1500 + ("transactions",) * 2:
        progress.add(record(stream))
    clock.now += 29.9
    assert not progress.is_due()
    clock.now += 0.1
    assert progress.is_due()
    assert progress.report(1021, "83 of 150 requests left in these 30 s") == (
        "1,502 records, 1,021 requests in 30 s; orders 1,500 of about 12,000; transactions 2; "
        "83 of 150 requests left in these 30 s"
    )
    assert not progress.is_due()
    assert Progress(clock).report(0, "") == "0 records, 0 requests in 0 s"


# What tells how many rows there are


class Answering(HttpRequester):
    """Answers each request alike."""

    def __init__(self, body: Any, path: str) -> None:
        self._reply = body, path

    def send_request(self, *_: Any, **__: Any) -> requests.Response | None:
        body, path = self._reply
        return reply(200, body, path=path)


class Selector:
    """Rows as records, as they are."""

    def __init__(self) -> None:
        self.extractor = self

    def records_of(self, rows: Any) -> Any:
        return rows

    def filter_and_transform(self, rows: Any, *_: Any) -> list[Record]:
        return [Record(row, "x") for row in rows]


def counted(parameters: dict[str, Any], body: Any, path: str = "v3/x") -> int:
    sync = Sync()
    rows = Rows(
        Answering(body, path),
        Selector(),  # type: ignore[arg-type]
        config=CONFIGURED,
        parameters={"name": "x", **parameters},
        api_budget=sync,
    )
    next(iter(rows.read_records({})))
    return told(sync.progress, is_last=True).get("x") or 0


def test_a_total_of_the_first_page_is_expected() -> None:
    body = {"data": [{"id": 1}], "meta": {"pagination": {"total": 41, "total_pages": 21}}}
    assert counted({}, body) == 41
    assert counted({"has_parent": True}, body) == 0
    assert counted({}, {"data": [{"id": 1}]}) == 0
    assert counted({}, [{"id": 1}], path="v2/orders") == 0


@pytest.mark.parametrize(
    ("rows", "answer", "expected"),
    [
        (20, {"count": 41, "statuses": []}, 41),
        (19, {"count": 41}, 0),  # not worth a request
        (20, {"statuses": []}, 0),
        (20, [], 0),
        (20, None, 0),
    ],
)
def test_a_window_of_ten_pages_is_counted_by_a_request(
    rows: int, answer: Any, expected: int
) -> None:
    asked: list[requests.Response | None] = []

    class Counting(HttpRequester):
        def __init__(self) -> None:
            pass

        def send_request(self, *_: Any, **__: Any) -> requests.Response | None:
            if answer is None:
                raise GIVEN_UP.error(answered="answered 500", tries=6)
            asked.append(reply(200, answer, path="v2/orders/count"))
            return asked[-1]

    sync = Sync()
    body = [{"id": n, "date_modified": None} for n in range(rows)]
    retriever = WindowRetriever(
        Answering(body, "v2/orders"),
        Selector(),  # type: ignore[arg-type]
        config=CONFIGURED,
        paging="none",
        key="id",
        date="date_modified",
        parameters={"name": "orders"},
        counter=Counting(),
        counted_from_page=10,
        api_budget=sync,
    )
    assert len(list(retriever.read_records({}))) == rows
    assert (told(sync.progress, is_last=True).get("orders") or 0) == expected
    assert len(asked) == (rows == 20 and answer is not None)
