"""Reads the rows of several parents by one request, if the API takes a list of keys."""

import math
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import InitVar, dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.types import Config, Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.child_rows import is_of_rows, lacking
from source_bigcommerce.components.dates import instant, readable_date
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.messages import REPLY_UNKNOWN
from source_bigcommerce.components.reply import Row
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.components.window import Window, is_late

# All pages of a request are held at once. After one with more pages than this, later requests ask
# for half as many parents.
_MOST_PAGES = 10
# Batches that may have to be asked for again at the end; older ones are believed.
_MOST_DOUBTED = 1000

Parents = dict[int | str, Any]
"""Dates of parents, by their keys, in the order in which they are asked for."""


class _Found(NamedTuple):
    """asked: the parents of each request that succeeded: all of them, or parts if that failed.

    is_refused: whether the store refused the first request, for a parent or for their number.
    """

    records: list[Record]
    asked: list[Parents]
    is_refused: bool = False


@dataclass
class BatchRows(Retriever):
    """Reads the parents of a date window, and the children of several parents by one request.

    A parent for which no row comes may have no children, or the store may not read the list of keys
    to its end. It reads the list at least up to the last key for which a row came. To test more
    keys, a request ends with a parent that is known to have rows. A request that the store refuses,
    or whose reply has rows of other parents, is made again in halves.

    Not YAML: GroupingPartitionRouter asks for one group after the other, gives children no field of
    their parents, and believes each reply. A group that is refused ends the stream, and if the
    store reads only the first keys of a group, rows are lost.

    parents, record_selector, parent_date: as those of `ChildRows`.
    children: reads the children of the parents whose keys, with commas, are in the slice as
        `parent_key`.
    parent_key: field of a child that holds its parent's `key`, as `parents` names it: `product_id`.
    batch: the most parents of one request.

    Raises an error that names the parent if the API does not send its children, and one if a parent
    has no key. Raises ValueError at the start for a field that the manifest lacks.
    """

    parents: Rows
    children: Rows
    record_selector: RecordSelector
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    parent_key: str
    batch: int
    name: str = ""
    parent_date: str = ""
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        self._workers = int(self.config["num_workers"])
        if not self.parents.key:
            raise ValueError(f"manifest.yaml: the parents of {self.name} lack `key`")
        if self.parent_date and not self.parents.date:
            raise ValueError(f"manifest.yaml: the parents of {self.name} lack `date`")
        # How many parents a request asks for from now on, how many keys of a list the store is
        # known to read, and a parent that is known to have rows.
        self._size, self._keys_read, self._known = self.batch, 1, cast(int | str | None, None)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Record]:
        window = Window(stream_slice)
        ahead: deque[Future[_Found]] = deque()
        doubted: deque[Parents] = deque(maxlen=_MOST_DOUBTED)
        batches = self._batches(window)
        try:
            for parents in batches:
                ahead.append(self.api_budget.submit(self._fetch, parents, window))
                while ahead and (len(ahead) > self._most_ahead or ahead[0].done()):
                    yield from self._came(ahead.popleft().result(), doubted)
            while ahead:
                yield from self._came(ahead.popleft().result(), doubted)
            for parents in doubted:
                unproved = dict(list(parents.items())[self._keys_read :])
                if unproved and self._known is not None:
                    records = self._fetch(parents, window).records
                    yield from (each for each in records if each.data[self.parent_key] in unproved)
        finally:
            batches.close()
            for found in ahead:
                found.cancel()

    @property
    def _most_ahead(self) -> int:
        return min(self.api_budget.memory.parents_ahead, self._workers)

    def _batches(self, window: Window) -> Generator[Parents, None, None]:
        # Closed below, because an error of the children would keep it and its last reply in memory.
        pages = self.parents.pages(window)
        # `check` reads one parent; the connector builder shows a few pages.
        parents = islice(self._dated(pages, window), self.api_budget.most_parents)
        left = self.api_budget.most_pages or math.inf
        try:
            while left and (batch := dict(islice(parents, self._size))):
                yield batch
                left -= 1
        finally:
            pages.close()

    def _dated(self, pages: Iterator[list[Row]], window: Window) -> Iterator[tuple[int | str, Any]]:
        for row in chain.from_iterable(pages):
            date = instant(readable_date(row.get(self.parents.date)))
            if self.parents.drops_late and is_late(date, window):
                continue
            window.saw(date)
            if (key := key_of(row, self.parents.key)) is None:
                raise REPLY_UNKNOWN.error(f"a row without {self.parents.key} has {self.name}")
            yield key, date

    def _came(self, found: _Found, doubted: deque[Parents]) -> Iterator[Record]:
        yield from found.records
        doubted.extend(parents for parents in found.asked if len(parents) > self._keys_read)
        sizes = [len(parents) for parents in found.asked]
        # If one of the parents is the reason, the half without it is not refused.
        is_for_number = len(sizes) == 2 or max(sizes) < sum(sizes) // 2
        if found.is_refused and sum(sizes) >= self._size and is_for_number:
            self._size = max(sizes)

    def _fetch(self, parents: Parents, window: Window) -> _Found:
        """The children of these parents, by several requests if need be."""
        try:
            return _Found(self._asked(parents, window), [parents])
        except AirbyteTracedException as error:
            if not (isinstance(error, ParameterRefused) or is_of_rows(error)):
                raise
            if len(parents) == 1:
                [key] = parents
                raise lacking(error, self.name, self.parent_key, key) from error
            is_refused = error.failure_type == FailureType.system_error
        each = iter(parents.items())
        half = dict(islice(each, (len(parents) + 1) // 2))
        first, second = self._fetch(half, window), self._fetch(dict(each), window)
        return _Found([*first.records, *second.records], [*first.asked, *second.asked], is_refused)

    def _asked(self, parents: Parents, window: Window) -> list[Record]:
        """The children of these parents, by one request and its further pages."""
        known = self._known if self._keys_read < len(parents) else None
        asked = [*(key for key in parents if key != known), *([] if known is None else [known])]
        place_of = {key: place for place, key in enumerate(asked, 1)}
        keys = {self.parent_key: quote(",".join(map(str, asked)), safe=",")}
        slice_of = StreamSlice(partition=keys, cursor_slice=window.cursor_slice)
        records: list[Record] = []
        found, strangers = set[int | str](), set[int | str | None]()
        for number, rows in enumerate(self.children.pages(slice_of), 1):
            for child in self.record_selector.filter_and_transform(rows, {}, {}):
                row = cast(dict[str, Any], child.data)
                key = key_of(row, self.parent_key)
                key = asked[0] if key is None and len(asked) == 1 else key
                if key not in place_of:
                    strangers.add(key)
                    continue
                found.add(key)
                if key not in parents:
                    continue
                row[self.parent_key] = key
                if self.parent_date:
                    row[self.parent_date] = parents[key]
                records.append(Record(data=row, stream_name=self.name, associated_slice=window))
            if number > _MOST_PAGES:
                self._size = min(self._size, max(1, len(parents) // 2))
        if strangers and (len(asked) > 1 or not found):
            raise REPLY_UNKNOWN.error(f"rows of {self.parent_key} {strangers}, asked for {asked}")
        if known is not None and known not in found:
            raise REPLY_UNKNOWN.error(f"no row of {known}, which has some, behind {len(parents)}")
        self._keys_read = max(self._keys_read, *(place_of[key] for key in found), 1)
        self._known = next((key for key in reversed(asked) if key in found), self._known)
        return records
