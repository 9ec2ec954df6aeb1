"""What a refused change says about the token."""

from __future__ import annotations

import pytest

from destination_bigcommerce.api import ORDERS, Api
from source_bigcommerce.components.sync import Sync
from unit_tests.replies import reply

CONFIG = {
    "api_url": "https://api.bigcommerce.com",
    "store_hash": "abc123",
    "access_token": "t",
    "num_workers": 1,
}
A_FIREWALL = b"<html>Attention Required! | Cloudflare</html>"


@pytest.mark.parametrize(
    ("status", "body", "has_worked", "may_pass", "is_a_problem"),
    [
        (401, {"title": "Unauthorized"}, False, True, True),
        (401, {"title": "Unauthorized"}, True, True, False),
        (401, {"title": "Unauthorized"}, True, False, True),
        (403, {"title": "Forbidden"}, True, True, False),
        (403, {"title": "Forbidden"}, True, False, True),
        (403, A_FIREWALL, True, False, False),
        (500, {"title": "Oops"}, True, False, False),
    ],
)
def test_a_refusal_is_a_problem_unless_it_may_pass(
    status: int, body: object, has_worked: bool, may_pass: bool, is_a_problem: bool
) -> None:
    sync = Sync(CONFIG)
    api = Api(CONFIG, sync)
    if has_worked:
        api.was_allowed(ORDERS)
    problem = api.problem(reply(status, body), ORDERS, may_pass)
    assert (problem is not None) == is_a_problem
    assert sync.accepted == ({ORDERS} if has_worked else set())
