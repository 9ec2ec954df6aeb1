"""Whether peak memory stays where it is when the store grows."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.scale import Growth, Scale
from benchmarks.speed import MEGABYTES
from benchmarks.store import Store


def measure(report: Report, scale: Scale) -> None:
    """Prints peak memory of reads of a small and of a ten times larger store."""
    report.title("Peak memory")
    report.table(
        ["stream", "orders in the store", "workers", "records", "peak MB"],
        (row for growth in scale.growths for row in _rows(report, growth)),
    )


def _rows(report: Report, growth: Growth) -> Iterator[list[object]]:
    peaks: dict[tuple[int, int], float] = {}
    few, many = growth.few_orders, growth.many_orders
    for orders in (few, many):
        with Store(orders=orders) as store:
            for workers in growth.workers:
                command = programs.connector(store, [growth.stream], num_workers=workers)
                run = programs.run_counting(command)
                peaks[orders, workers] = run.megabytes
                yield [growth.stream, orders, workers, run.records.total(), round(run.megabytes)]
    for workers in growth.workers:
        name = f"memory: {growth.stream}, {workers} workers, {many:,} orders"
        larger = peaks[many, workers]
        report.at_most(f"{name}, MB", larger, MEGABYTES[workers])
        report.at_most(f"{name} ÷ {few:,} orders", larger / peaks[few, workers], 1.2)
