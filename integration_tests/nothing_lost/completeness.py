"""What "complete" means: every row of the store, in its newest version, is among the records.

Destinations keep one row a key: the one with the newest cursor, and of those the last to come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus, TraceType
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from integration_tests.rows import EXPECTED, difference, rows_of
from integration_tests.syncs import Row, State, Sync
from sandbox import Sandbox
from sandbox.clock import instant

TOKEN = "tok-sandbox-never-print-me"
"""The access token of every store; `conftest.py` searches all output for it."""

START = "2021-03-01T00:00:00Z"
"""When the stores' history begins: their default `now` less five years."""
NOW = "2026-03-01T00:00:00Z"


def whole_history(page_size: int, num_workers: int = 2) -> dict[str, Any]:
    """The settings of a sync of everything, in windows, with a few rows a page."""
    return {
        "start_date": START,
        "end_date": NOW,
        "num_workers": num_workers,
        "page_size": page_size,
    }


ALL = (
    "customers",
    "orders",
    "order_products",
    "transactions",
    "products",
    "brands",
    "categories",
    "channels",
    "pages",
    "store",
)
"""Streams that show each way of reading; `order_products` and `transactions` go through orders."""

ORDER_CHILDREN = ("order_products", "transactions")


Truth = Sandbox | Sync
"""What there is to read: the rows of a store, or those of a sync that nothing disturbed.

`test_every_stream.py` shows that such a sync reads the rows of the store, for all streams.
"""


@dataclass(frozen=True)
class Stream:
    """A stream, and what the sandbox calls its requests and its rows."""

    name: str
    primary_key: tuple[str, ...]
    cursor: str | None

    def key_of(self, record: Row) -> Any:
        key = tuple(record[field] for field in self.primary_key)
        return key[0] if len(key) == 1 else key

    def date_of(self, record: Row) -> int:
        """The date of a record; 0 if it has none."""
        date = record.get(self.cursor) if self.cursor else None
        return instant(date) if date else 0

    @property
    def operation(self) -> str:
        """What the sandbox calls its requests; for the children of orders those per order."""
        return f"{self.name}.{'get' if self.name == 'store' else 'list'}"

    @property
    def paged_operation(self) -> str:
        """What the sandbox calls the requests that go through it page by page."""
        return "orders.list" if self.name in ORDER_CHILDREN else self.operation

    @property
    def collection(self) -> str:
        """The collection whose rows carry its cursor."""
        return "orders" if self.name in ORDER_CHILDREN else self.name

    def rows(self, store: Sandbox) -> dict[Any, Row]:
        """Every row of the store as a record, by key."""
        return {self.key_of(row): row for row in rows_of(store, self.name)}


@cache
def streams() -> dict[str, Stream]:
    """All streams by name."""
    return {
        row.name: Stream(row.name, tuple(filter(None, row.primary_key.split(", "))), row.cursor)
        for row in EXPECTED.values()
    }


INCREMENTAL = tuple(name for name in ALL if streams()[name].cursor)


def one_of_each_kind(read: Sync) -> tuple[str, ...]:
    """Of each kind of stream that a sync read, the one with the most records.

    Streams of a kind are declared alike, but for the names of fields, scopes and endpoints.
    """
    whole, kinds = completed(read), dict[str, list[str]]()
    text = (Path(__file__).parents[2] / "source_bigcommerce/manifest.yaml").read_text()
    for declared in safe_load_yaml(text)["streams"]:
        words = declared["$parameters"]
        name, version = words["name"], words.get("endpoint", "").partition("/")[0]
        if name in whole:
            kinds.setdefault(f"{version} {_structure(declared)}", []).append(name)
    return tuple(
        max(names, key=lambda name: len(read.records.get(name, ()))) for names in kinds.values()
    )


_WORDS_OF_ONE = {
    *("name", "endpoint", "scope", "permission", "include", "channel", "channels"),
    *("primary_key", "transformations"),
}


def _structure(declared: Any) -> Any:
    """What a part of the manifest refers to, and which words it says, without their values."""
    if isinstance(declared, dict):
        words = declared.items()
        return {word: _structure(value) for word, value in words if word not in _WORDS_OF_ONE}
    if isinstance(declared, list):
        return [_structure(part) for part in declared]
    return declared if str(declared).startswith("#/") else None


def make_store(**settings: Any) -> Sandbox:
    """A small store. It serves requests once it is entered."""
    sizes = {"orders": 300, "customers": 120, "products": 80, "channels": 15}
    return Sandbox(**{"access_token": TOKEN, "latency_ms": 0, **sizes, **settings})


def shorten(store: Sandbox, most: int) -> Sandbox:
    """The store, without rows of lists that take as many requests as all others together."""
    for name in ("redirects", "coupons", "blog_posts"):
        for row in store.rows(name)[most:]:
            store.delete(name, row["id"])
    codes = Counter(row["promotion_id"] for row in rows_of(store, "promotion_codes"))
    for promotion in [each for each, number in codes.items() if number > most]:
        store.delete("promotions", promotion)
    return store


def archive(store: Sandbox, which: Iterable[int]) -> set[int]:
    """Archives orders by their position; their date does not move."""
    rows = store.rows("orders")
    keys = {rows[at]["id"]: rows[at]["date_modified"] for at in which}
    for key, date in keys.items():
        store.edit("orders", key, {"is_deleted": True, "date_modified": date})
    return set(keys)


def make_store_that_hides(**settings: Any) -> Sandbox:
    """A small store whose list hides archived orders.

    Each window has some. So a sync makes as many requests whichever window it reads first, and all
    of them bring rows.
    """
    store = make_store(**settings, archived_orders="hidden")
    archive(store, range(0, len(store.rows("orders")), 6))
    return store


def union(name: str, syncs: Iterable[Sync]) -> dict[Any, Row]:
    """The records of some syncs, as a destination that keeps one row a key holds them."""
    stream = streams()[name]
    held: dict[Any, Row] = {}
    for sync in syncs:
        for record in sync.records.get(name, []):
            known = held.get(stream.key_of(record))
            if known is None or stream.date_of(record) >= stream.date_of(known):
                held[stream.key_of(record)] = record
    return held


def _due(truth: Truth, name: str) -> dict[Any, Row]:
    return streams()[name].rows(truth) if isinstance(truth, Sandbox) else union(name, [truth])


def assert_complete(truth: Truth, names: Iterable[str], *syncs: Sync) -> None:
    """The syncs together hold every row of these streams in its newest version."""
    for name in names:
        due, held = _due(truth, name), union(name, syncs)
        missing = [key for key in due if key not in held]
        assert not missing, f"{name}: {len(missing)} of {len(due)} missing: {missing[:5]}"
        old = [key for key, row in due.items() if held[key] != row]
        assert not old, f"{name}: {len(old)} of {len(due)} old: {_first(due, held, old)}"


def _first(due: Mapping[Any, Row], held: Mapping[Any, Row], old: list[Any]) -> str:
    return "; ".join(f"key {key}: {difference(due[key], held[key])}" for key in old[:1])


def completed(sync: Sync) -> set[str]:
    """The streams that the sync reports as read whole."""
    return {
        message.trace.stream_status.stream_descriptor.name
        for message in sync.messages
        if message.trace
        and message.trace.type == TraceType.STREAM_STATUS
        and message.trace.stream_status
        and message.trace.stream_status.status == AirbyteStreamStatus.COMPLETE
    }


def assert_honest(truth: Truth, sync: Sync, *earlier: Sync, start: str = START) -> None:
    """What the sync says of a store that stood still is true.

    A stream reported as complete is complete, and no state runs ahead of the records before it:
    each row up to its date was emitted by then.
    """
    assert_complete(truth, sorted(completed(sync)), *earlier, sync)
    assert_states_true(truth, sync.messages, *earlier, start=start)


def assert_states_true(
    truth: Truth, messages: Iterable[AirbyteMessage], *earlier: Sync, start: str = START
) -> None:
    """No state message is ahead of the records that came before it.

    `start`: the start date. A state before it says that nothing was read.
    """
    messages = list(messages)
    names = {
        message.state.stream.stream_descriptor.name
        for message in messages
        if message.state and message.state.stream
    }.intersection(name for name, stream in streams().items() if stream.cursor)
    held = {name: set(union(name, earlier)) for name in names}
    due = {name: _keys_by_date(truth, name) for name in names}
    for message in messages:
        if message.record and message.record.stream in held:
            stream = streams()[message.record.stream]
            held[stream.name].add(stream.key_of(message.record.data))
        elif message.state and message.state.stream:
            name = message.state.stream.stream_descriptor.name
            if name in due:
                assert message.state.stream.stream_state
                state = message.state.stream.stream_state.__dict__[streams()[name].cursor or ""]
                up_to = instant(state)
                if up_to < instant(start):
                    continue
                while due[name] and due[name][-1][0] <= up_to:
                    date, key = due[name].pop()
                    assert key in held[name], f"{name}: state {state}, but {key} of {date} is due"


def _keys_by_date(truth: Truth, name: str) -> list[tuple[int, Any]]:
    """Date and key of every row, the oldest last."""
    rows = _due(truth, name).items()
    return sorted(((streams()[name].date_of(row), key) for key, row in rows), reverse=True)


def state_of(state: State, name: str) -> Any:
    """The date in a stream's state."""
    return state[name][streams()[name].cursor or ""]
