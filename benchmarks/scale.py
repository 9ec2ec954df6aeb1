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
    heavy_products: products of the store whose pages are heavy.
    growths: what is read to measure memory.
    sent_orders: numbers of orders that are sent with latency.
    ordeal_orders: orders that are sent under faults and kills.
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
    heavy_products: int
    growths: tuple[Growth, ...]
    sent_orders: tuple[int, ...]
    ordeal_orders: int


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
    heavy_products=2_500,
    growths=(
        Growth("orders", 100_000, 1_000_000),
        Growth("order_products", 20_000, 200_000),
        Growth("transactions", 4_000, 40_000, workers=(10,)),
    ),
    sent_orders=(1_000, 10_000),
    ordeal_orders=10_000,
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
    heavy_products=500,
    growths=(Growth("order_products", 500, 5_000, workers=(10,)),),
    sent_orders=(100, 400),
    ordeal_orders=400,
)
