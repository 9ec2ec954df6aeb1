"""What asks for the page after each reply."""

from __future__ import annotations

from typing import Any

import pytest

from source_bigcommerce.components import NextPage
from unit_tests.replies import reply

SIZE = 250


def next_token(
    body: Any, token: Any = None, size: int | None = None, **options: Any
) -> int | str | None:
    path = "v2/orders" if isinstance(body, list) else "v3/customers"
    strategy = NextPage({"page_size": SIZE}, parameters={}, **options)
    # A record filter may have dropped rows: only what the reply holds may count.
    return strategy.next_page_token(reply(200, body, path=path), 0, None, token, size)


def rows(count: int, last: int = 900) -> list[dict[str, int]]:
    return [{"id": number} for number in range(last - count + 1, last + 1)]


def counted(current: int, total: int, count: int = SIZE, **meta: Any) -> dict[str, Any]:
    pagination = {"current_page": current, "total_pages": total}
    return {"data": rows(count), "meta": {"pagination": pagination, **meta}}


def cursor(end: str | None, count: int, per_page: int | None = SIZE) -> dict[str, Any]:
    pages = {"count": count, "per_page": per_page, "end_cursor": end}
    return counted(1, 3, count, cursor_pagination=pages)


BY_ID: dict[str, Any] = {"key": "id"}
BY_MIN_ID: dict[str, Any] = {"key": "id", "key_step": 1}
BACKWARD: dict[str, Any] = {"backward": True}
BY_CURSOR: dict[str, Any] = {"follows_cursor": True}


@pytest.mark.parametrize(
    ("body", "token", "options", "expected"),
    [
        # v2, by page: a full page is followed by another, a short one is the last ...
        (rows(250), None, {}, 2),
        (rows(250), 2, {}, 3),
        (rows(249), None, {}, None),
        (rows(1), 7, {}, None),
        # ... unless it is as short as a limit that an endpoint may not go beyond.
        *((rows(cap), None, {}, 2) for cap in (10, 20, 25, 30, 40, 50, 100, 150, 200)),
        (rows(51), None, {}, None),
        # v2, by key.
        (rows(250), None, BY_MIN_ID, 901),
        (rows(250), 600, BY_MIN_ID, 901),
        (rows(249), 600, BY_MIN_ID, None),
        (rows(50), None, BY_MIN_ID, 901),
        # The key does not move on: the endpoint ignored it.
        (rows(250), 901, BY_MIN_ID, None),
        # v3, by page: only the count of pages counts, whatever the size of this one.
        (counted(1, 3), None, {}, 2),
        (counted(1, 3, count=7), None, {}, 2),
        (counted(2, 3), 2, {}, 3),
        (counted(3, 3), 3, {}, None),
        (counted(1, 1), None, {}, None),
        # The endpoint ignored `page` and sent the first one again.
        (counted(1, 3), 2, {}, None),
        # v3 without a count, as v2.
        ({"data": rows(250)}, None, {}, 2),
        ({"data": rows(250), "meta": None}, None, {}, 2),
        ({"data": rows(9), "meta": {"pagination": {}}}, None, {}, None),
        # v3, by key: what is counted is what is left behind the key.
        (counted(1, 3), None, BY_ID, 900),
        (counted(1, 2), 600, BY_ID, 900),
        (counted(1, 1), 600, BY_ID, None),
        (counted(1, 3), 900, BY_ID, None),
        # By cursor: full pages go on, and so it ends.
        (cursor("after-900", 250), None, BY_CURSOR, "after-900"),
        (cursor("after-900", 250), "after-650", BY_CURSOR, "after-900"),
        (cursor("after-900", 250), "after-900", BY_CURSOR, None),
        (cursor("after-900", 249), "after-650", BY_CURSOR, None),
        # The API granted fewer rows than asked for, and says so.
        (cursor("after-900", 100, per_page=100), None, BY_CURSOR, "after-900"),
        (cursor("after-900", 249, per_page=None), None, BY_CURSOR, None),
        # No cursor in the reply: pages.
        (cursor(None, 250), None, BY_CURSOR, 2),
        (counted(2, 3), 2, BY_CURSOR, 3),
        (counted(3, 3), 3, BY_CURSOR, None),
        # A cursor that nobody asked for.
        (cursor("after-900", 250), None, {}, 2),
        # Backward: from the first page to the last, and from there to the first once more.
        (counted(1, 3), None, BACKWARD, 3),
        (counted(3, 3, count=7), 3, BACKWARD, 2),
        (counted(2, 3), 2, BACKWARD, 1),
        (counted(1, 3), 1, BACKWARD, None),
        (counted(1, 1), None, BACKWARD, None),
        # The last page is gone by now: those before it are read all the same.
        (counted(3, 2, count=0), 3, BACKWARD, 2),
        (counted(1, 0, count=0), None, BACKWARD, None),
        # No rows, no next page.
        ([], None, {}, None),
        ({"data": []}, 3, BY_ID, None),
        (counted(1, 3, count=0), None, {}, None),
    ],
)
def test_next_page_when_a_reply_was_read_is_asked_for_by(
    body: Any, token: Any, options: dict[str, Any], expected: Any
) -> None:
    assert next_token(body, token, **options) == expected


@pytest.mark.parametrize(
    ("asked", "expected"), [(SIZE, None), (None, None), (125, 901), (126, None)]
)
def test_next_page_when_the_page_was_made_smaller_is_measured_by_its_own_size(
    asked: int | None, expected: int | None
) -> None:
    assert next_token(rows(125), size=asked, **BY_MIN_ID) == expected


def test_next_page_when_an_endpoint_repeats_its_page_ends() -> None:
    first, second = rows(250), rows(250, last=901)
    page = next_token(first)
    assert page == 2
    assert next_token(first, page) is None
    page = next_token(second, page)
    assert page == 3
    assert next_token(second, page) is None


def test_next_page_when_there_was_no_content_ends() -> None:
    strategy = NextPage({"page_size": SIZE}, parameters={})
    assert strategy.next_page_token(reply(204), 0, None) is None


def test_first_page_when_asked_for_has_a_size_and_no_token() -> None:
    strategy = NextPage({"page_size": SIZE}, parameters={})
    assert (strategy.initial_token, strategy.get_page_size()) == (None, SIZE)
