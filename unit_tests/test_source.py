"""What source.py adds to the manifest: the budget and the check."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import requests_mock
from airbyte_cdk.models import FailureType, Status
from airbyte_cdk.sources.declarative.models import DeclarativeStream as DeclarativeStreamModel
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import (
    ModelToComponentFactory,
)

from integration_tests.syncs import catalog_of
from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import error_handler
from source_bigcommerce.components.error_handler import ErrorHandler
from source_bigcommerce.components.messages import Problem
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.source import _QUEUED
from unit_tests.replies import API, B2B_API, clients_of
from unit_tests.streams import CONFIG, DELETIONS, OF_THE_SYNC, STREAMS, Expected

ROOT = Path(__file__).parents[1]
CHILDREN = {row.name for row in STREAMS if "{" in row.endpoint}
WITH_ARCHIVED = {row.name for row in STREAMS if row.archived_request}
OF_STORE_AND_CHANNELS = {row.name for row in STREAMS if row.channels_request}
KEYSET_PARENTS = {row.name for row in STREAMS if re.search(r"{(order|product)_id}", row.endpoint)}


@pytest.fixture
def api() -> Iterator[requests_mock.Mocker]:
    """An empty store where everything may be read."""
    with requests_mock.Mocker() as mocker:
        mocker.get(re.compile(f"{API}/v2/"), status_code=204)
        mocker.get(re.compile(f"{API}/v3/"), json={"data": [], "meta": {}})
        mocker.get(f"{API}/v2/orders", json=[{"id": 7, "date_modified": ""}])
        mocker.get(f"{API}/v2/orders?min_id=8", json=[{"id": 8, "date_modified": ""}])
        mocker.get(f"{API}/v2/orders?min_id=9", status_code=204)
        mocker.get(f"{API}/v2/store", json={"store_id": 1})
        mocker.get(re.compile(f"{B2B_API}/"), json={"code": 200, "data": []})
        yield mocker


# The budget


# Lists of v2 that another endpoint counts.
COUNTED = ("customer_groups", "coupons", "banners", "blog_posts", "countries", "states")


def test_one_budget_reaches_every_client() -> None:
    config = {**CONFIG, "quota_share": 40}
    source = SourceBigcommerce(config=config)
    budget = source._constructor._api_budget
    assert isinstance(budget, Sync)
    assert budget.quotas._share == 40
    clients = clients_of(source, config)
    # One for the parents and one for their children; orders are also counted, and asked for those
    # that the list hides. What a store and its channels have is asked for of both.
    assert {name: len(found) for name, found in clients.items()} == {
        row.name: 1
        + (row.name in CHILDREN)
        + 2 * (row.name in WITH_ARCHIVED)
        + bool(row.through)
        + (row.name in OF_STORE_AND_CHANNELS)
        + 2 * len(row.b2b_channels_request)
        + (row.name in COUNTED)
        for row in STREAMS
    } | {"sync_receipts": 0, "deleted_products": 2, "deleted_customers": 2, "deleted_orders": 4} | (
        dict.fromkeys(("deleted_subscribers", "deleted_brands", "deleted_categories"), 2)
    )
    for found in clients.values():
        for client in found:
            assert client._session._api_budget is budget


@pytest.mark.parametrize("command", ["read", "check"])
def test_streams_that_are_not_asked_for_are_not_built(
    api: requests_mock.Mocker, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    catalog = catalog_of(["brands", "store"], CONFIG)
    built: list[str] = []
    create = ModelToComponentFactory.create_component

    def counted(self: Any, *args: Any, **options: Any) -> Any:
        if args and args[0] is DeclarativeStreamModel:
            built.append(args[1]["name"])
        return create(self, *args, **options)

    monkeypatch.setattr(ModelToComponentFactory, "create_component", counted)
    source, logger = SourceBigcommerce(config=CONFIG), logging.getLogger("airbyte")
    if command == "read":
        list(source.read(logger, CONFIG, catalog))
        assert sorted(built) == ["brands", "store"]
    else:
        source.check(logger, CONFIG)
        assert len(built) == len({row.scope for row in STREAMS})
    built.clear()
    source.discover(logger, CONFIG)
    assert len(built) == len(STREAMS) + len(OF_THE_SYNC)


def test_few_records_wait_to_be_printed() -> None:
    source = SourceBigcommerce(config=CONFIG)
    queue = source._concurrent_source._queue
    assert queue.maxsize == _QUEUED
    # The one that streams put their logs and states into.
    assert source._message_repository._queue is queue  # type: ignore[attr-defined]


def test_error_handlers_shrink_keyset_pages_and_excuse_lone_orders() -> None:
    flags = {
        name: [
            (handler.shrinks_pages, handler.missing_is_empty)
            for handler in (client._error_handler for client in found)
            if isinstance(handler, ErrorHandler)
        ]
        for name, found in clients_of(SourceBigcommerce(config=CONFIG), CONFIG).items()
    }
    keyset, child, plain = (True, False), (False, True), (False, False)
    assert flags == (
        {row.name: [plain] for row in STREAMS}
        | {name: [plain, plain] for name in COUNTED}
        | {name: [plain, child] for name in CHILDREN}
        | {name: [plain, child, plain] for name in OF_STORE_AND_CHANNELS}
        | {name: [keyset, child] for name in KEYSET_PARENTS - WITH_ARCHIVED}
        | {name: [keyset, plain, keyset, child] for name in WITH_ARCHIVED}
        | {row.name: [plain, plain] for row in DELETIONS}
        | {"sync_receipts": [], "deleted_orders": [plain] * 4}
        | {
            "orders": [keyset, plain, keyset],
            "order_shipping_quotes": [keyset, plain, keyset, child, child],
            "products": [keyset],
            "b2b_orders": [plain, plain, child],
            "b2b_quotes": [plain, plain, child, plain],
            "channel_listings": [plain, (True, True)],
        }
    )


def test_the_installed_cdk_is_of_the_pinned_minor_version() -> None:
    """`_api_budget` and `_queue` are private to the CDK: look again before raising the pin."""
    installed = ".".join(version("airbyte-cdk").split(".")[:2])
    text = (ROOT / "pyproject.toml").read_text()
    manifest = (ROOT / "source_bigcommerce/manifest.yaml").read_text()
    pin = re.search(r'"airbyte-cdk>=(\d+\.\d+)\.\d+,<(\d+\.\d+)"', text)
    declared = re.search(r"^version: (\d+\.\d+)\.\d+$", manifest, re.MULTILINE)
    assert pin, "edit pyproject.toml: it must pin one minor version of airbyte-cdk"
    assert declared
    major, minor = pin[1].split(".")
    assert (pin[1], pin[2], declared[1]) == (installed, f"{major}.{int(minor) + 1}", installed)


# The check

EDIT = "edit source_bigcommerce/manifest.yaml"
RESOLVED = SourceBigcommerce().resolved_manifest
PROBES = RESOLVED["check"]["stream_names"]
TOKEN = (
    "BigCommerce does not accept the access token for this store. Paste the Access token and the "
    "Store hash of the same store-level API account."
)
NO_ACCESS = (
    "The access token opens none of the streams of this store. Check that the Store hash and the "
    "Access token belong together, and give the store-level API account the read-only scopes of "
    "the streams you want."
)
SUSPENDED = "The store is suspended. Ask BigCommerce support to reopen it, then sync again."


def lacking(scope: str, *also: str) -> str:
    """What the check says about all streams of a scope, in the order of the manifest."""
    listed = [stream["$parameters"] for stream in RESOLVED["streams"]]
    names = [each["name"] for each in listed if each.get("scope") == scope]
    streams = ", ".join([*names, *also])
    return (
        f"Some streams cannot be read: {streams} need the scope {scope} (read-only). Create a "
        "store-level API account with these scopes, or leave the streams out."
    )


def test_the_check_names_one_probe_a_scope_and_prefers_one_with_pages() -> None:
    of_scope: dict[str, list[Expected]] = {}
    for row in STREAMS:
        of_scope.setdefault(row.scope, []).append(row)
    found = {scope: [row for row in rows if row.name in PROBES] for scope, rows in of_scope.items()}
    wrong = {scope: rows for scope, rows in found.items() if len(rows) != 1}
    assert not wrong, f"name one stream of each of these under check; {EDIT}"
    unpaged = [
        row.name
        for scope, [row] in found.items()
        if "limit=" not in row.first_request
        # The first request of children is for their parents, who may need another scope.
        and any(
            "limit=" in each.first_request for each in of_scope[scope] if "{" not in each.endpoint
        )
    ]
    assert not unpaged, f"name a stream with pages in place of these under check; {EDIT}"
    assert len(PROBES) == len(of_scope)


def test_the_check_repeats_an_error_that_names_a_scope_only_in_its_words(
    api: requests_mock.Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "The endpoint /v3/x?scope=store_sites_read_only is closed."
    problem = Problem(words, "Wait.", FailureType.config_error)
    monkeypatch.setitem(error_handler._PROBLEMS, 405, problem)
    api.get(re.compile(f"{API}/v3/content/"), status_code=405, json={"title": "closed"})
    found = SourceBigcommerce(config=CONFIG).check(logging.getLogger("airbyte"), CONFIG)
    assert (found.status, found.message) == (Status.SUCCEEDED, f"{words} Wait.")


PRODUCTS = lacking("store_v2_products_read_only")
ORDERS = lacking("store_v2_orders_read_only", "transactions")
PAGES = lacking("store_v2_content_read_only")


@pytest.mark.parametrize(
    ("paths", "status", "result", "message"),
    [
        ("nothing", 200, Status.SUCCEEDED, None),
        ("v3/catalog/", 403, Status.SUCCEEDED, PRODUCTS),
        ("v2/orders", 403, Status.SUCCEEDED, ORDERS),
        ("v3/content/", 403, Status.SUCCEEDED, PAGES),
        ("v3/", 503, Status.SUCCEEDED, SUSPENDED),
        ("", 503, Status.FAILED, SUSPENDED),
        ("", 403, Status.FAILED, NO_ACCESS),
        ("", 401, Status.FAILED, TOKEN),
    ],
)
def test_the_check_says_what_to_do_about_paths_that_answer_an_error(
    api: requests_mock.Mocker, paths: str, status: int, result: Status, message: str | None
) -> None:
    api.get(
        re.compile(f"{API}/{paths}"), status_code=status, json={"title": "The store is suspended"}
    )
    if status == 200:
        api.reset()
    config = {**CONFIG, "b2b_edition": False}
    found = SourceBigcommerce(config=config).check(logging.getLogger("airbyte"), config)
    assert (found.status, found.message) == (result, message)


def test_the_check_asks_for_one_row_behind_each_scope(
    api: requests_mock.Mocker,
) -> None:
    SourceBigcommerce(config=CONFIG).check(logging.getLogger("airbyte"), CONFIG)
    asked = Counter(
        r.path.removeprefix("/stores/abc123").removeprefix("/") for r in api.request_history
    )
    # Transactions are asked for although the order has none, and all orders are counted.
    probes = [row.first_request.split("?")[0] for row in STREAMS if row.name in PROBES]
    assert asked == Counter([*probes, "v3/orders/7/transactions", "v2/orders/count"])
    assert asked["v2/orders"] == 2


LONG = (
    "A first sync of all streams takes 27.8 h or more at this store's quota: order_shipments, "
    "order_coupons, order_taxes, order_messages, transactions take a request for each of 500,000 "
    "orders. Leave out those that you do not need, or set Start date of streams read order by "
    "order."
)


@pytest.mark.parametrize(
    ("quota", "orders", "refused", "message"),
    [
        (750, 500_000, "nothing", LONG),
        (750, 18_000, "nothing", None),
        (None, 500_000, "nothing", None),
        (750, "many", "nothing", None),
        (750, 500_000, "v3/content/", f"{PAGES} {LONG}"),
        (
            600,
            500_000,
            "v3/orders/7/transactions",
            lacking("store_v2_transactions_read_only").replace("need the", "needs the")
            + " "
            + LONG.replace(", transactions", ""),
        ),
    ],
)
def test_the_check_tells_of_a_first_sync_of_more_than_an_hour(
    api: requests_mock.Mocker, quota: int | None, orders: object, refused: str, message: str | None
) -> None:
    limits = {
        "X-Rate-Limit-Requests-Quota": str(quota),
        "X-Rate-Limit-Requests-Left": str(quota),
        "X-Rate-Limit-Time-Window-Ms": "30000",
        "X-Rate-Limit-Time-Reset-Ms": "30000",
    }
    headers = limits if quota else {}
    api.get(f"{API}/v2/orders/count", json={"count": orders}, headers=headers)
    api.get(f"{API}/v2/store", json={"store_id": 1}, headers=headers)
    api.get(re.compile(f"{API}/{refused}"), status_code=403, json={"title": "no"})
    config = {**CONFIG, "b2b_edition": False}
    found = SourceBigcommerce(config=config).check(logging.getLogger("airbyte"), config)
    assert (found.status, found.message) == (Status.SUCCEEDED, message)


def test_the_check_asks_for_one_row_of_a_page(api: requests_mock.Mocker) -> None:
    SourceBigcommerce(config=CONFIG).check(logging.getLogger("airbyte"), CONFIG)
    unpaged = {row.first_request for row in STREAMS if "limit=" not in row.first_request}
    unpaged.add("v2/orders/count")
    asked = [
        r for r in api.request_history if r.path.removeprefix("/stores/abc123/") not in unpaged
    ]
    assert {r.qs["limit"][0] for r in asked} == {"1"}
