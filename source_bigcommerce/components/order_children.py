"""The rows that belong to orders: line items, transactions."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import InitVar, dataclass
from functools import cache
from typing import Any, cast

from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.declarative.retrievers.simple_retriever import SimpleRetriever
from airbyte_cdk.sources.types import Config, Record, StreamSlice

from source_bigcommerce.components.v2_dates import iso_date
from source_bigcommerce.components.window import Window

# The API puts no more line items than this into a consignment of the order list.
_EMBEDDED_ITEMS_CAP = 50

Row = MutableMapping[str, Any]
Children = list[Record] | Future[list[Record]]


@dataclass
class OrderChildren(Retriever):
    """Reads the orders of a date window and yields their children, each with its order's date.

    A child comes from its order where the order list embeds it (`orders_include`), and else by a
    request per order, `num_workers` wide. Both go through the selector of `children`, so that they
    give equal records.

    Not YAML: SubstreamPartitionRouter keeps a cursor for each order, saves its state every ten
    minutes, and loses the last order of a window when the next page of orders then fails: it holds
    one order back while the window is already saved as read. Here the state is the orders' date
    alone, saved when every child of a window has been emitted.

    orders: reads the orders of a window.
    children: reads the children of one order, whose id is `order_id` of the slice.
    orders_include: what the order list embeds (`consignments.line_items`); empty for nothing.
    """

    orders: SimpleRetriever
    children: SimpleRetriever
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    name: str = ""
    orders_include: str = ""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._pool = _pool(self.config["num_workers"])
        # Orders whose children are asked for ahead of those being emitted: one page, so that the
        # workers are busy while the next page of orders is on its way.
        self._orders_ahead = int(self.config["page_size"])

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Record]:
        window = Window(stream_slice)
        ahead: deque[tuple[Row, Children]] = deque()
        try:
            for order in self.orders.read_records({}, window):
                ahead.append((order, self._children_of(order)))  # type: ignore[arg-type]
                if len(ahead) > self._orders_ahead:
                    yield from self._dated(*ahead.popleft(), window)
            while ahead:
                yield from self._dated(*ahead.popleft(), window)
        finally:
            for _, children in ahead:
                if isinstance(children, Future):
                    children.cancel()

    def _children_of(self, order: Row) -> Children:
        items = embedded_line_items(order) if self.orders_include else None
        if items is not None:
            selector = cast(RecordSelector, self.children.record_selector)
            return list(selector.filter_and_transform(items, {}, {}))
        return self._pool.submit(self._fetch, order["id"])

    def _fetch(self, order_id: int) -> list[Record]:
        of_order = StreamSlice(partition={"order_id": order_id}, cursor_slice={})
        return list(self.children.read_records({}, of_order))  # type: ignore[arg-type]

    def _dated(self, order: Row, children: Children, window: StreamSlice) -> Iterable[Record]:
        date = iso_date(order.get("date_modified"))
        for child in children.result() if isinstance(children, Future) else children:
            row = cast(dict[str, Any], child.data)
            row["order_date_modified"] = date
            yield Record(data=row, stream_name=self.name, associated_slice=window)


def embedded_line_items(order: Mapping[str, Any]) -> list[Row] | None:
    """All line items of an order from its `consignments`; None where they may not be all.

    They may not be all where the API cut them (a `__warning__`, or as many as its cap), sent links
    or nothing in their place, or sent other than the number of items that the order counts. Asking
    `/orders/{id}/products` again is then the only way to know.

    Sources: https://github.com/bigcommerce/docs/issues/960 (cap and warning),
    https://github.com/bigcommerce/dev-docs/issues/2052 (empty line items)
    """
    consignments = order.get("consignments")
    if not isinstance(consignments, (dict, list)) or not consignments:
        return None
    items: list[Row] = []
    for consignment in _consignments(consignments):
        part = consignment.get("line_items") if isinstance(consignment, dict) else None
        if not isinstance(part, list) or len(part) >= _EMBEDDED_ITEMS_CAP:
            return None
        items.extend(part)
    if any(not isinstance(item, dict) or "id" not in item for item in items):
        return None
    if _has_warning(consignments):
        return None
    try:
        counted = sum(int(item["quantity"]) for item in items)
        if counted != int(order["items_total"]):
            return None
    except (KeyError, TypeError, ValueError):
        return None
    return sorted(items, key=lambda item: int(item["id"]))


def _consignments(consignments: Any) -> Iterator[Any]:
    """Each consignment of the object form, or of the same object as the only item of an array."""
    for group in consignments if isinstance(consignments, list) else [consignments]:
        if not isinstance(group, dict):
            yield None
            continue
        email = group.get("email") or {}
        gift_certificates = email.get("gift_certificates") if isinstance(email, dict) else email
        for part in (
            group.get("pickups"),
            group.get("shipping"),
            group.get("downloads"),
            gift_certificates,
        ):
            if isinstance(part, dict):
                yield part
            else:
                yield from part or []


def _has_warning(value: Any) -> bool:
    if isinstance(value, dict):
        return "__warning__" in value or any(map(_has_warning, value.values()))
    return isinstance(value, list) and any(map(_has_warning, value))


@cache
def _pool(width: int) -> ThreadPoolExecutor:
    """One for all streams of a process, so that they share the workers as they share the quota."""
    return ThreadPoolExecutor(width, thread_name_prefix="order-children")
