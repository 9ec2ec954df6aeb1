"""The simulated store: data, quirks, faults and the log of requests. It has no port."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from sandbox.clock import Clock, instant
from sandbox.data import Data
from sandbox.faults import KINDS, Change, Fault, Faults, Step
from sandbox.like import settings as settings_like
from sandbox.login import Login
from sandbox.options import Options
from sandbox.reply import B2B_ROOT, Family, Reply, Request, error
from sandbox.route import Route
from sandbox.routes import allows, match
from sandbox.surface import Surface
from sandbox.table import Row
from sandbox.world import Size, World

NOW = "2026-03-01T00:00:00Z"
_NOT_FOUND = "The requested resource was not found."
_SIZES = frozenset(Size.__dataclass_fields__)


@dataclass
class Entry:
    """One request to the API as the store saw it; times are monotonic seconds."""

    method: str
    path: str
    raw_query: str
    operation: str = ""
    status: int = 0
    """0: not answered (yet, or because of a fault)."""
    started: float = 0.0
    ended: float = 0.0
    user_agent: str = ""

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The query decoded, in the order sent."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    @property
    def query(self) -> dict[str, str]:
        return dict(self.pairs)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"query": self.pairs}


@dataclass
class Exchange:
    """A reply with its rate-limit headers, and how it is sent."""

    reply: Reply
    limits: list[tuple[str, str]]
    entry: Entry
    fault: Fault | None = None

    def steps(self, head: bytes, body: bytes) -> Iterator[Step]:
        """How head and body are sent. The log has the status once some of it is."""
        wire = KINDS[self.fault.kind].wire(self.fault, head, body) if self.fault else [head + body]
        for step in wire:
            if isinstance(step, bytes):
                self.entry.status = self.reply.status
            yield step


class Simulation:
    """Takes the numbers of rows (`orders=1200`, see `Size`) and any option (`quota=60`, see
    `Options`). `now` is a moment, or "real" for a clock that ticks from the present on. `like` is a
    report of the connector's probe, or its file: the store behaves as that one did, see `like.py`.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        now: int | str | datetime = NOW,
        years: float = 5,
        like: Mapping[str, Any] | str | Path | None = None,
        **settings: Any,
    ) -> None:
        settings = {**(settings_like(like) if like else {}), **settings}
        sizes = {name: settings.pop(name) for name in list(settings) if name in _SIZES}
        self.options = Options()
        self.options.update(settings)
        start = int(time.time()) if now == "real" else instant(now)
        self.clock = Clock(start, ticking=now == "real")
        world = World(Size(**sizes), seed, start, years, self.options.store_hash)
        self.data = Data(world, self.clock, self.options)
        self.surface = Surface(self.data, self.options)
        self.login = Login(self.options)
        self.faults = Faults()
        self.log: list[Entry] = []
        self.closing = threading.Event()
        """Set when the store stops: nobody waits any longer."""

    @property
    def store_hash(self) -> str:
        return self.options.store_hash

    @property
    def access_token(self) -> str:
        return self.options.access_token

    # Data

    def rows(self, collection: str, includes: Iterable[str] = ()) -> list[Row]:
        """Every current row, as the API sends it by default (or with the includes)."""
        return self.data.rows(collection, includes)

    def edit(self, collection: str, key: int, fields: Row, parent: int | None = None) -> None:
        self.data.edit(collection, key, fields, parent)

    def insert(self, collection: str, fields: Row | None = None, parent: int | None = None) -> int:
        return self.data.insert(collection, fields, parent)

    def delete(self, collection: str, key: int, parent: int | None = None) -> None:
        self.data.delete(collection, key, parent)

    def requests(self, operation: str) -> list[Entry]:
        """The log of one operation."""
        return [entry for entry in self.log if entry.operation == operation]

    # Answering

    def answer(self, request: Request) -> Exchange:
        """The reply to a request to the API, `/stores/...` or B2B Edition's `/api/v3/io/...`."""
        entry = Entry(
            request.method,
            request.path,
            request.raw_query,
            started=time.monotonic(),
            user_agent=request.headers.get("user-agent", ""),
        )
        self.log.append(entry)
        store_hash, _, rest = request.path.removeprefix("/stores/").partition("/")
        path = f"/{rest}"
        if request.path.startswith(B2B_ROOT):
            store_hash, path = request.headers.get("x-store-hash", ""), request.path
        found = match(path, request.method)
        entry.operation = found[0].operation if found else ""
        reply, balance = self.surface.admit(request, store_hash, path)
        fault = None
        if reply is None and found:
            reply, fault = self._answer(request, entry, *found)
        elif reply is None and allows(path):
            reply = error(Family.of(path), 405, "Method not allowed.")
        elif reply is None:
            reply = error(Family.of(path), 404, _NOT_FOUND)
        limits = KINDS[fault.kind].headers(fault, balance) if fault else balance.headers()
        if found and found[0].family is Family.B2B:
            limits = []  # none are documented
        if ("empty" if reply.status == 204 else "full") in self.options.unlimited:
            limits = []
        entry.ended = time.monotonic()
        return Exchange(reply, limits, entry, fault)

    def _answer(
        self, request: Request, entry: Entry, route: Route, ids: dict[str, str]
    ) -> tuple[Reply, Fault | None]:
        with self.surface.lane(route) as refusal:
            if refusal:
                return refusal, None
            if self.options.latency_ms:
                self.closing.wait(self.options.latency_ms / 1000)
            return self._in_lane(request, entry, route, ids)

    def _in_lane(
        self, request: Request, entry: Entry, route: Route, ids: dict[str, str]
    ) -> tuple[Reply, Fault | None]:
        struck = self.faults.take(route.operation, {**entry.query, **ids})
        fault = next((fault for fault in struck if KINDS[fault.kind].spoils), None)
        kind = KINDS[fault.kind] if fault else None
        with self.data.lock:
            self._apply(struck, "before")
            if fault and kind and kind.reply:
                if kind.is_done:
                    self.surface.answer(route, ids, request)
                reply = kind.reply(fault, route.family)
            else:
                reply = self.surface.answer(route, ids, request)
            self._apply(struck, "after")
        return self.surface.compressed(request, reply), fault

    def _apply(self, struck: list[Fault], when: str) -> None:
        for fault in struck:
            for change in fault.changes if fault.when == when else ():
                self._change(change)

    def _change(self, change: Change) -> None:
        if change.action == "insert":
            self.insert(change.collection, change.fields, change.parent)
        for key in change.keys:
            if change.action == "edit":
                self.edit(change.collection, key, change.fields, change.parent)
            elif change.action == "delete":
                self.delete(change.collection, key, change.parent)
