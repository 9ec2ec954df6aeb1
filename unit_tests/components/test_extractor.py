"""The rows of replies of each shape."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components import NestedRowsExtractor, RowsExtractor, StockExtractor
from source_bigcommerce.components.reply import parsed_body, rows_of
from unit_tests.replies import reply
from unit_tests.streams import CONFIG

ROWS = [{"id": 1}, {"id": 2}]
EXTRACTOR = RowsExtractor(config=CONFIG, parameters={})


@pytest.mark.parametrize(
    ("path", "status", "body", "rows"),
    [
        ("v2/orders", 200, ROWS, ROWS),
        ("v2/orders", 200, [], []),
        ("v2/orders", 204, b"", []),
        ("v2/store", 200, {"store_id": 1}, [{"store_id": 1}]),
        ("v3/customers", 200, {"data": ROWS, "meta": {}}, ROWS),
        ("v3/customers", 200, {"data": []}, []),
        ("v3/customers", 200, {"data": {"id": 1}}, [{"id": 1}]),
        # As the OpenAPI files have them: no `data` around the row, and a list in a list.
        ("v3/customers/settings", 200, {"privacy_settings": {}}, [{"privacy_settings": {}}]),
        ("v3/customers/settings/channels/1", 200, {"data": {"a": 1}}, [{"a": 1}]),
        ("v2/blog/tags", 200, [[{"tag": "a"}, {"tag": "b"}]], [{"tag": "a"}, {"tag": "b"}]),
        ("v2/blog/tags", 200, [[{"tag": "a"}], [{"tag": "b"}]], [{"tag": "a"}, {"tag": "b"}]),
        ("v3/orders/7/transactions", 204, b"", []),
        ("v3/orders/7/transactions", 404, {"status": 404, "title": "Not found"}, []),
    ],
)
def test_extracted_rows_are_what_the_reply_holds(
    path: str, status: int, body: Any, rows: list[Any]
) -> None:
    assert list(EXTRACTOR.extract_records(reply(status, body, path=path))) == rows


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("v2/orders", "text"),
        ("v2/orders", None),
        ("v2/store", {"data": [1]}),
        ("v3/customers", ROWS),
        ("v3/customers", {"meta": {}}),
        ("v3/customers", {"data": None}),
    ],
)
def test_a_body_of_another_shape_is_an_error_and_not_an_empty_page(path: str, body: Any) -> None:
    with pytest.raises(AirbyteTracedException, match="not what its documentation says") as error:
        list(EXTRACTOR.extract_records(reply(200, body, path=path)))
    assert error.value.failure_type == FailureType.system_error


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data": ['])
def test_a_body_that_is_not_json_is_an_error(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        parsed_body(reply(200, body))


def test_a_body_is_parsed_once() -> None:
    response = reply(200, ROWS)
    assert parsed_body(response) is parsed_body(response)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"data": {"methods": ROWS}}, ROWS),
        ({"data": {"methods": []}}, []),
        ({"data": {"id": 1}}, [{"id": 1}]),
        ({"data": ROWS}, ROWS),
    ],
)
def test_rows_that_are_wrapped_twice_are_found(body: Any, rows: list[Any]) -> None:
    extractor = RowsExtractor(config=CONFIG, parameters={}, rows_under="methods")
    assert list(extractor.extract_records(reply(200, body, path="v3/settings"))) == rows


def test_an_item_in_two_locations_is_two_rows() -> None:
    identity = {"product_id": 1, "variant_id": 2, "sku": "a"}
    locations = [{"location_id": 3, "available_to_sell": 5}, {"location_id": 4}]
    body = {"data": [{"identity": identity, "locations": locations}], "meta": {}}
    found = StockExtractor(config=CONFIG, parameters={}).extract_records(
        reply(200, body, path="v3/inventory")
    )
    assert list(found) == [{"identity": identity, **identity, **each} for each in locations]


def around(rows: Any) -> list[tuple[RowsExtractor, dict[str, Any]]]:
    """Each extractor that takes rows out of a row, and such a row."""
    return [
        (StockExtractor(CONFIG, {}), {"identity": {"product_id": 1}, "locations": rows}),
        (NestedRowsExtractor(CONFIG, {}, nested="variations"), {"uuid": "a", "variations": rows}),
        (RowsExtractor(CONFIG, {}, rows_under="fees"), {"fees": rows}),
    ]


def nested_in(rows: Any) -> list[Any]:
    return [extractor.records_of([row]) for extractor, row in around(rows)]


@pytest.mark.parametrize("rows", [None, [], {}, "", False])
def test_nested_rows_that_are_null_or_empty_are_none(rows: Any) -> None:
    assert nested_in(rows) == [[], [], []]


def test_a_nested_row_that_is_alone_is_one() -> None:
    stock, *others = nested_in({"id": 4})
    assert stock == [{"identity": {"product_id": 1}, "product_id": 1, "id": 4}]
    assert others == [[{"id": 4}], [{"id": 4}]]


@pytest.mark.parametrize("rows", ["text", 5, True, [None], [5], ["text"], [[]], [{"id": 4}, 5]])
@pytest.mark.parametrize("nth", range(3))
def test_nested_rows_of_another_kind_are_an_error_in_plain_words(nth: int, rows: Any) -> None:
    extractor, row = around(rows)[nth]
    with pytest.raises(AirbyteTracedException, match="not what its documentation says"):
        extractor.records_of([row])


@pytest.mark.parametrize("item", [{}, {"identity": None}, {"identity": []}, {"identity": "a"}])
def test_an_item_without_an_identity_is_an_error_in_plain_words(item: dict[str, Any]) -> None:
    with pytest.raises(AirbyteTracedException, match="not what its documentation says"):
        StockExtractor(CONFIG, {}).records_of([{**item, "locations": [{"location_id": 3}]}])


def test_nested_rows_get_fields_of_the_row_around_them() -> None:
    extractor = NestedRowsExtractor(
        CONFIG, {}, nested="variations", outer={"theme_uuid": "uuid", "theme": "name"}
    )
    themes: list[Any] = [
        {"uuid": "a", "name": "x", "variations": [{"uuid": "b"}, {"uuid": "c", "name": "y"}]},
        {"uuid": "d", "variations": None},
        {"uuid": "e"},
        {"uuid": "f", "variations": [{"uuid": "g"}]},
    ]
    assert extractor.extract_records(reply(200, {"data": themes}, path="v3/themes")) == [
        {"theme_uuid": "a", "theme": "x", "uuid": "b"},
        {"theme_uuid": "a", "theme": "x", "uuid": "c", "name": "y"},
        {"theme_uuid": "f", "theme": None, "uuid": "g"},
    ]


def test_rows_of_chosen_channels_are_kept_if_channels_are_text() -> None:
    extractor = RowsExtractor({**CONFIG, "channel_ids": [1, 3]}, {}, channel="channel_id")
    rows = [{"channel_id": each} for each in ("1", 2, 3, "2", 1.0, None, "none")]
    found = extractor.extract_records(reply(200, rows))
    assert [row["channel_id"] for row in found] == ["1", 3, 1.0]


@pytest.mark.parametrize("text", [rb"[\ud83d]", rb'{"id": "\ud83d'])
def test_a_body_cut_within_an_emoji_is_an_error(text: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        parsed_body(reply(200, text))


def test_a_body_with_half_an_emoji_is_read() -> None:
    assert parsed_body(reply(200, rb'[{"id": "\ud83d"}]')) == [{"id": "\ufffd"}]


@pytest.mark.parametrize(
    ("path", "body", "rows"),
    [
        ("v3/orders/settings", {"notifications": {}, "meta": {}}, 1),
        ("v3/orders/settings/channels/7", {"notifications": {}}, 1),
        ("v3/promotions/settings", {"number_of_coupons_allowed_at_checkout": 1}, 1),
        ("v3/promotions/settings", {"data": {"number_of_coupons_allowed_at_checkout": 1}}, 1),
        ("v3/customers/7/consent", {"allow": [], "deny": []}, 1),
        ("v3/customers/7/stored-instruments", [{"token": "a"}, {"token": "b"}], 2),
        ("v3/customers/7/stored-instruments", [], 0),
    ],
)
def test_a_reply_of_v3_that_is_documented_without_data_is_its_rows(
    path: str, body: Any, rows: int
) -> None:
    assert len(rows_of(reply(200, body, path=path))) == rows


@pytest.mark.parametrize("path", ["v3/orders/7/settings", "v3/carts/settings", "v3/promotions"])
def test_any_other_reply_of_v3_without_data_is_an_error(path: str) -> None:
    with pytest.raises(AirbyteTracedException):
        rows_of(reply(200, {"allow_purchasing": True}, path=path))
