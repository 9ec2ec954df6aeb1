"""Finds or creates the customer of each order."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce.api import CUSTOMERS, Api
from destination_bigcommerce.record import Order, Rejected
from source_bigcommerce.components.budget import seconds_until_retry
from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.reply import ROWS, Row, described, is_of_the_api, rows_of

# https://developer.bigcommerce.com/docs/rest-management/customers#create-customers
_A_REQUEST, _AT_ONCE = 10, 3
_ASKED_AT_ONCE = 30
_REMEMBERED = 50_000
_TRIES, _PAUSE = 5, 1.0
_REFUSED = (400, 409, 413, 422)
_NAMES = ("first_name", "last_name")

Person = dict[str, Any]


class Customers:
    """Finds customers by e-mail address, many at once, and creates those that are missing.

    Addresses are compared without regard to case, as BigCommerce does. BigCommerce refuses a second
    customer with the same address, so a creation can be repeated safely.

    rule: `guest`, `create` or `existing`; a `customer_id` in the record wins.
    is_dry: whether to create nobody.

    Raises AirbyteTracedException if customers cannot be looked up.
    """

    def __init__(self, api: Api, rule: str, is_dry: bool = False) -> None:
        self._api, self._rule, self._is_dry = api, rule, is_dry
        self._known: OrderedDict[str, list[Row]] = OrderedDict()

    def resolve(self, orders: Iterable[Order]) -> None:
        """Puts a `customer_id` into each order, or sets its `rejected`."""
        orders = list(orders)
        for order in orders:
            if self._rule == "guest":
                order.body.setdefault("customer_id", 0)
        open_ones = [order for order in orders if "customer_id" not in order.body]
        people: dict[str, Person] = {}
        for order in open_ones:
            person = _person_of(order)
            if not person.get("email"):
                order.rejected = Rejected("customer.email: is missing")
            elif self._rule == "create" and (lacking := [n for n in _NAMES if not person.get(n)]):
                order.rejected = Rejected("; ".join(f"customer.{n}: is missing" for n in lacking))
            else:
                people.setdefault(_plain(person["email"]), person)
        self._find([email for email in people if email not in self._known])
        reasons: dict[str, Rejected] = {}
        if self._rule == "create" and not self._is_dry:
            new = [person for email, person in people.items() if email not in self._known]
            parts = [new[at : at + _A_REQUEST] for at in range(0, len(new), _A_REQUEST)]
            with ThreadPoolExecutor(_AT_ONCE) as workers:
                for refused in workers.map(self._create, parts):
                    reasons.update(refused)
        for order in open_ones:
            order.rejected = order.rejected or self._give(order, reasons)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _give(self, order: Order, reasons: dict[str, Rejected]) -> Rejected | None:
        email = _plain(_person_of(order)["email"])
        if reason := reasons.get(email):
            return reason
        found = self._known.get(email, [])
        channel = order.body.get("channel_id", 1)
        here = [row for row in found if channel in (row.get("channel_ids") or [channel])] or found
        if len(here) > 1:
            ids = ", ".join(str(row["id"]) for row in here)
            return Rejected(f"customer.email: customers {ids} have it; name one as customer_id")
        if here:
            order.body["customer_id"] = key_of(here[0], "id")
        elif self._rule == "existing":
            return Rejected("customer.email: no customer has it")
        return None

    def _find(self, emails: list[str]) -> None:
        for at in range(0, len(emails), _ASKED_AT_ONCE):
            asked = emails[at : at + _ASKED_AT_ONCE]
            params = {"email:in": ",".join(asked), "limit": 250}
            self._take(self._api.rows("v3/customers", CUSTOMERS, **params), asked)

    def _take(self, rows: Iterable[Row], emails: list[str]) -> None:
        for row in rows:
            email = _plain(str(row.get("email") or ""))
            known = self._known.setdefault(email, []) if email in emails else []
            if row["id"] not in [each["id"] for each in known]:
                known.append({"id": row["id"], "channel_ids": row.get("channel_ids")})

    def _create(self, people: list[Person], doubtful: bool = False) -> dict[str, Rejected]:
        """Creates them. Returns why BigCommerce refused some, by e-mail address.

        doubtful: whether they may exist already and not be visible yet, which explains a refusal.
        """
        for attempt in range(_TRIES):
            reply = self._sent(people)
            emails = [_plain(person["email"]) for person in people]
            is_done = reply is not None and reply.status_code in ROWS
            if reply is not None and is_done:
                # Look-ups may not show them yet.
                self._take(_created_in(reply), emails)
            self._find([email for email in emails if email not in self._known])
            people = [person for person in people if _plain(person["email"]) not in self._known]
            if not people:
                return {}
            doubtful = doubtful or is_done or reply is None or reply.status_code >= 500
            is_refused = reply is not None and reply.status_code in _REFUSED
            if reply is not None and is_refused and is_of_the_api(reply):
                if len(people) > 1:  # only one of them is at fault
                    parts = [self._create([person], doubtful) for person in people]
                    return {email: reason for part in parts for email, reason in part.items()}
                if doubtful and attempt < _TRIES - 1:
                    time.sleep(_PAUSE * 2**attempt)
                    continue
                why = f"customer: BigCommerce refused it with status {reply.status_code}"
                return {_plain(people[0]["email"]): Rejected(why, described(reply))}
            if reply is not None and (problem := self._api.problem(reply, CUSTOMERS)):
                raise problem
            pause = _PAUSE * 2**attempt
            limited = reply is not None and reply.status_code == 429
            time.sleep(max(seconds_until_retry(reply), pause) if reply and limited else pause)
        reason = Rejected("customer: BigCommerce did not create it, and it is not there")
        return {_plain(person["email"]): reason for person in people}

    def _sent(self, people: list[Person]) -> requests.Response | None:
        try:
            return self._api.send("POST", "v3/customers", people)
        except (requests.RequestException, OSError):
            return None


def _created_in(reply: requests.Response) -> list[Row]:
    try:
        return [row for row in rows_of(reply) if isinstance(key_of(row, "id"), int)]
    except (AirbyteTracedException, ValueError):
        return []


def _person_of(order: Order) -> Person:
    """The record's customer; the billing address fills in what is missing."""
    billing = order.body["billing_address"]
    given = {name: billing[name] for name in ("email", *_NAMES) if billing.get(name)}
    return {**given, **order.customer}


def _plain(email: str) -> str:
    return email.strip().lower()
