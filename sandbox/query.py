"""From a raw query string to a checked question, by the route's own list of parameters."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any
from urllib.parse import parse_qsl

import orjson

from sandbox.clock import DAY, YEAR, parse_iso, parse_rfc2822
from sandbox.options import Options
from sandbox.reply import Family
from sandbox.route import Filter, Kind, Paging, Route
from sandbox.table import Condition

DEFAULT_LIMIT = 50
_SMALL_PAGE = 10


class Refusal(Exception):
    """A request that the API would not answer with rows: status and its words."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title


@dataclass(frozen=True)
class Query:
    """What a request asks for."""

    conditions: tuple[Condition, ...] = ()
    sort: str | None = None
    descending: bool = False
    page: int = 1
    limit: int = DEFAULT_LIMIT
    offset: int | None = None
    before: int | None = None
    after: int | None = None
    includes: tuple[str, ...] = ()
    only_fields: frozenset[str] | None = None
    without_fields: frozenset[str] = frozenset()
    others: tuple[tuple[str, str], ...] = ()

    @property
    def is_reduced(self) -> bool:
        """Whether rows are sent without some of their fields."""
        return self.only_fields is not None or bool(self.without_fields)


def pairs(raw: str) -> list[tuple[str, str]]:
    """Decoded names and values, in the order sent."""
    return parse_qsl(raw, keep_blank_values=True)


def read(route: Route, sent: list[tuple[str, str]], now: int, options: Options) -> Query:
    """Check every parameter against the route; Refusal when the API would refuse it."""
    values = dict(sent)
    if route.operation in options.unknown_ignored:
        values = {name: value for name, value in values.items() if name in route.parameters}
        sent = [pair for pair in sent if pair[0] in route.parameters]
    _refuse_unknown(route, sent, values)
    if options.keys_at_most and route.wants.endswith(":in"):
        values[route.wants] = _keys(values[route.wants], options.keys_at_most, options.more_keys)
    if options.ignored:
        values = {
            name: value for name, value in values.items() if not _is_ignored(name, options.ignored)
        }
    includes = _includes(route, values)
    sort, descending = _sort(route, values)
    before, after = (_cursor(route, values, name) for name in ("before", "after"))
    if before is not None or after is not None:
        if sort or "direction" in values:
            # It is not documented how the two combine, so nobody should rely on it.
            raise Refusal(422, "A cursor cannot be combined with sort.")
        if "page" in values and not route.page_beside_cursor:
            raise Refusal(422, "A cursor cannot be combined with page.")
        if before is not None and after is not None and not route.page_beside_cursor:
            raise Refusal(422, "The cursors before and after cannot be combined.")
    conditions = [
        _bounded(
            name, _condition(route, name, _zoned(route, name, values[name], options), now), options
        )
        for name in route.filters
        if name in values
    ]
    if options.exclusive_min_id:
        conditions = [c._replace(op="greater") if c[:2] == ("id", "min") else c for c in conditions]
    if any(name in route.filters and name not in dict(sent) for name in route.everything):
        # https://developer.bigcommerce.com/b2b-edition/apis/rest-management/order
        conditions.append(Condition("date_modified", "min", now - YEAR))
    limit = _limit(route, values, includes, options)
    is_newest_first = route.collection == "brands" and options.brands_order == "newest" and not sort
    return Query(
        conditions=tuple(conditions),
        sort=sort or route.newest_first or None,
        descending=descending
        or bool(route.newest_first and not sort)
        or is_newest_first
        or "sort" in options.ignored,
        page=_page(route, values),
        limit=min(limit, options.cap or limit),
        offset=_offset(values) if route.paging is Paging.OFFSET else None,
        before=before,
        after=after,
        includes=includes,
        only_fields=_names(values, "include_fields"),
        without_fields=(_names(values, "exclude_fields") or frozenset())
        | _details(route, values)
        | _extra_fields(route, values),
        others=_others(route, values),
    )


def _keys(text: str, most: int, more: str) -> str:
    """The keys of a list that count."""
    keys = text.split(",")
    if len(keys) > most and more != "ignored":
        raise Refusal(404 if more == "missing" else 422, f"At most {most} values may be provided.")
    return ",".join(keys[:most])


def _is_ignored(name: str, ignored: frozenset[str]) -> bool:
    dates = ("created:", "date_", "min_date_", "max_date_", "minModified", "maxModified")
    is_date = name.startswith(dates)
    return name in ignored or (is_date and "dates" in ignored)


def _refuse_unknown(route: Route, sent: list[tuple[str, str]], values: Mapping[str, str]) -> None:
    if unknown := sorted(values.keys() - route.parameters):
        names = ", ".join(unknown)
        raise Refusal(
            route.unknown_parameter, f"The filter(s): {names} are not valid filter parameter(s)."
        )
    if route.wants and route.wants not in values:
        raise Refusal(422, "At least one filter must be provided.")
    if len(values) < len(sent):
        raise Refusal(route.unknown_parameter, "A query parameter was sent more than once.")


def _includes(route: Route, values: Mapping[str, str]) -> tuple[str, ...]:
    if "include" not in values:
        return ()
    asked = values["include"].split(",")
    if unknown := [name for name in asked if name not in route.includes]:
        raise Refusal(
            route.unknown_parameter, f'Query parameter "include" has no value "{unknown[0]}".'
        )
    return tuple(name for name in route.includes if name in asked)


def _sort(route: Route, values: Mapping[str, str]) -> tuple[str | None, bool]:
    if route.family is Family.B2B:
        by = values.get("sortBy")
        return by, bool(by) and values.get("orderBy", "DESC").upper() == "DESC"
    field = values.get("sort")
    order = values.get("direction", "asc")
    if field and not route.direction and ":" in field:
        field, order = field.split(":", 1)
    if (field is not None and field not in route.sorts) or order not in ("asc", "desc"):
        raise Refusal(422, f'Query parameter "sort" has no value "{values.get("sort")}".')
    return field, order == "desc"


def _others(route: Route, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    given = tuple((name, values[name]) for name in route.others if name in values)
    for name, value in given:
        if value not in route.others[name]:
            raise Refusal(422, f'Query parameter "{name}" has no value "{value}".')
    return given


def _details(route: Route, values: Mapping[str, str]) -> frozenset[str]:
    """The fields that are left out if the query does not ask for details."""
    if values.get("details", "false") not in ("true", "false"):
        raise Refusal(422, 'Query parameter "details" value must be true or false.')
    return frozenset() if values.get("details") == "true" else frozenset(route.details)


def _extra_fields(route: Route, values: Mapping[str, str]) -> frozenset[str]:
    """B2B Edition leaves out what merchants have added, unless it is asked for."""
    asked = [
        values.get(name) == wanted
        for name, wanted in route.everything.items()
        if name not in route.filters
    ]
    return frozenset() if all(asked) else frozenset(("extraFields",))


def _offset(values: Mapping[str, str]) -> int:
    value = values.get("offset", "0")
    if not (value.isascii() and value.isdigit()):
        raise Refusal(422, 'Query parameter "offset" value must be integer from 0.')
    return int(value)


def _page(route: Route, values: Mapping[str, str]) -> int:
    page = _positive(values, "page", 1)
    if route.max_page is not None and page > route.max_page:
        raise Refusal(422, f'Query parameter "page" value must be {route.max_page} or less.')
    return page


def _limit(
    route: Route, values: Mapping[str, str], includes: tuple[str, ...], options: Options
) -> int:
    limit = _positive(values, "limit", route.default_limit)
    if limit > route.max_limit and route.family.value in options.clamped:
        limit = route.max_limit
    if limit > route.max_limit:
        raise Refusal(413, f"The limit parameter exceeded the maximum of {route.max_limit}.")
    if options.small_pages and any(name in route.small_page_includes for name in includes):
        return min(limit, _SMALL_PAGE)
    return limit


def _positive(values: Mapping[str, str], name: str, default: int) -> int:
    value = values.get(name, str(default))
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise Refusal(422, f'Query parameter "{name}" value must be integer greater than 0.')
    return int(value)


def _names(values: Mapping[str, str], name: str) -> frozenset[str] | None:
    return frozenset(values[name].split(",")) if name in values else None


def _condition(route: Route, name: str, text: str, now: int) -> Condition:
    wanted = route.filters[name]
    try:
        if wanted.op in ("in", "overlaps"):
            value: Any = frozenset(_value(route, wanted, part, now) for part in text.split(","))
        else:
            value = _value(route, wanted, text, now)
    except ValueError:
        raise Refusal(422, f'Query parameter "{name}" value must be {wanted.kind.value}.') from None
    return Condition(wanted.field, wanted.op, value)


def _zoned(route: Route, name: str, text: str, options: Options) -> str:
    """A date of v2 in the time zone that this store assumes."""
    if route.family is not Family.V2 or route.filters[name].kind is not Kind.DATE or "," in text:
        return text
    zone = f"{options.zone_hours:+03d}:00"
    if len(text) == 10:
        return f"{text}T00:00:00{zone}"
    return f"{text}{zone}" if len(text) == 19 and options.zoneless == "read" else text


def _bounded(name: str, wanted: Condition, options: Options) -> Condition:
    """The filter with bounds that are inclusive or exclusive, as this store has them."""
    if name in options.exclusive:
        value = floor(wanted.value) + 1 if wanted.op == "min" else ceil(wanted.value) - 1
        return wanted._replace(value=value)
    if name in options.inclusive:
        return wanted._replace(op={"greater": "min", "less": "max"}[wanted.op])
    return wanted


def _value(route: Route, wanted: Filter, text: str, now: int) -> Any:
    if wanted.kind is Kind.INT:
        return int(text)
    if wanted.kind is Kind.BOOL:
        if text.lower() not in ("true", "1", "false", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "1")
    if wanted.kind is Kind.DATE:
        return _date(route, text, now)
    return text


def _date(route: Route, text: str, now: int) -> float:
    """Seconds since 1970; refuses a time without a zone, because its meaning is not documented."""
    if route.family is Family.V2:
        return parse_rfc2822(text) if "," in text else parse_iso(text)
    if text.isdigit():
        return float(text)
    seconds = parse_iso(text)
    if route.dates_need_time and len(text) == 10:
        seconds += now % DAY
    return seconds


def cursor(key: int) -> str:
    """The opaque mark of a place in a list, right after the row with this key."""
    return base64.b64encode(orjson.dumps({"id": key})).decode()


def _cursor(route: Route, values: Mapping[str, str], name: str) -> int | None:
    if name not in values:
        return None
    if route.paging is Paging.AFTER:
        return _positive(values, name, 0)
    try:
        return int(orjson.loads(base64.b64decode(values[name], validate=True))["id"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise Refusal(422, f'Query parameter "{name}" is not a valid cursor.') from None
