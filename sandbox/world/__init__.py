"""The store's data: what rows there are and what stands in them. Knows neither HTTP nor queries."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.clock import YEAR
from sandbox.world.catalog import Catalog
from sandbox.world.content import Content
from sandbox.world.customers import Customers
from sandbox.world.history import History
from sandbox.world.orders import Orders


@dataclass(frozen=True)
class Size:
    """How many rows of each kind the store starts with."""

    orders: int = 5_000
    customers: int = 2_000
    products: int = 1_000
    brands: int = 40
    categories: int = 60
    channels: int = 3
    pages: int = 30


class World:
    """All makers of rows, bound to one seed and one span of history."""

    def __init__(self, size: Size, seed: int, now: int, years: float, store_hash: str) -> None:
        self.seed = seed
        history = History(start=now - int(years * YEAR), end=now)
        self.content = Content(seed, history, size.pages, size.channels)
        self.customers = Customers(seed, size.customers, history)
        self.catalog = Catalog(
            seed,
            history,
            products=size.products,
            brands=size.brands,
            categories=size.categories,
            channels=size.channels,
        )
        self.orders = Orders(
            seed,
            size.orders,
            history,
            self.customers.table,
            self.catalog,
            size.channels,
            store_hash,
        )
