"""Makes records from the rows of a reply."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.types import Config

from source_bigcommerce.components.messages import REPLY_UNKNOWN
from source_bigcommerce.components.reply import Row, rows_of
from source_bigcommerce.components.values import whole


@dataclass
class RowsExtractor(RecordExtractor):
    """Yields the rows of a reply: the body of a v2 reply, or `data` of a v3 or B2B Edition reply.

    Not YAML: DpathExtractor walks the whole document for each page, which took more than half of
    the time of a read. It also takes a body that it cannot parse for an empty page.

    `[{"id": 1}, {"id": 2}]` and `{"data": [{"id": 1}, {"id": 2}], "meta": {}}` both give two rows;
    a single object gives one; a 204 and a 404 none.

    rows_under: key of the object that holds the rows, if an endpoint wraps them in one.
    channel: field with the channel of a row, for endpoints that filter by one channel at most. Rows
        of channels that the form does not choose are dropped.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    rows_under: str = ""
    channel: str = ""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        pass

    def extract_records(self, response: requests.Response) -> list[Row]:
        return self.records_of(rows_of(response))

    def records_of(self, rows: list[Row]) -> list[Row]:
        """The records that the selector makes of these rows of a reply."""
        if self.rows_under and len(rows) == 1 and self.rows_under in rows[0]:
            rows = nested(rows[0], self.rows_under)
        if self.channel and (chosen := self.config["channel_ids"]):
            rows = [row for row in rows if whole(row.get(self.channel)) in chosen]
        return rows


@dataclass
class StockExtractor(RowsExtractor):
    """Yields a row for each location of an item: the location's fields, and the item's.

    Not YAML: RecordExpander needs DpathExtractor, and takes a hundred times as long for a page.

    Before: `{"identity": {"product_id": 1, "variant_id": 2, "sku": "a"}, "locations": [{...}]}`
    After:  `{"identity": {...}, "product_id": 1, "variant_id": 2, "sku": "a", "location_id": 3}`
    """

    def records_of(self, rows: list[Row]) -> list[Row]:
        found: list[Row] = []
        for item in rows:
            identity = item.get("identity")
            if not isinstance(identity, dict):
                raise REPLY_UNKNOWN.error(f"identity is a {type(identity).__name__}")
            for location in nested(item, "locations"):
                found.append({"identity": identity, **identity, **location})
        return found


@dataclass
class NestedRowsExtractor(RowsExtractor):
    """Yields the rows of a list within each row, each with fields of the row around it.

    Not YAML: see StockExtractor.

    With `nested: variations` and `outer: {theme_uuid: uuid}`:

    Before: `{"uuid": "a", "variations": [{"uuid": "b"}]}`
    After:  `{"theme_uuid": "a", "uuid": "b"}`

    nested: field that holds the list.
    outer: fields of the row around it, by the names they get.
    """

    nested: str = ""
    outer: Mapping[str, str] = field(default_factory=dict)

    def records_of(self, rows: list[Row]) -> list[Row]:
        return [
            {**{name: row.get(of) for name, of in self.outer.items()}, **inner}
            for row in super().records_of(rows)
            for inner in nested(row, self.nested)
        ]


def nested(row: Row, name: str) -> list[Row]:
    """The rows of a list within a row: none where it is null, empty or not there.

    Raises an error for anything else that is no list of rows.
    """
    rows = row.get(name) or []
    rows = [rows] if isinstance(rows, dict) else rows
    if isinstance(rows, list) and all(isinstance(each, dict) for each in rows):
        return rows
    raise REPLY_UNKNOWN.error(f"{name} is no list of rows")
