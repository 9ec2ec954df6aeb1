"""The form, as the manifest's `spec` states it."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

from airbyte_cdk.utils.yaml_loader import safe_load_yaml


@cache
def the_form() -> Mapping[str, Any]:
    """The fields by their keys, with their titles, limits and defaults."""
    # The framework passes none of the fields that a manifest gives to a CustomConfigTransformation.
    manifest = safe_load_yaml(files("source_bigcommerce").joinpath("manifest.yaml").read_text())
    return cast(Mapping[str, Any], manifest["spec"]["connection_specification"]["properties"])
