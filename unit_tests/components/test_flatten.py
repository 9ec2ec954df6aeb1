"""Columns of nested objects: their names, their schema, and that no value is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from airbyte_cdk.sources.declarative.schema.json_file_schema_loader import JsonFileSchemaLoader
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import Flatten
from source_bigcommerce.components.flatten import Columns, SchemaFile
from unit_tests.streams import CONFIG, STREAMS

TEXT = {"type": ["string", "null"]}
LIST = {"type": ["array", "null"], "items": {"type": "object", "properties": {"id": TEXT}}}


def nested(*types: str, **properties: Any) -> dict[str, Any]:
    return {"type": ["object", *types, "null"], "properties": properties}


ADDRESS = nested(city=TEXT, form_fields=LIST, geo=nested(x=TEXT))
SCHEMA = {
    "type": "object",
    "additionalProperties": True,
    "properties": {
        "id": TEXT,
        "address": ADDRESS,
        "address_city": TEXT,  # as the column of address.city would be called
        "logo": nested("array", url=TEXT),
        "extra": {"type": ["object", "null"], "additionalProperties": True},
        "lines": LIST,
        "a": nested(b_c=TEXT),
        "a_b": nested(c=TEXT),
    },
}
COLUMNS = Columns(SCHEMA)


def test_a_flattened_schema_has_a_column_for_each_field() -> None:
    assert COLUMNS.flat_schema == {
        **SCHEMA,
        "properties": {
            "id": TEXT,
            "address_city_2": TEXT,
            "address_form_fields": LIST,
            "address_geo_x": TEXT,
            "address_city": TEXT,
            "logo": {"type": ["null", "array"]},
            "logo_url": TEXT,
            "extra": {"type": ["object", "null"], "additionalProperties": True},
            "lines": LIST,
            "a_b_c": TEXT,
            "a_b_c_2": TEXT,
        },
    }


@pytest.mark.parametrize(
    ("record", "flat"),
    [
        (
            {"id": "1", "address": {"city": "Austin", "geo": {"x": "7"}}, "address_city": "Bath"},
            {"id": "1", "address_city_2": "Austin", "address_geo_x": "7", "address_city": "Bath"},
        ),
        ({"address": None, "logo": None}, {}),
        ({"address": {"geo": None}}, {}),
        ({"logo": []}, {"logo": []}),
        ({"logo": {"url": "u"}}, {"logo_url": "u"}),
        ({"address": "unknown"}, {"address": "unknown"}),
        ({"extra": {"k": 1}, "lines": [{"id": "1"}]}, {"extra": {"k": 1}, "lines": [{"id": "1"}]}),
        ({"a": {"b_c": "1"}, "a_b": {"c": "2"}}, {"a_b_c": "1", "a_b_c_2": "2"}),
        # Fields that no schema knows.
        ({"new": {"k": 1}}, {"new": {"k": 1}}),
        ({"address": {"new": {"k": 1}}}, {"address_new": {"k": 1}}),
        ({"a": {"b": {"c": 1}}, "a_b": {"c": "2"}}, {"a_b_2": {"c": 1}, "a_b_c_2": "2"}),
        ({"address_new": 1, "address": {"new": 2}}, {"address_new": 1, "address_new_2": 2}),
    ],
)
def test_a_record_is_flattened(record: dict[str, Any], flat: dict[str, Any]) -> None:
    assert COLUMNS.flatten(record) == flat


NAMES = st.sampled_from(["a", "b", "a_b", "a_2", "b_2", "a_b_2"])
RECORDS = st.recursive(
    st.integers(), lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
).filter(lambda value: isinstance(value, dict))


def schema_of(value: Any, draw: Any) -> dict[str, Any]:
    """A schema that declares some of a record's fields."""
    if not isinstance(value, dict):
        return {"type": ["integer", "null"]}
    return nested(**{k: schema_of(v, draw) for k, v in value.items() if draw(st.booleans())})


def leaves(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for part in value.values():
            yield from leaves(part)
    else:
        yield value


@given(RECORDS, st.data())
def test_flattened_records_keep_every_value_and_the_names_of_their_own_fields(
    record: dict[str, Any], data: Any
) -> None:
    columns = Columns(schema_of(record, data.draw))
    flat = columns.flatten(record)
    assert Counter(leaves(flat)) == Counter(leaves(record))
    own = {k: v for k, v in record.items() if not isinstance(v, dict)}
    declared = {k: v for k, v in own.items() if k in columns.schema["properties"]}
    assert declared.items() <= flat.items()
    assert len(set(columns.column_of.values())) == len(columns.column_of)


# As the form says


def schemas(**values: Any) -> dict[str, dict[str, Any]]:
    config = {**CONFIG, **values}
    streams = SourceBigcommerce(config=config).streams(config)
    return {stream.name: dict(stream.as_airbyte_stream().json_schema) for stream in streams}


def test_flattened_schemas_have_no_object_with_declared_fields() -> None:
    plain, flat = schemas(), schemas(flatten_records=True)
    assert schemas(flatten_records=False) == plain
    assert plain["orders"] != flat["orders"]
    assert flat["orders"]["properties"]["billing_address_city"]["type"] == ["null", "string"]
    assert set(plain["redirects"]["properties"]) >= {"to", "to_url"}
    assert set(flat["redirects"]["properties"]) >= {"to_url", "to_url_2", "to_type"}
    for row in STREAMS:
        columns = flat[row.name]["properties"]
        assert {name for name, declared in columns.items() if "properties" in declared} == set()
        keys = row.primary_key.split(", ")
        assert set(filter(None, keys)) <= set(columns)
        assert not row.cursor or columns[row.cursor] == plain[row.name]["properties"][row.cursor]


def test_records_stay_nested_unless_the_form_asks() -> None:
    class Loader:
        def get_json_schema(self) -> dict[str, Any]:
            return SCHEMA

    for flattens, expected in ((False, {"a": {"b_c": "1"}}), (True, {"a_b_c": "1"})):
        record = {"a": {"b_c": "1"}}
        transformation = Flatten(
            schema_loader=Loader(),  # type: ignore[arg-type]
            config={"flatten_records": flattens},
            parameters={},
        )
        transformation.transform(record)
        assert record == expected


def test_a_schema_file_is_read_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()
    get_json_schema = JsonFileSchemaLoader.get_json_schema

    def counting(self: JsonFileSchemaLoader) -> Any:
        read[self._get_json_filepath()] += 1
        return get_json_schema(self)

    monkeypatch.setattr(JsonFileSchemaLoader, "get_json_schema", counting)
    path = "source_bigcommerce/schemas/brands.json"
    for flattens in (False, True, False):
        loader = SchemaFile({"flatten_records": flattens}, parameters={}, file_path=path)
        assert loader.get_json_schema()["properties"]["name"]["type"] == ["null", "string"]
    assert read == {path: 1}


def test_what_a_program_does_to_a_schema_changes_no_other_source() -> None:
    path = "./source_bigcommerce/schemas/orders.json"
    first, second = (SchemaFile(config={}, parameters={}, file_path=path) for _ in range(2))
    first.get_json_schema()["properties"]["billing_address"]["properties"].clear()
    assert second.get_json_schema()["properties"]["billing_address"]["properties"]
