"""The same faults on every stream of the connector, or on one of each kind, all in one sync."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest
from airbyte_cdk.models import FailureType

from integration_tests.nothing_lost.completeness import (
    assert_honest,
    completed,
    make_store_that_hides,
    one_of_each_kind,
    shorten,
    streams,
    whole_history,
)
from integration_tests.nothing_lost.test_faults import FAULTS, failed_streams
from integration_tests.syncs import Sync, sync
from sandbox import Sandbox
from sandbox.routes import ROUTES

pytestmark = pytest.mark.thorough

NAMES = tuple(streams())
SETTINGS = whole_history(page_size=20)
SIZES = {"orders": 20, "channels": 3} | dict.fromkeys(
    ("customers", "products", "pages", "brands", "categories"), 45
)
# The `include` of a request tells which stream reads orders or products.
SHARED = ("orders.list", "products.list")
# A stream of settings asks for channels second, and for rows of a channel third. One that failed
# before asks for neither, and which one that is depends on who is first. Coupons are counted once
# they have been read.
ASKED_LATER = (
    "coupons.count",
    *("channels.list", "email_templates.list", "abandoned_cart_email_templates.list"),
    *("b2b_channels.list", "b2b_shopping_lists.list", "product_tax_properties.list"),
)
# One that is temporary, and one whose error names the scope of each stream.
STREAMS_OF = {"connection reset": "every_stream", "403": "every_stream"}
OF_ONE_PARENT = {route.operation for route in ROUTES if "{" in route.path}


class Requests(NamedTuple):
    """Requests of one kind: operation of the sandbox, their `include`, their number."""

    operation: str
    where: Mapping[str, str]
    number: int
    have_bodies: bool

    @property
    def of_one_parent(self) -> bool:
        return self.operation in OF_ONE_PARENT

    def at(self, place: str) -> int:
        return {"first": 1, "middle": self.number // 2 + 1, "last": self.number}[place]


class Undisturbed(NamedTuple):
    """A sync without faults: what there is to read, and how many requests of each kind it takes."""

    names: tuple[str, ...]
    read: Sync
    requests: list[Requests]


@pytest.fixture(scope="module")
def every_stream() -> Undisturbed:
    return _undisturbed(NAMES)


@pytest.fixture(scope="module")
def one_of_each(every_stream: Undisturbed) -> Undisturbed:
    return _undisturbed(one_of_each_kind(every_stream.read))


@pytest.fixture
def undisturbed(request: pytest.FixtureRequest, fault: str) -> Undisturbed:
    found: Undisturbed = request.getfixturevalue(STREAMS_OF.get(fault, "one_of_each"))
    return found


def _undisturbed(names: tuple[str, ...]) -> Undisturbed:
    with _make_store() as store:
        read = sync(store, *names, **SETTINGS)
        assert read.errors == []
        assert completed(read) == set(names)
        return Undisturbed(names, read, list(_counted(store)))


def _make_store() -> Sandbox:
    return shorten(make_store_that_hides(**SIZES, empty_transactions="200"), 45)


def _counted(store: Sandbox) -> Iterator[Requests]:
    for operation in dict.fromkeys(entry.operation for entry in store.log):
        entries = store.requests(operation)
        have_bodies = all(entry.status == 200 for entry in entries)
        # The channel whose page comes first decides whether the others' pages may have been cut.
        others = SIZES["channels"] - 1
        number = len(entries) - (others if operation == "channel_listings.list" else 0)
        yield Requests(operation, {}, number, have_bodies)
        if operation in SHARED:
            asked = Counter(entry.query.get("include") for entry in entries)
            for include, number in asked.items():
                if include:
                    yield Requests(operation, {"include": include}, number, have_bodies)


# One fault for each way of handling replies.
@pytest.mark.parametrize(
    "fault",
    [
        "429 without headers",
        "503",
        "connection reset",
        "reply cut in the middle",
        "200 with HTML",
        "200 with nothing",
    ],
)
def test_temporary_faults_lose_nothing(fault: str, undisturbed: Undisturbed) -> None:
    """At the first request of each kind, at one in the middle, and at the last."""
    kind, fields = FAULTS[fault]
    with _make_store() as store:
        for requests in undisturbed.requests:
            if kind == "truncate" and not requests.have_bodies:
                continue
            for earlier, at in enumerate(
                sorted({requests.at(place) for place in ("first", "middle", "last")})
            ):
                where = requests.where
                store.faults.add(requests.operation, kind, where=where, at=at + earlier, **fields)
        read = sync(store, *undisturbed.names, **SETTINGS)
        assert store.faults.pending() == []
        assert read.errors == []
        assert completed(read) == set(undisturbed.names)
        assert_honest(undisturbed.read, read)


@pytest.mark.parametrize("fault", ["503", "200 with nothing", "403"])
@pytest.mark.parametrize("of_one_parent", [False, True], ids=["lists", "rows of one parent"])
def test_a_lasting_fault_is_an_error_with_a_true_state(
    of_one_parent: bool, fault: str, undisturbed: Undisturbed
) -> None:
    kind, fields = FAULTS.get(fault, ("status", {"status": 403}))
    with _make_store() as store:
        for requests in undisturbed.requests:
            if requests.of_one_parent == of_one_parent and not requests.where:
                at = requests.at("middle")
                store.faults.add(requests.operation, kind, at=at, times=None, **fields)
        failed = sync(store, *undisturbed.names, failing=True, **SETTINGS)
        pending = {fault.operation for fault in store.faults.pending()}
        assert pending - set(ASKED_LATER) == set()
        assert completed(failed) | failed_streams(failed) == set(undisturbed.names)
        assert completed(failed) & failed_streams(failed) == set()
        assert_honest(undisturbed.read, failed)
        if fault == "403":
            told = [error for error in failed.errors if error.stream_descriptor]
            of_store = [e for e in told if not e.stream_descriptor.name.startswith("b2b_")]
            assert all("lacks the scope store_" in error.message for error in of_store)
            assert all(error.failure_type == FailureType.config_error for error in told)

        store.faults.clear()
        again = failed_streams(failed)
        resumed = sync(store, *again, state=failed.state, **SETTINGS)
        assert resumed.errors == []
        assert completed(resumed) == again
        assert_honest(undisturbed.read, resumed, failed)
