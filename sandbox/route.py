"""The table of everything the store answers to. What is not listed here is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from sandbox.table import Row


class Family(Enum):
    """The two styles of the API: bare arrays (v2), and `data` with `meta` (v3)."""

    V2 = "v2"
    V3 = "v3"


class Answer(Enum):
    LIST = "list"
    COUNT = "count"
    OBJECT = "object"
    TIME = "time"


class Paging(Enum):
    PAGES = "page, limit"
    CURSOR = "page, limit, before, after"
    NONE = "everything at once"


class Kind(Enum):
    """How the value of a filter is written."""

    INT = "an integer"
    NUMBER = "a number"
    BOOL = "true, false, 1 or 0"
    TEXT = "text"
    DATE = "a date"


@dataclass(frozen=True)
class Filter:
    field: str | Callable[[Row], Any]
    op: str
    kind: Kind


Filters = Mapping[str, Filter]


def v3_filters(name: str, ops: str, kind: Kind, path: str | Callable[[Row], Any] = "") -> Filters:
    """`v3_filters("id", "eq min in", INT)` -> the parameters `id`, `id:min`, `id:in`."""
    return {
        name if op == "eq" else f"{name}:{op}": Filter(path or name, op, kind) for op in ops.split()
    }


def v2_filter(name: str, kind: Kind, path: str = "") -> Filters:
    return {name: Filter(path or name, "eq", kind)}


def v2_range(name: str, kind: Kind, path: str | Callable[[Row], Any] = "") -> Filters:
    """`v2_range("id", INT)` -> the parameters `min_id` and `max_id`."""
    return {f"{end}_{name}": Filter(path or name, end, kind) for end in ("min", "max")}


def full_name(row: Row) -> str:
    return f"{row['first_name']} {row['last_name']}"


def total_inc_tax(row: Row) -> float:
    return float(row["total_inc_tax"])


@dataclass(frozen=True)
class Route:
    """One endpoint: `collection` is the name of what it serves in the `Store`."""

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
    includes: tuple[str, ...] = ()
    small_page_includes: tuple[str, ...] = ()
    """Includes that cap the page at 10 rows, without a word."""
    fields: bool = False
    """Whether `include_fields` and `exclude_fields` are taken."""
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further parameters and the values they may have; their meaning is in `surface.py`."""
    max_limit: int = 250
    unknown_parameter: int = 422
    dates_need_time: bool = False
    """True: a date without a time means that date at the current time of day."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>\\d+)", self.path))

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Every query parameter that the endpoint takes."""
        names = [*self.filters, *self.others]
        if self.paging is not Paging.NONE:
            names += ["page", "limit"]
        if self.paging is Paging.CURSOR:
            names += ["before", "after"]
        if self.sorts:
            names += ["sort", "direction"] if self.direction else ["sort"]
        if self.includes:
            names.append("include")
        if self.fields:
            names += ["include_fields", "exclude_fields"]
        return frozenset(names)
