"""Searches for what a store deleted, among ids without a store."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from source_bigcommerce.components.known_ids import KnownIds
from source_bigcommerce.components.search import Look, Search

PAGE = 250


class Ids:
    """Counts and shows the ids that are there, and counts the requests that this takes."""

    def __init__(
        self, known: KnownIds, there: Iterable[int], page: int = PAGE, shows: bool = True
    ) -> None:
        self.known, self.there = known, sorted(there)
        self.page, self.shows = page, shows
        self.requests = 0
        self.wrong: dict[int, int] = {}
        """By number of the request: what is added to its count."""

    def look(self, low: int, high: int) -> Look:
        self.requests += 1
        ids = self._within(low, high)
        total = max(0, len(ids) + self.wrong.get(self.requests, 0))
        shown = ids[: min(self.page, total)] if self.shows else ()
        return Look(total, shown)

    def read(self, low: int, high: int) -> set[int]:
        ids = self._within(low, high)
        self.requests += max(1, -(-len(ids) // self.page))
        return set(ids)

    def _within(self, low: int, high: int) -> list[int]:
        end = self.known[high] - 1 if high < len(self.known) else self.known[high - 1]
        start = self.known[low] if low else 0
        return self.there[bisect_left(self.there, start) : bisect_right(self.there, end)]


def searched(ids: Ids, cuts: list[int] | None = None) -> Search:
    search = Search(ids.known, ids, ids.page, cuts, ids.shows)
    search.run()
    return search


def gone(kind: str, of: int, seed: int) -> set[int]:
    """Ids that are gone: `stretch` are 1,000 in a row, a number so many here and there."""
    chance = random.Random(seed)
    if kind == "stretch":
        first = chance.randrange(1, of - 1000)
        return set(range(first, first + 1000))
    return set(chance.sample(range(1, of + 1), int(kind)))
