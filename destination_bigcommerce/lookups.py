"""Looks up by key which orders are in the store, and trusts an answer only as far as proved."""

import logging
import time
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from typing import Any
from uuid import uuid4

from destination_bigcommerce.api import ORDERS, Api
from destination_bigcommerce.messages import KEY_CHANGED, KEY_IGNORED, UNSETTLED
from destination_bigcommerce.record import Order, Rejected
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.reply import Row

LOGGER = logging.getLogger("airbyte")

_PAGE = 250
_MOST = 8 * _PAGE
_LONGEST_PAUSE = 8.0
# A create without an answer may be carried out late, and its order become visible even later.
_MORE_AFTER_DOUBT = 3
_PLAIN: Mapping[str, str] = {}
_ARCHIVED: Mapping[str, str] = {"is_deleted": "true"}
# If look-ups work at all, they work for keys of these characters. Others are tested first.
_ORDINARY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class Lookups:
    """Asks for orders by `external_order_id`, and knows when "none" means none.

    It is not documented how the filter compares keys, whether archived orders are listed, and how
    long a new order stays invisible. So keys are compared here, and both lists are asked unless one
    holds everything. "None" counts only `patience` seconds after the last moment at which the order
    may have been created. That moment is the start of this sync, because the last sync may have
    been killed just before, or a later unclear answer. After an unclear answer, the plain list of
    new orders must show the same.

    api: asks the store.
    patience: seconds that an order may stay invisible.
    newest: the highest id known; ids only grow.

    Raises AirbyteTracedException if the store cannot be asked.
    """

    def __init__(self, api: Api, patience: float) -> None:
        self._api, self.patience = api, patience
        self._sure_from = time.monotonic() + patience
        self._lists: tuple[Mapping[str, str], ...] = (_PLAIN,)
        self._proved: set[str] = set()
        self.newest = 0

    def begin(self) -> None:
        """Finds out how the store answers. Raises KEY_IGNORED if it cannot find orders by key."""
        orders = self._api.rows("v2/orders", ORDERS, sort="id:desc", limit=50)
        ids = list(map(_id, orders))
        # If the store ignores `sort`, these are not the newest orders.
        self.newest = max(ids, default=0) if ids == sorted(ids, reverse=True) else 0
        self._lists = self._needed_lists(orders)
        if any(self._asked(str(uuid4()), each, 1) for each in self._lists):
            raise KEY_IGNORED.error(what="asked for a key that no order has, it sends orders")
        # Finding an ordinary key proves nothing about unusual ones.
        keys = {_key(order) for order in orders if _key(order) and not _unusual(_key(order))}
        for key in sorted(keys)[:1]:
            if not self.find_surely(key):
                raise KEY_IGNORED.error(what=f"asked for {key}, which it has, it sends none")
            self._proved.add("")

    def find(self, key: str) -> list[Row]:
        """The orders with exactly this key, archived ones too, the oldest first.

        Raises Rejected if the store sends orders that have nothing to do with the key.
        """
        found: dict[int, Row] = {}
        for each in self._lists:
            rows = self._asked(key, each, _PAGE)
            if any(key.casefold() not in _key(row).casefold() for row in rows):
                raise Rejected("external_order_id: BigCommerce does not tell this key from others")
            if len(rows) == _PAGE or any(_key(row) != key for row in rows):
                # It finds more than was asked for, so ours may be on a later page.
                rows = list(self._listed(0, external_order_id=key, **each))
            found.update((_id(row), row) for row in rows if _key(row) == key)
        return [found[id] for id in sorted(found)]

    def find_surely(self, key: str) -> list[Row]:
        """Like `find`, but waits until an order of the last sync would be visible."""
        is_sure = time.monotonic() >= self._sure_from
        found = self.find(key)
        if found or is_sure:
            return found
        time.sleep(max(0.0, self._sure_from - time.monotonic()))
        return self.find(key)

    def find_after_doubt(self, order: Order, newest: int) -> list[Row]:
        """Like `find`, if the order may just have been created: waits until that is certain.

        newest: the newest order known before it was sent.

        Raises UNSETTLED if it stays uncertain.
        """
        try:
            for _ in self._looks(_MORE_AFTER_DOUBT * self.patience):
                if found := self.find(order.key):
                    return found
            return self._listed_since(order, newest)
        except Exception as error:
            raise UNSETTLED.error(repr(error), key=order.key) from error

    def is_proved(self, order: Order) -> bool:
        """Whether a look-up has found orders with such keys before."""
        return _to_prove(order) <= self._proved

    def confirm(self, order: Order, id: int, echo: Any) -> None:
        """Makes sure that a look-up finds an order that was just created.

        echo: the key in the reply to its creation.

        Raises KEY_CHANGED if it does not, because the next sync would create the order again.
        """
        self.newest = max(self.newest, id)
        if echo == order.key and self.is_proved(order):
            return
        for _ in self._looks(self.patience):
            if id in map(_id, self._found_if_told(order.key)):
                self._proved |= _to_prove(order)
                return
        raise KEY_CHANGED.error(f"BigCommerce keeps {echo!r}", id=id, key=order.key)

    def created_since(self, newest: int, last: int) -> Iterator[Row]:
        """All newer orders, as soon as our last one is among them.

        Orders that are created meanwhile are left to the next look, or to whoever created them.
        """
        newest_now = max(self.newest, last)
        if not any(self._has(last, _PLAIN) for _ in self._looks(self.patience)):
            LOGGER.warning("Order %s was created, and is not in the list of orders.", last)
        return takewhile(lambda row: _id(row) <= newest_now, self._listed(newest))

    def _looks(self, patience: float) -> Iterator[None]:
        """Yields when to look: at once, then less and less often, and once the patience is over."""
        deadline, pause = time.monotonic() + patience, min(1.0, patience / 4)
        while (now := time.monotonic()) < deadline:
            yield
            time.sleep(max(0.0, min(pause, deadline - now)))
            pause = min(2 * pause, _LONGEST_PAUSE)
        yield

    def _found_if_told(self, key: str) -> list[Row]:
        try:
            return self.find(key)
        except Rejected:
            return []

    def _asked(self, key: str, which: Mapping[str, str], limit: int) -> list[Row]:
        return self._api.rows("v2/orders", ORDERS, external_order_id=key, limit=limit, **which)

    def _listed_since(self, order: Order, newest: int) -> list[Row]:
        rows = list(islice(self._listed(newest), _MOST + 1))
        found = [row for row in rows if _key(row) == order.key]
        is_hidden = order.body.get("status_id") == 0 and not self.is_proved(order)
        if not found and (is_hidden or len(rows) > _MOST):
            raise RuntimeError("the list of new orders does not tell")
        return found

    def _listed(self, after: int, **asked: str) -> Iterator[Row]:
        """The orders of a list with higher ids, whether `min_id` is inclusive or not.

        Raises RuntimeError if the store ignores `min_id`.
        """
        while rows := self._api.rows(
            "v2/orders", ORDERS, limit=_PAGE, min_id=max(after, 1), **asked
        ):
            if min(map(_id, rows)) < after:
                raise RuntimeError("min_id is ignored")
            new = [row for row in rows if _id(row) > after]
            if not new:
                return
            yield from new
            after = max(map(_id, new))

    def _needed_lists(self, orders: list[Row]) -> tuple[Mapping[str, str], ...]:
        """The lists that together hold all orders: the plain one, the archived one, or both."""
        try:
            archived = self._api.rows("v2/orders", ORDERS, limit=1, **_ARCHIVED)
        except ParameterRefused:
            return (_PLAIN,)
        if not archived:
            return (_PLAIN,)
        others = [_id(order) for order in orders if not is_archived(order)]
        if others and self._has(others[0], _ARCHIVED):
            return (_ARCHIVED,)
        return (_PLAIN,) if self._has(_id(archived[0]), _PLAIN) else (_PLAIN, _ARCHIVED)

    def _has(self, id: int, which: Mapping[str, str]) -> bool:
        # Whether the bounds are inclusive is not documented.
        rows = self._api.rows("v2/orders", ORDERS, min_id=id - 1, max_id=id + 1, **which)
        return id in map(_id, rows)


def is_archived(order: Row) -> bool:
    """Whether a merchant has deleted the order; it can be restored."""
    return order.get("is_deleted") in (True, "true", "1")


def _id(order: Row) -> int:
    key = key_of(order, "id")
    return key if isinstance(key, int) else 0


def _key(order: Row) -> str:
    return str(order.get("external_order_id") or "")


def _unusual(key: str) -> set[str]:
    return set(key) - _ORDINARY


def _to_prove(order: Order) -> set[str]:
    """What must work to look the order up: the filter, unusual characters, incomplete orders."""
    incomplete = {"incomplete"} if order.body.get("status_id") == 0 else set()
    return {"", *_unusual(order.key), *incomplete}
