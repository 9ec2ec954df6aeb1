"""Rows of a reply, and the one place where a reply's body is parsed."""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import InitVar, dataclass, field
from itertools import islice
from typing import Any, cast

import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.types import Config

from source_bigcommerce.components.json_text import parsed
from source_bigcommerce.components.messages import REPLY_UNKNOWN
from source_bigcommerce.components.values import whole

_PARSED = "_source_bigcommerce_body"
_ROWS = "_source_bigcommerce_rows"
Row = MutableMapping[str, Any]
# Statuses of replies with rows. A proxy that changed something on the way makes of a 200 a 203.
ROWS = (200, 203)
# What is no row says one of these, and a row that does has one of the keys.
_WORDS = frozenset(("message", "status", "error", "errors", "title", "data"))
_KEYS = frozenset(("id", "uuid", "tag", "identity", "name")) | {
    f"{of}_id"
    for of in ("address", "category", "channel", "customer", "listing", "price_list", "product")
}
# Which of these the API sends is not documented; its support asks for what there is.
_IDS = ("X-Request-Id", "X-Correlation-Id", "CF-Ray")
# Of an error body: what is written into the log, and how much of it is looked at.
_TOLD = {"title", "detail", "details", "message", "error", "error_description", "errors"}
_MOST, _DEEPEST = 20, 6
_LONGEST_WORD, _LONGEST_WORDS = 300, 600
_TITLE = re.compile(r"<title>\s*([^<]+)", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s\"'<>:,;]+@[^\s\"'<>:,;]+")
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
        setattr(response, _PARSED, parsed(response.content))
    return getattr(response, _PARSED)


def forget(response: requests.Response) -> None:
    """Lets go of the body of a reply, however it was kept; what it says of itself stays."""
    for kept in (_PARSED, _ROWS):
        response.__dict__.pop(kept, None)
    if response.status_code in ROWS:
        response._content = b""


def described(response: requests.Response) -> str:
    """For the log: `GET https://.../v2/orders?limit=250: 503, "Maintenance", request id 1a2b`.

    It has all the words of an error body, in whichever of the API's forms, but at most 600
    characters of them; of other bodies none, as there may be rows in them.
    """
    parts = [str(response.status_code)]
    left = _LONGEST_WORDS
    for text in dict.fromkeys(_words(response)):
        if left > 0:
            parts.append(f'"{text[: min(left, _LONGEST_WORD)]}"')
            left -= len(text)
    parts += [f"request id {response.headers[name]}" for name in _IDS if name in response.headers]
    method = response.request.method if response.request else "GET"
    return f"{method} {response.url}: {', '.join(parts)}"


def is_of_the_api(response: requests.Response) -> bool:
    """Whether the API itself refused, and not a firewall in front of it.

    Those send HTML, a word of text, or JSON of their own.

    https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/
    """
    if "cf-mitigated" in response.headers or b"cloudflare" in response.content[:4096].lower():
        return False
    try:
        return isinstance(parsed_body(response), dict | list)
    except ValueError:
        is_html = "html" in response.headers.get("Content-Type", "")
        return not response.content.strip() and not is_html


def values_of(response: requests.Response, key: str) -> list[Any]:
    """What stands under a key of an error body, at whatever depth."""
    try:
        leaves = _leaves(parsed_body(response))
    except ValueError:
        return []
    return [value for path, value in leaves if path and path[-1] == key]


def _words(response: requests.Response) -> Iterator[str]:
    """`title` and `detail`, `message` and `details`, `error`, `errors` as a map or a list."""
    if response.status_code == 200:
        return
    try:
        leaves = list(_leaves(parsed_body(response)))
    except ValueError:
        leaves = [
            (("title",), found[1]) for found in [_TITLE.search(response.text[:4096])] if found
        ]
    told = [(path, value) for path, value in leaves if path and path[0] in _TOLD]
    token = response.request.headers.get("X-Auth-Token") if response.request else None
    for path, value in told or [leaf for leaf in leaves if leaf[0] == ("type",)]:
        where = ".".join(key for key in path if key not in _TOLD)
        text = f"{where}: {value}" if where else str(value)
        text = _EMAIL.sub("***", text.replace(token, "***") if token else text)
        text = "".join(each if each.isprintable() else " " for each in text)
        if value not in ("", None):
            yield " ".join(text.split())


def _leaves(
    body: Any, path: tuple[str, ...] = (), depth: int = 0
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value that is no map and no list, with the keys above it."""
    if depth > _DEEPEST:
        return
    if isinstance(body, dict):
        for key, value in islice(body.items(), _MOST):
            yield from _leaves(value, (*path, str(key)), depth + 1)
    elif isinstance(body, list):
        for value in body[:_MOST]:
            yield from _leaves(value, path, depth + 1)
    else:
        yield path, body


def rows_of(response: requests.Response) -> list[Row]:
    """The rows of a reply; see RowsExtractor.

    Raises ValueError for a body that is not JSON, and a system error for one of another shape: also
    for an object that has words of an error and no key, in place of the rows or among them.
    """
    if response.status_code not in ROWS:
        return []
    if not hasattr(response, _ROWS):
        setattr(response, _ROWS, _checked_rows(response))
    return cast(list[Row], getattr(response, _ROWS))


def _checked_rows(response: requests.Response) -> list[Row]:
    body = parsed_body(response)
    if is_v3_url(response.url):
        rows = body.get("data") if isinstance(body, dict) else None
    else:
        rows = body
    if isinstance(rows, dict):
        rows = [rows]
    if isinstance(rows, list) and all(map(_is_row, rows)):
        return rows
    raise REPLY_UNKNOWN.error(f"no rows in the reply to {described(response)}")


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or not row:
        return False
    return "id" in row or _WORDS.isdisjoint(row) or not _KEYS.isdisjoint(row)


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
        return self.records_of(rows_of(response))

    def records_of(self, rows: list[Row]) -> list[Row]:
        """What the rows of a reply, or some of them, are records of."""
        if self.rows_under and len(rows) == 1 and self.rows_under in rows[0]:
            rows = rows[0][self.rows_under]
        if self.channel and (chosen := self.config["channel_ids"]):
            rows = [row for row in rows if whole(row.get(self.channel)) in chosen]
        return rows


@dataclass
class StockExtractor(RowsExtractor):
    """Yields a row for each location of an item: the location's fields, and whose stock it is.

    Not YAML: RecordExpander works on DpathExtractor, and drops the rest of the item.

    Before: `{"identity": {"product_id": 1, "variant_id": 2, "sku": "a"}, "locations": [{...}]}`
    After:  `{"identity": {...}, "product_id": 1, "variant_id": 2, "sku": "a", "location_id": 3}`
    """

    def records_of(self, rows: list[Row]) -> list[Row]:
        return [
            {"identity": item["identity"], **item["identity"], **location}
            for item in rows
            for location in item["locations"]
        ]


@dataclass
class NestedRowsExtractor(RowsExtractor):
    """Yields the rows of a list within each row, each with fields of the row around it.

    Not YAML: as StockExtractor.

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
            for inner in row.get(self.nested) or ()
        ]
