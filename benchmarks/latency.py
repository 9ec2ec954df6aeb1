"""What is left of the speed that the workers allow, when each answer takes its time."""

from __future__ import annotations

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.store import Store, most_at_once
from benchmarks.streams import ENDPOINTS

_LATENCY = 0.1
_FIVE_YEARS: dict[str, object] = {"years": 5}
# All orders within 17 hours: shorter than the shortest window.
_ONE_WINDOW: dict[str, object] = {"years": 0.002}
_ONE_WINDOW_START = "2026-02-28T01:00:00Z"


def measure(report: Report, orders: int, seconds_each: int) -> None:
    """Prints the ten streams beside (b), then transactions by worker count.

    orders: how many there are for the ten streams.
    seconds_each: how long a read of transactions should ideally take.
    """
    report.title("100 ms latency")
    with Store(orders=orders, customers=orders, products=orders) as store:
        _ten_streams(report, store)
        start = programs.run(programs.connector_start(store)).seconds
    report.note(f"Transactions, start-up ({start:.2f} s) excluded:\n")
    rows: list[list[object]] = []
    for workers in (10, 20, 40):
        number = int(seconds_each * workers / _LATENCY)
        for name, span in (("many", _FIVE_YEARS), ("one", _ONE_WINDOW)):
            rows.append(_transactions(report, number, workers, name, span, start))
    report.table(["workers", "windows", "requests", "requests/s", "ideal", "share"], rows)


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
        log = run.log
        taken[name] = run.seconds
        ideal = len(log) * _LATENCY / 10
        most = most_at_once(log)
        share = run.seconds / ideal
        rows.append([name, run.records.total(), len(log), run.seconds, ideal, share, most])
    store.set(latency_ms=0)
    report.note("Ten streams, 10 workers, start-up included:\n")
    report.table(
        ["program", "records", "requests", "seconds", "ideal", "÷ ideal", "most at once"], rows
    )
    report.at_most(
        "100 ms latency: elapsed of ten streams ÷ (b)", taken["connector"] / taken["(b)"], 1.3
    )


def _transactions(
    report: Report, orders: int, workers: int, windows: str, span: dict[str, object], start: float
) -> list[object]:
    with Store(orders=orders, **span) as store:
        config: dict[str, object] = {"num_workers": workers}
        if span is _ONE_WINDOW:
            config["start_date"] = _ONE_WINDOW_START
        programs.run(programs.concurrent(store, ["transactions"], workers=8))
        store.set(latency_ms=_LATENCY * 1000)
        run = programs.run(programs.connector(store, ["transactions"], **config), store)
        log = run.log
    speed, ideal = len(log) / (run.seconds - start), workers / _LATENCY
    report.at_least(
        f"100 ms latency: transactions, {workers} workers, {windows} window(s): share of the ideal",
        speed / ideal,
        0.9,
    )
    return [
        workers,
        windows,
        len(log),
        round(speed),
        round(ideal),
        speed / ideal,
        most_at_once(log),
    ]
