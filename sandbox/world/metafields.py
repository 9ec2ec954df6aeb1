"""Metafields: what apps keep with products, orders, customers and the rest."""

from __future__ import annotations

from sandbox.chance import mix, pick
from sandbox.children import Child, ChildTable
from sandbox.clock import DAY, iso_offset
from sandbox.table import Row, Table
from sandbox.world.history import History

APP = "sandboxapp0client0id"

_NAMESPACES = ("Warehouse", "Search", "Reviews")
_KEYS = ("shelf", "boost", "source", "settings")
_VALUES = ("4HG", "12", "import", '{"colour": "blue", "sizes": [1, 2]}')
_PERMISSIONS = ("app_only", "read", "write", "read_and_sf_access", "write_and_sf_access")


def metafields(
    seed: int, history: History, parent: Table, resource: str, *, most: int, least: int = 0
) -> ChildTable:
    """The metafields of every row of a table: from `least` to `most` each."""
    seed = mix(seed, 11)

    def bits_of(at: int) -> int:
        return mix(seed, parent.columns[parent.key][at])

    def created(at: int, nth: int) -> int:
        dates = parent.columns.get("date_created")
        born = dates[at] if dates else history.start + bits_of(at) % (history.end - history.start)
        return min(history.end, born + mix(bits_of(at), nth) % DAY)

    def modified(at: int, nth: int) -> int:
        first, bits = created(at, nth), mix(bits_of(at), nth, 1)
        return first if bits & 1 else first + (history.end - first) * (bits >> 8 & 1023) // 1024

    def make(child: Child) -> Row:
        bits = mix(seed, child.key)
        return metafield(
            child.key,
            resource,
            parent.columns[parent.key][child.parent],
            bits,
            child.nth,
            child.held["date_created"],
            child.held["date_modified"],
        )

    return ChildTable(
        f"{resource}_metafields",
        parent,
        "resource_id",
        lambda at: least + bits_of(at) % (most - least + 1),
        make,
        per_parent=4,
        held={"date_created": created, "date_modified": modified},
    )


def metafield(
    key: int, resource: str, owner: int, bits: int, nth: int, created: int, modified: int
) -> Row:
    kind = (bits + nth) % len(_KEYS)
    return {
        "id": key,
        # No two metafields of a resource have namespace and key in common.
        "key": f"{_KEYS[kind]}_{nth}",
        "value": _VALUES[kind],
        "namespace": pick(_NAMESPACES, bits >> 8),
        "permission_set": pick(_PERMISSIONS, bits >> 12),
        "resource_type": resource,
        "resource_id": owner,
        "description": "Where it is kept" if kind == 0 else "",
        "date_created": iso_offset(created),
        "date_modified": iso_offset(modified),
        "owner_client_id": APP,
    }
