"""The store as data: asks and changes its collections by name. Knows no HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import orjson

from sandbox.children import Children, ChildTable
from sandbox.clock import Clock, instant
from sandbox.options import Options
from sandbox.table import DATE_COLUMNS, Condition, Positions, Row, Table
from sandbox.world import World


class Data:
    """Every collection of the store, its clock, and a memory of rows already serialised.

    Not more than one thread may be inside: hold `lock` around calls that belong together.
    """

    # Fields that clients look rows up by, beside the id.
    KEYS: ClassVar[dict[str, str]] = {"orders": "external_order_id", "customers": "email"}

    def __init__(self, world: World, clock: Clock, options: Options) -> None:
        self.world = world
        self.created: dict[tuple[str, int], float] = {}
        """When clients created rows, in monotonic seconds, by collection and id."""
        self._keys: dict[str, tuple[int, dict[str, list[int]]]] = {}
        self.clock = clock
        self.options = options
        self.lock = threading.RLock()
        self.tables = {table.name: table for table in world.tables}
        self.children = {each.name: each for each in world.children}
        self.objects = world.objects
        self._cache_left = options.cache_mb * 1024 * 1024
        self._cache: dict[str, dict[Any, dict[int, bytes]]] = {name: {} for name in self.tables}

    # Reading

    def table(self, collection: str) -> Table:
        try:
            return self.tables[collection]
        except KeyError:
            known = ", ".join([*self.tables, *self.children, *self.objects])
            raise KeyError(f"no collection {collection!r}; there are: {known}") from None

    def select(
        self,
        collection: str,
        conditions: Sequence[Condition] = (),
        sort: str | None = None,
        descending: bool = False,
    ) -> Positions:
        """Positions of all matching rows, in order: slice it for a page, len() for a count."""
        return self.table(collection).select(conditions, sort, descending)

    def count(self, collection: str, conditions: Sequence[Condition] = ()) -> int:
        with self.lock:
            return len(self.select(collection, conditions))

    def get(self, collection: str, key: int) -> Row:
        """One row as the API sends it by default; KeyError when there is none."""
        with self.lock:
            return self.table(collection).row(self.position(collection, key))

    def key_of(self, table: Table, name: str) -> int:
        """The key of a row that a path names by its key or uuid; KeyError when there is none."""
        if name.isdecimal():
            return int(name)
        found = (at for at in table.select() if table.row(at).get("uuid") == name)
        if (at := next(found, None)) is None:
            raise KeyError(name)
        return table.columns[table.key][at]

    def position(self, collection: str, key: int) -> int:
        """Where the row with this key is; KeyError when there is none."""
        table = self.table(collection)
        return self._at(table, key)

    def rows(self, collection: str, includes: Iterable[str] = ()) -> list[Row]:
        """Every current row; of a child collection, those of all parents in their order."""
        with self.lock:
            if collection in self.objects:
                return [dict(self.objects[collection])]
            if children := self.children.get(collection):
                return [row for at in children.parent.select() for row in children.rows(at)]
            table = self.table(collection)
            return [table.row(at, includes) for at in table.select()]

    def variants_of(self, product: int) -> list[Row]:
        variants = self.tables["variants"]
        assert isinstance(variants, ChildTable)
        return variants.of(self.position("products", product))

    def keys(self, collection: str) -> dict[str, list[int]]:
        """Ids by the field that clients look the rows up by; e-mail addresses in lower case."""
        field, table = self.KEYS[collection], self.table(collection)
        done, known = self._keys.get(collection, (0, {}))
        for at in range(done, len(table.columns["id"])):
            row = table.row(at)
            if key := str(row[field] or ""):
                key = key.lower() if field == "email" else key
                known.setdefault(key, []).append(row["id"])
        self._keys[collection] = len(table.columns["id"]), known
        return known

    def children_of(self, collection: str, parent: int) -> list[Row]:
        """The children of one parent; KeyError when there is no such parent."""
        children = self.children[collection]
        return children.rows(self._at(children.parent, parent))

    def serialised(
        self, collection: str, positions: Positions, shape: Any, make: Callable[[int], Row]
    ) -> list[bytes]:
        """JSON of the rows at the positions, made by `make` unless known in that shape."""
        known = self._cache[collection].setdefault(shape, {})
        texts = []
        for at in positions:
            text = known.get(at)
            if text is None:
                # A copy, as orjson leaves its text in a far larger block of memory.
                text = bytes(memoryview(orjson.dumps(make(at))))
                # Full means full: evicting would never help a reader who starts over.
                if self._cache_left > len(text):
                    self._cache_left -= len(text)
                    known[at] = text
            texts.append(text)
        return texts

    # Changing

    def edit(self, collection: str, key: int, fields: Row, parent: int | None = None) -> None:
        """Set fields of a row; its `date_modified` becomes now unless it is among the fields.

        A child of orders needs its parent's key and changes the parent's date instead; see
        `Options.parent_dates`.
        """
        with self.lock:
            if children := self.children.get(collection):
                self._change_child(children, parent, key, fields)
            elif collection in self.objects:
                self.objects[collection].update(fields)
            else:
                table = self.table(collection)
                at = self._at(table, key)
                self._edit(table, at, fields)
                self._touch_parent_of(table, at)

    def insert(self, collection: str, fields: Row | None = None, parent: int | None = None) -> int:
        """Add a row; whatever is not given is made up. Gives its key."""
        fields = fields or {}
        with self.lock:
            if children := self.children.get(collection):
                return self._insert_child(children, parent, fields)
            table = self.table(collection)
            now = self.clock.now()
            fields = {**dict.fromkeys(DATE_COLUMNS, now), **fields}
            if parent is not None and isinstance(table, ChildTable):
                fields[table.link] = parent
            at = table.append(self._for_columns(table, fields))
            self._forget(table, at)
            self._touch_parent_of(table, at)
            return table.columns[table.key][at]

    def delete(self, collection: str, key: int, parent: int | None = None) -> None:
        """Remove a row without a trace, as the API does."""
        with self.lock:
            if children := self.children.get(collection):
                self._change_child(children, parent, key, None)
                return
            table = self.table(collection)
            at = self._at(table, key)
            self._touch_parent_of(table, at)
            table.remove(at)
            self._forget(table, at)

    def _edit(self, table: Table, at: int, fields: Row) -> None:
        if self.KEYS.get(table.name) in fields:
            self._keys.pop(table.name, None)
        fields = {"date_modified": self.clock.now(), **fields}
        table.edit(at, self._for_columns(table, fields))
        self._forget(table, at)

    @staticmethod
    def _for_columns(table: Table, fields: Row) -> Row:
        """The fields with dates as Unix seconds; without dates where rows have none."""
        dates = {name: instant(fields[name]) for name in DATE_COLUMNS if name in fields}
        kept = {name: value for name, value in fields.items() if name not in DATE_COLUMNS}
        return kept | {name: value for name, value in dates.items() if name in table.columns}

    def _change_child(
        self, children: Children, parent: int | None, key: int, fields: Row | None
    ) -> None:
        if parent is None:
            raise ValueError(f"{children.name} need the {children.parent.name} key as `parent`")
        at = self._at(children.parent, parent)
        if key not in {row["id"] for row in children.rows(at)}:
            raise KeyError(f"no {children.name} {key} of {children.parent.name} {parent}")
        known = children.changes.setdefault(parent, {})
        known[key] = None if fields is None else {**(known.get(key) or {}), **fields}
        self._touch(children.parent, at, self.options.parent_dates != "none")

    def _insert_child(self, children: Children, parent: int | None, fields: Row) -> int:
        if parent is None:
            raise ValueError(f"{children.name} need the {children.parent.name} key as `parent`")
        at = self._at(children.parent, parent)
        siblings = children.rows(at)
        key = int(fields.get("id") or max((row["id"] for row in siblings), default=10**10) + 1)
        pattern = siblings[-1] if siblings else {}
        children.changes.setdefault(parent, {})[key] = {**pattern, **fields, "id": key}
        self._touch(children.parent, at, self.options.parent_dates != "none")
        return key

    def _touch_parent_of(self, table: Table, at: int) -> None:
        if isinstance(table, ChildTable) and self.options.parent_dates == "all":
            self._touch(table.parent, table.child(at).parent, moves_date=True)

    def _touch(self, table: Table, at: int, moves_date: bool) -> None:
        if moves_date:
            self._edit(table, at, {})
        else:
            self._forget(table, at)

    def _at(self, table: Table, key: int) -> int:
        at = table.find(key)
        if at is None:
            raise KeyError(f"no {table.name} {key}")
        return at

    def _forget(self, table: Table, at: int) -> None:
        for known in self._cache[table.name].values():
            self._cache_left += len(known.pop(at, b""))
        if isinstance(table, ChildTable):
            # It may be shown within its parent.
            self._forget(table.parent, table.child(at).parent)
