"""Reads of the connector builder, which shows only the first pages of a stream."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.connector_builder.connector_builder_handler import (
    create_source,
    get_limits,
    read_stream,
)
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from integration_tests.syncs import Row, catalog_of, config_for
from sandbox import Sandbox

MANIFEST = Path(__file__).parents[1] / "source_bigcommerce/manifest.yaml"


def manifest_of(name: str) -> dict[str, Any]:
    """The manifest with one stream: the builder would build all of them."""
    manifest: dict[str, Any] = safe_load_yaml(MANIFEST.read_text())
    streams = [each for each in manifest["streams"] if each["$parameters"]["name"] == name]
    return {**manifest, "streams": streams}


def shown(store: Sandbox, name: str, **limits: int) -> list[list[list[Row]]]:
    """The records of a test read, by slice and page."""
    plain = config_for(store, page_size=10, num_workers=1, start_date="2021-03-01")
    config: dict[str, Any] = {
        **plain,
        "__injected_declarative_manifest": manifest_of(name),
        "__test_read_config": limits,
    }
    catalog, test_limits = catalog_of([name], plain), get_limits(config)
    store.log.clear()
    source = create_source(config, test_limits, catalog, [])
    message = read_stream(source, config, catalog, [], test_limits)
    assert message.record, message.trace
    read = message.record.data
    assert [line for line in read["logs"] if line["level"] != "INFO"] == []
    return [[page["records"] for page in each["pages"]] for each in read["slices"]]


def requests(store: Sandbox) -> Counter[str]:
    return Counter(entry.operation or "" for entry in store.log)


@pytest.mark.parametrize(
    ("name", "parents", "children"),
    [
        ("orders", "orders.list", None),
        ("brands", "brands.list", None),
        ("transactions", "orders.list", "transactions.list"),
        ("order_products", "orders.list", "order_products.list"),
        ("order_taxes", "orders.list", "order_taxes.list"),
        ("product_images", "products.list", None),
    ],
)
def test_a_limit_of_pages_bounds_the_requests(
    monkeypatch: pytest.MonkeyPatch,
    shared_store: Sandbox,
    name: str,
    parents: str,
    children: str | None,
) -> None:
    monkeypatch.setenv("AIRBYTE_ENABLE_UNSAFE_CODE", "true")
    slices = shown(shared_store, name, max_pages_per_slice=3, max_slices=1)
    asked = requests(shared_store)
    assert 1 <= asked.pop(parents) <= 3
    if children and name != "order_products":  # most orders embed theirs
        assert asked[children] == 3
    assert set(asked) <= {children}
    assert sum(asked.values()) <= 3
    assert sum(len(page) for pages in slices for page in pages) > 0
