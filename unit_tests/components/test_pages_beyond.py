"""Pages that nothing counts, and counts that contradict each other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components import backward
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.messages import LIST_UNPROVED
from source_bigcommerce.components.page import Page, Seen
from source_bigcommerce.components.pagination import by_page
from unit_tests.replies import reply

LIMIT = 10


@dataclass
class Pages:
    """A list whose pages are given one by one; one that is not there is refused."""

    rows: list[list[int]]
    total: int
    pages: int
    says: int = LIMIT
    zero: int = 0
    """A page that is always sent as an empty list with a total of 0."""
    asked: list[int] = field(default_factory=list)
    is_of_parent: bool = False

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        number = asked_by.get("page", 1)
        self.asked.append(number)
        if number > len(self.rows):
            raise ParameterRefused("404", "no such page", FailureType.config_error)
        rows = [] if number == self.zero else [{"id": n} for n in self.rows[number - 1]]
        counts: dict[str, Any] = {"total": self.total, "total_pages": self.pages}
        if number == self.zero:
            counts = {"total": 0, "total_pages": 0}
        body = {"data": rows, "meta": {"pagination": {**counts, "per_page": self.says}}}
        return Page.of(reply(200, body, path="v3/brands"), LIMIT, LIMIT, lambda: 0)

    def by_page_instead(self, reason: str) -> None:
        raise AssertionError(reason)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backward, "_PAUSES", (0, 0))


def ids(store: Pages) -> list[int]:
    return sorted(row["id"] for rows in by_page(store, Seen()) for row in rows)


def rows_of(*sizes: int) -> list[list[int]]:
    return [[100 * page + n for n in range(size)] for page, size in enumerate(sizes)]


@pytest.mark.parametrize("sizes", [(10,), (10, 10)])
def test_a_page_that_nothing_counts_may_be_refused(sizes: tuple[int, ...]) -> None:
    store = Pages(rows_of(*sizes), total=sum(sizes), pages=len(sizes))
    assert ids(store) == sorted(n for page in store.rows for n in page)
    assert max(store.asked) == len(sizes) + 1


class Shrinking(Pages):
    """Only its first page is left once that was sent."""

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        page = super().__call__(asked_by)
        self.total, self.pages = len(self.rows[0]), 1
        return page


def test_a_list_that_shrank_by_many_pages_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(backward, "_PAUSES", (1, 5))
    monkeypatch.setattr(time, "sleep", slept.append)
    store = Shrinking(rows_of(10, 0, 0, 0, 0), total=50, pages=5)
    assert ids(store) == store.rows[0]
    assert slept == [1, 5]


def test_a_page_that_is_counted_may_not_be_refused() -> None:
    with pytest.raises(ParameterRefused):
        ids(Pages(rows_of(10, 10), total=25, pages=3))


@pytest.mark.parametrize(("sizes", "pages"), [((4, 4, 4), 1), ((4, 4, 4, 4, 4, 4), 3)])
def test_counted_rows_behind_the_counted_pages_are_read(sizes: tuple[int, ...], pages: int) -> None:
    """A cap that `per_page` and `total_pages` do not know of."""
    store = Pages(rows_of(*sizes), total=sum(sizes), pages=pages)
    assert ids(store) == sorted(n for page in store.rows for n in page)


def test_counted_rows_that_never_come_cost_at_most_one_request() -> None:
    store = Pages(rows_of(10, 1), total=12, pages=2)
    assert ids(store) == sorted(n for page in store.rows for n in page)
    assert store.asked == [1, 2, 1]


@pytest.mark.parametrize("zero", [2, 3])
def test_a_page_that_counts_nothing_is_no_end_if_others_count_it(zero: int) -> None:
    store = Pages(rows_of(10, 10, 5), total=25, pages=3, zero=zero)
    with pytest.raises(AirbyteTracedException) as caught:
        ids(store)
    assert caught.value.message == LIST_UNPROVED.message()
    assert store.asked.count(zero) >= 3


@pytest.mark.parametrize("at", [3, 4])
def test_a_row_pushed_to_a_later_page_by_a_new_one_is_read(at: int) -> None:
    @dataclass
    class Growing(Pages):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            if len(self.asked) == at - 1:
                every = [999, *(n for page in self.rows for n in page)]
                self.rows = [every[start : start + LIMIT] for start in range(0, len(every), LIMIT)]
                self.total, self.pages = len(every), len(self.rows)
            return super().__call__(asked_by)

    store = Growing(rows_of(10, 10, 5), total=25, pages=3)
    assert ids(store) == [*(n for page in rows_of(10, 10, 5) for n in page), 999]
    assert len(store.asked) <= 5


def test_a_page_that_counts_nothing_is_no_error_if_all_counted_rows_came() -> None:
    store = Pages(rows_of(10, 0, 10), total=20, pages=3, zero=2)
    assert ids(store) == sorted(n for page in store.rows for n in page)


class Hiccup(Pages):
    """One of its pages comes without rows at first, and counts them; a row moves onto the first."""

    empty = 2

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        number = asked_by.get("page", 0)
        if number != self.empty or number in self.asked[1:]:
            page = super().__call__(asked_by)
            if not number:
                first, second, *_ = self.rows
                first[:], second[:] = [*first[1:], second[0]], second[1:]
                self.total -= 1
            return page
        at = number - 1
        rows, self.rows[at] = self.rows[at], []
        try:
            return super().__call__(asked_by)
        finally:
            self.rows[at] = rows


@pytest.mark.parametrize("empty", [1, 2])
def test_a_page_that_comes_empty_and_counts_its_rows_is_asked_for_again(empty: int) -> None:
    store = Hiccup(rows_of(10, 10, 10), total=30, pages=3)
    store.empty = empty
    assert ids(store) == sorted(n for page in rows_of(10, 10, 10) for n in page)
    assert store.asked.count(empty) == 2 + (empty == 1)
