"""How, and how soon, orders are found by key and customers by address; see `Options`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.query import Query
from sandbox.table import Condition, Positions

if TYPE_CHECKING:
    from sandbox.data import Data

_NONE = (Condition("id", "min", 1), Condition("id", "max", 0))


def understood(data: Data, collection: str, asked: Query) -> Query:
    """The query with ids instead of a key, according to `key_match`."""
    field = data.KEYS.get(collection)
    wanted = [each for each in asked.conditions if each.field == field and each.value]
    if not wanted:
        return asked
    others = tuple(each for each in asked.conditions if each.field != field)
    ids = {id for each in wanted for id in _ids(data, collection, each)}
    if not ids:
        return replace(asked, conditions=(*others, *_NONE))
    bounds = (Condition("id", "min", min(ids)), Condition("id", "max", max(ids)))
    of_ids = Condition("id", "in", frozenset(ids))
    return replace(asked, conditions=(*others, *bounds, of_ids))


def _ids(data: Data, collection: str, wanted: Condition) -> list[int]:
    known, match = data.keys(collection), data.options.key_match
    if collection == "customers":
        return [id for email in wanted.value for id in known.get(email.lower(), [])]
    key = str(wanted.value)
    if match == "none":
        return []
    if match == "exact":
        return known.get(key, [])
    fold = str.lower if match == "any_case" else str
    return [
        id
        for each, of_key in known.items()
        if fold(each) == fold(key) or (match == "prefix" and each.startswith(key))
        for id in of_key
    ]


def visible(data: Data, collection: str, found: Positions) -> Positions:
    """Those that were not just created; see `lookup_lag`."""
    lag = data.options.lookup_lag
    if not lag or collection not in data.KEYS:
        return found
    since = time.monotonic() - lag
    hidden = {id for (of, id), at in data.created.items() if of == collection and at > since}
    keys = data.table(collection).columns["id"]
    return [at for at in found if keys[at] not in hidden] if hidden else found
