"""`python -m benchmarks.costs`: how long a sync of a store takes, by quota and by size.

The estimate counts the requests, for a sandbox store that is made larger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cache
from typing import Any

from benchmarks.plain import ENDPOINTS
from benchmarks.report import Report, Row
from integration_tests.syncs import catalog_of, config_for
from sandbox import Sandbox
from source_bigcommerce.components.budget import Limit
from source_bigcommerce.components.known_ids import KnownIds
from source_bigcommerce.components.quotas import Quotas
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.estimate.looks import ChildrenLook, Look
from source_bigcommerce.estimate.prices import Prices, duration
from source_bigcommerce.estimate.survey import DAILY, FIRST, Survey
from unit_tests.searches import PAGE, Ids, gone, searched

_PLANS = {"150 per 30 s": Limit(150, 30), "450 per 30 s": Limit(450, 30), "unlimited": None}
_COLUMNS = ("sync", "requests", *_PLANS)
_STORE: dict[str, Any] = {"orders": 20_000, "customers": 8_000, "products": 1_000}
# What a larger store has more of.
_GROWING = (*_STORE, "order_products", "transactions")
_ALL = {"all ten": [*ENDPOINTS]}
_WORKERS, _LATENCY = 10, 0.25
_DELETED = {number: number for number in ("0", "1", "5", "20")} | {
    "1,000 in a row": "stretch",
    "1,000 here and there": "1000",
}


def main() -> None:
    report = Report()
    each = {name: [name] for name in ENDPOINTS}
    rows = _rows(100_000, each | _ALL)
    report.table("Requests and time of each stream, 100,000 orders", ("stream", *_COLUMNS), rows)
    held = ", ".join(f"{rows:,} {name}" for name, rows in _STORE.items())
    changed = ", ".join(f"{_survey().looks[DAILY][name].rows} of the {name}" for name in _STORE)
    cut = f"{vars(_survey().looks[FIRST]['order_products'])['asked']:.2%} of the orders are cut"
    without = {"without transactions": [name for name in ENDPOINTS if name != "transactions"]}
    report.table(
        "Time of the ten streams, by size of the store",
        ("orders", "stream", *_COLUMNS),
        (row for exponent in range(4, 8) for row in _rows(10**exponent, _ALL | without)),
        f"In proportion to a sandbox store with {held} of five years. Its last day changed"
        f" {changed}; {cut}. {_WORKERS} workers, {_LATENCY * 1000:.0f} ms a reply.",
    )
    report.table(
        "Requests that find deleted rows: the most of five tries",
        ("known rows", "to learn them", *_DELETED),
        map(_of_search, (100_000, 1_000_000)),
        "Each sync takes one more for new ids, and one for each 248 rows that it asks for again.",
    )


@cache
def _survey() -> Survey:
    with Sandbox(now="real", **_STORE) as store:
        config = config_for(store, num_workers=_WORKERS)
        survey = Survey(config, catalog_of(ENDPOINTS, config))
        survey.ask()
    return survey


def _rows(orders: int, groups: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    """Requests of some streams together, and the time that they take with each plan."""
    survey, sync = copy(_survey()), Sync()
    for kind in (FIRST, DAILY):
        known = survey.looks[kind]
        grown = {name: larger(known[name], orders / _STORE["orders"]) for name in _GROWING}
        survey.looks = {**survey.looks, kind: {**known, **grown}}
        costs = survey.costs(kind)
        for name, streams in groups.items():
            chosen = [costs[stream] for stream in streams]
            times = dict[str, str]()
            for plan, limit in _PLANS.items():
                sync.quotas = Quotas(limit=limit)
                prices = Prices(sync, page=_LATENCY, few=_LATENCY)
                times[plan] = duration(prices.seconds(chosen, survey.form, share=100))
            requests = sum(cost.requests for cost in chosen)
            yield {"orders": orders, "stream": name, "sync": kind, "requests": requests, **times}


def larger(known: Look, times: float) -> Look:
    """What would be known of a store with so many times the rows."""
    if isinstance(known, ChildrenLook):
        return replace(known, parents=larger(known.parents, times))
    windows = [(window, round(rows * times)) for window, rows in known.windows]
    return replace(known, windows=windows)


def _of_search(rows: int) -> Row:
    known, requests = KnownIds(range(1, rows + 1)), {}
    for name, kind in _DELETED.items():
        tries = [Ids(known, set(known) - gone(kind, rows, seed)) for seed in range(5)]
        for ids in tries:
            searched(ids)
        requests[name] = max(ids.requests for ids in tries)
    return {"known rows": rows, "to learn them": rows // PAGE, **requests}


if __name__ == "__main__":
    main()
