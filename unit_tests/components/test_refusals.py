"""Refusals that say something about the store, for the requests of streams."""

from __future__ import annotations

from typing import Any, cast

import pytest
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import ErrorHandler
from source_bigcommerce.components.error_handler import ParameterRefused
from unit_tests.replies import clients_of, reply
from unit_tests.streams import CONFIG

# A 422 is asked once more.
REFUSED: dict[int, Any] = {400: AirbyteTracedException, 422: ResponseAction.RETRY}
WORDS = {"status": 400, "title": "The field 'x' is not supported by this resource."}


@pytest.fixture(scope="module")
def handlers() -> dict[str, list[ErrorHandler]]:
    clients = clients_of(SourceBigcommerce(config=CONFIG), CONFIG)
    names = ("order_statuses", "category_trees", "orders", "transactions")
    return {
        name: [cast(ErrorHandler, client._error_handler) for client in clients[name]]
        for name in names
    }


def outcome(handler: ErrorHandler, status: int, path: str) -> Any:
    """What a reply leads to: an action, or the kind of error."""
    try:
        return handler.interpret_response(reply(status, WORDS, path=path)).response_action
    except AirbyteTracedException as error:
        return type(error)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("name", ["order_statuses", "category_trees"])
def test_a_refused_second_page_ends_a_list_without_documented_pages(
    handlers: dict[str, list[ErrorHandler]], name: str, status: int
) -> None:
    [handler] = handlers[name]
    assert outcome(handler, status, "v3/catalog/trees?page=2") == ResponseAction.SUCCESS
    assert outcome(handler, status, "v3/catalog/trees") is REFUSED[status]
    assert outcome(handler, status, "v3/catalog/trees?homepage=2") is REFUSED[status]


@pytest.mark.parametrize("name", ["orders", "transactions"])
def test_a_refused_parameter_of_archived_orders_is_told_apart(
    handlers: dict[str, list[ErrorHandler]], name: str
) -> None:
    for status in (400, 422):
        found = [outcome(handler, status, "v2/orders?sort=id") for handler in handlers[name]]
        assert found.count(ParameterRefused) == 1
        assert found.count(REFUSED[status]) == len(found) - 1


def test_a_missing_later_page_of_a_parent_is_no_end(
    handlers: dict[str, list[ErrorHandler]],
) -> None:
    [children] = [each for each in handlers["transactions"] if each.missing_is_empty]
    path = "v3/orders/7/transactions"
    assert outcome(children, 404, f"{path}?limit=250") == ResponseAction.SUCCESS
    # An error where a reply counts this page: see test_pages_beyond.
    assert outcome(children, 404, f"{path}?limit=250&page=2") is ParameterRefused
    # v2 counts nothing, and may say so where there are no further rows.
    assert outcome(children, 404, "v2/orders/7/taxes?page=2") == ResponseAction.SUCCESS


@pytest.mark.parametrize("status", [400, 404])
def test_only_a_later_page_may_be_missing(
    handlers: dict[str, list[ErrorHandler]], status: int
) -> None:
    (handler, *_) = handlers["orders"]
    assert outcome(handler, status, "v2/orders?limit=250&page=2") is ParameterRefused
    assert outcome(handler, status, "v2/orders?limit=250&page=10&sort=id") is ParameterRefused
    assert outcome(handler, status, "v2/orders?limit=250&page=1") is AirbyteTracedException
    assert outcome(handler, status, "v2/orders?limit=250") is AirbyteTracedException
