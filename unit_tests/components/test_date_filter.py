"""A store that ignores the dates of windows is read once, for all windows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import chain, pairwise
from typing import Any

import pytest
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.date_filter import DateFilter
from source_bigcommerce.components.reply import Row

YEARS = [2020, 2021, 2022, 2023]
END = "2023-12-31T23:59:59Z"
CONFIG = {"start_date": "2020-01-01T00:00:00Z", "end_date": END, "reads_everything": False}


def window(first: int, last: int | None = None) -> StreamSlice:
    bounds = {
        "start_time": f"{first}-01-01T00:00:00Z",
        "end_time": f"{last or first}-12-31T23:59:59Z",
    }
    return StreamSlice(partition={}, cursor_slice=bounds)


def row(number: int, date: str | None) -> Row:
    return {"id": number, "date_modified": date}


WHOLE = [[row(n, f"{year}-06-01T00:00:00+00:00")] for n, year in enumerate(YEARS)]


class Dates(DateFilter):
    """Keeps what it said, and the windows that were asked for."""

    def __init__(self, config: dict[str, Any] | None = None, has_open_end: bool = False) -> None:
        self.said: list[str] = []
        self.asked: list[tuple[str, str]] = []
        say = self.said.append
        super().__init__("date_modified", config or CONFIG, say, has_open_end, key="id")

    def ids(self, of: StreamSlice, read: Callable[[StreamSlice], Iterator[list[Row]]]) -> list[int]:
        def asked(window: StreamSlice) -> Iterator[list[Row]]:
            self.asked.append((window["start_time"][:4], window["end_time"][:4]))
            return read(window)

        return [row["id"] for rows in self.pages(of, asked) for row in self.once(of, rows)]


def ignoring(_: StreamSlice) -> Iterator[list[Row]]:
    return iter(WHOLE)


def obeying(of: StreamSlice) -> Iterator[list[Row]]:
    for rows in WHOLE:
        if of["start_time"][:19] <= str(rows[0]["date_modified"])[:19] <= of["end_time"][:19]:
            yield rows


def test_windows_that_the_store_obeys_are_read_one_by_one() -> None:
    dates = Dates()
    assert [dates.ids(window(year), obeying) for year in YEARS] == [[0], [1], [2], [3]]
    assert dates.said == []


def test_windows_that_the_store_ignores_are_read_once() -> None:
    dates = Dates()
    # The first row is within its window, and is not handed on again.
    assert [dates.ids(window(year), ignoring) for year in YEARS] == [[0, 1, 2, 3], [], [], []]
    assert dates.asked == [("2020", "2020"), ("2020", "2023")]
    assert len(dates.said) == 1


def test_windows_side_by_side_bring_each_row_once() -> None:
    dates, together = Dates(), threading.Barrier(len(YEARS), timeout=60)

    def read(of: StreamSlice) -> Iterator[list[Row]]:
        if (of["start_time"][:4], of["end_time"][:4]) != ("2020", "2023"):
            together.wait()
        return iter(WHOLE)

    with ThreadPoolExecutor(len(YEARS)) as pool:
        ids = [*pool.map(lambda year: dates.ids(window(year), read), YEARS)]
    assert sorted(chain.from_iterable(ids)) == [0, 1, 2, 3]
    assert len(dates.asked) == len(YEARS) + 1


# Windows end at 23:59:59 and ask for two seconds more.
AT_AN_EDGE = ["2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", "2021-01-01T00:00:01Z"]


@pytest.mark.parametrize("is_inclusive", [True, False])
@pytest.mark.parametrize("order", [(2020, 2021), (2021, 2020)])
def test_a_row_that_two_windows_are_sent_comes_once(
    order: tuple[int, int], is_inclusive: bool
) -> None:
    dates = Dates()
    edge = [row(number, date) for number, date in enumerate(AT_AN_EDGE)]

    def read(of: StreamSlice) -> Iterator[list[Row]]:
        start, end = of["start_time"], f"{int(of['end_time'][:4]) + 1}-01-01T00:00:01Z"
        yield [
            each
            for each in edge
            if start < each["date_modified"] < end
            or (is_inclusive and each["date_modified"] in (start, end))
        ]

    ids = [dates.ids(window(year), read) for year in order]
    assert sorted(chain.from_iterable(ids)) == [0, 1, 2]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_row_at_the_second_that_two_windows_share_comes_once(order: tuple[int, int]) -> None:
    """As DateCursor cuts them: an edge is of both windows, and v3 sends it to both."""
    dates, edges = Dates(), ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"]
    windows = [
        StreamSlice(partition={}, cursor_slice={"start_time": start, "end_time": end})
        for start, end in pairwise(edges)
    ]
    ids = [dates.ids(windows[at], lambda _: iter([[row(1, edges[1])]])) for at in order]
    assert sorted(ids) == [[], [1]]


def test_a_window_with_an_open_end_leaves_what_comes_after_it_to_the_next() -> None:
    """Whoever reads the windows drops these rows from it."""
    dates = Dates({**CONFIG, "reads_everything": True}, has_open_end=True)
    assert dates.ids(window(2020), lambda _: iter(WHOLE)) == [0, 1, 2, 3]
    assert dates.ids(window(2021, 2023), obeying) == [1, 2, 3]
    assert dates.said == []


def test_a_row_that_changed_between_two_windows_comes_again() -> None:
    dates = Dates()
    assert dates.ids(window(2020), lambda _: iter([[row(1, AT_AN_EDGE[1])]])) == [1]
    assert dates.ids(window(2021), lambda _: iter([[row(1, "2021-01-01T00:00:02Z")]])) == [1]


def test_a_window_that_is_read_again_has_its_rows_again() -> None:
    dates = Dates()
    for _ in range(2):
        assert dates.ids(window(2020), lambda _: iter([[row(1, AT_AN_EDGE[1])]])) == [1]


def test_rows_without_a_key_are_all_kept() -> None:
    dates = Dates()
    of: list[Row] = [{"date_modified": AT_AN_EDGE[1]}, {"date_modified": AT_AN_EDGE[1]}]
    for year in (2020, 2021):
        [rows] = dates.pages(window(year), lambda _: iter([of]))
        assert dates.once(window(year), rows) == of


def test_windows_wait_for_the_one_that_reads_for_all() -> None:
    dates, is_through = Dates(), threading.Event()

    def read(of: StreamSlice) -> Iterator[list[Row]]:
        if (of["start_time"][:4], of["end_time"][:4]) == ("2020", "2023"):
            assert is_through.wait(60)
        return iter(WHOLE)

    with ThreadPoolExecutor(2) as pool:
        windows = [pool.submit(dates.ids, window(year), read) for year in (2020, 2021)]
        assert wait(windows, timeout=0.2).done == set()
        is_through.set()
    assert sorted(chain.from_iterable(each.result() for each in windows)) == [0, 1, 2, 3]


def test_all_windows_fail_if_the_one_that_reads_for_all_fails() -> None:
    dates = Dates()

    def failing(of: StreamSlice) -> Iterator[list[Row]]:
        yield WHOLE[3]
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        dates.ids(window(2020), failing)
    with pytest.raises(AirbyteTracedException):
        dates.ids(window(2021), ignoring)


def test_rows_from_before_the_start_and_after_the_end_are_dropped() -> None:
    dates = Dates({**CONFIG, "end_date": "2022-12-31T23:59:59Z"})
    assert dates.ids(window(2021, 2022), ignoring) == [1, 2]


@pytest.mark.parametrize(
    ("date", "is_outside"),
    [
        ("2020-12-31T23:59:59Z", True),
        ("Thu, 31 Dec 2020 23:59:59 +0000", True),
        ("2021-01-01T00:00:00Z", False),
        ("2022-12-31T23:59:59.9Z", False),
        ("2023-01-01T00:00:01Z", False),  # v2 windows ask for two seconds more
        ("2023-01-01T00:00:02Z", True),
        ("2999-01-01T00:00:00Z", False),  # changed since the sync began
        ("2020-12-31T23:59:59-05:00", False),
        ("2021-01-01T00:00:00+05:00", True),
        ("soon", False),
        (None, False),
        ("", False),
    ],
)
def test_one_row_tells_whether_the_store_obeys_a_window(date: str | None, is_outside: bool) -> None:
    dates = Dates()
    dates.ids(window(2021, 2022), lambda _: iter([[row(1, date)]]))
    assert bool(dates.said) == is_outside


def test_a_first_window_without_a_lower_bound_has_no_row_before_it() -> None:
    dates = Dates({**CONFIG, "reads_everything": True})
    assert dates.ids(window(2020), lambda _: iter([[row(1, "1999-01-01T00:00:00Z")]])) == [1]
    assert dates.said == []


def test_a_late_window_is_read_beyond_the_reach_of_the_one_for_all() -> None:
    dates = Dates()
    assert dates.ids(window(2022), ignoring) == [2, 3]
    assert dates.ids(window(2020), ignoring) == [0]
    assert dates.ids(window(2021), ignoring) == [1]
    assert dates.ids(window(2023), ignoring) == []


def test_rows_of_any_age_arrive_without_a_start_date() -> None:
    dates = Dates({**CONFIG, "reads_everything": True})
    old = row(9, "1999-01-01T00:00:00Z")

    def read(of: StreamSlice) -> Iterator[list[Row]]:
        # Bounds that are asked for from the beginning say so.
        assert of["start_time"] != "Z"
        return iter([*WHOLE, [old]])

    found = [each for year in YEARS for each in dates.ids(window(year), read)]
    assert sorted(found) == [0, 1, 2, 3, 9]


@pytest.mark.parametrize("key", [str, lambda number: 10**30 + number, lambda number: f"{number}a"])
def test_rows_whose_ids_are_text_or_long_arrive_once(key: Callable[[int], Any]) -> None:
    dates = Dates()
    found: list[list[Row]] = [[{**each, "id": key(each["id"])} for each in rows] for rows in WHOLE]
    ids = [dates.ids(window(year), lambda _: iter(found)) for year in YEARS]
    assert ids == [[key(number) for number in range(len(YEARS))], [], [], []]


def test_rows_without_ids_arrive_perhaps_twice() -> None:
    found: list[list[Row]] = [
        [{"date_modified": row["date_modified"]} for row in rows] for rows in WHOLE
    ]
    dates = Dates()
    rows = [each for rows in dates.pages(window(2020), lambda _: iter(found)) for each in rows]
    assert rows == [found[0][0], *chain.from_iterable(found)]
