"""What a count taken afterwards proves, and what it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.page import Page
from source_bigcommerce.components.proof import Counting, Proof, Watch
from source_bigcommerce.components.receipts import Finding, Verdict
from source_bigcommerce.components.reply import Row
from unit_tests.replies import reply

Rows = list[Row]


def rows(*ids: int) -> Rows:
    return [{"id": n} for n in ids]


@dataclass
class Store(Counting):
    """Counts `ids`; its list `shows` fewer, if that is given.

    reads: the pages of each read, as the reader that is tried makes them.
    before: totals of the first replies; None where replies hold none.
    is_full: whether first pages are: then the list is counted before the second one.
    leaves: ids that leave once the second page is asked for.
    """

    ids: list[int]
    reads: list[list[Rows]]
    before: int | None = None
    counts: Callable[[int], int | None] = lambda n: n
    shows: int | None = None
    by_page: bool = False
    hides: bool = False
    is_full: bool = False
    leaves: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    is_apart = True

    def total(self) -> int | None:
        self.asked.append("total")
        return self.counts(len(self.ids))

    def behind(self, key: int) -> int | None:
        self.asked.append(f"behind {key}")
        return sum(n > key for n in self.ids)

    def has_row_at(self, place: int) -> bool:
        self.asked.append(f"row {place}")
        return place <= (len(self.ids) if self.shows is None else self.shows)

    def read(self, watch: Watch) -> Iterator[Rows]:
        self.asked.append("read")
        for number, page in enumerate(self.reads.pop(0), 1):
            if number == 2 and self.is_full:
                watch.goes_on()
                self.ids = [n for n in self.ids if n not in self.leaves]
            watch.reply(self._reply(page), number if self.by_page or number == 1 else None)
            watch.page(page)
            yield page

    def _reply(self, page: Rows) -> Page:
        total = len(self.ids) if self.by_page else self.before
        meta = {} if total is None else {"pagination": {"total": total}}
        limit = 10 if self.hides else max(1, len(page))
        return Page.of(reply(200, {"data": page, "meta": meta}, path="v3/x"), limit, 10, int)


def proved(
    store: Store, may_grow: bool = False, doubt: str = ""
) -> tuple[list[int], Finding, bool]:
    """The ids that came, what was found, and whether the list was read again."""
    said: list[tuple[Finding, bool]] = []
    proof = Proof(store, may_grow, lambda: doubt, lambda *found: said.append(found))
    came = [row["id"] for page in proof.pages(store.read) for row in page]
    [(found, is_again)] = said
    return came, found, is_again


def short(store: Store, may_grow: bool = False) -> str:
    said: list[Finding] = []
    proof = Proof(store, may_grow, lambda: "", lambda found, _: said.append(found))
    with pytest.raises(AirbyteTracedException) as error:
        list(proof.pages(store.read))
    assert [found.verdict for found in said] == [Verdict.SHORT]
    return (error.value.message or "").partition(".")[0]


TWO = [rows(1, 2, 3), rows(4, 5)]
LACKING = [rows(1, 2, 3), rows(5)]


def test_a_list_of_one_page_costs_no_further_request() -> None:
    for before in (None, 3):
        store = Store([1, 2, 3], [[rows(1, 2, 3)]], before)
        assert proved(store) == ([1, 2, 3], Finding(Verdict.WHOLE, before, "", 3), False)
        assert store.asked == ["read"]


def test_a_list_of_more_pages_costs_at_most_one_further_request() -> None:
    store = Store([1, 2, 3, 4, 5], [TWO], 5)
    assert proved(store)[1] == Finding(Verdict.WHOLE, 5, "", 5)
    assert store.asked == ["read", "total"]
    store = Store([1, 2, 3, 4, 5], [TWO], by_page=True)
    assert proved(store)[1] == Finding(Verdict.WHOLE, 5, "", 5)
    assert store.asked == ["read"]


def test_a_list_without_totals_is_counted_once_when_its_first_page_is_full() -> None:
    store = Store([1, 2, 3, 4, 5], [TWO], is_full=True, leaves=[1, 4])
    assert proved(store) == ([1, 2, 3, 4, 5], Finding(Verdict.WHOLE, 5, "", 5), False)
    assert store.asked == ["read", "total"]


def test_a_list_that_nothing_counts_costs_no_further_request() -> None:
    store = Store([1, 2, 3, 4, 5], [TWO])
    store.is_apart = False
    assert proved(store)[1].reason == "the store does not count its rows"
    assert store.asked == ["read"]


@pytest.mark.parametrize("before", [None, 5])
def test_a_list_with_missing_rows_is_read_again_and_brings_only_those(before: int | None) -> None:
    store = Store([1, 2, 3, 4, 5], [LACKING, TWO], before)
    assert proved(store) == ([1, 2, 3, 5, 4], Finding(Verdict.WHOLE, 5, "", 5), True)
    assert store.asked == ["read", "total", "read", "total"]


def test_a_list_whose_rows_stay_missing_is_short() -> None:
    store = Store([1, 2, 3, 4, 5], [LACKING, LACKING], 5)
    assert short(store) == "The store counts 5 rows, but only 4 came"
    assert store.asked == ["read", "total", "read", "total", "row 5"]


def test_a_count_of_rows_that_the_list_hides_proves_nothing() -> None:
    store = Store([1, 2, 3, 4, 5], [LACKING, LACKING], shows=4)
    came, found, is_again = proved(store)
    assert (came, is_again) == ([1, 2, 3, 5], True)
    assert found.verdict is Verdict.NOT_PROVED
    assert "does not show" in found.reason
    store = Store([1, 2, 3, 4, 5], [[rows(1, 2, 3), rows(5)]], by_page=True, hides=True)
    found = proved(store)[1]
    assert (found.verdict, store.asked) == (Verdict.NOT_PROVED, ["read"])


@pytest.mark.parametrize(
    ("counts", "before", "reason"),
    [
        (lambda n: None, None, "does not count"),
        (lambda n: 0, None, "does not count"),
        (lambda n: 3, 3, "fewer rows than it sends"),  # that of a page
        (lambda n: 0, 0, "fewer rows than it sends"),
    ],
)
def test_a_count_that_cannot_be_right_proves_nothing(
    counts: Callable[[int], int | None], before: int | None, reason: str
) -> None:
    came, found, is_again = proved(Store([1, 2, 3, 4, 5], [TWO], before, counts))
    assert (came, is_again) == ([1, 2, 3, 4, 5], False)
    assert found.verdict is Verdict.NOT_PROVED
    assert reason in found.reason


def test_rows_that_left_meanwhile_are_no_error() -> None:
    assert proved(Store([1, 2, 3, 4], [TWO], 5))[1].verdict is Verdict.WHOLE
    assert proved(Store([1, 2, 3, 4], [TWO]))[1].verdict is Verdict.WHOLE


def test_a_row_that_was_skipped_because_another_left_is_found() -> None:
    # By page number: 1 left after it was read, so 4 was passed over; as many came as are counted.
    shifted = [rows(1, 2, 3), rows(5)]
    store = Store([2, 3, 4, 5], [shifted, [rows(2, 3, 4), rows(5)]], 5)
    came, found, is_again = proved(store)
    assert (came, found.verdict, is_again) == ([1, 2, 3, 5, 4], Verdict.WHOLE, True)
    assert store.asked[:3] == ["read", "total", "behind 3"]
    # What left before it was read is not missed.
    store = Store([1, 2, 3, 5], [shifted], 5)
    assert proved(store)[1:] == (Finding(Verdict.WHOLE, 4, "", 4), False)


def test_a_count_behind_a_page_that_counts_the_whole_list_proves_nothing() -> None:
    class Deaf(Store):
        def behind(self, key: int) -> int | None:
            return len(self.ids)

    assert proved(Deaf([1, 2, 3, 5], [TWO], 6))[1:] == (Finding(Verdict.WHOLE, 4, "", 5), False)


def test_rows_that_leave_a_list_without_totals_hide_no_others() -> None:
    # As many came as are counted in the end: 1 left after it was read, so 4 was passed over.
    shifted = [rows(1, 2, 3), rows(5)]
    store = Store([1, 2, 3, 4, 5], [shifted, [rows(2, 3, 4), rows(5)]], is_full=True, leaves=[1])
    came, found, is_again = proved(store)
    assert (came, found.verdict, is_again) == ([1, 2, 3, 5, 4], Verdict.WHOLE, True)
    assert store.asked == ["read", "total", "total", "behind 3", "read", "total"]
    # What left before it was read is not missed.
    store = Store([1, 2, 3, 4, 5], [shifted], is_full=True, leaves=[4])
    assert proved(store)[1:] == (Finding(Verdict.WHOLE, 4, "", 4), False)
    assert store.asked == ["read", "total", "total", "behind 3"]


def test_a_growing_list_is_compared_with_the_smaller_total() -> None:
    assert proved(Store([1, 2, 3, 4, 5], [LACKING], 4), may_grow=True)[1].verdict is Verdict.WHOLE
    assert short(Store([1, 2, 3, 4, 5], [LACKING, LACKING], 5), may_grow=True)


def test_a_row_saved_late_into_a_closed_window_is_read() -> None:
    store = Store([1, 2, 3, 4, 5], [LACKING, TWO], 4)
    assert proved(store)[0] == [1, 2, 3, 5, 4]


def test_rows_saved_late_again_and_again_are_no_error_and_no_proof() -> None:
    _, found, is_again = proved(Store([1, 2, 3, 4, 5], [LACKING, LACKING], 4))
    assert (found.verdict, is_again) == (Verdict.NOT_PROVED, True)
    assert "saved into it" in found.reason


def test_a_growing_list_is_compared_with_the_count_before_the_second_read() -> None:
    """Orders: no reply counts them, and the store's dates may lag behind its clock."""
    counts = iter([5, 6])
    store = Store([1, 2, 3, 4, 5], [LACKING, TWO], counts=lambda _: next(counts))
    came, found, is_again = proved(store)
    assert (came, found.verdict, is_again) == ([1, 2, 3, 5, 4], Verdict.NOT_PROVED, True)
    assert "saved into it" in found.reason
    assert store.asked == ["read", "total", "read", "total"]


def test_a_list_without_a_count_is_not_counted() -> None:
    store = Store([1, 2], [TWO], 2)
    assert proved(store, doubt="dates")[1] == Finding(Verdict.NOT_PROVED, None, "dates", 5)
    assert store.asked == ["read"]


def test_rows_without_the_key_are_told_apart_by_their_content() -> None:
    watch = Watch()
    list(watch.delivered(iter([[{"name": "a"}, {"name": "b"}], [{"name": "a"}, {"id": "7"}]])))
    assert len(watch.distinct) == 3
    assert 7 in watch.distinct
