"""Finds rows that a store no longer has."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from itertools import chain, pairwise
from typing import Any

from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import Config, Record, StreamSlice

from source_bigcommerce.components.dates import readable_date
from source_bigcommerce.components.deletion_state import ARCHIVED, DELETED, HIDDEN, Memory, when
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.known_ids import KnownIds
from source_bigcommerce.components.moments import format_seconds
from source_bigcommerce.components.receipts import Finding, Verdict
from source_bigcommerce.components.reply import Row
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.search import Look, Nonsense, Search
from source_bigcommerce.components.sync import Sync

LOGGER = logging.getLogger("airbyte")
_ALL = StreamSlice(partition={}, cursor_slice={})


@dataclass
class Deletions(Retriever):
    """Remembers the ids that a list has, and tells in later syncs which of them are gone.

    The first sync learns the ids and yields nothing. Each later one counts the ids up to the
    highest known one. If there are fewer, it finds out which are missing, and asks for each of them
    again. So neither a count that lags nor a row that changes meanwhile is taken for a deletion.
    Lists that the API filters neither by id nor by date of creation are read whole.

    Not YAML: no component of the CDK knows what was there before.

    listed: the list that the main stream is read from, with the form's filters.
    everything: the same list without those filters; a row that only this one has is `hidden`.
    archived: the same list, asked for archived rows; a row that only this one has is `archived`.
    key: field of the rows that holds the id.
    low, high: parameters of a range, both inclusive; empty if the API has none.
    created: field of the date of creation that the range is about; empty if it is about the id.
    ids_in: parameter that takes ids, separated by commas; empty if the API has none.
    """

    listed: Rows
    everything: Rows
    record_selector: RecordSelector
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    name: str = ""
    key: str = "id"
    low: str = ""
    high: str = ""
    created: str = ""
    ids_in: str = ""
    archived: Rows | None = None
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        self._page = int(self.config["page_size"])
        self._longest = 1  # the most rows that the store was seen to send at once

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[StreamData]:
        if stream_slice is None or not isinstance(
            memory := stream_slice.extra_fields.get("memory"), Memory
        ):
            raise ValueError(f"manifest.yaml: {self.name} lacks its cursor")
        try:
            if memory.ids is None:
                self._learn(memory)
            else:
                yield from self._tell(memory, memory.ids, stream_slice)
        except Nonsense as doubt:
            LOGGER.info("%s cannot tell what was deleted: %s.", self.name, doubt)
            found = Finding(Verdict.NOT_PROVED, None, str(doubt))
            self.api_budget.receipts.add(self.name, found)

    def _learn(self, memory: Memory) -> None:
        ids, latest = self._read_all()
        memory.keep(ids, latest)

    def _tell(
        self, memory: Memory, known: KnownIds, stream_slice: StreamSlice
    ) -> Iterator[StreamData]:
        ids, latest, missing = self._compare(known, memory.latest)
        before = set(memory.hidden).difference(ids)
        reasons = self._confirmed(missing | before, ids)
        hidden = {key for key, reason in reasons.items() if reason == HIDDEN}
        new = sorted(reasons.keys() - (before & hidden))
        told = [memory.row(key, reasons[key]) for key in new]
        again = [row for row in memory.again if not ids.holds(row["id"])]
        for row in again + told:
            yield Record(data=dict(row), stream_name=self.name, associated_slice=stream_slice)
        ids = ids.change(added=before, gone=reasons)
        memory.keep(ids, latest, told, hidden if self.ids_in else ())
        if self.low:  # else the list was read, and counted
            found = Finding(Verdict.WHOLE, len(ids))
            self.api_budget.receipts.add(self.name, found)

    def _compare(self, known: KnownIds, latest: int) -> tuple[KnownIds, int, set[int]]:
        """All ids that are known now, the last date of creation, and the ids that are missing."""
        if not self.low or not len(known) or (self.created and not known.marks):
            listed, latest = self._read_all()
            return listed.change(added=known), latest, set(known).difference(listed)
        # New rows only have higher ids, and a later date of creation.
        next_id = known[len(known) - 1] + 1
        since = format_seconds(latest) if self.created else next_id
        ids, latest = self._with(known, self.in_range(self.listed, {self.low: since}), latest)
        if self.created and not ids.marks:
            return self._compare(ids, latest)
        ranges = _Ranges(self, ids, latest if self.created else None)
        cuts = sorted(ranges.dates) if self.created else None
        search = Search(ids, ranges, self._page, cuts, shows=self.listed.counter is None)
        search.run()
        if self.created and (search.unknown or search.unseen):
            ids.forget_marks()  # rows came with dates before the last one
        return ids.change(added=search.unknown), latest, search.missing

    def _read_all(self) -> tuple[KnownIds, int]:
        return self._with(KnownIds(), chain.from_iterable(self.listed.listed(_ALL)), 0)

    def _with(self, known: KnownIds, rows: Iterable[Row], latest: int) -> tuple[KnownIds, int]:
        """The ids with those of further rows, and the latest date of creation among them."""
        dates = {self.id_of(row): self._created(row) for row in rows}
        ids = known.change(added=dates)
        highest = known[len(known) - 1] if len(known) else -1
        found = [(key, date) for key, date in sorted(dates.items()) if date is not None]
        if self.created and len(found) == len(dates) and (known.marks or not len(known)):
            new = [(key, date) for key, date in found if key > highest or not known.holds(key)]
            if all(a < b and c <= d for (a, c), (b, d) in pairwise([(highest, latest), *new])):
                ids.mark(found, max(1, self._page - 10), (highest, latest))
            else:
                ids.forget_marks()
        elif dates:
            ids.forget_marks()
        return ids, max([latest, *(date for _, date in found)])

    def _created(self, row: Row) -> int | None:
        return when(readable_date(row.get(self.created))) if self.created else 0

    def id_of(self, row: Row) -> int:
        """The id of a row; raises Nonsense where it is no whole number."""
        key = key_of(row, self.key)
        if not isinstance(key, int) or not 0 <= key < 2**63:
            raise Nonsense("it sends ids that are no numbers")
        return key

    # Ranges

    def in_range(
        self, rows: Rows, asked: Mapping[str, Any], doubts_totals: bool = False
    ) -> Iterator[Row]:
        """All rows that a list has in a range now. One may be missing if rows change meanwhile.

        doubts_totals: whether to read on, whatever the total says, until a page is shorter than
            earlier ones. The store may send fewer rows than it is asked for, and count too few.
        """
        number, seen, before = 1, 0, set[int]()
        while True:
            try:
                page = rows.ask(_ALL, {"limit": self._page, **asked, **_numbered(number)})
            except ParameterRefused:
                if number == 1:
                    raise
                return  # there is no such page
            ids = {self.id_of(row) for row in page.rows} if page else set()
            if page is None or not ids or ids <= before:
                return
            yield from page.rows
            before, seen, number = ids, seen + len(page.rows), number + 1
            is_longest = len(page.rows) >= self._longest
            self._longest = max(self._longest, len(page.rows))
            is_of_page = page.total == len(page.rows) >= self._page
            may_go_on = is_longest if doubts_totals else is_of_page
            if page.total is not None and seen >= page.total and not may_go_on:
                return

    def look(self, asked: Mapping[str, Any]) -> Look:
        """How many rows a range has; raises Nonsense if the store does not say."""
        if self.listed.counter is not None:
            total, shown = self.listed.counted(_ALL, **asked), list[Row]()
        else:
            page = self.listed.ask(_ALL, {"limit": self._page, **asked})
            total, shown = (page.total, page.rows) if page else (None, list[Row]())
        self._longest = max(self._longest, len(shown))
        if total is None:
            raise Nonsense("the store does not count its rows")
        if total == len(shown) == self._page:
            one = self.listed.ask(_ALL, {"limit": 1, **asked})
            if one is None or one.total != total:
                raise Nonsense("the store counts the rows of a page, and not those of the list")
        return Look(total, [self.id_of(row) for row in shown])

    # Whether missing rows are really gone

    def _confirmed(self, missing: set[int], ids: KnownIds) -> dict[int, str]:
        """Why the ids are missing; without those that turn up after all."""
        gone = sorted(missing)
        alive = ids.change(gone=gone)
        found: dict[int, str] = {}
        while gone:
            batch, gone = self._batch(gone, alive)
            there = self._asked(self.everything, batch, alive)
            hidden = batch.intersection(there)
            if hidden and (self._leaves_out or self.archived):
                hidden -= self._asked(self.listed, batch, alive)
                found |= dict.fromkeys(hidden, HIDDEN)
            if self.archived:
                archived = batch.intersection(self._asked(self.archived, batch, alive)) - there
                found |= dict.fromkeys(archived, ARCHIVED)
                there |= archived
            found |= dict.fromkeys(batch - there, DELETED)
        return found

    @property
    def _leaves_out(self) -> bool:
        return bool(self.config["skip_hidden_products"] or self.config["channel_ids"])

    def _batch(self, gone: list[int], alive: KnownIds) -> tuple[set[int], list[int]]:
        """As many ids as one request can check, and the rest."""
        size = max(1, self._page - 2)
        if not self.ids_in:
            first = alive.place(gone[0])
            end = first + size
            beyond = alive[end] if end < len(alive) else gone[-1] + 1
            size = max(1, sum(key < beyond for key in gone))
        return set(gone[:size]), gone[size:]

    def _asked(self, rows: Rows, batch: set[int], alive: KnownIds) -> set[int]:
        """The ids that a list has, among these and two witnesses.

        The witnesses are ids that exist, asked for in the same request. Raises Nonsense if a reply
        lacks one of them, because then it proves nothing.
        """
        below, above = alive.place(min(batch)), alive.place(max(batch))
        witnesses = {alive[at] for at in (below - 1, above) if 0 <= at < len(alive)}
        if not witnesses and len(alive):
            witnesses = {alive[0]}
        asked = sorted(batch | witnesses)
        try:
            by: dict[str, Any] = (
                {self.ids_in: ",".join(map(str, asked))}
                if self.ids_in
                else {self.low: asked[0], self.high: asked[-1]}
            )
            found = {self.id_of(row) for row in self.in_range(rows, by, doubts_totals=True)}
        except ParameterRefused as refused:
            if rows is self.archived:
                return set()
            raise Nonsense("the store refuses to be asked for ids") from refused
        others = found.difference(asked)
        if others if self.ids_in else any(not asked[0] <= key <= asked[-1] for key in others):
            raise Nonsense("the store ignores the ids that it is asked for")
        is_empty = not witnesses and not found and not self._has_rows(rows)
        if rows is not self.archived and not is_empty and not (witnesses and witnesses <= found):
            raise Nonsense("the store does not show rows that it has")
        return found

    @staticmethod
    def _has_rows(rows: Rows) -> bool:
        page = rows.ask(_ALL, {"limit": 1})
        return page is None or bool(page.rows or page.total)


class _Ranges:
    """Asks the store about the known ids between two positions."""

    def __init__(self, deletions: Deletions, known: KnownIds, latest: int | None) -> None:
        self._deletions, self._known, self._latest = deletions, known, latest
        self.dates = {known.place(key): date for key, date in reversed(known.marks)}
        """Positions at which a range can begin, with the date of creation to ask for."""

    def look(self, low: int, high: int) -> Look:
        look = self._deletions.look(self._asked(low, high))
        lowest = self._known[low] if low else 0
        highest = self._known[high if high < len(self._known) else -1]
        is_within = all(lowest <= key <= highest for key in look.shown)
        if self._latest is None and not is_within:
            raise Nonsense("the store ignores the ids that it is asked for")
        return look

    def read(self, low: int, high: int) -> set[int]:
        rows = self._deletions.in_range(self._deletions.listed, self._asked(low, high))
        return {self._deletions.id_of(row) for row in rows}

    def _asked(self, low: int, high: int) -> dict[str, Any]:
        known, size = self._known, len(self._known)
        asked: dict[str, Any] = {}
        if self._latest is None:
            asked[self._deletions.high] = known[high] - 1 if high < size else known[size - 1]
        else:
            end = self.dates[high] - 1 if high < size else self._latest
            asked[self._deletions.high] = format_seconds(end)
        if low:
            start = known[low] if self._latest is None else format_seconds(self.dates[low])
            asked = {self._deletions.low: start, **asked}
        return asked


def _numbered(page: int) -> dict[str, int]:
    return {"page": page} if page > 1 else {}
