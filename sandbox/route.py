"""An endpoint: its path, scope, parameters and limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from sandbox.clock import instant
from sandbox.data import Data
from sandbox.reply import Family, Reply, Request
from sandbox.table import Row


class Answer(Enum):
    LIST = "list"
    COUNT = "count"
    OBJECT = "object"
    TIME = "time"


class Paging(Enum):
    PAGES = "page, limit"
    CURSOR = "page, limit, before, after"
    AFTER = "limit, after"  # `after` is a bare key here, not a cursor.
    OFFSET = "limit, offset"
    NONE = "everything at once"


_PAGING_PARAMETERS = {
    Paging.PAGES: ("page", "limit"),
    Paging.CURSOR: ("page", "limit", "before", "after"),
    Paging.AFTER: ("limit", "after"),
    Paging.OFFSET: ("limit", "offset"),
    Paging.NONE: (),
}


class Meta(Enum):
    """What a v3 list says about itself."""

    PAGINATION = "total, count, per_page, current_page, total_pages, links"
    OFFSET = "offset, limit, total_items"
    NOTHING = "an empty object"


class Kind(Enum):
    """How the value of a filter is written."""

    INT = "an integer"
    BOOL = "true, false, 1 or 0"
    TEXT = "text"
    DATE = "a date"


@dataclass(frozen=True)
class Filter:
    field: str | Callable[[Row], Any]
    op: str
    kind: Kind


Filters = Mapping[str, Filter]
Write = Callable[[Data, Mapping[str, str], Request], Reply]
"""Changes the data as the body of a request says, with the ids in its path; gives the reply."""


def v3_filters(name: str, ops: str, kind: Kind, path: str | Callable[[Row], Any] = "") -> Filters:
    """`v3_filters("id", "eq min in", INT)` -> the parameters `id`, `id:min`, `id:in`."""
    return {
        name if op == "eq" else f"{name}:{op}": Filter(path or name, op, kind) for op in ops.split()
    }


def v2_filter(name: str, kind: Kind, path: str | Callable[[Row], Any] = "") -> Filters:
    return {name: Filter(path or name, "eq", kind)}


def v2_range(name: str, kind: Kind, path: str | Callable[[Row], Any] = "") -> Filters:
    """`v2_range("id", INT)` -> the parameters `min_id` and `max_id`."""
    return {f"{end}_{name}": Filter(path or name, end, kind) for end in ("min", "max")}


def date_in(name: str) -> Callable[[Row], int]:
    """For filters: the Unix seconds of a date that rows hold as text."""
    return lambda row: instant(row[name])


@dataclass(frozen=True)
class Route:
    """One endpoint: `collection` is the name of what it serves in `Data`.

    One that changes the store has a `method`, a `write`, and `Paging.NONE`.
    """

    operation: str
    family: Family
    path: str
    collection: str
    scopes: tuple[str, ...]
    answer: Answer = Answer.LIST
    paging: Paging = Paging.PAGES
    filters: Filters = field(default_factory=dict)
    sorts: tuple[str, ...] = ()
    direction: bool = False
    """True: order is a parameter of its own; False: it follows the field, `id:asc`."""
    newest_first: str = ""
    """Field by which rows are sorted in descending order, if not by their keys."""
    wants: str = ""
    """The filter that every request needs."""
    includes: tuple[str, ...] = ()
    small_page_includes: tuple[str, ...] = ()
    """Includes that cap the page at 10 rows, without a word."""
    fields: tuple[str, ...] = ()
    """Which of `include_fields` and `exclude_fields` are accepted."""
    details: tuple[str, ...] = ()
    """Fields that are sent only with `details=true`."""
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further parameters and the values they may have; their meaning is in `surface.py`."""
    everything: Mapping[str, str] = field(default_factory=dict)
    """Parameters with the values without which rows or fields are left out."""
    shown: Callable[[Row], Row] | None = None
    """What the endpoint sends of a row; None: all of it."""
    parent: str = ""
    """Collection whose key is in the path: 404 if it holds no such row."""
    meta: Meta = Meta.PAGINATION
    page_beside_cursor: bool = True
    """False: `page` together with `before` or `after` is refused; True: it is ignored."""
    concurrent: int | None = None
    """How many requests are answered at a time; further ones get 429."""
    default_limit: int = 50
    max_limit: int = 250
    max_page: int | None = None
    unknown_parameter: int = 422
    dates_need_time: bool = False
    """True: a date without a time means that date at the current time of day."""
    bare: bool = False
    """Whether a reply of v3 has no `data` around its rows."""
    method: str = "GET"
    write: Write | None = None
    """What it does, for a method that changes the store; it may raise `Refusal` or KeyError."""

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The names of the ids in the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Every query parameter that the endpoint accepts."""
        names = [*self.filters, *self.others, *self.fields, *_PAGING_PARAMETERS[self.paging]]
        flags = {
            "sort": self.sorts,
            "direction": self.direction,
            "include": self.includes,
            "details": self.details,
        }
        return frozenset(names + [name for name, taken in flags.items() if taken])
