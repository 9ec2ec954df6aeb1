"""The options of a sandbox store, at its start or while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

TOTALS = {
    "right": "as it is",
    "of_page": "of the page, not of the list",
    "one_page": "always one page",
    "low": "half the rows, and their pages",
    "high": "three times the rows, and their pages",
    "zero": "no rows and no pages",
    "negative": "-1 rows, -1 pages",
    "text": "as text",
    "missing": "nothing",
}

_SETS = (
    "scopes",
    "ignored",
    "gaps",
    "exclusive",
    "inclusive",
    "unknown_ignored",
    "clamped",
    "unlimited",
)


@dataclass
class Options:
    """Behaviour of the store's surface; `World` decides the data."""

    store_hash: str = "sandbox"
    access_token: str = "sandbox-token"
    client_id: str = "sandbox-app"
    client_secret: str = "sandbox-app-secret"
    """Of the app that the login server knows."""
    scopes: frozenset[str] | None = None
    """Scopes of the token, with or without `_read_only`; None: all."""

    quota: int | None = None
    """Requests per window; None: plenty."""
    resource_quotas: dict[str, int] = field(default_factory=dict)
    """Quotas of single resources, by the beginning of their path: `/v3/customers`."""
    window_ms: int = 30_000
    other_client: float = 0.0
    """Share of the quota (0 to 1) that another app takes, evenly over each window."""
    latency_ms: float = 0.0
    gzip: bool = False
    unlimited: frozenset[str] = frozenset()
    """Replies without rate-limit headers: `full`, those with a body, and `empty`, 204s."""
    date_header: bool = True
    """False: no reply says when it was sent."""
    date_ahead: int = 0
    """How many seconds `Date` is ahead of the store's clock; below 0: behind it."""

    suspended: bool = False
    maintenance: bool = False
    unknown_store: int = 404
    """Status for a wrong store hash: 404 or 403, the documentation names both."""

    cursors: bool = True
    """False: cursor endpoints offer pages only."""
    ignore_include: bool = False
    """True: /v2/orders answers with links, whatever `include` asks for."""
    warning_place: str = "consignment"
    """Where `__warning__` stands when lines are cut: consignment, line_items, consignments."""
    short_includes: bool = False
    """True: what /v2/orders embeds lacks each order's last address, or has its last line twice."""
    empty_transactions: str = "mixed"
    """Status for an order without transactions: 200, 204, 404, or mixed (by order id)."""
    other_forms: bool = False
    """True: values come in other types and dates in other forms, see `forms`."""
    cap: int | None = None
    """The most rows of a page, whatever `limit` says; None: as many as asked for."""
    totals: str = "right"
    """What v3 lists say about their length: see `TOTALS`."""
    ignored: frozenset[str] = frozenset()
    """Query parameters without effect; `dates`: all filters by date. Rows then come in descending
    order where `sort` is among them."""
    gaps: frozenset[int] = frozenset()
    """Pages of v3 lists without rows, although counted: their rows are on the next page."""
    exclusive_min_id: bool = False
    exclusive: frozenset[str] = frozenset()
    """Lower and upper bounds (`min_date_modified`, `date_modified:max`, `max_id`...) that leave out
    their own value."""
    inclusive: frozenset[str] = frozenset()
    """Filters by `greater` and `less` that include their own value: `id:greater`."""
    unknown_ignored: frozenset[str] = frozenset()
    """Operations that ignore a parameter they do not know, instead of refusing it."""
    clamped: frozenset[str] = frozenset()
    """Families (`v2`, `v3`) that lower a limit above the maximum, instead of refusing it."""
    small_pages: bool = True
    """False: pages with products' options or modifiers are as long as others."""
    v2_end: int = 204
    """Answer of a list of v2 without rows: 204, 200, 404."""
    v3_end: int = 200
    """Answer for a page behind the last one of v3: 200, 204, 404."""
    zoneless: str = "refused"
    """A time of v2 without a zone: refused or read."""
    zone_hours: int = 0
    """Hours from UTC that v2 assumes for bare dates and for times without a zone."""
    brands_order: str = "id"
    """Default order of brands: by id, or newest first."""
    doubled: bool = False
    """True: the first row of a page is sent twice."""
    ok: int = 200
    """Status of replies with rows: 200, 203."""
    archived_orders: str = "shown"
    """Whether /v2/orders lists archived orders by default: shown or hidden."""
    incomplete_orders: str = "shown"
    """Whether /v2/orders lists incomplete orders (status 0) by default: shown or hidden."""
    consignments: str = "asked"
    """Shape of embedded consignments: as asked, or always an object or an array."""
    is_deleted: str = "only"
    """What `is_deleted=true` brings: only archived orders, also these; or ignored, refused."""
    archived_flag: bool = True
    """False: orders have no field `is_deleted`."""
    undated: bool = False
    """True: of each v3 list with a filter on `date_modified`, but products and customers, one row
    in three has no such date, and no filter finds it. So are listings that were never modified."""
    v3_dates: str = "any"
    """plain: a v3 date whose colons are encoded finds nothing."""
    v2_dates: str = "any"
    """encoded: a v2 date whose colons are not encoded is ignored."""
    whole_lists: int | None = None
    """Rows per page of lists that are documented as sent whole; None: they are sent whole."""
    undocumented_page: str = "refused"
    """`page`, asked of a list that is sent whole: refused or ignored."""
    keys_at_most: int | None = None
    """Keys that a filter takes which every request of its endpoint needs; None: any number."""
    more_keys: str = "refused"
    """What becomes of the keys beyond: refused (422), missing (404) or ignored, without a word."""
    later_children: str = "paged"
    """Pages of one parent's rows after the first: paged as they should be, repeated (the first one
    again), empty (with the right counts), refused (400) or missing (404)."""
    without_b2b: int = 0
    """Status that B2B Edition's API answers a store without it; 0: the store has it."""
    b2b_channels: str = "all"
    """Channels whose orders and quotes B2B Edition lists by default: all, or the first one. none:
    the store has one storefront, and the API answers 403 to the question which channels it has."""
    b2b_credit: bool = True
    """False: companies have no credit, and the API answers 400 to questions about it."""
    parent_dates: str = "orders"
    """Parents whose `date_modified` moves when rows that belong to them change: orders, all, none.
    Users report that it does not move for variants of products, nor for addresses of customers."""
    lookup_lag: float = 0.0
    """Seconds for which no list shows what a client created."""
    key_match: str = "exact"
    """What a filter by external_order_id finds: the exact key, those that begin with it (prefix),
    those that differ in case (any_case), or none."""
    key_echo: bool = True
    """False: the reply to a new order does not have its external_order_id."""
    cache_mb: int = 1024
    """Serialised rows kept in memory."""

    def update(self, values: dict[str, Any]) -> None:
        """Set several; ValueError names an option that does not exist or a value not allowed."""
        known = {each.name for each in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"no option {name!r}; there are: {', '.join(sorted(known))}")
            if name in _SETS and value is not None:
                value = frozenset(value)
            setattr(self, name, value)
        self.check()

    def check(self) -> None:
        _one_of("b2b_channels", self.b2b_channels, ("all", "first", "none"))
        _one_of("unknown_store", self.unknown_store, (403, 404))
        _one_of("totals", self.totals, tuple(TOTALS))
        _one_of("ok", self.ok, (200, 203))
        _one_of("v2_end", self.v2_end, (200, 204, 404))
        _one_of("v3_end", self.v3_end, (200, 204, 404))
        _one_of("zoneless", self.zoneless, ("refused", "read"))
        _one_of("brands_order", self.brands_order, ("id", "newest"))
        _one_of("incomplete_orders", self.incomplete_orders, ("shown", "hidden"))
        _one_of("consignments", self.consignments, ("asked", "object", "array"))
        _one_of("warning_place", self.warning_place, ("consignment", "line_items", "consignments"))
        _one_of("archived_orders", self.archived_orders, ("shown", "hidden"))
        _one_of("is_deleted", self.is_deleted, ("only", "also", "ignored", "refused"))
        _one_of("key_match", self.key_match, ("exact", "prefix", "any_case", "none"))
        _one_of("v3_dates", self.v3_dates, ("any", "plain"))
        _one_of("v2_dates", self.v2_dates, ("any", "encoded"))
        _one_of("more_keys", self.more_keys, ("refused", "missing", "ignored"))
        _one_of("undocumented_page", self.undocumented_page, ("refused", "ignored"))
        kinds = ("paged", "repeated", "empty", "refused", "missing")
        _one_of("later_children", self.later_children, kinds)
        _one_of("parent_dates", self.parent_dates, ("orders", "all", "none"))
        _one_of("empty_transactions", self.empty_transactions, ("mixed", "200", "204", "404"))

    def __post_init__(self) -> None:
        for name in _SETS:
            if (value := getattr(self, name)) is not None:
                setattr(self, name, frozenset(value))
        self.check()


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, not {value!r}")
