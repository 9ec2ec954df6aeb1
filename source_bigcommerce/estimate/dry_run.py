"""Counts the requests of a retriever by letting it read a stand-in for the store."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from math import ceil
from typing import Any, NamedTuple

import orjson
import requests
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.all_channels import CHANNEL
from source_bigcommerce.components.batch_rows import BatchRows
from source_bigcommerce.components.child_rows import ChildRows
from source_bigcommerce.components.deletion_state import Memory
from source_bigcommerce.components.deletions import Deletions
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.moments import format_instant
from source_bigcommerce.components.page import as_count
from source_bigcommerce.components.quotas import resource_of
from source_bigcommerce.components.reply import is_b2b_url, is_v3_url
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.store_and_channels import StoreAndChannels
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.components.window import WindowRetriever
from source_bigcommerce.estimate.looks import Archived, ChildrenLook, ListLook, Look

LOGGER = logging.getLogger("airbyte")

# A longer list is read twice, as if it had so many pages. The difference tells what a page costs.
_PAGES = (12, 16)
_FIRST_DAY = datetime(2020, 1, 1, tzinfo=timezone.utc)
_ARCHIVED_ID = 10**9
# A comparison is tried with so many ids: more of them take no more requests.
_COMPARED = 1000


@dataclass
class Cost:
    """What a sync takes for one stream.

    rows: records.
    lists, children: requests for lists, and for the rows of single parents.
    in_turn: requests of the longest window, which go one after the other.
    by_resource: all requests, by the parts of the API that may each have a quota.
    """

    rows: int = 0
    lists: int = 0
    children: int = 0
    in_turn: int = 0
    by_resource: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return self.lists + self.children

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.rows + other.rows,
            self.lists + other.lists,
            self.children + other.children,
            max(self.in_turn, other.in_turn),
            self.by_resource + other.by_resource,
        )


class DryRun:
    """Lets the streams of one sync read, one after the other, without sending a request.

    sync: what the streams share.
    form: values of the form that replace those that the streams were built with.
    is_next: whether the store was synced before.
    """

    def __init__(self, sync: Sync, form: Mapping[str, Any], is_next: bool) -> None:
        self._sync, self._form, self._is_next = sync, form, is_next
        self._windows = 0
        self._found: dict[str, tuple[str, ...]] = {}

    def cost(self, retriever: Retriever, known: Look) -> Cost:
        with _silence():
            return self._cost(retriever, known)

    def _cost(self, retriever: Retriever, known: Look) -> Cost:
        if isinstance(retriever, ChildRows | BatchRows) and isinstance(known, ChildrenLook):
            return self._of_children(retriever, known)
        assert isinstance(known, ListLook)
        if isinstance(retriever, Deletions):
            return self._of_deletions(retriever, known)
        if isinstance(retriever, Rows):
            return self._of_list(retriever, known, reads_records=True)
        return Cost(rows=known.rows)

    def _of_list(self, rows: Rows, known: ListLook, reads_records: bool = False) -> Cost:
        self._begin(rows)
        cost = Cost(rows=known.rows)
        for window, count in known.windows:
            asked = self._read(rows, known, window, count, reads_records)
            cost.lists += asked.total()
            cost.in_turn = max(cost.in_turn, asked.total())
            cost.by_resource += asked
        return cost

    def _of_children(self, rows: ChildRows | BatchRows, known: ChildrenLook) -> Cost:
        cost = self._cost(rows.parents, known.parents)
        if known.store and isinstance(rows, StoreAndChannels) and rows.store:
            cost += self._of_list(rows.store, known.store)
        cost.rows = known.rows
        by_parent = Counter[str]()
        self._begin(rows.children)
        for child in known.children:
            [(window, count)] = child.windows
            by_parent += self._read(rows.children, child, window, count, False)
        skips = {**rows.config, **self._form}["skip_likely_empty"]
        for resource, asked in by_parent.items():
            of_all = round(known.asked_parents(skips) * asked / len(known.children))
            cost.children += of_all
            cost.by_resource[resource] += of_all
        return cost

    def _of_deletions(self, deletions: Deletions, known: ListLook) -> Cost:
        """The first sync learns the ids; the next one compares them, and finds nothing deleted."""
        listed = known.inner["listed"]
        if not (self._is_next and deletions.low):
            return replace(self._of_list(deletions.listed, listed), rows=0)
        asked = Counter[str]()
        known_by = {"memory": Memory(_date_of(0))}
        window = StreamSlice(partition={}, cursor_slice={}, extra_fields=known_by)
        count = min(listed.count, _COMPARED)
        ranged = Ranged(deletions.low, deletions.high, bool(deletions.created))
        field_ = deletions.created
        for rows in filter(None, (deletions.listed, deletions.everything, deletions.archived)):
            _stand_in(rows, listed, count, asked, ranged, field_)
        list(deletions.read_records({}, window))
        asked.clear()
        list(deletions.read_records({}, window))
        return Cost(lists=asked.total(), in_turn=asked.total(), by_resource=asked)

    def _begin(self, rows: Rows) -> None:
        """Sets a list back to the beginning of a sync."""
        rows.api_budget, rows.largest[0] = self._sync, 0
        rows.config = {**rows.config, **self._form}
        page_size = rows.config["page_size"]
        rows.page_size = min(page_size, rows.rows_at_most or page_size)
        if isinstance(rows, WindowRetriever) and rows.archived:
            self._begin(rows.archived)

    def _read(
        self, rows: Rows, known: ListLook, window: StreamSlice, count: int, reads_records: bool
    ) -> Counter[str]:
        """Requests of one window, by resource."""
        size = min(known.page or rows.page_size, rows.page_size)
        if ceil(count / size) <= _PAGES[1]:
            return self._counted(rows, known, window, count, reads_records)
        few, more = (
            self._counted(rows, known, window, count % size + pages * size, reads_records)
            for pages in _PAGES
        )
        pages = count // size - _PAGES[0]
        asked = Counter(few)
        for resource, requests_ in more.items():
            step = (requests_ - few[resource]) / (_PAGES[1] - _PAGES[0])
            asked[resource] += round(step * pages)
        return asked

    def _counted(
        self, rows: Rows, known: ListLook, window: StreamSlice, count: int, reads_records: bool
    ) -> Counter[str]:
        asked = Counter[str]()
        _stand_in(rows, known, count, asked)
        if isinstance(rows, WindowRetriever) and rows.archived:
            self._windows += 1
            # What a window finds out comes too late for the windows that are read beside it.
            is_early = self._windows <= rows.config["num_workers"]
            self._sync.found.clear()
            self._sync.found.update({} if is_early else self._found)
        try:
            reads_records &= isinstance(rows, WindowRetriever)
            for _ in rows.read_records({}, window) if reads_records else rows.listed(window):
                pass
        except AirbyteTracedException as error:  # a real read of such a list would end so, too
            LOGGER.debug("An estimate of %s ended: %r", rows.stream, error)
        self._found.update(self._sync.found)
        return asked


class Ranged(NamedTuple):
    """The parameters of a range, both inclusive, and whether they are dates of creation."""

    low: str = ""
    high: str = ""
    is_dated: bool = False

    def within(self, asked: Mapping[str, Any], count: int) -> range:
        """The ids that are in the range, of ids from 1 to `count`."""
        low, high = asked.get(self.low), asked.get(self.high)
        first = 1 if low is None else self._id(low)
        last = count if high is None else min(count, self._id(high))
        return range(max(1, first), last + 1)

    def _id(self, value: Any) -> int:
        return _created_at(value) if self.is_dated else int(value)


_ALL = Ranged()


def _stand_in(
    rows: Rows,
    known: ListLook,
    count: int,
    asked: Counter[str],
    ranged: Ranged = _ALL,
    created: str = "",
) -> None:
    """Puts stand-ins in place of the store, for a list and for those that are read beside it."""
    rows.requester = StandIn(rows, known, count, asked, ranged, created)  # type: ignore[assignment]
    if rows.counter is not None:
        rows.counter = Counts(rows.counter, count, asked, ranged)  # type: ignore[assignment]
    for name, inner in known.inner.items():
        part = getattr(rows, name)
        part.requester = StandIn(part, inner, inner.count, asked)
    if isinstance(rows, WindowRetriever) and rows.archived:
        archived = rows.archived
        archived.requester = ArchivedOrders(archived, known, count, asked)  # type: ignore[assignment]


class StandIn:
    """Answers for the store: a list of `count` rows, whose replies look like those of the store.

    Rows have ids from 1 on, and a date within their window.

    created: field of a date that rises with the ids; empty for none.
    """

    def __init__(
        self,
        rows: Rows,
        known: ListLook,
        count: int,
        asked: Counter[str],
        ranged: Ranged = _ALL,
        created: str = "",
    ) -> None:
        requester = rows.requester
        self._real = requester._real if isinstance(requester, StandIn) else requester
        self._rows, self._known, self._count, self._asked = rows, known, count, asked
        self._ranged, self._created = ranged, created

    def send_request(
        self,
        *,
        stream_slice: StreamSlice | None = None,
        request_params: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        url = self._real.get_url(stream_slice=stream_slice)
        self._asked[resource_of(url)] += 1
        asked = dict(request_params or {})
        ids = self._ids(asked)
        limit = int(asked.get("limit", len(ids) or 1))
        size = min(limit, self._known.page or limit)
        skipped = size * (int(asked.get("page", 1)) - 1) + int(asked.get("offset", 0))
        date = _date_within(stream_slice)
        shown = [self._row(key, date) for key in ids[skipped : skipped + size]]
        return _reply(url, self._body(url, shown, len(ids), skipped + size >= len(ids), size))

    def _ids(self, asked: Mapping[str, Any]) -> range:
        """The ids that the list has, with these parameters."""
        ids = self._ranged.within(asked, self._count)
        key = self._rows.key_parameter or "after"
        if key not in asked:
            return ids
        return range(max(ids.start, int(asked[key]) + (not key.startswith("min_"))), ids.stop)

    def _row(self, key: int, date: str) -> dict[str, Any]:
        row: dict[str, Any] = {"id": key, self._rows.key or "id": key}
        if self._known.archived is not Archived.NONE:
            row["is_deleted"] = key == 1 and self._known.archived is Archived.LISTED
        if self._rows.date:
            row[self._rows.date] = date
        if channels := self._known.channels:
            row[CHANNEL] = channels[(key - 1) % len(channels)]
        if self._created:
            row[self._created] = _date_of(key)
        return row

    def _body(
        self, url: str, shown: list[dict[str, Any]], total: int, is_last: bool, size: int
    ) -> Any:
        if is_b2b_url(url):
            counts = _counts(self._known.meta or {}, total, size)
            return {"code": 200, "data": shown, "meta": counts}
        if not is_v3_url(url):
            return shown
        if self._known.meta is None:
            return {"data": shown}
        told: dict[str, Any] = {}
        if isinstance(pages := self._known.meta.get("pagination"), dict):
            told["pagination"] = _counts(pages, total, size)
        if isinstance(self._known.meta.get("cursor_pagination"), dict):
            end = str(shown[-1]["id"]) if shown else None
            links = {} if is_last else {"next": f"?after={end}"}
            told["cursor_pagination"] = {"per_page": size, "end_cursor": end, "links": links}
        return {"data": shown, "meta": told}


class ArchivedOrders(StandIn):
    """Answers where a list is asked for archived orders."""

    def _ids(self, asked: Mapping[str, Any]) -> range:
        kind = self._known.archived
        if kind is Archived.REFUSED:
            raise ParameterRefused("is_deleted")
        if kind is Archived.MIXED:
            return super()._ids(asked)
        is_first = asked.keys().isdisjoint(("page", self._rows.key_parameter))
        has_one = self._count and kind is not Archived.NONE and is_first
        first = 1 if kind is Archived.LISTED else _ARCHIVED_ID
        return range(first, first + bool(has_one))

    def _row(self, key: int, date: str) -> dict[str, Any]:
        is_archived = self._known.archived is not Archived.MIXED
        return {**super()._row(key, date), "is_deleted": is_archived}


class Counts:
    """Answers in place of an endpoint that counts."""

    def __init__(self, counter: Any, count: int, asked: Counter[str], ranged: Ranged) -> None:
        self._real: Any = counter._real if isinstance(counter, Counts) else counter
        self._count, self._asked, self._ranged = count, asked, ranged

    def send_request(
        self,
        *,
        stream_slice: StreamSlice | None = None,
        request_params: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        url = self._real.get_url(stream_slice=stream_slice)
        self._asked[resource_of(url)] += 1
        body = {"count": len(self._ranged.within(request_params or {}, self._count))}
        return _reply(url, {"data": body} if is_v3_url(url) else body)


def _counts(counts: Mapping[str, Any], total: int, size: int) -> dict[str, Any]:
    """What a reply counts: of these numbers, those that the store's own replies hold as numbers."""
    values = {
        **dict.fromkeys(("total", "totalCount", "total_items"), total),
        **dict.fromkeys(("per_page", "limit"), size),
        "total_pages": ceil(total / size),
    }
    known = {name for name in counts if as_count(counts[name]) is not None}
    return {name: value for name, value in values.items() if name in known}


def _date_of(key: int) -> str:
    """When the row with this id was created; each is a minute later than the one before."""
    return format_instant(_FIRST_DAY + timedelta(minutes=key))


def _created_at(date: str) -> int:
    """The id of the last row that was created by then."""
    return int((ab_datetime_parse(date) - _FIRST_DAY) / timedelta(minutes=1))


def _date_within(window: StreamSlice | None) -> str:
    """The middle of a window."""
    if not window or "end_time" not in window:
        return _FIRST_DAY.isoformat()
    start, end = (datetime.fromisoformat(window[each][:19]) for each in ("start_time", "end_time"))
    return f"{start + (end - start) / 2:%Y-%m-%dT%H:%M:%S}+00:00"


def _reply(url: str, body: Any) -> requests.Response:
    response = requests.Response()
    response.url, response.status_code = url, 200
    response._content = orjson.dumps(body)
    return response


@contextmanager
def _silence() -> Iterator[None]:
    """Hides what components log about the stand-in."""
    level = LOGGER.level
    LOGGER.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        LOGGER.setLevel(level)
