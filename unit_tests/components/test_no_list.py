"""Replies that are no list, whatever their status says."""

from __future__ import annotations

from typing import Any

import pytest
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components import ErrorHandler
from source_bigcommerce.components.reply import rows_of
from unit_tests.replies import reply

ERROR = {"status": 503, "message": "Try again"}
V2, V3 = "v2/orders", "v3/catalog/brands"


def answered(status: int, body: Any, path: str) -> ResponseAction | None:
    handler = ErrorHandler(config={"api_url": "https://api.bigcommerce.com"}, parameters={})
    return handler.interpret_response(reply(status, body, path=path)).response_action


@pytest.mark.parametrize("status", [201, 202, 205, 206, 207, 208, 226, 300, 304, 305])
@pytest.mark.parametrize("body", [b"", [{"id": 1}], {"data": []}, {"data": [{"id": 1}]}])
def test_a_reply_whose_status_means_no_whole_list_is_asked_for_again(
    status: int, body: Any
) -> None:
    assert answered(status, body, V3) == ResponseAction.RETRY


@pytest.mark.parametrize("status", [200, 203])
@pytest.mark.parametrize(
    ("body", "path"),
    [
        (ERROR, V2),
        ([ERROR], V2),
        ([{"id": 1}, ERROR], V2),
        ({"data": [{"id": 1}]}, V2),
        ({}, V2),
        ([{}], V2),
        ([None], V2),
        (["text"], V2),
        ([[]], V2),
        (ERROR, V3),
        ({**ERROR, "request_id": "1a"}, V3),
        ({"data": ERROR}, V3),
        ({"data": [ERROR]}, V3),
        ({"data": {"title": "Oops", "errors": {}}}, V3),
        ({"data": {"error": "Oops"}}, V3),
        ({"data": None}, V3),
        ({"data": "text"}, V3),
        ({"data": {}}, V3),
        ({"meta": {}}, V3),
        ({}, V3),
        ([], V3),
    ],
)
def test_a_body_that_is_no_list_is_asked_for_again(body: Any, path: str, status: int) -> None:
    assert answered(status, body, path) == ResponseAction.RETRY
    with pytest.raises(AirbyteTracedException):
        rows_of(reply(status, body, path=path))


@pytest.mark.parametrize("status", [200, 203])
@pytest.mark.parametrize(
    ("body", "path", "rows"),
    [
        ([{"id": 1, "status": "Shipped"}], V2, 1),
        ({"count": 3, "statuses": []}, V2, 1),
        ({"fees": []}, V2, 1),
        ([], V2, 0),
        ({"data": [{"category_id": 1, "title": "A"}]}, V3, 1),
        ({"data": {"down_for_maintenance_message": "Closed"}}, V3, 1),
        ({"data": []}, V3, 0),
    ],
)
def test_rows_are_rows_whatever_their_fields(body: Any, path: str, rows: int, status: int) -> None:
    assert answered(status, body, path) == ResponseAction.SUCCESS
    assert len(rows_of(reply(status, body, path=path))) == rows
