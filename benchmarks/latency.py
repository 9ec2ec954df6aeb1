"""What is left of the speed that the workers allow, when each answer takes its time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.store import Store, most_at_once, per_second
from benchmarks.streams import ENDPOINTS

_LATENCY = 0.1
_MANY_WINDOWS: dict[str, Any] = {"years": 5}
# All orders within 17 hours: shorter than the shortest window.
_ONE_WINDOW: dict[str, Any] = {"years": 0.002}
_ONE_WINDOW_START = "2026-02-28T01:00:00Z"


def measure(report: Report, scale: Scale) -> None:
    """Prints the ten streams, then transactions by worker count, beside (b)."""
    report.title("100 ms latency: ten streams, 10 workers, whole processes")
    orders = scale.late_orders
    with Store(orders=orders, customers=orders, products=orders) as store:
        _ten_streams(report, store)
    report.title("100 ms latency: transactions")
    report.table(
        ["workers", "windows", "requests", "ideal requests/s", "(b)", "connector", "÷ ideal"],
        _transactions(report, scale),
    )
    report.note("Requests per second from the first request to the last reply.")


def _ten_streams(report: Report, store: Store) -> None:
    ten = list(ENDPOINTS)
    commands = {
        "(b)": programs.concurrent(store, ten, workers=10),
        "connector": programs.connector(store, ten, num_workers=10),
    }
    programs.run(commands["(b)"])  # warms the store
    store.set(latency_ms=_LATENCY * 1000)
    rows: list[list[object]] = []
    taken = {}
    for name, command in commands.items():
        run = programs.run(command, store)
        taken[name] = run.seconds
        ideal = run.requests * _LATENCY / 10
        numbers = (run.records.total(), run.requests, run.seconds, ideal, run.seconds / ideal)
        rows.append([name, *numbers, most_at_once(run.log)])
    store.set(latency_ms=0)
    report.table(
        ["program", "records", "requests", "seconds", "ideal", "÷ ideal", "most at once"], rows
    )
    report.at_most(
        "100 ms latency: ten streams, 10 workers: elapsed ÷ (b)",
        taken["connector"] / taken["(b)"],
        1.3,
    )


def _transactions(report: Report, scale: Scale) -> Iterator[list[object]]:
    for workers in scale.late_workers:
        ideal = workers / _LATENCY
        for windows, span in (("many", _MANY_WINDOWS), ("one", _ONE_WINDOW)):
            config = {"start_date": _ONE_WINDOW_START} if span is _ONE_WINDOW else {}
            orders = int(scale.late_seconds * ideal)
            with Store(orders=orders, latency_ms=_LATENCY * 1000, **span) as store:
                # (b) comes first and so warms the store for the connector too.
                client = programs.concurrent(store, ["transactions"], workers=workers)
                by_b = per_second(programs.run(client, store).log)
                command = programs.connector(store, ["transactions"], num_workers=workers, **config)
                log = programs.run(command, store).log
            share = per_second(log) / ideal
            yield [workers, windows, len(log), round(ideal), by_b, per_second(log), share]
            plural = "s" if windows == "many" else ""
            report.at_least(
                f"100 ms latency: transactions, {workers} workers, {windows} window{plural}:"
                " requests/s ÷ ideal",
                share,
                0.9,
            )
