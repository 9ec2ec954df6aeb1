"""Sends one order exactly once."""

import random
import threading
import time
from contextlib import nullcontext
from enum import Enum
from typing import NamedTuple

import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce.api import ORDERS, Api
from destination_bigcommerce.lookups import Lookups, is_archived
from destination_bigcommerce.messages import CREATE_FAILED
from destination_bigcommerce.record import Order, Rejected
from source_bigcommerce.components.budget import seconds_until_retry
from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.reply import ROWS, Row, described, is_of_the_api, parsed_body

_TRIES = 4
_LONGEST_WAIT = 60.0
# Refused before the store looks at the order: too many requests, or no permission.
_PUT_OFF = (401, 403, 429)
# Refusals that are not about the order, but about the token, the store, the time or the pace.
_NOT_ABOUT_THE_ORDER = (401, 403, 404, 407, 408, 425, 429)


class Kind(Enum):
    CREATED = "created"
    THERE = "already there"
    WOULD_BE_CREATED = "would be created"
    REJECTED = "rejected"


class Outcome(NamedTuple):
    """How an order was settled.

    ids: the orders in the store with its key; archived ones only if there are no others.
    """

    kind: Kind
    ids: tuple[int, ...] = ()
    reason: str = ""


class Stopped(Exception):
    """The sync ends; this order was not sent."""


class Sender:
    """Looks an order up, creates it if it is missing, and looks again after an unclear answer.

    Repeats a create only after look-ups have shown that it failed: see Lookups.

    is_stopping: set when no more orders may be created.
    """

    def __init__(
        self, api: Api, lookups: Lookups, is_stopping: threading.Event, is_dry: bool = False
    ) -> None:
        self._api, self._lookups = api, lookups
        self._is_stopping, self._is_dry = is_stopping, is_dry
        # Until a look-up has found an order by its key, only one order is created at a time.
        self._alone = threading.Lock()

    def settle(self, order: Order) -> Outcome:
        """Settles an order: it is created, or there already.

        Raises Rejected if BigCommerce refuses it, AirbyteTracedException if the sync cannot go on,
        and Stopped.
        """
        if self._is_dry:
            found = self._lookups.find(order.key)
            return _there(found) if found else Outcome(Kind.WOULD_BE_CREATED)
        found = self._lookups.find_surely(order.key)
        failed = refused = put_off = 0
        while not found:
            with nullcontext() if self._lookups.is_proved(order) else self._alone:
                if self._is_stopping.is_set():
                    raise Stopped
                newest = self._lookups.newest
                reply = self._created(order)
                if isinstance(reply, Outcome):
                    return reply
            if reply is not None and reply.status_code in _PUT_OFF:
                put_off += 1
                refused += reply.status_code != 429
                if refused >= _TRIES:
                    raise self._api.problem(reply, ORDERS, may_pass=False) or _failed(order, reply)
                grown = min(_LONGEST_WAIT, 2.0**put_off) * random.uniform(0.5, 1)
                # The reset time of the quota says nothing about other refusals.
                asked = seconds_until_retry(reply) if reply.status_code == 429 else 0.0
                time.sleep(max(asked, grown if put_off > 1 else 0.1))
                found = self._lookups.find(order.key)
                continue
            found = self._lookups.find_after_doubt(order, newest)
            failed += 1
            if not found and failed >= _TRIES:
                raise _failed(order, reply)
        # An order found after an unclear answer is most likely ours. Either way it is there once.
        return _there(found) if not failed else _there(found)._replace(kind=Kind.CREATED)

    def _created(self, order: Order) -> Outcome | requests.Response | None:
        """The outcome if the order was created, or else the unclear reply; None if none came."""
        try:
            reply = self._api.send("POST", "v2/orders", order.body)
        except (requests.RequestException, OSError):
            return None
        if reply.status_code in (*ROWS, 201, 202):
            created = _order_in(reply)
            id = key_of(created, "id")
            if not isinstance(id, int):
                return reply
            self._api.was_allowed(ORDERS)
            self._lookups.confirm(order, id, created.get("external_order_id"))
            return Outcome(Kind.CREATED, (id,))
        is_refusal = (
            400 <= reply.status_code < 500 and reply.status_code not in _NOT_ABOUT_THE_ORDER
        )
        if is_refusal and is_of_the_api(reply):
            raise Rejected(
                f"BigCommerce refused it with status {reply.status_code}", described(reply)
            )
        # A refusal that does not come from the API says nothing about the order.
        if reply.status_code not in (400, 422) and (problem := self._api.problem(reply, ORDERS)):
            raise problem
        return reply


def _failed(order: Order, reply: requests.Response | None) -> AirbyteTracedException:
    words = described(reply) if reply is not None else "no whole reply came"
    return CREATE_FAILED.error(words, key=order.key, tries=_TRIES)


def _there(found: list[Row]) -> Outcome:
    rows = [row for row in found if not is_archived(row)] or found[:1]
    return Outcome(Kind.THERE, tuple(int(row["id"]) for row in rows))


def _order_in(reply: requests.Response) -> Row:
    try:
        body = parsed_body(reply)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
