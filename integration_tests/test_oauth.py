"""Consent and token exchange as the spec declares them, against the sandbox's login server."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import jsonschema
import pytest
import requests
from airbyte_cdk.models import ConnectorSpecificationSerializer

from integration_tests.syncs import sync
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce

LOGIN = "https://login.bigcommerce.com"
REDIRECT = "https://cloud.example.com/auth_flow?workspace=1&x=2"
STATE = "s.t-a_t3"
# The platform's names of the parameters, unless the spec overrides them.
NAMES = {name: name for name in ("client_id", "client_secret", "redirect_uri", "scope", "state")}
NAMES |= {"auth_code": "code"}

Values = dict[str, str]


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    dumped = ConnectorSpecificationSerializer.dump(SourceBigcommerce().spec(None))  # type: ignore[arg-type]
    return dict(dumped)


@pytest.fixture(scope="module")
def auth(spec: dict[str, Any]) -> dict[str, Any]:
    return dict(spec["advanced_auth"]["oauth_config_specification"])


# The platform, as https://github.com/airbytehq/airbyte-platform does it (airbyte-oauth)

FILTERS: dict[str, Callable[..., str]] = {
    "urlencode": lambda text: quote_plus(text, safe="*-._"),
    "replace": lambda text, old, new: text.replace(old, new),
    "b64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "codechallengeS256": lambda text: base64.b64encode(sha256(text.encode()).digest()).decode(),
}
EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
# A name, and filters with quoted texts.
ARGUMENTS = r"(?:\(\s*(?:'[^']*'\s*,?\s*)*\))?"
CHAIN = re.compile(rf"\s*(\w+)((?:\s*\|\s*\w+{ARGUMENTS})*)\s*")
FILTER = re.compile(rf"\|\s*(\w+)({ARGUMENTS})")


def rendered(template: str, values: Values) -> str:
    """Renders as Jinjava does: an expression ends at the first `}}`; a missing value is empty.

    Raises ValueError for anything that is no expression, and for an unknown filter.
    """

    def value_of(found: re.Match[str]) -> str:
        chain = CHAIN.fullmatch(found[1])
        if not chain:
            raise ValueError(f"no expression: {found[0]}")
        value = values.get(chain[1], "")
        for name, arguments in FILTER.findall(chain[2]):
            if name not in FILTERS:
                raise ValueError(f"no filter {name}")
            value = FILTERS[name](value, *re.findall(r"'([^']*)'", arguments))
        return value

    return EXPRESSION.sub(value_of, template)


def values_of(auth: Mapping[str, Any], form: Values, **given: str) -> Values:
    """The values that templates may name: those of the form, of the block and of the flow."""
    inputs = auth["oauth_connector_input_specification"]
    values = form | {key: value for key, value in inputs.items() if isinstance(value, str)}
    given = {"scope": values.get("scope", ""), **given}
    for name, key in NAMES.items():
        value = given.get(name, "")
        encoded = quote_plus(value) if name in ("redirect_uri", "scope") else value
        values |= {f"{name}_key": key, f"{name}_value": value, f"{name}_param": f"{key}={encoded}"}
    return values


def asked_of_the_form(auth: Mapping[str, Any], form: Mapping[str, Any]) -> Values:
    """Values that the platform takes from the form. Raises ValidationError if one is missing."""
    schema = auth["oauth_user_input_from_connector_config_specification"]
    paths = {
        name: field["path_in_connector_config"]
        for name, field in schema.get("properties", {}).items()
    }
    found = {name: form[path[0]] for name, path in paths.items() if path[0] in form}
    jsonschema.validate(found, schema)
    return found


def put_into_the_form(auth: Mapping[str, Any], reply: Mapping[str, Any]) -> Values:
    """Raises KeyError if the reply lacks what is declared."""
    inputs, schema = (
        auth["oauth_connector_input_specification"],
        auth["complete_oauth_output_specification"],
    )
    fields = schema.get("properties", {})
    paths = [".".join(field["path_in_oauth_response"]) for field in fields.values()]
    extracted = {name: reply[name] for name in inputs.get("extract_output", paths)}
    output = {name: value for name, value in extracted.items() if name in fields}
    jsonschema.validate(output, schema)
    return {".".join(fields[name]["path_in_connector_config"]): output[name] for name in output}


def consent_address(auth: Mapping[str, Any], store_hash: str, client_id: str = "app") -> str:
    form = asked_of_the_form(auth, {"store_hash": store_hash})
    values = values_of(auth, form, client_id=client_id, redirect_uri=REDIRECT, state=STATE)
    address = rendered(auth["oauth_connector_input_specification"]["consent_url"], values)
    # What java.net.URI accepts.
    assert re.fullmatch(r"https://[A-Za-z0-9./?&=%*_+-]+", address)
    return address


def token_request(auth: Mapping[str, Any], store_hash: str, **given: str) -> Values:
    inputs = auth["oauth_connector_input_specification"]
    values = values_of(auth, asked_of_the_form(auth, {"store_hash": store_hash}), **given)
    params = inputs["access_token_params"]
    return {rendered(key, values): rendered(value, values) for key, value in params.items()}


def flow(
    auth: Mapping[str, Any], store: Sandbox, store_hash: str | None = None, **wrong: str
) -> dict[str, Any]:
    """The values that the exchange fills into the form."""
    inputs, options = auth["oauth_connector_input_specification"], store.options
    store_hash = store_hash or store.store_hash
    consent = consent_address(auth, store_hash, options.client_id)
    reply = requests.get(consent.replace(LOGIN, store.url), allow_redirects=False, timeout=10)
    assert reply.status_code == 302
    back = {k: found[0] for k, found in parse_qs(urlsplit(reply.headers["Location"]).query).items()}
    assert back["state"] == STATE
    assert back["context"] == f"stores/{store.store_hash}"
    given = {
        "client_id": options.client_id,
        "client_secret": options.client_secret,
        "auth_code": back["code"],
        "redirect_uri": REDIRECT,
        "state": back["state"],
        **wrong,
    }
    exchange = requests.post(
        rendered(inputs["access_token_url"], given).replace(LOGIN, store.url),
        json=token_request(auth, store_hash, **given),
        headers=inputs["access_token_headers"],
        timeout=10,
    )
    exchange.raise_for_status()
    return put_into_the_form(auth, exchange.json())


# What the platform makes of the spec

SCOPES_OF_BOTH = ("store_v2_orders_read_only", "store_v2_default")


def test_the_consent_address_holds_the_store_the_scopes_and_the_way_back(
    auth: dict[str, Any],
) -> None:
    address = consent_address(auth, "abc123")
    assert address.startswith(f"{LOGIN}/app/app/install?context=stores%2Fabc123&scope=store_v2_")
    asked = parse_qs(urlsplit(address).query)
    scopes = auth["oauth_connector_input_specification"]["scope"]
    assert asked == {
        "context": ["stores/abc123"],
        "scope": [scopes],
        "redirect_uri": [REDIRECT],
        "state": [STATE],
    }
    assert set(SCOPES_OF_BOTH) <= set(scopes.split(" "))


def test_the_token_request_holds_all_that_the_api_wants(
    auth: dict[str, Any],
) -> None:
    given = {"client_id": "app", "client_secret": "s", "auth_code": "c", "redirect_uri": REDIRECT}
    assert token_request(auth, "abc123", **given) == {
        "client_id": "app",
        "client_secret": "s",
        "code": "c",
        "context": "stores/abc123",
        "scope": auth["oauth_connector_input_specification"]["scope"],
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT,
    }
    headers = auth["oauth_connector_input_specification"]["access_token_headers"]
    assert headers == {"Content-Type": "application/json", "Accept": "application/json"}


def test_both_requests_hold_the_same_store_however_it_is_typed(
    spec: dict[str, Any], auth: dict[str, Any]
) -> None:
    field = spec["connectionSpecification"]["properties"]["store_hash"]
    assert len(field["examples"]) == 3
    for typed in [*field["examples"], "stores/abc123", "api.bigcommerce.com/stores/abc123/v3"]:
        assert "?context=stores%2Fabc123&" in consent_address(auth, typed)
        assert token_request(auth, typed)["context"] == "stores/abc123"


def test_the_login_asks_for_the_store_first(auth: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError, match="'store_hash' is a required property"):
        asked_of_the_form(auth, {"access_token": "typed"})


@pytest.mark.parametrize(
    "template", ["{{ a | urlEncoder }}", "{{ s/{{a}} | urlencode }}", "{{ a b }}"]
)
def test_a_template_that_the_platform_cannot_render_fails_here_too(template: str) -> None:
    with pytest.raises(ValueError, match="no "):
        rendered(template, {"a": "1"})
    assert rendered("{{a}}{{ unknown }}{{ a|replace('1', '/') | urlencode }}", {"a": "1"}) == "1%2F"


# With the login of the sandbox


def test_the_login_fills_in_a_token_that_reads_the_store(
    auth: dict[str, Any], store: Sandbox
) -> None:
    filled_in = flow(auth, store)
    assert filled_in == {"access_token": store.access_token}
    result = sync(store, "store", **filled_in)
    assert len(result.records["store"]) == 1


def test_the_login_accepts_the_store_as_an_address(auth: dict[str, Any], store: Sandbox) -> None:
    typed = f"https://api.bigcommerce.com/stores/{store.store_hash}/v3/"
    assert flow(auth, store, typed) == {"access_token": store.access_token}


@pytest.mark.parametrize(
    "wrong", ["client_id", "client_secret", "auth_code", "redirect_uri", "scope"]
)
def test_the_login_refuses_requests_that_the_api_would_refuse(
    auth: dict[str, Any], store: Sandbox, wrong: str
) -> None:
    with pytest.raises(requests.HTTPError):
        flow(auth, store, **{wrong: "other"})


def test_the_form_asks_for_nothing_of_the_app_if_the_token_is_typed(
    spec: dict[str, Any], auth: dict[str, Any]
) -> None:
    """No predicate: the form offers the login if the platform has an app, otherwise the field."""
    app = auth["complete_oauth_server_input_specification"]
    assert set(app["required"]) == set(app["properties"]) == {"client_id", "client_secret"}
    assert not set(app["properties"]) & set(spec["connectionSpecification"]["properties"])
    assert not spec["advanced_auth"].get("predicate_key")
    assert not spec["advanced_auth"].get("predicate_value")
    assert not auth.get("complete_oauth_server_output_specification")
    output = auth["complete_oauth_output_specification"]
    assert output["required"] == ["access_token"]
    required = spec["connectionSpecification"]["required"]
    assert required == ["store_hash", "access_token"]


def test_a_client_id_in_the_configuration_is_ignored(store: Sandbox) -> None:
    result = sync(store, "store", client_id="from-another-form")
    assert len(result.records["store"]) == 1
    assert result.errors == []
