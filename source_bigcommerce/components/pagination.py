"""When a page is the last one, and what asks for the next."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Any

import requests
from airbyte_cdk.sources.declarative.requesters.paginators.strategies.pagination_strategy import (
    PaginationStrategy,
)
from airbyte_cdk.sources.types import Config, Record, StreamSlice

from source_bigcommerce.components.extractor import parsed_body

# Page sizes that an API would fall back to when it does not grant the `limit` asked for.
_LIKELY_CAPS = frozenset({10, 20, 25, 30, 40, 50, 100, 150, 200})


@dataclass
class NextPage(PaginationStrategy):
    """The next page number or, with `key`, the key that the next page starts behind.

    A v3 reply counts its pages; a v2 reply counts nothing and ends with a short page or a 204.

    Not YAML: CursorPagination parses every page a second time and logs an error for each 204.
    Neither it nor PageIncrement can tell a last page from a page that the API capped below the
    `limit` asked for, which some endpoints do without a word
    (https://github.com/bigcommerce/bigcommerce-api-php/issues/53): a v2 page of just such a size is
    followed by one more request.

    key: field of the last row that the next page is asked by; None asks by page number.
    key_step: added to the key, 1 where the API's filter includes the key itself (`min_id`).
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    key: str | None = None
    key_step: int = 0

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._page_size = int(self.config["page_size"])

    @property
    def initial_token(self) -> int | None:
        return None

    def get_page_size(self) -> int:
        return self._page_size

    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Record | None,
        last_page_token_value: int | None = None,
        page_size_override: int | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> int | None:
        if not last_record or not last_page_size:
            return None
        page = 1 if self.key else last_page_token_value or 1
        counted = _counted_pages(response)
        if counted:
            # `page` is ignored where paging does not work: asking again would repeat the page for
            # ever. With a key, what is counted is what is left, so every reply is a first page.
            is_last = counted["current_page"] != page or counted["total_pages"] <= page
        else:
            is_last = (
                last_page_size < (page_size_override or self._page_size)
                and last_page_size not in _LIKELY_CAPS
            )
        if is_last:
            return None
        return int(last_record[self.key]) + self.key_step if self.key else page + 1


def _counted_pages(response: requests.Response) -> Mapping[str, int] | None:
    body = parsed_body(response)
    pagination = body.get("meta", {}).get("pagination") if isinstance(body, dict) else None
    return pagination if pagination and "total_pages" in pagination else None
