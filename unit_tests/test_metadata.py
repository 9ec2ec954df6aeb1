"""What registries read about the connector, and one version everywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from airbyte_cdk.utils.yaml_loader import safe_load_yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import (
    ConnectorMetadataDefinitionV0,
)
from pydantic import ValidationError

from source_bigcommerce.components import NormalizeConfig

ROOT = Path(__file__).parents[1]
METADATA: dict[str, Any] = safe_load_yaml((ROOT / "metadata.yaml").read_text())
DATA = METADATA["data"]
MANIFEST = safe_load_yaml((ROOT / "source_bigcommerce/manifest.yaml").read_text())
PROJECT = (ROOT / "pyproject.toml").read_text()


def found(pattern: str, file: str) -> str:
    """The first group of the first match in a file."""
    match = re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)
    assert match, f"{file} holds no {pattern}"
    return match[1]


def test_the_metadata_is_valid_by_the_model_of_airbyte() -> None:
    read = ConnectorMetadataDefinitionV0.model_validate(METADATA)
    assert read.data.connector_type.value == "source"


def test_metadata_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        ConnectorMetadataDefinitionV0.model_validate(
            {**METADATA, "data": {**DATA, "allowedHost": {}}}
        )


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("metadata.yaml", r"^  dockerImageTag: (\S+)$"),
        ("Dockerfile", r'io\.airbyte\.version="([^"]+)"'),
        ("CHANGELOG.md", r"^## \[(\d[^]]*)\]"),
    ],
)
def test_the_version_is_the_same_everywhere(file: str, pattern: str) -> None:
    assert found(pattern, file) == found(r'^version = "([^"]+)"$', "pyproject.toml")


def test_the_names_are_the_same_everywhere() -> None:
    package = found(r'^name = "([^"]+)"$', "pyproject.toml")
    assert DATA["remoteRegistries"]["pypi"]["packageName"] == package
    command = found(r'^(\S+) = "source_bigcommerce\.run:run"$', "pyproject.toml")
    assert DATA["dockerRepository"] == command
    assert found(r'io\.airbyte\.name="([^"]+)"', "Dockerfile") == command
    assert DATA["license"] == found(r'^license = "([^"]+)"$', "pyproject.toml") == "MIT"


def test_the_definition_id_is_random() -> None:
    assert UUID(DATA["definitionId"]).version == 4


def test_the_allowed_hosts_are_those_that_the_connector_asks() -> None:
    config: dict[str, Any] = {"store_hash": "abc123", "access_token": "t"}
    NormalizeConfig().transform(config)
    assert [f"https://{host}" for host in DATA["allowedHosts"]["hosts"]] == [
        config["api_url"],
        config["b2b_url"],
    ]


def test_the_suggested_streams_exist() -> None:
    names = {stream["$parameters"]["name"] for stream in MANIFEST["streams"]}
    assert set(DATA["suggestedStreams"]["streams"]) <= names


@pytest.mark.parametrize("taken", ["source-bigcommerce", "airbyte-source-bigcommerce"])
def test_the_package_has_no_name_that_others_have_on_pypi(taken: str) -> None:
    assert found(r'^name = "([^"]+)"$', "pyproject.toml") != taken


def test_the_documentation_address_is_a_page_of_ours() -> None:
    page = DATA["documentationUrl"]
    assert (ROOT / page.removeprefix("file:///")).is_file()
    # Airbyte's protocol wants an address there, and nobody can open that of a file.
    assert "documentation_url" not in MANIFEST["spec"]


def test_the_icon_is_square_and_holds_no_foreign_content() -> None:
    icon = ElementTree.fromstring((ROOT / DATA["icon"]).read_text())
    left, top, width, height = icon.attrib["viewBox"].split()
    assert (left, top, width) == ("0", "0", height)
    kinds = {element.tag.rpartition("}")[2] for element in icon.iter()}
    assert kinds <= {"svg", "title", "rect", "path"}
