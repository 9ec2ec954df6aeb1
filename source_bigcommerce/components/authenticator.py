"""The store's access token, sent to the store and to nobody else."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from functools import partial
from typing import Any

import requests
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator

from source_bigcommerce.components.reply import Bounded, is_v3_url


@dataclass
class TokenAuthenticator(DeclarativeAuthenticator):
    """Puts the access token into the `X-Auth-Token` header, and bounds replies as they arrive.

    It follows no redirect: `requests` would send the header to whatever host the redirect names.
    A reply of more than `largest_reply` bytes, unpacked, is dropped before it fills the memory:
    250 products of 600 variants each are half a gigabyte, and each worker may hold a page.
    Colons in the query of a v3 request go out as they are, as in all of the API's examples: one
    user found nothing by an encoded date. v2 takes a date only encoded.

    Not YAML: the CDK's ApiKeyAuthenticator sets the header and sees no replies, and `requests`
    encodes each colon.

    Sources: https://developer.bigcommerce.com/docs/start/authentication,
    https://github.com/bigcommerce/docs/issues/620 (v3 dates),
    https://github.com/bigcommerce/bigcommerce-api-ruby/issues/60 (v2 dates)
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    largest_reply: int = 64 * 2**20

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._on_reply = partial(_on_reply, largest=self.largest_reply)

    @property
    def auth_header(self) -> str:
        return "X-Auth-Token"

    @property
    def token(self) -> str:
        return str(self.config["access_token"])

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self.auth_header] = self.token
        request.hooks["response"] = [self._on_reply]
        if request.url and is_v3_url(request.url):
            request.url = request.url.replace("%3A", ":")
        return request


def _on_reply(response: requests.Response, *, largest: int, **_: Any) -> None:
    # Without a target, `requests` does not follow. The error handler then reports the 3xx.
    response.headers.pop("Location", None)
    response.raw = Bounded(response.raw, largest)
