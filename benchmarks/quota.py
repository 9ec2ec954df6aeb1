"""Whether the store's quota is used up and never overdrawn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

from benchmarks import programs
from benchmarks.plain import ENDPOINTS
from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.store import Store, refused

_QUOTA = 150
_WINDOW_MS = 3000
_RATE = _QUOTA * 1000 / _WINDOW_MS
_FEW = 0.05
"""Share of the requests that may be refused beside another client."""
_APP = "another app"


def measure(report: Report, scale: Scale) -> None:
    """Prints elapsed over ideal and the 429s: alone, beside an app, and two connectors at once."""
    report.title(f"A quota of {_QUOTA} requests per {_WINDOW_MS / 1000:.0f} s: ten streams")
    with Store(orders=scale.quota_orders) as store:
        programs.run(programs.plain(store, list(ENDPOINTS)))  # warms the store
        start = programs.run(programs.connector_start(store)).seconds
        store.set(quota=_QUOTA, window_ms=_WINDOW_MS)
        report.table(
            [
                *("beside", "`quota_share`", "workers", "requests", "429s"),
                *("429s of the app", "seconds", "ideal", "÷ ideal"),
            ],
            _rows(report, store, scale, start),
        )
    report.note(
        f"Start-up ({start:.2f} s) excluded. Ideal: requests ÷ quota; beside an app that takes"
        " half, of the other half. The app is a loop at a steady rate, which looks at no header."
    )


def _rows(report: Report, store: Store, scale: Scale, start: float) -> Iterator[list[object]]:
    for workers in scale.quota_workers:
        yield _read(report, store, "nobody", start, workers=workers)
    for share in (100, 50):
        with _app_that_takes_half(store):
            yield _read(report, store, "an app that takes half", start, share=share, left=0.5)
    yield _read(report, store, "another connector", start, programs_at_once=2)


def _read(
    report: Report,
    store: Store,
    beside: str,
    start: float,
    workers: int = 10,
    share: int = 100,
    left: float = 1.0,
    programs_at_once: int = 1,
) -> list[object]:
    """One read of the ten streams, or several at once, for which `left` of the quota is there."""
    command = programs.connector(store, list(ENDPOINTS), num_workers=workers, quota_share=share)
    store.forget()
    with ThreadPoolExecutor(programs_at_once) as pool:
        runs = list(pool.map(programs.run, [command] * programs_at_once))
    log = store.requests()
    of_app = [entry for entry in log if entry["user_agent"] == _APP]
    ours = [entry for entry in log if entry["user_agent"] != _APP]
    seconds, ideal = max(run.seconds for run in runs) - start, len(ours) / (_RATE * left)

    name = f"quota: {workers} workers, `quota_share` {share}, beside {beside}"
    report.at_most(f"{name}: elapsed ÷ (requests ÷ quota)", seconds / ideal, 1.1)
    report.at_most(
        f"{name}: 429s", refused(ours), 0 if beside == "nobody" else int(_FEW * len(ours))
    )
    if of_app:
        report.at_most(f"{name}: 429s of the app", refused(of_app), int(_FEW * len(of_app)))
    app = f"{refused(of_app)} of {len(of_app)}" if of_app else ""
    cells = (len(ours), refused(ours), app, seconds, ideal, seconds / ideal)
    return [beside, f"{share} %", workers, *cells]


@contextmanager
def _app_that_takes_half(store: Store) -> Iterator[None]:
    ended = threading.Event()

    def ask() -> None:
        session = requests.Session()
        session.headers.update(
            {"X-Auth-Token": "sandbox-token", "Accept": "application/json", "User-Agent": _APP}
        )
        while not ended.wait(2 / _RATE):
            session.get(f"{store.url}/stores/sandbox/v2/store", timeout=10)

    app = threading.Thread(target=ask)
    app.start()
    try:
        yield
    finally:
        ended.set()
        app.join()
