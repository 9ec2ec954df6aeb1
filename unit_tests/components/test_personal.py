"""What leaves of personal data, by the form: values, schemas, keys, and the words of the log."""

from __future__ import annotations

import json
import logging
import re
from hashlib import sha256
from typing import Any
from unittest.mock import patch

import pytest
import requests_mock
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import Personal
from source_bigcommerce.components.personal import Treatment, said
from source_bigcommerce.components.reply import described
from source_bigcommerce.components.sync import Sync
from unit_tests.replies import API, B2B_API, reply
from unit_tests.streams import CONFIG

SALT = "12345678"
HASH: dict[str, Any] = {"personal_data": "hash", "hash_salt": SALT}
DROP: dict[str, Any] = {"personal_data": "drop"}
EVERYWHERE = {"personal_data_keeps_region": False}


def field(*types: str, personal: str = "", **more: Any) -> dict[str, Any]:
    mark = {"x-personal": personal} if personal else {}
    return {"type": ["null", *types], **more, **mark}


def nested(**properties: Any) -> dict[str, Any]:
    return field("object", additionalProperties=True, properties=properties)


SCHEMA = {
    "type": "object",
    "additionalProperties": True,
    "properties": {
        "id": field("integer"),
        "email": field("string", personal="email"),
        "phone": field("string", personal="phone"),
        "name": field("string", personal="name"),
        "expiry_year": field("integer", personal="payment"),
        "notes": field("string", personal="free_text"),
        "answer": field("string", "array", items=field("string"), personal="free_text"),
        "count": field("integer"),
        "settings": field("object", additionalProperties=True),
        "anything": {},
        "tags": field("array", items=field("string")),
        "recipients": field("array", items=field("string", personal="email")),
        "untyped": field("array"),
        "address": nested(
            street=field("string", personal="address"),
            city={**field("string", personal="address"), "x-region": True},
        ),
        "cards": field(
            "array", items=nested(brand=field("string"), last4=field("string", personal="payment"))
        ),
        "sender": nested(name=field("string", personal="name")),
    },
}


class Loader:
    def get_json_schema(self) -> dict[str, Any]:
        return SCHEMA


def treated(record: dict[str, Any], form: dict[str, Any], keys: tuple[str, ...] = ("id",)) -> Any:
    """The record as it leaves, and the names of what did not come."""
    sync = Sync()
    personal = Personal(
        schema_loader=Loader(),  # type: ignore[arg-type]
        config=form,
        parameters={"name": "people"},
        keys=keys,
        api_budget=sync,
    )
    record = json.loads(json.dumps(record))
    personal.transform(record)
    return record, list(sync.unnamed.get("people", {}))


def hashed(value: str) -> str:
    return sha256((SALT + value).encode()).hexdigest()


# Values


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"email": " Ada@Example.COM "}, {"email": hashed("ada@example.com")}),
        ({"email": "ada @example.com"}, {"email": hashed("ada@example.com")}),
        ({"phone": "+1 (512) 555-0100"}, {"phone": hashed("15125550100")}),
        ({"phone": 15125550100}, {"phone": hashed("15125550100")}),
        ({"name": " Müller "}, {"name": hashed("Müller")}),
        ({"name": "müller"}, {"name": hashed("müller")}),
        ({"expiry_year": 2027}, {"expiry_year": hashed("2027")}),
        ({"expiry_year": 2027.5}, {"expiry_year": hashed("2027.5")}),
        ({"email": None, "name": "", "phone": "  "}, {"email": None, "name": "", "phone": ""}),
        ({"phone": "ask Ada"}, {"phone": ""}),
        ({"name": {"first": "Ada"}}, {"name": None}),
        (
            {"recipients": ["A@b.c", None, 1, ["x"]]},
            {"recipients": [hashed("a@b.c"), None, hashed("1"), None]},
        ),
        ({"notes": "Ada", "answer": ["Ada"]}, {}),
        (
            {"address": {"street": "1 Main St", "city": "Austin"}},
            {"address": {"street": hashed("1 Main St"), "city": "Austin"}},
        ),
        (
            {"cards": [{"brand": "visa", "last4": "4242"}, None]},
            {"cards": [{"brand": "visa", "last4": hashed("4242")}, None]},
        ),
    ],
)
def test_values_are_normalized_before_they_are_hashed(
    given: dict[str, Any], left: dict[str, Any]
) -> None:
    assert treated(given, HASH) == (left, [])


def test_any_other_program_makes_the_same_hash() -> None:
    # printf '12345678ada@example.com' | sha256sum
    assert treated({"email": "ada@example.com"}, HASH)[0] == {
        "email": "d1206835c24a56e18b90f93eb9c4a5999c14f8dbc7d59d3ea8331e4b69a810ea"
    }


def test_nothing_marked_comes_if_it_is_dropped() -> None:
    record = {
        "id": 1,
        "email": "ada@example.com",
        "expiry_year": 2027,
        "notes": "Ada",
        "count": 2,
        "recipients": ["ada@example.com"],
        "address": {"street": "1 Main St", "city": "Austin"},
        "cards": [{"brand": "visa", "last4": "4242"}],
        "sender": {"name": "Ada"},
    }
    left = {"id": 1, "count": 2, "address": {"city": "Austin"}, "cards": [{"brand": "visa"}]}
    assert treated(record, DROP) == (left, [])
    del left["address"]
    assert treated(record, {**DROP, **EVERYWHERE}) == (left, [])


@pytest.mark.parametrize("form", [HASH, DROP], ids=["hash", "drop"])
def test_what_no_schema_names_does_not_come_and_is_named(form: dict[str, Any]) -> None:
    record = {
        "id": 1,
        "nickname": "Ada",
        "ada@example.com": True,
        "settings": {"owner": "Ada"},
        "anything": "Ada",
        "untyped": ["Ada"],
        "address": {"city": "Austin", "floor": 2},
        "cards": [{"brand": "visa", "holder": "Ada"}],
    }
    assert treated(record, form) == (
        {"id": 1, "address": {"city": "Austin"}, "cards": [{"brand": "visa"}]},
        [
            *("nickname", "(aaa@aaaaaaa.aaa)", "settings", "anything", "untyped"),
            *("address.floor", "cards[].holder"),
        ],
    )


@pytest.mark.parametrize("form", [HASH, DROP], ids=["hash", "drop"])
def test_values_of_another_type_become_null_but_not_those_of_keys(form: dict[str, Any]) -> None:
    record: dict[str, Any]
    record = {"id": "Ada", "count": "Ada", "tags": "Ada", "cards": [7, {"brand": ["Ada"]}]}
    left = {"id": "Ada", "count": None, "tags": ["Ada"], "cards": [None, {"brand": None}]}
    assert treated(record, form) == (left, [])
    record = {"count": {"a": "Ada"}, "tags": ["red", {"a": "Ada"}], "address": ["Ada"]}
    assert treated(record, form) == (
        {"count": None, "tags": ["red", None], "address": None},
        [],
    )


def test_a_record_stays_as_it_is_if_the_form_keeps_all() -> None:
    record = {"id": 1, "email": "Ada@example.com", "nickname": "Ada", "count": "Ada"}
    assert treated(record, {}) == (record, [])


def test_the_log_names_a_hundred_fields_at_most() -> None:
    _, names = treated({f"field_{n}": 1 for n in range(200)}, DROP)
    assert said("people", names).endswith("field_98, field_99 and more.")


# Schemas


def test_the_schema_of_hashed_data_is_text_and_lacks_free_text() -> None:
    left = Treatment({**HASH, **EVERYWHERE}).left_of(SCHEMA)
    assert left
    fields = left["properties"]
    assert list(fields) == [
        *("id", "email", "phone", "name", "expiry_year", "count"),
        *("tags", "recipients", "address", "cards", "sender"),
    ]
    assert fields["expiry_year"] == field("string", personal="payment")
    assert fields["address"]["properties"]["city"]["type"] == ["null", "string"]


def test_the_schema_lacks_what_is_dropped() -> None:
    left = Treatment({**DROP, **EVERYWHERE}).left_of(SCHEMA)
    assert left == {
        "type": "object",
        "additionalProperties": True,
        "properties": {
            "id": field("integer"),
            "count": field("integer"),
            "tags": field("array", items=field("string")),
            "cards": field("array", items=nested(brand=field("string"))),
        },
    }


SCALARS = st.sampled_from(["string", "integer", "number", "boolean"])
MARKS = st.sampled_from(["", "", "email", "phone", "name", "free_text"])
FIELDS = st.recursive(
    st.one_of(
        st.builds(lambda kind, mark: field(kind, personal=mark), SCALARS, MARKS),
        st.just(field("object")),
        st.just({}),
    ),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda of: nested(**of)),
        inner.map(lambda of: field("array", items=of)),
    ),
    max_leaves=8,
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["", "Ada", "0", "a@b.c"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from("abc"), FIELDS),
    st.dictionaries(st.sampled_from("abcd"), VALUES),
    st.booleans(),
)
def test_whatever_comes_fits_the_schema_of_what_is_left(
    properties: dict[str, Any], record: dict[str, Any], hashes: bool
) -> None:
    form = HASH if hashes else DROP
    declared = {"type": "object", "properties": properties}

    class Drawn(Loader):
        def get_json_schema(self) -> dict[str, Any]:
            return declared

    personal = Personal(schema_loader=Drawn(), config=form, parameters={}, api_budget=Sync())  # type: ignore[arg-type]
    personal.transform(record)
    left = Treatment(form).left_of(declared) or {"properties": {}}
    assert [error.message for error in Draft7Validator(closed(left)).iter_errors(record)] == []


def closed(schema: Any) -> Any:
    """The schema, with no room for fields that it does not declare."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(each) for key, each in schema.items()}
    is_object = isinstance(schema.get("properties"), dict) and "type" in schema
    return {**inner, "additionalProperties": False} if is_object else inner


# Streams


def form(**values: Any) -> dict[str, Any]:
    return {**CONFIG, **values}


def source_of(name: str, config: dict[str, Any]) -> tuple[SourceBigcommerce, AbstractStream]:
    """A source with this stream alone: to build all takes half a second."""
    source = SourceBigcommerce(config=config)
    source._wanted = {name}
    [stream] = source.streams(config)
    return source, stream


def records_of(stream: AbstractStream) -> list[dict[str, Any]]:
    windows = list(stream.generate_partitions())
    return [dict(record.data) for window in windows for record in window.read()]


def read(name: str, config: dict[str, Any]) -> list[dict[str, Any]]:
    return records_of(source_of(name, config)[1])


def test_no_row_costs_a_call_if_the_form_keeps_all(
    requests_mock: requests_mock.Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(Personal, "transform", refused)
    requests_mock.get(f"{API}/v3/wishlists", json={"data": [{"id": 1, "name": "Ada"}]})
    assert read("wishlists", form()) == [{"id": 1, "name": "Ada"}]
    with pytest.raises(AssertionError):
        read("wishlists", form(**DROP))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (HASH, {"company": hashed("Ada Ltd"), "salesRep": hashed("Ada")}),
        (DROP, {}),
    ],
    ids=["hash", "drop"],
)
def test_what_is_copied_from_a_parent_is_treated_like_the_rest(
    requests_mock: requests_mock.Mocker, mode: dict[str, Any], expected: dict[str, Any]
) -> None:
    listed = {"quoteId": 7, "company": "Ada Ltd", "salesRep": "Ada", "updatedAt": 1704100000}
    listed["createdAt"] = 1704000000
    own = {"quoteId": 7, "channelId": 1, "company": None}
    requests_mock.get(
        re.compile(f"{B2B_API}/api/v3/io/rfq[?]"), json={"code": 200, "data": {"list": [listed]}}
    )
    requests_mock.get(f"{B2B_API}/api/v3/io/rfq/7", json={"code": 200, "data": own})
    requests_mock.get(f"{B2B_API}/api/v3/io/channels", json={"code": 200, "data": []})
    [record] = read("b2b_quotes", form(**mode))
    dates = {"createdAt": "2023-12-31T05:20:00Z", "updatedAt": "2024-01-01T09:06:40Z"}
    assert record == {"quoteId": 7, "channelId": 1, **dates, **expected}


def test_an_id_of_our_own_is_made_of_nothing_personal(
    requests_mock: requests_mock.Mocker,
) -> None:
    payments = {"code": 200, "data": [{"id": 5}], "meta": {"pagination": {"totalCount": 1}}}
    requests_mock.get(f"{B2B_API}/api/v3/io/ip/payments", json=payments)

    def ids(card: str, mode: dict[str, Any], **named: str) -> list[int]:
        row = {"type": "sale", "card": {"last4": card, "type": "visa"}, "memo": card, **named}
        requests_mock.get(
            f"{B2B_API}/api/v3/io/ip/payments/5/transactions", json={"code": 200, "data": [row]}
        )
        return [row["id"] for row in read("b2b_payment_transactions", form(**mode))]

    assert ids("4242", DROP) == ids("1111", DROP)
    assert ids("4242", {}) != ids("1111", {})
    named = {"transactionId": "t1", "event": "sale"}
    assert ids("4242", DROP, **named) == ids("1111", {}, **named) != ids("4242", DROP)


def test_a_stream_does_not_name_the_fields_of_its_parents(
    requests_mock: requests_mock.Mocker,
) -> None:
    order = {
        "id": 3,
        "date_modified": "Fri, 05 Jan 2024 00:00:00 +0000",
        "items_total": 0,
        "shipping_address_count": 1,
        "consignments": [{"shipping": [{"id": 9, "city": "Austin"}]}],
    }
    requests_mock.get(f"{API}/v2/orders", json=[order])
    quotes = [{"id": "q", "provider_code": "ups", "owner": "Ada"}]
    requests_mock.get(f"{API}/v2/orders/3/shipping_addresses/9/shipping_quotes", json=quotes)
    source, stream = source_of("order_shipping_quotes", form(**DROP))
    [record] = records_of(stream)
    assert record == {
        "id": "q",
        "provider_code": "ups",
        "order_id": 3,
        "shipping_address_id": 9,
        "order_date_modified": "2024-01-05T00:00:00Z",
    }
    assert source._sync.unnamed == {"order_shipping_quotes": {"owner": None}}


def test_a_row_that_loses_all_its_fields_is_dropped(requests_mock: requests_mock.Mocker) -> None:
    url = f"{API}/v3/settings/inventory/notifications"
    row = {"low_stock_notification_address": ["ada@example.com"]}
    requests_mock.get(url, json={"data": row, "meta": {}})
    assert read("settings_inventory_notifications", form(**DROP)) == []
    assert read("settings_inventory_notifications", form(**HASH)) == [
        {"low_stock_notification_address": [hashed("ada@example.com")]}
    ]


def test_flattened_columns_keep_their_names_if_personal_data_is_dropped() -> None:
    def columns(mode: str, name: str) -> set[str]:
        config = form(flatten_records=True, hash_salt=SALT, personal_data=mode)
        _, stream = source_of(name, config)
        return set(stream.as_airbyte_stream().json_schema["properties"])

    kept, hashed, dropped = (columns(mode, "orders") for mode in ("keep", "hash", "drop"))
    assert dropped < hashed < kept
    assert {"billing_address_email", "ip_address"} <= hashed - dropped
    assert {"staff_notes"} <= kept - hashed
    assert columns("drop", "settings_inventory_notifications") == set()


# Logs and errors, in any mode


@pytest.mark.parametrize("status", [200, 203, 404, 429, 500])
@pytest.mark.parametrize(
    "body",
    [
        [{"id": 1, "message": "Dear Ada", "title": "Ada"}],
        {"id": 1, "message": "Dear Ada", "errors": {"name": "Ada"}},
        {"data": [{"id": 1, "message": "Dear Ada", "error": "Ada"}]},
        b'[{"id": 1, "message": "Dear Ada", "ti',
        {"title": "no access for ada@example.com"},
    ],
    ids=["v2", "v2, one", "v3", "cut", "an e-mail address"],
)
def test_the_words_of_a_reply_are_never_those_of_rows(status: int, body: Any) -> None:
    assert "ada" not in described(reply(status, body)).lower()


def test_a_debugged_sync_logs_no_rows(
    requests_mock: requests_mock.Mocker, caplog: pytest.LogCaptureFixture
) -> None:
    requests_mock.get(f"{API}/v3/wishlists", json={"data": [{"id": 1, "name": "Ada"}]})
    with caplog.at_level(logging.DEBUG, logger="airbyte"):
        assert read("wishlists", form()) == [{"id": 1, "name": "Ada"}]
    received = [vars(each) for each in caplog.records if each.message == "Receiving response"]
    assert received
    assert "Ada" not in str([vars(each) for each in caplog.records])


@pytest.mark.parametrize(
    "odd",
    [
        {"content": b'{"data": [{"id": 1, "name": "Ada'},
        {"status_code": 206, "json": {"data": [{"id": 1, "name": "Ada"}]}},
        {"json": {"rows": [{"id": 1, "name": "Ada"}]}},
        {"status_code": 520, "json": {"data": [{"id": 1, "name": "Ada"}]}},
    ],
    ids=["cut", "a part", "of another shape", "of an unknown status"],
)
def test_a_reply_that_is_asked_for_again_is_not_logged(
    requests_mock: requests_mock.Mocker, caplog: pytest.LogCaptureFixture, odd: dict[str, Any]
) -> None:
    sound = {"json": {"data": [{"id": 1, "name": "Ada"}]}}
    requests_mock.get(f"{API}/v3/wishlists", [odd, sound])
    with caplog.at_level(logging.DEBUG, logger="airbyte"), patch("time.sleep"):
        assert read("wishlists", form()) == [{"id": 1, "name": "Ada"}]
    assert "Caught retryable error" in caplog.text
    assert "Ada" not in str([vars(each) for each in caplog.records])
