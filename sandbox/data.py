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
from sandbox.texts import StoreTexts
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
        self._named: dict[tuple[str, str], int] = {}
        """Keys by collection and name, see `key_of`."""
        self._keys: dict[str, tuple[int, dict[str, list[int]]]] = {}
        self.clock = clock
        self.options = options
        self.lock = threading.RLock()
        self.tables = {table.name: table for table in world.tables}
        self.children = {each.name: each for each in world.children}
        self.objects = world.objects
        self.texts = StoreTexts(world.identity, options.cache_mb)

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
        """The key of the row that a path names by key, id, uuid or cart; KeyError for none."""
        if name.isdecimal():
            return int(name)
        if (table.name, name) not in self._named:
            for at in table.select():
                row = table.row(at)
                for field in ("id", "uuid", "cart_id"):
                    self._named[table.name, str(row.get(field))] = table.columns[table.key][at]
        return self._named[table.name, name]

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
                parents = children.parent.select()
                return _parsed(text for at in parents for text in self._child_texts(children, at))
            positions = self.table(collection).select()
            return _parsed(self.row_texts(collection, positions, tuple(includes)))

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
        return _parsed(self.child_texts(collection, parent))

    def children_at(self, collection: str, at: int) -> list[Row]:
        """The children of the parent at a position."""
        return _parsed(self._child_texts(self.children[collection], at))

    def row_texts(
        self, collection: str, positions: Positions, includes: tuple[str, ...] = ()
    ) -> list[bytes]:
        """JSON of the rows at the positions, as they are sent by default (or with the includes)."""
        row = self.table(collection).row
        return self.serialised(collection, positions, includes, lambda at: row(at, includes))

    def serialised(
        self, collection: str, positions: Positions, shape: Any, make: Callable[[int], Row]
    ) -> list[bytes]:
        """JSON of the rows at the positions; `make` makes what is not known in that shape."""
        return self.texts.get(collection, shape, positions, lambda at: orjson.dumps(make(at)))

    def child_texts(self, collection: str, parent: int) -> list[bytes]:
        """JSON of the children of one parent; KeyError when there is no such parent."""
        children = self.children[collection]
        return self._child_texts(children, self._at(children.parent, parent))

    def _child_texts(self, children: Children, at: int) -> list[bytes]:
        def made(at: int) -> bytes:
            return b"\n".join(orjson.dumps(row) for row in children.rows(at))

        return self.texts.get(children.name, (), [at], made)[0].splitlines()

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
        """A row has changed: the texts that show it are out of date."""
        self.texts.forget(table.name, at)
        for children in self.children.values():
            if children.parent is table:
                self.texts.forget(children.name, at)
            elif table in children.shows:
                self.texts.forget_all_of(children.name)
        for other in self.tables.values():
            if table in other.shows or _hangs_on(other, table):
                self.texts.forget_all_of(other.name)
        if isinstance(table, ChildTable):  # Its parent and its siblings may show it.
            self._forget(table.parent, table.child(at).parent)


def _hangs_on(table: Table, ancestor: Table) -> bool:
    while isinstance(table, ChildTable):
        table = table.parent
        if table is ancestor:
            return True
    return False


def _parsed(texts: Iterable[bytes]) -> list[Row]:
    rows: list[Row] = orjson.loads(b"[" + b",".join(texts) + b"]")
    return rows
