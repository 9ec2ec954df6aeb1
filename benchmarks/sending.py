"""Orders sent under faults, kills and restarts: each must be there once."""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from random import Random
from typing import Any

import orjson

from benchmarks import programs
from benchmarks.plain import Reader
from benchmarks.reads import Scale
from benchmarks.report import Report, Row
from integration_tests.sending import order, unclear_answers
from sandbox.process import store_of

_UNCLEAR = (*unclear_answers(0.5), ("status", {"status": 504, "html": True}))
_FAILING = (("status", {"status": 503}), ("reset", dict[str, Any]()))
_SECONDS_TO_LIVE = (5.0, 16.0)


def ordeal(report: Report, scale: Scale) -> None:
    """Prints what became of the orders."""
    chance, count = Random(20_260), scale.rows(4_000)
    records = [record for number in range(count) for record in _records(number)]
    wrong = {f"PO-{number}" for number in range(count) if number % 100 < 2}
    wanted = {f"PO-{number}" for number in range(count)} - wrong
    plans = [("orders.create", *chance.choice(_UNCLEAR)) for _ in range(count * 3 // 100)]
    plans += [("orders.list", *chance.choice(_FAILING)) for _ in range(count // 100)]
    rejected = programs.file_of("rejected.jsonl", b"")
    with store_of(orders=50, customers=10, products=10) as store:
        store.set(lookup_lag=0.8)  # seconds for which it does not show a new order
        for operation, kind, fields in plans:
            at = chance.randrange(1, count)
            store.add_fault(operation=operation, kind=kind, at=at, **fields)
        command = programs.destination(store, patience_seconds=3, rejected_path=str(rejected))
        started, done, kills = time.monotonic(), 0, 0
        while done < len(records):
            last, is_killed = _send(command, records[done:], chance.uniform(*_SECONDS_TO_LIVE))
            done, kills = done + last, kills + is_killed
        seconds = time.monotonic() - started
        store.set(lookup_lag=0)
        orders = [row for rows in Reader(store.url).pages("orders") for row in rows]
    keys = (str(row["external_order_id"]) for row in orders)  # the store has others of its own
    there = Counter(key for key in keys if key.startswith("PO-"))
    told = {line["rejected"]: line["reason"] for line in map(orjson.loads, rejected.open("rb"))}
    must_be_0 = {
        "more than once": sum(number > 1 for number in there.values()),
        "lost": len(wanted - there.keys()),
        "there and not sent": len(there.keys() - wanted),
        "told wrongly": len(told.keys() ^ wrong) + sum(not reason for reason in told.values()),
    }
    row = {"records": len(records), "kills": kills, "faults": len(plans), "orders": len(there)}
    row |= {"rejected": len(told), **must_be_0, "seconds": round(seconds)}
    report.table("Orders sent under faults, kills and restarts", list(row), [row])
    for figure, number in must_be_0.items():
        report.must(f"ordeal: {figure}", number, "≤", 0)


def _records(number: int) -> list[Row]:
    """Of a hundred records, one is none, the store refuses one, and two come a second time."""
    key = f"PO-{number}"
    if number % 100 == 0:
        return [order(key, nonsense=1)]
    if number % 100 == 1:
        return [order(key, products=[{"product_id": 10**9, "quantity": 1}])]
    return [order(key)] * (2 if number % 50 == 2 else 1)


def _send(command: programs.Command, records: list[Row], seconds: float) -> tuple[int, bool]:
    """Kills the destination after so long; gives the last state that it passed on."""
    given = programs.input_of(records)
    try:
        sent = subprocess.run(command, input=given, capture_output=True, timeout=seconds)
        output, is_killed = sent.stdout, False
    except subprocess.TimeoutExpired as killed:
        output, is_killed = killed.stdout or b"", True
    states = re.findall(rb'"number":(\d+)', output.rpartition(b"\n")[0])
    return int(states[-1]) if states else 0, is_killed
