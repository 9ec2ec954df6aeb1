"""An order list that fails midway: why the children of orders have a component of their own.

The CDK's SubstreamPartitionRouter holds one order back while the window that it belongs to is
already saved as read. When the list then fails, nobody asks for the children of that order again.
"""

from __future__ import annotations

from typing import Any

import pytest
from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.test import entrypoint_wrapper

from integration_tests import syncs
from integration_tests.nothing_lost.completeness import (
    NOW,
    ORDER_CHILDREN,
    START,
    assert_complete,
    assert_honest,
    make_store,
)
from integration_tests.syncs import State, Sync, sync
from sandbox import Sandbox

pytestmark = pytest.mark.thorough

ORDERS = 60


def test_the_router_of_the_framework_loses_an_order() -> None:
    with _make_store() as store:
        due = {row["id"]: int(row["order_id"]) for row in store.rows("transactions")}
        fault = _break_the_second_window(store)
        failed = _read_with_router(store, {})
        assert fault.fired > 0
        assert failed.errors

        store.faults.clear()
        resumed = _read_with_router(store, failed.state)
        assert resumed.errors == []
        got = {row["id"] for run in (failed, resumed) for row in run.records["transactions"]}
        lost = {order for key, order in due.items() if key not in got}
        assert len(lost) == 1, "if none is lost, the framework is mended, and ChildRows can go"


@pytest.mark.parametrize("name", ORDER_CHILDREN)
def test_our_retriever_loses_no_order(name: str) -> None:
    settings: dict[str, Any] = {"start_date": START, "end_date": NOW, "num_workers": 2}
    with _make_store() as store:
        fault = _break_the_second_window(store)
        failed = sync(store, name, failing=True, **settings)
        assert fault.fired > 0
        assert failed.errors
        assert_honest(store, failed)

        store.faults.clear()
        resumed = sync(store, name, state=failed.state, **settings)
        assert resumed.errors == []
        assert_complete(store, [name], failed, resumed)


def _make_store() -> Sandbox:
    """The order with the highest id in the first window is not its newest."""
    store = make_store(orders=ORDERS, empty_transactions="200")
    last = [row["id"] for row in store.rows("orders")][ORDERS // 3]
    for order in store.rows("orders"):
        if order["id"] > last:
            store.edit("orders", order["id"], {"date_modified": "2025-05-05T00:00:00Z"})
    store.insert("transactions", {"order_id": str(last)}, parent=last)
    store.edit("orders", last, {"date_modified": "2021-06-01T00:00:00Z"})
    return store


def _break_the_second_window(store: Sandbox) -> Any:
    return store.faults.add("orders.list", "status", status=400, at=2, times=None)


def _read_with_router(store: Sandbox, state: State) -> Sync:
    config = syncs.config_for(store)
    catalog = syncs.catalog_of(("transactions",), config)
    messages = [
        AirbyteStateMessage(
            type=AirbyteStateType.STREAM,
            stream=AirbyteStreamState(
                stream_descriptor=StreamDescriptor(name=name),
                stream_state=AirbyteStateBlob(blob),
            ),
        )
        for name, blob in state.items()
    ]
    source = ConcurrentDeclarativeSource(
        catalog=catalog, config=config, state=messages, source_config=_manifest()
    )
    output = entrypoint_wrapper.read(
        source, config, catalog, state=messages, expecting_exception=True
    )
    return Sync(list(output.get_message_iterator()))


def _manifest() -> dict[str, Any]:
    """The transactions of orders, built as the framework's documentation says."""
    orders = {
        "type": "DeclarativeStream",
        "name": "orders",
        "primary_key": "id",
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {}},
        "incremental_sync": {
            "type": "DatetimeBasedCursor",
            "cursor_field": "date_modified",
            "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
            "cursor_datetime_formats": ["%a, %d %b %Y %H:%M:%S %z"],
            "start_datetime": START,
            "end_datetime": NOW,
            "step": "P914D",
            "cursor_granularity": "PT1S",
            "start_time_option": _parameter("min_date_modified"),
            "end_time_option": _parameter("max_date_modified"),
        },
        "retriever": _retriever("v2/orders", [], {"limit": "250"}),
    }
    transactions = {
        "type": "DeclarativeStream",
        "name": "transactions",
        "primary_key": "id",
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {}},
        "incremental_sync": {
            "type": "DatetimeBasedCursor",
            "cursor_field": "date_created",
            "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
            "start_datetime": START,
            "global_substream_cursor": True,
        },
        "retriever": {
            **_retriever("v3/orders/{{ stream_partition.order }}/transactions", ["data"], {}),
            "partition_router": {
                "type": "SubstreamPartitionRouter",
                "parent_stream_configs": [
                    {
                        "type": "ParentStreamConfig",
                        "parent_key": "id",
                        "partition_field": "order",
                        "incremental_dependency": True,
                        "stream": orders,
                    }
                ],
            },
        },
    }
    return {
        "version": "7.39.1",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["transactions"]},
        "streams": [transactions],
        "spec": {"type": "Spec", "connection_specification": {"type": "object"}},
    }


def _parameter(name: str) -> dict[str, str]:
    return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}


def _retriever(path: str, field_path: list[str], parameters: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "SimpleRetriever",
        "requester": {
            "type": "HttpRequester",
            "url": "{{ config['api_url'] }}/stores/{{ config['store_hash'] }}/" + path,
            "authenticator": {
                "type": "ApiKeyAuthenticator",
                "api_token": "{{ config['access_token'] }}",
                "inject_into": {
                    "type": "RequestOption",
                    "inject_into": "header",
                    "field_name": "X-Auth-Token",
                },
            },
            "request_headers": {"Accept": "application/json"},
            "request_parameters": parameters,
        },
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": field_path},
        },
    }
