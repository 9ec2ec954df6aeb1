"""Nested objects as columns: `billing_address: {city: ...}` becomes `billing_address_city`."""

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from functools import cache, cached_property
from pathlib import PurePath
from typing import Any

import orjson
from airbyte_cdk.sources.declarative.schema.json_file_schema_loader import JsonFileSchemaLoader
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from source_bigcommerce.components.marks import DELETED_AT, MARKED
from source_bigcommerce.components.personal import Treatment

Schema = Mapping[str, Any]


@dataclass
class Columns:
    """Which column each field of a schema goes to.

    A field keeps its name; a nested field is named after its path, joined with `_`. If two would
    have the same name, the outer one gets it, then the one that the schema declares first; the
    others get `_2`, `_3`... Lists stay whole, and so do objects without declared fields.
    """

    schema: Schema
    column_of: dict[tuple[str, ...], str] = field(default_factory=dict, init=False)
    """By path: `{("billing_address", "city"): "billing_address_city"}`."""

    def __post_init__(self) -> None:
        self._taken = set(self.schema["properties"])
        for path, _ in _fields(self.schema):
            name = "_".join(path)
            self.column_of[path] = name if len(path) == 1 else _free(name, self._taken)
            self._taken.add(self.column_of[path])

    @property
    def flat_schema(self) -> dict[str, Any]:
        """The schema of flattened records."""
        columns = {}
        for path, declared in _fields(self.schema):
            if not _is_nested(declared):
                columns[self.column_of[path]] = declared
            elif others := _types(declared) - {"object", "null"}:
                # If there is no object, the API may send something else, such as an empty list.
                kept = {key: value for key, value in declared.items() if key != "properties"}
                columns[self.column_of[path]] = {**kept, "type": ["null", *sorted(others)]}
        return {**self.schema, "properties": columns}

    def flatten(self, record: Mapping[str, Any]) -> dict[str, Any]:
        flat: dict[str, Any] = {}
        self._flatten(record, (), flat)
        return flat

    def _flatten(
        self, row: Mapping[str, Any], parent: tuple[str, ...], flat: dict[str, Any]
    ) -> None:
        for key, value in row.items():
            path = (*parent, key)
            if path in self._nested and (value is None or isinstance(value, dict)):
                self._flatten(value or {}, path, flat)
            else:
                column = self.column_of.get(path)
                flat[column or _free("_".join(path), self._taken | flat.keys())] = value

    @cached_property
    def _nested(self) -> set[tuple[str, ...]]:
        return {path for path, declared in _fields(self.schema) if _is_nested(declared)}


def _free(name: str, taken: set[str]) -> str:
    """The name, or the next one that is free."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _fields(
    schema: Schema, parent: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Path and schema of each field; the fields of an object follow it."""
    for name, declared in schema["properties"].items():
        yield (*parent, name), declared
        if _is_nested(declared):
            yield from _fields(declared, (*parent, name))


def _is_nested(declared: Schema) -> bool:
    return bool(declared.get("properties")) and "object" in _types(declared)


def _types(declared: Schema) -> set[str]:
    types = declared.get("type", [])
    return {types} if isinstance(types, str) else set(types)


@dataclass
class Flatten(RecordTransformation):
    """Makes columns of nested objects, if the form says so.

    Not YAML: FlattenFields always flattens, drops the names of the objects, and does not change
    the catalog.
    """

    schema_loader: JsonFileSchemaLoader
    config: Config
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._flattens = self.config.get("flatten_records", False)

    @cached_property
    def _columns(self) -> Columns:
        # Only with the first row: a source may build streams that it does not read.
        return Columns(self.schema_loader.get_json_schema())

    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        if self._flattens:
            flat = self._columns.flatten(record)
            record.clear()
            record.update(flat)


@dataclass
class SchemaFile(JsonFileSchemaLoader):
    """The schema of a file: that of the records which the form asks for.

    It has a column for marks if rows have one, is flattened if records are, and lacks the personal
    data that they lack.

    Not YAML: JsonFileSchemaLoader returns the file as it is.
    """

    def get_json_schema(self) -> Mapping[str, Any]:
        path = self._get_json_filepath()
        schema = orjson.loads(_content(path))
        is_marked = PurePath(path).stem in MARKED
        if is_marked and self.config.get("deletions") == "mark":
            mark = {"type": ["null", "string"], "format": "date-time"}
            schema = {**schema, "properties": {**schema["properties"], DELETED_AT: mark}}
        if self.config.get("flatten_records"):
            schema = Columns(schema).flat_schema
        return Treatment(self.config).left_of(schema) or {**schema, "properties": {}}


# Each stream asks for it several times, and a process may make many sources.
@cache
def _content(path: str) -> bytes:
    """The schema in a file, with the parts that it takes from other files, as JSON text."""
    loader = JsonFileSchemaLoader(config={}, parameters={}, file_path=path)
    return orjson.dumps(loader.get_json_schema())
