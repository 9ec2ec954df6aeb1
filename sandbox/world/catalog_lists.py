"""The catalog's further lists: what is in which category and channel, metafields, nested trees."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.chance import mix, pick
from sandbox.children import Child, Children, ChildTable
from sandbox.clock import DAY, iso
from sandbox.table import Row
from sandbox.world.catalog import Catalog
from sandbox.world.history import History
from sandbox.world.metafields import metafields
from sandbox.world.small_tables import small_table

_SOLD_ABROAD = 40  # Every other one of the first products.


class CatalogLists:
    """Makes the lists that follow from products, brands and categories."""

    def __init__(self, seed: int, history: History, catalog: Catalog) -> None:
        self._catalog = catalog
        self._size = len(catalog.products.columns["id"])
        seed = mix(seed, 22)
        self._seed, self._history = seed, history
        self.tables = (
            self._assignments("category", catalog.category_ids),
            self._assignments("channel", catalog.channel_ids),
            small_table(
                "product_customs",
                [self._customs(at) for at in range(0, min(_SOLD_ABROAD, self._size), 2)],
                "product_id",
            ),
            ChildTable(
                "product_tax_properties",
                catalog.products,
                "product_id",
                lambda at: int(at % 3 != 1),
                self._tax_properties,
                per_parent=1,
                key="number",
            ),
            metafields(mix(seed, 1), history, catalog.products, "product", most=2),
            metafields(mix(seed, 2), history, catalog.variants, "variant", most=1),
            metafields(mix(seed, 3), history, catalog.brands, "brand", most=2),
            metafields(mix(seed, 4), history, catalog.categories, "category", most=2),
        )
        self.children = (
            Children("tree_categories", catalog.trees, self._tree, shows=(catalog.categories,)),
            Children("category_product_sort_orders", catalog.categories, self._sort_orders),
            Children("product_complex_rules", catalog.products, self._complex_rules),
        )
        self.summary: Row = {
            "inventory_count": 1250,
            "inventory_value": 26700.5,
            "primary_category_id": next(iter(catalog.categories.columns["category_id"]), None),
            "primary_category_name": "Kitchen",
            "variant_count": 480,
            "highest_variant_price": 99.5,
            "average_variant_price": 21.25,
            # In quotes in the documentation, as the only one of the prices.
            "lowest_variant_price": "1.5",
            "oldest_variant_date": iso(history.start),
            "newest_variant_date": iso(history.end),
        }

    def _assignments(self, to: str, ids: Callable[[int], list[int]]) -> ChildTable:
        field = f"{to}_id"

        def make(child: Child) -> Row:
            product = self._catalog.products.columns["id"][child.parent]
            return {"product_id": product, field: child.held[field]}

        return ChildTable(
            f"{to}_assignments",
            self._catalog.products,
            "product_id",
            lambda at: len(ids(at)),
            make,
            per_parent=16,
            key="number",
            held={field: lambda at, nth: ids(at)[nth]},
        )

    def _customs(self, at: int) -> Row:
        created = self._catalog.products.columns["date_created"][at]
        return {
            "product_id": self._catalog.products.columns["id"][at],
            "country_of_origin": pick(("DE", "US", "PT"), at),
            "commodity_description": self._catalog.brief(at).name,
            "international_shipping": at % 3 != 0,
            "hs_codes": {"ALL": "4202110000", **({"CA": "4202310080"} if at % 4 == 0 else {})},
            "created_at": iso(created),
            "updated_at": iso(min(created + DAY, self._history.end)),
        }

    def _tax_properties(self, child: Child) -> Row:
        more = {"B-6731789": "REDUCED"} if child.parent % 2 else {}
        codes = {"A-123456789": "FOOD", **more}
        product = self._catalog.products.columns["id"][child.parent]
        return {"product_id": product, "tax_properties": codes}

    def _sort_orders(self, at: int) -> list[Row]:
        """Of a few products of a category; null for those that come after all others."""
        products = self._catalog.products.columns["id"]
        bits = mix(self._seed, 9, at)
        some = sorted(
            {mix(bits, nth) % self._size for nth in range(bits % 5)} if self._size else ()
        )
        return [
            {"product_id": products[each], "sort_order": nth + 1 if nth < 3 else None}
            for nth, each in enumerate(some)
        ]

    def _complex_rules(self, at: int) -> list[Row]:
        """Of a product with a modifier: one that changes the price, and perhaps the weight."""
        product = self._catalog.products.row(at, ["modifiers"])
        count = 1 + product["id"] % 2 if product["modifiers"] else 0
        return [
            {
                "id": product["id"] * 2 + nth,
                "product_id": product["id"],
                "sort_order": nth,
                "enabled": True,
                "stop": False,
                "price_adjuster": {} if nth else {"adjuster": "relative", "adjuster_value": 8},
                "weight_adjuster": {"adjuster": "relative", "adjuster_value": 3} if nth else {},
                "purchasing_disabled": False,
                "purchasing_disabled_message": "",
                "purchasing_hidden": False,
                "image_url": "",
                "conditions": [
                    {
                        "id": product["id"] * 2 + nth,
                        "rule_id": product["id"] * 2 + nth,
                        "modifier_id": modifier["id"],
                        "modifier_value_id": modifier["id"] + nth,
                        "variant_id": None,
                        "combination_id": 0,
                    }
                    for modifier in product["modifiers"]
                ],
            }
            for nth in range(count)
        ]

    def _tree(self, at: int) -> list[Row]:
        """The categories of a tree, each within its parent."""
        tree = self._catalog.trees.columns["id"][at]
        table = self._catalog.categories
        rows = [row for row in map(table.row, table.select()) if row["tree_id"] == tree]

        def below(parent: int, path: list[int]) -> list[Row]:
            return [
                {
                    "id": row["category_id"],
                    "parent_id": parent,
                    "depth": len(path),
                    "path": [*path, row["category_id"]],
                    "name": row["name"],
                    "is_visible": row["is_visible"],
                    "url": row["url"]["path"],
                    "children": below(row["category_id"], [*path, row["category_id"]]),
                }
                for row in rows
                if row["parent_id"] == parent
            ]

        return below(0, [])
