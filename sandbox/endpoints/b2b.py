"""B2B Edition, on a host of its own: here on the same one, below `/api/v3/io`.

Which rows and fields come unasked, in which order, and how many, differs from list to list.
Source: https://developer.bigcommerce.com/b2b-edition/apis
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

from sandbox.reply import Family
from sandbox.route import Answer, Filter, Filters, Kind, Meta, Paging, Route, v3_filters
from sandbox.table import Row

EDITION = ("B2B Edition",)

_ROOT = "/api/v3/io"
_EXTRA_FIELDS = {"isIncludeExtraFields": "1"}
_BY_UPDATE = ("updatedAt", "createdAt")
_QUOTE_OF_LIST = (
    *("quoteId", "quoteNumber", "quoteTitle", "referenceNumber", "status", "company", "salesRep"),
    *("createdBy", "bcOrderId", "orderId", "channelId", "channelName", "currency", "subtotal"),
    *("extraFields", "createdAt", "updatedAt", "expiredAt"),
)
_ONLY_OF_LIST = ("quoteId", "company", "salesRep", "updatedAt")


def _range(name: str, field: str) -> Filters:
    """Bounds that rows may equal."""
    return {f"{end}{name}": Filter(field, end, Kind.INT) for end in ("min", "max")}


CHANGED = _range("Modified", "updatedAt")
CREATED: Filters = {"minCreated": Filter("createdAt", "min", Kind.INT)}
COMPANY_CHANGED: Filters = {
    "minModified": Filter(lambda row: int(row["updatedAt"]), "min", Kind.INT),
    "maxModified": Filter(lambda row: int(row["updatedAt"]), "max", Kind.INT),
}
CHANNELS: Filters = {"channelIds[]": Filter("channelId", "in", Kind.INT)}


def _company(row: Row) -> Row:
    """The only one whose dates are text."""
    return {**row, "createdAt": str(row["createdAt"]), "updatedAt": str(row["updatedAt"])}


def _undated(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _BY_UPDATE}


def _listed_quote(row: Row) -> Row:
    return {name: row[name] for name in _QUOTE_OF_LIST}


def _created_on(row: Row) -> str:
    """The day of a quote's creation, as the endpoint of one quote wants it."""
    return datetime.fromtimestamp(row["createdAt"], timezone.utc).strftime("%m/%d/%Y")


def _quote(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _ONLY_OF_LIST}


def _list(
    name: str,
    path: str,
    filters: Filters | None = None,
    *,
    sorts: tuple[str, ...] = (),
    everything: Mapping[str, str] | None = None,
    **more: object,
) -> Route:
    orders = ("asc", "desc") if name == "quotes" else ("ASC", "DESC")
    others = {"orderBy": orders, "sortBy": sorts} if sorts else {}
    for parameter in everything or {}:
        if parameter not in (filters or {}):
            others[parameter] = ("false", "true") if parameter == "showExtra" else ("0", "1")
    return Route(
        f"b2b_{name}.list",
        Family.B2B,
        f"{_ROOT}/{path}",
        f"b2b_{name}",
        EDITION,
        paging=Paging.OFFSET,
        filters=filters or {},
        others=others,
        everything=everything or {},
        default_limit=10,
        **more,  # type: ignore[arg-type]
    )


def _of_company(name: str, path: str) -> Route:
    return Route(
        f"b2b_{name}.get",
        Family.B2B,
        f"{_ROOT}/companies/{{companyId}}/{path}",
        f"b2b_{name}",
        EDITION,
        Answer.OBJECT,
        Paging.NONE,
    )


ROUTES: tuple[Route, ...] = (
    _list(
        "companies",
        "companies",
        COMPANY_CHANGED,
        sorts=("updatedAt", "companyName"),
        everything=_EXTRA_FIELDS,
        newest_first="updatedAt",
        shown=_company,
    ),
    _list("users", "users", CHANGED, everything=_EXTRA_FIELDS),
    _list("addresses", "addresses", everything=_EXTRA_FIELDS, shown=_undated),
    _list("sales_staff", "sales-staffs", sorts=("updated_at", "email")),
    Route(
        "b2b_sales_staff.get",
        Family.B2B,
        f"{_ROOT}/sales-staffs/{{salesStaffId}}",
        "b2b_sales_staff_details",
        EDITION,
        Answer.OBJECT,
        Paging.NONE,
    ),
    _list(
        "super_admins",
        "companies/super-admins",
        CHANGED,
        everything=_EXTRA_FIELDS,
        max_limit=200,
    ),
    _list("company_roles", "companies/roles"),
    Route(
        "b2b_company_permissions.list",
        Family.B2B,
        f"{_ROOT}/companies/permissions",
        "b2b_company_permissions",
        EDITION,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    Route(
        "b2b_channels.list",
        Family.B2B,
        f"{_ROOT}/channels",
        "b2b_channels",
        EDITION,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    _of_company("company_credit", "credit"),
    _of_company("payment_terms", "payment-terms"),
    _list(
        "shopping_lists",
        "shopping-list",
        v3_filters("userId", "eq", Kind.INT),
        wants="userId",
    ),
    _list(
        "orders",
        "orders",
        {**CHANGED, **CREATED, **CHANNELS},
        sorts=_BY_UPDATE,
        everything={"showExtra": "true", "minModified": "1", "minCreated": "1"},
        newest_first="updatedAt",
        max_limit=200,
    ),
    _list(
        "quotes",
        "rfq",
        {**CHANGED, **CHANNELS},
        sorts=("updatedAt", "createdAt", "expiredAt"),
        newest_first="updatedAt",
        shown=_listed_quote,
    ),
    Route(
        "b2b_quotes.get",
        Family.B2B,
        f"{_ROOT}/rfq/{{quoteId}}",
        "b2b_quotes",
        EDITION,
        Answer.OBJECT,
        Paging.NONE,
        filters={"date": Filter(_created_on, "eq", Kind.TEXT)},
        wants="date",
        shown=_quote,
    ),
    _list("invoices", "ip/invoices", sorts=_BY_UPDATE, everything=_EXTRA_FIELDS),
    _list("payments", "ip/payments", sorts=_BY_UPDATE),
    Route(
        "b2b_payment_transactions.list",
        Family.B2B,
        f"{_ROOT}/ip/payments/{{paymentId}}/transactions",
        "b2b_payment_transactions",
        EDITION,
        paging=Paging.NONE,
        meta=Meta.NOTHING,
    ),
    _list("receipts", "ip/receipts", sorts=_BY_UPDATE),
    _list("receipt_lines", "ip/receipt-lines", sorts=_BY_UPDATE),
)
