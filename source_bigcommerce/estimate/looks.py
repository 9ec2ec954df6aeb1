"""What an estimate knows about a list: how many rows it has, and what its replies look like."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from math import ceil
from statistics import median
from threading import BoundedSemaphore, Lock
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import quote

from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.http.page_size_reduction_exception import (
    PageSizeReductionRequiredException,
)
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.all_channels import CHANNEL, AllChannels
from source_bigcommerce.components.archived import is_archived
from source_bigcommerce.components.batch_rows import BatchRows
from source_bigcommerce.components.child_rows import ChildRows
from source_bigcommerce.components.dates import readable_date
from source_bigcommerce.components.deletions import Deletions
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.extractor import RowsExtractor
from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.page import Page
from source_bigcommerce.components.receipt_rows import ReceiptRows
from source_bigcommerce.components.reply import ROWS, Row, is_b2b_url, is_v3_url, parsed_body
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.skipped import SAMPLE
from source_bigcommerce.components.store_and_channels import StoreAndChannels
from source_bigcommerce.components.window import WindowRetriever

# The children of so many parents are counted; if there are few parents, those of each.
_SAMPLED, _FEW = 3, 20
# A list that nothing counts is looked at on so many pages at most.
_PLACES = 16
# Few parents bring along rows that are cut, so many are looked at, on so many pages at most.
_PARENTS_OF_CUT, _MOST_PAGES = 1000, 20
# A page that is too heavy is asked for again with so many rows.
_LIGHT = 10
_REPEATED = "the store does not count them, and sends its first page again"
_UNCOUNTED = "the store does not count them"
_A_SECOND = timedelta(seconds=1)
# What comes along with a row does not change how many rows there are.
_LIGHTLY = {"include": None}
_NOWHERE = StreamSlice(partition={}, cursor_slice={})

_Answer = TypeVar("_Answer")


class Archived(Enum):
    """What the store does if it is asked for archived orders: see WithArchived."""

    NONE = "it has none"
    LISTED = "the list has them anyhow"
    HIDDEN = "the list hides them"
    MIXED = "others come with them"
    REFUSED = "it refuses"


class Found(NamedTuple):
    """How many rows there are; at least so many, if a `doubt` says why the store does not tell."""

    rows: int
    doubt: str = ""


@dataclass
class ListLook:
    """What is known about one list.

    windows: each with its number of rows.
    doubt: why there may be more; empty if the number is sure.
    page: rows that a page holds, if the store grants fewer than asked for.
    meta: what a reply says beside its rows; None if there is nothing.
    sample: some rows, as records are made of them.
    share: records for each row of the list.
    archived: what is known about archived orders.
    channels: the channels of some rows, in a list of B2B Edition.
    inner: lists that the retriever reads beside this one, by the names of its fields.
    """

    windows: list[tuple[StreamSlice, int]]
    doubt: str = ""
    page: int | None = None
    meta: Mapping[str, Any] | None = None
    sample: list[Row] = field(default_factory=list)
    share: float = 1.0
    archived: Archived = Archived.NONE
    channels: list[Any] = field(default_factory=list)
    inner: dict[str, "ListLook"] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Rows of the list."""
        return sum(rows for _, rows in self.windows)

    @property
    def rows(self) -> int:
        """Records of its rows."""
        return round(self.share * self.count)


@dataclass
class ChildrenLook:
    """What is known about rows that are read through their parents.

    sample_of_parents: how many parents were looked at.
    asked: the part of them that needs a request of its own.
    embedded: rows that a parent brings along on average.
    children: lists of some parents that need a request.
    sample: rows that parents brought along, or were asked for where they brought none.
    empty: the part of the parents that needs a request, although they seem to have no children.
    """

    parents: "Look"
    sample_of_parents: int
    asked: float
    embedded: float
    children: list[ListLook]
    sample: list[Row]
    empty: float = 0.0
    store: ListLook | None = None

    def asked_parents(self, skips: bool) -> float:
        """How many parents are asked. skips: whether the form skips those that seem empty."""
        return self.parents.rows * (self.asked - skips * self.empty * (1 - 1 / SAMPLE))

    @property
    def rows(self) -> int:
        each = _mean([child.rows for child in self.children])
        of_store = self.store.rows if self.store else 0
        return round(of_store + self.parents.rows * (self.embedded + self.asked * each))

    @property
    def doubt(self) -> str:
        doubts = [self.parents.doubt, *(child.doubt for child in self.children)]
        return next(filter(None, doubts), "")


Look = ListLook | ChildrenLook


class Asker:
    """Asks each question only once, and not more at a time than a sync would."""

    def __init__(self, workers: int) -> None:
        self._turn = BoundedSemaphore(workers)
        self._lock = Lock()
        self._answers: dict[object, Future[Any]] = {}
        self._elapsed: dict[bool, list[float]] = {True: [], False: []}

    def latency(self, of_pages: bool) -> float:
        """Median seconds of a reply: of a page, or of a few rows if `of_pages` is False."""
        times = self._elapsed[of_pages] or self._elapsed[not of_pages]
        return median(times) if times else 0.0

    def page(self, rows: Rows, window: StreamSlice, asked: Mapping[str, Any]) -> Page:
        page = self._once(_question(rows.requester, window, asked), lambda: rows.ask(window, asked))
        if page is None:  # the endpoint has no such page
            raise ParameterRefused(f"no reply for {asked}")
        is_page = asked.get("limit") not in (1, 2)
        self._elapsed[is_page].append(page.response.elapsed.total_seconds())
        return page

    def counted(self, rows: Rows, window: StreamSlice) -> int | None:
        """What the endpoint for counts says; None also where it refuses: a sync goes on then."""
        with suppress(AirbyteTracedException):
            return self._once(_question(rows.counter, window, {}), lambda: rows.counted(window))
        return None

    def counts(self, rows: Rows) -> bool:
        """Whether replies of such a list may say how many rows it has: those of v2 never do."""
        url, _ = rows.requester.sent(None)  # type: ignore[attr-defined]  # ours
        return is_v3_url(url) or is_b2b_url(url)

    def _once(self, question: object, ask: Callable[[], _Answer]) -> _Answer:
        with self._lock:
            is_first = question not in self._answers
            future = self._answers.setdefault(question, Future())
        if is_first:
            try:
                with self._turn:
                    future.set_result(ask())
            except BaseException as error:
                future.set_exception(error)
        return cast(_Answer, future.result())


def since(asker: Asker, retriever: Retriever, known: Look, date: str) -> Look:
    """What is known about a stream if it is read from a later date on. Takes one more count."""
    if isinstance(retriever, ChildRows) and isinstance(known, ChildrenLook):
        return replace(known, parents=since(asker, retriever.parents, known.parents, date))
    if not isinstance(retriever, Rows) or not isinstance(known, ListLook) or not known.windows:
        return known
    last, all_rows = known.windows[-1][0], known.count
    window = StreamSlice(partition={}, cursor_slice={**last.cursor_slice, "start_time": date})
    part = _counted(asker, retriever, window)[0].rows / max(1, all_rows)
    count = round(min(1, part) * all_rows / len(known.windows))
    return replace(known, windows=[(window, count) for _ in known.windows])


def _question(requester: Any, window: StreamSlice, asked: Mapping[str, Any]) -> object:
    """What a request asks for, as a key."""
    url, params = requester.sent(window, asked)
    return (url, *sorted((name, str(value)) for name, value in params.items() if value is not None))


def look(
    asker: Asker,
    retriever: Retriever,
    windows: Sequence[StreamSlice],
    earlier: Look | None = None,
) -> Look:
    """Looks at what a retriever reads in these windows.

    earlier: what is known about the same stream in another sync; its lists of children are used
        again.

    Raises the errors of a read.
    """
    if isinstance(retriever, ChildRows):
        return _at_children(asker, retriever, windows, earlier)
    if isinstance(retriever, Deletions):
        listed = _at_list(asker, retriever.listed, [_NOWHERE])
        return ListLook([(windows[0], 0)], doubt=listed.doubt, inner={"listed": listed})
    if isinstance(retriever, Rows):
        before = earlier if isinstance(earlier, ListLook) else None
        return _at_list(asker, retriever, windows, before=before)
    if isinstance(retriever, BatchRows):
        return _at_batches(asker, retriever, windows, earlier)
    if isinstance(retriever, ReceiptRows):
        return ListLook([(window, 0) for window in windows])
    raise TypeError(f"estimate/looks.py does not know how a {type(retriever).__name__} reads")


def _at_list(
    asker: Asker,
    rows: Rows,
    windows: Sequence[StreamSlice],
    wanted: int = 0,
    before: ListLook | None = None,
) -> ListLook:
    """wanted: how many rows to look at; at least a page of them, if the list is longer than a page.

    before: what is known about a larger part of the list. If this part has as many rows, the store
        may ignore the dates.
    """
    whole = _joined(windows)
    extractor = cast(RowsExtractor, rows.record_selector.extractor)
    if type(extractor) is not RowsExtractor or (extractor.channel and rows.config["channel_ids"]):
        wanted = max(1, wanted)
    found, page = _counted(asker, rows, whole, wants_page=bool(wanted))
    is_doubtful = before is not None and found.rows >= before.count > 1 and bool(rows.date)
    is_long = found.rows > rows.page_size and rows.has_limit
    further: list[Page] = []
    if is_long or (found.rows and (is_doubtful or (wanted and page is None))):
        page, *further = _pages(asker, rows, whole, found.rows, max(1, wanted))
        if is_long and not found.doubt and not _is_believed(asker, rows, whole, found, page):
            found, page = _by_length(asker, rows, whole, trusts_total=False)
    seen = ListLook(
        windows=_of_windows(asker, rows, windows, found.rows),
        doubt=found.doubt,
        meta=_meta(page),
        archived=_archived(asker, rows, whole) if found.rows else Archived.NONE,
    )
    if page is not None and page.rows:
        is_of_sync = page.limit in (None, rows.page_size)
        if is_of_sync and len(page.rows) < min(found.rows, rows.page_size):
            seen.page = len(page.rows)
        seen.channels = [row[CHANNEL] for row in page.rows if CHANNEL in row]
        sample = [row for each in (page, *further) for row in each.rows]
        within = [row for row in sample if not is_doubtful or _is_within(row, rows.date, whole)]
        seen.sample = extractor.records_of(within)
        seen.share = len(seen.sample) / len(sample)
    if isinstance(rows, AllChannels) and rows.known:
        seen.inner["known"] = _at_list(asker, rows.known, [_NOWHERE])
        seen.inner["others"] = ListLook([(whole, 0)], meta=seen.meta)
    return seen


def _is_within(row: Row, date: str, window: StreamSlice) -> bool:
    known = readable_date(row.get(date)) or ""
    return bool(window["start_time"][:19] <= known[:19] <= window["end_time"][:19])


def _counted(
    asker: Asker, rows: Rows, window: StreamSlice, wants_page: bool = False
) -> tuple[Found, Page | None]:
    """The number of rows, and a reply of the list if one came."""
    if rows.paging == "none" or not rows.has_limit:
        return _by_length(asker, rows, window)
    if rows.counter is not None:
        counted = asker.counted(rows, window)
        return (Found(counted), None) if counted is not None else _by_length(asker, rows, window)
    if wants_page or not asker.counts(rows):
        return _by_length(asker, rows, window)
    page = asker.page(rows, window, {"limit": 1, **_LIGHTLY})
    if not page.rows and not page.total:
        return Found(0), page
    if page.believed_total == len(page.rows) == 1:  # of the page, or of the list
        page = asker.page(rows, window, {"limit": 2, **_LIGHTLY})
        if page.believed_total == len(page.rows) > 1:
            return _by_length(asker, rows, window)
    total = page.believed_total
    return _by_length(asker, rows, window) if total is None else (Found(total), page)


def _by_length(
    asker: Asker, rows: Rows, window: StreamSlice, trusts_total: bool = True
) -> tuple[Found, Page]:
    """Counts by one page, if that has all rows or counts them; otherwise by some further pages."""
    sized = {"limit": rows.page_size} if rows.has_limit else {}
    first = asker.page(rows, window, sized)
    of_page, total = len(first.rows), first.believed_total
    if trusts_total and total is not None and total > of_page:
        return Found(total), first
    if rows.paging == "none" or not first.may_be_cut:
        return Found(of_page), first
    if not rows.has_pages:
        return Found(of_page, _UNCOUNTED if first.is_full else ""), first

    def length(number: int) -> int | None:
        """Rows on a page; None where the first one comes again."""
        by = {"offset": of_page * (number - 1)} if rows.paging == "offset" else {"page": number}
        try:
            page = asker.page(rows, window, {**sized, **by})
        except AirbyteTracedException:
            return 0
        return None if page.rows and page.content == first.content else len(page.rows)

    last, behind = 1, 2  # a page that is there, and one to look at
    beyond: int | None = None
    for _ in range(_PLACES):
        if beyond is not None and beyond - last <= 1:
            return Found(last * of_page), first
        there = length(behind)
        if there is None:
            return Found(of_page, _REPEATED if first.is_full else ""), first
        if 0 < there < of_page:
            return Found((behind - 1) * of_page + there), first
        last, beyond = (behind, beyond) if there else (last, behind)
        behind = 2 * last if beyond is None else (last + beyond) // 2
    return Found(last * of_page, _UNCOUNTED), first


def _pages(asker: Asker, rows: Rows, window: StreamSlice, total: int, wanted: int) -> list[Page]:
    """Pages from all over the list, as a sync asks for them; the first one is full.

    wanted: how many rows they should have together.
    """
    asked: dict[str, Any] = {"limit": rows.page_size}
    middle = max(1, (total // rows.page_size + 1) // 2)
    try:
        pages = [_numbered(asker, rows, window, asked, middle if _has_numbers(rows) else 1)]
    except PageSizeReductionRequiredException:  # too heavy
        return [asker.page(rows, window, {"limit": min(_LIGHT, rows.page_size)})]
    granted = len(pages[0].rows)
    if wanted > granted > 0 and _has_numbers(rows):
        last = ceil(total / granted)
        most = min(_MOST_PAGES, ceil(wanted / granted), last)
        numbers = {1 + last * (2 * at + 1) // (2 * most) for at in range(most)} - {middle}
        pages += [_numbered(asker, rows, window, asked, each) for each in sorted(numbers)]
    return pages


def _has_numbers(rows: Rows) -> bool:
    """Whether the pages of a list can be asked for by number."""
    return rows.has_pages and rows.paging != "offset"


def _numbered(
    asker: Asker, rows: Rows, window: StreamSlice, asked: Mapping[str, Any], number: int
) -> Page:
    return asker.page(rows, window, {**asked, "page": number} if number > 1 else asked)


def _is_believed(asker: Asker, rows: Rows, window: StreamSlice, found: Found, page: Page) -> bool:
    """Whether the list has a page in the middle, and no row far behind its end."""
    if not _has_numbers(rows):
        return True
    place = found.rows + 2 + found.rows // 100
    with suppress(AirbyteTracedException):
        behind = asker.page(rows, window, {"limit": 1, "page": place, **_LIGHTLY})
        return bool(page.rows) and not behind.rows
    return bool(page.rows)


def _of_windows(
    asker: Asker, rows: Rows, windows: Sequence[StreamSlice], total: int
) -> list[tuple[StreamSlice, int]]:
    """Counts windows from the last one backward until all rows are found: most rows are new."""
    left, counts = total, [0] * len(windows)
    for at in range(len(windows) - 1, -1, -1):
        if left <= 0:
            break
        # The first window has all rows that are left.
        counts[at] = left if not at else min(left, _in_window(asker, rows, windows[at]))
        left -= counts[at]
    return list(zip(windows, counts, strict=True))


def _in_window(asker: Asker, rows: Rows, window: StreamSlice) -> int:
    """The rows of a window; none for the second that is not over yet."""
    start, end = (datetime.fromisoformat(window[each][:19]) for each in ("start_time", "end_time"))
    return _counted(asker, rows, window)[0].rows if end - start > _A_SECOND else 0


def _archived(asker: Asker, rows: Rows, window: StreamSlice) -> Archived:
    if not isinstance(rows, WindowRetriever) or rows.archived is None:
        return Archived.NONE
    try:
        page = asker.page(rows.archived, window, {"limit": min(_LIGHT, rows.page_size)})
    except ParameterRefused:
        return Archived.REFUSED
    if not page.rows:
        return Archived.NONE
    if not all(map(is_archived, page.rows)):
        return Archived.MIXED
    key = key_of(page.rows[0], rows.key)
    listed = asker.page(rows, window, {"limit": 1, rows.key_parameter: key})
    is_listed = any(key_of(row, rows.key) == key for row in listed.rows)
    return Archived.LISTED if is_listed else Archived.HIDDEN


def _at_children(
    asker: Asker, rows: ChildRows, windows: Sequence[StreamSlice], earlier: Look | None
) -> ChildrenLook:
    before = earlier if isinstance(earlier, ChildrenLook) else None
    of_parents = before.parents if before else None
    is_known = before is not None and before.sample_of_parents > 0 and not rows.children.date
    parents: Look
    if isinstance(rows.parents, ChildRows):
        parents = _at_children(asker, rows.parents, windows, of_parents)
    else:
        wanted = 0 if is_known else _PARENTS_OF_CUT if rows.embeds_at_most else 1
        listed = of_parents if isinstance(of_parents, ListLook) else None
        parents = _at_list(asker, rows.parents, windows, wanted, listed)
    if before and is_known:
        return replace(before, parents=parents)
    sample = parents.sample
    brought = [rows.brought(parent) for parent in sample]
    asked = [parent for parent, given in zip(sample, brought, strict=True) if given is None]
    picked = _picked(asked, rows.children.paging != "none")
    children = [
        _at_list(asker, rows.children, [rows.slice_of(each, _joined(windows))], wanted=1)
        for each in picked
    ]
    store = rows.store if isinstance(rows, StoreAndChannels) else None
    return ChildrenLook(
        parents=parents,
        sample_of_parents=len(sample),
        asked=len(asked) / len(sample) if sample else 0.0,
        empty=sum(map(rows.may_be_skipped, asked)) / len(sample) if sample else 0.0,
        embedded=_mean([len(given or ()) for given in brought]),
        children=children,
        sample=_of_all(rows, zip(sample, brought, strict=True))
        or _of_all(rows, zip(picked, [each.sample for each in children], strict=True)),
        store=_at_list(asker, store, [_NOWHERE]) if store else None,
    )


def _of_all(rows: ChildRows, parents: Iterable[tuple[Row, list[Row] | None]]) -> list[Row]:
    """The children of some parents, each with the key of its own."""
    return [
        {**child, rows.parent_key: key_of(parent, rows.parents.key)}
        for parent, children in parents
        for child in children or ()
    ]


def _at_batches(
    asker: Asker, rows: BatchRows, windows: Sequence[StreamSlice], earlier: Look | None
) -> ChildrenLook:
    """One request is for several parents; it is counted as a part of a request for each of them."""
    before = earlier if isinstance(earlier, ChildrenLook) else None
    parents = _at_list(asker, rows.parents, windows, wanted=0 if before else 1)
    batches = sum(ceil(count / rows.batch) for _, count in parents.windows)
    asked = batches / parents.count if parents.count else 0.0
    if before and before.sample_of_parents:
        return replace(before, parents=parents, asked=asked)
    keys = [key_of(parent, rows.parents.key) for parent in parents.sample[: rows.batch]]
    partition = {rows.parent_key: quote(",".join(map(str, keys)), safe=",")}
    window = StreamSlice(partition=partition, cursor_slice=_joined(windows).cursor_slice)
    return ChildrenLook(
        parents=parents,
        sample_of_parents=len(keys),
        asked=asked,
        embedded=0.0,
        children=[_at_list(asker, rows.children, [window], wanted=1)] if keys else [],
        sample=[],
    )


def _picked(parents: list[Row], have_lists: bool) -> list[Row]:
    """Some parents from all over the list. If they are few and have lists, all: lists differ."""
    if len(parents) <= _FEW:
        return parents if have_lists else parents[:1]
    return [parents[at * (len(parents) - 1) // (_SAMPLED - 1)] for at in range(_SAMPLED)]


def _joined(windows: Sequence[StreamSlice]) -> StreamSlice:
    """All windows as one."""
    first, last = windows[0], windows[-1]
    if not first.cursor_slice:
        return first
    bounds = {**first.cursor_slice, "end_time": last["end_time"]}
    return StreamSlice(partition=first.partition, cursor_slice=bounds)


def _meta(page: Page | None) -> Mapping[str, Any] | None:
    """What a reply says beside its rows; for B2B Edition, the object that holds the counts."""
    if page is None or page.response.status_code not in ROWS:
        return None
    body = parsed_body(page.response)
    meta = body.get("meta") if isinstance(body, dict) else None
    if is_b2b_url(page.response.url) and isinstance(body, dict):
        data = body.get("data")
        meta = next(
            (
                each["pagination"]
                for each in (meta, data)
                if isinstance(each, dict) and "pagination" in each
            ),
            meta,
        )
    return meta if isinstance(meta, dict) else None


def _mean(numbers: Iterable[float]) -> float:
    given = list(numbers)
    return sum(given) / len(given) if given else 0.0
