"""Consent and token exchange as the spec declares them, played against the sandbox's login."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from airbyte_cdk.models import ConnectorSpecificationSerializer

from integration_tests.syncs import sync
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce

LOGIN = "https://login.bigcommerce.com"
REDIRECT = "https://cloud.example.com/auth_flow?workspace=1&x=2"
# The names that Airbyte gives to the declared placeholders where the spec overrides none.
KEYS = {f"{name}_key": name for name in ("client_id", "client_secret", "redirect_uri", "scope")}
KEYS |= {"state_key": "state", "auth_code_key": "code"}


@pytest.fixture(scope="module")
def auth() -> dict[str, Any]:
    spec = ConnectorSpecificationSerializer.dump(SourceBigcommerce().spec(None))  # type: ignore[arg-type]
    return dict(spec["advanced_auth"]["oauth_config_specification"])


def rendered(template: str, values: Mapping[str, str]) -> str:
    """As Airbyte does it: placeholders from the inside out, `urlEncoder` on what they give."""
    innermost = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
    while match := innermost.search(template):
        expression, _, function = match[1].partition("|")
        value = values.get(expression.strip(), expression.strip())
        assert function.strip() in ("", "urlEncoder")
        value = quote(value, safe="") if function else value
        template = template[: match.start()] + value + template[match.end() :]
    return template


def flow(auth: Mapping[str, Any], store: Sandbox, **values: str) -> dict[str, Any]:
    """What the exchange fills into the configuration."""
    inputs = auth["oauth_connector_input_specification"]
    values = {
        **KEYS,
        "client_id_value": store.options.client_id,
        "client_secret_value": store.options.client_secret,
        "redirect_uri_value": REDIRECT,
        "scope_value": inputs["scope"],
        "state_value": "state-1",
        "store_hash": store.store_hash,
        **values,
    }
    consent = rendered(inputs["consent_url"], values)
    assert consent.startswith(f"{LOGIN}/app/{values['client_id_value']}/install?")
    asked = {name: found[0] for name, found in parse_qs(urlsplit(consent).query).items()}
    assert asked == {
        "context": f"stores/{values['store_hash']}",
        "scope": inputs["scope"],
        "redirect_uri": REDIRECT,
        "state": "state-1",
    }
    reply = requests.get(consent.replace(LOGIN, store.url), allow_redirects=False, timeout=10)
    assert reply.status_code == 302
    back = {k: found[0] for k, found in parse_qs(urlsplit(reply.headers["Location"]).query).items()}
    assert back["state"] == "state-1"
    assert back["context"] == f"stores/{store.store_hash}"

    values["auth_code_value"] = back["code"]
    params = inputs["access_token_params"]
    exchange = requests.post(
        rendered(inputs["access_token_url"], values).replace(LOGIN, store.url),
        json={rendered(key, values): rendered(value, values) for key, value in params.items()},
        headers=inputs["access_token_headers"],
        timeout=10,
    )
    exchange.raise_for_status()
    found = {key: exchange.json()[key] for key in inputs["extract_output"]}
    outputs = auth["complete_oauth_output_specification"]
    assert outputs.keys() == found.keys()
    return {".".join(outputs[key]["path_in_connector_config"]): found[key] for key in outputs}


def test_login_when_the_owner_consents_fills_in_a_token_that_reads_the_store(
    auth: dict[str, Any], store: Sandbox
) -> None:
    filled_in = flow(auth, store)
    assert filled_in == {"access_token": store.access_token}
    result = sync(store, "store", **filled_in)
    assert len(result.records["store"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"client_secret_value": "other"}, {"scope_key": "scopes"}, {"client_secret_key": "secret"}],
)
def test_login_when_a_request_is_not_as_the_api_wants_it_is_refused(
    auth: dict[str, Any], store: Sandbox, wrong: dict[str, str]
) -> None:
    with pytest.raises((requests.HTTPError, AssertionError)):
        flow(auth, store, **wrong)


def test_spec_when_tokens_are_typed_by_hand_asks_for_nothing_of_the_app(
    auth: dict[str, Any],
) -> None:
    assert auth["oauth_user_input_from_connector_config_specification"] == {
        "store_hash": {"type": "string", "path_in_connector_config": ["store_hash"]}
    }
    app = auth["complete_oauth_server_input_specification"]
    assert set(app) == {"client_id", "client_secret"}
    spec = SourceBigcommerce().spec(None)  # type: ignore[arg-type]
    assert not set(app) & set(spec.connectionSpecification["properties"])


def test_configuration_when_it_holds_a_client_id_is_read_without_it(store: Sandbox) -> None:
    result = sync(store, "store", client_id="from-another-form")
    assert len(result.records["store"]) == 1
    assert result.errors == []
