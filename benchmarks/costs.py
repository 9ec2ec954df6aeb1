"""`python -m benchmarks.costs`: how long a sync of a store takes, by plan and by size.

Requests are counted by the formulas of `requests_needed`; what a store of so many orders holds
besides, and how much of it changes in a day, is assumed (`store_of`, `day_of`).
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.requests_needed import Rows, most, most_of_all, seconds
from benchmarks.scale import Scale
from benchmarks.store import Store
from benchmarks.streams import ENDPOINTS

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
    _by_connections(report, 1_000_000)


def confirm(report: Report, scale: Scale) -> None:
    """Reads one row of the table by size from a sandbox with that quota."""
    if not scale.confirms_costs:
        return
    orders, quota = min(_SIZES), _PLANS["150 per 30 s"]
    report.title(
        f"Confirmed by a read of {orders:,} orders without transactions, {quota} requests per 30 s"
    )
    assumed = store_of(orders)
    streams = [stream for stream in ENDPOINTS if stream != "transactions"]
    flags = {"orders": orders, "customers": assumed.customers, "products": assumed.products}
    # The store's first window begins with it, as the formula has it.
    with Store(**flags, quota=quota, latency_ms=_LATENCY * 1000) as store:
        run = programs.run(programs.connector(store, streams, num_workers=_WORKERS), store)
    long_orders = sum(entry["operation"] == "order_products.list" for entry in run.log)
    formula = _without_transactions(assumed)
    of_store = _without_transactions(replace(assumed, cut_orders=long_orders))
    expected = seconds(of_store, quota, _RATE)
    report.table(
        ["", "requests", "seconds"],
        [
            ["formula", formula, seconds(formula, quota, _RATE)],
            [f"formula, with the {long_orders} long orders of this store", of_store, expected],
            ["measured", run.requests, run.seconds],
        ],
    )
    report.at_most("costs: requests ÷ formula", run.requests / of_store, 1.0)
    report.at_most("costs: seconds ÷ formula", run.seconds / expected, 1.1)


def _without_transactions(rows: Rows) -> int:
    return most_of_all(rows, _WORKERS) - most("transactions", rows, _WORKERS)


def _by_stream(report: Report, orders: int) -> None:
    report.title(f"Requests and time of each stream, {orders:,} orders")
    first, day = store_of(orders), day_of(store_of(orders))
    counted = [
        (stream, most(stream, first, _WORKERS), most(stream, day, 1)) for stream in ENDPOINTS
    ]
    counted.append(("all ten", most_of_all(first, _WORKERS), most_of_all(day, 1)))
    rows = [
        [stream, of_first, *_durations(of_first), of_day, _duration(of_day, 150)]
        for stream, of_first, of_day in counted
    ]
    report.table(
        ["stream", "first sync", *_PLANS, "daily sync", "daily, 150 per 30 s"],
        rows,
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


def _by_connections(report: Report, orders: int) -> None:
    report.title(f"The first sync of {orders:,} orders, split over connections")
    requests = most_of_all(store_of(orders), _WORKERS)
    rows = []
    for connections in (1, 2, 4, 8):
        total = requests + (connections - 1) * _extra_requests()
        rows.append(
            [str(connections), total]
            + [_shown(seconds(total, quota, connections * _RATE)) for quota in _PLANS.values()]
        )
    report.table(["connections", "requests", *_PLANS], rows)
    report.note(
        "The quota is the store's: connections share it, so with a quota they gain nothing and"
        " only spend some requests more. Without one they gain until the store or the machine"
        " slows down; so do more workers of one connection (up to 40)."
    )


def _extra_requests() -> int:
    """What another connection costs: an empty read of each stream's windows."""
    return most_of_all(Rows(orders=0, customers=0, products=0, cut_orders=0), _WORKERS)


def _durations(requests: int) -> list[str]:
    return [_duration(requests, quota) for quota in _PLANS.values()]


def _duration(requests: int, quota: int | None) -> str:
    return _shown(seconds(requests, quota, _RATE))


def _shown(duration: float) -> str:
    if duration < 100:
        return f"{max(1, duration):.0f} s"
    if duration < 100 * 60:
        return f"{duration / 60:.0f} min"
    return f"{duration / 3600:.0f} h" if duration < 96 * 3600 else f"{duration / 86400:.0f} days"


if __name__ == "__main__":
    main()
