"""Replies of the API, made by hand, and the parts of the built connector that read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import requests
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.http import HttpClient

from source_bigcommerce import SourceBigcommerce

API = "https://api.bigcommerce.com/stores/abc123"
B2B_API = "https://api-b2b.bigcommerce.com"


def reply(
    status: int = 200,
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    path: str = "v2/orders",
) -> requests.Response:
    """A reply; a body that is not bytes is sent as JSON."""
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response.headers.update(headers or {})
    response.url = f"{API}/{path}"
    return response


def left(number: int, quota: int = 20, reset: int = 10_000, window: int = 30_000) -> dict[str, str]:
    """The headers of a reply about the quota."""
    return {
        "X-Rate-Limit-Requests-Left": str(number),
        "X-Rate-Limit-Requests-Quota": str(quota),
        "X-Rate-Limit-Time-Reset-Ms": str(reset),
        "X-Rate-Limit-Time-Window-Ms": str(window),
    }


def clients_of(source: SourceBigcommerce, config: Mapping[str, Any]) -> dict[str, list[HttpClient]]:
    """The requester of each stream; that of the orders comes before those of their children."""
    return {stream.name: list(_clients(stream, set())) for stream in source.streams(config)}


@cache
def _streams(config: str) -> dict[str, AbstractStream]:
    values = json.loads(config)
    return {stream.name: stream for stream in SourceBigcommerce(config=values).streams(values)}


def read(name: str, config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of a full refresh of one stream; building all of them takes half a second."""
    stream = _streams(json.dumps(config))[name]
    windows = list(stream.generate_partitions())
    return [dict(record.data) for window in windows for record in window.read()]


def _clients(value: Any, seen: set[int]) -> Iterator[HttpClient]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, HttpClient):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _clients(part, seen)
    elif type(value).__module__.startswith(("airbyte_cdk.", "source_bigcommerce.")):
        yield from _clients(getattr(value, "__dict__", {}), seen)
