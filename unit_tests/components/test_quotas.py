"""One quota or several: which requests wait together. No test waits."""

from __future__ import annotations

import pytest
import requests

from source_bigcommerce.components.quotas import Quotas, resource_of
from unit_tests.replies import API, left, reply

CUSTOMERS, PRODUCTS = "v3/customers?page=2", "v3/catalog/products?limit=250"
Headers = dict[str, str]


class Store:
    """Quotas on a clock of their own; a wait moves it on and is remembered."""

    def __init__(self, share: int = 100) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.quotas = Quotas(share, clock=lambda: self.now, wait=self._wait)

    def _wait(self, timeout: float) -> None:
        assert len(self.waits) < 100, "it waits for ever"
        self.waits.append(round(timeout, 3))
        self.now += timeout

    def send(self, path: str) -> requests.PreparedRequest:
        self.now += 0.001
        request = requests.PreparedRequest()
        request.url = f"{API}/{path}"
        self.quotas.acquire_call(request)
        return request

    def answer(
        self, request: requests.PreparedRequest, headers: Headers, status: int = 200
    ) -> None:
        self.now += 0.001
        self.quotas.update_from_response(request, reply(status, headers=headers))

    def ask(self, path: str, headers: Headers, status: int = 200) -> float:
        """How long it waited."""
        before = len(self.waits)
        self.answer(self.send(path), headers, status)
        return sum(self.waits[before:])


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("v3/customers", "v3/customers"),
        ("v2/orders/7/products?page=2", "v2/orders/products"),
        ("v3/catalog/products/7/images", "v3/catalog/products/images"),
        ("v3/pricelists/12/records", "v3/pricelists/records"),
        ("v3/content/widgets/5c4f1f9e-1a/x", "v3/content/widgets/x"),
    ],
)
def test_the_name_of_a_resource_is_its_path_without_ids(path: str, resource: str) -> None:
    assert resource_of(f"{API}/{path}") == resource
    assert resource_of(f"https://gateway.example/bc/stores/abc123/{path}") == resource


@pytest.mark.parametrize(
    "of_products", [left(10_000, 10_000), left(20), left(16_000_000, 16_000_000)]
)
def test_a_resource_with_plenty_left_does_not_wait_for_one_used_up(
    store: Store, of_products: Headers
) -> None:
    store.ask(CUSTOMERS, left(0))
    assert [store.ask(PRODUCTS, of_products) for _ in range(9)] == [0.0] * 9
    assert store.ask(CUSTOMERS, left(19, reset=30_000)) == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize("quota", [10_000, 20])
def test_resources_seen_to_have_their_own_quotas_are_kept_apart(store: Store, quota: int) -> None:
    for gone in range(1, 21):
        assert store.ask(CUSTOMERS, left(20 - gone)) == 0
        assert store.ask(PRODUCTS, left(quota, quota)) == 0
        assert store.ask("v3/channels", left(quota, quota)) == 0
    assert [store.ask(PRODUCTS, left(quota, quota)) for _ in range(9)] == [0.0] * 9
    assert store.quotas.state.startswith("0 of 20 requests left")
    assert store.ask(CUSTOMERS, left(19, reset=30_000)) > 9
    assert store.quotas.sent == 70


def test_resources_with_different_quotas_are_kept_apart_whatever_is_left(
    store: Store,
) -> None:
    store.ask(CUSTOMERS, left(15))
    store.ask(PRODUCTS, left(9, 10))
    store.ask(CUSTOMERS, left(0))
    assert store.ask(PRODUCTS, left(9, 10)) == 0


def test_an_unknown_resource_may_ask_if_there_are_several_quotas(
    store: Store,
) -> None:
    store.ask(CUSTOMERS, left(1))
    store.ask("v2/orders", left(100, 450))
    store.ask(CUSTOMERS, left(0))
    assert store.ask(PRODUCTS, left(10_000, 10_000)) == 0


def test_resources_that_share_a_quota_wait_together_and_ask_in_vain_at_most_once(
    store: Store,
) -> None:
    store.ask(CUSTOMERS, left(0))
    # The only refused request: its reply is about the same quota.
    assert store.ask(PRODUCTS, left(0, reset=9_900) | {"X-Retry-After": "10"}, 429) == 0
    assert len(store.quotas._all()) == 1
    assert store.ask("v2/orders", left(19, reset=30_000)) > 9
    for number in range(18, -1, -1):
        store.ask(PRODUCTS, left(number, reset=29_000))
    assert store.ask("v3/channels", left(19, reset=30_000)) > 9


def test_resources_known_to_share_a_quota_never_ask_in_vain(store: Store) -> None:
    store.ask(CUSTOMERS, left(2))
    store.ask(PRODUCTS, left(1))
    store.ask(CUSTOMERS, left(0))
    assert store.ask("v2/orders", left(19, reset=30_000)) > 9


def test_late_replies_and_those_of_another_window_count_for_the_shared_quota(
    store: Store,
) -> None:
    store.ask(CUSTOMERS, left(20))
    late = store.send(PRODUCTS)
    for number in range(18, 2, -1):
        store.ask(CUSTOMERS, left(number))
    store.answer(late, left(19), 200)
    store.ask(PRODUCTS, left(4))  # as little more as a gateway's copy of a reply tells
    store.now += 9
    store.ask("v2/orders", left(19, reset=30_000))  # the next window, a second early
    assert len(store.quotas._all()) == 1


def test_a_quota_whose_size_changes_is_shared_from_then_on(store: Store) -> None:
    store.ask(CUSTOMERS, left(10, 20))
    store.ask(PRODUCTS, left(9, 19))
    store.ask(CUSTOMERS, left(8, 18))
    store.ask(PRODUCTS, left(0, 21))
    assert len(store.quotas._all()) == 1
    assert store.ask("v2/orders", left(19, reset=30_000)) > 9


def test_a_resource_limited_despite_its_own_quota_has_none_of_its_own(
    store: Store,
) -> None:
    store.ask(CUSTOMERS, left(5))
    store.ask(PRODUCTS, left(20))
    store.ask(PRODUCTS, left(20))
    assert len(store.quotas._all()) == 2
    store.ask(PRODUCTS, left(0), 429)
    assert len(store.quotas._all()) == 1
    assert store.ask(CUSTOMERS, left(19, reset=30_000)) > 9


def test_a_share_applies_to_each_quota() -> None:
    store = Store(share=50)
    store.ask(CUSTOMERS, left(19))
    store.ask(PRODUCTS, left(99, 100))
    store.ask(CUSTOMERS, left(10))
    store.ask(PRODUCTS, left(51, 100))
    assert store.ask(PRODUCTS, left(50, 100)) == 0
    assert store.ask(PRODUCTS, left(99, 100, reset=30_000)) > 9
    store = Store(share=50)
    store.ask(CUSTOMERS, left(19))
    store.ask(PRODUCTS, left(99, 100))
    store.ask(CUSTOMERS, left(10))
    assert store.ask(CUSTOMERS, left(19, reset=30_000)) > 9


def test_a_request_counts_once_if_its_resource_moves(store: Store) -> None:
    store.ask(CUSTOMERS, left(15))
    under_way = [store.send(PRODUCTS) for _ in range(5)]
    store.ask(PRODUCTS, left(100, 100))
    for request in under_way:
        store.answer(request, left(99, 100), 200)
    assert [quota._under_way(store.now) for quota in store.quotas._all()] == [[], []]


NONSENSE = [
    "0",
    "1",
    "99",
    "-1",
    "0.5",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "9" * 5000,
    "9" * 300,
    "soon",
    "",
    "٣",
]


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("header", ["Time-Window-Ms", "Time-Reset-Ms", "Requests-Quota"])
@pytest.mark.parametrize("number", [0, 1, 20])
def test_nonsense_in_headers_never_makes_it_spin(
    store: Store, header: str, nonsense: str, number: int
) -> None:
    looks: list[float] = []
    store.quotas._shared._clock = lambda: looks.append(store.now) or store.now  # type: ignore[func-returns-value]
    for _ in range(5):
        store.ask(CUSTOMERS, left(number) | {f"X-Rate-Limit-{header}": nonsense})
    assert len(looks) < 100
    assert sum(store.waits) <= 5 * 30
