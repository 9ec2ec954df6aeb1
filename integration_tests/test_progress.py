"""What a sync reports about itself, as hosts see it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from airbyte_cdk.models import EstimateType, FailureType, Level

from integration_tests.syncs import Sync, sync
from integration_tests.test_sync import SPAN
from sandbox import Sandbox
from source_bigcommerce.components.messages import TOKEN_REFUSED


def estimates(result: Sync) -> dict[str, int | None]:
    """The last of each stream."""
    found = [message.trace.estimate for message in result.messages if message.trace]
    assert {each.type for each in found if each} <= {EstimateType.STREAM}
    return {each.name: each.row_estimate for each in found if each}


def test_the_last_estimate_of_a_counted_stream_is_its_number_of_rows(
    shared_store: Sandbox,
) -> None:
    result = sync(shared_store, "customers", "brands", "orders", "transactions", "store", **SPAN)
    # So few orders are not worth a request to count them; a transaction belongs to an order.
    assert estimates(result) == {
        name: len(result.records[name]) for name in ("customers", "brands")
    }
    assert [entry for entry in shared_store.log if entry.path.endswith("/count")] == []


def test_orders_of_a_long_window_are_counted_once(shared_store: Sandbox) -> None:
    result = sync(shared_store, "orders", num_workers=1, page_size=25, prove=False, **SPAN)
    assert estimates(result) == {"orders": 260}
    [count] = shared_store.requests("orders.count")
    window = {
        "min_date_modified": "2020-01-01T00:00:00Z",
        "max_date_modified": "2026-03-01T00:00:02Z",
    }
    assert dict(parse_qsl(count.raw_query)) == window


def test_orders_that_cannot_be_counted_are_still_read(store: Sandbox) -> None:
    store.faults.add("orders.count", "status", status=400)
    result = sync(store, "orders", num_workers=1, page_size=25, prove=False, **SPAN)
    assert len(result.records["orders"]) == 260
    assert (result.errors, estimates(result)) == ([], {})
    assert len(store.requests("orders.count")) == 1


def test_the_log_ends_with_the_sum_of_the_sync(shared_store: Sandbox) -> None:
    result = sync(shared_store, "brands", **SPAN)
    [line] = [line for line in result.logs(Level.INFO) if line.startswith("Progress: ")]
    assert line.startswith("Progress: 260 records, 3 requests in ")
    assert "; brands 260 of about 260; " in line
    assert line.endswith(" requests left in these 30 s.")


def test_the_log_tells_every_half_minute_how_far_the_sync_is(
    shared_store: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("source_bigcommerce.components.progress._BETWEEN_REPORTS", 0.0)
    result = sync(shared_store, "brands", **SPAN)
    lines: list[Any] = [line for line in result.logs(Level.INFO) if line.startswith("Progress: ")]
    assert len(lines) > 260
    assert any("; brands 1 of about 260; " in line or "brands 1; " in line for line in lines)


def test_an_error_of_every_window_is_told_once(shared_store: Sandbox) -> None:
    result = sync(shared_store, "orders", "customers", failing=True, access_token="wrong", **SPAN)
    of_streams = [each for each in result.errors if each.stream_descriptor]
    assert sorted(each.stream_descriptor.name for each in of_streams) == ["customers", "orders"]
    assert {each.message for each in of_streams} == {TOKEN_REFUSED.message()}
    assert len(shared_store.log) == 20  # ten windows each


def test_a_failure_that_may_pass_is_marked_as_transient(store: Sandbox) -> None:
    store.faults.add("brands.list", "status", status=503, times=None)
    for streams, scopes, kind in (
        (["brands"], None, FailureType.transient_error),
        (["orders", "brands"], ["store_v2_products"], FailureType.transient_error),
        (["orders"], ["store_v2_products"], FailureType.config_error),
    ):
        store.options.update({"scopes": scopes})
        result = sync(store, *streams, failing=True, num_workers=1, tries=1, **SPAN)
        [whole] = [each for each in result.errors if not each.stream_descriptor]
        assert whole.failure_type == kind
