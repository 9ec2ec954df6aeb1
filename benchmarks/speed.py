"""Records per second and requests, stream by stream, without latency; and start-up."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.requests_needed import Rows, least_of_all, pages
from benchmarks.store import Store
from benchmarks.streams import ENDPOINTS

_WORKERS = (2, 10)
_RATIOS = {"orders": 0.37, "products": 0.45}
MEGABYTES = {2: 160.0, 10: 260.0}
"""The most memory that a read may take, by workers."""


_COLUMNS = (
    *("stream", "workers", "records", "requests", "ideal requests", "records/s"),
    *("records/s of (a)", "ratio", "peak MB"),
)


@dataclass(frozen=True)
class Sizes:
    """Rows of the stores, and how often each program runs.

    large: orders and products, whose speed must reach a ratio.
    line_orders: orders whose line items are read.
    small: orders, customers and products of the read of all ten streams.
    """

    large: int
    line_orders: int
    small: int
    times: int


@dataclass(frozen=True)
class Start:
    """Seconds that a program takes to find that there is nothing to read."""

    connector: float
    plain: float


@dataclass(frozen=True)
class Line:
    """One read, as it stands in the table; `seconds` are without start-up."""

    stream: str
    workers: int
    records: int
    requests: int
    ideal: int
    seconds: float
    plain_speed: float | None
    megabytes: float

    @property
    def speed(self) -> float:
        return self.records / self.seconds

    @property
    def ratio(self) -> float:
        return self.speed / self.plain_speed if self.plain_speed else 0.0

    def cells(self) -> list[object]:
        compared = (round(self.plain_speed), self.ratio) if self.plain_speed else ("", "")
        return [
            self.stream,
            self.workers,
            self.records,
            self.requests,
            self.ideal,
            round(self.speed),
            *compared,
            round(self.megabytes),
        ]


def measure(report: Report, sizes: Sizes) -> None:
    """Prints one row per stream and worker count, then all ten streams in one read."""
    report.title("Without latency")
    start = _start(sizes.times)
    with Store(orders=sizes.large, products=sizes.large, cache_mb=4096) as store:
        orders = _stream(report, store, "orders", sizes.times, start)
        products = _stream(report, store, "products", sizes.times, start)
    with Store(orders=sizes.line_orders, cache_mb=4096) as store:
        items = _stream(report, store, "order_products", sizes.times, start)
    small = sizes.small
    with Store(orders=small, customers=small, products=small, cache_mb=4096) as store:
        customers = _stream(report, store, "customers", 1, start)
        transactions = _stream(report, store, "transactions", 1, start)
        ten = _ten_streams(report, store, start)
    lines = [*orders, *products, *items, *customers, *transactions, *ten]
    report.table(
        _COLUMNS,
        [line.cells() for line in lines],
    )
    report.note(
        f"Start-up excluded: {start.connector:.2f} s of the connector, {start.plain:.2f} s of (a)."
        f" Median of {sizes.times} runs; customers, transactions and all ten: one run."
    )
    per_request = [min(line.seconds / line.requests for line in lines) for lines in (items, orders)]
    report.at_most(
        "order_products: time per request ÷ that of orders", per_request[0] / per_request[1], 1.0
    )


def measure_start(report: Report, times: int) -> None:
    """Prints what `spec` takes beside importing the CDK."""
    report.title("Start-up")
    runs = programs.interleaved(
        {
            "import": [sys.executable, "-c", "import airbyte_cdk"],
            "spec": [sys.executable, "-m", "source_bigcommerce", "spec"],
        },
        times,
    )
    spec, cdk = programs.seconds(runs["spec"]), programs.seconds(runs["import"])
    report.table(["", "seconds"], [["import airbyte_cdk", cdk], ["source-bigcommerce spec", spec]])
    report.at_most("`spec` ÷ importing the CDK", spec / cdk, 1.1)


def _start(times: int) -> Start:
    with Store(orders=200) as store:
        runs = programs.interleaved(
            {
                "connector": programs.connector_start(store),
                "plain": programs.plain_start(store),
            },
            max(3, times),
        )
    return Start(programs.seconds(runs["connector"]), programs.seconds(runs["plain"]))


def _stream(report: Report, store: Store, stream: str, times: int, start: Start) -> list[Line]:
    """One stream by (a) and by the connector, in turn, for each worker count."""
    commands = {0: programs.plain(store, [stream])} | {
        workers: programs.connector(store, [stream], num_workers=workers) for workers in _WORKERS
    }
    programs.run(commands[0])  # warms the store
    runs = programs.interleaved(
        {str(workers): command for workers, command in commands.items()}, times, store
    )
    first = runs["0"][0]
    expected = first.records[stream]
    plain_speed = expected / (programs.seconds(runs["0"]) - start.plain)
    lines = []
    for workers in _WORKERS:
        of_connector = runs[str(workers)]
        line = Line(
            stream,
            workers,
            of_connector[0].records[stream],
            of_connector[0].requests,
            first.requests,
            programs.seconds(of_connector) - start.connector,
            plain_speed,
            programs.megabytes(of_connector),
        )
        lines.append(line)
        name = f"{stream}, {workers} workers"
        report.at_most(f"{name}: peak MB", line.megabytes, MEGABYTES[workers])
        if line.records < expected:
            report.at_least(f"{name}: records", line.records, expected)
        if stream == "order_products":
            listed = pages(store.rows("orders"))
            bound = 1.05 * (listed + workers) + first.requests - listed
            report.at_most(f"{name}: requests", line.requests, bound)
    if stream in _RATIOS:
        best = max(line.ratio for line in lines)
        report.at_least(f"{stream}: records/s ÷ (a)", best, _RATIOS[stream])
    return lines


def _ten_streams(report: Report, store: Store, start: Start) -> list[Line]:
    """The ten streams in one read."""
    orders = store.rows("orders")
    by_order = programs.run(programs.plain(store, ["order_products"]), store)
    cut_orders = by_order.requests - pages(orders)
    rows = Rows(orders, store.rows("customers"), store.rows("products"), cut_orders)
    ideal = least_of_all(rows)
    lines = []
    for workers in _WORKERS:
        command = programs.connector(store, list(ENDPOINTS), num_workers=workers)
        run = programs.run(command, store)
        requests = run.requests
        report.at_most(f"ten streams, {workers} workers: requests ÷ ideal", requests / ideal, 1.2)
        seconds = run.seconds - start.connector
        records = run.records.total()
        lines.append(
            Line("all ten", workers, records, requests, ideal, seconds, None, run.megabytes)
        )
    return lines
