"""Whether peak memory stays where it is when the store grows."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.scale import Growth, Scale
from benchmarks.speed import MEGABYTES
from benchmarks.store import Store

_HEAVY_PAGE, _HEAVY_MEGABYTES = 15_000_000, 400.0


def measure(report: Report, scale: Scale) -> None:
    """Prints peak memory: of a small and a ten times larger store, and of one with heavy pages."""
    report.title("Peak memory")
    report.table(
        ["stream", "orders in the store", "workers", "records", "peak MB"],
        (row for growth in scale.growths for row in _rows(report, growth)),
    )
    _heavy(report, scale)


def _heavy(report: Report, scale: Scale) -> None:
    """A store whose every page of products is as heavy as a page may be."""
    with Store(products=scale.heavy_products, cache_mb=2) as store:
        weight = store.make_heavy(_HEAVY_PAGE // 250)
        report.title(f"Peak memory where a page of products has {250 * weight / 1e6:.1f} MB")
        runs = {
            workers: programs.run_counting(
                programs.connector(store, ["products"], num_workers=workers)
            )
            for workers in (1, 10)
        }
    report.table(
        ["workers", "records", "peak MB"],
        [[workers, run.records.total(), round(run.megabytes)] for workers, run in runs.items()],
    )
    report.at_most("memory: heavy products, 10 workers, MB", runs[10].megabytes, _HEAVY_MEGABYTES)
    if any(run.records.total() != scale.heavy_products for run in runs.values()):
        raise programs.Failed("heavy products: not all of them, or some twice")


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
