"""Temporary refusals lose nothing; lasting ones are reported truthfully."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from integration_tests.nothing_lost.completeness import (
    ALL,
    ORDER_CHILDREN,
    assert_complete,
    assert_honest,
    completed,
    make_store,
    whole_history,
)
from integration_tests.syncs import Row, Sync, sync
from sandbox import Sandbox
from source_bigcommerce.components import budget

pytestmark = pytest.mark.thorough

SETTINGS = whole_history(page_size=14)
LISTS = tuple(name for name in ALL if name not in ORDER_CHILDREN)
NO_WORDS = json.dumps({"status": 504, "title": "", "type": "/status-codes", "errors": {}})
MAX_LIMIT = json.dumps([{"status": 413, "message": "Too much.", "details": {"max_limit": 9}}])


def make_small_store(**settings: Any) -> Sandbox:
    return make_store(orders=60, customers=60, products=60, pages=40, **settings)


def told(read: Sync, name: str) -> tuple[str, FailureType, str]:
    """The only error of a stream: its sentence, its kind and its details for the log."""
    [error] = [
        each
        for each in read.errors
        if each.stream_descriptor and each.stream_descriptor.name == name
    ]
    return error.message, error.failure_type, error.internal_message


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"status": 401, "times": 5}, 2),
        ({"status": 401, "times": 3, "html": True}, 1),
        ({"status": 403, "times": 3}, 2),
        ({"status": 403, "times": 3, "html": True}, 1),
        ({"status": 422}, 1),
        ({"status": 422}, 2),
    ],
)
def test_temporary_refusals_lose_nothing(fields: dict[str, Any], at: int) -> None:
    """At the first or second request of each list that is longer than a page."""
    names = tuple(name for name in LISTS if name not in ("store", "channels"))
    with make_small_store() as store:
        faults = [store.faults.add(f"{name}.list", "status", at=at, **fields) for name in names]
        # One after the other, so that each list has its first reply before its second request.
        read = sync(store, *names, **SETTINGS | {"num_workers": 1})
        assert [fault.fired for fault in faults] == [fields.get("times", 1)] * len(names)
        assert read.errors == []
        assert completed(read) == set(names)
        assert_complete(store, names, read)


def test_a_platform_that_refuses_everybody_for_a_while_loses_nothing() -> None:
    with make_small_store() as store:
        fault = store.faults.add("*", "status", status=401, at=12, times=5)
        read = sync(store, *ALL, **SETTINGS)
        assert fault.fired == 5
        assert read.errors == []
        assert completed(read) == set(ALL)
        assert_honest(store, read)


def test_a_missing_scope_costs_one_request_a_stream(waits: list[float]) -> None:
    with make_small_store(scopes={"store_v2_orders", "store_v2_content"}) as store:
        read = sync(store, "orders", "pages", "brands", "categories", failing=True, **SETTINGS)
        assert completed(read) == {"orders", "pages"}
        for name in ("brands", "categories"):
            message, kind, _ = told(read, name)
            assert "lacks the scope store_v2_products_read_only" in message
            assert kind == FailureType.config_error
            assert len(store.requests(f"{name}.list")) == 1
        assert waits == []


def test_a_token_that_never_worked_is_refused_at_once(waits: list[float]) -> None:
    with make_small_store() as store:
        read = sync(store, "orders", failing=True, **SETTINGS | {"access_token": "another"})
        assert completed(read) == set()
        message, kind, words = told(read, "orders")
        assert message.startswith("BigCommerce does not accept the access token")
        assert kind == FailureType.config_error
        assert " 401, " in words
        assert waits == []


def test_a_withdrawn_token_is_refused_a_few_times_and_not_for_each_window() -> None:
    with make_small_store() as store:
        store.faults.add("*", "status", status=401, at=12, times=None)
        read = sync(store, *LISTS, failing=True, **SETTINGS)
        assert_honest(store, read)
        refused = [entry for entry in store.log if entry.status == 401]
        # Two workers try six times each; then each stream and window once.
        assert len(refused) < 2 * 6 + 40
        failed = {name for name in LISTS if name not in completed(read)}
        assert failed
        for name in failed:
            assert told(read, name)[1] == FailureType.config_error


def test_a_firewall_that_keeps_refusing_is_not_blamed_on_scopes() -> None:
    with make_small_store() as store:
        store.faults.add("brands.list", "status", status=403, html=True, times=None)
        read = sync(store, "brands", "categories", failing=True, **SETTINGS)
        assert completed(read) == {"categories"}
        message, kind, words = told(read, "brands")
        assert message.startswith("A firewall in front of BigCommerce refused /v3/catalog/brands, ")
        assert kind == FailureType.transient_error
        assert "scope store_" not in message + words
        assert len(store.requests("brands.list")) == 4


# Pages that are too large


@pytest.mark.parametrize(
    ("body", "status", "most", "fitting"), [(MAX_LIMIT, 413, 9, 9), (NO_WORDS, 504, 7, 7)]
)
def test_a_page_that_is_too_large_is_an_error_that_names_the_size_that_works(
    body: str, status: int, most: int, fitting: int
) -> None:
    with make_small_store() as store:
        store.faults.add("brands.list", "heavy", above=most, status=status, body=body)
        read = sync(store, "brands", "categories", failing=True, **SETTINGS)
        assert completed(read) == {"categories"}
        message, kind, _ = told(read, "brands")
        assert message == (
            "BigCommerce does not send 14 rows of /v3/catalog/brands in one reply. Set Page size "
            f"to {fitting} and sync again: it continues where this one stopped."
        )
        assert kind == FailureType.config_error
        assert len(store.requests("brands.list")) == 1
        again = sync(store, "brands", "categories", **SETTINGS | {"page_size": fitting})
        assert completed(again) == {"brands", "categories"}
        assert_complete(store, ["brands"], again)


@pytest.mark.parametrize(("body", "status"), [(MAX_LIMIT, 413), (NO_WORDS, 504)])
def test_pages_read_by_key_shrink_automatically(body: str, status: int) -> None:
    names = ("orders", "channel_listings")
    settings = {**SETTINGS, "start_date": "2009-01-01"}
    with make_small_store(channels=3) as store:
        whole = sync(store, *names, **settings)
        store.log.clear()
        faults = [
            store.faults.add(f"{name}.list", "heavy", above=4, status=status, body=body)
            for name in names
        ]
        read = sync(store, *names, **settings)
        assert all(fault.fired for fault in faults)
        assert read.errors == []
        assert completed(read) == set(names)
        for name in names:
            asked = {entry.query.get("limit") for entry in store.requests(f"{name}.list")}
            assert {"14", "7", "3"} <= asked
            assert _rows(read, name) == _rows(whole, name) != []


def _rows(read: Sync, name: str) -> list[str]:
    rows: list[Row] = read.records[name]
    return sorted({json.dumps(row, sort_keys=True) for row in rows})


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (
            "brands.list",
            "BigCommerce takes too long to send 14 rows of /v3/catalog/brands in one reply. Sync "
            "again later, it continues where this one stopped; if this happens again, set Page "
            "size to 7.",
        ),
        (
            "store.get",
            "BigCommerce did not answer /v2/store in time 6 times in a row. Sync again later, it "
            "continues where this one stopped; if this happens again, see https://status.bigcommerce.com.",
        ),
    ],
)
def test_an_endpoint_that_hangs_is_named_and_the_others_are_read(
    operation: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "_LONGEST_REPLY", 0.3)
    name = operation.partition(".")[0]
    others = {"brands", "store", "categories", "pages"} - {name}
    with make_small_store() as store:
        store.faults.add(operation, "hang", seconds=0.5, times=None)
        read = sync(store, name, *sorted(others), failing=True, **SETTINGS)
        assert completed(read) == others
        message, kind, words_of_log = told(read, name)
        assert (message, kind) == (words, FailureType.transient_error)
        assert "Read timed out" in words_of_log


def test_the_log_has_all_the_words_of_an_error() -> None:
    body = {
        "status": 422,
        "title": "JSON data is missing or invalid",
        "type": "/status-codes",
        "errors": {"items": "error.path.missing", "filter": {"name": ["unknown"]}},
    }
    with make_small_store() as store:
        store.faults.add("brands.list", "status", status=422, body=json.dumps(body), times=None)
        read = sync(store, "brands", failing=True, **SETTINGS)
        words = told(read, "brands")[2]
        assert words.endswith(
            ': 422, "JSON data is missing or invalid", "items: error.path.missing", '
            '"filter.name: unknown"'
        )
        assert len(store.requests("brands.list")) == 2
