"""Whether the store's quota is used up and never overdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.store import Store, refused
from benchmarks.streams import ENDPOINTS

_QUOTA = 150
_WINDOW_MS = 3000
_RATE = _QUOTA * 1000 / _WINDOW_MS
_FEW = 0.05
"""Share of the requests that may be refused beside another client."""


def measure(report: Report, scale: Scale) -> None:
    """Prints elapsed over ideal and the 429s: alone, beside others, and two connectors at once."""
    report.title(f"A quota of {_QUOTA} requests per {_WINDOW_MS / 1000:.0f} s: ten streams")
    with Store(orders=scale.quota_orders) as store:
        programs.run(programs.plain(store, list(ENDPOINTS)))  # warms the store
        start = programs.run(programs.connector_start(store)).seconds
        store.set(quota=_QUOTA, window_ms=_WINDOW_MS)
        report.table(
            ["beside", "workers", "requests", "429s", "seconds", "ideal", "÷ ideal"],
            _rows(report, store, scale, start),
        )
    report.note(
        f"Start-up ({start:.2f} s) excluded. Ideal: requests ÷ quota; beside an app that takes"
        " half, of the other half."
    )


def _rows(report: Report, store: Store, scale: Scale, start: float) -> Iterator[list[object]]:
    for taken, beside in ((0.0, "nobody"), (0.5, "an app that takes half")):
        store.set(other_client=taken)
        for workers in scale.quota_workers:
            yield _read(report, store, workers, start, beside, left=1 - taken)
    store.set(other_client=0.0)
    yield _read(report, store, 10, start, "another connector", programs_at_once=2)


def _read(
    report: Report,
    store: Store,
    workers: int,
    start: float,
    beside: str,
    left: float = 1.0,
    programs_at_once: int = 1,
) -> list[object]:
    """One read of the ten streams, or several at once, for which `left` of the quota is there."""
    command = programs.connector(store, list(ENDPOINTS), num_workers=workers)
    store.forget()
    with ThreadPoolExecutor(programs_at_once) as pool:
        runs = list(pool.map(programs.run, [command] * programs_at_once))
    log = store.requests()
    seconds, ideal = max(run.seconds for run in runs) - start, len(log) / (_RATE * left)
    name = f"quota: {workers} workers, beside {beside}"
    report.at_most(f"{name}: elapsed ÷ (requests ÷ quota)", seconds / ideal, 1.1)
    most_refused = 0 if beside == "nobody" else _FEW * len(log)
    report.at_most(f"{name}: 429s", refused(log), most_refused)
    return [beside, workers, len(log), refused(log), seconds, ideal, seconds / ideal]
