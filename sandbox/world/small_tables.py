"""Tables whose rows are written down one by one, because the real ones are small too."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from copy import deepcopy

from sandbox.table import Row, Table


def small_table(name: str, rows: Sequence[Row], key: str = "id") -> Table:
    """A table of these rows; a `key` that they lack is their number, and is not shown.

    Rows that are added later look like the last of these.
    """
    shown = bool(rows) and key in rows[0]
    keys = array("q", (int(row[key]) if shown else nth for nth, row in enumerate(rows, 1)))

    def make(at: int) -> Row:
        row: Row = deepcopy(rows[min(at, len(rows) - 1)]) if rows else {}
        if shown:
            row[key] = type(row[key])(table.columns[key][at])
        return row

    table = Table(name, {key: keys}, make, key=key)
    return table
