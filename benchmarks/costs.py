"""`python -m benchmarks.costs`: how long a sync of a store takes, by quota and by size.

Requests are counted by the formulas of `requests_needed`; what a store of so many orders holds
besides, and how much of it changes in a day, is assumed (`store_of`, `day_of`). Those for deleted
rows are counted: the search runs on ids without a store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.plain import ENDPOINTS
from benchmarks.report import Report, Row
from benchmarks.requests_needed import Rows, most, most_of_all, seconds
from source_bigcommerce.components.known_ids import KnownIds
from unit_tests.searches import PAGE, Ids, gone, searched

_PLANS = {"150 per 30 s": 150, "450 per 30 s": 450, "unlimited": None}
_WORKERS = 10
_LATENCY = 0.25
_DELETED = {
    "none": "0",
    "1": "1",
    "5": "5",
    "20": "20",
    "1,000 in a row": "stretch",
    "1,000 here and there": "1000",
}


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
    report.table(
        "Requests and time of each stream, 100,000 orders",
        ("stream", "first sync", *_PLANS, "daily sync", "daily, 150 per 30 s"),
        _by_stream(100_000),
    )
    report.table(
        "Time of the ten streams, by size of the store",
        ("orders", "sync", "requests", *_PLANS),
        (row for exponent in range(4, 8) for row in _by_sync(10**exponent)),
        f"Unlimited: {_WORKERS} workers, {_LATENCY * 1000:.0f} ms an answer. Five years of orders;"
        " for each ten of them four customers; one order in 500 with more line items than the order"
        " list shows; in a day, one order in 600, one customer in 1,000 and one product in 50"
        " change.",
    )
    report.table(
        "Requests that find deleted rows: the most of five tries",
        ("known rows", "to learn them", *_DELETED),
        map(_of_search, (100_000, 1_000_000)),
        "Each sync takes one more for new ids, and one for each 248 rows that it asks for again.",
    )


def _by_stream(orders: int) -> Iterator[Row]:
    first, day = store_of(orders), day_of(store_of(orders))
    counted = [(name, most(name, first, _WORKERS), most(name, day, 1)) for name in ENDPOINTS]
    counted.append(("all ten", most_of_all(first, _WORKERS), most_of_all(day, 1)))
    for name, of_first, of_day in counted:
        daily = {"daily sync": of_day, "daily, 150 per 30 s": _times(of_day)["150 per 30 s"]}
        yield {"stream": name, "first sync": of_first, **_times(of_first), **daily}


def _by_sync(orders: int) -> Iterator[Row]:
    first, day = store_of(orders), day_of(store_of(orders))
    of_first = most_of_all(first, _WORKERS)
    requests = {
        "first": of_first,
        "first, without transactions": of_first - most("transactions", first, _WORKERS),
        "daily": most_of_all(day, 1),
    }
    for sync, number in requests.items():
        yield {"orders": orders, "sync": sync, "requests": number, **_times(number)}


def _of_search(rows: int) -> Row:
    known, requests = KnownIds(range(1, rows + 1)), {}
    for name, kind in _DELETED.items():
        tries = [Ids(known, set(known) - gone(kind, rows, seed)) for seed in range(5)]
        for ids in tries:
            searched(ids)
        requests[name] = max(ids.requests for ids in tries)
    return {"known rows": rows, "to learn them": rows // PAGE, **requests}


def _times(requests: int) -> dict[str, str]:
    rate = _WORKERS / _LATENCY
    return {plan: _shown(seconds(requests, quota, rate)) for plan, quota in _PLANS.items()}


def _shown(duration: float) -> str:
    if duration < 100:
        return f"{max(1, duration):.0f} s"
    if duration < 100 * 60:
        return f"{duration / 60:.0f} min"
    return f"{duration / 3600:.0f} h" if duration < 96 * 3600 else f"{duration / 86400:.0f} days"


if __name__ == "__main__":
    main()
