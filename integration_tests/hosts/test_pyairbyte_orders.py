"""PyAirbyte sends orders: from a source of somebody else's into a store, twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from integration_tests.sending import config_of, keys_in
from sandbox import Sandbox

pytestmark = pytest.mark.hosts

# A source as PyAirbyte runs it: purchase orders, and a state behind each ten of them.
SOURCE = """\
#!{python}
import json, sys
STREAM = {{"name": "purchase_orders", "json_schema": {{"type": "object", "properties": {{}}}},
          "supported_sync_modes": ["full_refresh", "incremental"], "source_defined_cursor": True}}
FORM = {{"type": "object", "properties": {{}}}}
BILLING = {{"billing_address": {{"zip": "78701", "email": "jane@example.com"}}}}
LINE = {{"name": "Mug", "quantity": 1, "price_ex_tax": 45, "price_inc_tax": 50}}
def say(kind, **content):
    print(json.dumps({{"type": kind, **content}}), flush=True)
command = sys.argv[1]
if command == "spec":
    say("SPEC", spec={{"connectionSpecification": FORM}})
elif command == "check":
    say("CONNECTION_STATUS", connectionStatus={{"status": "SUCCEEDED"}})
elif command == "discover":
    say("CATALOG", catalog={{"streams": [STREAM]}})
else:
    for number in range(30):
        data = {{"external_order_id": f"PO-{{number}}", "products": [LINE], **BILLING}}
        say("RECORD", record={{"stream": "purchase_orders", "data": data, "emitted_at": 0}})
        if number % 10 == 9:
            named = {{"stream_descriptor": {{"name": "purchase_orders"}}}}
            stream = {{**named, "stream_state": {{"n": number}}}}
            say("STATE", state={{"type": "STREAM", "stream": stream}})
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source-purchase-orders"
    path.write_text(SOURCE.format(python=sys.executable))
    path.chmod(0o755)
    return path


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    path = tmp_path / "destination-bigcommerce"
    root = Path(__file__).parents[2]
    words = f"PYTHONPATH={root} exec {sys.executable} -m destination_bigcommerce"
    path.write_text(f'#!/bin/sh\n{words} "$@"\n')
    path.chmod(0o755)
    return path


def test_orders_sent_twice_by_pyairbyte_exist_once(
    store: Sandbox, source: Path, destination: Path
) -> None:
    import airbyte

    for _ in range(2):
        from_source = airbyte.get_source(
            "source-purchase-orders", config={}, local_executable=source, streams="*"
        )
        into = airbyte.get_destination(
            "destination-bigcommerce", config=config_of(store), local_executable=destination
        )
        into.check()
        # Of a stream without a key PyAirbyte would replace what is there.
        strategy = airbyte.strategies.WriteStrategy.APPEND
        result = into.write(from_source, cache=False, state_cache=False, write_strategy=strategy)
        assert result.processed_records == 30
    assert sorted(keys_in(store)) == sorted(f"PO-{number}" for number in range(30))
    assert len(store.requests("orders.create")) == 30
