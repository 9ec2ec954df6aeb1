"""How lists are read to their end, from honest stores and from others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given, settings
from hypothesis import strategies as st

from source_bigcommerce.components import backward
from source_bigcommerce.components.messages import LIST_UNPROVED
from source_bigcommerce.components.page import Page, Seen
from source_bigcommerce.components.pagination import by_cursor, by_key, by_page
from source_bigcommerce.components.reply import Row
from unit_tests.replies import reply

Rows = list[Row]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backward, "_PAUSES", (0, 0))


@dataclass
class Store:
    """A list, and what the store says about it.

    cap: rows that a page may have. says_cap: whether `per_page` tells.
    claim: what it makes of the total and the count of pages, from the rows of the page.
    gone: what is answered in place of a page without rows, None for the usual.
    deletes: ids that go, each with one request.
    """

    ids: Iterable[int]
    version: str = "v3"
    limit: int | None = 10
    cap: int = 10**6
    claim: Callable[[int, int, int], tuple[Any, Any]] | None = None
    ignored: frozenset[str] = frozenset()
    says_cap: bool = True
    inclusive: bool = True
    has_pages: bool = True
    is_of_parent: bool = False
    cursors: bool = False
    no_rows: Any = None
    deletes: list[int] = field(default_factory=list)
    order: Callable[[list[int]], list[int]] = sorted
    obeys: int = 10**6
    """Requests by key or cursor that are answered as they should be."""
    asked: list[Any] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    largest: int = 0

    def __post_init__(self) -> None:
        self.rows = self.order(list(self.ids))

    def __call__(self, asked_by: Mapping[str, Any]) -> Page:
        self.asked.append(next(iter(asked_by.items()), None))
        if len(self.asked) > 500:
            raise AssertionError(f"does not end: {self.asked[-5:]}")
        obeyed = {
            name: value
            for name, value in asked_by.items()
            if name not in self.ignored and (name == "page" or len(self.asked) <= self.obeys + 1)
        }
        size = min(self.limit or self.cap, self.cap)
        found, start = self.rows, (obeyed.get("page", 1) - 1) * size
        if "min_id" in obeyed:
            found = [n for n in found if n >= obeyed["min_id"] + (not self.inclusive)]
        if key := obeyed.get("id:greater", obeyed.get("after")):
            found = [n for n in found if n > int(key)]
        page = found[start : start + size]
        body = self._body(page, len(found), size, more=start + size < len(found))
        page_made = Page.of(self._reply(page, body), self.limit, 250, lambda: self.largest)
        self.largest = max(self.largest, len(page))
        if self.deletes:
            gone = self.deletes.pop()
            self.rows = [n for n in self.rows if n != gone]
        return page_made

    def _body(self, page: list[int], total: int, size: int, more: bool) -> Any:
        rows = [{"id": n, "name": str(n)} for n in page]
        if self.version == "v2":
            return rows
        pages: Any = -(-total // size)
        if self.claim:
            total, pages = self.claim(total, pages, len(rows))
        per_page = size if self.says_cap else self.limit
        counts = {"total": total, "total_pages": pages, "per_page": per_page, "count": len(rows)}
        meta: dict[str, Any] = {"pagination": {k: v for k, v in counts.items() if v is not None}}
        if self.cursors:
            links = {"next": f"?after={page[-1]}"} if more else {}
            end = str(page[-1]) if page else None
            meta["cursor_pagination"] = {"end_cursor": end, "links": links}
        return {"data": rows, "meta": meta}

    def _reply(self, page: list[int], body: Any) -> Any:
        path = "v2/orders" if self.version == "v2" else "v3/products"
        if not page and self.no_rows is not None:
            return reply(200, self.no_rows, path=path) if self.no_rows else reply(204, path=path)
        return reply(204, path=path) if body == [] else reply(200, body, path=path)

    def by_page_instead(self, reason: str) -> None:
        self.said.append(reason)
        if not self.has_pages:
            raise LIST_UNPROVED.error(reason)


Way = Callable[[Store], Iterable[Rows]]
WAYS: dict[str, Way] = {
    "page": lambda store: by_page(store, Seen()),
    "min_id": lambda store: by_key(store, Seen("id"), "min_id"),
    "id:greater": lambda store: by_key(store, Seen("id"), "id:greater"),
    "cursor": lambda store: by_cursor(store, Seen()),
}


def read(store: Store, way: str) -> list[int]:
    """The ids; rows are spoiled once they are read, as transformations do."""
    ids = []
    for rows in WAYS[way](store):
        for row in rows:
            ids.append(row["id"])
            row.clear()
    return ids


V2: dict[str, Any] = {"version": "v2"}
CURSORS: dict[str, Any] = {"cursors": True}


def numbers(*pages: int) -> list[Any]:
    return [("page", page) for page in pages]


def keys(name: str, *values: Any) -> list[Any]:
    return [(name, value) for value in values]


@pytest.mark.parametrize(
    ("way", "rows", "options", "expected"),
    [
        # A counted list ends with its count, and is read from the last page.
        ("page", 0, {}, []),
        ("page", 9, {}, []),
        ("page", 10, {}, numbers(2)),  # may be the total of a page
        ("page", 11, {}, numbers(2, 1)),
        ("page", 35, {}, numbers(4, 3, 2, 1)),
        ("page", 40, {}, numbers(4, 5, 3, 2, 1)),
        # An uncounted list ends with a page that no cap explains.
        ("page", 0, V2, []),
        ("page", 4, V2, []),
        ("page", 7, V2, numbers(2)),
        ("page", 10, V2, numbers(2, 2, 1)),  # a full page, and nothing behind it: asked again
        ("page", 14, V2, numbers(2, 1)),
        # By key: from the last key on, and by the next one once that came again.
        ("min_id", 0, V2, []),
        ("min_id", 4, V2, []),
        ("min_id", 7, V2, keys("min_id", 7)),
        ("min_id", 10, V2, keys("min_id", 10)),
        ("min_id", 23, V2, keys("min_id", 10, 20)),
        ("min_id", 29, V2, keys("min_id", 10, 20, 30, 29)),  # the same
        ("id:greater", 9, {}, []),
        ("id:greater", 10, {}, keys("id:greater", 10)),
        ("id:greater", 25, {}, keys("id:greater", 10, 20)),
        # By cursor: to the end that is counted.
        ("cursor", 0, CURSORS, []),
        ("cursor", 9, CURSORS, []),
        ("cursor", 10, CURSORS, keys("after", "10")),
        ("cursor", 25, CURSORS, keys("after", "10", "20")),
        # Where no cursor comes, by page.
        ("cursor", 25, {}, numbers(3, 2, 1)),
    ],
)
def test_requests_of_an_honest_store_are_few(
    way: str, rows: int, options: dict[str, Any], expected: list[Any]
) -> None:
    store = Store(range(1, rows + 1), **options)
    assert sorted(read(store, way)) == store.rows
    assert store.asked == [None, *expected]
    assert store.said == []


def of_page(total: int, pages: int, rows: int) -> tuple[Any, Any]:
    return rows, 1


LIES: dict[str, Callable[[int, int, int], tuple[Any, Any]] | None] = {
    "right": None,
    "of the page": of_page,
    "one page": lambda total, pages, rows: (total, 1),
    "low": lambda total, pages, rows: (total // 2, -(-pages // 2)),
    "one row less": lambda total, pages, rows: (total - 1, -(-(total - 1) // 10)),
    "high": lambda total, pages, rows: (total * 3, pages * 3),
    "sky high": lambda total, pages, rows: (10**12, 10**11),
    "zero": lambda total, pages, rows: (0, 0),
    "negative": lambda total, pages, rows: (-1, -1),
    "text": lambda total, pages, rows: (str(total), str(pages)),
    "words": lambda total, pages, rows: ("many", "some"),
    "true": lambda total, pages, rows: (True, True),
    "none": lambda total, pages, rows: (None, None),
    "pages only": lambda total, pages, rows: (None, pages),
    "total only": lambda total, pages, rows: (total, None),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("way", ["page", "id:greater", "cursor"])
@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 25, 40, 41])
def test_wrong_totals_lose_no_rows(way: str, rows: int, lie: str) -> None:
    store = Store(range(1, rows + 1), claim=LIES[lie], cursors=way == "cursor")
    assert sorted(read(store, way)) == store.rows


@pytest.mark.parametrize("cap", [5, 6, 7, 8, 9])
@pytest.mark.parametrize("way", ["page", "min_id", "id:greater", "cursor"])
@pytest.mark.parametrize("lie", ["right", "of the page", "none"])
def test_capped_pages_lose_no_rows(way: str, cap: int, lie: str) -> None:
    options = V2 if way == "min_id" else {"cursors": way == "cursor"}
    store = Store(range(1, 42), cap=cap, claim=LIES[lie], **options)
    assert sorted(read(store, way)) == store.rows


@pytest.mark.parametrize("cap", [10, 75, 125, 249])
@pytest.mark.parametrize("way", ["page", "min_id"])
def test_v2_pages_capped_at_any_size_lose_no_rows(way: str, cap: int) -> None:
    store = Store(range(1, 601), version="v2", limit=250, cap=cap)
    assert sorted(read(store, way)) == store.rows


def test_a_short_list_costs_one_request_after_a_longer_page() -> None:
    store = Store(range(1, 100), version="v2", limit=250, largest=120)
    assert read(store, "min_id") == store.rows
    assert store.asked == [None]


IGNORING: list[tuple[str, dict[str, Any]]] = [
    ("min_id", {**V2, "ignored": frozenset({"min_id"})}),
    ("id:greater", {"ignored": frozenset({"id:greater"})}),
    ("cursor", {**CURSORS, "ignored": frozenset({"after"})}),
    ("min_id", {**V2, "obeys": 1}),
    ("id:greater", {"obeys": 2}),
    ("cursor", {**CURSORS, "obeys": 1}),
    ("min_id", {**V2, "order": lambda ids: ids[::-1]}),
    ("id:greater", {"order": lambda ids: ids[::-1]}),
    ("id:greater", {"order": lambda ids: ids[1::2] + ids[::2]}),
    ("min_id", {**V2, "inclusive": False}),
]


@pytest.mark.parametrize(("way", "options"), IGNORING)
@pytest.mark.parametrize("rows", [10, 11, 35, 40])
def test_rows_are_read_by_page_if_the_store_ignores_the_key(
    way: str, options: dict[str, Any], rows: int
) -> None:
    store = Store(range(1, rows + 1), **options)
    assert sorted(read(store, way)) == sorted(store.rows)


def test_an_ignored_key_is_an_error_if_there_are_no_pages() -> None:
    store = Store(range(1, 31), has_pages=False, ignored=frozenset({"id:greater"}))
    with pytest.raises(AirbyteTracedException, match="counts more rows"):
        read(store, "id:greater")


def test_rows_that_come_while_as_many_go_are_read() -> None:
    """The total stays the same, and the rows that come are on the page that was read first."""

    class Busy(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            page = super().__call__(asked_by)
            self.rows = [*self.rows[:15], *self.rows[16:], self.rows[-1] + 1]
            return page

    store = Busy(range(1, 96))
    found = read(store, "page")
    assert set(range(1, 96)).intersection(store.rows) <= {*found}
    assert len(found) >= 95
    assert len(store.asked) <= 10 + 1 + 2


@pytest.mark.parametrize("deletes", [[5], [5, 6]])
def test_rows_that_move_back_are_read_if_the_store_repeats_its_last_page(
    deletes: list[int],
) -> None:
    """Where a page behind the end is asked for, the store sends the last one."""

    class Clamped(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            number = min(asked_by.get("page", 1), -(-len(self.rows) // 10))
            return super().__call__({"page": number})

    store = Clamped(range(1, 22), deletes=[*deletes])
    found = {*read(store, "page")}
    assert set(range(1, 22)).difference(deletes) <= found
    assert len(store.asked) <= 6


@pytest.mark.parametrize("deletes", [[3], [3, 4], [25, 14, 3]])
def test_rows_behind_capped_pages_are_read_even_if_earlier_rows_are_gone(
    deletes: list[int],
) -> None:
    """Each reply counts the whole list, and none tells that its page is capped."""

    class Whole(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            self.claim = lambda _, pages, rows: (len(self.rows), pages)
            return super().__call__(asked_by)

    store = Whole(range(1, 32), cap=10, limit=25, says_cap=False, deletes=[*deletes])
    assert set(range(1, 32)).difference(deletes) <= {*read(store, "id:greater")}


def test_a_window_that_a_bulk_edit_emptied_ends() -> None:
    store = Store(range(1, 26))
    pages = iter(by_key(store, Seen("id"), "id:greater"))
    assert len(next(pages)) == 10
    store.rows = []
    assert [row for rows in pages for row in rows] == []
    assert store.asked == [None, ("id:greater", 10), None]


@pytest.mark.parametrize("no_rows", [b"", {"data": []}, {"data": [], "meta": {}}])
def test_missing_counted_pages_are_an_error(no_rows: Any) -> None:
    store = Store(range(1, 11), claim=lambda *_: (30, 3), no_rows=no_rows)
    with pytest.raises(AirbyteTracedException, match="counts more rows"):
        read(store, "page")
    assert store.asked.count(("page", 3)) == 3  # tried again


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_a_page_that_comes_again_is_an_error(version: str) -> None:
    store = Store(range(1, 31), version=version, ignored=frozenset({"page"}))
    with pytest.raises(AirbyteTracedException, match="again and again"):
        read(store, "page")


def test_a_page_that_comes_again_is_the_end_if_all_rows_were_read() -> None:
    store = Store(range(1, 11), claim=lambda *_: (10, 3), ignored=frozenset({"page"}))
    assert read(store, "page") == store.rows
    unpaged = Store(range(1, 51), version="v2", limit=None, ignored=frozenset({"page"}))
    assert read(unpaged, "page") == unpaged.rows


@pytest.mark.parametrize("gaps", [{1}, {2}, {3}, {1, 2}, {2, 3}, {1, 3, 5}])
def test_rows_behind_empty_pages_that_are_counted_are_read(gaps: set[int]) -> None:
    class Gaps(Store):
        """Sends nothing on some pages, although their rows are counted."""

        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            page = super().__call__(asked_by)
            hidden = asked_by.get("page", 1) in gaps
            body = {"data": [], "meta": {"pagination": {"total": 52, "total_pages": 6}}}
            return Page.of(reply(200, body, path="v3/x"), 10, 250, int) if hidden else page

    store = Gaps(range(1, 53))
    shown = [n for n in store.rows if (n - 1) // 10 + 1 not in gaps]
    assert sorted(read(store, "page")) == shown


def test_counted_rows_of_a_parent_that_are_missing_are_an_error() -> None:
    class Unwilling(Store):
        """Counts rows that its later pages do not send."""

        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            page = super().__call__(asked_by)
            body = {"data": [], "meta": {"pagination": {"total": 12, "total_pages": 2}}}
            later = asked_by.get("page", 1) > 1
            return Page.of(reply(200, body, path="v3/x"), 10, 250, int) if later else page

    assert len(read(Unwilling(range(1, 13)), "page")) == 10  # may be what a filter left
    with pytest.raises(AirbyteTracedException) as error:
        read(Unwilling(range(1, 13), is_of_parent=True), "page")
    assert "10 rows of 12 counted" in str(error.value.internal_message)


@pytest.mark.parametrize("number", [10, 20, 25, 30, 50, 60, 75, 100, 250])
def test_a_list_without_a_limit_is_read_on_if_a_page_may_end(number: int) -> None:
    store = Store(range(1, number + 4), version="v2", limit=None, cap=number)
    assert sorted(read(store, "page")) == store.rows
    # What a store always has: 15 order statuses, for instance.
    others = Store(range(1, 16), version="v2", limit=None)
    read(others, "page")
    assert len(others.asked) == 1


def test_rows_that_are_no_plain_json_are_told_apart() -> None:
    class Odd(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            page = super().__call__(asked_by)
            for row in page.rows:
                row["name"] = "\ud83d" if row["id"] % 2 else 2**70
            return page

    store = Odd(range(1, 36))
    assert sorted(read(store, "page")) == store.rows


@pytest.mark.parametrize("way", ["min_id", "id:greater"])
def test_keys_of_more_than_64_bits_are_keys(way: str) -> None:
    ids = [*range(1, 15), *(10**30 + n for n in range(15))]
    store = Store(ids, **V2 if way == "min_id" else {})
    assert read(store, way) == ids
    assert store.said == []


def test_a_total_of_fewer_rows_than_there_are_is_not_believed() -> None:
    store = Store(range(1, 42), cap=7, says_cap=False, claim=LIES["zero"])
    assert sorted(read(store, "page")) == store.rows


def test_cursors_that_are_new_and_lead_nowhere_are_not_followed() -> None:
    class Nowhere(Store):
        def _body(self, page: list[int], total: int, size: int, more: bool) -> Any:
            body = super()._body(page, total, size, more)
            body["meta"]["cursor_pagination"]["end_cursor"] = f"cursor {len(self.asked)}"
            return body

    store = Nowhere(range(1, 31), cursors=True, ignored=frozenset({"after"}))
    assert sorted(read(store, "cursor")) == store.rows
    assert store.said


def test_a_cursor_that_leads_in_a_circle_is_not_followed() -> None:
    class Circle(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            return super().__call__({"after": "10"} if asked_by.get("after") == "20" else asked_by)

    store = Circle(range(1, 41), cursors=True)
    assert sorted(read(store, "cursor")) == store.rows
    assert store.said


def test_cursors_are_followed_however_few_rows_a_page_has() -> None:
    store = Store(range(1, 13), cap=1, cursors=True, claim=lambda *_: (None, None))
    assert read(store, "cursor") == store.rows


@pytest.mark.parametrize("way", ["page", "min_id", "id:greater"])
def test_a_row_that_comes_twice_on_a_page_is_read_once(way: str) -> None:
    class Twice(Store):
        def _body(self, page: list[int], total: int, size: int, more: bool) -> Any:
            return super()._body(page[:1] + page, total, size, more)

    store = Twice(range(1, 26), version="v2" if way == "min_id" else "v3")
    assert sorted(read(store, way)) == store.rows


# How a store answers one request by mistake, as if there were no rows.
MISTAKES: dict[str, Any] = {
    "204": b"",
    "no counts": {"data": []},
    "no rows are counted": {"data": [], "meta": {"pagination": {"total": 0, "total_pages": 0}}},
}
STUMBLING: list[tuple[str, dict[str, Any]]] = [
    ("page", V2),
    ("min_id", V2),
    ("page", {}),
    ("page", {"claim": LIES["none"]}),
    ("page", {"claim": of_page}),
    ("id:greater", {}),
    ("cursor", CURSORS),
    ("cursor", {**CURSORS, "claim": LIES["none"]}),
    ("cursor", {**CURSORS, "claim": of_page}),
]


@pytest.mark.parametrize("at", [2, 3, 4, 5])
@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize(("way", "options"), STUMBLING)
def test_a_reply_without_rows_behind_a_full_page_is_no_end_by_itself(
    way: str, options: dict[str, Any], mistake: str, at: int
) -> None:
    class Stumbling(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            page = super().__call__(asked_by)
            if len(self.asked) != at:
                return page
            body = MISTAKES["204" if self.version == "v2" else mistake]
            return Page.of(self._reply([], body or []), 10, 250, int)

    store = Stumbling(range(1, 42), **options)
    assert sorted(read(store, way)) == store.rows
    if way == "cursor":
        assert store.said == []  # the way of reading stays


@pytest.mark.parametrize("lie", ["right", "none", "of the page"])
def test_cursors_that_lead_to_nothing_are_followed_by_pages(lie: str) -> None:
    class Nothing(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            page = super().__call__(asked_by)
            if "after" not in asked_by:
                return page
            return Page.of(self._reply([], {"data": [], "meta": {}}), 10, 250, int)

    store = Nothing(range(1, 42), cursors=True, claim=LIES[lie])
    assert sorted(read(store, "cursor")) == store.rows
    assert store.said


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_full_page_without_a_cursor_is_no_end_if_nothing_counts_the_rows(at: int) -> None:
    class Short(Store):
        """One of its replies does not tell how to go on."""

        def _body(self, page: list[int], total: int, size: int, more: bool) -> Any:
            body = super()._body(page, total, size, more)
            if len(self.asked) == at + 1:
                del body["meta"]["cursor_pagination"]
            return body

    store = Short(range(1, 42), cursors=True, claim=LIES["none"])
    assert sorted(read(store, "cursor")) == store.rows


@pytest.mark.parametrize("way", ["page", "id:greater", "cursor"])
@pytest.mark.parametrize("by", [10, 30])
def test_a_total_that_grows_with_each_reply_ends_in_an_error(way: str, by: int) -> None:
    store = Store(range(1, 36))
    store.claim = lambda total, pages, rows: (total + by * len(store.asked), None)
    with pytest.raises(AirbyteTracedException):
        read(store, way)
    assert len(store.asked) < 100


@pytest.mark.parametrize("version", ["v2", "v3"])
@pytest.mark.parametrize("kind", ["in another order", "with other values"])
def test_a_page_that_comes_again_changed_is_an_error(version: str, kind: str) -> None:
    class Changing(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            page = super().__call__(asked_by)
            if kind == "in another order":
                page.rows[:] = page.rows[len(self.asked) % 7 :] + page.rows[: len(self.asked) % 7]
            for row in page.rows:
                row["seen"] = len(self.asked) if kind == "with other values" else 0
            return page

    store = Changing(range(1, 31), version=version, ignored=frozenset({"page"}))
    with pytest.raises(AirbyteTracedException, match="again and again"):
        read(store, "page")
    assert len(store.asked) < 50


def test_a_row_that_moves_back_is_read_even_if_the_total_stays() -> None:
    class Moving(Store):
        """A row moves to the front, so that another one moves onto page 3, which was read."""

        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            if asked_by.get("page") == 2:
                self.rows.insert(0, self.rows.pop(self.rows.index(26)))
            return super().__call__(asked_by)

    store = Moving(range(1, 36), is_of_parent=True)
    assert set(store.rows) == {*read(store, "page")}


@pytest.mark.parametrize("at", [3, 4])
def test_a_row_that_a_new_one_pushes_back_is_read_even_if_another_left(at: int) -> None:
    """The total stays as it was; only the new row on the first page tells."""

    class Newest(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            if asked_by.get("page") == at - 1:
                self.rows = [99, *(n for n in self.rows if n not in (43, 99))]
            return super().__call__(asked_by)

    store = Newest(range(1, 45))
    found = {*read(store, "page")}
    assert set(store.rows) <= found


def test_a_row_that_moves_forward_and_back_is_read_without_a_count() -> None:
    class Moving(Store):
        """A row goes on the way to the end, one comes to the front on the way back."""

        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            if asked_by.get("page") == 3:
                self.rows = [n for n in self.rows if n != 5]
            if self.asked.count(("page", 2)) == 1 and asked_by.get("page") == 2:
                self.rows.insert(0, 99)
            return super().__call__(asked_by)

    store = Moving(range(1, 46), version="v2")
    found = {*read(store, "page")}
    assert set(store.rows) <= found


UNSIZED: dict[str, Any] = {"limit": None, "cap": 20}


@pytest.mark.parametrize("rows", [0, 1, 20, 41, 60, 61])
@pytest.mark.parametrize("says_cap", [True, False])
@pytest.mark.parametrize("lie", ["right", "of the page", "total only"])
def test_a_list_without_a_limit_is_read_by_the_size_of_its_pages(
    rows: int, says_cap: bool, lie: str
) -> None:
    store = Store(range(1, rows + 1), claim=LIES[lie], says_cap=says_cap, **UNSIZED)
    assert sorted(read(store, "page")) == store.rows
    pages = max(1, -(-rows // 20))
    most = 2 * pages + 2 if lie == "of the page" else pages + (pages > 1) + (rows % 20 == 0)
    assert len(store.asked) <= most


def test_a_list_without_a_limit_that_counts_rows_and_sends_none_costs_few_requests() -> None:
    store = Store((), limit=None, cap=20, says_cap=False, claim=lambda *_: (208, None))
    with suppress(AirbyteTracedException):
        read(store, "page")
    assert len(store.asked) < 5


def test_a_further_page_that_comes_again_without_a_limit_is_an_error() -> None:
    class Stuck(Store):
        def __call__(self, asked_by: Mapping[str, Any]) -> Page:
            return super().__call__({"page": min(2, asked_by.get("page", 1))})

    store = Stuck(range(1, 61), version="v2", **UNSIZED)
    with pytest.raises(AirbyteTracedException, match="again and again"):
        read(store, "page")


def test_a_row_that_moves_onto_the_only_page_of_a_list_without_a_limit_is_read() -> None:
    store = Store(range(1, 22), version="v2", deletes=[5], **UNSIZED)
    assert set(read(store, "page")) == set(range(1, 22))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_rows_that_stand_still_are_all_read_or_it_is_an_error(data: st.DataObject) -> None:
    draw = data.draw
    way = draw(st.sampled_from(sorted(WAYS)))
    rows = draw(st.integers(0, 60))
    limit = draw(st.sampled_from([4, 10, 20]))
    version = "v2" if way == "min_id" or (way == "page" and draw(st.booleans())) else "v3"
    cap = draw(st.sampled_from([limit, limit - 1, max(2, limit // 2)]))
    lie = draw(st.sampled_from(["right", "of the page", "one page", "zero", "none", "high"]))
    ignored = draw(st.sets(st.sampled_from(["page", "min_id", "id:greater", "after"]), max_size=1))
    numbers = st.lists(st.integers(1, max(rows, 1)), max_size=8)
    # A v2 list of pages that are capped and shift as well cannot be told from one that ends.
    deletes = draw(numbers) if cap == limit and lie == "right" else []
    store = Store(
        range(1, rows + 1),
        version=version,
        limit=limit,
        cap=cap,
        claim=LIES[lie],
        ignored=frozenset(ignored),
        inclusive=draw(st.booleans()),
        cursors=way == "cursor" and draw(st.booleans()),
        deletes=deletes,
    )
    with suppress(AirbyteTracedException):
        ids = read(store, way)
        assert set(store.rows) <= set(ids)
        assert len(ids) == len(set(ids))
