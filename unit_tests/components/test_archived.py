"""Which orders are read, and in how many requests, by what a store makes of archived ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.archived import WithArchived
from source_bigcommerce.components.date_filter import DateFilter
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.extractor import Row
from unit_tests.replies import reply

SIZE = 3
Orders = list[Row]


def live(*keys: int) -> Orders:
    return [{"id": key, "is_deleted": False} for key in keys]


def archived(*keys: int) -> Orders:
    return [{"id": key, "is_deleted": True} for key in keys]


def without_flag(orders: Orders) -> Orders:
    return [{"id": order["id"]} for order in orders]


class Store:
    """Two lists by window; each page that is read of one counts."""

    def __init__(self, windows: list[tuple[Orders, Orders | None]]) -> None:
        self.windows = windows
        self.pages: list[str] = []
        self.found: dict[str, tuple[str, ...]] = {}

    def read(self) -> list[Orders]:
        """What comes of each window."""
        reading = WithArchived(
            lambda window: self._list("listed", window),
            lambda window: self._list("archived", window),
            cast(Any, self),
            SIZE,
            self.found,
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

    def _list(self, name: str, window: StreamSlice) -> Iterator[list[Row]]:
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
        # The list hides them, and they are asked for in each window.
        pytest.param(
            [(live(1, 2), archived(3)), (live(4), []), (live(5), archived(6, 7))],
            [live(1, 2) + archived(3), live(4), live(5) + archived(6, 7)],
            BOTH * 3,
            id="hidden",
        ),
        # The list shows them: once that is seen, they are not asked for.
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
        # It is ignored, or brings all: that list is read alone from then on ...
        pytest.param(
            [(live(1, 2), live(1, 2)), ([], live(3) + archived(4))],
            [live(1, 2), live(3) + archived(4)],
            [*BOTH, "archived"],
            id="both",
        ),
        # ... and of this window as far as there is more of it.
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
        # Archived since it was listed.
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
        # Nothing says which are archived: no list is believed to hold all.
        pytest.param(
            [
                (without_flag(archived(1, 2)), without_flag(archived(1, 2))),
                (without_flag(live(3) + archived(4)), without_flag(archived(4))),
            ],
            [without_flag(archived(1, 2)), without_flag(live(3) + archived(4))],
            BOTH * 2,
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
def test_windows_when_read_give_each_order_once_and_cost(
    windows: list[tuple[Orders, Orders | None]], read: list[Orders], pages: list[str]
) -> None:
    store = Store(windows)
    assert store.read() == read
    assert store.pages == pages


def test_windows_when_another_stream_found_out_cost_one_reading(
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


def _read_by_one(hidden: list[Orders], broken: bool = False) -> list[list[int]]:
    """The ids of two windows of a store without dates, the second of which reads the list."""
    windows = [
        StreamSlice(
            partition={},
            cursor_slice={
                "start_time": f"{year}-01-01T00:00:00Z",
                "end_time": f"{year}-12-31T23:59:59Z",
            },
        )
        for year in (2020, 2021)
    ]
    dated: Orders = [
        {"id": 1, "date_modified": "2020-06-01T00:00:00Z", "is_deleted": True},
        {"id": 2, "date_modified": "2020-06-02T00:00:00Z"},
        {"id": 3, "date_modified": "2021-06-01T00:00:00Z"},
    ]
    # The first window is through with its page before the second sees another one's rows.
    pages = {2020: [dated[:2]], 2021: [dated]}
    dates = DateFilter("date_modified", {"start_date": "2020-01-01T00:00:00Z"}, lambda _: None)
    asked: list[str] = []

    def listed(window: StreamSlice) -> Iterator[list[Row]]:
        return dates.pages(window, lambda of: iter(pages[int(window["start_time"][:4])]))

    def archived_of(window: StreamSlice) -> Iterator[list[Row]]:
        asked.append(window["start_time"])
        if broken:
            raise AirbyteTracedException("503")
        yield from hidden

    reading = WithArchived(listed, archived_of, cast(Any, None), SIZE, {}, dates)
    first, second = (reading(window) for window in windows)
    ids: list[list[int]] = [[row["id"] for row in next(first)], []]
    failed: list[str] = []
    for number, rest in ((1, second), (0, first)):
        try:
            for page in rest:
                ids[number] += [row["id"] for row in page]
        except AirbyteTracedException as error:
            failed.append(str(error.message))
    assert asked == ["2020-01-01T00:00:00Z"]
    assert len(failed) == 2 * broken
    return ids


def test_archived_orders_when_dates_are_ignored_are_asked_for_by_the_window_that_reads_all() -> (
    None
):
    assert _read_by_one([archived(1, 9)]) == [[1, 2], [3, 9]]


def test_no_window_is_whole_before_the_archived_orders_of_all_are() -> None:
    assert _read_by_one([], broken=True) == [[1, 2], [3]]
