"""The catalog's further lists: what is in which category and channel, metafields, nested trees."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.chance import mix
from sandbox.children import Child, Children, ChildTable
from sandbox.table import Row
from sandbox.world.catalog import Catalog
from sandbox.world.history import History
from sandbox.world.metafields import metafields


class CatalogLists:
    """Makes the lists that follow from products, brands and categories."""

    def __init__(self, seed: int, history: History, catalog: Catalog) -> None:
        self._catalog = catalog
        seed = mix(seed, 22)
        self.tables = (
            self._assignments("category", catalog.category_ids),
            self._assignments("channel", catalog.channel_ids),
            metafields(mix(seed, 1), history, catalog.products, "product", most=2),
            metafields(mix(seed, 2), history, catalog.variants, "variant", most=1),
            metafields(mix(seed, 3), history, catalog.brands, "brand", most=2),
            metafields(mix(seed, 4), history, catalog.categories, "category", most=2),
        )
        self.children = (
            Children("tree_categories", catalog.trees, self._tree, shows=(catalog.categories,)),
        )

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
