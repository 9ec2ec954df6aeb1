"""Orders sent to a store: each once, whatever goes wrong, and told what became of it."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from destination_bigcommerce import DestinationBigcommerce
from destination_bigcommerce import customers as customers_module
from integration_tests.sending import (
    Row,
    catalog_of,
    config_of,
    keys_in,
    order,
    send,
    unclear_answers,
)
from integration_tests.syncs import sync
from sandbox import Sandbox
from source_bigcommerce import questions

pytestmark = pytest.mark.thorough

LOGGER = logging.getLogger("airbyte")


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with Sandbox(orders=60, customers=30, products=40) as opened:
        yield opened


def logged(caplog: pytest.LogCaptureFixture, key: str) -> list[Row]:
    """The JSON lines of the log that have a key."""
    lines = [record.getMessage() for record in caplog.records]
    return [line for line in map(json.loads, filter(_is_json, lines)) if key in line]


def _is_json(line: str) -> bool:
    return line.startswith("{")


# Exactly once


def test_orders_exist_once_however_creates_go_wrong(store: Sandbox) -> None:
    chance = Random(17)
    store.options.lookup_lag = 0.4
    for kind, fields in unclear_answers(0.05):
        for at in chance.sample(range(1, 300), 2):
            store.faults.add("orders.create", kind, at=at, **fields)
    keys = [f"PO-{number}" for number in range(300)]
    sent = send(store, map(order, keys))
    assert sent.error is None
    assert sent.states == list(range(10, 301, 10))
    assert not store.faults.pending()
    assert sorted(keys_in(store)) == sorted(keys)


def test_orders_cost_two_requests_each(store: Sandbox) -> None:
    keys = [f"PO-{number}" for number in range(400)]
    send(store, map(order, keys))
    costs = Counter(entry.operation for entry in store.log)
    assert costs["orders.create"] == 400
    assert costs["orders.list"] <= 400 * 1.05
    store.log.clear()
    assert send(store, map(order, keys)).states[-1] == 400
    assert len(store.log) <= 410
    assert not store.requests("orders.create")


@pytest.mark.parametrize("match", ["prefix", "any_case"])
def test_keys_are_told_apart_if_the_filter_finds_more(store: Sandbox, match: str) -> None:
    store.options.key_match = match
    keys = ["PO-1", "PO-10", "PO-100", "po-1", "PO", "PO 1/ä,b"]
    for _ in range(2):
        assert send(store, map(order, keys)).error is None
    assert sorted(keys_in(store)) == sorted(keys)


@pytest.mark.parametrize(
    "options",
    [{"archived_orders": "hidden"}, {"archived_orders": "hidden", "is_deleted": "also"}],
)
def test_an_archived_order_is_not_created_again(store: Sandbox, options: Row) -> None:
    send(store, [order("PO-1")])
    [key] = [key for collection, key in store.data.created if collection == "orders"]
    store.edit("orders", key, {"is_deleted": 1})
    store.options.update(options)
    assert send(store, [order("PO-1")]).states == [1]
    assert keys_in(store) == ["PO-1"]


def test_a_filter_without_effect_stops_the_sync_before_anything_is_sent(store: Sandbox) -> None:
    store.options.ignored = frozenset({"external_order_id"})
    sent = send(store, [order("PO-1")])
    assert sent.error
    assert "does not find orders by their external_order_id" in str(sent.error.message)
    assert not store.requests("orders.create")


def test_a_key_that_is_not_echoed_is_looked_up(store: Sandbox) -> None:
    store.options.key_echo = False
    store.options.lookup_lag = 0.3
    assert send(store, map(order, ("PO-1", "PO-2"))).error is None
    assert sorted(keys_in(store)) == ["PO-1", "PO-2"]


def test_two_destinations_that_send_the_same_report_what_is_there_twice(
    store: Sandbox,
) -> None:
    # As long as neither sees what the other has just created.
    store.options.lookup_lag = 0.9
    keys = [f"PO-{number}" for number in range(20)]
    sent: list[Any] = []

    def run() -> None:
        sent.append(send(store, map(order, keys), patience_seconds=2))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    twice = {key for key, count in Counter(keys_in(store)).items() if count == 2}
    assert twice
    told = " ".join(str(each.error.message) for each in sent if each.error)
    assert f"{len(twice)} orders are in the store more than once" in told


# What is rejected


def test_a_rejected_order_is_reported_and_the_others_go_on(
    store: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "rejected.jsonl"
    bad = order("PO-2", products=[{"product_id": 10**9, "quantity": 1}])
    worse = order("PO-3", nonsense=1)
    records = [order("PO-1"), bad, worse, order("PO-4")]
    with caplog.at_level(logging.INFO):
        sent = send(store, records, rejected_path=str(path))
    assert sent.states == [4]
    assert sent.error
    assert sent.error.message == (
        "2 of 4 orders were rejected, the first of them PO-2: BigCommerce refused it with status "
        f"400. All are in the log and in {path}. Correct them and send them again."
    )
    assert sorted(keys_in(store)) == ["PO-1", "PO-4"]
    told = {line["rejected"]: line for line in logged(caplog, "rejected")}
    assert told["PO-3"]["reason"] == "nonsense: is not a field that can be sent"
    assert "The product_id 1000000000 is invalid" in told["PO-2"]["api"]
    kept = {line["rejected"]: line for line in map(json.loads, path.read_text().splitlines())}
    assert {key: line["record"] for key, line in kept.items()} == {"PO-2": bad, "PO-3": worse}
    assert path.stat().st_mode & 0o077 == 0


def test_a_rejected_order_ends_the_sync_if_told_to(store: Sandbox) -> None:
    records = [order("PO-1"), order("PO-2", nonsense=1), *(order(f"X-{n}") for n in range(300))]
    sent = send(store, records, every=1, on_rejected="stop")
    assert sent.states == [1]
    assert sent.error
    assert str(sent.error.message).startswith("The order PO-2 was rejected: nonsense: is not a")
    assert len(keys_in(store)) < 200


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"channel_id": 99}, "channel is not active"),
        ({"customer_id": 10**6}, "there is no such customer"),
        ({"products": "stock"}, "out of stock"),
    ],
)
def test_a_refused_order_has_the_words_of_the_store(
    store: Sandbox, caplog: pytest.LogCaptureFixture, fields: Row, words: str
) -> None:
    if fields.get("products") == "stock":
        product = next(
            row for row in store.rows("products") if row["inventory_tracking"] == "product"
        )
        fields = {"products": [{"sku": skus_of(store, product)[0], "quantity": 10**6}]}
    sent = send(store, [order("PO-1", **fields)])
    assert sent.error
    [line] = logged(caplog, "rejected")
    assert words in line["api"]


def test_a_missing_scope_is_reported_at_the_first_refusal(store: Sandbox) -> None:
    store.options.scopes = frozenset({"store_v2_orders_read_only"})
    sent = send(store, [order(f"PO-{number}") for number in range(50)])
    assert sent.error
    assert sent.states == []
    assert "lacks the scope store_v2_orders" in str(sent.error.message)
    assert len(store.requests("orders.create")) <= 10  # one a worker
    assert keys_in(store) == []


def test_a_token_that_is_refused_for_a_moment_costs_time_alone(store: Sandbox) -> None:
    for status in (401, 403):
        store.faults.add("orders.create", "status", status=status, at=10)
    keys = [f"PO-{number}" for number in range(30)]
    assert send(store, map(order, keys)).error is None
    assert not store.faults.pending()
    assert sorted(keys_in(store)) == sorted(keys)


# Customers


def test_new_customers_are_created_once_each(store: Sandbox) -> None:
    known = store.rows("customers")[0]
    people = [
        {"email": f"New{n}@Example.com", "first_name": "N", "last_name": "Ew"} for n in range(23)
    ]
    records = [order(f"PO-{n}", customer=person) for n, person in enumerate(people * 2)]
    records += [
        order("PO-K", customer={"email": known["email"].upper()}),
        order("PO-7", customer_id=0),
    ]
    with_key = {record["external_order_id"]: record for record in records}
    sent = send(store, with_key.values(), customer="create")
    assert sent.error is None
    rows = {row["external_order_id"]: row for row in store.rows("orders")}
    customers = {row["id"]: row["email"] for row in store.rows("customers")}
    emails = [email.lower() for email in customers.values()]
    assert len(emails) == len(set(emails))
    for key, record in with_key.items():
        if "customer" in record:
            email = customers[rows[key]["customer_id"]]
            assert email.lower() == record["customer"]["email"].lower()
    assert rows["PO-7"]["customer_id"] == 0
    assert len(store.requests("customers.create")) == 3


def test_customers_exist_once_whatever_their_creation_answers(
    store: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers_module, "_PAUSE", 0.2)
    store.options.lookup_lag = 0.4
    for kind in ("late_status", "status", "reset", "rate_limit"):
        store.faults.add("customers.create", kind, headers=False)
    people = [{"email": f"new{n}@example.com"} for n in range(12)]
    sent = send(
        store, [order(f"PO-{n}", customer=p) for n, p in enumerate(people)], customer="create"
    )
    assert sent.error is None
    assert not store.faults.pending()
    emails = [row["email"] for row in store.rows("customers")]
    assert len(emails) == len(set(emails)) == 42


def test_a_new_customer_need_not_be_found_at_once(store: Sandbox) -> None:
    store.options.lookup_lag = 60
    sent = send(store, [order("PO-1", customer={"email": "new@example.com"})], customer="create")
    assert sent.error is None
    assert [row["email"] for row in store.rows("customers")].count("new@example.com") == 1


def test_a_missing_customer_rejects_the_order(
    store: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    known = store.rows("customers")[3]
    records = [
        order("PO-1", customer={"email": known["email"]}),
        order("PO-2", customer={"email": "nobody@example.org"}),
    ]
    assert send(store, records, customer="existing").error
    [line] = logged(caplog, "rejected")
    assert (line["rejected"], line["reason"]) == ("PO-2", "customer.email: no customer has it")
    [row] = [row for row in store.rows("orders") if row["external_order_id"] == "PO-1"]
    assert row["customer_id"] == known["id"]


# Products


def skus_of(store: Sandbox, product: Row) -> list[str]:
    return [row["sku"] for row in store.rows("variants") if row["product_id"] == product["id"]]


@pytest.mark.parametrize("refused", [False, True])
def test_lines_with_skus_get_products_and_variants(store: Sandbox, refused: bool) -> None:
    if refused:
        store.faults.add("variants.list", "status", status=422)
    variants = [row for row in store.rows("variants") if row["inventory_level"] >= 3][:60]
    free = {row["id"] for row in store.rows("products") if row["inventory_tracking"] == "none"}
    variants = [row for row in variants if row["product_id"] in free]
    records = [
        order(f"PO-{row['id']}", products=[{"sku": row["sku"], "quantity": 1}]) for row in variants
    ]
    assert len(records) > 5
    assert send(store, records).error is None
    for row in variants:
        [sent] = [
            each for each in store.rows("orders") if each["external_order_id"] == f"PO-{row['id']}"
        ]
        [line] = store.data.children_of("order_products", sent["id"])
        assert (line["product_id"], line["variant_id"]) == (row["product_id"], row["id"])
    if not refused:
        assert len(store.requests("variants.list")) == 1


def test_an_unknown_sku_rejects_the_order(store: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    line = {"sku": "NONE", "quantity": 1}
    send(store, [order("PO-1", products=[line])])
    [told] = logged(caplog, "rejected")
    assert told["reason"] == "products: no product has the SKU NONE"


# The form


def test_defaults_fill_in_orders_that_say_nothing(store: Sandbox) -> None:
    values: Row = {"default_status_id": 11, "default_channel_id": 1, "external_source": "M-MIG"}
    send(
        store, [order("PO-1"), order("PO-2", status_id=2, external_source="POS (Square)")], **values
    )
    rows = {row["external_order_id"]: row for row in store.rows("orders")}
    assert (rows["PO-1"]["status_id"], rows["PO-1"]["external_source"]) == (11, "M-MIG")
    assert (rows["PO-2"]["status_id"], rows["PO-2"]["external_source"]) == (2, "POS (Square)")


def test_a_dry_run_creates_nothing_and_passes_no_state(
    store: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    send(store, [order("PO-1")])
    store.log.clear()
    people = [{"email": "new@example.com"}]
    records = [order("PO-1"), order("PO-2", customer=people[0])]
    with caplog.at_level(logging.INFO):
        sent = send(store, records, dry_run=True, customer="create")
    assert (sent.error, sent.states) == (None, [])
    assert {entry.method for entry in store.log} == {"GET"}
    assert "1 would be created" in caplog.text


def test_the_source_reads_back_the_orders_that_were_sent(store: Sandbox) -> None:
    places = {"first_name": "Jo", "street_1": "1 Main Street", "zip": "10115", "country_iso2": "DE"}
    record = order(
        "PO-1",
        shipping_addresses=[places],
        staff_notes="Fragile",
        total_ex_tax="45.00",
        total_inc_tax="50.10",
        discount_amount="0",
    )
    send(store, [record])
    came = sync(store, "orders", "order_products", "order_shipping_addresses").records
    [row] = [row for row in came["orders"] if row["external_order_id"] == "PO-1"]
    assert row["billing_address"].items() >= record["billing_address"].items()
    assert (row["total_inc_tax"], row["staff_notes"]) == ("50.1000", "Fragile")
    [line] = [line for line in came["order_products"] if line["order_id"] == row["id"]]
    assert (line["name"], line["quantity"], line["price_inc_tax"]) == ("Mug", 1, "50.1000")
    [place] = [p for p in came["order_shipping_addresses"] if p["order_id"] == row["id"]]
    assert place.items() >= places.items()


# The check


def test_the_check_names_an_endpoint_that_hangs(
    store: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "PATIENCE", 0.5)
    store.faults.add("orders.update", "hang", seconds=3)
    told = DestinationBigcommerce().check(LOGGER, config_of(store))
    assert told.status.value == "FAILED"
    assert "from /v2/orders." in str(told.message)


@pytest.mark.parametrize(
    ("scopes", "values", "lacking"),
    [
        (None, {}, None),
        (["store_v2_orders", "store_v2_products_read_only"], {}, None),
        (["store_v2_orders_read_only"], {}, "store_v2_orders"),
        (["store_v2_orders"], {"customer": "create"}, "store_v2_customers"),
        (["store_v2_orders", "store_v2_customers_read_only"], {"customer": "create"}, "customers"),
        (
            ["store_v2_orders", "store_v2_products", "store_v2_customers"],
            {"customer": "create"},
            None,
        ),
    ],
)
def test_the_check_names_the_missing_scope(
    store: Sandbox, scopes: list[str] | None, values: Row, lacking: str | None
) -> None:
    store.options.scopes = frozenset(scopes) if scopes else None
    told = DestinationBigcommerce().check(LOGGER, config_of(store, **values))
    assert told.status.value == ("FAILED" if lacking else "SUCCEEDED")
    assert (
        lacking is None
        or f"lacks the scope {lacking}" in str(told.message)
        or lacking in str(told.message)
    )
    assert not store.requests("orders.create")
    assert not store.requests("customers.create")


def test_the_check_succeeds_without_products_and_says_so(store: Sandbox) -> None:
    store.options.scopes = frozenset({"store_v2_orders"})
    told = DestinationBigcommerce().check(LOGGER, config_of(store))
    assert told.status.value == "SUCCEEDED"
    assert "Orders with SKUs cannot be sent" in str(told.message)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"access_token": "wrong"}, "does not accept the access token"),
        ({"store_hash": "other"}, "does not know this store"),
        ({"store_hash": ""}, "Store hash is missing."),
        ({"customer": "nobody"}, 'Customer is "nobody".'),
        ({"default_status_id": 99}, "is"),
        ({"streams": {"orders": "customers"}}, "Streams is"),
    ],
)
def test_the_check_says_what_is_wrong_in_the_form(store: Sandbox, values: Row, words: str) -> None:
    told = DestinationBigcommerce().check(LOGGER, config_of(store, **values))
    assert told.status.value == "FAILED"
    assert words in str(told.message)


@pytest.mark.parametrize(
    ("names", "mode", "values", "words"),
    [
        (("a", "b"), "append", {}, "what these streams hold: a, b"),
        (("a", "b"), "append", {"streams": {"a": "orders"}}, "what these streams hold: b"),
        (("a",), "overwrite", {}, "to be overwritten"),
    ],
)
def test_a_catalog_that_cannot_be_written_is_an_error_that_says_why(
    store: Sandbox, names: tuple[str, ...], mode: str, values: Row, words: str
) -> None:
    written = DestinationBigcommerce().write(
        config_of(store, **values), catalog_of(*names, mode=mode), iter(())
    )
    with pytest.raises(Exception, match=words):
        list(written)


def test_values_are_accepted_as_forms_send_them(store: Sandbox) -> None:
    address = f"https://store-{store.store_hash}.mybigcommerce.com"
    values: Row = {
        "store_hash": address,
        "num_workers": "4",
        "dry_run": "false",
        "rejected_path": None,
    }
    assert send(store, [order("PO-1")], **values).error is None
    assert keys_in(store) == ["PO-1"]


def test_an_unproven_filter_lets_one_order_go_at_a_time() -> None:
    with Sandbox(orders=3, customers=1, products=1, key_match="none") as store:
        assert not any(row["external_order_id"] for row in store.rows("orders"))
        sent = send(store, [order(f"PO-{number}") for number in range(20)])
        assert sent.error
        assert "No more orders were sent" in str(sent.error.message)
        assert len(keys_in(store)) == 1
