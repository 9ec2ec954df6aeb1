"""How many requests it takes to find what is missing."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce.components.known_ids import KnownIds
from source_bigcommerce.components.search import Look, Nonsense
from unit_tests.searches import PAGE, Ids, gone, searched


# Without the request that asks again for what is missing, and that for new ids. A count that comes
# without ids takes some more.
@pytest.mark.parametrize(
    ("kind", "most", "most_of_counts"),
    [("0", 1, 1), ("1", 10, 11), ("5", 42, 43), ("20", 119, 125), ("stretch", 17, 22)],
)
def test_requests_for_100_000_ids_are_few(kind: str, most: int, most_of_counts: int) -> None:
    known = KnownIds(range(1, 100_001))
    for shows, limit in ((True, most), (False, most_of_counts)):
        for seed in range(8):
            missing = gone(kind, 100_000, seed)
            store = Ids(known, set(known) - missing, PAGE, shows)
            search = searched(store)
            assert (search.missing, search.unknown) == (missing, set())
            assert store.requests <= limit


@pytest.mark.parametrize("many", [400, 1000, 5000])
def test_many_missing_rows_cost_as_many_requests_as_reading_everything(many: int) -> None:
    known = KnownIds(range(1, 100_001))
    for shows, limit in ((True, 400), (False, 404)):
        missing = gone(str(many), 100_000, many)
        store = Ids(known, set(known) - missing, PAGE, shows)
        assert searched(store).missing == missing
        assert store.requests <= limit


@given(
    known=st.sets(st.integers(1, 400), min_size=1),
    gone=st.sets(st.integers(1, 400)),
    back=st.sets(st.integers(1, 400), max_size=2),
    every=st.none() | st.integers(1, 30),
    shows=st.booleans(),
)
def test_all_missing_ids_are_found_if_none_came_back(
    known: set[int], gone: set[int], back: set[int], every: int | None, shows: bool
) -> None:
    ids = KnownIds(known)
    there = known - gone
    cuts = None if every is None else list(range(0, len(ids), every))
    assert searched(Ids(ids, there, 10, shows), cuts).missing == known & gone
    # One that came back may hide one that is gone; none is made up.
    store = Ids(ids, there | back, 10, shows)
    search = searched(store, cuts)
    assert search.missing <= known - there - back
    assert search.unknown <= back - known


@given(
    gone=st.sets(st.integers(1, 300), max_size=6),
    wrong=st.dictionaries(st.integers(1, 12), st.integers(-20, 20), max_size=4),
    shows=st.booleans(),
)
def test_a_search_ends_even_with_wrong_counts(
    gone: set[int], wrong: dict[int, int], shows: bool
) -> None:
    known = KnownIds(range(1, 301))
    store = Ids(known, set(known) - gone, 10, shows)
    store.wrong = wrong
    with suppress(Nonsense):
        searched(store)
    assert store.requests <= 100


def test_a_count_below_the_shown_rows_is_nonsense() -> None:
    class Lying(Ids):
        def look(self, low: int, high: int) -> Look:
            return Look(2, [1, 2, 3])

    with pytest.raises(Nonsense, match="fewer rows than it sends"):
        searched(Lying(KnownIds(range(9)), range(9), 10, shows=True))
