"""What registries are told about the destination, and what its page says of the form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from airbyte_cdk.utils.yaml_loader import safe_load_yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import (
    ConnectorMetadataDefinitionV0,
)

from destination_bigcommerce.form import normalized, specification

ROOT = Path(__file__).parents[2]
METADATA: dict[str, Any] = safe_load_yaml(
    (ROOT / "destination_bigcommerce/metadata.yaml").read_text()
)
OF_SOURCE: dict[str, Any] = safe_load_yaml((ROOT / "metadata.yaml").read_text())
DATA = METADATA["data"]
FORM = specification()["connectionSpecification"]["properties"]
PAGE = (ROOT / "docs/sending-orders.md").read_text()
GIVEN = {"store_hash": "abc123", "access_token": "token"}


def test_the_metadata_is_valid_for_a_destination_by_the_model_of_airbyte() -> None:
    read = ConnectorMetadataDefinitionV0.model_validate(METADATA)
    assert read.data.connector_type.value == "destination"
    assert UUID(DATA["definitionId"]).version == 4
    assert DATA["definitionId"] != OF_SOURCE["data"]["definitionId"]


@pytest.mark.parametrize("name", ["dockerImageTag", "license", "icon", "remoteRegistries"])
def test_metadata_of_the_package_is_that_of_the_source(name: str) -> None:
    assert DATA[name] == OF_SOURCE["data"][name]


def test_orders_are_sent_to_the_first_of_the_hosts_of_the_source() -> None:
    assert DATA["allowedHosts"]["hosts"] == OF_SOURCE["data"]["allowedHosts"]["hosts"][:1]


def test_the_names_are_those_of_the_command() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    assert f'{DATA["dockerRepository"]} = "destination_bigcommerce.run:run"' in project
    assert (ROOT / DATA["documentationUrl"].removeprefix("file:///")).is_file()


def test_the_page_of_the_destination_describes_every_field_of_its_form() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE.partition("## The form")[2].partition("\n## ")[0]))
    assert FORM.keys() <= told
    assert all(field["title"] in PAGE for field in FORM.values())
    assert "10 | how long an order may stay invisible, 1 to 600" in PAGE
    assert (FORM["patience_seconds"]["default"], FORM["patience_seconds"]["maximum"]) == (10, 600)


def test_shared_fields_are_those_of_the_source() -> None:
    manifest = safe_load_yaml((ROOT / "source_bigcommerce/manifest.yaml").read_text())
    of_source = manifest["spec"]["connection_specification"]["properties"]
    own = {"description", "order"}
    for key in ("store_hash", "access_token", "api_url", "num_workers", "quota_share"):
        shared = {name: value for name, value in of_source[key].items() if name not in own}
        assert FORM[key].items() >= shared.items()


def test_a_small_form_gets_the_defaults() -> None:
    assert normalized(GIVEN) == {
        **GIVEN,
        "api_url": "https://api.bigcommerce.com",
        "num_workers": 10,
        "quota_share": 100,
        "streams": {},
        "customer": "guest",
        "on_rejected": "continue",
        "rejected_path": "",
        "external_source": "",
        "dry_run": False,
        "patience_seconds": 10,
    }


def test_a_normalized_form_stays_the_same() -> None:
    once = normalized({**GIVEN, "default_status_id": "11", "dry_run": "true", "streams": None})
    assert (once["default_status_id"], once["dry_run"]) == (11, True)
    assert normalized(once) == once


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"patience_seconds": 0}, "Patience is"),
        ({"default_channel_id": "x"}, "Channel is"),
        (
            {"on_rejected": "ask"},
            'When an order is rejected is "ask". Choose continue or stop.',
        ),
        ({"external_source": 7}, 'Source of the orders is "7".'),
        ({"streams": ["a"]}, "Streams is ['a']."),
        ({"streams": {"a": 1}}, "Streams is {'a': 1}."),
    ],
)
def test_a_wrong_value_of_the_form_names_the_field(values: dict[str, Any], words: str) -> None:
    with pytest.raises(AirbyteTracedException) as error:
        normalized({**GIVEN, **values})
    assert str(error.value.message).startswith(words)
