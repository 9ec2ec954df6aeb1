"""Rows of a reply, and the one place where a reply's body is parsed."""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from typing import Any

import orjson
import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.types import Config

from source_bigcommerce.components.messages import REPLY_UNKNOWN

_PARSED = "_source_bigcommerce_body"
Row = MutableMapping[str, Any]
# Which of these the API sends is not documented; its support asks for what there is.
_IDS = ("X-Request-Id", "X-Correlation-Id", "CF-Ray")
_V3 = re.compile(r"/stores/[^/]+/v3/")


def is_v3_url(url: str) -> bool:
    """Whether a request to this address is one of v3, and of v2 otherwise."""
    return bool(_V3.search(url))


def parsed_body(response: requests.Response) -> Any:
    """The JSON body of a reply, parsed once and kept on the reply.

    The error handler asks first, to tell an unreadable page from an empty one while a retry is
    still possible; the extractor asks next.

    Raises ValueError for an empty body or one that is not JSON.
    """
    if not hasattr(response, _PARSED):
        setattr(response, _PARSED, orjson.loads(response.content))
    return getattr(response, _PARSED)


def described(response: requests.Response) -> str:
    """For the log: `GET https://.../v2/orders?limit=250: 503, "Maintenance", request id 1a2b`."""
    try:
        said = parsed_body(response)
    except ValueError:
        said = None
    if isinstance(said, list) and said:
        said = said[0]  # v2
    words = (
        [said.get(key) for key in ("title", "message", "detail")] if isinstance(said, dict) else []
    )
    parts = [str(response.status_code)]
    parts += [f'"{text[:300]}"' for text in words if isinstance(text, str) and text][:1]
    parts += [f"request id {response.headers[name]}" for name in _IDS if name in response.headers]
    return f"GET {response.url}: {', '.join(parts)}"


def rows_of(response: requests.Response) -> list[Row]:
    """The rows of a reply; see RowsExtractor.

    Raises a system error for a body of another shape.
    """
    if response.status_code != 200:
        return []
    body = parsed_body(response)
    if is_v3_url(response.url):
        rows = body.get("data") if isinstance(body, dict) else None
    else:
        rows = body
    if isinstance(rows, dict):
        return [rows]
    if isinstance(rows, list):
        return rows
    raise REPLY_UNKNOWN.error(f"no rows in the reply to {described(response)}")


@dataclass
class RowsExtractor(RecordExtractor):
    """Yields the rows of a reply: the body of a v2 reply, what stands under `data` in a v3 reply.

    Not YAML: DpathExtractor walks the whole document for each page, which was more than half of
    the time of a read, and takes a body that it cannot parse for an empty page.

    `[{"id": 1}, {"id": 2}]` and `{"data": [{"id": 1}, {"id": 2}], "meta": {}}` both give two rows;
    a single object gives one; a 204 and a 404 none.

    rows_under: key of an object that holds the rows, where an endpoint wraps them in one more.
    channel: field that holds a row's channel. Rows of other channels than those chosen in the form
        are dropped, for endpoints that filter by one channel at most.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    rows_under: str = ""
    channel: str = ""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        pass

    def extract_records(self, response: requests.Response) -> list[Row]:
        rows = rows_of(response)
        if self.rows_under and len(rows) == 1 and self.rows_under in rows[0]:
            rows = rows[0][self.rows_under]
        if self.channel and (chosen := self.config["channel_ids"]):
            rows = [row for row in rows if row.get(self.channel) in chosen]
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
