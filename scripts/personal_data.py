"""Writes the table of docs/personal-data.md, from what the schemas mark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from scripts.tables import write
from source_bigcommerce.components.personal import PERSONAL, REGION

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/personal-data.md"
BEGIN, END = "<!-- fields: make personal-data -->\n", "<!-- /fields -->\n"
_KINDS = ("email", "name", "phone", "address", "ip", "payment", "free_text")


def marked(declared: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field of a schema that holds personal data, with the path to it."""
    if PERSONAL in declared:
        yield path, declared
        return
    for name, each in declared.get("properties", {}).items():
        yield from marked(each, f"{path}.{name}" if path else name)
    if "items" in declared:
        yield from marked(declared["items"], f"{path}[]")


def table() -> str:
    rows = ["| stream | hashed or dropped | the region | dropped |", "|---|---|---|---|"]
    for file in sorted((ROOT / "source_bigcommerce/schemas").glob("*.json")):
        schema = ResourceSchemaLoader("source_bigcommerce").get_schema(file.stem)
        hashed: dict[str, list[str]] = {kind: [] for kind in _KINDS}
        region: list[str] = []
        for path, declared in marked(schema):
            (region if declared.get(REGION) else hashed[declared[PERSONAL]]).append(path)
        free_text = hashed.pop("free_text")
        by_kind = [f"{kind}: {_together(paths)}" for kind, paths in hashed.items() if paths]
        if by_kind or region or free_text:
            cells = "; ".join(by_kind), _together(region), _together(free_text)
            rows.append(f"| `{file.stem}` | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _together(paths: list[str]) -> str:
    """Fields of one object under its name: `billing_address` (`city`, `zip`)."""
    within: dict[str, list[str]] = {}
    for path in paths:
        outer, _, name = path.rpartition(".")
        within.setdefault(outer, []).append(f"`{name}`")
    return ", ".join(
        f"`{outer}` ({', '.join(names)})" if outer else ", ".join(names)
        for outer, names in within.items()
    )


def main() -> None:
    write(PAGE, BEGIN, table(), END)


if __name__ == "__main__":
    main()
