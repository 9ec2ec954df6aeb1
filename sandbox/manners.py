"""How this store treats requests, where users report that stores differ; see `Options`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote_plus

from sandbox.options import Options
from sandbox.query import Query, Refusal
from sandbox.reply import Family
from sandbox.route import Answer, Kind, Paging, Route
from sandbox.table import Condition, Row

_NO_ROW = Condition("id", "in", frozenset())
_PAGES = tuple(str(number) for number in range(1, 1000))
# These are read in windows of dates, so every row must have a date.
_ALWAYS_DATED = ("customers", "products")
# The API filters these by date, too, but nobody asks it to.
_ALSO_FILTERED = ("pickup_methods",)


def as_asked(route: Route, options: Options) -> Route:
    """The route, with parameters that this store accepts beyond its documentation."""
    if route.paging is not Paging.NONE or route.answer is not Answer.LIST:
        return route
    is_b2b = route.family is Family.B2B
    if options.whole_lists:
        paging = Paging.OFFSET if is_b2b else Paging.PAGES
        return replace(route, paging=paging, default_limit=options.whole_lists)
    if options.undocumented_page == "ignored":
        name = "offset" if is_b2b else "page"
        return replace(route, others={**route.others, name: _PAGES})
    return route


def understood(route: Route, raw_query: str, asked: Query, options: Options) -> Query:
    """The query as this store understands it; Refusal if it does not."""
    if route.paging is Paging.NONE:
        asked = replace(asked, page=1)
    for name, text in _dates(route, raw_query):
        wanted = route.filters[name]
        if route.family is Family.V3 and options.v3_dates == "plain" and "%3A" in text.upper():
            asked = replace(asked, conditions=(_NO_ROW,))
        if route.family is Family.V2 and options.v2_dates == "encoded" and ":" in text:
            ignored = (wanted.field, wanted.op)
            kept = tuple(each for each in asked.conditions if (each.field, each.op) != ignored)
            asked = replace(asked, conditions=kept)
    if "channelIds[]" in route.filters and options.b2b_channels == "first":
        asked = _of_first_channel(asked)
    return _archived(asked, options) if route.collection == "orders" else asked


def _of_first_channel(asked: Query) -> Query:
    if any(each.field == "channelId" for each in asked.conditions):
        return asked
    return replace(asked, conditions=(*asked.conditions, Condition("channelId", "eq", 1)))


def _dates(route: Route, raw_query: str) -> list[tuple[str, str]]:
    """The date filters with their values, as sent."""
    sent = [pair.partition("=") for pair in raw_query.split("&")]
    found = [(unquote_plus(name), text) for name, _, text in sent]
    return [
        (name, text)
        for name, text in found
        if name in route.filters and route.filters[name].kind is Kind.DATE
    ]


def _archived(asked: Query, options: Options) -> Query:
    """The query with conditions on which archived and incomplete orders are listed."""
    others = [each for each in asked.conditions if each.field != "is_deleted"]
    if options.incomplete_orders == "hidden" and "status_id" not in {each.field for each in others}:
        others.append(Condition("status_id", "greater", 0))
    given = [each.value for each in asked.conditions if each.field == "is_deleted"]
    if given and options.is_deleted == "refused":
        raise Refusal(400, "The field 'is_deleted' is not supported by this resource.")
    if not given or options.is_deleted == "ignored":
        wanted = None if options.archived_orders == "shown" else False
    elif given[0] and options.is_deleted == "also":
        wanted = None
    else:
        wanted = given[0]
    if wanted is not None:
        others.append(Condition("is_deleted", "eq", wanted))
    return replace(asked, conditions=tuple(others))


def undated(route: Route, options: Options) -> Callable[[Row], bool] | None:
    """Whether a row has no date of its last change; None: all rows of the route have one."""
    if route.collection == "channel_listings":
        return lambda row: "date_modified" not in row
    is_filtered = route.family is Family.V3 and "date_modified:max" in route.filters
    is_filtered = is_filtered or route.collection in _ALSO_FILTERED
    if not options.undated or not is_filtered or route.collection in _ALWAYS_DATED:
        return None
    return lambda row: int(row.get("id") or row.get("variant_id") or 0) % 3 == 0


def page_of_children(page: int, options: Options) -> int:
    """The page of a parent's rows that is sent instead of a later one; 0 for an empty one."""
    if options.later_children in ("refused", "missing"):
        status = {"refused": 400, "missing": 404}[options.later_children]
        raise Refusal(status, "The requested page was not found.")
    return {"paged": page, "repeated": 1, "empty": 0}[options.later_children]
