"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Growth:
    """A stream whose peak memory must stay where it is when the store grows."""

    stream: str
    few_orders: int
    many_orders: int
    workers: tuple[int, ...] = (2, 10)


@dataclass(frozen=True)
class Scale:
    """Sizes of the stores, and how often each program runs.

    starts: runs of each program of which only the start is measured.
    times: runs of each program that is measured without latency.
    rows: orders or products, whose speed must reach a ratio.
    line_orders: orders whose line items are read.
    by_order: orders that are read by a request for each.
    others: further streams that are read one by one, from a store of `small` orders, customers and
        products.
    small: the size of the store whose ten streams are read at once.
    late_orders: orders of the store whose ten streams are read with latency.
    late_seconds: how long each read of transactions with latency should take.
    late_workers: their worker counts.
    quota_orders: the ten streams take a request for each, and some.
    quota_workers: worker counts of the reads with a quota.
    confirms_costs: whether a row of the costs is read, which takes half a minute.
    growths: what is read to measure memory.
    """

    starts: int
    times: int
    rows: int
    line_orders: int
    by_order: int
    others: tuple[str, ...]
    small: int
    late_orders: int
    late_seconds: int
    late_workers: tuple[int, ...]
    quota_orders: int
    quota_workers: tuple[int, ...]
    confirms_costs: bool
    growths: tuple[Growth, ...]


FULL = Scale(
    starts=9,
    times=3,
    rows=100_000,
    line_orders=40_000,
    by_order=5_000,
    others=("customers", "transactions"),
    small=4_000,
    late_orders=2_000,
    late_seconds=12,
    late_workers=(10, 20, 40),
    quota_orders=1_000,
    quota_workers=(10, 20),
    confirms_costs=True,
    growths=(
        Growth("orders", 100_000, 1_000_000),
        Growth("order_products", 20_000, 200_000),
        Growth("transactions", 4_000, 40_000, workers=(10,)),
    ),
)

# Shows that everything runs.
QUICK = Scale(
    starts=3,
    times=1,
    rows=5_000,
    line_orders=2_000,
    by_order=500,
    others=(),
    small=250,
    late_orders=200,
    late_seconds=2,
    late_workers=(10,),
    quota_orders=200,
    quota_workers=(10,),
    confirms_costs=False,
    growths=(Growth("order_products", 500, 5_000, workers=(10,)),),
)
