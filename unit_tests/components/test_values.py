"""Values as they arrive, and as they leave by the schema."""

from __future__ import annotations

import json
import logging
import re
from copy import deepcopy
from typing import Any

import pytest
from airbyte_cdk.sources.declarative.schema.json_file_schema_loader import JsonFileSchemaLoader
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from source_bigcommerce.components import Values
from source_bigcommerce.components.values import Unfit, flag, integer, masked, number, text, whole
from unit_tests.streams import STREAMS

BIG = 10**29 + 1


@pytest.mark.parametrize(
    ("read", "sent", "left"),
    [
        (integer, "4", 4),
        (integer, " 4 ", 4),
        (integer, "-4", -4),
        (integer, "007", 7),
        (integer, "13.00", 13),
        (integer, "1e3", 1000),
        (integer, 13.0, 13),
        (integer, True, 1),
        (integer, str(BIG), BIG),
        (integer, "", None),
        (number, "13.00", 13.0),
        (number, ".10", 0.1),
        (number, "1.0000000000", 1.0),
        (number, "4", 4),
        (number, str(BIG), BIG),
        (number, "", None),
        (text, 0, "0"),
        (text, 12.5, "12.5"),
        (text, 0.1, "0.1"),
        (text, 10.0, "10.0"),
        (text, 0.00001, "0.00001"),
        (text, 1e22, "10000000000000000000000"),
        (text, BIG, str(BIG)),
        (text, True, "true"),
        (text, " as it is ", " as it is "),
        (flag, "true", True),
        (flag, "False", False),
        (flag, "1", True),
        (flag, "0", False),
        (flag, "Y", True),
        (flag, "", None),
        (flag, 1, True),
        (flag, 0.0, False),
        (whole, "100", 100),
        (whole, "abc", "abc"),
        (whole, None, None),
    ],
)
def test_a_value_is_converted_to_a_type_that_it_fits(read: Any, sent: Any, left: Any) -> None:
    assert read(sent) == left
    assert type(read(sent)) is type(left)


UNFIT: dict[Any, list[Any]] = {
    integer: [
        *("abc", "13.5", "1,000", "0x10", "1_0", "NaN", "²", "1e999999999", [], {}),
        *(13.5, float("inf"), float("nan")),
    ],
    # A float has fewer digits than the first.
    number: ["12345678901234567.89", "1e999", "abc", []],
    text: [[1], {"a": 1}],
    flag: ["maybe", "2", 2, []],
}


@pytest.mark.parametrize(("read", "sent"), [(r, each) for r in UNFIT for each in UNFIT[r]])
def test_a_value_of_another_type_does_not_fit(read: Any, sent: Any) -> None:
    with pytest.raises(Unfit):
        read(sent)


def test_a_masked_value_shows_only_its_shape() -> None:
    assert masked("31/Dez/2024 Jörg ٣ ☃") == "99/aaa/9999 aaaa 9 ?"
    assert masked("x" * 1000) == "a" * 40
    assert masked(-12.5) == "-99.9"
    assert masked(["secret"]) == "a list"
    assert masked({"secret": 1}) == "an object"


def values_of(stream: str) -> Values:
    path = f"./source_bigcommerce/schemas/{stream}.json"
    loader = JsonFileSchemaLoader(config={}, parameters={}, file_path=path)
    return Values(loader, parameters={"name": stream})


RFC, ISO, DAY = "Wed, 05 Dec 2018 20:16:55 +0000", "2018-12-05T20:16:55Z", "2018-12-05"
PROSE = "some day in the spring, if the weather allows"


@pytest.mark.parametrize(
    ("stream", "sent", "left"),
    [
        ("order_statuses", {"id": "4", "order": "13"}, {"id": 4, "order": 13}),
        ("orders", {"base_wrapping_cost": 0}, {"base_wrapping_cost": "0"}),
        (
            "customer_groups",
            {"discount_rules": [{"category_id": "20", "amount": "10.0000"}, {"amount": 5}]},
            {"discount_rules": [{"category_id": 20, "amount": "10.0000"}, {"amount": "5"}]},
        ),
        # Dates, no dates, and text that only looks like one.
        (
            "orders",
            {"date_created": RFC, "date_shipped": "", "customer_message": RFC},
            {"date_created": ISO, "date_shipped": None, "customer_message": RFC},
        ),
        ("orders", {"date_modified": PROSE}, {"date_modified": None}),
        # Unix seconds stay what the schema says that they are.
        ("webhooks", {"updated_at": "1544041015"}, {"updated_at": 1544041015}),
        # Within objects and lists.
        (
            "order_consignments",
            {"shipping": [{"line_items": [{"event_date": RFC, "quantity": "2"}, {}]}]},
            {"shipping": [{"line_items": [{"event_date": DAY, "quantity": 2}, {}]}]},
        ),
        (
            "order_consignments",
            {"email": {"gift_certificates": [{"line_items": [{"event_date": RFC}]}]}},
            {"email": {"gift_certificates": [{"line_items": [{"event_date": DAY}]}]}},
        ),
        ("products", {"categories": ["1", 2.0, 3]}, {"categories": [1, 2, 3]}),
        # PHP's empty lists, and the only item of a list in its place.
        ("store", {"logo": [], "name": ""}, {"logo": {}, "name": ""}),
        ("products", {"categories": {}, "custom_url": []}, {"categories": [], "custom_url": {}}),
        ("orders", {"id": {}, "status": []}, {"id": None, "status": None}),
        (
            "order_consignments",
            {"email": [], "downloads": {"line_items": {"url": "u"}}, "shipping": None},
            {"email": {}, "downloads": [{"line_items": [{"url": "u"}]}], "shipping": None},
        ),
        (
            "coupons",
            {"restricted_to": {"countries": "US"}},
            {"restricted_to": {"countries": ["US"]}},
        ),
        # Of several declared types each stays.
        (
            "customer_form_field_values",
            {"value": 12.50, "customer_id": "3"},
            {"value": 12.50, "customer_id": 3},
        ),
        ("customer_form_field_values", {"value": ["a", 1]}, {"value": ["a", 1]}),
        # Values that do not fit, are not declared, or are null.
        ("orders", {"id": "abc", "items_total": 1.5}, {"id": "abc", "items_total": 1.5}),
        ("products", {"categories": "all"}, {"categories": "all"}),
        ("orders", {"new": {"id": "4"}, "id": None}, {"new": {"id": "4"}, "id": None}),
        ("orders", {"billing_address": 5}, {"billing_address": 5}),
    ],
)
def test_fitted_values_are_what_the_schema_declares(
    stream: str, sent: dict[str, Any], left: dict[str, Any]
) -> None:
    values = values_of(stream)
    # The second time by the plan of the first one's shape.
    for record in (deepcopy(sent), deepcopy(sent), deepcopy(left)):
        values.transform(record)
        assert json.dumps(record) == json.dumps(left)


def test_rows_of_different_shapes_are_all_fitted() -> None:
    values = values_of("orders")
    for sent in ("7", 7, 7.0, "7", 7, None):
        record = {"id": sent, "billing_address": {"form_fields": [{"name": sent}], "zip": sent}}
        values.transform(record)
        zip_code = None if sent is None else "7.0" if isinstance(sent, float) else "7"
        assert record["id"] == (None if sent is None else 7)
        assert record["billing_address"]["zip"] == zip_code  # type: ignore[index]


def test_rows_of_the_same_types_with_other_fields_are_all_fitted() -> None:
    values = values_of("orders")
    rows: list[dict[str, Any]] = [{"status": "7"}, {"id": "7"}, {"status": "7", "id": "7"}]
    for row in [{"billing_address": each} for each in ({"city": 7}, {"zip": 7})] + rows:
        values.transform(row)
    assert rows == [{"status": "7"}, {"id": 7}, {"status": "7", "id": 7}]


def test_a_misfit_is_logged_once_a_stream_and_field_without_its_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    values = values_of("orders")
    with caplog.at_level(logging.WARNING, "airbyte"):
        for secret in ("Ann Smith 12", "Bob Jones 7"):
            values.transform({"id": secret, "date_shipped": secret, "billing_address": secret})
        values_of("order_shipments").transform({"id": "Ann"})
    assert [record.getMessage() for record in caplog.records] == [
        "orders.id: what came is no integer, as declared. This is said once.",
        "orders.date_shipped: aaa aaaaa 99 is not a date, and leaves as null. This is said once.",
        "orders.billing_address: what came is no object, as declared. This is said once.",
        "order_shipments.id: what came is no integer, as declared. This is said once.",
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([RFC, ISO, DAY, "", "0", "12.50", "true", BIG, 1544041015]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
FITTERS = {row.name: values_of(row.name) for row in STREAMS}
SCHEMAS = {name: dict(values.schema_loader.get_json_schema()) for name, values in FITTERS.items()}


def like(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of the schema's shape, and here and there anything at all."""
    if properties := schema.get("properties"):
        drawn: st.SearchStrategy[Any] = st.fixed_dictionaries(
            {},
            optional={name: like(each) for name, each in properties.items()},
        )
    elif items := schema.get("items"):
        drawn = st.lists(like(items), max_size=2)
    else:
        drawn = JSON
    return drawn | JSON


@given(st.data())
def test_fitted_values_of_any_row_stay_the_same_and_have_right_dates(data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(sorted(FITTERS)))
    names = sorted(SCHEMAS[stream]["properties"])
    chosen = data.draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
    record = {name: data.draw(like(SCHEMAS[stream]["properties"][name])) for name in chosen}
    FITTERS[stream].transform(record)
    again = deepcopy(record)
    FITTERS[stream].transform(again)
    assert repr(again) == repr(record)
    assert_dates_are_right(record, SCHEMAS[stream])


def assert_dates_are_right(value: Any, schema: dict[str, Any]) -> None:
    if schema.get("format") and value is not None:
        end = r"T\d\d:\d\d:\d\d(\.\d{1,6})?Z" if schema["format"] == "date-time" else ""
        assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d{end}", value)
    for name, declared in schema.get("properties", {}).items():
        if isinstance(value, dict) and name in value:
            assert_dates_are_right(value[name], declared)
    if isinstance(value, list) and "items" in schema:
        for item in value:
            assert_dates_are_right(item, schema["items"])


@pytest.mark.parametrize("stream", FITTERS)
def test_the_schemas_declare_one_type_a_field_except_for_answers_of_shoppers(stream: str) -> None:
    unions = {path for path, kinds in kinds_of(SCHEMAS[stream]) if len(kinds - {"null"}) > 1}
    assert {
        path for path in unions if not re.search(r"(^|form_fields\[\]\.)value(\[\])?$", path)
    } == set()
    Draft7Validator.check_schema(SCHEMAS[stream])


def kinds_of(schema: dict[str, Any], path: str = "") -> list[tuple[str, set[str]]]:
    kinds = schema.get("type", [])
    found = [(path, {kinds} if isinstance(kinds, str) else set(kinds))]
    for name, declared in schema.get("properties", {}).items():
        found += kinds_of(declared, f"{path}.{name}" if path else name)
    return found + (kinds_of(schema["items"], f"{path}[]") if schema.get("items") else [])


def test_not_all_shapes_are_kept_if_each_row_has_another() -> None:
    values = values_of("orders")
    for number_of_row in range(1500):
        record = {"id": "7", f"new_{number_of_row}": 1}
        values.transform(record)
        assert record["id"] == 7
    assert len(values._record._plans) == 1000


def test_rows_of_the_same_types_with_other_names_are_not_confused() -> None:
    values = values_of("orders")
    for _ in range(2):
        for names in (("id", "cart_id"), ("cart_id", "id"), ("cart_id", "customer_id")):
            record: dict[str, Any] = dict.fromkeys(names, "7")
            values.transform(record)
            assert list(record.items()) == [(n, "7" if n == "cart_id" else 7) for n in names]
