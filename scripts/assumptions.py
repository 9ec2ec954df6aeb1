"""Writes the table of docs/assumptions.md, from the list that the probe has."""

from __future__ import annotations

from pathlib import Path

from scripts.tables import write
from source_bigcommerce.probe.assumptions import ASSUMPTIONS

PAGE = Path(__file__).parents[1] / "docs/assumptions.md"
BEGIN, END = "<!-- assumptions: make assumptions -->\n", "<!-- /assumptions -->\n"


def table() -> str:
    rows = [
        "| assumption | id | what relies on it | how it is tested | if it does not hold |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {each.statement} | `{each.id}` | {each.leans} | {each.test} | {each.consequence} |"
        for each in ASSUMPTIONS
    ]
    return "\n".join(rows) + "\n"


def main() -> None:
    write(PAGE, BEGIN, table(), END)


if __name__ == "__main__":
    main()
