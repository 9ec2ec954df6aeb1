"""The probe in front of a simulated store, without a network in between."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from functools import cache
from typing import Any

from sandbox.clock import http_date
from sandbox.reply import Request
from sandbox.simulation import Simulation
from source_bigcommerce.probe.assumptions import ASSUMPTIONS, Assumption
from source_bigcommerce.probe.report import Line, lines, report
from source_bigcommerce.probe.store import Reply, Send, Store
from source_bigcommerce.probe.streams import Stream, streams

# More orders than a page has, and as few of all others as show something.
SIZES: dict[str, Any] = {
    "orders": 280,
    "customers": 60,
    "products": 40,
    "brands": 40,
    "categories": 60,
    "pages": 8,
}
# These want the first page of each stream.
_WIDE = {
    *("fields_declared", "types_as_declared", "types_fit", "dates_readable", "ids_fit_32_bits"),
    *("scopes_are_there", "lists_are_counted"),
}
NARROW = [each for each in ASSUMPTIONS if each.id not in _WIDE and "_moves_with_" not in each.id]
STREAMS = cache(streams)
BY_ID = {each.id: each for each in ASSUMPTIONS}
Spoil = Callable[[bytes], bytes]


def sender(simulation: Simulation, spoil: Spoil = lambda body: body) -> Send:
    """Asks a simulation; `spoil` changes the body of each reply."""

    def send(path: str, query: str) -> Reply:
        address, _, own = path.partition("?")
        raw = "&".join(part for part in (own, query) if part)
        exchange = simulation.answer(
            Request(
                "GET",
                f"/stores/{simulation.store_hash}/{address}",
                raw,
                {
                    "x-auth-token": simulation.access_token,
                    "accept": "application/json",
                    "accept-encoding": "gzip",
                },
            )
        )
        headers = {name.lower(): value for name, value in exchange.limits}
        headers |= {name.lower(): value for name, value in exchange.reply.headers}
        if simulation.options.date_header:
            headers["date"] = http_date(simulation.clock.now() + simulation.options.date_ahead)
        body = exchange.reply.body
        body = gzip.decompress(body) if "content-encoding" in headers else body
        return Reply(address, query, exchange.reply.status, headers, spoil(body))

    return send


def store_of(
    simulation: Simulation,
    of_streams: Iterable[Stream] | None = None,
    spoil: Spoil = lambda body: body,
) -> Store:
    """A store to ask; this machine's clock is right."""
    return Store(
        sender(simulation, spoil),
        STREAMS() if of_streams is None else of_streams,
        now=lambda: datetime.fromtimestamp(simulation.clock.now(), timezone.utc),
    )


def probed(store: Store, assumptions: Iterable[Assumption] = ASSUMPTIONS) -> dict[str, Line]:
    return {line.assumption.id: line for line in lines(store, assumptions)}


def report_of(store: Store) -> dict[str, Any]:
    return report(probed(store).values(), store.requests)


def verdicts(found: dict[str, Line]) -> dict[str, str]:
    return {name: line.finding.verdict for name, line in found.items()}
