"""A start date in words moves each day; rows that were not read by then still arrive."""

from __future__ import annotations

from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalog

from integration_tests import syncs
from integration_tests.nothing_lost.completeness import (
    INCREMENTAL,
    assert_complete,
    assert_honest,
    make_store,
    streams,
)
from integration_tests.nothing_lost.conftest import SetClock
from integration_tests.syncs import sync
from sandbox import Sandbox
from sandbox.clock import DAY

pytestmark = pytest.mark.thorough

SETTINGS: dict[str, Any] = {"start_date": "30 days ago", "num_workers": 3, "page_size": 5}
PAUSE = 60


@pytest.mark.parametrize("upgraded", [False, True])
@pytest.mark.parametrize("name", INCREMENTAL)
def test_changes_during_a_pause_arrive(
    name: str, upgraded: bool, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_store(orders=40, customers=40, products=40) as store:
        keys = [row["id"] for row in store.rows(streams()[name].collection)]
        _touch(store, name, keys, store.clock.now() - 20 * DAY)
        set_clock(store.clock.now())
        first = sync(store, name, **SETTINGS)
        assert_complete(store, [name], first)

        before = store.clock.now()
        for day, key in zip(range(1, PAUSE, 4), keys, strict=False):
            _touch(store, name, [key], before + day * DAY)
        store.clock.advance(PAUSE * DAY)
        set_clock(store.clock.now())
        if upgraded:
            monkeypatch.setattr(syncs, "catalog_of", _with_another_schema(syncs.catalog_of))
        second = sync(store, name, state=first.state, **SETTINGS)
        assert second.errors == []
        assert_complete(store, [name], first, second)
        assert_honest(store, second, first)


def test_a_failed_first_sync_continues_where_it_stopped(set_clock: SetClock) -> None:
    """The last window was not read, and is older than 30 days at the time of the next sync."""
    with make_store(orders=40) as store:
        _touch(store, "orders", [row["id"] for row in store.rows("orders")], store.clock.now() - 60)
        set_clock(store.clock.now())
        fault = store.faults.add("orders.list", "status", status=422, at=3, times=None)
        failed = sync(store, "orders", failing=True, **SETTINGS)
        assert fault.fired > 0
        assert failed.errors
        store.faults.clear()
        store.clock.advance(PAUSE * DAY)
        set_clock(store.clock.now())
        second = sync(store, "orders", state=failed.state, **SETTINGS)
        assert second.errors == []
        assert_complete(store, ["orders"], failed, second)


def _touch(store: Sandbox, name: str, keys: list[int], second: int) -> None:
    for key in keys:
        store.edit(streams()[name].collection, key, {"date_modified": second})


def _with_another_schema(catalog_of: Any) -> Any:
    """A catalog saved by another version: some fields are gone, others not there yet."""

    def changed(*arguments: Any) -> ConfiguredAirbyteCatalog:
        catalog: ConfiguredAirbyteCatalog = catalog_of(*arguments)
        copy = ConfiguredAirbyteCatalog(streams=list(catalog.streams))
        for place, configured in enumerate(copy.streams):
            schema = {"type": "object", "properties": {"gone": {"type": "string"}}}
            stream = type(configured.stream)(**{**vars(configured.stream), "json_schema": schema})
            copy.streams[place] = type(configured)(**{**vars(configured), "stream": stream})
        return copy

    return changed
