"""The store as the probe asks it: GET only, each question once, and not too many."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from source_bigcommerce.components.reply import ROWS, parsed
from source_bigcommerce.components.values import whole
from source_bigcommerce.probe.streams import Stream

MOST_REQUESTS = 120
_PLAIN = ":,"  # as the connector sends them, except in dates of v2
Row: TypeAlias = Mapping[str, Any]

NO_ROWS, NONE_LEFT = "the store has no such rows", "no request was left"


class CannotTell(Exception):
    """The replies do not decide an assumption; says why, without values of rows."""


@dataclass(frozen=True)
class Reply:
    """The reply to one request. `path` is below the store's; `query` is as it was sent."""

    path: str
    query: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Their names are in lower case."""
    content: bytes = b""

    @cached_property
    def body(self) -> Any:
        """The value of the JSON body; None where there is none."""
        try:
            return parsed(self.content)
        except ValueError:
            return None

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of a successful reply; an object is one row."""
        if self.status not in ROWS:
            return []
        rows = self.body.get("data") if self.is_v3 and isinstance(self.body, dict) else self.body
        rows = [rows] if isinstance(rows, dict) else rows
        return [row for row in rows or [] if isinstance(row, dict)]

    @property
    def is_v3(self) -> bool:
        return self.path.startswith("v3/")

    @property
    def is_refused(self) -> bool:
        return 400 <= self.status < 500

    def meta(self, name: str) -> Mapping[str, Any]:
        """An object of `meta`: pagination or cursor_pagination; empty if there is none."""
        meta = self.body.get("meta") if isinstance(self.body, dict) else None
        found = meta.get(name) if isinstance(meta, dict) else None
        return found if isinstance(found, dict) else {}


Send = Callable[[str, str], Reply]
"""Sends a GET for a path, with a query exactly as given."""


class Store:
    """Asks one store.

    send: sends a request.
    streams: of the manifest.
    most: requests at most.
    now: by the clock of this machine.
    """

    def __init__(
        self,
        send: Send,
        streams: Iterable[Stream],
        most: int = MOST_REQUESTS,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._send, self._left, self.now = send, most, now
        self.streams = {stream.name: stream for stream in streams}
        self._replies: dict[tuple[str, str], Reply] = {}
        self.requests = 0
        self.limited: list[Reply] = []
        """The replies with 429 after which `send` asked again."""

    @property
    def replies(self) -> list[Reply]:
        """All so far."""
        return list(self._replies.values())

    def ask(self, path: str, parameters: Mapping[str, Any] | None = None, safe: str = "") -> Reply:
        """The reply to a question, sent or kept; it may be an error.

        safe: characters that are not encoded besides commas and, in v3, colons.

        Raises CannotTell if no request is left.
        """
        plain = _PLAIN if path.startswith("v3/") and safe != "none" else ","
        plain += "" if safe == "none" else safe
        query = urlencode(parameters or {}, safe=plain, quote_via=quote)
        if (path, query) not in self._replies:
            if self.requests >= self._left:
                raise CannotTell(NONE_LEFT)
            self.requests += 1
            self._replies[path, query] = self._send(path, query)
        return self._replies[path, query]

    def answered(self, path: str, parameters: Mapping[str, Any] | None = None) -> Reply:
        """Like `ask`, but only for a success; a 404 or 204 is a list without rows.

        Raises CannotTell for any other reply.
        """
        reply = self.ask(path, parameters)
        self.check(reply)
        return reply

    def check(self, reply: Reply) -> None:
        """Raises CannotTell for an error."""
        if reply.status == 403:
            raise CannotTell(f"the scope {self.scope_of(reply.path)} is missing")
        if not reply.status:
            raise CannotTell("the store did not answer")
        if reply.status not in (*ROWS, 204, 404):
            raise CannotTell(f"the store answered {reply.status}")

    def rows(self, path: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """The rows of a reply.

        Raises CannotTell if there are none.
        """
        rows = self.answered(path, parameters).rows
        if not rows:
            raise CannotTell(NO_ROWS)
        return rows

    def scope_of(self, path: str) -> str:
        """The scope of the stream whose endpoint is this path, or the beginning of it."""
        fitting = [
            each for each in self.streams.values() if path.startswith(each.endpoint.split("{")[0])
        ]
        found = max(fitting, key=lambda each: len(each.endpoint.split("{")[0]), default=None)
        exact = next((each for each in fitting if each.is_of(path)), found)
        return exact.scope if exact else "store_v2_information_read_only"

    # The pages that many assumptions look at

    def stream(self, name: str) -> Reply:
        """The first page of a stream that is a list of its own.

        Raises CannotTell for an error.
        """
        stream = self.streams[name]
        return self.answered(stream.endpoint, stream.parameters)

    def stream_rows(self, name: str, least: int = 1) -> list[Row]:
        """Raises CannotTell if there are fewer than `least`."""
        rows = self.stream(name).rows
        if len(rows) < least:
            raise CannotTell(NO_ROWS)
        return rows


def id_of(row: Row) -> Any:
    """The id of a row; as a number, even if it comes as text."""
    return whole(row.get("id"))


def ids(rows: Iterable[Row]) -> list[Any]:
    return [id_of(row) for row in rows]


def whole_pages(total: int, limit: int) -> int:
    return math.ceil(total / limit)
