"""What each kind of reply means: rows, a retry, or an error in plain words."""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
from source_bigcommerce.components.extractor import described, parsed_body
from source_bigcommerce.components.messages import (
    GIVEN_UP,
    NOT_FOUND,
    REDIRECTED,
    REPLY_TOO_LARGE,
    REQUEST_REFUSED,
    SCOPE_LACKING,
    STORE_SUSPENDED,
    TOKEN_REFUSED,
    UNREACHABLE,
)
from source_bigcommerce.components.sync import Sync

_NO_LIMIT = 10**6
_LONGEST_WAIT = 60.0
_HEAVY_PAGE = (413, 500, 504)
_TOO_HEAVY = (ReplyTooLarge, requests.exceptions.ReadTimeout)

_PROBLEMS = {
    **dict.fromkeys((301, 302, 303, 307, 308), REDIRECTED),
    **dict.fromkeys((400, 405, 406, 415, 422, 501, 505), REQUEST_REFUSED),
    401: TOKEN_REFUSED,
    403: SCOPE_LACKING,
    404: NOT_FOUND,
}

Reply = requests.Response | Exception | None


@dataclass
class ErrorHandler(DefaultErrorHandler):
    """Retries what passes, never gives up on rate limits, takes no broken page for an empty one.

    - what only a person can mend (`_PROBLEMS`) fails at once, in the words of `messages`;
    - 429 is retried for as long as it lasts; every other retry ends after the tries of the sync;
    - a 200 whose body is empty or not JSON is retried: it is never "no rows";
    - `shrinks_pages`: a page that is too heavy (413, 500, 504, a time-out, a reply beyond the
      authenticator's bound) is asked for again in smaller parts;
    - `missing_is_empty`: a 404 means no rows (an order without the sub-resource).

    Not YAML: DefaultErrorHandler counts 429s among the tries of all other errors, ends after ten
    minutes of them, takes each 200 as it comes, and writes whole replies into the log.

    Sources: https://developer.bigcommerce.com/docs/start/about/status-codes
    """

    shrinks_pages: bool = False
    missing_is_empty: bool = False
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        super().__post_init__(parameters)
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
            if isinstance(reply, ReplyTooLarge):
                raise REPLY_TOO_LARGE.error(repr(reply), size=reply)
            return super().interpret_response(reply)
        self.api_budget.answered()
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
            return SUCCESS_RESOLUTION
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
        if self._tried.failed >= self.api_budget.tries or self.api_budget.is_down():
            raise self._given_up(reply)
        return None

    def _given_up(self, reply: Reply) -> AirbyteTracedException:
        if isinstance(reply, requests.Response):
            code = reply.status_code
            answered = f"answered {code}" if code != 200 else "sent no JSON"
            return GIVEN_UP.error(described(reply), answered=answered, tries=self.api_budget.tries)
        self.api_budget.gave_no_answer()
        return UNREACHABLE.error(repr(reply), address=self.config["api_url"])


def _smaller_page(reason: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.REDUCE_PAGE_SIZE, FailureType.transient_error, reason)
