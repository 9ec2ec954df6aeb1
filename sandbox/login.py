"""The login server: how an app gets the access token of a store that installs it.

Source: https://developer.bigcommerce.com/docs/integrations/apps/guide/auth
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

import orjson

from sandbox.options import Options
from sandbox.reply import Reply, Request

_GRANT = "authorization_code"
_FIELDS = ("client_id", "client_secret", "code", "context", "scope", "grant_type", "redirect_uri")


@dataclass
class Login:
    """`GET /app/{client_id}/install` consents at once; `POST /oauth2/token` takes the code back."""

    options: Options
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was consented to, by the code that stands for it."""

    def answer(self, request: Request) -> Reply | None:
        """None for what is not of the login server."""
        call = (request.method, request.path)
        if call == ("GET", f"/app/{self.options.client_id}/install"):
            query = {name: values[0] for name, values in parse_qs(request.raw_query).items()}
            return self._consent(query)
        if call == ("POST", "/oauth2/token"):
            return self._exchange(request.body)
        return None

    def _consent(self, query: dict[str, str]) -> Reply:
        context = f"stores/{self.options.store_hash}"
        if query.get("context", context) != context or not query.get("redirect_uri"):
            return _refusal("The request is missing a required parameter or names no store.")
        code = secrets.token_urlsafe(16)
        granted = {"code": code, "scope": query.get("scope", ""), "context": context}
        self._codes[code] = {**granted, "redirect_uri": query["redirect_uri"]}
        back = {**granted, "account_uuid": "00000000-0000-4000-8000-000000000001"}
        if "state" in query:
            back["state"] = query["state"]
        joint = "&" if "?" in query["redirect_uri"] else "?"
        location = f"{query['redirect_uri']}{joint}{urlencode(back)}"
        return Reply(302, headers=(("Location", location),))

    def _exchange(self, body: bytes) -> Reply:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _refusal("The body is not JSON.")
        if missing := [name for name in _FIELDS if not given.get(name)]:
            return _refusal(f"Missing: {', '.join(missing)}.")
        granted = self._codes.pop(given["code"], {})  # a code is good for one exchange
        wanted = {
            **granted,
            "client_id": self.options.client_id,
            "client_secret": self.options.client_secret,
            "grant_type": _GRANT,
        }
        if not granted or any(given[name] != value for name, value in wanted.items()):
            return _refusal("The code, the app or what was consented to does not match.")
        user = {"id": 1, "username": "owner", "email": "owner@example.com"}
        reply = {
            "access_token": self.options.access_token,
            "scope": granted["scope"],
            "user": user,
            "owner": user,
            "context": granted["context"],
            "account_uuid": "00000000-0000-4000-8000-000000000001",
        }
        return Reply(200, orjson.dumps(reply))


def _refusal(reason: str) -> Reply:
    return Reply(400, orjson.dumps({"error": reason}))
