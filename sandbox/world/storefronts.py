"""What belongs to a channel or its site: currencies, menus, themes, routes and certificates."""

from __future__ import annotations

from sandbox.chance import mix, uuid
from sandbox.children import Children
from sandbox.clock import YEAR, iso
from sandbox.table import Row, Table
from sandbox.world.content import Content, channel_id
from sandbox.world.history import History
from sandbox.world.small_tables import small_table

_ROUTES = (
    ("product", "*", "/products/{slug}"),
    ("category", "*", "/c/{slug}"),
    ("login", "", "/in"),
)


class Storefronts:
    """Makes the rows; `sites` are those of the channels, in their order."""

    def __init__(self, seed: int, history: History, content: Content, sites: Table) -> None:
        self._seed = mix(seed, 32)
        self._history = history
        self._sites = sites
        channels = content.channels
        self.tables = (
            small_table(
                "channel_currency_assignments",
                [_currencies(nth) for nth in range(len(channels))],
                "channel_id",
            ),
        )
        self.children = (
            Children("channel_menus", channels, _menus),
            Children("channel_active_themes", channels, self._active_theme),
            Children("site_routes", sites, self._routes),
            Children("site_certificates", sites, self._certificates),
        )

    def _active_theme(self, at: int) -> list[Row]:
        """None of a channel that is no storefront."""
        configuration = uuid(self._seed, 1, at)
        row = {
            "active_theme_uuid": uuid(self._seed, 2),
            "active_theme_configuration_uuid": configuration,
            "active_theme_version_uuid": uuid(self._seed, 3),
            "saved_theme_configuration_uuid": uuid(self._seed, 4) if at == 0 else configuration,
        }
        return [row] if at % 3 == 0 else []

    def _routes(self, at: int) -> list[Row]:
        """Each site counts them from 1."""
        return [
            {"id": nth, "type": kind, "matching": matching, "route": route}
            for nth, (kind, matching, route) in enumerate(_ROUTES[: 1 + (at + 2) % 3], 1)
        ]

    def _certificates(self, at: int) -> list[Row]:
        """The site of a channel that is no storefront has none."""
        site = self._sites.row(at)
        name = site["url"].removeprefix("https://")
        since = self._history.end - YEAR // 2
        certificate = {
            "common_name": name,
            "subject_alternative_names": [name, f"www.{name}"],
            "validity_not_before": iso(since, ".000Z"),
            "validity_not_after": iso(since + YEAR, ".000Z"),
            "signing_algorithm": "sha256WithRSAEncryption",
            "issuer": "Sandbox Authority",
            "certificate": "-----BEGIN CERTIFICATE-----",
            "intermediate_certificates": "-----BEGIN CERTIFICATE-----",
        }
        row = {"status": site["ssl_status"], "installed_certificate": certificate}
        return [row] if at % 3 != 2 else []


def _currencies(nth: int) -> Row:
    enabled = ["USD", "EUR"] if nth == 0 else ["USD"]
    return {
        "channel_id": channel_id(nth),
        "enabled_currencies": enabled,
        "default_currency": "USD",
    }


def _menus(at: int) -> list[Row]:
    own = [{"title": "Overview", "query_path": "overview"}]
    return [
        {
            "bigcommerce_protected_app_sections": ["domains", "currencies"][: 1 + at % 2],
            "custom_app_sections": own if at % 2 else [],
        }
    ]
