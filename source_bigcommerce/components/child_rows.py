"""Rows that belong to rows: line items of orders, images of products, codes of promotions."""

import re
from array import array
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import InitVar, dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Any, cast
from urllib.parse import quote

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.types import Config, Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.dates import instant, readable_date
from source_bigcommerce.components.embedded import CUT, EMBEDDED
from source_bigcommerce.components.keys import give_ids, key_of
from source_bigcommerce.components.messages import (
    CHILDREN_LACKING,
    LIST_ENDLESS,
    LIST_UNPROVED,
    REPLY_UNKNOWN,
)
from source_bigcommerce.components.reply import Row
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.skipped import Range, Skipped, may_be_left, rows_of
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.components.window import Window, is_late

# Errors about a list that has been read to its end.
_OF_LISTS = (LIST_ENDLESS.message(), LIST_UNPROVED.message())

# Pages of a parent to read before its turn comes: a price list may have thousands.
_PAGES_AHEAD = 10

_SKIPPED = "what seemed to be empty was not asked for"

# A word in the name of a key.
_WORD = re.compile("[A-Z]?[a-z]+")

# A price of zero in text.
_ZERO = re.compile(r"0+([.]0+)?")

Pages = Iterable[list[Record]]
Children = Pages | Future[Pages]
Parents = Iterator[tuple[Row, str | None, bool]]
"""Each with its date, and whether it seems to have no children."""


@dataclass
class ChildRows(Retriever):
    """Reads the parents of a date window and yields their children, each with its parent's id.

    A child comes from its parent's row if the API embeds it there (`embeds`). Otherwise each parent
    costs a request, `num_workers` at a time. Both go through one selector, so records are equal.

    Not YAML: SubstreamPartitionRouter keeps a cursor for each parent, saves its state every ten
    minutes, and loses the last parent of a window when the next page of parents then fails: it
    holds one parent back while the window is already saved as read. Here the state is one date,
    saved when every child of a window has been emitted.

    parents: reads the parents of a window.
    children: reads the children of one parent, whose key is in the slice as `parent_key`.
    record_selector: makes records of children, from wherever they come.
    parent_key: field of a child that holds its parent's `key`, as `parents` names it: `order_id`.
    parent_fields: further fields of a parent that the endpoint of its children names; children hold
        them, too.
    only_with: field of a parent that is null or empty if it has no children; no request is made
        then. For a parent without the field, one is made.
    likely_empty: a field of a parent, and the value with which it seems to have no children: a
        number, or text of a zero such as "0.0000". A value of another type says nothing. See
        `Skipped`.
    parent_date: field of a child that holds its parent's `date`, as `parents` names it; empty for
        none.
    copied: fields of a parent that its children get if they lack them.
    once: whether several parents may have the same child, by `id`; only the first one comes.
    has_ids: whether the API gives children an `id`; otherwise they get one (`give_ids`).
    embeds: one of `EMBEDDED` or `CUT`; empty for none.
    embeds_at_most: rows that the API embeds in one place, if it is one of `CUT`.
    key, date: see `Rows`, for rows that have children themselves.
    drops_late: drop children that changed after the window's end, if the API is not asked to.

    Raises an error that names the parent if the API does not send all of its children, and one if
    a parent has no key. Raises ValueError at the start for a field that the manifest lacks.
    """

    parents: "Rows | ChildRows"
    children: Rows
    record_selector: RecordSelector
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    parent_key: str
    name: str = ""
    parent_fields: Sequence[str] = ()
    only_with: str = ""
    likely_empty: Mapping[str, Any] = field(default_factory=dict)
    parent_date: str = ""
    key: str = ""
    date: str = ""
    copied: Sequence[str] = ()
    once: bool = False
    has_ids: bool = True
    embeds: str = ""
    embeds_at_most: int = 0
    drops_late: bool = False
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        # Parents whose children are asked for ahead of those being emitted: one page, so that the
        # workers are busy while the next page of parents is on its way.
        self._parents_ahead = int(self.config["page_size"])
        self._workers = int(self.config["num_workers"])
        if not self.parents.key:
            raise ValueError(f"manifest.yaml: the parents of {self.name} lack `key`")
        if self.parent_date and not self.parents.date:
            raise ValueError(f"manifest.yaml: the parents of {self.name} lack `date`")
        if self.drops_late and not self.children.date:
            raise ValueError(f"manifest.yaml: the children of {self.name} lack `date`")
        if self.likely_empty and (self.parent_fields or self.copied or not self.parents.date):
            # Only the key and the date of skipped parents are remembered.
            raise ValueError(f"manifest.yaml: {self.name} cannot have `likely_empty`")
        if self.embeds and self.embeds not in {**CUT, **EMBEDDED}:
            known = ", ".join([*CUT, *EMBEDDED])
            raise ValueError(f"manifest.yaml: {self.name} embeds {self.embeds}, none of {known}")
        if (self.embeds in CUT) != bool(self.embeds_at_most):
            raise ValueError(f"manifest.yaml: {self.name} needs `embeds_at_most` for {list(CUT)}")
        self._embedded = EMBEDDED.get(self.embeds)
        if self.embeds in CUT:
            self._embedded = partial(CUT[self.embeds], at_most=self.embeds_at_most)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Record]:
        window = Window(stream_slice)
        skipped: Skipped = window.extra_fields.get("skipped") or Skipped()
        seen: set[Any] | None = set() if self.once else None
        own = array("q")
        # An error of the children would keep the parents and their last reply in memory.
        with closing(self.parents.pages(window)) as pages:
            parents = self._to_ask(pages, window, skipped, own)
            yield from self._of_parents(parents, window, skipped, seen)
        pairs, before = skipped.end(own)
        key = self.parents.key
        due = (({key: each, self.parents.date: date}, date, False) for each, date in rows_of(pairs))
        yield from self._of_parents(due, window, skipped, seen)
        if before is not None:
            yield from self._of_parents(self._left_before(before), window, skipped, seen)
            skipped.done()
            self.api_budget.receipts.settle(self.name, _SKIPPED)

    def _to_ask(
        self, pages: Iterable[list[Row]], window: Window, skipped: Skipped, own: "array[int]"
    ) -> Parents:
        for rows in pages:
            for row in rows:
                date = instant(readable_date(row.get(self.parents.date)))
                if self.parents.drops_late and is_late(date, window):
                    continue
                window.saw(date)
                is_empty = self._seems_empty(row)
                if is_empty and skipped.leaves(key_of(row, self.parents.key), date, own):
                    if not skipped.are_due:
                        self.api_budget.receipts.doubt([self.name], _SKIPPED)
                    continue
                if self._may_have_any(row):
                    yield row, date, is_empty

    def _left_before(self, before: Range) -> Parents:
        """The parents that earlier syncs skipped."""
        if not before.since:
            return
        bounds = {"start_time": before.since, "end_time": before.until}
        lacking = StreamSlice(partition={}, cursor_slice=bounds)
        with closing(cast(Rows, self.parents).apart().pages(lacking)) as pages:
            for row, date, is_empty in self._to_ask(pages, Window(lacking), Skipped(), array("q")):
                key = key_of(row, self.parents.key)
                if is_empty and may_be_left(key, date) and before.holds(date or ""):
                    yield row, date, False

    def _of_parents(
        self, parents: Parents, window: Window, skipped: Skipped, seen: set[Any] | None
    ) -> Iterator[Record]:
        # A parent's keys, its date, whether it seems to have no children, and its children.
        ahead: deque[tuple[Row, Any, bool, Children]] = deque()
        asked = 0
        try:
            # `check` only needs to know whether it may read, and not to find children.
            for row, date, is_empty in islice(parents, self.api_budget.most_parents):
                keys = self._keys_of(row)
                copied = {name: row.get(name) for name in self.copied}
                children = self._children_of(row, keys, copied, window)
                ahead.append((keys, date, is_empty, children))
                while ahead and (len(ahead) > self._most_ahead or _are_there(ahead[0][3])):
                    yield from self._related(*ahead.popleft(), window, skipped, seen)
                asked += isinstance(children, Future)
                if asked == self.api_budget.most_pages:
                    break
            while ahead:
                yield from self._related(*ahead.popleft(), window, skipped, seen)
        finally:
            for *_, children in ahead:
                if isinstance(children, Future):
                    children.cancel()

    def pages(self, window: StreamSlice) -> Generator[list[Row], None, None]:
        """The rows of a window one by one, for a stream of their children."""
        for record in self.read_records({}, window):
            yield [cast(Row, record.data)]

    def brought(self, parent: Row) -> list[Row] | None:
        """The children that need no request for this parent; None if they need one."""
        if not self._may_have_any(parent):
            return []
        return self._embedded(parent) if self._embedded else None

    def may_be_skipped(self, parent: Row) -> bool:
        """Whether the form may have this parent skipped, because it seems to have no children."""
        return self._seems_empty(parent)

    def slice_of(self, parent: Row, window: StreamSlice) -> StreamSlice:
        """The slice that asks for the children of a parent."""
        return _of_parent(self._keys_of(parent), window)

    @property
    def _most_ahead(self) -> int:
        fitting = max(self.api_budget.memory.parents_ahead, self._workers)
        return min(fitting, self._parents_ahead)

    def _may_have_any(self, parent: Row) -> bool:
        return not self.only_with or bool(parent.get(self.only_with, True))

    def _seems_empty(self, parent: Row) -> bool:
        return bool(self.likely_empty) and all(
            _are_same(parent.get(name), value) for name, value in self.likely_empty.items()
        )

    def _keys_of(self, parent: Row) -> Row:
        """The fields of a parent that the endpoint of its children names."""
        keys: Row = {
            self.parent_key: key_of(parent, self.parents.key),
            **{field: key_of(parent, field) for field in self.parent_fields},
        }
        if lacking := [name for name, value in keys.items() if value is None]:
            field = self.parents.key if lacking[0] == self.parent_key else lacking[0]
            raise REPLY_UNKNOWN.error(f"a row without {field} has {self.name}")
        return keys

    def _children_of(self, parent: Row, keys: Row, copied: Row, window: Window) -> Children:
        rows = self._embedded(parent) if self._embedded else None
        if isinstance(rows, list):
            return [self._records(rows, copied)]
        return self.api_budget.submit(self._fetch, keys, copied, window)

    def _fetch(self, parent: Mapping[str, Any], copied: Row, window: Window) -> Pages:
        """The children of a parent by page. The caller reads what has not been read yet."""
        pages = self._pages_of(parent, copied, window)
        return chain(list(islice(pages, _PAGES_AHEAD)), pages)

    def _pages_of(
        self, parent: Mapping[str, Any], copied: Row, window: Window
    ) -> Iterator[list[Record]]:
        of_parent = _of_parent(parent, window)
        numbered = Counter[bytes]()
        try:
            for rows in self.children.pages(of_parent):
                if not self.has_ids:  # before the form's options change what they hold
                    for row in rows:
                        row.setdefault("id", None)
                    give_ids(rows, numbered, of_names_only=True)
                yield self._records(rows, copied)
        except AirbyteTracedException as error:
            if not is_of_rows(error):
                raise
            raise lacking(error, self.name, self.parent_key, parent[self.parent_key]) from error

    def _records(self, rows: list[Row], copied: Row | None = None) -> list[Record]:
        # Before the form's options: what is copied may be personal, too.
        for name, value in (copied or {}).items():
            for row in rows:
                if row.get(name) is None:
                    row[name] = value
        return list(self.record_selector.filter_and_transform(rows, {}, {}))

    def _related(
        self,
        given: Row,
        date: Any,
        is_empty: bool,
        children: Children,
        window: Window,
        skipped: Skipped,
        seen: set[Any] | None,
    ) -> Iterator[Record]:
        numbered = Counter[bytes]()
        for page in children.result() if isinstance(children, Future) else children:
            if is_empty and page:
                skipped.find(self.name, f"{_named(self.parent_key)} {given[self.parent_key]}")
            give_ids((cast(Row, child.data) for child in page), numbered)
            yield from self._of_parent(page, given, date, window, seen)

    def _of_parent(
        self,
        page: list[Record],
        given: Row,
        date: Any,
        window: Window,
        seen: set[Any] | None,
    ) -> Iterator[Record]:
        for child in page:
            row = cast(dict[str, Any], child.data)
            if self.drops_late and is_late(row.get(self.children.date), window):
                continue
            if seen is not None:
                if (key := key_of(row, "id")) in seen:
                    continue
                seen.add(key)
            for name, value in given.items():
                if row.get(name) is None:
                    row[name] = value
            if self.parent_date:
                row[self.parent_date] = date
            yield Record(data=row, stream_name=self.name, associated_slice=window)


def _of_parent(parent: Mapping[str, Any], window: StreamSlice) -> StreamSlice:
    named = {
        name: quote(value, safe="") if isinstance(value, str) else value
        for name, value in parent.items()
    }
    return StreamSlice(partition=named, cursor_slice=window.cursor_slice)


def _are_same(value: Any, expected: Any) -> bool:
    """Whether two numbers are equal, or two texts are zero. Values of different types differ."""
    if type(value) is not type(expected):
        return False
    if isinstance(expected, str):
        return bool(_ZERO.fullmatch(value) and _ZERO.fullmatch(expected))
    return bool(value == expected)


def _are_there(children: Children) -> bool:
    return not isinstance(children, Future) or children.done()


def is_of_rows(error: AirbyteTracedException) -> bool:
    """Whether the API's answers for a parent are wrong, and not the token or the connection."""
    return error.failure_type == FailureType.system_error or error.message in _OF_LISTS


def lacking(
    error: AirbyteTracedException, name: str, parent_key: str, key: object
) -> AirbyteTracedException:
    """The error that names a parent whose children do not all come."""
    return CHILDREN_LACKING.error(
        f"{error.message} {error.internal_message}",
        rows=name.replace("_", " "),
        parent=_named(parent_key),
        id=key,
    )


def _named(parent_key: str) -> str:
    """`sales staff` for `sales_staff_id` and `salesStaffId`."""
    return " ".join(_WORD.findall(parent_key)[:-1]).lower()
