"""Lists that are read by offset: nothing is lost whatever moves, and no claim ends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.messages import LIST_ENDLESS, LIST_UNPROVED
from source_bigcommerce.components.offsets import by_offset
from source_bigcommerce.components.page import Page, Seen
from unit_tests.replies import reply

LIMIT = 200


class Api:
    """A list of rows that can be changed between two requests.

    cap: rows that it grants; told: what it makes of its number of rows.
    """

    is_of_parent = False

    def __init__(self, rows: int, cap: int = LIMIT, told: Callable[[int], Any] = int) -> None:
        self.rows = [{"id": number} for number in range(rows)]
        self.cap, self.told = cap, told
        self.asked: list[int] = []
        self.largest = 0
        self.before: dict[int, Callable[[], None]] = {}
        self.limit: int | None = LIMIT

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        if change := self.before.pop(len(self.asked), None):
            change()
        offset = int(asked_by.get("offset", 0))
        self.asked.append(offset)
        total = self.told(len(self.rows))
        counts = {} if total is None else {"totalCount": total, "limit": LIMIT, "offset": offset}
        body: dict[str, Any] = {
            "code": 200,
            "data": self.rows[offset : offset + min(self.cap, LIMIT)],
            "meta": {"message": "SUCCESS", "pagination": counts},
        }
        response = reply(body=body)
        response.url = f"https://api-b2b.bigcommerce.com/api/v3/io/users?offset={offset}"
        largest, self.largest = self.largest, max(self.largest, len(body["data"]))
        return Page.of(response, self.limit, LIMIT, lambda: largest)

    def by_page_instead(self, reason: str) -> None:
        raise AssertionError(reason)


def read(api: Api) -> list[int]:
    return [row["id"] for rows in by_offset(api, Seen()) for row in rows]


@pytest.mark.parametrize("rows", [0, 1, 7, 199, 200, 201, 210, 390, 391, 1000])
@pytest.mark.parametrize("cap", [200, 100])
def test_the_rows_of_a_list_that_stands_still_come_once(rows: int, cap: int) -> None:
    api = Api(rows, cap)
    assert sorted(read(api)) == list(range(rows))
    assert api.asked[0] == api.asked[-1] == 0
    pages = -(-rows // (cap - cap // 20))
    assert len(api.asked) <= pages + 2
    # None lies behind the end.
    assert max(api.asked) < max(rows, 1)


@pytest.mark.parametrize("rows", [150, 201, 1000])
@pytest.mark.parametrize(
    "told",
    [
        lambda rows: min(rows, 200),
        lambda rows: rows // 2,
        lambda _: 0,
        lambda _: -1,
        lambda _: None,
        str,
    ],
    ids=["of_page", "low", "zero", "negative", "missing", "text"],
)
def test_a_list_that_counts_too_few_rows_comes_whole(rows: int, told: Callable[[int], Any]) -> None:
    assert sorted(read(Api(rows, told=told))) == list(range(rows))


@pytest.mark.parametrize("at", range(1, 8))
def test_no_other_row_is_missing_if_rows_are_deleted(at: int) -> None:
    api = Api(1000)

    def delete() -> None:
        del api.rows[5:105]

    api.before[at] = delete
    assert set(read(api)) >= set(range(1000)) - set(range(5, 105))


@pytest.mark.parametrize("at", range(1, 8))
def test_no_row_is_missing_if_an_edit_moves_rows_to_the_front(at: int) -> None:
    """As in lists that stand in order of the last change, newest first."""
    api = Api(1000)

    def move() -> None:
        api.rows[:] = api.rows[30:38] + api.rows[:30] + api.rows[38:]

    api.before[at] = move
    assert set(read(api)) == set(range(1000))


@pytest.mark.parametrize("at", range(1, 7))
def test_a_list_is_read_again_if_many_rows_move_to_its_front(at: int) -> None:
    api = Api(1000)

    def move() -> None:
        api.rows[:] = api.rows[30:90] + api.rows[:30] + api.rows[90:]

    api.before[at] = move
    assert set(read(api)) == set(range(1000))


@pytest.mark.parametrize("at", range(1, 7))
def test_no_older_row_is_missing_if_new_rows_come_to_the_front(at: int) -> None:
    api = Api(1000)
    api.before[at] = lambda: api.rows.__setitem__(slice(0, 0), [{"id": -n} for n in range(1, 40)])
    assert set(read(api)) >= set(range(1000))


def test_a_list_that_counts_more_than_it_sends_is_an_error() -> None:
    with pytest.raises(AirbyteTracedException) as failure:
        read(Api(500, told=lambda rows: rows * 3))
    assert failure.value.message == LIST_UNPROVED.message()


def test_a_list_that_counts_rows_and_sends_none_is_an_error() -> None:
    with pytest.raises(AirbyteTracedException) as failure:
        read(Api(0, told=lambda _: 5))
    assert failure.value.message == LIST_UNPROVED.message()


class Deaf(Api):
    """An API that ignores the offset."""

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        return super().__call__({})


def test_an_offset_that_the_api_ignores_is_an_error() -> None:
    with pytest.raises(AirbyteTracedException) as failure:
        read(Deaf(300))
    assert failure.value.message == LIST_ENDLESS.message()


def test_a_list_without_documented_pages_is_whole_even_if_the_offset_is_ignored() -> None:
    api = Deaf(20, told=lambda _: None)
    api.limit = None
    assert read(api) == list(range(20))
    assert api.asked == [0, 0]
