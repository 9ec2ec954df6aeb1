"""Records per second and requests, stream by stream, without latency."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from benchmarks import programs
from benchmarks.plain import ENDPOINTS
from benchmarks.programs import Run
from benchmarks.report import Report
from benchmarks.requests_needed import TIME, order_pages
from benchmarks.scale import Scale
from benchmarks.store import Store

_WORKERS = (2, 10)
_RATIOS = {"orders": 0.37, "products": 0.45}
MEGABYTES = {2: 160.0, 10: 260.0}
"""The most memory that a read may take, by workers."""

_COLUMNS = (
    *("stream", "workers", "records", "requests", "ideal requests", "records/s"),
    *("records/s of (a)", "ratio", "ratio by processor", "peak MB"),
)


@dataclass(frozen=True)
class Taken:
    """The median run of a program: seconds, and seconds of processor time.

    Other work on the machine disturbs the latter less.
    """

    seconds: float
    processor: float

    @classmethod
    def of(cls, runs: list[Run], start: Taken | None = None) -> Taken:
        """Without what the program takes to find that there is nothing to read, if it is given."""
        seconds, processor = programs.seconds(runs), programs.processor(runs)
        if start is None:
            return cls(seconds, processor)
        return cls(max(0.01, seconds - start.seconds), max(0.01, processor - start.processor))


def measure(report: Report, scale: Scale) -> None:
    """Prints one row per stream and worker count, then all ten streams in one read."""
    report.title("Without latency: records per second")
    report.table(_COLUMNS, _rows(report, scale))
    report.note(
        "Start-up and the end of the process excluded. Ratio: of the records/s to those of (a), a"
        " loop of requests and orjson on one connection; then the same of the processor time."
        f" Median of {scale.times} runs; of one where a stream is not among the first three."
    )


def _rows(report: Report, scale: Scale) -> Iterator[list[object]]:
    a_request: dict[str, float] = {}
    with Store(orders=scale.rows, products=scale.rows, cache_mb=4096) as store:
        a_request["orders"] = yield from _stream(report, store, "orders", scale.times)
        yield from _stream(report, store, "products", scale.times)
    with Store(orders=scale.line_orders, cache_mb=4096) as store:
        a_request["items"] = yield from _stream(report, store, "order_products", scale.times)
    ratio = a_request["items"] / a_request["orders"]
    report.at_most("order_products: time per request ÷ that of orders", ratio, 1.0)
    small = scale.small
    with Store(orders=small, customers=small, products=small, cache_mb=4096) as store:
        for stream in scale.others:
            yield from _stream(report, store, stream, 1)
        yield from _ten_streams(report, store)
        _personal_data(report, store, scale.times)


def _personal_data(report: Report, store: Store, times: int) -> None:
    """What hashing and dropping take of the records/s; by processor, as the ratios are near 1."""
    modes = {"keep": "", "hash": "a salt for all", "drop": ""}
    for stream in ("orders", "customers"):
        commands = {"start": programs.connector_start(store)} | {
            mode: programs.connector(store, [stream], personal_data=mode, hash_salt=salt)
            for mode, salt in modes.items()
        }
        runs = programs.interleaved(commands, times, store)
        taken = {each: Taken.of(runs[each], Taken.of(runs["start"])).processor for each in modes}
        for mode in ("hash", "drop"):
            name = f"{stream}: records/s with personal_data {mode} ÷ keep"
            report.at_least(name, taken["keep"] / taken[mode], 0.8)


def _stream(
    report: Report, store: Store, stream: str, times: int
) -> Generator[list[object], None, float]:
    """One stream by (a) and by the connector, in turn, for each worker count.

    Gives the shortest time of a request.
    """
    commands = {
        "(a)": programs.plain(store, [stream]),
        "start of (a)": programs.plain_start(store),
        "start": programs.connector_start(store),
        **{str(w): programs.connector(store, [stream], num_workers=w) for w in _WORKERS},
    }
    programs.run(commands["(a)"])  # warms the store
    runs = programs.interleaved(commands, times, store)
    plain = Taken.of(runs["(a)"], Taken.of(runs["start of (a)"]))
    ideal = runs["(a)"][0].requests
    ratios, a_request = [], []
    for workers in _WORKERS:
        run, taken = runs[str(workers)][0], Taken.of(runs[str(workers)], Taken.of(runs["start"]))
        records, megabytes = run.records[stream], programs.megabytes(runs[str(workers)])
        ratios.append(plain.seconds / taken.seconds)
        a_request.append(taken.seconds / run.requests)
        yield [
            *(stream, workers, records, run.requests, ideal, round(records / taken.seconds)),
            *(round(records / plain.seconds), ratios[-1], plain.processor / taken.processor),
            round(megabytes),
        ]
        name = f"{stream}, {workers} workers"
        report.at_most(f"{name}: peak MB", megabytes, MEGABYTES[workers])
        if records < runs["(a)"][0].records[stream]:
            raise programs.Failed(f"{name}: only {records} records")
        if stream == "order_products":
            listed = order_pages(store.rows("orders"))
            # Each window ends with a page of its own, and asks for archived orders.
            bound = 1.05 * (listed + 2 * workers) + ideal - listed + TIME
            report.at_most(f"{name}: requests", run.requests, bound)
    if stream in _RATIOS:
        report.at_least(f"{stream}: records/s ÷ (a)", max(ratios), _RATIOS[stream])
    return min(a_request)


def _ten_streams(report: Report, store: Store) -> Iterator[list[object]]:
    """The ten streams in one read, with one list of orders for the three streams that need it."""
    start = Taken.of([programs.run(programs.connector_start(store))])
    by_loop = programs.run(programs.plain(store, list(ENDPOINTS)), store).requests
    ideal = by_loop - 2 * order_pages(store.rows("orders"))
    for workers in _WORKERS:
        command = programs.connector(store, list(ENDPOINTS), num_workers=workers)
        run = programs.run(command, store)
        records, taken = run.records.total(), Taken.of([run], start)
        yield [
            *("all ten", workers, records, run.requests, ideal, round(records / taken.seconds)),
            *("", "", "", round(run.megabytes)),
        ]
        name = f"ten streams, {workers} workers"
        report.at_most(f"{name}: requests ÷ ideal", run.requests / ideal, 1.2)
        report.at_most(f"{name}: peak MB", run.megabytes, MEGABYTES[workers])
