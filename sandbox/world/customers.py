"""Customers, as `GET /v3/customers` returns them."""

from __future__ import annotations

from array import array
from typing import Any

from sandbox.chance import mix, pick, uuid
from sandbox.children import Child, ChildTable
from sandbox.clock import iso
from sandbox.table import Columns, Row, Table
from sandbox.world import words
from sandbox.world.history import History

_ADDRESSES_PER_CUSTOMER = 16  # Ids follow from the customer's.
_INCLUDED_AT_MOST = 10  # Of addresses and of attributes, however many a customer has.


class Customers:
    """Makes customers; each follows from the seed and its id."""

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
                "addresses": ("addresses", self._included_addresses),
                "attributes": ("attributes", self._included_attributes),
                "formfields": ("form_fields", self._form_fields),
                "storecredit": ("store_credit_amounts", self._store_credit),
                "shopper_profile_id": ("shopper_profile_id", self.shopper_profile_id),
                "segment_ids": ("segment_ids", self.segment_ids),
            },
        )
        self.addresses = ChildTable(
            "customer_addresses",
            self.table,
            "customer_id",
            lambda at: self._address_count(self._key(at)[1]),
            self._address,
            per_parent=_ADDRESSES_PER_CUSTOMER,
            includes={"formfields": ("form_fields", self._address_fields)},
        )
        self.attribute_values = ChildTable(
            "customer_attribute_values",
            self.table,
            "customer_id",
            lambda at: self._attribute_count(self._key(at)[1]),
            self._attribute,
            per_parent=16,
            held={
                "attribute_id": lambda at, nth: nth + 1,
                "date_created": lambda at, nth: created[at],
                "date_modified": lambda at, nth: modified[at],
            },
        )
        self.form_field_values = ChildTable(
            "customer_form_field_values",
            self.table,
            "customer_id",
            lambda at: len(self._all_form_fields(at)),
            lambda child: self._all_form_fields(child.parent)[child.nth],
            per_parent=32,
            key="number",
        )
        self.tables = (
            self.table,
            self.addresses,
            self.attribute_values,
            self.form_field_values,
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

    def _address(self, child: Child) -> Row:
        bits = self._address_bits(child.parent, child.nth)
        city, state, postal_code, country, code = pick(words.PLACES, bits)
        return {
            "id": child.key,
            "customer_id": self.columns["id"][child.parent],
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
        }

    def _address_bits(self, at: int, nth: int) -> int:
        return mix(self._key(at)[1], nth)

    def _address_fields(self, child: Child) -> list[Row]:
        bits = self._address_bits(child.parent, child.nth)
        if bits % 5:
            return []
        return [{"name": "License ID", "value": str(bits % 10_000), "address_id": child.key}]

    def _included_addresses(self, at: int) -> list[Row]:
        addresses = self.addresses.of(at, ["formfields"])[:_INCLUDED_AT_MOST]
        for address in addresses:
            for field in address["form_fields"]:
                del field["address_id"]
        return addresses

    def _attribute(self, child: Child) -> Row:
        _, bits = self._key(child.parent)
        return {
            "id": child.key,
            "customer_id": self.columns["id"][child.parent],
            "attribute_id": child.nth + 1,
            "attribute_value": pick(("Yes", "No", "blue"), bits >> child.nth),
            "date_created": iso(child.held["date_created"]),
            "date_modified": iso(child.held["date_modified"]),
        }

    def _included_attributes(self, at: int) -> list[Row]:
        return self.attribute_values.of(at)[:_INCLUDED_AT_MOST]

    def _form_fields(self, at: int) -> list[Row]:
        key, bits = self._key(at)
        values: tuple[Any, ...] = ("blue", 12.5, ["news", "offers"])
        return [
            {"name": f"Field {n + 1}", "value": values[n], "customer_id": key}
            for n in range((bits >> 25) % 4)
        ]

    def _all_form_fields(self, at: int) -> list[Row]:
        """The customer's own, then those of the addresses."""
        rows = self._form_fields(at)
        for nth in range(self._address_count(self._key(at)[1])):
            address = Child(self.columns["id"][at] * _ADDRESSES_PER_CUSTOMER + nth, at, nth, {})
            rows += self._address_fields(address)
        return rows

    def _store_credit(self, at: int) -> list[Row]:
        _, bits = self._key(at)
        return [{"amount": bits % 5_000 / 100 if bits % 6 == 0 else 0}]

    def shopper_profile_id(self, at: int) -> str:
        return uuid(self._seed, at)

    def segment_ids(self, at: int) -> list[str]:
        return [self.segment_id(n) for n in range(at % 3)]

    def segment_id(self, nth: int) -> str:
        return uuid(self._seed, 9, nth)
