"""A reply: bounded in size, parsed once, its rows, and its words for the log."""

import json
import math
import re
from collections.abc import Iterator, MutableMapping
from itertools import islice
from typing import Any, cast

import orjson
import requests
from urllib3.exceptions import ReadTimeoutError

from source_bigcommerce.components.messages import REPLY_UNKNOWN

_PARSED = "_source_bigcommerce_body"
_ROWS = "_source_bigcommerce_rows"
Row = MutableMapping[str, Any]
# Statuses of replies with rows. A proxy that changed something turns a 200 into a 203.
ROWS = (200, 203)
# An object with one of these words and none of the keys is no row.
_WORDS = frozenset(("message", "status", "error", "errors", "title", "data"))
_KEYS = (
    frozenset(("id", "uuid", "tag", "identity", "name", "installed_certificate"))
    | {
        f"{of}_id"
        for of in ("address", "category", "channel", "customer", "listing", "price_list", "product")
    }
    | frozenset(("quoteId", "quoteNumber"))
)
# Ids that BigCommerce's support asks for. It is not documented which of them the API sends.
_IDS = ("X-Request-Id", "X-Correlation-Id", "CF-Ray")
# How much of an error body is logged, and how much is searched.
_TOLD = {"title", "detail", "details", "message", "error", "error_description", "errors"}
_MOST, _DEEPEST = 20, 6
_LONGEST_WORD, _LONGEST_WORDS = 300, 600
_TITLE = re.compile(r"<title>\s*([^<]+)", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s\"'<>:,;]+@[^\s\"'<>:,;]+")
_V3 = re.compile(r"/stores/[^/]+/v3/")
# Endpoints of v3 whose documented bodies have no `data` around their rows.
_BARE = re.compile(
    r"/v3/(?:(?:customers|orders|promotions)/settings|customers/\d+/(?:consent|stored-instruments))(?:/|\?|$)"
)
_B2B = "/api/v3/io/"
_ERROR = re.compile("[45][0-9][0-9]")
_B2B_MESSAGE = ("meta", "message")

# JSON as stores send it: valid, except for half an emoji or an id of thirty digits.

# Half of a surrogate pair, and NUL, which no database takes.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
# A run of more digits than orjson's integers have: orjson would round it.
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS = b"0" * 20
_MOST_DIGITS = 4000


class ReplyTooLarge(requests.RequestException):
    """A reply was larger than the memory allows; the rest of it was not read."""


class Bounded:
    """A raw body that raises ReplyTooLarge once it gets too large."""

    def __init__(self, raw: Any, largest: int) -> None:
        self._raw, self._largest = raw, largest

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        size = 0
        try:
            # urllib3 unpacks no more of a compressed reply at once than it is asked for.
            for chunk in self._raw.stream(*args, **kwargs):
                size += len(chunk)
                if size > self._largest:
                    self._raw.close()
                    raise ReplyTooLarge(f"more than {self._largest} bytes")
                yield chunk
        except ReadTimeoutError as error:
            # `requests` reports a page that is too slow as a broken connection.
            raise requests.exceptions.ReadTimeout(error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def is_v3_url(url: str) -> bool:
    """Whether this address is one of v3; otherwise it is one of v2."""
    return bool(_V3.search(url))


def is_b2b_url(url: str) -> bool:
    """Whether this address is one of B2B Edition, which has a host and an API of its own."""
    path = url.partition("?")[0]
    return _B2B in path and "/stores/" not in path


def parsed_body(response: requests.Response) -> Any:
    """The JSON body of a reply, parsed once and kept on the reply.

    The error handler asks first, to tell an unreadable page from an empty one while a retry is
    still possible; the extractor asks next.

    Raises ValueError for an empty body or one that is not JSON.
    """
    if not hasattr(response, _PARSED):
        setattr(response, _PARSED, parsed(response.content))
    return getattr(response, _PARSED)


def take_told_status(response: requests.Response) -> None:
    """Gives a reply of B2B Edition the status of an error that its body tells, where HTTP has 200.

    Its bodies repeat the status: `{"code": 403, "meta": {"message": "..."}}`.
    """
    if response.status_code in ROWS and is_b2b_url(response.url):
        try:
            body = parsed_body(response)
        except ValueError:
            return
        told = str(body.get("code")) if isinstance(body, dict) else ""
        if _ERROR.fullmatch(told):
            response.status_code = int(told)


def forget(response: requests.Response) -> None:
    """Drops the body of a reply, however it was kept; its status and headers stay."""
    for kept in (_PARSED, _ROWS):
        response.__dict__.pop(kept, None)
    if response.status_code in ROWS:
        response._content = b""


def described(response: requests.Response) -> str:
    """For the log: `GET https://.../v2/orders?limit=250: 503, "Maintenance", request id 1a2b`.

    Includes the words of an error body in any of the API's forms, at most 600 characters. Leaves
    out other bodies, because they may hold rows.
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
    """Whether the API itself sent this refusal, and not a firewall in front of it.

    Firewalls send HTML, a word of text, or JSON of their own.

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
    """The values of a key in an error body, at any depth."""
    try:
        leaves = _leaves(parsed_body(response))
    except ValueError:
        return []
    return [value for path, value in leaves if path and path[-1] == key]


def _words(response: requests.Response) -> Iterator[str]:
    """The words of an error body: `title`, `message`, `error`, `errors` and so on, in any form."""
    if response.status_code in ROWS:
        return
    try:
        body = parsed_body(response)
        # Rows, whatever the status says: some have a `message` of their own.
        parts = body if isinstance(body, list) else [body]
        if any(isinstance(part, dict) and "id" in part for part in parts):
            return
        leaves = list(_leaves(body))
    except ValueError:
        leaves = [
            (("title",), found[1]) for found in [_TITLE.search(response.text[:4096])] if found
        ]
    told = [
        (path, value)
        for path, value in leaves
        if path and (path[0] in _TOLD or path == _B2B_MESSAGE or "errMsg" in path)
    ]
    token = response.request.headers.get("X-Auth-Token") if response.request else None
    for path, value in told or [leaf for leaf in leaves if leaf[0] == ("type",)]:
        where = ".".join(key for key in path if key not in _TOLD and path != _B2B_MESSAGE)
        text = f"{where}: {value}" if where else str(value)
        text = _EMAIL.sub("***", text.replace(token, "***") if token else text)
        text = "".join(each if each.isprintable() else " " for each in text)
        if value not in ("", None):
            yield " ".join(text.split())


def _leaves(
    body: Any, path: tuple[str, ...] = (), depth: int = 0
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value that is neither a map nor a list, with the keys above it."""
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

    Raises ValueError for a body that is not JSON, and a system error for a body of another shape,
    such as one with an error object in place of the rows or among them.
    """
    if response.status_code not in ROWS:
        return []
    if not hasattr(response, _ROWS):
        setattr(response, _ROWS, _checked_rows(response))
    return cast(list[Row], getattr(response, _ROWS))


def _checked_rows(response: requests.Response) -> list[Row]:
    body = parsed_body(response)
    if is_b2b_url(response.url):
        rows = _b2b_rows(body)
    elif is_v3_url(response.url):
        rows = body.get("data") if isinstance(body, dict) else None
        if rows is None and _BARE.search(response.url):
            rows = body
    else:
        # The OpenAPI file has the tags of the blog in lists within a list.
        rows = body
        if isinstance(body, list) and all(each and isinstance(each, list) for each in body):
            rows = [row for each in body for row in each]
    if isinstance(rows, dict):
        rows = [rows]
    if isinstance(rows, list) and all(map(_is_row, rows)):
        return rows
    raise REPLY_UNKNOWN.error(f"no rows in the reply to {described(response)}")


def _b2b_rows(body: Any) -> Any:
    """What is under `data`, or for quotes under `data.list`; None if the body is an error."""
    if not isinstance(body, dict) or str(body.get("code", 200)) != "200":
        return None
    data = body.get("data")
    return data["list"] if isinstance(data, dict) and "list" in data else data


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or not row:
        return False
    return "id" in row or _WORDS.isdisjoint(row) or not _KEYS.isdisjoint(row)


def parsed(body: bytes) -> Any:
    """The value of a JSON text.

    Invalid text (half a surrogate pair, bytes that are no UTF-8, NUL) becomes U+FFFD, integers keep
    all their digits, and NaN and Infinity, which are no JSON, become None. If two fields have the
    same name, the last one counts.

    Raises ValueError for a text that is empty, cut off or otherwise not JSON.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return _leniently(body)
        except (RecursionError, ValueError):
            pass
        raise
    if _MANY_DIGITS in body.translate(_DIGITS) or (b"\\" in body and b"\\u0000" in body):
        return _leniently(body)
    return value


def _leniently(body: bytes) -> Any:
    text = body.decode(json.detect_encoding(body), "replace")
    # strict=False accepts line breaks and tabs within a text.
    value = json.loads(
        text,
        strict=False,
        parse_int=lambda digits: int(digits) if len(digits) < _MOST_DIGITS else digits,
        parse_float=_float,
        parse_constant=lambda name: None,
    )
    return _cleaned(value)


def _float(digits: str) -> float | str:
    return near if math.isfinite(near := float(digits)) else digits


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _NO_TEXT.sub("\ufffd", value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(item) for name, item in value.items()}
    return value
