"""Which orders are in the store already: asked by their keys, and believed no further than shown."""

import logging
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import uuid4

from destination_bigcommerce.api import ORDERS, Api
from destination_bigcommerce.messages import KEY_CHANGED, KEY_UNHEEDED, UNSETTLED
from destination_bigcommerce.record import Order, Rejected
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.extractor import Row
from source_bigcommerce.components.keys import key_of

LOGGER = logging.getLogger("airbyte")

_PAGE = 250
_MOST = 8 * _PAGE
_LONGEST_PAUSE = 8.0
_YES = (True, "true", "1", 1)
_PLAIN: Mapping[str, str] = {}
_ARCHIVED: Mapping[str, str] = {"is_deleted": "true"}
# Keys of these are found if any are. What else may stand in a key is seen to be found first.
_ORDINARY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class Lookups:
    """Asks for orders by `external_order_id`, and knows when "none" means none.

    Nobody documents how exactly the filter compares, whether archived orders are listed, and how
    long a new order stays invisible. So rows are compared here, both lists are asked where one
    does not hold all, and "none" counts only a while (`patience` seconds) after the last moment at
    which the order may have been created unseen: the start of this sync, as the last one may have
    been killed just before, or an unclear answer. After the latter the plain list of new orders
    has to say so, too.

    api: asks the store.
    patience: seconds that an order may stay invisible.

    Raises AirbyteTracedException where the store cannot be asked.
    """

    def __init__(self, api: Api, patience: float) -> None:
        self._api, self._patience = api, patience
        self._sure_from = time.monotonic() + patience
        self._lists: tuple[Mapping[str, str], ...] = (_PLAIN,)
        self._proved: set[str] = set()
        self.newest = 0

    def begin(self) -> None:
        """Finds out how the store answers. Raises KEY_UNHEEDED where its look-up is of no use."""
        orders = self._api.rows("v2/orders", ORDERS, sort="id:desc", limit=50)
        self.newest = max((_id(order) for order in orders), default=0)
        self._lists = self._needed_lists(orders)
        if self._asked(str(uuid4()), _PLAIN, 1):
            raise KEY_UNHEEDED.error(what="asked for a key that no order has, it sends orders")
        keys = {
            str(order["external_order_id"]) for order in orders if order.get("external_order_id")
        }
        for key in sorted(keys, key=lambda key: (_unusual(key) != set(), key))[:1]:
            if not self.find(key):
                raise KEY_UNHEEDED.error(
                    what=f"there is an order {key}, and asked for it, it sends none"
                )
            self._proved |= _unusual(key) | {""}

    def find(self, key: str) -> list[Row]:
        """The orders of exactly this key, archived ones among them, the oldest first.

        Raises Rejected where the store sends others that have nothing to do with it.
        """
        found: dict[int, Row] = {}
        for each in self._lists:
            rows = self._asked(key, each, _PAGE)
            if len(rows) == _PAGE or any(not _is_of(row, key) for row in rows):
                # It finds more than was asked for; ours may stand behind.
                rows = list(islice(self._listed(external_order_id=key, **each), _MOST + 1))
            strange = [row for row in rows if key.casefold() not in _key(row).casefold()]
            if strange or len(rows) > _MOST:
                raise Rejected("external_order_id: BigCommerce does not tell this key from others")
            found.update((_id(row), row) for row in rows if _is_of(row, key))
        return [found[id] for id in sorted(found)]

    def find_surely(self, key: str) -> list[Row]:
        """As `find`; waits until an order of the sync before would be seen."""
        is_sure = time.monotonic() >= self._sure_from
        found = self.find(key)
        if found or is_sure:
            return found
        time.sleep(max(0.0, self._sure_from - time.monotonic()))
        return self.find(key)

    def find_after_doubt(self, order: Order, newest: int) -> list[Row]:
        """As `find`, when the order may have been created a moment ago; waits until that is sure.

        newest: the newest order known before it was sent.

        Raises UNSETTLED where it cannot be told.
        """
        deadline, pause = time.monotonic() + self._patience, min(1.0, self._patience / 4)
        try:
            while True:
                now = time.monotonic()
                if found := self.find(order.key):
                    return found
                if now >= deadline:
                    return self._listed_since(order, newest)
                time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
                pause = min(2 * pause, _LONGEST_PAUSE)
        except Exception as error:
            raise UNSETTLED.error(f"{error}", key=order.key) from error

    def is_proved(self, order: Order) -> bool:
        """Whether orders of such keys were seen to be found."""
        return _to_prove(order) <= self._proved

    def confirm(self, order: Order, id: int, echo: Any) -> None:
        """Sees to it that an order just created is found by its key.

        echo: the key in the reply to its creation.

        Raises KEY_CHANGED if it is not: the next look-up would not find it either.
        """
        self.newest = max(self.newest, id)
        if echo == order.key and self.is_proved(order):
            return
        deadline, pause = time.monotonic() + self._patience, min(1.0, self._patience / 4)
        while True:
            now = time.monotonic()
            if id in map(_id, self.find(order.key)):
                self._proved |= _to_prove(order)
                return
            if now >= deadline:
                raise KEY_CHANGED.error(f"BigCommerce keeps {echo!r}", id=id, key=order.key)
            time.sleep(pause)

    def created_since(self, newest: int, last: int) -> Iterator[Row]:
        """All orders that are newer, as soon as the last of ours is among them."""
        deadline = time.monotonic() + self._patience
        while not self._api.rows("v2/orders", ORDERS, min_id=last, max_id=last):
            if time.monotonic() >= deadline:
                LOGGER.warning("Order %s was created, and is not in the list of orders.", last)
                break
            time.sleep(min(1.0, self._patience / 4))
        return self._listed(min_id=newest + 1)

    def _asked(self, key: str, which: Mapping[str, str], limit: int) -> list[Row]:
        return self._api.rows("v2/orders", ORDERS, external_order_id=key, limit=limit, **which)

    def _listed_since(self, order: Order, newest: int) -> list[Row]:
        rows = list(islice(self._listed(min_id=newest + 1), _MOST + 1))
        found = [row for row in rows if _is_of(row, order.key)]
        is_hidden = order.body.get("status_id") == 0 and not self.is_proved(order)
        if not found and (is_hidden or len(rows) > _MOST):
            raise RuntimeError("the list of new orders does not tell")
        return found

    def _listed(self, min_id: int = 1, **asked: Any) -> Iterator[Row]:
        """The orders of a list by their ids; a page that is not newer than the last one ends it."""
        while rows := self._api.rows("v2/orders", ORDERS, limit=_PAGE, min_id=min_id, **asked):
            yield from rows
            last = max(map(_id, rows))
            if last < min_id:
                return
            min_id = last + 1

    def _needed_lists(self, orders: list[Row]) -> tuple[Mapping[str, str], ...]:
        """The plain list, the one asked for archived orders, or both: whatever holds all."""
        try:
            archived = self._api.rows("v2/orders", ORDERS, limit=1, **_ARCHIVED)
        except ParameterRefused:
            return (_PLAIN,)
        if not archived:
            return (_PLAIN,)
        others = [_id(order) for order in orders if order.get("is_deleted") not in _YES]
        if others and self._has(others[0], _ARCHIVED):
            return (_ARCHIVED,)
        return (_PLAIN,) if self._has(_id(archived[0]), _PLAIN) else (_PLAIN, _ARCHIVED)

    def _has(self, id: int, which: Mapping[str, str]) -> bool:
        rows = self._api.rows("v2/orders", ORDERS, min_id=id, max_id=id, limit=1, **which)
        return id in map(_id, rows)


def is_archived(order: Row) -> bool:
    return order.get("is_deleted") in _YES


def _id(order: Row) -> int:
    key = key_of(order)
    return key if isinstance(key, int) else 0


def _key(order: Row) -> str:
    return str(order.get("external_order_id") or "")


def _is_of(order: Row, key: str) -> bool:
    return _key(order) == key


def _unusual(key: str) -> set[str]:
    return set(key) - _ORDINARY


def _to_prove(order: Order) -> set[str]:
    """What its look-up depends on: the filter, unusual characters, the list of incomplete orders."""
    return {"", *_unusual(order.key)} | (
        {"incomplete"} if order.body.get("status_id") == 0 else set()
    )
