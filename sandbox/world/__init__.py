"""The store's data: its rows and their fields. It knows neither HTTP nor queries."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.clock import YEAR
from sandbox.table import Row, Table
from sandbox.world.b2b import B2b
from sandbox.world.catalog import Catalog
from sandbox.world.catalog_lists import CatalogLists
from sandbox.world.checkouts import Checkouts
from sandbox.world.content import Content, store_information
from sandbox.world.customer_lists import CustomerLists
from sandbox.world.customers import Customers
from sandbox.world.geography import geography
from sandbox.world.history import History
from sandbox.world.inventory import Inventory
from sandbox.world.marketing import Coupons, Marketing
from sandbox.world.order_children import OrderChildren
from sandbox.world.orders import Orders
from sandbox.world.page_builder import PageBuilder
from sandbox.world.prices import Prices
from sandbox.world.publishing import Publishing
from sandbox.world.settings import channel_settings, setting_tables, settings
from sandbox.world.setup import Setup
from sandbox.world.storefronts import Storefronts


@dataclass(frozen=True)
class Size:
    """The number of rows of each kind at the start."""

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
        self.identity = (size, seed, now, years, store_hash)
        """What every row follows from."""
        history = History(start=now - int(years * YEAR), end=now)
        content = Content(seed, history, size.pages, size.channels)
        customers = Customers(seed, size.customers, history)
        catalog = Catalog(
            seed,
            history,
            products=size.products,
            brands=size.brands,
            categories=size.categories,
            channels=size.channels,
        )
        orders = Orders(
            seed, size.orders, history, customers.table, catalog, size.channels, store_hash
        )
        customer_lists = CustomerLists(seed, history, customers, catalog, orders.table)
        coupons = Coupons(seed, history, catalog)
        order_children = OrderChildren(seed, history, orders, coupons.table)
        checkouts = Checkouts(seed, orders)
        catalog_lists = CatalogLists(seed, history, catalog)
        store = store_information(seed, store_hash)
        setup = Setup(seed, history, catalog, content, store["store_id"])
        storefronts = Storefronts(seed, history, content, setup.sites)
        targets = {
            "brand": catalog.brands,
            "category": catalog.categories,
            "page": content.pages,
            "product": catalog.products,
        }
        publishing = Publishing(seed, history, targets, size.channels, store_hash)
        b2b = B2b(seed, history, customers.table, catalog, orders.table, size.channels)
        self.orders = orders
        self.tables: tuple[Table, ...] = (
            orders.table,
            *order_children.tables,
            *customers.tables,
            *customer_lists.tables,
            *catalog.tables,
            *catalog_lists.tables,
            *Prices(seed, history, catalog, size.channels).tables,
            *Inventory(seed, history, catalog).tables,
            content.channels,
            content.pages,
            coupons.table,
            *Marketing(seed, history, orders, catalog, customers.segment_id(0)).tables,
            *setup.tables,
            *storefronts.tables,
            *geography(store_hash),
            *setting_tables(),
            *publishing.tables,
            *PageBuilder(
                seed, history, size.channels, catalog.categories.columns["category_id"]
            ).tables,
            *b2b.tables,
        )
        self.children = (
            *orders.children,
            *order_children.children,
            *checkouts.children,
            *customer_lists.children,
            *catalog_lists.children,
            *setup.children,
            *storefronts.children,
            *publishing.children,
            *channel_settings(content.channels),
            *b2b.children,
        )
        self.objects: dict[str, Row] = {
            "store": store,
            "catalog_summary": catalog_lists.summary,
            **settings(),
        }
