"""The options of the form: what each adds to requests, and the rows it drops."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests_mock

from unit_tests.replies import API, B2B_API, read
from unit_tests.streams import CONFIG, STREAMS, Expected

PRODUCTS = {row.name for row in STREAMS if row.first_request.startswith("v3/catalog/products?")}
ORDERS = {row.name for row in STREAMS if row.first_request.startswith("v2/orders?")}
# name of the filter: streams whose first request has it
BY_CHANNELS = {
    "channel_id:in": PRODUCTS
    | {"category_trees", "product_channel_assignments", "price_list_assignments"}
    | {"scripts", "site_certificates", "site_routes", "sites"}
    | {"placements", "widget_templates", "widgets"},
    "channels": {"promotions", "promotion_codes"},
    "channelIds[]": {"b2b_orders", "b2b_quotes"},
}
BY_CHANNEL = {"channel_id": ORDERS | {"custom_template_associations", "pages"}}


def first_request(name: str, mocker: requests_mock.Mocker, **options: Any) -> Counter[Any]:
    """Its path and the pairs of its query."""
    mocker.get(re.compile(f"{API}/v2/"), status_code=204)
    mocker.get(re.compile(f"{API}/v3/"), json={"data": []})
    mocker.get(re.compile(f"{B2B_API}/"), json={"code": 200, "data": []})
    read(name, {**CONFIG, **options})
    return parts(mocker.request_history[0].url)


def parts(url: str) -> Counter[Any]:
    split = urlsplit(url)
    path = split.path.removeprefix("/stores/abc123").removeprefix("/")
    return Counter([path, *parse_qsl(split.query, keep_blank_values=True)])


def with_filter(row: Expected, filters: dict[str, set[str]], value: str) -> Counter[Any]:
    added = [(name, value) for name, streams in filters.items() if row.name in streams]
    return parts(f"{API}/{row.first_request}") + Counter(added)


@pytest.mark.parametrize("row", STREAMS, ids=[row.name for row in STREAMS])
def test_the_first_request_asks_for_the_rows_of_one_chosen_channel(
    row: Expected, requests_mock: requests_mock.Mocker
) -> None:
    sent = first_request(row.name, requests_mock, channel_ids=[664177])
    assert sent == with_filter(row, {**BY_CHANNELS, **BY_CHANNEL}, "664177")


@pytest.mark.parametrize("row", STREAMS, ids=[row.name for row in STREAMS])
def test_the_first_request_lists_chosen_channels_if_the_endpoint_takes_a_list(
    row: Expected, requests_mock: requests_mock.Mocker
) -> None:
    sent = first_request(row.name, requests_mock, channel_ids="664177, 1")
    assert sent == with_filter(row, BY_CHANNELS, "1,664177")


@pytest.mark.parametrize("row", STREAMS, ids=[row.name for row in STREAMS])
def test_the_first_request_asks_for_visible_products_if_hidden_ones_are_skipped(
    row: Expected, requests_mock: requests_mock.Mocker
) -> None:
    sent = first_request(row.name, requests_mock, skip_hidden_products=True)
    assert sent == with_filter(row, {"is_visible": PRODUCTS}, "true")


@pytest.mark.parametrize("row", STREAMS, ids=[row.name for row in STREAMS])
def test_the_first_request_begins_at_the_start_of_streams_read_order_by_order(
    row: Expected, requests_mock: requests_mock.Mocker
) -> None:
    sent = first_request(row.name, requests_mock, per_order_start_date="2024-01-11")
    url = f"{API}/{row.first_request}"
    if row.has_own_start:
        url = url.replace("min_date_modified=2024-01-01T", "min_date_modified=2024-01-11T")
    assert sent == parts(url)


@pytest.mark.parametrize("row", STREAMS, ids=[row.name for row in STREAMS])
def test_the_first_request_asks_for_as_many_rows_as_the_page_size(
    row: Expected, requests_mock: requests_mock.Mocker
) -> None:
    sent = first_request(row.name, requests_mock, page_size=40)
    expected = parts(f"{API}/{row.first_request}")
    for limit in ("250", "200"):
        if expected[("limit", limit)]:
            expected = expected - Counter([("limit", limit)]) + Counter([("limit", "40")])
    assert sent == expected


@pytest.mark.parametrize(
    ("chosen", "ids"), [([1], [7]), ([1, 2], [7, 8]), ([4], []), ([], [7, 8, 9])]
)
@pytest.mark.parametrize("name", ["orders", "pages"])
def test_rows_are_those_of_chosen_channels_if_the_endpoint_takes_one(
    requests_mock: requests_mock.Mocker, name: str, chosen: list[int], ids: list[int]
) -> None:
    rows = [{"id": id_, "channel_id": channel} for id_, channel in ((7, 1), (8, 2), (9, 3))]
    requests_mock.get(re.compile(f"{API}/v2/"), json=rows)
    requests_mock.get(re.compile(f"{API}/v3/"), json={"data": rows})
    assert [row["id"] for row in read(name, {**CONFIG, "channel_ids": chosen})] == ids


def test_children_are_those_of_the_orders_of_chosen_channels(
    requests_mock: requests_mock.Mocker,
) -> None:
    rows = [
        {"id": id_, "channel_id": channel, "date_modified": "Fri, 05 Jan 2024 00:00:00 +0000"}
        for id_, channel in ((7, 1), (8, 2), (9, 3))
    ]
    requests_mock.get(f"{API}/v2/orders", json=rows)
    requests_mock.get(re.compile(f"{API}/v3/orders/"), json={"data": [{"id": 1}]})
    records = read("transactions", {**CONFIG, "channel_ids": [1, 3]})
    assert [row["order_id"] for row in records] == [7, 9]


def test_only_listings_of_chosen_channels_are_asked_for(
    requests_mock: requests_mock.Mocker,
) -> None:
    requests_mock.get(f"{API}/v3/channels", json={"data": [{"id": 1}, {"id": 2}]})
    requests_mock.get(re.compile(f"{API}/v3/channels/"), json={"data": []})
    read("channel_listings", {**CONFIG, "channel_ids": [2]})
    paths = [request.path for request in requests_mock.request_history]
    assert paths == ["/stores/abc123/v3/channels", "/stores/abc123/v3/channels/2/listings"]
