"""Whether peak memory stays where it is when the store grows."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.speed import MEGABYTES
from benchmarks.store import Store


def measure(report: Report, few: int, many: int, parents: int) -> None:
    """Prints peak memory of a read of few and of many orders, then of their children.

    parents: orders whose transactions are read, beside a tenth of them.
    """
    report.title("Peak memory")
    report.table(
        ["stream", "orders in the store", "workers", "records", "peak MB"],
        _rows(report, few, many, parents),
    )


def _rows(report: Report, few: int, many: int, parents: int) -> Iterator[list[object]]:
    for stream, sizes in (
        ("orders", (few, many)),
        ("order_products", (few // 4, many // 4)),
        ("transactions", (parents // 10, parents)),
    ):
        peaks: dict[int, list[float]] = {2: [], 10: []}
        for orders in sizes:
            with Store(orders=orders) as store:
                for workers, of_workers in peaks.items():
                    run = programs.run_counting(
                        programs.connector(store, [stream], num_workers=workers)
                    )
                    of_workers.append(run.megabytes)
                    yield [stream, orders, workers, run.records.total(), run.megabytes]
        for workers, (smaller, larger) in peaks.items():
            name = f"peak MB of {stream}, {workers} workers"
            report.at_most(f"{name}: {sizes[1]:,} orders ÷ {sizes[0]:,}", larger / smaller, 1.2)
            report.at_most(f"{name}, {sizes[1]:,} orders", larger, MEGABYTES[workers])
