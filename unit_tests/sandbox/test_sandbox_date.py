"""Each reply says when it was sent, rightly or not."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox import Sandbox


@pytest.mark.parametrize(
    ("options", "date"),
    [
        ({}, "Sun, 01 Mar 2026 00:00:00 GMT"),
        ({"date_ahead": 3600}, "Sun, 01 Mar 2026 01:00:00 GMT"),
        ({"date_ahead": -86_400}, "Sat, 28 Feb 2026 00:00:00 GMT"),
        ({"date_header": False}, None),
    ],
)
@pytest.mark.parametrize("token", ["sandbox-token", "wrong"])
def test_the_date_is_that_of_the_clock_and_what_the_options_add(
    options: dict[str, Any], date: str | None, token: str
) -> None:
    with Sandbox(orders=1, customers=1, products=1, **options) as store:
        headers = {"X-Auth-Token": token, "Accept": "application/json"}
        url = f"{store.url}/stores/{store.store_hash}/v2/time"
        reply = requests.get(url, headers=headers, timeout=10)
        assert reply.status_code == (200 if token == "sandbox-token" else 401)
        assert reply.headers.get("Date") == date
