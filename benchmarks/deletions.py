"""How many requests it takes to find what a store deleted, tried on ids without a store."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right

from benchmarks.report import Report
from source_bigcommerce.components.known_ids import KnownIds
from source_bigcommerce.components.search import Look, Search

_PAGE = 250
_TRIES = 5
_KINDS = {
    "none": 0,
    "1": 1,
    "5": 5,
    "20": 20,
    "1,000 in a row": -1000,
    "1,000 here and there": 1000,
}


class _Ids:
    """Counts and shows ids, and the requests that this takes."""

    def __init__(self, known: KnownIds, gone: set[int]) -> None:
        self._known, self._there = known, [key for key in known if key not in gone]
        self.requests = 0

    def look(self, low: int, high: int) -> Look:
        self.requests += 1
        ids = self._within(low, high)
        return Look(len(ids), ids[:_PAGE])

    def read(self, low: int, high: int) -> set[int]:
        ids = self._within(low, high)
        self.requests += max(1, -(-len(ids) // _PAGE))
        return set(ids)

    def _within(self, low: int, high: int) -> list[int]:
        end = self._known[high] - 1 if high < len(self._known) else self._known[high - 1]
        there = self._there
        return there[bisect_left(there, self._known[low]) : bisect_right(there, end)]


def show(report: Report) -> None:
    """Prints the table: the most of a few tries each."""
    report.title("Requests that find deleted rows: the most of five tries")
    rows: list[list[object]] = []
    for size in (100_000, 1_000_000):
        known = KnownIds(range(1, size + 1))
        found = [
            max(_requests(known, many, seed) for seed in range(_TRIES)) for many in _KINDS.values()
        ]
        rows.append([f"{size:,}", size // _PAGE, *found])
    report.table(["known rows", "to learn them", *_KINDS], rows)
    report.note(
        "Each sync takes one more for new ids, and one for each 248 rows that it asks for again."
    )


def _requests(known: KnownIds, many: int, seed: int) -> int:
    chance = random.Random(seed)
    if many < 0:
        first = chance.randrange(1, len(known) + many)
        gone = set(range(first, first - many))
    else:
        gone = set(chance.sample(range(1, len(known) + 1), many))
    ids = _Ids(known, gone)
    search = Search(known, ids, _PAGE)
    search.run()
    assert search.missing == gone
    return ids.requests
