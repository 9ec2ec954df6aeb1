"""Ids and dates of the past, for every collection."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from sandbox.chance import mix
from sandbox.clock import DAY


@dataclass(frozen=True)
class History:
    """The span in which the store's rows were created and changed, in Unix seconds."""

    start: int
    end: int

    @staticmethod
    def ids(seed: int, size: int, first: int) -> array[int]:
        """Ascending ids with gaps, as if some rows had been deleted."""
        ids, key = array("q"), first
        for at in range(size):
            ids.append(key)
            bits = mix(seed, 1, at)
            key += 1 if bits & 3 else 2 + (bits >> 2) % 5
        return ids

    def dates(self, seed: int, size: int) -> tuple[array[int], array[int]]:
        """`date_created`, ascending, and `date_modified` of each row.

        Many rows share a second: one in twelve with the row before it, and all that the bulk edit
        200 days before the end touched with each other.
        """
        created, modified = array("q"), array("q")
        span, end = self.end - self.start, self.end
        step = max(1, span // max(1, size))
        bulk_edit = end - 200 * DAY
        born = self.start
        for at in range(size):
            bits = mix(seed, 2, at)
            if bits % 12:
                born = self.start + span * at // size + (bits >> 8) % step
            changed = born + _delay(bits >> 16)
            if changed > end:
                changed = born + (end - born) * (bits >> 40 & 1023) // 1024
            if bits >> 56 < 6 and born < bulk_edit:
                changed = bulk_edit
            created.append(born)
            modified.append(changed)
        return created, modified


def _delay(bits: int) -> int:
    """Seconds from creation to the last change: mostly days, seldom a year."""
    kind = bits & 15
    if kind < 11:
        return (bits >> 4) % (3 * DAY)
    return (bits >> 4) % (30 * DAY if kind < 14 else 400 * DAY)
