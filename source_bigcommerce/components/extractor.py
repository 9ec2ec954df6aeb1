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
    """

    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        pass

    def extract_records(self, response: requests.Response) -> list[Row]:
        return rows_of(response)
