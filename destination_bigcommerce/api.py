"""Requests of the destination. It repeats a request that reads, but never one that changes."""

import logging
from collections.abc import Mapping
from typing import Any

import orjson
import requests
from airbyte_cdk.sources.streams.call_rate import LimiterSession
from airbyte_cdk.sources.streams.http import HttpClient
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce.messages import SCOPE_LACKING
from source_bigcommerce.components.authenticator import TokenAuthenticator
from source_bigcommerce.components.error_handler import ErrorHandler, Reply
from source_bigcommerce.components.reply import Row, described, is_of_the_api, rows_of
from source_bigcommerce.components.sync import Sync

LOGGER = logging.getLogger("airbyte")

ORDERS = "store_v2_orders"
CUSTOMERS = "store_v2_customers"
PRODUCTS = "store_v2_products"
_TO_READ = "_read_only"

# Seconds to connect, and to wait for each byte of a reply, as in the source's manifest.
_TIME_OUT = (10, 60)


class Api:
    """The store's API, with the source's token, address, quota, connections and retry rules.

    Not YAML: a manifest reads. Safe to be used by several threads at once.

    config: the form's entries, normalized.
    sync: holds the quota and the connections.
    """

    def __init__(self, config: Mapping[str, Any], sync: Sync) -> None:
        self._config, self._sync = config, sync
        self._base = f"{config['api_url']}/stores/{config['store_hash']}"
        self._session = LimiterSession(api_budget=sync)
        self._session.auth = TokenAuthenticator(config=config, parameters={})
        sync.connections.carry(self._session)
        self._session.headers.update(
            {"Accept": "application/json", "User-Agent": "Airbyte destination-bigcommerce"}
        )
        self._clients = {scope: self._client(scope) for scope in (ORDERS, CUSTOMERS, PRODUCTS)}

    def rows(self, path: str, scope: str, **params: Any) -> list[Row]:
        """The rows of one reply to `GET /path`, after as many tries as the source makes.

        Raises AirbyteTracedException, as ParameterRefused where the request is refused; SyncEnded.
        """
        _, reply = self._clients[scope].send_request(
            "GET", f"{self._base}/{path}", {"timeout": _TIME_OUT}, params=params
        )
        return rows_of(reply)

    def send(self, method: str, path: str, body: Any) -> requests.Response:
        """The reply to one request that changes something. It is sent once.

        Raises SyncEnded, and requests.RequestException if no whole reply came: the change may have
        been made or not.
        """
        request = self._session.prepare_request(
            requests.Request(
                method,
                f"{self._base}/{path}",
                data=orjson.dumps(body),
                headers={"Content-Type": "application/json"},
            )
        )
        try:
            return self._session.send(request, timeout=_TIME_OUT, allow_redirects=False)
        except requests.RequestException:
            self._sync.update_from_response(request, requests.Response())
            raise

    def problem(
        self, reply: requests.Response, scope: str, may_pass: bool = True
    ) -> AirbyteTracedException | None:
        """What the reply to a change shows to be wrong with the token, the store or the address.

        None if the refusal may be temporary. A token that may read need not be allowed to write.

        may_pass: whether a refusal may be temporary, once the token has worked.
        """
        handler = _Handler.of(self._config, scope, self._sync)
        handler.may_pass = may_pass
        try:
            handler.interpret_response(reply)
        except AirbyteTracedException as error:
            return error
        return None

    def was_allowed(self, scope: str) -> None:
        """Notes that the store made a change: a later refusal may be temporary."""
        self._sync.accepted.add(scope)

    def _client(self, scope: str) -> HttpClient:
        handler = _Handler.of(self._config, f"{scope}{_TO_READ}", self._sync)
        return HttpClient(
            scope,
            LOGGER,
            error_handler=handler,
            api_budget=self._sync,  # type: ignore[arg-type]  # as the source has it
            session=self._session,
            backoff_strategy=[handler],  # type: ignore[list-item]  # its backoff_time is used
        )


class _Handler(ErrorHandler):
    """The source's handler, with messages of the destination's own about missing scopes.

    may_pass: whether a refusal by the API may be temporary, once the token has worked.
    """

    may_pass = True

    @classmethod
    def of(cls, config: Mapping[str, Any], scope: str, sync: Sync) -> "_Handler":
        endpoint = "v2/orders" if scope.startswith(ORDERS) else "v3"
        parameters = {"scope": scope, "endpoint": endpoint}
        return cls(parameters=parameters, config=config, api_budget=sync, may_refuse=True)

    def interpret_response(self, response_or_exception: Reply) -> ErrorResolution:
        reply = response_or_exception
        try:
            return super().interpret_response(reply)
        except AirbyteTracedException:
            if not isinstance(reply, requests.Response) or reply.status_code != 403:
                raise
            if not is_of_the_api(reply):
                raise
            raise SCOPE_LACKING.error(described(reply), scope=_needed(str(self._scope))) from None

    def _may_pass(self, reply: requests.Response) -> bool:
        return super()._may_pass(reply) and (self.may_pass or not is_of_the_api(reply))


def _needed(scope: str) -> str:
    """The scope to name. For orders and customers, reading alone is not enough."""
    return scope if scope.startswith(PRODUCTS) else scope.removesuffix(_TO_READ)
