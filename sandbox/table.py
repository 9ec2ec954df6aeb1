"""One collection of rows: compact columns for all of them, whole rows only on demand."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from math import ceil, floor
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = dict[str, Any]
Columns: TypeAlias = "dict[str, array[int]]"
Positions: TypeAlias = "Sequence[int]"

DATE_COLUMNS = ("date_created", "date_modified", "created")

# Windows of a backfill are read side by side, each with its own selection.
_SELECTIONS_KEPT = 64


class Condition(NamedTuple):
    """`field op value`; ops: eq, min, max, greater, less, in, not_in, like, starts, overlaps, not.

    The field is a path into the row (`billing_address.email`) or a function of the row.
    """

    field: str | Callable[[Row], Any]
    op: str
    value: Any


class Table:
    """Rows in ascending order of their key, at positions that never change.

    `columns` holds the key and the fields that are filtered often, one array each, or is a function
    that computes them at the first use; `make` builds the whole row at a position from them.
    `includes` builds the parts that are sent only when asked for: name in `include=` -> (field of
    the row, function of the position). `new` has the columns' values for an appended row that does
    not give them; the default is 0. `shows` names the tables whose rows are parts of these.
    """

    def __init__(
        self,
        name: str,
        columns: Columns | Callable[[], Columns],
        make: Callable[[int], Row],
        *,
        key: str = "id",
        includes: Mapping[str, tuple[str, Callable[[int], Any]]] | None = None,
        new: Mapping[str, int] | None = None,
        shows: tuple[Table, ...] = (),
    ) -> None:
        self.name = name
        self.shows = shows
        self.key = key
        self.includes = includes or {}
        self.when_appended: list[Callable[[int], None]] = []
        self.when_removed: list[Callable[[int], None]] = []
        self._columns = columns
        self._at_start = 0 if callable(columns) else len(columns[key])
        self._new = new or {}
        self._make = make
        self._dead = 0
        self._changes: dict[int, Row] = {}
        self._by_date: array[int] | None = None
        self._selections: OrderedDict[Any, Positions] = OrderedDict()

    @cached_property
    def columns(self) -> Columns:
        return self._columns() if callable(self._columns) else self._columns

    @cached_property
    def _alive(self) -> bytearray:
        return bytearray(b"\1") * len(self.columns[self.key])

    def __len__(self) -> int:
        return len(self._alive) - self._dead

    def any_key(self, bits: int) -> int:
        """The key of some row that was there from the start, chosen by the bits; 0 for none.

        So references stay the same when rows come and go.
        """
        return self.columns[self.key][bits % self._at_start] if self._at_start else 0

    # Reading

    def find(self, key: int) -> int | None:
        """Position of the row with this key, None when there is none (any more)."""
        keys = self.columns[self.key]
        at = bisect_left(keys, key)
        found = at < len(keys) and keys[at] == key and self._alive[at]
        return at if found else None

    def row(self, at: int, includes: Iterable[str] = ()) -> Row:
        """The whole row at a position, with the parts asked for."""
        row = self._make(at)
        for include in includes:
            field, make = self.includes[include]
            row[field] = make(at)
        if change := self._changes.get(at):
            shown = {field for field, _ in self.includes.values()} - row.keys()
            row.update((field, value) for field, value in change.items() if field not in shown)
        return row

    def select(
        self,
        conditions: Sequence[Condition] = (),
        sort: str | None = None,
        descending: bool = False,
    ) -> Positions:
        """Positions of the matching rows, in order; ranges of the key cost next to nothing."""
        sort = sort or self.key
        by_key = sort == self.key
        bounds = [c for c in conditions if by_key and c.field == self.key and c.op in _BOUNDS]
        others = [c for c in conditions if c not in bounds]
        found = self._bounded(self._selected(tuple(others), sort), bounds)
        return found[::-1] if descending and by_key else self._reversed(found, sort, descending)

    def _reversed(self, found: Positions, sort: str, descending: bool) -> Positions:
        if not descending:
            return found
        # Rows that compare equal stay in ascending order of their key.
        return sorted(found, key=lambda at: _Descending(self._sort_value(at, sort)))

    def _bounded(self, found: Positions, bounds: list[Condition]) -> Positions:
        keys = self.columns[self.key]
        low, high = 0, len(keys)
        for _, op, value in bounds:
            if op in ("min", "greater"):
                cut = bisect_left if op == "min" else bisect_right
                low = max(low, cut(keys, value))
            else:
                cut = bisect_right if op == "max" else bisect_left
                high = min(high, cut(keys, value))
        if (low, high) == (0, len(keys)):
            return found
        return found[bisect_left(found, low) : bisect_left(found, high)]

    def _selected(self, conditions: tuple[Condition, ...], sort: str) -> Positions:
        memo = (conditions, sort)
        found = self._selections.get(memo)
        if found is None:
            found = self._selections[memo] = self._filtered(conditions, sort)
            if len(self._selections) > _SELECTIONS_KEPT:
                self._selections.popitem(last=False)
        else:
            self._selections.move_to_end(memo)
        return found

    def _filtered(self, conditions: tuple[Condition, ...], sort: str) -> Positions:
        by_date = sort == "date_modified"
        dated: list[Condition] = []
        if "date_modified" in self.columns:
            dated = [c for c in conditions if c.field == "date_modified" and c.op in ("min", "max")]
        if dated or by_date:
            found: Iterable[int] = self._within(dated)
            conditions = tuple(c for c in conditions if c not in dated)
        elif not conditions and not self._dead and sort == self.key:
            return range(len(self._alive))
        else:
            found = range(len(self._alive))
        if self._dead:
            alive = self._alive
            found = [at for at in found if alive[at]]
        # Columns first: only rows that match them are built.
        for condition in sorted(conditions, key=lambda c: c.field not in self.columns):
            found = self._matching(found, condition)
        if sort == self.key:
            return array("q", sorted(found) if dated else found)
        if by_date:
            return array("q", found)
        return sorted(found, key=lambda at: (self._sort_value(at, sort), at))

    def _matching(self, found: Iterable[int], condition: Condition) -> Iterable[int]:
        field, op, value = condition
        if isinstance(field, str) and field in self.columns:
            column, test = self.columns[field], _TESTS[op]
            return [at for at in found if test(column[at], value)]
        return [at for at in found if matches(self.row(at, self.includes), condition)]

    def _within(self, dated: list[Condition]) -> list[int]:
        index = self._date_index()
        low, high = 0, len(index)
        for _, op, value in dated:
            if op == "min":
                low = max(low, bisect_left(index, ceil(value) << 32))
            else:
                high = min(high, bisect_left(index, (floor(value) + 1) << 32))
        return [packed & 0xFFFFFFFF for packed in index[low:high]]

    def _date_index(self) -> array[int]:
        if self._by_date is None:
            dates = self.columns["date_modified"]
            self._by_date = array("Q", sorted(date << 32 | at for at, date in enumerate(dates)))
        return self._by_date

    def _sort_value(self, at: int, field: str) -> tuple[bool, Any]:
        column = self.columns.get(field)
        value = column[at] if column else self.row(at).get(field)
        return value is None, value

    # Changing

    def edit(self, at: int, fields: Row) -> None:
        """Set fields of the row at a position; dates are Unix seconds."""
        if fields.get(self.key, self.columns[self.key][at]) != self.columns[self.key][at]:
            raise ValueError(f"the {self.key} of a row cannot be changed")
        if self._by_date and "date_modified" in fields:
            old = self.columns["date_modified"][at] << 32 | at
            del self._by_date[bisect_left(self._by_date, old)]
            insort(self._by_date, fields["date_modified"] << 32 | at)
        for field, value in fields.items():
            if field in self.columns:
                self.columns[field][at] = value
            else:
                self._changes.setdefault(at, {})[field] = value
        self._selections.clear()

    def append(self, fields: Row) -> int:
        """Add a row with the next key (or the one given, if it is higher); its position."""
        at = len(self._alive)
        next_key = self.columns[self.key][-1] + 1 if at else 1
        key = fields.get(self.key, next_key)
        if key < next_key:
            raise ValueError(f"a new {self.key} must be {next_key} or more, as ids only grow")
        for name, column in self.columns.items():
            column.append(key if name == self.key else fields.get(name, self._new.get(name, 0)))
        self._alive.append(1)
        if self._by_date is not None:
            insort(self._by_date, self.columns["date_modified"][at] << 32 | at)
        rest = {field: value for field, value in fields.items() if field not in self.columns}
        if rest:
            self._changes[at] = rest
        self._selections.clear()
        for call in self.when_appended:
            call(at)
        return at

    def remove(self, at: int) -> None:
        self._alive[at] = 0
        self._dead += 1
        self._selections.clear()
        for call in self.when_removed:
            call(at)


def matches(row: Row, condition: Condition) -> bool:
    """Whether a row meets a condition; a list in the row matches by any of its entries."""
    field, op, value = condition
    actual: Any = row
    if callable(field):
        actual = field(row)
    else:
        for step in field.split("."):
            actual = actual.get(step) if isinstance(actual, dict) else None
    if isinstance(actual, list):
        return any(_TESTS[op](entry, value) for entry in actual)
    return actual is not None and bool(_TESTS[op](actual, value))


_BOUNDS = ("min", "max", "greater", "less")

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda actual, value: actual == value,
    "min": lambda actual, value: actual >= value,
    "max": lambda actual, value: actual <= value,
    "greater": lambda actual, value: actual > value,
    "less": lambda actual, value: actual < value,
    "in": lambda actual, value: actual in value,
    "overlaps": lambda actual, value: any(each in actual for each in value),
    "starts": lambda actual, value: str(actual).lower().startswith(value.lower()),
}


class _Descending:
    """Reverses the order of sort values."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)
