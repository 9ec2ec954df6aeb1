"""Ids for rows that the API sends without one."""

import json
from collections import Counter
from collections.abc import Iterable, MutableMapping
from hashlib import blake2b
from typing import Any


def give_ids(rows: Iterable[MutableMapping[str, Any]]) -> None:
    """Gives each row of one parent whose `id` is null an id of its own, below zero.

    Modifiers of products were seen without ids. The id is made of the row's name, which the API
    makes unique and keeps, so that the next sync finds the same; of a row without a name, of all
    that it holds. The second of two rows alike counts on.

    `{"id": None, "name": "Engraving1700000000-77"}` becomes `{"id": -138419235022107, ...}`
    """
    seen: Counter[bytes] = Counter()
    for row in rows:
        if row.get("id", 0) is None:
            named = row.get("name") or row.get("display_name") or row
            of = json.dumps(named, sort_keys=True, default=str).encode()
            seen[of] += 1
            digest = blake2b(of + b"%d" % seen[of], digest_size=6).digest()
            row["id"] = -1 - int.from_bytes(digest, "big")
