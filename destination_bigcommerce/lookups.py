"""Which orders are in the store already: asked by key, and believed no further than shown."""

import logging
import time
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from typing import Any
from uuid import uuid4

from destination_bigcommerce.api import ORDERS, Api
from destination_bigcommerce.messages import KEY_CHANGED, KEY_UNHEEDED, UNSETTLED
from destination_bigcommerce.record import Order, Rejected
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.reply import Row

LOGGER = logging.getLogger("airbyte")

_PAGE = 250
_MOST = 8 * _PAGE
_LONGEST_PAUSE = 8.0
# A create that nobody answered may be done late, and then be seen late.
_MORE_AFTER_DOUBT = 3
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
    newest: the highest id known; ids only grow.

    Raises AirbyteTracedException where the store cannot be asked.
    """

    def __init__(self, api: Api, patience: float) -> None:
        self._api, self.patience = api, patience
        self._sure_from = time.monotonic() + patience
        self._lists: tuple[Mapping[str, str], ...] = (_PLAIN,)
        self._proved: set[str] = set()
        self.newest = 0

    def begin(self) -> None:
        """Finds out how the store answers. Raises KEY_UNHEEDED where its look-up is of no use."""
        orders = self._api.rows("v2/orders", ORDERS, sort="id:desc", limit=50)
        ids = list(map(_id, orders))
        # Where `sort` is not heeded they are not the newest ones.
        self.newest = max(ids, default=0) if ids == sorted(ids, reverse=True) else 0
        self._lists = self._needed_lists(orders)
        if any(self._asked(str(uuid4()), each, 1) for each in self._lists):
            raise KEY_UNHEEDED.error(what="asked for a key that no order has, it sends orders")
        # Whether it would find an unusual one is another question.
        keys = {_key(order) for order in orders if _key(order) and not _unusual(_key(order))}
        for key in sorted(keys)[:1]:
            if not self.find_surely(key):
                raise KEY_UNHEEDED.error(what=f"asked for {key}, which it has, it sends none")
            self._proved.add("")

    def find(self, key: str) -> list[Row]:
        """The orders of exactly this key, archived ones among them, the oldest first.

        Raises Rejected where the store sends others that have nothing to do with it.
        """
        found: dict[int, Row] = {}
        for each in self._lists:
            rows = self._asked(key, each, _PAGE)
            if any(key.casefold() not in _key(row).casefold() for row in rows):
                raise Rejected("external_order_id: BigCommerce does not tell this key from others")
            if len(rows) == _PAGE or any(_key(row) != key for row in rows):
                # It finds more than was asked for; ours may stand behind.
                rows = list(self._listed(0, external_order_id=key, **each))
            found.update((_id(row), row) for row in rows if _key(row) == key)
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
        try:
            for _ in self._looks(_MORE_AFTER_DOUBT * self.patience):
                if found := self.find(order.key):
                    return found
            return self._listed_since(order, newest)
        except Exception as error:
            raise UNSETTLED.error(repr(error), key=order.key) from error

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
        for _ in self._looks(self.patience):
            if id in map(_id, self._found_if_told(order.key)):
                self._proved |= _to_prove(order)
                return
        raise KEY_CHANGED.error(f"BigCommerce keeps {echo!r}", id=id, key=order.key)

    def created_since(self, newest: int, last: int) -> Iterator[Row]:
        """All orders that are newer, as soon as the last of ours is among them.

        Those that are created meanwhile are left to the next look, or to that of their creator.
        """
        newest_now = max(self.newest, last)
        if not any(self._has(last, _PLAIN) for _ in self._looks(self.patience)):
            LOGGER.warning("Order %s was created, and is not in the list of orders.", last)
        return takewhile(lambda row: _id(row) <= newest_now, self._listed(newest))

    def _looks(self, patience: float) -> Iterator[None]:
        """Moments to look at: at once, more and more seldom, and when the patience is over."""
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
        """The orders of a list with higher ids than that, whether `min_id` includes it or not.

        Raises RuntimeError where `min_id` is not heeded.
        """
        while rows := self._api.rows(
            "v2/orders", ORDERS, limit=_PAGE, min_id=max(after, 1), **asked
        ):
            if min(map(_id, rows)) < after:
                raise RuntimeError("min_id is not heeded")
            new = [row for row in rows if _id(row) > after]
            if not new:
                return
            yield from new
            after = max(map(_id, new))

    def _needed_lists(self, orders: list[Row]) -> tuple[Mapping[str, str], ...]:
        """The plain list, the one asked for archived orders, or both: whatever holds all."""
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
    """Whether a merchant has deleted it; it can be restored."""
    return order.get("is_deleted") in (True, "true", "1")


def _id(order: Row) -> int:
    key = key_of(order, "id")
    return key if isinstance(key, int) else 0


def _key(order: Row) -> str:
    return str(order.get("external_order_id") or "")


def _unusual(key: str) -> set[str]:
    return set(key) - _ORDINARY


def _to_prove(order: Order) -> set[str]:
    """What its look-up depends on: the filter, unusual characters, the list of incomplete ones."""
    incomplete = {"incomplete"} if order.body.get("status_id") == 0 else set()
    return {"", *_unusual(order.key), *incomplete}
