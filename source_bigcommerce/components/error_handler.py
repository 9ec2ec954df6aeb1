"""What each kind of reply means: rows, a retry, or an error in plain words."""

import random
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
from source_bigcommerce.components.extractor import parsed_body

_NO_LIMIT = 10**6
_LONGEST_WAIT = 60.0
_HEAVY_PAGE = (413, 500, 504)
_TOO_HEAVY = (ReplyTooLarge, requests.exceptions.ReadTimeout)

Reply = requests.Response | Exception | None


@dataclass
class ErrorHandler(DefaultErrorHandler):
    """Retries what passes, never gives up on rate limits, takes no broken page for an empty one.

    The response filters of the manifest say what fails at once and with which words. Beyond them:

    - 429 is retried for as long as it lasts; every other retry ends after `tries` tries;
    - a 200 whose body is empty or not JSON is retried: it is never "no rows";
    - `shrinks_pages`: a page that is too heavy (413, 500, 504, a time-out, a reply beyond the
      authenticator's bound) is asked for again in smaller parts;
    - `missing_is_empty`: a 404 means no rows (an order without the sub-resource).

    Not YAML: DefaultErrorHandler counts 429s among the tries of all other errors, ends after ten
    minutes of them, and takes each 200 as it comes.

    Sources: https://developer.bigcommerce.com/docs/start/about/status-codes
    """

    # API addresses that did not answer all tries of a request. The others then try once: what is
    # down is not waited for again and again by each window of each stream.
    _unreachable: ClassVar[set[str]] = set()

    shrinks_pages: bool = False
    missing_is_empty: bool = False

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self.tries = int(self.config.get("max_tries", 6))
        self.max_retries = self.max_time = _NO_LIMIT
        self.backoff_strategies = [self]  # type: ignore[list-item]  # its backoff_time is used
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
            return SUCCESS_RESOLUTION
        if reply.status_code in _HEAVY_PAGE and self.shrinks_pages:
            return _smaller_page(f"BigCommerce answered {reply.status_code}.")
        resolution = super().interpret_response(reply)
        if resolution.failure_type == FailureType.system_error:
            resolution.error_message = f"{resolution.error_message} It said: {_words(reply)}"
        return resolution

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
            seen = f"answered {reply.status_code}" if reply.status_code != 200 else "sent no JSON"
            message = (
                f"BigCommerce {seen} {self.tries} times in a row. Sync again later: it continues "
                "where this one stopped. If it lasts, see https://status.bigcommerce.com."
            )
        else:
            address = self.config["api_url"]
            self._unreachable.add(address)
            message = (
                f"{address} could not be reached. Check the network between it and the connector, "
                "and the API address if you changed it, then sync again: it continues where this "
                "one stopped."
            )
        return AirbyteTracedException(
            message=message,
            internal_message=repr(reply),
            failure_type=FailureType.transient_error,
        )


def _smaller_page(reason: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.REDUCE_PAGE_SIZE, FailureType.transient_error, reason)


def _words(reply: requests.Response) -> str:
    """What an error's body says: a v2 list or a v3 object with a title or a message."""
    try:
        said = parsed_body(reply)
    except ValueError:
        said = None
    if isinstance(said, list) and said:
        said = said[0]
    if isinstance(said, dict):
        for key in ("title", "message", "detail"):
            if isinstance(said.get(key), str) and said[key]:
                return str(said[key])[:300]
    return "nothing."
