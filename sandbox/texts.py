"""Rows as JSON, made once for all stores that hold the same world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

Make = Callable[[int], bytes]


class Texts:
    """What is known: by collection and shape, then by position."""

    def __init__(self, megabytes: int) -> None:
        self._left = megabytes * 1024 * 1024
        self._known: dict[str, dict[Any, dict[int, bytes]]] = defaultdict(dict)

    def get(self, collection: str, shape: Any, at: int, make: Make) -> bytes:
        """The text at a position, made unless it is known."""
        known = self._known[collection].setdefault(shape, {})
        text = known.get(at)
        if text is None:
            # A copy, as orjson leaves its text in a far larger block of memory.
            text = bytes(memoryview(make(at)))
            # Nothing is evicted: that would never help a reader who starts over.
            if self._left > len(text):
                self._left -= len(text)
                known[at] = text
        return text

    def forget(self, collection: str, at: int | None = None) -> None:
        """What is known of one position; without it, of the collection."""
        for known in self._known[collection].values():
            for each in [at] if at is not None else list(known):
                self._left += len(known.pop(each, b""))

    def __len__(self) -> int:
        return sum(len(known) for shapes in self._known.values() for known in shapes.values())


# Tests start the same few stores again and again.
@lru_cache(maxsize=4)
def _of_world(world: Any, megabytes: int) -> Texts:
    return Texts(megabytes)


class StoreTexts:
    """The texts of one store: those of its world, and its own of what has changed.

    `world` is everything that its rows follow from, as long as nothing changes.
    """

    def __init__(self, world: Any, megabytes: int) -> None:
        self._shared = _of_world(world, megabytes)
        self._own = Texts(megabytes)
        self._changed: dict[str, set[int]] = defaultdict(set)
        self._apart: set[str] = set()

    def get(self, collection: str, shape: Any, positions: Sequence[int], make: Make) -> list[bytes]:
        """The texts at the positions, made unless they are known."""
        shared, own = self._shared, self._own
        if collection in self._apart:
            return [own.get(collection, shape, at, make) for at in positions]
        changed = self._changed[collection]
        return [
            (own if at in changed else shared).get(collection, shape, at, make) for at in positions
        ]

    def forget(self, collection: str, at: int) -> None:
        """One position has changed."""
        self._changed[collection].add(at)
        self._own.forget(collection, at)

    def forget_all_of(self, collection: str) -> None:
        self._apart.add(collection)
        self._own.forget(collection)

    def __len__(self) -> int:
        """How many are known."""
        return len(self._own) + len(self._shared)
