"""The requests of each stream, compared with the table byte for byte."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
import requests_mock

from unit_tests.replies import API, B2B_API, read
from unit_tests.streams import B2B, CONFIG, DELETIONS, STREAMS, Expected

PARENT = {
    "id": 7,
    "category_id": 7,
    "date_modified": "Fri, 05 Jan 2024 00:00:00 +0000",
    "items_total": 1,
    "cart_id": "7",
    "companyId": 7,
    "quoteId": 7,
    "createdAt": 1706745599,
    # A theme and its variation.
    "uuid": "7",
    "variations": [{"uuid": "7"}],
}


@pytest.mark.parametrize("row", STREAMS, ids=[row.name for row in STREAMS])
def test_the_requests_of_a_full_refresh_are_those_of_the_table(
    row: Expected, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(re.compile(f"{API}/v2/"), json=[PARENT])
    requests_mock.get(re.compile(f"{API}/v2/orders.*is_deleted"), status_code=204)
    has_parent = "{" in row.endpoint
    requests_mock.get(re.compile(f"{API}/v3/"), json={"data": [PARENT] if has_parent else []})
    requests_mock.get(
        re.compile(f"{B2B_API}/"), json={"code": 200, "data": [PARENT] if has_parent else []}
    )
    read(row.name, CONFIG)
    root = B2B_API if row.scope == B2B else API
    sent = [
        unquote(request.url).removeprefix(f"{root}/") for request in requests_mock.request_history
    ]
    # The parent brings no children along.
    of_the_parent = re.sub(r"\{\w+\}", "7", row.endpoint)
    if row.children_query:
        of_the_parent += ("&" if "?" in of_the_parent else "?") + row.children_query
    # The parent's rows are asked for while the next parents are.
    assert sent[0] == row.first_request, f"edit the manifest, or unit_tests/streams.py ({row.name})"
    of_channels = [row.channels_request] if row.channels_request else []
    between = [re.sub(r"\{\w+\}", "7", row.through)] if row.through else []
    further = row.archived_request + between + [of_the_parent] * has_parent + of_channels
    assert sorted(sent[1:]) == sorted(further + row.b2b_channels_request)
    headers = ("X-Auth-Token", "Accept", "User-Agent")
    for request in requests_mock.request_history:
        assert request.headers.get("X-Store-Hash") == ("abc123" if row.scope == B2B else None)
        assert [request.headers[name] for name in headers] == [
            "secret-token",
            "application/json",
            "Airbyte source-bigcommerce",
        ]


@pytest.mark.parametrize("row", DELETIONS, ids=lambda row: row.name)
def test_the_first_read_of_deletions_learns_the_ids(
    row: Expected, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(re.compile(f"{API}/v2/"), json=[PARENT])
    requests_mock.get(re.compile(f"{API}/v3/"), json={"data": [{"id": 7, "category_id": 7}]})
    assert read(row.name, CONFIG) == []
    sent = [unquote(request.url) for request in requests_mock.request_history]
    assert sent == [f"{API}/{row.first_request}"]
