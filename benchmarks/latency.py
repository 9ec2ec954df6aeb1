"""What is left of the speed that the workers allow, when each answer takes its time."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import programs
from benchmarks.plain import ENDPOINTS
from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.store import Store, most_at_once, per_second

_LATENCY = 0.1
# Years of orders and where the read begins. The second is shorter than the shortest window.
_SPANS = {"many": (5, "2020-01-01"), "one": (0.002, "2026-02-28T01:00:00Z")}


def measure(report: Report, scale: Scale) -> None:
    """Prints the ten streams, then transactions by worker count, beside what workers allow."""
    report.title("100 ms latency: ten streams, 10 workers, whole processes")
    orders = scale.late_orders
    with Store(orders=orders, customers=orders, products=orders) as store:
        programs.run(programs.plain(store, list(ENDPOINTS)))  # warms the store
        store.set(latency_ms=_LATENCY * 1000)
        run = programs.run(programs.connector(store, list(ENDPOINTS), num_workers=10), store)
    ideal = run.requests * _LATENCY / 10
    cells = (run.records.total(), run.requests, run.seconds, ideal, run.seconds / ideal)
    report.table(
        ["records", "requests", "seconds", "ideal", "÷ ideal", "most at once"],
        [[*cells, most_at_once(run.log)]],
    )
    name = "100 ms latency: ten streams, 10 workers: elapsed ÷ ideal"
    report.at_most(name, run.seconds / ideal, 1.3)
    report.title("100 ms latency: transactions")
    report.table(
        ["workers", "windows", "requests", "ideal requests/s", "requests/s", "÷ ideal"],
        _transactions(report, scale),
    )
    report.note("Requests per second from the first request to the last reply.")


def _transactions(report: Report, scale: Scale) -> Iterator[list[object]]:
    for workers in scale.late_workers:
        ideal = workers / _LATENCY
        for windows, (years, start) in _SPANS.items():
            orders = int(scale.late_seconds * ideal)
            with Store(orders=orders, years=years) as store:
                programs.run(programs.plain(store, ["transactions"]))  # warms the store
                store.set(latency_ms=_LATENCY * 1000)
                config = {"num_workers": workers, "start_date": start}
                command = programs.connector(store, ["transactions"], **config)
                log = programs.run(command, store).log
            share = per_second(log) / ideal
            yield [workers, windows, len(log), round(ideal), per_second(log), share]
            name = f"100 ms latency: transactions, {workers} workers, windows: {windows}"
            report.at_least(f"{name}: requests/s ÷ ideal", share, 0.9)
