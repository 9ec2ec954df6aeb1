"""Lists for which the API answers few requests at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import Rows
from unit_tests.replies import reply
from unit_tests.streams import CONFIG

WINDOW = StreamSlice(partition={}, cursor_slice={})


class Store:
    """Answers when told to, and counts the requests that wait."""

    def __init__(self) -> None:
        self.waiting = 0
        self.changed = threading.Condition()
        self.answers = threading.Semaphore(0)
        self.extractor = self

    def send_request(self, **_: Any) -> requests.Response:
        with self.changed:
            self.waiting += 1
            self.changed.notify_all()
        self.answers.acquire(timeout=60)
        with self.changed:
            self.waiting -= 1
            self.changed.notify_all()
        return reply(200, {"data": []})

    def records_of(self, rows: Any) -> Any:
        return rows

    def have(self, requests: int, seconds: float = 60.0) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.waiting == requests, seconds)


def rows_of(store: Any, **options: Any) -> Rows:
    made = {"requester": store, "record_selector": store, "config": {"page_size": 5}, **options}
    return Rows(parameters={"name": "x"}, paging="none", **made)


def test_a_list_sends_no_more_requests_at_a_time_than_its_limit() -> None:
    store, other = Store(), Store()
    limited, free = rows_of(store, at_once=3), rows_of(other)
    with ThreadPoolExecutor(8) as workers:
        for _ in range(4):
            workers.submit(list, limited.pages(WINDOW))
            workers.submit(list, free.pages(WINDOW))
        assert store.have(3)
        assert other.have(4)
        assert not store.have(4, seconds=0.1)
        store.answers.release()
        assert store.have(3)
        store.answers.release(3)
        other.answers.release(4)
        assert store.have(0)


def test_a_list_takes_other_requests_after_failed_ones() -> None:
    class Failing(Store):
        def send_request(self, **_: Any) -> requests.Response:
            raise ValueError("no reply")

    limited = rows_of(Failing(), at_once=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="no reply"):
            list(limited.pages(WINDOW))


def test_the_manifest_states_the_limit_of_a_list_at_its_stream() -> None:
    source = SourceBigcommerce(config=CONFIG)
    retrievers = {each["name"]: each["retriever"] for each in source.resolved_manifest["streams"]}
    limits = {
        name: (retriever.get("children", {}).get("at_once"), retriever.get("embeds_at_most"))
        for name, retriever in retrievers.items()
    }
    assert {name: each for name, each in limits.items() if any(each)} == {
        "price_list_records": (10, None),
        "promotion_codes": (10, None),
        "order_products": (None, 50),
    }
