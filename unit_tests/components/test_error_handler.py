"""What each kind of reply leads to."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from replies import clients_of, reply
from streams import CONFIG

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import ErrorHandler
from source_bigcommerce.components.authenticator import ReplyTooLarge
from source_bigcommerce.components.sync import Sync

OK, FAIL, RETRY = ResponseAction.SUCCESS, ResponseAction.FAIL, ResponseAction.RETRY
LIMITED, SMALLER = ResponseAction.RATE_LIMITED, ResponseAction.REDUCE_PAGE_SIZE
CONFIG_ERROR, SYSTEM_ERROR = FailureType.config_error, FailureType.system_error
TRANSIENT = FailureType.transient_error

TOKEN = (
    "BigCommerce does not accept the access token for this store. Paste the Access token and the "
    "Store hash of the same store-level API account."
)
SCOPE = (
    "The access token lacks the scope store_v2_products_read_only, or the Store hash belongs to "
    "another store. Create a store-level API account with this scope (read-only suffices), or "
    "leave the stream out."
)
UNKNOWN = (
    "BigCommerce does not know this store, or its plan does not have /v3/catalog/brands. Check "
    "the Store hash: it is the part after stores/ in the API path."
)
SUSPENDED = "The store is suspended. Ask BigCommerce support to reopen it, then sync again."
REDIRECT = (
    "The API address answers with a redirect, and the access token is not sent elsewhere. Correct "
    "the API address."
)
NO_JSON = "BigCommerce answered 200 with a body that is not JSON."


def refused(status: int) -> str:
    return (
        f"BigCommerce refused a request with status {status}, which is a bug of the connector. "
        "Please report it with the lines of the log around it."
    )


@pytest.fixture(scope="module")
def handlers() -> dict[str, ErrorHandler]:
    """As the streams have them: `plain` of brands, `shrinking` of orders, `lenient` of children."""
    clients = clients_of(SourceBigcommerce(config=CONFIG), CONFIG)
    found = {
        "plain": clients["brands"][0],
        "shrinking": clients["orders"][0],
        "lenient": clients["transactions"][1],
    }
    return {name: _handler(client._error_handler) for name, client in found.items()}


def _handler(handler: Any) -> ErrorHandler:
    assert isinstance(handler, ErrorHandler)
    return handler


@pytest.fixture(autouse=True)
def shared(handlers: dict[str, ErrorHandler]) -> Sync:
    """A sync for each test that all handlers share."""
    sync = Sync()
    for handler in handlers.values():
        handler.api_budget = sync
    return sync


NO_REASON: list[Any] = [b"", b"<html>", {}, [], [[]], [{}], "text", 5]
V3 = {"title": "Bad filter", "type": "", "errors": {}}
V2 = [{"status": 400, "message": "Bad field"}]
SUSPENDED_BODY = {"status": 503, "title": "The store is suspended, says the API."}


@pytest.mark.parametrize(
    ("status", "body", "action", "failure", "message"),
    [
        (200, [], OK, None, None),
        (200, {"data": []}, OK, None, None),
        (200, b"", RETRY, TRANSIENT, NO_JSON),
        (200, b"<html>", RETRY, TRANSIENT, NO_JSON),
        (200, b'{"data": [', RETRY, TRANSIENT, NO_JSON),
        (204, b"", OK, None, None),
        *((code, b"", FAIL, CONFIG_ERROR, REDIRECT) for code in (301, 302, 303, 307, 308)),
        (401, V3, FAIL, CONFIG_ERROR, TOKEN),
        (403, V2, FAIL, CONFIG_ERROR, SCOPE),
        (404, V3, FAIL, CONFIG_ERROR, UNKNOWN),
        *((c, V3, FAIL, SYSTEM_ERROR, refused(c)) for c in (400, 405, 406, 415, 422, 501, 505)),
        (429, V3, LIMITED, TRANSIENT, "HTTP Status Code: 429. Error: Too many requests."),
        (503, SUSPENDED_BODY, FAIL, CONFIG_ERROR, SUSPENDED),
        (503, [SUSPENDED_BODY], FAIL, CONFIG_ERROR, SUSPENDED),
        (503, b"<html>", RETRY, TRANSIENT, None),
        *((code, V3, RETRY, TRANSIENT, None) for code in (408, 500, 502, 503, 504)),
        *((code, V3, RETRY, None, None) for code in (409, 413, 418, 423, 507, 509, 520)),
    ],
)
def test_reply_when_interpreted_leads_to(
    handlers: dict[str, ErrorHandler],
    status: int,
    body: Any,
    action: ResponseAction,
    failure: FailureType | None,
    message: str | None,
) -> None:
    found = interpreted(handlers["plain"], reply(status, body))
    assert found[0] == action
    assert failure is None or found[1] == failure
    assert message is None or found[2] == message


def interpreted(handler: ErrorHandler, answer: requests.Response) -> tuple[Any, Any, Any]:
    """The action, the failure type and the message; what is raised fails at once."""
    try:
        resolution = handler.interpret_response(answer)
    except AirbyteTracedException as error:
        return FAIL, error.failure_type, error.message
    return resolution.response_action, resolution.failure_type, resolution.error_message


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (422, V3, {}, '422, "Bad filter"'),
        (400, V2, {"X-Request-Id": "1a2b"}, '400, "Bad field", request id 1a2b'),
        (
            400,
            {"title": "", "detail": "Bad page"},
            {"cf-ray": "7"},
            '400, "Bad page", request id 7',
        ),
        (403, {"title": "x" * 301}, {}, f'403, "{"x" * 300}"'),
        *((404, body, {}, "404") for body in NO_REASON),
    ],
)
def test_internal_message_when_a_request_fails_holds_the_words_of_the_api_and_its_request_id(
    handlers: dict[str, ErrorHandler],
    status: int,
    body: Any,
    headers: dict[str, str],
    expected: str,
) -> None:
    with pytest.raises(AirbyteTracedException) as error:
        handlers["plain"].interpret_response(reply(status, body, headers))
    url = "https://api.bigcommerce.com/stores/abc123/v2/orders"
    assert error.value.internal_message == f"GET {url}: {expected}"


@pytest.mark.parametrize(
    ("status", "plain", "shrinking", "lenient"),
    [
        (404, FAIL, FAIL, OK),
        (413, RETRY, SMALLER, RETRY),
        (500, RETRY, SMALLER, RETRY),
        (502, RETRY, RETRY, RETRY),
        (503, RETRY, RETRY, RETRY),
        (504, RETRY, SMALLER, RETRY),
        (429, LIMITED, LIMITED, LIMITED),
        (401, FAIL, FAIL, FAIL),
        (204, OK, OK, OK),
    ],
)
def test_flags_when_set_change_what_these_statuses_lead_to(
    handlers: dict[str, ErrorHandler],
    status: int,
    plain: ResponseAction,
    shrinking: ResponseAction,
    lenient: ResponseAction,
) -> None:
    actions = {name: interpreted(handler, reply(status))[0] for name, handler in handlers.items()}
    assert actions == {"plain": plain, "shrinking": shrinking, "lenient": lenient}


@pytest.mark.parametrize(
    ("error", "shrinking"),
    [
        (requests.ConnectionError(), RETRY),
        (requests.ConnectTimeout(), RETRY),
        (requests.exceptions.ChunkedEncodingError(), RETRY),
        (requests.exceptions.ContentDecodingError(), RETRY),
        (requests.ReadTimeout(), SMALLER),
        (ReplyTooLarge(), SMALLER),
    ],
)
def test_connection_when_it_breaks_is_tried_again_or_with_a_smaller_page(
    handlers: dict[str, ErrorHandler],
    error: requests.RequestException,
    shrinking: ResponseAction,
) -> None:
    actions = {
        name: handler.interpret_response(error).response_action
        for name, handler in handlers.items()
    }
    assert actions == {"plain": RETRY, "shrinking": shrinking, "lenient": RETRY}


# Tries

BROKEN = requests.ConnectionError("refused")
NOT_REACHED = (
    "https://api.bigcommerce.com could not be reached. Check the network between it and the "
    "connector, and the API address if you changed it, then sync again: it continues where this "
    "one stopped."
)
LIMIT = reply(429)


def given_up(seen: str, tries: int = 6) -> str:
    return (
        f"BigCommerce {seen} {tries} times in a row. Sync again later, it continues where this "
        "one stopped; if it lasts, see https://status.bigcommerce.com."
    )


def tried(handler: ErrorHandler, replies: list[Any]) -> tuple[int, str]:
    """How many replies the handler waited after, and with which words it gave up, if it did."""
    for attempt, each in enumerate(replies, start=1):
        try:
            handler.backoff_time(each, attempt)
        except AirbyteTracedException as error:
            assert error.failure_type == TRANSIENT
            return attempt - 1, str(error.message)
    return len(replies), ""


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([reply(503)] * 5, (5, "")),
        ([reply(503)] * 6, (5, given_up("answered 503"))),
        ([reply(200, b"")] * 6, (5, given_up("sent no JSON"))),
        ([BROKEN] * 6, (5, NOT_REACHED)),
        ([reply(502), BROKEN] * 3, (5, NOT_REACHED)),
        # Rate limits are not among the tries, however many.
        ([LIMIT] * 1000, (1000, "")),
        ([LIMIT] * 50 + [reply(500)] * 6, (55, given_up("answered 500"))),
        ([LIMIT, reply(500)] * 6, (11, given_up("answered 500"))),
    ],
)
def test_tries_when_counted_end_after_six_without_the_rate_limits(
    handlers: dict[str, ErrorHandler], replies: list[Any], expected: tuple[int, str]
) -> None:
    assert tried(handlers["plain"], replies) == expected


def test_tries_when_another_request_begins_are_counted_anew(
    handlers: dict[str, ErrorHandler],
) -> None:
    for _ in range(3):
        assert tried(handlers["plain"], [reply(503)] * 5) == (5, "")


def test_tries_when_the_check_sets_their_number_end_there() -> None:
    config = {**CONFIG, "api_url": "u"}
    handler = ErrorHandler(config=config, parameters={}, api_budget=Sync(tries=2))
    assert tried(handler, [reply(503)] * 6) == (1, given_up("answered 503", tries=2))


def test_framework_limits_when_the_handler_is_asked_never_come_first(
    handlers: dict[str, ErrorHandler],
) -> None:
    for handler in handlers.values():
        assert (handler.max_retries, handler.max_time) == (10**6, 10**6)


def asks(sync: Sync, path: str) -> None:
    request = requests.Request("GET", f"https://api.bigcommerce.com/stores/abc123/{path}").prepare()
    sync.acquire_call(request)
    sync.update_from_response(request, reply())


def test_endpoint_when_it_did_not_answer_is_tried_once_until_it_answers_and_takes_no_others_tries(
    handlers: dict[str, ErrorHandler], shared: Sync
) -> None:
    asks(shared, "v3/catalog/brands?page=1")
    assert tried(handlers["plain"], [BROKEN] * 6) == (5, NOT_REACHED)
    asks(shared, "v3/catalog/brands?page=2")
    assert tried(handlers["plain"], [BROKEN] * 6) == (0, NOT_REACHED)
    asks(shared, "v2/orders")
    assert tried(handlers["shrinking"], [BROKEN] * 5) == (5, "")
    # The endpoint breaks again and again, while others answer now and then.
    for _ in range(3):
        asks(shared, "v2/orders")
        handlers["shrinking"].interpret_response(reply(503))
        asks(shared, "v3/catalog/brands?page=3")
        assert tried(handlers["plain"], [BROKEN] * 6) == (0, NOT_REACHED)
        asks(shared, "v2/orders")
        assert tried(handlers["shrinking"], [BROKEN] * 5) == (5, "")
    asks(shared, "v3/catalog/brands?page=4")
    handlers["plain"].interpret_response(reply(503))
    assert tried(handlers["plain"], [BROKEN] * 5) == (5, "")


def test_address_when_two_endpoints_gave_no_answer_is_tried_once_by_the_others_until_one_answers(
    handlers: dict[str, ErrorHandler], shared: Sync
) -> None:
    for path in ("v3/catalog/brands", "v2/orders"):
        asks(shared, path)
        assert tried(handlers["plain"], [BROKEN] * 6) == (5, NOT_REACHED)
    asks(shared, "v3/customers")
    assert tried(handlers["plain"], [BROKEN] * 6) == (0, NOT_REACHED)
    assert tried(handlers["lenient"], [LIMIT, BROKEN]) == (1, NOT_REACHED)
    asks(shared, "v3/customers")
    handlers["lenient"].interpret_response(reply(503))
    assert tried(handlers["plain"], [BROKEN] * 5) == (5, "")


def test_address_when_it_answers_with_errors_counts_as_reached(
    handlers: dict[str, ErrorHandler], shared: Sync
) -> None:
    tried(handlers["plain"], [reply(503)] * 6)
    assert not shared.is_down()


# Waits


@pytest.mark.parametrize(("random", "factor"), [(0.5, 0.5), (1, 1.0)])
def test_wait_when_limited_without_headers_grows_to_a_minute_with_jitter(
    handlers: dict[str, ErrorHandler],
    monkeypatch: pytest.MonkeyPatch,
    random: float,
    factor: float,
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: random)
    waits = [handlers["plain"].backoff_time(LIMIT, attempt) for attempt in range(1, 9)]
    assert waits == [0.1, *(factor * wait for wait in (4, 8, 16, 32, 60, 60, 60))]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-Retry-After": "12"}, 12.0),
        ({"X-Rate-Limit-Time-Reset-Ms": "8500"}, 8.5),
        ({"X-Retry-After": "9", "X-Rate-Limit-Time-Reset-Ms": "8500"}, 9.0),
        ({"X-Retry-After": "8", "X-Rate-Limit-Time-Reset-Ms": "8500"}, 8.5),
        ({"X-Retry-After": "10800"}, 300.0),
        ({"X-Retry-After": "soon", "X-Rate-Limit-Time-Reset-Ms": "-1"}, 0.1),
        ({"X-Retry-After": "0"}, 0.1),
    ],
)
def test_wait_when_limited_with_headers_is_the_longer_of_them(
    handlers: dict[str, ErrorHandler], headers: dict[str, str], wait: float
) -> None:
    assert handlers["plain"].backoff_time(reply(429, headers=headers), 1) == wait


@pytest.mark.parametrize("broken", [reply(503), reply(200, b""), BROKEN])
def test_wait_when_something_else_fails_is_left_to_the_framework(
    handlers: dict[str, ErrorHandler], broken: Any
) -> None:
    assert handlers["plain"].backoff_time(broken, 1) is None
