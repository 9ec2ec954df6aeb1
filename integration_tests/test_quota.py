"""Syncs of a store whose quota is small, changes meanwhile, or is reported wrongly."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from airbyte_cdk.models import Level

from integration_tests.syncs import Sync, sync
from integration_tests.test_sync import assert_holds
from sandbox import Entry, Sandbox
from sandbox.options import Options
from sandbox.quota import Balance, Quota

pytestmark = pytest.mark.thorough

WINDOW = 0.5
WORKERS = 10
STREAMS = ("orders", "transactions", "products")


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with Sandbox(orders=120, products=60, window_ms=int(WINDOW * 1000)) as store:
        yield store


def read(store: Sandbox) -> Sync:
    """All rows, whatever the quota."""
    result = sync(store, *STREAMS, num_workers=WORKERS)
    assert result.errors == []
    for name in STREAMS:
        assert_holds(result, store, name)
    return result


def refused(store: Sandbox) -> list[Entry]:
    return [entry for entry in store.log if entry.status == 429]


def waits(result: Sync) -> list[str]:
    return [line for line in result.logs(Level.INFO) if line.startswith("Waiting")]


def windows(store: Sandbox) -> int:
    """The most windows over which the requests were spread."""
    started = [entry.started for entry in store.log]
    return int((max(started) - min(started)) / WINDOW) + 2


def before_request(store: Sandbox, number: int, act: Callable[[], object]) -> None:
    """Calls a function before the store handles its n-th request."""
    admit, numbers = store.surface.admit, count(1)

    def counted(*args: Any) -> Any:
        if next(numbers) == number:
            act()
        return admit(*args)

    store.surface.admit = counted  # type: ignore[assignment, method-assign]


@pytest.mark.alone
def test_a_small_quota_is_never_overdrawn_and_each_wait_is_told_once(
    store: Sandbox,
) -> None:
    store.options.quota = 40
    lines = waits(read(store))
    assert refused(store) == []
    assert 0 < len(lines) <= windows(store)
    pattern = r"Waiting 0\.\d s: the quota of 40 requests in 0 s is used up\."
    assert [line for line in lines if not re.fullmatch(pattern, line)] == []


CHANGES: dict[str, tuple[int, Callable[[Sandbox], object]]] = {
    "falls": (60, lambda store: store.options.update({"quota": 20})),
    "rises": (20, lambda store: store.options.update({"quota": 60})),
    "is spent by another app": (60, lambda store: store.surface.quota.drain(60)),
}


@pytest.mark.alone
@pytest.mark.parametrize("change", CHANGES)
def test_a_quota_that_changes_costs_at_most_one_burst_of_refusals(
    store: Sandbox, change: str
) -> None:
    store.options.quota, act = CHANGES[change]
    before_request(store, 50, lambda: act(store))
    lines = waits(read(store))
    burst = [entry.started for entry in refused(store)]
    # Lists have so many requests under way, and single orders as many beside them.
    assert len(burst) <= 2 * WORKERS
    assert max(burst, default=0) - min(burst, default=0) < WINDOW
    assert 0 < len(lines) <= windows(store) + len(burst)


@pytest.mark.alone
def test_a_quota_shared_with_another_app_costs_few_refusals(
    store: Sandbox,
) -> None:
    store.options.update({"quota": 60, "other_client": 0.5})
    read(store)
    assert len(refused(store)) <= 0.1 * len(store.log)


@pytest.mark.alone
def test_quotas_that_differ_by_resource_count_as_the_scarcest(store: Sandbox) -> None:
    plenty = Quota(Options(quota=1000, window_ms=store.options.window_ms))
    scarce = Quota(Options(quota=30, window_ms=store.options.window_ms))
    admit, lock = store.surface.admit, threading.Lock()

    def of_resource(request: Any, store_hash: str, path: str) -> Any:
        with lock:
            store.surface.quota = scarce if path.startswith("/v3/orders/") else plenty
            return admit(request, store_hash, path)

    store.surface.admit = of_resource  # type: ignore[method-assign]
    read(store)
    assert len(refused(store)) <= WORKERS


BAD: dict[str, dict[str, str]] = {
    "missing": {},
    "malformed": {
        "Requests-Left": "many",
        "Requests-Quota": "all",
        "Time-Reset-Ms": "soon",
        "Time-Window-Ms": "-",
    },
    "negative": {
        "Requests-Left": "-1",
        "Requests-Quota": "-150",
        "Time-Reset-Ms": "-5",
        "Time-Window-Ms": "-30000",
    },
    "empty": {"Requests-Left": "", "Requests-Quota": "", "Time-Reset-Ms": "", "Time-Window-Ms": ""},
}


@pytest.mark.parametrize("told", BAD)
def test_headers_that_say_nothing_delay_nothing(
    store: Sandbox, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setattr(Balance, "headers", _headers(BAD[told]))
    assert waits(read(store)) == []
    assert refused(store) == []


@pytest.mark.parametrize("reset", ["10800000", "-1", "soon"])
def test_a_reset_that_is_hours_away_or_no_number_counts_as_a_window_away(
    store: Sandbox, monkeypatch: pytest.MonkeyPatch, reset: str
) -> None:
    told = {
        "Requests-Left": "0",
        "Requests-Quota": "30",
        "Time-Reset-Ms": reset,
        "Time-Window-Ms": "200",
    }
    monkeypatch.setattr(Balance, "headers", _headers(told))
    started = time.monotonic()
    result = sync(store, "products", num_workers=WORKERS)
    assert_holds(result, store, "products")
    assert time.monotonic() - started < 120, "it waits for hours"
    # Every reply says that nothing is left; the requests of a window wait together.
    assert 0 < len(waits(result)) <= len(store.log)


def _headers(told: dict[str, str]) -> Callable[[Balance], list[tuple[str, str]]]:
    return lambda _: [(f"X-Rate-Limit-{name}", value) for name, value in told.items()]
