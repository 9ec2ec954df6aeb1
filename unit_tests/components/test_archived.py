"""Orders read, and requests made, for each way in which a store treats archived orders."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, cast

import pytest
from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce.components.archived import WithArchived
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.reply import Row
from unit_tests.replies import reply

SIZE = 3
Orders = list[Row]


def live(*keys: int) -> Orders:
    return [{"id": key, "is_deleted": False} for key in keys]


def archived(*keys: int) -> Orders:
    return [{"id": key, "is_deleted": True} for key in keys]


def without_flag(orders: Orders) -> Orders:
    return [{"id": order["id"]} for order in orders]


Windows = list[tuple[Orders, Orders | None]]


class Store:
    """Two lists per window; counts each page that is read of one."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.pages: list[str] = []
        self.found: dict[str, tuple[str, ...]] = {}

    def read(self) -> list[Orders]:
        """The orders of each window."""
        reading = WithArchived(
            lambda window: self._list("listed", window),
            lambda window: self._list("archived", window),
            cast(Any, self),
            self.found,
            "id",
        )
        numbers = range(len(self.windows))
        windows = [StreamSlice(partition={}, cursor_slice={"n": n}) for n in numbers]
        return [[order for page in reading(window) for order in page] for window in windows]

    def send_request(self, stream_slice: StreamSlice, request_params: dict[str, int]) -> Any:
        self.pages.append("probe")
        rows = self.windows[stream_slice["n"]][1] or []
        start = request_params["limit"] * (request_params["page"] - 1)
        found = rows[start : start + request_params["limit"]]
        return reply(200, found) if found else reply(204)

    def _list(self, name: str, window: StreamSlice) -> Generator[list[Row], None, None]:
        rows = self.windows[window["n"]][name == "archived"]
        for at in range(0, max(1, len(rows or [])), SIZE):
            self.pages.append(name)
            if rows is None:
                raise ParameterRefused("no such field")
            yield list(rows[at : at + SIZE])


ONCE = ["listed"]
BOTH = ["listed", "archived"]


@pytest.mark.parametrize(
    ("windows", "read", "pages"),
    [
        # The list hides them, so each window asks for them.
        pytest.param(
            [(live(1, 2), archived(3)), (live(4), []), (live(5), archived(6, 7))],
            [live(1, 2) + archived(3), live(4), live(5) + archived(6, 7)],
            BOTH * 3,
            id="hidden",
        ),
        # The list shows them: once that is known, nobody asks for them.
        pytest.param(
            [(live(1) + archived(2), archived(2)), (live(3), None)],
            [live(1) + archived(2), live(3)],
            [*BOTH, *ONCE],
            id="shown",
        ),
        # The parameter is refused.
        pytest.param(
            [(live(1), None), (live(2), None)], [live(1), live(2)], [*BOTH, *ONCE], id="400"
        ),
        # The parameter is ignored, or brings all: only that list is read from then on ...
        pytest.param(
            [(live(1, 2), live(1, 2)), ([], live(3) + archived(4))],
            [live(1, 2), live(3) + archived(4)],
            [*BOTH, "probe", "archived"],
            id="both",
        ),
        # ... and the rest of it for this window.
        pytest.param(
            [(live(1, 2, 3, 4), live(1, 2, 3, 4))],
            [live(1, 2, 3, 4)],
            ["listed", "listed", "archived", "probe"],
            id="ignored",
        ),
        pytest.param(
            [(live(1, 2, 3, 4), live(1, 2, 3, 4) + archived(5))],
            [live(1, 2, 3, 4) + archived(5)],
            ["listed", "listed", "archived", "probe", "archived"],
            id="all of them, an archived one on the last page",
        ),
        # Some were restored, and the store's index does not know it yet.
        pytest.param(
            [(live(1, 2, 3), live(1, 2)), (live(4), live(4)), (live(5), archived(6))],
            [live(1, 2, 3), live(4), live(5) + archived(6)],
            [*BOTH, *BOTH, "probe", *BOTH],
            id="restored meanwhile",
        ),
        # A list that holds some of the others is read to its end.
        pytest.param(
            [(live(1, 2, 3, 4, 5), live(1, 3, 5) + archived(6))],
            [live(1, 2, 3, 4, 5) + archived(6)],
            ["listed", "listed", "archived", "archived"],
            id="some of them, an archived one on the last page",
        ),
        # Archived after it was listed.
        pytest.param(
            [(live(1, 2), archived(2)), (live(3), archived(4))],
            [live(1, 2) + archived(2), live(3) + archived(4)],
            BOTH * 2,
            id="archived meanwhile",
        ),
        # A live order among the archived ones, and others missing: this list is not all.
        pytest.param(
            [(live(1, 2), live(2) + archived(3)), (live(4, 5), live(5))],
            [live(1, 2) + archived(3), live(4, 5)],
            BOTH * 2,
            id="neither",
        ),
        # Nothing says which are archived, so no list is assumed to hold all.
        pytest.param(
            [
                (without_flag(archived(1, 2)), without_flag(archived(1, 2))),
                (without_flag(live(3) + archived(4)), without_flag(archived(4))),
            ],
            [without_flag(archived(1, 2)), without_flag(live(3) + archived(4))],
            [*BOTH, "probe", *BOTH],
            id="without a flag, shown",
        ),
        pytest.param(
            [(without_flag(live(1)), without_flag(archived(2)))],
            [without_flag(live(1) + archived(2))],
            BOTH,
            id="without a flag, hidden",
        ),
        # More than a page of archived ones, and all on the first page of a list that holds all.
        pytest.param(
            [(live(6), archived(1, 2, 3, 4)), (live(7), archived(8))],
            [live(6) + archived(1, 2, 3, 4), live(7) + archived(8)],
            ["listed", "archived", "archived", *BOTH],
            id="more than a page",
        ),
        pytest.param(
            [(live(4, 5), archived(1, 2, 3) + live(4, 5)), (live(6), archived(7))],
            [live(4, 5) + archived(1, 2, 3), live(6) + archived(7)],
            ["listed", "archived", "archived", *BOTH],
            id="all of them, the archived ones first",
        ),
    ],
)
def test_windows_bring_each_order_once_by_these_pages(
    windows: Windows, read: list[Orders], pages: list[str]
) -> None:
    store = Store(windows)
    assert store.read() == read
    assert store.pages == pages


def test_windows_cost_one_reading_once_another_stream_found_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "airbyte")
    first, second = Store([(live(1), None)]), Store([(live(1), None)])
    second.found = first.found
    assert (first.read(), second.read()) == ([live(1)], [live(1)])
    assert (first.pages, second.pages) == (BOTH, ONCE)
    assert [record.message for record in caplog.records] == [
        "Orders are asked for once a window from now on: archived ones cannot be asked for: "
        "no such field."
    ]


@pytest.mark.parametrize("key", [str, lambda number: 10**30 + number, lambda number: f"{number}a"])
def test_orders_whose_ids_are_text_or_long_arrive_once(key: Callable[[int], Any]) -> None:
    def keyed(orders: Orders) -> Orders:
        return [{**order, "id": key(order["id"])} for order in orders]

    both = live(1, 2) + archived(3)
    hiding: Windows = [(keyed(live(1, 2)), keyed(archived(3)))]
    mixing: Windows = [(keyed(live(1, 2)), keyed(both))]
    assert Store(hiding).read() == Store(mixing).read() == [keyed(both)]


def test_orders_without_an_id_arrive() -> None:
    order: Row = {"is_deleted": False}
    hidden: Row = {"is_deleted": True}
    assert Store([([order], [hidden])]).read() == [[order, hidden]]


def test_the_list_of_archived_orders_is_closed_although_somebody_keeps_an_error() -> None:
    closed = []

    def of_archived(_: StreamSlice) -> Generator[list[Row], None, None]:
        try:
            yield live(1, 2, 3)
        finally:
            closed.append(True)

    class Failing:
        def send_request(self, **_: Any) -> Any:
            raise ZeroDivisionError

    def listed(_: StreamSlice) -> Generator[list[Row], None, None]:
        yield live(1, 2, 3)

    reading = WithArchived(listed, of_archived, cast(Any, Failing()), {}, "id")
    with pytest.raises(ZeroDivisionError) as kept:
        list(reading(StreamSlice(partition={}, cursor_slice={})))
    assert closed == [True]
    assert kept.value.__traceback__
