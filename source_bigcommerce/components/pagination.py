"""When a page is the last one, and what asks for the next."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Any

import requests
from airbyte_cdk.sources.declarative.requesters.paginators.strategies.pagination_strategy import (
    PaginationStrategy,
)
from airbyte_cdk.sources.types import Config, Record, StreamSlice

from source_bigcommerce.components.extractor import described, parsed_body, rows_of
from source_bigcommerce.components.messages import REPLY_UNKNOWN
from source_bigcommerce.components.progress import Progress

# Page sizes that an API would fall back to when it does not grant the `limit` asked for.
_LIKELY_CAPS = frozenset({10, 20, 25, 30, 40, 50, 100, 150, 200})


class _PageNumber(int):
    """A page number that knows the last row before it, to notice a page that comes again.

    is_counted: whether the reply before counted this page.
    """

    row_before: Mapping[str, Any] | None = None
    is_counted: bool = False


@dataclass
class NextPage(PaginationStrategy):
    """What asks for the next page: its number, the API's cursor, or the key that it starts behind.

    A v3 reply counts its pages; a v2 reply counts nothing and ends with a short page or a 204.

    Not YAML: CursorPagination parses every page a second time and logs an error for each 204.
    Neither it nor PageIncrement can tell a last page from one that the API capped below the `limit`
    asked for, which some endpoints do without a word
    (https://github.com/bigcommerce/bigcommerce-api-php/issues/53), so a v2 page of just such a size
    is followed by one more request. And neither ends where an endpoint ignores what it is asked by
    and sends the same page for ever, as is reported of transactions.

    key: field of the last row that the next page is asked by.
    key_step: added to the key, 1 where the API's filter includes the key itself (`min_id`).
    follows_cursor: ask by the reply's cursor, and by page number where a reply has none.
    backward: after the first page read the last, and from there back to the first again. Rows that
        shift forward, because one before them was deleted, are then met twice and not never.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    key: str | None = None
    key_step: int = 0
    follows_cursor: bool = False
    backward: bool = False

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._page_size = int(self.config["page_size"])
        self._stream = parameters.get("name", "")
        # The rows of a stream of children are not what a page of parents, or of one's, counts.
        self._counts = not parameters.get("has_parent")
        self._progress = Progress.of(self.config)

    @property
    def initial_token(self) -> None:
        return None

    def get_page_size(self) -> int:
        return self._page_size

    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Record | None,
        last_page_token_value: Any | None = None,
        page_size_override: int | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> int | str | None:
        """None after the last page, else the `page`, the key or (as text) the cursor to ask by."""
        # Not last_record and last_page_size: they lack the rows that a record filter dropped.
        rows = rows_of(response)
        if getattr(last_page_token_value, "is_counted", False) and (
            not rows or rows[-1] == last_page_token_value.row_before  # type: ignore[union-attr]
        ):
            raise REPLY_UNKNOWN.error(f"a page that is counted is not there: {described(response)}")
        if response.status_code != 200 or not (rows or self.backward):
            return None
        limit = page_size_override or self._page_size
        body = parsed_body(response)
        meta = body.get("meta") or {} if isinstance(body, dict) else {}
        pages = meta.get("pagination") or {}
        if self._counts and last_page_token_value is None and pages.get("total"):
            self._progress.expect(self._stream, pages["total"])

        cursor = (self.follows_cursor and meta.get("cursor_pagination")) or {}
        if cursor.get("end_cursor"):
            is_full = len(rows) >= (cursor.get("per_page") or limit)
            is_new = cursor["end_cursor"] != last_page_token_value
            return str(cursor["end_cursor"]) if is_full and is_new else None

        if self.backward and pages:
            last = int(pages.get("total_pages") or 1)
            before = last if last_page_token_value is None else int(last_page_token_value) - 1
            if before > 1 or (before == 1 and last_page_token_value):
                return before
            return None
        if pages.get("total_pages") is None:
            has_more = bool(rows) and (len(rows) >= limit or len(rows) in _LIKELY_CAPS)
        elif self.key:  # counted is what is left behind the key
            has_more = pages["total_pages"] > 1
        else:
            asked = int(last_page_token_value or 1)
            has_more = pages.get("current_page", asked) == asked < pages["total_pages"]
        if not has_more:
            return None
        if self.key:
            key = int(rows[-1][self.key]) + self.key_step
            return key if key != last_page_token_value else None
        if rows[-1] == getattr(last_page_token_value, "row_before", None):
            return None
        page = _PageNumber(int(last_page_token_value or 1) + 1)
        page.row_before, page.is_counted = rows[-1], "total_pages" in pages
        return page
