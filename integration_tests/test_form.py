"""Values of the form as hosts, people and scripts write them, sent through the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint

from integration_tests.syncs import catalog_of, config_for
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce

TYPED: dict[str, Any] = {
    "page_size": "10",
    "num_workers": 5.0,
    "lookback_minutes": " 30 ",
    "quota_share": "100.0",
    "flatten_records": "true",
    "skip_hidden_products": "off",
    "channel_ids": "1, 2.0",
    "start_date": " 2 Years Ago",
}


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    with Sandbox(orders=25, customers=3, products=3) as store:
        yield store


@pytest.fixture
def config(small: Sandbox) -> dict[str, Any]:
    return config_for(small, **TYPED) | {
        "store_hash": f'"http://store-{small.store_hash}.mybigcommerce.com/manage/?a=1"'
    }


def messages(command: str, tmp_path: Path, **files: Any) -> list[dict[str, Any]]:
    args = [command]
    for name, content in files.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(content))
        args += [f"--{name}", str(path)]
    source = SourceBigcommerce(
        config=files["config"],
        catalog=SourceBigcommerce.read_catalog(args[-1]) if "catalog" in files else None,
    )
    parsed = AirbyteEntrypoint.parse_args(args)
    return [json.loads(line) for line in AirbyteEntrypoint(source).run(parsed)]


def test_check_accepts_values_given_as_text(config: dict[str, Any], tmp_path: Path) -> None:
    [*_, last] = messages("check", tmp_path, config=config)
    assert last["connectionStatus"] == {"status": "SUCCEEDED"}


def test_discover_obeys_values_given_as_text(config: dict[str, Any], tmp_path: Path) -> None:
    [*_, last] = messages("discover", tmp_path, config=config)
    streams = {stream["name"]: stream for stream in last["catalog"]["streams"]}
    assert "billing_address_city" in streams["orders"]["json_schema"]["properties"]


def test_read_obeys_values_given_as_text(
    small: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    small.log.clear()
    catalog = catalog_of(["currencies"], config_for(small))
    streams = [
        {
            "stream": {
                "name": each.stream.name,
                "json_schema": {},
                "supported_sync_modes": ["full_refresh"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }
        for each in catalog.streams
    ]
    said = messages("read", tmp_path, config=config, catalog={"streams": streams})
    assert [each for each in said if each["type"] == "RECORD"]
    assert {entry.query["limit"] for entry in small.requests("currencies.list")} == {"10"}
