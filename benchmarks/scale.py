"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Growth:
    """A stream whose peak memory must stay where it is when the store grows."""

    stream: str
    few_orders: int
    many_orders: int
    workers: tuple[int, ...] = (2, 10)


@dataclass(frozen=True)
class Scale:
    """Sizes of the stores, and how often each program runs."""

    starts: int = 9
    """Runs of each program of which only the start is measured."""
    times: int = 3
    """Runs of each program that is measured without latency."""
    rows: int = 100_000
    """Orders or products, whose speed must reach a ratio."""
    line_orders: int = 40_000
    """Orders whose line items are read."""
    by_order: int = 5_000
    """Orders that are read by a request for each."""
    small: int = 4_000
    """Size of the store whose ten streams are read at once, and `others` one by one."""
    others: tuple[str, ...] = ("customers", "transactions")
    late_orders: int = 2_000
    """Orders of the store whose ten streams are read with latency."""
    late_seconds: int = 12
    """How long each read of transactions with latency should take, by these worker counts."""
    late_workers: tuple[int, ...] = (10, 20, 40)
    quota_orders: int = 1_000
    """With a quota; the ten streams take a request for each, and some."""
    quota_workers: tuple[int, ...] = (10, 20)
    heavy_products: int = 2_500
    """Products of the store whose pages are heavy."""
    growths: tuple[Growth, ...] = (
        Growth("orders", 100_000, 1_000_000),
        Growth("order_products", 20_000, 200_000),
        Growth("transactions", 4_000, 40_000, workers=(10,)),
    )
    sent_orders: tuple[int, ...] = (1_000, 10_000)
    """Numbers of orders that are sent with latency."""
    ordeal_orders: int = 10_000
    """Orders that are sent under faults and kills."""


FULL = Scale()

# Shows that everything runs.
QUICK = replace(
    FULL,
    starts=3,
    times=1,
    rows=5_000,
    line_orders=2_000,
    by_order=500,
    small=250,
    others=(),
    late_orders=200,
    late_seconds=2,
    late_workers=(10,),
    quota_orders=200,
    quota_workers=(10,),
    heavy_products=500,
    growths=(Growth("order_products", 500, 5_000, workers=(10,)),),
    sent_orders=(100, 400),
    ordeal_orders=400,
)
