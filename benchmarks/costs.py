"""`python -m benchmarks.costs`: how long a sync of a store takes, by quota and by size.

Requests are counted by the formulas of `requests_needed`; what a store of so many orders holds
besides, and how much of it changes in a day, is assumed (`store_of`, `day_of`).
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks import deletions
from benchmarks.plain import ENDPOINTS
from benchmarks.report import Report
from benchmarks.requests_needed import Rows, most, most_of_all, seconds

_PLANS = {"150 per 30 s": 150, "450 per 30 s": 450, "unlimited": None}
_SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
_WORKERS = 10
_LATENCY = 0.25
_RATE = _WORKERS / _LATENCY


def store_of(orders: int) -> Rows:
    """What is assumed of a store with so many orders: mostly small ones, in five years."""
    return Rows(
        orders=orders,
        customers=orders * 2 // 5,
        products=min(50_000, max(500, orders // 20)),
        cut_orders=orders // 500,
    )


def day_of(store: Rows) -> Rows:
    """What is assumed to change in a day; the other streams are read whole."""
    return replace(
        store,
        orders=store.orders // 600,
        customers=store.customers // 1000,
        products=store.products // 50,
        cut_orders=store.cut_orders // 600,
    )


def main() -> None:
    report = Report()
    _by_stream(report, 100_000)
    _by_size(report)
    deletions.show(report)


def _without_transactions(rows: Rows) -> int:
    return most_of_all(rows, _WORKERS) - most("transactions", rows, _WORKERS)


def _by_stream(report: Report, orders: int) -> None:
    report.title(f"Requests and time of each stream, {orders:,} orders")
    first, day = store_of(orders), day_of(store_of(orders))
    counted = [(name, most(name, first, _WORKERS), most(name, day, 1)) for name in ENDPOINTS]
    counted.append(("all ten", most_of_all(first, _WORKERS), most_of_all(day, 1)))
    report.table(
        ["stream", "first sync", *_PLANS, "daily sync", "daily, 150 per 30 s"],
        (
            [name, of_first, *_durations(of_first), of_day, _durations(of_day)[0]]
            for name, of_first, of_day in counted
        ),
    )


def _by_size(report: Report) -> None:
    report.title("Time of the ten streams, by size of the store")
    rows: list[list[object]] = []
    for orders in _SIZES:
        first, day = store_of(orders), day_of(store_of(orders))
        for name, count in (
            ("first", most_of_all(first, _WORKERS)),
            ("first, without transactions", _without_transactions(first)),
            ("daily", most_of_all(day, 1)),
        ):
            rows.append([f"{orders:,}", name, count, *_durations(count)])
    report.table(["orders", "sync", "requests", *_PLANS], rows)
    report.note(
        f"Unlimited: {_WORKERS} workers, {_LATENCY * 1000:.0f} ms an answer. Five years of orders;"
        " for each ten of them four customers; one order in 500 with more line items than the order"
        " list shows; in a day, one order in 600, one customer in 1,000 and one product in 50"
        " change."
    )


def _durations(requests: int) -> list[str]:
    return [_shown(seconds(requests, quota, _RATE)) for quota in _PLANS.values()]


def _shown(duration: float) -> str:
    if duration < 100:
        return f"{max(1, duration):.0f} s"
    if duration < 100 * 60:
        return f"{duration / 60:.0f} min"
    return f"{duration / 3600:.0f} h" if duration < 96 * 3600 else f"{duration / 86400:.0f} days"


if __name__ == "__main__":
    main()
