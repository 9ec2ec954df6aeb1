"""Records per second and requests, stream by stream, without latency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks import programs
from benchmarks.programs import Run
from benchmarks.report import Report
from benchmarks.requests_needed import TIME, Rows, least_of_all, order_pages
from benchmarks.scale import Scale
from benchmarks.store import Store
from benchmarks.streams import ENDPOINTS

_WORKERS = (2, 10)
_RATIOS = {"orders": 0.37, "products": 0.45}
MEGABYTES = {2: 160.0, 10: 250.0}
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


@dataclass(frozen=True)
class Line:
    """One read, as it stands in the table; `plain` is what (a) took for the same records."""

    stream: str
    workers: int
    records: int
    requests: int
    ideal: int
    taken: Taken
    megabytes: float
    plain: Taken | None = None

    @property
    def ratio(self) -> float:
        """Of the records/s to those of (a)."""
        return self.plain.seconds / self.taken.seconds if self.plain else 0.0

    def cells(self) -> list[object]:
        compared: tuple[object, ...] = ("", "", "")
        if self.plain:
            by_processor = self.plain.processor / self.taken.processor
            compared = (round(self.records / self.plain.seconds), self.ratio, by_processor)
        return [
            self.stream,
            self.workers,
            self.records,
            self.requests,
            self.ideal,
            round(self.records / self.taken.seconds),
            *compared,
            round(self.megabytes),
        ]


def measure(report: Report, scale: Scale) -> None:
    """Prints one row per stream and worker count, then all ten streams in one read."""
    report.title("Without latency: records per second")
    lines: list[Line] = []

    def rows() -> Iterator[list[object]]:
        for line in _lines(report, scale):
            lines.append(line)
            yield line.cells()

    report.table(_COLUMNS, rows())
    report.note(
        "Start-up and the end of the process excluded. Ratio: of the records/s to those of (a), a"
        " loop of requests and orjson on one connection; then the same of the processor time."
        f" Median of {scale.times} runs; of one where a stream is not among the first three."
    )
    items, orders = (
        min(line.taken.seconds / line.requests for line in lines if line.stream == stream)
        for stream in ("order_products", "orders")
    )
    report.at_most("order_products: time per request ÷ that of orders", items / orders, 1.0)


def _lines(report: Report, scale: Scale) -> Iterator[Line]:
    with Store(orders=scale.rows, products=scale.rows, cache_mb=4096) as store:
        yield from _stream(report, store, "orders", scale.times)
        yield from _stream(report, store, "products", scale.times)
    with Store(orders=scale.line_orders, cache_mb=4096) as store:
        yield from _stream(report, store, "order_products", scale.times)
    small = scale.small
    with Store(orders=small, customers=small, products=small, cache_mb=4096) as store:
        for stream in scale.others:
            yield from _stream(report, store, stream, 1)
        yield from _ten_streams(report, store)


def _stream(report: Report, store: Store, stream: str, times: int) -> list[Line]:
    """One stream by (a) and by the connector, in turn, for each worker count."""
    commands = {
        "(a)": programs.plain(store, [stream]),
        "start of (a)": programs.plain_start(store),
        "start": programs.connector_start(store),
    } | {
        str(workers): programs.connector(store, [stream], num_workers=workers)
        for workers in _WORKERS
    }
    programs.run(commands["(a)"])  # warms the store
    runs = programs.interleaved(commands, times, store)
    start = Taken.of(runs["start"])
    first = runs["(a)"][0]
    expected = first.records[stream]
    plain = Taken.of(runs["(a)"], Taken.of(runs["start of (a)"]))
    lines = []
    for workers in _WORKERS:
        of_connector = runs[str(workers)]
        line = Line(
            stream,
            workers,
            of_connector[0].records[stream],
            of_connector[0].requests,
            first.requests,
            Taken.of(of_connector, start),
            programs.megabytes(of_connector),
            plain,
        )
        lines.append(line)
        name = f"{stream}, {workers} workers"
        report.at_most(f"{name}: peak MB", line.megabytes, MEGABYTES[workers])
        if line.records < expected:
            raise programs.Failed(f"{name}: {line.records} of {expected} records")
        if stream == "order_products":
            listed = order_pages(store.rows("orders"))
            # Each window ends with a page of its own, and asks for archived orders.
            bound = 1.05 * (listed + 2 * workers) + first.requests - listed + TIME
            report.at_most(f"{name}: requests", line.requests, bound)
    if stream in _RATIOS:
        best = max(line.ratio for line in lines)
        report.at_least(f"{stream}: records/s ÷ (a)", best, _RATIOS[stream])
    return lines


def _ten_streams(report: Report, store: Store) -> list[Line]:
    """The ten streams in one read."""
    start = Taken.of([programs.run(programs.connector_start(store))])
    orders = store.rows("orders")
    by_order = programs.run(programs.plain(store, ["order_products"]), store)
    cut_orders = by_order.requests - order_pages(orders)
    rows = Rows(orders, store.rows("customers"), store.rows("products"), cut_orders)
    ideal = least_of_all(rows)
    lines = []
    for workers in _WORKERS:
        command = programs.connector(store, list(ENDPOINTS), num_workers=workers)
        run = programs.run(command, store)
        name = f"ten streams, {workers} workers"
        report.at_most(f"{name}: requests ÷ ideal", run.requests / ideal, 1.2)
        report.at_most(f"{name}: peak MB", run.megabytes, MEGABYTES[workers])
        taken = Taken.of([run], start)
        records = run.records.total()
        lines.append(Line("all ten", workers, records, run.requests, ideal, taken, run.megabytes))
    return lines
