"""Orders sent: what each costs, how fast they go, and that each is there once after any trouble."""

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
from benchmarks.reads import Scale, per_second
from benchmarks.report import Report, Row
from integration_tests.sending import lines_of, order, unclear_answers
from sandbox.process import Store, store_of

_LATENCY_MS, _WORKERS = 100, 10
_LAG = 0.8
"""Seconds for which the store does not show a new order."""
_FAULTS = (*unclear_answers(0.5), ("status", {"status": 504, "html": True}))
_FAULTS_OF_LOOKUPS = (("status", {"status": 503}), ("reset", dict[str, Any]()))
# Of a hundred records, so many are none, are refused by the store, and come a second time.
_WRONG, _REFUSED, _TWICE = 1, 1, 2
_SECONDS_TO_LIVE = (5.0, 16.0)
_FEW = {"orders": 50, "customers": 10, "products": 10}


def rates(report: Report, scale: Scale) -> None:
    """Prints requests an order and a second, and memory."""
    rows = [_rate(scale.rows(count)) for count in (1_000, 10_000)]
    note = "Requests per second from the first request to the last reply."
    report.table(f"Orders sent: 100 ms latency, {_WORKERS} workers", list(rows[0]), rows, note)
    few, many = rows
    report.at_most("orders sent: requests an order", many["an order"], 2.05)
    report.at_least("orders sent: requests/s ÷ ideal", many["÷ ideal"], 0.9)
    ratio = many["peak MB"] / few["peak MB"]
    report.at_most(f"orders sent: memory, {many['orders']:,} ÷ {few['orders']:,}", ratio, 1.2)


def _rate(count: int) -> dict[str, Any]:
    with store_of(**_FEW, latency_ms=_LATENCY_MS) as store:
        command = programs.destination(store, patience_seconds=1, num_workers=_WORKERS)
        run = programs.run(command, _input([order(f"PO-{number}") for number in range(count)]))
        log = store.log()
    return {
        "orders": count,
        "requests": len(log),
        "an order": len(log) / count,
        "requests/s": (rate := per_second(log)),
        "÷ ideal": rate * _LATENCY_MS / 1000 / _WORKERS,
        "peak MB": round(run.megabytes),
    }


def ordeal(report: Report, scale: Scale) -> None:
    """Prints what became of orders that were sent under faults, kills and restarts."""
    chance, count = Random(20_260), scale.rows(10_000)
    records, wanted, wrong = _records(count, chance)
    rejected = programs.file_of("rejected.jsonl", b"")
    with store_of(**_FEW) as store:
        store.set(lookup_lag=_LAG)
        faults = _plan_faults(store, count, chance)
        command = programs.destination(store, patience_seconds=3, rejected_path=str(rejected))
        started, done, kills = time.monotonic(), 0, 0
        while done < len(records):
            last, is_killed = _send(command, records[done:], chance.uniform(*_SECONDS_TO_LIVE))
            done, kills = done + last, kills + is_killed
        seconds = time.monotonic() - started
        store.set(lookup_lag=0)
        orders = (row for rows in Reader(store.url).pages("orders") for row in rows)
        keys = [row["external_order_id"] or "" for row in orders]
    there = Counter(key for key in keys if key.startswith("PO-"))
    told = {line["rejected"]: line["reason"] for line in map(orjson.loads, rejected.open("rb"))}
    must_be_0 = {
        "more than once": sum(number > 1 for number in there.values()),
        "lost": len(wanted - there.keys()),
        "there and not sent": len(there.keys() - wanted),
        "told wrongly": len(told.keys() ^ wrong) + sum(not reason for reason in told.values()),
    }
    counts = {"records": len(records), "keys": len(wanted), "kills": kills, "faults": faults}
    counts |= {"rejected": len(wrong), "orders": len(there)}
    row = {**counts, **must_be_0, "seconds": seconds}
    report.table("Orders sent under faults, kills and restarts", list(row), [row])
    for figure, number in must_be_0.items():
        report.at_most(f"orders under faults and kills: {figure}", number, 0)


def _records(count: int, chance: Random) -> tuple[list[Row], set[str], set[str]]:
    """The records; the keys that are to be orders; those that are to be rejected."""
    records, wanted, wrong = list[Row](), set[str](), set[str]()
    for number in range(count):
        key, lot = f"PO-{number}", chance.randrange(100)
        if lot < _WRONG:
            records.append(order(key, nonsense=1))
        elif lot < _WRONG + _REFUSED:
            records.append(order(key, products=[{"product_id": 10**9, "quantity": 1}]))
        else:
            records += [order(key)] * (2 if lot < _WRONG + _REFUSED + _TWICE else 1)
        (wrong if lot < _WRONG + _REFUSED else wanted).add(key)
    return records, wanted, wrong


def _plan_faults(store: Store, count: int, chance: Random) -> int:
    """Three creates in a hundred go wrong, one look-up in a hundred; gives how many faults."""
    plans = [("orders.create", *chance.choice(_FAULTS)) for _ in range(count * 3 // 100)]
    plans += [("orders.list", *chance.choice(_FAULTS_OF_LOOKUPS)) for _ in range(count // 100)]
    for operation, kind, fields in plans:
        at = chance.randrange(1, count)
        store.add_fault(operation=operation, kind=kind, at=at, **fields)
    return len(plans)


def _send(command: programs.Command, records: list[Row], seconds: float) -> tuple[int, bool]:
    """Kills the destination after so long; gives the last state that it passed on."""
    try:
        sent = subprocess.run(command, input=_input(records), capture_output=True, timeout=seconds)
        output, is_killed = sent.stdout, False
    except subprocess.TimeoutExpired as killed:
        output, is_killed = killed.stdout or b"", True
    states = re.findall(rb'"number":(\d+)', output.rpartition(b"\n")[0])
    return int(states[-1]) if states else 0, is_killed


def _input(records: list[Row]) -> bytes:
    lines = lines_of(map(dict, records), every=25)
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
