"""Finds orders that are in the store more than once because somebody else sent them too."""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Mapping

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce.lookups import Lookups, is_archived
from source_bigcommerce.components.keys import key_of

LOGGER = logging.getLogger("airbyte")


class Duplicates:
    """Looks through all new orders for our keys, 250 per request.

    The API has no unique constraint: two destinations that send the same key at the same moment may
    both find nothing and create an order. Each looks only once the list shows its own last order,
    so the one that looks last sees both.

    found: ids of the orders, by key.
    """

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        # The newest order at the start, and at each look, with its time.
        self._marks = [(time.monotonic(), lookups.newest)]
        self.found: dict[str, list[int]] = {}

    def look(self, created: Mapping[str, int]) -> None:
        """Takes the ids of the orders created since the last look, by key.

        Looks from further back: others may have created orders that our look-ups could not see yet.
        """
        unseen_from = self._marks[-1][0] - self._lookups.patience
        marks = [newest for at, newest in self._marks if at <= unseen_from]
        since = (marks or [self._marks[0][1]])[-1] or min(created.values()) - 1
        last = max(created.values())
        ids: dict[str, set[int]] = defaultdict(set)
        try:
            for order in self._lookups.created_since(since, last):
                key, id = str(order.get("external_order_id") or ""), key_of(order, "id")
                if key in created and isinstance(id, int) and not is_archived(order):
                    ids[key] |= {created[key], id}
        except (AirbyteTracedException, RuntimeError) as error:
            LOGGER.warning("Whether somebody else sent the orders too is not known: %r", error)
        for key, of_key in ids.items():
            self.add(key, sorted(of_key))
        self._marks.append((time.monotonic(), last))

    def add(self, key: str, ids: list[int]) -> None:
        if len(ids) > 1 and key not in self.found:
            self.found[key] = ids
            LOGGER.warning(json.dumps({"twice": key, "orders": ids}, ensure_ascii=False))
