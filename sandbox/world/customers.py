"""Customers, as `GET /v3/customers` returns them."""

from __future__ import annotations

from array import array
from typing import Any

from sandbox.chance import mix, pick, uuid
from sandbox.clock import iso
from sandbox.table import Columns, Row, Table
from sandbox.world import words
from sandbox.world.history import History

_INCLUDED_AT_MOST = 10  # Of addresses and of attributes, however many a customer has.


class Customers:
    """Makes customers; every one is settled by the seed and its id."""

    def __init__(self, seed: int, size: int, history: History) -> None:
        self._seed = mix(seed, 2)
        created, modified = history.dates(self._seed, size)
        bits = [mix(self._seed, at) for at in range(size)]
        self.columns: Columns = {
            "id": history.ids(self._seed, size, first=1),
            "date_created": created,
            "date_modified": modified,
            "customer_group_id": array("q", (b % 4 for b in bits)),
        }
        self.table = Table(
            "customers",
            self.columns,
            self.row,
            includes={
                "addresses": ("addresses", self._addresses),
                "attributes": ("attributes", self._attributes),
                "formfields": ("form_fields", self._form_fields),
                "storecredit": ("store_credit_amounts", self._store_credit),
                "shopper_profile_id": ("shopper_profile_id", self._shopper_profile),
                "segment_ids": ("segment_ids", self._segments),
            },
        )

    def row(self, at: int) -> Row:
        key, bits = self._key(at)
        return {
            "id": key,
            "authentication": {"force_password_reset": bits % 29 == 0},
            "company": pick(words.COMPANIES, bits >> 5),
            "customer_group_id": self.columns["customer_group_id"][at],
            "email": words.email(key),
            "first_name": pick(words.FIRST, bits >> 9),
            "last_name": pick(words.LAST, bits >> 13),
            "notes": "Prefers e-mail" if bits % 17 == 0 else "",
            "phone": f"+1 555 {bits % 10_000:04}",
            "registration_ip_address": f"192.0.2.{bits % 256}" if bits % 3 else "",
            "tax_exempt_category": "D" if bits % 41 == 0 else "",
            "date_created": iso(self.columns["date_created"][at]),
            "date_modified": iso(self.columns["date_modified"][at]),
            "address_count": self._address_count(bits),
            "attribute_count": self._attribute_count(bits),
            "accepts_product_review_abandoned_cart_emails": bits % 2 == 0,
            "origin_channel_id": 1,
            # null: may sign in on every channel.
            "channel_ids": None if bits % 3 == 0 else [1],
        }

    def _key(self, at: int) -> tuple[int, int]:
        key = self.columns["id"][at]
        return key, mix(self._seed, key)

    @staticmethod
    def _address_count(bits: int) -> int:
        return 12 if bits % 53 == 0 else (bits >> 17) % 4

    @staticmethod
    def _attribute_count(bits: int) -> int:
        return 11 if bits % 59 == 0 else (bits >> 21) % 3

    def _addresses(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        return [
            self._address(key, nth, mix(bits, nth))
            for nth in range(min(self._address_count(bits), _INCLUDED_AT_MOST))
        ]

    @staticmethod
    def _address(customer: int, nth: int, bits: int) -> Row:
        city, state, postal_code, country, code = pick(words.PLACES, bits)
        return {
            "id": customer * 16 + nth,
            "customer_id": customer,
            "first_name": pick(words.FIRST, bits >> 3),
            "last_name": pick(words.LAST, bits >> 7),
            "company": pick(words.COMPANIES, bits >> 11),
            "address1": f"{bits % 200 + 1} {pick(words.STREETS, bits >> 15)}",
            "address2": "",
            "city": city,
            "state_or_province": state,
            "postal_code": postal_code,
            "country": country,
            "country_code": code,
            "phone": "",
            "address_type": "residential" if bits % 4 else "commercial",
            "form_fields": [_form_field("License ID", str(bits % 10_000), None)]
            if bits % 5 == 0
            else [],
        }

    def _attributes(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        created = self.columns["date_created"][at]
        return [
            {
                "id": key * 16 + nth,
                "customer_id": key,
                "attribute_id": nth + 1,
                "attribute_value": pick(("Yes", "No", "blue"), bits >> nth),
                "date_created": iso(created),
                "date_modified": iso(self.columns["date_modified"][at]),
            }
            for nth in range(min(self._attribute_count(bits), _INCLUDED_AT_MOST))
        ]

    def _form_fields(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        values: tuple[Any, ...] = ("blue", 12.5, ["news", "offers"])
        return [_form_field(f"Field {n + 1}", values[n], key) for n in range((bits >> 25) % 4)]

    def _store_credit(self, at: int) -> list[Row]:
        _, bits = self._key(at)
        return [{"amount": bits % 5_000 / 100 if bits % 6 == 0 else 0}]

    def _shopper_profile(self, at: int) -> str:
        return uuid(self._seed, at)

    def _segments(self, at: int) -> list[str]:
        return [uuid(self._seed, 9, n) for n in range(at % 3)]


def _form_field(name: str, value: Any, customer: int | None) -> Row:
    field = {"name": name, "value": value}
    return field if customer is None else {**field, "customer_id": customer}
