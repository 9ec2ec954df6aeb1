"""B2B Edition: offered by a switch, with a host and a quota of its own, closed in one sentence."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import requests_mock
from airbyte_cdk.models import FailureType, Level, Status
from airbyte_cdk.sources.streams.http import rate_limiting

from integration_tests.rows import assert_equal, rows_of
from integration_tests.syncs import catalog_of, config_for, sync
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import sync as syncs_own
from source_bigcommerce.components.budget import Limit
from source_bigcommerce.components.messages import B2B_CLOSED, B2B_OFF
from unit_tests.streams import B2B, OF_THE_SYNC, STREAMS

LOGGER = logging.getLogger("airbyte")
CONFIG = {"store_hash": "abc123", "access_token": "secret-token"}
ALL = {row.name for row in STREAMS}.union(OF_THE_SYNC)
OURS = {row.name for row in STREAMS if row.scope == B2B}
SMALL: dict[str, Any] = {"orders": 30, "customers": 10, "products": 10}


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with Sandbox(**SMALL) as store:
        yield store


# The switch


@pytest.mark.parametrize("switch", [{}, {"b2b_edition": False}, {"b2b_edition": "off"}])
def test_no_streams_are_offered_if_the_switch_is_off(switch: dict[str, Any]) -> None:
    config = {**CONFIG, **switch}
    catalog = SourceBigcommerce(config=config).discover(LOGGER, config)
    assert {stream.name for stream in catalog.streams} == ALL - OURS


def test_the_streams_are_offered_if_the_switch_is_on() -> None:
    config = {**CONFIG, "b2b_edition": True}
    catalog = SourceBigcommerce(config=config).discover(LOGGER, config)
    assert {stream.name for stream in catalog.streams} == ALL


def test_a_sync_says_which_streams_need_the_switch(store: Sandbox) -> None:
    read = sync(store, "brands", "b2b_users", b2b_edition=False, failing=True)
    assert B2B_OFF.message(names="b2b_users") in {error.message for error in read.errors}
    assert store.requests("b2b_users.list") == []
    assert read.records["brands"]


def test_the_check_asks_nothing_of_b2b_edition_if_the_switch_is_off(store: Sandbox) -> None:
    config = config_for(store)
    assert SourceBigcommerce(config=config).check(LOGGER, config).message is None
    assert not [entry for entry in store.log if entry.operation.startswith("b2b_")]


def test_the_check_asks_b2b_edition_once_if_the_switch_is_on(store: Sandbox) -> None:
    config = config_for(store, b2b_edition=True)
    assert SourceBigcommerce(config=config).check(LOGGER, config).message is None
    asked = [entry for entry in store.log if entry.operation.startswith("b2b_")]
    assert [entry.query["limit"] for entry in asked] == ["1"]


# A store without it


@pytest.mark.parametrize("status", [401, 403, 404])
def test_the_check_of_a_store_without_b2b_edition_is_one_sentence(
    store: Sandbox, status: int
) -> None:
    store.options.without_b2b = status
    config = config_for(store, b2b_edition=True)
    found = SourceBigcommerce(config=config).check(LOGGER, config)
    assert (found.status, found.message) == (Status.SUCCEEDED, B2B_CLOSED.message(status=status))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_sync_of_a_store_without_b2b_edition_says_so_and_reads_the_other_streams(
    store: Sandbox, status: int
) -> None:
    store.options.without_b2b = status
    read = sync(store, "brands", "b2b_users", failing=True)
    assert read.records["brands"]
    [told] = [error for error in read.errors if error.stream_descriptor]
    assert told.message == B2B_CLOSED.message(status=status)
    assert told.failure_type == FailureType.config_error
    # Each of its two windows asks, and none asks again.
    assert len(store.requests("b2b_users.list")) <= 2


def test_an_error_with_status_200_is_not_an_empty_list(store: Sandbox) -> None:
    body = '{"code": 422, "data": [], "meta": {"message": "Parameter Error"}}'
    fault = store.faults.add("b2b_users.list", "status", status=200, body=body)
    read = sync(store, "b2b_users")
    assert fault.fired == 1
    assert len(read.records["b2b_users"]) == len(store.rows("b2b_users"))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_with_status_200_is_reported_like_any_other(store: Sandbox, status: int) -> None:
    body = json.dumps({"code": status, "data": {}, "meta": {"message": "No access"}})
    store.faults.add("b2b_users.list", "status", status=200, body=body, times=None)
    read = sync(store, "b2b_users", failing=True)
    [told] = [error for error in read.errors if error.stream_descriptor]
    assert told.message == B2B_CLOSED.message(status=status)
    assert "No access" in (told.internal_message or "")
    assert "b2b_users" not in read.records


def test_a_404_in_the_body_of_one_company_does_not_hide_the_terms_of_others(
    store: Sandbox,
) -> None:
    body = '{"code": 404, "data": {}, "meta": {"message": "This resource is not found."}}'
    store.faults.add("b2b_payment_terms.get", "status", status=200, body=body)
    read = sync(store, "b2b_payment_terms")
    assert read.errors == []
    assert len(read.records["b2b_payment_terms"]) == len(store.rows("b2b_companies")) - 1


def test_a_listed_quote_that_is_not_found_is_an_error(store: Sandbox) -> None:
    """Its day may be wrong: the time zone of this day is not documented."""
    fault = store.faults.add("b2b_quotes.get", "status", status=404)
    whole = sync(store, "b2b_quotes")
    assert (whole.errors, fault.fired) == ([], 1)
    assert len(whole.records["b2b_quotes"]) == len(store.rows("b2b_quotes"))
    store.faults.add("b2b_quotes.get", "status", status=404, times=None)
    read = sync(store, "b2b_quotes", failing=True, tries=2)
    [told] = [error for error in read.errors if error.stream_descriptor]
    assert told.message.startswith("BigCommerce answered 404 2 times in a row.")


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_refusal_for_another_reason_is_an_error(store: Sandbox, status: int) -> None:
    body = json.dumps({"code": status, "data": {}, "meta": {"message": "No access"}})
    lists = {"b2b_orders": "b2b_channels.list", "b2b_company_credit": "b2b_company_credit.get"}
    for operation in lists.values():
        store.faults.add(operation, "status", status=status, body=body, times=None)
    read = sync(store, *lists, failing=True, tries=1)
    told = {each.stream_descriptor.name for each in read.errors if each.stream_descriptor}
    assert told == lists.keys()


def test_channels_with_ids_of_another_kind_are_not_asked_for(store: Sandbox) -> None:
    body = json.dumps({"code": 200, "data": [{"channelId": [1]}, {"channelId": {"a": 1}}]})
    store.faults.add("b2b_channels.list", "status", status=200, body=body, times=None)
    read = sync(store, "b2b_orders")
    assert read.errors == []
    assert store.requests("b2b_channels.list")
    assert_equal("b2b_orders", read.records["b2b_orders"], rows_of(store, "b2b_orders"))


def test_a_user_without_a_company_leaves_the_lists_of_the_others(store: Sandbox) -> None:
    """The words of the OpenAPI file."""
    wrong = {"user Id": ["user must belong to a company"]}
    body = {"code": 422, "data": {"errMsg": wrong}, "meta": {"message": "Parameter Error"}}
    fault = store.faults.add("b2b_shopping_lists.list", "status", status=422, body=json.dumps(body))
    read = sync(store, "b2b_shopping_lists", num_workers=1)
    assert (read.errors, fault.fired) == ([], 1)
    assert len(store.requests("b2b_shopping_lists.list")) == len(store.rows("b2b_users"))


def test_a_store_without_credit_has_no_rows_of_credit(store: Sandbox) -> None:
    store.options.b2b_credit = False
    read = sync(store, "b2b_company_credit", "b2b_payment_terms")
    assert read.errors == []
    assert "b2b_company_credit" not in read.records
    assert len(read.records["b2b_payment_terms"]) == len(store.rows("b2b_companies"))
    [said] = [line for line in read.logs(Level.INFO) if "the store has none of this" in line][:1]
    assert "company credit" in said


def test_a_list_that_several_users_see_comes_once(store: Sandbox) -> None:
    lists = store.rows("b2b_shopping_lists")
    body = {"code": 200, "data": lists, "meta": {"pagination": {"totalCount": len(lists)}}}
    store.faults.add(
        "b2b_shopping_lists.list", "status", status=200, body=json.dumps(body), times=None
    )
    read = sync(store, "b2b_shopping_lists")
    assert read.errors == []
    found = [row["id"] for row in read.records["b2b_shopping_lists"]]
    assert sorted(found) == sorted(row["id"] for row in lists)


@pytest.mark.parametrize("channels", ["all", "first", "none"])
@pytest.mark.parametrize("name", ["b2b_orders", "b2b_quotes"])
def test_rows_of_all_channels_come_if_the_api_sends_only_one_by_default(
    store: Sandbox, name: str, channels: str
) -> None:
    store.options.b2b_channels = channels
    read = sync(store, name)
    assert read.errors == []
    there = store.rows(name)
    assert len({row["channelId"] for row in there}) > 1
    assert_equal(name, read.records[name], rows_of(store, name))


def test_only_rows_of_chosen_channels_are_asked_for(store: Sandbox) -> None:
    read = sync(store, "b2b_orders", channel_ids=[1])
    assert {row["channelId"] for row in read.records["b2b_orders"]} == {1}
    asked = store.requests("b2b_orders.list")
    assert {entry.query["channelIds[]"] for entry in asked} == {"1"}
    assert store.requests("b2b_channels.list") == []


def test_orders_of_all_years_come_if_the_api_sends_only_the_last_by_default() -> None:
    with Sandbox(**SMALL) as store:
        read = sync(store, "b2b_orders")
        years = {row["updatedAt"][:4] for row in read.records["b2b_orders"]}
        assert len(years) > 3
        assert_equal("b2b_orders", read.records["b2b_orders"], rows_of(store, "b2b_orders"))


# The host


def hosts_asked(api_url: str | None) -> dict[str, set[str]]:
    """Who is asked for which kind of path, and sent the token."""
    config: dict[str, Any] = {**CONFIG, "b2b_edition": True}
    if api_url:
        config["api_url"] = api_url
    with requests_mock.Mocker() as mocker:
        mocker.get(re.compile("/v2/time"), json={"time": 1767225600})
        mocker.get(re.compile("/v3/catalog/"), json={"data": []})
        mocker.get(re.compile("/api/v3/io/"), json={"code": 200, "data": []})
        catalog = catalog_of(["brands", "b2b_users", "b2b_addresses"], config)
        list(SourceBigcommerce(config=config).read(LOGGER, config, catalog))
        found: dict[str, set[str]] = {"store": set(), "b2b": set()}
        for request in mocker.request_history:
            assert request.headers["X-Auth-Token"] == "secret-token"
            is_b2b = "/stores/" not in request.url
            assert request.headers.get("X-Store-Hash") == ("abc123" if is_b2b else None)
            url = urlsplit(request.url)
            found["b2b" if is_b2b else "store"].add(f"{url.scheme}://{url.netloc}")
    return found


@pytest.mark.parametrize(
    "default", [None, "https://api.bigcommerce.com", "https://API.bigcommerce.com/"]
)
def test_b2b_edition_has_its_own_host_if_the_address_is_bigcommerces(
    default: str | None,
) -> None:
    found = hosts_asked(default)
    assert {host.lower() for host in found["store"]} == {"https://api.bigcommerce.com"}
    assert found["b2b"] == {"https://api-b2b.bigcommerce.com"}


@pytest.mark.parametrize(
    "gateway",
    [
        "https://gateway.example.com",
        "https://gateway.example.com/bigcommerce",
        "https://api.bigcommerce.com.example.com",
        "http://127.0.0.1:8080",
    ],
)
def test_the_token_goes_to_no_host_but_the_given_address(gateway: str) -> None:
    url = urlsplit(gateway)
    root = f"{url.scheme}://{url.netloc}"
    assert hosts_asked(gateway) == {"store": {root}, "b2b": {root}}


# The quota


def test_a_sync_goes_on_with_the_store_if_the_quota_of_b2b_edition_is_used_up(
    store: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(rate_limiting.time, "sleep", waits.append)
    fault = store.faults.add("b2b_users.list", "rate_limit", headers=False, times=3)
    read = sync(store, "b2b_users", "brands", "b2b_addresses")
    assert read.errors == []
    assert fault.fired == 3
    assert len(waits) >= 3
    assert len(read.records["b2b_users"]) == len(store.rows("b2b_users"))


@pytest.mark.parametrize(("limited", "other"), [("b2b", "store"), ("store", "b2b")])
def test_a_pause_for_one_host_does_not_hold_up_the_other(limited: str, other: str) -> None:
    source = SourceBigcommerce(config={**CONFIG, "b2b_edition": True, "quota_share": 40})
    quotas = {"store": source._sync.quotas, "b2b": source._sync.b2b_quotas}
    request = {
        "store": "https://api.bigcommerce.com/stores/abc123/v3/catalog/brands",
        "b2b": "https://api-b2b.bigcommerce.com/api/v3/io/users",
    }
    with requests_mock.Mocker() as mocker:
        mocker.get(request[limited], status_code=429, headers={"X-Retry-After": "40"})
        asked = requests.Request("GET", request[limited]).prepare()
        source._sync.acquire_call(asked)
        source._sync.update_from_response(asked, requests.get(request[limited], timeout=1))
    assert quotas[limited].pause > 30
    assert quotas[other].pause <= 0
    assert source._sync.pause > 30
    assert (quotas[limited].sent, quotas[other].sent) == (1, 0)
    source._sync.acquire_call(requests.Request("GET", request[other]).prepare())
    assert quotas[other].sent == 1
    assert {quota._share for quota in quotas.values()} == {40}


# The limit of 150 requests a minute


@pytest.mark.alone
@pytest.mark.parametrize("share", [100, 50])
def test_a_host_that_grants_few_requests_and_counts_none_refuses_none(
    monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    """It has windows of its own, and its replies have no headers about them."""
    granted, seconds = 12, 0.5
    monkeypatch.setattr(syncs_own, "B2B_LIMIT", Limit(granted, seconds))
    window_ms = int(seconds * 1000)
    quotas = {"/api/v3/io/": granted * share // 100}
    with Sandbox(**SMALL, window_ms=window_ms, resource_quotas=quotas) as store:
        read = sync(
            store, "b2b_users", "b2b_shopping_lists", "b2b_company_credit", quota_share=share
        )
        assert_equal(
            "b2b_shopping_lists",
            read.records["b2b_shopping_lists"],
            rows_of(store, "b2b_shopping_lists"),
        )
        asked = [entry for entry in store.log if entry.operation.startswith("b2b_")]
    assert [entry for entry in asked if entry.status == 429] == []
    assert len(asked) > 2 * granted
    assert any("documented limit" in line for line in read.logs(Level.INFO))
