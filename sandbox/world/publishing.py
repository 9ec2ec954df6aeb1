"""What the storefront and apps add: redirects, the blog, themes, scripts and webhooks."""

from __future__ import annotations

from array import array

from sandbox.chance import mix, pick, uuid
from sandbox.children import Children
from sandbox.clock import DAY, iso
from sandbox.table import Row, Table
from sandbox.world import words
from sandbox.world.content import channel_id
from sandbox.world.history import History
from sandbox.world.metafields import APP
from sandbox.world.small_tables import small_table

REDIRECTS, POSTS, _SCRIPTS = 600, 60, 12
_TARGETS = ("brand", "category", "page", "post", "product", "url")
_TAGS = ("news", "care", "oak", "kitchen", "gifts")
# Name, and its variations.
_THEMES = (
    ("Cornerstone", ("Light", "Bold", "Warm")),
    ("Fortune", ("Minimal", "Bright")),
    ("Cornerstone-blog", ("Light",)),
)
_SCOPES = ("order/created", "order/updated", "product/updated", "customer/*", "cart/abandoned")


class Publishing:
    """Makes the rows; `targets` are the tables that redirects may lead to, by their type."""

    def __init__(
        self,
        seed: int,
        history: History,
        targets: dict[str, Table],
        channels: int,
        store_hash: str,
    ) -> None:
        self._seed = mix(seed, 29)
        self._history = history
        self._channels = max(1, channels)
        self._store_hash = store_hash
        dates = array("q", (history.start + n * 14 * DAY for n in range(_SCRIPTS)))
        self._scripts = Table(
            "scripts",
            {
                "number": array("q", range(1, _SCRIPTS + 1)),
                "date_created": dates,
                "date_modified": array("q", (d + n * DAY for n, d in enumerate(dates))),
            },
            self._script,
            key="number",
        )
        posts = small_table("blog_posts", [self._post(nth) for nth in range(POSTS)])
        self._targets = {**targets, "post": posts}
        keys = history.ids(self._seed, REDIRECTS, first=1)
        kinds = array("q", (self._target(at) for at in range(REDIRECTS)))
        self._redirects = Table(
            "redirects",
            {"id": keys, "type": kinds},
            self._redirect,
            includes={"to_url": ("to_url", self._to_url)},
            new={"type": _TARGETS.index("url")},
        )
        themes = small_table("themes", [self._theme(nth) for nth in range(len(_THEMES))], "number")
        self.children = (Children("theme_configurations", themes, self._configurations),)
        self.tables = (
            self._redirects,
            posts,
            themes,
            small_table("custom_template_associations", [*map(self._template, range(6))]),
            small_table("blog_tags", [self._tag(nth) for nth in range(len(_TAGS))], "number"),
            self._scripts,
            small_table("webhooks", [self._webhook(nth) for nth in range(8)]),
        )

    # Redirects

    def _target(self, at: int) -> int:
        kind = pick(_TARGETS, at)
        table = self._targets.get(kind)
        return _TARGETS.index(kind if table else "url")

    def _redirect(self, at: int) -> Row:
        key = self._redirects.columns["id"][at]
        return {
            "id": key,
            "site_id": 1000 + mix(self._seed, key) % self._channels,
            "from_path": f"/{pick(words.COLOURS, key).lower()}/old-{key}/",
            "to": self._to(at),
        }

    def _to(self, at: int) -> Row:
        kind = _TARGETS[self._redirects.columns["type"][at]]
        if kind == "url":
            return {"type": "url", "url": f"/new/{at}/"}
        table = self._targets[kind]
        return {"type": kind, "entity_id": table.any_key(at)}

    def _to_url(self, at: int) -> str:
        to = self._to(at)
        place = to.get("url") or f"/{to['type']}/{to['entity_id']}/"
        return f"https://shop.example.com{place}"

    # Blog

    def _post(self, nth: int) -> Row:
        published = self._history.start + nth * 25 * DAY
        bits = mix(self._seed, 1, nth)
        day = iso(published, ".000000").replace("T", " ")
        return {
            "id": nth + 1,
            "title": f"Post {nth + 1}",
            "url": f"/blog/post-{nth + 1}/",
            "preview_url": f"/blog/post-{nth + 1}/",
            "body": f"<p>What is new, part {nth + 1}.</p>",
            "tags": self._tags(nth),
            "summary": f"What is new, part {nth + 1}.",
            "is_published": bits % 6 != 0,
            "published_date": {"timezone_type": 3, "date": day, "timezone": "UTC"},
            "published_date_iso8601": iso(published, "+00:00"),
            "meta_description": "News" if bits % 3 == 0 else None,
            "meta_keywords": "news,shop" if bits % 4 == 0 else None,
            "author": pick((None, "Robin Baker"), bits >> 4),
            "thumbnail_path": None,
        }

    @staticmethod
    def _tags(nth: int) -> list[str]:
        return [tag for at, tag in enumerate(_TAGS) if nth % (at + 2) == 0]

    def _tag(self, nth: int) -> Row:
        posts = [post + 1 for post in range(POSTS) if _TAGS[nth] in self._tags(post)]
        return {"tag": _TAGS[nth], "post_ids": posts}

    # Themes

    def _theme(self, nth: int) -> Row:
        name, variations = _THEMES[nth]
        return {
            "uuid": uuid(self._seed, 5, nth),
            "variations": [
                {
                    "uuid": uuid(self._seed, 6, nth, at),
                    "name": variation,
                    "description": f"{name} in {variation.lower()}.",
                    "external_id": variation.lower(),
                }
                for at, variation in enumerate(variations)
            ],
            "name": name,
            "is_private": nth == 2,
            "is_active": nth == 0,
            "updated_at": iso(self._history.start + nth * 40 * DAY),
        }

    def _configurations(self, at: int) -> list[Row]:
        """Each variation has the one it came with, and one a site that changed it."""
        theme = self._theme(at)
        return [
            {
                "uuid": uuid(self._seed, 7, at, nth, site),
                "theme_uuid": theme["uuid"],
                "variation_id": variation["uuid"],
                "settings": {"body-font": "Arial", "logo_size": {"width": 250 + site}},
                "date_created": iso(self._history.start + (at * 40 + nth + site) * DAY),
                "site_id": site and 1000 + site - 1,
            }
            for nth, variation in enumerate(theme["variations"])
            for site in range(1 + self._channels * (nth == 0))
        ]

    def _template(self, nth: int) -> Row:
        kind = ("product", "category", "brand", "page")[nth % 4]
        columns = self._targets[kind].columns
        ids = columns["category_id" if kind == "category" else "id"]
        created = self._history.start + nth * 11 * DAY
        return {
            "id": nth + 1,
            "channel_id": channel_id(nth % self._channels),
            "entity_type": kind,
            "entity_id": pick(ids, nth) if ids else 0,
            "file_name": f"custom-{kind}-{nth}.html",
            "is_valid": nth != 5,
            "date_created": iso(created),
            "date_modified": iso(created + DAY),
        }

    # Apps

    def _script(self, at: int) -> Row:
        columns = self._scripts.columns
        by_address = at % 2 == 0
        return {
            "uuid": uuid(self._seed, 2, at),
            "name": f"Script {at + 1}",
            "description": "Counts visits",
            "html": "" if by_address else f"<script>visit({at})</script>",
            "src": f"https://cdn.example.com/script-{at}.js" if by_address else "",
            "auto_uninstall": at % 3 == 0,
            "load_method": pick(("default", "async", "defer"), at),
            "location": pick(("head", "footer"), at),
            "visibility": pick(("storefront", "all_pages", "checkout", "order_confirmation"), at),
            "kind": "src" if by_address else "script_tag",
            "api_client_id": APP,
            "consent_category": pick(("essential", "functional", "analytics", "targeting"), at),
            "enabled": at % 5 != 0,
            "channel_id": channel_id(at % self._channels),
            "integrity_hashes": [f"sha384-{uuid(self._seed, 3, at)}"] if by_address else [],
            "date_created": iso(columns["date_created"][at]),
            "date_modified": iso(columns["date_modified"][at]),
        }

    def _webhook(self, nth: int) -> Row:
        created = self._history.start + nth * 30 * DAY
        return {
            "id": 20_000_000 + nth,
            "client_id": APP,
            "store_hash": self._store_hash,
            "scope": f"store/{pick(_SCOPES, nth)}",
            "destination": f"https://app.example.com/hooks/{nth}",
            "headers": {"x-app": "sandbox"} if nth % 3 == 0 else None,
            "is_active": nth % 4 != 3,
            # Unix seconds, unlike all other dates of v3.
            "created_at": created,
            "updated_at": created + 5 * DAY,
        }
