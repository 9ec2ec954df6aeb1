"""Each kind of fault, and the order in which they strike."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox import Change, Sandbox
from unit_tests.sandbox.asking import Get


def statuses(get: Get, store: Sandbox, count: int, **params: Any) -> list[int]:
    return [get(store, "/v2/orders", **params).status_code for _ in range(count)]


def test_a_fault_strikes_at_its_request_and_as_often_as_told(store: Sandbox, get: Get) -> None:
    fault = store.faults.add("orders.list", "status", status=503, at=2, times=2)
    assert store.faults.pending() == [fault]
    assert statuses(get, store, 4) == [200, 503, 503, 200]
    assert (fault.fired, store.faults.pending()) == (2, [])


def test_faults_strike_one_after_another(store: Sandbox, get: Get) -> None:
    for status in (500, 502, 504):
        store.faults.add("orders.list", "status", status=status)
    assert statuses(get, store, 4) == [500, 502, 504, 200]


def test_a_fault_strikes_only_the_operation_and_requests_named(store: Sandbox, get: Get) -> None:
    store.faults.add("orders.list", "status", where={"page": 2})
    store.faults.add("order_products.list", "status", where={"order_id": 100})
    assert get(store, "/v2/time").status_code == 200
    assert statuses(get, store, 1) == [200]
    assert get(store, "/v2/orders", page=2).status_code == 500
    assert get(store, "/v2/orders/100/products").status_code == 500
    assert store.faults.pending() == []


def test_a_fault_may_strike_any_operation(store: Sandbox, get: Get) -> None:
    store.faults.add("*", "status", status=500)
    assert get(store, "/v2/time").status_code == 500


def test_a_status_may_have_a_body_of_its_own(store: Sandbox, get: Get) -> None:
    store.faults.add("orders.list", "status", status=504, html=True)
    store.faults.add("orders.list", "status", status=500, body="oh", headers={"X-Why": "test"})
    html, plain = get(store, "/v2/orders"), get(store, "/v2/orders")
    assert html.headers["Content-Type"] == "text/html"
    assert (plain.text, plain.headers["X-Why"]) == ("oh", "test")


def test_a_rate_limit_has_its_headers(store: Sandbox, get: Get) -> None:
    store.faults.add("orders.list", "rate_limit")
    store.faults.add("orders.list", "rate_limit", headers=False)
    store.faults.add("orders.list", "rate_limit", headers={"X-Retry-After": "7"})
    full, bare, own = (get(store, "/v2/orders") for _ in range(3))
    assert [reply.status_code for reply in (full, bare, own)] == [429, 429, 429]
    assert "X-Rate-Limit-Time-Reset-Ms" in full.headers
    assert "X-Retry-After" in full.headers
    assert not [name for name in bare.headers if name.startswith("X-R")]
    assert [name for name in own.headers if name.startswith("X-R")] == ["X-Retry-After"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", requests.ConnectionError),
        ("hang", requests.ConnectionError),
        ("truncate", requests.exceptions.ChunkedEncodingError),
    ],
)
def test_connections_break_as_told(
    store: Sandbox, get: Get, kind: str, error: type[Exception]
) -> None:
    store.faults.add("orders.list", kind, seconds=0.05)
    with pytest.raises(error):
        get(store, "/v2/orders")
    assert get(store, "/v2/orders").status_code == 200


def test_a_hang_outlasts_a_read_timeout(store: Sandbox) -> None:
    store.faults.add("*", "hang", seconds=30)
    headers = {"X-Auth-Token": store.access_token, "Accept": "application/json"}
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{store.url}/stores/sandbox/v2/time", headers=headers, timeout=0.1)


def test_odd_successes_are_sent_as_told(store: Sandbox, get: Get) -> None:
    store.faults.add("orders.list", "html")
    store.faults.add("orders.list", "empty")
    html, empty = get(store, "/v2/orders"), get(store, "/v2/orders")
    assert (html.status_code, html.text[:15]) == (200, "<!DOCTYPE html>")
    assert (empty.status_code, empty.content) == (200, b"")


def test_slow_answers_are_right_in_the_end(store: Sandbox, get: Get) -> None:
    store.faults.add("orders.list", "slow", seconds=0.1)
    started = time.monotonic()
    assert len(get(store, "/v2/orders").json()) == 50
    assert time.monotonic() - started >= 0.1


def test_heavy_pages_fail_until_the_limit_is_lowered(store: Sandbox, get: Get) -> None:
    fault = store.faults.add("orders.list", "heavy", above=100)
    assert statuses(get, store, 2, limit=250) == [500, 500]
    assert statuses(get, store, 1, limit=100) == [200]
    assert store.faults.pending() == []
    store.faults.remove(fault)
    assert statuses(get, store, 1, limit=250) == [200]


@pytest.mark.parametrize(("when", "seen"), [("before", 5), ("after", 100)])
def test_changes_strike_before_or_after_an_answer(
    store: Sandbox, get: Get, when: str, seen: int
) -> None:
    before = store.rows("orders")[0]["status_id"]
    edit = Change("edit", "orders", keys=(100,), fields={"status_id": 5})
    store.faults.change("orders.list", edit, Change("insert", "orders"), when=when)
    [row] = get(store, "/v2/orders", limit=1).json()
    assert row["status_id"] == (5 if when == "before" else before)
    assert get(store, "/v2/orders", limit=1).json()[0]["status_id"] == 5
    assert len(store.rows("orders")) == 301
    assert store.faults.pending() == []


def test_deletion_between_two_pages_makes_page_numbers_skip_a_row(store: Sandbox, get: Get) -> None:
    whole = [row["id"] for row in store.rows("orders")]
    store.faults.change("orders.list", Change("delete", "orders", keys=(whole[0],)))
    read: list[int] = []
    for page in (1, 2):
        read += [row["id"] for row in get(store, "/v2/orders", limit=10, page=page).json()]
    assert set(whole[:20]) - set(read) == {whole[10]}


def test_a_change_does_not_wait_for_other_faults(store: Sandbox, get: Get) -> None:
    store.faults.add("orders.list", "status")
    store.faults.change("orders.list", Change("delete", "orders", keys=(100,)))
    assert statuses(get, store, 1) == [500]
    assert store.faults.pending() == []


@pytest.mark.parametrize(
    "add",
    [
        lambda faults: faults.add("fish.list", "status"),
        lambda faults: faults.add("orders.list", "fish"),
        lambda faults: faults.add("orders.list", "change", when="never"),
    ],
)
def test_plans_that_make_no_sense_are_refused(store: Sandbox, add: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match=r"fish|never"):
        add(store.faults)
