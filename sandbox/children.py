"""Rows that belong to the rows of another table: computed from their parent, deleted with it."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.table import Columns, Row, Table


@dataclass
class Children:
    """The rows of each parent of a collection. They are only listed by parent.

    They take no memory, however many parents there are.
    """

    name: str
    parent: Table
    make: Callable[[int], list[Row]]
    shows: tuple[Table, ...] = ()
    """Further tables that its rows are made from."""
    changes: dict[int, dict[int, Row | None]] = field(default_factory=dict)
    """Parent key -> row key -> fields set, or None for a row that was deleted."""

    def rows(self, at: int) -> list[Row]:
        """The children of the parent at a position, in order of their ids."""
        rows = self.make(at)
        changes = self.changes.get(self.parent.columns[self.parent.key][at])
        if not changes:
            return rows
        by_id = {row["id"]: row for row in rows}
        for key, change in changes.items():
            if change is None:
                by_id.pop(key, None)
            else:
                by_id[key] = {**by_id.get(key, {}), **change}
        return [by_id[key] for key in sorted(by_id)]


class Child(NamedTuple):
    """The row that a `ChildTable` is to make."""

    key: int
    parent: int
    """Position of the parent in its table."""
    nth: int
    """Its number among its parent's rows, from 0."""
    held: Mapping[str, int]
    """The columns that the table was made with."""


Hold = Callable[[int, int], int]
"""Computes the value of a column from a parent's position and the child's number."""


class ChildTable(Table):
    """Rows that belong to those of `parent`, and are listed and searched across all parents.

    `count` says how many a parent has (fewer than `per_parent`, from which their keys follow), and
    `link` names the column with the parent's key. `held` makes other columns. Nothing is computed
    before the first use; afterwards rows come and go with their parents.
    """

    def __init__(
        self,
        name: str,
        parent: Table,
        link: str,
        count: Callable[[int], int],
        make: Callable[[Child], Row],
        *,
        per_parent: int,
        first: int = 0,
        key: str = "id",
        held: Mapping[str, Hold] | None = None,
        includes: Mapping[str, tuple[str, Callable[[Child], Any]]] | None = None,
    ) -> None:
        self.parent = parent
        self.link = link
        self._count = count
        self._per_parent = per_parent
        self._first = first
        self._held = held or {}
        self._planned = 0
        self._late: dict[int, list[int]] = {}
        """Position of a parent -> positions of rows that came after the first use."""

        def on_child(part: Callable[[Child], Any]) -> Callable[[int], Any]:
            return lambda at: part(self.child(at))

        super().__init__(
            name,
            self._plan,
            on_child(make),
            key=key,
            includes={
                include: (field, on_child(part))
                for include, (field, part) in (includes or {}).items()
            },
        )
        parent.when_appended.append(self._adopt)
        parent.when_removed.append(self._orphan)

    def child(self, at: int) -> Child:
        columns = self.columns
        return Child(
            columns[self.key][at],
            columns["_parent"][at],
            columns["_nth"][at],
            {name: columns[name][at] for name in self._held},
        )

    def of(self, parent: int, includes: Iterable[str] = ()) -> list[Row]:
        """The rows of the parent at a position."""
        includes = tuple(includes)
        return [self.row(at, includes) for at in self._positions(parent)]

    def append(self, fields: Row) -> int:
        """Add a row to the parent that the link names, else to the last one."""
        keys = self.parent.columns[self.parent.key]
        parent = self.parent.find(fields.get(self.link, keys[-1] if keys else 0))
        if parent is None:
            raise KeyError(f"no {self.parent.name} with the key that {self.link} names")
        return self._append({**self._columns_of(parent, 0), **fields})

    def _append(self, fields: Row) -> int:
        at = super().append(fields)
        self._late.setdefault(fields["_parent"], []).append(at)
        return at

    def _columns_of(self, parent: int, nth: int) -> dict[str, int]:
        held = {name: hold(parent, nth) for name, hold in self._held.items()}
        link = self.parent.columns[self.parent.key][parent]
        return {"_parent": parent, "_nth": nth, self.link: link, **held}

    def _plan(self) -> Columns:
        names = (self.key, "_parent", "_nth", self.link, *self._held)
        columns: Columns = {name: array("q") for name in names}
        for parent in self.parent.select():
            for nth in range(self._count(parent)):
                fields = self._columns_of(parent, nth)
                fields[self.key] = self._key_of(fields[self.link], nth)
                for name, column in columns.items():
                    column.append(fields[name])
        self._planned = len(columns[self.key])
        return columns

    def _key_of(self, parent_key: int, nth: int) -> int:
        return parent_key * self._per_parent + self._first + nth

    @property
    def _in_use(self) -> bool:
        return "columns" in self.__dict__

    def _positions(self, parent: int) -> list[int]:
        parents = self.columns["_parent"]
        planned = range(
            bisect_left(parents, parent, 0, self._planned),
            bisect_right(parents, parent, 0, self._planned),
        )
        return [at for at in (*planned, *self._late.get(parent, ())) if self._alive[at]]

    def _adopt(self, parent: int) -> None:
        if self._in_use:
            for nth in range(self._count(parent)):
                fields = self._columns_of(parent, nth)
                last = self.columns[self.key][-1] if self.columns[self.key] else 0
                key = max(self._key_of(fields[self.link], nth), last + 1)
                self._append({**fields, self.key: key})

    def _orphan(self, parent: int) -> None:
        if self._in_use:
            for at in self._positions(parent):
                self.remove(at)
