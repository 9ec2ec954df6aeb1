"""Rows of a reply, and the one place where a reply's body is parsed."""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from typing import Any

import orjson
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

_PARSED = "_source_bigcommerce_body"
Row = MutableMapping[str, Any]
_V3 = re.compile(r"/stores/[^/]+/v3/")


def parsed_body(response: requests.Response) -> Any:
    """The JSON body of a reply, parsed once and kept on the reply.

    The error handler asks first, to tell an unreadable page from an empty one while a retry is
    still possible; the extractor asks next.

    Raises ValueError for an empty body or one that is not JSON.
    """
    if not hasattr(response, _PARSED):
        setattr(response, _PARSED, orjson.loads(response.content))
    return getattr(response, _PARSED)


def rows_of(response: requests.Response) -> list[Row]:
    """The rows of a reply; see RowsExtractor.

    Raises a system error for a body of another shape.
    """
    if response.status_code != 200:
        return []
    body = parsed_body(response)
    if _V3.search(response.url):
        rows = body.get("data") if isinstance(body, dict) else None
    else:
        rows = body
    if isinstance(rows, dict):
        return [rows]
    if isinstance(rows, list):
        return rows
    raise AirbyteTracedException(
        message="BigCommerce sent a reply that is not what its documentation says. Run the sync "
        "again, and report a bug of the connector if it happens again.",
        internal_message=f"no rows in the reply to {response.url}",
        failure_type=FailureType.system_error,
    )


@dataclass
class RowsExtractor(RecordExtractor):
    """Yields the rows of a reply: the body of a v2 reply, what stands under `data` in a v3 reply.

    Not YAML: DpathExtractor walks the whole document for each page, which was more than half of
    the time of a read, and takes a body that it cannot parse for an empty page.

    `[{"id": 1}, {"id": 2}]` and `{"data": [{"id": 1}, {"id": 2}], "meta": {}}` both give two rows;
    a single object gives one; a 204 and a 404 none.

    rows_under: key of an object that holds the rows, where an endpoint wraps them in one more.
    """

    parameters: InitVar[Mapping[str, Any]]
    rows_under: str = ""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        pass

    def extract_records(self, response: requests.Response) -> list[Row]:
        rows = rows_of(response)
        if self.rows_under and len(rows) == 1 and self.rows_under in rows[0]:
            rows = rows[0][self.rows_under]
        return rows


@dataclass
class StockExtractor(RowsExtractor):
    """Yields a row for each location of an item: the location's fields, and whose stock it is.

    Not YAML: RecordExpander works on DpathExtractor, and drops the rest of the item.

    Before: `{"identity": {"product_id": 1, "variant_id": 2, "sku": "a"}, "locations": [{...}]}`
    After:  `{"identity": {...}, "product_id": 1, "variant_id": 2, "sku": "a", "location_id": 3}`
    """

    def extract_records(self, response: requests.Response) -> list[Row]:
        return [
            {"identity": item["identity"], **item["identity"], **location}
            for item in rows_of(response)
            for location in item["locations"]
        ]
