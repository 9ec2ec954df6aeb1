"""A stream of the manifest, unfolded."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

import pytest
from airbyte_cdk.sources.declarative.parsers.manifest_component_transformer import (
    ManifestComponentTransformer,
)
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from source_bigcommerce import SourceBigcommerce
from unit_tests.streams import CONFIG

SCRIPT = Path(__file__).parents[1] / "scripts/show.py"
unfolded = run_path(str(SCRIPT))["unfolded"]
NAMES = ["order_products", "price_list_records", "brands"]


@pytest.mark.parametrize("name", NAMES)
def test_an_unfolded_stream_is_what_the_framework_makes_of_it(name: str) -> None:
    text = unfolded(name)
    assert "#/definitions" not in text
    made = ManifestComponentTransformer().propagate_types_and_parameters(
        "", safe_load_yaml(text), {}
    )
    streams = {
        stream["name"]: stream
        for stream in SourceBigcommerce(config=CONFIG).resolved_manifest["streams"]
    }
    assert made == streams[name]


def test_an_unknown_stream_is_an_error_that_lists_all() -> None:
    with pytest.raises(LookupError, match=r"There is no stream 'brand'. These are: .*, brands, "):
        unfolded("brand")
