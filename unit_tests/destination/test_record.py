"""What a record may hold, and how it is said what it may not."""

from __future__ import annotations

import sys
from typing import Any

import orjson
import pytest

from destination_bigcommerce.record import Rejected, order_of
from unit_tests.destination.store import record

LINE = {"name": "Mug", "quantity": 1, "price_ex_tax": 45, "price_inc_tax": 50}


def problems(given: Any) -> list[str]:
    with pytest.raises(Rejected) as rejected:
        order_of(given)
    return str(rejected.value).split("; ")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"external_order_id": None}, "external_order_id: is missing"),
        ({"external_order_id": 7}, "external_order_id: is not string"),
        ({"external_order_id": ""}, "external_order_id: has fewer characters than 1"),
        ({"external_order_id": "x" * 256}, "external_order_id: has more characters than 255"),
        ({"external_order_id": " a"}, "external_order_id: begins or ends with a space"),
        ({"external_order_id": "a\nb"}, "external_order_id: has control characters"),
        ({"external_order_id": "a\udc00"}, "external_order_id: has control characters"),
        (
            {"external_order_id": "e\u0301"},
            "external_order_id: is not in Unicode's composed form (NFC), "
            "and might not be found again",
        ),
        ({"billing_address": {}}, "billing_address.zip: is missing"),
        (
            {"billing_address": {"zip": "78701", "email": "none"}},
            "billing_address.email: is no e-mail address",
        ),
        ({"customer": {"email": "a@b, c@d.com"}}, "customer.email: is no e-mail address"),
        ({"products": []}, "products: is empty"),
        ({"products": None}, "the order: has to have either products or consignments"),
        ({"products": [{**LINE, "quantity": None}]}, "products[0].quantity: is missing"),
        ({"products": [{**LINE, "quantity": 1.0}]}, "products[0].quantity: is not integer"),
        ({"products": [{**LINE, "quantity": True}]}, "products[0].quantity: is not integer"),
        (
            {"products": [{**LINE, "price_inc_tax": None}]},
            "products[0]: is neither of the catalog (product_id, or sku alone) "
            "nor a custom product (name, price_ex_tax, price_inc_tax)",
        ),
        ({"total_ex_tax": "1"}, "total_inc_tax: is missing beside total_ex_tax"),
        ({"id": 5}, "id: is not a field that can be sent"),
        (
            {"discount_amount": 0.1 + 0.2},
            "discount_amount: has too many digits: write it as text, with 4 decimals at most",
        ),
        (
            {"discount_amount": 12345678901234.125},
            "discount_amount: has too many digits: write it as text, with 4 decimals at most",
        ),
        ({"discount_amount": -1}, "discount_amount: is less than 0"),
        ({"discount_amount": "1,50"}, "discount_amount: is not an amount such as 12.50"),
        ({"discount_amount": float("nan")}, "discount_amount: is not number or string"),
        ({"status_id": 15}, "status_id: is more than 14"),
        ({"payment_provider_id": 2**70}, "payment_provider_id: is more than 9007199254740991"),
        ({"payment_provider_id": "a\ud800"}, "payment_provider_id: has control characters"),
        ({"\ud800": 1}, "?: is not a field that can be sent"),
        ({"staff_notes": "a\0"}, "staff_notes: has control characters"),
        ({"staff_notes": "x" * 5_000_000}, "staff_notes: too long, an order may have a megabyte"),
        (
            {"date_created": "2020-01-31"},
            "date_created: is not a date such as Tue, 20 Nov 2012 00:00:00 +0000",
        ),
        (
            {"products": [{**LINE, "quantity": 10**30}]},
            "products[0].quantity: is more than 1000000000",
        ),
    ],
)
def test_a_record_with_a_wrong_field_is_rejected_by_its_name(
    fields: dict[str, Any], problem: str
) -> None:
    assert problems(record("PO-1", **fields)) == [problem]


@pytest.mark.parametrize(
    "fields",
    [
        *({"customer_locale": locale} for locale in ("en", "asa", "en-US", "es-419")),
        {"shipping_addresses": [{"street_1": "1 Sheikh Zayed Road", "zip": "", "country": "UAE"}]},
        {"geoip_country": "", "geoip_country_iso2": ""},
        {"billing_address": {"zip": "1000", "country": "Belgium", "country_iso2": ""}},
    ],
)
def test_a_documented_form_of_a_field_is_accepted(fields: dict[str, Any]) -> None:
    body = order_of(record("PO-1", **fields)).body
    assert {name: body[name] for name in fields} == fields


def test_all_faults_of_a_record_are_reported_at_once() -> None:
    given = record("PO-1", status_id=15, total_ex_tax="1", nonsense=1)
    assert problems(given) == [
        "nonsense: is not a field that can be sent",
        "total_inc_tax: is missing beside total_ex_tax",
        "status_id: is more than 14",
    ]


def test_a_record_that_is_no_object_is_rejected() -> None:
    assert problems([1]) == ["the record is no order: it is not an object"]


def test_a_record_nested_too_deep_is_rejected() -> None:
    deep: Any = []
    for _ in range(sys.getrecursionlimit()):
        deep = [deep]
    assert problems(record("PO-1", fees=deep))[0].startswith("the record cannot be written as JSON")


@pytest.mark.parametrize(
    ("amount", "sent"),
    [(10, "10"), (10.1, "10.1"), ("10.10", "10.10"), (1e-4, "0.0001"), (1e5, "100000.0")],
)
def test_money_is_sent_with_its_own_digits(amount: Any, sent: str) -> None:
    given = record("PO-1", total_ex_tax=amount, total_inc_tax=amount)
    assert order_of(given).body["total_ex_tax"] == sent


@pytest.mark.parametrize(("amount", "sent"), [("50.10", b"50.1"), (0.07, b"0.07"), ("45", b"45")])
def test_a_price_is_sent_as_a_number_with_its_own_digits(amount: Any, sent: bytes) -> None:
    given = record("PO-1", products=[{**LINE, "price_ex_tax": amount}])
    assert orjson.dumps(order_of(given).lines[0]["price_ex_tax"]) == sent


def test_nulls_are_left_out() -> None:
    given = record("PO-1", staff_notes=None, customer={"email": None})
    assert order_of(given).digest == order_of(record("PO-1", customer={})).digest


def test_different_content_has_a_different_digest() -> None:
    same, other = order_of(record("PO-1")), order_of(record("PO-1", customer={"first_name": "Jo"}))
    assert order_of(record("PO-1")).digest == same.digest != other.digest


def test_lines_that_are_picked_up_are_found() -> None:
    pickup = {"pickup_method_id": 1, "line_items": [LINE]}
    given = record("PO-1", products=None, consignments={"pickups": [pickup]})
    assert [line["name"] for line in order_of(given).lines] == ["Mug"]
