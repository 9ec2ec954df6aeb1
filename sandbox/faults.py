"""Fault plans: what is to go wrong, with which request, as data.

A fault waits for the `at`-th request of its operation, counted from when it was added, and then
fires `times` times in a row. At most one fault spoils a reply: others that are due wait for the
next request, so faults added one after another strike one after another. Changes of the store
(`kind="change"`) do not spoil the reply and are not held up by faults that do.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.query import DEFAULT_LIMIT
from sandbox.routes import OPERATIONS
from sandbox.table import Row

KINDS = {
    "status": "an error: status, and body, html or headers if given",
    "rate_limit": "429; headers=False leaves out every rate-limit header",
    "reset": "the connection is reset, nothing is answered",
    "truncate": "the body ends in the middle, short of its Content-Length",
    "html": "200 with an HTML page",
    "empty": "200 with an empty body",
    "hang": "nothing is answered for `seconds`, then the connection is closed",
    "slow": "the right answer, dribbling in over `seconds`",
    "heavy": "500 for every request whose limit is above `above`, until removed",
    "change": "rows are edited, deleted or inserted just before or just after the answer",
}


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
    """One thing to go wrong; only the fields that its kind speaks of are used."""

    operation: str
    """`orders.list` and so on, as in the route table; `*`: any."""
    kind: str
    at: int = 1
    times: int | None = 1
    """None: for as long as it is not removed."""
    where: dict[str, str] = field(default_factory=dict)
    """Query parameters or ids in the path that the request must have."""

    status: int = 500
    body: str | None = None
    headers: dict[str, str] | bool = True
    html: bool = False
    seconds: float = 0.0
    above: int = 0
    when: str = "after"
    """For changes: before or after the answer is made up."""
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
        """Whether it has still to fire (again); without an end, whether it never fired."""
        return self.fired == 0 if self.times is None else self.fired < self.times

    def meets(self, operation: str, asked: Mapping[str, str]) -> bool:
        """Whether it is about this request."""
        if self.operation not in ("*", operation):
            return False
        if self.kind == "heavy":
            limit = asked.get("limit", "")
            if (int(limit) if limit.isdigit() else DEFAULT_LIMIT) <= self.above:
                return False
        return all(asked.get(name) == value for name, value in self.where.items())

    def due(self) -> bool:
        return self.seen >= self.at and (self.times is None or self.fired < self.times)


class Faults:
    """The queue of all fault plans of a store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []

    def add(self, operation: str, kind: str, **fields: Any) -> Fault:
        """Queue a fault; see `Fault` for the fields. What comes back counts its firings."""
        if kind == "heavy":
            fields.setdefault("times", None)
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
        """Faults that did not fire as often as they should have: a test ends with none."""
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
                if not fault.due() or (spoiled and fault.kind != "change"):
                    continue
                spoiled = spoiled or fault.kind != "change"
                fault.fired += 1
                struck.append(fault)
            return struck
