"""Fault plans, as data: what goes wrong with which request.

A fault waits for the `at`-th request of its operation, counted from when it was added, and then
fires `times` times in a row. At most one fault spoils a reply: others that are due wait for the
next request, so faults added one after another strike one after another. Changes of the store
(`kind="change"`) do not spoil the reply and are not held up by faults that do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias

from sandbox.query import DEFAULT_LIMIT
from sandbox.quota import Balance
from sandbox.reply import Family, Reply, error
from sandbox.routes import OPERATIONS
from sandbox.table import Row

_HTML = b"<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"


class End(Enum):
    """How a connection ends too early."""

    CLOSE = "closed"
    RESET = "reset"


Step: TypeAlias = "bytes | float | End"
"""What happens on a connection: bytes are sent, seconds pass, it ends."""


@dataclass
class Change:
    """One change of the store: `action` is edit, delete or insert."""

    action: str
    collection: str
    keys: tuple[int, ...] = ()
    fields: Row = field(default_factory=dict)
    parent: int | None = None


@dataclass
class Fault:
    """One fault; its kind decides which fields are used."""

    operation: str
    """`orders.list` and so on, as in the route table; `*`: any."""
    kind: str
    at: int = 1
    times: int | None = 1
    """None: until it is removed."""
    where: dict[str, str] = field(default_factory=dict)
    """Query parameters or ids in the path that the request must have."""

    status: int = 500
    body: str | None = None
    headers: dict[str, str] | bool = True
    html: bool = False
    seconds: float = 0.0
    above: int = 0
    when: str = "after"
    """For changes: before or after the reply is made up."""
    changes: tuple[Change, ...] = ()

    fired: int = 0
    seen: int = 0
    """Requests that met operation and `where` since it was added."""

    def __post_init__(self) -> None:
        if self.operation != "*" and self.operation not in OPERATIONS:
            raise ValueError(f"no operation {self.operation!r}; there are: {sorted(OPERATIONS)}")
        if self.kind not in KINDS:
            raise ValueError(f"no kind of fault {self.kind!r}; there are: {sorted(KINDS)}")
        if self.when not in ("before", "after"):
            raise ValueError(f"`when` is before or after, not {self.when!r}")
        self.where = {name: str(value) for name, value in self.where.items()}
        self.changes = tuple(
            change if isinstance(change, Change) else Change(**change) for change in self.changes
        )

    @property
    def pending(self) -> bool:
        """Whether it has to fire (again); for a fault without an end, whether it never fired."""
        return self.fired == 0 if self.times is None else self.fired < self.times

    def meets(self, operation: str, asked: Mapping[str, str]) -> bool:
        """Whether it is about this request."""
        if self.operation not in ("*", operation):
            return False
        if not KINDS[self.kind].strikes(self, asked):
            return False
        return all(asked.get(name) == value for name, value in self.where.items())

    def due(self) -> bool:
        return self.seen >= self.at and (self.times is None or self.fired < self.times)


# The kinds


def _error(fault: Fault, family: Family) -> Reply:
    if fault.html:
        return Reply(fault.status, _HTML, "text/html", _own_headers(fault))
    if fault.body is not None:
        return Reply(fault.status, fault.body.encode(), headers=_own_headers(fault))
    reply = error(family, fault.status, "The request could not be answered (planned fault).")
    return replace(reply, headers=_own_headers(fault))


def _too_many(fault: Fault, family: Family) -> Reply:
    reply = error(family, 429, "You have been rate limited (planned fault).")
    return replace(reply, headers=_own_headers(fault))


def _own_headers(fault: Fault) -> tuple[tuple[str, str], ...]:
    return tuple(fault.headers.items()) if isinstance(fault.headers, dict) else ()


def _too_many_headers(fault: Fault, balance: Balance) -> list[tuple[str, str]]:
    return replace(balance, granted=False).headers() if fault.headers is True else []


def _is_heavy(fault: Fault, asked: Mapping[str, str]) -> bool:
    limit = asked.get("limit", "")
    return (int(limit) if limit.isdigit() else DEFAULT_LIMIT) > fault.above


def _half(_: Fault, head: bytes, body: bytes) -> Iterator[Step]:
    yield head + body[: len(body) // 2]
    yield End.CLOSE


def _dribble(fault: Fault, head: bytes, body: bytes, steps: int = 10) -> Iterator[Step]:
    data = head + body
    size = -(-len(data) // steps)
    for start in range(0, len(data), size):
        yield fault.seconds / steps
        yield data[start : start + size]


def _reset(_: Fault, head: bytes, body: bytes) -> Iterator[Step]:
    yield End.RESET


def _hang(fault: Fault, head: bytes, body: bytes) -> Iterator[Step]:
    yield fault.seconds
    yield End.CLOSE


@dataclass(frozen=True)
class Kind:
    """One kind of fault: everything that it does differently from a correct reply."""

    words: str
    reply: Callable[[Fault, Family], Reply] | None = None
    """Instead of the correct one, which is then not made up. A requested change is not made."""
    headers: Callable[[Fault, Balance], list[tuple[str, str]]] = lambda _, rest: rest.headers()
    """The rate-limit headers."""
    wire: Callable[[Fault, bytes, bytes], Iterator[Step]] = lambda _, *parts: iter(
        [b"".join(parts)]
    )
    """How head and body are sent."""
    strikes: Callable[[Fault, Mapping[str, str]], bool] = lambda *_: True
    """Whether it is about a request, judging by the query parameters and ids."""
    times: int | None = 1
    """How often it fires, if a plan does not say."""
    spoils: bool = True
    """False: the reply is correct."""
    is_done: bool = False
    """True: the requested change is made, although the reply is another."""


KINDS = {
    "status": Kind("an error: status, and body, html or headers if given", _error),
    "rate_limit": Kind(
        "429; headers=False leaves out every rate-limit header", _too_many, _too_many_headers
    ),
    "reset": Kind("the connection is reset, nothing is answered", wire=_reset),
    "truncate": Kind("the body ends in the middle, short of its Content-Length", wire=_half),
    "html": Kind("200 with an HTML page", lambda *_: Reply(200, _HTML, "text/html")),
    "empty": Kind("200 with an empty body", lambda *_: Reply(200)),
    "hang": Kind("nothing is answered for `seconds`, then the connection is closed", wire=_hang),
    "slow": Kind("the right answer, dribbling in over `seconds`", wire=_dribble),
    "heavy": Kind(
        "500 for every request whose limit is above `above`, until removed",
        _error,
        strikes=_is_heavy,
        times=None,
    ),
    "late_status": Kind("what was asked for is done, and then `status`", _error, is_done=True),
    "early_reset": Kind("nothing is done, and the connection is reset", _error, wire=_reset),
    "early_hang": Kind("nothing is done, and nothing answered for `seconds`", _error, wire=_hang),
    "change": Kind(
        "rows are edited, deleted or inserted just before or just after the answer", spoils=False
    ),
}


class Faults:
    """The queue of all fault plans of a store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []

    def add(self, operation: str, kind: str, **fields: Any) -> Fault:
        """Queue a fault; see `Fault` for the fields. The returned fault counts its firings."""
        if kind in KINDS:
            fields.setdefault("times", KINDS[kind].times)
        fault = Fault(operation, kind, **fields)
        with self._lock:
            self._queue.append(fault)
        return fault

    def change(self, operation: str, *changes: Change, **fields: Any) -> Fault:
        """Queue changes of the store around one request of the operation."""
        return self.add(operation, "change", changes=changes, **fields)

    def remove(self, fault: Fault) -> None:
        with self._lock:
            self._queue = [other for other in self._queue if other is not fault]

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()

    def pending(self) -> list[Fault]:
        """Faults that have not fired as often as they should: a test ends with none."""
        with self._lock:
            return [fault for fault in self._queue if fault.pending]

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) | {"pending": fault.pending} for fault in self._queue]

    def take(self, operation: str, asked: Mapping[str, str]) -> list[Fault]:
        """The faults that strike this request: any changes, and at most one that spoils it."""
        with self._lock:
            if not self._queue:
                return []
            struck: list[Fault] = []
            spoiled = False
            for fault in self._queue:
                if not fault.meets(operation, asked):
                    continue
                fault.seen += 1
                spoils = KINDS[fault.kind].spoils
                if not fault.due() or (spoiled and spoils):
                    continue
                spoiled = spoiled or spoils
                fault.fired += 1
                struck.append(fault)
            return struck
