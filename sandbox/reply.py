"""Requests, replies, and errors in the forms of v2, v3 and B2B Edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

B2B_ROOT = "/api/v3/io/"
_STATUS_PAGE = "/api-docs/getting-started/api-status-codes"


class Family(Enum):
    """The styles of the API: bare arrays (v2), `data` with `meta` (v3), and with `code` (B2B)."""

    V2 = "v2"
    V3 = "v3"
    B2B = "B2B Edition"

    @classmethod
    def of(cls, path: str) -> Family:
        """The family of a path below `/stores/{store_hash}`, or of one of B2B Edition."""
        if path.startswith(B2B_ROOT):
            return cls.B2B
        return cls.V3 if path.startswith("/v3/") else cls.V2


@dataclass
class Request:
    """One request; header names in lower case."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Reply:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def error(family: Family, status: int, title: str) -> Reply:
    """An error in the family's form."""
    body: Any
    if family is Family.V2:
        body = [{"status": status, "message": title}]
    elif family is Family.B2B:
        body = {"code": status, "data": {}, "meta": {"message": title}}
    else:
        body = {"status": status, "title": title, "type": _STATUS_PAGE, "errors": {}}
    return Reply(status, orjson.dumps(body))
