"""Finds products and variants by SKU."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from destination_bigcommerce.api import PRODUCTS, Api
from destination_bigcommerce.record import Order, Rejected
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.reply import Row

_AT_ONCE, _LONGEST_LIST = 50, 4000
_REMEMBERED = 50_000
_VARIANTS, _PRODUCTS = "v3/catalog/variants", "v3/catalog/products"

Found = dict[str, int]
"""`product_id` and, if the product has variants, `variant_id`."""


class Skus:
    """Replaces the SKUs of order lines with ids. Looks up many at once, each only once in a sync.

    A line with a `name` is a custom product, and its SKU is sent as it is. SKUs are looked up in
    the list of variants, then in that of products: the documentation contradicts itself about
    whether the former holds products without options, and whether it takes more than one SKU.

    Raises AirbyteTracedException if the catalog cannot be asked.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: OrderedDict[str, Found] = OrderedDict()

    def resolve(self, orders: Iterable[Order]) -> None:
        """Puts ids into the lines; sets `rejected` of an order with an unknown SKU."""
        orders = list(orders)
        wanted = {sku for order in orders for sku in _skus_of(order)}
        for path in (_VARIANTS, _PRODUCTS):
            self._ask(path, sorted(wanted - self._known.keys()))
        for order in orders:
            unknown = sorted(set(_skus_of(order)) - self._known.keys())
            if unknown:
                order.rejected = Rejected(f"products: no product has the SKU {', '.join(unknown)}")
                continue
            for line in order.lines:
                if "sku" in line and "name" not in line:
                    line.update(self._known[line.pop("sku")])
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _ask(self, path: str, skus: list[str]) -> None:
        for some in _chunks(sku for sku in skus if "," not in sku):
            try:
                rows = self._api.rows(path, PRODUCTS, **{"sku:in": ",".join(some), "limit": 250})
            except ParameterRefused:
                rows = [row for sku in some for row in self._one(path, sku)]
            self._take(path, rows, set(some))
        for sku in skus:
            if "," in sku:
                self._take(path, self._one(path, sku), {sku})

    def _one(self, path: str, sku: str) -> list[Row]:
        try:
            return self._api.rows(path, PRODUCTS, sku=sku, limit=250)
        except ParameterRefused:  # the other list is still to be asked
            return []

    def _take(self, path: str, rows: list[Row], wanted: set[str]) -> None:
        for row in rows:
            if row.get("sku") not in wanted:
                continue
            product, variant = (
                (row.get("product_id"), row.get("id"))
                if path == _VARIANTS
                else (row.get("id"), row.get("base_variant_id"))
            )
            if isinstance(product, int):
                ids = {"product_id": product}
                self._known[row["sku"]] = ids | (
                    {"variant_id": variant} if isinstance(variant, int) else {}
                )


def _skus_of(order: Order) -> list[str]:
    return [line["sku"] for line in order.lines if "sku" in line and "name" not in line]


def _chunks(skus: Iterable[str]) -> Iterator[list[str]]:
    """Groups of SKUs, as many as fit into a URL."""
    some: list[str] = []
    for sku in skus:
        if len(some) == _AT_ONCE or sum(map(len, some)) + len(sku) > _LONGEST_LIST:
            yield some
            some = []
        some.append(sku)
    if some:
        yield some
