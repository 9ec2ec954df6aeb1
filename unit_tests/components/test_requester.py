"""Requests of a list: constant parts are rendered once, the rest for each request."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from airbyte_cdk.sources.declarative.interpolation.jinja import JinjaInterpolation
from airbyte_cdk.sources.types import StreamSlice
from jinja2 import Environment
from requests_mock import ANY, Mocker

from source_bigcommerce.components import ErrorHandler, Requester, TokenAuthenticator
from source_bigcommerce.components import requester as requester_of
from source_bigcommerce.components.sync import Sync

CONFIG = {"access_token": "t", "page_size": 250, "channel_ids": [1, 2]}
HOST = "https://shop.example"


def requester(
    url: str, parameters: dict[str, str] | None = None, sync: Sync | None = None
) -> Requester:
    sync = sync or Sync()
    of_stream = {"include": "lines", "channels": "channel_id:in"}
    return Requester(
        name="x",
        config=CONFIG,
        parameters=of_stream,
        url=url,
        authenticator=TokenAuthenticator(CONFIG, {}),
        error_handler=ErrorHandler(config=CONFIG, parameters={}, api_budget=sync),
        request_headers={"Accept": "application/json"},
        request_parameters=parameters or {},
        api_budget=sync,
    )


def of(**slice_: Any) -> StreamSlice:
    return StreamSlice(partition=slice_, cursor_slice={"end_time": f"of {slice_}"})


def test_a_request_holds_constant_and_other_parts_in_the_order_given(
    requests_mock: Mocker,
) -> None:
    parameters = {
        "include": "{{ parameters['include'] }}",
        "max": "{{ stream_slice['end_time'] }}",
        "{{ parameters['channels'] }}": "{{ '\"%s\"' % (config['channel_ids'] | join(',')) }}",
        "{{ parameters['channel'] }}": "{{ config['channel_ids'][0] if parameters['channel'] }}",
    }
    asks = requester(f"{HOST}/orders/{{order_id}}/products", parameters)
    requests_mock.get(f"{HOST}/orders/7/products", json=[])
    requests_mock.get(f"{HOST}/orders/8/products", json=[])
    asks.send_request(stream_slice=of(order_id=7), request_params={"limit": 2})
    asks.send_request(stream_slice=of(order_id=8))
    assert [request.url for request in requests_mock.request_history] == [
        f"{HOST}/orders/7/products?include=lines"
        "&max=of+%7B%27order_id%27%3A+7%7D&channel_id%3Ain=1%2C2&limit=2",
        f"{HOST}/orders/8/products?include=lines"
        "&max=of+%7B%27order_id%27%3A+8%7D&channel_id%3Ain=1%2C2",
    ]
    assert {request.headers["Accept"] for request in requests_mock.request_history} == {
        "application/json"
    }


def test_templates_are_rendered_once_except_those_of_the_slice(
    requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: Counter[str] = Counter()
    render = JinjaInterpolation.eval

    def counted(self: Any, template: str, *args: Any, **more: Any) -> Any:
        rendered[template] += 1
        return render(self, template, *args, **more)

    monkeypatch.setattr(JinjaInterpolation, "eval", counted)
    requests_mock.get(ANY, json=[])
    of_slice, of_clock = "{{ stream_slice['end_time'] }}", "{{ now_utc() }}"
    asks = requester(HOST, {"a": "{{ parameters['include'] }}", "b": of_slice, "c": of_clock})
    for number in range(5):
        asks.send_request(stream_slice=of(order_id=number))
    assert rendered.pop(of_slice) == rendered.pop(of_clock) == 5
    rendered = Counter({key: count for key, count in rendered.items() if key not in ("b", "c")})
    assert set(rendered.values()) == {1}


def test_the_lists_of_a_sync_share_their_connections() -> None:
    sync = Sync()
    sessions = [requester(HOST, sync=sync)._http_client._session for _ in range(2)]
    for session in sessions:
        assert {session.get_adapter(f"{scheme}://x") for scheme in ("http", "https")} == {
            sync.connections
        }


def test_templates_that_streams_share_are_parsed_once(
    requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: Counter[str] = Counter()

    class Counting(Environment):
        def parse(self, source: str, *args: Any, **options: Any) -> Any:
            parsed[source] += 1
            return super().parse(source, *args, **options)

    monkeypatch.setattr(requester_of, "_ENVIRONMENT", Counting())
    requests_mock.get(ANY, json=[])
    own = "{{ config['page_size'] }} of this test alone"
    for stream in ("brands", "pages"):
        requester(f"{HOST}/{stream}", {"limit": own}).send_request(stream_slice=of())
    assert parsed[own] == 1
