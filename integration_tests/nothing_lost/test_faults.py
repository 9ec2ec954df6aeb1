"""Whatever the API answers to any request: a sync is complete, or says that it is not."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from integration_tests.nothing_lost.completeness import (
    ALL,
    INCREMENTAL,
    ORDER_CHILDREN,
    assert_complete,
    assert_honest,
    completed,
    make_store,
    make_store_that_hides,
    streams,
    whole_history,
)
from integration_tests.syncs import Sync, sync
from sandbox import Sandbox

pytestmark = pytest.mark.thorough

# Streams without common requests are read together, so one sync shows a fault on all of them.
GROUPS = {
    "lists": tuple(name for name in ALL if name not in ORDER_CHILDREN),
    "order_products": ("order_products",),
    "transactions": ("transactions",),
}
PLACES = ("first", "middle", "last")
SETTINGS = whole_history(page_size=10)

_TOLD = {
    "X-Rate-Limit-Requests-Left": "0",
    "X-Rate-Limit-Requests-Quota": "150",
    "X-Rate-Limit-Time-Reset-Ms": "40",
    "X-Rate-Limit-Time-Window-Ms": "100",
}
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "429 with headers": ("rate_limit", {"headers": _TOLD}),
    "429 without headers": ("rate_limit", {"headers": False}),
    "more 429s than the framework retries": ("rate_limit", {"headers": False, "times": 12}),
    "500": ("status", {"status": 500}),
    "502 as HTML": ("status", {"status": 502, "html": True}),
    "503": ("status", {"status": 503}),
    "504": ("status", {"status": 504}),
    "connection reset": ("reset", {}),
    "reply cut in the middle": ("truncate", {}),
    "200 with HTML": ("html", {}),
    "200 with nothing": ("empty", {}),
    "hang": ("hang", {"seconds": 1}),
    "slow": ("slow", {"seconds": 0.3}),
}
# One fault for each way of handling replies.
ENDLESS = ("500", "503", "connection reset", "200 with nothing", "hang")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("group", GROUPS)
def test_temporary_faults_lose_nothing(
    request: pytest.FixtureRequest, group: str, fault: str
) -> None:
    """At the first request of each list, at one in the middle, and at the last."""
    kind, fields = _fault(request, fault)
    with _make_store(group) as store:
        for operation, number in _requests(group).items():
            for earlier, at in enumerate(sorted({_at(place, number) for place in PLACES})):
                repeated = 0 if kind == "slow" else earlier * fields.get("times", 1)
                store.faults.add(operation, kind, at=at + repeated, **fields)
        read = sync(store, *GROUPS[group], **SETTINGS)
        assert store.faults.pending() == []
        assert read.errors == []
        assert completed(read) == set(GROUPS[group])
        assert_honest(store, read)


@pytest.mark.parametrize(
    ("fault", "place"),
    [(fault, "middle") for fault in ENDLESS] + [("503", "first"), ("503", "last")],
)
@pytest.mark.parametrize(
    ("group", "operation"),
    [("lists", "*")]
    + [
        (name, operation)
        for name in ORDER_CHILDREN
        for operation in ("orders.list", f"{name}.list")
    ],
)
def test_a_lasting_fault_is_an_error_with_a_true_state(
    request: pytest.FixtureRequest, group: str, operation: str, fault: str, place: str
) -> None:
    kind, fields = _fault(request, fault)
    with _make_store(group) as store:
        for each, number in _requests(group, prove=False).items():
            if operation in ("*", each):
                store.faults.add(each, kind, at=_at(place, number), times=None, **fields)
        # A request that counts may fail: then a list is not proved.
        failed = sync(store, *GROUPS[group], failing=True, **SETTINGS, prove=False)
        assert store.faults.pending() == []
        assert completed(failed) == set()
        assert failed_streams(failed) == set(GROUPS[group])
        assert_honest(store, failed)

        store.faults.clear()
        resumed = sync(store, *GROUPS[group], state=failed.state, **SETTINGS)
        assert resumed.errors == []
        assert_honest(store, resumed, failed)
        assert_complete(store, GROUPS[group], failed, resumed)


@pytest.mark.parametrize("name", [name for name in ALL if name != "store"])
def test_an_unreadable_page_is_never_taken_for_the_last_one(name: str) -> None:
    """Each page is broken at first."""
    kinds = ("empty", "html", "truncate", "reset")
    operation = streams()[name].paged_operation
    number = _requests(_group(name))[operation]
    with _make_store(_group(name)) as store:
        for page in range(number):
            store.faults.add(operation, kinds[page % len(kinds)], at=2 * page + 1)
        # With two workers, one may meet more faults in a row than it tries by itself.
        read = sync(store, name, tries=2 * number, **SETTINGS)
        assert store.faults.pending() == []
        assert len(store.requests(operation)) == 2 * number
        assert read.errors == []
        assert completed(read) == {name}
        assert_honest(store, read)


# Pages that the store serves only in parts. Not by page number: smaller pages would shift them.
@pytest.mark.parametrize("name", ["orders", "products", *ORDER_CHILDREN])
def test_a_page_that_fails_at_250_rows_is_read_at_50(name: str) -> None:
    with make_store(orders=600, products=600) as store:
        operation = streams()[name].paged_operation
        fault = store.faults.add(operation, "heavy", above=50)
        # Without the requests that count, as those ask for one row.
        read = sync(store, name, **{**SETTINGS, "page_size": 250, "prove": False})
        assert fault.fired > 0
        assert read.errors == []
        assert_honest(store, read)
        assert completed(read) == {name}
        limits = Counter(entry.query["limit"] for entry in store.requests(operation))
        assert set(limits) == {"250", "125", "62", "31"}


# After a light page, the read returns to full speed.
@pytest.mark.parametrize("name", ["orders", "products"])
def test_only_the_heavy_page_is_read_in_parts(name: str) -> None:
    with make_store(orders=600, products=600) as store:
        operation = streams()[name].paged_operation
        fault = store.faults.add(operation, "status", status=504, times=3)
        read = sync(store, name, **{**SETTINGS, "page_size": 100, "num_workers": 1, "prove": False})
        assert fault.fired == 3
        assert read.errors == []
        assert_honest(store, read)
        limits = [entry.query["limit"] for entry in store.requests(operation)]
        assert limits[:5] == ["100", "50", "25", "12", "100"]
        assert set(limits[5:]) == {"100"}


# These are, or may be, read by page number, and smaller pages would shift them.
def test_a_heavy_page_that_cannot_be_read_in_parts_is_an_error_with_a_true_state() -> None:
    names = ("customers", "brands", "categories", "pages")
    with make_store(**dict.fromkeys(names, 60)) as store:
        faults = [store.faults.add(streams()[name].operation, "heavy", above=50) for name in names]
        failed = sync(store, *names, failing=True, **{**SETTINGS, "page_size": 250})
        assert all(fault.fired > 0 for fault in faults)
        assert failed_streams(failed) == set(names)
        assert_honest(store, failed)
        smaller = {**SETTINGS, "page_size": 50}
        resumed = sync(store, *names, state=failed.state, **smaller)
        assert resumed.errors == []
        assert_complete(store, names, failed, resumed)


MISSING = {
    "customers": "store_v2_customers_read_only",
    "orders": "store_v2_orders_read_only",
    "order_products": "store_v2_orders_read_only",
    "transactions": "store_v2_transactions_read_only",
    "products": "store_v2_products_read_only",
    "channels": "store_channel_settings_read_only",
    "pages": "store_v2_content_read_only",
    "store": "store_v2_information_read_only",
}


@pytest.mark.parametrize("name", [name for name in MISSING if name not in ORDER_CHILDREN])
def test_a_403_in_mid_sync_stops_its_stream_alone(name: str) -> None:
    others = [other for other in ALL if other != name and MISSING.get(other) != MISSING[name]]
    if name == "orders":
        others = [other for other in others if other not in ORDER_CHILDREN]
    with _make_store("lists") as store:
        number = _requests(_group(name))[streams()[name].operation]
        store.faults.add(
            streams()[name].operation, "status", status=403, at=_at("middle", number), times=None
        )
        read = sync(store, name, *others, failing=True, **SETTINGS)
        assert store.faults.pending() == []
        assert completed(read) == set(others)
        assert_honest(store, read)
        _assert_told(read, name, MISSING[name])

        store.faults.clear()
        resumed = sync(store, name, state=read.state, **SETTINGS)
        assert_complete(store, [name], read, resumed)


def test_a_403_on_one_orders_children_names_their_own_scope() -> None:
    with _make_store("transactions") as store:
        store.faults.add("transactions.list", "status", status=403, at=20, times=None)
        read = sync(store, "transactions", "orders", failing=True, **SETTINGS)
        assert store.faults.pending() == []
        assert completed(read) == {"orders"}
        assert_honest(store, read)
        _assert_told(read, "transactions", MISSING["transactions"])


@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_401_in_mid_sync_is_a_configuration_error(name: str) -> None:
    with _make_store(_group(name)) as store:
        operation = streams()[name].paged_operation
        number = _requests(_group(name))[operation]
        store.faults.add(operation, "status", status=401, at=_at("middle", number), times=None)
        read = sync(store, name, "brands", failing=True, **SETTINGS)
        assert store.faults.pending() == []
        assert completed(read) == {"brands"}
        assert_honest(store, read)
        _assert_told(read, name, "does not accept the access token")

        store.faults.clear()
        resumed = sync(store, name, state=read.state, **SETTINGS)
        assert_complete(store, [name], read, resumed)


def _assert_told(read: Sync, name: str, words: str) -> None:
    told = [error for error in read.errors if _stream_of(error) == name]
    assert told
    for error in told:
        assert words in error.message
        assert error.failure_type == FailureType.config_error


def failed_streams(read: Sync) -> set[str]:
    return {name for name in map(_stream_of, read.errors) if name}


def _stream_of(error: Any) -> str:
    return str(error.stream_descriptor.name) if error.stream_descriptor else ""


def _fault(request: pytest.FixtureRequest, name: str) -> tuple[str, dict[str, Any]]:
    if name == "hang":
        request.getfixturevalue("impatient")
    return FAULTS[name]


def _make_store(group: str) -> Sandbox:
    """A few pages of each list; some of 200 orders have lines that cost a request of their own."""
    orders = 200 if group == "order_products" else 42
    sizes = {"orders": orders, "customers": 42, "products": 42, "pages": 30}
    # A 204 has nothing to cut in the middle.
    return make_store_that_hides(**sizes, empty_transactions="200")


@cache
def _requests(group: str, prove: bool = True) -> dict[str, int]:
    """The number of requests of each kind in an undisturbed sync."""
    with _make_store(group) as store:
        read = sync(store, *GROUPS[group], **SETTINGS, prove=prove)
        assert_honest(store, read)
        return dict(Counter(entry.operation for entry in store.log))


def _group(name: str) -> str:
    return name if name in GROUPS else "lists"


def _at(place: str, number: int) -> int:
    return {"first": 1, "middle": number // 2 + 1, "last": number}[place]
