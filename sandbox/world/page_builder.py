"""Widgets of the storefront: their templates, themselves, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.chance import mix, uuid
from sandbox.clock import DAY, iso
from sandbox.table import Row
from sandbox.world.content import channel_id
from sandbox.world.history import History
from sandbox.world.small_tables import small_table

_TEMPLATES = (("Header images", "custom"), ("Text", "text"), ("Carousel", "carousel"))
_SCHEMA = [
    {
        "type": "tab",
        "label": "Content",
        "sections": [
            {"label": "Text", "settings": [{"type": "input", "label": "Title", "id": "title"}]}
        ],
    }
]


class PageBuilder:
    """Makes the rows; `categories` are the keys of those that a widget may stand on."""

    def __init__(
        self, seed: int, history: History, channels: int, categories: Sequence[int]
    ) -> None:
        self._seed = mix(seed, 33)
        self._start = history.start
        self._channels = max(1, channels)
        self._categories = categories
        self.tables = (
            small_table("widget_templates", [self._template(n) for n in range(3)], "number"),
            small_table("widgets", [self._widget(n) for n in range(4)], "number"),
            small_table("placements", [self._placement(n) for n in range(5)], "number"),
        )

    def _dates(self, nth: int) -> Row:
        return {
            "date_created": iso(self._start + nth * DAY, ".896Z"),
            "date_modified": iso(self._start + nth * 9 * DAY, ".896Z"),
        }

    def _template(self, nth: int) -> Row:
        name, kind = _TEMPLATES[nth]
        return {
            "uuid": uuid(self._seed, 1, nth),
            "name": name,
            "channel_id": 1,
            "kind": kind,
            "schema": _SCHEMA,
            "template": "<h2>{{title}}</h2>",
            "template_engine": "handlebars_v3",
            "client_rerender": nth == 2,
            "storefront_api_query": "query Shop { site { settings { storeName } } }" if nth else "",
            "icon_name": "default",
            "current_version_uuid": uuid(self._seed, 2, nth),
            **self._dates(nth),
        }

    def _widget(self, nth: int) -> Row:
        template = self._template(nth % len(_TEMPLATES))
        key = uuid(self._seed, 3, nth)
        return {
            "uuid": key,
            "name": f"{template['name']} {nth}",
            "description": "",
            "channel_id": channel_id(nth % self._channels),
            "widget_configuration": {"title": f"Title {nth}", "_": {"id": key}},
            "widget_template": template,
            "version_uuid": template["current_version_uuid"],
            "storefront_api_query_params": {"slug": "sale"} if nth == 1 else {},
            **self._dates(nth + 10),
        }

    def _placement(self, nth: int) -> Row:
        widget = self._widget(nth % 4)
        on_category = bool(nth % 2 and self._categories)
        return {
            "uuid": uuid(self._seed, 4, nth),
            "widget": widget,
            "channel_id": widget["channel_id"],
            "template_file": "pages/category" if on_category else "pages/home",
            "entity_id": str(self._categories[0]) if on_category else "",
            "region": "header_bottom",
            "sort_order": nth,
            "status": "inactive" if nth == 4 else "active",
            **self._dates(nth + 20),
        }
