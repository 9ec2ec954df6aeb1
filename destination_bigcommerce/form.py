"""The form of the destination, and how its entries become what the code reads."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from destination_bigcommerce.messages import CHOICE_UNKNOWN, STREAMS_UNREADABLE, TEXT_UNFIT
from source_bigcommerce.components.config import NormalizeConfig

_SHARED = ("store_hash", "access_token", "api_url", "num_workers", "quota_share")
_EMPTY: tuple[Any, ...] = (None, "", {})


@cache
def specification() -> Mapping[str, Any]:
    """What `spec` prints: `spec.yaml`, with what the source's form says of shared fields."""
    spec: dict[str, Any] = yaml.safe_load(pkgutil.get_data(__package__, "spec.yaml") or b"")
    form = spec["connectionSpecification"]["properties"]
    for key in _SHARED:
        form[key] = {**NormalizeConfig().form[key], **form[key]}
    return spec


def normalized(config: Mapping[str, Any]) -> dict[str, Any]:
    """The form's entries, each in its normal form, with defaults: `{"store_hash": "abc123", ...}`.

    Raises a config error that names the field of the form and what to type there.
    """
    form = specification()["connectionSpecification"]["properties"]
    values = {key: config[key] for key in form if config.get(key) not in _EMPTY}
    # A number without a default may be left out.
    known = {key: field for key, field in form.items() if key in values or "default" in field}
    NormalizeConfig(form=known).transform(values)
    for key, field in form.items():
        value = values.setdefault(key, field.get("default"))
        named = {"title": field["title"], "value": f'"{value}"'[:60]}
        if "enum" in field and value not in field["enum"]:
            raise CHOICE_UNKNOWN.error(choices=", ".join(field["enum"]), **named)
        if field["type"] == "string" and not isinstance(value, str):
            raise TEXT_UNFIT.error(**named)
    streams = values["streams"]
    if not isinstance(streams, dict) or any(kind != "orders" for kind in streams.values()):
        raise STREAMS_UNREADABLE.error(value=f"{streams!r}"[:60])
    return {key: values[key] for key in form if values[key] is not None}
