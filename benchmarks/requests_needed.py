"""How many requests a read takes: the least possible, and the most that the connector makes.

`unit_tests/benchmarks` holds these formulas against real syncs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from benchmarks.plain import ENDPOINTS, PAGE_SIZE

# Streams whose first sync reads date windows side by side; that are read by page number, back from
# the last page; and that read the list of orders.
WINDOWED = ("customers", "orders", "order_products", "transactions", "products")
SHIFTING = ("channels",)
OF_ORDERS = ("orders", "order_products", "transactions")

TIME = 1
"""A sync of streams with a date asks the store for its time, once."""


@dataclass(frozen=True)
class Rows:
    """What a read has to fetch.

    cut_orders: requests for orders whose line items the list does not show whole: more than 50.
    """

    orders: int
    customers: int
    products: int
    cut_orders: int
    brands: int = 40
    categories: int = 60
    channels: int = 3
    pages: int = 30

    def of_list(self, stream: str) -> int:
        """Rows of the list that a stream reads."""
        return self.orders if stream in OF_ORDERS else int(getattr(self, stream))


def pages(rows: int) -> int:
    """Requests for a list: one even if it is empty.

    A full page takes one more behind it, as its count may be that of the page.
    """
    return max(1, ceil(rows / PAGE_SIZE)) + (rows > 0 and rows % PAGE_SIZE == 0)


def order_pages(orders: int) -> int:
    """Requests for the orders: v2 does not tell which page is the last.

    Only a page that is shorter than one before it is. The second begins with the last row of the
    first.
    """
    if orders < PAGE_SIZE:
        return 1 + (orders >= 10)
    behind = orders - (2 * PAGE_SIZE - 1)
    return 2 if behind < 0 else behind // PAGE_SIZE + 3


def least(stream: str, rows: Rows) -> int:
    """The fewest requests that bring all rows of a stream that is read by itself."""
    if stream == "store":
        return 1
    if stream in OF_ORDERS:
        by_order = {"order_products": rows.cut_orders, "transactions": rows.orders}
        return order_pages(rows.orders) + by_order.get(stream, 0)
    of_list = rows.of_list(stream)
    # By page number the first page comes once more in the end.
    return pages(of_list) + (stream not in WINDOWED and of_list > PAGE_SIZE)


def least_of_all(rows: Rows) -> int:
    """The fewest requests for the ten streams, with one list of orders for the three of them."""
    return sum(least(stream, rows) for stream in ENDPOINTS) - 2 * order_pages(rows.orders)


def proofs(stream: str, rows: Rows, windows: int) -> int:
    """Requests that count windows of more than a page after they were read, at most.

    Replies to a page number count the list themselves.
    """
    return min(windows, (rows.of_list(stream) - 1) // PAGE_SIZE) if stream in WINDOWED else 0


def most(stream: str, rows: Rows, windows: int) -> int:
    """The most requests that the connector makes for a stream, but for the store's time (TIME).

    Each window ends with a page of its own, of orders with two; each window of orders is asked once
    more, for archived ones; windows of more than a page are counted in the end, and long ones of
    orders before. The line items of a cut order are a v2 list of their own.
    """
    further = windows - 1 if stream in WINDOWED else 0
    further += stream in SHIFTING  # the second that is not over yet
    if stream in OF_ORDERS:
        further = 2 * further + windows
    if stream == "order_products":
        further += rows.cut_orders
    if stream == "orders":
        further += min(windows, rows.orders // (10 * PAGE_SIZE))
    return least(stream, rows) + further + proofs(stream, rows, windows)


def most_of_all(rows: Rows, windows: int) -> int:
    """The most requests that the connector makes for the ten streams."""
    return sum(most(stream, rows, windows) for stream in ENDPOINTS) + TIME


def seconds(requests: int, quota: int | None, rate: float, window: float = 30) -> float:
    """How long some requests take.

    quota: requests that the store grants in each window, None for any number.
    rate: requests per second that the workers can make where nothing holds them back.
    """
    if quota is None or rate * window <= quota:
        return requests / rate
    full_windows, rest = divmod(max(requests - 1, 0), quota)
    return full_windows * window + (rest + 1) / rate
