"""Requests as the manifest declares them; parts that stay the same are rendered once a sync."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import requests
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.requesters.request_options import (
    InterpolatedRequestOptionsProvider,
)
from airbyte_cdk.sources.streams.http import rate_limiting
from airbyte_cdk.sources.types import StreamSlice
from jinja2 import Environment
from jinja2.meta import find_undeclared_variables

from source_bigcommerce.components.sync import Sync

# The names in templates whose values stay the same during a sync.
_CONSTANT = {"config", "parameters"}
_ENVIRONMENT = Environment()


@dataclass
class Requester(HttpRequester):
    """Sends the requests of a list, over the connections that all lists of a sync share.

    Not YAML: HttpRequester renders each template for each request, and has connections of its own.
    With a request for each order, that took a third of the processor's time.

    url: the same for all requests, but for `{order_id}` and the like: the parent's id in the slice.
    request_headers: the same for all requests.
    request_parameters: names and values; an empty one is not sent. Those that depend on the form
        and the stream alone are rendered once.
    """

    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    api_budget: Sync = field(default_factory=Sync)  # type: ignore[assignment]  # is one of them

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        super().__post_init__(parameters)
        self.api_budget.connections.carry(self._http_client._session)
        for logger in (self._http_client._logger, rate_limiting.logger):
            logger.addFilter(_without_body)

    def get_url(self, *, stream_slice: StreamSlice | None = None, **_: Any) -> str:
        url = self._address
        for key, value in stream_slice.partition.items() if stream_slice else ():
            url = url.replace(f"{{{key}}}", str(value))
        return url

    def send_request(  # type: ignore[override]  # takes less: the rest is not asked by
        self,
        *,
        stream_slice: StreamSlice | None = None,
        request_params: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        """Sends a request, again if the error handler says so, and returns the reply."""
        url, params = self.sent(stream_slice, request_params)
        _, response = self._http_client.send_request(
            http_method="GET",
            url=url,
            request_kwargs={"stream": False},
            headers=self._headers,
            params=params,
        )
        return response

    def sent(
        self, stream_slice: StreamSlice | None, request_params: Mapping[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """The address and the parameters of a request."""
        params: dict[str, Any] = {}
        for part in self._parts:
            params.update(part if isinstance(part, dict) else part(stream_slice=stream_slice))
        return self.get_url(stream_slice=stream_slice), {**params, **(request_params or {})}

    # Only with the first request: a source may build streams that it does not read.

    @cached_property
    def _address(self) -> str:
        return super().get_url()

    @cached_property
    def _headers(self) -> Mapping[str, Any]:
        return self._options({}).get_request_headers()

    @cached_property
    def _parts(self) -> list[dict[str, Any] | Callable[..., Mapping[str, Any]]]:
        """Each parameter, rendered or with its template, in the order of the manifest."""
        each = [
            (_is_constant(name, value), self._options({name: value}).get_request_params)
            for name, value in self.request_parameters.items()
        ]
        return [dict(render()) if is_constant else render for is_constant, render in each]

    def _options(self, parameters: dict[str, str]) -> InterpolatedRequestOptionsProvider:
        return InterpolatedRequestOptionsProvider(
            config=self.config,
            parameters=self._parameters,
            request_headers=dict(self.request_headers),
            request_parameters=parameters,
        )


def _without_body(record: logging.LogRecord) -> bool:
    """Takes bodies out of what the framework logs of replies, because they hold rows.

    It logs that of each reply when it debugs, and that of a reply before it tries again.
    """
    vars(record).pop("body", None)
    return ", Response Content: " not in str(record.msg)


def _is_constant(*templates: str) -> bool:
    """Whether templates give the same for all requests: they name neither the slice nor a clock."""
    return set().union(*map(_named, templates)) <= _CONSTANT


# To find them takes as long as two requests, and most streams have the same templates.
@cache
def _named(template: str) -> set[str]:
    return find_undeclared_variables(_ENVIRONMENT.parse(template))
