"""Keys of rows, and ids for rows that the API sends without one."""

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from hashlib import blake2b
from itertools import chain
from typing import Any

from source_bigcommerce.components.values import whole


def key_of(row: Mapping[str, Any], field: str) -> int | str | None:
    """The key of a row, as a number even if it comes as text; None if there is none."""
    key = whole(row.get(field))
    return key if key is None or isinstance(key, (int, str)) else repr(key)


_TRANSACTION = ("transactionId", "event")


class Keys:
    """Keys of the rows of a list of any length: normally eight bytes each."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._others: list[int | str] = []  # text, and integers beyond 64 bits

    def __iter__(self) -> Iterator[int | str]:
        return chain(self._numbers, self._others)

    def extend(self, keys: list[Any]) -> None:
        """None is no key."""
        try:
            self._numbers.extend(array("q", keys))
        except (OverflowError, TypeError):
            self._others.extend(key for key in keys if key is not None)


def give_ids(
    rows: Iterable[MutableMapping[str, Any]],
    seen: "Counter[bytes] | None" = None,
    of_names_only: bool = False,
) -> None:
    """Gives each row of one parent whose `id` is null a negative id of its own.

    Users saw modifiers of products without ids. The id is made of the row's name, which the API
    makes unique and keeps, so the next sync makes the same id; that of a transaction, of the id and
    event that its gateway gave. For a row without a name it is made of all its fields. Of two equal
    rows, the second one gets the next id.

    seen: those of the parent's pages before, if it has several.
    of_names_only: leave rows without a name for later, when they have no personal data any more:
        an id of a few fields can be guessed back to them.

    `{"id": None, "name": "Engraving1700000000-77"}` becomes `{"id": -138419235022107, ...}`
    """
    seen = Counter() if seen is None else seen
    for row in rows:
        if row.get("id", 0) is None:
            transaction = " ".join(str(row[name]) for name in _TRANSACTION if row.get(name))
            named = row.get("name") or row.get("display_name") or transaction
            if of_names_only and not named:
                continue
            named = named or row
            of = json.dumps(named, sort_keys=True, default=str).encode()
            seen[of] += 1
            digest = blake2b(of + b"%d" % seen[of], digest_size=6).digest()
            row["id"] = -1 - int.from_bytes(digest, "big")
