"""The command `estimate`, in this process, held against the syncs that it tells of."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.conftest import Command
from integration_tests.syncs import (
    State,
    at_the_time_of,
    catalog_of,
    config_for,
    sync,
)
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce, __version__
from source_bigcommerce.estimate.command import everything
from source_bigcommerce.estimate.dry_run import Cost
from source_bigcommerce.estimate.looks import Archived, ListLook
from source_bigcommerce.estimate.report import document
from source_bigcommerce.estimate.survey import DAILY, FIRST, Survey

pytestmark = pytest.mark.thorough

LOGGER = logging.getLogger("airbyte")
LISTS = (
    *("orders", "order_products", "customers", "products", "product_images", "brands", "coupons"),
    *("subscribers", "deleted_orders", "deleted_customers"),
)
RECEIPTS = "sync_receipts"


def surveyed(store: Sandbox, *names: str, **values: Any) -> Survey:
    """What a store tells of these streams, or of all."""
    config = config_for(store, **values)
    with at_the_time_of(store):
        source = SourceBigcommerce(config=config)
        survey = Survey(config, catalog_of(names, config) if names else everything(source))
        survey.ask()
    return survey


def all_names(store: Sandbox, **values: Any) -> list[str]:
    return SourceBigcommerce(config=config_for(store, **values)).offered()


def a_day_older(state: State, yesterday: str) -> State:
    """The state of a sync that ended a day earlier; deletions know of no dates."""
    return {
        name: {
            key: value if key == "since" or name.startswith("deleted_") else yesterday
            for key, value in of_stream.items()
        }
        for name, of_stream in state.items()
    }


def requests_of(costs: dict[str, Cost], survey: Survey) -> int:
    return sum(cost.requests for cost in costs.values()) + survey.clock_requests


def assert_within(share: float, store: Sandbox, *names: str, **values: Any) -> Survey:
    """Compares both estimates of requests with real syncs."""
    survey = surveyed(store, *names, **values)
    assert survey.unreadable == {}
    names = names or tuple(all_names(store, **values))
    state: State | None = None
    for kind in (FIRST, DAILY):
        store.log.clear()
        state = a_day_older(sync(store, *names, state=state, **values).state, survey.yesterday)
        told = requests_of(survey.costs(kind), survey)
        # Windows of orders that are read side by side learn from each other in any order.
        assert told == pytest.approx(len(store.log), rel=share, abs=8), kind
    return survey


@pytest.mark.thorough
def test_all_streams_take_the_requests_that_were_estimated() -> None:
    with Sandbox(orders=90, customers=30, products=60, brands=260, categories=20, seed=8) as store:
        survey = assert_within(0.05, store, b2b_edition=True)
    asked = survey.sync.quotas.sent + survey.sync.b2b_quotas.sent
    assert asked < 2.5 * len(survey.looks[FIRST])


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an ordinary store": ({}, {}),
    "archived orders are hidden": ({"archived_orders": "hidden"}, {"page_size": 100}),
    # By one worker: what the first windows find out costs each of those beside them a request.
    "other orders come with archived ones": (
        {"is_deleted": "ignored", "totals": "missing"},
        {"num_workers": 1},
    ),
    "pages are capped": ({"cap": 50, "is_deleted": "refused"}, {"prove": False}),
    "dates are ignored": ({"ignored": {"dates"}}, {"num_workers": 3, "start_date": "2024-05-01"}),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_lists_take_the_requests_that_were_estimated(kind: str) -> None:
    options, values = KINDS[kind]
    with Sandbox(orders=700, customers=520, products=300, seed=5, **options) as store:
        assert_within(0.05, store, *LISTS, **values)


@pytest.mark.alone
def test_a_sync_takes_the_time_that_was_estimated() -> None:
    with Sandbox(orders=120, customers=5, products=5, quota=20, window_ms=300) as store:
        survey = surveyed(store, "transactions", quota_share=50)
        told = document(survey)["syncs"][FIRST]
        store.log.clear()
        sync(store, "transactions", quota_share=50)
        took = max(entry.ended for entry in store.log) - min(entry.started for entry in store.log)
    assert told["seconds_at_share"] == pytest.approx(took, rel=0.1)
    assert told["seconds"] == pytest.approx(took / 2, rel=0.1)


# The command


def files(folder: Path, store: Sandbox, *names: str, **values: Any) -> list[object]:
    config, catalog = folder / "config.json", folder / "catalog.json"
    config.write_text(json.dumps(config_for(store, **values)))
    streams = [
        {
            "stream": {
                "name": name,
                "json_schema": {},
                "supported_sync_modes": ["full_refresh", "incremental"],
            },
            "sync_mode": "incremental",
            "destination_sync_mode": "append",
        }
        for name in names
    ]
    catalog.write_text(json.dumps({"streams": streams}))
    return ["--config", config, "--catalog", catalog]


@pytest.fixture
def small() -> Iterator[Sandbox]:
    with Sandbox(orders=60, customers=20, products=15, now="real", quota=150) as store:
        yield store


def test_the_costliest_stream_comes_first_and_the_setting_that_saves_most_is_named(
    command: Command, tmp_path: Path, small: Sandbox
) -> None:
    given = files(tmp_path, small, "brands", "transactions", "orders", quota_share=50)
    code, output, errors = command("estimate", *given)
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0] == (
        "The quota of this store is 150 requests in 30 s, of which the form grants 50 %."
    )
    assert lines[2].split() == ["First", "sync", "rows", "requests", "time", "at", "50", "%"]
    assert [line.split()[0] for line in lines[3:7]] == ["transactions", "orders", "brands", "all"]
    assert lines[7].startswith("Without transactions: ")
    assert [line.split()[0] for line in lines if line].count("all") == 2
    assert lines[-1] == f"{len(small.log)} requests."
    assert {entry.method for entry in small.log} == {"GET"}


def test_json_has_the_keys_that_the_docs_explain(command: Command, tmp_path: Path) -> None:
    with Sandbox(orders=12, products=5, quota=150, scopes={"store_v2_orders"}) as store:
        code, output, _ = command("estimate", *files(tmp_path, store, "brands", "orders"), "--json")
    found = json.loads(output)
    assert code == 0
    assert found["connector_version"] == __version__
    assert found["requests_used"] == len(store.log)
    page = (Path(__file__).parents[1] / "docs/estimate.md").read_text()
    section = page.partition("## The document")[2].partition("\n## ")[0]
    named = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    explained = {name for cell in named for name in re.findall(r"`(\w+)`", cell)}
    assert keys_of(found) == {*explained, FIRST, DAILY}


def keys_of(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    return set(value).union(*map(keys_of, value.values())) if isinstance(value, dict) else set()


def test_json_is_all_that_is_printed_although_the_store_limits_requests(
    command: Command, tmp_path: Path, small: Sandbox
) -> None:
    limited = small.faults.add(
        "brands.list", "status", status=429, headers={"X-Rate-Limit-Time-Reset-Ms": "1"}
    )
    code, output, _ = command("estimate", *files(tmp_path, small, "brands"), "--json")
    assert limited.fired == 1
    assert code == 0
    assert list(json.loads(output)["syncs"]) == [FIRST, DAILY]


def test_streams_whose_scope_the_token_lacks_are_named_and_the_rest_is_estimated(
    command: Command, tmp_path: Path
) -> None:
    with Sandbox(orders=12, customers=5, products=5, scopes={"store_v2_orders"}) as store:
        given = files(tmp_path, store, "orders", "transactions", "brands", "settings_profile")
        code, output, _ = command("estimate", *given, "--json")
    found = json.loads(output)
    assert code == 0
    assert [each["stream"] for each in found["syncs"][FIRST]["streams"]] == ["orders"]
    assert {each["stream"]: each["reason"] for each in found["not_estimated"]} == {
        "transactions": "It needs the scope store_v2_transactions_read_only.",
        "brands": "It needs the scope store_v2_products_read_only.",
        "settings_profile": "It needs the scope store_v2_information_read_only.",
    }


@pytest.mark.parametrize(
    "wrong", [{"access_token": "other"}, {"store_hash": "other"}, {"store_hash": ""}]
)
def test_what_the_check_refuses_is_refused_in_its_words(
    command: Command, tmp_path: Path, small: Sandbox, wrong: dict[str, Any]
) -> None:
    config = config_for(small, **wrong)
    code, output, errors = command("estimate", *files(tmp_path, small, "orders", **wrong))
    assert (code, output) == (1, "")
    assert errors.splitlines()[-1] == SourceBigcommerce().check(LOGGER, config).message


def test_streams_that_are_not_there_are_refused_as_by_a_read(
    command: Command, tmp_path: Path, small: Sandbox
) -> None:
    code, output, errors = command("estimate", *files(tmp_path, small, "orders", "nothing"))
    assert (code, output, small.log) == (1, "", [])
    assert errors.startswith("There is no stream of this name: nothing. ")


def test_a_catalog_without_streams_is_estimated_to_cost_nothing(
    command: Command, tmp_path: Path, small: Sandbox
) -> None:
    code, output, errors = command("estimate", *files(tmp_path, small), "--json")
    assert (code, errors, small.log) == (0, "", [])
    assert [sync["requests"] for sync in json.loads(output)["syncs"].values()] == [0, 0]


def test_a_misused_estimate_says_how_it_is_used(command: Command) -> None:
    code, output, errors = command("estimate")
    assert (code, output) == (2, "")
    assert errors.startswith("usage: source-bigcommerce estimate [-h] --config CONFIG")


def test_a_list_that_nothing_counts_is_named_and_not_taken_for_empty(
    command: Command, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"totals": "zero", "ignored": {"page"}}
    with Sandbox(orders=3, customers=3, products=3, brands=260, **options) as store:
        code, output, _ = command("estimate", *files(tmp_path, store, "brands", "pages"))
    assert code == 0
    assert "≥ 250" in next(line for line in output.splitlines() if line.startswith("brands"))
    assert (
        "Cannot be counted, the store does not count them, and sends its first page again: brands."
    ) in output


def test_totals_that_are_too_low_are_not_believed() -> None:
    with Sandbox(orders=3, customers=3, products=3, brands=700, totals="low") as store:
        survey = surveyed(store, "brands")
    assert survey.looks[FIRST]["brands"].rows == 700


def test_shipping_quotes_are_counted_if_orders_embed_no_addresses() -> None:
    with Sandbox(orders=40, customers=3, products=3, ignore_include=True) as store:
        assert_within(0.05, store, "order_shipping_quotes")


@pytest.mark.usefixtures("waits")
def test_orders_whose_count_is_refused_are_counted_by_their_list(small: Sandbox) -> None:
    small.faults.add("orders.count", "status", status=403, times=99)
    survey = surveyed(small, "orders")
    assert survey.unreadable == {}
    assert survey.looks[FIRST]["orders"].rows == 60


def test_the_estimate_says_what_a_later_start_date_of_single_orders_saves(
    small: Sandbox,
) -> None:
    survey = surveyed(small, "transactions", "orders", "brands")
    [told] = [
        each
        for each in document(survey)["syncs"][FIRST]["changes"]
        if each["setting"] == "per_order_start_date"
    ]
    later = surveyed(
        small, "transactions", "orders", "brands", per_order_start_date=survey.a_year_ago
    )
    assert told["value"] == survey.a_year_ago[:10]
    found = requests_of(later.costs(FIRST), later)
    assert told["requests"] == pytest.approx(found, rel=0.15)
    assert found < requests_of(survey.costs(FIRST), survey) * 0.6


def test_the_estimate_says_what_skipping_orders_saves() -> None:
    with Sandbox(orders=230, customers=20, products=15) as store:
        names = ("order_coupons", "transactions")
        survey = surveyed(store, *names)
        skipping = {"skip_likely_empty": True}
        [told] = [
            each
            for each in document(survey)["syncs"][FIRST]["changes"]
            if each["setting"] == "skip_likely_empty"
        ]
        assert_within(0.05, store, *names, **skipping)
        found = requests_of(surveyed(store, *names, **skipping).costs(FIRST), survey)
    assert told["requests"] == found < requests_of(survey.costs(FIRST), survey) - 100


def test_rows_are_counted_window_by_window() -> None:
    with Sandbox(orders=3, customers=600, products=3) as store:
        survey = surveyed(store, "customers")
        dates = [row["date_modified"] for row in store.rows("customers")]
    known = survey.looks[FIRST]["customers"]
    assert isinstance(known, ListLook)
    windows = known.windows
    assert [rows for _, rows in windows] == [
        sum(window["start_time"] <= date <= window["end_time"] for date in dates)
        for window, _ in windows
    ]
    assert sum(rows > 0 for _, rows in windows) > 1


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, Archived.LISTED),
        ({"archived_orders": "hidden"}, Archived.HIDDEN),
        ({"is_deleted": "ignored"}, Archived.MIXED),
        ({"is_deleted": "refused"}, Archived.REFUSED),
        ({"orders": 3}, Archived.NONE),
    ],
)
def test_an_estimate_knows_what_the_store_does_with_archived_orders(
    options: dict[str, Any], kind: Archived
) -> None:
    with Sandbox(**{"orders": 230, "customers": 3, "products": 3, **options}) as store:
        known = surveyed(store, "orders").looks[FIRST]["orders"]
    assert isinstance(known, ListLook)
    assert known.archived is kind
