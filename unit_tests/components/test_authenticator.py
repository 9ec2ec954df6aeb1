"""Where the token goes, and how much of a reply is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import requests

from source_bigcommerce.components import TokenAuthenticator
from source_bigcommerce.components.reply import ReplyTooLarge

AUTHENTICATOR = TokenAuthenticator({"access_token": "secret-token"}, parameters={})


class Host(HTTPServer):
    """A web server that redirects to `target`, if that is set, and keeps the tokens it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Redirect)
        self.target = ""
        self.tokens: list[str | None] = []
        self.body = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Redirect(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self.server.tokens.append(self.headers["X-Auth-Token"])
        self.send_response(302 if self.server.target else 200)
        self.send_header("Location", self.server.target)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    """A store that redirects, and the host that it redirects to."""
    store, stranger = Host(), Host()
    store.target = stranger.url
    for host in (store, stranger):
        Thread(target=host.serve_forever, args=(0.01,), daemon=True).start()
    yield store, stranger
    for host in (store, stranger):
        host.shutdown()
        host.server_close()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.auth = AUTHENTICATOR
        yield session


def test_the_token_never_follows_a_redirect_to_another_host(
    hosts: tuple[Host, Host], session: requests.Session
) -> None:
    store, stranger = hosts
    response = session.get(store.url, timeout=5)
    assert (response.status_code, response.history) == (302, [])
    assert "Location" not in response.headers
    assert (store.tokens, stranger.tokens) == (["secret-token"], [])


@pytest.mark.parametrize(
    ("largest", "size", "fits"),
    [(1000, 1000, True), (1000, 1001, False), (1000, 100_000, False), (2**26, 100_000, True)],
)
def test_a_reply_larger_than_allowed_is_dropped(
    hosts: tuple[Host, Host], largest: int, size: int, fits: bool
) -> None:
    store, _ = hosts
    store.target, store.body = "", b"x" * size
    with requests.Session() as session:
        session.auth = TokenAuthenticator({"access_token": "t"}, {}, largest_reply=largest)
        with nullcontext() if fits else pytest.raises(ReplyTooLarge, match="1000"):
            assert session.get(store.url, timeout=5).content == store.body


def test_the_token_of_a_repeated_request_is_sent_once_and_not_redirected(
    hosts: tuple[Host, Host], session: requests.Session
) -> None:
    store, stranger = hosts
    request = session.prepare_request(requests.Request("GET", store.url))
    AUTHENTICATOR(request)  # the CDK does so before each retry
    assert len(request.hooks["response"]) == 1
    session.send(request, timeout=5)
    assert (store.tokens, stranger.tokens) == (["secret-token"], [])
