"""The store's access token, sent to the store and to nobody else."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Any

import requests
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator


@dataclass
class TokenAuthenticator(DeclarativeAuthenticator):
    """Puts the access token into the `X-Auth-Token` header and refuses redirects.

    Not YAML: the CDK's ApiKeyAuthenticator sets the header too, but `requests` follows redirects
    and takes every header but `Authorization` along, to whatever host the redirect names.

    Source: https://developer.bigcommerce.com/docs/start/authentication
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._token = self.config["access_token"]

    @property
    def auth_header(self) -> str:
        return "X-Auth-Token"

    @property
    def token(self) -> str:
        return str(self._token)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self.auth_header] = self.token
        if _drop_redirect_target not in request.hooks["response"]:
            request.hooks["response"].append(_drop_redirect_target)
        return request


def _drop_redirect_target(response: requests.Response, **_: Any) -> None:
    """Without a target `requests` does not follow; the error handler then reports the 3xx."""
    response.headers.pop("Location", None)
