"""Rows that belong to rows: line items of orders, images of products, codes of promotions."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import InitVar, dataclass
from functools import cache
from itertools import islice
from typing import Any, cast

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.declarative.retrievers.simple_retriever import SimpleRetriever
from airbyte_cdk.sources.types import Config, Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components import embedded
from source_bigcommerce.components.archived import with_archived
from source_bigcommerce.components.dates import iso_date
from source_bigcommerce.components.extractor import Row
from source_bigcommerce.components.instant import instant
from source_bigcommerce.components.messages import CHILDREN_LACKING
from source_bigcommerce.components.window import Window, is_late

Children = list[Record] | Future[list[Record]]


@dataclass
class ChildRows(Retriever):
    """Reads the parents of a date window and yields their children, each with its parent's id.

    A child comes from its parent's row where the API embeds it there (`embeds`), and else by a
    request per parent, `num_workers` wide. Both go through the selector of `children`, so that they
    give equal records.

    Not YAML: SubstreamPartitionRouter keeps a cursor for each parent, saves its state every ten
    minutes, and loses the last parent of a window when the next page of parents then fails: it
    holds one parent back while the window is already saved as read. Here the state is one date,
    saved when every child of a window has been emitted.

    parents: reads the parents of a window.
    children: reads the children of one parent, whose id is in the slice as `parent_key`.
    parent_key: field of a child that holds its parent's id, such as `order_id`.
    parent_date: field of a child that holds its parent's `date_modified`; empty for none.
    embeds: name of a function in `embedded`, or of a list in the parent's row; empty for none.
    drops_late: drop children that changed after the window's end, where the API is not asked to.
    archived: the parents asked for archived orders; see WithArchived.
    api_budget: what all streams of a sync share; the framework hands it in.

    Raises an error that names the parent where the API does not send all of its children.
    """

    parents: SimpleRetriever
    children: SimpleRetriever
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    parent_key: str
    name: str = ""
    parent_date: str = ""
    embeds: str = ""
    drops_late: bool = False
    archived: SimpleRetriever | None = None
    api_budget: Any = None

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._parents = with_archived(self.parents, self.archived, self.config, self.api_budget)
        self._pool = _pool(self.config["num_workers"])
        # Parents whose children are asked for ahead of those being emitted: one page, so that the
        # workers are busy while the next page of parents is on its way.
        self._parents_ahead = int(self.config["page_size"])
        self._embedded: Callable[[Row], list[Row] | None] = getattr(
            embedded, self.embeds, lambda parent: parent.get(self.embeds)
        )

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Record]:
        window = Window(stream_slice)
        ahead: deque[tuple[Any, Any, Children]] = deque()  # a parent's id, date and children
        try:
            parents = self._parents(window)
            # `check` wants to know whether it may read, not to find the first parent with children.
            for parent in islice(parents, self.config.get("max_parents")):
                row = cast(Row, parent)
                date = instant(iso_date(row.get("date_modified")))
                ahead.append((row["id"], date, self._children_of(row, window)))
                while ahead and (len(ahead) > self._parents_ahead or _are_there(ahead[0][2])):
                    yield from self._related(*ahead.popleft(), window)
            while ahead:
                yield from self._related(*ahead.popleft(), window)
        finally:
            for _, _, children in ahead:
                if isinstance(children, Future):
                    children.cancel()

    def _children_of(self, parent: Row, window: Window) -> Children:
        rows = self._embedded(parent) if self.embeds else None
        if isinstance(rows, list):
            selector = cast(RecordSelector, self.children.record_selector)
            return list(selector.filter_and_transform(rows, {}, {}))
        return self._pool.submit(self._fetch, parent["id"], window)

    def _fetch(self, parent_id: Any, window: Window) -> list[Record]:
        of_parent = StreamSlice(
            partition={self.parent_key: parent_id}, cursor_slice=window.cursor_slice
        )
        try:
            return cast(list[Record], list(self.children.read_records({}, of_parent)))
        except AirbyteTracedException as error:
            # What is wrong with the API's answers for this parent; not with the token or the line.
            if error.failure_type != FailureType.system_error:
                raise
            parent = self.parent_key.removesuffix("_id").replace("_", " ")
            raise CHILDREN_LACKING.error(
                f"{error.message} {error.internal_message}",
                rows=self.name.replace("_", " "),
                parent=parent,
                id=parent_id,
            ) from error

    def _related(
        self, parent_id: Any, date: Any, children: Children, window: Window
    ) -> Iterator[Record]:
        for child in children.result() if isinstance(children, Future) else children:
            row = cast(dict[str, Any], child.data)
            if self.drops_late and is_late(row.get("date_modified"), window):
                continue
            row.setdefault(self.parent_key, parent_id)
            if self.parent_date:
                row[self.parent_date] = date
            yield Record(data=row, stream_name=self.name, associated_slice=window)


def _are_there(children: Children) -> bool:
    return not isinstance(children, Future) or children.done()


@cache
def _pool(width: int) -> ThreadPoolExecutor:
    """One for all streams of a process, so that they share the workers as they share the quota."""
    return ThreadPoolExecutor(width, thread_name_prefix="child-rows")
