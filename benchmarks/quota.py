"""Whether the store's quota is used up and never overdrawn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.store import Store, refused
from benchmarks.streams import ENDPOINTS

_QUOTA = 150
_WINDOW_MS = 3000
_RATE = _QUOTA * 1000 / _WINDOW_MS
_FEW = 0.05
"""Share of the requests that may be refused beside another client."""


def measure(report: Report, orders: int) -> None:
    """Prints elapsed over ideal and the 429s: alone, beside others, and two connectors at once.

    orders: their number; the ten streams take a request for each, and some.
    """
    report.title(f"A quota of {_QUOTA} requests per {_WINDOW_MS / 1000:.0f} s")
    rows: list[list[object]] = []
    with Store(orders=orders) as store:
        programs.run(programs.plain(store, list(ENDPOINTS)))  # warms the store
        start = programs.run(programs.connector_start(store)).seconds
        store.set(quota=_QUOTA, window_ms=_WINDOW_MS)
        for workers in (10, 20):
            rows.append(_read(report, store, workers, start))
        store.set(other_client=0.5)
        for workers in (10, 20):
            rows.append(_read(report, store, workers, start, share=0.5))
        store.set(other_client=0.0)
        rows.append(_read(report, store, 10, start, programs_at_once=2))
    report.table(["beside", "workers", "requests", "429s", "seconds", "ideal", "÷ ideal"], rows)
    report.note(
        f"Start-up ({start:.2f} s) excluded. Ideal: requests ÷ quota; beside an app that takes"
        " half, of the other half."
    )


def _read(
    report: Report,
    store: Store,
    workers: int,
    start: float,
    share: float = 1.0,
    programs_at_once: int = 1,
) -> list[object]:
    """One read of the ten streams, or several at once, that have a share of the quota."""
    command = programs.connector(store, list(ENDPOINTS), num_workers=workers)
    store.forget()
    with ThreadPoolExecutor(programs_at_once) as pool:
        runs = list(pool.map(programs.run, [command] * programs_at_once))
    log = store.requests()
    seconds, ideal = max(run.seconds for run in runs) - start, len(log) / (_RATE * share)
    is_alone = programs_at_once == 1 and share == 1
    beside = "nobody" if is_alone else "half taken" if share < 1 else "another connector"
    name = f"quota, {workers} workers, beside {beside}"
    report.at_most(f"{name}: elapsed ÷ (requests ÷ quota)", seconds / ideal, 1.1)
    report.at_most(f"{name}: 429s", refused(log), 0 if is_alone else _FEW * len(log))
    return [beside, workers, len(log), refused(log), seconds, ideal, seconds / ideal]
