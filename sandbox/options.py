"""What can be set about a sandbox store, at its start or while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Options:
    """Behaviour of the store's front; the data is settled by `World`."""

    store_hash: str = "sandbox"
    access_token: str = "sandbox-token"
    client_id: str = "sandbox-app"
    client_secret: str = "sandbox-app-secret"
    """Of the app that the login server knows."""
    scopes: frozenset[str] | None = None
    """Scopes of the token, with or without `_read_only`; None: all."""

    quota: int | None = None
    """Requests per window; None: so many that nobody runs out."""
    window_ms: int = 30_000
    other_client: float = 0.0
    """Share of the quota (0 to 1) that another app takes, evenly over each window."""
    latency_ms: float = 0.0
    gzip: bool = False

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
    empty_transactions: str = "mixed"
    """Answer for an order without transactions: 200, 204, 404, or mixed (by order id)."""
    archived_orders: str = "shown"
    """Whether /v2/orders lists archived orders unasked: shown or hidden."""
    is_deleted: str = "only"
    """What `is_deleted=true` brings: only the archived orders, also them; or ignored, refused."""
    archived_flag: bool = True
    """False: orders have no field `is_deleted`."""
    undated: bool = False
    """True: of each v3 list with a filter on `date_modified`, but products and customers, one row
    in three has no such date, and no filter finds it. So are listings that were never modified."""
    v3_dates: str = "any"
    """plain: a filter of v3 by a date whose colons are encoded finds nothing."""
    v2_dates: str = "any"
    """encoded: a filter of v2 by a date whose colons are not encoded is not heeded."""
    whole_lists: int | None = None
    """Lists that are documented as sent whole come in pages of so many rows; None: whole."""
    undocumented_page: str = "refused"
    """`page`, asked of a list that is sent whole: refused or ignored."""
    later_children: str = "paged"
    """Pages of one parent's rows after the first: paged as they should be, repeated (the first one
    again), empty (with the right counts), refused (400) or missing (404)."""
    parent_dates: str = "orders"
    """Whose `date_modified` moves when what belongs to it changes: orders, all, or none.
    By reports a product's does not with its variants, nor a customer's with addresses."""
    cache_mb: int = 1024
    """Serialised rows kept in memory."""

    def update(self, values: dict[str, Any]) -> None:
        """Set several; ValueError names an option that does not exist or a value not allowed."""
        known = {field.name for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"no option {name!r}; there are: {', '.join(sorted(known))}")
            if name == "scopes" and value is not None:
                value = frozenset(value)
            setattr(self, name, value)
        self.check()

    def check(self) -> None:
        _one_of("unknown_store", self.unknown_store, (403, 404))
        _one_of("warning_place", self.warning_place, ("consignment", "line_items", "consignments"))
        _one_of("archived_orders", self.archived_orders, ("shown", "hidden"))
        _one_of("is_deleted", self.is_deleted, ("only", "also", "ignored", "refused"))
        _one_of("v3_dates", self.v3_dates, ("any", "plain"))
        _one_of("v2_dates", self.v2_dates, ("any", "encoded"))
        _one_of("undocumented_page", self.undocumented_page, ("refused", "ignored"))
        kinds = ("paged", "repeated", "empty", "refused", "missing")
        _one_of("later_children", self.later_children, kinds)
        _one_of("parent_dates", self.parent_dates, ("orders", "all", "none"))
        _one_of("empty_transactions", self.empty_transactions, ("mixed", "200", "204", "404"))

    def __post_init__(self) -> None:
        if self.scopes is not None:
            self.scopes = frozenset(self.scopes)
        self.check()


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, not {value!r}")
