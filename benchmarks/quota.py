"""Whether the store's quota is used up and never overdrawn."""

from __future__ import annotations

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.store import Store, refused
from benchmarks.streams import ENDPOINTS

_QUOTA = 150
_WINDOW_MS = 3000
_FEW = 0.02


def measure(report: Report, orders: int) -> None:
    """Prints elapsed over ideal and the 429s, alone and beside an app that takes half.

    orders: their number; the ten streams take a request for each, and some.
    """
    report.title(f"A quota of {_QUOTA} requests per {_WINDOW_MS / 1000:.0f} s")
    rows: list[list[object]] = []
    with Store(orders=orders) as store:
        programs.run(programs.plain(store, list(ENDPOINTS)))
        store.set(quota=_QUOTA, window_ms=_WINDOW_MS)
        for others in (0.0, 0.5):
            store.set(other_client=others)
            for workers in (10, 20):
                rows.append(_read(report, store, others, workers))
    report.table(
        ["other apps take", "workers", "requests", "429s", "seconds", "ideal", "÷ ideal"], rows
    )


def _read(report: Report, store: Store, others: float, workers: int) -> list[object]:
    run = programs.run(programs.connector(store, list(ENDPOINTS), num_workers=workers), store)
    log = run.log
    ideal = len(log) / (_QUOTA * (1 - others)) * _WINDOW_MS / 1000
    name = f"quota, {workers} workers" + (", another app takes half" if others else "")
    report.at_most(f"{name}: elapsed ÷ (requests ÷ quota)", run.seconds / ideal, 1.1)
    report.at_most(f"{name}: 429s", refused(log), _FEW * len(log) if others else 0)
    return [
        f"{others:.0%}",
        workers,
        len(log),
        refused(log),
        run.seconds,
        ideal,
        run.seconds / ideal,
    ]
