"""Products, brands, categories and category trees, as the v3 catalog returns them."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import NamedTuple

from sandbox.chance import mix, pick, uuid
from sandbox.children import Child, ChildTable
from sandbox.clock import DAY, iso_offset
from sandbox.table import Columns, Row, Table
from sandbox.world import words
from sandbox.world.content import channel_id
from sandbox.world.history import History

TREES = 2
_CDN = "https://cdn.example.com/sandbox"


class Brief(NamedTuple):
    """What an order line needs to know of a product."""

    id: int
    variant_id: int
    name: str
    sku: str
    cents: int
    brand: str
    digital: bool


class Catalog:
    """Makes the catalog; every row follows from the seed and its id."""

    def __init__(
        self,
        seed: int,
        history: History,
        *,
        products: int,
        brands: int,
        categories: int,
        channels: int,
    ) -> None:
        self._seed = mix(seed, 3)
        self._categories = categories
        self._channels_count = channels
        created, modified = history.dates(self._seed, products)
        ids = history.ids(self._seed, products, first=77)
        self.columns: Columns = {
            "id": ids,
            "date_created": created,
            "date_modified": modified,
            "is_visible": array("q", (int(mix(self._seed, key) % 9 != 0) for key in ids)),
        }
        # Every order line asks for one.
        self.brief = lru_cache(maxsize=50_000)(self._brief)
        self._brand_ids = history.ids(mix(self._seed, 1), brands, first=30)
        self.products = Table(
            "products",
            self.columns,
            self.product,
            includes={
                "bulk_pricing_rules": ("bulk_pricing_rules", self._bulk_pricing_rules),
                "channels": ("channels", self.channel_ids),
                "custom_fields": ("custom_fields", self._custom_fields),
                "images": ("images", self._images),
                "modifiers": ("modifiers", self._modifiers),
                "options": ("options", self._options),
                "parent_relations": ("parent_relations", self._parent_relations),
                "primary_image": ("primary_image", self._primary_image),
                "reviews": ("reviews", self._reviews),
                "variants": ("variants", lambda at: self.variants.of(at)),
                "videos": ("videos", self._videos),
            },
            new={"is_visible": 1},
        )
        self.variants = ChildTable(
            "variants",
            self.products,
            "product_id",
            lambda at: self._variant_count(self._key(at)[1]),
            self._variant,
            per_parent=100,
            first=1,
        )
        # A copy: no product moves to a brand that comes later.
        self.brands = Table("brands", {"id": self._brand_ids[:]}, self.brand)
        self.categories = Table(
            "categories",
            {"category_id": array("q", range(18, 18 + categories))},
            self.category,
            key="category_id",
        )
        self.trees = Table("category_trees", {"id": array("q", range(1, TREES + 1))}, self.tree)
        self.tables = (
            self.products,
            self.variants,
            self.brands,
            self.categories,
            self.trees,
        )

    # Products

    def _brief(self, at: int) -> Brief:
        key, bits = self._key(at)
        cents = 100 + (bits >> 20) % 20_000
        name = f"{_name(bits)} {key}"
        brand = self._brand_id(bits)
        return Brief(
            id=key,
            variant_id=key * 100 + 1,
            name=name,
            sku=f"SKU-{key}",
            cents=cents,
            brand=f"Brand {brand}" if brand else "",
            digital=bits % 10 == 0,
        )

    def product(self, at: int) -> Row:
        key, bits = self._key(at)
        brief = self.brief(at)
        price = brief.cents / 100
        reviews = self._review_count(bits)
        # A price of 0 means "not set".
        sale = round(price * 0.8, 2) if bits % 8 == 0 else 0
        return {
            "id": key,
            "name": brief.name,
            "type": "digital" if brief.digital else "physical",
            "sku": brief.sku,
            "description": f"<p>{brief.name}, made with <em>care</em>.</p>",
            "weight": 0 if brief.digital else bits % 500 / 100,
            "width": bits % 40,
            "depth": bits % 30,
            "height": bits % 20 / 2,
            "price": price,
            "cost_price": round(price / 2, 2),
            "retail_price": round(price * 1.2, 2) if bits % 3 == 0 else 0,
            "sale_price": sale,
            "map_price": 0,
            "tax_class_id": 0,
            "product_tax_code": "",
            "calculated_price": sale or price,
            "categories": self.category_ids(at),
            "brand_id": self._brand_id(bits),
            "option_set_id": None,
            "option_set_display": "right",
            "inventory_level": (bits >> 12) % 200,
            "inventory_warning_level": bits % 10,
            "inventory_tracking": pick(("none", "product", "variant"), bits >> 4),
            "reviews_rating_sum": 4 * reviews,
            "reviews_count": reviews,
            "total_sold": (bits >> 28) % 900,
            "fixed_cost_shipping_price": 0,
            "is_free_shipping": bits % 13 == 0,
            "is_visible": bool(self.columns["is_visible"][at]),
            "is_featured": bits % 21 == 0,
            # -1: chosen by the store itself.
            "related_products": [self.columns["id"][0]] if bits % 7 == 0 else [-1],
            "warranty": "Two years" if bits % 5 == 0 else "",
            "bin_picking_number": f"B{bits % 90}",
            "layout_file": "product.html",
            "upc": "",
            "mpn": f"MPN{key}",
            "gtin": "",
            "search_keywords": "",
            "availability": pick(("available", "available", "available", "preorder"), bits >> 6),
            "availability_description": "Ships in two days" if bits % 4 == 0 else "",
            "gift_wrapping_options_type": "any",
            "gift_wrapping_options_list": [],
            "sort_order": bits % 5,
            "condition": pick(("New", "New", "New", "Used", "Refurbished"), bits >> 7),
            "is_condition_shown": False,
            "order_quantity_minimum": 0,
            "order_quantity_maximum": 0,
            "page_title": "",
            "meta_keywords": ["home", "gift"] if bits % 6 == 0 else [],
            "meta_description": "",
            "date_created": iso_offset(self.columns["date_created"][at]),
            "date_modified": iso_offset(self.columns["date_modified"][at]),
            "date_last_imported": self._date_last_imported(at, bits),
            "view_count": (bits >> 30) % 5_000,
            "preorder_release_date": None,
            "preorder_message": "",
            "is_preorder_only": False,
            "is_price_hidden": False,
            "price_hidden_label": "",
            "custom_url": {
                "url": f"/{brief.name.lower().replace(' ', '-')}/",
                "is_customized": False,
                "create_redirect": False,
            },
            "base_variant_id": None if self._variant_count(bits) > 1 else brief.variant_id,
            "open_graph_type": "product",
            "open_graph_title": "",
            "open_graph_description": "",
            "open_graph_use_meta_description": True,
            "open_graph_use_product_name": True,
            "open_graph_use_image": True,
        }

    def _key(self, at: int) -> tuple[int, int]:
        key = self.columns["id"][at]
        return key, mix(self._seed, key)

    def _brand_id(self, bits: int) -> int:
        return pick(self._brand_ids, bits >> 9) if self._brand_ids and bits % 6 else 0

    def category_ids(self, at: int) -> list[int]:
        _, bits = self._key(at)
        count = min(self._categories, 1 + bits % 3)
        first = (bits >> 11) % max(1, self._categories)
        return [18 + (first + n) % self._categories for n in range(count)]

    def _date_last_imported(self, at: int, bits: int) -> str:
        # Empty if it was never imported, like every missing date of this API.
        moment = self.columns["date_created"][at] + bits % DAY
        return iso_offset(moment) if bits % 4 == 0 else ""

    @staticmethod
    def _variant_count(bits: int) -> int:
        return 1 if bits % 3 else 2 + (bits >> 15) % 5

    @staticmethod
    def _review_count(bits: int) -> int:
        return (bits >> 18) % 3 if bits % 4 == 0 else 0

    # Parts of a product, sent with `include`

    def _variant(self, child: Child) -> Row:
        key, bits = self._key(child.parent)
        nth, brief, count = child.nth, self.brief(child.parent), self._variant_count(bits)
        return {
            "id": child.key,
            "product_id": key,
            "sku": brief.sku if count == 1 else f"{brief.sku}-{nth + 1}",
            "sku_id": None if count == 1 else key * 100 + 51 + nth,
            # null: as the product.
            "price": None if nth == 0 else (brief.cents + 100 * nth) / 100,
            "calculated_price": (brief.cents + 100 * nth) / 100,
            "sale_price": None,
            "retail_price": None,
            "map_price": None,
            "weight": None,
            "calculated_weight": bits % 500 / 100,
            "width": None,
            "height": None,
            "depth": None,
            "is_free_shipping": False,
            "fixed_cost_shipping_price": None,
            "purchasing_disabled": False,
            "purchasing_disabled_message": "",
            "image_url": "",
            "cost_price": brief.cents / 200,
            "upc": None,
            "mpn": None,
            "gtin": None,
            "inventory_level": (bits >> nth) % 60,
            "inventory_warning_level": 0,
            "bin_picking_number": None,
            "option_values": []
            if count == 1
            else [
                {
                    "id": key * 100 + nth,
                    "label": words.COLOURS[nth % len(words.COLOURS)],
                    "option_id": key,
                    "option_display_name": "Colour",
                }
            ],
        }

    def _options(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        count = self._variant_count(bits)
        if count == 1:
            return []
        return [
            {
                "id": key,
                "product_id": key,
                "display_name": "Colour",
                "type": "swatch",
                "config": [],
                "sort_order": 0,
                "option_values": [
                    {
                        "id": key * 100 + nth,
                        "label": words.COLOURS[nth % len(words.COLOURS)],
                        "sort_order": nth,
                        "value_data": {"colors": ["#123456"]},
                        "is_default": nth == 0,
                    }
                    for nth in range(count)
                ],
            }
        ]

    def _modifiers(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        if bits % 5:
            return []
        return [
            {
                "id": 500_000 + key,
                "product_id": key,
                "name": f"Engraving {key}",
                "display_name": "Engraving",
                "type": "text",
                "required": False,
                "sort_order": 1,
                "config": {
                    "default_value": "",
                    "text_characters_limited": True,
                    "text_min_length": 0,
                    "text_max_length": 20,
                },
                "option_values": [],
            }
        ]

    def _images(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        return [
            {**self._image(at, key, nth), "image_url": f"{_CDN}/originals/{key}-{nth}.jpg"}
            for nth in range(bits % 4)
        ]

    def _primary_image(self, at: int) -> Row | None:
        key, bits = self._key(at)
        return self._image(at, key, 0) if bits % 4 else None

    def _image(self, at: int, product: int, nth: int) -> Row:
        base = f"{_CDN}/products/{product}/{nth}"
        return {
            "id": product * 10 + nth,
            "product_id": product,
            "is_thumbnail": nth == 0,
            "sort_order": nth,
            "description": "",
            "image_file": f"p/{product}-{nth}.jpg",
            "url_zoom": f"{base}.1280.jpg",
            "url_standard": f"{base}.386.jpg",
            "url_thumbnail": f"{base}.220.jpg",
            "url_tiny": f"{base}.44.jpg",
            "date_modified": iso_offset(self.columns["date_created"][at] + 60 * nth),
        }

    def _videos(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        if bits % 11:
            return []
        return [
            {
                "id": key,
                "product_id": key,
                "title": "How it is made",
                "description": "",
                "sort_order": 0,
                "type": "youtube",
                "video_id": f"v{key:010}",
                "length": "01:30",
            }
        ]

    def _reviews(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        moment = self.columns["date_created"][at]
        return [
            {
                "id": key * 10 + nth,
                "title": "Good",
                "text": "Just as described.",
                "status": pick(("approved", "pending"), bits >> nth),
                "rating": 4,
                "email": words.email(bits % 1000),
                "name": pick(words.FIRST, bits >> nth),
                "date_reviewed": iso_offset(moment + nth * DAY),
                "date_created": iso_offset(moment + nth * DAY),
                "date_modified": iso_offset(moment + nth * DAY),
            }
            for nth in range(self._review_count(bits))
        ]

    def _custom_fields(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        return [
            {"id": key * 10 + nth, "name": name, "value": str(bits % 1000)}
            for nth, name in enumerate(("Edition", "Care")[: bits % 3])
        ]

    def _bulk_pricing_rules(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        if bits % 10:
            return []
        amount: float | str = 5.5 if bits % 20 else "5.50"
        rule = {"quantity_min": 10, "quantity_max": 0, "type": "percent", "amount": amount}
        return [{"id": key, **rule}]

    def channel_ids(self, at: int) -> list[int]:
        _, bits = self._key(at)
        return [channel_id(n) for n in range(min(self._channels_count, 1 + (bits % 3 == 0)))]

    def _parent_relations(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        if bits % 31:
            return []
        parent = self.columns["id"][0]
        return [{"type": "modifier", "product_id": parent, "attribute_id": key}]

    # Brands and categories

    def brand(self, at: int) -> Row:
        key = self.brands.columns["id"][at]
        bits = mix(self._seed, 5, key)
        return {
            "id": key,
            "name": f"Brand {key}",
            "page_title": "",
            "meta_keywords": ["home"] if bits % 3 == 0 else [],
            "meta_description": "",
            "search_keywords": "",
            "image_url": f"{_CDN}/brands/{key}.jpg" if bits % 2 else "",
            "custom_url": {"url": f"/brands/brand-{key}/", "is_customized": False},
        }

    def category(self, at: int) -> Row:
        key = self.categories.columns["category_id"][at]
        bits = mix(self._seed, 6, key)
        # Even positions belong to tree 1, odd ones to tree 2; parents stay within their tree.
        parent = 0 if at < 8 else 18 + at // 4 // TREES * TREES + at % TREES
        return {
            "category_id": key,
            "category_uuid": uuid(self._seed, key),
            "tree_id": 1 + at % TREES,
            "parent_id": parent,
            "name": f"{pick(words.THINGS, bits)}s {key}",
            "description": "<p>All of them.</p>" if bits % 2 else "",
            "views": (bits >> 8) % 10_000,
            "sort_order": bits % 10,
            "page_title": "",
            "search_keywords": "",
            "meta_keywords": ["home"] if bits % 4 == 0 else [],
            "meta_description": "",
            "layout_file": "category.html",
            "is_visible": bits % 8 != 0,
            "default_product_sort": "use_store_settings",
            "image_url": "",
            "url": {"path": f"/category-{key}/", "is_customized": False},
        }

    def tree(self, at: int) -> Row:
        return {"id": at + 1, "name": f"Tree {at + 1}", "channels": [channel_id(at)]}


def _name(bits: int) -> str:
    return (
        f"{pick(words.ADJECTIVES, bits >> 3)} "
        f"{pick(words.MATERIALS, bits >> 8)} {pick(words.THINGS, bits >> 13)}"
    )
