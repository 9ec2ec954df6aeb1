"""Rows, dates and headers: what each assumption sees in single replies and edited stores."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from sandbox.clock import iso
from sandbox.simulation import Simulation
from source_bigcommerce.probe.finding import Finding
from source_bigcommerce.probe.report import SCHEMA, Line, lines, report, table
from source_bigcommerce.probe.store import Reply, Store
from unit_tests.probe.asking import BY_ID, SIZES, STREAMS, probed, report_of, store_of

ORDERS = [stream for stream in STREAMS() if stream.name == "orders"]
SMALL = {**SIZES, "orders": 20}


def finding(store: Store, name: str) -> Finding:
    [line] = lines(store, [BY_ID[name]])
    return line.finding


def edited(**fields: Any) -> Store:
    """Orders alone, one of which has other fields."""
    simulation = Simulation(**SMALL)
    simulation.edit("orders", simulation.rows("orders")[0]["id"], fields)
    return store_of(simulation, ORDERS)


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({"new_field": 1}, "fields_declared", ["new_field"]),
        ({"Anna Muster": 1}, "fields_declared", ["other"]),
        ({"billing_address": {"street_3": "x"}}, "fields_declared", ["billing_address.street_3"]),
        ({"items_total": "many"}, "types_fit", ["items_total: string"]),
        ({"items_total": "3"}, "types_as_declared", ["items_total: string"]),
        ({"date_shipped": "next week"}, "dates_readable", ["date_shipped"]),
        ({"date_shipped": "0000-00-00 00:00:00"}, "dates_readable", []),
        ({"cart_id": None, "staff_notes": ""}, "types_as_declared", []),
    ],
)
def test_a_row_that_is_not_as_the_schema_says_is_named_by_its_field(
    fields: dict[str, Any], name: str, expected: list[str]
) -> None:
    found = finding(edited(**fields), name)
    assert found.verdict == ("does not hold" if expected else "holds")
    assert found.seen["fields"] == ({"orders": expected} if expected else {})
    others = {"fields_declared", "types_fit", "dates_readable"} - {name}
    store = edited(**fields)
    assert {finding(store, other).verdict for other in others} == {"holds"}


def test_ids_beyond_32_bits_are_named() -> None:
    assert finding(edited(), "ids_fit_32_bits").verdict == "holds"
    found = finding(edited(customer_id=2**31), "ids_fit_32_bits")
    assert found.seen == {"fields": ["orders.customer_id"]}


@pytest.mark.parametrize(("zone_hours", "taken"), [(0, "utc"), (-6, "otherwise"), (2, "otherwise")])
def test_a_bare_date_is_told_by_orders_that_changed_near_a_midnight(
    zone_hours: int, taken: str
) -> None:
    simulation = Simulation(**SMALL, zone_hours=zone_hours)
    orders = [row["id"] for row in simulation.rows("orders") if not row["is_deleted"]]
    simulation.clock.advance(12 * 3600)  # it is midnight
    for order in orders[:12]:
        simulation.edit("orders", order, {"staff_notes": "edited"})
        simulation.clock.advance(2 * 3600)
    found = finding(store_of(simulation, ORDERS), "v2_bare_date_is_midnight_utc")
    assert found == Finding("holds" if taken == "utc" else "does not hold", {"taken": taken})


@pytest.mark.parametrize("moves", [True, False])
def test_an_order_that_does_not_change_with_its_rows_is_named(moves: bool) -> None:
    simulation = Simulation(**SMALL, parent_dates="all" if moves else "none")
    simulation.clock.advance(3600)
    now = iso(simulation.clock.now())
    for row in simulation.rows("orders"):
        simulation.insert("transactions", {"amount": 5, "date_created": now}, parent=row["id"])
        simulation.insert("order_messages", {"date_created": now}, parent=row["id"])
    names = ("orders", "transactions", "order_messages")
    store = store_of(simulation, [each for each in STREAMS() if each.name in names])
    probed(store, [BY_ID["types_fit"]])  # asks for the rows
    for child in names[1:]:
        found = finding(store, f"order_date_moves_with_{child}")
        assert (found.verdict, found.seen["later"] > 0) == (
            ("holds", False) if moves else ("does not hold", True)
        ), child


UNSEEN = {
    *("product_date_moves_with_stock", "product_date_moves_with_variants"),
    "customer_date_moves_with_addresses",
}


@pytest.mark.parametrize("name", sorted({n for n in BY_ID if "_moves_with_" in n} - UNSEEN))
@pytest.mark.parametrize(("second", "verdict"), [("05", "holds"), ("06", "does not hold")])
def test_dates_of_rows_are_held_against_those_of_their_parents(
    name: str, second: str, verdict: str
) -> None:
    kind, _, child = name.partition("_date_moves_with_")
    row = {"id": 1, "date_created": f"2026-01-01T00:00:{second}Z"}
    parents = {"id": 7, "date_modified": "2026-01-01T00:00:05Z"}
    stream = {each.name: each for each in STREAMS()}[child]

    def send(path: str, query: str) -> Reply:
        if path.endswith((f"/{kind}s", "v2/orders")):
            rows = [{**parents, **({stream.embeds: [row]} if stream.embeds else {})}]
        else:
            rows = [{**row, f"{kind}_id": "7", "resource_id": 7}]
        body = {"data": rows} if path.startswith("v3") else rows
        return Reply(path, query, 200, {}, orjson.dumps(body))

    store = Store(send, [each for each in STREAMS() if each.name in (f"{kind}s", child)])
    probed(store, [BY_ID["types_fit"]])  # asks for the rows
    found = finding(store, name)
    assert (found.verdict, found.seen["rows"]) == (verdict, 1)


@pytest.mark.parametrize("name", sorted(UNSEEN))
def test_changes_without_a_date_cannot_be_told(name: str) -> None:
    assert finding(edited(), name).verdict == "cannot tell"


LIMITS = {
    "x-rate-limit-requests-quota": "150",
    "x-rate-limit-requests-left": "0",
    "x-rate-limit-time-window-ms": "30000",
    "x-rate-limit-time-reset-ms": "490",
}


@pytest.mark.parametrize(
    ("headers", "verdict", "seen"),
    [
        (
            {**LIMITS, "x-retry-after": "1"},
            "holds",
            ["x-retry-after", "x-rate-limit-time-reset-ms"],
        ),
        (LIMITS, "holds", ["x-rate-limit-time-reset-ms"]),
        ({}, "does not hold", []),
    ],
)
def test_a_limited_reply_shows_whether_it_says_when(
    headers: dict[str, str], verdict: str, seen: list[str]
) -> None:
    store = Store(lambda path, query: Reply(path, query, 429, headers), ORDERS)
    store.ask("v2/orders")
    found = finding(store, "limited_replies_say_when")
    assert (found.verdict, found.seen["headers"]) == (verdict, seen)


@pytest.mark.parametrize(("window", "reset"), [("30", "10"), ("30000", "40000")])
def test_a_window_in_seconds_or_shorter_than_its_reset_is_named(window: str, reset: str) -> None:
    headers = {"x-rate-limit-time-window-ms": window, "x-rate-limit-time-reset-ms": reset}
    store = Store(lambda path, query: Reply(path, query, 200, headers, b"[]"), ORDERS)
    store.ask("v2/orders")
    assert finding(store, "limits_in_milliseconds").verdict == "does not hold"


# No personal data

MARK = "Zq9mark"


def marked(value: Any) -> Any:
    """All texts but dates and numbers with a mark, and one field that somebody named."""
    if isinstance(value, dict):
        fields = {name: marked(inner) for name, inner in value.items()}
        return {**fields, f"{MARK} {len(fields)}": MARK}
    if isinstance(value, list):
        return [marked(inner) for inner in value]
    is_text = isinstance(value, str) and not value[:1].isdigit() and ":" not in value
    return f"{value}{MARK}{MARK.lower()}@example.com" if is_text else value


def spoilt(body: bytes) -> bytes:
    if not body:
        return body
    read = orjson.loads(body)
    meta = {"meta": read.pop("meta")} if isinstance(read, dict) and "meta" in read else {}
    return orjson.dumps({**marked(read), **meta} if meta else marked(read))


@pytest.mark.parametrize("other_forms", [False, True])
def test_a_report_of_a_store_full_of_personal_data_has_none_of_it(other_forms: bool) -> None:
    simulation = Simulation(
        **SIZES,
        store_hash="zq9markhash",
        access_token="zq9marktoken",
        other_forms=other_forms,
        scopes=None,
    )
    store = store_of(simulation, spoil=spoilt)
    found = probed(store)
    written = json.dumps(report(found.values(), store.requests)) + table(found.values())
    assert MARK.encode() in b"".join(reply.content for reply in store.replies)
    assert MARK.lower() not in written.lower()
    assert found["fields_declared"].finding.verdict == "does not hold"
    assert report_of(store_of(simulation))["requests"] == len(simulation.log) // 2


@pytest.mark.parametrize(
    "seen",
    [
        {"name": "Anna"},
        {"email": "a@b.example"},
        {"fields": {"orders": ["Anna Muster"]}},
        {"Anna": 1},
        {"rows": [{"id": 1}]},
    ],
)
def test_a_finding_with_a_value_of_a_row_is_not_written(seen: dict[str, Any]) -> None:
    line = Line(BY_ID["rows_once"], Finding("holds", seen))
    with pytest.raises(ValueError, match="not in its form at assumptions/0/seen"):
        report([line], 1)


def test_a_row_of_a_shape_that_nobody_knows_ends_no_probe() -> None:
    def strange(path: str, query: str) -> Reply:
        body = {"data": [{"id": {"a": []}}, {"id": None}]} if path[:2] == "v3" else [{"id": [1]}]
        return Reply(path, query, 200, {}, orjson.dumps(body))

    found = probed(Store(strange, STREAMS()))
    assert set(found) == set(BY_ID)
    assert found["orders_ascend"].finding.verdict == "cannot tell"
    assert SCHEMA["properties"]["requests"]["maximum"] == 120
