"""Rows: their fields, types and dates against the schemas, and their ids."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from source_bigcommerce.components.dates import UnreadableDate, iso_date, iso_day
from source_bigcommerce.components.values import Field, whole
from source_bigcommerce.probe.finding import Finding, found
from source_bigcommerce.probe.store import NO_ROWS, NONE_LEFT, CannotTell, Row, Store, id_of
from source_bigcommerce.probe.streams import PARENTS, SMALL_PAGES, Stream

_READS = {"date-time": iso_date, "date": iso_day}
_JSON = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object"}
_MOST_NAMES = 40
# Any other name may be a value that somebody typed.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_32_BITS = 2**31
_SMALL_PAGE = 10
# The field of a parent that says how many such rows it has.
_MOST = {
    "order_coupons": "coupon_discount",
    "order_shipments": "items_shipped",
    "order_products": "items_total",
    "order_shipping_addresses": "shipping_address_count",
}


# The rows of a stream


def rows_of(store: Store, stream: Stream) -> list[Row]:
    """The rows of its first page, of one parent, or those that its parents embed.

    Raises CannotTell if there are none.
    """
    if not stream.parent:
        return [row for row in _flat(stream, store.stream_rows(stream.name)) if row]
    if stream.parent not in PARENTS:
        raise CannotTell("its parent is unknown")
    if stream.parent == "product_id" and stream.embeds:
        rows: list[Row] = [
            {"product_id": id_of(each), **row}
            for each in _products(store, stream)
            for row in each.get(stream.embeds) or []
        ]
        if not rows:
            raise CannotTell(NO_ROWS)
        return rows
    held = [row for reply in store.replies if stream.is_of(reply.path) for row in reply.rows]
    return held or store.rows(_path(store, stream), {} if "?" in stream.endpoint else {"limit": 50})


def _flat(stream: Stream, rows: list[Row]) -> list[Row]:
    if stream.name != "inventory_items":
        return rows
    # A row for each location of an item.
    return [
        {"identity": row.get("identity"), **(row.get("identity") or {}), **location}
        for row in rows
        for location in row.get("locations") or []
    ]


def _products(store: Store, stream: Stream) -> list[Row]:
    if stream.embeds in SMALL_PAGES:
        return small_pages(store)
    return store.stream_rows("products")


def small_pages(store: Store) -> list[Row]:
    """Products with the includes that make their pages small."""
    asked = {"include": "options,modifiers", "sort": "id", "direction": "asc", "limit": 50}
    return store.rows("v3/catalog/products", asked)


def _path(store: Store, stream: Stream) -> str:
    parent, key = PARENTS[stream.parent]
    # The parent with the most such rows, if parents count them.
    rows = sorted(
        (row for row in store.stream_rows(parent) if row.get(key) is not None),
        key=lambda row: -_number(row.get(_MOST.get(stream.name, ""))),
    )
    if not rows:
        raise CannotTell(NO_ROWS)
    path = stream.endpoint.replace(f"{{{stream.parent}}}", str(whole(rows[0][key])))
    if "{variation_id}" in path:
        variations = rows[0].get("variations") or [{}]
        path = path.replace("{variation_id}", str(variations[0].get("uuid")))
    if "{" in path:
        raise CannotTell("its parents are rows of another row")
    return path


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0


def rows_by_stream(store: Store) -> tuple[list[tuple[Stream, list[Row]]], list[str]]:
    """The streams with their rows, and the names of streams for which no request was left.

    Raises CannotTell if none has rows.
    """
    found_rows, not_asked = [], []
    for stream in store.streams.values():
        try:
            found_rows.append((stream, rows_of(store, stream)))
        except CannotTell as reason:
            not_asked += [stream.name] if str(reason) == NONE_LEFT else []
    if not found_rows:
        raise CannotTell(NO_ROWS)
    return found_rows, not_asked


# Against the schemas


def fields_declared(store: Store) -> Finding:
    return _compared(store, _undeclared)


def types_fit(store: Store) -> Finding:
    return _compared(store, _unfit)


def types_as_declared(store: Store) -> Finding:
    finding = _compared(store, _converted)
    flags = any(
        path.endswith((": string", ": number"))
        for path in finding.seen["fields"].get("customers", ())
    )
    return Finding(finding.verdict, {**finding.seen, "customers_too": flags})


def dates_readable(store: Store) -> Finding:
    return _compared(store, _unreadable)


Look = Callable[[Any, Mapping[str, Any], str], Iterator[str]]


def _compared(store: Store, look: Look) -> Finding:
    seen: dict[str, set[str]] = defaultdict(set)
    streams, not_asked = rows_by_stream(store)
    for stream, found_rows in streams:
        declared = {"type": "object", "properties": stream.properties}
        for row in found_rows:
            seen[stream.name].update(look(row, declared, ""))
    fields = {name: sorted(paths)[:_MOST_NAMES] for name, paths in seen.items() if paths}
    rows = sum(len(found_rows) for _, found_rows in streams)
    return found(not fields, streams=len(streams), rows=rows, fields=fields, not_asked=not_asked)


def _walk(value: Any, declared: Mapping[str, Any], path: str) -> Iterator[tuple[Any, Any, str]]:
    """Each value with its schema and path; None for the schema of an undeclared field."""
    yield value, declared, path
    properties = declared.get("properties")
    if isinstance(value, dict) and properties:
        for name, inner in value.items():
            shown = name if _NAME.fullmatch(name) else "other"
            step = f"{path}.{shown}" if path else shown
            if name in properties:
                yield from _walk(inner, properties[name], step)
            elif not name.startswith("__"):
                yield inner, None, step
    elif isinstance(value, list) and isinstance(declared.get("items"), dict):
        for inner in value:
            yield from _walk(inner, declared["items"], f"{path}[]")


def _undeclared(value: Any, declared: Mapping[str, Any], path: str) -> Iterator[str]:
    for _, schema, where in _walk(value, declared, path):
        if schema is None:
            yield where


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _other_type(value: Any, schema: Mapping[str, Any] | None) -> str:
    """The JSON type of a value that is of none of the declared ones; empty if it is of one."""
    if value is None or schema is None or not (kinds := _kinds(schema)):
        return ""
    name = _JSON.get(type(value), "array")
    return "" if name in kinds or (name == "integer" and "number" in kinds) else name


def _converted(value: Any, declared: Mapping[str, Any], path: str) -> Iterator[str]:
    for inner, schema, where in _walk(value, declared, path):
        if (name := _other_type(inner, schema)) and inner not in ("", [], {}):
            yield f"{where}: {name}"


def _unfit(value: Any, declared: Mapping[str, Any], path: str) -> Iterator[str]:
    """The values that the connector cannot convert and leaves as they came."""
    for inner, schema, where in _walk(value, declared, path):
        if schema is None or not (name := _other_type(inner, schema)) or "format" in schema:
            continue
        if not _is_convertible(inner, schema):
            yield f"{where}: {name}"


def _is_convertible(value: Any, schema: Mapping[str, Any]) -> bool:
    said: list[str] = []
    Field(schema, "", lambda *words: said.append(words[0])).fix(value)
    return not said


def _unreadable(value: Any, declared: Mapping[str, Any], path: str) -> Iterator[str]:
    for inner, schema, where in _walk(value, declared, path):
        read = _READS.get(schema.get("format", "")) if schema else None
        if read and inner is not None:
            try:
                read(inner)
            except UnreadableDate:
                yield where


# Ids and pages


def ids_fit_32_bits(store: Store) -> Finding:
    large = set()
    for stream, rows in rows_by_stream(store)[0]:
        for row in rows:
            keys = [name for name in row if name == "id" or name.endswith("_id")]
            large |= {
                f"{stream.name}.{name}"
                for name in keys
                if _NAME.fullmatch(name) and _number(row[name]) >= _32_BITS
            }
    return found(not large, fields=sorted(large)[:_MOST_NAMES])


def small_pages_of_ten(store: Store) -> Finding:
    rows = len({id_of(row) for row in small_pages(store)})
    if len(store.stream_rows("products")) <= _SMALL_PAGE:
        raise CannotTell(NO_ROWS)
    return found(rows == _SMALL_PAGE, more=rows > _SMALL_PAGE)


def customers_embed_ten(store: Store) -> Finding:
    """Of customers with more than ten addresses."""
    many = [row for row in store.stream_rows("customers") if _number(row.get("address_count")) > 10]
    if not many:
        raise CannotTell(NO_ROWS)
    return found(all(len(row.get("addresses") or []) == 10 for row in many), customers=len(many))


def trees_have_all_categories(store: Store) -> Finding:
    """By the totals of both endpoints."""
    trees, all_of_them = (
        store.answered(path, {"limit": 1}).meta("pagination").get("total")
        for path in ("v3/catalog/trees/categories", "v3/catalog/categories")
    )
    if not (isinstance(trees, int) and isinstance(all_of_them, int) and trees and all_of_them):
        raise CannotTell(NO_ROWS)
    return found(trees >= all_of_them, more_in_trees=trees > all_of_them)
