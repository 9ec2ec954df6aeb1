"""Orders sent: what each costs, how fast they go, and that each is there once after any trouble."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.store import Store, per_second
from integration_tests.sending import catalog_of, lines_of, order

_LATENCY, _WORKERS = 0.1, 10
_PATIENCE, _LAG = 3, 0.8
_SHORT_PATIENCE = 1
_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 500}),
    ("status", {"status": 504, "html": True}),
    ("late_status", {"status": 503}),
    ("early_reset", {}),
    ("reset", {}),
    ("early_hang", {"seconds": 0.5}),
    ("hang", {"seconds": 0.5}),
    ("truncate", {}),
    ("html", {}),
    ("empty", {}),
    ("rate_limit", {"headers": False}),
)
# Of a hundred records, so many are none, are refused by the store, and come a second time.
_WRONG, _REFUSED, _TWICE = 1, 1, 2
_SECONDS_TO_LIVE = (5.0, 16.0)
_EVERY = 25


def measure(report: Report, scale: Scale) -> None:
    """Prints requests an order and a second, and memory; and the run under faults and kills."""
    report.title("Orders sent: 100 ms latency, 10 workers")
    report.table(
        ["orders", "requests", "an order", "requests/s", "÷ ideal", "peak MB"],
        _rates(report, scale.sent_orders),
    )
    report.note("Requests per second from the first request to the last reply.")
    report.title("Orders sent under faults, kills and restarts")
    report.table(
        ["records", "keys", "kills", "faults", "rejected", "orders", "twice", "lost", "seconds"],
        _ordeal(report, scale.ordeal_orders),
    )


def _rates(report: Report, sizes: tuple[int, ...]) -> Iterator[list[object]]:
    peaks = []
    for count in sizes:
        with Store(orders=50, customers=10, products=10, latency_ms=_LATENCY * 1000) as store:
            lines = list(lines_of(_orders(count), _EVERY))
            process = _Sending(store, lines, patience_seconds=_SHORT_PATIENCE)
            _, status, usage = os.wait4(process.process.pid, 0)
            process.process.returncode = os.waitstatus_to_exitcode(status)
            log = store.requests()
            share = per_second(log) * _LATENCY / _WORKERS
            peaks.append(usage.ru_maxrss / 1024)
            cost = len(log) / count
            yield [count, len(log), cost, per_second(log), share, round(peaks[-1])]
    report.at_most(f"orders sent: requests an order, of {sizes[-1]:,}", cost, 2.05)
    report.at_least("orders sent: 100 ms latency, 10 workers: requests/s ÷ ideal", share, 0.9)
    report.at_most(f"orders sent: memory, {sizes[-1]:,} ÷ {sizes[0]:,}", peaks[-1] / peaks[0], 1.2)


def _orders(count: int) -> Iterator[dict[str, Any]]:
    return (order(f"PO-{number}") for number in range(count))


def _ordeal(report: Report, count: int) -> Iterator[list[object]]:
    chance = Random(20_260)
    records, wanted, wrong = _records(count, chance)
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(orders=50, customers=10, products=10) as store,
    ):
        store.set(lookup_lag=_LAG)
        planned = _plan_faults(store, count, chance)
        rejected = Path(folder) / "rejected.jsonl"
        started, last, kills = time.monotonic(), 0, 0
        while last < len(records):
            lines = list(lines_of(records[last:], _EVERY))
            seconds = chance.uniform(*_SECONDS_TO_LIVE)
            process = _Sending(store, lines, rejected_path=str(rejected))
            states, is_killed = process.run(seconds)
            last += max(states, default=0)
            kills += is_killed
        seconds = time.monotonic() - started
        there = Counter(_keys(store))
        told = {line["rejected"] for line in map(orjson.loads, rejected.read_bytes().splitlines())}
        reasons = [orjson.loads(line)["reason"] for line in rejected.read_bytes().splitlines()]
    twice = sum(number > 1 for number in there.values())
    lost = len(wanted - there.keys())
    yield [len(records), len(wanted), kills, planned, len(wrong), len(there), twice, lost, seconds]
    report.at_most("orders under faults and kills: in the store more than once", twice, 0)
    report.at_most("orders under faults and kills: lost", lost, 0)
    report.at_most(
        "orders under faults and kills: there and not sent", len(there.keys() - wanted), 0
    )
    report.at_most(
        "orders under faults and kills: rejected and not told, or told and not rejected",
        len(told ^ wrong) + sum(not reason for reason in reasons),
        0,
    )


def _records(count: int, chance: Random) -> tuple[list[dict[str, Any]], set[str], set[str]]:
    """The records; the keys that are to be orders; those that are to be rejected."""
    records, wanted, wrong = list[dict[str, Any]](), set[str](), set[str]()
    for number in range(count):
        key, lot = f"PO-{number}", chance.randrange(100)
        if lot < _WRONG:
            records.append(order(key, nonsense=1))
            wrong.add(key)
        elif lot < _WRONG + _REFUSED:
            records.append(order(key, products=[{"product_id": 10**9, "quantity": 1}]))
            wrong.add(key)
        else:
            records.append(order(key))
            wanted.add(key)
            if lot < _WRONG + _REFUSED + _TWICE:
                records.append(records[-1])
    return records, wanted, wrong


def _plan_faults(store: Store, count: int, chance: Random) -> int:
    """Three creates in a hundred go wrong, one look-up in a hundred; gives how many faults."""
    plans = [("orders.create", *chance.choice(_FAULTS)) for _ in range(count * 3 // 100)]
    lookups = [("status", {"status": 503}), ("reset", {}), ("truncate", {})]
    plans += [("orders.list", *chance.choice(lookups)) for _ in range(count // 100)]
    for operation, kind, fields in plans:
        at = chance.randrange(1, count)
        store.add_fault(operation=operation, kind=kind, at=at, **fields)
    return len(plans)


def _keys(store: Store) -> Iterable[str]:
    """The keys of all orders of the store that have one of ours."""
    last = 0
    while rows := store.get("v2/orders", min_id=last + 1, limit=250):
        last = rows[-1]["id"]
        yield from (row["external_order_id"] for row in rows if "PO-" in row["external_order_id"])


class _Sending:
    """The destination's `write` in a process of its own."""

    def __init__(self, store: Store, lines: list[dict[str, Any]], **config: Any) -> None:
        self._files = tempfile.TemporaryDirectory(prefix="benchmarks-")
        folder = Path(self._files.name)
        config = {
            "store_hash": "sandbox",
            "access_token": "sandbox-token",
            "api_url": store.url,
            "patience_seconds": _PATIENCE,
            **config,
        }
        catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of("orders"))
        (folder / "config.json").write_bytes(orjson.dumps(config))
        (folder / "catalog.json").write_bytes(orjson.dumps(catalog))
        (folder / "input").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
        arguments = ["--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"]
        self._output = folder / "output"
        with (folder / "input").open("rb") as given, self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "destination_bigcommerce", "write", *arguments],
                stdin=given,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )

    def run(self, seconds: float) -> tuple[list[int], bool]:
        """The states that it passed on, and whether it was killed after so long."""
        is_killed = False
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            is_killed = True
        whole = self._output.read_bytes().rpartition(b"\n")[0].splitlines()
        messages = [orjson.loads(line) for line in whole]
        states = [each["state"]["stream"] for each in messages if each["type"] == "STATE"]
        return [state["stream_state"]["number"] for state in states], is_killed
