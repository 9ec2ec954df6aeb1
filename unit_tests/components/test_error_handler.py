"""What each kind of reply leads to."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import requests
import requests_mock
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import ReadTimeoutError

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import ErrorHandler
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.reply import ReplyTooLarge, described
from source_bigcommerce.components.sync import Sync
from unit_tests.replies import API, clients_of, read, reply
from unit_tests.streams import CONFIG

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
    """The handlers of streams: `plain` of brands, `shrinking` of orders, `lenient` of children."""
    clients = clients_of(SourceBigcommerce(config=CONFIG), CONFIG)
    found = {
        "plain": clients["brands"][0],
        "shrinking": clients["orders"][0],
        "lenient": clients["transactions"][-1],
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


@pytest.fixture
def accepted(shared: Sync) -> set[str | None]:
    """What the token has opened in the sync, nothing at first."""
    return shared.accepted


NO_REASON: list[Any] = [b"", b"<html>", {}, [], [[]], [{}], "text", 5]
V3 = {"title": "Bad filter", "type": "", "errors": {}}
V2 = [{"status": 400, "message": "Bad field"}]
SUSPENDED_BODY = {"status": 503, "title": "The store is suspended, says the API."}


@pytest.mark.parametrize(
    ("status", "body", "action", "failure", "message"),
    [
        (200, [], OK, None, None),
        (200, b"", RETRY, TRANSIENT, NO_JSON),
        (200, b"<html>", RETRY, TRANSIENT, NO_JSON),
        (200, b'{"data": [', RETRY, TRANSIENT, NO_JSON),
        (204, b"", OK, None, None),
        *((code, b"", FAIL, CONFIG_ERROR, REDIRECT) for code in (301, 302, 303, 307, 308)),
        (401, V3, FAIL, CONFIG_ERROR, TOKEN),
        (403, V2, FAIL, CONFIG_ERROR, SCOPE),
        (404, V3, FAIL, CONFIG_ERROR, UNKNOWN),
        *((c, V3, FAIL, SYSTEM_ERROR, refused(c)) for c in (400, 405, 406, 415, 501, 505)),
        (422, V3, RETRY, TRANSIENT, "BigCommerce answered 422."),
        (429, V3, LIMITED, TRANSIENT, "HTTP Status Code: 429. Error: Too many requests."),
        (503, SUSPENDED_BODY, FAIL, CONFIG_ERROR, SUSPENDED),
        (503, [SUSPENDED_BODY], FAIL, CONFIG_ERROR, SUSPENDED),
        (503, b"<html>", RETRY, TRANSIENT, None),
        *((code, V3, RETRY, TRANSIENT, None) for code in (408, 500, 502, 503, 504)),
        *((code, V3, RETRY, None, None) for code in (409, 413, 418, 423, 507, 509, 520)),
    ],
)
def test_a_reply_leads_to_its_outcome(
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
    """The action, the failure type and the message; an error that is raised fails at once."""
    try:
        resolution = handler.interpret_response(answer)
    except AirbyteTracedException as error:
        return FAIL, error.failure_type, error.message
    return resolution.response_action, resolution.failure_type, resolution.error_message


WORDS: list[tuple[int, Any, dict[str, str], str]] = [
    (415, V3, {}, '415, "Bad filter"'),
    (400, V2, {"X-Request-Id": "1a2b"}, '400, "Bad field", request id 1a2b'),
    (400, {"title": "", "detail": "Bad page"}, {"cf-ray": "7"}, '400, "Bad page", request id 7'),
    (
        400,
        {"title": "Input is invalid", "detail": "no name"},
        {},
        '400, "Input is invalid", "no name"',
    ),
    (400, {"title": "Twice", "detail": "Twice"}, {}, '400, "Twice"'),
    (
        400,
        {"title": "Missing", "errors": {"items": "error.path.missing", "n": {"sku": ["a", "b"]}}},
        {},
        '400, "Missing", "items: error.path.missing", "n.sku: a", "n.sku: b"',
    ),
    (
        400,
        {"title": "Invalid Input.", "errors": ["bar", 7]},
        {},
        '400, "Invalid Input.", "bar", "7"',
    ),
    (
        400,
        {"errors": [{"code": 5, "message": "No."}, {"title": "Never."}]},
        {},
        '400, "code: 5", "No.", "Never."',
    ),
    (
        400,
        [
            {"status": 400, "message": "A", "details": {"max_limit": 50, "why": {"x": "y"}}},
            {"message": "B"},
        ],
        {},
        '400, "A", "max_limit: 50", "why.x: y", "B"',
    ),
    (401, {"error": "You are not authorized."}, {}, '401, "You are not authorized."'),
    (401, {"error": {"message": "No.", "code": "x1"}}, {}, '401, "No.", "code: x1"'),
    (
        404,
        {"type": "about:blank", "status": 404, "detail": "No such page"},
        {},
        '404, "No such page"',
    ),
    (
        404,
        {"type": "/no-such-page", "status": 404, "instance": "1"},
        {},
        '404, "type: /no-such-page"',
    ),
    (403, {"title": "x" * 301}, {}, f'403, "{"x" * 300}"'),
    (
        400,
        {"errors": ["x" * 300, "y" * 200, "z" * 300, "w"]},
        {},
        f'400, "{"x" * 300}", "{"y" * 200}", "{"z" * 100}"',
    ),
    (400, {"title": "a\x00b\x1b[31m\r\nc\u2028d"}, {}, '400, "a\ufffdb [31m c d"'),
    (400, {"title": "ann@example.com is taken"}, {}, '400, "*** is taken"'),
    (400, {"title": "Token t0ken-of-the-test"}, {}, '400, "Token ***"'),
    # Rows, and what may be rows.
    (400, [{"id": 1, "email": "ann@example.com", "first_name": "Ann"}], {}, "400"),
    (400, {"data": [{"title": "A product"}], "title": "Bad"}, {}, '400, "Bad"'),
    (400, b'{"data": [{"title": "A prod', {}, "400"),
    (404, b"<HTML><head><Title>\n Not found\n</title><body>Ann", {}, '404, "Not found"'),
    (404, b"Ann, of 5 High Street", {}, "404"),
    (
        400,
        {"errors": {str(key): "x" for key in range(10**4)}},
        {},
        "400" + "".join(f', "{n}: x"' for n in range(20)),
    ),
    *((404, body, {}, "404") for body in [*NO_REASON, None, [None], {"title": None}]),
]


@pytest.mark.parametrize(("status", "body", "headers", "expected"), WORDS)
def test_the_internal_message_holds_all_words_of_the_api_and_its_request_id(
    handlers: dict[str, ErrorHandler],
    status: int,
    body: Any,
    headers: dict[str, str],
    expected: str,
) -> None:
    answer = reply(status, body, headers)
    answer.request = requests.Request(
        "GET", answer.url, {"X-Auth-Token": "t0ken-of-the-test"}
    ).prepare()
    with pytest.raises(AirbyteTracedException) as error:
        handlers["plain"].interpret_response(answer)
    url = "https://api.bigcommerce.com/stores/abc123/v2/orders"
    assert error.value.internal_message == f"GET {url}: {expected}"


def test_the_internal_message_of_a_very_deep_body_ends() -> None:
    for deep in (b'{"errors": ' * 500 + b"1" + b"}" * 500, b"[" * 1000 + b"1" + b"]" * 1000):
        assert described(reply(400, deep)).endswith(": 400")


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
def test_flags_change_the_outcome_of_these_statuses(
    handlers: dict[str, ErrorHandler],
    status: int,
    plain: ResponseAction,
    shrinking: ResponseAction,
    lenient: ResponseAction,
) -> None:
    actions = {name: interpreted(handler, reply(status))[0] for name, handler in handlers.items()}
    assert actions == {"plain": plain, "shrinking": shrinking, "lenient": lenient}


@pytest.mark.parametrize("status", [413, 500, 504])
def test_a_request_for_one_row_has_no_parts_and_is_tried_again(
    handlers: dict[str, ErrorHandler], status: int
) -> None:
    assert interpreted(handlers["shrinking"], page_of(1, status))[0] == RETRY
    assert interpreted(handlers["shrinking"], page_of(2, status))[0] == SMALLER


@pytest.mark.parametrize(
    ("error", "shrinking"),
    [
        (requests.ConnectionError(), RETRY),
        (requests.ConnectTimeout(), RETRY),
        (requests.exceptions.ChunkedEncodingError(), RETRY),
        (requests.exceptions.ContentDecodingError(), RETRY),
        (requests.ReadTimeout(), SMALLER),
    ],
)
def test_a_broken_connection_is_tried_again_or_with_a_smaller_page(
    handlers: dict[str, ErrorHandler],
    error: requests.RequestException,
    shrinking: ResponseAction,
) -> None:
    actions = {
        name: handler.interpret_response(error).response_action
        for name, handler in handlers.items()
    }
    assert actions == {"plain": RETRY, "shrinking": shrinking, "lenient": RETRY}


# Refusals that may pass

HTML = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"
PRODUCTS, ORDERS = "store_v2_products_read_only", "store_v2_orders_read_only"
FIREWALL = (
    "A firewall in front of BigCommerce refused /v3/catalog/brands, which is not about scopes. "
    "Sync again later, it continues where this one stopped; if this happens again, ask BigCommerce "
    "support, or whoever runs the firewall or proxy, to let the connector's IP address through."
)


@pytest.mark.parametrize(
    ("answer", "opened", "tries", "failure", "message"),
    [
        (reply(401, V3), None, 1, CONFIG_ERROR, TOKEN),
        (reply(401, V3), ORDERS, 6, CONFIG_ERROR, TOKEN),
        (reply(401, {"error": "You are not authorized."}), PRODUCTS, 6, CONFIG_ERROR, TOKEN),
        (reply(403, V3), None, 1, CONFIG_ERROR, SCOPE),
        (reply(403, V3), ORDERS, 1, CONFIG_ERROR, SCOPE),
        (reply(403, V3), PRODUCTS, 4, CONFIG_ERROR, SCOPE),
        (reply(403, b""), None, 1, CONFIG_ERROR, SCOPE),
        (reply(422, V3), None, 2, SYSTEM_ERROR, refused(422)),
        (reply(422, V3), PRODUCTS, 2, SYSTEM_ERROR, refused(422)),
        (reply(400, V3), PRODUCTS, 1, SYSTEM_ERROR, refused(400)),
        (reply(401, HTML), None, 6, TRANSIENT, FIREWALL),
        (reply(403, HTML), None, 4, TRANSIENT, FIREWALL),
        (reply(403, HTML), PRODUCTS, 4, TRANSIENT, FIREWALL),
        (reply(403, b"error code: 1020"), None, 4, TRANSIENT, FIREWALL),
        (
            reply(403, {"type": "https://developers.cloudflare.com/1020/", "title": "Denied"}),
            None,
            4,
            TRANSIENT,
            FIREWALL,
        ),
        (reply(403, b'"Forbidden"'), None, 4, TRANSIENT, FIREWALL),
        (reply(403, b"", {"Content-Type": "text/html"}), None, 4, TRANSIENT, FIREWALL),
        (reply(403, V3, {"cf-mitigated": "challenge"}), None, 4, TRANSIENT, FIREWALL),
    ],
)
def test_a_refusal_that_may_pass_is_tried_a_few_times(
    handlers: dict[str, ErrorHandler],
    accepted: set[str | None],
    answer: requests.Response,
    opened: str | None,
    tries: int,
    failure: FailureType,
    message: str,
) -> None:
    accepted.update({opened} - {None})
    assert refused_after(handlers["plain"], answer) == (tries, failure, message)


def refused_after(handler: ErrorHandler, answer: requests.Response) -> tuple[int, Any, Any]:
    """The number of replies until the error, counted as the framework asks."""
    for attempt in range(1, 100):
        try:
            assert handler.interpret_response(answer).response_action == RETRY
            assert handler.backoff_time(answer, attempt) is None
        except AirbyteTracedException as error:
            return attempt, error.failure_type, error.message
    raise AssertionError("tried for ever")


def test_a_token_that_worked_anywhere_is_trusted_by_all(
    handlers: dict[str, ErrorHandler], accepted: set[str | None]
) -> None:
    handlers["lenient"].interpret_response(reply(204))
    handlers["shrinking"].interpret_response(reply(200, []))
    handlers["plain"].interpret_response(reply(200, HTML))  # a firewall's page proves nothing
    assert accepted == {"store_v2_transactions_read_only", ORDERS}
    assert refused_after(handlers["plain"], reply(401, V3))[0] == 6
    # Believed: waiting requests need not try again, until one is answered.
    assert refused_after(handlers["shrinking"], reply(401, V2))[0] == 1
    handlers["plain"].interpret_response(reply(200, []))
    assert refused_after(handlers["shrinking"], reply(401, V2))[0] == 6


def test_a_scope_refused_a_few_times_counts_as_missing(
    handlers: dict[str, ErrorHandler], accepted: set[str | None]
) -> None:
    accepted.update({PRODUCTS, ORDERS})
    assert refused_after(handlers["plain"], reply(403, V3))[0] == 4
    assert refused_after(handlers["plain"], reply(403, V3))[0] == 1
    assert refused_after(handlers["shrinking"], reply(403, V3))[0] == 4


def test_refusals_are_counted_apart_from_other_errors(
    handlers: dict[str, ErrorHandler],
) -> None:
    handler = handlers["plain"]
    for attempt, each in enumerate([reply(503)] * 4 + [reply(422, V3)], start=1):
        handler.interpret_response(each)
        assert handler.backoff_time(each, attempt) is None
    with pytest.raises(AirbyteTracedException, match="status 422"):
        handler.backoff_time(reply(422, V3), 6)


def test_a_sync_knows_nothing_of_the_last_one() -> None:
    memories = [
        _handler(clients_of(SourceBigcommerce(config=CONFIG), CONFIG)["brands"][0]._error_handler)
        for _ in range(2)
    ]
    memories[0].interpret_response(reply(200, []))
    assert (memories[0].api_budget.accepted, memories[1].api_budget.accepted) == ({PRODUCTS}, set())


# Pages that are too large

NO_WORDS = {"status": 504, "title": "", "type": "...", "errors": {}}
MAX_50 = [{"status": 413, "message": "Too large.", "details": {"max_limit": 50}}]


def page_of(limit: int, status: int, body: Any = b"") -> requests.Response:
    return reply(status, body, path=f"v3/catalog/brands?page=2&limit={limit}")


@pytest.mark.parametrize(
    ("answer", "smaller"),
    [
        (page_of(250, 413, MAX_50), 50),
        (page_of(250, 413, {"title": "x", "errors": {"limit": {"max_limit": "100"}}}), 100),
        (page_of(250, 413, {"title": "x"}), 125),
        (page_of(40, 413, MAX_50), 20),
        (page_of(250, 413, HTML), 125),
        (page_of(250, 504, NO_WORDS), 125),
        (page_of(3, 504, NO_WORDS), 1),
        (page_of(250, 504, [{"status": 504, "message": ""}]), 125),
    ],
)
def test_a_page_that_is_too_large_is_refused_at_once_with_a_size_that_fits(
    handlers: dict[str, ErrorHandler], answer: requests.Response, smaller: int
) -> None:
    asked = answer.url.partition("limit=")[2]
    assert refused_after(handlers["plain"], answer) == (
        1,
        CONFIG_ERROR,
        f"BigCommerce does not send {asked} rows of /v3/catalog/brands in one reply. Set Page size "
        f"to {smaller} and sync again: it continues where this one stopped.",
    )
    assert interpreted(handlers["shrinking"], answer)[0] == SMALLER


@pytest.mark.parametrize("answer", [page_of(1, 413), page_of(250, 504, V3), reply(413, MAX_50)])
def test_a_page_that_cannot_shrink_is_tried_again(
    handlers: dict[str, ErrorHandler], answer: requests.Response
) -> None:
    assert interpreted(handlers["plain"], answer)[0] == RETRY


def late(limit: int = 0, stalled: bool = False) -> requests.RequestException:
    """A reply that does not come, or not to its end."""
    url = f"{API}/v3/catalog/brands" + (f"?limit={limit}" if limit else "")
    request = requests.Request("GET", url).prepare()
    if stalled:
        cause = ReadTimeoutError(HTTPSConnectionPool("a.example"), url, "Read timed out.")
        return requests.ConnectionError(cause, request=request)
    return requests.ReadTimeout("Read timed out.", request=request)


SLOW = (
    "BigCommerce takes too long to send 250 rows of /v3/catalog/brands in one reply. Sync again "
    "later, it continues where this one stopped; if this happens again, set Page size to 125."
)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page_of(250, 504, HTML), SLOW),
        (late(250), SLOW),
        (late(250, stalled=True), SLOW),
        (late(), "did not answer /v3/catalog/brands in time"),
        (late(1, stalled=True), None),
        (page_of(250, 502, HTML), "answered 502"),
    ],
)
def test_an_endpoint_that_is_too_slow_is_named_and_counts_as_reached(
    handlers: dict[str, ErrorHandler], answer: Any, words: str | None
) -> None:
    small = "BigCommerce did not answer /v3/catalog/brands in time 6 times in a row."
    tries, message = tried(handlers["plain"], [answer] * 6)
    expected = words if words == SLOW else given_up(words) if words else None
    assert tries == 5
    assert message == expected if expected else message.startswith(small)


def test_a_page_that_stalls_is_asked_for_in_parts(
    handlers: dict[str, ErrorHandler],
) -> None:
    for error in (late(250), late(250, stalled=True)):
        assert handlers["shrinking"].interpret_response(error).response_action == SMALLER
        assert handlers["plain"].interpret_response(error).response_action == RETRY


def test_a_reply_that_is_too_large_is_asked_for_in_parts_or_an_error_at_once(
    handlers: dict[str, ErrorHandler],
) -> None:
    error = ReplyTooLarge("more than 9 bytes")
    assert handlers["shrinking"].interpret_response(error).response_action == SMALLER
    for name in ("plain", "lenient"):
        with pytest.raises(AirbyteTracedException, match="a reply of more than 9 bytes"):
            handlers[name].interpret_response(error)


# Tries

BROKEN = requests.ConnectionError("refused")
GARBLED = requests.exceptions.ContentDecodingError("not gzip")
NOT_REACHED = (
    "https://api.bigcommerce.com could not be reached. Check the network between it and the "
    "connector, and the API address if you changed it, then sync again: it continues where this "
    "one stopped."
)
LIMIT = reply(429)


def given_up(seen: str, tries: int = 6) -> str:
    return (
        f"BigCommerce {seen} {tries} times in a row. Sync again later, it continues where this "
        "one stopped; if this happens again, see https://status.bigcommerce.com."
    )


def tried(handler: ErrorHandler, replies: list[Any]) -> tuple[int, str]:
    """The number of replies after which the handler waited, and the words with which it gave up."""
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
        ([GARBLED] * 6, (5, given_up("sent a reply that cannot be unpacked"))),
        ([reply(502), BROKEN] * 3, (5, NOT_REACHED)),
        # Rate limits are not among the tries, however many.
        ([LIMIT] * 1000, (1000, "")),
        ([LIMIT] * 50 + [reply(500)] * 6, (55, given_up("answered 500"))),
        ([LIMIT, reply(500)] * 6, (11, given_up("answered 500"))),
    ],
)
def test_tries_end_after_six_not_counting_rate_limits(
    handlers: dict[str, ErrorHandler], replies: list[Any], expected: tuple[int, str]
) -> None:
    assert tried(handlers["plain"], replies) == expected


def test_tries_are_counted_anew_for_another_request(
    handlers: dict[str, ErrorHandler],
) -> None:
    for _ in range(3):
        assert tried(handlers["plain"], [reply(503)] * 5) == (5, "")


def test_tries_end_at_the_number_that_the_check_sets() -> None:
    config = {**CONFIG, "api_url": "u"}
    handler = ErrorHandler(config=config, parameters={}, api_budget=Sync(tries=2))
    assert tried(handler, [reply(503)] * 6) == (1, given_up("answered 503", tries=2))


def test_limits_of_the_framework_never_come_first(
    handlers: dict[str, ErrorHandler],
) -> None:
    for handler in handlers.values():
        assert (handler.max_retries, handler.max_time) == (10**6, 10**6)


def asks(sync: Sync, path: str) -> None:
    request = requests.Request("GET", f"https://api.bigcommerce.com/stores/abc123/{path}").prepare()
    sync.acquire_call(request)
    sync.update_from_response(request, reply())


def test_an_endpoint_that_did_not_answer_is_tried_once_and_takes_no_other_tries(
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


def test_an_address_is_tried_once_after_two_endpoints_gave_no_answer(
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


def test_an_address_that_answers_with_errors_counts_as_reached(
    handlers: dict[str, ErrorHandler], shared: Sync
) -> None:
    tried(handlers["plain"], [reply(503)] * 6)
    assert not shared.is_down()


# Waits


@pytest.mark.parametrize(("random", "factor"), [(0.5, 0.5), (1, 1.0)])
def test_the_wait_without_headers_grows_to_a_minute_with_jitter(
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
def test_the_wait_is_the_longer_that_headers_name(
    handlers: dict[str, ErrorHandler], headers: dict[str, str], wait: float
) -> None:
    assert handlers["plain"].backoff_time(reply(429, headers=headers), 1) == wait


@pytest.mark.parametrize("broken", [reply(503), reply(200, b""), BROKEN])
def test_the_wait_after_other_failures_is_left_to_the_framework(
    handlers: dict[str, ErrorHandler], broken: Any
) -> None:
    assert handlers["plain"].backoff_time(broken, 1) is None


def test_a_refusal_says_so_if_the_endpoint_needs_the_scope_to_modify(
    requests_mock: requests_mock.Mocker,
) -> None:
    requests_mock.get(f"{API}/v3/segments", json={"data": [{"id": "a"}]})
    requests_mock.get(f"{API}/v3/segments/a/shopper-profiles", status_code=403, json=V3)
    with patch("time.sleep"), pytest.raises(AirbyteTracedException) as raised:
        read("segment_shopper_profiles", CONFIG)
    assert raised.value.message == SCOPE.replace(
        "products_read_only", "customers_read_only"
    ).replace("read-only suffices", "modify: read-only does not suffice here")


# Requests for several parents


SEVERAL = "v3/tax/products/properties?product_id:in=7%2C8"


@pytest.fixture(scope="module")
def built() -> ErrorHandler:
    client = clients_of(SourceBigcommerce(config=CONFIG), CONFIG)["product_tax_properties"][-1]
    return _handler(client._error_handler)


@pytest.fixture
def of_several(built: ErrorHandler, shared: Sync) -> ErrorHandler:
    built.api_budget = shared
    return built


@pytest.mark.parametrize("path", [SEVERAL, SEVERAL.replace("%2C", ",")])
@pytest.mark.parametrize("status", [400, 404, 413, 414, 422, 431, 500, 504])
def test_a_refused_request_for_several_parents_is_not_the_end(
    of_several: ErrorHandler, status: int, path: str
) -> None:
    with pytest.raises(ParameterRefused) as caught:
        of_several.interpret_response(reply(status, b"", path=path))
    assert caught.value.failure_type == (TRANSIENT if status >= 500 else SYSTEM_ERROR)


def test_requests_for_one_parent_and_further_pages_are_judged_as_all_others(
    of_several: ErrorHandler,
) -> None:
    one = "v3/tax/products/properties?product_id:in=7"
    for status, path, action in (
        (404, one, OK),
        (400, f"{SEVERAL}&page=2", OK),  # no pages are documented
        (500, one, RETRY),
        (500, f"{SEVERAL}&page=2", RETRY),
        (429, SEVERAL, LIMITED),
        (503, SEVERAL, RETRY),
    ):
        found = of_several.interpret_response(reply(status, b"", path=path))
        assert (status, path, found.response_action) == (status, path, action)
