"""What each kind of reply means: rows, a retry, or an error in plain words."""

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.requesters.error_handlers import DefaultErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    SUCCESS_RESOLUTION,
    ErrorResolution,
    ResponseAction,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.authenticator import ReplyTooLarge
from source_bigcommerce.components.budget import seconds_until_retry
from source_bigcommerce.components.extractor import described, is_v3_url, parsed_body
from source_bigcommerce.components.messages import (
    GIVEN_UP,
    NOT_FOUND,
    REDIRECTED,
    REPLY_UNKNOWN,
    REQUEST_REFUSED,
    SCOPE_LACKING,
    STORE_SUSPENDED,
    TOKEN_REFUSED,
    UNREACHABLE,
)

_NO_LIMIT = 10**6
_LONGEST_WAIT = 60.0
_HEAVY_PAGE = (413, 500, 504)
_TOO_HEAVY = (ReplyTooLarge, requests.exceptions.ReadTimeout)

_REFUSALS = (400, 422)
_PAGE = re.compile(r"[?&]page=")

_PROBLEMS = {
    **dict.fromkeys((301, 302, 303, 307, 308), REDIRECTED),
    **dict.fromkeys((400, 405, 406, 415, 422, 501, 505), REQUEST_REFUSED),
    401: TOKEN_REFUSED,
    403: SCOPE_LACKING,
    404: NOT_FOUND,
}

Reply = requests.Response | Exception | None


class ParameterRefused(AirbyteTracedException):
    """The store does not know a parameter that it was asked by."""


@dataclass
class ErrorHandler(DefaultErrorHandler):
    """Retries what passes, never gives up on rate limits, takes no broken page for an empty one.

    - what only a person can mend (`_PROBLEMS`) fails at once, in the words of `messages`;
    - 429 is retried for as long as it lasts; every other retry ends after `tries` tries;
    - a 200 whose body is empty or not JSON is retried: it is never "no rows";
    - `shrinks_pages`: a page that is too heavy (413, 500, 504, a time-out, a reply beyond the
      authenticator's bound) is asked for again in smaller parts;
    - `missing_is_empty`: a 404 means no rows (an order without the sub-resource);
    - `has_no_pages`: a refused second page means that the first one was all;
    - `may_refuse`: a refusal is not the end (ParameterRefused): the store is asked otherwise.

    Not YAML: DefaultErrorHandler counts 429s among the tries of all other errors, ends after ten
    minutes of them, takes each 200 as it comes, and writes whole replies into the log.

    Sources: https://developer.bigcommerce.com/docs/start/about/status-codes
    """

    # API addresses that did not answer all tries of a request. The others then try once: what is
    # down is not waited for again and again by each window of each stream.
    _unreachable: ClassVar[set[str]] = set()

    shrinks_pages: bool = False
    missing_is_empty: bool = False
    has_no_pages: bool = False
    may_refuse: bool = False

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self.tries = int(self.config.get("max_tries", 6))
        self.max_retries = self.max_time = _NO_LIMIT
        self.backoff_strategies = [self]  # type: ignore[list-item]  # its backoff_time is used
        self._scope, self._endpoint = parameters.get("scope"), parameters.get("endpoint")
        # All tries of one request are made by one thread, one after the other.
        self._tried = threading.local()

    def interpret_response(self, response_or_exception: Reply) -> ErrorResolution:
        reply = response_or_exception
        if not isinstance(reply, requests.Response):
            if self.shrinks_pages and isinstance(reply, _TOO_HEAVY):
                return _smaller_page(f"The page could not be read: {reply!r}.")
            return super().interpret_response(reply)
        self._unreachable.discard(self.config["api_url"])
        if reply.status_code == 204:
            return SUCCESS_RESOLUTION
        if reply.status_code == 200:
            try:
                parsed_body(reply)
            except ValueError:
                return ErrorResolution(
                    ResponseAction.RETRY,
                    FailureType.transient_error,
                    "BigCommerce answered 200 with a body that is not JSON.",
                )
            return SUCCESS_RESOLUTION
        if reply.status_code == 404 and self.missing_is_empty:
            if is_v3_url(reply.url) and _PAGE.search(reply.url):  # asked for as it was counted
                raise REPLY_UNKNOWN.error(described(reply))
            return SUCCESS_RESOLUTION
        if reply.status_code in _REFUSALS and self.has_no_pages and _PAGE.search(reply.url):
            return SUCCESS_RESOLUTION
        if reply.status_code in _REFUSALS and self.may_refuse:
            words = REQUEST_REFUSED.message(status=reply.status_code)
            raise ParameterRefused(described(reply), words, REQUEST_REFUSED.failure_type)
        if reply.status_code in _HEAVY_PAGE and self.shrinks_pages:
            return _smaller_page(f"BigCommerce answered {reply.status_code}.")
        problem, words = _PROBLEMS.get(reply.status_code), described(reply)
        if not problem and "suspended" in words:
            problem = STORE_SUSPENDED
        if problem:
            raise problem.error(
                words,
                status=reply.status_code,
                scope=self._scope,
                endpoint=self._endpoint,
            )
        return super().interpret_response(reply)

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int = 0,
    ) -> float | None:
        """Seconds to wait before a retry; None leaves it to the CDK's 1, 2, 4, 8... seconds.

        Raises a transient error when the tries are used up.
        """
        reply = response_or_exception
        if attempt_count <= 1:
            self._tried.limited = self._tried.failed = 0
        if isinstance(reply, requests.Response) and reply.status_code == 429:
            self._tried.limited += 1
            grown = min(_LONGEST_WAIT, 2.0**self._tried.limited) * random.uniform(0.5, 1)
            return max(seconds_until_retry(reply), grown if self._tried.limited > 1 else 0.1)
        self._tried.failed += 1
        is_down = self.config["api_url"] in self._unreachable
        if self._tried.failed >= self.tries or is_down:
            raise self._given_up(reply)
        return None

    def _given_up(self, reply: Reply) -> AirbyteTracedException:
        if isinstance(reply, requests.Response):
            code = reply.status_code
            answered = f"answered {code}" if code != 200 else "sent no JSON"
            return GIVEN_UP.error(described(reply), answered=answered, tries=self.tries)
        address = self.config["api_url"]
        self._unreachable.add(address)
        return UNREACHABLE.error(repr(reply), address=address)


def _smaller_page(reason: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.REDUCE_PAGE_SIZE, FailureType.transient_error, reason)
