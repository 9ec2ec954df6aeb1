"""The streams of the manifest, as plain requests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

_PACKAGE = "source_bigcommerce"

# For each name in an endpoint: the stream whose rows have its value, and their field for it.
PARENTS = {
    "order_id": ("orders", "id"),
    "cart_id": ("orders", "cart_id"),
    "customer_id": ("customers", "id"),
    "product_id": ("products", "id"),
    "price_list_id": ("price_lists", "id"),
    "promotion_id": ("promotions", "id"),
    "channel_id": ("channels", "id"),
    "segment_id": ("customer_segments", "id"),
    "category_id": ("categories", "category_id"),
    "site_id": ("sites", "id"),
    "zone_id": ("shipping_zones", "id"),
    "theme_uuid": ("themes", "uuid"),
}
# Lists of light rows. They are asked for a whole page, which shows whether pages are capped.
_WHOLE_PAGES = ("orders", "customers", "brands", "product_category_assignments")
_SHORT, _LONG = 50, 250
# Embedded in products, but then a page has only ten.
SMALL_PAGES = ("options", "modifiers")
_WITHOUT_LIMIT = ("unsized_stream", "whole_stream", "settings_stream")
# How the manifest sorts lists that are read by key.
_SORTS = {"orders": {"sort": "id"}, "products": {"sort": "id", "direction": "asc"}}


@dataclass(frozen=True)
class Stream:
    """One stream: where its rows are, and how its first page is asked for."""

    name: str
    endpoint: str
    scope: str
    embeds: str = ""
    """The field of the parent that has its rows."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    dated: bool = False
    """Its list has a filter on `date_modified` of v3."""

    @property
    def parent(self) -> str:
        """The parent's name in its endpoint; empty for a list of its own."""
        names = re.findall(r"{(\w+)}", self.endpoint)
        return names[0] if names else ""

    @property
    def properties(self) -> Mapping[str, Any]:
        """What its schema declares."""
        return _properties(self.name)

    def is_of(self, path: str) -> bool:
        """Whether a path is its endpoint, with any ids."""
        form = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.endpoint.split("?")[0]))
        return bool(re.fullmatch(form, path))


def streams() -> list[Stream]:
    """The streams that the main API serves, in the order of the manifest."""
    manifest = yaml.safe_load(files(_PACKAGE).joinpath("manifest.yaml").read_text())
    found = []
    for each in manifest["streams"]:
        base, own = each["$ref"].rpartition("/")[2], each["$parameters"]
        # Receipts have no endpoint, B2B Edition has another host, and deleted rows come from lists
        # of other streams.
        if not re.match(r"v\d/", own.get("endpoint", "")) or own["name"].startswith("deleted_"):
            continue
        limit = _LONG if own["name"] in _WHOLE_PAGES else _SHORT
        parameters = {
            **({"include": own["include"]} if own.get("include") else {}),
            **_SORTS.get(own["name"], {}),
            **({} if base in _WITHOUT_LIMIT else {"limit": limit}),
        }
        found.append(
            Stream(
                name=own["name"],
                endpoint=own["endpoint"],
                scope=own["scope"],
                embeds=own.get("embeds", ""),
                parameters=parameters,
                dated=base.startswith("v3_dated") and "{" not in own["endpoint"],
            )
        )
    return found


@cache
def _properties(name: str) -> Mapping[str, Any]:
    schema = ResourceSchemaLoader(_PACKAGE).get_schema(name)
    return cast(Mapping[str, Any], schema["properties"])
