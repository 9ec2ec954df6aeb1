"""What each kind of reply means: rows, a retry, or an error in plain words."""

import logging
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import urllib3
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.requesters.error_handlers import DefaultErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    SUCCESS_RESOLUTION,
    ErrorResolution,
    ResponseAction,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.budget import seconds_until_retry
from source_bigcommerce.components.messages import (
    B2B_CLOSED,
    FIREWALL,
    GIVEN_UP,
    NOT_FOUND,
    PAGE_TOO_LARGE,
    PAGE_TOO_SLOW,
    PERMISSIONS,
    REDIRECTED,
    REPLY_TOO_LARGE,
    REPLY_UNKNOWN,
    REQUEST_REFUSED,
    SCOPE_LACKING,
    STORE_SUSPENDED,
    TOKEN_REFUSED,
    UNREACHABLE,
)
from source_bigcommerce.components.reply import (
    ROWS,
    ReplyTooLarge,
    described,
    is_b2b_url,
    is_of_the_api,
    is_v3_url,
    parsed_body,
    rows_of,
    take_told_status,
    values_of,
)
from source_bigcommerce.components.sync import Sync

LOGGER = logging.getLogger("airbyte")

_NO_LIMIT = 10**6
_LONGEST_WAIT = 60.0
_HEAVY_PAGE = (413, 500, 504)
# How often a refusal that may pass is tried before it counts.
_REFUSALS = {401: 6, 403: 4, 422: 2}

_REFUSED = (400, 422)
_NO_SUCH_PAGE = (*_REFUSED, 404)
_PAGE = re.compile(r"[?&](?:page|offset)=")
# A list of keys: `product_id:in=12,34`.
_SEVERAL = re.compile(r"[?&][^&=]+=[^&=,%]+(?:,|%2C)", re.IGNORECASE)
# How a store may refuse a request for several parents that it grants for fewer.
_TOO_MANY = (400, 404, 413, 414, 422, 431, 500, 504)
_FURTHER_PAGE = re.compile(r"[?&]page=(?!1(?:&|$))")

_PROBLEMS = {
    **dict.fromkeys((301, 302, 303, 307, 308), REDIRECTED),
    **dict.fromkeys((400, 405, 406, 415, 422, 501, 505), REQUEST_REFUSED),
    401: TOKEN_REFUSED,
    403: SCOPE_LACKING,
    404: NOT_FOUND,
}

# As the OpenAPI files have it: "Store company credit is not enabled" (400), "Multi storefront is
# not enabled" (403), "user must belong to a company" (422).
_OFF = re.compile("not enabled|must belong to a company")

# B2B Edition may answer with any of these if a store does not have it, or the token lacks its
# scope. It is not documented which of them means what.
_CLOSED = (401, 403, 404)

Reply = requests.Response | Exception | None


class ParameterRefused(AirbyteTracedException):
    """The store does not know a parameter of the request, or has no such page."""


class ScopeLacking(AirbyteTracedException):
    """The token lacks `scope`."""

    def __init__(self, scope: str, error: AirbyteTracedException) -> None:
        super().__init__(error.internal_message, error.message, error.failure_type)
        self.scope = scope


@dataclass
class ErrorHandler(DefaultErrorHandler):
    """Retries what may pass, rate limits without end. Never takes a broken page as empty.

    - an error that only a person can mend (`_PROBLEMS`) fails at once, in the words of `messages`;
    - 429 is retried for as long as it lasts; every other retry ends after the tries of the sync;
    - a 200 whose body is empty, not JSON or no rows (an error, `{"data": null}`) is retried, and so
      is each other status below 400 except 203 (like 200) and 204: they never mean "no rows";
    - a refusal that may pass is tried a few times (`_REFUSALS`): a 401 after the token has worked
      in this sync, a 403 after its scope has, each 422, and a 403 of a firewall. A scope that the
      token lacks fails at once: otherwise a first sync would wait for each of its streams;
    - `shrinks_pages`: a page that is too heavy (413, 500, 504, a time-out, a reply beyond the
      authenticator's bound) is asked for again in smaller parts; otherwise the error names a size;
    - a 404 to `endpoint` of one parent, `v2/orders/{order_id}/fees`, means that it has no rows,
      unless `missing_is_empty` is false: then it is retried;
    - `has_no_pages`: a refused second page means that the first one was all;
    - `of_several`: if a request for several parents is refused or answered 404, they are asked for
      in parts (ParameterRefused): a 404 need not mean that none of them has rows;
    - `permission`: what the scope must allow, one of `PERMISSIONS`;
    - `off_is_empty`: a refusal that says so (`_OFF`) means that the store has none of this;
    - `may_refuse`: after a refusal the store is asked in another way (ParameterRefused). If it
      refuses a page after the first, there may be none.

    Not YAML: DefaultErrorHandler counts 429s among the tries of all other errors, ends after ten
    minutes of them, takes each 200 as it comes, and writes whole replies into the log.

    Sources: https://developer.bigcommerce.com/docs/start/about/status-codes
    """

    shrinks_pages: bool = False
    missing_is_empty: bool | None = None
    has_no_pages: bool = False
    may_refuse: bool = False
    of_several: bool = False
    permission: str = ""
    off_is_empty: bool = False
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        super().__post_init__(parameters)
        self.max_retries = self.max_time = _NO_LIMIT
        self.backoff_strategies = [self]  # type: ignore[list-item]  # its backoff_time is used
        self._scope, self._endpoint = parameters.get("scope"), parameters.get("endpoint")
        self._is_of_one_parent = "{" in (self._endpoint or "")
        if self.missing_is_empty is None:
            self.missing_is_empty = self._is_of_one_parent
        # One thread makes all tries of a request, one after the other.
        self._tried = threading.local()

    def interpret_response(self, response_or_exception: Reply) -> ErrorResolution:
        reply = response_or_exception
        if not isinstance(reply, requests.Response):
            if self._shrinks(reply) and (isinstance(reply, ReplyTooLarge) or timed_out(reply)):
                return _smaller_page(f"The page could not be read: {reply!r}.")
            if isinstance(reply, ReplyTooLarge):
                raise REPLY_TOO_LARGE.error(repr(reply), size=reply)
            return super().interpret_response(reply)
        self.api_budget.answered()
        take_told_status(reply)
        if reply.status_code == 204:
            self.api_budget.accepted.add(self._scope)
            return SUCCESS_RESOLUTION
        if reply.status_code in ROWS:
            try:
                rows_of(reply)
            except ValueError:
                return _try_again("BigCommerce answered 200 with a body that is not JSON.")
            except AirbyteTracedException as error:
                return _try_again(f"BigCommerce answered 200: {error.internal_message}.")
            self.api_budget.accepted.add(self._scope)
            return SUCCESS_RESOLUTION
        if self.of_several and reply.status_code in _TOO_MANY and _is_of_several(reply.url):
            words, kind = (
                REQUEST_REFUSED.message(status=reply.status_code),
                FailureType.system_error,
            )
            kind = FailureType.transient_error if reply.status_code >= 500 else kind
            raise ParameterRefused(described(reply), words, kind)
        if reply.status_code in _NO_SUCH_PAGE and self.has_no_pages and _PAGE.search(reply.url):
            return SUCCESS_RESOLUTION
        if reply.status_code == 404 and self.missing_is_empty:
            if is_v3_url(reply.url) and _PAGE.search(reply.url):  # it may be counted
                words = REPLY_UNKNOWN.message()
                raise ParameterRefused(described(reply), words, REPLY_UNKNOWN.failure_type)
            return SUCCESS_RESOLUTION
        if self.off_is_empty and 400 <= reply.status_code < 500 and _OFF.search(described(reply)):
            LOGGER.info("No rows, as the store has none of this: %s", described(reply))
            return SUCCESS_RESOLUTION
        if reply.status_code in _REFUSED and self.may_refuse:
            words = REQUEST_REFUSED.message(status=reply.status_code)
            raise ParameterRefused(described(reply), words, REQUEST_REFUSED.failure_type)
        if reply.status_code in _HEAVY_PAGE and self._shrinks(reply):
            return _smaller_page(f"BigCommerce answered {reply.status_code}.")
        problem = self._problem(reply)
        if problem and not self._may_pass(reply):
            raise problem
        if reply.status_code == 429:
            return super().interpret_response(reply)
        # A 202 or 206 does not hold the whole list, and a 304 holds none of it. The framework must
        # not decide: it logs the body if it does not know a status, and that may hold rows.
        return _try_again(f"BigCommerce answered {reply.status_code}.")

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int = 0,
    ) -> float | None:
        """Seconds to wait before a retry; None means the CDK's 1, 2, 4, 8... seconds.

        Raises the error once the tries are used up.
        """
        reply = response_or_exception
        tried = self._tried
        if attempt_count <= 1:
            tried.limited = tried.failed = tried.refused = 0
        status = reply.status_code if isinstance(reply, requests.Response) else 0
        if isinstance(reply, requests.Response) and status == 429:
            tried.limited += 1
            grown = min(_LONGEST_WAIT, 2.0**tried.limited) * random.uniform(0.5, 1)
            return max(seconds_until_retry(reply), grown if tried.limited > 1 else 0.1)
        if isinstance(reply, requests.Response) and status in _REFUSALS:
            tried.refused += 1
            if tried.refused >= min(_REFUSALS[status], self.api_budget.tries):
                self._believe(403 if is_b2b_url(reply.url) else status)
                raise self._problem(reply) or REQUEST_REFUSED.error(status=status)
            return None
        tried.failed += 1
        if tried.failed >= self.api_budget.tries or self.api_budget.is_down():
            raise self._given_up(reply)
        return None

    def _shrinks(self, reply: Reply) -> bool:
        """Whether a page that is too heavy can be asked for in parts: one row has none."""
        return self.shrinks_pages and _page_sizes(reply)[0] != 1

    def _may_pass(self, reply: requests.Response) -> bool:
        """Whether a refusal contradicts what this sync has seen, or comes from elsewhere."""
        is_of_scope = reply.status_code == 403 or is_b2b_url(reply.url)
        if reply.status_code == 401 and not is_of_scope:
            return bool(self.api_budget.accepted) or not is_of_the_api(reply)
        if reply.status_code in (401, 403):
            return self._scope in self.api_budget.accepted or not is_of_the_api(reply)
        return reply.status_code == 422

    def _believe(self, status: int) -> None:
        """Notes a refusal: other refused requests need not try again, until one is accepted."""
        if status == 401:
            self.api_budget.accepted.clear()
        elif status == 403:
            self.api_budget.accepted.discard(self._scope)

    def _problem(self, reply: requests.Response) -> AirbyteTracedException | None:
        """The error that a person must know of; None if it may pass by itself."""
        status, words = reply.status_code, described(reply)
        asked, smaller = _page_sizes(reply)
        problem = _PROBLEMS.get(status)
        if status == 404 and self._is_of_one_parent:
            problem = None
        elif status in (401, 403) and not is_of_the_api(reply):
            problem = FIREWALL
        elif status in _CLOSED and is_b2b_url(reply.url):
            problem = B2B_CLOSED
        elif smaller and (status == 413 or (status == 504 and _says_nothing(reply))):
            problem = PAGE_TOO_LARGE
        elif not problem and "suspended" in words.lower():
            problem = STORE_SUSPENDED
        values = {"status": status, "scope": self._scope, "endpoint": self._endpoint}
        values["permission"] = PERMISSIONS[self.permission]
        error = problem.error(words, asked=asked, smaller=smaller, **values) if problem else None
        if error and problem is SCOPE_LACKING:
            return ScopeLacking(str(self._scope), error)
        if error and status in (*_REFUSED, 404) and _FURTHER_PAGE.search(reply.url):
            return ParameterRefused(words, error.message, error.failure_type)
        return error

    def _given_up(self, reply: Reply) -> AirbyteTracedException:
        asked, smaller = _page_sizes(reply)
        is_garbled = isinstance(reply, requests.exceptions.ContentDecodingError)
        if not isinstance(reply, requests.Response) and not is_garbled:
            self.api_budget.gave_no_answer()
        if isinstance(reply, requests.Response):
            code, words, is_slow = reply.status_code, described(reply), reply.status_code == 504
            answered = _without_rows(reply) if code in ROWS else f"answered {code}"
        elif is_garbled:
            words, is_slow = repr(reply), False
            answered = "sent a reply that cannot be unpacked"
        elif timed_out(reply):
            words, is_slow = repr(reply), True
            answered = f"did not answer /{self._endpoint} in time"
        else:
            return UNREACHABLE.error(repr(reply), address=self.config["api_url"])
        if is_slow and smaller:
            return PAGE_TOO_SLOW.error(words, asked=asked, smaller=smaller, endpoint=self._endpoint)
        return GIVEN_UP.error(words, answered=answered, tries=self.api_budget.tries)


def _is_of_several(url: str) -> bool:
    """Whether it asks for several parents, and for the first page of their rows."""
    return bool(_SEVERAL.search(url)) and not _PAGE.search(url)


def timed_out(error: Reply) -> bool:
    """Whether the address was reached, but then sent nothing, or nothing more."""
    return isinstance(error, requests.ReadTimeout) or (
        isinstance(error, requests.ConnectionError)
        and isinstance(next(iter(error.args), None), urllib3.exceptions.ReadTimeoutError)
    )


def _page_sizes(reply: Reply) -> tuple[int, int]:
    """The rows asked for, and a number that may work: that of the reply, or half; 0 for none."""
    request = getattr(reply, "request", None)
    url = getattr(reply, "url", None) or getattr(request, "url", None) or ""
    limit = parse_qs(urlsplit(url).query).get("limit", [""])[0]
    asked = int(limit) if limit.isdecimal() else 0
    named = values_of(reply, "max_limit") if isinstance(reply, requests.Response) else []
    fitting = [int(each) for each in named if str(each).isdecimal() and 0 < int(each) < asked]
    return asked, min(fitting, default=asked // 2)


def _says_nothing(reply: requests.Response) -> bool:
    """Whether a reply is the API's JSON without words: its answer to pages that take too long."""
    return "" in values_of(reply, "title") + values_of(reply, "message")


def _try_again(reason: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.RETRY, FailureType.transient_error, reason)


def _without_rows(reply: requests.Response) -> str:
    try:
        parsed_body(reply)
    except ValueError:
        return "sent no JSON"
    return "sent something else in place of rows"


def _smaller_page(reason: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.REDUCE_PAGE_SIZE, FailureType.transient_error, reason)
