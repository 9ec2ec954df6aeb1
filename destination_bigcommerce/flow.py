"""Settles orders side by side, and passes states on in order."""

import math
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from airbyte_cdk.models import AirbyteMessage, Type

from destination_bigcommerce.record import Order, Rejected, key_of, order_of
from destination_bigcommerce.rejections import Rejections
from destination_bigcommerce.sender import Kind, Outcome, Stopped
from source_bigcommerce.components.sync import Sync

# Records whose SKUs and customers are looked up together.
_BATCH = 50
# Records under way per worker: enough that no worker waits for the next batch.
_PER_WORKER, _FEWEST = 12, 120
# How many keys to remember. A record whose key is forgotten is looked up like any other.
_REMEMBERED = 20_000
# After so many created orders, look whether somebody else created them too.
_LOOKED_FOR = 2_000


@dataclass(frozen=True, slots=True)
class _Known:
    """How the order with a key was settled."""

    digest: bytes
    outcome: Outcome


@dataclass(slots=True)
class _Item:
    """A record or a state that came in, until it is settled.

    known: how the key was settled, by this record or by an earlier one.
    """

    state: AirbyteMessage | None = None
    settled: "Future[Outcome] | None" = None
    key: str = ""
    known: _Known | None = None

    @property
    def is_settled(self) -> bool:
        return self.settled is None or self.settled.done()


class Flow:
    """Settles orders with several workers. Yields a state once all orders before it are settled.

    Records with the same key are one order: the second waits for the outcome of the first.

    sync: its workers settle the orders.
    names: the streams that hold orders.
    prepare: puts ids of customers and products into orders, or sets `rejected` of an order.
    settle: see Sender.
    is_stopping: set when something ends the sync before its input ends.
    goes_on: whether the sync goes on after an order is rejected.
    look_for_others: takes the ids of created orders, by key.

    counts: settled records, by outcome.
    first_rejected: its key and reason.
    """

    def __init__(
        self,
        sync: Sync,
        names: Iterable[str],
        prepare: Callable[[list[Order]], None],
        settle: Callable[[Order], Outcome],
        rejections: Rejections,
        is_stopping: threading.Event,
        *,
        workers: int,
        goes_on: bool,
        look_for_others: Callable[[dict[str, int]], None],
    ) -> None:
        self._sync, self._names, self._prepare, self._settle = sync, set(names), prepare, settle
        self._rejections, self._is_stopping, self._goes_on = rejections, is_stopping, goes_on
        self._room = threading.Semaphore(max(_FEWEST, _PER_WORKER * workers))
        # Messages as they came. None means that an order was settled, or that the input has ended.
        self._events: SimpleQueue[AirbyteMessage | None] = SimpleQueue()
        self._has_ended = False
        self._failure: BaseException | None = None
        self._unsettled: BaseException | None = None
        self._pending: deque[_Item] = deque()
        # The number of the last record, and of the first rejected one if a rejection ends
        # the sync. What came before it is still sent.
        self._last, self._end = 0, math.inf
        self._under_way: dict[str, _Item] = {}
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._look_for_others, self._created = look_for_others, dict[str, int]()
        # Looks for others, one at a time, beside the orders.
        self._looks: list[Future[None]] = []
        self.counts: Counter[Kind] = Counter()
        self.first_rejected: tuple[str, str] | None = None

    def states(self, messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
        """Takes in records and states; yields each state once all orders before it are settled.

        Raises what ended the sync, once all orders under way are settled. A rejected order is not
        an error here: see `first_rejected`.
        """
        threading.Thread(target=self._read, args=[messages], name="input", daemon=True).start()
        while self._pending or not (self._has_ended and self._events.empty()):
            try:
                self._take()
            except Exception as error:
                self._failure = error
                self._is_stopping.set()
            yield from self._passed()
            if self._is_stopping.is_set():
                break
        wait([item.settled for item in self._pending if item.settled])
        yield from self._passed()
        wait(self._looks)
        if self._created:
            self._look_for_others(self._created)
        failures = [each for each in (self._unsettled, self._failure) if each]
        if failures := [each for each in failures if not isinstance(each, Stopped)]:
            raise failures[0]

    def _read(self, messages: Iterable[AirbyteMessage]) -> None:
        try:
            for message in messages:
                if message.type == Type.RECORD:
                    self._room.acquire()
                if message.type in (Type.RECORD, Type.STATE):
                    self._events.put(message)
        except BaseException as error:
            self._failure = error
        self._has_ended = True
        self._events.put(None)

    def _take(self) -> None:
        """Waits for an event, then takes in all messages that have come, at most a batch."""
        came = [self._events.get()]
        with suppress(Empty):
            while len(came) < _BATCH:
                came.append(self._events.get_nowait())
        taken = [(message, self._order_in(message)) for message in came if message is not None]
        orders = [order for _, order in taken if isinstance(order, Order)]
        if orders:
            self._prepare(orders)
        for message, order in taken:
            self._pending.append(_Item(message) if order is None else self._begun(message, order))

    def _order_in(self, message: AirbyteMessage) -> Order | Rejected | None:
        """The order in a message, or why it is rejected; None for a state."""
        if message.record is None:
            return None
        try:
            if message.record.stream not in self._names and isinstance(message.record.data, dict):
                raise Rejected(
                    f"it came in the stream {message.record.stream}, which has no orders"
                )
            return order_of(message.record.data)
        except Rejected as rejected:
            return rejected

    def _begun(self, message: AirbyteMessage, order: Order | Rejected) -> _Item:
        self._last += 1
        if isinstance(order, Rejected) or order.rejected:
            why = order if isinstance(order, Rejected) else order.rejected
            record: Any = message.record.data if message.record else None
            done: Future[Outcome] = Future()
            done.set_result(self._rejected(self._last, record, why or Rejected("")))
            return _Item(settled=done, key=key_of(record))
        before = self._under_way.get(order.key)
        item = _Item(key=order.key, known=self._known.get(order.key))
        item.settled = self._sync.submit(self._outcome, self._last, order, item, before)
        item.settled.add_done_callback(lambda _: self._events.put(None))
        self._under_way[order.key] = item
        return item

    # What workers do

    def _outcome(self, number: int, order: Order, item: _Item, before: _Item | None) -> Outcome:
        """Settles an order. `before` has the same key, and is settled or under way."""
        try:
            if self._is_stopping.is_set() or number > self._end:
                raise Stopped
            if before and before.settled:
                before.settled.result()
                item.known = before.known
            try:
                if item.known:
                    return self._again(order, item.known)
                outcome = self._settle(order)
                item.known = _Known(order.digest, outcome)
                return outcome
            except Rejected as rejected:
                return self._rejected(number, order.record, rejected)
        except Stopped:
            raise
        except BaseException:
            self._is_stopping.set()
            raise

    def _again(self, order: Order, known: _Known) -> Outcome:
        if order.digest == known.digest:
            return known.outcome._replace(kind=Kind.THERE)
        which = f", as order {known.outcome.ids[0]}" if known.outcome.ids else ""
        raise Rejected(f"external_order_id: it came before with other content{which}")

    def _rejected(self, number: int, record: Any, rejected: Rejected) -> Outcome:
        self._rejections.add(record, rejected)
        if not self._goes_on:
            self._end = min(self._end, number)
        return Outcome(Kind.REJECTED, (), str(rejected))

    # What is settled

    def _passed(self) -> Iterator[AirbyteMessage]:
        """The states before which all records are settled."""
        while self._pending and self._pending[0].is_settled:
            item = self._pending.popleft()
            if item.state:
                is_cut = self._unsettled or (self.first_rejected and not self._goes_on)
                if not is_cut:
                    yield item.state
            elif item.settled and (error := item.settled.exception()):
                self._is_stopping.set()
                # If something else ended the sync, that is why the rest was not sent.
                if self._unsettled is None or isinstance(self._unsettled, Stopped):
                    self._unsettled = error
            elif item.settled:
                self._count(item, item.settled.result())
                self._room.release()

    def _count(self, item: _Item, outcome: Outcome) -> None:
        self.counts[outcome.kind] += 1
        if self._under_way.get(item.key) is item:
            del self._under_way[item.key]
        if outcome.kind is Kind.REJECTED:
            self.first_rejected = self.first_rejected or (item.key, outcome.reason)
            if not self._goes_on:
                self._is_stopping.set()
            return
        if outcome.kind is Kind.CREATED:
            self._created[item.key] = outcome.ids[0]
        if item.known:
            self._known[item.key] = item.known
            self._known.move_to_end(item.key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        if len(self._created) >= _LOOKED_FOR:
            wait(self._looks)
            self._looks = [self._sync.submit(self._look_for_others, self._created)]
            self._created = {}
