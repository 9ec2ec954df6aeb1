"""A model of the store: what it does with an order, when it shows it, and by what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce.record import Order, order_of
from source_bigcommerce.components.error_handler import ParameterRefused

FATES = (
    "created",
    "lost",
    "late",
    "gone",
    "limited",
    "denied",
    "refused",
    "mute",
    "killed",
    "killed_late",
)
"""What becomes of a create: it is done and said so; done, and no word comes; done a while after an
error; not done, with an error; put off, as there are too many, or with a 401; refused; done, and
the reply has no key; the sender dies before, or after it."""


class Killed(BaseException):
    """The process is no more."""


class Clock:
    """In place of the module `time`: nobody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


@dataclass
class Store:
    """Takes the place of `Api`.

    fates: of the next creates; then all are created.
    dies: numbers of lookups, counted over all processes, at which the process dies.
    lag: seconds until lists have what was created; delay: until it is, if it comes late.
    """

    clock: Clock
    fates: Iterator[str] = field(default_factory=lambda: iter(()))
    dies: frozenset[int] = frozenset()
    lag: float = 0.0
    delay: float = 0.0
    match: str = "exact"
    hides_archived: bool = False
    is_deleted: str = "only"
    keeps: int = 1000
    orders: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    sent: int = 0

    def add(self, key: str, at: float, archived: bool = False) -> dict[str, Any]:
        order = {"id": 100 + len(self.orders), "external_order_id": key[: self.keeps]}
        order |= {"is_deleted": archived, "at": at}
        self.orders.append(order)
        return order

    def keys(self) -> list[str]:
        return [order["external_order_id"] for order in self.orders]

    def rows(self, path: str, scope: str, **params: Any) -> list[dict[str, Any]]:
        assert path == "v2/orders"
        self.clock.sleep(0.1)
        self.asked += 1
        if self.asked in self.dies:
            raise Killed
        found = [each for each in self.orders if each["at"] + self.lag <= self.clock.now]
        if "external_order_id" in params:
            found = [each for each in found if self._matches(each, params["external_order_id"])]
        found = self._archived(found, params.get("is_deleted"))
        low, high = params.get("min_id", 0), params.get("max_id", 10**9)
        found = [each for each in found if low <= each["id"] <= high]
        if params.get("sort") == "id:desc":
            found.reverse()
        return [dict(each) for each in found[: params.get("limit", 50)]]

    def _matches(self, order: dict[str, Any], key: str) -> bool:
        kept = order["external_order_id"]
        if self.match == "ignored":
            return True
        if self.match == "prefix":
            return str(kept).startswith(key)
        return kept == key or (self.match == "any_case" and kept.lower() == key.lower())

    def _archived(self, found: list[dict[str, Any]], wanted: str | None) -> list[dict[str, Any]]:
        if wanted and self.is_deleted == "refused":
            raise ParameterRefused("no such parameter")
        if wanted and self.is_deleted == "only":
            return [each for each in found if each["is_deleted"]]
        if (wanted and self.is_deleted == "also") or not self.hides_archived:
            return found
        return [each for each in found if not each["is_deleted"]]

    def send(self, method: str, path: str, body: dict[str, Any]) -> requests.Response:
        self.clock.sleep(0.1)
        self.sent += 1
        fate = next(self.fates, "created")
        key, now = body["external_order_id"], self.clock.now
        if fate == "killed":
            raise Killed
        if fate == "limited":
            return reply(429, {"status": 429})
        if fate == "denied":
            return reply(401, {"error": "no"})
        if fate == "refused":
            return reply(400, [{"status": 400, "message": "no such product"}])
        if fate == "gone":
            return reply(503, {"status": 503})
        created = self.add(key, now + (self.delay if fate == "late" else 0))
        if fate == "killed_late":
            raise Killed
        if fate == "lost":
            raise requests.ConnectionError("reset")
        if fate == "late":
            return reply(502, {"status": 502})
        return reply(200, {"id": created["id"]} if fate == "mute" else created)

    def was_allowed(self, scope: str) -> None:
        pass

    def problem(
        self, reply: requests.Response, scope: str, may_pass: bool = True
    ) -> AirbyteTracedException | None:
        return None if may_pass else AirbyteTracedException(message="token")


def reply(status: int, body: Any) -> requests.Response:
    made = requests.Response()
    made.status_code, made._content, made.url = status, orjson.dumps(body), "https://store/orders"
    return made


def order(key: str, **fields: Any) -> Order:
    return order_of(record(key, **fields))


def record(key: str, **fields: Any) -> dict[str, Any]:
    line = {"name": "Mug", "quantity": 1, "price_ex_tax": 45, "price_inc_tax": 50}
    address = {"zip": "78701", "email": "jane@example.com"}
    return {"external_order_id": key, "billing_address": address, "products": [line], **fields}
